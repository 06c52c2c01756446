"""A small store of published runs, and published scores of others, for tests of the history."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from acsi_sem.runs.store import Store, publish
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Study
from acsi_sem.tables.national import NATIONAL, READINGS
from acsi_sem.tables.schema import Schema, make_table
from acsi_sem.tables.write import parquet_bytes

STUDY = """\
schema: 1
name: trial
model: model.yaml
data: {file: "survey-{period}.parquet"}
levels: {company: COMPANY, industry: INDUSTRY, sector: SECTOR}
group: COMPANY
nation:
  units: units.csv
  shares: shares.csv
  measures: {company: sales, industry: sales, sector: gdp}
  breaks:
    - {period: 2026Q1, reason: new questionnaire}
    - {period: 2026Q1, reason: renamed, series: South}
run: {store: store, history: [before.csv]}
"""
BEFORE = """\
series,level,unit,period,index,conf_low,conf_high,vintage,note
Old,nation,nation,2024Q4,70.5,69.5,71.5,2025,
Old,nation,nation,2025Q1,,,,2025,not measured
"""
FIRMS = (("North", 71.25), ("=South", 66.5))


def make_study(folder: Path, before: str = BEFORE) -> Study:
    """Write a study of a nation, with a file of published scores beside it, and load it."""
    (folder / "model.yaml").write_text("schema: 1\n", encoding="utf-8")
    (folder / "before.csv").write_text(before, encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return load_study(folder / "study.yaml")


def tables(period: str, shift: float) -> dict[str, pd.DataFrame]:
    """Return readings of two companies, one of them withheld for ols, and the nation."""
    same: dict[str, Any] = {"period": period, "construct": "satisfaction", "conf_level": 0.95}
    readings = [
        {
            **same,
            "level": "company",
            "unit": unit,
            "parent": "Retail",
            "engine": engine,
            **({} if engine == "ols" and unit == "North" else {"index": index + shift}),
            "note": "withheld" if engine == "ols" and unit == "North" else "",
        }
        for engine in ("pls", "ols")
        for unit, index in FIRMS
    ]
    nation = [{**same, "form": "pooled", "engine": "pls", "index": 69.0 + shift, "std_error": 0.2}]
    return {"readings": _made(READINGS, readings), "national": _made(NATIONAL, nation)}


def _made(schema: Schema, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return make_table(schema, rows)


def publish_tables(study: Study, period: str, revision: int, shift: float) -> None:
    """Publish a period's tables as a revision; what is internal must never show."""
    made: Mapping[str, pd.DataFrame] = tables(period, shift)
    files = {f"{name}.parquet": parquet_bytes(table) for name, table in made.items()}
    files["internal/readings.parquet"] = parquet_bytes(made["readings"].assign(index=1.0))
    files["internal/secret.parquet"] = files["internal/readings.parquet"]
    store = Store(Path(study.folder) / "store")
    key = f"{revision:02}-{period}-key"
    publish(store, Period.parse(period), revision, files, {"run_key": key})
