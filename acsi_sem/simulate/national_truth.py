"""What is true of every unit of a simulated nation.

A company's truth is what an engine finds in the exact moments of its customers' answers, weighted
as the survey's weights make them, before any answer is left open. `index_observed` is the same for
the answers that are left: how far it is from `index` is the bias that no larger sample cures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.simulate import demo
from acsi_sem.simulate.exact_moments import Curves, make_curves
from acsi_sem.simulate.functionals import Population, Truth, ols_truth, pls_truth
from acsi_sem.simulate.latents import Structure
from acsi_sem.simulate.national import SimulatedNation, company_lifts, price_items, surveyed
from acsi_sem.simulate.national_answers import cell_lifts, cell_weights, missing_rates
from acsi_sem.simulate.national_plan import QUARTERS, share_values
from acsi_sem.spec.hierarchy import NATION, NATIONAL_FORMS, NationalForm
from acsi_sem.spec.model import Model
from acsi_sem.spec.periods import Period

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

WINDOW: Final = QUARTERS
"""Quarters that the national index rolls over."""

COLUMNS: Final = (
    *("period", "level", "unit", "form", "engine", "quantity", "lhs", "rhs", "value"),
)
ENGINES: Final[Mapping[str, Callable[[Model, Population], Truth]]] = {
    "pls": pls_truth,
    "ols": ols_truth,
}


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """The indices of every unit of a level in a period.

    Attributes
    ----------
    units : tuple of str
        Those with fieldwork in the period.
    index, observed : ndarray, shape (U, q)
        Before any answer is left open, and after.
    """

    units: tuple[str, ...]
    index: Floats
    observed: Floats


@lru_cache(maxsize=8)
def populations(nation: SimulatedNation, period: Period) -> tuple[Population, Population]:
    """Return the moments of the companies surveyed in a period, of all answers and of those left.

    Parameters
    ----------
    nation : SimulatedNation
    period : Period

    Returns
    -------
    tuple of Population
        In the order of `acsi_sem.simulate.national.surveyed`.
    """
    chosen = surveyed(nation, period)
    mean, second = _cell_moments(nation, period, chosen)
    shape = cell_weights(nation.plan.interviews)
    sizes = np.bincount(np.arange(nation.plan.interviews) % shape.shape[0])
    shares = (shape * np.outer(sizes, demo.AGE_SAMPLE)).ravel()
    answered, whole = _answered(nation, shape.shape[0])
    everybody = np.ones_like(answered)
    return (
        _mixed(mean, second, shares, everybody, everybody[:, 0]),
        _mixed(mean, second, shares, answered, whole),
    )


def _cell_moments(nation: SimulatedNation, period: Period, chosen: Ints) -> tuple[Floats, Floats]:
    """Return E x, shape (F, cells, p), and E x x' of companies by region and age."""
    lifts = company_lifts(nation, period)[chosen, None] + cell_lifts().ravel()
    p = len(nation.model.indicators)
    mean, second = np.empty((*lifts.shape, p)), np.empty((*lifts.shape, p, p))
    for number, structure in enumerate(nation.structures):
        at = np.flatnonzero(nation.types[chosen] == number)
        if at.size:
            mean[at], second[at] = _curves(nation.model, _Same(structure)).at(lifts[at])
    return mean, second


