"""The inner chapters of a company's page: who, how measured, by which engine, from whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.cells import Tone
from acsi_sem.report.content import Bullets, Cell, IntervalChart, IntervalRow, Prose, Table
from acsi_sem.report.facts import INDEX_ENGINES, NOTHING, Estimate
from acsi_sem.report.national.content import Drawn, More, Part
from acsi_sem.report.national.look import Look, limited
from acsi_sem.report.national.names import shown
from acsi_sem.report.national.pictures import FAST, picture
from acsi_sem.report.national.verdicts import brief
from acsi_sem.spec.hierarchy import Unit
from acsi_sem.terms import ENGINE_TITLES, LOADING

MEASURES: Final = ("alpha", "rho_a", "rho_c", "ave")
FIT: Final = ("chisq", "df", "pvalue", "cfi", "rmsea", "srmr")
PARTS: Final = (
    "Each part is scored with the weights of the whole company, so parts are compared on one "
    "yardstick. Differences between parts may come from what else differs between them."
)
Parts = dict[str, list[tuple[str, Estimate]]]


def parts(look: Look, unit: Unit) -> tuple[Part, ...]:
    """Draw the index of parts of the sample; withheld cells say so."""
    found = _parts(look, unit)
    if not found:
        return ()
    whole = look.reading(unit)
    rows = tuple(row for variable, own in found.items() for row in _bars(look, variable, own))
    chart = IntervalChart(
        rows,
        f"{look.construct(look.target)}, index 0–100",
        (whole.estimate.value, f"All {words.number(whole.estimate.value)}"),
    )
    names = [words.in_sentence(_variable(look, name)) for name in found]
    title = f"{look.construct(look.target)} by {words.listing(names, 4)}"
    return (
        Drawn(
            "parts",
            title,
            picture(chart, "parts", title, f"Dot chart: {title}. See its table.", FAST),
            f"Dot: index. Line: {look.level} interval. Dashed: all interviews.",
            _parts_table(look, found),
        ),
        Prose((PARTS,), "note"),
    )


def _parts(look: Look, unit: Unit) -> Parts:
    found: Parts = {}
    for row in look.by_unit("breakdowns").get(unit.name, ()):
        if row["engine"] == look.engine and row["construct"] == look.target:
            part = (shown(row["category"]), limited(row, "index"))
            found.setdefault(row["variable"], []).append(part)
    return found


def _variable(look: Look, name: str) -> str:
    books = (*look.national.study.breakdowns, *look.national.study.columns)
    labels = {book.column: book.label.get(look.language) for book in reversed(books)}
    return words.sentence_case(shown(labels.get(name, name)))


def _bars(look: Look, variable: str, own: list[tuple[str, Estimate]]) -> Iterator[IntervalRow]:
    for place, (category, value) in enumerate(own):
        told = cells.brief(value) if value.known else cells.withheld(value)
        heading = "" if place else _variable(look, variable)
        yield IntervalRow(category, value.value, value.low, value.high, told, heading=heading)


def _parts_table(look: Look, found: Parts) -> Table:
    columns = cells.columns(
        "Part", "By", ">Interviews", ">Index", f">{look.level} interval", "Note"
    )
    rows = tuple(
        (
            cells.text(category, 1000 * first + second),
            cells.text(_variable(look, variable)),
            cells.whole(value.n),
            cells.estimate(value),
            cells.interval(value),
            cells.text("" if value.known else cells.withheld(value)),
        )
        for first, (variable, own) in enumerate(found.items())
        for second, (category, value) in enumerate(own)
    )
    return Table("parts-table", "Parts of the sample", columns, rows)


def constructs(look: Look, unit: Unit) -> Table:
    """Tabulate the index of every construct."""
    columns = cells.columns("Index", ">0–100", f">{look.level} interval", ">Interviews")
    found = [(c.name, look.reading(unit, c.name).estimate) for c in look.national.model.constructs]
    rows = tuple(
        (
            cells.text(look.construct(name), tone="strong" if name == look.target else ""),
            cells.estimate(value),
            cells.interval(value),
            cells.whole(value.n) if value.known else Cell(words.DASH, "", value.note),
        )
        for name, value in found
    )
    return Table("constructs", "Every index of the model", columns, rows)


def measurement(look: Look, unit: Unit) -> tuple[Part, ...]:
    """Tabulate loadings, weights and reliability, behind a summary line."""
    made = [table for table in (_reliability(look, unit), _items(look, unit)) if table]
    if not made:
        return ()
    return (More("Questions, loadings, weights and reliability", tuple(made)),)


def _reliability(look: Look, unit: Unit) -> Table | None:
    found = {
        (row["construct"], row["measure"]): limited(row, "value")
        for row in look.by_unit("quality").get(unit.name, ())
        if row["engine"] == look.engine and not row["indicator"] and row["measure"] in MEASURES
    }
    if not found:
        return None
    several = [c.name for c in look.national.model.constructs if len(c.indicators) > 1]
    columns = cells.columns("Construct", ">Alpha", ">ρA", ">ρC", ">AVE")
    rows = tuple(
        (
            cells.text(look.construct(name)),
            *(cells.estimate(found.get((name, measure), NOTHING), 3) for measure in MEASURES),
        )
        for name in several
    )
    return Table("reliability", "Reliability", columns, rows)


def _items(look: Look, unit: Unit) -> Table | None:
    items = look.by_unit("items").get(unit.name, ())
    loadings = {
        (row["lhs"], row["rhs"]): limited(row, "std_estimate")
        for row in look.by_unit("estimates").get(unit.name, ())
        if row["engine"] == look.engine and row["op"] == LOADING
    }
    if not items:
        return None
    columns = cells.columns(
        "Question",
        "Measures",
        ">Mean|in scale units",
        ">Loading|standardised",
        ">Weight|in the index, summing to 1 within a construct",
        ">Answers",
        ">Missing",
    )
    rows = tuple(
        (
            cells.text(look.indicator(row["indicator"])),
            cells.text(look.construct(row["construct"])),
            cells.number(row["mean"], 2),
            cells.estimate(loadings.get((row["construct"], row["indicator"]), NOTHING), 3),
            cells.number(row["index_weight"], 3),
            cells.whole(row["n"]),
            cells.whole(row["missing"]),
        )
        for row in items
    )
    return Table("items", "Questions", columns, rows)


def engines(look: Look, unit: Unit) -> tuple[Part, ...]:
    """Put the engines' indices side by side, with the fit of those that have one."""
    asked = look.national.request.engines
    rows = tuple(_engine(look, unit, engine) for engine in INDEX_ENGINES if engine in asked)
    columns = cells.columns("Method", ">Index", f">{look.level} interval", "Note")
    table = Table("engines", "The same index by every method", columns, rows, sortable=False)
    fit = _fit(look, unit)
    return (table, *((fit,) if fit else ()))


