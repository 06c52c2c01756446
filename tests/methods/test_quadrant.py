"""Four quadrants: a map by hand, derived importance, stability, refusals, the chapter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from answer_cases import (
    blocks_of,
    chapter,
    numbers,
    pick,
    pls_fit,
    refusals,
    run_on,
    scale_field,
    setting_of,
    tables_of,
    texts,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.errors import UsageError
from acsi_sem.methods.base import Setting
from acsi_sem.methods.protection import MADE
from acsi_sem.report.charts import lay_out
from acsi_sem.report.content import Bullets, Figure, ScatterChart

# A garage as Martilla & James would ask it, on 1-5: importance and performance of four attributes.
GARAGE = {
    "I1": [5, 5], "P1": [3, 1], "I2": [4, 4], "P2": [5, 5],
    "I3": [2, 2], "P3": [2, 2], "I4": [1, 3], "P4": [4, 4],
}  # fmt: skip
FIELDS = [scale_field(name, 1, 5) for name in GARAGE]
ITEMS = {f"P{i}": {"importance": f"I{i}"} for i in (1, 2, 3, 4)}
SPEC = {"kind": "quadrant", "importance": "stated", "items": ITEMS}
DERIVED = {"kind": "quadrant", "importance": "correlation", "outcome": "OUT", "items": ["A", "B"]}


def answers(n: int, seed: int = 5) -> dict[str, np.ndarray]:
    """Two attributes, the first close to the outcome."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(1, 11, (2, n))
    out = np.clip(np.rint(0.8 * a + 0.1 * b + rng.normal(0, 1, n)), 1, 10)
    return {"A": a, "B": b, "OUT": out}


def test_a_map_by_hand() -> None:
    """I: 100, 75, 25, 25, mean 56.25. P: 25, 100, 25, 75, mean 56.25.

    CSI = (2500 + 7500 + 625 + 1875) / 225.
    """
    found = run_on(SPEC, setting_of(GARAGE, fields=FIELDS))
    assert [pick(found, "importance", f"P{i}")["value"] for i in (1, 2, 3, 4)] == [100, 75, 25, 25]
    assert [pick(found, "performance", f"P{i}")["value"] for i in (1, 2, 3, 4)] == [25, 100, 25, 75]
    places = [pick(found, "quadrant", f"P{i}")["reading"][:1] for i in (1, 2, 3, 4)]
    assert places == ["B", "A", "C", "D"]
    assert pick(found, "headline")["value"] == pytest.approx(12500 / 225)
    assert (
        pick(found, "cut_importance")["value"] == pick(found, "cut_performance")["value"] == 56.25
    )


@pytest.mark.parametrize(("cuts", "x", "y"), [("median", 50, 50), ("midpoint", 50, 50)])
def test_other_cuts(cuts: str, x: float, y: float) -> None:
    found = run_on(SPEC | {"cuts": cuts}, setting_of(GARAGE, fields=FIELDS))
    assert pick(found, "cut_importance")["value"] == x
    assert pick(found, "cut_performance")["value"] == y


def test_correlation_with_an_outcome() -> None:
    own = answers(60)
    found = run_on(DERIVED, setting_of(own))
    for name in ("A", "B"):
        wanted = np.corrcoef(own[name], own["OUT"])[0, 1]
        assert pick(found, "importance", name)["value"] == pytest.approx(wanted)
    middle = run_on(DERIVED | {"cuts": "midpoint"}, setting_of(own))
    both = [pick(found, "importance", name)["value"] for name in ("A", "B")]
    assert pick(middle, "cut_importance")["value"] == pytest.approx(sum(both) / 2)


def test_places_are_firm_where_attributes_are_far_apart() -> None:
    own = answers(150)
    own["A"], own["B"] = np.maximum(own["A"] - 2, 1), own["B"]
    found = run_on(DERIVED, setting_of(own, replicates=80))
    assert pick(found, "stability", "A")["value"] == 100.0
    shaky = answers(150)
    shaky["B"] = np.random.default_rng(8).permutation(shaky["A"])
    found = run_on(DERIVED, setting_of(shaky, replicates=80))
    assert 0 < pick(found, "stability", "B")["value"] < 100.0
    jackknife = run_on(DERIVED, setting_of(own, resampling="jackknife"))
    assert math.isnan(pick(jackknife, "stability", "A")["value"])
    assert "only a bootstrap" in pick(jackknife, "stability", "A")["note"]


def test_negative_importance_weights_nothing() -> None:
    own = answers(60)
    own["B"] = 11 - own["OUT"]
    total = pick(run_on(DERIVED, setting_of(own)), "headline")
    assert math.isnan(total["value"])
    assert total["note"] == "no total: B has an importance below 0, which weights nothing"


def test_what_cannot_be_placed_says_why() -> None:
    own = answers(20)
    own["B"] = np.full(20, 7)
    found = run_on(DERIVED, setting_of(own))
    assert "everybody gave the same answer" in pick(found, "importance", "B")["note"]
    assert math.isnan(pick(found, "quadrant", "B")["value"])
    blank = {**GARAGE, "I4": [None, None]}
    found = run_on(SPEC, setting_of(blank, fields=FIELDS))
    assert pick(found, "importance", "P4")["note"] == "nobody answered"
    assert pick(found, "quadrant", "P1")["reading"].startswith("B repair")
    assert "unknown" in pick(found, "headline")["note"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=12, max_size=12), st.sampled_from(["mean", "median"]))
def test_frequencies_are_repeated_rows(counts: list[int], cuts: str) -> None:
    own = answers(12)
    weighted = run_on(DERIVED | {"cuts": cuts}, setting_of(own, weights=counts, frequency=True))
    rows = {name: np.repeat(column, counts) for name, column in own.items()}
    repeated = run_on(DERIVED | {"cuts": cuts}, setting_of(rows))
    np.testing.assert_allclose(numbers(weighted), numbers(repeated))


