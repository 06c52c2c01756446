"""Fit measures of a covariance structure by maximum likelihood, under lavaan's names.

Needs second moments only (complete-case covariance matrix, divisor n). Batch axis first.
No mean structure: logarithms of likelihoods, AIC and BIC count covariance parameters only.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from acsi_sem.kernels.covariance import invert_positive
from acsi_sem.kernels.lisrel import Floats

CLOSE: Final = 0.05
NOT_CLOSE: Final = 0.08
RMSEA_LEVEL: Final = 0.90

MEASURES: Final = (
    *("npar", "fmin", "chisq", "df", "pvalue", "ntotal"),
    *("baseline.chisq", "baseline.df", "baseline.pvalue"),
    *("cfi", "tli", "nnfi", "rfi", "nfi", "pnfi", "ifi", "rni"),
    *("logl", "unrestricted.logl", "aic", "bic", "bic2"),
    *("rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "rmsea.ci.level"),
    *("rmsea.pvalue", "rmsea.close.h0", "rmsea.notclose.pvalue", "rmsea.notclose.h0"),
    *("rmr", "srmr", "srmr_bentler", "crmr", "srmr_mplus"),
    *("gfi", "agfi", "pgfi", "cn_05", "cn_01", "mfi", "ecvi"),
)
"""Names of the measures, in the order of the table."""

INFERENTIAL: Final = (
    "pvalue",
    "baseline.pvalue",
    "rmsea.ci.lower",
    "rmsea.ci.upper",
    "rmsea.pvalue",
    "rmsea.notclose.pvalue",
    "cn_05",
    "cn_01",
)
"""Measures that take n·F for a chi-square variate, which sampling weights forbid."""


def fit_measures(sample: Floats, implied: Floats, parameters: int, n: Floats) -> dict[str, Floats]:
    """Compute fit measures at a maximum likelihood solution.

    Parameters
    ----------
    sample : ndarray, shape (B, p, p)
        Sample covariance matrices S, divisor n.
    implied : ndarray, shape (B, p, p)
        Σ at the solution.
    parameters : int
        Number of free parameters.
    n : ndarray, shape (B,)
        Number of observations.

    Returns
    -------
    dict of str to ndarray, shape (B,)
        Measures by lavaan's names, in lavaan's conventions: ``fmin`` = F/2, ``chisq`` = n·F,
        ``rmsea.ci`` at 90 %. NaN where a matrix is not positive definite, and for what is not
        defined without degrees of freedom (p-values, ``cn``).

    References
    ----------
    Rosseel (2012), J. Statistical Software 48(2); Hu & Bentler (1999), Structural Equation
    Modeling 6, 1-55; Browne & Cudeck (1993) for RMSEA; Hoelter (1983) for ``cn``.

    Examples
    --------
    >>> S = np.array([[[1.0, 0.5], [0.5, 1.0]]])
    >>> found = fit_measures(S, np.eye(2)[None], parameters=2, n=np.array([100.0]))
    >>> round(float(found["chisq"][0]), 4), float(found["df"][0]), float(found["srmr"][0])
    (28.7682, 1.0, 0.28867513459481287)
    """
    p = sample.shape[-1]
    n = np.asarray(n, dtype=np.float64)
    moments = p * (p + 1) // 2
    df = np.full(len(n), float(moments - parameters))
    likelihood = _likelihood(sample, implied, n)
    minimum = np.maximum(likelihood.pop("discrepancy"), 0.0)
    chisq = n * minimum
    base = {
        "npar": np.full(len(n), float(parameters)),
        "fmin": minimum / 2,
        "chisq": chisq,
        "df": df,
        "pvalue": upper_tail(chisq, df),
        "ntotal": n,
    }
    baseline = _baseline(sample, n)
    return {
        **base,
        **baseline,
        **incremental_measures(chisq, df, baseline["baseline.chisq"], baseline["baseline.df"]),
        **likelihood,
        **information_criteria(likelihood["logl"], parameters, n),
        **rmsea_measures(chisq, df, n),
        **_residuals(sample, implied),
        **_absolute(sample, implied, df),
        **critical_size(chisq, df, parameters, n),
    }


def _likelihood(sample: Floats, implied: Floats, n: Floats) -> dict[str, Floats]:
    p = sample.shape[-1]
    inverse, log_implied, _ = invert_positive(implied)
    _, log_sample, _ = invert_positive(sample)
    trace = np.einsum("bij,bij->b", sample, inverse)
    constant = p * np.log(2 * np.pi)
    return {
        "discrepancy": log_implied + trace - log_sample - p,
        "logl": -n / 2 * (constant + log_implied + trace),
        "unrestricted.logl": -n / 2 * (constant + log_sample + p),
    }


def _baseline(sample: Floats, n: Floats) -> dict[str, Floats]:
    """Independence of all indicators."""
    p = sample.shape[-1]
    _, log_sample, ok = invert_positive(sample)
    variances = np.diagonal(sample, axis1=-2, axis2=-1)
    logs = np.log(np.where(variances > 0, variances, 1.0)).sum(axis=-1)
    chisq = np.where(ok, n * np.maximum(logs - log_sample, 0.0), np.nan)
    df = np.full(len(n), p * (p - 1) / 2)
    return {
        "baseline.chisq": chisq,
        "baseline.df": df,
        "baseline.pvalue": upper_tail(chisq, df),
    }


def incremental_measures(
    chisq: Floats, df: Floats, base: Floats, base_df: Floats
) -> dict[str, Floats]:
    """Return CFI and its relatives from the model's and the baseline's chi-square and df."""
    excess, base_excess = chisq - df, base - base_df
    worst = np.maximum(np.maximum(excess, base_excess), 0.0)
    saturated = df == 0
    per_df, base_per_df = ratio(chisq, df), ratio(base, base_df)
    tli = np.where(saturated, 1.0, ratio(base_per_df - per_df, base_per_df - 1))
    nfi = ratio(base - chisq, base)
    return {
        "cfi": np.where(worst == 0, 1.0, 1 - ratio(np.maximum(excess, 0.0), worst)),
        "tli": tli,
        "nnfi": tli,
        "rfi": np.where(saturated, 1.0, ratio(base_per_df - per_df, base_per_df)),
        "nfi": nfi,
        "pnfi": ratio(df, base_df) * nfi,
        "ifi": ratio(base - chisq, base - df),
        "rni": 1 - ratio(excess, base_excess),
    }


def information_criteria(logl: Floats, parameters: int, n: Floats) -> dict[str, Floats]:
    """Return aic, bic and bic2 (sample-size adjusted) of log-likelihoods (B,)."""
    return {
        "aic": -2 * logl + 2 * parameters,
        "bic": -2 * logl + parameters * np.log(n),
        "bic2": -2 * logl + parameters * np.log((n + 2) / 24),
    }


def rmsea_measures(chisq: Floats, df: Floats, n: Floats) -> dict[str, Floats]:
    """Return RMSEA, its limits and tests, each (B,), from chi-square, df and n, each (B,)."""
    from scipy.special import chndtr

    free = df > 0

    def root(noncentrality: Floats) -> Floats:
        per_df = ratio(noncentrality, n * df)
        return np.where(free, np.sqrt(np.maximum(per_df, 0.0)), 0.0)

    def below(limit: float) -> Floats:
        return np.where(free, chndtr(chisq, df, n * df * limit**2), np.nan)

    tail = (1 - RMSEA_LEVEL) / 2
    return {
        "rmsea": np.where(np.isnan(chisq), np.nan, root(chisq - df)),
        "rmsea.ci.lower": root(_noncentrality(chisq, df, 1 - tail)),
        "rmsea.ci.upper": root(_noncentrality(chisq, df, tail)),
        "rmsea.ci.level": np.full(len(n), RMSEA_LEVEL),
        "rmsea.pvalue": 1 - below(CLOSE),
        "rmsea.close.h0": np.full(len(n), CLOSE),
        "rmsea.notclose.pvalue": below(NOT_CLOSE),
        "rmsea.notclose.h0": np.full(len(n), NOT_CLOSE),
    }


def _noncentrality(chisq: Floats, df: Floats, probability: float) -> Floats:
    """The noncentrality at which P(χ² ≤ chisq) = probability; 0 where even 0 is too large."""
    from scipy.special import chdtr, chndtrinc

    solvable = chdtr(df, chisq) > probability
    found = chndtrinc(np.where(solvable, chisq, 1e3), np.where(solvable, df, 1.0), probability)
    return np.where(np.isnan(chisq), np.nan, np.where(solvable, found, 0.0))


def _residuals(sample: Floats, implied: Floats) -> dict[str, Floats]:
    p = sample.shape[-1]
    rows, columns = np.tril_indices(p)
    apart = rows != columns
    residual = (sample - implied)[:, rows, columns]
    scale = _deviations(sample)
    bentler = residual / (scale[:, rows] * scale[:, columns])
    model_scale = _deviations(implied)
    correlation = sample / (scale[:, :, None] * scale[:, None, :]) - implied / (
        model_scale[:, :, None] * model_scale[:, None, :]
    )
    off_diagonal = correlation[:, rows[apart], columns[apart]]
    mplus = (off_diagonal**2).sum(axis=-1) + (bentler[:, ~apart] ** 2).sum(axis=-1)
    srmr = np.sqrt((bentler**2).mean(axis=-1))
    crmr = (off_diagonal**2).sum(axis=-1) / max(apart.sum(), 1)
    return {
        "rmr": np.sqrt((residual**2).mean(axis=-1)),
        "srmr": srmr,
        "srmr_bentler": srmr,
        "crmr": np.sqrt(crmr),
        "srmr_mplus": np.sqrt(mplus / len(rows)),
    }


def _absolute(sample: Floats, implied: Floats, df: Floats) -> dict[str, Floats]:
    p = sample.shape[-1]
    product = invert_positive(implied)[0] @ sample
    apart = product - np.eye(p)
    gfi = 1 - np.einsum("bij,bji->b", apart, apart) / np.einsum("bij,bji->b", product, product)
    moments = p * (p + 1) / 2
    agfi = np.where(df == 0, 1.0, 1 - ratio(np.full_like(df, moments), df) * (1 - gfi))
    return {"gfi": gfi, "agfi": agfi, "pgfi": df / moments * gfi}


def critical_size(chisq: Floats, df: Floats, parameters: int, n: Floats) -> dict[str, Floats]:
    """Return Hoelter's critical n (cn_05, cn_01) and the expected cross-validation index (B,)."""
    from scipy.special import chdtri

    per_case = chisq / n
    critical = {
        f"cn_{digits}": 1 + ratio(chdtri(np.where(df > 0, df, np.nan), alpha), per_case)
        for digits, alpha in (("05", 0.05), ("01", 0.01))
    }
    return {
        **critical,
        "mfi": np.exp(-(chisq - df) / (2 * n)),
        "ecvi": per_case + 2 * parameters / n,
    }


def _deviations(covariance: Floats) -> Floats:
    variances = np.diagonal(covariance, axis1=-2, axis2=-1)
    return np.sqrt(np.where(variances > 0, variances, np.nan))


def upper_tail(chisq: Floats, df: Floats) -> Floats:
    """Return P(χ² > chisq); NaN without degrees of freedom."""
    from scipy.special import chdtrc

    return np.asarray(chdtrc(np.where(df > 0, df, np.nan), chisq), dtype=np.float64)


def ratio(top: Floats, bottom: Floats) -> Floats:
    """Return the quotient, NaN where the divisor is zero."""
    return top / np.where(bottom == 0, np.nan, bottom)
