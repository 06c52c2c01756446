"""The chapters of a study's methods, and what each method can and cannot tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

from acsi_sem.methods.catalogue import MethodResults
from acsi_sem.report.content import Block, Details, Figure, Section, Table
from acsi_sem.report.facts import Facts
from acsi_sem.report.methods.base import View, heading
from acsi_sem.report.methods.names import method_name
from acsi_sem.spec.study import Study


def module_of(kind: str) -> Any:
    """Return a kind's module: `CAN`, `CANNOT` and `section(view)`."""
    return import_module(f"acsi_sem.report.methods.{kind}")


def chapters(facts: Facts, study: Study, found: MethodResults) -> tuple[Section, ...]:
    """Make one chapter per method, in the study's order.

    Parameters
    ----------
    facts : Facts
        Of the model's fit, for the names of groups and questions.
    study : Study
    found : MethodResults
    """
    labels = {field.name: field.label.get(study.language) for field in study.items}
    made = []
    for method, result in zip(found.methods, found.results, strict=True):
        module = module_of(method.kind)
        view = View(
            method=method,
            title=heading(method, study.language),
            result=result,
            groups=facts.groups,
            group_labels=facts.group_labels,
            labels={**facts.indicator_labels, **facts.construct_labels, **labels},
            level=facts.level,
            language=study.language,
            minimum=facts.fit.request.minimum_rows,
        )
        section = module.section(view)
        made.append(replace(section, blocks=tuple(_tidied(block) for block in section.blocks)))
    return tuple(made)


def _tidied(block: Block) -> Block:
    """Leave out a table's last column where it holds notes and there are none."""
    match block:
        case Table():
            noted = block.columns[-1].head == "Note" and not any(r[-1].text for r in block.rows)
            rows = tuple(row[:-1] for row in block.rows)
            return replace(block, columns=block.columns[:-1], rows=rows) if noted else block
        case Figure():
            table = _tidied(block.table)
            return replace(block, table=table) if isinstance(table, Table) else block
        case Details():
            return replace(block, blocks=tuple(_tidied(inner) for inner in block.blocks))
        case _:
            return block


def reach(found: MethodResults, language: str = "en") -> Iterator[tuple[str, str, str]]:
    """Yield (name, what it can tell, what it cannot) of every kind of method used."""
    for kind in dict.fromkeys(method.kind for method in found.methods):
        module = module_of(kind)
        yield method_name(kind, language), module.CAN, module.CANNOT
