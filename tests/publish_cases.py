"""A study with a store of published revisions, made without fitting anything."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from postgres_server import engine_of

from acsi_sem.runs import store as stores
from acsi_sem.runs.publish import PublishCommand, PublishOutcome, run_publish
from acsi_sem.runs.store import Store
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import CHANGES, READINGS
from acsi_sem.tables.schema import ESTIMATES, Schema, make_table
from acsi_sem.tables.write import csv_bytes, parquet_bytes

STUDY = """\
schema: 1
name: nation
model: acsi.yaml
data: {file: "survey-{period}.parquet"}
levels: {company: COMPANY, sector: SECTOR}
nation:
  units: units.csv
  shares: shares.csv
  measures: {company: sales, sector: gdp}
run: {store: store}
"""
MODELS = Path(__file__).parents[1] / "models"
HOSTILE = 'Ünïcode\t"; DROP TABLE acsi_run; --\n\\N 航空'


def make_study(folder: Path) -> Path:
    """Write a study of a nation; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(MODELS / "acsi.yaml", folder / "acsi.yaml")
    path = folder / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def readings(period: str, shift: float = 0.0) -> list[dict[str, object]]:
    """Return rows of readings: one complete, one withheld, one with a hostile name."""
    common = {"period": period, "level": "company", "parent": "Air", "engine": "pls"}
    rows: list[dict[str, object]] = [
        {"unit": "A", "n": 250, "index": 0.1 + 0.2 + shift, "freedom": float("inf")},
        {"unit": "B", "n": 12, "note": "withheld"},
        {"unit": HOSTILE, "n": 2**40, "index": 1e-300, "published": -71.5},
    ]
    return [{**common, "construct": "satisfaction", **row} for row in rows]


def add_revision(
    study: Path,
    period: str,
    number: int,
    *,
    shift: float = 0.0,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> Path:
    """Put a revision into the study's store and make it current; return its folder."""
    found = tables or {
        "readings": make_table(READINGS, readings(period, shift)),
        "changes": make_table(CHANGES, [{"period": period, "unit": "A", "flag_95": 1.0}]),
        "estimates": make_table(ESTIMATES, [{"group": "A", "op": "~", "estimate": shift}]),
    }
    files = {f"{name}.parquet": parquet_bytes(table) for name, table in found.items()}
    files |= {f"{name}.csv": csv_bytes(table) for name, table in found.items()}
    secret = make_table(READINGS, [{"unit": "SECRET", "n": 3, "index": 50.0}])
    files["internal/readings.parquet"] = parquet_bytes(secret)
    key = hashlib.sha256(repr((period, number, shift)).encode()).hexdigest()
    manifest = {"run_key": key, "reason": "" if number == 1 else "late interviews"}
    store = Store(study.parent / "store")
    stores.publish(store, Period.parse(period), number, files, manifest)
    return store.revision(Period.parse(period), number)


def publish(study: Path, to: str, **options: object) -> list[tuple[str, int, str]]:
    """Publish, and return period, revision and state of each."""
    return told(run_publish(PublishCommand(study, to, **options), {}))  # type: ignore[arg-type]


def told(outcome: PublishOutcome) -> list[tuple[str, int, str]]:
    """Return period, revision and state of each revision of an outcome."""
    return [(done.period, done.revision, done.state) for done in outcome.revisions]


def ask(address: str, query: str) -> list[tuple[object, ...]]:
    """Ask a database, past the code under test."""
    with engine_of(address).connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def content(address: str) -> dict[str, list[tuple[object, ...]]]:
    """Return everything in the database's tables, to compare two states."""
    with engine_of(address).connect() as connection:
        names = sorted(sa.inspect(connection).get_table_names())
        found = {name: connection.exec_driver_sql(f"SELECT * FROM {name}") for name in names}
        return {name: sorted(map(tuple, rows), key=repr) for name, rows in found.items()}


def breaking_after(
    write: Callable[..., None], good: int, fault: Callable[[], None]
) -> Callable[..., None]:
    """Return a writer of rows that has a fault before the table after so many good ones."""
    left = iter(range(good))

    def broken(*arguments: object) -> None:
        if next(left, None) is None:
            fault()
        write(*arguments)

    return broken


def schema_digest(schemas: tuple[Schema, ...]) -> str:
    """Return a digest of the columns of outputs."""
    text = repr([(schema.name, list(schema.columns.items())) for schema in schemas])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
