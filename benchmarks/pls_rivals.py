"""What others take for the same model on the same rows: openpls-engine and semopy."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acsi_sem.estimators.compile import compile_model, item_code, semopy_syntax
from acsi_sem.estimators.covariance import CovarianceSample, fit_covariance
from acsi_sem.estimators.pls import PlsEstimates
from acsi_sem.spec.model import Model
from benchmarks.pls_timing import seconds_of

Floats = NDArray[np.float64]

ROOT: Final = Path(__file__).parents[1]
PYTHON: Final = ROOT / ".venv-oracles" / "bin" / "python"
WORKER: Final = Path(__file__).with_name("pls_openpls.py")
ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
AGREEMENT: Final = 1e-6
"""Two programs that solve the same equations differ by less, or the times are not compared."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Largest absolute differences between openpls-engine's estimates and ours."""

    weights: float
    loadings: float
    paths: float
    errors: float
    """Median ratio of the bootstrap standard errors of paths, theirs to ours."""

    @property
    def close(self) -> bool:
        """True when both have solved the same model."""
        return max(self.weights, self.loadings, self.paths) < AGREEMENT


def ask_openpls(model: Model, values: Floats, replicates: int) -> Mapping[str, Any] | None:
    """Have openpls-engine fit rows (n, p) and bootstrap them; None where it is not installed."""
    if not PYTHON.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.csv"
        names = [item.name for item in model.indicators]
        pd.DataFrame(values, columns=names).to_csv(rows, index=False)
        request = {
            "rows": str(rows),
            "blocks": {c.name: [item.name for item in c.indicators] for c in model.constructs},
            "arrows": [(path.source, path.target) for path in model.paths],
            "replicates": replicates,
        }
        done = subprocess.run(
            [PYTHON, WORKER],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **dict.fromkeys(ONE_THREAD, "1")},
        )
    if done.returncode:
        raise SystemExit(f"openpls-engine failed: nothing was measured\n{done.stderr}")
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def compare(
    model: Model, theirs: Mapping[str, Any], ours: PlsEstimates, errors: Floats, n: int
) -> Agreement:
    """Compare estimates, and standard errors of paths (q, q).

    Theirs are weights for items standardised with divisor n - 1 and scores with divisor n, hence
    sqrt(n / (n - 1)) times ours.
    """
    names = [item.name for item in model.indicators]
    at = {c.name: i for i, c in enumerate(model.constructs)}
    weights = np.array([theirs["weights"][name] for name in names]) / np.sqrt(n / (n - 1))
    loadings = np.array([theirs["loadings"][name] for name in names])
    paths, ratios = [], []
    for path in model.paths:
        place, name = (at[path.target], at[path.source]), f"{path.source} -> {path.target}"
        paths.append(abs(theirs["paths"][name] - ours.paths[0][place]))
        ratios.append(theirs["errors"][name] / errors[place])
    return Agreement(
        float(np.abs(weights - ours.weights[0]).max()),
        float(np.abs(loadings - ours.loadings[0]).max()),
        max(paths),
        float(np.median(ratios)),
    )


def resampled(values: Floats, count: int) -> list[Floats]:
    """Return covariances (p, p) of `count` bootstrap samples of rows (n, p)."""
    rng = np.random.default_rng(1)
    n = values.shape[0]
    return [np.cov(values[rng.integers(0, n, n)].T, bias=True) for _ in range(count)]


def time_semopy(model: Model, covariances: list[Floats]) -> float:
    """Return the seconds of a refit by semopy as it comes: its own starts and stopping rule."""
    import semopy

    compiled = compile_model(model)
    names = [item_code(i) for i in range(len(compiled.items))]
    fitter = semopy.Model(semopy_syntax(compiled), cov_diag=True)
    frames = [pd.DataFrame(each, names, names) for each in covariances]

    def refit() -> None:
        for frame in frames:
            fitter.load(cov=frame)
            fitter.fit(obj="MLW")

    return seconds_of(refit, repeats=1).cpu / len(frames)


def time_engine(model: Model, values: Floats, covariances: list[Floats]) -> float:
    """Return the seconds of a checked and polished fit by engine semopy, as a table has it."""

    def refit() -> None:
        for covariance in covariances:
            cold = CovarianceSample("all", covariance, values.shape[0], values.mean(axis=0))
            found = fit_covariance(model, cold, engine="semopy", se="ml")
            if not found.result.diagnosis.converged:
                raise SystemExit("a fit by semopy failed: nothing was measured")

    return seconds_of(refit, repeats=1).cpu / len(covariances)
