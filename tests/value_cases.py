"""Small customer data made by hand for the methods on value, loyalty and complaints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from acsi_sem.analysis.values import Request
from acsi_sem.methods.base import MethodResult, Row, Setting
from acsi_sem.methods.catalogue import run_methods
from acsi_sem.report.content import Block, Details, Figure, Section, Table
from acsi_sem.report.methods.base import View
from acsi_sem.report.methods.chapters import module_of
from acsi_sem.report.methods.names import method_name
from acsi_sem.spec.fields import Field
from acsi_sem.spec.findings import Finding, dotted
from acsi_sem.spec.methods.catalogue import check_methods
from acsi_sem.spec.model import Text
from acsi_sem.survey.people import people_from_frame
from acsi_sem.survey.survey import Design
from acsi_sem.terms import ALL

HOSTILE = "<b>a | b</b>\x00"


def text(words: str) -> Text:
    """Return a text in English."""
    return Text.of(words, words)


def amount(name: str) -> Field:
    """Return an amount."""
    return Field(name, name, text(name.title()), kind="amount")


def scale(name: str, low: float = 1, high: float = 10, *, reverse: bool = False) -> Field:
    """Return a question with a scale."""
    return Field(name, name, text(HOSTILE), low=float(low), high=float(high), reverse=reverse)


def category(name: str, *codes: str) -> Field:
    """Return a question with categories."""
    return Field(name, name, text(name), kind="category", codes=tuple((c, text(c)) for c in codes))


def setting(
    columns: Mapping[str, Sequence[Any]],
    fields: Iterable[Field],
    *,
    replicates: int = 0,
    group: str | None = None,
    counts: Sequence[int] | None = None,
) -> Setting:
    """Return what a method works with; `counts` are frequency weights."""
    people = people_from_frame(pd.DataFrame(dict(columns)), tuple(fields), group=group)
    if counts is not None:
        design = Design(np.array(counts, dtype=float), weight_kind="frequency", weighted=True)
        people = replace(people, design=design)
    return Setting(people, Request(replicates=replicates, minimum_rows=1))


def run_one(part: Mapping[str, Any], where: Setting) -> MethodResult:
    """Read a method as it stands in a study file, and carry it out."""
    methods, findings = check_methods({"x": dict(part)})
    assert findings == []
    return run_methods(methods, where).results[0]


def refused(part: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a method, one line each."""
    _, findings = check_methods({"x": dict(part)})
    return [_line(finding) for finding in findings]


def _line(finding: Finding) -> str:
    place = dotted(finding.loc[2:])
    told = f"{finding.expected}, got {finding.got}"
    told = f"{told}; {finding.remedy}" if finding.remedy else told
    return f"{place}: {told}" if place else told


def found(
    result: MethodResult, measure: str, category: str = "", group: str = ALL, subject: str = ""
) -> Row:
    """Return the one row of a measure; an empty subject: of any."""
    rows = [
        row
        for row in result.rows
        if (row["measure"], row["category"], row["group"]) == (measure, category, group)
        and (not subject or row["subject"] == subject)
    ]
    assert len(rows) == 1, (measure, category, len(rows))
    return rows[0]


def numbers(result: MethodResult) -> dict[tuple[str, str, str, str], float]:
    """Return every value by group, subject, measure and category."""
    return {
        (row["group"], row["subject"], row["measure"], row["category"]): row["value"]
        for row in result.rows
    }


def chapter(part: Mapping[str, Any], where: Setting) -> Section:
    """Carry out a method and make its chapter."""
    method = check_methods({"x": dict(part)})[0][0]
    result = run_methods((method,), where).results[0]
    view = View(
        method=method,
        title=method_name(method.kind, "en"),
        result=result,
        groups=tuple(name for name, _ in where.groups),
        group_labels={},
        labels={field.name: field.label.get("en") for field in where.people.fields},
        level="95 %",
        language="en",
        minimum=1,
    )
    section: Section = module_of(method.kind).section(view)
    return section


def tables(blocks: Iterable[Block]) -> list[Table]:
    """Return the tables of a chapter, those of figures and behind summary lines too."""
    made: list[Table] = []
    for block in blocks:
        match block:
            case Table():
                made.append(block)
            case Figure():
                made.append(block.table)
            case Details():
                made += tables(block.blocks)
    return made


def cells(table: Table) -> list[list[str]]:
    """Return the texts of a table's cells."""
    return [[cell.text for cell in row] for row in table.rows]
