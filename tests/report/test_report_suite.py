"""The chapters on prediction, comparison of groups, indicators and weights."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import replace
from html import unescape
from typing import Any

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model
from report_cases import (
    HOSTILE,
    named_inputs,
    pooled_fit,
    raked_survey,
    suite,
    suite_fit,
    trio_fit,
)
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit as estimate
from acsi_sem.analysis.values import Fit
from acsi_sem.report import build_report, render_html
from acsi_sem.report.content import Block, Bullets, Details, Figure, Prose, ReportData, Table
from acsi_sem.report.facts import gather
from acsi_sem.report.html import render_block
from acsi_sem.report.sections import comparison, ipma, league, micom, prediction, weights
from acsi_sem.terms import ALL

NAN = float("nan")


def walk(blocks: tuple[Block, ...]) -> list[Block]:
    """Return blocks with those behind summary lines and the tables of figures."""
    found: list[Block] = []
    for block in blocks:
        found.append(block)
        if isinstance(block, Figure):
            found.append(block.table)
        if isinstance(block, Details):
            found += walk(block.blocks)
    return found


def tables(report: ReportData) -> dict[str, Table]:
    """Return every table of a report by its id."""
    found = [block for section in report.sections for block in walk(section.blocks)]
    return {block.ident: block for block in found if isinstance(block, Table)}


def told(fit: Fit) -> str:
    """Return the text of the chapters on a fit, without pictures, which take long to draw."""
    found = [b for section in build_report(fit).sections for b in walk(section.blocks)]
    plain = [b for b in found if not isinstance(b, Figure | Details)]
    titles = [block.title for block in found if isinstance(block, Figure)]
    return visible(" ".join((*titles, *(render_block(block) for block in plain))))


def visible(html: str) -> str:
    """Return a page's text without markup, style and script."""
    bare = re.sub(r"<(style|script).*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", bare)))


def changed(fit: Fit, name: str, values: dict[str, Any], **where: object) -> Fit:
    """Return the fit with columns of a table changed where the keys match."""
    table: pd.DataFrame = getattr(fit, name).copy()
    rows = np.logical_and.reduce([table[key] == wanted for key, wanted in where.items()])
    assert rows.any()
    for column, value in values.items():
        table.loc[rows, column] = value
    return replace(fit, **{name: table})  # type: ignore[arg-type]


def test_chapters_stand_only_where_there_are_numbers() -> None:
    asked = {"prediction", "comparison"}
    without = build_report(pooled_fit())
    assert not asked & {section.ident for section in without.sections}
    assert "weights-table" not in tables(without)
    assert "raking-table" not in tables(without)
    report = build_report(suite_fit())
    assert asked | {"ipma"} <= {section.ident for section in report.sections}
    assert {"weights-table", "raking-table", "prediction-table-0"} <= set(tables(report))


def test_page_has_unique_ids_no_nan_and_the_same_bytes_again() -> None:
    report = build_report(suite_fit())
    # repr, because an unknown number (NaN) does not equal itself.
    assert repr(report) == repr(build_report(suite_fit()))
    html = render_html(report)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert Counter(ids).most_common(1)[0][1] == 1
    assert not re.search(r"\b(nan|NaN|inf|None)\b", visible(html))
    assert not re.search(r'data-s="(nan|inf|-inf)"', html)


def test_hostile_names_stay_text() -> None:
    html = render_html(build_report(suite(*named_inputs(HOSTILE, raked_survey()))))
    assert html.count("<script") == 1
    assert "<script>alert" not in html
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", html)


def test_consistent_pls_alone_leads_the_report() -> None:
    fit = estimate(acsi_model(), make_survey(grouped=False), engines=("plsc",), bootstrap=0)
    report = build_report(fit)
    index = fit.indices.query("construct == 'satisfaction'")["index"].item()
    assert report.headline is not None
    assert report.headline.value == f"{index:.1f}"


CVPAT = {"group": ALL, "construct": "", "measure": "cvpat_lm"}


