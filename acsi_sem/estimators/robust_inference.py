"""Inference at the solution of a covariance structure: errors, tests and effects with names.

Complete data, from moments: second order for the textbook formulas, the fourth-order block for
what holds with non-normal answers, sampling weights and clusters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from acsi_sem.estimators.compile import Compiled
from acsi_sem.kernels.covariance import Point, information, locate
from acsi_sem.kernels.delta import (
    Derived,
    delta_errors,
    indirect_effects,
    standardised,
    total_effects,
)
from acsi_sem.kernels.fit_measures import fit_measures
from acsi_sem.kernels.intercepts import intercepts, standardised_intercepts
from acsi_sem.kernels.lisrel import Floats, Ints, Matrix
from acsi_sem.kernels.mean_measures import covariance_only, with_means
from acsi_sem.kernels.observed_information import observed_information
from acsi_sem.kernels.robust import (
    influence_map,
    inverse_information,
    mean_score_map,
    meat,
    score_map,
)
from acsi_sem.kernels.scaled_tests import Kind, baseline_scaling, scaled_measures, scaling
from acsi_sem.terms import INTERCEPT

ErrorKind = Literal["ml", "robust", "mlm", "cluster"]

ERROR_KINDS: Final[tuple[ErrorKind, ...]] = ("ml", "robust", "mlm", "cluster")

_TEST: Final[Mapping[ErrorKind, Kind]] = {"robust": "mlr", "cluster": "mlr", "mlm": "mlm"}
_CONSTANT: Final = 1e-12
"""Standard error, in units of the standardised value, below which rounding made it."""


@dataclass(frozen=True, slots=True)
class Estimated:
    """A row of the table of estimates.

    `std_error` is NaN for a fixed parameter; `std_estimate_se` is 0 for a standardised value that
    the model holds constant (the variance of an exogenous construct).
    """

    lhs: str
    op: str
    rhs: str
    estimate: float
    std_error: float
    std_estimate: float
    std_estimate_se: float


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """Effects among constructs, each of shape (q, q) with ``[target, source]``.

    Attributes
    ----------
    estimate, std_error : ndarray
        In the units of the constructs.
    std_estimate, std_estimate_se : ndarray
        In standard deviations of the constructs.
    """

    estimate: Floats
    std_error: Floats
    std_estimate: Floats
    std_estimate_se: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """What can be said at a solution.

    Attributes
    ----------
    kind : {"ml", "robust", "mlm", "cluster"}
    theta : ndarray, shape (k,)
    covariance : ndarray, shape (k, k) or (k + p, k + p)
        Of the free parameters in the order of ``Compiled.free``, then of the means.
    rows : tuple of Estimated
        In the order of ``Compiled.parameters``, then the intercepts: of the items of constructs
        with several, of the equations of single-item constructs (see `kernels.intercepts`).
    total, indirect : Effects
    measures : dict of str to float
        Fit measures by lavaan's names.
    influence : ndarray, shape (k, 1 + q)
        Influence of a row z = (1, d, vech dd') about the mean on the estimates.
    ok : bool
        False where the information is not positive definite: standard errors are then NaN.
    """

    kind: ErrorKind
    theta: Floats
    covariance: Floats
    rows: tuple[Estimated, ...]
    total: Effects
    indirect: Effects
    measures: dict[str, float]
    influence: Floats
    ok: bool

    @property
    def errors(self) -> Floats:
        """Standard errors of the free parameters, then of the means."""
        deviations: Floats = np.sqrt(np.diag(self.covariance))
        return deviations


@dataclass(frozen=True, slots=True, eq=False)
class _At:
    """The model at the solution, everything with a batch axis of one."""

    compiled: Compiled
    theta: Floats
    point: Point
    sample: Floats
    n: Floats
    block: Floats | None
    mean: Floats | None
    kind: ErrorKind


def infer(
    compiled: Compiled,
    theta: Floats,
    covariance: Floats,
    n: float,
    *,
    kind: ErrorKind = "robust",
    block: Floats | None = None,
    mean: Floats | None = None,
    weighted: bool = False,
) -> Inference:
    """Compute standard errors, tests and effects at a maximum likelihood solution.

    Parameters
    ----------
    compiled : Compiled
    theta : ndarray, shape (k,)
        The solution, polished to a gradient near 1e-10: the formulas hold at the minimum only.
    covariance : ndarray, shape (p, p)
        S of the complete cases, weighted where there are weights, divisor n.
    n : float
        Number of complete cases, to which sampling weights were scaled; for frequency weights
        their sum.
    kind : {"robust", "ml", "mlm", "cluster"}
        ``ml`` expected information (normal answers); ``robust`` Huber-White sandwich with the
        Yuan-Bentler-Mplus test, lavaan's ``MLR``; ``mlm`` Satorra-Bentler; ``cluster`` as robust,
        with a block of clusters.
    block : ndarray, shape (1 + q, 1 + q), optional
        Fourth-order block about the mean, divided by n: `fourth_moments.row_block`, or
        `fourth_moments.cluster_block` for ``cluster``. Every kind but ``ml`` needs it.
    mean : ndarray, shape (p,), optional
        Means of the items: adds free intercepts, which changes no other estimate.
    weighted : bool
        True when sampling weights made the moments; only ``robust`` and ``cluster`` then hold.

    Returns
    -------
    Inference

    Raises
    ------
    ValueError
        If the block is missing or of another size, or the kind does not hold with weights.

    References
    ----------
    Rosseel (2012), J. Statistical Software 48(2); Yuan & Bentler (2000), Sociological
    Methodology 30, 165-200; Satorra & Bentler (1994).
    """
    _check_call(compiled, block, kind, weighted)
    at = _At(
        compiled,
        theta[None],
        locate(compiled.structure, theta[None]),
        covariance[None],
        np.array([float(n)]),
        None if block is None else block[None],
        None if mean is None else mean[None],
        kind,
    )
    spread, ok = _covariance(at)
    return Inference(
        kind=kind,
        theta=theta,
        covariance=spread[0],
        rows=(*_rows(at, spread), *_intercepts(at, spread)),
        total=_effects(at, spread, indirect=False),
        indirect=_effects(at, spread, indirect=True),
        measures=_measures(at),
        influence=influence_map(score_map(compiled.structure, at.point), _bread(at))[0],
        ok=ok,
    )


def _check_call(compiled: Compiled, block: Floats | None, kind: ErrorKind, weighted: bool) -> None:
    if kind not in ERROR_KINDS:
        raise ValueError(f"kind must be one of {', '.join(ERROR_KINDS)}, not {kind!r}")
    if weighted and kind not in ("robust", "cluster"):
        raise ValueError(f"{kind} does not hold with sampling weights: use robust or cluster")
    if kind != "ml":
        p = len(compiled.items)
        size = 1 + p + p * (p + 1) // 2
        if block is None or block.shape != (size, size):
            raise ValueError(f"{kind} needs a fourth-order block of shape ({size}, {size})")


def _bread(at: _At) -> Floats:
    """Information in one observation, of the kind that the standard errors rest on."""
    structure = at.compiled.structure
    if at.kind in ("robust", "cluster"):
        return observed_information(structure, at.theta, at.point, at.sample)
    return information(structure, at.point)


def _covariance(at: _At) -> tuple[Floats, bool]:
    """Covariance matrix (1, k, k) of the estimates, with the means where they are free."""
    inverse, ok = inverse_information(_bread(at))
    scores = score_map(at.compiled.structure, at.point)
    if at.mean is not None:
        # the information is block-diagonal: the means are saturated
        inverse = _block_diagonal(inverse, at.point.implied.covariance)
        scores = np.concatenate([scores, mean_score_map(at.point)], axis=1)
    if at.block is None or at.kind == "ml":
        return inverse / at.n[:, None, None], bool(ok[0])
    found = inverse @ meat(scores, at.block) @ inverse / at.n[:, None, None]
    return found, bool(ok[0])


def _block_diagonal(first: Floats, second: Floats) -> Floats:
    k, size = first.shape[-1], first.shape[-1] + second.shape[-1]
    joint = np.zeros((len(first), size, size))
    joint[:, :k, :k] = first
    joint[:, k:, k:] = second
    return joint


def _rows(at: _At, spread: Floats) -> Iterator[Estimated]:
    table = at.compiled.parameters
    structure = at.compiled.structure
    places = np.array([(row.matrix, row.row, row.column) for row in table], dtype=np.intp).T
    standard = standardised(structure, at.theta, *places)
    errors = np.sqrt(np.diagonal(spread[0]))
    standard_errors = _standard_errors(standard, spread[:, : structure.size, : structure.size])
    for place, row in enumerate(table):
        free = row.fixed is None
        yield Estimated(
            row.lhs,
            row.op,
            row.rhs,
            float(at.theta[0, row.free]) if row.fixed is None else row.fixed,
            float(errors[row.free]) if free else np.nan,
            float(standard.values[0, place]),
            float(standard_errors[0, place]),
        )


def _standard_errors(standard: Derived, spread: Floats) -> Floats:
    """Delta-method errors (1, R); a value that only rounding moves has exactly 0."""
    errors = delta_errors(standard.jacobian, spread)
    slack = _CONSTANT * np.maximum(np.abs(standard.values), 1.0)
    return np.where(errors < slack, 0.0, errors)


def _intercepts(at: _At, spread: Floats) -> Iterator[Estimated]:
    if at.mean is None:
        return
    compiled = at.compiled
    single = _single_items(compiled)
    plain = intercepts(compiled.structure, at.theta, at.mean, single)
    standard = standardised_intercepts(compiled.structure, at.theta, plain)
    errors = delta_errors(plain.jacobian, spread)
    standard_errors = delta_errors(standard.jacobian, spread)
    owner = {int(i): compiled.constructs[j] for j, i in enumerate(single) if i >= 0}
    for i, name in enumerate(compiled.items):
        yield Estimated(
            owner.get(i, name),
            INTERCEPT,
            "",
            float(plain.values[0, i]),
            float(errors[0, i]),
            float(standard.values[0, i]),
            float(standard_errors[0, i]),
        )


def _single_items(compiled: Compiled) -> Ints:
    """The item that each single-item construct is, -1 for the others; shape (q,)."""
    with_error = {row.row for row in compiled.parameters if row.matrix == Matrix.ERRORS}
    return np.array([-1 if i in with_error else int(i) for i in compiled.markers], dtype=np.intp)


def _effects(at: _At, spread: Floats, *, indirect: bool) -> Effects:
    structure = at.compiled.structure
    compute = indirect_effects if indirect else total_effects
    plain = compute(structure, at.theta)
    standard = compute(structure, at.theta, standard=True)
    part = spread[:, : structure.size, : structure.size]
    return Effects(
        plain.values[0],
        delta_errors(plain.jacobian, part)[0],
        standard.values[0],
        delta_errors(standard.jacobian, part)[0],
    )


def _measures(at: _At) -> dict[str, float]:
    structure = at.compiled.structure
    implied = at.point.implied.covariance
    found = fit_measures(at.sample, implied, structure.size, at.n)
    found |= covariance_only(found)
    means = at.mean is not None
    if at.mean is not None:
        found |= with_means(found, at.sample, implied, at.mean)
    if at.block is not None and at.kind != "ml":
        test = _TEST[at.kind]
        model = scaling(structure, at.theta, at.sample, at.block, test, means=means)
        baseline = baseline_scaling(at.sample, at.block, test, means=means)
        found |= scaled_measures(found, model, baseline, test)
    return {name: float(value[0]) for name, value in found.items()}
