"""Every page and workbook of a nation's period, as bytes by path."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING

from acsi_sem.analysis.nation import National
from acsi_sem.report.html import Pictures
from acsi_sem.report.national.books import Books, units_with_books
from acsi_sem.report.national.companies import company_page
from acsi_sem.report.national.content import Drawn, Page
from acsi_sem.report.national.landing import landing_page
from acsi_sem.report.national.look import Look
from acsi_sem.report.national.trends import gather
from acsi_sem.report.national.units import unit_page
from acsi_sem.spec.hierarchy import Unit

if TYPE_CHECKING:
    from jinja2 import Environment, Template

Progress = Callable[[int, int], None]


def national_pages(
    national: National,
    progress: Progress | None = None,
    *,
    tables: str = "../tables",
    portion: tuple[int, int] = (0, 1),
) -> dict[str, bytes]:
    """Write the national site: a landing page, a page per unit of every level, and workbooks.

    Parameters
    ----------
    national : National
        What is withheld is already blank in its tables.
    progress : callable, optional
        Called with how many files are done and how many there are.
    tables : str
        Folder of the run's CSV files, relative to the site's root.
    portion : (number, of)
        Write only every `of`-th file, from file `number` on: several workers share a site.

    Returns
    -------
    dict of path -> bytes
        Paths are relative to the site's root, with ``/``: ``index.html``,
        ``industries/airlines.html``, ``companies/…``, ``downloads/national.xlsx``. Pages fetch
        nothing and work without their script. Equal periods give equal bytes.
    """
    look = Look(national)
    writers = _writers(look, tables)[portion[0] :: portion[1]]
    made: dict[str, bytes] = {}
    for write in writers:
        path, content = write()
        made[path] = content
        if progress:
            progress(len(made), len(writers))
    return made


def _writers(look: Look, tables: str) -> list[Callable[[], tuple[str, bytes]]]:
    """Return what writes each file, in a fixed order."""
    histories, books = gather(look), Books(look)

    def page(write: Callable[[], Page]) -> tuple[str, bytes]:
        made = write()
        return made.path, render_page(made).encode()

    def of_unit(unit: Unit) -> Page:
        write = company_page if unit.level == look.lowest else unit_page
        return write(look, unit, histories, tables)

    units = list(reversed(look.national.hierarchy.units))
    return [
        partial(page, partial(landing_page, look, histories, tables)),
        *(partial(page, partial(of_unit, unit)) for unit in units),
        books.nation,
        *(partial(books.unit, unit) for unit in units_with_books(look)),
    ]


def render_page(page: Page) -> str:
    """Write one page as self-contained HTML.

    Parameters
    ----------
    page : Page
    """
    return _template().render(
        page=page,
        style=_style(),
        script=_part("report.js"),
        script_hash=_hash(_part("report.js")),
        draw=_drawn,
    )


def _drawn(figure: Drawn) -> Pictures:
    return figure.pictures


@cache
def _template() -> Template:
    return _environment().get_template("national.html")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("acsi_sem.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _style() -> str:
    return f"{_part('report.css')}\n{_part('national.css')}"


@cache
def _part(name: str) -> str:
    return (files("acsi_sem.report") / "templates" / name).read_text(encoding="utf-8").strip()


def _hash(script: str) -> str:
    """Return the source that lets this script, and no other, run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