@pytest.mark.parametrize(
    ("value", "p", "said", "advice"),
    [
        (0.5, 0.001, "has not seen better than the linear benchmark", "can be used to plan"),
        (-0.5, 0.001, "has not seen worse than the linear benchmark", "regression does better"),
        (0.5, 0.2, "plain regression on the same questions, cannot be told", "does not show"),
        (NAN, NAN, "plain regression on the same questions, cannot be told", "does not show"),
    ],
)
def test_prediction_says_what_its_test_says(value: float, p: float, said: str, advice: str) -> None:
    """Positive: PLS has the smaller loss. Without a test nothing is claimed."""
    numbers = {"value": value, "p_value": p, "conf_low": value - 0.1, "conf_high": value + 0.1}
    first, second = prediction.headline(
        gather(changed(suite_fit(), "prediction", numbers, **CVPAT), None)
    )
    assert said in first
    assert advice in second


def test_a_model_no_better_than_the_mean_is_not_advised_to_forecast() -> None:
    where = CVPAT | {"measure": "cvpat_mean"}
    fit = changed(suite_fit(), "prediction", {"value": 0.1, "p_value": 0.4}, **where)
    assert "do not plan by its forecasts" in prediction.headline(gather(fit, None))[1]


def test_prediction_tables_have_the_numbers_and_the_folds() -> None:
    fit = suite_fit()
    made = tables(build_report(fit))
    errors = {row[0].text: row for row in made["prediction-errors-0"].rows}
    own = fit.prediction.query("group == 'all' and indicator == 'SATIS'")
    values = own.set_index("measure")["value"]
    assert [cell.text for cell in errors["SATIS"][2:5]] == [
        f"{values[name]:.3f}" for name in ("q2_predict", "rmse", "rmse_lm")
    ]
    overall = made["prediction-table-0"].rows[-1]
    gain = fit.prediction.query("group == 'all' and construct == '' and measure == 'cvpat_mean'")
    assert overall[0].text == "All indicators together"
    assert overall[6].text == f"{gain['value'].item():.3f}"
    assert overall[5].text == "yes"
    text = told(fit)
    assert "respondents are dealt to 5 folds, 2 times over" in text
    power = fit.prediction.query("group == 'all' and measure == 'power'")["note"].tolist()
    assert power
    assert all(note in text for note in power)


def test_withheld_prediction_says_why() -> None:
    blank = {"value": NAN, "p_value": NAN, "note": "withheld: 3 complete cases for 5 folds"}
    fit = changed(suite_fit(), "prediction", blank, group=ALL)
    section = prediction.section(gather(fit, None))
    assert section is not None
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert "Withheld: 3 complete cases for 5 folds." in table.notes
    assert table.rows[0][1].text == "cannot be told"
    assert table.rows[0][2].reason == "withheld: 3 complete cases for 5 folds"


@pytest.mark.parametrize("made", [suite_fit, trio_fit])
def test_verdicts_are_those_of_the_notices(made: Any) -> None:
    facts = gather(made(), None)
    notices = {n.subject: n.message for n in facts.fit.notices if n.kind == "micom"}
    pairs = micom.pairs(facts)
    assert len(notices) == len(pairs) > 0
    for pair in pairs:
        message = notices[f"{pair.group} and {pair.other}"]
        start = micom.VERDICTS[pair.verdict][0]
        assert re.split("[:,(]", message.partition(": ")[2])[0].strip(" .") == start
        assert micom.verdict(facts, pair).startswith(start)


@pytest.mark.parametrize(
    ("step", "holds", "said"),
    [
        ("composition", 1.0, "full measurement invariance: paths may be compared"),
        ("composition", 0.0, "no measurement invariance: loyalty is composed differently"),
        ("composition", NAN, "measurement invariance is not decided"),
        ("mean", 0.0, "groups should not be pooled, as they differ in the mean of loyalty"),
        ("variance", NAN, "partial measurement invariance at least"),
    ],
)
def test_every_verdict_has_its_words(step: str, holds: float, said: str) -> None:
    sure = changed(suite_fit(), "micom", {"holds": 1.0}, group="group 1")
    fit = changed(sure, "micom", {"holds": holds}, construct="loyalty", step=step)
    facts = gather(fit, None)
    assert said in micom.verdict(facts, micom.pairs(facts)[0])
    assert said in told(fit)


