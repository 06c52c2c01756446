"""Bootstrap replicates of every group at once, as moments.

Rows are drawn within groups, so the replicates of `all` are the sums of its groups' replicates and
cost nothing more. With strata or PSUs it is the rescaled bootstrap, within group and stratum; where
a PSU has rows in several groups, or a stratum only one unit in some group, units are drawn over the
whole survey and groups are its domains. Raked weights are raked again in every replicate, so there
all rows are drawn together. Streams are keyed by study, group and chunk: results depend on neither
the order of groups nor the number of workers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from acsi_sem.inference.sample import Ints, Sample
from acsi_sem.kernels.moments import Floats, Moments
from acsi_sem.kernels.resample import bootstrap_counts, frequency_counts, rescaled_counts
from acsi_sem.terms import ALL, Resampling

CHUNK = 128  # replicates per stream and matrix product; part of the result, never tune per machine

Progress = Callable[[int], None]
Factors = Mapping[str, tuple[NDArray[np.intp], int]]
"""Breakdown variable -> (category of each row, -1 for none; number of categories)."""


def _silent(done: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Replicates:
    """Moments under replicate weightings.

    Attributes
    ----------
    moments : mapping group -> Moments
        A batch of B elements; NaN where a replicate's weights could not be raked.
    cells : mapping (group, variable) -> ndarray, shape (B, categories, 1 + 3p)
        Sums of the mean columns by category of a breakdown variable.
    freedom : mapping group -> int
        Degrees of freedom of the design: units less strata. Below 1 there is no variance to see.
    kind : str
        How they were made.
    coefficients : mapping group -> ndarray, shape (B,)
        Coefficients of the squared deviations from the point estimate; empty for a bootstrap.
    """

    moments: Mapping[str, Moments]
    cells: Mapping[tuple[str, str], Floats]
    freedom: Mapping[str, int]
    kind: Resampling = "bootstrap"
    coefficients: Mapping[str, Floats] = field(default_factory=dict)

    def withheld(self, group: str) -> str:
        """Say why a group has no standard errors, or return an empty text when it has."""
        return no_freedom(self.freedom[group], self.kind)


@dataclass(frozen=True, slots=True)
class DrawSet:
    """Rows drawn together: a group, or the whole survey when PSUs run across groups.

    Attributes
    ----------
    key : str
        Keys the random stream.
    rows : ndarray of int, shape (m,)
    members : tuple of (group, places)
        The groups among them, and which of `rows` are theirs.
    apart : bool
        True when units are drawn within the members though all are drawn at once.
    """

    key: str
    rows: Ints
    members: tuple[tuple[str, Ints], ...]
    apart: bool = False

    def units(self, sample: Sample) -> tuple[Ints, Ints, Ints]:
        """Return what is drawn: a row of each unit, each row's unit, each unit's stratum."""
        _, first, unit = np.unique(sample.psu[self.rows], return_index=True, return_inverse=True)
        strata = sample.strata[self.rows][first]
        if self.apart:
            member = np.zeros(self.rows.size, dtype=np.intp)
            for number, (_, at) in enumerate(self.members):
                member[at] = number
            strata = strata * len(self.members) + member[first]
        return first, unit, np.unique(strata, return_inverse=True)[1]

    def counted(self, sample: Sample) -> bool:
        """True when each unit is a row that stands for as many respondents as its weight says."""
        return sample.frequency and np.unique(sample.psu[self.rows]).size == self.rows.size


def stream(seed: int, study: str, group: str, chunk: int) -> np.random.Generator:
    """Return the random stream of one chunk of replicates of one group.

    Parameters
    ----------
    seed : int
        Non-negative.
    study, group : str
        Names; they enter by SHA-256, so any text will do.
    chunk : int
        Number of the chunk of replicates.
    """
    digest = hashlib.sha256(f"{study}\x00{group}".encode()).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    root = np.random.SeedSequence([seed, *words], spawn_key=(chunk,))
    return np.random.Generator(np.random.PCG64(root))


def draw_replicates(
    sample: Sample,
    factors: Factors,
    *,
    replicates: int,
    seed: int,
    study: str,
    progress: Progress = _silent,
) -> Replicates:
    """Draw the bootstrap and reduce the survey under it.

    Parameters
    ----------
    sample : Sample
    factors : mapping variable -> (ndarray of int, shape (n,), number of categories)
        Category of each row of each breakdown variable, -1 for none.
    replicates, seed : int
    study : str
    progress : callable
        Told how many replicates times rows were done since the last call.

    Returns
    -------
    Replicates
        For every group of the sample, ``all`` included.
    """
    gathered = Gathered(sample, factors, adding=not sample.apart)
    for draw in draw_sets(sample):
        start = 0
        for weights in weight_chunks(sample, draw, replicates, seed, study):
            gathered.add(draw, weights, start, replicates)
            start += weights.shape[0]
            progress(weights.shape[0] * draw.rows.size)
    return Replicates(gathered.moments(), gathered.cell_sums(), design_freedom(sample))


class Gathered:
    """Replicates as they come in, chunk by chunk; `all` adds up from its groups if `adding`."""

    def __init__(self, sample: Sample, factors: Factors, *, adding: bool) -> None:
        self._sample, self._factors, self._adding = sample, factors, adding
        self._moments: dict[str, list[Moments]] = {}
        self._cells: dict[tuple[str, str], list[Floats]] = {}
        self._all: Floats | None = None
        self._all_cells: dict[str, Floats] = {}

    def add(self, draw: DrawSet, weights: Floats, start: int, total: int) -> None:
        """Take in weights (b, m) of a draw set's rows, replicates `start` and on of `total`."""
        for name, at in draw.members:
            own = weights if at.size == draw.rows.size else weights[:, at]
            rows = draw.rows[at]
            sums = self._sample.reduction.sum_rows(own, rows)
            self._moments.setdefault(name, []).append(self._sample.moments(sums))
            for variable, (codes, categories) in self._factors.items():
                cells = cell_sums(self._sample, own, rows, codes[rows], categories)
                self._cells.setdefault((name, variable), []).append(cells)
            if self._adding and name != ALL:
                self._add_to_all(name, sums, start, total)

    def _add_to_all(self, name: str, sums: Floats, start: int, total: int) -> None:
        if self._all is None:
            self._all = np.zeros((total, sums.shape[1]))
        here = slice(start, start + sums.shape[0])
        self._all[here] += sums
        for variable in self._factors:
            part = self._cells[name, variable][-1]
            whole = self._all_cells.setdefault(variable, np.zeros((total, *part.shape[1:])))
            whole[here] += part

    def moments(self) -> dict[str, Moments]:
        """Return the moments of every group, `all` included."""
        found = {name: joined(parts) for name, parts in self._moments.items()}
        if self._all is not None and ALL not in found:
            starts = range(0, self._all.shape[0], CHUNK)
            parts = [self._sample.moments(self._all[at : at + CHUNK]) for at in starts]
            found[ALL] = joined(parts)
        return found

    def cell_sums(self) -> dict[tuple[str, str], Floats]:
        """Return the cell sums of every group, `all` included."""
        found = {key: np.concatenate(parts) for key, parts in self._cells.items()}
        for variable, whole in self._all_cells.items():
            found.setdefault((ALL, variable), whole)
        return found


