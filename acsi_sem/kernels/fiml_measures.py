"""Fit measures of a structure fitted by full information maximum likelihood, lavaan's names.

Chi-square compares with the unrestricted model, the baseline is independence with free means;
both by FIML. ``.robust`` measures are those of Zhang & Savalei (2023): what RMSEA, CFI and TLI
would be if the same population had been observed without holes. ``.scaled`` measures use the
Yuan-Bentler-Mplus test, which holds for answers that are not normal.

One fit at a time, patterns as batch axis; measures come as arrays of shape (1,), like those of
`acsi_sem.kernels.fit_measures`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.em import available_moments
from acsi_sem.kernels.fiml import (
    Setting,
    fiml_information,
    moment_slopes,
    saturated_score_products,
    score_products,
)
from acsi_sem.kernels.fit_measures import (
    critical_size,
    incremental_measures,
    information_criteria,
    ratio,
    rmsea_measures,
    upper_tail,
)
from acsi_sem.kernels.incomplete import Place, information, scores, stand, vech_slopes
from acsi_sem.kernels.lisrel import Floats, Ints, Structure
from acsi_sem.kernels.patterns import PatternMoments, complete_moments, vech_places

_INCREMENTAL: Final = ("cfi", "tli", "nnfi", "rfi", "nfi", "pnfi", "ifi", "rni")
_RMSEA: Final = (
    *("rmsea", "rmsea.ci.lower", "rmsea.ci.upper"),
    *("rmsea.pvalue", "rmsea.notclose.pvalue"),
)
_PLAIN: Final = (
    *("npar", "fmin", "chisq", "df", "pvalue", "ntotal"),
    *("baseline.chisq", "baseline.df", "baseline.pvalue", *_INCREMENTAL),
    *("logl", "unrestricted.logl", "aic", "bic", "bic2"),
    *(*_RMSEA, "rmsea.ci.level", "rmsea.close.h0", "rmsea.notclose.h0"),
    *("rmr", "rmr_nomean", "srmr", "srmr_bentler", "srmr_bentler_nomean"),
    *("crmr", "crmr_nomean", "srmr_mplus", "srmr_mplus_nomean"),
    *("gfi", "agfi", "pgfi", "cn_05", "cn_01", "mfi", "ecvi"),
)
_CORRECTED: Final = ("cfi", "tli", "nnfi", "rni", *_RMSEA)
_SCALED: Final = (
    *("chisq.scaled", "df.scaled", "pvalue.scaled", "chisq.scaling.factor"),
    *("baseline.chisq.scaled", "baseline.df.scaled", "baseline.pvalue.scaled"),
    *("baseline.chisq.scaling.factor", "scaling.factor.h1", "scaling.factor.h0"),
    *(f"{name}.scaled" for name in (*_INCREMENTAL, *_RMSEA)),
)

FIML_MEASURES: Final = (*_PLAIN, *(f"{name}.robust" for name in _CORRECTED))
"""Names of the measures without the scaled test, in the order of the table."""

FIML_ROBUST_MEASURES: Final = (*FIML_MEASURES, *_SCALED)
"""Names with the scaled test, in the order of the table."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A fitted model between its unrestricted and its independence model.

    Attributes
    ----------
    structure : Structure
    moments : PatternMoments
        In standard deviation units: (x - centre) / scale.
    unrestricted : Place
        The maximum without a model.
    fitted : Setting
        The maximum under the model.
    centre, scale : ndarray, shape (p,)
        Back to scale units.
    """

    structure: Structure
    moments: PatternMoments
    unrestricted: Place
    fitted: Setting
    centre: Floats
    scale: Floats

    @property
    def independence(self) -> Place:
        """The maximum when all indicators are unrelated: every item's own answers."""
        mean, variance = available_moments(self.moments)
        place = stand(self.moments, mean, np.diag(variance))
        assert place is not None
        return place

    @property
    def degrees_of_freedom(self) -> int:
        """Of the model; its intercepts are as many as the means."""
        return self.structure.degrees_of_freedom


