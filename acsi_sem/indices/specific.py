"""Rows of the impacts table for specific indirect effects: one per route through the model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from acsi_sem.estimators.result import Row
from acsi_sem.indices.scores import Scored, limits
from acsi_sem.inference.intervals import Spread
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.routes import Route, find_routes
from acsi_sem.spec.graph import adjacency
from acsi_sem.spec.model import Model
from acsi_sem.terms import Engine

ARROW = " > "


def routes_of(model: Model) -> tuple[Route, ...]:
    """Return the model's routes of two arrows or more, in the order of `specific_rows`."""
    return find_routes(adjacency(model))


def via(model: Model, route: Route) -> str:
    """Name the constructs between the ends of a route, in the order of the arrows."""
    return ARROW.join(model.construct_names[place] for place in route[1:-1])


def route_rows(model: Model, scored: Scored) -> Iterator[Row]:
    """Yield the specific indirect effects of one engine's scores."""
    estimate = scored.point.specific[scored.at]
    if scored.problem:
        estimate = np.full(estimate.shape, np.nan)
    yield from specific_rows(
        model,
        scored.group,
        scored.engine,
        scored.level,
        estimate,
        scored.spread("specific"),
        scored.note or _no_replicates(scored),
    )


def _no_replicates(scored: Scored) -> str:
    """Say why a structure with standard errors of effects has none of these."""
    lone = scored.errors and scored.draws is None and scored.spreader.linearised is None
    return "no standard error of a specific effect without replicates" if lone else ""


def specific_rows(
    model: Model,
    group: str,
    engine: Engine,
    level: float,
    estimate: Floats,
    spread: Spread,
    note: str,
) -> Iterator[Row]:
    """Yield one row per specific indirect effect.

    Parameters
    ----------
    model : Model
    group : str
    engine : Engine
    level : float
        Confidence level.
    estimate : ndarray, shape (R,)
        From `acsi_sem.kernels.routes.specific_effects` of the effects between 0-100 scores, for
        the routes of `routes_of`; points of the target per point of the source. NaN leaves the
        numbers of a row blank, and then `note` must say why.
    spread : Spread
        Of shape (R,).
    note : str
        Why numbers are blank; empty when they are not.

    Raises
    ------
    ValueError
        If there is not one estimate per route, or a blank one without a reason.
    """
    routes = routes_of(model)
    if estimate.shape != (len(routes),):
        raise ValueError(f"estimate ({len(routes)},), one per route, not {estimate.shape}")
    names = model.construct_names
    for place, route in enumerate(routes):
        row: dict[str, object] = {
            "group": group,
            "engine": engine,
            "source": names[route[0]],
            "target": names[route[-1]],
            "effect": "specific",
            "via": via(model, route),
            "conf_level": level,
            "note": note,
        }
        value = float(estimate[place])
        if value == value:
            row |= {"estimate": value, **limits(spread, (place,))}
            row["note"] = note or spread.note((place,))
        elif not note:
            raise ValueError(f"{row['via']}: an estimate that is not a number needs a reason")
        yield row
