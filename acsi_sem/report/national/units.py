"""One page per industry, sector or other unit between the fitted ones and the nation."""

from __future__ import annotations

from acsi_sem.report import words
from acsi_sem.report.content import Bullets
from acsi_sem.report.national import drivers, league, record
from acsi_sem.report.national.companies import crumbs, headline
from acsi_sem.report.national.content import Chapter, Page, Part
from acsi_sem.report.national.look import VERSUS, Look
from acsi_sem.report.national.names import address, plural
from acsi_sem.report.national.pictures import SLOW
from acsi_sem.report.national.trends import Histories, history
from acsi_sem.report.national.verdicts import link, sentence
from acsi_sem.spec.hierarchy import Unit


def unit_page(look: Look, unit: Unit, histories: Histories, tables: str) -> Page:
    """Decide what the page of an aggregate says.

    Parameters
    ----------
    look : Look
    unit : Unit
        Of any level but the lowest.
    histories : mapping of (level, unit) -> series
    tables : str
        Folder of the run's tables, from the site's root.
    """
    here = look.path(unit)
    return Page(
        here,
        look.period,
        look.title(unit),
        "",
        crumbs(look, unit, here),
        _particulars(look, unit),
        headline(look, unit),
        _findings(look, unit),
        _chapters(look, unit, here, histories, tables),
    )


def _particulars(look: Look, unit: Unit) -> tuple[tuple[str, str], ...]:
    fitted = look.below(unit)
    known = sum(look.reading(leaf).known for leaf in fitted)
    reading = look.reading(unit)
    told = f"{known} of {len(fitted)} with an index" if known < len(fitted) else str(known)
    made = [
        ("Period", look.period),
        *((words.sentence_case(u.level), look.title(u)) for u in reversed(look.line(unit)[:-1])),
        (words.sentence_case(plural(look.lowest)), told),
        ("Interviews", words.count(reading.estimate.n) if reading.known else ""),
    ]
    return tuple(pair for pair in made if pair[1])


def _findings(look: Look, unit: Unit) -> tuple[str, ...]:
    if not look.reading(unit).known:
        return ()
    made = [
        sentence(look, look.change(unit, versus), versus, unit.level) for versus in reversed(VERSUS)
    ]
    return (*made, *_ends(look, unit))


def _ends(look: Look, unit: Unit) -> tuple[str, ...]:
    """Name the first and the last of a unit's children, and whether they differ."""
    children = look.children.get((unit.level, unit.name), ())
    order = [child for child in league.ranked(look, children) if league.rank(look, child)]
    if len(order) < 2:
        return ()
    first, last = order[0], order[-1]
    gap = look.reading(first).estimate.value - look.reading(last).estimate.value
    return (
        (
            f"{look.name(first)} leads and {league.standing(look, first, order)}. "
            f"{words.number(gap)} points lie between it and {look.name(last)}, the last."
        ),
    )


def _chapters(
    look: Look, unit: Unit, here: str, histories: Histories, tables: str
) -> tuple[Chapter, ...]:
    children = look.children.get((unit.level, unit.name), ())
    made: list[tuple[str, str, str, tuple[Part, ...]]] = []
    if children:
        level = children[0].level
        title = look.title(unit)
        parts = (league.figure(look, children, here, "league", (title, look.reading(unit))),)
        pairs = league.differences(look, level, unit.name, "pairs")
        made.append(("ranks", "Rank by rank", "League", (*parts, *pairs)))
    made += [
        ("history", "Over time", "History", history(look, unit, histories, SLOW)),
        ("drivers", "What leads to it", "Drivers", drivers.middle(look, look.below(unit), "mid")),
        ("withheld", "Without numbers", "Withheld", withheld(look, look.below(unit), here)),
    ]
    kept = tuple(Chapter(*each) for each in made if each[3])
    return (*kept, record.unit_downloads(look, unit, here, tables))


def withheld(look: Look, units: tuple[Unit, ...], here: str) -> tuple[Part, ...]:
    """Name the fitted units without an index, each with the reason."""
    lines = tuple(
        (
            link(look.title(unit), address(here, look.path(unit))),
            f"{look.reading(unit).estimate.note.rstrip('.')}.",
        )
        for unit in units
        if not look.reading(unit).known
    )
    return (Bullets(lines),) if lines else ()