def fiml_measures(comparison: Comparison, *, robust: bool) -> dict[str, Floats]:
    """Compute fit measures.

    Parameters
    ----------
    comparison : Comparison
    robust : bool
        Whether to add the scaled test; the moments then need fourth-order roots.

    Returns
    -------
    dict of str to ndarray, shape (1,)
        `FIML_MEASURES` or `FIML_ROBUST_MEASURES`. Without degrees of freedom the scaled measures
        are NaN.

    References
    ----------
    Zhang & Savalei (2023), Psychological Methods 28, 263-283 (``.robust``: variant V3 with, V6
    without the scaled test); Yuan & Bentler (2000), Sociological Methodology 30, 165-200.
    """
    at, n = comparison, np.array([comparison.moments.n])
    p = len(at.centre)
    parameters = at.structure.size + p
    df = np.array([float(at.degrees_of_freedom)])
    base_df = np.array([p * (p - 1) / 2])
    base_place = at.independence
    chisq = _above_zero(2 * (at.unrestricted.value - at.fitted.place.value))
    base = _above_zero(2 * (at.unrestricted.value - base_place.value))
    found = {
        **_chisq_measures(chisq, df, base, base_df, n),
        **critical_size(chisq, df, parameters, n),
        "npar": np.array([float(parameters)]),
        "fmin": chisq / (2 * n),
        "ntotal": n,
        **_likelihoods(at, parameters, n),
        **_residual_measures(at),
        **_goodness(at, df),
    }
    if robust:
        found |= _scaled_measures(at, base_place, found, parameters, n)
    found |= _corrected_measures(at, base_place, found, robust, n)
    names = FIML_ROBUST_MEASURES if robust else FIML_MEASURES
    return {name: found[name] for name in names}


def _chisq_measures(
    chisq: Floats, df: Floats, base: Floats, base_df: Floats, n: Floats
) -> dict[str, Floats]:
    """What follows from two chi-squares, whatever they come from."""
    return {
        "chisq": chisq,
        "df": df,
        "pvalue": upper_tail(chisq, df),
        "baseline.chisq": base,
        "baseline.df": base_df,
        "baseline.pvalue": upper_tail(base, base_df),
        **incremental_measures(chisq, df, base, base_df),
        **rmsea_measures(chisq, df, n),
    }


def _above_zero(chisq: float) -> Floats:
    return np.array([max(chisq, 0.0)])


def _likelihoods(at: Comparison, parameters: int, n: Floats) -> dict[str, Floats]:
    """Log-likelihoods of the answers in scale units."""
    jacobian = float(at.moments.weight @ (at.moments.observed @ np.log(at.scale)))
    logl = np.array([at.fitted.place.value - jacobian])
    return {
        "logl": logl,
        "unrestricted.logl": np.array([at.unrestricted.value - jacobian]),
        **information_criteria(logl, parameters, n),
    }


def _residual_measures(at: Comparison) -> dict[str, Floats]:
    """Distances between unrestricted and fitted moments."""
    outer = np.outer(at.scale, at.scale)
    sample, implied = at.unrestricted.covariance * outer, at.fitted.place.covariance * outer
    mean = at.centre + at.scale * at.unrestricted.mean
    fitted_mean = at.centre + at.scale * at.fitted.place.mean
    s, t = np.sqrt(np.diag(sample)), np.sqrt(np.diag(implied))
    rows, columns = vech_places(len(s))
    apart = rows != columns
    raw = (sample - implied)[rows, columns]
    bentler = raw / (s[rows] * s[columns])
    correlation = (sample / np.outer(s, s) - implied / np.outer(t, t))[rows, columns]
    means = mean / s - fitted_mean / t
    mplus = np.where(apart, correlation, bentler)
    kinds = {
        "rmr": (raw, mean - fitted_mean),
        "srmr": (bentler, (mean - fitted_mean) / s),
        "srmr_bentler": (bentler, (mean - fitted_mean) / s),
        "crmr": (correlation[apart], (mean - fitted_mean) / s),
        "srmr_mplus": (mplus, means),
    }
    found = {}
    for name, (second, first) in kinds.items():
        found[name] = _root_mean_square(np.concatenate([second, first]))
        found[f"{name}_nomean"] = _root_mean_square(second)
    return found


