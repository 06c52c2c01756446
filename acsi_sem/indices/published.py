"""Scores as others published them: percent changes from rounded scores, and their tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from acsi_sem.indices.rounding import percent_change
from acsi_sem.spec.hierarchy import NATION
from acsi_sem.tables.national import HISTORY
from acsi_sem.tables.schema import make_table

SERIES_KEY: Final = ("series", "level", "unit", "construct", "form", "source", "vintage")
"""Rows of a history that agree in these are one series of readings."""

NOT_MEASURED: Final = "not measured"
_SERIES: Final = "ACSI"
_SOURCE: Final = "ACSI, published tables 1994-2008"
_BASELINE: Final = "baseline"
_RESIDUAL: Final = "residual"


def percent_changes(history: pd.DataFrame) -> pd.DataFrame:
    """Return each reading's change on the one before it and on its baseline.

    Parameters
    ----------
    history : DataFrame
        Columns of `HISTORY`.

    Returns
    -------
    DataFrame
        The index and order of `history`; columns `previous_period`, `previous` (per cent),
        `baseline_period`, `baseline` (per cent) and `note`, which says why one is unknown:
        a score was not measured, or is doubtful, so that no percentage may rest on it.
    """
    found: dict[Any, dict[str, object]] = {}
    for _, rows in history.groupby(list(SERIES_KEY), sort=False, dropna=False):
        ordered = rows.sort_values("period", kind="stable").reset_index(names="_row")
        records = ordered.to_dict("records")
        first = next((record for record in records if record["baseline"] == 1), None)
        before = None
        for record in records:
            found[record["_row"]] = _changes(record, before, first)
            before = record
    columns = ["previous_period", "previous", "baseline_period", "baseline", "note"]
    return pd.DataFrame([found[row] for row in history.index], history.index, columns)


def _changes(
    record: Mapping[Any, Any], before: Mapping[Any, Any] | None, first: Mapping[Any, Any] | None
) -> dict[str, object]:
    first = None if first is record else first
    made: dict[str, object] = {}
    notes = []
    for name, base in (("previous", before), ("baseline", first)):
        reason = "" if base is None else _reason(record, base)
        made |= {f"{name}_period": base["period"] if base else "", name: math.nan}
        if base is not None and not reason:
            change = percent_change(record["level"], [record["index"]], [base["index"]])
            made[name] = float(change[0])
        notes += [f"{name}: {reason}"] if reason else []
    return {**made, "note": "; ".join(notes)}


def _reason(after: Mapping[Any, Any], before: Mapping[Any, Any]) -> str:
    """Return why no percentage may be computed from two readings; empty when one may."""
    for record in (after, before):
        if not math.isfinite(record["index"]):
            return f"{record['period']} was not measured"
    doubtful = [r["period"] for r in (before, after) if r["doubtful"] == 1]
    return f"{' and '.join(doubtful)} doubtful" if doubtful else ""


def from_facts(
    national: pd.DataFrame | None = None, firms: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Turn a table of facts into a history.

    Parameters
    ----------
    national : DataFrame, optional
        ``period score_seed is_baseline doubtful score_alt note``, a row per quarter.
    firms : DataFrame, optional
        ``industry entity level period year score measured``, a row per unit and year.

    Returns
    -------
    DataFrame
        Columns of `HISTORY`. What was not measured keeps its row, without an index and with a
        note. `percent` is the change on the reading before. The baseline of firms is of 1994.
    """
    rows = [
        *(_national_rows(national) if national is not None else ()),
        *(_firm_rows(firms) if firms is not None else ()),
    ]
    history = make_table(HISTORY, rows)
    changes = percent_changes(history)
    told = changes["note"].str.extract(r"previous: ([^;]*doubtful)")[0].fillna("")
    history["percent"] = changes["previous"]
    withheld = [f"percent withheld: {text}" if text else "" for text in told]
    pairs = zip(history["note"], withheld, strict=True)
    history["note"] = ["; ".join(part for part in pair if part) for pair in pairs]
    return history


def _national_rows(facts: pd.DataFrame) -> Iterator[dict[str, object]]:
    edition = str(facts["period"].iloc[-1])
    for fact in facts.to_dict("records"):
        yield _row(
            level=NATION,
            unit=NATION,
            parent="",
            period=fact["period"],
            vintage=edition,
            index=fact["score_seed"],
            alternative=fact["score_alt"],
            doubtful=fact["doubtful"],
            baseline=fact["is_baseline"],
            note=_text(fact["note"]),
        )


def _firm_rows(facts: pd.DataFrame) -> Iterator[dict[str, object]]:
    edition = str(facts["year"].iloc[-1])
    for fact in facts.to_dict("records"):
        industry, residual = fact["industry"], fact["level"] == _RESIDUAL
        notes = ["residual unit"] if residual else []
        notes += [] if fact["measured"] else [NOT_MEASURED]
        yield _row(
            level="company" if residual else fact["level"],
            unit=f"{fact['entity']} ({industry})" if residual else fact["entity"],
            parent="" if fact["level"] == "industry" else industry,
            period=str(fact["year"]),
            vintage=edition,
            index=fact["score"],
            doubtful=0,
            baseline=int(fact["period"] == _BASELINE),
            note="; ".join(notes),
        )


def _row(**columns: object) -> dict[str, object]:
    return {"series": _SERIES, "source": _SOURCE, "construct": "satisfaction", **columns}


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]
