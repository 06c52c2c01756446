"""From ordinal answers to polychoric correlations and their covariance matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.lisrel import Floats
from acsi_sem.kernels.polychoric import casewise, influence, make_pairs, pair_numbers, polychoric

MOST_ANSWERS: Final = 20
"""Different answers beyond which an item is no ordinal one."""


@dataclass(frozen=True, slots=True, eq=False)
class Ordinal:
    """Polychoric correlations of one set of complete cases.

    Attributes
    ----------
    matrix : ndarray, shape (p, p)
    gamma : ndarray, shape (m, m)
        n times the covariance matrix of the correlations, pairs in the order of `pair_numbers`.
    n : int
        Rows.
    answers : tuple of int
        Different answers of each item.
    """

    matrix: Floats
    gamma: Floats
    n: int
    answers: tuple[int, ...]

    @property
    def correlations(self) -> Floats:
        """The correlations below the diagonal, shape (m,)."""
        return self.matrix[pair_numbers(len(self.matrix))]


def polychoric_moments(
    items: Sequence[str], values: Floats, weights: Floats
) -> tuple[Ordinal | None, tuple[str, ...]]:
    """Reduce answers to polychoric correlations and their covariance matrix.

    Parameters
    ----------
    items : sequence of str
        Names, for messages.
    values : ndarray, shape (n, p)
        Complete cases; the order of the numbers is all that counts.
    weights : ndarray, shape (n,)
        Positive.

    Returns
    -------
    ordinal, problems
        None with the reasons in words where there are no correlations.
    """
    coded = [np.unique(column, return_inverse=True) for column in values.T]
    answers = tuple(len(found) for found, _ in coded)
    if problems := tuple(_unusable(items, answers)):
        return None, problems
    codes = np.stack([code for _, code in coded], axis=1)
    pairs = make_pairs(codes, weights, max(answers))
    found = polychoric(pairs)
    first, second = pair_numbers(len(items))
    if not found.ok.all():
        return None, tuple(
            f"no polychoric correlation of {items[a]} and {items[b]}: their answers go together "
            "perfectly, or a combination of answers is missing"
            for a, b in zip(first[~found.ok], second[~found.ok], strict=True)
        )
    rows = casewise(influence(pairs, found.rho), codes)
    scaled = rows * (weights * np.sqrt(len(rows)) / weights.sum())[:, None]
    matrix = np.eye(len(items))
    matrix[first, second] = matrix[second, first] = found.rho
    return Ordinal(matrix, scaled.T @ scaled, len(rows), answers), ()


def _unusable(items: Sequence[str], answers: Sequence[int]) -> Iterator[str]:
    for name, count in zip(items, answers, strict=True):
        if count < 2:
            yield f"no variation in the answers to {name}"
        elif count > MOST_ANSWERS:
            yield (
                f"{count} different answers to {name}: the ordinal engine takes at most "
                f"{MOST_ANSWERS}"
            )