def _root_mean_square(values: Floats) -> Floats:
    return np.array([np.sqrt((values**2).mean()) if values.size else 0.0])


def _goodness(at: Comparison, df: Floats) -> dict[str, Floats]:
    """GFI, which weighs squared moments by the expected information at the solution.

    lavaan takes pairwise moments for the observed ones here, and means in scale units.
    """
    rows, columns = vech_places(len(at.scale))
    mean, covariance = _pairwise(at.moments)
    place = at.fitted.place
    apart = np.concatenate([mean - place.mean, (covariance - place.covariance)[rows, columns]])
    whole = np.concatenate([mean + at.centre / at.scale, covariance[rows, columns]])
    weight = information(at.moments, place, observed=False)
    gfi = 1 - (apart @ weight @ apart) / (whole @ weight @ whole)
    size = len(whole)
    agfi = np.where(df > 0, 1 - ratio(np.array([size * (1 - gfi)]), df), 1.0)
    return {"gfi": np.array([gfi]), "agfi": agfi, "pgfi": df / size * gfi}


def _pairwise(moments: PatternMoments) -> tuple[Floats, Floats]:
    """Available-case means (p,) and pairwise covariances (p, p), divisor n when complete."""
    both = moments.observed[:, :, None] & moments.observed[:, None, :]
    weight = moments.weight[:, None, None] * both
    total = weight.sum(axis=0)
    first = (weight * moments.mean[:, :, None]).sum(axis=0) / total
    product = moments.mean[:, :, None] * moments.mean[:, None, :]
    second = (weight * (moments.covariance + product)).sum(axis=0) / total
    unbiased = (second - first * first.T) * total / (total - 1)
    return available_moments(moments)[0], unbiased * (moments.n - 1) / moments.n


def _scaled_measures(
    at: Comparison, base: Place, plain: dict[str, Floats], parameters: int, n: Floats
) -> dict[str, Floats]:
    """The Yuan-Bentler-Mplus test and what follows from it."""
    p = len(at.scale)
    df, base_df = plain["df"], plain["baseline.df"]
    moments = p + p * (p + 1) // 2
    unrestricted = _trace(
        information(at.moments, at.unrestricted),
        saturated_score_products(at.moments, at.unrestricted),
    )
    fitted = _trace(
        fiml_information(at.structure, at.moments, at.fitted),
        score_products(at.structure, at.moments, at.fitted),
    )
    factor = ratio(np.array([unrestricted - fitted]), df)
    base_factor = ratio(np.array([unrestricted - _independence_trace(at.moments, base)]), base_df)
    scaled = _chisq_measures(
        plain["chisq"] / factor, df, plain["baseline.chisq"] / base_factor, base_df, n
    )
    # as lavaan: the unscaled chi-square on tr(UΓ) = c·df degrees of freedom
    scaled |= rmsea_measures(plain["chisq"], factor * df, n)
    names = ("chisq", "df", "pvalue", "baseline.chisq", "baseline.df", "baseline.pvalue")
    return {
        **{f"{name}.scaled": scaled[name] for name in (*names, *_INCREMENTAL, *_RMSEA)},
        "chisq.scaling.factor": factor,
        "baseline.chisq.scaling.factor": base_factor,
        "scaling.factor.h1": np.array([unrestricted / moments]),
        "scaling.factor.h0": np.array([fitted / parameters]),
    }


def _trace(bread: Floats, filling: Floats) -> float:
    """tr(A⁻¹ B)."""
    return float(np.trace(np.linalg.solve(bread, filling)))