def joined(parts: list[Moments]) -> Moments:
    """Return batches of moments as one."""
    names = ("weight", "mean", "covariance", "item_weight", "item_mean")
    return Moments(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def draw_sets(sample: Sample) -> list[DrawSet]:
    """Draw group by group, or over the whole survey where a group cannot be drawn by itself."""
    parts = sample.parts
    if sample.apart:
        return [DrawSet(name, rows, ((name, np.arange(rows.size)),)) for name, rows in parts]
    every = np.arange(sample.weights.size)
    alone = sample.designed and any((_units(sample, rows) == 1).any() for _, rows in parts)
    if alone or _shared(sample):
        return [DrawSet(ALL, every, parts)]
    if sample.raking is not None:
        return [DrawSet(ALL, every, parts, apart=True)]
    return [DrawSet(name, rows, ((name, np.arange(rows.size)),)) for name, rows in parts]


def _shared(sample: Sample) -> bool:
    """True when a PSU has rows in several groups."""
    homes = np.concatenate([np.unique(sample.psu[rows]) for _, rows in sample.parts])
    return np.unique(homes).size < homes.size


def _units(sample: Sample, rows: Ints) -> Ints:
    """Count the units (PSUs or respondents) of each stratum that occurs among some rows."""
    _, first = np.unique(sample.psu[rows], return_index=True)
    stands_for = np.ones(first.size)
    if sample.frequency and first.size == rows.size:
        stands_for = sample.weights[rows][first]
    _, stratum = np.unique(sample.strata[rows][first], return_inverse=True)
    return np.rint(np.bincount(stratum, stands_for)).astype(np.intp)


def design_freedom(sample: Sample) -> dict[str, int]:
    """Return every group's degrees of freedom: units with rows in it less the strata they are of.

    Units are respondents or PSUs, strata those within which they are drawn: where groups are drawn
    apart, `all` has the strata of each.

    References
    ----------
    Korn & Graubard (1990), The American Statistician 44, 270-276.
    """
    found = dict.fromkeys((name for name, _ in sample.groups), 0)
    for draw in draw_sets(sample):
        first, unit, stratum = draw.units(sample)
        each = sample.weights[draw.rows][first] if draw.counted(sample) else np.ones(first.size)
        whole = [] if sample.apart else [(ALL, np.arange(draw.rows.size))]
        for name, at in dict([*draw.members, *whole]).items():
            own = np.unique(unit[at])
            found[name] += round(float(each[own].sum())) - np.unique(stratum[own]).size
    return found


def no_freedom(freedom: int, kind: Resampling = "bootstrap") -> str:
    """Say why there are no standard errors without degrees of freedom; empty when there are some.

    Examples
    --------
    >>> no_freedom(3)
    ''
    """
    if freedom >= 1:
        return ""
    if kind == "columns":
        return "no standard error: the replicate weights do not differ here"
    return "no standard error: every stratum has a single unit (row or PSU) here"


def unit_factors(
    sample: Sample, draw: DrawSet, replicates: int, seed: int, study: str
) -> Iterator[Floats]:
    """Yield how often each unit of a draw set is drawn, (b, u), chunk by chunk.

    Counts of respondents where `DrawSet.counted`, else factors of the units' weights: rescaled
    where there is a design, and drawn towards 1 by a finite population's sampling fraction.
    """
    first, _, strata = draw.units(sample)
    weights = sample.weights[draw.rows]
    counted = draw.counted(sample)
    for chunk, start in enumerate(range(0, replicates, CHUNK)):
        size = min(CHUNK, replicates - start)
        generator = stream(seed, study, draw.key, chunk)
        if counted:
            designed = sample.designed
            yield frequency_counts(generator, weights[first], strata, size, rescaled=designed)
            continue
        count = rescaled_counts if sample.designed else bootstrap_counts
        factors = count(generator, strata, size)
        if sample.sampled is not None:
            kept = np.sqrt(1 - sample.sampled[draw.rows][first])
            factors = 1 + kept * (factors - 1)
        yield factors


def weight_chunks(
    sample: Sample, draw: DrawSet, replicates: int, seed: int, study: str
) -> Iterator[Floats]:
    """Yield replicate weights of the draw set's rows, (b, m), chunk by chunk."""
    _, unit, _ = draw.units(sample)
    for factors in unit_factors(sample, draw, replicates, seed, study):
        if draw.counted(sample):
            yield factors[:, unit]
        else:
            yield row_weights(sample, draw.rows, factors[:, unit])


def row_weights(sample: Sample, rows: Ints, factors: Floats) -> Floats:
    """Return the weights of rows under factors (b, m), raked again where they are raked."""
    if sample.raking is None:
        return factors * sample.weights[rows]
    base = sample.weights if sample.base is None else sample.base
    weights, met = sample.raking.rerake(factors * base[rows])
    return np.where(met[:, None], weights, np.nan)


def cell_sums(sample: Sample, weights: Floats, rows: Ints, codes: Ints, categories: int) -> Floats:
    """Return sums of the mean columns by category, shape (b, categories, 1 + 3p)."""
    parts = []
    for category in range(categories):
        at = np.flatnonzero(codes == category)
        parts.append(sample.reduction.mean_sums(weights[:, at], rows[at]))
    return np.stack(parts, axis=1)
