"""From a chart's content to a drawing, once for a desk and once for a phone."""

from __future__ import annotations

from typing import Final

from acsi_sem.report.charts.curves import draw_curves
from acsi_sem.report.charts.diagram import draw_paths
from acsi_sem.report.charts.engines import draw_engines
from acsi_sem.report.charts.fields import draw_scatter
from acsi_sem.report.charts.heat import draw_heat
from acsi_sem.report.charts.intervals import draw_intervals
from acsi_sem.report.charts.ipma import draw_map
from acsi_sem.report.charts.scatter import draw_drivers
from acsi_sem.report.charts.stacks import draw_stack
from acsi_sem.report.content import (
    Chart,
    CurveChart,
    DriverChart,
    EngineChart,
    HeatChart,
    IntervalChart,
    MapChart,
    PathChart,
    ScatterChart,
    StackChart,
)
from acsi_sem.report.shapes import Drawing

WIDE: Final = 820.0
NARROW: Final = 340.0


def lay_out(chart: Chart, *, narrow: bool) -> Drawing:
    """Place a chart's shapes: for a desk and paper, or for a phone held upright."""
    match chart:
        case IntervalChart():
            return draw_intervals(chart, NARROW if narrow else WIDE)
        case PathChart():
            return draw_paths(chart, narrow=narrow)
        case DriverChart():
            return draw_drivers(chart, NARROW if narrow else WIDE)
        case MapChart():
            return draw_map(chart, NARROW if narrow else WIDE)
        case EngineChart():
            return draw_engines(chart, NARROW if narrow else WIDE)
        case ScatterChart():
            return draw_scatter(chart, NARROW if narrow else WIDE)
        case StackChart():
            return draw_stack(chart, NARROW if narrow else WIDE)
        case CurveChart():
            return draw_curves(chart, NARROW if narrow else WIDE)
        case HeatChart():
            return draw_heat(chart, NARROW if narrow else WIDE)
