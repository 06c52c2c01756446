"""The page of a comparison in a real browser: quiet, and narrow enough for a phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from compare_cases import KCSI, MODELS, compare, write_study
from report_cases import HOSTILE, RECORD
from test_report_browser import FLAGS, find_chromium

from acsi_sem.report.compare import build_comparison
from acsi_sem.report.html import render_html
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.model import Text

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
LONG = "A system of measurement with a very long name that says how it was made"
SYSTEMS = f"""\
systems:
  acsi: {{title: Own index, engine: ols}}
  pls: {{title: {LONG}, engine: pls}}
  plain: {{title: Unweighted, engine: pls, weights: none}}
  kcsi: {{title: Donaudampfschifffahrtsgesellschaftskundenzufriedenheit, \
model: {MODELS}/kcsi.yaml, {KCSI}}}
  rate: {{title: Rate, method: rate}}
"""


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
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five systems with long names on six companies."""
    study = write_study(tmp_path_factory.mktemp("study"), SYSTEMS)
    compared = compare(study).compared
    first = compared.measurements[0]
    named = replace(first.system, title=Text((("en", HOSTILE),)))
    measurements = (replace(first, system=named), *compared.measurements[1:])
    compared = replace(compared, measurements=measurements)
    made = build_comparison(compared, load_study(study), RECORD, ("systems.csv",))
    path = study.parent / "compare.html"
    path.write_text(render_html(made), encoding="utf-8")
    return path


def visit(browser: Browser, path: Path, width: int) -> Page:
    """Open the page in a window of `width` px, with everything unfolded."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    return page


def test_no_complaint_and_no_request(browser: Browser, page_file: Path) -> None:
    page = browser.new_page()
    told: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("dialog", lambda dialog: told.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    page.wait_for_load_state("networkidle")
    assert told == []
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    page.close()


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_nothing_overflows(browser: Browser, page_file: Path, width: int) -> None:
    page = visit(browser, page_file, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("width", [375, 1280])
def test_chart_texts_stay_inside_their_pictures(
    browser: Browser, page_file: Path, width: int
) -> None:
    page = visit(browser, page_file, width)
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


@pytest.mark.parametrize("width", [375, 1280])
def test_chart_texts_do_not_lie_on_each_other(
    browser: Browser, page_file: Path, width: int
) -> None:
    page = visit(browser, page_file, width)
    overlapping = page.evaluate(
        """() => [...document.querySelectorAll('.picture svg')].flatMap(svg => {
            const boxes = [...svg.querySelectorAll('text')]
                .map(text => [text.textContent, text.getBoundingClientRect()])
                .filter(([, box]) => box.width);
            return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(([, b]) =>
                Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
                Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4
            ).map(([other]) => [one, other]));
        })"""
    )
    assert overlapping == []
    page.close()
