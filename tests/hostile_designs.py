"""The hostile designs of weights, units and replicates, by what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from design_cases import (
    BOTH,
    COUNT,
    FINITE,
    FROM_COLUMNS,
    GIVEN,
    JACKKNIFE,
    LINEARISED,
    STRATA,
    UNITS,
    Case,
    W,
    cells,
    columns,
    copies,
    half,
)
from hostile_answers import ANSWERS, ASKED, RAKED

from acsi_sem.spec.study import DesignColumns, ReplicateColumns


def wobble(frame: pd.DataFrame, r: int) -> Any:
    """Return replicate weights that leave every sixth row out in turn."""
    return frame["W"] * np.where(np.arange(len(frame)) % 6 == r, 0.0, 1.2)


def given(**options: Any) -> DesignColumns:
    """Return a design with replicate weights of another kind."""
    return replace(
        GIVEN, replicates=ReplicateColumns(**{"prefix": "R", "method": "jk1", **options})
    )


def few_repeated(frame: pd.DataFrame) -> pd.DataFrame:
    """Draw every answer from two respondents."""
    return frame.iloc[[0, 2] * (len(frame) // 2)].reset_index(drop=True).assign(W=1.0)


def pairs(frame: pd.DataFrame) -> Any:
    """Return strata of two rows."""
    return np.arange(len(frame)) // 2


WEIGHTS: Final = (
    Case("weight zero", cells("W", {3: 0}), W),
    Case("weight negative", cells("W", {3: -2, 5: -1}), W),
    Case("weight missing", cells("W", {3: None}), W),
    Case("weight in words", cells("W", {3: "heavy"}), W),
    Case("weight infinite", cells("W", {3: float("inf")}), W),
    Case("every fault of weights at once", cells("W", {3: 0, 4: None, 5: "one"}), W),
    Case("one huge weight", cells("W", {3: 1e12}), W),
    Case("one huge weight, linearised", cells("W", {3: 1e12}), W, asked=LINEARISED),
    Case("one weight of 1e15", cells("W", {3: 1e15}), W),
    Case("one heavy weight", cells("W", {3: 400.0}), W),
    Case("one tiny weight", cells("W", {3: 1e-300}), W),
    Case("one tiny weight, studentised", cells("W", {3: 1e-300}), W, asked={"ci": "studentized"}),
    Case("tiny weights throughout", columns(W=lambda f: f["W"] * 1e-300), W),
    Case("huge weights throughout", columns(W=lambda f: f["W"] * 1e290), W),
    Case("equal weights", columns(W=lambda _: 7.0), W, "FIRM"),
    Case("fractional frequency", cells("W", {3: 1.5}), COUNT),
    Case("billions of respondents", columns(W=lambda _: 1_000_000), COUNT),
    Case("one respondent many times", columns(W=lambda _: np.r_[500, [1] * 79]), COUNT),
    Case("the weight is an item", design=DesignColumns(weight="L")),
    Case("two people behind every row", few_repeated, W),
)

UNITS_AND_STRATA: Final = (
    Case("one PSU per stratum", columns(PSU=lambda f: f["STRATUM"]), BOTH, "FIRM"),
    Case(
        "one PSU per stratum, linearised",
        columns(PSU=lambda f: f["STRATUM"]),
        BOTH,
        asked={**LINEARISED, "engines": ("pls", "ols")},
    ),
    Case(
        "one PSU per stratum, jackknife", columns(PSU=lambda f: f["STRATUM"]), BOTH, asked=JACKKNIFE
    ),
    Case("one row per stratum", columns(STRATUM=lambda f: np.arange(len(f))), STRATA),
    Case("one lonely stratum", cells("STRATUM", {0: 99}), STRATA),
    Case("one lonely stratum, jackknife", cells("STRATUM", {0: 99}), STRATA, asked=JACKKNIFE),
    Case("one PSU", columns(PSU=lambda _: 1), UNITS),
    Case("a firm is one PSU", columns(PSU=lambda f: np.where(half(f), 0, f["PSU"])), UNITS, "FIRM"),
    Case("PSUs across firms", design=DesignColumns(psu="AREA"), group="FIRM"),
    Case("PSU labels recur", columns(PSU=lambda f: f["PSU"] % 4), BOTH),
    Case(
        "a stratum that a firm lacks",
        columns(STRATUM=lambda f: np.where(half(f), 1, 1 + f["AREA"] % 3)),
        STRATA,
        "FIRM",
    ),
    Case(
        "a stratum that replicates lose",
        columns(STRATUM=lambda f: np.where(f["PSU"] < 2, 1, 2), C=lambda f: 1.0 * (f["PSU"] == 0)),
        BOTH,
    ),
    Case("strata of two PSUs", columns(STRATUM=lambda f: f["PSU"] // 2), BOTH),
    Case("every row a PSU", columns(PSU=lambda f: np.arange(len(f))), UNITS),
    Case("PSU missing", cells("PSU", {0: None}), UNITS),
    Case("strata as PSUs", design=DesignColumns(stratum="STRATUM", psu="STRATUM")),
    Case("half-samples without strata", asked={"resampling": "brr"}),
    Case(
        "half-samples of three units",
        columns(STRATUM=lambda f: np.r_[pairs(f)[:-1], 0]),
        STRATA,
        asked={"resampling": "brr"},
    ),
    Case(
        "Fay's method without a factor",
        columns(STRATUM=pairs),
        STRATA,
        asked={"resampling": "fay", "fay": 0.0},
    ),
    Case(
        "half-samples without percentiles",
        columns(STRATUM=pairs),
        STRATA,
        asked={"resampling": "brr", "ci": "bca"},
    ),
    Case(
        "half-samples that lose an item's variance",
        columns(STRATUM=pairs, C=lambda f: 1.0 * (np.arange(len(f)) == 1)),
        STRATA,
        asked={"resampling": "brr"},
    ),
)

POPULATIONS: Final = (
    Case("everybody was asked", columns(POP=lambda _: 1.0), FINITE, asked=LINEARISED),
    Case("everybody was asked, bootstrap", columns(POP=lambda _: 20), FINITE),
    Case("everybody was asked, jackknife", columns(POP=lambda _: 1.0), FINITE, asked=JACKKNIFE),
    Case(
        "frequencies above the population",
        columns(W=lambda _: 20, POP=lambda _: 300),
        DesignColumns("W", "frequency", "STRATUM", population="POP"),
    ),
    Case("fewer people than interviews", columns(POP=lambda _: 12), FINITE),
    Case("population varies in a stratum", cells("POP", {0: 900}), FINITE),
    Case("population zero", cells("POP", {0: 0}), FINITE),
    Case(
        "fractions and sizes", columns(POP=lambda f: np.where(f["STRATUM"] < 2, 0.5, 400)), FINITE
    ),
)

REPLICATES: Final = (
    Case("one replicate", copies(wobble, 1), GIVEN, asked=FROM_COLUMNS),
    Case("no such prefix", design=GIVEN, asked=FROM_COLUMNS),
    Case(
        "negative replicate",
        copies(lambda f, r: f["W"] - (r == 2) * 1.5),
        GIVEN,
        asked=FROM_COLUMNS,
    ),
    Case("replicates equal to the weight", copies(lambda f, _: f["W"]), GIVEN, asked=FROM_COLUMNS),
    Case(
        "replicates alike in a firm",
        copies(lambda f, r: np.where(half(f), f["W"], wobble(f, r))),
        GIVEN,
        "FIRM",
        FROM_COLUMNS,
    ),
    Case(
        "a replicate without a firm",
        copies(lambda f, r: wobble(f, r) * np.where(half(f) & (r == 1), 0.0, 1.0)),
        GIVEN,
        "FIRM",
        FROM_COLUMNS,
    ),
    Case(
        "a replicate of nobody",
        copies(lambda f, r: wobble(f, r) * (r != 3)),
        GIVEN,
        asked=FROM_COLUMNS,
    ),
    Case(
        "a replicate in which nobody complains",
        copies(lambda f, r: np.where(f["C"] > 0, f["W"] * (r != 2), f["W"] * (1 + r / 10))),
        GIVEN,
        asked=FROM_COLUMNS,
    ),
    Case("jkn without a scale", copies(wobble), given(method="jkn"), asked=FROM_COLUMNS),
    Case("replicates not asked for", copies(wobble), GIVEN),
    Case(
        "percentiles of given replicates",
        copies(wobble),
        GIVEN,
        asked={**FROM_COLUMNS, "ci": "percentile"},
    ),
    Case("no replicates to use", design=W, asked=FROM_COLUMNS),
    Case(
        "the replicates are items",
        design=DesignColumns(replicates=ReplicateColumns(columns=("Q1", "Q2"))),
        asked=FROM_COLUMNS,
    ),
)

CASES: Final = (*WEIGHTS, *UNITS_AND_STRATA, *POPULATIONS, *REPLICATES, *ANSWERS, *RAKED, *ASKED)
