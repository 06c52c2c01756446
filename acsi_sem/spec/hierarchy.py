"""Units from the company to the nation, and what each weighs, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from acsi_sem.spec.model import Text
from acsi_sem.terms import Engine

NationalForm = Literal["pooled", "mean_of_quarters", "latest"]
NATIONAL_FORMS: Final[tuple[NationalForm, ...]] = ("pooled", "mean_of_quarters", "latest")
NATION: Final = "nation"
"""Name of the highest level, which has one unit of the same name."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of a level.

    Attributes
    ----------
    level, name : str
        A name is unique within its level; companies' names are the values of their column.
    parent : str
        Name of the unit of the next higher level; `NATION` at the highest below the nation.
    title : str
        As it is shown.
    residual : bool
        "All others": counted, and told as such, but neither ranked nor tested.
    """

    level: str
    name: str
    parent: str
    title: str
    residual: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """What a unit weighs within its parent, from one day to another.

    Attributes
    ----------
    level, unit : str
    measure : str
        ``sales``, ``gdp``, ``cpi``, ``share`` or whatever the study calls it.
    valid_from, valid_to : date
        The first and the last day it holds; a period takes what holds on its last day.
    value : float
        In any unit; only its ratio to its siblings' counts. Zero or more.
    std_error : float
        Of the value, where it is estimated; else 0.
    """

    level: str
    unit: str
    measure: str
    valid_from: date
    valid_to: date
    value: float
    std_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The tree of units and what they weigh.

    Attributes
    ----------
    levels : tuple of str
        From the lowest, whose units are fitted, to the highest below the nation.
    units : tuple of Unit
        In file order, which is the order of tables.
    shares : tuple of Share
    measures : tuple of (level, measure)
        By which measure the units of a level weigh within their parents; each of `levels`.
    sha256 : tuple of (file, digest)
    """

    levels: tuple[str, ...]
    units: tuple[Unit, ...]
    shares: tuple[Share, ...]
    measures: tuple[tuple[str, str], ...]
    sha256: tuple[tuple[str, str], ...] = ()

    def of_level(self, level: str) -> tuple[Unit, ...]:
        """Return the units of a level, in file order."""
        return tuple(unit for unit in self.units if unit.level == level)


@dataclass(frozen=True, slots=True)
class Break:
    """A period from which a series is not comparable with before, and why."""

    period: str
    reason: str
    series: str = ""


@dataclass(frozen=True, slots=True)
class NationSpec:
    """How units roll up to a nation; part of a study.

    Attributes
    ----------
    title : Text
        Of the nation.
    units, shares : str
        CSV files, relative to the study file.
    measures : tuple of (level, measure)
    form : str
        The published form of the national index; the others are tabulated beside it.
    window : int
        Quarters that it rolls over.
    breaks : tuple of Break
    """

    title: Text
    units: str
    shares: str
    measures: tuple[tuple[str, str], ...]
    form: NationalForm = "pooled"
    window: int = 4
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, slots=True)
class RunSpec:
    """How scheduled runs behave; part of a study.

    Attributes
    ----------
    store : str
        Folder of published runs, relative to the study file.
    first : str
        The first period that ``--period auto`` catches up; empty for the latest alone.
    due_after_days : int
        Days after a period's end from which ``auto`` expects its data.
    fail_above : float
        Share of companies without a result above which nothing is published.
    alert_command : tuple of str
        Command and arguments that is told of the end of a run, on standard input as JSON.
    alert_webhook : str
        Address that is sent the same JSON.
    replicated : tuple of str
        Engines whose intervals come from replicates; the others' are linearised. Empty: all.
    history : tuple of str
        CSV files of published scores to be shown beside, relative to the study file.
    """

    store: str
    first: str = ""
    due_after_days: int = 0
    fail_above: float = 0.1
    alert_command: tuple[str, ...] = ()
    alert_webhook: str = ""
    replicated: tuple[Engine, ...] = ()
    history: tuple[str, ...] = ()
