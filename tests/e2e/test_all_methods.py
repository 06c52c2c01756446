"""Every kind of method in one study: simulated, reported, and by any design."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from methods_study import DESIGN, STUDY, carry_out, report, survey, without, write_study

from acsi_sem.cli.app import run
from acsi_sem.errors import UsageError
from acsi_sem.report.methods.chapters import module_of
from acsi_sem.report.methods.names import method_name
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.methods.catalogue import KINDS
from acsi_sem.tables.write import csv_bytes

NUMBERS = ["value", "std_error", "conf_low", "conf_high"]
CLUSTERS = (DESIGN, DESIGN.replace("}", ", psu: CLUSTER}"))
DESIGNS = {
    "strata and weights": (),
    "no design": ((DESIGN, ""),),
    "frequency weights": ((DESIGN, "design: {weight: COUNT, weight_kind: frequency}"),),
    "clusters in strata": (CLUSTERS,),
    "jackknife": (CLUSTERS, ("resampling: {", "resampling: {method: jackknife, ")),
}
GIVEN = {
    *("weight", "expert_weight", "expert_ratio"),
    *("consistency_ratio", "consistency_index", "eigenvalue"),
    *("quadrant", "stability", "incomplete"),
    *("p_industry", "p_best", "p_previous", "industry_mean", "best", "previous", "mean"),
}
"""What has no limits by nature: given weights, counts, tests, and what others are compared with."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on the whole study, as a folder."""
    place = tmp_path_factory.mktemp("methods")
    report(write_study(place), place / "out")
    return place / "out"


@pytest.fixture(scope="module")
def table(folder: Path) -> pd.DataFrame:
    """The table `methods` that the report wrote."""
    return pd.read_csv(
        folder / "methods.csv", keep_default_na=False, na_values={n: [""] for n in NUMBERS}
    )


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    """What the page shows, without tags, styles and scripts."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def check_numbers(table: pd.DataFrame) -> None:
    """Every number is finite or has its reason, and limits come in pairs and in order."""
    numbers = table[NUMBERS].to_numpy(dtype=float)
    assert not np.isinf(numbers).any()
    told = table["note"] != ""
    unknown = table["value"].isna()
    assert told[unknown].all(), table[unknown & ~told]
    limits = table[["conf_low", "conf_high"]].notna()
    assert (limits["conf_low"] == limits["conf_high"]).all()
    assert not (table["conf_low"] > table["conf_high"]).any()
    bare = table[~unknown & ~limits["conf_low"] & ~told]
    assert set(bare["measure"]) <= GIVEN, bare


def test_every_kind_is_in_the_study() -> None:
    methods = load_study(STUDY).methods
    assert {method.kind for method in methods} == set(KINDS)
    assert len(methods) == len(KINDS) + 1  # priorities both stated and derived


def test_every_method_has_rows_with_numbers(table: pd.DataFrame) -> None:
    known = table[table["value"].notna()]
    assert set(known["method"]) == {method.name for method in load_study(STUDY).methods}
    assert set(known["kind"]) == set(KINDS)
    check_numbers(table)


def test_every_chapter_is_in_the_page(folder: Path, text: str) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    for method in load_study(STUDY).methods:
        assert f'id="method-{method.name.replace("_", "-")}"' in page
        assert method.title is not None
        assert method.title.get("en") in text
        assert method_name(method.kind, "en") in text
        assert module_of(method.kind).CANNOT in text


def test_nothing_unknown_is_shown_as_a_number(text: str) -> None:
    shown = re.findall(r".{30}\b(?:nan|NaN|None|inf|Infinity|undefined)\b.{30}", text)
    assert shown == []


def test_the_truth_of_the_simulation_is_found(table: pd.DataFrame) -> None:
    """What is planted in the simulated answers, in words of the methods."""
    everybody = table[table["group"] == "all"]
    kano = everybody[everybody["measure"] == "category"].set_index("subject")["reading"]
    planted = {"returns": "basic", "reply": "expected", "note": "excitement", "calls": "reverse"}
    for feature, word in planted.items():
        assert word in kano[feature], kano
    stated = everybody[
        (everybody["method"] == "priorities_stated") & (everybody["measure"] == "quadrant")
    ]
    places = stated.set_index("subject")["value"].astype(int).to_dict()
    assert places == {"RELIABLE": 1, "TIMELY": 2, "ACCURATE": 1, "COMPLETE": 4, "EMPATHY": 3}


def test_the_same_study_gives_the_same_bytes(tmp_path: Path) -> None:
    """Without groups, so that two pages are drawn fast; of groups the numbers alone."""
    study = write_study(tmp_path, [without("benchmarks")])
    made = [report(study, tmp_path / name, group="").files for name in ("one", "two")]
    assert made[0] == made[1]
    for name in made[0]:
        one, two = ((tmp_path / out / name).read_bytes() for out in ("one", "two"))
        assert one == two, name
    tables = [csv_bytes(carry_out(study)) for _ in range(2)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize("design", DESIGNS)
def test_every_method_works_with_any_design(tmp_path: Path, design: str) -> None:
    table = carry_out(write_study(tmp_path, DESIGNS[design]))
    assert set(table[table["value"].notna()]["kind"]) == set(KINDS)
    check_numbers(table.fillna({"note": ""}))


def test_without_groups_only_benchmarks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"methods\.standing.*expected.*group"):
        carry_out(write_study(tmp_path), group="")
    table = carry_out(write_study(tmp_path, [without("benchmarks")]), group="")
    assert set(table["kind"]) == set(KINDS) - {"benchmarks"}
    assert set(table["group"]) <= {"all", ""}


def test_frequency_weights_are_repeated_rows(tmp_path: Path) -> None:
    """A respondent who stands for three counts as three respondents with the same answers."""
    found = []
    for change in ((DESIGN, "design: {weight: COUNT, weight_kind: frequency}"), (DESIGN, "")):
        study = write_study(tmp_path, [change])
        if not change[1]:
            frame = survey()
            repeated = frame.loc[frame.index.repeat(frame["COUNT"])]
            (tmp_path / "survey.csv").write_bytes(csv_bytes(repeated))
        found.append(carry_out(study, replicates=0))
    weighted, repeated_rows = found
    keys = ["method", "group", "subject", "measure", "category", "n", "reading"]
    pd.testing.assert_frame_equal(weighted[keys], repeated_rows[keys])
    np.testing.assert_allclose(weighted["value"], repeated_rows["value"], rtol=1e-9, atol=1e-9)


def test_its_systems_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without replicates: how the comparison draws is tested elsewhere."""
    file = write_study(tmp_path)
    assert run(["compare", str(file), "--out", str(tmp_path / "out"), "--bootstrap", "0"]) == 0
    asked = load_study(file).comparison
    assert asked is not None
    found = pd.read_csv(tmp_path / "out" / "systems.csv")
    everybody = found[found["group"] == "all"].set_index("system")["index"]
    assert list(everybody.index) == [system.name for system in asked.systems]
    assert everybody.between(30, 100).all()
    assert "comparison: " in capsys.readouterr().out


def test_the_manifest_counts_what_the_methods_lack(folder: Path) -> None:
    made = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["methods"]
    lacking = {entry["indicator"]: entry["count"] for entry in made["missing"]}
    assert lacking["HANDLE"] > 0
    assert made["failed_replicates"] == {}
