"""Whole reports: structure, honesty about what is unknown, hostile names, sameness, size."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest
from report_cases import (
    HOSTILE,
    RECORD,
    crowded_fit,
    named_fit,
    ordinal_fit,
    other_fit,
    pooled_fit,
    small_fit,
    structural_fit,
    study,
)

from acsi_sem.analysis.values import Fit
from acsi_sem.report import build_report, render_html
from acsi_sem.report.content import Bullets, Figure, Headline, ReportData, Suggestions, Table
from acsi_sem.report.facts import gather
from acsi_sem.report.sections.drivers import drivers
from acsi_sem.terms import ALL, Notice


class Page(HTMLParser):
    """What a page holds: tags with attributes, text outside style and script, text by tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._inside):
            self.text.append(data)

    def ids(self) -> list[str]:
        """Return every id."""
        return [str(attrs["id"]) for _, attrs in self.tags if "id" in attrs]


@cache
def small_page() -> str:
    """The report on the small fit."""
    return render_html(build_report(small_fit(), study(), RECORD, period="2026 Q3"))


def blocks(report: ReportData, kind: type) -> list[object]:
    """Return every block of a kind at the top of a section."""
    return [b for section in report.sections for b in section.blocks if isinstance(b, kind)]


REPORTS = pytest.mark.parametrize(
    "made", [small_fit, pooled_fit, other_fit, structural_fit, ordinal_fit]
)


@REPORTS
def test_structure(made: object) -> None:
    assert callable(made)
    page = Page(render_html(build_report(made())))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert [name for name, times in Counter(page.ids()).items() if times > 1] == []
    known = set(page.ids())
    for _, attrs in page.tags:
        for name in (attrs.get("aria-labelledby") or "").split():
            assert name in known
        address = attrs.get("href") or ""
        assert not address.startswith("#") or address[1:] in known
    assert next(attrs for tag, attrs in page.tags if tag == "html")["lang"] == "en"


def test_every_chart_has_its_table_and_every_table_a_caption() -> None:
    html = small_page()
    for figure in re.findall(r"<figure.*?</figure>(.*?)<table", html, re.DOTALL):
        assert "<figure" not in figure
    assert html.count("<figure") > 8
    assert html.count("<table") == html.count("<caption")
    assert html.count('role="img"') == 2 * html.count("<figure")
    heads = re.findall(r"<th\b[^>]*>", html)
    assert all('scope="' in head for head in heads)


def test_nothing_is_fetched_and_only_the_own_script_runs() -> None:
    html = small_page()
    page = Page(html)
    assert html.count("<script") == 1
    assert "default-src 'none'" in html
    for tag, attrs in page.tags:
        assert tag not in {"iframe", "img", "object", "embed", "base", "form"}
        assert "src" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        address = attrs.get("href") or ""
        assert not address.startswith(("http", "//", "/")), address
    assert "url(" not in html
    assert "@import" not in html


def visible(html: str) -> str:
    """Return what a reader sees or hears."""
    spoken = re.findall(r'(?:title|aria-label)="([^"]*)"', html)
    return " ".join([*Page(html).text, *spoken])


@REPORTS
def test_unknown_numbers_never_show_as_such(made: object) -> None:
    assert callable(made)
    html = render_html(build_report(made()))
    assert not re.search(r"\b(nan|inf|None|NaN)\b", visible(html))
    assert not re.search(r'data-s="(nan|inf|-inf)"', html)


def test_withheld_cells_say_why() -> None:
    text = visible(small_page())
    assert "withheld: fewer than 50 respondents" in text
    assert "this engine gives no index" in text


def test_without_an_index_the_report_says_so_and_goes_on() -> None:
    report = build_report(ordinal_fit())
    assert report.headline is not None
    assert report.headline.value == ""
    assert "none of the engines asked for gives an index" in report.headline.sentence
    assert "groups" not in [section.ident for section in report.sections]
    html = render_html(report)
    assert "n = 0" not in visible(html)
    assert 'class="number"' not in html


def test_missing_replicates_are_told_not_hidden() -> None:
    report = build_report(pooled_fit())
    assert report.headline is not None
    assert report.headline.interval == "no interval: no bootstrap was asked for"
    text = visible(render_html(report))
    assert "No bootstrap was asked for" in text
    assert "interval excludes 0" not in text


def test_same_inputs_same_bytes() -> None:
    again = render_html(build_report(small_fit(), study(), RECORD, period="2026 Q3"))
    assert again == small_page()
    # repr, because an unknown number (NaN) does not equal itself.
    assert repr(build_report(small_fit())) == repr(build_report(small_fit()))


def test_study_period_and_provenance_are_shown() -> None:
    text = visible(small_page())
    for told in ("A study", "2026 Q3", "ab" * 32, "3.11.2", "acsi-sem report study.yaml --seed 7"):
        assert told in text


def test_without_a_study_the_model_gives_the_title() -> None:
    report = build_report(small_fit())
    assert report.title == "acsi"
    assert "made in memory" in report.subtitle


def test_numbers_are_those_of_the_tables() -> None:
    fit = small_fit()
    report = build_report(fit)
    own = fit.indices.query("group == 'all' and engine == 'pls' and construct == 'satisfaction'")
    row = own.iloc[0]
    expected = Headline(
        "Satisfaction",
        f"{row['index']:.1f}",
        f"95\u00a0% interval {row['conf_low']:.1f} to {row['conf_high']:.1f}",
        f"On a scale from 0 to 100, from {row['n']:,} rows with an answer, in 2 groups taken "
        "together.",
    )
    assert report.headline == expected
    figure = blocks(report, Figure)[0]
    assert isinstance(figure, Figure)
    assert [cells[0].text for cells in figure.table.rows][-1] == "All rows"
    shown = {cells[0].text: cells[2].text for cells in figure.table.rows}
    table = fit.indices.query("engine == 'pls' and construct == 'satisfaction'")
    for group, index in zip(table["group"], table["index"], strict=True):
        assert shown["All rows" if group == ALL else group] == f"{index:.1f}"


