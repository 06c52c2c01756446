"""Populations and samples of the coverage study of PLS: simple, and stratified-clustered-weighted.

Within a stratum answers have the structure of all 2015 interviews (`coverage_design`); strata
differ in the mean of expectations, from which the other constructs follow. There are as many
clusters as one likes, so that a sample takes no noticeable share of a stratum. The moments of
either population are exact: no truth is simulated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from acsi_sem.inference.replicates import stream
from acsi_sem.kernels.bivariate_normal import bivariate_normal
from acsi_sem.simulate.answers import cut_to_scale
from acsi_sem.simulate.latents import draw_latents, draw_responses
from acsi_sem.spec.graph import blocks
from acsi_sem.survey.survey import Design, Source, Survey
from benchmarks.coverage_design import WIDE_SHARE, WIDE_SPREAD, Population, response_correlation
from benchmarks.coverage_design import Design as Answers
from benchmarks.coverage_design import make_design as make_answers

Floats = NDArray[np.float64]

INDUSTRY: Final = "pooled"
EXPECTATIONS: Final = 0
"""Number of the construct on which strata and the size measure act."""

SHARES: Final = (0.35, 0.25, 0.20, 0.12, 0.08)
"""Shares of the population in the strata, each of which gets the same number of interviews."""

LIFTS: Final = (-0.5, -0.25, 0.0, 0.25, 0.5)
"""Mean expectations of the strata, in standard deviations within a stratum."""

CLUSTER: Final = 5
"""Interviews in a cluster."""

CLUSTER_SHARE: Final = 0.065
"""Share of each construct's own variance that lies between clusters: an intra-class correlation
of 0.05 of the index, less than this since answers are cut and one in seven is wide."""

SIZE_CORRELATION: Final = 0.5
"""Correlation of the size measure with expectations; with satisfaction it is 0.35."""

TILT: Final = 0.4
"""Respondents are selected in proportion to exp(tilt times size measure), which is normal."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A design and the size of its samples."""

    design: str
    interviews: int

    @property
    def complex(self) -> bool:
        """True with strata, clusters and weights."""
        return self.design == "complex"

    @property
    def freedom(self) -> int:
        """Units (respondents, or clusters) less strata."""
        return self.interviews // CLUSTER - len(SHARES) if self.complex else self.interviews - 1


CELLS: Final = tuple(Cell(d, n) for d in ("simple", "complex") for n in (100, 250, 1000))


def exact_moments(design: str) -> Population:
    """Return the moments of the answers of a population (about 1e-12).

    Parameters
    ----------
    design : {"simple", "complex"}
    """
    if design == "simple":
        return shifted_moments(make_answers(INDUSTRY), np.zeros(len(_lift(0.0))))
    answers = make_answers(INDUSTRY)
    parts = [shifted_moments(answers, _lift(lift)) for lift in LIFTS]
    shares = np.array(SHARES)
    mean = shares @ np.array([part.mean for part in parts])
    second = [part.covariance + np.outer(part.mean, part.mean) for part in parts]
    covariance = np.tensordot(shares, np.array(second), axes=1) - np.outer(mean, mean)
    return Population(mean, covariance)


def _lift(expectations: float) -> Floats:
    """What is added to each construct before it acts on others, shape (q,)."""
    answers = make_answers(INDUSTRY)
    lift = np.zeros(len(answers.structure.paths))
    lift[EXPECTATIONS] = expectations
    return lift


def shifted_moments(answers: Answers, lift: Floats) -> Population:
    """Return the moments of a stratum's answers.

    Parameters
    ----------
    answers : Design
    lift : ndarray, shape (q,)

    Notes
    -----
    As `coverage_design.population`, with responses about means that follow from `lift`.
    """
    structure, block = answers.structure, blocks(answers.model)
    reach = np.linalg.solve(np.eye(len(lift)) - structure.paths, lift)
    means = structure.loadings * reach[block]
    correlation = response_correlation(answers)
    p = len(means)
    above, covariance = np.zeros(p), np.empty((p, p))
    scales = ((1.0 - WIDE_SHARE, 1.0), (WIDE_SHARE, WIDE_SPREAD))
    tails = [[means[i] - answers.cuts[i] / scale for i in range(p)] for _, scale in scales]
    single = [
        sum(share * ndtr(tail[i]) for (share, _), tail in zip(scales, tails, strict=True))
        for i in range(p)
    ]
    for i in range(p):
        above[i] = single[i].sum()
        for j in range(i + 1):
            joint = np.zeros((len(single[i]), len(single[j])))
            for (share, _), tail in zip(scales, tails, strict=True):
                joint += share * _joint(tail[i], tail[j], correlation[i, j], same=i == j)
            both = joint - np.outer(single[i], single[j])
            covariance[i, j] = covariance[j, i] = both.sum()
    low = np.array([item.low for item in answers.model.indicators])
    return Population(low + above, covariance)