def test_the_model_supplies_importance() -> None:
    fitted = pls_fit()
    found = run_on({"kind": "quadrant", "importance": "model"}, setting_of(GARAGE, fitted=fitted))
    table = fitted.ipma
    own = table[(table["group"] == "all") & (table["engine"] == "pls") & (table["indicator"] != "")]
    for one in own.to_dict("records"):
        made = pick(found, "importance", one["indicator"])
        assert (made["value"], made["conf_low"]) == (one["importance"], one["importance_low"])
    total = (own["importance"] * own["performance"]).sum() / own["importance"].sum()
    assert (own["importance"] >= 0).all()
    assert pick(found, "headline")["value"] == pytest.approx(total)
    assert "replicates" in pick(found, "stability", "PQ")["note"]


def test_the_model_is_refused_where_it_has_no_map() -> None:
    spec = {"kind": "quadrant", "importance": "model"}
    with pytest.raises(UsageError) as caught:
        run_on(spec, setting_of(GARAGE))
    assert str(caught.value) == (
        "methods.x: importance: expected a fit with drivers by indicator (engine pls), got none; "
        "choose importance: stated or correlation, or fit the model with engine pls"
    )
    with pytest.raises(UsageError, match="did you mean 'PQ'"):
        run_on(spec | {"items": ["PQQ", "QP"]}, setting_of(GARAGE, fitted=pls_fit()))


def test_specs_that_mean_nothing() -> None:
    assert refusals({"kind": "quadrant", "importance": "guessed"}) == [
        "methods.x.importance: stated, model or correlation; got 'guessed'"
    ]
    assert refusals({"kind": "quadrant", "importance": "stated"}) == [
        "methods.x.items: at least one question; got none"
    ]
    assert refusals(SPEC | {"items": {"P1": {}, "P2": {"importance": "P2"}}}) == [
        "methods.x.items.P1.importance: the key 'importance': the question about it; got none",
        "methods.x.items.P2.importance: another question than the attribute's own; got 'P2'",
    ]
    assert refusals(DERIVED | {"items": ["A"]}) == [
        "methods.x.items: two attributes or more; got one"
    ]
    assert refusals({k: v for k, v in DERIVED.items() if k != "outcome"}) == [
        "methods.x.outcome: the key 'outcome': a question; got none"
    ]
    assert refusals(DERIVED | {"items": ["A", "A"]}) == [
        "methods.x.items: each entry once; got 'A' twice"
    ]


def test_the_chapter_gives_priorities_in_words() -> None:
    section = chapter(SPEC, setting_of(GARAGE, fields=FIELDS))
    bullets = next(one for one in section.blocks if isinstance(one, Bullets))
    assert bullets.items[0] == (
        "Repair first (B, high importance, low performance):",
        "“Label of P1” (importance 100, performance 25).",
    )
    rows = tables_of(section)["Importance and performance: All rows"].rows
    assert texts(rows[0])[:6] == [
        *("Label of P1", "100.0", "—", "25.0", "—"),
        "B repair: high importance, low performance",
    ]
    figure = next(one for one in blocks_of(section.blocks) if isinstance(one, Figure))
    assert figure.title == "All rows: repair first: “Label of P1”"
    assert isinstance(figure.chart, ScatterChart)
    assert figure.chart.cuts == (56.25, 56.25)
    assert figure.chart.corners == ("D maintain", "A strength", "C opportunity", "B repair")


def withheld_in_x(**more: object) -> Setting:
    """Three attributes; in x few answered A."""
    own = {name: column.astype(float) for name, column in answers(90).items()}
    own["C"] = np.random.default_rng(3).integers(1, 11, 90).astype(float)
    own["A"][:20] = np.nan
    groups = ["x"] * 30 + ["y"] * 30 + ["z"] * 30
    return setting_of(own, groups=groups, minimum_rows=25, **more)  # type: ignore[arg-type]


def test_totals_and_cuts_do_not_tell_an_attribute_that_is_withheld() -> None:
    """A mean of three of which two are shown is the third."""
    found = run_on(DERIVED | {"items": ["A", "B", "C"]}, withheld_in_x())
    for group in ("x", "y"):
        assert math.isnan(pick(found, "performance", "A", group)["value"])
        assert math.isfinite(pick(found, "performance", "B", group)["value"])
        for measure in ("headline", "cut_importance", "cut_performance"):
            made = pick(found, measure, group=group)
            assert (math.isnan(made["value"]), made["note"]) == (True, MADE)
    assert math.isfinite(pick(found, "cut_performance", group="z")["value"])
    middle = run_on(DERIVED | {"items": ["A", "B", "C"], "cuts": "midpoint"}, withheld_in_x())
    assert pick(middle, "cut_performance", group="y")["value"] == 50  # nobody's answer
    assert math.isnan(pick(middle, "cut_importance", group="y")["value"])


def test_the_chapter_draws_no_withheld_cuts() -> None:
    section = chapter(DERIVED | {"items": ["A", "B", "C"]}, withheld_in_x(), groups=("x", "y", "z"))
    figures = [one for one in blocks_of(section.blocks) if isinstance(one, Figure)]
    charts = [one.chart for one in figures]
    assert [chart.cuts is None for chart in charts if isinstance(chart, ScatterChart)] == [
        *(False, True, True, False)
    ]
    assert "The lines are withheld." in figures[1].reading
    assert "no attribute is high" not in figures[1].title
    for chart in charts:
        assert all("nan" not in str(lay_out(chart, narrow=narrow)) for narrow in (True, False))
