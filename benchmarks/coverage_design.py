"""The population of the coverage study: skewed answers on 10 points whose moments are exact.

Responses have the standardised maximum likelihood structure of the 2015 interviews. A share of
the respondents answers with a wider spread throughout, as real ones do. Cuts give each item the
mean, standard deviation and skewness it had in 2015. The moments of the answers then follow from
bivariate normal probabilities, without simulation error.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, least_squares
from scipy.special import betainc, ndtr

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from acsi_model import acsi_model
from golden_data import Moments, lavaan_estimates
from golden_data import moments as stored_moments

from acsi_sem.kernels.bivariate_normal import bivariate_normal
from acsi_sem.simulate.answers import cut_to_scale
from acsi_sem.simulate.latents import Structure, draw_latents, draw_responses, make_structure
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model

Floats = NDArray[np.float64]

WIDE_SHARE: Final = 0.15
WIDE_SPREAD: Final = 2.2
"""A respondent in seven answers with 2.2 times the spread: with it the robust standard errors
exceed the textbook ones about as much as they do in the 2015 interviews."""

INDUSTRIES: Final = {"3003": "airlines", "pooled": "all industries"}


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A population of answers.

    Attributes
    ----------
    model : Model
    structure : Structure
        Of the responses, in standard units.
    cuts : tuple of ndarray
        Ascending thresholds of each item's response.
    """

    model: Model
    structure: Structure
    cuts: tuple[Floats, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Moments of the answers: mean (p,) and covariance (p, p), in scale units."""

    mean: Floats
    covariance: Floats


@cache
def make_design(subset: str) -> Design:
    """Build the population from the stored moments and estimates of a 2015 subset.

    Parameters
    ----------
    subset : {"3003", "pooled"}
        Airlines, or all industries.
    """
    model = acsi_model()
    table, moments = lavaan_estimates(subset), stored_moments(subset)
    standard = {key: row["std_estimate"] for key, row in table.items()}
    effects = {(p.source, p.target): standard[p.target, "~", p.source] for p in model.paths}
    loadings = {
        item.name: standard[construct.name, "=~", item.name]
        for construct in model.constructs
        for item in construct.indicators
        if (construct.name, "=~", item.name) in standard
    }
    cuts = tuple(
        _quantiles(_shares(int(item.high - item.low) + 1, _target(moments, i, item.low)))
        for i, item in enumerate(model.indicators)
    )
    return Design(model, make_structure(model, effects, loadings), cuts)


def _target(moments: Moments, i: int, low: float) -> Floats:
    """Mean of item i, counted from the scale's low end, standard deviation and skewness."""
    square = (moments.vech_rows == i) & (moments.vech_columns == i)
    third = moments.z_cov[i, len(moments.mean) + int(np.flatnonzero(square)[0])]
    sd = np.sqrt(moments.cov[i, i])
    return np.array([moments.mean[i] - low, sd, third / sd**3])


def _shares(categories: int, target: Floats) -> Floats:
    """Shares of answers up to each step but the last that give mean, SD and skewness.

    Those of a Beta variable cut into equal steps, mixed with evenly spread answers: the two
    shapes and the mixing share are solved for.
    """
    if categories == 2:
        return np.array([1.0 - target[0]])
    at = np.arange(1, categories) / categories

    def shares(shape: Floats) -> Floats:
        return np.asarray((1 - shape[2]) * betainc(*np.exp(shape[:2]), at) + shape[2] * at)

    found = least_squares(
        lambda shape: step_moments(shares(shape)) - target,
        [1.0, 0.3, 0.05],
        bounds=([-5.0, -5.0, 0.0], [5.0, 5.0, 0.5]),
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
    )
    if np.abs(found.fun).max() > 1e-6:
        raise ValueError(f"no cut into {categories} steps has mean, SD and skewness {target}")
    return shares(found.x)


def step_moments(shares: Floats) -> Floats:
    """Mean, standard deviation and skewness of the steps 0, 1, ... with cumulated `shares`."""
    probability = np.diff(shares, prepend=0.0, append=1.0)
    steps = np.arange(len(probability))
    mean = probability @ steps
    sd = np.sqrt(probability @ (steps - mean) ** 2)
    return np.array([mean, sd, probability @ (steps - mean) ** 3 / sd**3])


def _scales() -> tuple[tuple[float, float], ...]:
    """Shares of the respondents and the spread of their responses."""
    return (1.0 - WIDE_SHARE, 1.0), (WIDE_SHARE, WIDE_SPREAD)


def _quantiles(shares: Floats) -> Floats:
    """Responses below which the `shares` of respondents lie."""

    def below(at: float) -> float:
        return float(sum(share * ndtr(at / scale) for share, scale in _scales()))

    return np.array([brentq(lambda x, s=s: below(x) - s, -40, 40, xtol=1e-14) for s in shares])


def population(design: Design) -> Population:
    """Compute the moments of the answers exactly (about 1e-12).

    Notes
    -----
    An answer is low + Σ_a 1(response > a) over the cuts a, so that covariances are sums of
    P(R_i > a, R_j > b) - P(R_i > a) P(R_j > b), a mixture of bivariate normal probabilities.
    """
    correlation = response_correlation(design)
    above = [_above(cuts) for cuts in design.cuts]
    low = np.array([item.low for item in design.model.indicators])
    p = len(low)
    covariance = np.empty((p, p))
    for i in range(p):
        for j in range(i + 1):
            joint = _joint(design.cuts[i], design.cuts[j], correlation[i, j], same=i == j)
            both = joint - np.outer(above[i], above[j])
            covariance[i, j] = covariance[j, i] = both.sum()
    return Population(low + np.array([each.sum() for each in above]), covariance)


def _above(cuts: Floats) -> Floats:
    return np.asarray(sum(share * ndtr(-cuts / scale) for share, scale in _scales()))


def _joint(first: Floats, second: Floats, correlation: float, *, same: bool) -> Floats:
    """P(R_i > a, R_j > b) for the cuts of two items, or of one and the same."""
    if same:
        return _above(np.maximum(first[:, None], second))
    rho = np.array(correlation)
    parts = [
        share * bivariate_normal(-first[:, None] / scale, -second / scale, rho)
        for share, scale in _scales()
    ]
    return np.asarray(sum(parts))


def response_correlation(design: Design) -> Floats:
    """Return the correlations (p, p) of the responses of respondents with one spread."""
    structure, block = design.structure, blocks(design.model)
    effects = np.linalg.inv(np.eye(len(structure.paths)) - structure.paths)
    constructs = (effects * structure.disturbances) @ effects.T
    found = np.outer(structure.loadings, structure.loadings) * constructs[np.ix_(block, block)]
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def draw_answers(design: Design, n: int, rng: np.random.Generator) -> Floats:
    """Draw the answers of `n` respondents, shape (n, p), in scale units."""
    model, structure = design.model, design.structure
    latents = draw_latents(model, structure, np.zeros((n, len(structure.paths))), rng)
    responses = draw_responses(model, structure, latents, rng)
    responses *= np.where(rng.random(n) < WIDE_SHARE, WIDE_SPREAD, 1.0)[:, None]
    columns = zip(responses.T, design.cuts, model.indicators, strict=True)
    return np.stack([cut_to_scale(column, cuts, item) for column, cuts, item in columns], axis=1)
