"""A nation's period made by hand: consistent numbers, hostile names, and one of every state."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

import numpy as np
from acsi_model import BLOCKS, acsi_model

from acsi_sem.analysis.nation import Lost, National
from acsi_sem.analysis.values import Request
from acsi_sem.spec.hierarchy import NATION, Break, Hierarchy, NationSpec, Share, Unit
from acsi_sem.spec.model import Text
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Codebook, Study
from acsi_sem.tables import national as shapes
from acsi_sem.tables import schema
from acsi_sem.tables.schema import Schema, make_table
from acsi_sem.terms import Notice

NOW: Final = Period(2026, 3)
SMALL: Final = "withheld: fewer than 50 respondents"
CRASHED: Final = "the weights did not converge in 300 iterations"
SCRIPT: Final = "<script>alert('x')</script>"
FORMULA: Final = '=HYPERLINK("http://evil.example","click")'
TURNED: Final = "Gnirts\u202eevil\u202c Bank"
LONG: Final = "Consolidated " + "Interstate" * 12 + " & Daughters “Telecom” Holding Company"
CHINESE: Final = "中国电信集团有限公司"
LEVELS: Final = ("company", "industry", "sector")
COMPANIES: Final = {
    "airlines": ("Blue Air", SCRIPT, CHINESE, "airline-others"),
    "banks": (FORMULA, "../../etc/passwd", TURNED),
    "phones": (LONG, "Small Mobile"),
}
SECTORS: Final = {"services": ("airlines", "phones"), "finance": ("banks",)}
LOST, WITHHELD = "../../etc/passwd", "Small Mobile"
Row = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Units and their true-ish numbers."""

    hierarchy: Hierarchy
    base: dict[str, float]

    def children(self, level: str, name: str) -> list[Unit]:
        """Return the units below one."""
        place = {"industry": "company", "sector": "industry", NATION: "sector"}[level]
        return [u for u in self.hierarchy.of_level(place) if u.parent == name]

    def index(self, unit: Unit, period: Period) -> float:
        """Return a unit's index: a company's by formula, others' as the mean of their parts."""
        if unit.level != "company":
            parts = self.children(unit.level, unit.name)
            return float(np.mean([self.index(part, period) for part in parts]))
        drift = 0.7 * (period - NOW) * (1 if len(unit.name) % 2 else -1)
        return self.base[unit.name] + drift

    def error(self, unit: Unit) -> float:
        """Return its standard error, carried upward."""
        if unit.level == "company":
            return 0.9
        parts = [self.error(part) for part in self.children(unit.level, unit.name)]
        return math.sqrt(sum(e * e for e in parts)) / len(parts)


TOP: Final = Unit(NATION, NATION, "", "")


def make_world(companies: dict[str, tuple[str, ...]], sectors: dict[str, tuple[str, ...]]) -> World:
    """Make a hierarchy of named units with even shares."""
    above = {industry: sector for sector, own in sectors.items() for industry in own}
    units = [
        Unit("company", name, industry, name, residual=name.endswith("-others"))
        for industry, own in companies.items()
        for name in own
    ]
    units += [Unit("industry", name, above[name], name.title()) for name in companies]
    units += [Unit("sector", name, NATION, f"{name.title()} & <b>more</b>") for name in sectors]
    names = [unit.name for unit in units if unit.level == "company"]
    base = {name: 66 + 17 * ((37 * i + 11) % 97) / 97 for i, name in enumerate(names)}
    days = (date(2020, 1, 1), date(2030, 12, 31))
    shares = tuple(Share(u.level, u.name, "sales", *days, 1.0) for u in units)
    return World(
        Hierarchy(LEVELS, tuple(units), shares, tuple((level, "sales") for level in LEVELS)), base
    )


def interval(value: float, error: float) -> Row:
    """Return a row's limits."""
    return {
        "std_error": error,
        "conf_low": value - 1.96 * error,
        "conf_high": value + 1.96 * error,
        "conf_level": 0.95,
    }


