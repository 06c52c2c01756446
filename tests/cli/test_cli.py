"""The command line: exit codes, messages, files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from acsi_model import acsi_model

from acsi_sem.cli.app import run
from acsi_sem.simulate.demo import demo_survey

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "acsi.yaml"
Capture = pytest.CaptureFixture[str]
FIT = ["fit", str(MODEL), "--data", "x.csv", "--out", "o"]
TABLES = {
    *("estimates", "indices", "impacts", "fit_measures", "quality"),
    *("breakdowns", "items", "missing", "warnings", "modification", "residuals", "invariance"),
    *("prediction", "comparisons", "micom", "ipma", "weighting", "raking"),
}


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small simulated survey."""
    path = tmp_path_factory.mktemp("data") / "survey.csv"
    demo_survey(acsi_model(), seed=1, interviews=220).to_csv(path, index=False)
    return path


def fit_arguments(survey: Path, out: Path, *more: str) -> list[str]:
    """Return the arguments of a quick fit."""
    always = ["--data", str(survey), "--out", str(out), "--bootstrap", "60"]
    return ["fit", str(MODEL), *always, *more]


def test_fit_writes_tables_manifest_and_log(survey: Path, tmp_path: Path, capsys: Capture) -> None:
    more = ("--group", "COMPANY", "--engine", "ols", "--engine", "pls")
    assert run(fit_arguments(survey, tmp_path, *more)) == 0
    assert capsys.readouterr().out.endswith(f"files in {tmp_path}\n")
    names = {path.stem for path in tmp_path.glob("*.csv")}
    assert names == TABLES
    assert {path.stem for path in tmp_path.glob("*.parquet")} == names
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["arguments"]["data"] == "survey.csv"
    assert manifest["request"]["engines"] == ["pls", "ols"]
    assert manifest["rows"][0] == {
        "group": "all",
        "rows": 1320,
        "complete": sum(row["complete"] for row in manifest["rows"][1:]),
        "incomplete": sum(row["incomplete"] for row in manifest["rows"][1:]),
    }
    assert all(count["failed"] == 0 for count in manifest["replicates"])
    assert sum(count["count"] for count in manifest["missing"]) > 0
    assert len(manifest["files"]) == 36
    log = json.loads((tmp_path / "run.log.json").read_text(encoding="utf-8"))
    assert log["seconds"] > 0


def test_manifest_names_no_place_of_this_machine(survey: Path, tmp_path: Path) -> None:
    assert run(fit_arguments(survey, tmp_path)) == 0
    for path in tmp_path.iterdir():
        if path.name != "run.log.json":
            assert str(survey.parent).encode() not in path.read_bytes(), path.name


