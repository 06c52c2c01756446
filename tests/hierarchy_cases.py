"""Small nations: units with sales, and readings as a quarter's fits would give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from acsi_sem.spec.hierarchy import (
    NATION,
    Break,
    Hierarchy,
    NationalForm,
    NationSpec,
    Share,
    Unit,
)
from acsi_sem.spec.model import Text
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import READINGS
from acsi_sem.tables.schema import make_table

LEVELS = ("company", "industry", "sector")
NOW = Period(2026, 3)

Tree = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Sales of companies by industry by sector."""


def nation_of(
    tree: Tree,
    residual: Iterable[str] = (),
    errors: Mapping[str, float] | None = None,
    industries: Mapping[str, float] | None = None,
    sectors: Mapping[str, float] | None = None,
) -> Hierarchy:
    """Make a hierarchy; industries and sectors weigh the sum of their companies unless given."""
    units: list[Unit] = []
    sales: dict[tuple[str, str], float] = {}
    for sector, inside in tree.items():
        units.append(Unit("sector", sector, NATION, sector))
        for industry, companies in inside.items():
            units.append(Unit("industry", industry, sector, industry))
            own = (industries or {}).get(industry, sum(companies.values()))
            sales["industry", industry] = own
            sales["sector", sector] = sales.get(("sector", sector), 0.0) + own
            for company, value in companies.items():
                units.append(Unit("company", company, industry, company, company in residual))
                sales["company", company] = value
    for sector, value in (sectors or {}).items():
        sales["sector", sector] = value
    shares = tuple(
        Share(level, name, "sales", date.min, date.max, value, (errors or {}).get(name, 0.0))
        for (level, name), value in sales.items()
    )
    return Hierarchy(LEVELS, tuple(units), shares, tuple((level, "sales") for level in LEVELS))


def readings_of(
    index: Mapping[str, float],
    std_error: Mapping[str, float] | float = 1.0,
    n: Mapping[str, int] | int = 250,
    *,
    period: Period = NOW,
    level: str = "company",
    freedom: float = float("nan"),
    columns: Sequence[tuple[str, str]] = (("pls", "satisfaction"),),
    parent: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Make readings of the units of a level."""

    def of(values: Mapping[str, float] | float, unit: str) -> float:
        return values[unit] if isinstance(values, Mapping) else values

    return make_table(
        READINGS,
        [
            {
                "period": str(period),
                "level": level,
                "unit": unit,
                "parent": (parent or {}).get(unit, ""),
                "engine": engine,
                "construct": construct,
                "n": of(n, unit),
                "n_eff": float(of(n, unit)),
                "index": value,
                "std_error": of(std_error, unit),
                "freedom": freedom,
                "conf_level": 0.95,
            }
            for unit, value in index.items()
            for engine, construct in columns
        ],
    )


def with_shares(hierarchy: Hierarchy, shares: Iterable[Share]) -> Hierarchy:
    """Replace the shares of the units that are given by others."""
    given = tuple(shares)
    told = {(share.level, share.unit) for share in given}
    kept = tuple(one for one in hierarchy.shares if (one.level, one.unit) not in told)
    return Hierarchy(hierarchy.levels, hierarchy.units, kept + given, hierarchy.measures)


def spec_of(
    window: int = 4, form: NationalForm = "pooled", breaks: tuple[Break, ...] = ()
) -> NationSpec:
    """Make the part of a study that says how units roll up."""
    measures = tuple((level, "sales") for level in LEVELS)
    title = Text.of("Nation", "")
    return NationSpec(title, "units.csv", "shares.csv", measures, form, window, breaks)


def row(table: pd.DataFrame, **keys: str) -> dict[str, Any]:
    """Return the only row that has these values."""
    found = table
    for name, value in keys.items():
        found = found[found[name] == value]
    assert len(found) == 1, (keys, len(found))
    return {str(name): value for name, value in found.iloc[0].items()}
