"""Surveys for tests of exploring, made in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from acsi_model import acsi_model
from numpy.typing import NDArray
from simulated import draw_answers

from acsi_sem.methods.explore.answers import Answers, Question
from acsi_sem.spec.fields import model_fields
from acsi_sem.survey.people import People
from acsi_sem.survey.survey import Design, Factor, Source

Floats = NDArray[np.float64]


def questions(*blocks: str, low: float = 1.0, high: float = 10.0) -> tuple[Question, ...]:
    """Return a question per block name, on one scale."""
    return tuple(
        Question(f"q{i}", f"Question {i}", low, high, block=block)
        for i, block in enumerate(blocks, 1)
    )


def answers(values: Floats, weights: Floats | None = None, *, frequency: bool = False) -> Answers:
    """Return answers on a scale of 1 to 10, all of one block."""
    w = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    return Answers(questions(*["b"] * values.shape[1]), values, w, frequency)


def people(
    seed: int = 1,
    sizes: tuple[int, ...] = (150, 180),
    *,
    missing: float = 0.02,
    values: Floats | None = None,
    labels: tuple[str, ...] = (),
    design: Design | None = None,
) -> People:
    """Return respondents of the ACSI model in groups, with a gender and a region."""
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    drawn = draw_answers(rng, n)
    drawn[rng.random(drawn.shape) < missing] = np.nan
    names = labels or tuple(f"group {i + 1}" for i in range(len(sizes)))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    # What is asked of the region follows from satisfaction, so that a map has something to show.
    region = np.digitize(np.nan_to_num(drawn[:, 8], nan=5.0) + rng.normal(0, 1.5, n), [6, 8, 9.5])
    return People(
        fields=model_fields(acsi_model()),
        values=drawn if values is None else values,
        design=design or Design(np.ones(n)),
        source=Source("made in memory", "0" * 64, "memory", n),
        groups=Factor("company", "Company", names, codes, names),
        factors=(
            Factor("gender", "Gender", ("women", "men"), rng.integers(0, 2, n)),
            Factor("region", "Region", ("north", "east", "south", "west"), region),
        ),
    )


def weighted(one: People, weights: Floats, *, frequency: bool = False) -> People:
    """Give respondents weights."""
    kind = "frequency" if frequency else "sampling"
    return replace(one, design=Design(weights, kind, weighted=True))  # type: ignore[arg-type]
