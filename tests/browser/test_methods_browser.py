"""The report of every method in a real browser: quiet, narrow enough, legible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from methods_study import report, write_study
from test_report_browser import FLAGS, find_chromium, visit

from acsi_sem.spec.load_study import load_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
NOISE = 1.5
"""Pixels that fonts differ by from one system to the next."""


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
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, its survey and its report."""
    place = tmp_path_factory.mktemp("methods")
    report(write_study(place), place / "out")
    return place


@pytest.fixture
def page(browser: Browser, folder: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The report in a window of the width that the test asks for, everything unfolded."""
    opened = visit(browser, folder / "out" / "report.html", request.param)
    opened.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    yield opened
    opened.close()


def test_no_complaint_and_no_request(browser: Browser, folder: Path) -> None:
    file = folder / "out" / "report.html"
    page = browser.new_page()
    told: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    assert told == []
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    page.close()


@pytest.mark.parametrize("page", [320, 375, 768, 1280], indirect=True)
def test_nothing_overflows(page: Page) -> None:
    width = page.evaluate("window.innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("page", [375, 1280], indirect=True)
def test_every_chapter_shows_its_findings(page: Page, folder: Path) -> None:
    for method in load_study(folder / "study.yaml").methods:
        chapter = page.locator(f"#method-{method.name.replace('_', '-')}")
        assert method.title is not None
        assert chapter.locator("h2").inner_text() == method.title.get("en")
        assert chapter.locator(".picture svg:visible").count() >= 1, method.name
        assert chapter.locator("table:visible tbody tr").count() >= 1, method.name


@pytest.mark.parametrize("page", [375, 1280], indirect=True)
def test_chart_texts_stay_inside_and_apart(page: Page) -> None:
    """The browser's own fonts fit where the estimate of widths put them."""
    wrong = page.evaluate(
        """noise => [...document.querySelectorAll('[id^=method-] .picture svg')].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            const texts = [...svg.querySelectorAll('text')]
                .map(text => ({box: text.getBoundingClientRect(), told: text.textContent}))
                .filter(text => text.box.width);
            const chapter = svg.closest('section').id;
            const out = texts.filter(text => text.box.left < frame.left - noise ||
                text.box.right > frame.right + noise).map(text => [chapter, text.told, 'outside']);
            const pairs = texts.flatMap((one, i) => texts.slice(i + 1).filter(other =>
                Math.min(one.box.right, other.box.right) -
                    Math.max(one.box.left, other.box.left) > noise &&
                Math.min(one.box.bottom, other.box.bottom) -
                    Math.max(one.box.top, other.box.top) > 3 * noise
            ).map(other => [chapter, one.told, other.told]));
            return [...out, ...pairs];
        })""",
        NOISE,
    )
    assert wrong == []