def state(unit: Unit) -> str:
    """Return why a company has no numbers; empty when it has."""
    return {LOST: CRASHED, WITHHELD: SMALL}.get(unit.name, "")


def reading_rows(world: World, period: Period = NOW) -> Iterator[Row]:
    """Give readings of every unit, engine and construct."""
    for unit in (*world.hierarchy.units, TOP):
        for engine in ("pls", "ols"):
            for place, construct in enumerate(BLOCKS):
                value = world.index(unit, period) + (construct != "satisfaction") * (place - 2)
                value += 0.2 * (engine == "ols")
                shown = round(value, 1 if unit.level == NATION else 0)
                row: Row = {"period": str(period), "level": unit.level, "unit": unit.name}
                row |= {"parent": unit.parent, "engine": engine, "construct": construct}
                row |= {"n": 250, "n_eff": 240.0, "index": value, "published": shown}
                row |= interval(value, world.error(unit))
                if state(unit):
                    gone = ("index", "published", "std_error", "conf_low", "conf_high")
                    row |= dict.fromkeys(gone, math.nan) | {"note": state(unit), "n": 0}
                yield row


def change_rows(world: World) -> Iterator[Row]:
    """Give changes of every unit, and of the nation's rolling index."""
    for unit in (*world.hierarchy.units, TOP):
        if state(unit):
            continue
        for versus, back in (("last_quarter", 1), ("last_year", 4)):
            now, before = world.index(unit, NOW), world.index(unit, NOW.back(back))
            error = math.sqrt(2) * world.error(unit)
            z = (now - before) / error
            row: Row = {"period": str(NOW), "level": unit.level, "unit": unit.name}
            row |= {"engine": "pls", "construct": "satisfaction", "versus": versus}
            row |= {"base_period": str(NOW.back(back)), "index": now, "base_index": before}
            row |= {"change": now - before, "statistic": z, "p_value": math.exp(-abs(z))}
            row |= {"p_holm": math.exp(-abs(z)), "flag_90": float(abs(z) > 1.4)}
            row |= {"flag_95": float(abs(z) > 1.9), "percent": 100 * (now / before - 1)}
            row |= interval(now - before, error)
            yield row
            if unit is TOP:
                yield row | {"form": "pooled"}


def league_rows(world: World) -> Iterator[Row]:
    """Rank the units of every parent."""
    for level, above in (("company", "industry"), ("industry", "sector"), ("sector", NATION)):
        for parent in {u.parent: None for u in world.hierarchy.of_level(level)}:
            units = [u for u in world.children(above, parent) if not state(u) and not u.residual]
            units.sort(key=lambda unit: -world.index(unit, NOW))
            for place, unit in enumerate(units):
                value = world.index(unit, NOW)
                tied = "ab" if place % 3 == 1 else "abc"[place % 3]
                row: Row = {"period": str(NOW), "level": level, "parent": parent, "n": 250}
                row |= {"unit": unit.name, "engine": "pls", "rank": place + 1.0, "tied": tied}
                yield row | {"index": value, "published": round(value)} | interval(value, 0.9)


def difference_rows(world: World) -> Iterator[Row]:
    """Compare every pair of companies of an industry."""
    for industry in world.hierarchy.of_level("industry"):
        own = [u for u in world.children("industry", industry.name) if not state(u)]
        own = [u for u in own if not u.residual]
        for place, unit in enumerate(own):
            for other in own[place + 1 :]:
                gap = world.index(unit, NOW) - world.index(other, NOW)
                row: Row = {"period": str(NOW), "level": "company", "parent": industry.name}
                row |= {"unit": unit.name, "other": other.name, "engine": "pls", "std_error": 1.27}
                row |= {"difference": gap, "p_value": math.exp(-abs(gap)), "statistic": gap / 1.27}
                flags = {"flag_90": float(abs(gap) > 2.3), "flag_95": float(abs(gap) > 3)}
                yield row | flags | {"p_holm": math.exp(-abs(gap))}


