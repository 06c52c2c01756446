"""Fit measures of several groups fitted at once, in lavaan's conventions."""

from __future__ import annotations

import numpy as np

from acsi_sem.kernels.covariance import invert_positive
from acsi_sem.kernels.fit_measures import incremental_measures, rmsea_measures, upper_tail
from acsi_sem.kernels.lisrel import Floats
from acsi_sem.kernels.multigroup import GroupMoments, Groups, implied_moments


def group_measures(groups: Groups, moments: GroupMoments, parameters: Floats) -> dict[str, Floats]:
    """Compute fit measures at a maximum likelihood solution.

    Parameters
    ----------
    groups : Groups
    moments : GroupMoments
    parameters : ndarray, shape (B, G, k)
        The solution.

    Returns
    -------
    dict of str to ndarray, shape (B,)
        lavaan's names. ``chisq`` = Σ n_g F_g; baseline: uncorrelated items in each group,
        variances and means free; ``rmsea`` and its limits with the factor √G; ``srmr`` the mean
        of the groups' weighted by size, each over variances, covariances and, in a mean
        structure, means; ``logl``, ``aic`` and
        ``bic`` of the normal density, N the total. NaN where a matrix is not positive definite,
        and p-values without degrees of freedom.

    References
    ----------
    Rosseel (2012), J. Statistical Software 48(2); Steiger (1998), Structural Equation Modeling 5,
    411-419, for √G.

    Examples
    --------
    >>> from acsi_sem.kernels.lisrel import Structure
    >>> from acsi_sem.kernels.multigroup import group_maps
    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> equal = Groups(one, group_maps([["v"], ["v"]]), np.zeros((2, 1)), means=False)
    >>> moments = GroupMoments(np.array([[[[2.0]], [[4.0]]]]), np.array([10.0, 30.0]))
    >>> found = group_measures(equal, moments, np.array([[[3.5], [3.5]]]))
    >>> found["df"].tolist(), found["chisq"].round(4).tolist()
    ([1.0], [1.5902])
    """
    n, total = moments.n, float(moments.n.sum())
    mean, covariance = implied_moments(groups, parameters)
    logs = _likelihoods(moments, mean, covariance)
    chisq = np.maximum((n * logs["discrepancy"]).sum(axis=1), 0.0)
    df = np.full(len(chisq), float(groups.degrees_of_freedom))
    baseline, baseline_df = _baseline(moments)
    logl = logs["logl"].sum(axis=1)
    return {
        "npar": np.full(len(chisq), float(groups.size)),
        "fmin": chisq / (2 * total),
        "chisq": chisq,
        "df": df,
        "pvalue": upper_tail(chisq, df),
        "ntotal": np.full(len(chisq), total),
        "baseline.chisq": baseline,
        "baseline.df": baseline_df,
        "baseline.pvalue": upper_tail(baseline, baseline_df),
        **incremental_measures(chisq, df, baseline, baseline_df),
        "logl": logl,
        "unrestricted.logl": logs["unrestricted.logl"].sum(axis=1),
        "aic": -2 * logl + 2 * groups.size,
        "bic": -2 * logl + groups.size * np.log(total),
        # lavaan's factor √G: as if there were n/G observations
        **rmsea_measures(chisq, df, np.full(len(chisq), total / len(n))),
        "srmr": _srmr(moments, mean, covariance),
    }


def _likelihoods(
    moments: GroupMoments, mean: Floats | None, covariance: Floats
) -> dict[str, Floats]:
    """F_g and the groups' logarithms of likelihoods, each (B, G)."""
    batch, count, p, _ = covariance.shape
    inverse, log_implied, _ = invert_positive(covariance.reshape(-1, p, p))
    _, log_sample, _ = invert_positive(moments.covariance.reshape(-1, p, p))
    distance = _outer_residual(moments, mean) + moments.covariance
    trace = np.einsum("bij,bij->b", inverse, distance.reshape(-1, p, p))
    constant = p * np.log(2 * np.pi)
    half = moments.n / 2
    return {
        "discrepancy": (log_implied + trace - log_sample - p).reshape(batch, count),
        "logl": -half * (constant + log_implied + trace).reshape(batch, count),
        "unrestricted.logl": -half * (constant + log_sample + p).reshape(batch, count),
    }


def _outer_residual(moments: GroupMoments, mean: Floats | None) -> Floats:
    """(m - μ)(m - μ)', shape (B, G, p, p); zero without a mean structure."""
    if mean is None or moments.mean is None:
        return np.zeros_like(moments.covariance)
    residual = moments.mean - mean
    return np.asarray(residual[..., :, None] * residual[..., None, :])


def _baseline(moments: GroupMoments) -> tuple[Floats, Floats]:
    batch, count, p, _ = moments.covariance.shape
    _, log_sample, ok = invert_positive(moments.covariance.reshape(-1, p, p))
    logs = 2.0 * np.log(moments.deviations).sum(axis=-1)
    fall = np.where(ok, np.maximum(logs.ravel() - log_sample, 0.0), np.nan)
    chisq = (moments.n * fall.reshape(batch, count)).sum(axis=1)
    return chisq, np.full(batch, count * p * (p - 1) / 2)


def _srmr(moments: GroupMoments, mean: Floats | None, covariance: Floats) -> Floats:
    p = covariance.shape[-1]
    rows, columns = np.tril_indices(p)
    scale = moments.deviations
    residual = (moments.covariance - covariance)[..., rows, columns]
    residual = residual / (scale[..., rows] * scale[..., columns])
    squares, places = (residual**2).sum(axis=-1), float(len(rows))
    if mean is not None and moments.mean is not None:
        squares = squares + (((moments.mean - mean) / scale) ** 2).sum(axis=-1)
        places += p
    return np.asarray((np.sqrt(squares / places) * moments.shares).sum(axis=1))
