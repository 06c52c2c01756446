"""Moments of the answers of a population, computed: nothing is drawn.

Within a cell of region and age, the responses behind the answers are normal with means that follow
from one number, the lift. First and second moments of the answers are therefore smooth functions
of the lift; they are integrated at Chebyshev points and interpolated in between. Price tolerance
takes a third response into account, that of the item it is routed by; given their construct, all
three are independent, so that one integral over the construct is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.special import ndtr

from acsi_sem.kernels.bivariate_normal import bivariate_normal
from acsi_sem.simulate import price
from acsi_sem.simulate.latents import Structure
from acsi_sem.simulate.national import WIDEST, driver_shape, price_items
from acsi_sem.simulate.national_answers import cell_lifts, item_cuts
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model

Floats = NDArray[np.float64]

LIMIT: Final = WIDEST + float(np.abs(cell_lifts()).max())
"""Lifts are tabulated from minus to plus this."""

DEGREE: Final = 24
"""Of the interpolating polynomials: moments to 1e-12."""

_STEP: Final = 0.05
_GRID: Final = np.arange(-170, 171) * _STEP
_DENSITY: Final = _STEP * np.exp(-(_GRID**2) / 2) / np.sqrt(2 * np.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """First and second moments of the answers as functions of the lift.

    Attributes
    ----------
    coefficients : ndarray, shape (DEGREE + 1, p + p * p)
        Of Chebyshev polynomials in lift / `LIMIT`: E x, then E x x'.
    items : int
        p.
    """

    coefficients: Floats
    items: int

    def at(self, lift: Floats) -> tuple[Floats, Floats]:
        """Return E x, shape (..., p), and E x x', shape (..., p, p), at lifts of any shape.

        Raises
        ------
        ValueError
            Beyond `LIMIT`.
        """
        if np.abs(lift).max() > LIMIT:
            raise ValueError(f"a lift beyond {LIMIT:g} is not tabulated")
        values = chebyshev.chebvander(lift / LIMIT, DEGREE) @ self.coefficients
        p = self.items
        return values[..., :p], values[..., p:].reshape(*lift.shape, p, p)


@dataclass(frozen=True, slots=True, eq=False)
class _Responses:
    """Responses behind the answers: means per unit of lift, loadings and correlations."""

    block: NDArray[np.intp]
    loadings: Floats
    constructs: Floats
    slopes: Floats
    construct_slopes: Floats


def _make_responses(model: Model, structure: Structure) -> _Responses:
    q, block = len(model.constructs), blocks(model)
    spread = np.linalg.inv(np.eye(q) - structure.paths)
    reach = spread @ driver_shape(model)
    correlation = (spread * structure.disturbances) @ spread.T
    return _Responses(
        block, structure.loadings, correlation, structure.loadings * reach[block], reach
    )


def make_curves(model: Model, structure: Structure) -> Curves:
    """Tabulate the moments of a type of company.

    Parameters
    ----------
    model : Model
        As `acsi_sem.simulate.national.make_nation` takes it.
    structure : Structure

    Returns
    -------
    Curves
    """
    nodes = chebyshev.chebpts1(DEGREE + 1)
    mean, second = response_moments(model, structure, nodes * LIMIT)
    p = mean.shape[1]
    values = np.hstack([mean, second.reshape(-1, p * p)])
    found = np.linalg.solve(chebyshev.chebvander(nodes, DEGREE), values)
    return Curves(np.asarray(found, dtype=np.float64), p)


def response_moments(model: Model, structure: Structure, lifts: Floats) -> tuple[Floats, Floats]:
    """Return E x, shape (L, p), and E x x', shape (L, p, p), of the answers at L lifts."""
    found, low = _make_responses(model, structure), np.array([i.low for i in model.indicators])
    at, _ = price_items(model)
    p = low.size
    tails = [
        np.multiply.outer(lifts, found.slopes[i])[:, None] - item_cuts(model.indicators[i])
        for i in range(p)
    ]
    mean = low + np.stack([ndtr(tail).sum(axis=1) for tail in tails], axis=1)
    second = np.empty((lifts.size, p, p))
    for i in range(p):
        for j in range(i + 1):
            joint = _joint(tails[i], tails[j], _correlation(found, i, j), same=i == j)
            shifted = low[i] * mean[:, j] + low[j] * mean[:, i] - low[i] * low[j]
            second[:, i, j] = second[:, j, i] = joint + shifted
    if at >= 0:
        own, with_others = _price_moments(model, found, lifts)
        mean[:, at] = own
        second[:, at] = second[:, :, at] = with_others
    return mean, second


