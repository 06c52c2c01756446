"""Answers of a nation's customers: who is asked, what they say, and what they leave open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.simulate import demo, price
from acsi_sem.simulate.answers import share_threshold, skewed_thresholds
from acsi_sem.simulate.national import (
    SimulatedNation,
    company_lifts,
    driver_shape,
    price_items,
    surveyed,
)
from acsi_sem.simulate.national_plan import keyed
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Indicator, Model
from acsi_sem.spec.periods import Period

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
Columns = dict[str, NDArray[np.generic]]

REGIONS, BANDS = len(demo.REGION_POPULATION), len(demo.AGE_POPULATION)

AGE_MISSING: Final = np.array([0.5, 0.8, 1.1, 1.6])
"""The old leave more questions open; rates of an item are times this."""

PRICE_MISSING: Final = 0.15
"""Of those asked about a price; in 2015 it was 0.27."""

FIRST_CODE_SHARE: Final = 0.8
"""Of missing answers, how many carry the item's first missing code."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """The n interviews of a period.

    Attributes
    ----------
    firm, region, band : ndarray of int, shape (n,)
        Numbers from 0: of the company, the region and the age band.
    age, gender : ndarray of int, shape (n,)
    weight : ndarray, shape (n,)
    answers : ndarray, shape (n, p)
        What everybody would say, in the order and on the scales of the model's indicators;
        reversed items are turned round. None is missing.
    percent : ndarray, shape (n,)
        Answers to the question about prices, 0 to 26; zero in a model without it.
    raised : ndarray of bool, shape (n,)
        Who is asked about a rise.
    chance : ndarray, shape (n, p)
        Uniform numbers that decide who leaves what open.
    """

    firm: Ints
    region: Ints
    band: Ints
    age: Ints
    gender: Ints
    weight: Floats
    answers: Floats
    percent: Floats
    raised: Bools
    chance: Floats


def item_cuts(item: Indicator) -> Floats:
    """Return where the response behind an item is cut into answers; ascending."""
    categories = int(item.high - item.low) + 1
    if categories == 2:
        return share_threshold(demo.YES_SHARE)
    return skewed_thresholds(categories, demo.SKEWS.get(item.name, demo.SKEW))


def region_weights(interviews: int) -> Floats:
    """Return what weighs regions to the population; each gets the same number of interviews."""
    sizes = np.bincount(np.arange(interviews) % REGIONS)
    found: Floats = demo.REGION_POPULATION * interviews / sizes
    return found


def cell_weights(interviews: int) -> Floats:
    """Return the weight of an interview by region and age band, shape (4, 4)."""
    by_age = demo.AGE_POPULATION / demo.AGE_SAMPLE
    found: Floats = np.outer(region_weights(interviews), by_age).round(4)
    return found


def cell_lifts() -> Floats:
    """Return what region and age add to a company's lift, shape (4, 4)."""
    found: Floats = np.add.outer(demo.REGION_LIFT, demo.AGE_LIFT)
    return found


def missing_rates(model: Model) -> Floats:
    """Return the share of open answers by age band and item, shape (4, p)."""
    at, _ = price_items(model)
    rates = [demo.MISSING.get(item.name, demo.MISSING_RATE) for item in model.indicators]
    if at >= 0:
        rates[at] = PRICE_MISSING
    found: Floats = np.outer(AGE_MISSING, rates)
    return found


def draw_period(nation: SimulatedNation, period: Period, replication: int = 0) -> Drawn:
    """Draw every interview of a period.

    Parameters
    ----------
    nation : SimulatedNation
    period : Period
    replication : int
        Another number gives other interviews of the same companies.

    Returns
    -------
    Drawn
        Company by company. A company's interviews depend on nothing but the seed, its name, the
        period and `replication`.
    """
    chosen, n = surveyed(nation, period), nation.plan.interviews
    q, p = len(nation.model.constructs), len(nation.model.indicators)
    normal, uniform = np.empty((chosen.size, n, q + p)), np.empty((chosen.size, n, p + 3))
    for i, at in enumerate(chosen):
        name = nation.firms[at].name
        rng = keyed(nation.plan.seed, "answers", name, str(period), str(replication))
        rng.standard_normal(out=normal[i])
        rng.random(out=uniform[i])
    firm = np.repeat(chosen, n)
    chance = uniform.reshape(-1, p + 3)
    region = np.tile(np.arange(n) % REGIONS, chosen.size)
    band = np.searchsorted(np.cumsum(demo.AGE_SAMPLE)[:-1], chance[:, 0], side="right")
    low, high = demo.AGE_LIMITS[band], demo.AGE_LIMITS[band + 1]
    lift = company_lifts(nation, period)[firm] + cell_lifts()[region, band]
    responses = _responses(nation, firm, lift, normal.reshape(-1, q + p))
    answers, percents, raised = _cut(nation.model, responses)
    return Drawn(
        firm=firm,
        region=region,
        band=band,
        age=low + np.floor(chance[:, 1] * (high - low)).astype(np.intp),
        gender=1 + (chance[:, 2] < 0.5).astype(np.intp),
        weight=cell_weights(n)[region, band],
        answers=answers,
        percent=percents,
        raised=raised,
        chance=chance[:, 3:],
    )