def _joint(first: Floats, second: Floats, correlation: float, *, same: bool) -> Floats:
    """P(Z_i < first, Z_j < second) for the tails of two items, or of one and the same."""
    if same:
        return np.asarray(ndtr(np.minimum(first[:, None], second)))
    return np.asarray(bivariate_normal(first[:, None], second, np.array(correlation)))


def draw_survey(cell: Cell, seed: int, number: int) -> Survey:
    """Draw one sample.

    Parameters
    ----------
    cell : Cell
    seed : int
    number : int
        Of the replication; with seed and cell it determines every answer.

    Returns
    -------
    Survey
        Weights are inverse selection probabilities, up to a common factor.
    """
    rng = stream(seed, "coverage.pls", f"{cell.design}/{cell.interviews}", number)
    answers = make_answers(INDUSTRY)
    n, q = cell.interviews, len(answers.structure.paths)
    if not cell.complex:
        return _survey(answers, _answers(answers, np.zeros((n, q)), 0.0, rng), Design(np.ones(n)))
    strata = np.repeat(np.arange(len(SHARES)), n // len(SHARES))
    cluster = np.arange(n) // CLUSTER
    lift, size = _effects(answers, strata, cluster, rng)
    values = _answers(answers, lift, CLUSTER_SHARE, rng)
    weights = np.array(SHARES)[strata] * len(SHARES) * np.exp(TILT**2 / 2 - TILT * size)
    return _survey(answers, values, Design(weights, weighted=True, strata=strata, psu=cluster))


def _effects(
    answers: Answers,
    strata: NDArray[np.intp],
    cluster: NDArray[np.intp],
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Return what strata, clusters and the size measure add to constructs, and the measure.

    Selection in proportion to exp(tilt u) of a standard normal u leaves a normal with mean `TILT`,
    in every cluster alike: probabilities are exact, and so are the numbers of interviews.
    """
    noise = np.sqrt(CLUSTER_SHARE * answers.structure.disturbances)
    lift = (rng.standard_normal((cluster.max() + 1, noise.size)) * noise)[cluster]
    size = TILT + rng.standard_normal(strata.size)
    lift[:, EXPECTATIONS] += np.array(LIFTS)[strata] + SIZE_CORRELATION * size
    return lift, size


def _answers(answers: Answers, lift: Floats, clustered: float, rng: np.random.Generator) -> Floats:
    """Draw answers, shape (n, p); the rest of the constructs' variance is the respondents'."""
    model, structure = answers.model, answers.structure
    if clustered:
        own = structure.disturbances * (1.0 - clustered)
        own[EXPECTATIONS] -= SIZE_CORRELATION**2
        structure = replace(structure, disturbances=own)
    responses = draw_responses(model, structure, draw_latents(model, structure, lift, rng), rng)
    responses *= np.where(rng.random(len(lift)) < WIDE_SHARE, WIDE_SPREAD, 1.0)[:, None]
    columns = zip(responses.T, answers.cuts, model.indicators, strict=True)
    return np.stack([cut_to_scale(column, cuts, item) for column, cuts, item in columns], axis=1)


def _survey(answers: Answers, values: Floats, design: Design) -> Survey:
    items = answers.model.indicators
    return Survey(
        items=tuple(item.name for item in items),
        values=values,
        low=np.array([item.low for item in items]),
        high=np.array([item.high for item in items]),
        design=design,
        groups=None,
        factors=(),
        source=Source("simulated", "0" * 64, "memory", len(values)),
    )
