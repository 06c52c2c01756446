"""Settings of methods made from answers in memory, and the chapters that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from acsi_model import acsi_model
from numpy.typing import ArrayLike, NDArray
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit, Request
from acsi_sem.methods.base import MethodResult, Row, Setting
from acsi_sem.methods.protection import protect
from acsi_sem.report.content import Block, Cell, Details, Figure, Section, Table
from acsi_sem.report.methods.base import View
from acsi_sem.report.methods.names import method_name
from acsi_sem.spec.fields import Field
from acsi_sem.spec.methods.base import Method
from acsi_sem.spec.methods.catalogue import check_methods
from acsi_sem.spec.model import Text
from acsi_sem.survey.people import people_from_frame
from acsi_sem.survey.survey import Design, Factor
from acsi_sem.terms import ALL

Floats = NDArray[np.float64]


@cache
def pls_fit() -> Fit:
    """PLS alone on two groups, with the fewest replicates."""
    return fit(acsi_model(), make_survey(), engines=("pls",), bootstrap=50, seed=7)


def scale_field(name: str, low: float = 1, high: float = 10, **more: Any) -> Field:
    """A question on a scale."""
    return Field(
        name, name, Text((("en", f"Label of {name}"),)), low=float(low), high=float(high), **more
    )


def setting_of(
    answers: Mapping[str, Any],
    *,
    fields: Sequence[Field] = (),
    weights: ArrayLike | None = None,
    frequency: bool = False,
    groups: Sequence[str] = (),
    fitted: Fit | None = None,
    folder: str = ".",
    **request: Any,
) -> Setting:
    """Make a setting; every column is a question from 1 to 10 unless `fields` says otherwise."""
    frame = pd.DataFrame({name: np.asarray(column) for name, column in answers.items()})
    own = {one.name: one for one in fields}
    people = people_from_frame(frame, [own.get(n, scale_field(n)) for n in frame.columns])
    if weights is not None:
        kind: Any = "frequency" if frequency else "sampling"
        design = Design(np.asarray(weights, dtype=float), weight_kind=kind, weighted=True)
        people = replace(people, design=design)
    if groups:
        names = tuple(dict.fromkeys(groups))
        codes = np.array([names.index(name) for name in groups])
        people = replace(people, groups=Factor("company", "Company", names, codes, names))
    settings: dict[str, Any] = {"replicates": 0, "minimum_rows": 1, "seed": 3} | request
    return Setting(people, Request(**settings), fitted, folder=folder)


def method_of(data: Mapping[str, object]) -> Method:
    """Read a method as a study file has it; problems raise."""
    methods, findings = check_methods({"x": dict(data)})
    assert not findings, findings
    return methods[0]


def refusals(data: Mapping[str, object]) -> list[str]:
    """Return what is wrong with a method as a study file has it."""
    return [
        f"{'.'.join(map(str, f.loc))}: {f.expected}; got {f.got}"
        for f in check_methods({"x": dict(data)})[1]
    ]


def run_on(data: Mapping[str, object], setting: Setting) -> MethodResult:
    """Read a method and carry it out."""
    method = method_of(data)
    found: MethodResult = import_module(f"acsi_sem.methods.{method.kind}").run(method, setting)
    return replace(found, rows=protect(found.rows, setting.request.minimum_rows))


def pick(found: MethodResult, measure: str, subject: str = "", group: str = ALL) -> Row:
    """Return the only row of a measure."""
    rows = [
        one
        for one in found.rows
        if (one["measure"], one.get("subject", ""), one["group"]) == (measure, subject, group)
    ]
    assert len(rows) == 1, (measure, subject, group, len(rows))
    return rows[0]


def numbers(found: MethodResult) -> Floats:
    """Return every value, in order."""
    return np.array([one["value"] for one in found.rows], dtype=float)


def chapter(data: Mapping[str, object], setting: Setting, groups: Sequence[str] = ()) -> Section:
    """Carry out a method and write its chapter."""
    method, found = method_of(data), run_on(data, setting)
    module = import_module(f"acsi_sem.report.methods.{method.kind}")
    labels = {one.name: one.label.get() for one in setting.people.fields}
    names = (ALL, *groups)
    told = {name: name.title() for name in groups}
    view = View(method, method_name(method.kind, "en"), found, names, told, labels, "95 %", "en", 1)
    section: Section = module.section(view)
    return section


def blocks_of(blocks: Sequence[Block]) -> list[Block]:
    """Return blocks with what stands behind summary lines and below figures."""
    made: list[Block] = []
    for block in blocks:
        made.append(block)
        if isinstance(block, Details):
            made += blocks_of(block.blocks)
        if isinstance(block, Figure):
            made.append(block.table)
    return made


def tables_of(section: Section) -> dict[str, Table]:
    """Return a chapter's tables by caption."""
    return {one.caption: one for one in blocks_of(section.blocks) if isinstance(one, Table)}


def texts(row: Sequence[Cell]) -> list[str]:
    """Return what the cells of a row say."""
    return [cell.text for cell in row]
