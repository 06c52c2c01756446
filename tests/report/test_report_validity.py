"""What a report says of the criteria of PLS: reliability, validity, effect sizes, fit."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import pytest
from acsi_model import acsi_model
from report_cases import HOSTILE, other_fit, pooled_fit, structural_fit
from report_structures import prose, tables, walk
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.inference.thresholds import verdict
from acsi_sem.report.content import Block, Bullets, Cell, Details, Heading
from acsi_sem.report.facts import Estimate, gather
from acsi_sem.report.html import render_block
from acsi_sem.report.sections import criteria, effects, measurement, pls_fit, structure, validity
from acsi_sem.tables.schema import FIT_MEASURES, QUALITY, make_table
from acsi_sem.terms import ALL, Notice


@cache
def resampled() -> Fit:
    """PLS with replicates, the pooled rows alone."""
    return fit(acsi_model(), make_survey(grouped=False), engines=("pls",), bootstrap=60, seed=7)


def changed(
    base: Fit, measure: str, construct: str, indicator: str = "", note: str = "", **new: float
) -> Fit:
    """Return the fit with other columns in one row of its table of quality."""
    table = base.quality.copy()
    at = (table["measure"] == measure) & (table["construct"] == construct)
    at &= (table["indicator"] == indicator) & (table["group"] == ALL)
    assert at.sum() == 1
    table.loc[at, "note"] = note
    for column, value in new.items():
        table.loc[at, column] = value
    return replace(base, quality=table)


def row(blocks: tuple[Block, ...], table: str, *start: str) -> tuple[Cell, ...]:
    """Return the row of a table whose first cells are `start`."""
    found = [r for r in tables(blocks)[table].rows if [c.text for c in r[: len(start)]] == [*start]]
    assert len(found) == 1
    return found[0]


def of_quality(measure: str, construct: str, indicator: str = "") -> tuple[float, float, float]:
    """Return value and limits in the table of the resampled fit."""
    table = resampled().quality
    at = (table["measure"] == measure) & (table["construct"] == construct)
    found = table[at & (table["indicator"] == indicator) & (table["group"] == ALL)].iloc[0]
    return float(found["value"]), float(found["conf_low"]), float(found["conf_high"])


def test_reliability_is_that_of_the_table_with_words_and_sources() -> None:
    blocks = measurement.section(gather(resampled(), None)).blocks
    value, low, high = of_quality("alpha", "satisfaction")
    shown = row(blocks, "reliability-0", "Satisfaction")
    assert shown[1].text == f"{value:.2f} ({low:.2f} to {high:.2f})"
    assert [column.head for column in tables(blocks)["reliability-0"].columns[1:-1]] == [
        "Alpha",
        "ρA",
        "ρC",
        "AVE",
    ]
    single = row(blocks, "reliability-0", "Loyalty")
    assert (single[1].text, single[1].reason) == ("—", measurement.SINGLE)
    notes = " ".join(tables(blocks)["reliability-0"].notes)
    assert "AVE: at least 0.50 is wanted; source: Fornell & Larcker (1981)" in notes
    assert "habits of the field, not tests" in notes


def test_a_missed_limit_is_told_in_words_and_in_the_lead() -> None:
    low = {"value": 0.41, "conf_low": 0.35, "conf_high": 0.47}
    good = {"value": 0.9, "conf_low": 0.85, "conf_high": 0.95}
    base = resampled()
    for name in ("expectations", "perceived_quality", "perceived_value", "satisfaction"):
        for measure in measurement.MEASURES:
            base = changed(base, measure, name, "", "", **good)
    fine = measurement.section(gather(base, None)).blocks
    assert "every construct with several indicators reaches the usual limits" in prose(fine)
    assert row(fine, "reliability-0", "Satisfaction")[-1].tone == "good"
    bad = changed(base, "ave", "satisfaction", "", "", **low)
    blocks = measurement.section(gather(bad, None)).blocks
    reading = row(blocks, "reliability-0", "Satisfaction")[-1]
    assert reading.text == "AVE below 0.50 throughout the interval"
    assert reading.tone == "weak"
    assert "satisfaction misses a limit" in prose(blocks)
    near = changed(base, "rho_a", "satisfaction", value=0.72, conf_low=0.66, conf_high=0.77)
    blocks = measurement.section(gather(near, None)).blocks
    reading = row(blocks, "reliability-0", "Satisfaction")[-1]
    assert reading.text == "ρA at least 0.70, but the interval reaches below 0.70"
    assert reading.tone == ""
    assert "satisfaction is near one" in prose(blocks)


def test_withheld_limits_give_their_reason_in_the_notes() -> None:
    why = "limits withheld: <every> replicate lies on one side of the estimate"
    base = changed(
        resampled(), "rho_c", "satisfaction", note=why, conf_low=math.nan, conf_high=math.nan
    )
    made = gather(base, None)
    blocks = measurement.section(made).blocks
    cell = row(blocks, "reliability-0", "Satisfaction")[3]
    assert "(" not in cell.text
    assert cell.reason == why
    notes = tables(blocks)["reliability-0"].notes
    assert f"{why[0].upper()}{why[1:]}: ρC of satisfaction." in notes
    assert "&lt;every&gt;" in render_block(tables(blocks)["reliability-0"])


def test_loadings_and_weights_have_their_significance_in_words() -> None:
    blocks = measurement.section(gather(resampled(), None)).blocks
    figure = next(b for b in blocks if b.kind == "figure")
    made = {cells[1].text: cells for cells in figure.table.rows}  # type: ignore[union-attr]
    found = resampled().estimates.query("op == '=~' and rhs == 'SATIS'").iloc[0]
    limits = (float(found[name]) for name in ("estimate", "conf_low", "conf_high"))
    assert made["SATIS"][5].text == verdict("loading", *limits)
    assert made["SATIS"][8].text == "differs from 0"
    assert made["REPUR"][8].text == "fixed: single indicator"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Estimate(0.93, 0.91, 0.95), "cannot be told apart at 0.90: HTMT 0.93 (0.91 to 0.95)"),
        (Estimate(0.93, 0.85, 0.99), "though the interval reaches below 0.90"),
        (Estimate(0.93), "cannot be told apart at 0.90: HTMT 0.93, no interval"),
        (Estimate(0.80, 0.70, 0.92), "told apart at 0.90, but the interval reaches above it"),
        (Estimate(0.87, 0.86, 0.89), "told apart at 0.90, not at the stricter 0.85"),
    ],
)
def test_pairs_are_judged_by_value_and_interval(value: Estimate, told: str) -> None:
    assert told in validity.told_apart(value)


def test_pairs_apart_need_no_words() -> None:
    assert validity.told_apart(Estimate(0.6, 0.5, 0.7)) == ""
    assert validity.told_apart(Estimate(0.6)) == ""


def test_offending_pairs_are_named_the_worst_first() -> None:
    table = resampled().quality.copy()
    at = table["measure"] == "htmt"
    table.loc[at, ["value", "conf_low", "conf_high"]] = [0.3, 0.2, 0.4]
    base = replace(resampled(), quality=table)
    calm = validity.section(gather(base, None))
    assert calm is not None
    assert "Every pair can be told apart at 0.90, intervals included." in prose(calm.blocks)
    assert validity.CONSEQUENCE not in prose(calm.blocks)
    near = {"value": 0.92, "conf_low": 0.88, "conf_high": 0.97}
    base = changed(base, "htmt", "perceived_quality", "expectations", "", **near)
    high = {"value": 1.05, "conf_low": 0.95, "conf_high": 1.1}
    base = changed(base, "htmt", "satisfaction", "perceived_value", "", **high)
    made = validity.section(gather(base, None))
    assert made is not None
    listed = next(block for block in made.blocks if isinstance(block, Bullets))
    assert [lead for lead, _ in listed.items] == [
        "Perceived value and satisfaction:",
        "Expectations and perceived quality:",
    ]
    assert "2 pairs of 15 to look at." in prose(made.blocks)
    cell = row(made.blocks, "htmt-0", "Satisfaction")[3]
    assert (cell.text, cell.tone) == ("1.05 (0.95 to 1.10)", "weak")


def test_matrices_are_triangles_of_the_table() -> None:
    section = validity.section(gather(resampled(), None))
    assert section is not None
    found = tables(section.blocks)
    assert {"htmt-0", "htmt2-0", "construct-cor-0", "fornell-larcker-0"} <= set(found)
    for ident, measure in (("htmt-0", "htmt"), ("construct-cor-0", "construct_cor")):
        shown = row(section.blocks, ident, "Satisfaction")
        value, low, high = of_quality(measure, "satisfaction", "perceived_quality")
        assert shown[2].text == f"{value:.2f} ({low:.2f} to {high:.2f})".replace("-", "−")
        assert [cell.text for cell in shown[4:]] == ["", ""]
    margin = row(section.blocks, "fornell-larcker-0", "Perceived value")
    assert margin[-1].text == "above 0 throughout the interval"


def test_cross_loadings_are_behind_a_summary_and_their_own_stand_out() -> None:
    section = validity.section(gather(resampled(), None))
    assert section is not None
    table = tables(section.blocks)["cross-loadings-0"]
    hidden = [b for b in walk(section.blocks) if isinstance(b, Details) and table in b.blocks]
    assert len(hidden) == 1
    assert len(table.rows) == 13
    assert [[c.tone for c in cells].count("strong") for cells in table.rows] == [1] * 13
    assert "Every indicator loads most on its own construct." in prose(hidden[0].blocks)
    crossed = changed(resampled(), "cross_loading", "loyalty", "SATIS", value=-0.99)
    made = validity.section(gather(crossed, None))
    assert made is not None
    assert "own loading or higher: SATIS on loyalty." in prose(made.blocks)


def test_without_such_criteria_there_is_no_chapter() -> None:
    assert validity.section(gather(structural_fit(), None)) is None
    empty = replace(pooled_fit(), quality=make_table(QUALITY, ()))
    assert validity.section(gather(empty, None)) is None


def test_undefined_ratios_say_why() -> None:
    why = "not defined: items of a block do not correlate"
    lost = changed(
        resampled(),
        "htmt",
        "loyalty",
        "complaints",
        why,
        **dict.fromkeys(("value", "conf_low", "conf_high"), math.nan),
    )
    section = validity.section(gather(lost, None))
    assert section is not None
    cell = row(section.blocks, "htmt-0", "Loyalty")[5]
    assert (cell.text, cell.reason) == ("—", why)
    assert "1 pair has no HTMT; the table says why." in prose(section.blocks)
    notes = tables(section.blocks)["htmt-0"].notes
    assert "Not defined: items of a block do not correlate: Complaints and loyalty." in notes


def test_pairs_without_a_ratio_are_not_called_apart() -> None:
    table = resampled().quality.copy()
    at = table["measure"] == "htmt"
    table.loc[at, ["value", "conf_low", "conf_high"]] = math.nan
    table.loc[at, "note"] = "not defined"
    section = validity.section(gather(replace(resampled(), quality=table), None))
    assert section is not None
    assert "15 pairs have no HTMT" in prose(section.blocks)
    assert "can be told apart" not in prose(section.blocks)


def test_effect_sizes_collinearity_and_explained_variance() -> None:
    blocks = structure.section(gather(resampled(), None)).blocks
    size = row(blocks, "effect-sizes-0", "Expectations → Perceived quality")
    f2 = of_quality("f2", "perceived_quality", "expectations")
    assert size[2].text == verdict("f2", *f2)
    assert (size[3].text, size[4].text) == ("—", "the only source of its target")
    vif = of_quality("vif", "satisfaction", "perceived_quality")
    beside = row(blocks, "effect-sizes-0", "Perceived quality → Satisfaction")
    assert beside[3].text == f"{vif[0]:.2f} ({vif[1]:.2f} to {vif[2]:.2f})"
    r2 = of_quality("r2", "satisfaction")
    explained = row(blocks, "explained-0", "Satisfaction")
    assert explained[1].text == f"{r2[0]:.2f} ({r2[1]:.2f} to {r2[2]:.2f})"
    assert explained[3].text == verdict("r2", *r2)
    assert "no source is collinear" in prose(blocks)
    high = changed(resampled(), "vif", "satisfaction", "perceived_value", value=6.0)
    told = prose(structure.section(gather(high, None)).blocks)
    assert "a VIF is high for Perceived value → Satisfaction (6.0)." in told


def test_every_route_has_its_row() -> None:
    facts = gather(resampled(), None)
    table = tables(tuple(effects.blocks(facts)))["routes-0"]
    own = resampled().impacts.query("effect == 'specific'")
    assert len(table.rows) == len(own)
    shown = row(
        tuple(effects.blocks(facts)), "routes-0", "Expectations → Perceived quality → Satisfaction"
    )
    found = own[(own["via"] == "perceived_quality") & (own["target"] == "satisfaction")].iloc[0]
    assert shown[1].text == f"{found['estimate']:.3f}"
    assert shown[4].text == "differs from 0"


def test_of_very_many_routes_those_to_the_index_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects, "MOST_ROUTES", 4)
    facts = gather(other_fit(), None)
    table = tables(tuple(effects.blocks(facts)))["routes-0"]
    assert all(cells[0].text.endswith("Satisfaction") for cells in table.rows)
    assert table.notes[0].startswith("4 of ")


def measured(values: dict[str, float], notices: tuple[Notice, ...] = ()) -> tuple[Block, ...]:
    """Return the blocks on fit for distances given."""
    rows = [
        {"group": ALL, "engine": "pls", "measure": name, "value": value}
        for name, value in values.items()
    ]
    made = replace(resampled(), fit_measures=make_table(FIT_MEASURES, rows), notices=notices)
    return pls_fit.blocks(gather(made, None))


DISTANCES = {"srmr": 0.05, "srmr.q95": 0.06, "srmr.p": 0.4, "d_g": 0.9, "d_g.q95": 0.5}


def test_exact_fit_is_judged_by_the_quantile() -> None:
    blocks = measured({**DISTANCES, "d_g.p": 0.0})
    assert "SRMR is 0.050, below 0.08; that the model fits exactly is not rejected" in prose(blocks)
    kept = row(blocks, "fit-pls-0", "SRMR", "estimated")
    assert [cell.text for cell in kept[2:]] == [
        "0.050",
        "0.060",
        "0.400",
        "below 0.08; exact fit not rejected",
    ]
    gone = row(blocks, "fit-pls-0", "d_G", "estimated")
    assert gone[-1].text == "exact fit rejected"
    # None of the 60 replicates, of which 3 may have failed: one in 57, rounded up.
    assert gone[4].text == "<\u00a00.0176"
    assert pls_fit.CANNOT in prose(blocks)


def test_a_test_that_was_withheld_says_why() -> None:
    told = Notice(
        "exact_fit_withheld",
        "No bootstrap test of exact fit: 25 of 60 refits failed.",
        ALL,
        "pls",
        "fit",
    )
    blocks = measured({"srmr": 0.09}, (told,))
    cell = row(blocks, "fit-pls-0", "SRMR", "estimated")[4]
    assert cell.reason == "no bootstrap test of exact fit: 25 of 60 refits failed"
    assert "0.08 or more; no bootstrap test of exact fit: 25 of 60" in prose(blocks)


def test_without_replicates_there_is_no_test_and_no_interval() -> None:
    facts = gather(pooled_fit(), None)
    blocks = pls_fit.blocks(facts)
    assert "it needs bootstrap replicates" in prose(blocks)
    cell = row(measurement.section(facts).blocks, "reliability-0", "Satisfaction")[1]
    assert cell.reason == "no bootstrap was asked for"
    assert "no interval" in row(structure.section(facts).blocks, "explained-0", "Loyalty")[3].text


def test_structures_alone_have_no_fit_of_pls() -> None:
    assert pls_fit.blocks(gather(structural_fit(), None)) == ()
    only = (Notice("exact_fit_withheld", "Not made: items twice.", ALL, "pls"),)
    blocks = measured({}, only)
    assert isinstance(blocks[0], Heading)
    assert "Not made: items twice." in prose(blocks)


def test_tetrads_are_told_where_there_are_some() -> None:
    own = {"group": ALL, "engine": "pls", "construct": "satisfaction"}
    rows = [
        {**own, "measure": "tetrad", "indicator": HOSTILE, "value": 0.2},
        {**own, "measure": "tetrads_rejected", "value": 1.0, "note": "reflective rejected"},
    ]
    rows[0] |= {"conf_low": 0.1, "conf_high": 0.3}
    made = replace(resampled(), quality=make_table(QUALITY, rows))
    blocks = measurement.section(gather(made, None)).blocks
    assert "Satisfaction: reflective rejected." in prose(blocks)
    table = tables(blocks)["tetrads-0"]
    assert table.rows[0][-1].text == "differs from 0"
    assert "<script>" not in render_block(table)


def test_sources_name_limits_once() -> None:
    told = criteria.sources("alpha", "rho_c", "vif", "f2")
    assert "alpha and ρC: at least 0.70 is wanted; source: Nunnally (1978)" in told
    assert "below 3.3 is wanted, worse from 3.3 to 5, 5 or more" in told
    assert "parted at 0.02, 0.15 and 0.35; source: Cohen (1988)" in told
