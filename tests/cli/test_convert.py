"""`acsi-sem convert`: lavaan in, lavaan out."""

from __future__ import annotations

from pathlib import Path

import pytest

from acsi_sem.cli.app import run
from acsi_sem.spec.load import load_model

MODEL = Path(__file__).parents[2] / "models" / "acsi.yaml"


def test_there_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    syntax, back = tmp_path / "acsi.lav", tmp_path / "back.yaml"
    assert run(["convert", str(MODEL), "--out", str(syntax)]) == 0
    assert "satisfaction =~ 1*SATIS" in syntax.read_text(encoding="utf-8")
    assert run(["convert", str(syntax), "--out", str(back), "--index", "satisfaction"]) == 0
    assert capsys.readouterr().out.endswith(f"model: {back}\n")
    one, other = load_model(MODEL), load_model(back)
    assert [(p.source, p.target) for p in one.paths] == [(p.source, p.target) for p in other.paths]
    assert [i.column for i in one.indicators] == [i.column for i in other.indicators]
    assert run(["validate", str(back)]) == 0


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    out = tmp_path / "a.lav"
    out.write_text("mine")
    assert run(["convert", str(MODEL), "--out", str(out)]) == 2
    assert out.read_text() == "mine"
    assert run(["convert", str(MODEL), "--out", str(out), "--force"]) == 0


@pytest.mark.parametrize(
    ("syntax", "arguments", "code", "words"),
    [
        ("f =~ x + y\n", [], 3, "index"),
        ("f =~ x + y\ng =~ y + z\ng ~ f\n", ["--index", "g"], 3, "y"),
        ("f =~ x + 0.5*y\ng =~ z + w\ng ~ f\n", ["--index", "g"], 3, "0.5"),
    ],
)
def test_what_a_model_file_cannot_say_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    syntax: str,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    source = tmp_path / "m.lav"
    source.write_text(syntax)
    assert run(["convert", str(source), "--out", str(tmp_path / "m.yaml"), *arguments]) == code
    assert words in capsys.readouterr().err
    assert not (tmp_path / "m.yaml").exists()


def test_the_same_kind_on_both_sides_is_refused(tmp_path: Path) -> None:
    assert run(["convert", str(MODEL), "--out", str(tmp_path / "b.yaml")]) == 2