def test_two_runs_give_the_same_bytes(survey: Path, tmp_path: Path) -> None:
    more = ("--group", "COMPANY", "--weights", "WEIGHT", "--strata", "STRATUM")
    for out in ("one", "two"):
        assert run(fit_arguments(survey, tmp_path / out, *more)) == 0
    for path in sorted((tmp_path / "one").iterdir()):
        if path.name != "run.log.json":
            assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_bca_limits_are_asked_for_by_name(survey: Path, tmp_path: Path) -> None:
    more = ("--group", "COMPANY", "--engine", "pls", "--engine", "ols", "--bootstrap", "400")
    for ci in ("percentile", "bca"):
        assert run(fit_arguments(survey, tmp_path / ci, *more, "--ci", ci)) == 0
        manifest = json.loads((tmp_path / ci / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["request"]["ci"] == ci
    for table in ("estimates", "indices", "impacts"):
        plain, bca = (pd.read_csv(tmp_path / ci / f"{table}.csv") for ci in ("percentile", "bca"))
        limits = ["conf_low", "conf_high"]
        pd.testing.assert_frame_equal(plain.drop(columns=limits), bca.drop(columns=limits))
        assert bca[limits].notna().equals(plain[limits].notna())
        assert (bca["conf_low"] != plain["conf_low"]).mean() > 0.5


def test_a_study_may_ask_for_bca_limits(survey: Path, tmp_path: Path) -> None:
    shutil.copy(MODEL, tmp_path / "model.yaml")
    shutil.copy(survey, tmp_path / "survey.csv")
    head = "schema: 1\nname: toy\nmodel: model.yaml\ndata: {file: survey.csv}\nengines: [pls]\n"
    (tmp_path / "study.yaml").write_text(head + "resampling: {replicates: 200, ci: bca}\n")
    for out, more in (("study", []), ("override", ["--ci", "percentile"])):
        folder = ["--out", str(tmp_path / out)]
        assert run(["report", str(tmp_path / "study.yaml"), *folder, *more]) == 0
    pages = {out: (tmp_path / out / "report.html").read_text() for out in ("study", "override")}
    assert "bias-corrected and accelerated (BCa) intervals from 200" in pages["study"]
    assert "percentile intervals from 200" in pages["override"]
    low = {o: pd.read_csv(tmp_path / o / "indices.csv")["conf_low"] for o in pages}
    assert (low["study"] != low["override"]).all()


def test_weights_change_the_index(survey: Path, tmp_path: Path) -> None:
    assert run(fit_arguments(survey, tmp_path / "plain")) == 0
    assert run(fit_arguments(survey, tmp_path / "weighted", "--weights", "WEIGHT")) == 0
    plain, weighted = (
        pd.read_csv(tmp_path / name / "indices.csv") for name in ("plain", "weighted")
    )
    assert (plain["index"] != weighted["index"]).all()
    assert (weighted["n_eff"] < weighted["n"]).all()


def test_a_report_of_an_earlier_run_is_pointed_out(
    survey: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "report.html").write_text("old")
    assert run(fit_arguments(survey, tmp_path)) == 0
    assert "report.html is of an earlier run" in capsys.readouterr().err
    assert (tmp_path / "report.html").read_text() == "old"


def test_a_failed_fit_ends_with_5_and_keeps_the_rest(survey: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(survey)
    # Satisfaction as a sum of its causes leaves it no variance of its own: a Heywood case.
    for item in ("SATIS", "CONFIRM", "IDEAL"):
        frame[item] = frame["OVERALLQ"].where(frame.index % 7 > 0, frame[item])
    frame["SATIS"] = frame["OVERALLQ"]
    changed = tmp_path / "changed.csv"
    frame.to_csv(changed, index=False)
    out = tmp_path / "out"
    code = run(fit_arguments(changed, out, "--engine", "semopy", "--engine", "pls"))
    assert code == 5
    estimates = pd.read_csv(out / "estimates.csv")
    failed = estimates[estimates["engine"] == "semopy"]
    assert failed["estimate"].isna().all()
    assert failed["note"].notna().all()
    assert estimates.loc[estimates["engine"] == "pls", "estimate"].notna().all()


def test_strict_ends_with_7_when_there_are_warnings(survey: Path, tmp_path: Path) -> None:
    more = ("--engine", "semopy", "--weights", "WEIGHT")
    assert run(fit_arguments(survey, tmp_path, *more)) == 0
    assert run(fit_arguments(survey, tmp_path, *more, "--strict")) == 7


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["doctor"], 2, "doctor, which this version does not have yet"),
        (["nonsense"], 2, "No such command"),
        (["fit"], 2, "Missing argument"),
        ([*FIT, "--engine", "lisrel"], 2, "'lisrel'"),
        ([*FIT, "--missing", "median"], 2, "--missing"),
        ([*FIT, "--ci", "exact"], 2, "--ci"),
        ([*FIT, "--resampling", "paper"], 2, "--resampling"),
        ([*FIT, "--replicate-method", "jk"], 2, "--replicate-method"),
        ([*FIT, "--population", ""], 2, "--population: expected a name"),
        (["report", "study.yaml", "--ci", "exact"], 2, "percentile or"),
        ([*FIT, "--se", "sandwich"], 2, "--se"),
        ([*FIT, "--weights-policy", "clip"], 2, "nonnegative"),
        ([*FIT, "--scheme", "x"], 2, "factorial"),
        (
            [*FIT, "--bootstrap", "many"],
            2,
            "--bootstrap",
        ),
        ([*FIT, "--group", ""], 2, "--group: expected a name"),
        ([*FIT, "--weights", ""], 2, "--weights: expected a name"),
        ([*FIT, "--weight-kind", "frequency"], 2, "--weights beside it"),
        ([*FIT, "--sheet", "Data"], 2, "which has no sheets"),
        (["simulate", "--out", "a.sav"], 2, "ends in .csv"),
        (["simulate", "--out", "a.csv", "--seed", "-1"], 2, "--seed"),
        (["fit", "absent.yaml", "--data", "x.csv", "--out", "o"], 3, "absent.yaml"),
        (["fit", str(MODEL), "--data", "absent.csv", "--out", "o"], 4, "absent.csv"),
        (["report", "absent.yaml"], 3, "absent.yaml"),
        (["validate", str(MODEL), "absent.yaml"], 3, "absent.yaml"),
        (["schema", "company"], 2, "model or study"),
    ],
)
def test_bad_commands(
    arguments: list[str],
    code: int,
    words: str,
    capsys: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == code
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_bad_data_leave_an_earlier_run_alone(survey: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(fit_arguments(survey, out)) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    frame = pd.read_csv(survey)
    frame.loc[3, "SATIS"] = 55
    broken = tmp_path / "broken.csv"
    frame.to_csv(broken, index=False)
    assert run(fit_arguments(broken, out)) == 4
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_validate_says_what_it_found(capsys: Capture) -> None:
    assert run(["validate", str(MODEL), str(ROOT / "data" / "demo" / "study.yaml")]) == 0
    out = capsys.readouterr().out
    assert "6 constructs, 13 indicators, 9 paths" in out
    assert "study demo" in out


def test_schema_prints_what_is_committed(capsys: Capture) -> None:
    assert run(["schema"]) == 0
    committed = (ROOT / "models" / "model.schema.json").read_text(encoding="utf-8")
    assert capsys.readouterr().out == committed
    assert run(["schema", "study"]) == 0


def test_version_and_help(capsys: Capture) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("acsi-sem 0.")
    assert run(["--help"]) == 0


def test_simulate_writes_the_same_survey_again(tmp_path: Path, capsys: Capture) -> None:
    for name in ("one.csv", "two.csv"):
        code = run(
            ["simulate", "--model", str(MODEL), "--out", str(tmp_path / name), "--seed", "3"]
        )
        assert code == 0
    assert "simulated interviews" in capsys.readouterr().err
    assert run(["simulate", "--model", str(MODEL), "--out", str(tmp_path / "one.csv")]) == 2
    assert "one that exists" in capsys.readouterr().err
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def study_folder(tmp_path: Path, survey: Path) -> Path:
    """Lay out a study with its model and data as a user would."""
    (tmp_path / "models").mkdir()
    (tmp_path / "data" / "demo").mkdir(parents=True)
    shutil.copy(MODEL, tmp_path / "models" / "acsi.yaml")
    shutil.copy(survey, tmp_path / "data" / "demo" / "survey.csv")
    study = tmp_path / "data" / "demo" / "study.yaml"
    shutil.copy(ROOT / "data" / "demo" / "study.yaml", study)
    return study


def test_report_from_start_to_end_twice_the_same(
    survey: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_folder(tmp_path, survey)
    monkeypatch.chdir(tmp_path)
    for out in ("one", "two"):
        assert run(["report", str(study), "--out", out, "--bootstrap", "100"]) == 0
        assert capsys.readouterr().out == f"report: {Path(out) / 'report.html'}\n"
    pages = []
    for path in sorted(Path("one").iterdir()):
        if path.name != "run.log.json":
            assert path.read_bytes() == (Path("two") / path.name).read_bytes(), path.name
            pages.append(path.name)
    assert "report.html" in pages
    page = Path("one/report.html").read_text(encoding="utf-8")
    assert "Hai &amp; Söhne" in page
    assert str(tmp_path) not in page


def test_report_refuses_a_group_it_does_not_know(
    survey: Path, tmp_path: Path, capsys: Capture
) -> None:
    study = study_folder(tmp_path, survey)
    assert run(["report", str(study), "--out", str(tmp_path / "o"), "--group", "COMPNY"]) == 4
    assert "COMPANY" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
