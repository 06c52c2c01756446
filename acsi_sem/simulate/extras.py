"""Columns beside a model's own, so that every method has something to work on."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from acsi_sem.errors import Problem, SpecError
from acsi_sem.simulate.answers import skewed_thresholds
from acsi_sem.spec.model import Model

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Columns = dict[str, Floats]

SATISFACTION: Final = ("SATIS", "CONFIRM", "IDEAL")
LOYALTY: Final = "REPUR"
COMPLAINT: Final = "COMP"

UNKNOWN: Final = 98
"""Code of "don't know" on scales of ten or eleven answers; others are left blank."""
UNKNOWN_RATE: Final = 0.012
OPEN_RATE: Final = 0.08
"""Share of complaints that are not settled yet."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """An aspect of service: its lift in SDs, how it goes with satisfaction, what it is said to be.

    Attributes
    ----------
    name, label : str
    lift : float
        Of its ratings, in SDs.
    below, above : float
        Slope on satisfaction among the dissatisfied and the satisfied: a dissatisfier is steep
        below, a delighter above.
    stated : float
        Lift of its stated importance, in SDs.
    """

    name: str
    label: str
    lift: float
    below: float
    above: float
    stated: float


ASPECTS: Final = (
    Aspect("RELIABLE", "Reliability", 0.15, 1.1, 0.0, 0.55),
    Aspect("TIMELY", "Timeliness", -0.50, 0.5, 1.00, 0.25),
    Aspect("ACCURATE", "Accuracy", 0.30, 0.7, 0.30, 0.35),
    Aspect("COMPLETE", "Completeness", 0.20, 0.18, 0.18, -0.55),
    Aspect("EMPATHY", "Empathy", -0.35, 0.0, 2.20, -0.40),
)


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of the fuzzy evaluation: its questions, their lift and correlation with liking."""

    name: str
    questions: tuple[str, ...]
    lift: float
    tie: float


