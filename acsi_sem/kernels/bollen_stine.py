"""Bollen and Stine's bootstrap of the test of fit.

The answers are transformed so that the model holds exactly in the sample, then resampled. The
transformation is linear, y = T'x, hence so is its effect on a replicate's covariance matrix,
T' S_b T: replicates of moments are enough, no answers are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from acsi_sem.kernels.lisrel import Floats

Refit = Callable[[Floats], Floats]
"""Covariance matrices (B, p, p) to minimal discrepancies F (B,), NaN where a fit failed."""


@dataclass(frozen=True, slots=True)
class BollenStine:
    """Result of the test.

    Attributes
    ----------
    p_value : float
        Share of the replicates whose F reaches the sample's; NaN without any.
    used, failed : int
        Number of replicates that were fitted, and that were not.
    """

    p_value: float
    used: int
    failed: int


def bollen_stine_transform(sample: Floats, implied: Floats) -> Floats:
    """Return the transformation after which the model holds exactly in the sample.

    Parameters
    ----------
    sample, implied : ndarray, shape (B, p, p)
        S and Σ at the solution, both positive definite.

    Returns
    -------
    ndarray, shape (B, p, p)
        T = S^-½ Σ^½ with symmetric roots: rows x become xT, so that T' S T = Σ.

    Raises
    ------
    ValueError
        If a matrix is not positive definite.

    References
    ----------
    Bollen & Stine (1992), Sociological Methods & Research 21, 205-229.

    Examples
    --------
    >>> bollen_stine_transform(np.array([[[4.0]]]), np.array([[[9.0]]]))
    array([[[1.5]]])
    """
    transform: Floats = _power(sample, -0.5) @ _power(implied, 0.5)
    return transform


def _power(matrices: Floats, exponent: float) -> Floats:
    """Symmetric power of positive definite matrices (B, p, p)."""
    values, vectors = np.linalg.eigh(matrices)
    if not (values > 0).all():
        raise ValueError("the transformation needs positive definite matrices")
    power: Floats = (vectors * values[:, None, :] ** exponent) @ vectors.mT
    return power


def transform_replicates(transform: Floats, replicates: Floats) -> Floats:
    """Return T' S_b T (B, p, p) for T (p, p) and replicates of the covariance matrix (B, p, p)."""
    moved = transform.T @ replicates @ transform
    half: Floats = (moved + moved.mT) / 2
    return half


def bollen_stine(
    sample: Floats, implied: Floats, minimum: float, replicates: Floats, refit: Refit
) -> BollenStine:
    """Test the fit of a model by the bootstrap.

    Parameters
    ----------
    sample, implied : ndarray, shape (p, p)
        S and Σ at the solution.
    minimum : float
        F of the sample.
    replicates : ndarray, shape (B, p, p)
        Covariance matrices of bootstrap resamples of the (untransformed) answers, each about its
        own mean.
    refit : callable
        Fits the model to covariance matrices (B, p, p) and returns minimal F (B,), NaN where it
        failed.

    Returns
    -------
    BollenStine

    Raises
    ------
    ValueError
        If a matrix is not positive definite.

    Examples
    --------
    >>> one = np.eye(1)
    >>> bollen_stine(one, one, 0.5, np.array([[[1.0]], [[3.0]]]), lambda S: S[:, 0, 0] - 1)
    BollenStine(p_value=0.5, used=2, failed=0)
    """
    transform = bollen_stine_transform(sample[None], implied[None])[0]
    found = refit(transform_replicates(transform, replicates))
    fitted = found[np.isfinite(found)]
    p_value = float((fitted >= minimum).mean()) if fitted.size else float("nan")
    return BollenStine(p_value, fitted.size, found.size - fitted.size)
