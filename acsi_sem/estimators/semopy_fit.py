"""The doorway to semopy: point estimates from a covariance matrix, and nothing else of it.

semopy reports success at bad optima, stops early by default, keeps state between fits, bounds
variances at zero and writes to the root logger. So every attempt starts a fresh model, without
bounds (a negative variance must show), its messages are caught, and the result is judged by our
own discrepancy and gradient.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled, item_code, parameter_code, semopy_syntax
from acsi_sem.estimators.starts import neutral_start, regression_start
from acsi_sem.kernels.covariance import discrepancy, gradient, information, locate

Floats = NDArray[np.float64]

GRADIENT_LIMIT: Final = 1e-6
"""Largest |dF/dθ| of a converged fit, items in standard deviation units."""

_NOISE: Final = "see SolverResult"
_SAME_MINIMUM: Final = 1e-9
_OTHER_MINIMUM: Final = 1e-6
_OPTIONS: Final[Mapping[str, Mapping[str, float]]] = {
    "BFGS": {"gtol": 1e-8, "maxiter": 500},
    "trust-exact": {"gtol": 1e-8, "maxiter": 200},
    "SLSQP": {"ftol": 1e-15, "maxiter": 300},
}


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """Where one solver ended.

    Attributes
    ----------
    solver : str
    theta : ndarray, shape (k,)
    value : float
        Our F there; infinite where Σ is not positive definite.
    slope : float
        Our largest |dF/dθ| there.
    iterations : int
    messages : tuple of str
        What semopy and SciPy said.
    """

    solver: str
    theta: Floats
    value: float
    slope: float
    iterations: int
    messages: tuple[str, ...]

    @property
    def converged(self) -> bool:
        """True when the gradient vanishes to the accuracy asked for."""
        return self.slope < GRADIENT_LIMIT


def minimise(compiled: Compiled, correlation: Floats) -> tuple[Attempt, ...]:
    """Fit by semopy from two starts, with further solvers where these fall short.

    Parameters
    ----------
    compiled : Compiled
    correlation : ndarray, shape (p, p)
        Covariance matrix of the items in standard deviation units, positive definite.

    Returns
    -------
    tuple of Attempt
        The best first: the lowest discrepancy and, among equals, the smallest gradient.
    """
    with _quarantine():  # what it says on import is no message about a fit
        import semopy  # noqa: F401
    syntax = semopy_syntax(compiled)

    def attempt(solver: str, start: Floats) -> Attempt:
        return _attempt(compiled, syntax, correlation, solver, start)

    attempts = [
        attempt("BFGS", neutral_start(compiled, correlation)),
        attempt("trust-exact", regression_start(compiled, correlation)),
    ]
    for solver in ("trust-exact", "SLSQP", "BFGS"):
        best = _ranked(attempts)[0]
        if best.converged:
            break
        attempts.append(attempt(solver, best.theta))
    return _ranked(attempts)


def rival(attempts: tuple[Attempt, ...]) -> Attempt | None:
    """Return a converged attempt at a higher minimum than the best one, if there is any."""
    lowest = attempts[0].value
    others = (a for a in attempts[1:] if a.converged and a.value - lowest > _OTHER_MINIMUM)
    return next(others, None)


def _ranked(attempts: list[Attempt]) -> tuple[Attempt, ...]:
    lowest = min(attempt.value for attempt in attempts)

    def merit(attempt: Attempt) -> tuple[float, float]:
        higher = attempt.value - lowest if np.isfinite(lowest) else 0.0
        return (higher if higher > _SAME_MINIMUM else 0.0, attempt.slope)

    return tuple(sorted(attempts, key=merit))


def _attempt(
    compiled: Compiled, syntax: str, correlation: Floats, solver: str, start: Floats
) -> Attempt:
    """Run one solver in a fresh semopy model and judge where it ended."""
    with _quarantine() as messages:
        try:
            theta, iterations = _run(compiled, syntax, correlation, solver, start, messages)
        except (ValueError, ArithmeticError) as error:  # LinAlgError is a ValueError
            messages.append(f"{solver}: {error}")
            theta, iterations = start, 0
    value, slope = judge(compiled, correlation, theta)
    return Attempt(solver, theta, value, slope, iterations, tuple(dict.fromkeys(messages)))


def judge(compiled: Compiled, correlation: Floats, theta: Floats) -> tuple[float, float]:
    """Return our F and our largest |dF/dθ| at `theta` (k,); infinite where Σ is not definite."""
    point = locate(compiled.structure, theta[None])
    if not point.ok[0]:
        return np.inf, np.inf
    slopes = gradient(compiled.structure, point, correlation[None])
    return float(discrepancy(point, correlation[None])[0]), float(np.abs(slopes).max(initial=0.0))


def _run(
    compiled: Compiled,
    syntax: str,
    correlation: Floats,
    solver: str,
    start: Floats,
    messages: list[str],
) -> tuple[Floats, int]:
    """Return (theta, iterations) of one semopy fit."""
    import pandas as pd
    import semopy

    names = [item_code(i) for i in range(len(compiled.items))]
    fitter = semopy.Model(syntax, cov_diag=True)
    fitter.load(cov=pd.DataFrame(correlation, names, names))
    order = _order(compiled, fitter)
    for parameter in fitter.parameters.values():
        parameter.bound = (None, None)
    fitter.param_vals = start[order].copy()

    def curvature(values: Floats) -> Floats:
        theta = np.empty_like(start)
        theta[order] = values
        expected = information(compiled.structure, locate(compiled.structure, theta[None]))[0]
        return np.asarray(2.0 * expected[np.ix_(order, order)])

    extra = {"hess": curvature} if solver == "trust-exact" else {}
    result = fitter.fit(obj="MLW", solver=solver, options=dict(_OPTIONS[solver]), **extra)
    if not result.success:
        messages.append(f"{solver}: {result.message}")
    theta = np.empty_like(start)
    theta[order] = result.x
    return theta, int(result.n_it)


def _order(compiled: Compiled, fitter: Any) -> NDArray[np.intp]:
    """Number of our free parameter at each place of semopy's vector."""
    place = {parameter_code(row.free): row.free for row in compiled.free}
    return np.array([place[name] for name, p in fitter.parameters.items() if p.active], np.intp)


class _Catch(logging.Filter):
    """Keeps what semopy logs from the root logger's handlers."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__()
        self.messages = messages

    def filter(self, record: logging.LogRecord) -> bool:
        foreign = "semopy" not in record.pathname
        if not foreign and record.levelno >= logging.WARNING and _NOISE not in record.msg:
            self.messages.append(record.getMessage())
        return foreign


@contextmanager
def _quarantine() -> Iterator[list[str]]:
    """Collect warnings and log messages instead of letting them reach the user."""
    messages: list[str] = []
    root = logging.getLogger()
    catch = _Catch(messages)
    # logging.warning() installs a handler on a bare root logger; an idle one prevents that
    idle = logging.NullHandler()
    root.addFilter(catch)
    root.addHandler(idle)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield messages
        messages.extend(str(w.message) for w in caught if "bounds" not in str(w.message))
    finally:
        root.removeHandler(idle)
        root.removeFilter(catch)