def test_verdicts_and_ways_are_not_warned_of_again() -> None:
    facts = gather(suite_fit(), None)
    kinds = {notice.kind for notice in facts.fit.notices}
    assert {"micom", "permutation"} <= kinds
    assert not {"micom", "permutation"} & {notice.kind for notice in facts.warnings}
    assert "Permuted to compare groups: respondents over both groups." in told(suite_fit())


HEADLINE = {"op": "index", "lhs": "satisfaction"}


@pytest.mark.parametrize(
    ("p", "reading"),
    [
        ((0.01, 0.01, 0.02), "differs"),
        ((0.01, 0.01, 0.40), "differs, but the bootstrap does not confirm it"),
        ((0.20, 0.01, 0.02), "differs when tested alone, not after adjustment"),
        ((0.20, 0.20, 0.02), "cannot be told apart"),
    ],
)
def test_readings_follow_the_adjusted_p(p: tuple[float, float, float], reading: str) -> None:
    numbers = dict(zip(("p_holm", "p_permutation", "p_bootstrap"), p, strict=True))
    fit = changed(suite_fit(), "comparisons", numbers, **HEADLINE)
    report = build_report(fit)
    row = next(r for r in tables(report)["differences-0"].rows if r[0].text == "Satisfaction")
    assert row[-1].text == reading
    own = fit.comparisons.query("op == 'index' and lhs == 'satisfaction'").iloc[0]
    assert [cell.text for cell in row[2:4]] == [
        f"{own['estimate']:.1f}",
        f"{own['other_estimate']:.1f}",
    ]
    found = " ".join(report.findings)
    wanted = "differ in satisfaction" if p[0] < 0.05 else "cannot be told apart in satisfaction"
    assert wanted in found
    # The test decides, so overlap of intervals is not offered beside it.
    assert "overlap" not in found
    assert league.TESTED in told(fit)


def test_a_construct_composed_differently_is_marked_beside_its_differences() -> None:
    unlike = changed(
        suite_fit(), "micom", {"holds": 0.0}, construct="satisfaction", step="composition"
    )
    report = build_report(unlike)
    rows = tables(report)["differences-0"].rows
    marked = {row[0].text for row in rows if "composed differently, read with care" in row[-1].text}
    assert "Satisfaction" in marked
    assert "Satisfaction → loyalty" in marked
    assert "Expectations → perceived quality" not in marked
    assert any("satisfaction is composed differently" in text for text in report.findings)


def test_comparisons_withheld_say_why() -> None:
    columns = ("p_holm", "p_permutation", "p_bootstrap", "limit_low", "limit_high")
    blank = dict.fromkeys(columns, NAN) | {"note": "no comparison: no fit of group 2"}
    fit = changed(suite_fit(), "comparisons", blank, group="group 1")
    assert comparison.finding(gather(fit, None)) == ()
    text = told(fit)
    assert "Indices not tested (no comparison: no fit of group 2)" in text
    row = tables(build_report(fit))["differences-0"].rows[0]
    assert row[-1].text == row[6].reason == "no comparison: no fit of group 2"


def many(pairs: int) -> Fit:
    """The suite's comparison as if it were of as many pairs of groups."""
    fit = suite_fit()
    names = list(itertools.combinations([f"g{i}" for i in range(30)], 2))[:pairs]
    made = {}
    for name in ("comparisons", "micom"):
        table = getattr(fit, name)
        parts = [table.assign(group=one, other=other) for one, other in names]
        made[name] = pd.concat(parts, ignore_index=True)
    return replace(fit, **made)


@pytest.mark.parametrize("pairs", [3, 15, 151])
def test_many_pairs_are_summed_up(pairs: int) -> None:
    report = build_report(many(pairs))
    found = tables(report)
    full = [name for name in found if name.startswith("differences-")]
    assert len(full) == (pairs if pairs <= comparison.MOST_PAIRS else 0)
    assert len(found["comparison-summary"].rows) == min(pairs, comparison.MOST_LINES)
    text = told(many(pairs))
    assert ("is in micom.csv and comparisons.csv" in text) == (pairs > comparison.MOST_PAIRS)
    assert (f"Of {pairs} pairs the" in text) == (pairs > comparison.MOST_LINES)


