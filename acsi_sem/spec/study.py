"""A study as a frozen value: which model, file and design, what to break down and report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from acsi_sem.spec.model import Text
from acsi_sem.terms import Engine, Errors, IndexMeans, Interval, MissingRule, Scheme, WeightKind

OutOfRange = Literal["error", "missing", "low", "high"]


@dataclass(frozen=True, slots=True)
class DesignColumns:
    """The survey design's columns, each a column name or None."""

    weight: str | None = None
    weight_kind: WeightKind = "sampling"
    stratum: str | None = None
    psu: str | None = None


@dataclass(frozen=True, slots=True)
class Codebook:
    """What the codes of a column mean.

    Attributes
    ----------
    column : str
        Column of the survey file.
    label : Text
        The variable in words.
    codes : tuple of (code, text)
        Labels of its codes; codes are compared as numbers where both are numbers.
    missing : tuple of (code, label)
        Codes that mean "no answer".
    bins : tuple of float
        Ascending lower limits of the bins of a number such as age; empty for a category.
        ``(18, 30, 50)`` makes 18-29, 30-49, 50 and over.
    """

    column: str
    label: Text
    codes: tuple[tuple[str, Text], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    bins: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class OutOfRangeRule:
    """How one column treats one value (or, with value None, any value) outside its scale."""

    column: str
    value: float | None
    treat: OutOfRange
    label: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How to estimate; the command line may override each.

    ``replicates=0`` means no bootstrap: standard errors and limits of PLS are then empty.
    """

    engines: tuple[Engine, ...] = ("pls", "semopy", "ols")
    scheme: Scheme = "path"
    index_means: IndexMeans = "available"
    replicates: int = 2000
    seed: int = 1
    level: float = 0.95
    minimum_rows: int = 50
    se: Errors | Literal[""] = ""
    missing: MissingRule = "complete"
    meanstructure: bool = False
    invariance: bool = False
    release: tuple[str, ...] = ()
    ci: Interval = "percentile"


@dataclass(frozen=True, slots=True)
class Study:
    """A validated study file.

    Attributes
    ----------
    name : str
        Short name; also the folder of its report.
    model, data : str
        Paths, absolute or relative to the study file's folder; `data` may be empty.
    sheet : str
        Sheet of an xlsx file; empty for the first.
    levels : tuple of (level, column)
        E.g. ``(("company", "COMPANY"), ("industry", "INDUSTRY"))``.
    group : str
        Default grouping column; empty for the pooled fit only.
    columns : tuple of Codebook
        Labels of codes for grouping columns and others.
    breakdowns : tuple of Codebook
        The variables to break the index down by.
    folder : str
        Folder of the study file, for relative paths.
    """

    name: str
    title: Text
    model: str
    data: str = ""
    sheet: str = ""
    description: str = ""
    source: str = ""
    design: DesignColumns = field(default_factory=DesignColumns)
    levels: tuple[tuple[str, str], ...] = ()
    group: str = ""
    columns: tuple[Codebook, ...] = ()
    breakdowns: tuple[Codebook, ...] = ()
    out_of_range: tuple[OutOfRangeRule, ...] = ()
    settings: Settings = field(default_factory=Settings)
    language: str = "en"
    folder: str = "."
    sha256: str = ""

    def column_of(self, group: str) -> str:
        """Return the column that a `--group` names: a level's column, else the name itself."""
        return dict(self.levels).get(group, group)
