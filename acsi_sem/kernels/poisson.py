"""Poisson(1) counts in bulk: how often each row is drawn in each replicate.

In the Poisson bootstrap every row is drawn a Poisson(1) number of times, apart from every other
row. Nothing need be known of the rows that are still to come, so a file can be resampled in the
same pass that reads it.

A count is read off a table by 16 random bits. Where those leave it open (about one draw in 7,000),
32 more bits decide, so that every probability is exact to 2^-47.

References
----------
Hanley & MacGibbon (2006), Computer Methods and Programs in Biomedicine 83, 57-62; Chamandy,
Muralidharan, Najmi & Naidu (2012), Estimating uncertainty for massive data streams, Google.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.uint8]

CELLS: Final = 65_536
OPEN: Final = 255
"""Stands in the table where 16 bits do not decide."""

LARGEST: Final = 18
"""P(N > 18) = 3e-18 is far below what 48 bits can tell."""


def _cumulative() -> NDArray[np.float64]:
    """Return P(N <= k) of a Poisson(1) number for k = 0, ..., `LARGEST`."""
    terms = [math.exp(-1.0) / math.factorial(k) for k in range(LARGEST + 1)]
    return np.array([math.fsum(terms[: k + 1]) for k in range(LARGEST + 1)])


def _table() -> Counts:
    """Return the count of each cell of 16 bits, `OPEN` where its ends have different counts."""
    edges = np.searchsorted(_CUMULATIVE, np.arange(CELLS + 1) / CELLS, side="right")
    return np.where(edges[:-1] == edges[1:], edges[:-1], OPEN).astype(np.uint8)


_CUMULATIVE: Final = _cumulative()
_TABLE: Final = _table()


def poisson_counts(generator: np.random.Generator, replicates: int, rows: int) -> Counts:
    """Draw Poisson(1) counts.

    Parameters
    ----------
    generator : numpy.random.Generator
    replicates, rows : int

    Returns
    -------
    ndarray of uint8, shape (replicates, rows)
        Independent, with mean and variance 1.

    Examples
    --------
    >>> counts = poisson_counts(np.random.default_rng(1), 100, 1000)
    >>> counts.shape, bool(abs(counts.mean() - 1) < 0.01), bool(abs(counts.var() - 1) < 0.02)
    ((100, 1000), True, True)
    """
    bits = generator.integers(0, CELLS, size=(replicates, rows), dtype=np.uint16)
    counts: Counts = _TABLE[bits]
    undecided = np.nonzero(counts == OPEN)
    if undecided[0].size:
        fine = generator.integers(0, 2**32, size=undecided[0].size, dtype=np.uint32)
        uniform = (bits[undecided] + (fine + 0.5) / 2.0**32) / CELLS
        counts[undecided] = np.minimum(np.searchsorted(_CUMULATIVE, uniform, side="right"), LARGEST)
    return counts
