"""Columns of the design beyond weights, strata and units: what they hold, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from acsi_sem.spec.study import DesignColumns, ReplicateColumns
from acsi_sem.survey.design import read_design
from acsi_sem.survey.design_columns import design_names, replicate_weights
from acsi_sem.survey.frame import raw_frame
from acsi_sem.survey.raw import Findings
from acsi_sem.survey.survey import Design, ReplicateWeights

STRATA = {"H": [1, 1, 1, 1, 2, 2, 2, 2]}


def read(columns: DesignColumns, **frame: Any) -> tuple[Design, list[str]]:
    """Read a design; return it and what was found wrong, without the file's name."""
    findings = Findings("file")
    raw = raw_frame(pd.DataFrame(frame), "file")
    design = read_design(raw, columns, (), findings)
    return design, [str(problem).removeprefix("file: ") for problem in findings.problems]


def fractions(columns: DesignColumns, **frame: Any) -> NDArray[np.float64]:
    """Read a design without a fault and return its sampling fractions."""
    design, problems = read(columns, **frame)
    assert problems == []
    assert design.sampled is not None
    return design.sampled


def test_without_a_column_there_is_no_fraction_no_id_and_no_replicate() -> None:
    design, problems = read(DesignColumns(stratum="H"), **STRATA)
    assert problems == []
    assert (design.sampled, design.ids, design.replicates) == (None, None, None)


def test_the_names_that_a_design_needs() -> None:
    named = ReplicateColumns(columns=("A", "B"))
    columns = DesignColumns("W", "sampling", "H", "U", "N", "ID", named)
    assert design_names(columns) == ("W", "H", "U", "N", "ID", "A", "B")
    assert design_names(DesignColumns(replicates=ReplicateColumns(prefix="R"))) == ()


def test_fractions_stay_and_sizes_are_divided_by_stratum() -> None:
    columns = DesignColumns(stratum="H", population="N")
    shares = [0.25] * 4 + [1.0] * 4
    assert_array_equal(fractions(columns, **STRATA, N=shares), shares)
    sizes = ["40"] * 4 + [4] * 4
    assert_allclose(fractions(columns, **STRATA, N=sizes), [0.1] * 4 + [1.0] * 4)


def test_sizes_count_psus_where_there_are_psus() -> None:
    columns = DesignColumns(stratum="H", psu="U", population="N")
    found = fractions(columns, **STRATA, U=[1, 1, 2, 2, 1, 2, 3, 3], N=[8] * 4 + [6] * 4)
    assert_allclose(found, [0.25] * 4 + [0.5] * 4)


def test_sizes_without_strata_count_every_row() -> None:
    assert_allclose(fractions(DesignColumns(population="N"), N=[80.0] * 8), [0.1] * 8)


def test_sizes_count_the_respondents_of_frequencies() -> None:
    columns = DesignColumns("F", "frequency", "H", population="N")
    found = fractions(columns, **STRATA, F=[1, 2, 3, 4] * 2, N=[20] * 4 + [10] * 4)
    assert_allclose(found, [0.5] * 4 + [1.0] * 4)
    repeated = DesignColumns(stratum="H", population="N")
    rows = np.repeat(np.arange(8), [1, 2, 3, 4] * 2)
    frame = {"H": np.array(STRATA["H"])[rows], "N": np.array([20] * 4 + [10] * 4)[rows]}
    assert_allclose(fractions(repeated, **frame), found[rows])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (
            [50] * 3 + [60] + [70] * 4,
            "column N: expected one value in each stratum, got several in 1 of 2 strata",
        ),
        (
            [50] * 4 + [3] * 4,
            (
                "column N: expected a population no smaller than its sample, got 3 with 4 units "
                "interviewed; give fractions throughout (at most 1) or sizes throughout"
            ),
        ),
        (
            [0.5] * 4 + [400] * 4,
            (
                "column N: expected a population no smaller than its sample, got 0.5 with 4 units "
                "interviewed; give fractions throughout (at most 1) or sizes throughout"
            ),
        ),
        (
            [50] * 4 + [0, -1, 70, 70],
            (
                "column N: expected a population size or sampling fraction above 0 in every row, "
                "got 0, -1 in 2 positions (position 4, 5)"
            ),
        ),
        (
            [50, None, "many", float("inf")] + [70] * 4,
            (
                "column N: expected a population size or sampling fraction above 0 in every row, "
                "got '', 'many', inf in 3 positions (position 1, 2, 3)"
            ),
        ),
    ],
)
def test_populations_that_cannot_be(sizes: list[object], message: str) -> None:
    design, problems = read(DesignColumns(stratum="H", population="N"), **STRATA, N=sizes)
    assert problems == [message]
    assert design.sampled is None


