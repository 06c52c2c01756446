"""The landing page: the nation's index, what moved and why it counts, and the way to all units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Cell, Headline, Prose, Table
from acsi_sem.report.national import drivers, league, record
from acsi_sem.report.national.companies import TOP, why_none
from acsi_sem.report.national.content import Chapter, Crumb, Page, Part
from acsi_sem.report.national.look import (
    NO_CHANGE,
    NO_READING,
    VERSUS,
    VERSUS_WORDS,
    Change,
    Look,
    Versus,
)
from acsi_sem.report.national.names import ROOT, address, plural
from acsi_sem.report.national.pictures import SLOW
from acsi_sem.report.national.trends import NOTHING_EARLIER, Histories, message, series_of, trend
from acsi_sem.report.national.units import withheld
from acsi_sem.report.national.verdicts import (
    change_cell,
    index_cell,
    link_cell,
    published,
    sentence,
    signed,
)
from acsi_sem.spec.hierarchy import NATION, Unit

MOST_MOVERS: Final = 12
MOST_MOVED: Final = 200
CONTRIBUTION: Final = (
    "A unit counts by its share of the quarter's nation: its change times that share is what it "
    "adds. What is left comes from shares that moved and from units without a change. This is the "
    "change of the quarter's own reading; the rolling index at the top takes it up as the quarter "
    "enters its window."
)


def landing_page(look: Look, histories: Histories, tables: str) -> Page:
    """Decide what the landing page says.

    Parameters
    ----------
    look : Look
    histories : mapping of (level, unit) -> series
    tables : str
        Folder of the run's tables, from the site's root.
    """
    national = look.national
    title = words.clean(national.study.title.get(look.language))
    return Page(
        ROOT,
        look.period,
        title,
        words.clean(national.study.source),
        (Crumb(look.titles[NATION, NATION]),),
        _particulars(look),
        _headline(look),
        _findings(look),
        _chapters(look, histories, tables),
        _banner(look),
    )


def _particulars(look: Look) -> tuple[tuple[str, str], ...]:
    national = look.national
    fitted = len(national.hierarchy.of_level(look.lowest))
    made = [
        ("Period", look.period),
        ("Nation", look.titles[NATION, NATION]),
        ("Interviews", words.count(national.interviews)),
        (words.sentence_case(plural(look.lowest)), f"{national.fitted} of {fitted} fitted"),
        ("Revision", str(national.revision)),
    ]
    return tuple(pair for pair in made if pair[1])


def _headline(look: Look) -> Headline:
    reading = look.rolling.get(look.form, NO_READING)
    label = f"{look.construct(look.target)}, {look.titles[NATION, NATION]}, {look.period}"
    if not reading.known:
        return Headline(label, "", "", why_none(reading))
    value = reading.estimate
    limits = words.limits(value.low, value.high)
    return Headline(
        label,
        published(reading, NATION),
        f"{look.level} interval {limits}" if value.bounded else value.note or "no interval",
        f"On a scale from 0 to 100; rolling: {record.form_words(look)}.",
    )


def _findings(look: Look) -> tuple[str, ...]:
    rolling = [
        sentence(look, national_change(look, versus), versus, NATION) for versus in reversed(VERSUS)
    ]
    return (*rolling, *_ends(look), *_moved(look), *_lost(look))


def national_change(look: Look, versus: Versus) -> Change:
    """Return what the rolling index moved by."""
    return look.changes.get((NATION, NATION, look.form, versus), NO_CHANGE)


def _ends(look: Look) -> tuple[str, ...]:
    order = [u for u in league.ranked(look, _top(look)) if league.rank(look, u)]
    if len(order) < 2:
        return ()
    first, last = (
        f"{look.name(u)} ({published(look.reading(u), u.level)})" for u in (order[0], order[-1])
    )
    apart = league.standing(look, order[0], order)
    return (f"Highest {order[0].level}: {first}; it {apart}. Lowest: {last}.",)


def _moved(look: Look) -> tuple[str, ...]:
    units = look.national.hierarchy.of_level(look.lowest)
    known = [look.change(unit, "last_year") for unit in units if not unit.residual]
    known = [change for change in known if change.known]
    if not known:
        return ()
    up = sum(change.flag_95 and change.estimate.value > 0 for change in known)
    down = sum(change.flag_95 and change.estimate.value < 0 for change in known)
    return (
        (
            f"Of {words.count(len(known))} {plural(look.lowest)} measured a year ago too, "
            f"{up} rose and {down} fell, significant at 95 % with Holm's correction; the others "
            "did not move clearly."
        ),
    )


def _lost(look: Look) -> tuple[str, ...]:
    units = look.national.hierarchy.of_level(look.lowest)
    without = sum(not look.reading(unit).known for unit in units)
    if not without:
        return ()
    named = plural(look.lowest) if without > 1 else look.lowest
    verb = "have" if without > 1 else "has"
    return (f"{without} {named} {verb} no index here; the chapter Withheld says why.",)


def _banner(look: Look) -> tuple[str, ...]:
    national = look.national
    if national.revision < 2:
        return ()
    moved = sum(1 for _ in look.rows("revisions"))
    told = f"{words.plural(moved, 'number')} moved; the chapter Revision lists them."
    return (
        (
            f"Revision {national.revision} of {look.period} replaces what was published before. "
            f"Reason: {words.clean(national.reason) or 'none was given'}. "
            f"{told if moved else 'No number moved.'}"
        ),
    )


def _top(look: Look) -> tuple[Unit, ...]:
    return look.children.get((NATION, NATION), ())


def _chapters(look: Look, histories: Histories, tables: str) -> tuple[Chapter, ...]:
    nation = look.titles[NATION, NATION]
    units = look.national.hierarchy.of_level(look.lowest)
    top = _top(look)
    parts = (league.figure(look, top, ROOT, "parts", (nation, look.reading(TOP))),) if top else ()
    pairs = league.differences(look, look.top, NATION, "pairs")
    made: list[tuple[str, str, str, tuple[Part, ...]]] = [
        ("revision", "What this revision changed", "Revision", _revision(look)),
        ("trend", "Over time", "Trend", _trend(look, histories)),
        (
            "parts-of",
            f"{words.sentence_case(plural(look.top))} of the nation",
            words.sentence_case(plural(look.top)),
            (*parts, *pairs),
        ),
        ("movers", "Who moved most", "Movers", _movers(look)),
        ("why", "What changed, and why it counts", "Why", _why(look, units)),
        ("withheld", "Withheld or lost", "Withheld", withheld(look, units, ROOT)),
        *_directories(look),
    ]
    kept = tuple(Chapter(*each) for each in made if each[3])
    downloads = record.downloads(look, ROOT, tables)
    return (*kept, record.method(look), downloads, record.provenance(look))


def _revision(look: Look) -> tuple[Part, ...]:
    rows = list(look.rows("revisions")) if look.national.revision > 1 else []
    if not rows:
        return ()
    rows.sort(key=lambda row: -abs(row["moved"]) if math.isfinite(row["moved"]) else 0.0)
    body = tuple(
        (
            cells.text(look.titles.get((row["level"], row["unit"]), words.clean(row["unit"]))),
            cells.text(words.clean(row["table"])),
            cells.text(look.construct(row["construct"])),
            cells.text(words.clean(row["measure"])),
            cells.number(row["before"], 2),
            cells.number(row["after"], 2),
            Cell(signed(row["moved"], 2), round(row["moved"], 6))
            if math.isfinite(row["moved"])
            else cells.number(row["moved"]),
        )
        for row in rows[:MOST_MOVED]
    )
    columns = cells.columns(
        "Unit", "Table", "Construct", "Measure", ">Before", ">After", ">Moved by"
    )
    left = len(rows) - MOST_MOVED
    notes = (f"{left} more are in the table of revisions.",) if left > 0 else ()
    return (Table("revised", "Numbers that moved, largest first", columns, body, notes),)


def _trend(look: Look, histories: Histories) -> tuple[Part, ...]:
    """Draw each series for itself: ours, and those published elsewhere."""
    nation = look.titles[NATION, NATION]
    made: list[Part] = []
    for place, known in enumerate(histories.get((NATION, NATION), ())):
        own = known.series == look.national.study.name
        name = nation if own else known.series
        series = series_of(look, known, NATION, NATION, name)
        title = message(look, series, nation, "" if own else known.series)
        drawn = trend(look, (series,), f"nation-{place}", title, SLOW)
        made += [drawn] if drawn else []
    return tuple(made) or (Prose((NOTHING_EARLIER,)),)


def _movers(look: Look) -> tuple[Part, ...]:
    made = [_moves(look, versus) for versus in VERSUS]
    return tuple(part for part in made if part)


def _moves(look: Look, versus: Versus) -> Part | None:
    """Tabulate the largest clear changes since an earlier period."""
    units = look.national.hierarchy.of_level(look.lowest)
    pairs = [(unit, look.change(unit, versus)) for unit in units if not unit.residual]
    known = [(unit, change) for unit, change in pairs if change.known]
    clear = [(u, c) for u, c in known if c.flag_95 or c.flag_90]
    since = VERSUS_WORDS[versus]
    if not known:
        return None
    if not clear:
        return Prose((f"On {since} none of the {plural(look.lowest)} moved clearly.",))
    clear.sort(key=lambda pair: (not pair[1].flag_95, -abs(pair[1].estimate.value)))
    columns = cells.columns(
        words.sentence_case(look.lowest),
        "Part of",
        ">Change",
        f">{look.level} interval",
        ">p, Holm",
        ">Index",
    )
    rows = tuple(_move(look, unit, change) for unit, change in clear[:MOST_MOVERS])
    left = len(clear) - MOST_MOVERS
    notes = (f"{left} more moved clearly; all are in the table of changes.",) if left > 0 else ()
    return Table(f"moves-{versus}", f"Largest clear changes on {since}", columns, rows, notes)


def _move(look: Look, unit: Unit, change: Change) -> tuple[Cell, ...]:
    above = look.parent(unit)
    p_holm = change.p_holm
    known = math.isfinite(p_holm)
    return (
        link_cell(look.title(unit), address(ROOT, look.path(unit))),
        link_cell(look.title(above), address(ROOT, look.path(above))) if above else cells.text(""),
        change_cell(change),
        cells.interval(change.estimate),
        Cell(words.p_value(p_holm), round(p_holm, 9)) if known else cells.number(p_holm),
        index_cell(look.reading(unit), unit.level),
    )


def _why(look: Look, units: tuple[Unit, ...]) -> tuple[Part, ...]:
    tables = [table for versus in VERSUS if (table := _contributions(look, versus))]
    middle = drivers.middle(look, units, "mid")
    return (*((Prose((CONTRIBUTION,)),) if tables else ()), *tables, *middle)


def _contributions(look: Look, versus: Versus) -> Table | None:
    """Share the change of the quarter's nation out among its parts."""
    shares = {row["unit"]: row["share"] for row in look.rows("shares") if row["level"] == look.top}
    found = [
        (unit, shares.get(unit.name, math.nan), look.change(unit, versus)) for unit in _top(look)
    ]
    if not any(change.known and math.isfinite(share) for _, share, change in found):
        return None
    whole = look.change(TOP, versus)
    parts = [share * change.estimate.value for _, share, change in found]
    rest = whole.estimate.value - sum(part for part in parts if math.isfinite(part))
    rows = [_contribution(look, *each, part) for each, part in zip(found, parts, strict=True)]
    rows += _rest(whole, rest) if whole.known else []
    columns = cells.columns(
        words.sentence_case(look.top), ">Share of the nation", ">Its change", ">Adds, points"
    )
    caption = f"What the quarter's change on {VERSUS_WORDS[versus]} is made of"
    return Table(f"adds-{versus}", caption, columns, tuple(rows), sortable=False)


