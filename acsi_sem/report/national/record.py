"""How it was done, what it was made of, and the files beside the pages."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Details, Links, Prose, Table
from acsi_sem.report.national.content import Chapter, More
from acsi_sem.report.national.look import Look
from acsi_sem.report.national.names import address, file_name, plural
from acsi_sem.report.national.verdicts import LEGEND
from acsi_sem.spec.hierarchy import Unit
from acsi_sem.terms import ENGINE_TITLES, GLOSSARY

FILES: Final = {
    "readings": "every unit's indices with intervals",
    "national": "the nation's rolling index in each form",
    "changes": "what moved since last quarter and last year, with tests",
    "league": "ranks, and units that cannot be told apart",
    "differences": "every pair of units of a parent, compared",
    "shares": "what each unit weighs",
    "revisions": "what a new revision changed",
    "history": "readings of all periods",
    "impacts": "effects of drivers by company",
    "breakdowns": "indices of parts of companies' samples",
    "estimates": "loadings, weights and paths by company",
    "quality": "reliability and validity by company",
    "items": "answers, means and weights by question and company",
    "warnings": "everything that was noticed on the way",
}
FORMS: Final = {
    "pooled": "every reading of the last {window} quarters, weighted by sector and quarter",
    "mean_of_quarters": "the mean of the last {window} quarterly readings",
    "latest": "the latest reading of every sector within the last {window} quarters",
}


def workbook_path(level: str = "", unit: str = "") -> str:
    """Return the path of a workbook: the nation's, or a unit's.

    Examples
    --------
    >>> workbook_path(), workbook_path("industry", "airlines")
    ('downloads/national.xlsx', 'downloads/industries/airlines.xlsx')
    """
    if not level:
        return "downloads/national.xlsx"
    return f"downloads/{file_name(plural(level))}/{file_name(unit)}.xlsx"


def has_workbook(look: Look, level: str) -> bool:
    """True for the level just above the fitted units: its units have workbooks of their own."""
    levels = look.national.hierarchy.levels
    return len(levels) > 1 and level == levels[1]


def form_words(look: Look) -> str:
    """Say how the national index is formed."""
    nation = look.national.study.nation
    told = FORMS.get(look.form, look.form)
    return told.format(window=nation.window if nation else 4)


def unit_downloads(look: Look, unit: Unit, here: str, tables: str) -> Chapter:
    """Link a unit to the files that hold its numbers."""
    rows: list[tuple[str, str, tuple[tuple[str, str], ...]]] = []
    for each in reversed(look.line(unit)):
        if has_workbook(look, each.level):
            way = address(here, workbook_path(each.level, each.name))
            told = f"{look.title(each)}: readings, changes, ranks and drivers, with a codebook"
            rows.append((words.sentence_case(each.level), told, (("XLSX", way),)))
    own = unit.level == look.lowest
    wanted = ("readings", "impacts", "breakdowns", "items") if own else ("readings", "league")
    rows += _csv(look, here, tables, wanted)
    return Chapter("downloads", "Data behind this page", "Data", (Links(tuple(rows)),))


def _csv(
    look: Look, here: str, tables: str, wanted: tuple[str, ...]
) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    have = look.national.tables
    return [
        (name, FILES[name], (("CSV", address(here, f"{tables}/{name}.csv")),))
        for name in wanted
        if name in have
    ]


def downloads(look: Look, here: str, tables: str) -> Chapter:
    """Link the landing page to every file."""
    book = ("National", "the tables of nation, sectors and industries", workbook_path())
    rows: list[tuple[str, str, tuple[tuple[str, str], ...]]] = []
    rows.append((book[0], book[1], (("XLSX", address(here, book[2])),)))
    rows += _csv(look, here, tables, tuple(FILES))
    glossary = Table(
        "glossary",
        "Columns of the tables",
        cells.columns("Column", "Meaning"),
        tuple((cells.text(name), cells.text(meaning)) for name, meaning in GLOSSARY.items()),
        sortable=False,
    )
    links: tuple[Block, ...] = (
        Links(tuple(rows)),
        Details("What the columns of the tables mean", (glossary,)),
    )
    return Chapter("downloads", "Data behind these pages", "Data", links)


def method(look: Look) -> Chapter:
    """Say how the numbers come about."""
    request = look.national.request
    hierarchy = look.national.hierarchy
    weigh = words.listing([f"{plural(level)} by {shown_}" for level, shown_ in hierarchy.measures])
    engines = words.listing([ENGINE_TITLES[engine] for engine in request.engines])
    lowest = plural(look.lowest)
    fitted = (
        f"Every one of the {lowest} is fitted for itself: {engines}; the numbers shown are by "
        f"{ENGINE_TITLES[look.engine]}. Indices run from 0 to 100."
    )
    rolled = (
        f"They are rolled up by weight within their parent: {weigh}. An aggregate's standard "
        "error follows from those of its parts and their shares."
    )
    rolling = (
        f"The nation's index rolls: {form_words(look)}. Its change is tested from the readings "
        "that enter and leave, which is sharper than comparing two intervals."
    )
    rounding = (
        f"Numbers are rounded once, at the end, half up. Fewer than {request.minimum_rows} "
        "interviews are withheld, and with them what would give them away."
    )
    told = (fitted, rolled, rolling, LEGEND, rounding)
    return Chapter("method", "How these numbers come about", "Method", (Prose(told),))


def provenance(look: Look) -> Chapter:
    """Versions, hashes, settings: enough to make the same bytes again."""
    national, request = look.national, look.national.request
    settings = (
        ("period", look.period),
        ("revision", str(national.revision)),
        ("methods", ", ".join(request.engines)),
        ("intervals", f"{look.level}, {request.interval}"),
        ("bootstrap replicates", words.count(request.replicates)),
        ("seed", str(request.seed)),
        ("missing answers", request.missing),
        ("minimum interviews", words.count(request.minimum_rows)),
        ("interviews", words.count(national.interviews)),
    )
    blocks: list[Block] = [
        Prose(("The same inputs, settings and versions give these pages again, byte for byte.",)),
        _pairs("settings", "Settings", "Setting", settings),
    ]
    if national.inputs:
        blocks.append(_pairs("inputs", "Input files, SHA-256", "File", national.inputs))
    if national.versions:
        blocks.append(_pairs("versions", "Versions", "Software", national.versions))
    inside = More("Settings, input files and versions", tuple(blocks[1:]))
    return Chapter("provenance", "Provenance", "Provenance", (blocks[0], inside))


def _pairs(ident: str, caption: str, head: str, pairs: tuple[tuple[str, str], ...]) -> Table:
    rows = tuple((cells.text(words.clean(a)), cells.text(words.clean(b))) for a, b in pairs)
    return Table(ident, caption, cells.columns(head, "Value"), rows, sortable=False)
