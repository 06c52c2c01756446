"""A whole survey explored: what is withheld, left out, said; the page and the tables."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model
from explore_cases import people, weighted

from acsi_sem.errors import DataError
from acsi_sem.methods.explore.explore import Exploration, Plan, explore, grades, take_answers
from acsi_sem.methods.explore.tables import SCHEMAS, tables
from acsi_sem.report.charts import lay_out
from acsi_sem.report.content import Block, Details, Figure, Provenance, ReportData, Table
from acsi_sem.report.explore import FILES, build_exploration
from acsi_sem.report.html import render_html
from acsi_sem.spec.fields import Field
from acsi_sem.spec.model import Text
from acsi_sem.survey.people import People
from acsi_sem.survey.survey import Design
from acsi_sem.tables.write import csv_bytes

HOSTILE = '<script>alert(1)</script> "|" \x00'
PLAN = Plan("test", minimum=50)


@cache
def found() -> Exploration:
    """Two groups, nothing odd."""
    return explore(people(), acsi_model(), PLAN)


def page(one: Exploration) -> ReportData:
    """Build the page."""
    return build_exploration(
        one, title="A survey", source="", survey="survey.csv", provenance=Provenance()
    )


def flat(blocks: tuple[Block, ...]) -> list[Block]:
    """Return blocks, those behind summary lines too."""
    inner = [b for block in blocks if isinstance(block, Details) for b in flat(block.blocks)]
    return [*blocks, *inner]


def every_block(report: ReportData) -> list[Block]:
    """Return every block of a page."""
    return [block for section in report.sections for block in flat(section.blocks)]


def page_tables(report: ReportData) -> dict[str, Table]:
    """Return a page's tables by their id, those of charts too."""
    blocks = every_block(report)
    own = [block for block in blocks if isinstance(block, Table)]
    own += [block.table for block in blocks if isinstance(block, Figure)]
    return {table.ident: table for table in own}


def values_of(one: Exploration, name: str) -> Any:
    """Return a table."""
    return tables(one)[name]


def test_tables_have_their_columns_and_every_file_is_described() -> None:
    made = tables(found())
    assert tuple(made) == tuple(FILES)
    for schema in SCHEMAS:
        assert list(made[schema.name].columns) == list(schema.columns)
        assert len(made[schema.name])


def test_items_agree_with_pandas() -> None:
    one = people()
    table = values_of(found(), "explore_items").set_index(["group", "indicator"])
    frame = pd.DataFrame(one.values, columns=one.names)
    assert table.loc["all", "mean"].to_numpy() == pytest.approx(frame.mean().to_numpy())
    second = frame[np.asarray(one.groups.codes == 1)] if one.groups else frame
    stored = table.loc["group 2", "standard_deviation"].to_numpy()
    assert stored == pytest.approx(second.std().to_numpy())
    assert table.loc["all", "missing"].tolist() == frame.isna().sum().tolist()


def test_twice_the_same_bytes() -> None:
    again = explore(people(), acsi_model(), PLAN)
    one, other = ({n: csv_bytes(t) for n, t in tables(f).items()} for f in (found(), again))
    assert one == other
    assert render_html(page(found())) == render_html(page(again))


def test_another_seed_changes_only_what_is_drawn() -> None:
    other = explore(people(), acsi_model(), replace(PLAN, seed=2))
    one, two = found().together.components, other.together.components
    assert one is not None
    assert two is not None
    assert one.eigenvalues.tolist() == two.eigenvalues.tolist()
    assert one.limits.tolist() != two.limits.tolist()


def test_small_groups_are_withheld_with_what_would_tell_them() -> None:
    one = explore(people(sizes=(150, 120, 20)), acsi_model(), PLAN)
    table = values_of(one, "explore_items").set_index(["group", "indicator"])
    small, next_, large = (table.loc[f"group {i}"] for i in (3, 2, 1))
    assert small["mean"].isna().all()
    assert (small["note"] == "withheld: fewer than 50 answers").all()
    assert next_["mean"].isna().all()
    told = "withheld: with the other groups or parts it would tell a withheld one"
    assert (next_["note"] == told).all()
    assert large["mean"].notna().all()
    assert (small["n"] > 0).all()


