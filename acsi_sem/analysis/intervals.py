"""The intervals that a request asks for, engine by engine: percentile, or BCa by tangents."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from acsi_sem.analysis.values import Request
from acsi_sem.estimators.ols import estimate_ols
from acsi_sem.estimators.pls import estimate_pls
from acsi_sem.estimators.structural import Structural
from acsi_sem.inference.influence import Fields, make_tangent
from acsi_sem.inference.sample import Sample
from acsi_sem.inference.spreader import PERCENTILE, Spreader, pls_fields, structural_fields
from acsi_sem.kernels.moments import Floats, moments_from_sums
from acsi_sem.spec.model import Model
from acsi_sem.terms import Interval


def make_spreader(
    estimator: Callable[[Floats], Structural], sample: Sample, group: str, ci: Interval
) -> Spreader:
    """Make what turns replicates of any scoring engine into limits.

    Parameters
    ----------
    estimator : callable
        Sums of row products, shape (B, k), to a batch of scores; called once, for BCa limits,
        with 2k + 1 elements next to the group's own sums.
    sample : Sample
    group : str
    ci : {"percentile", "bca"}

    Returns
    -------
    Spreader
        For `acsi_sem.indices.scores.Scored`.
    """

    def fields(sums: Floats) -> Fields:
        return structural_fields(estimator(sums))

    return PERCENTILE if ci == "percentile" else Spreader(make_tangent(fields, sample, group))


def pls_spreader(
    model: Model, sample: Sample, group: str, complete: float, request: Request
) -> Spreader:
    """Make the spreader of everything that PLS estimates; `complete` is its number of rows."""
    if request.ci == "percentile":
        return PERCENTILE

    def fields(sums: Floats) -> Fields:
        moments = moments_from_sums(sums, sample.origin)
        rows = np.full(sums.shape[0], complete)
        return pls_fields(estimate_pls(model, moments, rows, request.scheme, request.index_means))

    return Spreader(make_tangent(fields, sample, group))


def ols_spreader(model: Model, sample: Sample, group: str, request: Request) -> Spreader:
    """Make the spreader of the indices and effects of the OLS baseline."""

    def estimator(sums: Floats) -> Structural:
        return estimate_ols(model, moments_from_sums(sums, sample.origin), request.index_means)

    return make_spreader(estimator, sample, group, request.ci)
