"""The report in a real browser: quiet, narrow enough, sortable, printable."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from report_cases import RECORD, crowded_fit, small_fit, study, suite_fit

from acsi_sem.report import build_report, render_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def find_chromium() -> str:
    """Return the system's Chromium; without one skip, or fail where CI promises it."""
    found = next((path for name in NAMES if (path := shutil.which(name))), "")
    if not found and os.environ.get("CI") == "true":
        pytest.fail("CI=true but no Chromium is installed")
    if not found:
        pytest.skip("no Chromium on this machine")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the module."""
    path = find_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on two groups, as a file."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render_html(build_report(small_fit(), study(), RECORD)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report with prediction, comparison, raked weights and the map of indicators."""
    path = tmp_path_factory.mktemp("suite") / "report.html"
    path.write_text(render_html(build_report(suite_fit(), study(), RECORD)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on forty groups, as a file."""
    path = tmp_path_factory.mktemp("crowded") / "report.html"
    path.write_text(render_html(build_report(crowded_fit(40))), encoding="utf-8")
    return path


def visit(browser: Browser, path: Path, width: int) -> Page:
    """Open a report in a window of `width` px."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(path.as_uri())
    return page


def test_no_complaint_and_no_request(browser: Browser, report: Path) -> None:
    page = browser.new_page()
    told: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_load_state("networkidle")
    assert told == []
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    page.close()


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
@pytest.mark.parametrize("made", ["report", "suite"])
def test_nothing_overflows(
    browser: Browser, request: pytest.FixtureRequest, made: str, width: int
) -> None:
    page = visit(browser, request.getfixturevalue(made), width)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("made", ["report", "suite"])
def test_chart_texts_stay_inside_their_pictures(
    browser: Browser, request: pytest.FixtureRequest, made: str, width: int
) -> None:
    """The browser's own fonts fit where the estimate of widths put them."""
    page = visit(browser, request.getfixturevalue(made), width)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    clipped = page.evaluate(
        """() => [...document.querySelectorAll('.picture svg')].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1);
            }).map(text => text.textContent);
        })"""
    )
    assert clipped == []
    page.close()


def test_one_picture_per_figure_shows(browser: Browser, report: Path) -> None:
    for width, wanted in ((375, "narrow"), (1280, "wide")):
        page = visit(browser, report, width)
        for name in ("narrow", "wide"):
            assert page.locator(f"#league .picture.{name}").is_visible() == (name == wanted)
        page.close()


def first_column(page: Page, table: str) -> list[str]:
    """Return the visible row heads of a table."""
    rows: list[str] = page.locator(f"#{table} tbody tr:visible th").all_inner_texts()
    return rows


def test_a_column_sorts_both_ways_with_unknowns_last(browser: Browser, crowded: Path) -> None:
    page = visit(browser, crowded, 1280)
    button = page.locator("#league-table thead button").nth(1)
    button.click()
    up = first_column(page, "league-table")
    button.click()
    down = first_column(page, "league-table")
    assert len(up) == 41
    # The pooled fit has no rank: it stays last either way.
    assert up[-1] == down[-1] == "All rows"
    assert up[:-1] == down[-2::-1]
    assert page.locator("#league-table thead th").nth(1).get_attribute("aria-sort") == "descending"
    page.close()


def test_a_long_table_can_be_searched(browser: Browser, crowded: Path) -> None:
    page = visit(browser, crowded, 1280)
    page.locator("#league-table-filter").fill("group 17")
    assert first_column(page, "league-table") == ["group 17"]
    page.close()


def test_it_reads_without_script(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("h1").inner_text() == "A study"
    assert page.locator("#league-table").is_visible()
    page.locator("summary", has_text="Path diagram: group 1").click()
    assert page.locator("#paths-1").is_visible()
    context.close()


def test_it_prints_with_everything_open(browser: Browser, report: Path) -> None:
    page = visit(browser, report, 1280)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not(.contents):not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not(.contents)[open]").count() == 0
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.startswith(b"%PDF-")
    page.emulate_media(media="print")
    assert not page.locator(".contents.desk").is_visible()
    page.close()
