"""A small, seeded survey of invented companies, for a first report without any data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import Problem, SpecError
from acsi_sem.simulate.answers import (
    cut_to_scale,
    punch_holes,
    share_threshold,
    skewed_thresholds,
)
from acsi_sem.simulate.latents import Structure, draw_latents, draw_responses, make_structure
from acsi_sem.spec.graph import ancestors
from acsi_sem.spec.model import Indicator, Model
from acsi_sem.survey.columns import model_columns
from acsi_sem.terms import Sign

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Company:
    """An invented company; `lift` moves its customers on every driver of the index, in SDs."""

    name: str
    industry: str
    lift: float


COMPANIES: Final = (
    Company("Hai & Söhne", "Department stores", 0.27),
    Company("Quillbrook", "Department stores", 0.13),
    Company("Tarn & Fell", "Department stores", -0.02),
    Company("云鹤 Yunhe Parcels", "Parcel delivery", 0.17),
    Company("Postwhistle", "Parcel delivery", 0.02),
    Company("Larkspeed", "Parcel delivery", -0.12),
)

# Near the maximum likelihood estimates of the published 2015 sample, with stronger paths from
# expectations: there they are about zero, and the theory's signs would fail in small samples.
EFFECTS: Final = {
    ("expectations", "perceived_quality"): 0.68,
    ("expectations", "perceived_value"): 0.20,
    ("expectations", "satisfaction"): 0.15,
    ("perceived_quality", "perceived_value"): 0.58,
    ("perceived_quality", "satisfaction"): 0.42,
    ("perceived_value", "satisfaction"): 0.40,
    ("satisfaction", "complaints"): -0.50,
    ("satisfaction", "loyalty"): 0.80,
    ("complaints", "loyalty"): -0.04,
}
LOADINGS: Final = {
    "OVERALLX": 0.80,
    "CUSTOMX": 0.88,
    "WRONGX": 0.60,
    "OVERALLQ": 0.92,
    "CUSTOMQ": 0.92,
    "WRONGQ": 0.70,
    "PQ": 0.92,
    "QP": 0.94,
    "SATIS": 0.94,
    "CONFIRM": 0.84,
    "IDEAL": 0.87,
}
SKEWS: Final = {
    "OVERALLX": 3.3,
    "CUSTOMX": 3.3,
    "WRONGX": 2.6,
    "OVERALLQ": 3.1,
    "CUSTOMQ": 3.2,
    "WRONGQ": 2.9,
    "PQ": 2.3,
    "QP": 2.5,
    "SATIS": 2.9,
    "CONFIRM": 2.2,
    "IDEAL": 2.2,
    "REPUR": 3.0,
}
SKEW: Final = 2.7
MISSING: Final = {
    "OVERALLX": 0.020,
    "WRONGX": 0.018,
    "OVERALLQ": 0.006,
    "CUSTOMQ": 0.006,
    "SATIS": 0.005,
    "CONFIRM": 0.006,
    "COMP": 0.012,
    "REPUR": 0.028,
}
MISSING_RATE: Final = 0.010
YES_SHARE: Final = 0.18

REGION_POPULATION: Final = np.array([0.28, 0.22, 0.32, 0.18])
REGION_SAMPLE: Final = np.array([0.25, 0.25, 0.25, 0.25])
REGION_LIFT: Final = np.array([0.04, 0.0, -0.05, 0.02])
AGE_LIMITS: Final = np.array([18, 30, 45, 60, 86])
AGE_POPULATION: Final = np.array([0.22, 0.26, 0.27, 0.25])
AGE_SAMPLE: Final = np.array([0.28, 0.30, 0.25, 0.17])
AGE_LIFT: Final = np.array([-0.05, -0.02, 0.02, 0.07])


UNITS: Final = ("COMPANY", "INDUSTRY")
PEOPLE: Final = ("AGE", "GENDER", "REGION")
DESIGN: Final = ("WEIGHT", "STRATUM")

MOST_STEPS: Final = 101
"""Of a scale: one that has more, such as per cent of a price, is answered in that many."""


@dataclass(frozen=True, slots=True)
class _People:
    age: Ints
    gender: Ints
    region: Ints
    weight: Floats
    lift: Floats


def demo_columns(model: Model) -> tuple[str, ...]:
    """Return the columns of a demonstration survey, in order.

    Parameters
    ----------
    model : Model
        A column of the model goes before the survey's own of the same name, where people are
        described: the survey then has no AGE, GENDER or REGION of its own.

    Raises
    ------
    SpecError
        If an item stands in a column that names a unit or the design.

    Examples
    --------
    >>> from acsi_sem.spec.load import load_model
    >>> demo_columns(load_model("models/acsi.yaml"))[-6:]
    ('REPUR', 'AGE', 'GENDER', 'REGION', 'WEIGHT', 'STRATUM')
    """
    asked = model_columns(model)
    taken = [name for name in (*UNITS, *DESIGN) if name in asked]
    if taken:
        expected = "items in other columns than the survey's units and design"
        remedy = "name another column of the item"
        raise SpecError(
            [Problem(f"model {model.name}", name, expected, name, remedy) for name in taken]
        )
    return (*UNITS, *asked, *(name for name in PEOPLE if name not in asked), *DESIGN)


def given_effects(model: Model) -> dict[tuple[str, str], float]:
    """Return the ACSI's effects into the constructs that a model explains as the ACSI does.

    That is, from the same sources and with the same signs; elsewhere the ACSI's effects would not
    add up to a share of variance that makes sense.
    """
    given: dict[tuple[str, str], float] = {}
    for name in model.construct_names:
        own = {(source, target): v for (source, target), v in EFFECTS.items() if target == name}
        signs = {(path.source, name): path.sign for path in model.paths if path.target == name}
        if own.keys() == signs.keys() and all(_agree(own[at], signs[at]) for at in own):
            given |= own
    return given


def _agree(effect: float, sign: Sign) -> bool:
    return sign == "any" or (effect > 0) == (sign == "positive")


def demo_survey(model: Model, *, seed: int, interviews: int = 220) -> pd.DataFrame:
    """Simulate a survey of six invented companies in two industries.

    Answers are skewed towards the top of the scale, some are missing, dissatisfied customers
    complain more, and companies, regions and ages differ. The young are interviewed too often;
    weights put that right.

    Parameters
    ----------
    model : Model
        Its arrows and indicators are simulated; names of the ACSI model get values close to the
        published ones, others a plain default (`acsi_sem.simulate.latents.make_structure`).
        Constructs of a composite index share one factor.
    seed : int
        Determines every answer.
    interviews : int
        Interviews per company.

    Returns
    -------
    DataFrame, 6 x `interviews` rows
        COMPANY, INDUSTRY, the columns of the model's indicators, AGE (years), GENDER (1, 2),
        REGION (1-4), WEIGHT (mean about 1), STRATUM (industry and region), as `demo_columns`.

    Raises
    ------
    SpecError
        If an item stands in a column that names a unit or the design.

    Examples
    --------
    >>> from acsi_sem.spec.load import load_model
    >>> frame = demo_survey(load_model("models/acsi.yaml"), seed=1)
    >>> len(frame), frame["COMPANY"].nunique(), frame["INDUSTRY"].nunique()
    (1320, 6, 2)
    """
    import pandas as pd

    columns = list(demo_columns(model))
    structure = make_structure(model, given_effects(model), LOADINGS)
    seeds = np.random.SeedSequence(seed).spawn(len(COMPANIES))
    parts = [
        pd.DataFrame(_company_columns(model, structure, company, interviews, own))
        for company, own in zip(COMPANIES, seeds, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)[columns]


def _company_columns(
    model: Model,
    structure: Structure,
    company: Company,
    interviews: int,
    seed: np.random.SeedSequence,
) -> Columns:
    for_people, for_latents, for_answers = map(np.random.default_rng, seed.spawn(3))
    people = _draw_people(interviews, for_people)
    lift = np.zeros((interviews, len(model.constructs)))
    for name in _lifted(model):
        lift[:, model.construct_names.index(name)] = company.lift + people.lift
    latents = draw_latents(model, structure, lift, for_latents)
    responses = draw_responses(model, structure, latents, for_latents)
    industries = list(dict.fromkeys(other.industry for other in COMPANIES))
    return {
        "COMPANY": np.full(interviews, company.name, dtype=object),
        "INDUSTRY": np.full(interviews, company.industry, dtype=object),
        "AGE": people.age,
        "GENDER": people.gender,
        "REGION": people.region,
        **_answer_columns(model, responses, for_answers),
        "WEIGHT": people.weight,
        "STRATUM": 10 * (industries.index(company.industry) + 1) + people.region,
    }


def _lifted(model: Model) -> tuple[str, ...]:
    """Return what a company moves: the drivers of the index; without any, the index itself."""
    if model.kind == "composite":
        return model.construct_names
    return ancestors(model, model.index) or (model.index,)


def _draw_people(number: int, rng: np.random.Generator) -> _People:
    region = rng.choice(4, size=number, p=REGION_SAMPLE)
    band = rng.choice(4, size=number, p=AGE_SAMPLE)
    age = rng.integers(AGE_LIMITS[band], AGE_LIMITS[band + 1])
    weight = (REGION_POPULATION / REGION_SAMPLE)[region] * (AGE_POPULATION / AGE_SAMPLE)[band]
    return _People(
        age,
        rng.integers(1, 3, size=number),
        region + 1,
        weight.round(4),
        REGION_LIFT[region] + AGE_LIFT[band],
    )


def _answer_columns(model: Model, responses: Floats, rng: np.random.Generator) -> Columns:
    recipes = {recipe.name: dict(recipe.inputs) for recipe in model.derive}
    repeated = [bool(part.components) for part in model.constructs for _ in part.indicators]
    columns: Columns = {}
    for item, response, again in zip(model.indicators, responses.T, repeated, strict=True):
        if again:
            continue
        answers = cut_to_scale(response, _thresholds(item), item)
        rate = MISSING.get(item.name, MISSING_RATE)
        if item.column in recipes:
            columns |= _price_columns(answers, item, recipes[item.column], rate, rng)
        else:
            columns[item.column] = _whole(punch_holes(answers, rate, item, rng))
    return columns


def _thresholds(item: Indicator) -> Floats:
    categories = min(max(int(item.high - item.low) + 1, 2), MOST_STEPS)
    if categories == 2:
        return share_threshold(YES_SHARE)
    return skewed_thresholds(categories, SKEWS.get(item.name, SKEW))


def _price_columns(
    answers: Floats, item: Indicator, inputs: dict[str, str], rate: float, rng: np.random.Generator
) -> Columns:
    """Turn price tolerance back into the two questions of which each respondent is asked one."""
    change = np.round((answers - item.low) / (item.high - item.low) * 50 - 25)
    asked_up = change >= 0
    percent = punch_holes(np.abs(change), rate, item, rng)
    return {
        inputs["high"]: np.where(asked_up, percent, np.nan),
        inputs["low"]: np.where(asked_up, np.nan, percent),
    }


def _whole(answers: Floats) -> NDArray[np.generic]:
    return answers if np.isnan(answers).any() else answers.astype(np.int64)
