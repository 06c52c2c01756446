"""Fit measures of a model that also has a free mean for every item.

The means are saturated: estimates, chi-square and what rests on it do not change, but the number
of parameters and of moments does, and with them SRMR, GFI, AIC, BIC and ECVI. Batch axis first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from acsi_sem.kernels.covariance import invert_positive
from acsi_sem.kernels.fit_measures import ratio
from acsi_sem.kernels.lisrel import Floats

_RESIDUAL: Final = ("rmr", "srmr_bentler", "crmr", "srmr_mplus")


def covariance_only(measures: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return lavaan's ``*_nomean``: residual measures of the covariances alone."""
    return {f"{name}_nomean": measures[name] for name in _RESIDUAL}


def with_means(
    measures: Mapping[str, Floats], sample: Floats, implied: Floats, mean: Floats
) -> dict[str, Floats]:
    """Return the measures that free means change.

    Parameters
    ----------
    measures : mapping of str to ndarray, shape (B,)
        From `fit_measures`, without a mean structure.
    sample, implied : ndarray, shape (B, p, p)
        S (divisor n) and Σ at the solution.
    mean : ndarray, shape (B, p)
        Sample means, in the units of the items: GFI depends on their origin.

    Returns
    -------
    dict of str to ndarray, shape (B,)
        To be put in place of those in `measures`.

    Examples
    --------
    >>> from acsi_sem.kernels.fit_measures import fit_measures
    >>> S = np.array([[[1.0, 0.5], [0.5, 1.0]]])
    >>> found = fit_measures(S, np.eye(2)[None], parameters=2, n=np.array([100.0]))
    >>> with_means(found, S, np.eye(2)[None], np.zeros((1, 2)))["npar"]
    array([4.])
    """
    p = sample.shape[-1]
    n, df = measures["ntotal"], measures["df"]
    parameters = measures["npar"] + p
    deviance = -2 * measures["logl"]
    return {
        "npar": parameters,
        "aic": deviance + 2 * parameters,
        "bic": deviance + parameters * np.log(n),
        "bic2": deviance + parameters * np.log((n + 2) / 24),
        "ecvi": measures["chisq"] / n + 2 * parameters / n,
        **_residuals(measures, p),
        **_absolute(sample, implied, mean, df),
    }


def _residuals(measures: Mapping[str, Floats], p: int) -> dict[str, Floats]:
    """The residuals of saturated means are zero: the same sum over more moments."""
    covariances, all_moments = p * (p + 1) / 2, p * (p + 3) / 2
    diluted = np.sqrt(covariances / all_moments)
    apart = p * (p - 1) / 2
    return {
        **{name: measures[name] * diluted for name in ("rmr", "srmr", "srmr_bentler")},
        "srmr_mplus": measures["srmr_mplus"] * diluted,
        "crmr": measures["crmr"] * np.sqrt(apart / (apart + p)),
    }


def _absolute(sample: Floats, implied: Floats, mean: Floats, df: Floats) -> dict[str, Floats]:
    p = sample.shape[-1]
    inverse = invert_positive(implied)[0]
    product = inverse @ sample
    apart = product - np.eye(p)
    explained = np.einsum("bij,bji->b", product, product) / 2
    explained = explained + np.einsum("bi,bij,bj->b", mean, inverse, mean)
    gfi = 1 - np.einsum("bij,bji->b", apart, apart) / 2 / explained
    moments = p * (p + 3) / 2
    agfi = np.where(df == 0, 1.0, 1 - ratio(np.full_like(df, moments), df) * (1 - gfi))
    return {"gfi": gfi, "agfi": agfi, "pgfi": df / moments * gfi}
