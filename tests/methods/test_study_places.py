"""What only the model, the survey or a computation can refuse, at its place in the study file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from methods_study import ROOT, report, silent, write_study

from acsi_sem.errors import DataError, Problem, SpecError, UsageError
from acsi_sem.methods.study_checks import check_study_methods, in_study_file, study_fields
from acsi_sem.runs.execute import FitCommand, ReportCommand, run_fit, run_report
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.study import Study

STUDY = """\
schema: 1
name: toy
model: {model}
data: {{file: survey.csv}}
breakdowns: {{REGION: {{}}}}
items:
  WISH: {{scale: [1, 5]}}
methods:
  rate: {{kind: satisfaction_rate, items: [WISH], satisfied_from: 4}}
  fair.deal: {{kind: satisfaction_rate, items: [WISH, SATIS], satisfied_from: 4}}
  peers:
    kind: benchmarks
    peers: {{column: REGION}}
"""


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    text = STUDY.format(model=(ROOT / "models" / "acsi.yaml").as_posix())
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusals(path: Path) -> list[str]:
    with pytest.raises(SpecError) as refused:
        check_study_methods(path)
    return [str(problem).removeprefix(f"{path}:") for problem in refused.value.problems]


def test_a_study_without_fault(tmp_path: Path) -> None:
    path = written(tmp_path)
    check_study_methods(path)
    study = load_study(path)
    assert [one.name for one in study_fields(study, load_model(study.model))] == ["WISH", "SATIS"]


def test_an_item_named_as_a_question_of_the_model(tmp_path: Path) -> None:
    path = written(tmp_path, ("  WISH: {", "  SATIS: {scale: [1, 5]}\n  WISH: {"))
    said = (
        "7:3: items.SATIS: expected a name that no question of the model has, got SATIS, a "
        "question of the model acsi; remove it or rename it"
    )
    assert refusals(path) == [said]


def test_an_item_that_reads_a_question_on_another_scale(tmp_path: Path) -> None:
    path = written(tmp_path, ("WISH: {scale", "WISH: {column: SATIS, scale"))
    said = (
        "7:3: items.WISH: expected the scale of SATIS, which reads the column SATIS too, got "
        "[1, 5]; write scale: [1, 10], or name SATIS itself"
    )
    assert refusals(path) == [said]
    same = ("WISH: {scale: [1, 5]", "WISH: {column: SATIS, scale: [1, 10]")
    check_study_methods(written(tmp_path, same))


def test_names_judgements_and_files_are_refused_together_in_file_order(tmp_path: Path) -> None:
    ahp = "{kind: ahp, order: [a, b, c], matrix: [[1, 9, 1/9], [1/9, 1, 9], [9, 1/9, 1]]}"
    path = written(
        tmp_path,
        ("items: [WISH, SATIS]", "items: [WISH, GONE]"),
        ("  rate:", f"  judged: {ahp}\n  rate:"),
        ("column: REGION}", "column: REGIN}\n    previous: last.csv"),
    )
    found = refusals(path)
    assert [line.split(": ")[:2] for line in found] == [
        ["9:41", "methods.judged.matrix"],
        ["11:54", "methods.fair.deal.items[1]"],
        ["14:21", "methods.peers.peers.column"],
        ["15:15", "methods.peers.previous"],
    ]
    assert "got 'GONE'; known are OVERALLX, " in found[1]
    assert found[2].endswith("got 'REGIN'; did you mean 'REGION'?")


def test_known_names_that_are_not_all_listed_are_counted(tmp_path: Path) -> None:
    many = "\n".join(f"  Z{i}: {{scale: [1, 5]}}" for i in range(30))
    path = written(
        tmp_path, ("  WISH: {", f"{many}\n  WISH: {{"), ("items: [WISH]", "items: [GONE]")
    )
    (found,) = refusals(path)
    known = 13 + 31  # the model's questions, those of the study
    assert found.endswith(f" and {known - 20} more")


def test_an_engine_that_does_not_suit_the_model(tmp_path: Path) -> None:
    path = written(tmp_path, ("breakdowns:", "engines: [composite, pls]\nbreakdowns:"))
    assert refusals(path) == [
        "5:11: engines[0]: expected engines for paths for the structural model acsi, got composite"
    ]


def test_what_a_method_refuses_stands_in_the_file(tmp_path: Path) -> None:
    study = load_study(written(tmp_path))
    problem = Problem("methods.fair.deal", "satisfied_from", "a grade", "4", "lower it")
    with pytest.raises(SpecError) as refused, in_study_file(study):
        raise UsageError(problem)
    (found,) = refused.value.problems
    assert str(found) == (
        f"{study.file}:10:78: methods.fair.deal.satisfied_from: expected a grade, got 4; lower it"
    )


def test_answers_stay_a_matter_of_data(tmp_path: Path) -> None:
    study = load_study(written(tmp_path))
    with pytest.raises(DataError) as refused, in_study_file(study):
        raise DataError(Problem("methods.rate", "previous: last.csv: row 3", "numbers", "'x'"))
    (found,) = refused.value.problems
    assert found.where == f"{study.file}:9:3"
    assert found.path == "methods.rate.previous: last.csv: row 3"


def test_a_request_that_the_file_makes_or_the_command_line(tmp_path: Path) -> None:
    study = load_study(written(tmp_path, ("breakdowns:", "engines: [pls]\nbreakdowns:")))
    problem = Problem("request", "engine", "another", "pls")
    with pytest.raises(SpecError) as found, in_study_file(study):
        raise UsageError(problem)
    assert str(found.value) == f"{study.file}:5:1: engines: expected another, got pls"
    cases: list[tuple[Study, set[str]]] = [
        (study, {"engines"}),
        (replace(study, sha256="changed since"), set()),
    ]
    for own, overridden in cases:
        with pytest.raises(UsageError) as refused, in_study_file(own, overridden):
            raise UsageError(problem)
        assert refused.value.problems == (problem,)


def test_a_grade_outside_the_scale_is_refused_by_the_report(tmp_path: Path) -> None:
    study = write_study(tmp_path, (("satisfied_from: 8", "satisfied_from: 11"),))
    with pytest.raises(SpecError) as refused:
        report(study, tmp_path / "out", replicates=0)
    assert all(one.where.startswith(f"{study}:") for one in refused.value.problems)
    assert refused.value.exit_code == 3


def test_a_period_that_would_have_no_effect(tmp_path: Path) -> None:
    study = written(tmp_path)
    command = ReportCommand(study=study, out=tmp_path / "out", overrides={"period": "2011"})
    with pytest.raises(UsageError, match="--period: expected a period for a composite model"):
        run_report(command, silent)
    settings = replace(load_study(study).settings, period="2011Q1")
    model, data = ROOT / "models" / "acsi.yaml", tmp_path / "survey.csv"
    with pytest.raises(UsageError, match="got 2011Q1 for the model acsi, whose weights have no"):
        run_fit(FitCommand(model, data, tmp_path / "out", settings=settings), silent)
