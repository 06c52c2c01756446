"""A square of numbers."""

from __future__ import annotations

from acsi_sem.report.content import HeatChart
from acsi_sem.report.shapes import Drawing


def draw_heat(chart: HeatChart, width: float) -> Drawing:
    """Place a chart's shapes in `width` px."""
    del chart
    return Drawing(width, width / 2, ())
