"""Parts of the national site: names, SVG text, series over time, workbooks."""

from __future__ import annotations

import io
import math
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from national_tables import COMPANIES, FORMULA, NOW, small_national
from openpyxl import load_workbook

from acsi_sem.report.charts import lay_out
from acsi_sem.report.charts.small import paint
from acsi_sem.report.content import IntervalChart, IntervalRow
from acsi_sem.report.facts import Estimate
from acsi_sem.report.figures import draw_svg
from acsi_sem.report.national.books import Books
from acsi_sem.report.national.league import standing
from acsi_sem.report.national.look import Change, Look
from acsi_sem.report.national.names import file_name, page_path, shown
from acsi_sem.report.national.trends import gather, series_of
from acsi_sem.report.national.verdicts import sentence, sign
from acsi_sem.report.shapes import Box, Dot, Drawing, Head, Label, Line, Marker, Shape
from acsi_sem.report.workbook import write_workbook
from acsi_sem.terms import GLOSSARY

SVG = "{http://www.w3.org/2000/svg}"


@given(st.text())
def test_a_file_name_is_safe_whatever_the_name(name: str) -> None:
    made = file_name(name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", made)
    assert len(made) < 60
    assert not re.fullmatch(r"con|prn|aux|nul|index", made)


@given(st.lists(st.text(alphabet="aAbB-. é0", max_size=4), min_size=2, max_size=40, unique=True))
def test_different_names_have_different_file_names(names: list[str]) -> None:
    assert len({file_name(name) for name in names}) == len(names)


def test_a_name_that_looks_like_a_made_one_is_marked_too() -> None:
    made = file_name("Acme")
    assert made.startswith("acme-")
    assert file_name(made) != made


def test_titles_lose_what_would_turn_the_text_around_them() -> None:
    assert shown("a\u202eb\u2066c\u200f\x07") == "abc"
    assert shown("فندق") == "فندق"


def test_painted_text_says_what_matplotlib_writes() -> None:
    rows = tuple(
        IntervalRow(f"Unit <{i}> & co", 70.0 + i, 68.0 + i, 72.0 + i, f"{70 + i}", heading="A" * i)
        for i in range(3)
    )
    drawing = lay_out(IntervalChart(rows, "Index", (71.0, "All 71")), narrow=False)
    trees = [
        ElementTree.fromstring(painter(drawing, "x", "T <b>", "D & d"))
        for painter in (paint, draw_svg)
    ]
    texts = [[t.text for t in tree.iter(f"{SVG}text")] for tree in trees]
    assert texts[0] == texts[1]
    for tree in trees:
        assert tree.get("aria-labelledby") == "x-t x-d"
        assert tree.get("viewBox") == f"0 0 {drawing.width:g} {drawing.height:g}"
        assert [tree[i].text for i in (0, 1)] == ["T <b>", "D & d"]
    dots = [d for d in drawing.shapes if isinstance(d, Dot)]
    circles = list(trees[0].iter(f"{SVG}circle"))
    assert [float(c.get("cx", "")) for c in circles] == pytest.approx(
        [d.centre[0] for d in dots],
        abs=0.005,  # two decimals are written
    )


def test_every_shape_can_be_painted() -> None:
    markers: tuple[Marker, ...] = ("circle", "square", "diamond", "triangle", "wedge")
    shapes: tuple[Shape, ...] = (
        Line((0, 0), (9, 9), dash=(4, 3)),
        Line((0, 0), (9, 9), via=((3, 8),)),
        *(Dot((5, 5), marker=marker) for marker in markers),
        Box(1, 2, 3, 4, edge="#000000"),
        Head((5, 5), math.pi),
        Label((1, 2), "a", anchor="end", bold=True, halo=True),
    )
    tree = ElementTree.fromstring(paint(Drawing(10, 10, shapes), "x", "t", "d"))
    tags = [child.tag.removeprefix(SVG) for child in tree][2:]
    expected = ["path", "path", "circle", "rect", "rect", "polygon", "polygon", "rect"]
    assert tags == [*expected, "polygon", "g"]
    assert tree[3].get("d") == "M0 0Q3 8 9 9"
    # a triangle points up, a wedge down: y grows downwards
    tips = [float(tree[i].get("points", "").split()[0].split(",")[1]) for i in (7, 8)]
    assert tips[0] < 5 < tips[1]


def test_the_last_vintage_stands_and_the_one_before_is_superseded() -> None:
    look = Look(small_national())
    own = gather(look)["company", "Blue Air"]
    assert [known.series for known in own] == ["nation"]
    series = series_of(look, own[0], "company", "Blue Air", "Blue Air")
    before = str(NOW.back(1))
    old, new = (point for point in series.points if point.period == before)
    assert (old.kind, new.kind) == ("superseded", "current")
    assert new.value == pytest.approx(old.value + 0.8)
    assert [each.reason for each in series.breaks] == ["new questionnaire"]


def test_history_keeps_to_the_leading_engine_and_the_published_form() -> None:
    national = small_national()
    own = national.history
    other = own.assign(source="ols", index=1.0)
    form = own[own["form"] == "pooled"].assign(form="latest", index=2.0)
    quarter = own[own["form"] == "pooled"].assign(form="", index=3.0)
    mixed = pd.concat([other[other["series"] == "nation"], form, quarter, own])
    found = gather(Look(replace(national, history=mixed)))["nation", "nation"]
    assert [known.series for known in found] == ["nation", "ACSI"]
    assert min(row["index"] for row in found[0].rows) > 60


def test_a_doubtful_score_has_its_alternative() -> None:
    look = Look(small_national())
    known = gather(look)["nation", "nation"][1]
    series = series_of(look, known, "nation", "nation", "ACSI")
    points = {point.period: point for point in series.points}
    assert points["1997"].alternative == 71.1
    assert math.isnan(points["1998"].alternative)
    assert points["1995"].kind == "baseline"


@pytest.mark.parametrize(
    ("value", "flags", "mark", "told"),
    [
        (1.24, (True, True), "▲", "▲ Up 1.2 on last year (2025Q3: 70.0"),
        (-1.25, (True, True), "▼", "▼ Down 1.3 on last year"),
        (1.0, (True, False), "△", "significant at 90 % only."),
        (-1.0, (True, False), "▽", "significant at 90 % only."),
        (0.3, (False, False), "=", "= No clear change on last year: +0.3"),
    ],
)
def test_verdicts(value: float, flags: tuple[bool, bool], mark: str, told: str) -> None:
    estimate = Estimate(value, value - 1, value + 1, 0.5, 0.04)
    change = Change(estimate, "2025Q3", 70.0, 0.04, *flags)
    assert sign(change) == mark
    assert told in sentence(Look(small_national()), change, "last_year", "company")


def test_an_untested_change_is_not_called_unclear() -> None:
    change = Change(Estimate(2.0), "2025Q3", 70.0)
    said = sentence(Look(small_national()), change, "last_year", "company")
    assert said == "Not tested on last year: +2.0 (2025Q3: 70.0)."


@pytest.mark.parametrize(
    ("tied", "told"),
    [
        (("a", "ab", "b"), "cannot be told apart from <script>alert('x')</script>"),
        (("a", "b", "b"), "is told apart from every other"),
        (("[53]", "[3]", "[35]"), "is told apart from every other"),
        (("a", "", "b"), "is told apart from every other that could be tested"),
        (("", "a", "b"), "was not tested against the others"),
    ],
)
def test_without_letters_nothing_is_claimed(tied: tuple[str, ...], told: str) -> None:
    national = small_national()
    league = national.tables["league"].copy()
    own = league["parent"] == "airlines"
    marks = dict(zip(league.loc[own, "unit"].tolist(), tied, strict=True))
    league.loc[own, "tied"] = list(marks.values())
    look = Look(replace(national, tables={**national.tables, "league": league}))
    units = look.children["industry", "airlines"]
    first = look.units["company", next(iter(marks))]
    assert standing(look, first, units) == told


def test_no_text_of_a_workbook_is_a_formula() -> None:
    hostile = [FORMULA, "+1", "-1", "@SUM(A1)", "\tx", "http://a.example", "12", "plain"]
    table = pd.DataFrame({"unit": hostile, "index": [72.5, math.nan, math.inf, *[1.0] * 5]})
    book = load_workbook(io.BytesIO(write_workbook({"readings": table}, FORMULA)))
    sheet = book["readings"]
    cells = [sheet.cell(row, 1) for row in range(2, 10)]
    assert [cell.value for cell in cells] == hostile
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [True] * 5 + [False] * 3
    assert not any(cell.hyperlink for cell in cells)
    assert [sheet.cell(row, 2).value for row in range(2, 5)] == [72.5, None, None]
    assert book["about"]["A1"].data_type == "s"


def test_a_workbook_holds_no_clock_and_explains_its_columns() -> None:
    table = small_national().tables["changes"]
    made = write_workbook({"changes": table}, "Nation")
    assert made == write_workbook({"changes": table}, "Nation")
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2000-01-01T00:00:00Z" in archive.read("docProps/core.xml")
    told = [[c.value for c in row] for row in load_workbook(io.BytesIO(made))["codebook"]]
    assert told[1:] == [[name, GLOSSARY[name]] for name in table.columns]


def test_a_table_too_long_for_a_sheet_is_refused() -> None:
    table = pd.DataFrame({"n": range(1_048_576)})
    with pytest.raises(ValueError, match="a sheet holds 1048575"):
        write_workbook({"readings": table}, "Nation")


def test_an_industrys_workbook_holds_its_own_companies_only() -> None:
    look = Look(small_national())
    unit = look.units["industry", "banks"]
    path, made = Books(look).unit(unit)
    assert path == "downloads/industries/banks.xlsx"
    book = load_workbook(io.BytesIO(made))
    names = {str(row[2].value) for row in book["readings"].iter_rows(min_row=2)}
    assert names == {"banks", *(name for name in COMPANIES["banks"])} - {"Gnirtsevil Bank"}
    groups = {str(row[0].value) for row in book["impacts"].iter_rows(min_row=2)}
    assert groups < names
    assert book["differences"].max_row == 2


def test_pages_of_levels_are_in_their_own_folders() -> None:
    assert page_path("company", "x") != page_path("industry", "x")
