"""Small surveys made in memory, without files or readers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from acsi_model import acsi_model
from golden_data import moments
from numpy.typing import NDArray

from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Design, Factor, Source, Survey

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def draw_answers(rng: np.random.Generator, n: int, subset: str = "1001") -> Floats:
    """Draw whole answers with the means and covariances of a 2015 industry, cut to the scales."""
    stored = moments(subset)
    root = np.linalg.cholesky(stored.cov)
    raw = stored.mean + rng.normal(size=(n, 13)) @ root.T
    answers = np.clip(np.rint(raw), 1, 10)
    answers[:, 11] = raw[:, 11] > np.quantile(raw[:, 11], 0.8)
    return answers


def factor(column: str, codes: Ints, categories: tuple[str, ...]) -> Factor:
    """Make a categorical column."""
    return Factor(column, column.title(), categories, codes, categories)


def make_survey(
    seed: int = 1,
    sizes: tuple[int, ...] = (150, 180),
    *,
    missing: float = 0.02,
    weights: Floats | None = None,
    grouped: bool = True,
    model: Model | None = None,
) -> Survey:
    """Make a survey of `len(sizes)` groups with a gender and a region column."""
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    values = draw_answers(rng, n)
    values[rng.random(values.shape) < missing] = np.nan
    codes = np.repeat(np.arange(len(sizes)), sizes)
    names = tuple(f"group {i + 1}" for i in range(len(sizes)))
    used = model or acsi_model()
    return Survey(
        items=tuple(item.name for item in used.indicators),
        values=values,
        low=np.array([item.low for item in used.indicators]),
        high=np.array([item.high for item in used.indicators]),
        design=Design(np.ones(n) if weights is None else weights, weighted=weights is not None),
        source=Source("made in memory", "0" * 64, "memory", n),
        groups=factor("company", codes, names) if grouped else None,
        factors=(
            factor("gender", rng.integers(0, 2, n), ("women", "men")),
            factor("region", rng.choice(4, n, p=[0.4, 0.4, 0.17, 0.03]), tuple("NESW")),
        ),
    )


def take(survey: Survey, rows: Ints) -> Survey:
    """Return the survey with its rows taken in another order, or repeated."""
    design = survey.design
    return replace(
        survey,
        values=survey.values[rows],
        design=replace(
            design,
            weights=design.weights[rows],
            strata=None if design.strata is None else design.strata[rows],
            psu=None if design.psu is None else design.psu[rows],
        ),
        groups=None
        if survey.groups is None
        else replace(survey.groups, codes=survey.groups.codes[rows]),
        factors=tuple(replace(part, codes=part.codes[rows]) for part in survey.factors),
    )
