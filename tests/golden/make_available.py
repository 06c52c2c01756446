"""Writes available_means.csv from the 2015 survey: python make_available.py FILE.xlsx.

Per subset and indicator: how many answered, and the mean of every answer (98, 99 and blank are
none). The index of the available answers needs these beside the moments of the complete cases.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pandas as pd

ITEMS = "OVERALLX CUSTOMX WRONGX OVERALLQ CUSTOMQ WRONGQ PQ QP SATIS CONFIRM IDEAL COMP REPUR"


def main(source: str) -> None:
    """Read the survey and write the table beside this file."""
    frame = pd.read_excel(source, engine="calamine")
    items = frame[ITEMS.split()]
    answers = items.where(items < 98)
    subsets = {"pooled": frame["INDUSTRY"] > 0}
    subsets |= {str(code): frame["INDUSTRY"] == code for code in (1001, 3003, 3013, 5001)}
    target = Path(__file__).parent / "available_means.csv"
    with target.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["subset", "indicator", "n", "mean"])
        for name, inside in subsets.items():
            for item in answers:
                column = answers[item][inside].dropna()
                writer.writerow([name, item, len(column), repr(float(column.mean()))])


if __name__ == "__main__":
    main(sys.argv[1])
