"""Rows of the output tables for a PLS fit: point, standard error, limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.pls import PlsEstimates
from acsi_sem.estimators.result import Diagnosis, EngineResult, Row
from acsi_sem.inference.intervals import FAILED_SHARE, Spread, no_spread, two_sided_p
from acsi_sem.inference.spreader import PERCENTILE, Spreader
from acsi_sem.kernels.moments import Floats
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.terms import LOADING, PATH, WEIGHT, Notice

ROUNDING = 1e-12
"""A standard error below this share of its estimate is rounding: no statistic is made of it."""

EDGE = 1e-6
"""How far rounding may carry an index beyond its ends."""

MEASURES = ("alpha", "rho_c", "ave", "r2", "r2_adj")


@dataclass(frozen=True, slots=True)
class Draws:
    """Replicate estimates of one group with what makes an interval of them."""

    estimates: PlsEstimates
    level: float
    spreader: Spreader = PERCENTILE
    withheld: str = ""

    @property
    def note(self) -> str:
        """Why standard errors or limits are withheld; empty when they are not."""
        return self.withheld or withheld_limits(self.estimates.structural.ok)

    def spread(self, field: str, point: Floats) -> Spread:
        """Return the spread of one field over the usable replicates, about its point estimate."""
        values = getattr(self.estimates, field)
        if self.withheld:
            return no_spread(values.shape[1:])
        return self.spreader.spread(field, values, point, self.estimates.structural.ok, self.level)


def withheld_limits(ok: NDArray[np.bool_]) -> str:
    """Say why limits are withheld, or return an empty text when they are not."""
    failed = 1 - float(ok.mean())
    if failed <= FAILED_SHARE:
        return ""
    return f"limits withheld: {100 * failed:.1f} % of the replicates failed"


def pls_result(
    model: Model, group: str, point: PlsEstimates, at: int, draws: Draws | None
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

    Returns
    -------
    EngineResult
        Blank numbers with the reason where the point fit failed.
    """
    diagnosis = _diagnose(model, group, point, at)
    note = "; ".join(diagnosis.problems)
    if not note and draws is not None:
        note = draws.note
    estimates = [
        _estimate_row(cell, group, diagnosis.ok, note) for cell in _cells(model, point, at, draws)
    ]
    if not diagnosis.ok:
        return EngineResult(tuple(estimates), (), (), diagnosis)
    quality, notices = _quality(model, group, point, at, draws)
    return EngineResult(tuple(estimates), (), quality, diagnosis, notices)


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
    for op, field in ((LOADING, "loadings"), (WEIGHT, "weights")):
        values = getattr(point, field)[at]
        spread = None if draws is None else draws.spread(field, values)
        for i, item in enumerate(model.indicators):
            part = None if single[i] or spread is None else _pick(spread, (i,))
            yield _Cell(owners[i], op, item.name, float(values[i]), part)
    names = model.construct_names
    spread = None if draws is None else draws.spread("paths", point.paths[at])
    for target, source in np.argwhere(adjacency(model)).tolist():
        part = None if spread is None else _pick(spread, (target, source))
        value = float(point.paths[at, target, source])
        yield _Cell(names[target], PATH, names[source], value, part)


def _pick(spread: Spread, at: tuple[int, ...]) -> Spread:
    held = None if spread.withheld is None else spread.withheld[at]
    return Spread(spread.std_error[at], spread.low[at], spread.high[at], held)


def _estimate_row(cell: _Cell, group: str, ok: bool, note: str) -> Row:
    row: dict[str, object] = {
        "group": group,
        "engine": "pls",
        "lhs": cell.lhs,
        "op": cell.op,
        "rhs": cell.rhs,
        "note": note,
    }
    if not ok:
        return row
    row |= {"estimate": cell.estimate, "std_estimate": cell.estimate}
    if cell.spread is None:
        return row
    row["note"] = note or cell.spread.note(())
    std_error = float(cell.spread.std_error)
    if np.isnan(std_error):
        return row
    seen = std_error > ROUNDING * abs(cell.estimate)
    statistic = cell.estimate / std_error if seen else float("nan")
    return row | {
        "std_error": std_error,
        "se_type": "bootstrap",
        "statistic": statistic,
        "p_value": two_sided_p(statistic),
        "conf_low": float(cell.spread.low),
        "conf_high": float(cell.spread.high),
        "std_estimate_se": std_error,
    }


def _quality(
    model: Model, group: str, point: PlsEstimates, at: int, draws: Draws | None
) -> tuple[tuple[Row, ...], tuple[Notice, ...]]:
    """Return the rows, and a notice per withheld interval: this table has no notes."""
    rows: list[Row] = []
    notices: list[Notice] = []
    for measure in MEASURES:
        values = getattr(point, measure)[at]
        spread = None if draws is None else draws.spread(measure, values)
        for i, construct in enumerate(model.construct_names):
            if np.isnan(values[i]):
                continue
            row: dict[str, object] = {
                "group": group,
                "engine": "pls",
                "construct": construct,
                "measure": measure,
                "value": float(values[i]),
            }
            if spread is not None:
                row |= {"conf_low": float(spread.low[i]), "conf_high": float(spread.high[i])}
                notices += _held(group, construct, measure, spread.note((i,)))
            rows.append(row)
    return tuple(rows), tuple(notices)


def _held(group: str, construct: str, measure: str, note: str) -> list[Notice]:
    if not note:
        return []
    message = f"{measure} of {construct}: {note}."
    return [Notice("limits_withheld", message, group, "pls", f"{construct} {measure}")]


def _undefined(model: Model, point: PlsEstimates, at: int) -> list[str]:
    """Name the constructs whose index is not a number from 0 to 100."""
    inside = (point.structural.index[at] > -EDGE) & (point.structural.index[at] < 100 + EDGE)
    worth = np.isfinite(point.paths[at]).all()
    return [
        name for name, fine in zip(model.construct_names, inside, strict=True) if worth and not fine
    ]


def _diagnose(model: Model, group: str, point: PlsEstimates, at: int) -> Diagnosis:
    problems = []
    if not point.converged[at]:
        problems.append("PLS did not converge")
    elif lost := _undefined(model, point, at):
        names = ", ".join(lost)
        problems.append(
            f"the index of {names} is not within 0-100: its weights nearly cancel or are negative; "
            "declare reversed indicators (reverse: true) or drop them"
        )
    elif not point.structural.ok[at]:
        problems.append("the path coefficients are not defined (collinear construct scores)")
    return Diagnosis(
        group,
        "pls",
        bool(point.converged[at]),
        not problems,
        int(point.iterations[at]),
        problems=tuple(problems),
    )