def national_rows(world: World) -> Iterator[Row]:
    """Give the rolling index in every form."""
    for form in ("pooled", "mean_of_quarters", "latest"):
        value = world.index(TOP, NOW)
        row: Row = {"period": str(NOW), "form": form, "engine": "pls", "quarters": 4}
        row |= {"construct": "satisfaction", "readings": 8, "index": value}
        yield row | {"published": round(value, 1)} | interval(value, world.error(TOP))


def share_rows(world: World) -> Iterator[Row]:
    """Share every parent out evenly."""
    for unit in world.hierarchy.units:
        above = {"company": "industry", "industry": "sector", "sector": NATION}[unit.level]
        share = 1 / len(world.children(above, unit.parent))
        row: Row = {"period": str(NOW), "level": unit.level, "unit": unit.name, "value": 1.0}
        yield row | {"parent": unit.parent, "measure": "sales", "share": share, "weight": share}


def history_rows(world: World) -> Iterator[Row]:
    """Give four earlier quarters, an earlier vintage of one, and a series published elsewhere."""
    for unit in (*world.hierarchy.units, TOP):
        if state(unit):
            continue
        for back in range(5):
            value = world.index(unit, NOW.back(back))
            row: Row = {"series": "nation", "level": unit.level, "unit": unit.name}
            row |= {"parent": unit.parent, "construct": "satisfaction", "source": "pls"}
            row |= {"form": "pooled" if unit is TOP else "", "period": str(NOW.back(back))}
            row |= {"vintage": "r1", "index": value} | interval(value, world.error(unit))
            yield row
            if back == 1:
                yield row | {"vintage": "r2", "index": value + 0.8}
    for year in range(1995, 2003):
        row = {"series": "ACSI", "level": NATION, "unit": NATION, "period": str(year)}
        row |= {"vintage": "2008", "source": "tables", "index": 74.0 - (year % 4) / 2}
        doubt = {"doubtful": 1.0, "alternative": 71.1} if year == 1997 else {}
        yield row | doubt | {"baseline": float(year == 1995)}


def company_rows(world: World) -> Iterator[tuple[Schema, Row]]:
    """Give what a fit says of each company."""
    variables = (("AGE", ("18-29", "30-49", "50+")), ("REGION", ("North <&> South", "West")))
    for unit in world.hierarchy.of_level("company"):
        if state(unit):
            continue
        key = {"group": unit.name, "engine": "pls"}
        value = world.index(unit, NOW)
        index = {"construct": "satisfaction", "index": value, "n": 250, "n_complete": 231}
        yield schema.INDICES, key | index
        for place, source in enumerate(("expectations", "perceived_quality", "perceived_value")):
            gain = 0.2 + 1.1 * place + 0.01 * (len(unit.name) % 7)
            effect = {"source": source, "target": "satisfaction", "effect": "impact_5"}
            yield schema.IMPACTS, key | effect | {"estimate": gain} | interval(gain, 0.3)
        for variable, categories in variables:
            for place, category in enumerate(categories):
                part: Row = {"variable": variable, "category": category, "n": 80 + place}
                part |= {"construct": "satisfaction", "index": value + place}
                part |= interval(value + place, 1.7)
                if category == "50+":
                    part |= {"index": math.nan, "conf_low": math.nan, "note": SMALL, "n": 0}
                yield schema.BREAKDOWNS, key | part
        for construct, items in BLOCKS.items():
            for name, number in (("alpha", 0.82), ("rho_a", 0.85), ("rho_c", 0.89), ("ave", 0.7)):
                measure = {"construct": construct, "measure": name, "value": number}
                yield schema.QUALITY, key | measure
            for item in items:
                loading = {"lhs": construct, "op": "=~", "rhs": item, "std_estimate": 0.88}
                yield schema.ESTIMATES, key | loading
                means: Row = {"construct": construct, "indicator": item, "mean": 7.7, "n": 245}
                weight = {"index_weight": 1 / len(items), "missing": 5, "low": 1.0, "high": 10.0}
                yield schema.ITEMS, {"group": unit.name} | means | weight


