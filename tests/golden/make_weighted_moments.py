"""Make the stored weighted moments of the golden tests from the 2015 survey file.

Usage: python tests/golden/make_weighted_moments.py "ACSI Data 2015 ver2.xlsx"

The weight of complete case i, counted from 0 in file order over all industries, is
0.5 + (i mod 5)/4, scaled within a subset to sum to its number of rows: as R's reference has it.
Independent of the package's kernels, on purpose.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from make_moments import NAMES, read_rows
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SUBSETS = ("pooled", "1001", "3003")


def weighted_moments(values: Floats, weights: Floats) -> dict[str, object]:
    """Return n, weighted mean and covariance, and sum w² zz' / n of z = (1, d, vech dd')."""
    n, p = values.shape
    scaled = weights * n / weights.sum()
    rows, columns = np.tril_indices(p)
    mean = (scaled[:, None] * values).mean(axis=0)
    centred = values - mean
    products = centred[:, rows] * centred[:, columns]
    z = np.concatenate([np.ones((n, 1)), centred, products], axis=1) * scaled[:, None]
    return {
        "names": np.array(NAMES),
        "n": np.int64(n),
        "mean": mean,
        "cov": (centred * scaled[:, None]).T @ centred / n,
        "vech_rows": rows,
        "vech_columns": columns,
        "z_squared": z.T @ z / n,
    }


def main(path: Path) -> None:
    """Write one compressed file per subset beside this script."""
    industry, values = read_rows(path)
    weights = 0.5 + (np.arange(len(values)) % 5) / 4
    for subset in SUBSETS:
        kept = np.ones(len(values), bool) if subset == "pooled" else industry == int(subset)
        target = Path(__file__).parent / f"moments_weighted_{subset}.npz"
        np.savez_compressed(target, **weighted_moments(values[kept], weights[kept]))  # type: ignore[arg-type]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