FACTORS: Final = (
    Factor("CONCEPT", ("What the company stands for", "Its sense of responsibility"), 0.1, 0.45),
    Factor("BEHAVIOUR", ("How staff behave", "Keeping its word"), -0.1, 0.55),
    Factor("AUDIOVISUAL", ("Look of shops and pages", "Name and sign"), 0.3, 0.35),
    Factor("PRODUCT", ("Quality of products", "Range of products", "Prices"), 0.0, 0.70),
    Factor("SERVICE", ("Advice", "Delivery", "Help after the purchase"), -0.35, 0.65),
)


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature, and the shares of customers for whom it is of a type (letters of Kano's table)."""

    name: str
    label: str
    types: tuple[tuple[str, float], ...]


def _types(**shares: float) -> tuple[tuple[str, float], ...]:
    return tuple(shares.items())


FEATURES: Final = (
    Feature("RETURNS", "Free returns", _types(M=0.55, O=0.24, I=0.13, A=0.06, R=0.02)),
    Feature("REPLY", "A reply the same day", _types(O=0.52, M=0.21, A=0.16, I=0.10, R=0.01)),
    Feature(
        "NOTE", "A hand-written note of thanks", _types(A=0.55, I=0.31, O=0.09, R=0.04, Q=0.01)
    ),
    Feature("HISTORY", "Past orders on view", _types(I=0.60, A=0.22, O=0.11, M=0.05, R=0.02)),
    Feature("CALLS", "Calls with offers", _types(R=0.57, I=0.33, A=0.06, O=0.02, Q=0.02)),
)
PAIRS: Final = {
    "M": ((2, 3, 4), (5,)),
    "O": ((1,), (5,)),
    "A": ((1,), (2, 3, 4)),
    "I": ((2, 3, 4), (2, 3, 4)),
    "R": ((5,), (1, 2, 3)),
    "Q": ((1,), (1,)),
}
"""Answers to the functional and the dysfunctional question by type; 1 says "I like it"."""


@dataclass(frozen=True, slots=True)
class Intention:
    """A question on loyalty from `low` to 10, with its lift and correlation with loyalty."""

    name: str
    label: str
    low: int
    lift: float
    tie: float


INTENTIONS: Final = (
    Intention("CROSSBUY", "Likely to buy other things of this company", 1, -0.3, 0.60),
    Intention("RECOMMEND", "Likely to recommend this company", 0, 0.1, 0.75),
    Intention("PRICESENS", "Would stay if prices rose a little", 1, -0.5, 0.35),
    Intention("JOINING", "Likely to join others in buying here", 1, -0.4, 0.40),
    Intention("TOLERANCE", "Would forgive a fault now and then", 1, -0.1, 0.45),
)


@dataclass(frozen=True, slots=True)
class Extra:
    """A column beside the model's own.

    Attributes
    ----------
    name, label : str
    scale : tuple of (low, high) or None
        None for an amount.
    unknown : bool
        Whether `UNKNOWN` is among the answers.
    """

    name: str
    label: str
    scale: tuple[int, int] | None = None
    unknown: bool = False


def _extras() -> tuple[Extra, ...]:
    five, ten = (1, 5), (1, 10)
    return (
        *(Extra(a.name, a.label, five) for a in ASPECTS),
        *(Extra(f"{a.name}_I", f"Importance of {a.label.lower()}", ten, True) for a in ASPECTS),
        *(Extra(n, text, five) for f in FACTORS for n, text in _questions(f)),
        *(
            Extra(f"{f.name}_{end}", f"{f.label}: {words}", five)
            for f in FEATURES
            for end, words in (("F", "if there were"), ("D", "if there were not"))
        ),
        Extra("REVENUE", "Revenue in the year"),
        Extra("MARGIN", "Gross margin on that revenue"),
        Extra("SERVICE_COST", "Cost of serving the customer"),
        Extra("UPKEEP", "Cost of keeping the customer"),
        Extra("COST", "Cost to serve in all: service and upkeep"),
        Extra("PURCHASES", "Purchases in the year"),
        Extra("Y1", "Margin expected in year 1"),
        Extra("Y2", "Margin expected in year 2"),
        Extra("Y3", "Margin expected in year 3"),
        Extra("SHARE", "Part of the need that is bought here, per cent"),
        Extra("HANDLE", "How well the complaint was handled", ten, True),
        Extra("DAYS", "Days until the complaint was settled"),
        Extra("AGAIN", "Had to complain again of the same thing", (0, 1)),
        *(Extra(i.name, i.label, (i.low, 10), True) for i in INTENTIONS),
    )


def _questions(factor: Factor) -> tuple[tuple[str, str], ...]:
    return tuple((f"{factor.name}{at}", text) for at, text in enumerate(factor.questions, start=1))


EXTRAS: Final = _extras()
"""Every column, in order."""


@dataclass(frozen=True, slots=True)
class _Base:
    """What extras are drawn from: the seed, and what customers said to the model's questions."""

    seed: int
    liking: Floats
    loyal: Floats
    complained: NDArray[np.bool_]

    def stream(self, name: str) -> np.random.Generator:
        """A stream for each column: one more changes none of the others."""
        key = zlib.crc32(name.encode())
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(key,)))

    def noise(self, name: str) -> Floats:
        return self.stream(name).standard_normal(self.liking.size)

    def tied(self, name: str, to: Floats, tie: float) -> Floats:
        """Standard normal responses that are correlated with some others."""
        return tie * to + math.sqrt(1 - tie**2) * self.noise(name)