def test_indicators_carry_the_table_and_their_numbers() -> None:
    fit = suite_fit()
    report = build_report(fit)
    own = fit.ipma.query("group == 'all' and engine == 'pls'")
    rows = tables(report)["ipma-table-0"].rows
    assert len(rows) == len(own)
    for row, (_, wanted) in zip(rows, own.iterrows(), strict=True):
        assert row[2].text == f"{wanted['importance']:.2f}"
        assert row[4].text == f"{wanted['performance']:.1f}"
    numbers = [row[1].text for row in rows if row[1].text]
    assert numbers == [str(i + 1) for i in range(int((own["indicator"] != "").sum()))]


def test_quarters_go_by_the_means_and_by_the_interval() -> None:
    where = {"group": ALL, "engine": "pls"}
    low = {"importance": 0.9, "importance_low": 0.8, "importance_high": 1.0, "performance": 20.0}
    fit = changed(suite_fit(), "ipma", low, **where, indicator="PQ")
    quarter = {p.indicator: p.quarter for p in ipma.places(gather(fit, None), ALL) if p.indicator}
    assert quarter["PQ"] == "work"
    assert quarter["OVERALLX"] in ("enough", "keep")
    assert "most to gain among what is important and low: “PQ”" in told(fit)
    unsure = changed(fit, "ipma", {"importance_low": -0.1}, **where, indicator="PQ")
    places = {p.indicator: p.quarter for p in ipma.places(gather(unsure, None), ALL)}
    assert places["PQ"] == "unclear"


def test_an_importance_that_is_missing_is_withheld_with_its_reason() -> None:
    blank = {"importance": NAN, "performance": NAN, "note": "weights do not add up"}
    fit = changed(suite_fit(), "ipma", blank, group=ALL)
    section = ipma.section(gather(fit, None))
    assert section is not None
    table = section.blocks[0]
    assert isinstance(table, Table)
    assert table.rows[0][2].reason == "weights do not add up"
    assert "Weights do not add up." in table.notes


def test_weighting_tells_its_cost() -> None:
    fit = suite_fit()
    row = fit.weighting.query("group == 'all' and stage == 'raked'").iloc[0]
    lead = weights.blocks(gather(fit, None))[1]
    assert isinstance(lead, Prose)
    loss = 100 * (1 - row["n_eff"] / row["n"])
    assert f"costs {loss:.1f}\u00a0% of the sample" in lead.paragraphs[0]
    assert f"330 rows tell as much as {row['n_eff']:.0f} of equal weight" in lead.paragraphs[0]
    assert "Before raking the weights cost" in lead.paragraphs[0]
    assert "at a bound" not in lead.paragraphs[0]
    held = changed(fit, "weighting", {"at_bound": 3.0}, group=ALL, stage="raked")
    assert "3 rows stand at a bound of the weights." in told(held)


def test_raking_shows_shares_before_and_after() -> None:
    fit = suite_fit()
    rows = {row[0].text: row for row in tables(build_report(fit))["raking-table"].rows}
    for _, wanted in fit.raking.iterrows():
        own = rows[wanted["category"]]
        shares = [wanted[name] for name in ("before", "target", "after")]
        assert [cell.text for cell in own[3:6]] == [f"{100 * share:.1f}" for share in shares]
    gone = changed(fit, "raking", {"target": NAN, "category": "no answer"}, category="W")
    last = tables(build_report(gone))["raking-table"].rows[-1]
    assert last[4].reason == "no target: these rows have no answer"


def test_priorities_are_listed_before_the_chart() -> None:
    section = ipma.section(gather(suite_fit(), None))
    assert section is not None
    first, second = section.blocks[:2]
    assert isinstance(first, Bullets)
    assert isinstance(second, Figure)
    assert first.items[0][0] == "Work on these first (high importance, low performance):"
