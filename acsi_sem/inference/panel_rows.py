"""Rows of the tables `quality` and `fit_measures` for the criteria of PLS estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.pls_panel import SATURATED, composites
from acsi_sem.estimators.result import Row
from acsi_sem.inference.intervals import UNDEFINED, WITHHELD, Spread, two_sided_p
from acsi_sem.inference.pls_rows import UNTESTED
from acsi_sem.kernels.exact_fit import MEASURES, ExactFit
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.tetrads import block_tetrads, tetrad_labels, tetrad_test
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import Notice

SpreadOf = Callable[[str, Floats], Spread | None]
"""Field name and its point estimates to their spread; None without replicates."""

ROUNDING: Final = 1e-12
"""A standard error below this share of its estimate is rounding: no test is made of it."""

AGAINST_ZERO: Final = ("cross_loading", "construct_cor", "fornell_larcker")
"""Measures whose distance from zero is a question; the p-value is two-sided, normal."""

APPROXIMATE: Final = ("chisq", "df", "cfi", "tli", "ifi", "nfi", "rmsea", "cn", "rms_theta")
"""Measures of approximate fit in the order of the table."""

_COLLINEAR: Final = "not defined: the predictors are collinear"
WHY: Final[Mapping[str, str]] = {
    "htmt": "not defined: items of a block do not correlate",
    "htmt2": "not defined: correlations between or within the blocks are not of one sign",
    "rho_a": "not defined: items of the block do not correlate as their weights ask",
    "vif": _COLLINEAR,
    "vif_item": "not defined: the items of the block are collinear",
    "f2": f"{_COLLINEAR} or explain everything",
}
"""Why a value may be missing, by measure."""

HELD: Final = "left out by the weights policy"
"""Why the VIF of one indicator is missing while its block has others."""


@dataclass(frozen=True, slots=True)
class _Cell:
    measure: str
    field: str
    at: tuple[int, ...]
    construct: str
    indicator: str = ""
    why: str = ""


def panel_rows(
    model: Model,
    group: str,
    engine: str,
    fields: Mapping[str, Floats],
    spread_of: SpreadOf,
    note: str = "",
    freedom: float | None = None,
) -> Iterator[Row]:
    """Yield the rows of `quality` for one group.

    Parameters
    ----------
    model : Model
    group, engine : str
    fields : mapping of str to ndarray
        One element of `acsi_sem.estimators.pls_panel.panel_fields`, without the batch axis.
    spread_of : callable
        Spread of a field.
    note : str
        Why limits are withheld throughout; empty when they are not.
    freedom : float, optional
        Degrees of freedom of p-values; normal ones by default.

    Yields
    ------
    Row
        Measures cross_loading (construct, indicator of another block), rho_a, fornell_larcker
        (the nearest other construct in `indicator`), construct_cor, htmt, htmt2 (pairs, the
        later construct first), vif_item, vif, f2 (target and source). Left out is what the model
        settles: VIF of a lone predictor or single item, criteria of common factors for
        composites. A number that the data leave undefined is blank, with the reason as note.
    """
    spreads: dict[str, Spread | None] = {}
    for cell in _cells(model, fields):
        if cell.field not in spreads:
            spreads[cell.field] = spread_of(cell.field, fields[cell.field])
        own = {"construct": cell.construct, "indicator": cell.indicator, "measure": cell.measure}
        value = float(fields[cell.field][cell.at])
        numbers = _numbers(cell, value, spreads[cell.field], note, freedom)
        yield {"group": group, "engine": engine, **own, **numbers}


def _numbers(
    cell: _Cell, value: float, spread: Spread | None, note: str, freedom: float | None
) -> dict[str, object]:
    if np.isnan(value):
        return {"note": cell.why or WHY.get(cell.measure, "not defined")}
    numbers: dict[str, object] = {"value": value}
    if spread is None:
        return numbers | {"note": note}
    error, low, high = (
        float(part[cell.at]) for part in (spread.std_error, spread.low, spread.high)
    )
    own = spread.note(cell.at)
    if (np.isnan(low) and not (own or note)) or (np.isnan(error) and not own):
        own = WITHHELD[UNDEFINED]
    why = "; ".join(dict.fromkeys(filter(None, (note, own if not note or np.isnan(error) else ""))))
    if not np.isnan(error):
        numbers["std_error"] = error
        if cell.measure in AGAINST_ZERO:
            if error > ROUNDING * abs(value):
                numbers["p_value"] = two_sided_p(value / error, freedom)
            else:
                why = why or UNTESTED
    if not np.isnan(low):
        numbers |= {"conf_low": low, "conf_high": high}
    return numbers | {"note": why}


def _cells(model: Model, fields: Mapping[str, Floats]) -> Iterator[_Cell]:
    yield from _block_cells(model, fields)
    yield from _pair_cells(model)
    yield from _item_cells(model, fields["vif_item"])
    yield from _path_cells(model)


def _block_cells(model: Model, fields: Mapping[str, Floats]) -> Iterator[_Cell]:
    names, apart = model.construct_names, composites(model)
    sizes = np.bincount(blocks(model))
    factors = [c for c in range(len(names)) if sizes[c] > 1 and not apart[c]]
    for c in (c for c in factors if model.constructs[c].mode == "A"):
        yield _Cell("rho_a", "rho_a", (c,), names[c])
    if len(names) < 2:
        return
    nearest = _nearest(fields["construct_cor"])
    for c in factors:
        yield _Cell("fornell_larcker", "fornell_larcker", (c,), names[c], names[nearest[c]])


def _nearest(correlation: Floats) -> NDArray[np.intp]:
    """Return the construct that each correlates with most."""
    size = np.where(np.eye(len(correlation), dtype=bool), -1.0, np.abs(correlation))
    return np.asarray(size.argmax(axis=1))


def _pair_cells(model: Model) -> Iterator[_Cell]:
    names, apart = model.construct_names, composites(model)
    for measure in ("construct_cor", "htmt", "htmt2"):
        for first in range(len(names)):
            for second in range(first + 1, len(names)):
                if measure == "construct_cor" or not (apart[first] or apart[second]):
                    yield _Cell(measure, measure, (second, first), names[second], names[first])


def _item_cells(model: Model, vif: Floats) -> Iterator[_Cell]:
    names, block = model.construct_names, blocks(model)
    sizes = np.bincount(block)
    for i, item in enumerate(model.indicators):
        for c, name in enumerate(names):
            if c != block[i]:
                yield _Cell("cross_loading", "cross_loadings", (i, c), name, item.name)
    for i, item in enumerate(model.indicators):
        if sizes[block[i]] > 1:
            # Collinear items leave the whole block without a number, the policy single ones.
            held = np.isnan(vif[i]) and np.isfinite(vif[block == block[i]]).any()
            why = HELD if held else ""
            yield _Cell("vif_item", "vif_item", (i,), names[block[i]], item.name, why)


def _path_cells(model: Model) -> Iterator[_Cell]:
    names, arrows = model.construct_names, adjacency(model)
    for measure in ("vif", "f2"):
        for target, source in np.argwhere(arrows).tolist():
            if measure == "f2" or arrows[target].sum() > 1:
                yield _Cell(measure, measure, (target, source), names[target], names[source])


def tetrad_rows(
    model: Model,
    group: str,
    engine: str,
    point: Floats,
    draws: Floats | None,
    level: float = 0.9,
    note: str = "",
) -> Iterator[Row]:
    """Yield the tetrads and the verdict on every block that has some.

    Parameters
    ----------
    model : Model
    group, engine : str
    point : ndarray, shape (t,)
    draws : ndarray, shape (B, t), or None
        Usable replicates only.
    level : float
        Joint confidence of a block.
    note : str
        Why limits are withheld; empty when they are not.

    Yields
    ------
    Row
        ``tetrad`` with its items in `indicator` and limits at the level adjusted for their
        number, which the note tells; then ``tetrads_rejected`` of the block, how many limits
        leave out zero, with the verdict as note. Nothing for composites.
    """
    block, apart = blocks(model), composites(model)
    owner = block[block_tetrads(block)[:, 0]]
    labels = tetrad_labels([item.name for item in model.indicators], block)
    kept = np.empty((0, point.size)) if draws is None or note else draws
    test = tetrad_test(kept, point, block, level)
    for c in (c for c in np.unique(owner).tolist() if not apart[c]):
        common = {"group": group, "engine": engine, "construct": model.construct_names[c]}
        own = np.flatnonzero(owner == c)
        for t in own.tolist():
            row: dict[str, object] = {"measure": "tetrad", "indicator": labels[t]}
            row["value"] = float(point[t])
            yield {
                **common,
                **row,
                **_tetrad_limits(test.low[t], test.high[t], test.level[t], note),
            }
        if draws is not None:
            rejected = float(((test.low[own] > 0) | (test.high[own] < 0)).sum())
            known = {"value": rejected} if np.isfinite(test.low[own]).all() else {}
            words = note or test.verdicts[c]
            yield {**common, "measure": "tetrads_rejected", **known, "note": words}


def _tetrad_limits(low: float, high: float, level: float, note: str) -> dict[str, object]:
    if np.isnan(low):
        return {"note": note}
    words = f"limits at {100 * level:.4g} %, Bonferroni"
    return {"conf_low": float(low), "conf_high": float(high), "note": words}


def fit_rows(group: str, engine: str, fields: Mapping[str, Floats]) -> Iterator[Row]:
    """Yield the rows of `fit_measures`: srmr, d_uls, d_g, d_ml, each also with ``.saturated``.

    Measures of approximate fit follow where `fields` has them.

    Parameters
    ----------
    group, engine : str
    fields : mapping of str to ndarray
        One element of `acsi_sem.estimators.pls_panel.panel_fields`, without the batch axis, and
        of `approximate_fields` if wanted.
    """
    distances = [f"{name}{ending}" for ending in ("", SATURATED) for name in MEASURES]
    for name in (*distances, *(name for name in APPROXIMATE if name in fields)):
        value = float(fields[name])
        if not np.isnan(value):
            measure = name.replace(SATURATED, ".saturated")
            yield {"group": group, "engine": engine, "measure": measure, "value": value}


def exact_fit_rows(
    group: str, engine: str, test: ExactFit, ending: str = ""
) -> tuple[tuple[Row, ...], tuple[Notice, ...]]:
    """Return the rows of `fit_measures` of the test of exact fit, and notices.

    Parameters
    ----------
    group, engine : str
    test : ExactFit
    ending : str
        ``.saturated`` for the saturated model.

    Returns
    -------
    rows : tuple of Row
        ``srmr.q95``, ``srmr.p`` and so on: the quantile (named by its level) and the p-value.
        None when there is no test.
    notices : tuple of Notice
        Why there is none.
    """
    if test.problem:
        message = f"No bootstrap test of exact fit: {test.problem}."
        return (), (Notice("exact_fit_withheld", message, group, engine, f"fit{ending}"),)
    rows: list[Row] = []
    common = {"group": group, "engine": engine}
    used = f"exact_fit{ending}.replicates"
    rows.append({**common, "measure": used, "value": float(test.used)})
    for name, found in test.measures.items():
        for part, value in ((f"q{100 * test.level:g}", found.quantile), ("p", found.p_value)):
            measure = f"{name}{ending}.{part}"
            rows.append({"group": group, "engine": engine, "measure": measure, "value": value})
    return tuple(rows), ()
