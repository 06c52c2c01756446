"""`acsi-sem history`: import published scores, show series, ask in SQL."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from acsi_sem.cli.terminal import say, tell
from acsi_sem.errors import Problem, UsageError

if TYPE_CHECKING:
    import pandas as pd

history = typer.Typer(
    help="Readings of all periods: import, show, query.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Study = Annotated[Path, typer.Argument(help="Study file.", metavar="STUDY")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_SHOWN: Final = (
    *("series", "level", "unit", "construct", "form", "source", "period", "vintage"),
    *("index", "conf_low", "conf_high", "note"),
)
_FILTERS: Final = ("level", "unit", "construct", "series")
_WIDEST: Final = 60


@history.command("import")
def import_(
    study: Study,
    file: Annotated[Path, typer.Argument(help="CSV of published scores.", metavar="FILE")],
    series: Annotated[
        str, typer.Option("--series", help="Name of the series, for a file without that column.")
    ] = "",
) -> None:
    """Check a CSV of published scores and copy it into the store; exit 4 with every fault."""
    from acsi_sem.report import words
    from acsi_sem.runs.history_import import import_history
    from acsi_sem.spec.load_study import load_study

    found = import_history(load_study(study), file, series)
    told = f"{words.plural(found.readings, 'reading')} of {words.listing(found.series)}"
    if found.fresh:
        say(f"imported {told}: {found.file}")
    else:
        say(f"already imported, nothing changed: {found.file}")


@history.command()
def show(
    study: Study,
    level: Annotated[str | None, typer.Option(help="E.g. company or nation.")] = None,
    unit: Annotated[str | None, typer.Option(help="Name of a unit.")] = None,
    construct: Annotated[str | None, typer.Option(help="E.g. satisfaction.")] = None,
    engine: Annotated[str | None, typer.Option(help="Of our own readings, this engine's.")] = None,
    series: Annotated[str | None, typer.Option(help="Name of a series.")] = None,
    vintage: Annotated[
        str, typer.Option(help="current, or all with what was revised.")
    ] = "current",
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Print the series of a nation: our own readings and those published before."""
    if vintage not in ("current", "all"):
        raise UsageError(Problem("--vintage", "", "current or all", repr(vintage)))
    _one_format(as_csv, as_json)
    from acsi_sem.runs.history import current_vintages, load_history
    from acsi_sem.spec.load_study import load_study

    loaded = load_study(study)
    table = load_history(loaded)
    wanted = dict(zip(_FILTERS, (level, unit, construct, series), strict=True))
    own = table.loc[table["series"].eq(loaded.name), "source"]
    _check_known({**table[list(_FILTERS)], "engine": own}, wanted | {"engine": engine})
    table = _chosen(table, wanted)
    if engine is not None:
        table = table[table["series"].ne(loaded.name) | table["source"].eq(engine)]
    table = current_vintages(table) if vintage == "current" else table
    if table.empty:
        tell("no reading is so described")
    names = list(table.columns) if as_csv or as_json else list(_SHOWN)
    _print(names, table[names].itertuples(index=False, name=None), as_csv, as_json)


@history.command()
def query(
    study: Study,
    sql: Annotated[str, typer.Argument(help="One SELECT; SHOW TABLES lists them.", metavar="SQL")],
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Ask the published tables in SQL (DuckDB); it only reads, and only them."""
    _one_format(as_csv, as_json)
    from acsi_sem.runs.history_query import query_history
    from acsi_sem.spec.load_study import load_study

    answer = query_history(load_study(study), sql)
    _print(answer.columns, answer.rows, as_csv, as_json)


def _one_format(as_csv: bool, as_json: bool) -> None:
    if as_csv and as_json:
        raise UsageError(Problem("--csv", "", "one format", "--json as well"))


def _check_known(there: dict[str, pd.Series[str]], wanted: dict[str, str | None]) -> None:
    """Refuse what no reading has, and say what there is."""
    from acsi_sem.spec.findings import did_you_mean
    from acsi_sem.spec.unit_checks import some

    problems = []
    for name, value in wanted.items():
        known = [str(one) for one in there[name].unique() if one]
        if value is not None and known and value not in known:
            remedy = " ".join([did_you_mean(value, known), f"there is {some(known)}"]).strip()
            expected = f"the {name} of a reading"
            problems.append(Problem(f"--{name}", "", expected, repr(value), remedy))
    if problems:
        raise UsageError(problems)


def _chosen(table: pd.DataFrame, wanted: dict[str, str | None]) -> pd.DataFrame:
    for name, value in wanted.items():
        if value is not None:
            table = table[table[name].eq(value)]
    return table


def _print(names: Sequence[str], rows: Any, as_csv: bool, as_json: bool) -> None:
    kept = [[_known(value) for value in row] for row in rows]
    if as_json:
        say(_json(names, kept))
    elif as_csv:
        say(_csv(names, kept))
    else:
        say(_aligned(names, kept))


def _known(value: Any) -> Any:
    """Make every unknown number None."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _json(names: Sequence[str], rows: list[list[Any]]) -> str:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        got = f"{', '.join(twice)} more than once"
        raise UsageError(Problem("SQL", "", "columns of different names", got, "use AS, or --csv"))
    made = [dict(zip(names, row, strict=True)) for row in rows]
    return json.dumps(made, ensure_ascii=False, indent=2, default=str)


def _csv(names: Sequence[str], rows: list[list[Any]]) -> str:
    """Write CSV; texts that a spreadsheet would run get an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_cell(value) for value in row] for row in [list(names), *rows])
    return text.getvalue().removesuffix("\n")


def _cell(value: Any) -> Any:
    from acsi_sem.tables.write import neutral

    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None or isinstance(value, int | float) else neutral(str(value))


def _aligned(names: Sequence[str], rows: list[list[Any]]) -> str:
    """Write a table for reading: aligned columns, numbers to the right."""
    texts = [[_told(value) for value in row] for row in rows]
    numeric = [_is_numeric([row[place] for row in rows]) for place in range(len(names))]
    heads = [_told(name) for name in names]
    wide = [max(len(row[place]) for row in [heads, *texts]) for place in range(len(names))]
    lines = []
    for row in [heads, *texts]:
        cells = zip(row, wide, numeric, strict=True)
        made = [cell.rjust(w) if right else cell.ljust(w) for cell, w, right in cells]
        lines.append("  ".join(made).rstrip())
    return "\n".join(lines)


def _is_numeric(column: list[Any]) -> bool:
    known = [value for value in column if value is not None]
    return bool(known) and all(isinstance(value, int | float) for value in known)


def _told(value: Any) -> str:
    """Write a cell on one line, without what would steer a terminal."""
    from acsi_sem.report import words

    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = words.clean(" ".join(str(value).split()))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