class _Same:
    """A structure that is told from others by what it holds."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        parts = (structure.paths, structure.loadings, structure.disturbances)
        self.key = b"".join(part.tobytes() for part in parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=32)
def _curves(model: Model, same: _Same) -> Curves:
    return make_curves(model, same.structure)


def _answered(nation: SimulatedNation, regions: int) -> tuple[Floats, Floats]:
    """Return the share of answers by cell and item, and of complete interviews by cell."""
    rates = missing_rates(nation.model) if nation.plan.missing else None
    if rates is None:
        rates = np.zeros((len(demo.AGE_POPULATION), len(nation.model.indicators)))
    answered = 1 - rates
    whole = answered.prod(axis=1)
    at, route = price_items(nation.model)
    if at >= 0:
        answered[:, at] *= answered[:, route]
    return np.tile(answered, (regions, 1)), np.tile(whole, regions)


def _mixed(
    mean: Floats, second: Floats, shares: Floats, answered: Floats, whole: Floats
) -> Population:
    """Mix cells into populations, by how many of each answer an item, and all of them."""
    each = shares[:, None] * answered
    available = np.einsum("ci,fci->fi", each / each.sum(axis=0), mean)
    complete = shares * whole / (shares @ whole)
    centre = np.einsum("c,fci->fi", complete, mean)
    square = np.einsum("c,fcij->fij", complete, second)
    return Population(square - centre[:, :, None] * centre[:, None, :], available)


@lru_cache(maxsize=16)
def company_truth(nation: SimulatedNation, period: Period, engine: str) -> tuple[Truth, Truth]:
    """Return what is true of the companies surveyed in a period, and of the answers left."""
    everybody, left = populations(nation, period)
    return ENGINES[engine](nation.model, everybody), ENGINES[engine](nation.model, left)


@lru_cache(maxsize=32)
def true_readings(nation: SimulatedNation, period: Period, engine: str) -> dict[str, Readings]:
    """Return the true indices by level, from the company to the nation.

    Units weigh in their parents by the shares of the period; units that are not surveyed in it
    have no reading.
    """
    everybody, left = company_truth(nation, period, engine)
    chosen = surveyed(nation, period)
    names = tuple(nation.firms[i].name for i in chosen)
    found = {"company": Readings(names, everybody.index, left.index)}
    parent_of = {(u.level, u.name): u.parent for u in nation.hierarchy.units}
    levels = (*nation.hierarchy.levels, NATION)
    for level, above in pairwise(levels):
        part = found[level]
        parents = [parent_of[level, unit] for unit in part.units]
        values = share_values(nation.hierarchy, level, period)
        weights = np.array([values[unit] for unit in part.units])
        found[above] = _joined(part, parents, weights)
    return found


def _joined(part: Readings, parents: list[str], weights: Floats) -> Readings:
    names = tuple(dict.fromkeys(parents))
    member = np.array([[parent == name for parent in parents] for name in names]) * weights
    member /= member.sum(axis=1, keepdims=True)
    return Readings(names, member @ part.index, member @ part.observed)


def rolling_truth(
    nation: SimulatedNation, period: Period, form: NationalForm, engine: str
) -> tuple[Floats, Floats]:
    """Return the nation's true index over the four quarters that end with a period.

    Parameters
    ----------
    nation : SimulatedNation
    period : Period
    form : {"pooled", "mean_of_quarters", "latest"}
        Every quarter's sectors by their shares of then; the mean of quarterly readings; the last
        reading of each sector by its share of now.
    engine : {"pls", "ols"}

    Returns
    -------
    tuple of ndarray, shape (q,)
        Of all answers, and of those left. Over fewer quarters where the nation begins later.
    """
    window = [period.back(i) for i in range(WINDOW) if period.back(i) >= nation.plan.first]
    read = {when: true_readings(nation, when, engine) for when in window}
    if form == "mean_of_quarters":
        parts = [read[when][NATION] for when in window]
        weights = np.ones(len(parts))
    elif form == "pooled":
        parts = [read[when]["sector"] for when in window]
        weights = np.array(
            [
                share_values(nation.hierarchy, "sector", when)[unit]
                for when in window
                for unit in read[when]["sector"].units
            ]
        )
    else:
        parts, weights = _latest(nation, period, [read[when]["sector"] for when in window])
    weights = weights / weights.sum()
    index, observed = ([getattr(part, name) for part in parts] for name in ("index", "observed"))
    return weights @ np.concatenate(index), weights @ np.concatenate(observed)


def _latest(
    nation: SimulatedNation, period: Period, parts: list[Readings]
) -> tuple[list[Readings], Floats]:
    """Return each sector's last reading, parts being the latest first, and its share of now."""
    now = share_values(nation.hierarchy, "sector", period)
    seen: set[str] = set()
    kept = []
    for part in parts:
        new = [i for i, unit in enumerate(part.units) if unit not in seen]
        names = tuple(part.units[i] for i in new)
        seen.update(names)
        kept.append(Readings(names, part.index[new], part.observed[new]))
    return kept, np.array([now[unit] for part in kept for unit in part.units])


def true_values(nation: SimulatedNation, period: Period) -> pd.DataFrame:
    """Return what is true of every unit in a period.

    Parameters
    ----------
    nation : SimulatedNation
    period : Period

    Returns
    -------
    DataFrame
        Columns `COLUMNS`. `quantity` is ``index`` and ``index_observed`` (0-100; `lhs` is the
        construct) of every unit, ``weight`` (on standardised items) and ``path`` (standardised
        for PLS, points per point for OLS; `lhs` the target, `rhs` the source) of companies.
        `form` is filled for the nation's rolling index.
    """
    import pandas as pd

    rows: list[tuple[object, ...]] = []
    for engine in ENGINES:
        for level, part in true_readings(nation, period, engine).items():
            for i, unit in enumerate(part.units):
                head = (str(period), level, unit, "", engine)
                rows += _index_rows(nation.model, head, part.index[i], part.observed[i])
        for form in NATIONAL_FORMS:
            head = (str(period), NATION, NATION, form, engine)
            rows += _index_rows(nation.model, head, *rolling_truth(nation, period, form, engine))
        rows += _company_rows(nation, period, engine)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _index_rows(
    model: Model, head: tuple[object, ...], index: Floats, observed: Floats
) -> list[tuple[object, ...]]:
    return [
        (*head, quantity, name, "", float(value))
        for quantity, values in (("index", index), ("index_observed", observed))
        for name, value in zip(model.construct_names, values, strict=True)
    ]


def _company_rows(nation: SimulatedNation, period: Period, engine: str) -> list[tuple[object, ...]]:
    """Return weights and paths of companies; the weights of OLS are the same for all."""
    model, (truth, _) = nation.model, company_truth(nation, period, engine)
    place = {name: i for i, name in enumerate(model.construct_names)}
    rows: list[tuple[object, ...]] = []
    for b, at in enumerate(surveyed(nation, period)):
        head = (str(period), "company", nation.firms[at].name, "", engine)
        if engine == "pls":
            items = [(c.name, item.name) for c in model.constructs for item in c.indicators]
            rows += [
                (*head, "weight", *pair, float(value))
                for pair, value in zip(items, truth.weights[b], strict=True)
            ]
        rows += [
            (
                *head,
                "path",
                a.target,
                a.source,
                float(truth.paths[b, place[a.target], place[a.source]]),
            )
            for a in model.paths
        ]
    return rows


def all_true_values(nation: SimulatedNation) -> pd.DataFrame:
    """Return `true_values` of every period of the plan, one after the other."""
    import pandas as pd

    parts = [true_values(nation, period) for period in nation.plan.periods]
    return pd.concat(parts, ignore_index=True)
