"""The columns of a national run's tables: readings, the nation, changes, ranks, what moved."""

from __future__ import annotations

from typing import Final

from acsi_sem.tables.schema import Schema, Type

_INTERVAL: Final = "std_error freedom conf_low conf_high conf_level"


def _schema(name: str, text: str, numbers: str, counts: str = "") -> Schema:
    columns: dict[str, Type] = dict.fromkeys(text.split(), "text")
    columns |= dict.fromkeys(counts.split(), "count")
    columns |= dict.fromkeys(numbers.split(), "number")
    return Schema(name, {**columns, "note": "text"})


READINGS: Final = _schema(
    "readings",
    "period level unit parent engine construct",
    f"n_eff index {_INTERVAL} published",
    "n",
)
"""One row per unit, engine and construct: companies as fitted, the others rolled up from them."""

NATIONAL: Final = _schema(
    "national",
    "period form engine construct",
    f"index {_INTERVAL} published",
    "quarters readings",
)
"""The rolling index of the nation, in each form."""

CHANGES: Final = _schema(
    "changes",
    "period level unit form engine construct versus base_period",
    f"index base_index change {_INTERVAL} statistic p_value p_holm flag_90 flag_95 percent",
)
"""What moved since last quarter and last year; `form` is filled for the nation's rolling index."""

LEAGUE: Final = _schema(
    "league",
    "period level parent unit engine tied",
    "rank index std_error conf_low conf_high conf_level published",
    "n",
)
"""Units ranked within their parent; units that share a letter in `tied` cannot be told apart."""

DIFFERENCES: Final = _schema(
    "differences",
    "period level parent unit other engine",
    "difference std_error statistic p_value p_holm flag_90 flag_95",
)
"""Every pair of units of a parent, compared."""

SHARES: Final = _schema(
    "shares", "period level unit parent measure", "value std_error share weight"
)
"""What each unit weighs within its parent, and of this quarter's nation."""

REVISIONS: Final = _schema(
    "revisions", "period table level unit engine construct measure", "before after moved"
)
"""What a new revision of a period changed."""

HISTORY: Final = _schema(
    "history",
    "series level unit parent construct form period vintage source",
    "index std_error conf_low conf_high conf_level percent alternative doubtful baseline break",
)
"""Readings of all periods, ours and others', one row per vintage."""

NATIONAL_SCHEMAS: Final[tuple[Schema, ...]] = (
    READINGS,
    NATIONAL,
    CHANGES,
    LEAGUE,
    DIFFERENCES,
    SHARES,
    REVISIONS,
    HISTORY,
)
