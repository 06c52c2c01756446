"""Specific indirect effects: routes by brute force, sums by matrix powers, and their rows."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from acsi_model import acsi_model
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from acsi_sem.indices.specific import routes_of, specific_rows, via
from acsi_sem.inference.intervals import no_spread, percentile_spread
from acsi_sem.kernels.regression import Arrows, Floats, total_effects
from acsi_sem.kernels.routes import find_routes, specific_effects
from acsi_sem.spec.graph import adjacency
from acsi_sem.tables.schema import IMPACTS, make_table

SEEDS = st.integers(0, 2**32 - 1)


def recursive(seed: int, q: int = 5) -> Arrows:
    """Draw arrows without a cycle, the constructs in any order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(q)
    arrows = np.zeros((q, q), dtype=bool)
    arrows[np.ix_(order, order)] = np.tril(rng.random((q, q)) < 0.6, -1)
    return arrows


def effects(arrows: Arrows, batch: int = 3) -> Floats:
    """Draw direct effects along the arrows."""
    draws = np.random.default_rng(1).normal(size=(batch, *arrows.shape))
    return np.asarray(np.where(arrows, draws, 0.0))


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_routes_are_those_that_brute_force_finds(seed: int) -> None:
    arrows = recursive(seed)
    tried = {
        route
        for length in range(3, 6)
        for route in permutations(range(5), length)
        if all(arrows[b, a] for a, b in pairwise(route))
    }
    found = find_routes(arrows)
    assert len(found) == len(tried)
    assert set(found) == tried


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_routes_of_a_pair_sum_to_total_less_direct_and_to_matrix_powers(seed: int) -> None:
    arrows = recursive(seed)
    direct = effects(arrows)
    routes = find_routes(arrows)
    found = specific_effects(direct, routes)
    summed = np.zeros_like(direct)
    for place, route in enumerate(routes):
        summed[:, route[-1], route[0]] += found[:, place]
    # products of at most four normal draws, summed over at most eight routes
    assert_allclose(summed, total_effects(direct) - direct, atol=1e-12)
    powers = sum(np.linalg.matrix_power(direct, k) for k in range(2, 5))
    assert_allclose(summed, powers, atol=1e-12)


def test_a_circle_is_refused() -> None:
    arrows = np.zeros((3, 3), dtype=bool)
    arrows[1, 0] = arrows[2, 1] = arrows[0, 2] = True
    with pytest.raises(ValueError, match="circle"):
        find_routes(arrows)


def test_arrows_without_a_route_of_two_have_none() -> None:
    arrows = np.zeros((3, 3), dtype=bool)
    arrows[2, 0] = arrows[2, 1] = True
    assert find_routes(arrows) == ()
    assert specific_effects(effects(arrows), ()).shape == (3, 0)


def test_rows_name_every_route_once_and_fit_the_table() -> None:
    model = acsi_model()
    routes = routes_of(model)
    draws = specific_effects(effects(adjacency(model), 40), routes)
    spread = percentile_spread(draws, np.ones(40, dtype=bool), 0.9)
    rows = list(specific_rows(model, "all", "pls", 0.9, draws[0], spread, ""))
    table = make_table(IMPACTS, rows)
    assert len(table) == len(routes)
    assert not table.duplicated(["source", "target", "via"]).any()
    assert set(table["effect"]) == {"specific"}
    # expectations > quality > value > satisfaction is one of the four routes of that pair
    long = table[table["via"] == "perceived_quality > perceived_value"]
    long = long[long["target"] == "satisfaction"]
    direct = effects(adjacency(model), 40)[0]
    assert long["estimate"].tolist() == pytest.approx([direct[1, 0] * direct[2, 1] * direct[3, 2]])
    assert (table["conf_low"] <= table["conf_high"]).all()


def test_blank_rows_have_a_reason_and_shapes_must_fit() -> None:
    model = acsi_model()
    routes = routes_of(model)
    blank, spread = np.full(len(routes), np.nan), no_spread((len(routes),))
    rows = list(specific_rows(model, "all", "pls", 0.9, blank, spread, "did not converge"))
    assert all("estimate" not in row and row["note"] == "did not converge" for row in rows)
    with pytest.raises(ValueError, match=via(model, routes[0])):
        list(specific_rows(model, "all", "pls", 0.9, blank, spread, ""))
    with pytest.raises(ValueError, match="one per route"):
        list(specific_rows(model, "all", "pls", 0.9, blank[1:], spread, ""))
