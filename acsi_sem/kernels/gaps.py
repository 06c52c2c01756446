"""Perception less expectation: mean gaps, the weighted total, and its sign by respondent."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.shares import weighted_share

Floats = NDArray[np.float64]

ZERO: Final = 1e-9
"""Points within which a weighted sum of gaps counts as nought, not as rounding."""


def weighted_mean(weights: Floats, values: Floats) -> Floats:
    """Return weighted means of columns, each over the rows that answered.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
    values : ndarray, shape (n, k)
        NaN where there is no answer.

    Returns
    -------
    ndarray, shape (B, k)
        NaN where nobody with weight answered.

    Examples
    --------
    >>> weighted_mean(np.array([[1.0, 1.0, 2.0]]), np.array([[4.0], [np.nan], [1.0]]))
    array([[2.]])
    """
    asked = ~np.isnan(values)
    whole = weights @ asked.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = (weights @ np.where(asked, values, 0.0)) / np.where(whole > 0, whole, np.nan)
    return mean


def total_gap(gaps: Floats, shares: Floats) -> Floats:
    """Return each respondent's weighted sum of gaps.

    Parameters
    ----------
    gaps : ndarray, shape (n, k)
        Perceived less expected, in points of 0-100; NaN where either is unanswered.
    shares : ndarray, shape (k,)
        Weights of the dimensions; they sum to one.

    Returns
    -------
    ndarray, shape (n,)
        SQ_i = sum_j W_j (P_ij - E_ij); NaN for respondents with an incomplete pair. Sums that are
        nought but for rounding are nought.

    References
    ----------
    Parasuraman, Zeithaml & Berry (1988), Journal of Retailing 64, 12-40.

    Examples
    --------
    >>> total_gap(np.array([[10.0, -30.0], [5.0, np.nan]]), np.array([0.75, 0.25]))
    array([ 0., nan])
    """
    found: Floats = np.asarray(gaps @ shares)
    found[np.isnan(gaps).any(axis=1)] = np.nan
    found[np.abs(found) < ZERO] = 0.0
    return found


def sign_shares(weights: Floats, gaps: Floats) -> Floats:
    """Return the shares of gaps below, at and above nought.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
    gaps : ndarray, shape (n, k)
        NaN where there is none.

    Returns
    -------
    ndarray, shape (B, k, 3)
        Dissatisfied (below), satisfied (at), delighted (above); they sum to one.

    Examples
    --------
    >>> sign_shares(np.ones((1, 4)), np.array([[-1.0], [0.0], [2.0], [3.0]]))
    array([[[0.25, 0.25, 0.5 ]]])
    """
    asked = ~np.isnan(gaps)
    signs = (gaps < 0, gaps == 0, gaps > 0)
    return np.stack([weighted_share(weights, sign, asked) for sign in signs], axis=-1)