def _engine(look: Look, unit: Unit, engine: str) -> tuple[Cell, ...]:
    reading = look.reading(unit, engine=engine)
    tone: Tone = "strong" if engine == look.engine else ""
    leads = "leads this report" if engine == look.engine else ""
    return (
        cells.text(ENGINE_TITLES.get(engine, engine), tone=tone),
        cells.estimate(reading.estimate),
        cells.interval(reading.estimate),
        cells.text(leads if reading.known else brief(reading, unit.level)),
    )


def _fit(look: Look, unit: Unit) -> Table | None:
    found = {
        (row["engine"], row["measure"]): row["value"]
        for row in look.by_unit("fit_measures").get(unit.name, ())
    }
    names = [m for m in FIT if any(measure == m for _, measure in found)]
    fitted = [e for e in dict.fromkeys(engine for engine, _ in found) if (e, "cfi") in found]
    if not fitted or not names:
        return None
    rows = tuple(
        (
            cells.text(ENGINE_TITLES.get(engine, engine)),
            *(
                cells.number(found.get((engine, name), float("nan")), 0 if name == "df" else 3)
                for name in names
            ),
        )
        for engine in fitted
    )
    return Table(
        "fit", "Fit of the model", cells.columns("Method", *(f">{n}" for n in names)), rows
    )


def warnings(look: Look, unit: Unit) -> tuple[Part, ...]:
    """List what was noticed on the way to a unit's numbers."""
    found = look.by_unit("warnings").get(unit.name, ())
    if not found:
        return (Prose(("Nothing had to be warned of.",)),)
    lines = tuple(
        (
            f"{ENGINE_TITLES.get(row['engine'], row['engine'])}:" if row["engine"] else "",
            words.clean(row["message"]),
        )
        for row in found
    )
    return (Bullets(lines),)