def _independence_trace(moments: PatternMoments, place: Place) -> float:
    """tr(A⁻¹ B) of the independence model, in means and variances."""
    kept = _independence_places(len(place.mean))
    by_mean, by_covariance = scores(moments, place)
    rows = np.hstack([by_mean, vech_slopes(by_covariance)])[:, kept]
    return _trace(information(moments, place)[np.ix_(kept, kept)], rows.T @ rows)


def _independence_places(p: int) -> Ints:
    """Places of means and variances in (μ, vech Σ)."""
    rows, columns = vech_places(p)
    return np.concatenate([np.arange(p), p + np.flatnonzero(rows == columns)])


def _corrected_measures(
    at: Comparison,
    base: Place,
    plain: dict[str, Floats],
    robust: bool,
    n: Floats,
) -> dict[str, Floats]:
    """RMSEA, CFI and TLI of the population without holes (and without non-normality)."""
    correction = _Correction.of(at, robust)
    p = len(at.scale)
    df, base_df = plain["df"], plain["baseline.df"]
    slopes = moment_slopes(at.structure, at.fitted)
    factor = np.where(df > 0, ratio(np.array([correction.trace(slopes)]), df), 1.0)
    kept = np.eye(p + p * (p + 1) // 2)[:, _independence_places(p)]
    base_factor = ratio(np.array([correction.trace(kept)]), base_df)
    chisq, base_chisq = correction.chisq(at.fitted.place), correction.chisq(base)
    excess, base_excess = chisq - factor * df, base_chisq - base_factor * base_df
    # RMSEA of a chi-square expected to be c·df is that of chi-square / c in n / c rows
    close = rmsea_measures(chisq / factor, df, n / factor)
    worst = np.maximum(np.maximum(excess, base_excess), 0.0)
    tli = np.where(df > 0, 1 - ratio(excess * base_df, base_excess * df), 1.0)
    found = {
        "cfi": np.where(worst == 0, 1.0, 1 - ratio(np.maximum(excess, 0.0), worst)),
        "tli": tli,
        "nnfi": tli,
        "rni": 1 - ratio(excess, base_excess),
        **{name: close[name] for name in _RMSEA},
    }
    return {f"{name}.robust": value for name, value in found.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Correction:
    """What takes the fit of incomplete answers to that of complete ones.

    `complete` are the unrestricted moments as if of n complete rows; `held`, `whole` the
    information about (μ, vech Σ) in one row, of the answers there are and of complete ones;
    `spread` the covariance matrix of the unrestricted estimates times n.
    """

    complete: PatternMoments
    unrestricted: Place
    held: Floats
    whole: Floats
    spread: Floats | None

    @staticmethod
    def of(at: Comparison, robust: bool) -> _Correction:
        place, n = at.unrestricted, at.moments.n
        complete = complete_moments(place.mean, place.covariance, n)
        best = stand(complete, place.mean, place.covariance)
        assert best is not None
        held = information(at.moments, place) / n
        spread = None
        if robust:
            inverse = np.linalg.inv(held)
            spread = inverse @ saturated_score_products(at.moments, place) @ inverse / n
        return _Correction(complete, best, held, information(complete, best) / n, spread)

    def chisq(self, place: Place) -> Floats:
        """n·F of the complete-data discrepancy at a place fitted to the incomplete answers."""
        there = stand(self.complete, place.mean, place.covariance)
        assert there is not None
        return _above_zero(2 * (self.unrestricted.value - there.value))

    def trace(self, slopes: Floats) -> float:
        """What that chi-square is expected to be under a model with these moment slopes."""
        weighted = self.held @ slopes
        residual = self.held - weighted @ np.linalg.solve(slopes.T @ weighted, weighted.T)
        turned = np.linalg.solve(self.held, residual)
        filling = turned.T @ self.whole @ turned
        if self.spread is None:
            # without the scaled test the estimates' covariance matrix is the inverse information
            return float(np.trace(np.linalg.solve(self.held, filling)))
        return float(np.trace(filling @ self.spread))
