"""Columns of the tables that planning writes."""

from __future__ import annotations

from typing import Final

from acsi_sem.tables.schema import Schema

PLAN: Final = Schema(
    "plan",
    {
        **dict.fromkeys(("question", "subject", "quantity"), "text"),
        "value": "number",
        **dict.fromkeys(("unit", "note"), "text"),
    },
)
CHOICES: Final = Schema(
    "choices", dict.fromkeys(("kind", "key", "language", "name", "aspect", "text"), "text")
)
