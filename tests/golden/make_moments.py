"""Make the stored moments of the golden tests from the 2015 survey file.

Usage: python tests/golden/make_moments.py "ACSI Data 2015 ver2.xlsx"

The survey itself is not part of the project (see README.md here); its moments are sums over
at least 1,372 interviews. Reads the file with openpyxl, on purpose not with the project's reader.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import openpyxl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NAMES = (
    *("OVERALLX", "CUSTOMX", "WRONGX", "OVERALLQ", "CUSTOMQ", "WRONGQ", "PQ", "QP"),
    *("SATIS", "CONFIRM", "IDEAL", "COMP", "REPUR"),
)
MISSING_CODES = (98.0, 99.0)
BLANKS = (None, "", "#NULL!")
SUBSETS = ("pooled", "1001", "3003", "3013", "5001")


def read_rows(path: Path) -> tuple[NDArray[np.int64], Floats]:
    """Return the industry (n,) and the 13 answers (n, 13) of the complete cases, in file order."""
    sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    place = [header.index(name) for name in NAMES]
    values = np.array(
        [[np.nan if row[j] in BLANKS else float(str(row[j])) for j in place] for row in rows]
    )
    values[np.isin(values, MISSING_CODES)] = np.nan
    industry = np.array([int(str(row[header.index("INDUSTRY")])) for row in rows])
    complete = ~np.isnan(values).any(axis=1)
    return industry[complete], values[complete]


def moments_of(values: Floats) -> dict[str, object]:
    """Return n, mean, covariance (divisor n) and the covariance of z = (x, vech xx')."""
    n, p = values.shape
    rows, columns = np.tril_indices(p)
    mean = values.mean(axis=0)
    centred = values - mean
    products = centred[:, rows] * centred[:, columns]
    z = np.concatenate([centred, products], axis=1)
    spread = z - z.mean(axis=0)
    return {
        "names": np.array(NAMES),
        "n": np.int64(n),
        "mean": mean,
        "cov": centred.T @ centred / n,
        "vech_rows": rows,
        "vech_columns": columns,
        "z_mean": z.mean(axis=0),
        "z_cov": spread.T @ spread / n,
    }


def main(path: Path) -> None:
    """Write one compressed file per subset beside this script."""
    industry, values = read_rows(path)
    for subset in SUBSETS:
        kept = values if subset == "pooled" else values[industry == int(subset)]
        target = Path(__file__).parent / f"moments_{subset}.npz"
        np.savez_compressed(target, **moments_of(kept))  # type: ignore[arg-type]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
