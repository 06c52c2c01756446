"""The doorway of jinja2: a report becomes one page that fetches nothing."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from acsi_sem.report.charts import lay_out
from acsi_sem.report.content import Block, Figure, ReportData
from acsi_sem.report.figures import draw_svg

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class Pictures:
    """A figure's two drawings as SVG elements."""

    wide: str
    narrow: str


def render_html(report: ReportData) -> str:
    """Write a report as one self-contained HTML page.

    Parameters
    ----------
    report : ReportData

    Returns
    -------
    str
        HTML with inline style, script and pictures; it loads nothing, works without its script,
        and is the same for equal reports.
    """
    page = _environment().get_template("report.html")
    script = _part("report.js")
    return page.render(
        report=report,
        style=_part("report.css"),
        script=script,
        script_hash=_hash(script),
        draw=draw_figure,
    )


def render_block(block: Block) -> str:
    """Write one block as an HTML fragment, without the page's style."""
    module: Any = _environment().get_template("blocks.html").make_module({"draw": draw_figure})
    return "\n".join(line for line in str(module.block(block)).splitlines() if line.strip())


def draw_figure(figure: Figure) -> Pictures:
    """Draw a figure for a desk and for a phone; ids start with the figure's."""
    made = [
        draw_svg(
            lay_out(figure.chart, narrow=narrow),
            f"{figure.ident}-{'n' if narrow else 'w'}",
            figure.title,
            figure.description,
        )
        for narrow in (False, True)
    ]
    return Pictures(*made)


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
def _part(name: str) -> str:
    return (files("acsi_sem.report") / "templates" / name).read_text(encoding="utf-8").strip()


def _hash(script: str) -> str:
    """Return the source that lets this script, and no other, run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
