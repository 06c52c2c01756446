"""Files of raking targets: what they mean, and every refusal with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from acsi_sem.errors import SpecError
from acsi_sem.spec.load_targets import check_rake, load_targets, raking_from
from acsi_sem.spec.raking import MarginColumn, RakingSpec
from acsi_sem.spec.raking_documents import RakePart
from acsi_sem.spec.yaml_source import read_source

TARGETS = """\
schema: 1
margins:
  - column: AGE
    bins: [18, 30, 50]
    targets: {18-29: 0.2, 30-49: 0.4, "50+": 0.4}
  - columns: [GENDER, {column: REGION, no_answer: [99]}]
    targets: {1: {3: 10, 4: 20}, 2: {3: 30, 4: 40}}
bounds: [0.3, 3]
trim: 5
within: INDUSTRY
missing: own
tolerance: 1e-9
"""


def load(text: str, folder: Path) -> RakingSpec:
    path = folder / "targets.yaml"
    path.write_text(text, encoding="utf-8")
    return load_targets(path)


def refused(text: str, folder: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(text, folder)
    return [str(p).removeprefix(f"{folder / 'targets.yaml'}:") for p in caught.value.problems]


def test_every_key_arrives(tmp_path: Path) -> None:
    spec = load(TARGETS, tmp_path)
    age, crossed = spec.margins
    assert age.columns == (MarginColumn("AGE", (18.0, 30.0, 50.0)),)
    assert [target.cell for target in age.targets] == [("18-29",), ("30-49",), ("50+",)]
    assert crossed.columns == (MarginColumn("GENDER"), MarginColumn("REGION", (), ("99",)))
    assert [t.cell for t in crossed.targets] == [("1", "3"), ("1", "4"), ("2", "3"), ("2", "4")]
    assert crossed.shares == (0.1, 0.2, 0.3, 0.4)
    assert crossed.targets[2].where == f"{tmp_path / 'targets.yaml'}:7:38"
    assert crossed.targets[2].path == "margins[1].targets.2.3"
    assert (spec.bounds, spec.trim, spec.within) == ((0.3, 3.0), 5.0, "INDUSTRY")
    assert (spec.missing, spec.tolerance) == ("own", 1e-9)
    assert spec.wanted == ("AGE", "GENDER", "REGION", "INDUSTRY")
    assert len(spec.sha256) == 64


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    spec = load("schema: 1\nmargins: [{column: A, targets: {x: 1, y: 3}}]\n", tmp_path)
    assert (spec.bounds, spec.trim, spec.within, spec.missing) == (None, None, "", "error")
    assert spec.margins[0].shares == (0.25, 0.75)


CASES = [
    ("trim: 5", "trim: 1", ["9:7: trim: expected a number above 1, got 1; "]),
    ("trim: 5", "trims: 5", ["9:1: trims: expected one of the keys"]),
    ("[0.3, 3]", "[1.3, 3]", ["8:9: bounds: expected two ratios [least, greatest] with 0 <= "]),
    ("1e-9", "1", ["12:12: tolerance: expected 1e-13 to 0.001, got 1"]),
    ("own", "drop", ["11:10: missing: expected error, own or spread, got 'drop'"]),
    (
        "own",
        "spread",
        [
            "11:10: missing: expected spread without bounds or trim, got bounds beside it",
            "11:10: missing: expected spread without bounds or trim, got trim beside it",
        ],
    ),
    ("INDUSTRY", "AGE", ["10:9: within: expected a column that is no margin by itself, got 'AGE'"]),
    (
        "30-49: 0.4",
        "30-49: 0.5",
        ["5:5: margins[0].targets: expected shares that sum to 1, got a sum of 1.1; correct"],
    ),
    (
        "30-49: 0.4",
        "30-49: -0.4",
        ["5:34: margins[0].targets.30-49: expected a finite share or count, 0 or more, got -0.4"],
    ),
    (
        "30-49: 0.4",
        "30-49: many",
        ["5:34: margins[0].targets.30-49: expected a share or a count, got 'many'"],
    ),
    (
        '{18-29: 0.2, 30-49: 0.4, "50+": 0.4}',
        '{18-29: 20, 30-49: 40, "50+": 41}',
        ["7:5: margins[1].targets: expected the total of margins[0], 101, got a sum of 100; "],
    ),
    (
        "4: 20}, 2:",
        "4: {5: 20}}, 2:",
        ["7:29: margins[1].targets.1.4: expected a share or a count, got {5: 20}"],
    ),
    (
        "1: {3: 10, 4: 20}",
        "1: 30",
        ["7:18: margins[1].targets.1: expected a mapping for each of 2 crossed columns, got 30; "],
    ),
    (
        "[GENDER, {column: REGION, no_answer: [99]}]",
        "[GENDER]",
        ["6:14: margins[1].columns: expected two or more columns to cross, got ['GENDER']"],
    ),
    (
        "columns: [GENDER, {column: REGION, no_answer: [99]}]",
        "columns: [GENDER, GENDER]\n    column: AGE",
        [
            "6:5: margins[1]: expected the key column, or columns to be crossed, got both",
            "6:14: margins[1].columns: expected each column once, got 'GENDER' twice",
        ],
    ),
    (
        "[GENDER, {column: REGION, no_answer: [99]}]\n    targets: {1: {3: 10, 4: 20}, 2: {3: 30,",
        "[AGE, SEX]\n    bins: [1, 2]\n    targets: {1: {3: 10, 4: 20}, 2: {3: 30,",
        ["7:5: margins[1].bins: expected columns that say it for themselves, got bins; "],
    ),
    (
        TARGETS[TARGETS.index("columns: [") : TARGETS.index("bounds")].strip(),
        "column: AGE\n    targets: {1: 1}",
        ["6:5: margins[1]: expected columns of its own for each margin, got AGE again, first at "],
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_refusals(old: str, new: str, expected: list[str], tmp_path: Path) -> None:
    assert old in TARGETS
    found = refused(TARGETS.replace(old, new, 1), tmp_path)
    for words in expected:
        assert any(line.startswith(words) for line in found), found


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = TARGETS.replace("trim: 5", "trim: 0").replace("0.2", "0.3").replace("3: 30", "3: x")
    assert [line.split(" ")[1] for line in refused(text, tmp_path)] == [
        "margins[0].targets:",
        "margins[1].targets.2.3:",
        "trim:",
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "schema: 1\n", "schema: 1\nmargins: []\n", "margins: 3"]
)
def test_what_is_no_file_of_targets(text: str, tmp_path: Path) -> None:
    assert refused(text, tmp_path)


def test_a_block_inside_another_file_keeps_its_places(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    block = "".join(f"  {line}\n" for line in TARGETS.splitlines()[1:])
    path.write_text(f"name: toy\nrake:\n{block}", encoding="utf-8")
    source = read_source(path)
    part = RakePart.model_validate(source.data["rake"])
    assert check_rake(source.data["rake"], ("rake",)) == []
    spec = raking_from(part, source, ("rake",))
    assert (spec.where, spec.path) == (f"{path}:2:1", "rake")
    assert spec.margins[0].where == f"{path}:4:7"
    assert spec.margins[0].targets[0].path == "rake.margins[0].targets.18-29"
    path.write_text(f"rake:\n{block}".replace("0.2", "0.3"), encoding="utf-8")
    source = read_source(path)
    faults = source.problems(check_rake(source.data["rake"], ("rake",)))
    assert [fault.path for fault in faults] == ["rake.margins[0].targets"]
