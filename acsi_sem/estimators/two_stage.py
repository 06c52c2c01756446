"""Higher-order constructs in PLS: the disjoint two-stage approach, from one correlation matrix.

Stage one fits the model with every higher-order construct replaced by its components, which take
over its arrows. Stage two fits the model itself: the components' scores of stage one are the
items of the higher-order construct, and every other construct keeps its own items.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.pls import FAILURES, PlsSolution, pls
from acsi_sem.spec.graph import adjacency, answer_places, blocks, components, higher_order
from acsi_sem.spec.model import Construct, Indicator, Model, Path

Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage as a PLS model of its own, with m items and c constructs.

    Attributes
    ----------
    model : Model
        As `stage_models` makes it.
    modes : ndarray of bool, shape (c,)
        True for Mode B.
    correlation : ndarray, shape (B, m, m)
        Of the items.
    solution : PlsSolution
    """

    model: Model
    modes: Flags
    correlation: Floats
    solution: PlsSolution


@dataclass(frozen=True, slots=True)
class TwoStageSolution:
    """The solution of B models with higher-order constructs.

    Attributes
    ----------
    whole : PlsSolution
        Of all p indicators and q constructs of the model. The weights of a higher-order block
        are those on the repeated items: its score is their weighted sum. Loadings are
        correlations of items with scores. Components have no paths and no R2; ``iterations`` is
        the sum over both stages. Elements that failed are NaN.
    parts : tuple of (higher-order construct, component), length k
    part_weights, part_loadings : ndarray, shape (B, k)
        Of the components' scores on the higher-order construct.
    failed_stage : ndarray of int, shape (B,)
        The stage that ``whole.failure`` comes from; 0 for a solved element.
    first, second : Stage
        Each stage as a PLS model of its own, for criteria that need one.
    """

    whole: PlsSolution
    parts: tuple[tuple[str, str], ...]
    part_weights: Floats
    part_loadings: Floats
    failed_stage: Ints
    first: Stage
    second: Stage

    def reason(self, at: int) -> str:
        """Say why element `at` is not solved; empty for a solved one."""
        stage = int(self.failed_stage[at])
        if not stage:
            return ""
        word = ("one, of the components", "two, of the whole model")[stage - 1]
        return f"stage {word}: {FAILURES[int(self.whole.failure[at])]}"


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the items of the stages stand to each other and to the indicators of the model.

    Attributes
    ----------
    answers : ndarray of int, shape (m1,)
        Positions of stage one's items among the indicators of the model.
    pick : ndarray of int, shape (m2,)
        Positions of stage two's items among stage one's items followed by its scores.
    own, slot : ndarray of int, shape (p,)
        Of each indicator of the model, the position in stage one, and that in stage two: of the
        item itself or of the component it belongs to; -1 in the block of a component.
    """

    answers: Ints
    pick: Ints
    own: Ints
    slot: Ints


def stage_models(model: Model) -> tuple[Model, Model]:
    """Return the models of both stages; neither has a higher-order construct.

    Parameters
    ----------
    model : Model

    Returns
    -------
    first : Model
        The constructs that have indicators of their own. Components take over the arrows of
        their higher-order construct, all to all where two of these meet.
    second : Model
        The constructs that are no components. The indicators of a higher-order construct are
        its components, under their names; they are no answers, so that their scales are NaN.
    """
    parts = components(model)
    stands_for = {c.name: c.components or (c.name,) for c in model.constructs}
    arrows = (
        Path(source, target, path.sign)
        for path in model.paths
        for source in stands_for[path.source]
        for target in stands_for[path.target]
    )
    first = replace(
        model,
        constructs=tuple(c for c in model.constructs if not c.components),
        paths=tuple(arrows),
        index=stands_for[model.index][0],
    )
    outer = (c for c in model.constructs if c.name not in parts)
    constructs = tuple(_measured_by_components(model, c) if c.components else c for c in outer)
    second = replace(model, constructs=constructs, index=parts.get(model.index, model.index))
    return first, second


def _measured_by_components(model: Model, construct: Construct) -> Construct:
    nan = float("nan")
    items = (
        Indicator(name, name, nan, nan, (), False, model.construct(name).label)
        for name in construct.components
    )
    return replace(construct, indicators=tuple(items), components=())


def solve_two_stage(
    model: Model,
    correlation: Floats,
    scheme: str = "path",
    *,
    modes: Flags | None = None,
    policy: str = "allow",
    tolerance: float = 1e-12,
    max_iterations: int = 1000,
) -> TwoStageSolution:
    """Estimate PLS path models with higher-order constructs.

    Parameters
    ----------
    model : Model
        With at least one higher-order construct.
    correlation : ndarray, shape (B, p, p)
        Of ``model.indicators``, which repeat the components' items. It is singular for that
        reason and never inverted.
    scheme, policy, tolerance, max_iterations
        As in `acsi_sem.kernels.pls.pls`, in both stages.
    modes : ndarray of bool, shape (q,), optional
        True for Mode B; those of the model when left out. The mode of a higher-order construct
        weights its components.

    Returns
    -------
    TwoStageSolution
        Each element's result does not depend on the others.

    Raises
    ------
    ValueError
        If the model has no higher-order construct or the correlations are of other items.

    Notes
    -----
    Of the two-stage approaches this is the disjoint one of Sarstedt et al. (2019): higher-order
    constructs are absent in stage one, only their components' scores are kept, and in stage two
    all other constructs have the items of stage one again. (The embedded approach has repeated
    indicators in stage one, and every construct's score as a single item in stage two.)
    Scores are never made: the correlations of stage two are W'RW, W the weights of stage one for
    a component and the identity for an item that stays. Where the components' theory is one of
    common factors, neither stage corrects for their measurement error.

    References
    ----------
    Sarstedt, Hair, Cheah, Becker & Ringle (2019), Australasian Marketing Journal 27, 197-211;
    Schuberth, Rademaker & Henseler (2020), Industrial Management & Data Systems 120, 2211-2241;
    Becker, Cheah, Gholamzade, Ringle & Sarstedt (2023), International Journal of Contemporary
    Hospitality Management 35, 321-346.
    """
    if not higher_order(model):
        raise ValueError(f"model {model.name} has no higher-order construct")
    p = len(model.indicators)
    if correlation.shape[1:] != (p, p):
        raise ValueError(f"correlation must have shape (B, {p}, {p}), not {correlation.shape}")
    formative = np.array([c.mode == "B" for c in model.constructs]) if modes is None else modes
    solve = partial(
        _solve, scheme=scheme, policy=policy, tolerance=tolerance, max_iterations=max_iterations
    )
    places = {name: i for i, name in enumerate(model.construct_names)}
    one, two = stage_models(model)
    of_one, of_two = (formative[[places[n] for n in m.construct_names]] for m in (one, two))
    layout = _layout(model, two)
    first = solve(one, of_one, _take(correlation, layout.answers))
    second = solve(two, of_two, _scored(first, layout.pick))
    return _assemble(model, correlation, layout, first, second)


def _solve(
    model: Model,
    modes: Flags,
    correlation: Floats,
    *,
    scheme: str,
    policy: str,
    tolerance: float,
    max_iterations: int,
) -> Stage:
    solution = pls(
        correlation,
        blocks(model),
        adjacency(model),
        scheme,
        modes=modes,
        policy=policy,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    return Stage(model, modes, correlation, solution)


def _take(correlation: Floats, places: Ints) -> Floats:
    return np.ascontiguousarray(correlation[:, places[:, None], places])


def _scored(stage: Stage, pick: Ints) -> Floats:
    """Return correlations among items and scores of stage one; NaN where it failed."""
    r, solution, block = stage.correlation, stage.solution, blocks(stage.model)
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    cross = np.add.reduceat(r * solution.weights[:, None, :], starts, axis=2)
    score = solution.correlation
    joint = np.concatenate(
        (np.concatenate((r, cross), axis=2), np.concatenate((cross.swapaxes(1, 2), score), axis=2)),
        axis=1,
    )
    return np.where(solution.converged[:, None, None], _take(joint, pick), np.nan)


def _layout(model: Model, second: Model) -> _Layout:
    lower = [construct for construct in model.constructs if not construct.components]
    owner = {item.name: construct.name for construct in lower for item in construct.indicators}
    joint = [(False, item) for item in owner] + [(True, construct.name) for construct in lower]
    wholes = {construct.name for construct in higher_order(model)}
    labels = [(c.name in wholes, item.name) for c in second.constructs for item in c.indicators]
    place = {label: i for i, label in enumerate(labels)}
    slot = [
        place.get((True, owner[item.name]) if construct.components else (False, item.name), -1)
        for construct in model.constructs
        for item in construct.indicators
    ]
    simple = np.array([not construct.components for construct in model.constructs])
    return _Layout(
        answers=np.flatnonzero(simple[blocks(model)]),
        pick=np.array([joint.index(label) for label in labels], dtype=np.intp),
        own=answer_places(model),
        slot=np.array(slot, dtype=np.intp),
    )


def _assemble(
    model: Model, correlation: Floats, layout: _Layout, first: Stage, second: Stage
) -> TwoStageSolution:
    one, two = first.solution, second.solution
    failed = np.where(one.converged, np.where(two.converged, 0, 2), 1)
    ok = failed == 0
    whole = PlsSolution(
        **_outer(model, correlation, layout, first, second, ok),
        **_inner(model, second, ok),
        converged=ok,
        iterations=one.iterations + two.iterations,
        failure=np.where(one.converged, two.failure, one.failure),
    )
    scores = np.flatnonzero(layout.pick >= layout.answers.size)
    return TwoStageSolution(
        whole=whole,
        parts=tuple((c.name, part) for c in higher_order(model) for part in c.components),
        part_weights=_blank(two.weights[:, scores], ok),
        part_loadings=_blank(two.loadings[:, scores], ok),
        failed_stage=failed,
        first=first,
        second=second,
    )


def _blank(values: Floats, ok: Flags) -> Floats:
    """Failed elements become NaN, so that none can slip into a table."""
    return np.where(ok.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)


def _outer(
    model: Model, correlation: Floats, layout: _Layout, first: Stage, second: Stage, ok: Flags
) -> dict[str, Any]:
    """Return what concerns items: weights on the model's indicators and what follows of them."""
    block, own, slot = blocks(model), layout.own, layout.slot
    repeated = np.array([bool(c.components) for c in model.constructs])[block]
    one, two = first.solution, second.solution
    weights = np.where(slot < 0, one.weights[:, own], two.weights[:, slot])
    weights = np.where(repeated, weights * one.weights[:, own], weights)
    bound = np.where(slot < 0, one.bound[:, own], two.bound[:, slot])
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    cross = np.add.reduceat(correlation * weights[:, None, :], starts, axis=2)
    score = np.add.reduceat(cross * weights[:, :, None], starts, axis=1)
    return {
        "weights": _blank(weights, ok),
        "loadings": _blank(cross[:, np.arange(block.size), block], ok),
        "correlation": _blank(score, ok),
        "bound": bound | (repeated & one.bound[:, own]),
    }


def _inner(model: Model, second: Stage, ok: Flags) -> dict[str, Any]:
    """Return paths and R2 of stage two among all constructs of the model."""
    q = len(model.constructs)
    at = [model.construct_names.index(name) for name in second.model.construct_names]
    paths, r2 = np.zeros((ok.size, q, q)), np.full((ok.size, q), np.nan)
    paths[:, np.array(at)[:, None], at] = second.solution.paths
    r2[:, at] = second.solution.r2
    return {"paths": _blank(paths, ok), "r2": _blank(r2, ok)}
