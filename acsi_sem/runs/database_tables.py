"""The tables of a team's database: one per published output of a run, and what they hang on."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from acsi_sem.tables import national
from acsi_sem.tables import schema as single
from acsi_sem.tables.schema import Schema, Type

PUBLISHED: Final[tuple[Schema, ...]] = (
    *(national.READINGS, national.NATIONAL, national.CHANGES, national.LEAGUE),
    *(national.DIFFERENCES, national.SHARES, national.REVISIONS),
    *(single.INDICES, single.ESTIMATES, single.IMPACTS, single.FIT_MEASURES, single.QUALITY),
    *(single.BREAKDOWNS, single.ITEMS, single.MISSING, single.WARNINGS),
)
"""Outputs of a run that have a table ``acsi_NAME`` and a view ``acsi_current_NAME``."""

_TYPES: Final[dict[Type, Any]] = {"text": sa.Text, "number": sa.Double, "count": sa.BigInteger}


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables as SQLAlchemy knows them; `outputs` by the name of the output."""

    metadata: sa.MetaData
    versions: sa.Table
    runs: sa.Table
    outputs: Mapping[str, sa.Table]


@functools.cache
def make_layout(schema: str = "") -> Layout:
    """Return the tables of this version, in a schema where one is named.

    Examples
    --------
    >>> list(make_layout().outputs["fit_measures"].columns.keys())
    ['run_id', 'line', 'period', 'revision', 'group', 'engine', 'measure', 'value']
    """
    metadata = sa.MetaData(schema=schema or None)
    versions = sa.Table(
        "acsi_schema",
        metadata,
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        _moment("applied"),
    )
    runs = _runs(metadata)
    outputs = {output.name: _output(output, metadata, runs) for output in PUBLISHED}
    return Layout(metadata, versions, runs, outputs)


def _moment(name: str) -> sa.Column[Any]:
    """Return a column that the database's own clock fills."""
    now = sa.func.current_timestamp()
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False)


def _runs(metadata: sa.MetaData) -> sa.Table:
    """Return the table of revisions; a period of a study has at most one that is current."""
    runs = sa.Table(
        "acsi_run",
        metadata,
        sa.Column("run_id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("study", "period")),
        sa.Column("revision", sa.Integer, nullable=False),
        *(sa.Column(n, sa.Text, nullable=False) for n in ("run_key", "reason", "manifest_sha256")),
        sa.Column("manifest", sa.JSON, nullable=False),
        sa.Column("is_current", sa.Boolean, nullable=False),
        _moment("published"),
        sa.UniqueConstraint("study", "period", "revision", name="acsi_run_revision"),
    )
    where = runs.c.is_current
    key = (runs.c.study, runs.c.period)
    sa.Index("acsi_run_current", *key, unique=True, postgresql_where=where, sqlite_where=where)
    return runs


def _output(schema: Schema, metadata: sa.MetaData, runs: sa.Table) -> sa.Table:
    """Return the table of an output: run, line, period and revision before its own columns."""
    own = {name: type_ for name, type_ in schema.columns.items() if name != "period"}
    table = sa.Table(
        f"acsi_{schema.name}",
        metadata,
        sa.Column("run_id", sa.Integer, sa.ForeignKey(runs.c.run_id), primary_key=True),
        sa.Column("line", sa.Integer, primary_key=True),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        *(sa.Column(name, _TYPES[t], nullable=t != "text") for name, t in own.items()),
    )
    for name in ("period", "unit", "group"):
        if name in table.columns:
            sa.Index(f"{table.name}_{name}_key", table.c[name])
    return table


def view_text(dialect: sa.Dialect, layout: Layout, name: str) -> str:
    """Return the statement that makes the view of an output's current revisions."""
    table, runs = layout.outputs[name], layout.runs
    chosen = (
        sa.select(runs.c.study, *table.columns)
        .join(runs, runs.c.run_id == table.c.run_id)
        .where(runs.c.is_current)
    )
    text = chosen.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    prefix = f"{dialect.identifier_preparer.quote(table.schema)}." if table.schema else ""
    return f"CREATE VIEW {prefix}acsi_current_{name} AS {text}"
