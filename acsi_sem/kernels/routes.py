"""Specific indirect effects: one number for every directed route of two arrows or more.

The indirect effect of one construct on another is the sum over the routes between them, each the
product of the direct effects along it. Needs direct effects only.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from acsi_sem.kernels.regression import Arrows, Floats

Route = tuple[int, ...]
"""Numbers of the constructs along a route, the source first, the target last."""


def find_routes(arrows: Arrows) -> tuple[Route, ...]:
    """Return every directed route of two arrows or more.

    Parameters
    ----------
    arrows : ndarray of bool, shape (q, q)
        ``[target, source]``, without a cycle.

    Returns
    -------
    tuple of tuple of int
        In the order of target, source, number of arrows, constructs between.

    Raises
    ------
    ValueError
        If the arrows run in a circle: there would be no end of routes.

    Examples
    --------
    >>> chain = np.zeros((3, 3), dtype=bool)
    >>> chain[1, 0] = chain[2, 0] = chain[2, 1] = True
    >>> find_routes(chain)
    ((0, 1, 2),)
    """
    onward = [tuple(np.flatnonzero(arrows[:, source]).tolist()) for source in range(len(arrows))]
    routes: list[Route] = []
    frontier: list[Route] = [(source,) for source in range(len(arrows))]
    for length in range(len(arrows) + 1):
        if length > 1:
            routes += frontier
        frontier = [(*route, target) for route in frontier for target in onward[route[-1]]]
    if frontier:
        raise ValueError("the arrows run in a circle")
    return tuple(sorted(routes, key=lambda route: (route[-1], route[0], len(route), route)))


def specific_effects(direct: Floats, routes: tuple[Route, ...]) -> Floats:
    """Multiply direct effects along every route.

    Parameters
    ----------
    direct : ndarray, shape (B, q, q)
        ``[b, i, j]`` is the effect of j on i, in any units (points per point, or standardised).
    routes : tuple of tuple of int
        From `find_routes`; R of them.

    Returns
    -------
    ndarray, shape (B, R)
        In the units of `direct`. Over the routes of a pair they sum to its total effect less its
        direct one.

    References
    ----------
    Bollen (1987), Sociological Methodology 17, 37-69; Nitzl, Roldan & Cepeda (2016), Industrial
    Management & Data Systems 116, 1849-1864, for their use in PLS.

    Examples
    --------
    >>> chain = np.zeros((1, 3, 3)); chain[0, 1, 0] = 0.5; chain[0, 2, 1] = 0.4
    >>> specific_effects(chain, ((0, 1, 2),)).tolist()
    [[0.2]]
    """
    found = np.ones((direct.shape[0], len(routes)))
    for place, route in enumerate(routes):
        for source, target in pairwise(route):
            found[:, place] *= direct[:, target, source]
    return found