def test_counted_rows_are_repeated_rows() -> None:
    """What is not drawn at random is the same for counts and for repeated interviews."""
    one = people(sizes=(60, 60))
    counts = np.random.default_rng(4).integers(1, 4, 120)
    at = np.repeat(np.arange(120), counts)
    long = replace(
        one,
        values=one.values[at],
        design=Design(np.ones(at.size)),
        groups=one.groups and replace(one.groups, codes=one.groups.codes[at]),
        factors=tuple(replace(f, codes=f.codes[at]) for f in one.factors),
    )
    short = weighted(one, counts.astype(float), frequency=True)
    a, b = (tables(explore(p, acsi_model(), PLAN)) for p in (short, long))
    for name in (
        "explore_items",
        "explore_correlations",
        "explore_collinearity",
        "explore_factors",
        "explore_correspondence",
        "explore_missing",
    ):
        numbers = [t[name].select_dtypes("number").to_numpy() for t in (a, b)]
        # Sums in another order: rounding, also in iterations that stop at a tolerance.
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-6, abs=1e-6, nan_ok=True), name


def test_too_few_respondents_are_refused() -> None:
    with pytest.raises(DataError) as error:
        explore(people(sizes=(20, 20)), acsi_model(), PLAN)
    assert str(error.value) == (
        "made in memory: expected at least 50 respondents, got 40; name a smaller --min-rows for "
        "a pilot whose tables nobody else will see"
    )
    pilot = explore(people(sizes=(20, 20), missing=0), acsi_model(), replace(PLAN, minimum=10))
    assert pilot.together.note == ""


def test_fewer_interviews_than_questions() -> None:
    few = explore(people(sizes=(7, 6), missing=0), acsi_model(), replace(PLAN, minimum=5))
    assert few.together.note == "13 complete interviews; at least 15 are needed"
    assert few.items[0].found.n == 13
    assert render_html(page(few))


def odd(one: People, change: dict[int, float]) -> People:
    """Set whole questions to one value."""
    values = one.values.copy()
    for place, value in change.items():
        values[:, place] = value
    return replace(one, values=values)


def test_constant_and_unanswered_questions_are_left_out_by_name() -> None:
    one = explore(odd(people(), {0: 7.0, 3: np.nan}), acsi_model(), PLAN)
    left = {"OVERALLX": "all answers are the same", "OVERALLQ": "answered by fewer than half"}
    assert dict(one.together.left_out) == left
    assert len(one.together.names) == 11
    row = values_of(one, "explore_items").set_index(["group", "indicator"]).loc["all"]
    assert row.loc["OVERALLQ", "note"] == "nobody answered"
    assert row.loc["OVERALLX", "ceiling"] == 0.0
    assert render_html(page(one))


def test_nobody_complete() -> None:
    one = people(missing=0)
    values = one.values.copy()
    values[::2, 0], values[1::2, 1] = np.nan, np.nan
    made = explore(replace(one, values=values), acsi_model(), PLAN)
    assert made.together.note == "0 complete interviews; at least 50 are needed"
    table = values_of(made, "explore_components")
    assert table["note"].tolist() == [made.together.note]
    assert "Not analysed: 0 complete interviews" in render_html(page(made))


def test_everybody_says_the_same() -> None:
    one = explore(odd(people(missing=0), dict.fromkeys(range(13), 1.0)), acsi_model(), PLAN)
    assert one.together.note.startswith("fewer than two questions")
    assert one.straight[0].straight == one.straight[0].n == 330
    notes = {m.note for m in one.maps if m.names[1] == "grade"}
    assert notes == {"not analysed: grade has fewer than two categories with 50 respondents"}
    assert render_html(page(one))


