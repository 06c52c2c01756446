"""One page per fitted unit: its index, beside its industry, over time, and what leads to it."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Cell, Headline, IntervalChart, IntervalRow, Table
from acsi_sem.report.national import details, drivers, record
from acsi_sem.report.national.content import Chapter, Crumb, Drawn, Page, Part
from acsi_sem.report.national.league import rank, ranked, standing
from acsi_sem.report.national.look import VERSUS, Look, Reading
from acsi_sem.report.national.names import ROOT, address
from acsi_sem.report.national.pictures import FAST, picture
from acsi_sem.report.national.trends import Histories, history
from acsi_sem.report.national.verdicts import brief, index_cell, link_cell, published, sentence
from acsi_sem.spec.hierarchy import NATION, Unit

RESIDUAL: Final = (
    "This unit stands for all others of its industry. It counts, but is neither ranked nor tested."
)
TOP: Final = Unit(NATION, NATION, "", "")


def crumbs(look: Look, unit: Unit, here: str) -> tuple[Crumb, ...]:
    """Return the way down from the nation."""
    line = look.line(unit)
    steps = [Crumb(look.name(u), address(here, look.path(u))) for u in line[:-1]]
    return (
        Crumb(look.titles[NATION, NATION], address(here, ROOT)),
        *steps,
        Crumb(look.name(unit)),
    )


def headline(look: Look, unit: Unit) -> Headline:
    """Set a unit's published index in large type, or say why there is none."""
    reading = look.reading(unit)
    label = f"{look.construct(look.target)}, {look.period}"
    if not reading.known:
        return Headline(label, "", "", why_none(reading))
    value = reading.estimate
    limits = words.limits(value.low, value.high)
    return Headline(
        label,
        published(reading, unit.level),
        f"{look.level} interval {limits}" if value.bounded else value.note or "no interval",
        f"On a scale from 0 to 100, from {words.plural(value.n, 'interview')}. The interval is "
        "of the index before rounding.",
    )


def why_none(reading: Reading) -> str:
    """Say that there is no index, and why."""
    told = words.sentence_case(reading.estimate.note).rstrip(".")
    return f"No index is shown. {told}."


def company_page(look: Look, unit: Unit, histories: Histories, tables: str) -> Page:
    """Decide what a fitted unit's page says.

    Parameters
    ----------
    look : Look
    unit : Unit
        Of the lowest level.
    histories : mapping of (level, unit) -> series
    tables : str
        Folder of the run's tables, from the site's root.

    Returns
    -------
    Page
        A withheld or lost unit's has the reason in place of numbers.
    """
    here = look.path(unit)
    known = look.reading(unit).known
    return Page(
        here,
        look.period,
        look.title(unit),
        RESIDUAL if unit.residual else "",
        crumbs(look, unit, here),
        _particulars(look, unit),
        headline(look, unit),
        _findings(look, unit) if known else (),
        _chapters(look, unit, here, histories, tables, known=known),
    )


def _particulars(look: Look, unit: Unit) -> tuple[tuple[str, str], ...]:
    reading = look.reading(unit).estimate
    complete = next(
        (
            row["n_complete"]
            for row in look.by_unit("indices").get(unit.name, ())
            if row["engine"] == look.engine and row["construct"] == look.target
        ),
        0,
    )
    made = [
        ("Period", look.period),
        *((words.sentence_case(u.level), look.title(u)) for u in reversed(look.line(unit)[:-1])),
        ("Interviews", words.count(reading.n) if reading.known else ""),
        ("All questions answered", words.count(complete) if reading.known and complete else ""),
    ]
    return tuple(pair for pair in made if pair[1])


def _siblings(look: Look, unit: Unit) -> tuple[Unit, ...]:
    above = look.parent(unit)
    key = (above.level, above.name) if above else (NATION, NATION)
    return look.children.get(key, ())


def _findings(look: Look, unit: Unit) -> tuple[str, ...]:
    made = [
        sentence(look, look.change(unit, versus), versus, unit.level) for versus in reversed(VERSUS)
    ]
    return (*made, *_standing(look, unit), *_first_driver(look, unit))


