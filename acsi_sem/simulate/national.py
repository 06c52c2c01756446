"""A nation of invented companies whose customers' answers have a known truth.

A company lifts its customers on every driver of the index. So do its industry and its sector, and
all of them, and the nation, move a little from quarter to quarter. Companies are of a few types
that differ in their paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem, SpecError
from acsi_sem.simulate import price
from acsi_sem.simulate.demo import EFFECTS, LOADINGS
from acsi_sem.simulate.latents import Structure, make_structure
from acsi_sem.simulate.national_plan import (
    QUARTERS,
    Firm,
    NationPlan,
    check_plan,
    keyed,
    make_firms,
    make_hierarchy,
)
from acsi_sem.spec.graph import ancestors, blocks, higher_order
from acsi_sem.spec.hierarchy import NATION, Hierarchy
from acsi_sem.spec.model import Model
from acsi_sem.spec.periods import Period

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

BASE: Final = 0.10
SECTOR_SD, INDUSTRY_SD, COMPANY_SD = 0.06, 0.07, 0.08
"""Of lifts; 0.1 is about three and a half index points."""

NATION_DRIFT, SECTOR_DRIFT, COMPANY_DRIFT = 0.012, 0.010, 0.020
"""Standard deviations of a quarter's step."""

WIDEST: Final = 0.65
"""Lifts of companies are held within this, where the truth is tabulated (`exact_moments`)."""

PATH_TYPES: Final[tuple[dict[tuple[str, str], float], ...]] = (
    {},
    {("perceived_quality", "satisfaction"): 0.50, ("perceived_value", "satisfaction"): 0.32},
    {("perceived_quality", "satisfaction"): 0.32, ("perceived_value", "satisfaction"): 0.50},
    {("expectations", "perceived_quality"): 0.60, ("expectations", "satisfaction"): 0.20},
    {("satisfaction", "complaints"): -0.40, ("satisfaction", "loyalty"): 0.72},
)
NATIONAL_LOADINGS: Final = {**LOADINGS, "REPUR": 0.78, "PT": 0.75}


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedNation:
    """A nation to draw answers from.

    Attributes
    ----------
    model : Model
    plan : NationPlan
    firms : tuple of Firm
        In the order of tables, industry by industry.
    hierarchy : Hierarchy
    structures : tuple of Structure
        One per type of company.
    types : ndarray of int, shape (F,)
        Each company's type.
    """

    model: Model
    plan: NationPlan
    firms: tuple[Firm, ...]
    hierarchy: Hierarchy
    structures: tuple[Structure, ...]
    types: Ints


def make_nation(model: Model, plan: NationPlan) -> SimulatedNation:
    """Make a nation's units, their shares and what is true of each company.

    Parameters
    ----------
    model : Model
        Names of the ACSI model get values close to the published ones, others a plain default.
    plan : NationPlan

    Returns
    -------
    SimulatedNation

    Raises
    ------
    UsageError
        If the sizes do not fit each other.
    SpecError
        If the model has higher-order constructs, or price tolerance without the item that it is
        routed by in the same construct.
    """
    check_plan(plan)
    _check_model(model)
    firms = make_firms(plan)
    structures = tuple(
        make_structure(model, EFFECTS | changed, NATIONAL_LOADINGS) for changed in PATH_TYPES
    )
    drawn = [keyed(plan.seed, "type", firm.name).integers(len(structures)) for firm in firms]
    return SimulatedNation(
        model, plan, firms, make_hierarchy(plan, firms), structures, np.array(drawn, dtype=np.intp)
    )


def _check_model(model: Model) -> None:
    problems = []
    if higher_order(model):
        names = ", ".join(construct.name for construct in higher_order(model))
        expected = "a model without higher-order constructs"
        problems.append(Problem(f"model {model.name}", "constructs", expected, names))
    if len(model.derive) > 1:
        names = ", ".join(recipe.name for recipe in model.derive)
        problems.append(Problem(f"model {model.name}", "derive", "one derived item", names))
    at, route = price_items(model)
    if at >= 0 and (route < 0 or blocks(model)[route] != blocks(model)[at]):
        expected = f"{price.ROUTED_BY} in the construct of an item derived by price_tolerance"
        got = model.indicators[at].name
        problems.append(Problem(f"model {model.name}", "derive", expected, got))
    if problems:
        raise SpecError(problems)


def price_items(model: Model) -> tuple[int, int]:
    """Return the places of price tolerance and of the item that routes it; -1 for none."""
    derived = {recipe.name for recipe in model.derive}
    columns = [item.column for item in model.indicators]
    at = next((i for i, column in enumerate(columns) if column in derived), -1)
    return at, columns.index(price.ROUTED_BY) if price.ROUTED_BY in columns else -1


def driver_shape(model: Model) -> Floats:
    """Return 1 for constructs that a lift acts on, those that lead to the index; shape (q,)."""
    drivers = ancestors(model, model.index)
    return np.array([float(name in drivers) for name in model.construct_names])


def surveyed(nation: SimulatedNation, period: Period) -> Ints:
    """Return the numbers of the companies that are interviewed in a period."""
    every = nation.plan.rotation == "quarterly"
    turn = period.quarter - 1
    chosen = [every or firm.sector_number % QUARTERS == turn for firm in nation.firms]
    return np.flatnonzero(chosen)


def company_lifts(nation: SimulatedNation, period: Period) -> Floats:
    """Return what lifts the customers of each company in a period, shape (F,).

    In standard deviations of a driver of the index.
    """
    plan = nation.plan
    known = {
        ("sector", firm.sector): _lift(plan, period, "sector", firm.sector, SECTOR_SD, SECTOR_DRIFT)
        for firm in nation.firms
    }
    known |= {
        ("industry", firm.industry): _lift(
            plan, period, "industry", firm.industry, INDUSTRY_SD, 0.0
        )
        for firm in nation.firms
    }
    whole = BASE + _lift(plan, period, NATION, NATION, 0.0, NATION_DRIFT)
    found = [
        whole
        + known["sector", firm.sector]
        + known["industry", firm.industry]
        + _lift(plan, period, "company", firm.name, COMPANY_SD, COMPANY_DRIFT)
        for firm in nation.firms
    ]
    lifts: Floats = np.clip(np.array(found), -WIDEST, WIDEST)
    return lifts


def _lift(
    plan: NationPlan, period: Period, level: str, name: str, spread: float, drift: float
) -> float:
    """Return a unit's own lift: where it began, and its steps since the first period."""
    lift = spread * keyed(plan.seed, "lift", level, name).standard_normal()
    for i in range(1, period - plan.first + 1):
        when = str(plan.first.back(-i))
        lift += drift * keyed(plan.seed, "drift", level, name, when).standard_normal()
    return float(lift)
