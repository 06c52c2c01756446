"""Small tables of answers for methods, without files, and the look-ups their tests share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from acsi_sem.analysis.values import Request
from acsi_sem.methods.base import MethodResult, Setting
from acsi_sem.methods.catalogue import run_methods
from acsi_sem.report.methods.base import View
from acsi_sem.spec.fields import Field
from acsi_sem.spec.methods.base import Method
from acsi_sem.spec.methods.catalogue import check_methods
from acsi_sem.spec.model import Text
from acsi_sem.survey.people import People, people_from_frame

Answers = Mapping[str, Sequence[Any]]


def text(label: str) -> Text:
    """An English label."""
    return Text((("en", label),))


def scale(name: str, low: float = 1, high: float = 5, reverse: bool = False) -> Field:
    """A question with a scale."""
    return Field(
        name, name, text(f"Label of {name}"), low=float(low), high=float(high), reverse=reverse
    )


def category(name: str, *labels: str) -> Field:
    """A question with categories, coded 1, 2, ..."""
    codes = tuple((str(i), text(label)) for i, label in enumerate(labels, 1))
    return Field(name, name, text(f"Label of {name}"), kind="category", codes=codes)


def amount(name: str) -> Field:
    """A question about an amount."""
    return Field(name, name, text(name), kind="amount")


def people(
    answers: Answers,
    fields: Sequence[Field] = (),
    group: str | None = None,
    weights: Sequence[float] | None = None,
    kind: Any = "sampling",
) -> People:
    """Respondents; questions have scales from 1 to 5 unless `fields` says otherwise."""
    used = fields or [scale(name) for name in answers if name != group]
    found = people_from_frame(pd.DataFrame(dict(answers)), used, group=group)
    if weights is None:
        return found
    design = replace(
        found.design, weights=np.array(weights, dtype=float), weight_kind=kind, weighted=True
    )
    return replace(found, design=design)


def setting(who: People, replicates: int = 0, minimum: int = 1, **more: Any) -> Setting:
    """What a method works with."""
    return Setting(who, Request(replicates=replicates, minimum_rows=minimum, **more))


def method(**said: Any) -> Method:
    """A method called x as a study file has it; it must have no fault."""
    made, faults = check_methods({"x": said})
    assert faults == []
    return made[0]


def faults(**said: Any) -> list[tuple[str, str, str, str]]:
    """What is wrong with a method called x: (place, expected, got, remedy)."""
    made, found = check_methods({"x": said})
    assert made == ()
    return [(".".join(map(str, f.loc[2:])), f.expected, f.got, f.remedy) for f in found]


def value(
    result: MethodResult, measure: str, subject: str = "", category: str = "", group: str = "all"
) -> float:
    """One number of a result."""
    return float(row(result, measure, subject, category, group)["value"])


def row(
    result: MethodResult, measure: str, subject: str = "", category: str = "", group: str = "all"
) -> dict[str, Any]:
    """One row of a result."""
    keys = {"measure": measure, "subject": subject, "category": category, "group": group}
    found = [one for one in result.rows if all(one[key] == wanted for key, wanted in keys.items())]
    assert len(found) == 1, (keys, len(found))
    return found[0]


def run(one: Method, where: Setting) -> MethodResult:
    """Carry out a method as a study does, small groups withheld."""
    return run_methods((one,), where).results[0]


def view(one: Method, result: MethodResult, groups: tuple[str, ...] = ("all",)) -> View:
    """A method as its chapter shows it, with labels that want to be markup."""
    hostile = {name: f"<b>{name}</b>\x00" for _, name in one.named()}
    return View(
        method=one,
        title="A title",
        result=result,
        groups=groups,
        group_labels={},
        labels=hostile,
        level="95 %",
        language="en",
        minimum=1,
    )


def close(found: float, wanted: float, within: float = 1e-9) -> bool:
    """True when two numbers are one but for the order of arithmetic."""
    return math.isclose(found, wanted, rel_tol=within, abs_tol=within)
