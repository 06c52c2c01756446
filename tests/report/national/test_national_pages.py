"""The national site: whole, linked, honest about what is unknown, unmoved by hostile names."""

from __future__ import annotations

import base64
import hashlib
import itertools
import posixpath
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from urllib.parse import unquote

import pytest
from national_tables import (
    COMPANIES,
    CRASHED,
    LOST,
    SCRIPT,
    SECTORS,
    SMALL,
    WITHHELD,
    make_national,
    make_world,
    small_national,
)
from site_pages import Page, rows, visible

from acsi_sem.report.national import national_pages
from acsi_sem.report.national.names import page_path


@cache
def site(revision: int = 1) -> Mapping[str, bytes]:
    """The small nation's site."""
    return national_pages(small_national(revision))


def html(path: str, revision: int = 1) -> str:
    """Return a page's text."""
    return site(revision)[path].decode()


def company(name: str) -> str:
    """Return a company's page."""
    return html(page_path("company", name))


LEVELS = {
    "company": tuple(itertools.chain(*COMPANIES.values())),
    "industry": tuple(COMPANIES),
    "sector": tuple(SECTORS),
}
PAGES = ["index.html", *(page_path(level, name) for level in LEVELS for name in LEVELS[level])]


def test_every_unit_has_its_page_and_every_industry_its_workbook() -> None:
    books = {f"downloads/industries/{name}.xlsx" for name in COMPANIES}
    assert set(site()) == {*PAGES, *books, "downloads/national.xlsx"}


def test_paths_stay_inside_the_site() -> None:
    for path in site():
        assert re.fullmatch(r"[a-z0-9-]+(/[a-z0-9-]+)*\.(html|xlsx)", path), path


@pytest.mark.parametrize("path", PAGES)
def test_links_lead_somewhere(path: str) -> None:
    page = Page(html(path))
    known = set(page.ids())
    for tag, attrs in page.tags:
        address = attrs.get("href") or ""
        if not address or address.startswith("data:"):
            continue
        if address.startswith("#"):
            assert address[1:] in known
            continue
        assert tag == "a"
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(address)))
        table = re.fullmatch(r"\.\./tables/(\w+)\.csv", target)
        assert target in site() or (table and table[1] in small_national().tables), address


@pytest.mark.parametrize("path", PAGES)
def test_structure(path: str) -> None:
    text = html(path)
    page = Page(text)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert [name for name, times in Counter(page.ids()).items() if times > 1] == []
    known = set(page.ids())
    for _, attrs in page.tags:
        assert all(name in known for name in (attrs.get("aria-labelledby") or "").split())
    assert text.count("<table") == text.count("<caption")
    assert text.count('role="img"') == 2 * text.count("<figure")
    assert all('scope="' in head for head in re.findall(r"<th\b[^>]*>", text))
    for figure in re.findall(r"<figure.*?</figure>(.*?)<table", text, re.DOTALL):
        assert "<figure" not in figure


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_fetched_and_only_the_own_script_runs(path: str) -> None:
    text = html(path)
    page = Page(text)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert script is not None
    assert text.count("<script") == 1
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert "default-src 'none'" in text
    for tag, attrs in page.tags:
        assert tag not in {"iframe", "img", "object", "embed", "base", "form"}
        assert "src" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        assert not (attrs.get("href") or "").startswith(("http", "//", "/", "javascript:"))
    assert "\u202e" not in text


@pytest.mark.parametrize("path", PAGES)
def test_unknown_numbers_never_show_as_such(path: str) -> None:
    text = html(path)
    assert not re.search(r"\b(nan|inf|None|NaN)\b", visible(text))
    assert not re.search(r'data-s="(nan|inf|-inf)"', text)


def test_the_breadcrumb_leads_up() -> None:
    crumbs = re.search(r'<nav class="crumbs".*?</nav>', company("Blue Air"), re.DOTALL)
    assert crumbs is not None
    links = re.findall(r'href="([^"]+)"', crumbs[0])
    assert links == ["../index.html", "../sectors/services.html", "../industries/airlines.html"]
    assert 'aria-current="page"><bdi>Blue Air' in crumbs[0]


@pytest.mark.parametrize(("name", "reason"), [(LOST, CRASHED), (WITHHELD, SMALL)])
def test_a_unit_without_an_index_has_a_page_that_says_why(name: str, reason: str) -> None:
    text = company(name)
    assert f"No index is shown. {reason[0].upper()}{reason[1:]}." in visible(text)
    assert 'class="number"' not in text
    assert "<svg" not in text
    assert "<table" not in text
    for path in ("index.html", page_path("industry", "banks" if name == LOST else "phones")):
        listed = re.search(r'id="withheld".*?</section>', html(path), re.DOTALL)
        assert listed is not None
        assert reason in listed[0]