def _study() -> Study:
    codes = Codebook("AGE", Text.of("Age group", "AGE"))
    nation = NationSpec(
        Text.of("Republic of <Tests>", ""),
        "units.csv",
        "shares.csv",
        tuple((level, "sales") for level in LEVELS),
        breaks=(Break(str(NOW.back(2)), "new questionnaire"),),
    )
    return Study(
        "nation",
        Text.of("Customer satisfaction in the Republic", ""),
        "model.yaml",
        source="Quarterly household survey",
        breakdowns=(codes,),
        nation=nation,
    )


def make_national(world: World, revision: int = 1) -> National:
    """Make the period of a world."""
    fitted: dict[str, list[Row]] = {}
    for shape, row in company_rows(world):
        fitted.setdefault(shape.name, []).append(row)
    own = {
        "readings": reading_rows(world),
        "national": national_rows(world),
        "changes": change_rows(world),
        "league": league_rows(world),
        "differences": difference_rows(world),
        "shares": share_rows(world),
        "revisions": iter(()) if revision == 1 else revised_rows(world),
    }
    kinds = {shape.name: shape for shape in (*shapes.NATIONAL_SCHEMAS, *schema.SCHEMAS)}
    named = ("fit_measures", "quality", "breakdowns", "items", "missing", "warnings")
    others = dict.fromkeys(("indices", "estimates", "impacts", *named), ())
    notices = (Notice("sign", f"{SCRIPT} is not as expected", "Blue Air", "pls"),)
    warned = [{"group": n.group, "engine": n.engine, "message": n.message} for n in notices]
    tables = {name: make_table(kinds[name], rows) for name, rows in own.items()}
    tables |= {name: make_table(kinds[name], fitted.get(name, ())) for name in others}
    tables["warnings"] = make_table(kinds["warnings"], warned)
    leaves = world.hierarchy.of_level("company")
    return National(
        study=_study(),
        model=acsi_model(),
        hierarchy=world.hierarchy,
        request=Request(engines=("pls", "ols"), replicates=0, ci="linearised"),
        period=NOW,
        tables=tables,
        history=make_table(shapes.HISTORY, history_rows(world)),
        lost=tuple(
            Lost(u.name, engine, CRASHED)
            for u in leaves
            if u.name == LOST
            for engine in ("pls", "ols")
        ),
        fitted=sum(not state(unit) for unit in leaves),
        interviews=250 * len(leaves),
        notices=notices,
        versions=(("python", "3.11"), ("acsi-sem", "0.1")),
        inputs=(("survey-2026Q3.parquet", "0" * 64),),
        revision=revision,
        reason="" if revision == 1 else f"late interviews {SCRIPT}",
    )


def revised_rows(world: World) -> Iterator[Row]:
    """Give two numbers that a revision moved."""
    for unit in world.hierarchy.of_level("company")[:2]:
        row: Row = {"period": str(NOW), "table": "readings", "level": "company"}
        row |= {"unit": unit.name, "engine": "pls", "construct": "satisfaction"}
        yield row | {"measure": "index", "before": 70.0, "after": 70.4, "moved": 0.4}


@cache
def small_national(revision: int = 1) -> National:
    """Two sectors, three industries, nine companies: one residual, one withheld, one lost."""
    return make_national(make_world(COMPANIES, SECTORS), revision)


@cache
def large_national(companies: int = 400, industries: int = 43) -> National:
    """As many companies and industries as a nation has, in ten sectors."""
    own: dict[str, list[str]] = {f"industry {i}": [] for i in range(industries)}
    for number in range(companies):
        own[f"industry {number % industries}"].append(f"Company {number}")
    names = list(own)
    sectors = {f"sector {i}": tuple(names[i::10]) for i in range(min(10, industries))}
    return make_national(make_world({k: tuple(v) for k, v in own.items()}, sectors))
