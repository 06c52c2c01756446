"""How questions hang together: correlations of Pearson and Spearman, and collinearity."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass

import numpy as np

from acsi_sem.methods.explore.answers import Answers, Floats, correlation, ranks

SINGULAR = 1e-10
"""Smallest eigenvalue of a correlation matrix that counts as more than rounding."""


@dataclass(frozen=True, slots=True)
class Correlations:
    """Weighted correlations of every pair, over those who answered both.

    Attributes
    ----------
    names : tuple of str, length p
    pearson, spearman : ndarray, shape (p, p)
        NaN where a pair has no correlation.
    n : ndarray of float, shape (p, p)
        Respondents who answered both.
    """

    names: tuple[str, ...]
    pearson: Floats
    spearman: Floats
    n: Floats


@dataclass(frozen=True, slots=True)
class Collinearity:
    """How far questions say the same.

    Attributes
    ----------
    names : tuple of str, length p
    vif : ndarray, shape (p,)
        1 / (1 - R2) of each question on all others; infinite for a sum of others.
    condition : float
        Largest over smallest eigenvalue of the correlation matrix.
    n : int
        Respondents who answered everything.
    """

    names: tuple[str, ...]
    vif: Floats
    condition: float
    n: int

    @property
    def condition_index(self) -> float:
        """Square root of the condition number; above 30 is strong (Belsley, Kuh & Welsch)."""
        return float(np.sqrt(self.condition))


def correlations(answers: Answers) -> Correlations:
    """Return weighted correlations pair by pair.

    Parameters
    ----------
    answers : Answers

    Returns
    -------
    Correlations
        Spearman's is Pearson's of weighted mid-ranks among those who answered both.
    """
    p = len(answers.questions)
    pearson, spearman = np.full((p, p), np.nan), np.full((p, p), np.nan)
    n = np.zeros((p, p))
    for i, j in itertools.combinations_with_replacement(range(p), 2):
        pair = answers.columns((i, j))
        pair = pair.rows(pair.complete)
        n[i, j] = n[j, i] = pair.count(np.ones(pair.weights.size, dtype=bool))
        if pair.weights.size < 2 or (np.ptp(pair.values, axis=0) == 0).any():
            continue
        if i == j:
            pearson[i, i] = spearman[i, i] = 1.0
            continue
        ranked = np.column_stack([ranks(column, pair.weights) for column in pair.values.T])
        pearson[i, j] = pearson[j, i] = correlation(pair.values, pair.weights)[0, 1]
        spearman[i, j] = spearman[j, i] = correlation(ranked, pair.weights)[0, 1]
    return Correlations(answers.names, pearson, spearman, n)


def collinearity(answers: Answers) -> Collinearity:
    """Return variance inflation factors and the condition number.

    Parameters
    ----------
    answers : Answers
        Complete rows, more than questions; every question varies.

    Notes
    -----
    statsmodels computes the factors from rows and takes no weights: it is given a root of the
    weighted correlation matrix and its negative, rows with mean 0 that have these correlations.
    """
    matrix = correlation(answers.values, answers.weights)
    values, vectors = np.linalg.eigh(matrix)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    condition = np.inf if values[0] < SINGULAR else float(values[-1] / values[0])
    n = answers.count(np.ones(answers.weights.size, dtype=bool))
    return Collinearity(answers.names, _inflation(np.vstack([root, -root])), condition, n)


def _inflation(rows: Floats) -> Floats:
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    if rows.shape[1] == 1:
        return np.ones(1)
    with warnings.catch_warnings(), np.errstate(divide="ignore"):
        # What it warns of, a poorly conditioned matrix, is what it is asked about.
        warnings.simplefilter("ignore", UserWarning)
        found = [variance_inflation_factor(rows, i) for i in range(rows.shape[1])]
    vif = np.array(found, dtype=float)
    return np.where((vif > 1 / SINGULAR) | (vif < 0), np.inf, vif)
