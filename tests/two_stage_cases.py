"""Models with higher-order constructs over the stored moments of the 2015 survey."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from acsi_model import BLOCKS, make_model
from golden_data import moments as stored

from acsi_sem.kernels.moments import Floats, Moments, correlations
from acsi_sem.spec.model import Construct, Model, Text
from acsi_sem.terms import Sign

PARTS = ("perceived_quality", "perceived_value")
PATHS: Sequence[tuple[str, str, Sign]] = (
    ("expectations", "offer", "positive"),
    ("expectations", "satisfaction", "positive"),
    ("offer", "satisfaction", "positive"),
    ("satisfaction", "complaints", "negative"),
    ("satisfaction", "loyalty", "positive"),
)


def with_higher_order(
    groups: Mapping[str, tuple[str, ...]],
    items: Mapping[str, tuple[str, ...]],
    paths: Any,
    mode: Literal["A", "B"] = "A",
    *,
    first: bool = False,
) -> Model:
    """Make a model with higher-order constructs at its end, or at its start."""
    plain = make_model(items, paths, index="satisfaction")
    higher = tuple(
        Construct(
            name,
            Text.of(None, name),
            tuple(item for part in parts for item in plain.construct(part).indicators),
            mode,
            components=parts,
        )
        for name, parts in groups.items()
    )
    order = (*higher, *plain.constructs) if first else (*plain.constructs, *higher)
    return dataclasses.replace(plain, constructs=order)


def offer_model(mode: Literal["A", "B"] = "A", *, first: bool = False) -> Model:
    """Make the ACSI model with an offer of quality and value."""
    items = {name: tuple(block) for name, block in BLOCKS.items()}
    return with_higher_order({"offer": PARTS}, items, PATHS, mode, first=first)


def correlation_of(model: Model, subset: str = "1001") -> Floats:
    """Return stored correlations of the model's indicators, repeated where it repeats them."""
    known = list(stored(subset).names)
    at = [known.index(item.name) for item in model.indicators]
    return np.asarray(correlations(stored(subset).cov[None])[:, np.array(at)[:, None], at])


def moments_of(model: Model) -> Moments:
    """Return stored moments of the model's indicators."""
    known = list(stored("1001").names)
    at = np.array([known.index(item.name) for item in model.indicators])
    mean, one = stored("1001").mean[None, at], np.ones(1)
    covariance = stored("1001").cov[None][:, at[:, None], at]
    return Moments(one, mean, covariance, np.ones((1, at.size)), mean)