def _correlation(found: _Responses, i: int, j: int) -> float:
    both = found.constructs[found.block[i], found.block[j]]
    return float(both * found.loadings[i] * found.loadings[j])


def _joint(first: Floats, second: Floats, correlation: float, *, same: bool) -> Floats:
    """Return E of the product of steps climbed by two items, or by one and the same."""
    if same:
        return np.asarray(ndtr(np.minimum(first[:, :, None], second[:, None])).sum(axis=(1, 2)))
    joint = bivariate_normal(first[:, :, None], second[:, None], np.array(correlation))
    return np.asarray(joint.sum(axis=(1, 2)))


def _price_moments(model: Model, found: _Responses, lifts: Floats) -> tuple[Floats, Floats]:
    """Return E of price tolerance, shape (L,), and of its product with each item, (L, p)."""
    at, route = price_items(model)
    construct = found.block[at]
    centre = np.multiply.outer(lifts, found.construct_slopes[construct])
    scores = centre[:, None] + _GRID
    loading = found.loadings[at]
    up, down = (_given(scores, loading, *side) for side in _sides())
    climbed = _steps_given(model, found, lifts, route)
    asked_up = climbed[..., int(price.ROUTE - model.indicators[route].low) - 1]
    mean = asked_up * up[0] + (1 - asked_up) * down[0]
    square = asked_up * up[1] + (1 - asked_up) * down[1]
    products = np.empty((lifts.size, found.block.size))
    for j, item in enumerate(model.indicators):
        if j not in (at, route):
            answer = item.low + _steps_given(model, found, lifts, j).sum(axis=-1)
            products[:, j] = (mean * answer) @ _DENSITY
    products[:, at] = square @ _DENSITY
    products[:, route] = _with_route(model, climbed, asked_up, up[0], down[0]) @ _DENSITY
    return mean @ _DENSITY, products


def _with_route(
    model: Model, climbed: Floats, asked_up: Floats, up: Floats, down: Floats
) -> Floats:
    """Return E of price tolerance times the item it is routed by, given the construct."""
    item = model.indicators[price_items(model)[1]]
    place = int(price.ROUTE - item.low)
    below, above = climbed[..., : place - 1], climbed[..., place - 1 :]
    answer_up = price.ROUTE * asked_up + above[..., 1:].sum(axis=-1)
    answer_down = item.low * (1 - asked_up) + (below - asked_up[..., None]).sum(axis=-1)
    found: Floats = answer_up * up + answer_down * down
    return found


def _steps_given(model: Model, found: _Responses, lifts: Floats, item: int) -> Floats:
    """Return P(response above each cut) given the price's construct, shape (L, grid, cuts)."""
    construct = found.block[price_items(model)[0]]
    slope = found.loadings[item] * found.constructs[found.block[item], construct]
    centre = np.multiply.outer(lifts, found.slopes[item])
    mean = centre[:, None] + slope * _GRID
    tails = (mean[..., None] - item_cuts(model.indicators[item])) / np.sqrt(1 - slope**2)
    return np.asarray(ndtr(tails))


def _sides() -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return price tolerance by step and the cuts between, for those asked up and down."""
    rises, cuts = np.array(price.RISES), np.array(price.CUTS)
    return (
        (price.tolerance(rises, np.array(True)), price.rise_cuts()),
        (price.tolerance(cuts, np.array(False)), price.fall_cuts()),
    )


def _given(scores: Floats, loading: float, values: Floats, cuts: Floats) -> tuple[Floats, Floats]:
    """Return E of price tolerance and of its square given the construct, one question's."""
    above = ndtr((loading * scores[..., None] - cuts) / np.sqrt(1 - loading**2))
    return values[0] + above @ np.diff(values), values[0] ** 2 + above @ np.diff(values**2)
