"""The national site in a real browser: quiet, narrow enough, searchable, printable."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from national_tables import LONG, WITHHELD, large_national, small_national

from acsi_sem.analysis.nation import National
from acsi_sem.report.national import national_pages
from acsi_sem.report.national.names import page_path

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PAGES = {
    "landing": "index.html",
    "industry": page_path("industry", "airlines"),
    "company": page_path("company", LONG),
    "withheld": page_path("company", WITHHELD),
}


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


def write(national: National, folder: Path) -> Path:
    """Write a site into a folder."""
    for path, content in national_pages(national).items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small nation's revised site, as files."""
    return write(small_national(2), tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of thirty companies, as files."""
    return write(large_national(30, 4), tmp_path_factory.mktemp("crowd"))


def visit(browser: Browser, path: Path, width: int) -> Page:
    """Open a page in a window of `width` px, everything unfolded."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_no_complaint_and_no_request(browser: Browser, site: Path, name: str) -> None:
    page = browser.new_page()
    told: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("dialog", lambda dialog: told.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    address = (site / PAGES[name]).as_uri()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert told == []
    assert [url for url in asked if not url.startswith("data:")] == [address]
    page.close()


@pytest.mark.parametrize("width", [320, 375, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_overflows(browser: Browser, site: Path, name: str, width: int) -> None:
    page = visit(browser, site / PAGES[name], width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
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


def test_one_clicks_from_the_nation_to_a_company_and_back(browser: Browser, site: Path) -> None:
    page = visit(browser, site / "index.html", 1280)
    page.locator("#parts-table a").first.click()
    page.locator("#league-table a", has_text="Airlines").click()
    page.locator("#league-table a", has_text="Blue Air").click()
    assert page.locator("h1").inner_text() == "Blue Air"
    page.locator(".crumbs a").first.click()
    assert page.locator("h1").inner_text() == "Customer satisfaction in the Republic"
    page.close()


def test_companies_can_be_searched_by_name_and_industry(browser: Browser, crowd: Path) -> None:
    page = visit(browser, crowd / "index.html", 1280)
    rows = page.locator("#all-company tbody tr:visible th")
    assert rows.count() == 30
    page.locator("#all-company-filter").fill("company 17")
    assert rows.all_inner_texts() == ["Company 17"]
    page.locator("#all-company-filter").fill("industry 3")
    assert rows.count() == 7
    page.close()


def test_it_reads_without_script(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    assert page.locator(".banner").is_visible()
    assert page.locator("#all-company").is_visible()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_it_prints(browser: Browser, site: Path, name: str) -> None:
    page = visit(browser, site / PAGES[name], 1280)
    assert page.pdf(prefer_css_page_size=True, print_background=True).startswith(b"%PDF-")
    page.emulate_media(media="print")
    assert not page.locator(".contents.desk").is_visible()
    # nothing of a long list is scrolled out of sight on paper
    hidden = "e => [...e].filter(x => x.scrollHeight > x.clientHeight + 1).length"
    assert page.locator(".scroll").evaluate_all(hidden) == 0
    page.close()
