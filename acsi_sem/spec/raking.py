"""Raking as a frozen value: which margins, which targets, which limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RakeMissing = Literal["error", "own", "spread"]


@dataclass(frozen=True, slots=True)
class MarginColumn:
    """A column of a margin.

    Attributes
    ----------
    column : str
        Column of the survey file.
    bins : tuple of float
        Ascending lower limits of the bins of a number; empty for categories.
    no_answer : tuple of str
        Codes that mean no answer, beside those the study declares.
    """

    column: str
    bins: tuple[float, ...] = ()
    no_answer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """The target of one category, or of one cell of crossed categories.

    Attributes
    ----------
    cell : tuple of str
        One category for each column of the margin, as the file of targets writes it.
    value : float
        Share or count as written.
    where, path : str
        ``file:line:col`` and dotted path, for messages.
    """

    cell: tuple[str, ...]
    value: float
    where: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class MarginSpec:
    """Columns, crossed when there are several, and the targets of their categories.

    `where` and `path` say where the margin stands, as in `Target`.
    """

    columns: tuple[MarginColumn, ...]
    targets: tuple[Target, ...]
    where: str = ""
    path: str = ""

    @property
    def name(self) -> str:
        """The margin in words.

        Examples
        --------
        >>> MarginSpec((MarginColumn("AGE"), MarginColumn("SEX")), ()).name
        'AGE x SEX'
        """
        return " x ".join(part.column for part in self.columns)

    @property
    def shares(self) -> tuple[float, ...]:
        """The targets as shares of their sum.

        Examples
        --------
        >>> MarginSpec((), (Target(("a",), 30.0), Target(("b",), 10.0))).shares
        (0.75, 0.25)
        """
        total = sum(target.value for target in self.targets)
        return tuple(target.value / total for target in self.targets)


@dataclass(frozen=True, slots=True)
class RakingSpec:
    """How a survey is raked.

    Attributes
    ----------
    margins : tuple of MarginSpec
    bounds : pair of float, optional
        Least and greatest ratio of a raked to a base weight.
    trim : float, optional
        No raked weight is above this multiple of the mean weight.
    within : str
        Column each value of which is raked by itself, to the same targets; empty for the whole
        survey.
    missing : {"error", "own", "spread"}
        Respondents without an answer to a margin are refused; or keep their share of the weights;
        or count in each category as much as its target. Targets hold among those who answered.
    tolerance : float
        Largest difference of a share from its target.
    where, path : str
        Where the block stands, as in `Target`.
    sha256 : str
        Digest of the file.
    """

    margins: tuple[MarginSpec, ...]
    bounds: tuple[float, float] | None = None
    trim: float | None = None
    within: str = ""
    missing: RakeMissing = "error"
    tolerance: float = 1e-10
    where: str = ""
    path: str = ""
    sha256: str = ""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Columns of the survey that raking reads, each once."""
        names = [part.column for margin in self.margins for part in margin.columns]
        return tuple(dict.fromkeys([*names, *([self.within] if self.within else [])]))