def extra_columns(frame: pd.DataFrame, model: Model, seed: int) -> pd.DataFrame:
    """Add what the methods need to a simulated survey of the ACSI's questions.

    Parameters
    ----------
    frame : DataFrame, n rows
        As `acsi_sem.simulate.demo.demo_survey` makes it; its columns stay as they are.
    model : Model
        With the questions SATIS, CONFIRM, IDEAL, COMP and REPUR.
    seed : int
        Determines every answer.

    Returns
    -------
    DataFrame, n rows
        `frame` with the columns of `EXTRAS`: ratings of five aspects and of five factors (1-5),
        stated importance (1-10), pairs of questions on five features (1-5), amounts of a year,
        what came of complaints (blank for those who made none), and questions on loyalty. The
        satisfied rate higher, spend more and stay longer; complaints cost; those whose complaint
        was handled well are more loyal.

    Raises
    ------
    SpecError
        If the model does not ask those questions, or has a column of an extra's name.

    Examples
    --------
    >>> from acsi_sem.simulate.demo import demo_survey
    >>> from acsi_sem.spec.load import load_model
    >>> model = load_model("models/acsi.yaml")
    >>> more = extra_columns(demo_survey(model, seed=1), model, 1)
    >>> more[["REVENUE", "EMPATHY"]].head(2).to_numpy().tolist()
    [[43, 1], [327, 5]]
    """
    import pandas as pd

    _check(frame, model)
    base = _base(frame, model, seed)
    made = {
        **_aspects(base),
        **_factors(base),
        **_features(base),
        **_amounts(base),
        **_complaints(base),
        **_intentions(base),
    }
    new = pd.DataFrame({one.name: made[one.name] for one in EXTRAS}, index=frame.index)
    return pd.concat([frame, new.astype("Int64")], axis=1)


def _check(frame: pd.DataFrame, model: Model) -> None:
    where = f"model {model.name}"
    asked = {item.name for item in model.answers}
    problems = [
        Problem(where, name, "the ACSI's question, which extras go with", "none")
        for name in (*SATISFACTION, COMPLAINT, LOYALTY)
        if name not in asked
    ]
    problems += [
        Problem(where, extra.name, "a column of another name than an extra's", extra.name)
        for extra in EXTRAS
        if extra.name in frame.columns
    ]
    if problems:
        raise SpecError(problems)


def _base(frame: pd.DataFrame, model: Model, seed: int) -> _Base:
    items = {item.name: item for item in model.answers}
    answers = {}
    for name in (*SATISFACTION, COMPLAINT, LOYALTY):
        given = frame[items[name].column].to_numpy(dtype=np.float64)
        codes = [code for code, _ in items[name].missing]
        answers[name] = np.where(np.isin(given, codes), np.nan, given)
    parts = np.column_stack([_filled(answers[name]) for name in SATISFACTION])
    loyal = _filled(answers[LOYALTY])
    return _Base(seed, _normal(parts.mean(axis=1)), _normal(loyal), answers[COMPLAINT] == 1)


def _filled(answers: Floats) -> Floats:
    """Answers with the middle one where there is none: extras need a place for everybody."""
    known = answers[~np.isnan(answers)]
    return np.where(np.isnan(answers), np.median(known) if known.size else 0.0, answers)


def _normal(values: Floats) -> Floats:
    """Return normal scores of ranks; those who answer alike have the same."""
    return np.asarray(ndtri((rankdata(values) - 0.5) / values.size), dtype=np.float64)


def _grades(responses: Floats, low: int, high: int, skew: float) -> Floats:
    """Cut standard normal responses into whole answers, crowded at the top by `skew`."""
    cuts = skewed_thresholds(high - low + 1, skew)
    return low + np.searchsorted(cuts, responses, side="right").astype(np.float64)


def _holed(base: _Base, name: str, answers: Floats, code: float = np.nan) -> Floats:
    """Leave a few answers out."""
    return np.where(base.stream(f"{name} open").random(answers.size) < UNKNOWN_RATE, code, answers)


