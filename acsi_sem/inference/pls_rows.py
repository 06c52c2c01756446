"""Rows of the output tables for a PLS fit: point, standard error, limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.pls import PlsEstimates, explain_failure
from acsi_sem.estimators.result import Diagnosis, EngineResult, Row
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.intervals import (
    FAILED_SHARE,
    NOT_MADE,
    Spread,
    errors_only,
    no_spread,
    two_sided_p,
)
from acsi_sem.inference.spreader import PERCENTILE, Spreader
from acsi_sem.kernels.moments import Floats
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import LOADING, PATH, WEIGHT, Engine

ROUNDING = 1e-12
"""A standard error below this share of its estimate is rounding: no statistic is made of it."""

UNTESTED = "no test: the standard error is nothing but rounding"

EDGE = 1e-6
"""How far rounding may carry an index beyond its ends."""

MEASURES = ("alpha", "rho_c", "ave", "r2", "r2_adj")


@dataclass(frozen=True, slots=True)
class Draws:
    """What makes intervals of one group's estimates.

    Attributes
    ----------
    fields : mapping of field -> ndarray, shape (B, ...)
        Replicate estimates; empty where limits are linearised.
    ok : ndarray of bool, shape (B,)
        Replicates that may be used.
    level : float
    spreader : Spreader
    withheld : str
        Why there are no standard errors at all; empty when there are.
    se_type : str
        How standard errors are made, for the table.
    """

    fields: Fields
    ok: NDArray[np.bool_]
    level: float
    spreader: Spreader = PERCENTILE
    withheld: str = ""
    se_type: str = "bootstrap"

    @property
    def freedom(self) -> float | None:
        """Degrees of freedom of the p-values, those of the limits; None for normal ones."""
        local = self.spreader.linearised
        return self.spreader.freedom if local is None else float(local.freedom)

    @property
    def note(self) -> str:
        """Why standard errors or limits are withheld; empty when they are not."""
        if self.withheld or self.spreader.coefficients is not None:
            return self.withheld  # a lost replicate is told element by element
        return withheld_limits(self.ok)

    def spread(self, field: str, point: Floats) -> Spread:
        """Return the spread of one field over the usable replicates, about its point estimate."""
        if self.withheld:
            return no_spread(point.shape)
        draws = self.fields.get(field)
        own = self.spreader.studentised
        if own is not None and draws is not None and field not in own.std_errors:
            return errors_only(draws, self.ok, NOT_MADE)
        return self.spreader.spread(field, draws, point, self.ok, self.level)


def withheld_limits(ok: NDArray[np.bool_]) -> str:
    """Say why limits are withheld, or return an empty text when they are not."""
    if not ok.size or ok.mean() >= 1 - FAILED_SHARE:
        return ""
    return f"limits withheld: {100 * (1 - ok.mean()):.1f} % of the replicates failed"


def pls_result(
    model: Model,
    group: str,
    point: PlsEstimates,
    at: int,
    draws: Draws | None,
    engine: Engine = "pls",
) -> EngineResult:
    """Tabulate the PLS fit of one group.

    Parameters
    ----------
    model : Model
    group : str
    point : PlsEstimates
        A batch of point fits; `at` is this group's element.
    draws : Draws or None
        Its replicates; without them standard errors and limits are empty.
    engine : {"pls", "plsc"}

    Returns
    -------
    EngineResult
        Blank numbers with the reason where the point fit failed.
    """
    diagnosis = _diagnose(model, group, point, at, engine)
    note = "; ".join(diagnosis.problems)
    if not note and draws is not None:
        note = draws.note
    used = draws if diagnosis.ok else None
    estimates = [
        _estimate_row(cell, diagnosis, note, draws) for cell in _cells(model, point, at, used)
    ]
    if not diagnosis.ok:
        return EngineResult(tuple(estimates), (), (), diagnosis)
    quality = tuple(_quality(model, diagnosis, point, at, draws))
    return EngineResult(tuple(estimates), (), quality, diagnosis, ())


@dataclass(frozen=True, slots=True)
class _Cell:
    lhs: str
    op: str
    rhs: str
    estimate: float
    spread: Spread | None


def _cells(model: Model, point: PlsEstimates, at: int, draws: Draws | None) -> Iterator[_Cell]:
    """Yield loadings, weights and paths with their spreads; a single item has none."""
    block = blocks(model)
    single = np.bincount(block)[block] == 1
    owners = [model.construct_names[c] for c in block]
    composed = np.array([bool(construct.components) for construct in model.constructs])
    for op, field in ((LOADING, "loadings"), (WEIGHT, "weights")):
        values = getattr(point, field)[at]
        spread = None if draws is None else draws.spread(field, values)
        for i, item in enumerate(model.indicators):
            if composed[block[i]]:
                continue
            part = None if single[i] or spread is None else _pick(spread, (i,))
            yield _Cell(owners[i], op, item.name, float(values[i]), part)
    yield from _part_cells(point, at, draws)
    names = model.construct_names
    spread = None if draws is None else draws.spread("paths", point.paths[at])
    for target, source in np.argwhere(adjacency(model)).tolist():
        part = None if spread is None else _pick(spread, (target, source))
        value = float(point.paths[at, target, source])
        yield _Cell(names[target], PATH, names[source], value, part)


def _part_cells(point: PlsEstimates, at: int, draws: Draws | None) -> Iterator[_Cell]:
    """Yield loadings and weights of components on their higher-order construct."""
    if point.stages is None:
        return
    for op, field in ((LOADING, "part_loadings"), (WEIGHT, "part_weights")):
        values = getattr(point.stages, field)[at]
        spread = None if draws is None else draws.spread(field, values)
        for i, (whole, part) in enumerate(point.stages.parts):
            picked = None if spread is None else _pick(spread, (i,))
            yield _Cell(whole, op, part, float(values[i]), picked)


def _pick(spread: Spread, at: tuple[int, ...]) -> Spread:
    held = None if spread.withheld is None else spread.withheld[at]
    return Spread(spread.std_error[at], spread.low[at], spread.high[at], held)


def _estimate_row(cell: _Cell, diagnosis: Diagnosis, note: str, draws: Draws | None) -> Row:
    row: dict[str, object] = {
        "group": diagnosis.group,
        "engine": diagnosis.engine,
        "lhs": cell.lhs,
        "op": cell.op,
        "rhs": cell.rhs,
        "note": note,
    }
    if not diagnosis.ok:
        return row
    row |= {"estimate": cell.estimate, "std_estimate": cell.estimate}
    if cell.spread is None or draws is None:
        return row
    row["note"] = note or cell.spread.note(())
    std_error = float(cell.spread.std_error)
    if np.isnan(std_error):
        return row
    seen = std_error > ROUNDING * abs(cell.estimate)
    if not seen:
        row["note"] = row["note"] or UNTESTED
    statistic = cell.estimate / std_error if seen else float("nan")
    return row | {
        "std_error": std_error,
        "se_type": draws.se_type,
        "statistic": statistic,
        "p_value": two_sided_p(statistic, draws.freedom),
        "conf_low": float(cell.spread.low),
        "conf_high": float(cell.spread.high),
        "std_estimate_se": std_error,
    }


def _quality(
    model: Model, diagnosis: Diagnosis, point: PlsEstimates, at: int, draws: Draws | None
) -> Iterator[Row]:
    """Yield the criteria of blocks and equations, each with its interval or why it has none."""
    for measure in MEASURES:
        values = getattr(point, measure)[at]
        spread = None if draws is None else draws.spread(measure, values)
        for i, construct in enumerate(model.construct_names):
            if np.isnan(values[i]):
                continue
            row: dict[str, object] = {
                "group": diagnosis.group,
                "engine": diagnosis.engine,
                "construct": construct,
                "measure": measure,
                "value": float(values[i]),
            }
            if spread is not None and draws is not None:
                row |= {
                    "conf_low": float(spread.low[i]),
                    "conf_high": float(spread.high[i]),
                    "std_error": float(spread.std_error[i]),
                    "note": draws.note or spread.note((i,)),
                }
            yield row


def _undefined(model: Model, point: PlsEstimates, at: int) -> list[str]:
    """Name the constructs whose index is not a number from 0 to 100."""
    inside = (point.structural.index[at] > -EDGE) & (point.structural.index[at] < 100 + EDGE)
    worth = np.isfinite(point.paths[at]).all()
    return [
        name for name, fine in zip(model.construct_names, inside, strict=True) if worth and not fine
    ]


def _diagnose(model: Model, group: str, point: PlsEstimates, at: int, engine: Engine) -> Diagnosis:
    problems = list(explain_failure(model, point, at))
    if not problems and (lost := _undefined(model, point, at)):
        names = ", ".join(lost)
        problems.append(
            f"the index of {names} is not within 0-100: its weights nearly cancel or are negative; "
            "declare reversed indicators (reverse: true), or ask for weights_policy nonnegative "
            "or drop"
        )
    elif not problems and not point.structural.ok[at]:
        problems.append("the path coefficients are not defined (collinear construct scores)")
    return Diagnosis(
        group,
        engine,
        bool(point.converged[at]),
        not problems,
        int(point.iterations[at]),
        problems=tuple(problems),
    )
