"""Stored moments of the 2015 survey and R's numbers, for golden tests that run anywhere."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GOLDEN = Path(__file__).parent / "golden"
SUBSETS = ("pooled", "1001", "3003", "3013", "5001")
REFERENCE_SUBSETS = ("1001", "3003", "pooled")
"""Subsets for which R's numbers exist."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of the complete cases of one subset, every divisor n.

    Attributes
    ----------
    names : tuple of str
        The 13 indicators, in the order of the ACSI model.
    n : int
    mean : ndarray, shape (13,)
    cov : ndarray, shape (13, 13)
    vech_rows, vech_columns : ndarray of int, shape (91,)
        Items whose centred product stands at each place of vech (row >= column, row by row).
    z_mean : ndarray, shape (104,)
        Mean of z = (d, vech dd') with d = x - mean.
    z_cov : ndarray, shape (104, 104)
        Covariance matrix of z: the fourth-order block.
    """

    names: tuple[str, ...]
    n: int
    mean: Floats
    cov: Floats
    vech_rows: NDArray[np.intp]
    vech_columns: NDArray[np.intp]
    z_mean: Floats
    z_cov: Floats


@cache
def moments(subset: str) -> Moments:
    """Return the stored moments of `subset`: pooled, 1001, 3003, 3013 or 5001."""
    with np.load(GOLDEN / f"moments_{subset}.npz") as stored:
        found = {key: stored[key] for key in stored.files}
    names = tuple(str(name) for name in found.pop("names"))
    n = int(found.pop("n"))
    for array in found.values():
        array.setflags(write=False)
    return Moments(names=names, n=n, **found)


@cache
def rows(file: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a CSV file in tests/golden as text."""
    with (GOLDEN / file).open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))


def pls_values(subset: str, tool: str, method: str, quantity: str) -> dict[tuple[str, str], float]:
    """Return R's PLS numbers as (lhs, rhs) -> value; method e.g. ``modeA-path``."""
    wanted = (subset, tool, method, quantity)
    return {
        (row["lhs"], row["rhs"]): float(row["value"])
        for row in rows("pls.csv")
        if (row["subset"], row["tool"], row["method"], row["quantity"]) == wanted
    }


_SINGLE = {"COMP": "complaints", "REPUR": "loyalty"}


def lavaan_estimates(subset: str) -> dict[tuple[str, str, str], dict[str, float]]:
    """Return lavaan's ML estimates as (lhs, op, rhs) -> column -> value, construct names ours.

    lavaan has the two single-item constructs as their items; here they bear the construct's name.
    """
    columns = ("estimate", "std_error", "std_estimate", "std_estimate_se")
    return {
        (_SINGLE.get(row["lhs"], row["lhs"]), row["op"], _SINGLE.get(row["rhs"], row["rhs"])): {
            column: float(row[column]) if row[column] else float("nan") for column in columns
        }
        for row in rows("lavaan_estimates_ml.csv")
        if row["subset"] == subset
    }


def lavaan_fit(subset: str) -> dict[str, float]:
    """Return lavaan's ML fit measures as measure -> value."""
    return {
        row["measure"]: float(row["value"])
        for row in rows("lavaan_fit_ml.csv")
        if row["subset"] == subset and row["value"]
    }
