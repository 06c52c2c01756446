"""Bootstrap replicates of every group at once, as sums of row products.

Rows are drawn within groups, so the replicates of `all` are the sums of its groups' replicates and
cost nothing more. With strata or PSUs it is the rescaled bootstrap, within group and stratum; where
a PSU has rows in several groups, or a stratum only one unit in some group, units are drawn over the
whole survey and groups are its domains. Streams are keyed by study, group and chunk: results depend
on neither the order of groups nor the number of workers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.inference.sample import Ints, Sample
from acsi_sem.kernels.moments import Floats, mean_columns, weighted_sums
from acsi_sem.kernels.resample import bootstrap_counts, frequency_counts, rescaled_counts
from acsi_sem.terms import ALL

CHUNK = 128  # replicates per stream and matrix product; part of the result, never tune per machine

Progress = Callable[[int], None]


def _silent(done: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Replicates:
    """Sums of row products under B replicate weightings.

    Attributes
    ----------
    sums : mapping group -> ndarray, shape (B, k)
    cells : mapping (group, variable) -> ndarray, shape (B, categories, 1 + 3p)
        Sums of the mean columns by category of a breakdown variable.
    count : int
        B.
    freedom : mapping group -> int
        Degrees of freedom of the design: units less strata. Below 1 there is no variance to see.
    """

    sums: Mapping[str, Floats]
    cells: Mapping[tuple[str, str], Floats]
    count: int
    freedom: Mapping[str, int]

    def withheld(self, group: str) -> str:
        """Say why a group has no standard errors, or return an empty text when it has."""
        if self.freedom[group] >= 1:
            return ""
        return "no standard error: every stratum has a single unit (row or PSU) here"


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
    """

    key: str
    rows: Ints
    members: tuple[tuple[str, Ints], ...]

    def units(self, sample: Sample) -> tuple[Ints, Ints, Ints]:
        """Return what is drawn: a row of each unit, each row's unit, each unit's stratum."""
        _, first, unit = np.unique(sample.psu[self.rows], return_index=True, return_inverse=True)
        _, strata = np.unique(sample.strata[self.rows][first], return_inverse=True)
        return first, unit, strata

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
    factors: Mapping[str, tuple[NDArray[np.intp], int]],
    *,
    replicates: int,
    seed: int,
    study: str,
    progress: Progress = _silent,
) -> Replicates:
    """Draw the bootstrap and sum row products under it.

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
    sums: dict[str, list[Floats]] = {name: [] for name, _ in sample.parts}
    cells: dict[tuple[str, str], list[Floats]] = {
        (name, variable): [] for name, _ in sample.parts for variable in factors
    }
    small = np.ascontiguousarray(sample.products[:, mean_columns(sample.origin.size)])
    for draw in draw_sets(sample):
        for weights in _weights(sample, draw, replicates, seed, study):
            for name, at in draw.members:
                own = weights if at.size == draw.rows.size else weights[:, at]
                rows = draw.rows[at]
                sums[name].append(weighted_sums(own, sample.products[rows]))
                for variable, (codes, categories) in factors.items():
                    cells[name, variable].append(
                        _cell_sums(own, small[rows], codes[rows], categories)
                    )
            progress(weights.shape[0] * draw.rows.size)
    return _with_all(
        sample,
        {name: np.concatenate(parts) for name, parts in sums.items()},
        {key: np.concatenate(parts) for key, parts in cells.items()},
        replicates,
    )


def draw_sets(sample: Sample) -> list[DrawSet]:
    """Draw group by group, or over the whole survey where a group cannot be drawn by itself."""
    parts = sample.parts
    every = np.arange(sample.weights.size)
    alone = sample.designed and any((_units(sample, rows) == 1).any() for _, rows in parts)
    if not alone and (np.array_equal(sample.psu, every) or not _shared(sample)):
        return [DrawSet(name, rows, ((name, np.arange(rows.size)),)) for name, rows in parts]
    return [DrawSet(ALL, every, parts)]


def _shared(sample: Sample) -> bool:
    """True when a PSU has rows in several groups."""
    homes = np.concatenate([np.unique(sample.psu[rows]) for _, rows in sample.parts])
    return np.unique(homes).size < homes.size


def _units(sample: Sample, rows: Ints) -> Ints:
    """Count the units (rows or PSUs) of each stratum that occurs among some rows."""
    _, first = np.unique(sample.psu[rows], return_index=True)
    return np.asarray(np.unique(sample.strata[rows][first], return_counts=True)[1], dtype=np.intp)


def _weights(
    sample: Sample, draw: DrawSet, replicates: int, seed: int, study: str
) -> Iterator[Floats]:
    """Yield replicate weights of the draw set's rows, chunk by chunk."""
    first, unit, strata = draw.units(sample)
    weights = sample.weights[draw.rows]
    counted = draw.counted(sample)
    for chunk, start in enumerate(range(0, replicates, CHUNK)):
        size = min(CHUNK, replicates - start)
        generator = stream(seed, study, draw.key, chunk)
        if counted:
            designed = sample.designed
            drawn = frequency_counts(generator, weights[first], strata, size, rescaled=designed)
            yield drawn[:, unit]
        else:
            count = rescaled_counts if sample.designed else bootstrap_counts
            yield count(generator, strata, size)[:, unit] * weights


def _cell_sums(weights: Floats, rows: Floats, codes: Ints, categories: int) -> Floats:
    sums = np.zeros((weights.shape[0], categories, rows.shape[1]))
    for category in range(categories):
        at = np.flatnonzero(codes == category)
        sums[:, category] = weighted_sums(weights[:, at], rows[at])
    return sums


def _with_all(
    sample: Sample,
    sums: dict[str, Floats],
    cells: dict[tuple[str, str], Floats],
    count: int,
) -> Replicates:
    """Add up the groups to `all`, in group order."""
    names = [name for name, _ in sample.parts]
    if ALL not in sums:
        sums[ALL] = _added([sums[name] for name in names])
        for variable in dict.fromkeys(variable for _, variable in cells):
            cells[ALL, variable] = _added([cells[name, variable] for name in names])
    freedom = {name: int((_units(sample, rows) - 1).sum()) for name, rows in sample.groups}
    return Replicates(sums, cells, count, freedom)


def _added(parts: list[Floats]) -> Floats:
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total
