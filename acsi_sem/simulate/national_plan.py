"""What a simulated nation is made of: its sizes, its units, and what each unit weighs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np

from acsi_sem.errors import Problem, UsageError
from acsi_sem.spec.hierarchy import NATION, Hierarchy, Share, Unit
from acsi_sem.spec.periods import Period

Rotation = Literal["quarterly", "annual"]
ROTATIONS: Final[tuple[Rotation, ...]] = ("quarterly", "annual")
QUARTERS: Final = 4
LEVELS: Final = ("company", "industry", "sector")
MEASURES: Final = (("company", "sales"), ("industry", "sales"), ("sector", "gdp"))
SECTORS: Final = (
    *("Utilities", "Telecommunications", "Travel", "Retail", "Finance", "Health care"),
    *("Accommodation and food", "Public services", "Everyday goods", "Durable goods"),
)
RESIDUAL_EVERY: Final = 3
"""The last company of every third industry stands for all others."""


FIRST: Final = Period(2025, 4)


@dataclass(frozen=True, slots=True)
class NationPlan:
    """Sizes of a simulated nation.

    Attributes
    ----------
    sectors, industries, companies : int
        Industries are dealt to sectors in turn, companies to industries.
    interviews : int
        Per company and quarter of fieldwork.
    quarters : int
    first : Period
    rotation : {"quarterly", "annual"}
        Whether a sector is surveyed every quarter or in one quarter of the year.
    seed : int
        Determines everything.
    missing : bool
        False for a survey in which every question asked is answered.
    """

    sectors: int = 10
    industries: int = 43
    companies: int = 400
    interviews: int = 250
    quarters: int = 4
    first: Period = FIRST
    rotation: Rotation = "quarterly"
    seed: int = 1
    missing: bool = True

    @property
    def periods(self) -> tuple[Period, ...]:
        """The quarters, in order."""
        return tuple(self.first.back(-i) for i in range(self.quarters))


@dataclass(frozen=True, slots=True)
class Firm:
    """A company of a simulated nation, by the names of its units and the number of its sector."""

    name: str
    industry: str
    sector: str
    sector_number: int
    residual: bool


def keyed(seed: int, *words: str) -> np.random.Generator:
    """Return the random stream of a seed and some names.

    Parameters
    ----------
    seed : int
        Non-negative.
    words : str
        They enter by SHA-256: one unit's stream does not depend on which others there are.
    """
    digest = hashlib.sha256("\x00".join(words).encode()).digest()
    entropy = [seed, *np.frombuffer(digest, dtype="<u4").tolist()]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def check_plan(plan: NationPlan) -> None:
    """Refuse sizes of which no nation can be made.

    Raises
    ------
    UsageError
        With every problem.
    """
    problems = list(_problems(plan))
    if problems:
        raise UsageError(problems)


def _problems(plan: NationPlan) -> Iterator[Problem]:
    place = "simulate"
    if plan.sectors < 1:
        yield Problem(place, "--sectors", "1 or more", str(plan.sectors))
    if plan.industries < plan.sectors:
        yield Problem(place, "--industries", "one per sector or more", str(plan.industries))
    if plan.companies < plan.industries:
        yield Problem(place, "--companies", "one per industry or more", str(plan.companies))
    if plan.interviews < 60:
        yield Problem(place, "--interviews", "60 or more", str(plan.interviews))
    if plan.quarters < 1:
        yield Problem(place, "--quarters", "1 or more", str(plan.quarters))
    if plan.seed < 0:
        yield Problem(place, "--seed", "0 or more", str(plan.seed))
    if plan.rotation not in ROTATIONS:
        yield Problem(place, "--rotation", " or ".join(ROTATIONS), repr(plan.rotation))
    if plan.rotation == "annual" and plan.sectors < QUARTERS:
        expected = f"{QUARTERS} or more with annual rotation, so that no quarter is empty"
        yield Problem(place, "--sectors", expected, str(plan.sectors))


def make_firms(plan: NationPlan) -> tuple[Firm, ...]:
    """Return the companies, industry by industry.

    Examples
    --------
    >>> [firm.name for firm in make_firms(NationPlan(1, 2, 4))]
    ['Utilities 1.01', 'Utilities 1.02', 'Utilities 2.01', 'Utilities 2.02']
    """
    return tuple(
        firm for number in range(plan.industries) for firm in _firms_of_industry(plan, number)
    )


def _firms_of_industry(plan: NationPlan, number: int) -> Iterator[Firm]:
    place = number % plan.sectors
    sector = SECTORS[place] if place < len(SECTORS) else f"Sector {place + 1}"
    industry = f"{sector} {number // plan.sectors + 1}"
    size = len(range(number, plan.companies, plan.industries))
    for i in range(1, size + 1):
        residual = i == size and size > 2 and number % RESIDUAL_EVERY == 0
        name = f"{industry}, all others" if residual else f"{industry}.{i:02d}"
        yield Firm(name, industry, sector, place, residual)


def make_hierarchy(plan: NationPlan, firms: tuple[Firm, ...]) -> Hierarchy:
    """Return the tree of units and their shares, which change from year to year.

    Companies weigh by sales, industries by their companies' sales, sectors by gross domestic
    product.
    """
    industry_of = {firm.industry: firm.sector for firm in firms}
    units = (
        *(Unit("sector", name, NATION, name) for name in dict.fromkeys(industry_of.values())),
        *(Unit("industry", name, sector, name) for name, sector in industry_of.items()),
        *(Unit("company", firm.name, firm.industry, firm.name, firm.residual) for firm in firms),
    )
    years = range(plan.first.year, plan.periods[-1].year + 1)
    shares = tuple(share for year in years for share in _shares(plan, firms, year))
    return Hierarchy(LEVELS, units, shares, MEASURES)


def _shares(plan: NationPlan, firms: tuple[Firm, ...], year: int) -> Iterator[Share]:
    first, last = date(year, 1, 1), date(year, 12, 31)
    sales: dict[str, float] = {}
    for firm in firms:
        value = _size(plan, "sales", firm.name, year, 500.0)
        sales[firm.industry] = round(sales.get(firm.industry, 0.0) + value, 1)
        yield Share("company", firm.name, "sales", first, last, value)
    for industry, value in sales.items():
        yield Share("industry", industry, "sales", first, last, value)
    for sector in dict.fromkeys(firm.sector for firm in firms):
        yield Share(
            "sector", sector, "gdp", first, last, _size(plan, "gdp", sector, year, 40_000.0)
        )


def _size(plan: NationPlan, measure: str, name: str, year: int, typical: float) -> float:
    """Return the size of a unit in a year: lognormal at first, then growing by about 3 %."""
    size = typical * np.exp(0.8 * keyed(plan.seed, measure, name).standard_normal())
    for past in range(plan.first.year + 1, year + 1):
        growth = keyed(plan.seed, measure, name, str(past)).standard_normal()
        size *= np.exp(0.03 + 0.06 * growth)
    return round(float(size), 1)


def share_values(hierarchy: Hierarchy, level: str, period: Period) -> dict[str, float]:
    """Return what the units of a level weigh in a period: what holds on its last day."""
    measure = dict(hierarchy.measures)[level]
    return {
        share.unit: share.value
        for share in hierarchy.shares
        if (share.level, share.measure) == (level, measure)
        and share.valid_from <= period.last_day <= share.valid_to
    }
