"""Sums of one block of rows: for the point estimate, for every replicate, and of fourth order.

All three come from the weighted products w z alone, by two matrix products, and all add over
blocks: a file of any length is reduced block by block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.moments import Floats

SLICE = 128  # replicates turned to floats at once; part of the result, never tune per machine


@dataclass(frozen=True, slots=True, eq=False)
class BlockSums:
    """What a set of rows adds.

    Attributes
    ----------
    point : ndarray, shape (K,)
        Weighted sums of the products.
    draws : ndarray, shape (B, K)
        The same in each replicate.
    fourth : ndarray, shape (F, F)
        Σ w² zz' of the first F products; F is 0 where nobody asks for it.
    """

    point: Floats
    draws: Floats
    fourth: Floats

    def __add__(self, other: BlockSums) -> BlockSums:
        return BlockSums(
            self.point + other.point, self.draws + other.draws, self.fourth + other.fourth
        )


def block_sums(
    products: Floats, weights: Floats, counts: NDArray[np.uint8], fourth: int = 0
) -> BlockSums:
    """Sum a block of rows.

    Parameters
    ----------
    products : ndarray, shape (m, K)
        What a unit of weight adds, e.g. `acsi_sem.kernels.moments.products`.
    weights : ndarray, shape (m,)
    counts : ndarray of uint8, shape (B, m)
        How often each row is drawn in each replicate; B may be 0.
    fourth : int
        F, the number of leading products whose block of fourth order is wanted.

    Returns
    -------
    BlockSums

    Examples
    --------
    >>> made = block_sums(np.array([[1.0, 2.0], [1.0, 4.0]]), np.array([1.0, 3.0]),
    ...                   np.array([[2, 0]], dtype=np.uint8), fourth=1)
    >>> made.point, made.draws, made.fourth
    (array([ 4., 14.]), array([[2., 4.]]), array([[10.]]))
    """
    weighted = products * weights[:, None]
    parts = [
        counts[start : start + SLICE].astype(np.float64) @ weighted
        for start in range(0, counts.shape[0], SLICE)
    ]
    leading = weighted[:, :fourth]
    return BlockSums(
        weighted.sum(axis=0),
        np.concatenate(parts) if parts else np.zeros((0, products.shape[1])),
        leading.T @ leading,
    )
