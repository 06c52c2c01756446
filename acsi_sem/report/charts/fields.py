"""Labelled points in a plane cut in four."""

from __future__ import annotations

from acsi_sem.report.content import ScatterChart
from acsi_sem.report.shapes import Drawing


def draw_scatter(chart: ScatterChart, width: float) -> Drawing:
    """Place a chart's shapes in `width` px."""
    del chart
    return Drawing(width, width / 2, ())
