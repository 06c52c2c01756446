"""Importance and performance: against differences of the index, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from acsi_model import BLOCKS, PATHS, acsi_model, make_model
from numpy.testing import assert_allclose

from acsi_sem.estimators.structural import scale_ends
from acsi_sem.indices.ipma import ipma_fields, ipma_rows
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.intervals import percentile_spread
from acsi_sem.kernels.index import index_points
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.regression import total_effects
from acsi_sem.spec.graph import adjacency, ancestors, blocks
from acsi_sem.spec.model import Model
from acsi_sem.tables.schema import IPMA, make_table

MIXED = make_model(
    BLOCKS, PATHS, index="satisfaction", scales={"COMP": (0.0, 1.0), "PQ": (0.0, 20.0)}
)
"""A block whose items have scales of different lengths."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What an engine finds of three weightings."""

    means: Floats
    index_weights: Floats
    index: Floats
    total: Floats


def scores(model: Model) -> Scores:
    """Draw means, positive weights and direct effects, and score them."""
    rng = np.random.default_rng(3)
    low, high = scale_ends(model)
    means = low + (high - low) * rng.uniform(0.3, 0.9, (3, 13))
    weights = rng.uniform(0.1, 1.0, (3, 13))
    arrows = adjacency(model)
    direct = np.where(arrows, rng.normal(size=(3, *arrows.shape)), 0.0)
    index = index_points(means, weights, low, high, blocks(model))
    return Scores(means, weights, index, total_effects(direct))


def fields_of(model: Model, target: str | None = None) -> tuple[Fields, Scores]:
    """Map the drivers of a target under every weighting."""
    s = scores(model)
    return ipma_fields(model, s.means, s.index_weights, s.index, s.total, target), s


def moved_index(model: Model, weights: Floats, means: Floats, item: int) -> Floats:
    """Return how indices move when an item's mean rises by one point of its 0-100 scale."""
    low, high = scale_ends(model)
    step = np.zeros(len(low))
    step[item] = (high[item] - low[item]) / 100
    block = blocks(model)
    after = index_points(means + step, weights, low, high, block)
    return after - index_points(means, weights, low, high, block)


@pytest.mark.parametrize("model", [acsi_model(), MIXED], ids=["acsi", "mixed scales"])
def test_indicator_importances_sum_to_their_constructs(model: Model) -> None:
    found, s = fields_of(model)
    starts = np.flatnonzero(np.diff(blocks(model), prepend=-1))
    summed = np.add.reduceat(found["item_importance"], starts, axis=1)
    assert_allclose(summed, found["importance"], atol=1e-13)
    assert_allclose(found["importance"], s.total[:, 3], rtol=0)
    assert_allclose(found["performance"], s.index, rtol=0)


def test_an_indicators_importance_is_the_move_of_the_index_times_the_effect() -> None:
    found, s = fields_of(MIXED)
    block = blocks(MIXED)
    for item in range(11):
        moved = moved_index(MIXED, s.index_weights, s.means, item)[:, block[item]]
        expected = moved * s.total[:, 3, block[item]]
        # a difference of indices of order 70: 1e-13 of rounding
        assert_allclose(found["item_importance"][:, item], expected, atol=1e-12)


def test_performance_of_items_makes_the_index() -> None:
    found, s = fields_of(MIXED)
    low, high = scale_ends(MIXED)
    expected = 100 * (s.means - low) / (high - low)
    assert_allclose(found["item_performance"], expected, rtol=1e-14)
    block = blocks(MIXED)
    span = s.index_weights * (high - low)
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    share = span / np.add.reduceat(span, starts, axis=1)[:, block]
    summed = np.add.reduceat(share * found["item_performance"], starts, axis=1)
    assert_allclose(summed, s.index, rtol=1e-12)


def test_rows_are_the_drivers_with_their_indicators() -> None:
    model = acsi_model()
    found, _ = fields_of(model)
    point = {name: values[0] for name, values in found.items()}
    ok = np.ones(3, dtype=bool)
    spreads = {name: percentile_spread(values, ok, 0.9) for name, values in found.items()}
    table = make_table(IPMA, ipma_rows(model, "all", "pls", 0.9, point, spreads, ""))
    drivers = ancestors(model, "satisfaction")
    assert tuple(table.loc[table["indicator"] == "", "construct"]) == drivers
    assert set(table["target"]) == {"satisfaction"}
    assert len(table) == len(drivers) + sum(len(BLOCKS[name]) for name in drivers)
    assert table["importance"].notna().all()
    assert (table["importance_low"] <= table["importance_high"]).all()
    assert (table["performance_low"] <= table["performance_high"]).all()
    owned = table[(table["construct"] == "perceived_value") & (table["indicator"] != "")]
    assert owned["importance"].sum() == pytest.approx(point["importance"][2], rel=1e-12)


def test_another_target_and_none_of_that_name() -> None:
    model = acsi_model()
    found, s = fields_of(model, "loyalty")
    assert_allclose(found["importance"], s.total[:, 5], rtol=0)
    point = {name: values[0] for name, values in found.items()}
    rows = list(ipma_rows(model, "all", "pls", 0.9, point, {}, "", "loyalty"))
    assert {row["construct"] for row in rows} == set(ancestors(model, "loyalty"))
    with pytest.raises(KeyError):
        fields_of(model, "nothing")


def test_weights_that_cancel_have_no_importance_and_need_a_reason() -> None:
    model = acsi_model()
    s = scores(model)
    weights = s.index_weights.copy()
    weights[:, 0] = -weights[:, 1:3].sum(axis=1) - 1.0
    found = ipma_fields(model, s.means, weights, s.index, s.total)
    assert np.isnan(found["item_importance"][:, :3]).all()
    assert np.isfinite(found["item_importance"][:, 3:]).all()
    point = {name: values[0] for name, values in found.items()}
    with pytest.raises(ValueError, match="reason"):
        list(ipma_rows(model, "all", "pls", 0.9, point, {}, ""))
    rows = list(ipma_rows(model, "all", "pls", 0.9, point, {}, "weights cancel"))
    assert all(row["note"] == "weights cancel" for row in rows)
