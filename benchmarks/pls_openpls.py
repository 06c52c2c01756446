"""A PLS path model by openpls-engine, fitted, bootstrapped and timed: runs in its own environment.

openpls-engine is under the GPL. It stays out of the process of `benchmarks.pls_engines`, which
starts this file under ``.venv-oracles``, writes a request to it as JSON and reads JSON back.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import openpls  # type: ignore[import-not-found]
import pandas as pd
from openpls import Plspm
from openpls.config import MV, Config, Structure  # type: ignore[import-not-found]
from openpls.mode import Mode  # type: ignore[import-not-found]
from openpls.scheme import Scheme  # type: ignore[import-not-found]

TIGHT = 1e-12
"""Tolerance of the fit whose numbers are compared; the timed bootstrap has the default of 1e-6."""


def configure(request: Mapping[str, Any]) -> Config:
    """Return the model of a request: Mode A throughout, items standardised."""
    structure = Structure()
    for source, target in request["arrows"]:
        structure.add_path([source], [target])
    config = Config(structure.path(), scaled=True)
    for name, items in request["blocks"].items():
        config.add_lv(name, Mode.A, *(MV(item) for item in items))
    return config


def spent() -> float:
    """Return the seconds of work of this process and of those it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Fit and bootstrap; return the numbers and the seconds."""
    data = pd.read_csv(request["rows"]).astype(float)
    tight = Plspm(data, configure(request), Scheme.PATH, iterations=1000, tolerance=TIGHT)
    outer, inner = tight.outer_model(), tight.path_coefficients()
    begin = spent()
    Plspm(data, configure(request), Scheme.PATH)
    once = spent() - begin
    count = request["replicates"]
    asked = {"bootstrap": True, "bootstrap_iterations": count, "processes": 1}
    begin = spent()
    made = Plspm(data, configure(request), Scheme.PATH, **asked).bootstrap()
    seconds = spent() - begin - once
    errors = made.paths()["std.error"]
    return {
        "version": openpls.__version__,
        "weights": outer["weight"].to_dict(),
        "loadings": outer["loading"].to_dict(),
        "paths": {f"{s} -> {t}": float(inner.loc[t, s]) for s, t in request["arrows"]},
        "errors": {name: float(error) for name, error in errors.items()},
        "fit_seconds": once,
        "bootstrap_seconds": seconds,
    }


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
