"""Chi-square tests that hold for non-normal answers, and the fit measures that follow from them.

Both tests divide n·F by a factor c = tr(UΓ)/df. They differ in where the two parts of the trace
are taken: Satorra-Bentler (``MLM``) at the model throughout, with the expected information;
Yuan-Bentler as in Mplus (``MLR``) at S for the unrestricted model, at the solution with the
observed information for the fitted one, which also gives the factors of the two likelihoods.

Needs second moments and the fourth-order block (see `fourth_moments`), divided by n. Batch axis
first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from acsi_sem.kernels.covariance import Point, information, invert_positive, locate
from acsi_sem.kernels.fit_measures import (
    incremental_measures,
    ratio,
    rmsea_measures,
    upper_tail,
)
from acsi_sem.kernels.lisrel import Floats, Matrix, Structure
from acsi_sem.kernels.observed_information import observed_information
from acsi_sem.kernels.robust import (
    inverse_information,
    mean_score_map,
    meat,
    moments_about,
    saturated_information,
    score_map,
)

Kind = Literal["mlr", "mlm"]

KINDS: Final[tuple[Kind, ...]] = ("mlr", "mlm")


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """What a scaled test divides by.

    Attributes
    ----------
    factor : ndarray, shape (B,)
        c: the scaled chi-square is n·F / c. NaN without degrees of freedom.
    h1, h0 : ndarray, shape (B,)
        Mean of the eigenvalues of information⁻¹ · meat of the unrestricted and of the fitted
        model: 1 for normal answers.
    """

    factor: Floats
    h1: Floats
    h0: Floats


def scaling(
    structure: Structure,
    theta: Floats,
    sample: Floats,
    block: Floats,
    kind: Kind = "mlr",
    *,
    means: bool = False,
) -> Scaling:
    """Compute the scaling of a test of fit.

    Parameters
    ----------
    structure : Structure
    theta : ndarray, shape (B, k)
        The maximum likelihood solution.
    sample : ndarray, shape (B, p, p)
        S, divisor n.
    block : ndarray, shape (B, 1 + q, 1 + q)
        Fourth-order block about the mean, divided by n.
    kind : {"mlr", "mlm"}
        Yuan-Bentler-Mplus or Satorra-Bentler.
    means : bool
        True where the model has a free mean for every item, which both models then count.

    Returns
    -------
    Scaling

    References
    ----------
    Satorra & Bentler (1994), in von Eye & Clogg, Latent Variables Analysis, 399-419;
    Yuan & Bentler (2000), Sociological Methodology 30, 165-200; Asparouhov & Muthén (2005),
    Multivariate statistical modeling with survey data.
    """
    point = locate(structure, theta)
    p = sample.shape[-1]
    moments = p * (p + 1) // 2 + means * p
    parameters = structure.size + means * p
    unrestricted = _unrestricted_trace(point, sample, block, kind, means)
    if kind == "mlr":
        bread = observed_information(structure, theta, point, sample)
    else:
        bread = information(structure, point)
    filling = meat(score_map(structure, point), block)
    fitted = _trace(inverse_information(bread)[0], filling)
    if means:
        slopes = mean_score_map(point)
        fitted = fitted + _trace(point.implied.covariance, meat(slopes, block))
    df = moments - parameters
    factor = (unrestricted - fitted) / df if df > 0 else np.full(len(theta), np.nan)
    return Scaling(factor, unrestricted / moments, fitted / max(parameters, 1))


def _unrestricted_trace(
    point: Point, sample: Floats, block: Floats, kind: Kind, means: bool
) -> Floats:
    """tr(W Γ) of the unrestricted model, shape (B,)."""
    p = sample.shape[-1]
    at = sample if kind == "mlr" else point.implied.covariance
    spread = moments_about(block, sample)
    total = _trace(saturated_information(at), spread[:, p:, p:])
    if means:
        total = total + _trace(invert_positive(at)[0], spread[:, :p, :p])
    return total


def _trace(left: Floats, right: Floats) -> Floats:
    """tr(AB) of symmetric matrices, shape (B,)."""
    product: Floats = np.einsum("bij,bij->b", left, right)
    return product


def independence(p: int) -> Structure:
    """Return the baseline model of p unrelated items: a free variance each."""
    places = np.arange(p)
    return Structure(
        loadings=np.eye(p),
        paths=np.zeros((p, p)),
        disturbances=np.zeros((p, p)),
        errors=np.zeros((p, p)),
        matrix=np.full(p, Matrix.DISTURBANCES, dtype=np.intp),
        rows=places,
        columns=places.copy(),
    )


def baseline_scaling(
    sample: Floats, block: Floats, kind: Kind = "mlr", *, means: bool = False
) -> Scaling:
    """Compute the scaling of the test of the independence model (see `scaling`)."""
    variances = np.diagonal(sample, axis1=-2, axis2=-1)
    return scaling(independence(sample.shape[-1]), variances, sample, block, kind, means=means)


def scaled_measures(
    measures: Mapping[str, Floats], model: Scaling, baseline: Scaling, kind: Kind = "mlr"
) -> dict[str, Floats]:
    """Return the scaled and robust variants of fit measures under lavaan's names.

    Parameters
    ----------
    measures : mapping of str to ndarray, shape (B,)
        From `fit_measures`.
    model, baseline : Scaling
        Of the model and of the independence model.
    kind : {"mlr", "mlm"}
        ``mlr`` adds the scaling factors of the two likelihoods.

    Returns
    -------
    dict of str to ndarray, shape (B,)
        ``.scaled``: the usual formula on the scaled chi-squares. ``.robust``: what the measure
        would be for the population without non-normality.

    References
    ----------
    Brosseau-Liard, Savalei & Li (2012), Multivariate Behavioral Research 47, 904-930 (RMSEA);
    Brosseau-Liard & Savalei (2014), same journal 49, 460-470 (CFI, TLI).
    """
    chisq, df, n = measures["chisq"], measures["df"], measures["ntotal"]
    base, base_df = measures["baseline.chisq"], measures["baseline.df"]
    factor, base_factor = model.factor, baseline.factor
    scaled, base_scaled = chisq / factor, base / base_factor
    found = {
        "chisq.scaled": scaled,
        "df.scaled": df,
        "pvalue.scaled": upper_tail(scaled, df),
        "chisq.scaling.factor": factor,
        "baseline.chisq.scaled": base_scaled,
        "baseline.df.scaled": base_df,
        "baseline.pvalue.scaled": upper_tail(base_scaled, base_df),
        "baseline.chisq.scaling.factor": base_factor,
        **_incremental_scaled(scaled, df, base_scaled, base_df),
        **_incremental_robust(
            factor * (scaled - df), df, base_factor * (base_scaled - base_df), base_df
        ),
        # on tr(UΓ) degrees of freedom, and with n in units of the factor: the usual formula
        **_suffixed(rmsea_measures(chisq, factor * df, n), "scaled"),
        **_suffixed(rmsea_measures(scaled, df, n / factor), "robust"),
    }
    if kind == "mlr":
        found |= {"scaling.factor.h1": model.h1, "scaling.factor.h0": model.h0}
    return found


_RMSEA: Final = (
    *("rmsea", "rmsea.ci.lower", "rmsea.ci.upper"),
    *("rmsea.pvalue", "rmsea.notclose.pvalue"),
)


def _suffixed(measures: Mapping[str, Floats], suffix: str) -> dict[str, Floats]:
    return {f"{name}.{suffix}": measures[name] for name in _RMSEA}


def _incremental_scaled(
    chisq: Floats, df: Floats, base: Floats, base_df: Floats
) -> dict[str, Floats]:
    measures = incremental_measures(chisq, df, base, base_df)
    return {f"{name}.scaled": value for name, value in measures.items()}


def _incremental_robust(
    excess: Floats, df: Floats, base_excess: Floats, base_df: Floats
) -> dict[str, Floats]:
    """From chi-square less its expectation under the model, c·df, and likewise the baseline's."""
    worst = np.maximum(np.maximum(excess, base_excess), 0.0)
    tli = np.where(df == 0, 1.0, 1 - ratio(excess * base_df, base_excess * df))
    return {
        "cfi.robust": np.where(worst == 0, 1.0, 1 - ratio(np.maximum(excess, 0.0), worst)),
        "tli.robust": tli,
        "nnfi.robust": tli,
        "rni.robust": 1 - ratio(excess, base_excess),
    }
