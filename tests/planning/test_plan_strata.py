"""Interviews over strata: the file, the shares, the half-widths, and the documented choices."""

from __future__ import annotations

import math
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from acsi_sem.errors import SpecError, UsageError
from acsi_sem.planning.choices import LANGUAGES, choices, tidy_choices
from acsi_sem.planning.strata import Stratum, allocate, read_strata
from acsi_sem.terms import SurveyMode, SurveyType

TOO_FEW = (
    "interviews: expected at least the minimums' sum of 100, got 60; ask for more interviews or a "
    "lower minimum"
)
MISSPELT = (
    "method: expected proportional, neyman, equal or cost, got neymann; did you mean 'neyman'?"
)
TWO = (Stratum("a", 1000, 10), Stratum("b", 3000, 20))


def write(folder: Path, text: str) -> Path:
    """Write a file of strata."""
    path = folder / "strata.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_file_of_strata_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "stratum,size,sd,cost\nNorth,1000,15,2.5\n北,20,0,4\n")
    assert read_strata(path) == (Stratum("North", 1000, 15, 2.5), Stratum("北", 20, 0, 4))
    bare = write(tmp_path, "stratum,size,sd\nNorth,1000,15\n")
    assert read_strata(bare)[0].cost is None


def test_every_fault_is_told_at_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "stratum,size,sd,cost\nA,1000,-1,1\nA,10.5,10,1\n,7,51,\nD,x,10,0\n",
    )
    with pytest.raises(SpecError) as refused:
        read_strata(path)
    assert refused.value.exit_code == 3
    assert [str(one) for one in refused.value.problems] == [
        "strata.csv:2: column sd: expected a number from 0 to 50, got '-1'",
        "strata.csv:3: column stratum: expected each stratum once, got A of line 2",
        "strata.csv:3: column size: expected a whole number from 1 on, got '10.5'",
        "strata.csv:4: column stratum: expected a name, got none",
        "strata.csv:4: column sd: expected a number from 0 to 50, got '51'",
        "strata.csv:5: column size: expected a whole number from 1 on, got 'x'",
        "strata.csv:5: column cost: expected a number above 0, got '0'",
        "strata.csv:4: column cost: expected a cost in every row or in none, got none",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stratum,size\nA,1\n", "column sd: expected it in the first row, got no such column"),
        ("stratum,size,sd\n", "expected strata, got no row"),
        ("stratum,size,sd\nA,1\n", "expected 3 cells, got 2"),
    ],
)
def test_files_that_are_no_strata(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        read_strata(write(tmp_path, text))


def test_neyman_against_proportional_by_hand() -> None:
    # N s: 10,000 and 60,000, so 140 interviews are 20 and 120; in proportion 35 and 105.
    plan = allocate(TWO, 140, "neyman")
    assert plan.values("interviews") == {"a": 20, "b": 120, "all strata": 140}
    neyman = 0.0625 * 100 / 20 * 980 / 999 + 0.5625 * 400 / 120 * 2880 / 2999
    proportional = 0.0625 * 100 / 35 * 965 / 999 + 0.5625 * 400 / 105 * 2895 / 2999
    half_width = plan.value("half-width", "all strata")
    assert half_width == pytest.approx(1.959963985 * math.sqrt(neyman), rel=1e-9)
    effect = plan.value("design effect", "all strata")
    assert effect == pytest.approx(neyman / proportional, rel=1e-12)
    own = plan.value("half-width", "a")
    assert own == pytest.approx(1.959963985 * 10 * math.sqrt(980 / 999 / 20), rel=1e-9)


def test_minimums_and_whole_strata_are_told() -> None:
    strata = (Stratum("large", 9000, 10), Stratum("small", 100, 10), Stratum("tiny", 20, 10))
    plan = allocate(strata, 400, minimum=50)
    notes = {line.subject: line.note for line in plan.lines if line.quantity == "interviews"}
    assert plan.values("interviews") == {"large": 330, "small": 50, "tiny": 20, "all strata": 400}
    assert notes == {
        "large": "",
        "small": "at the minimum",
        "tiny": "taken whole",
        "all strata": "",
    }
    assert plan.value("half-width", "tiny") == 0


def test_costs_are_summed() -> None:
    strata = (Stratum("near", 500, 10, 1.0), Stratum("far", 500, 10, 9.0))
    plan = allocate(strata, 40, "cost")
    assert plan.values("interviews") == {"near": 30, "far": 10, "all strata": 40}
    assert plan.value("cost", "all strata") == 120


def test_half_widths_of_an_allocation_hold_in_repeated_samples() -> None:
    rng = np.random.default_rng(4)
    people = [np.clip(rng.normal(60, 10, 300), 0, 100), np.clip(rng.normal(75, 25, 600), 0, 100)]
    strata = [Stratum(str(i), one.size, float(one.std())) for i, one in enumerate(people)]
    plan = allocate(strata, 90, "neyman")
    numbers = [int(plan.value("interviews", one.name)) for one in strata]
    means = np.zeros(3000)
    for at in range(means.size):
        for one, number in zip(people, numbers, strict=True):
            means[at] += one.size / 900 * rng.choice(one, number, replace=False).mean()
    truth = np.concatenate(people).mean()
    held = np.mean(np.abs(means - truth) <= plan.value("half-width", "all strata"))
    assert held == pytest.approx(0.95, abs=0.012)  # 3 Monte Carlo errors of 3,000 samples


def test_a_census_has_no_design_effect() -> None:
    plan = allocate(TWO, 4000)
    line = next(one for one in plan.lines if one.quantity == "design effect")
    assert math.isnan(line.value)
    assert line.note == "a census has no error"


def test_a_stratum_left_out_is_told() -> None:
    plan = allocate((Stratum("a", 10, 0), Stratum("b", 1000, 20)), 50, "neyman", minimum=0)
    notes = [(one.subject, one.note) for one in plan.lines if one.quantity == "half-width"]
    assert ("a", "no interviews") in notes
    assert math.isnan(plan.value("half-width", "all strata"))


@pytest.mark.parametrize(
    ("interviews", "method", "minimum", "told"),
    [
        (
            60,
            "equal",
            50,
            TOO_FEW,
        ),
        (
            5000,
            "equal",
            2,
            "interviews: expected at most the 4,000 people of all strata, got 5,000",
        ),
        (
            100,
            "cost",
            2,
            "method: expected a cost of every stratum, got none; add a column cost",
        ),
        (
            100,
            "neymann",
            2,
            MISSPELT,
        ),
    ],
)
def test_allocations_that_cannot_be(interviews: int, method: str, minimum: int, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        allocate(TWO, interviews, method, minimum=minimum)  # type: ignore[arg-type]
    assert [str(one) for one in refused.value.problems] == [f"plan allocate: {told}"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_choices_are_there_in_every_language(language: str) -> None:
    found = choices(language)
    assert [(one.kind, one.key) for one in found] == [(one.kind, one.key) for one in choices()]
    assert all(one.name and text for one in found for _, text in one.aspects)
    assert len(tidy_choices(language)) == 4 + 6 * 4  # a type has one aspect, a mode four


def test_the_choices_are_those_that_a_study_names() -> None:
    keys = {kind: {one.key for one in choices() if one.kind == kind} for kind in ("type", "mode")}
    assert keys["type"] == set(get_args(SurveyType))
    assert keys["mode"] >= set(get_args(SurveyMode))


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UsageError, match="language: expected en, zh-Hans or zh-Hant, got 'fr'"):
        choices("fr")