def test_a_population_that_varies_without_strata() -> None:
    _, problems = read(DesignColumns(population="N"), N=[50] * 7 + [60])
    expected = "one value throughout, as there are no strata"
    assert problems == [f"column N: expected {expected}, got several"]


def test_ids_are_kept_as_they_stand() -> None:
    design, problems = read(DesignColumns(id="ID"), ID=["007", 7, "b", " c "])
    assert problems == []
    assert design.ids == ("007", "7", "b", "c")


def test_ids_that_recur_or_are_not_there() -> None:
    _, problems = read(DesignColumns(id="ID"), ID=[*list("aabbccddef"), None, ""])
    assert problems == [
        "column ID: expected an id in every row, got none in 2 positions (position 10, 11)",
        (
            "column ID: expected each id once, got 4 repeated (a, b, c ...); "
            "remove duplicate interviews"
        ),
    ]


def given(
    wanted: ReplicateColumns, others: tuple[str, ...] = (), **frame: Any
) -> tuple[ReplicateWeights | None, Findings]:
    """Read replicate weights; `Q1` is an item."""
    findings = Findings("file")
    raw = raw_frame(pd.DataFrame(frame), "file")
    return replicate_weights(raw, wanted, ("Q1",), findings, others), findings


def said(findings: Findings) -> list[str]:
    """Return the problems without the file's name."""
    return [str(problem).removeprefix("file: ") for problem in findings.problems]


def test_a_prefix_takes_what_a_number_follows() -> None:
    frame: dict[str, Any] = {
        "R1": [1, 2],
        "R_02": [3.5, "4"],
        "R.3": [0, 1],
        "REGION": [5, 5],
        "XR4": [6, 6],
    }
    found, findings = given(ReplicateColumns(prefix="R", method="fay", fay=0.3, scale=0.1), **frame)
    assert said(findings) == []
    assert found is not None
    assert_array_equal(found.weights, [[1, 2], [3.5, 4], [0, 1]])
    assert (found.method, found.scale, found.fay) == ("fay", 0.1, 0.3)
    (notice,) = findings.notices
    assert notice.kind == "replicate_columns"
    assert notice.message == (
        "3 replicate weights were found by the prefix R; left out, as no number follows it or they "
        "are another part of the design: REGION."
    )


def test_a_prefix_leaves_out_the_other_columns_of_the_design() -> None:
    frame = {"W0": [9, 9], "W1": [1, 2], "W2": [2, 1]}
    found, findings = given(ReplicateColumns(prefix="W"), ("W0",), **frame)
    assert found is not None
    assert_array_equal(found.weights, [[1, 2], [2, 1]])
    assert ": W0." in findings.notices[0].message


def test_columns_by_name_stand_in_their_order() -> None:
    found, findings = given(ReplicateColumns(columns=("B", "A")), A=[1, 2], B=[3, 4], C=[5, 6])
    assert found is not None
    assert_array_equal(found.weights, [[3, 4], [1, 2]])
    assert findings.notices == []


@pytest.mark.parametrize(
    ("wanted", "messages"),
    [
        (
            ReplicateColumns(prefix="X"),
            ["replicate weights X: expected two columns or more, got 0; check the prefix"],
        ),
        (
            ReplicateColumns(prefix="ONE"),
            ["replicate weights ONE: expected two columns or more, got 1; check the prefix"],
        ),
        (
            ReplicateColumns(columns=("A1",)),
            ["replicate weights A1: expected two columns or more, got 1; check the prefix"],
        ),
        (
            ReplicateColumns(prefix="A"),
            [
                (
                    "column A2: expected a finite replicate weight of 0 or more in every row, got "
                    "-1 in 1 position (position 0)"
                ),
                (
                    "column A3: expected a finite replicate weight of 0 or more in every row, got "
                    "'', 'x' in 2 positions (position 0, 1)"
                ),
            ],
        ),
        (
            ReplicateColumns(columns=("Q1", "A1", "A1", "W")),
            [
                "column A1: expected each replicate weight once, got it 2 times",
                "column W: expected a replicate weight, got another column of the design",
                "column Q1: expected a replicate weight, got an indicator of the model",
            ],
        ),
    ],
)
def test_replicates_that_cannot_be(wanted: ReplicateColumns, messages: list[str]) -> None:
    frame = {"A1": [1, 2], "A2": [-1, 2], "A3": [None, "x"], "ONE1": [1, 2], "Q1": [1, 2]}
    _, findings = given(wanted, ("W",), **frame, W=[1, 1])
    assert said(findings) == messages