def _responses(nation: SimulatedNation, firm: Ints, lift: Floats, normal: Floats) -> Floats:
    """Turn standard normal numbers (n, q + p) into the responses behind the answers, (n, p)."""
    shape, block = driver_shape(nation.model), blocks(nation.model)
    q = shape.size
    found = np.empty((firm.size, block.size))
    for number, structure in enumerate(nation.structures):
        rows = np.flatnonzero(nation.types[firm] == number)
        own = normal[rows]
        pushed = own[:, :q] * np.sqrt(structure.disturbances) + lift[rows, None] * shape
        latents = np.linalg.solve(np.eye(q) - structure.paths, pushed.T).T
        error = np.sqrt(1 - structure.loadings**2) * own[:, q:]
        found[rows] = structure.loadings * latents[:, block] + error
    return found


def _cut(model: Model, responses: Floats) -> tuple[Floats, Floats, Bools]:
    """Return answers, per cents and who is asked about a rise."""
    answers = np.empty(responses.shape)
    for i, item in enumerate(model.indicators):
        answers[:, i] = item.low + np.searchsorted(item_cuts(item), responses[:, i], side="right")
    at, route = price_items(model)
    raised = np.zeros(len(responses), dtype=bool)
    if at < 0:
        return answers, np.zeros(len(responses)), raised
    raised = np.asarray(answers[:, route] >= price.ROUTE)
    percents = price.percent(responses[:, at], raised)
    answers[:, at] = price.tolerance(percents, raised)
    return answers, percents, raised


def holes(nation: SimulatedNation, drawn: Drawn) -> Bools:
    """Return who leaves what open, shape (n, p); who is asked nothing about prices included."""
    if not nation.plan.missing:
        return np.zeros(drawn.chance.shape, dtype=bool)
    found: Bools = np.asarray(drawn.chance < missing_rates(nation.model)[drawn.band])
    at, route = price_items(nation.model)
    if at >= 0:
        found[:, at] |= found[:, route]
    return found


def observed_values(nation: SimulatedNation, drawn: Drawn) -> Floats:
    """Return what a survey's reader makes of the answers, shape (n, p); NaN where open."""
    return np.where(holes(nation, drawn), np.nan, drawn.answers)


def quarter_survey(nation: SimulatedNation, period: Period) -> pd.DataFrame:
    """Return the survey of a period as it would be delivered.

    Parameters
    ----------
    nation : SimulatedNation
    period : Period

    Returns
    -------
    DataFrame
        One row per interview: COMPANY, INDUSTRY, SECTOR; the columns of the model's indicators
        with missing codes, price tolerance as the two questions of which a row is asked one at
        most; AGE (years), GENDER (1, 2), REGION (1-4), WEIGHT (to the company's population),
        STRATUM (company and region).
    """
    import pandas as pd

    drawn = draw_period(nation, period)
    names = {
        "COMPANY": [firm.name for firm in nation.firms],
        "INDUSTRY": [firm.industry for firm in nation.firms],
        "SECTOR": [firm.sector for firm in nation.firms],
    }
    columns: Columns = {
        column: np.array(text, dtype=object)[drawn.firm] for column, text in names.items()
    }
    columns |= _item_columns(nation, drawn)
    columns |= {
        "AGE": drawn.age,
        "GENDER": drawn.gender,
        "REGION": drawn.region + 1,
        "WEIGHT": drawn.weight,
        "STRATUM": 10 * (drawn.firm + 1) + drawn.region + 1,
    }
    return pd.DataFrame(columns)


def _item_columns(nation: SimulatedNation, drawn: Drawn) -> Columns:
    model, rates = nation.model, missing_rates(nation.model)
    recipes = {recipe.name: dict(recipe.inputs) for recipe in model.derive}
    open_ = holes(nation, drawn)
    columns: Columns = {}
    for i, item in enumerate(model.indicators):
        codes = _codes(item, drawn.chance[:, i], rates[drawn.band, i])
        answers = drawn.answers[:, i]
        if item.column not in recipes:
            said = item.low + item.high - answers if item.reverse else answers
            columns[item.column] = _whole(np.where(open_[:, i], codes, said))
            continue
        _, route = price_items(model)
        said = np.where(open_[:, i], codes, drawn.percent)
        said[open_[:, route]] = np.nan
        inputs = recipes[item.column]
        columns[inputs["high"]] = np.where(drawn.raised, said, np.nan)
        columns[inputs["low"]] = np.where(drawn.raised, np.nan, said)
    return columns


def _codes(item: Indicator, chance: Floats, rate: Floats) -> Floats:
    """Return the missing code that each row would get: the first one mostly."""
    codes = np.array([code for code, _ in item.missing] or [np.nan])
    if codes.size == 1:
        return np.full(chance.size, codes[0])
    beyond = (chance / rate - FIRST_CODE_SHARE) / (1 - FIRST_CODE_SHARE) * (codes.size - 1)
    place = np.clip(np.floor(beyond).astype(np.intp) + 1, 0, codes.size - 1)
    found: Floats = codes[place]
    return found


def _whole(answers: Floats) -> NDArray[np.generic]:
    return answers if np.isnan(answers).any() else answers.astype(np.int64)
