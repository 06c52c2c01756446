"""From targets and columns to raked weights; every refusal with its place; what weights cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acsi_sem.kernels.raking_rows import RakingPlan
from acsi_sem.spec.load_targets import load_targets
from acsi_sem.spec.model import Text
from acsi_sem.spec.raking import RakingSpec
from acsi_sem.spec.study import Codebook
from acsi_sem.survey.frame import raw_frame
from acsi_sem.survey.raking import rake_weights
from acsi_sem.survey.raw import Findings
from acsi_sem.survey.survey import Floats
from acsi_sem.survey.weight_diagnostics import raking_rows, weighting_rows
from acsi_sem.tables.schema import RAKING, WEIGHTING, make_table

# Targets are met within 1e-10, the default tolerance.
NEAR = 1e-9


def survey(n: int = 240) -> pd.DataFrame:
    i = np.arange(n)
    return pd.DataFrame(
        {
            "AGE": 18 + (7 * i) % 60,
            "GENDER": 1 + (i % 3 == 0),
            "REGION": np.array(["North", "South", "East"])[(i // 4) % 3],
            "FIRM": np.array(["A", "B"])[(i // 5) % 2],
        }
    )


def rake(
    frame: pd.DataFrame, block: str, folder: Path, base: Floats | None = None, **books: Codebook
) -> tuple[Floats, RakingPlan | None, Findings, RakingSpec]:
    path = folder / "targets.yaml"
    path.write_text(f"schema: 1\n{block}", encoding="utf-8")
    spec, findings = load_targets(path), Findings("survey.csv")
    start = np.ones(len(frame)) if base is None else base
    raw = raw_frame(frame, "survey.csv")
    none = Codebook("", Text((("en", ""),)))
    weights, plan = rake_weights(raw, spec, start, findings, lambda name: books.get(name, none))
    return weights, plan, findings, spec


def problems(frame: pd.DataFrame, block: str, folder: Path, **books: Codebook) -> list[str]:
    weights, plan, findings, _ = rake(frame, block, folder, None, **books)
    assert plan is None
    np.testing.assert_array_equal(weights, np.ones(len(frame)))
    return [str(p).removeprefix(f"{folder / 'targets.yaml'}:") for p in findings.problems]


def share(weights: Floats, rows: Any) -> float:
    return float(weights[np.asarray(rows)].sum() / weights.sum())


AGE = "margins:\n  - {column: AGE, bins: [18, 30, 50], targets: {18-29: .2, 30-49: .3, 50+: .5}}\n"
GENDER = "margins:\n  - {column: GENDER, targets: {1: 0.5, 2: 0.5}}\n"


def test_bins_categories_and_crossed_cells(tmp_path: Path) -> None:
    frame = survey()
    cross = "  - {columns: [GENDER, REGION], targets: {1: {North: 10, South: 20, East: 30}, "
    block = f"{AGE}{cross}2: {{North: 10, South: 20, East: 10}}}}}}\n"
    base = np.linspace(1, 2, len(frame))
    weights, plan, findings, _ = rake(frame, block, tmp_path, base)
    assert not findings.problems
    assert plan is not None
    assert weights.sum() == pytest.approx(base.sum(), rel=NEAR)
    assert share(weights, frame.AGE < 30) == pytest.approx(0.2, abs=NEAR)
    assert share(weights, frame.AGE >= 50) == pytest.approx(0.5, abs=NEAR)
    both = (frame.GENDER == 1) & (frame.REGION == "East")
    assert share(weights, both) == pytest.approx(0.3, abs=NEAR)
    assert plan.variables == ("AGE", "GENDER x REGION")
    assert plan.categories[1][:2] == ("1 x North", "1 x South")


@pytest.mark.parametrize(
    "names", ["{18–29: 1, 30–49: 1, 50 and over: 1}", "{50+: 1, 18-29: 1, 30-49: 1}"]
)
def test_bins_may_be_typed_either_way(names: str, tmp_path: Path) -> None:
    block = f"margins: [{{column: AGE, bins: [18, 30, 50], targets: {names}}}]\n"
    weights, _, findings, _ = rake(
        survey(), block.replace("1,", "2,").replace("1}", "2}"), tmp_path
    )
    assert not findings.problems
    assert share(weights, survey().AGE < 30) == pytest.approx(1 / 3, abs=NEAR)


def test_labels_codes_and_codes_that_mean_no_answer(tmp_path: Path) -> None:
    words = {"1": "women", "2": "men", "9": "refused"}
    codes = tuple((code, Text.of(label, code)) for code, label in words.items())
    book = Codebook("GENDER", Text.of("Gender", "GENDER"), codes)
    frame = survey()
    frame.loc[:9, "GENDER"] = 9
    block = (
        "margins: [{column: GENDER, no_answer: [9], targets: {women: .4, 2: .6}}]\nmissing: own\n"
    )
    weights, _, findings, _ = rake(frame, block, tmp_path, GENDER=book)
    assert not findings.problems
    women = share(weights[10:], frame.GENDER[10:] == 1)
    assert women == pytest.approx(0.4, abs=NEAR)
    assert share(weights, frame.GENDER == 9) == pytest.approx(10 / 240, abs=NEAR)
    found = problems(frame, block.replace("missing: own\n", ""), tmp_path, GENDER=book)
    assert found == [
        (
            "2:11: margins[0]: expected an answer to GENDER in every row, got none in 10 positions "
            "(position 0, 1, 2, 3, 4 ...); choose missing: own (their share is kept) or "
            "missing: spread"
        )
    ]


def test_each_part_is_raked_by_itself(tmp_path: Path) -> None:
    frame = survey()
    weights, plan, _, _ = rake(frame, f"{GENDER}within: FIRM\n", tmp_path)
    for firm in "AB":
        rows = frame.FIRM.eq(firm).to_numpy()
        assert share(weights[rows], frame.GENDER[rows] == 1) == pytest.approx(0.5, abs=NEAR)
        assert weights[rows].sum() == pytest.approx(rows.sum(), rel=NEAR)
    assert plan is not None
    assert [part.name for part in plan.parts] == ["A", "B"]


def test_unknown_columns_and_categories(tmp_path: Path) -> None:
    block = "margins:\n  - {column: GENDR, targets: {1: 1}}\nwithin: FRIM\n"
    assert problems(survey(), block, tmp_path) == [
        "3:5: margins[0]: expected a column of the survey, got 'GENDR'; did you mean 'GENDER'?",
        "1:1: within: expected a column of the survey, got 'FRIM'; did you mean 'FIRM'?",
    ]
    block = "margins:\n  - {column: REGION, targets: {Nort: 0.5, South: 0.3, East: 0.2}}\n"
    assert problems(survey(), block, tmp_path) == [
        (
            "3:32: margins[0].targets.Nort: expected a category of REGION in which there are "
            "people, "
            "got 'Nort'; did you mean 'North'?"
        )
    ]
    block = "margins:\n  - {column: GENDER, targets: {1: 0.5, 3: 0.5}}\n"
    assert problems(survey(), block, tmp_path) == [
        (
            "3:40: margins[0].targets.3: expected a category of GENDER in which there are people, "
            "got '3'; the survey has 1 and 2"
        )
    ]


def test_people_without_targets_and_targets_without_people(tmp_path: Path) -> None:
    assert problems(survey(), GENDER.replace(", 2: 0.5", "").replace("0.5", "1"), tmp_path) == [
        (
            "3:5: margins[0]: expected a target for each category of GENDER, got none for "
            "'2' in 80 "
            "positions (position 0, 3, 6, 9, 12 ...); give it a target, name its code under "
            "no_answer, "
            "or leave the rows out"
        )
    ]
    assert problems(survey(), GENDER.replace("1: 0.5, 2: 0.5", "1: 1, 2: 0"), tmp_path) == [
        (
            "3:38: margins[0].targets.2: expected a target above 0 for a category with "
            "people in it, "
            "got 0 for 80 in '2' of GENDER; leave these rows out, or give the category its share"
        )
    ]
    young = survey()
    young["AGE"] %= 40
    found = problems(young[young.AGE >= 18], AGE, tmp_path)
    assert found[0].endswith(
        "got nobody in '50 and over' of AGE, target 0.5; join it with another category"
    )


def test_a_part_without_a_category_and_rows_of_no_part(tmp_path: Path) -> None:
    frame = survey()
    frame.loc[frame.FIRM == "B", "GENDER"] = 1
    found = problems(frame, f"{GENDER}within: FIRM\n", tmp_path)
    assert len(found) == 1
    assert "got nobody in '2' of GENDER (B), target 0.5" in found[0]
    frame = survey()
    frame.loc[3, "FIRM"] = None
    found = problems(frame, f"{GENDER}within: FIRM\n", tmp_path)
    assert found[0].startswith("1:1: within: expected a value of FIRM in every row, got none in 1 ")


def test_margins_that_cannot_be_met_together(tmp_path: Path) -> None:
    frame = survey()
    frame["TWIN"] = frame.GENDER
    block = f"{GENDER}  - {{column: TWIN, targets: {{1: 0.7, 2: 0.3}}}}\n"
    found = problems(frame, block, tmp_path)
    assert len(found) == 1
    assert ": expected targets that can be met together, got '" in found[0]
    assert "0.2 " in found[0]
    assert "after 1,000 rounds; look for crossed categories" in found[0]


def test_bounds_too_tight_name_the_margin(tmp_path: Path) -> None:
    assert problems(survey(), f"{GENDER}bounds: [0.9, 1.2]\n", tmp_path) == [
        (
            "3:5: margins[0]: expected targets that can be met within the bounds, got '2' of "
            "GENDER "
            "0.1 below its target; widen bounds, raise trim or join categories"
        )
    ]


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    block = (
        "margins:\n  - {column: GENDER, targets: {1: 0.5, 3: 0.5}}\n"
        "  - {column: REGION, targets: {North: 0.5, South: 0.5}}\n"
    )
    assert len(problems(survey(), block, tmp_path)) == 2


def test_bounded_and_trimmed_weights_are_counted(tmp_path: Path) -> None:
    frame = survey()
    base = 1 + (np.arange(len(frame)) % 7 == 0) * 2.0
    block = f"{AGE}trim: 2\n"
    weights, plan, _, _ = rake(frame, block, tmp_path, base)
    assert plan is not None
    assert weights.max() <= 2 * weights.mean() * (1 + NEAR)
    rows = weighting_rows([("all", np.arange(len(frame)))], base, weights, plan)
    table = make_table(WEIGHTING, rows)
    assert table.stage.tolist() == ["base", "raked"]
    at_cap = np.isclose(weights, 2 * weights.mean(), rtol=1e-8).sum()
    assert table.at_bound.tolist() == [0, at_cap]
    assert at_cap > 0


def test_kish_by_hand() -> None:
    weights = np.array([1.0, 1.0, 2.0, 4.0])
    groups = [("all", np.arange(4)), ("first", np.array([0, 1])), ("none", np.array([], dtype=int))]
    rows = weighting_rows(groups, weights)
    assert [row["group"] for row in rows] == ["all", "first"]
    whole = rows[0]
    assert whole["deff"] == pytest.approx(4 * 22 / 64, rel=1e-15)
    assert whole["n_eff"] == pytest.approx(64 / 22, rel=1e-15)
    assert whole["cv"] == pytest.approx(weights.std() / 2, rel=1e-14)
    assert (whole["minimum"], whole["maximum"], whole["mean"]) == (1.0, 4.0, 2.0)
    assert whole["largest_share"] == 0.5
    assert (rows[1]["deff"], rows[1]["cv"]) == (1.0, 0.0)


@pytest.mark.parametrize("rule", ["own", "spread"])
def test_the_table_of_targets(rule: str, tmp_path: Path) -> None:
    frame = survey()
    frame["GENDER"] = frame.GENDER.astype(object)
    frame.loc[:19, "GENDER"] = None
    weights, plan, _, _ = rake(frame, f"{GENDER}missing: {rule}\nwithin: FIRM\n", tmp_path)
    assert plan is not None
    table = make_table(RAKING, raking_rows(plan, np.ones(len(frame)), weights))
    assert table.variable.tolist() == ["GENDER (A)"] * 3 + ["GENDER (B)"] * 3
    assert table.category.tolist() == ["1", "2", "no answer"] * 2
    told = table[table.category != "no answer"]
    np.testing.assert_allclose(told.after, told.target, atol=NEAR)
    assert table.n.sum() == len(frame)
    gone = table[table.category == "no answer"]
    assert gone.target.isna().all()
    kept = np.isclose(gone.before, gone.after, atol=NEAR)
    # Spread: the rows without an answer share in no move of the margin, so their share changes.
    assert kept.all() if rule == "own" else not kept.any()


def test_weights_that_cannot_be_raked_are_refused_once(tmp_path: Path) -> None:
    base = np.ones(240)
    base[5] = np.nan
    _, plan, findings, _ = rake(survey(), GENDER, tmp_path, base)
    assert plan is None
    assert [problem.got for problem in findings.problems] == ["others in 1 position (position 5)"]