def _aspects(base: _Base) -> Columns:
    made: Columns = {}
    for one in ASPECTS:
        slope = np.where(base.liking < 0, one.below, one.above)
        raw = slope * base.liking + 0.6 * base.noise(one.name)
        rated = one.lift + (raw - raw.mean()) / raw.std()
        made[one.name] = _holed(base, one.name, _grades(rated, 1, 5, 2.2))
        name = f"{one.name}_I"
        stated = one.stated + base.noise(name)
        made[name] = _holed(base, name, _grades(stated, 1, 10, 2.8), UNKNOWN)
    return made


def _factors(base: _Base) -> Columns:
    made: Columns = {}
    for one in FACTORS:
        for name, _ in _questions(one):
            rated = one.lift + base.tied(name, base.liking, one.tie)
            made[name] = _holed(base, name, _grades(rated, 1, 5, 2.0))
    return made


def _features(base: _Base) -> Columns:
    made: Columns = {}
    for one in FEATURES:
        rng = base.stream(one.name)
        letters, shares = zip(*one.types, strict=True)
        drawn = rng.choice(len(letters), size=base.liking.size, p=np.array(shares))
        for end, at in (("F", 0), ("D", 1)):
            answers = np.zeros(base.liking.size)
            for i, letter in enumerate(letters):
                own = drawn == i
                answers[own] = rng.choice(PAIRS[letter][at], size=int(own.sum()))
            name = f"{one.name}_{end}"
            made[name] = _holed(base, name, answers)
    return made


def _amounts(base: _Base) -> Columns:
    spend = base.noise("REVENUE")
    revenue = np.exp(5.5 + 0.25 * base.loyal + 0.9 * spend).round()
    rate = np.clip(0.36 + 0.06 * base.noise("MARGIN"), 0.15, 0.6)
    service = 3.2 + 0.8 * base.complained - 0.15 * base.liking + 0.25 * spend
    made = {
        "REVENUE": revenue,
        "MARGIN": (revenue * rate).round(),
        "SERVICE_COST": np.exp(service + 0.8 * base.noise("SERVICE_COST")).round(),
        "UPKEEP": np.exp(2.6 + 0.2 * spend + 0.5 * base.noise("UPKEEP")).round(),
    }
    made["COST"] = made["SERVICE_COST"] + made["UPKEEP"]
    often = np.exp(1.1 + 0.3 * base.loyal + 0.3 * spend)
    made["PURCHASES"] = 1.0 + base.stream("PURCHASES").poisson(often)
    value = made["MARGIN"]
    for name in ("Y1", "Y2", "Y3"):
        stays = base.stream(f"{name} stays").random(value.size) < ndtr(1.0 + 0.6 * base.loyal)
        value = np.where(stays, value * np.exp(0.02 + 0.25 * base.noise(name)), 0.0).round()
        made[name] = value
    made["SHARE"] = (100 * ndtr(0.2 + 0.5 * base.loyal + 0.6 * base.noise("SHARE"))).round()
    return made


def _complaints(base: _Base) -> Columns:
    """Draw what came of complaints; blank where there was none."""
    handled = base.tied("HANDLE", (base.loyal + base.liking) / math.sqrt(2), 0.6)
    days = 1 + np.floor(np.exp(1.5 - 0.5 * handled + 0.6 * base.noise("DAYS")))
    opened = base.stream("DAYS open").random(days.size) < OPEN_RATE
    again = base.stream("AGAIN").random(days.size) < ndtr(-0.9 - 0.5 * handled)
    made = {
        "HANDLE": _holed(base, "HANDLE", _grades(handled + 0.6, 1, 10, 1.6), UNKNOWN),
        "DAYS": np.where(opened, np.nan, days),
        "AGAIN": again.astype(np.float64),
    }
    return {name: np.where(base.complained, values, np.nan) for name, values in made.items()}


def _intentions(base: _Base) -> Columns:
    made: Columns = {}
    for one in INTENTIONS:
        said = one.lift + base.tied(one.name, base.loyal, one.tie)
        made[one.name] = _holed(base, one.name, _grades(said, one.low, 10, 2.4), UNKNOWN)
    return made
