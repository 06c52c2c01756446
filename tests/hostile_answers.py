"""The hostile answers, targets and requests, by what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from design_cases import (
    BOTH,
    ITEMS,
    JACKKNIFE,
    LINEARISED,
    STRATA,
    UNITS,
    Case,
    W,
    cells,
    columns,
    half,
    targets,
)


def alike(frame: pd.DataFrame) -> pd.DataFrame:
    """Make the second firm the first one again."""
    first = frame[frame["FIRM"] == "A"]
    return pd.concat([first, first.assign(FIRM="B")], ignore_index=True)


ANSWERS: Final = (
    Case("one item all equal", columns(L=lambda _: 7)),
    Case("all items all equal", columns(**dict.fromkeys(ITEMS, lambda _: 1))),
    Case(
        "one item all equal in a firm",
        columns(L=lambda f: np.where(half(f), 7, f["L"])),
        group="FIRM",
    ),
    Case(
        "nobody of a firm complains", columns(C=lambda f: np.where(half(f), 0, f["C"])), W, "FIRM"
    ),
    Case(
        "two items identical",
        columns(Q2=lambda f: f["Q1"]),
        asked={"engines": ("pls", "plsc", "ols")},
    ),
    Case(
        "all items of a construct identical",
        columns(Q2=lambda f: f["Q1"], Q3=lambda f: f["Q1"]),
        asked={"engines": ("pls", "plsc")},
    ),
    Case(
        "a construct twice",
        columns(S1=lambda f: f["Q1"], S2=lambda f: f["Q2"], S3=lambda f: f["Q3"]),
        asked={"engines": ("pls", "ols")},
    ),
    Case("an item turned round", columns(S3=lambda f: 11 - f["S3"])),
    Case(
        "an item turned round, held at zero",
        columns(S3=lambda f: 11 - f["S3"]),
        W,
        asked={"weights_policy": "nonnegative"},
    ),
    Case(
        "an item turned round, dropped and linearised",
        columns(S3=lambda f: 11 - f["S3"]),
        W,
        asked={"weights_policy": "drop", **LINEARISED},
    ),
    Case("one complaint", columns(C=lambda f: 1.0 * (np.arange(len(f)) == 3)), W),
    Case(
        "one complaint, BCa",
        columns(C=lambda f: 1.0 * (np.arange(len(f)) == 3)),
        W,
        asked={"ci": "bca"},
    ),
    Case("an item that nobody answered", columns(L=lambda _: None)),
    Case(
        "an item that a firm did not answer, means",
        columns(L=lambda f: f["L"].where(~half(f))),
        group="FIRM",
        asked={"missing": "mean"},
    ),
    Case(
        "an item that one person answered",
        columns(L=lambda f: f["L"].where(f.index == 0)),
        asked={"missing": "em"},
    ),
    Case("too few rows", rows=18),
    Case("fewer rows than items", rows=8, minimum=2),
    Case("a small firm", columns(FIRM=lambda f: np.where(f.index < 12, "A", "B")), group="FIRM"),
    Case(
        "a category that is too small",
        cells("SEX", dict.fromkeys(range(0, 80, 2), 2) | {7: 1}),
        W,
        breakdown="SEX",
    ),
    Case(
        "an item that a category did not answer",
        columns(L=lambda f: f["L"].where(f["SEX"] == 1)),
        W,
        breakdown="SEX",
    ),
    Case(
        "parts of a firm without variance",
        columns(PSU=lambda f: np.where(half(f), 0, f["PSU"]), SEX=lambda f: 1.0 * (f["L"] > 6)),
        UNITS,
        "FIRM",
        breakdown="SEX",
        minimum=10,
    ),
    Case(
        "a part in which nobody complains, BCa",
        columns(C=lambda f: f["C"] * (f["SEX"] == 1)),
        W,
        asked={"ci": "bca"},
        breakdown="SEX",
    ),
    Case(
        "answers missing by item means",
        columns(Q1=lambda f: f["Q1"].where(f.index % 4 > 0)),
        W,
        asked={"missing": "mean", "ci": "bca"},
    ),
    Case(
        "answers missing by EM",
        columns(Q1=lambda f: f["Q1"].where(f.index % 4 > 0)),
        STRATA,
        asked={"missing": "em", "engines": ("pls", "ols")},
    ),
)

RAKED: Final = (
    Case(
        "a target of people who are not there", rake=targets("SEX", {"1": 0.4, "2": 0.4, "3": 0.2})
    ),
    Case("a target of zero for people who are there", rake=targets("SEX", {"1": 1.0, "2": 0.0})),
    Case("people without a target", rake=targets("REGION", {"1": 0.5, "2": 0.5})),
    Case("bounds too tight", rake=targets("SEX", {"1": 0.9, "2": 0.1}, bounds=(0.9, 1.1))),
    Case(
        "margins that contradict each other",
        columns(TWIN=lambda f: f["SEX"]),
        rake=replace(
            targets("SEX", {"1": 0.5, "2": 0.5}),
            margins=(
                *targets("SEX", {"1": 0.5, "2": 0.5}).margins,
                *targets("TWIN", {"1": 0.3, "2": 0.7}).margins,
            ),
        ),
    ),
    Case(
        "replicates that cannot be raked",
        cells("SEX", dict.fromkeys(range(80), 1) | {7: 2}),
        W,
        rake=targets("SEX", {"1": 0.98, "2": 0.02}),
    ),
    Case(
        "a jackknife that cannot be raked",
        cells("SEX", dict.fromkeys(range(80), 1) | {7: 2}),
        W,
        asked=JACKKNIFE,
        rake=targets("SEX", {"1": 0.98, "2": 0.02}),
    ),
    Case(
        "raked in strata and linearised",
        design=BOTH,
        group="FIRM",
        asked=LINEARISED,
        rake=targets("SEX", {"1": 0.6, "2": 0.4}, bounds=(0.5, 2.0)),
    ),
    Case(
        "raked, trimmed at the bound", design=W, rake=targets("SEX", {"1": 0.7, "2": 0.3}, trim=1.7)
    ),
)

ASKED: Final = (
    Case("more folds than rows", rows=30, asked={"folds": 50, "repetitions": 1}),
    Case(
        "prediction by single PSUs",
        columns(PSU=lambda f: f["STRATUM"]),
        BOTH,
        asked={"folds": 4, "repetitions": 1},
    ),
    Case(
        "more folds than PSUs",
        columns(PSU=lambda f: f.index // 27),
        UNITS,
        asked={"folds": 5, "repetitions": 1},
    ),
    Case("identical groups", alike, group="FIRM", asked={"comparison": True, "permutations": 100}),
    Case(
        "groups of one PSU each",
        columns(PSU=lambda f: np.where(half(f), 1, 2)),
        UNITS,
        "FIRM",
        {"comparison": True, "permutations": 100},
    ),
    Case(
        "comparison without replicates",
        group="FIRM",
        asked={"comparison": True, "permutations": 999, "bootstrap": 0},
    ),
    Case(
        "comparison by jackknife",
        design=W,
        group="FIRM",
        asked={"comparison": True, "permutations": 100, **JACKKNIFE},
    ),
    Case("comparison without groups", asked={"comparison": True}),
    Case(
        "comparison with one PSU per stratum",
        columns(PSU=lambda f: f["STRATUM"]),
        BOTH,
        "FIRM",
        {"comparison": True, "permutations": 100},
    ),
    Case("EM without a derivative", asked={"missing": "em", "ci": "bca"}),
    Case(
        "two small firms by every engine of moments",
        design=W,
        group="FIRM",
        breakdown="REGION",
        asked={"engines": ("pls", "plsc", "ols")},
    ),
    Case(
        "studentised limits with few PSUs",
        columns(PSU=lambda f: f.index // 16),
        UNITS,
        asked={"ci": "studentized"},
    ),
    Case(
        "normal limits with few PSUs",
        columns(PSU=lambda f: f.index // 27),
        UNITS,
        asked={"ci": "normal"},
    ),
)
