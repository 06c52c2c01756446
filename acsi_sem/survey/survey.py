"""A survey as a frozen value: answers, design, groups, and what was missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.raking_rows import RakingPlan
from acsi_sem.terms import Notice, ReplicateMethod, WeightKind

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Factor:
    """A categorical column.

    Attributes
    ----------
    column : str
        Column of the file.
    label : str
        The variable in words.
    categories : tuple of str
        Names shown, in order; only categories that occur or that the codebook lists.
    codes : ndarray of int, shape (n,)
        Number of the row's category, -1 where there is no answer.
    keys : tuple of str
        The categories as they stand in the file (labels may differ); empty for bins.
    """

    column: str
    label: str
    categories: tuple[str, ...]
    codes: Ints
    keys: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """The categories as tables name them: as they stand in the file, where they do."""
        return self.keys or self.categories


@dataclass(frozen=True, slots=True)
class ReplicateWeights:
    """Replicate weights that came with the survey, and how they were made.

    Attributes
    ----------
    weights : ndarray, shape (R, n)
        Whole weights, not factors.
    method : str
    scale : float or None
        Coefficient of the squared deviations, where it is not the method's own.
    fay : float
    """

    weights: Floats
    method: ReplicateMethod
    scale: float | None
    fay: float


@dataclass(frozen=True, slots=True)
class Design:
    """Weights, strata and primary sampling units of the rows.

    `weights` (n,) as in the file, ones where there are none, raked where the study rakes; `strata`
    and `psu` (n,) are consecutive numbers from 0, or None. A PSU number is unique over strata.
    `sampled` (n,) is the sampling fraction of each row's stratum; `ids` tell respondents apart;
    `replicates` are the weights that came with the survey; `raking` how weights were raked; `ranks`
    (n,) number the rows for drawing, where several readings of one file are to be drawn alike.
    """

    weights: Floats
    weight_kind: WeightKind = "sampling"
    weighted: bool = False
    strata: Ints | None = None
    psu: Ints | None = None
    sampled: Floats | None = None
    ids: tuple[str, ...] | None = None
    replicates: ReplicateWeights | None = None
    raking: RakingPlan | None = None
    ranks: Ints | None = None

    @property
    def respondents(self) -> Floats:
        """How many respondents each row stands for: its frequency, else one; shape (n,)."""
        return self.weights if self.weight_kind == "frequency" else np.ones_like(self.weights)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows came from."""

    name: str
    sha256: str
    format: str
    rows: int
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class MissingCount:
    """How often `code` (``""``: a blank cell) occurred in `column` of `indicator`."""

    indicator: str
    column: str
    code: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Survey:
    """The answers to a model's indicators, ready to be reduced to moments.

    Attributes
    ----------
    items : tuple of str, length p
        Indicator names, in the model's order.
    values : ndarray, shape (n, p), read-only
        Answers in scale units, NaN where there is none; reversed items are already turned.
    low, high : ndarray, shape (p,)
        Ends of the answer scales.
    design : Design
    groups : Factor or None
        The grouping column; every row has a group.
    factors : tuple of Factor
        Breakdown variables.
    missing : tuple of MissingCount
    source : Source
    notices : tuple of Notice
        What was noticed on the way in (a guessed encoding, recoded values ...).
    above : mapping of column -> mapping of group -> tuple of str
        What the file's columns of higher levels say of each group, where they were asked for.
    """

    items: tuple[str, ...]
    values: Floats
    low: Floats
    high: Floats
    design: Design
    source: Source
    groups: Factor | None = None
    factors: tuple[Factor, ...] = ()
    missing: tuple[MissingCount, ...] = ()
    notices: tuple[Notice, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    above: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Rows with an answer to every indicator; shape (n,)."""
        answered: NDArray[np.bool_] = np.asarray(~np.isnan(self.values).any(axis=1))
        return answered