def _contribution(
    look: Look, unit: Unit, share: float, change: Change, part: float
) -> tuple[Cell, ...]:
    told = words.percent(share, 1) if math.isfinite(share) else ""
    return (
        link_cell(look.title(unit), address(ROOT, look.path(unit))),
        Cell(told, share) if told else cells.number(share),
        change_cell(change),
        Cell(signed(part, 2), part) if math.isfinite(part) else cells.number(part),
    )


def _rest(whole: Change, rest: float) -> Iterator[tuple[Cell, ...]]:
    blank = cells.text("")
    yield cells.text("Shares that moved, and the rest"), blank, blank, cells.text(signed(rest, 2))
    total = cells.text(signed(whole.estimate.value, 2), tone="strong")
    yield cells.text("The nation, this quarter", tone="strong"), blank, change_cell(whole), total


def _directories(look: Look) -> Iterator[tuple[str, str, str, tuple[Part, ...]]]:
    """List every unit of every level but the highest, with links."""
    for level in reversed(look.national.hierarchy.levels[:-1]):
        units = look.national.hierarchy.of_level(level)
        named = words.sentence_case(plural(level))
        table = _directory(look, units, f"all-{level}", f"All {plural(level)}, {look.period}")
        yield f"every-{level}", f"All {plural(level)}", named, (table,)


def _directory(look: Look, units: tuple[Unit, ...], ident: str, caption: str) -> Table:
    columns = cells.columns(
        words.sentence_case(units[0].level) if units else "Unit",
        "Part of",
        ">Index",
        f">{look.level} interval",
        ">On last quarter",
        ">On last year",
        "Note",
    )
    rows = tuple(_listed(look, unit) for unit in units)
    return Table(ident, caption, columns, rows)


def _listed(look: Look, unit: Unit) -> tuple[Cell, ...]:
    above = look.parent(unit)
    reading = look.reading(unit)
    return (
        link_cell(look.title(unit), address(ROOT, look.path(unit))),
        link_cell(look.title(above), address(ROOT, look.path(above))) if above else cells.text(""),
        index_cell(reading, unit.level),
        cells.interval(reading.estimate),
        change_cell(look.change(unit, "last_quarter")),
        change_cell(look.change(unit, "last_year")),
        cells.text("" if reading.known else reading.estimate.note),
    )
