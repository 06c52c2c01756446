"""Out-of-sample prediction from training moments: PLSpredict, its benchmarks, and CVPAT.

Every predictor here is linear and passes through the training means, so that it is a matrix of
slopes: ``predicted[t] = mean[t] + slopes[t] @ (x - mean)``, in scale units. The squared error in a
test fold is then a quadratic form of the fold's own moments; only absolute errors and the losses of
single respondents need the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from acsi_sem.kernels.regression import Arrows, Floats, solve_positive, total_effects

Ints = NDArray[np.intp]


def score_slopes(paths: Floats, arrows: Arrows, antecedents: str) -> Floats:
    """Return how construct scores are predicted from construct scores, shape (B, q, q).

    Parameters
    ----------
    paths : ndarray, shape (B, q, q)
        Standardised path coefficients, ``[b, i, j]`` the effect of j on i.
    arrows : ndarray of bool, shape (q, q)
        ``[target, source]``.
    antecedents : {"earliest", "direct"}
        From the exogenous constructs through the model's total effects, or from the scores of the
        direct predecessors.

    Returns
    -------
    ndarray, shape (B, q, q)
        Zero where a source serves nothing.

    Raises
    ------
    ValueError
        For another word.

    References
    ----------
    Danks (2021), The piggy in the middle, The DATA BASE for Advances in Information Systems 52(SI).

    Examples
    --------
    >>> chain = np.zeros((1, 3, 3)); chain[0, 1, 0] = 0.5; chain[0, 2, 1] = 0.4
    >>> score_slopes(chain, chain[0] != 0, "earliest")[0, 2]
    array([0.2, 0. , 0. ])
    >>> score_slopes(chain, chain[0] != 0, "direct")[0, 2]
    array([0. , 0.4, 0. ])
    """
    if antecedents == "direct":
        return np.where(arrows, paths, 0.0)
    if antecedents != "earliest":
        raise ValueError(f"antecedents must be earliest or direct, not {antecedents!r}")
    known: Arrows = np.asarray(np.isfinite(paths).all(axis=(1, 2), keepdims=True))
    total = np.where(known, total_effects(np.where(known, paths, 0.0)), np.nan)
    predicted: Arrows = np.asarray(arrows.any(axis=1))
    return np.where(predicted, 0.0, total)


def pls_slopes(
    weights: Floats,
    loadings: Floats,
    scores: Floats,
    sd: Floats,
    blocks: Ints,
    targets: Ints,
) -> Floats:
    """Return the slopes of a PLS model's predictions of indicators, in scale units.

    Indicators are standardised by the training means and standard deviations, weighted to scores,
    carried to the target's score, multiplied by the target's loading, and put back on its scale.

    Parameters
    ----------
    weights, loadings : ndarray, shape (B, p)
        On standardised indicators.
    scores : ndarray, shape (B, q, q)
        From `score_slopes`.
    sd : ndarray, shape (B, p)
        Standard deviations in the training sample; their divisor cancels.
    blocks : ndarray of int, shape (p,)
        Number of each indicator's construct.
    targets : ndarray of int, shape (t,)
        The indicators to predict.

    Returns
    -------
    ndarray, shape (B, t, p)

    References
    ----------
    Shmueli, Ray, Velasquez Estrada & Chatla (2016), Journal of Business Research 69, 4552-4564.

    Examples
    --------
    >>> one, path = np.ones((1, 2)), np.array([[[0.0, 0.0], [0.5, 0.0]]])
    >>> pls_slopes(one, one, path, np.array([[2.0, 4.0]]), np.array([0, 1]), np.array([1]))
    array([[[1., 0.]]])
    """
    carried = scores[:, blocks[targets]][:, :, blocks]
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = sd[:, targets, None] / sd[:, None, :]
        slopes: Floats = carried * weights[:, None, :] * loadings[:, targets, None] * scale
    return slopes


def benchmark_slopes(covariance: Floats, sources: Ints, targets: Ints) -> Floats:
    """Return the slopes of the linear-model benchmark: each target regressed on all sources.

    Parameters
    ----------
    covariance : ndarray, shape (B, p, p)
        Of the training sample.
    sources, targets : ndarray of int, shapes (s,), (t,)
        Indicators.

    Returns
    -------
    ndarray, shape (B, t, p)
        NaN throughout for an element whose sources are collinear.

    References
    ----------
    Shmueli et al. (2019), European Journal of Marketing 53, 2322-2347.

    Examples
    --------
    >>> s = np.array([[[4.0, 2.0], [2.0, 9.0]]])
    >>> benchmark_slopes(s, np.array([0]), np.array([1]))
    array([[[0.5, 0. ]]])
    """
    last = np.ascontiguousarray(np.moveaxis(covariance, 0, -1))
    matrix = last[np.ix_(sources, sources)]
    slopes = np.zeros((covariance.shape[0], targets.size, covariance.shape[1]))
    for place, target in enumerate(targets):
        slopes[:, place, sources] = solve_positive(matrix, last[sources, target]).T
    slopes[~np.isfinite(slopes).all(axis=(1, 2))] = np.nan
    return slopes


def squared_error(
    slopes: Floats, trained: Floats, mean: Floats, covariance: Floats, targets: Ints
) -> Floats:
    """Return mean squared prediction errors from the moments of the test rows.

    Parameters
    ----------
    slopes : ndarray, shape (B, t, p)
    trained : ndarray, shape (B, p)
        Training means.
    mean, covariance : ndarray, shapes (B, p), (B, p, p)
        Of the test rows; divisor: sum of weights.
    targets : ndarray of int, shape (t,)

    Returns
    -------
    ndarray, shape (B, t)
        In squared scale units.

    Notes
    -----
    The error is v'(x - m), v the unit vector of the target less its slopes and m the training mean:
    its mean square is (v'd)^2 + v'Sv with d = test mean - m.

    Examples
    --------
    >>> s = np.array([[[1.0, 0.0], [0.0, 4.0]]])
    >>> at, mean = np.array([1]), np.array([[0.0, 3.0]])
    >>> squared_error(np.zeros((1, 1, 2)), np.zeros((1, 2)), mean, s, at)
    array([[13.]])
    """
    form = np.eye(mean.shape[1])[targets] - slopes
    bias = np.matmul(form, (mean - trained)[:, :, None])[:, :, 0]
    spread = (np.matmul(form, covariance) * form).sum(axis=2)
    # An exact prediction leaves rounding of either sign.
    error: Floats = bias**2 + np.maximum(spread, 0.0)
    return error


def case_errors(values: Floats, trained: Floats, slopes: Floats, targets: Ints) -> Floats:
    """Return observed less predicted answers of single rows, shape (n, t), in scale units.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Complete answers of test rows.
    trained : ndarray, shape (p,)
        Training means.
    slopes : ndarray, shape (t, p)
    targets : ndarray of int, shape (t,)

    Examples
    --------
    >>> x, half = np.array([[2.0, 5.0]]), np.array([[0.5, 0.0]])
    >>> case_errors(x, np.array([0.0, 3.0]), half, np.array([1]))
    array([[1.]])
    """
    centred = values - trained
    errors: Floats = centred[:, targets] - centred @ slopes.T
    return errors


@dataclass(frozen=True, slots=True)
class DesignMeans:
    """Weighted means with design-based standard errors.

    Attributes
    ----------
    mean, std_error : ndarray, shape (m,)
        Standard errors are NaN without degrees of freedom, or with a stratum of one unit.
    freedom : int
        Units less strata.
    alone : int
        Strata with one unit: their variance cannot be seen.
    """

    mean: Floats
    std_error: Floats
    freedom: int
    alone: int


def design_means(values: Floats, weights: Floats, strata: Ints, units: Ints) -> DesignMeans:
    """Return weighted means and their linearised standard errors.

    Parameters
    ----------
    values : ndarray, shape (n, m)
    weights : ndarray, shape (n,)
        Above zero; their scale does not matter.
    strata, units : ndarray of int, shape (n,)
        A unit (PSU, or the row itself) lies in one stratum.

    Returns
    -------
    DesignMeans
        Without finite-population correction.

    Notes
    -----
    Sum over strata of n_h / (n_h - 1) times the squared deviations of unit totals of
    w (y - mean) / sum w from their stratum's mean. One stratum of equal weights gives s^2 / n.

    References
    ----------
    Binder (1983), International Statistical Review 51, 279-292.

    Examples
    --------
    >>> y = np.array([[1.0], [2.0], [6.0]])
    >>> found = design_means(y, np.ones(3), np.zeros(3, int), np.arange(3))
    >>> found.mean, found.std_error.round(6), found.freedom
    (array([3.]), array([1.527525]), 2)
    """
    share = weights / weights.max()
    share = share / share.sum()
    mean = share @ values
    _, first, unit = np.unique(units, return_index=True, return_inverse=True)
    _, stratum = np.unique(strata[first], return_inverse=True)
    totals = _sums(share[:, None] * (values - mean), unit, first.size)
    size = np.bincount(stratum).astype(float)
    centre = _sums(totals, stratum, size.size) / size[:, None]
    squared = _sums((totals - centre[stratum]) ** 2, stratum, size.size)
    alone = int((size == 1).sum())
    if alone:
        variance = np.full(values.shape[1], np.nan)
    else:
        variance = (squared * (size / (size - 1))[:, None]).sum(axis=0)
    return DesignMeans(mean, np.sqrt(variance), first.size - size.size, alone)


def _sums(values: Floats, codes: Ints, count: int) -> Floats:
    """Sum rows by code, shape (count, m)."""
    columns = [np.bincount(codes, weights=column, minlength=count) for column in values.T]
    return np.column_stack(columns)


def t_limits(
    mean: Floats, std_error: Floats, freedom: int, level: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the t statistic against zero, its two-sided p-value, and confidence limits.

    Parameters
    ----------
    mean, std_error : ndarray, shape (m,)
    freedom : int
        Degrees of freedom, 1 or more.
    level : float
        Confidence level, e.g. 0.95.

    Returns
    -------
    tuple of four ndarrays, shape (m,)
        Statistic, p-value, lower and upper limit; statistic and p-value are NaN where the
        standard error is zero.

    Examples
    --------
    >>> found = t_limits(np.array([2.0]), np.array([1.0]), 10, 0.95)
    >>> [round(float(part[0]), 4) for part in found]
    [2.0, 0.0734, -0.2281, 4.2281]
    """
    usable = np.where(std_error > 0, std_error, np.nan)
    statistic = mean / usable
    p_value = 2 * stdtr(float(freedom), -np.abs(statistic))
    reach = stdtrit(float(freedom), (1 + level) / 2) * std_error
    return statistic, p_value, mean - reach, mean + reach