def test_grades_are_fifths_of_the_index() -> None:
    one = people(sizes=(4, 4), missing=0)
    values = one.values.copy()
    gap = float("nan")
    values[:4, 8:11] = np.array([[1, 1, 1], [10, 10, 10], [gap, gap, gap], [gap, 5.5, gap]])
    answers = take_answers(replace(one, values=values), acsi_model())
    made = grades(answers, ("SATIS", "CONFIRM", "IDEAL"), "Satisfaction")
    assert made is not None
    assert made.codes[:4].tolist() == [0, 4, -1, 2]
    assert grades(answers, ("nothing",), "") is None


def test_the_page_says_what_was_found() -> None:
    report = page(found())
    table = page_tables(report)
    ids = [section.ident for section in report.sections]
    assert ids[:7] == [
        "items",
        "respondents",
        "relations",
        "dimensions",
        "clusters",
        "maps",
        "missing",
    ]
    first = table["items-0"].rows[0]
    stored = values_of(found(), "explore_items").iloc[0]
    assert first[1].text == str(stored["n"])
    assert first[5].text == f"{stored['mean']:.2f}"
    assert table["vif"].rows[0][1].text == f"{found().together.collinearity.vif[0]:.2f}"  # type: ignore[union-attr]
    assert "at the top of the scale" in report.findings[0]
    assert any("related beyond chance" in text for text in report.findings)


def test_names_are_hostile_and_harmless() -> None:
    one = people(labels=(HOSTILE, "=1+1"))
    text = page(explore(one, acsi_model(), PLAN))
    html = render_html(text)
    assert "<script>alert" not in html
    assert "\x00" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize("narrow", [False, True])
def test_figures_are_drawn_inside_their_frames(narrow: bool) -> None:
    figures = [block for block in every_block(page(found())) if isinstance(block, Figure)]
    assert {"ceilings", "correlations", "scree"} <= {figure.ident for figure in figures}
    assert len({figure.ident for figure in figures}) == len(figures)
    for figure in figures:
        drawing = lay_out(figure.chart, narrow=narrow)
        for label in drawing.labels:
            assert label.box.left >= 0, figure.ident
            assert label.box.left + label.box.width <= drawing.width, figure.ident


def test_without_groups_and_breakdowns() -> None:
    bare = dataclasses.replace(people(), groups=None, factors=())
    one = explore(bare, acsi_model(), PLAN)
    assert one.maps == ()
    assert "maps" not in [section.ident for section in page(one).sections]
    assert values_of(one, "explore_correspondence").empty


def test_questions_outside_the_model_are_explored() -> None:
    """An amount has no ends and no part in the components; a category is a trait."""
    rng = np.random.default_rng(8)
    one = people()
    spend, channel = rng.lognormal(3, 1, 330), rng.integers(0, 2, 330).astype(float)
    extra = (
        Field("SPEND", "SPEND", Text.of("Spend", ""), "amount"),
        Field("CHANNEL", "CHANNEL", Text.of("Channel", ""), "category"),
    )
    both = replace(
        one,
        fields=(*one.fields, *extra),
        values=np.column_stack([one.values, spend, channel]),
        categories={"CHANNEL": ("web", "shop")},
    )
    made = explore(both, acsi_model(), PLAN)
    row = values_of(made, "explore_items").set_index(["group", "indicator"]).loc[("all", "SPEND")]
    assert row["mean"] == pytest.approx(spend.mean())
    assert np.isnan([row["ceiling"], row["least"], row["most"], row["mode"]]).all()
    assert row["note"] == "mode and range withheld: an amount may be one respondent's own"
    assert "SPEND" not in made.together.names
    assert ("CHANNEL", "grade") in [one.names for one in made.maps]
    assert "CHANNEL" not in made.answers.names
    assert render_html(page(made))
