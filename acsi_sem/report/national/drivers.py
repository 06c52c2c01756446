"""What leads to the index: gains from five points, of one unit or the middle one of many."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import IntervalChart, IntervalRow, Prose, Table
from acsi_sem.report.facts import NOTHING, Estimate
from acsi_sem.report.national.content import Drawn, Part
from acsi_sem.report.national.look import Look, limited
from acsi_sem.report.national.pictures import Painter, picture
from acsi_sem.spec.graph import ancestors
from acsi_sem.spec.hierarchy import Unit

CAUTION: Final = (
    "An impact is an association in the model, not proof of cause: how the index differs between "
    "customers who differ by five points on the driver."
)
EFFECT: Final = "impact_5"


def impacts(look: Look, unit: Unit) -> dict[str, Estimate]:
    """Return the gain in the index from five points more of each driver, the largest first."""
    found = {
        row["source"]: limited(row, "estimate")
        for row in look.by_unit("impacts").get(unit.name, ())
        if row["engine"] == look.engine and row["target"] == look.target and row["effect"] == EFFECT
    }
    order = [name for name in ancestors(look.national.model, look.target) if name in found]
    known = {name: found[name] for name in order}
    return dict(sorted(known.items(), key=lambda pair: _largest_first(pair[1])))


def _largest_first(value: Estimate) -> float:
    return -value.value if value.known else float("inf")


def own(look: Look, unit: Unit, ident: str, painter: Painter) -> tuple[Part, ...]:
    """Draw the drivers of a fitted unit, with scores in the table."""
    found = impacts(look, unit)
    if not any(value.known for value in found.values()):
        return ()
    rows = tuple(_bar(look.construct(name), value) for name, value in found.items())
    first = next(iter(found))
    title = f"Most leads to it: {words.in_sentence(look.construct(first))}"
    label = words.in_sentence(look.construct(look.target))
    chart = IntervalChart(
        rows, f"Gain in {label} from 5 points more", (0.0, "no gain"), (-25.0, 25.0), 1
    )
    said = " ".join(f"{row.label}: {row.text}." for row in rows)
    drawn = Drawn(
        ident,
        title,
        picture(chart, ident, title, f"Dot chart of impacts. {said}", painter),
        f"Dot: gain in index points. Line: {look.level} interval; one that crosses 0 shows no "
        "clear gain.",
        _table(look, unit, found, f"{ident}-table"),
        open_table=True,
    )
    return drawn, Prose((CAUTION,), "note")


def _bar(label: str, value: Estimate) -> IntervalRow:
    told = cells.brief(value) if value.known else cells.withheld(value)
    return IntervalRow(label, value.value, value.low, value.high, told)


def _table(look: Look, unit: Unit, found: dict[str, Estimate], ident: str) -> Table:
    columns = cells.columns(
        "Driver", ">Gain from 5 points", f">{look.level} interval", ">Its own index", ">Interval"
    )
    rows = tuple(
        (
            cells.text(look.construct(name)),
            cells.estimate(value),
            cells.interval(value),
            cells.estimate(look.reading(unit, name).estimate),
            cells.interval(look.reading(unit, name).estimate),
        )
        for name, value in found.items()
    )
    label = words.in_sentence(look.construct(look.target))
    return Table(ident, f"Drivers of {label}", columns, rows)


def middle(look: Look, units: Sequence[Unit], ident: str) -> tuple[Part, ...]:
    """Tabulate the median of companies' impacts, and between which values half of them lie."""
    found = [(unit, impacts(look, unit)) for unit in units if not unit.residual]
    names = [n for n in look.national.model.construct_names if any(n in own for _, own in found)]
    made = [(name, _known(found, name)) for name in names]
    kept = [(name, values) for name, values in made if values]
    if not kept:
        return ()
    kept.sort(key=lambda pair: -median(pair[1]))
    columns = cells.columns(
        "Driver",
        ">Median gain|gain in the index from five points more, of the middle company",
        ">Least",
        ">Most",
        f">Clearly above 0|companies whose {look.level} interval lies above 0",
        ">Companies",
    )
    rows = tuple(
        (
            cells.text(look.construct(name)),
            cells.number(median(values)),
            cells.number(min(values)),
            cells.number(max(values)),
            cells.whole(sum(own.get(name, NOTHING).low > 0 for _, own in found)),
            cells.whole(len(values)),
        )
        for name, values in kept
    )
    label = words.in_sentence(look.construct(look.target))
    caption = f"Gain in {label} from 5 points more, over companies"
    return Table(ident, caption, columns, rows), Prose((CAUTION,), "note")


def _known(found: Sequence[tuple[Unit, dict[str, Estimate]]], name: str) -> list[float]:
    return [own[name].value for _, own in found if name in own and own[name].known]