def _standing(look: Look, unit: Unit) -> tuple[str, ...]:
    """Say where a unit stands among its siblings."""
    place, siblings = rank(look, unit), _siblings(look, unit)
    among = [other for other in siblings if rank(look, other)]
    if not place or len(among) < 2:
        return ()
    above = look.parent(unit)
    owner = look.title(above) if above else look.titles[NATION, NATION]
    best = ranked(look, among)[0]
    gap = look.reading(best).estimate.value - look.reading(unit).estimate.value
    behind = f" {words.number(gap)} points behind {look.name(best)}." if place > 1 else ""
    return (f"Rank {place} of {len(among)} in {owner}; it {standing(look, unit, among)}.{behind}",)


def _first_driver(look: Look, unit: Unit) -> tuple[str, ...]:
    found = drivers.impacts(look, unit)
    name = next((n for n, value in found.items() if value.known and value.low > 0), "")
    if not name:
        return ()
    label = words.in_sentence(look.construct(name))
    gain = words.number(found[name].value)
    target = words.in_sentence(look.construct(look.target))
    return (f"Strongest driver: 5 points more {label} go with {gain} points more {target}.",)


def _chapters(
    look: Look, unit: Unit, here: str, histories: Histories, tables: str, *, known: bool
) -> tuple[Chapter, ...]:
    inner: list[tuple[str, str, str, tuple[Part, ...]]] = []
    if known:
        inner.append(("beside", "Beside its industry", "Compared", (_beside(look, unit, here),)))
    inner.append(("history", "Over time", "History", history(look, unit, histories, FAST)))
    if known:
        inner += [
            ("drivers", "What leads to it", "Drivers", drivers.own(look, unit, "impact", FAST)),
            ("who", "Who is more satisfied", "Breakdowns", details.parts(look, unit)),
            ("indices", "Every index", "Indices", _measured(look, unit)),
            ("methods", "By other methods", "Methods", details.engines(look, unit)),
        ]
    inner.append(("warnings", "Warnings", "Warnings", details.warnings(look, unit)))
    made = tuple(Chapter(*each) for each in inner if each[3])
    return (*made, record.unit_downloads(look, unit, here, tables))


def _measured(look: Look, unit: Unit) -> tuple[Part, ...]:
    return (details.constructs(look, unit), *details.measurement(look, unit))


def _beside(look: Look, unit: Unit, here: str) -> Drawn:
    """Draw a unit beside what it belongs to and the best of its siblings."""
    compared = _compared(look, unit)
    rows = tuple(
        IntervalRow(
            label,
            reading.estimate.value,
            reading.estimate.low,
            reading.estimate.high,
            brief(reading, level),
            strong=place == 0,
        )
        for place, (label, _, reading, level) in enumerate(compared)
    )
    title = f"{look.name(unit)} beside what it belongs to"
    said = " ".join(f"{row.label}: {row.text}." for row in rows)
    chart = IntervalChart(rows, f"{look.construct(look.target)}, index 0–100")
    columns = cells.columns("Unit", ">Index", f">{look.level} interval", ">Difference")
    base = look.reading(unit).estimate.value
    body = tuple(
        (
            link_cell(label, address(here, path)) if path != here else cells.text(label),
            index_cell(reading, level),
            cells.interval(reading.estimate),
            _gap(base, reading, own=path == here),
        )
        for label, path, reading, level in compared
    )
    return Drawn(
        "compared",
        title,
        picture(chart, "compared", title, said, FAST),
        f"Dot: index before rounding. Line: {look.level} interval. A unit is part of what it "
        "belongs to, so these differences are not tested.",
        Table("compared-table", "This unit and others", columns, body, sortable=False),
    )


def _gap(base: float, reading: Reading, *, own: bool) -> Cell:
    return Cell(words.DASH, "", "itself") if own else cells.number(base - reading.estimate.value)


def _compared(look: Look, unit: Unit) -> list[tuple[str, str, Reading, str]]:
    """Return label, path, reading and level of a unit and of what it is set beside."""
    found = [(look.title(unit), look.path(unit), look.reading(unit), unit.level)]
    best = next((u for u in ranked(look, _siblings(look, unit)) if rank(look, u) == 1), unit)
    if best.name != unit.name:
        label = f"Best: {look.title(best)}"
        found.append((label, look.path(best), look.reading(best), best.level))
    for above in reversed(look.line(unit)[:-1]):
        label = f"{words.sentence_case(above.level)}: {look.title(above)}"
        found.append((label, look.path(above), look.reading(above), above.level))
    whole = look.reading(TOP)
    if whole.known:
        found.append((f"{look.titles[NATION, NATION]}, this quarter", ROOT, whole, NATION))
    return found
