"""The README's examples run as they stand there."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

import acsi_sem as acsi
from acsi_sem.cli.app import run

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out what the examples read, with the simulated survey in its place."""
    for name in ("models", "data"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.csv"))
    monkeypatch.chdir(tmp_path)
    assert run(["simulate", "--out", "data/demo/survey.csv"]) == 0
    return tmp_path


def test_five_lines_of_python(checkout: Path) -> None:
    code, _ = blocks("python")
    scope: dict[str, object] = {}
    exec(code.replace("bootstrap=2000", "bootstrap=100"), scope)
    assert len(scope["result"].indices) == 7 * 2 * 6  # type: ignore[attr-defined]


def test_three_lines_more(checkout: Path) -> None:
    sizes = ["--sectors", "2", "--industries", "2", "--companies", "4", "--interviews", "70"]
    nation = ["simulate", "--nation", "--out", "data/national", "--first", "2026Q3", *sizes]
    assert run([*nation, "--quarters", "1", "--no-truth"]) == 0
    _, code = blocks("python")
    model = acsi.load_model("models/acsi_1994.yaml")
    survey = acsi.read_survey("data/national/survey-2026Q3.parquet", model, group="COMPANY")
    scope = {"acsi": acsi, "result": acsi.fit(model, survey, bootstrap=60)}
    *before, last = code.splitlines()
    exec("\n".join([*before, f"readings = {last}"]), scope)
    levels = scope["readings"]["level"].value_counts()  # type: ignore[index]
    assert levels.to_dict() == {"company": 24, "industry": 12, "sector": 12, "nation": 6}


def test_the_command_line(checkout: Path) -> None:
    (text,) = [block for block in blocks("sh") if "acsi-sem fit" in block]
    commands = [shlex.split(line, comments=True) for line in text.replace("\\\n", "").splitlines()]
    assert len(commands) == 7
    for program, *arguments in commands:
        assert program == ".venv/bin/acsi-sem"
        assert run([word.replace("2000", "100") for word in arguments]) == 0


def test_the_model_in_it_is_the_shipped_one(checkout: Path) -> None:
    from acsi_sem.spec.load import load_model

    text = blocks("yaml")[0]
    (checkout / "short.yaml").write_text(text, encoding="utf-8")
    short, whole = load_model("short.yaml"), load_model("models/acsi.yaml")
    assert short.paths == whole.paths
    assert [i.name for i in short.indicators] == [i.name for i in whole.indicators]


def test_the_part_of_a_study_in_it_is_valid(checkout: Path) -> None:
    from acsi_sem.spec.load_study import load_study

    head = "schema: 1\nname: mine\nmodel: ../../models/acsi.yaml\n"
    (checkout / "data" / "demo" / "mine.yaml").write_text(head + blocks("yaml")[1], "utf-8")
    study = load_study("data/demo/mine.yaml")
    assert study.rake is not None
    assert study.rake.wanted == ("AGE", "GENDER", "REGION")
    assert (study.settings.folds, study.settings.comparison) == (10, True)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