def test_hidden_numbers_of_a_withheld_unit_are_not_printed_even_if_a_table_has_them() -> None:
    national = small_national()
    impacts = national.tables["impacts"].copy()
    impacts.loc[impacts["group"] == "Blue Air", "group"] = WITHHELD
    items = national.tables["items"].copy()
    items.loc[items["group"] == "Blue Air", "group"] = WITHHELD
    tables = {**national.tables, "impacts": impacts, "items": items}
    text = national_pages(replace(national, tables=tables))[page_path("company", WITHHELD)]
    assert b"<table" not in text


def test_the_landing_page_leads_with_the_published_index() -> None:
    text = html("index.html")
    published = small_national().tables["national"].iloc[0]["published"]
    assert f'<p class="number">{published:.1f}</p>' in text
    assert "every reading of the last 4 quarters" in text
    findings = re.search(r'<ul class="findings">.*?</ul>', text, re.DOTALL)
    assert findings is not None
    assert "= No clear change on last year" in findings[0]
    assert "2 companies have no index here" in findings[0]


def test_a_change_is_told_in_words_and_by_a_sign() -> None:
    told = visible(company("Blue Air"))
    assert "▼ Down 2.8 on last year (2025Q3: 70.7" in told
    assert "significant at 95 %" in told
    cell = re.search(r"<td[^>]*>−2\.8 .*?</td>", html("industries/airlines.html"))
    assert cell is not None
    assert '<span aria-hidden="true">▼</span>' in cell[0]
    assert '<span class="spoken">, significant at 95 %</span>' in cell[0]


def test_the_league_is_ranked_and_the_residual_stands_apart() -> None:
    made = rows(html("industries/airlines.html"), "league-table")
    assert [row[1] for row in made[:3]] == ["1", "2", "3"]
    values = [int(row[2]) for row in made[:3]]
    assert values == sorted(values, reverse=True)
    assert made[3][0] == "airline-others"
    assert made[3][1].startswith("—")
    assert made[3][8] == "not ranked: it stands for many"
    # higher than the last that is ranked, and yet behind it
    assert int(made[3][2]) > values[-1]


def test_contributions_and_the_rest_make_up_the_nations_change() -> None:
    world = make_world(COMPANIES, SECTORS)
    national = make_national(world)
    shares = national.tables["shares"].copy()
    top = shares["level"] == "sector"
    shares.loc[top, "share"] = [0.8, 0.2]
    made = national_pages(replace(national, tables={**national.tables, "shares": shares}))
    table = rows(made["index.html"].decode(), "adds-last_year")
    parts = [float(row[3].replace("−", "-")) for row in table]
    changes = national.tables["changes"]
    kept = changes[(changes["form"] == "") & (changes["versus"] == "last_year")]
    moved = dict(zip(kept["unit"].tolist(), kept["change"].tolist(), strict=True))
    expected = [0.8 * moved["services"], 0.2 * moved["finance"]]
    assert parts[:2] == pytest.approx(expected, abs=0.005)  # two decimals are shown
    assert parts[3] == pytest.approx(moved["nation"], abs=0.005)
    assert sum(parts[:3]) == pytest.approx(parts[3], abs=0.02)  # four rounded numbers


def test_only_a_revision_has_a_banner() -> None:
    assert 'class="banner"' not in html("index.html")
    text = html("index.html", 2)
    assert "Revision 2 of 2026Q3 replaces what was published before." in text
    assert "late interviews &lt;script&gt;" in text
    assert rows(text, "revised")[0][4:] == ["70.00", "70.40", "+0.40"]


def test_equal_periods_give_equal_bytes() -> None:
    again = national_pages(make_national(make_world(COMPANIES, SECTORS)))
    assert again == site()
    assert list(again) == list(site())


def test_progress_counts_every_file() -> None:
    told: list[tuple[int, int]] = []
    made = national_pages(small_national(), lambda done, total: told.append((done, total)))
    assert told == [(i + 1, len(made)) for i in range(len(made))]


def test_titles_used_twice_are_told_apart() -> None:
    national = small_national()
    units = tuple(
        replace(unit, title="Same") if unit.name in ("Blue Air", SCRIPT) else unit
        for unit in national.hierarchy.units
    )
    hierarchy = replace(national.hierarchy, units=units)
    made = national_pages(replace(national, hierarchy=hierarchy))
    names = [row[0] for row in rows(made["index.html"].decode(), "all-company")]
    assert "Same (Blue Air)" in names
    assert names.count("Same") == 0


def test_a_unit_that_was_not_measured_says_so() -> None:
    national = small_national()
    readings = national.tables["readings"]
    kept = readings[readings["unit"] != "Blue Air"]
    made = national_pages(replace(national, tables={**national.tables, "readings": kept}))
    text = made[page_path("company", "Blue Air")].decode()
    assert "No index is shown. Not measured in this period." in visible(text)
    # what was measured before is still shown
    assert "<svg" in text
