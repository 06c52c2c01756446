"""The bootstrap test of exact fit of a PLS model.

The answers are turned so that the model holds exactly in the sample, then resampled; the turn is
linear, hence replicates of covariance matrices are enough (see `acsi_sem.kernels.bollen_stine`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from acsi_sem.kernels.bollen_stine import bollen_stine_transform, transform_replicates
from acsi_sem.kernels.composite_fit import SINGULAR, distances
from acsi_sem.kernels.moments import correlations
from acsi_sem.kernels.regression import Floats

Refit = Callable[[Floats], Floats]
"""Item correlations (B, p, p) to those the fitted model implies, NaN where a fit failed."""

MEASURES = ("srmr", "d_uls", "d_g", "d_ml")
FAILED_SHARE = 0.05
"""With more failed refits than this the test is withheld."""

SINGULAR_SAMPLE = "the correlation matrix of the items is singular"
IMPROPER_MODEL = "the correlations that the model implies are not a proper correlation matrix"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One discrepancy with its reference distribution under exact fit.

    Attributes
    ----------
    value : float
        In the sample.
    quantile : float
        Of the replicates: a value above it rejects exact fit.
    p_value : float
        Share of the replicates that reach the value.
    """

    value: float
    quantile: float
    p_value: float


@dataclass(frozen=True, slots=True)
class ExactFit:
    """Result of the test.

    Attributes
    ----------
    measures : mapping of str to Discrepancy
        By name: srmr, d_uls, d_g, d_ml. Quantile and p-value are NaN where `problem` says why.
    used, failed : int
        Replicates that were fitted, and that were not.
    problem : str
        Why there is no test; empty when there is one.
    level : float
        Of the quantiles.
    """

    measures: Mapping[str, Discrepancy]
    used: int = 0
    failed: int = 0
    problem: str = ""
    level: float = 0.95


def exact_fit(
    sample: Floats, implied: Floats, replicates: Floats, refit: Refit, level: float = 0.95
) -> ExactFit:
    """Test whether the model fits exactly, by the bootstrap.

    Parameters
    ----------
    sample : ndarray, shape (p, p)
        Covariance matrix of the items.
    implied : ndarray, shape (p, p)
        Item correlations that the model implies, of the saturated or the estimated model.
    replicates : ndarray, shape (B, p, p)
        Covariance matrices of bootstrap resamples of the (untransformed) answers.
    refit : callable
        Fits the same model to correlation matrices (B, p, p).
    level : float
        Of the quantile.

    Returns
    -------
    ExactFit
        Without quantiles and p-values, and with the reason, when the sample's correlations are
        singular, those implied are not positive definite, or more than `FAILED_SHARE` of the
        refits failed.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    With T = S^-1/2 Sigma^1/2 on standardised items a replicate S_b becomes T' S_b T, rescaled to
    correlations, as PLS standardises every resample anew. The test follows the design as far as
    the replicates do. Mode B and PLSc reproduce a model that holds; Mode A weights of composites
    do not quite: their replicates keep some misfit, which makes the test cautious.

    References
    ----------
    Beran & Srivastava (1985), Annals of Statistics 13, 95-115; Dijkstra & Henseler (2015),
    Computational Statistics & Data Analysis 81, 10-23.

    Examples
    --------
    >>> s = np.array([[1.0, 0.2], [0.2, 1.0]])
    >>> draws = np.stack([np.array([[1.0, r], [r, 1.0]]) for r in (0.1, 0.2, 0.5)])
    >>> found = exact_fit(s, np.eye(2), draws, lambda r: np.tile(np.eye(2), (3, 1, 1)))
    >>> round(found.measures["d_uls"].p_value, 6), found.used
    (0.333333, 3)
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    observed = correlations(sample[None])
    found = _discrepancies(observed, implied[None])
    alone = {name: Discrepancy(float(v[0]), np.nan, np.nan) for name, v in found.items()}
    if problem := _obstacle(observed[0], implied):
        return ExactFit(alone, problem=problem, level=level)
    moved = _turned(sample, observed[0], implied, replicates)
    return replace(_judge(alone, _discrepancies(moved, refit(moved)), level), level=level)


def _turned(sample: Floats, observed: Floats, implied: Floats, replicates: Floats) -> Floats:
    """Correlations (B, p, p) of the replicates of answers for which the model holds."""
    turn = bollen_stine_transform(observed[None], implied[None])[0]
    turn = turn / np.sqrt(np.diag(sample))[:, None]
    return correlations(transform_replicates(turn, replicates))


def _discrepancies(observed: Floats, implied: Floats) -> dict[str, Floats]:
    found = distances(observed, implied)
    return {name: getattr(found, name) for name in MEASURES}


def _obstacle(observed: Floats, implied: Floats) -> str:
    """Say why the sample cannot be turned, or return an empty text."""
    for matrix, words in ((observed, SINGULAR_SAMPLE), (implied, IMPROPER_MODEL)):
        if not np.isfinite(matrix).all() or np.linalg.eigvalsh(matrix)[0] <= SINGULAR:
            return words
    return ""


def _judge(alone: Mapping[str, Discrepancy], draws: Mapping[str, Floats], level: float) -> ExactFit:
    usable = np.isfinite(np.stack(list(draws.values()))).all(axis=0)
    used = int(usable.sum())
    failed = usable.size - used
    if used < 2 or failed > FAILED_SHARE * usable.size:
        return ExactFit(alone, used, failed, f"{failed} of {usable.size} refits failed")
    tested = {}
    for name, own in alone.items():
        kept = draws[name][usable]
        quantile = float(np.quantile(kept, level))
        tested[name] = Discrepancy(own.value, quantile, float((kept >= own.value).mean()))
    return ExactFit(tested, used, failed)
