"""Charts of the site: matplotlib for the nation and its parts, text for hundreds of companies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from acsi_sem.report.charts import NARROW, WIDE, lay_out
from acsi_sem.report.charts.small import paint
from acsi_sem.report.charts.trend import draw_trend
from acsi_sem.report.charts.trend_data import TrendSeries
from acsi_sem.report.content import Chart
from acsi_sem.report.figures import draw_svg
from acsi_sem.report.html import Pictures
from acsi_sem.report.shapes import Drawing

Painter = Callable[[Drawing, str, str, str], str]
SLOW: Final[Painter] = draw_svg
FAST: Final[Painter] = paint


def picture(chart: Chart, ident: str, title: str, description: str, painter: Painter) -> Pictures:
    """Draw a chart for a desk and for a phone."""
    return Pictures(
        painter(lay_out(chart, narrow=False), f"{ident}-w", title, description),
        painter(lay_out(chart, narrow=True), f"{ident}-n", title, description),
    )


def trend_picture(
    series: Sequence[TrendSeries], ident: str, title: str, description: str, painter: Painter
) -> Pictures:
    """Draw readings over time for a desk and for a phone."""
    return Pictures(
        painter(draw_trend(series, WIDE), f"{ident}-w", title, description),
        painter(draw_trend(series, NARROW), f"{ident}-n", title, description),
    )