def shifted(fit: Fit, column: str, value: float, **where: str) -> Fit:
    """Return the fit with one column of its impacts changed where the keys match."""
    impacts = fit.impacts.copy()
    rows = np.logical_and.reduce([impacts[key] == wanted for key, wanted in where.items()])
    assert rows.any()
    impacts.loc[rows, column] = value
    return replace(fit, impacts=impacts)


def test_an_unclear_impact_gives_no_suggestion() -> None:
    path = {
        "group": ALL,
        "engine": "pls",
        "source": "perceived_quality",
        "target": "satisfaction",
        "effect": "impact_5",
    }
    sure = {d.name: d.verdict for d in drivers(gather(small_fit(), None), ALL)}
    assert sure["perceived_quality"] == "first"
    unsure = gather(shifted(small_fit(), "conf_low", -1.0, **path), None)
    assert {d.name: d.verdict for d in drivers(unsure, ALL)}["perceived_quality"] == "none"
    report = build_report(shifted(small_fit(), "conf_low", -1.0, **path))
    block = blocks(report, Suggestions)[0]
    assert isinstance(block, Suggestions)
    last = block.items[-1]
    assert last.verdict == "No suggestion"
    assert "does not exclude 0" in last.text


def test_overlapping_groups_are_not_called_different() -> None:
    fit = small_fit()
    indices = fit.indices.copy()
    rows = indices["group"].isin(["group 1", "group 2"])
    indices.loc[rows, ["conf_low", "conf_high"]] = [60.0, 90.0]
    overlap = build_report(replace(fit, indices=indices))
    assert any("overlap, so these are not called different" in f for f in overlap.findings)
    indices.loc[indices["group"] == "group 1", ["index", "conf_low", "conf_high"]] = [50, 49, 51]
    apart = build_report(replace(fit, indices=indices))
    assert any("No interval overlaps" in f for f in apart.findings)


def test_every_notice_is_there_counted_by_kind() -> None:
    notices = tuple(
        Notice("unexpected_sign", f"Path {i} is negative.", "group 1", "pls") for i in range(9)
    )
    report = build_report(replace(small_fit(), notices=(*notices, Notice("guess", "GB18030."))))
    text = visible(render_html(report))
    assert "10 warnings of 2 kinds" in text
    assert "Unexpected sign (9)" in text
    assert all(f"Path {i} is negative." in text for i in range(9))
    assert "GB18030." in text


def test_no_notice_is_said_too() -> None:
    report = build_report(replace(small_fit(), notices=()))
    assert "Nothing had to be warned of." in visible(render_html(report))


def test_hostile_names_stay_text() -> None:
    html = render_html(build_report(named_fit(HOSTILE), study(HOSTILE), RECORD))
    assert html.count("<script") == 1
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; $x^2$" in html
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", html)
    assert Counter(Page(html).ids()).most_common(1)[0][1] == 1


def test_many_groups_stay_one_page() -> None:
    report = build_report(crowded_fit(40))
    html = render_html(report)
    assert len(html) < 1_500_000
    league = next(f for f in blocks(report, Figure) if isinstance(f, Figure))
    assert len(league.table.rows) == 41
    assert "the 2 highest and the 2 lowest are shown in detail here" in visible(html)


def test_hundreds_of_groups_draw_the_ends_and_list_all() -> None:
    fit = crowded_fit(60)
    report = build_report(fit)
    league = next(f for f in blocks(report, Figure) if isinstance(f, Figure))
    assert "15 highest and the 15 lowest are drawn" in league.reading
    assert len(league.table.rows) == 61


def test_data_chapter_names_the_files_beside_the_report() -> None:
    assert 'href="estimates.csv"' in small_page()
    assert 'href="manifest.json"' in small_page()
    without = render_html(build_report(small_fit(), files=()))
    assert "estimates.csv" not in re.findall(r'href="([^"]+)"', without)


def test_groups_go_by_their_keys_even_where_labels_look_like_other_keys() -> None:
    fit = small_fit()
    groups = fit.survey.groups
    assert groups is not None
    crossed = replace(groups, categories=tuple(reversed(groups.keys)))
    report = build_report(replace(fit, survey=replace(fit.survey, groups=crossed)))
    sample = next(section for section in report.sections if section.ident == "sample")
    table = next(block for block in sample.blocks if isinstance(block, Table))
    rows = {cells[0].text: cells[1].text for cells in table.rows}
    # The first group has 150 rows and now bears the second one's key as its label.
    assert rows == {"group 2": "150", "group 1": "180", "All rows": "330"}


def test_report_is_a_value() -> None:
    report = build_report(small_fit())
    with pytest.raises(AttributeError):
        report.title = "other"  # type: ignore[misc]
    assert any(isinstance(block, Table) for s in report.sections for block in s.blocks)
    assert any(isinstance(block, Bullets) for s in report.sections for block in s.blocks)


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2 for #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["ink", "muted", "blue", "deep", "orange", "green"])
@pytest.mark.parametrize("ground", ["#ffffff", "#f3f6f9"])
def test_text_colours_reach_contrast_aa(name: str, ground: str) -> None:
    found = re.search(rf"--{name}: (#[0-9a-f]{{6}})", small_page())
    assert found
    light, dark = luminance(ground), luminance(found[1])
    # WCAG 2.2, 1.4.3: 4.5 for text of normal size.
    assert (light + 0.05) / (dark + 0.05) >= 4.5
