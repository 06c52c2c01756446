"""Principal components of the correlations, and how many are more than chance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from acsi_sem.methods.explore.answers import Answers, Floats, correlation

DRAWS = 200
"""Simulated surveys of the parallel analysis."""
SHARE = 0.95
"""Of simulated eigenvalues that lie below the limit."""


@dataclass(frozen=True, slots=True)
class Components:
    """Principal components of the weighted correlation matrix.

    Attributes
    ----------
    names : tuple of str, length p
    eigenvalues : ndarray, shape (p,)
        Descending; they sum to p.
    loadings : ndarray, shape (p, p)
        Correlations of questions (rows) and components (columns).
    limits : ndarray, shape (p,)
        95th percentiles of eigenvalues of as many unrelated normal variables (Horn).
    shuffled : ndarray, shape (p,)
        The same with the survey's own answers, each question shuffled; NaN with unequal weights.
    n : int
        Respondents who answered everything.
    n_eff : float
        Their effective number, which the simulated surveys have.
    """

    names: tuple[str, ...]
    eigenvalues: Floats
    loadings: Floats
    limits: Floats
    shuffled: Floats = field(default_factory=lambda: np.zeros(0))
    n: int = 0
    n_eff: float = 0.0

    @property
    def kept(self) -> int:
        """Components before the first that unrelated questions could have given."""
        above = self.eigenvalues > self.limits
        return int(above.argmin()) if not above.all() else above.size


def components(answers: Answers, generator: np.random.Generator) -> Components:
    """Return principal components with the limits of a parallel analysis.

    Parameters
    ----------
    answers : Answers
        Complete rows, at least two more than questions; every question varies.
    generator : Generator

    References
    ----------
    Horn (1965), Psychometrika 30, 179-185; Glorfeld (1995), Educational and Psychological
    Measurement 55, 377-393, for the 95th percentile.
    """
    eigenvalues, loadings = principal(correlation(answers.values, answers.weights))
    everyone = np.ones(answers.weights.size, dtype=bool)
    n_eff = answers.effective(everyone)
    limits = normal_limits(n_eff, eigenvalues.size, generator)
    equal = np.ptp(answers.weights) == 0 and not answers.frequency
    shuffled = (
        shuffled_limits(answers.values, generator) if equal else np.full_like(eigenvalues, np.nan)
    )
    n = answers.count(everyone)
    return Components(answers.names, eigenvalues, loadings, limits, shuffled, n, n_eff)


def principal(matrix: Floats) -> tuple[Floats, Floats]:
    """Return eigenvalues and loadings of a correlation matrix.

    Parameters
    ----------
    matrix : ndarray, shape (p, p)

    Returns
    -------
    eigenvalues : ndarray, shape (p,)
        Descending, none below 0.
    loadings : ndarray, shape (p, p)
        Columns have a positive sum.

    Examples
    --------
    >>> values, loadings = principal(np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> values.round(6).tolist(), loadings[:, 0].round(4).tolist()
    ([1.5, 0.5], [0.866, 0.866])
    """
    values, vectors = np.linalg.eigh(matrix)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    return values, positive(vectors * np.sqrt(values))


def positive(loadings: Floats) -> Floats:
    """Turn columns so that what they load on most they load on positively."""
    most = np.abs(loadings).round(6).argmax(axis=0)  # ties by order, not by rounding
    turn = np.where(loadings[most, np.arange(loadings.shape[1])] < 0, -1.0, 1.0)
    return np.asarray(loadings * turn)


def normal_limits(n_eff: float, size: int, generator: np.random.Generator) -> Floats:
    """Return 95th percentiles of the eigenvalues of unrelated normal variables.

    Parameters
    ----------
    n_eff : float
        Respondents; need not be whole, but more than `size`.
    size : int
        Variables.
    generator : Generator

    Returns
    -------
    ndarray, shape (size,)
        NaN with too few respondents.

    Notes
    -----
    Sums of products of normal samples have the Wishart distribution of n - 1 degrees of freedom,
    which SciPy draws at once.
    """
    from scipy.stats import wishart

    if n_eff - 1 < size:
        return np.full(size, np.nan)
    drawn = wishart.rvs(n_eff - 1, np.eye(size), size=DRAWS, random_state=generator)
    products = np.asarray(drawn, dtype=float).reshape(DRAWS, size, size)
    scale = np.sqrt(np.einsum("bii->bi", products))
    values = np.linalg.eigvalsh(products / scale[:, :, None] / scale[:, None, :])
    return np.quantile(values[:, ::-1], SHARE, axis=0)


def shuffled_limits(values: Floats, generator: np.random.Generator) -> Floats:
    """Return 95th percentiles of eigenvalues when each column is shuffled, shape (p,).

    Buja & Eyuboglu (1992), Multivariate Behavioral Research 27, 509-540. It keeps the answers'
    own distributions and needs equal weights.
    """
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    found = np.empty((DRAWS // 2, values.shape[1]))
    for row in found:
        mixed = generator.permuted(standard, axis=0)
        row[:] = np.linalg.eigvalsh(mixed.T @ mixed / len(mixed))[::-1]
    return np.quantile(found, SHARE, axis=0)
