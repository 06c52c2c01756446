"""Higher-order constructs in two stages: against rows, closed forms, and failures by name."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import numpy as np
import pytest
from acsi_model import BLOCKS, make_model
from golden_data import moments as stored
from numpy.testing import assert_allclose, assert_array_equal
from simulated import draw_answers
from two_stage_cases import PARTS, PATHS, correlation_of, offer_model, with_higher_order

from acsi_sem.estimators.two_stage import solve_two_stage, stage_models
from acsi_sem.estimators.two_stage_measures import component_quality
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.quality import cronbach_alpha
from acsi_sem.kernels.regression import Arrows
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model

SCHEMES = ("path", "factorial", "centroid")
ROUNDING = 1e-10
"""Both sides stop when no weight moves by 1e-12, at some distance from the fixed point."""


def by_rows(z: Floats, block: Any, arrows: Arrows, formative: tuple[int, ...] = ()) -> Floats:
    """Fit PLS by its textbook loop on rows, path scheme; return unit-variance scores (n, q)."""
    q, weights = arrows.shape[0], np.ones(block.size)
    for _ in range(150):
        scores = z @ (weights[:, None] * np.eye(q)[block])
        scores /= scores.std(axis=0)
        inner = np.zeros_like(scores)
        for c in range(q):
            into, out = np.flatnonzero(arrows[c]), np.flatnonzero(arrows[:, c])
            if into.size:
                slopes = np.linalg.lstsq(scores[:, into], scores[:, c], rcond=None)[0]
                inner[:, c] += scores[:, into] @ slopes
            inner[:, c] += scores[:, out] @ (scores[:, out].T @ scores[:, c] / len(z))
        for c in range(q):
            own = np.flatnonzero(block == c)
            weights[own] = z[:, own].T @ inner[:, c] / len(z)
            if c in formative:
                weights[own] = np.linalg.lstsq(z[:, own], inner[:, c], rcond=None)[0]
    scores = z @ (weights[:, None] * np.eye(q)[block])
    signs = [np.sign((z[:, block == c].T @ scores[:, c]).sum()) for c in range(q)]
    return np.asarray(scores / scores.std(axis=0) * signs)


def standard(rows: Floats) -> Floats:
    """Return standardised columns, divisor n."""
    return np.asarray((rows - rows.mean(axis=0)) / rows.std(axis=0))


@pytest.mark.parametrize("mode", ["A", "B"])
@pytest.mark.parametrize("first", [False, True])
def test_equals_two_fits_of_rows(mode: Literal["A", "B"], first: bool) -> None:
    z = standard(draw_answers(np.random.default_rng(5), 400))
    one_arrows = np.zeros((6, 6), dtype=bool)  # E, Q, V, S, C, L: Q and V for the offer
    for source, target in ((0, 1), (0, 2), (0, 3), (1, 3), (2, 3), (3, 4), (3, 5)):
        one_arrows[target, source] = True
    block = np.repeat(np.arange(6), [3, 3, 2, 3, 1, 1])
    scores = by_rows(z, block, one_arrows)
    columns = np.column_stack((z[:, :3], scores[:, 1:3], z[:, 8:]))
    two_arrows = np.zeros((5, 5), dtype=bool)  # E, offer, S, C, L
    for source, target in ((0, 1), (0, 2), (1, 2), (2, 3), (2, 4)):
        two_arrows[target, source] = True
    formative = (1,) if mode == "B" else ()
    final = by_rows(columns, np.repeat(np.arange(5), [3, 2, 3, 1, 1]), two_arrows, formative)

    model = offer_model(mode, first=first)
    repeated = z[:, [stored("1001").names.index(i.name) for i in model.indicators]]
    found = solve_two_stage(model, np.asarray(np.corrcoef(repeated.T))[None])
    assert found.whole.converged.all()
    assert found.parts == (("offer", PARTS[0]), ("offer", PARTS[1]))
    weights, member = found.whole.weights[0], np.eye(7)[blocks(model)]
    ours = dict(zip(model.construct_names, (repeated @ (weights[:, None] * member)).T, strict=True))
    names = ("expectations", "offer", "satisfaction", "complaints", "loyalty")
    for name, score in zip(names, final.T, strict=True):
        assert_allclose(ours[name], score, atol=ROUNDING)
    for name, score in zip(PARTS, scores[:, 1:3].T, strict=True):
        assert_allclose(ours[name], score, atol=ROUNDING)
    made = np.linalg.lstsq(columns[:, 3:5], final[:, 1], rcond=None)[0]
    assert_allclose(found.part_weights[0], made, atol=ROUNDING)
    assert_allclose(found.part_loadings[0], columns[:, 3:5].T @ final[:, 1] / 400, atol=ROUNDING)
    slopes = np.linalg.lstsq(final[:, :2], final[:, 2], rcond=None)[0]
    place = [model.construct_names.index(name) for name in names]
    assert_allclose(found.whole.paths[0, place[2], place[:2]], slopes, atol=ROUNDING)
    assert found.whole.r2[0, place[2]] == pytest.approx(np.var(final[:, :2] @ slopes))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_whole_is_consistent(scheme: str) -> None:
    model = offer_model()
    r, block = correlation_of(model), blocks(model)
    found = solve_two_stage(model, r, scheme)
    member = np.eye(7)[block]
    turn = found.whole.weights[0][:, None] * member
    score = turn.T @ r[0] @ turn
    assert_allclose(np.diag(score), 1, rtol=1e-12)
    assert_allclose(found.whole.correlation[0], score, atol=1e-12)
    assert_allclose(found.whole.loadings[0], (r[0] @ turn)[np.arange(18), block], atol=1e-12)
    outer = [0, 3, 4, 5, 6]
    assert_allclose(found.second.solution.correlation[0], score[np.ix_(outer, outer)], atol=1e-12)
    assert_allclose(found.part_loadings[0], score[6, [1, 2]], atol=1e-12)
    assert not found.whole.paths[0][[1, 2]].any()
    assert not found.whole.paths[0][:, [1, 2]].any()
    assert np.isnan(found.whole.r2[0]).tolist() == [True, True, True, False, False, False, False]
    assert found.whole.iterations[0] == (
        found.first.solution.iterations[0] + found.second.solution.iterations[0]
    )


@pytest.mark.parametrize("mode", ["A", "B"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_components_of_one_item_are_a_plain_block(scheme: str, mode: Literal["A", "B"]) -> None:
    plain = make_model(
        {
            "expectations": BLOCKS["expectations"],
            "offer": ("OVERALLQ", "CUSTOMQ"),
            "satisfaction": BLOCKS["satisfaction"],
        },
        PATHS[:3],
    )
    singles = {
        "expectations": tuple(BLOCKS["expectations"]),
        "q1": ("OVERALLQ",),
        "q2": ("CUSTOMQ",),
        "satisfaction": tuple(BLOCKS["satisfaction"]),
    }
    model = with_higher_order({"offer": ("q1", "q2")}, singles, PATHS[:3], mode)
    found = solve_two_stage(model, correlation_of(model), scheme)
    modes = np.array([False, mode == "B", False])
    expected = pls(correlation_of(plain), blocks(plain), adjacency(plain), scheme, modes=modes)
    assert_allclose(found.part_weights[0], expected.weights[0, 3:5], atol=1e-13)
    assert_allclose(found.part_loadings[0], expected.loadings[0, 3:5], atol=1e-13)
    assert_allclose(found.whole.weights[0, 8:], expected.weights[0, 3:5], atol=1e-13)
    assert_allclose(
        found.whole.weights[0, [0, 1, 2, 5, 6, 7]],
        expected.weights[0, [0, 1, 2, 5, 6, 7]],
        atol=1e-13,
    )
    outer = np.ix_([0, 4, 3], [0, 4, 3])
    assert_allclose(found.whole.paths[0][outer], expected.paths[0], atol=1e-13)
    alpha = cronbach_alpha(correlation_of(plain), blocks(plain))[0, 1]
    ours = component_quality(model, found).alpha[0, 4]
    assert np.isnan(ours) if mode == "B" else ours == pytest.approx(alpha, abs=1e-12)


def test_two_higher_order_constructs_meet_by_all_their_components() -> None:
    items = {
        name: (item,) for name, item in zip("abcd", ("PQ", "QP", "SATIS", "IDEAL"), strict=True)
    }
    items["satisfaction"] = ("REPUR",)
    paths = [("x", "y"), ("y", "satisfaction")]
    model = with_higher_order({"x": ("a", "b"), "y": ("c", "d")}, items, paths)
    found = solve_two_stage(model, correlation_of(model))
    names = found.first.model.construct_names
    assert names == ("a", "b", "c", "d", "satisfaction")
    arrows = {(path.source, path.target) for path in found.first.model.paths}
    assert arrows == {
        ("a", "c"),
        ("a", "d"),
        ("b", "c"),
        ("b", "d"),
        ("c", "satisfaction"),
        ("d", "satisfaction"),
    }
    assert tuple(item.name for item in found.second.model.indicators) == (
        "REPUR",
        "a",
        "b",
        "c",
        "d",
    )
    plain = make_model(
        {"x": ("PQ", "QP"), "y": ("SATIS", "IDEAL"), "satisfaction": ("REPUR",)}, paths
    )
    expected = pls(correlation_of(plain), blocks(plain), adjacency(plain))
    assert_allclose(found.part_weights[0], expected.weights[0, :4], atol=1e-13)


@pytest.mark.parametrize(
    ("index", "one", "two"),
    [("offer", PARTS[0], "offer"), (PARTS[1], PARTS[1], "offer"), ("loyalty",) * 3],
)
def test_the_models_of_the_stages_are_models(index: str, one: str, two: str) -> None:
    model = dataclasses.replace(offer_model("B"), index=index)
    first, second = stage_models(model)
    assert (first.index, second.index) == (one, two)
    assert first.constructs == model.constructs[:-1]
    assert first.indicators == model.answers
    assert [path.sign for path in first.paths].count("negative") == 1
    assert second.paths == model.paths
    offer = second.construct("offer")
    assert (offer.mode, offer.components) == ("B", ())
    assert all(np.isnan((item.low, item.high)).all() for item in offer.indicators)


def batch(model: Model, size: int = 5) -> Floats:
    """Return correlations of small samples."""
    rng = np.random.default_rng(3)
    root = np.linalg.cholesky(stored("1001").cov)
    known = list(stored("1001").names)
    at = np.array([known.index(item.name) for item in model.indicators])
    draws = np.stack([np.cov(root @ rng.normal(size=(13, 60))) for _ in range(size)])
    return correlations(draws[:, at[:, None], at])


def test_an_element_does_not_depend_on_its_batch() -> None:
    model = offer_model()
    r = batch(model)
    together = solve_two_stage(model, r)
    for b in range(len(r)):
        alone = solve_two_stage(model, r[b : b + 1])
        for name in ("weights", "loadings", "correlation", "paths", "r2"):
            assert_array_equal(getattr(together.whole, name)[b], getattr(alone.whole, name)[0])
        assert_array_equal(together.part_weights[b], alone.part_weights[0])


def test_the_modes_of_the_call_win() -> None:
    r = correlation_of(offer_model())
    asked = np.array([False] * 6 + [True])
    found = solve_two_stage(offer_model(), r, modes=asked)
    assert_array_equal(found.part_weights, solve_two_stage(offer_model("B"), r).part_weights)
    assert np.abs(found.part_weights - solve_two_stage(offer_model(), r).part_weights).max() > 1e-3


def failing(model: Model, case: str) -> tuple[Floats, dict[str, Any]]:
    """Return a good element beside a bad one, and what to call with."""
    r = np.repeat(correlation_of(model), 2, axis=0)
    items = [item.name for item in model.indicators]
    if case == "constant":
        at = items.index("SATIS")
        r[1, at], r[1, :, at] = np.nan, np.nan
    if case == "collinear":  # both components are one variable: fine apart, not side by side
        to = [
            place if name not in ("PQ", "QP", "CUSTOMQ", "WRONGQ") else items.index("OVERALLQ")
            for place, name in enumerate(items)
        ]
        r[1] = r[1][np.ix_(to, to)]
    return r, {"max_iterations": 2} if case == "unsettled" else {}


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("constant", "stage one, of the components: an item has no variance"),
        (
            "collinear",
            "stage one, of the components: construct scores are collinear or have no variance",
        ),
        ("unsettled", "stage one, of the components: the outer weights did not settle"),
    ],
)
def test_failures_are_blank_and_named(case: str, reason: str) -> None:
    model = offer_model()
    r, call = failing(model, case)
    found = solve_two_stage(model, r, **call)
    assert found.reason(1) == reason
    assert found.failed_stage[1] == 1
    assert not found.whole.converged[1]
    values = (
        found.whole.weights,
        found.whole.loadings,
        found.whole.correlation,
        found.whole.paths,
        found.whole.r2,
        found.part_weights,
        found.part_loadings,
        component_quality(model, found).alpha,
    )
    assert all(np.isnan(value[1]).all() for value in values)
    if case != "unsettled":
        assert found.reason(0) == ""
        assert_array_equal(found.whole.paths[0], solve_two_stage(model, r[:1]).whole.paths[0])


def test_a_failure_of_stage_two_is_told_apart() -> None:
    """Collinear components that nothing depends on: only their own weights are undefined."""
    items = {"a": ("PQ",), "b": ("QP",), "satisfaction": ("SATIS",)}
    model = with_higher_order({"offer": ("a", "b")}, items, [("satisfaction", "offer")], "B")
    r = np.repeat(correlation_of(model), 2, axis=0)
    twice = [0, 0, 2, 0, 0]
    r[1] = r[1][np.ix_(twice, twice)]
    found = solve_two_stage(model, r)
    assert found.failed_stage.tolist() == [0, 2]
    assert (
        found.reason(1)
        == "stage two, of the whole model: the items of a Mode B block are collinear"
    )
    assert found.first.solution.converged.all()
    assert np.isnan(found.whole.weights[1]).all()
    assert np.isfinite(found.whole.weights[0]).all()


@pytest.mark.parametrize("policy", ["nonnegative", "drop"])
@pytest.mark.parametrize(
    ("turned", "held"),
    [
        ("WRONGQ", [("perceived_quality", "WRONGQ"), ("offer", "WRONGQ")]),
        # What is left of value runs against quality, so that stage two holds the component too.
        ("QP", [("perceived_value", "PQ"), ("offer", "PQ"), ("offer", "QP")]),
    ],
)
def test_a_policy_reaches_both_stages(
    policy: str, turned: str, held: list[tuple[str, str]]
) -> None:
    model = offer_model()
    turn = np.array([-1.0 if item.name == turned else 1.0 for item in model.indicators])
    r = correlation_of(model) * turn[:, None] * turn
    assert (solve_two_stage(model, r).whole.weights[0] < 0).any()
    found = solve_two_stage(model, r, policy=policy)
    assert found.whole.converged.all()
    assert (found.whole.weights[0] >= 0).all()
    owners = [model.construct_names[c] for c in blocks(model)]
    names = [(owner, i.name) for owner, i in zip(owners, model.indicators, strict=True)]
    bound = np.flatnonzero(found.whole.bound[0])
    assert [names[i] for i in bound] == held
    assert not found.whole.weights[0, bound].any()


def test_wrong_arguments_are_refused() -> None:
    plain = make_model(BLOCKS, PATHS[1:2], index="satisfaction")
    with pytest.raises(ValueError, match="no higher-order construct"):
        solve_two_stage(plain, correlations(stored("1001").cov[None]))
    with pytest.raises(ValueError, match=r"shape \(B, 18, 18\)"):
        solve_two_stage(offer_model(), correlations(stored("1001").cov[None]))
