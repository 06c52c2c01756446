"""A new study: what is written, that it holds together, and that it runs as it stands."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer import Typer
from typer.testing import CliRunner

from acsi_sem.cli import app
from acsi_sem.cli.init import init
from acsi_sem.errors import DataError, SpecError, UsageError
from acsi_sem.runs.codebook import LANGUAGES, codebook
from acsi_sem.runs.questionnaire import questionnaire
from acsi_sem.runs.simulated import write_demo
from acsi_sem.runs.start import TRIED_WITH, start_study, study_text
from acsi_sem.simulate.demo import demo_columns
from acsi_sem.spec.catalogue import find_model, list_models
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.survey.read import read_survey

MODELS = {entry.name: load_model(entry.file) for entry in list_models()}
FILES = ("model.yaml", "study.yaml", "questionnaire.md", "data.xlsx")

HOSTILE = """\
schema: 1
name: hostile
title: "=cmd|' /C calc'!A0\\n# heading {x}"
defaults: {scale: [1, 10]}
constructs:
  a:
    label: "=1+1"
    indicators: {"A1": {question: "@SUM(A1:A9) <script> | **bold**"}, A2: {label: "-1+1"}}
  b: {indicators: {B1: {}}}
paths: {a: [b]}
index: b
"""


def sheets(data: bytes) -> dict[str, list[list[object]]]:
    """Return the cells of a workbook."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: [list(row) for row in sheet.values] for sheet in book}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_starts_a_study_that_is_valid_as_it_stands(name: str, tmp_path: Path) -> None:
    started = start_study(name, tmp_path)
    assert started.files == FILES
    model, study = MODELS[name], load_study(tmp_path / "study.yaml")
    assert (study.name, study.model, study.data) == (name, "model.yaml", "data.xlsx")
    asked = {item.column for item in model.answers}
    assert [c.column for c in study.breakdowns] == [
        column for column in ("AGE", "GENDER", "REGION") if column not in asked
    ]
    expected = ("composite",) if model.kind == "composite" else ("pls", "semopy", "ols")
    assert study.settings.engines == expected
    book = sheets((tmp_path / "data.xlsx").read_bytes())
    assert list(book) == ["data", "codebook"]
    assert book["data"] == [list(demo_columns(model))]
    assert [row[0] for row in book["codebook"][1:]] == book["data"][0]
    with pytest.raises(DataError, match="only a header"):
        read_survey(tmp_path / "data.xlsx", model, study=study)
    # The model is copied byte for byte, but for the line that tells editors of the schema.
    there = find_model(name).read_bytes()
    assert there.startswith(b"# yaml-language-server:")
    assert (tmp_path / "model.yaml").read_bytes() == there.split(b"\n", 1)[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MODELS)
def test_every_question_is_in_the_questionnaire_once_and_numbered(name: str, language: str) -> None:
    model = MODELS[name]
    text = questionnaire(model, language)
    people = ("COMPANY", "INDUSTRY", "WEIGHT", "STRATUM")
    columns = [column for column in demo_columns(model) if column not in people]
    asked = re.findall(r"^(\d+)\. \*\*(.+)\*\* \[(\w+)\]$", text, re.MULTILINE)
    assert [int(number) for number, _, _ in asked] == list(range(1, len(columns) + 1))
    assert [column for _, _, column in asked] == columns
    words = {item.column: item.question for item in model.answers if item.question}
    for _, shown, column in asked:
        if column in words:
            assert shown.replace("\\", "") == " ".join(words[column].get(language).split())


def test_whom_to_ask_is_said(tmp_path: Path) -> None:
    text = questionnaire(MODELS["acsi_1994"])
    blocks = text.split("\n\n")
    by_column = {found[1]: block for block in blocks if (found := re.search(r"\[(\w+)\]", block))}
    assert "Ask everyone, satisfied or not" in by_column["COMP"]
    assert "0 = No; 1 = Yes" in by_column["COMP"]
    assert "likely to choose the company again (the upper half" in by_column["HIGHPTOL"]
    assert "the lower half" in by_column["LOWPTOL"]
    assert "PT" not in by_column
    assert "1 = Male" in by_column["GENDER"]
    assert "10 = " in by_column["SATIS"]
    assert "98 = don't know" in by_column["SATIS"]


def test_complaint_handling_is_asked_of_those_who_complained(tmp_path: Path) -> None:
    model = tmp_path / "m.yaml"
    model.write_text(
        "schema: 1\nname: m\ndefaults: {scale: [1, 10]}\nconstructs:\n"
        "  c: {indicators: {COMP: {scale: [0, 1]}}}\n  h: {indicators: {HANDLE: {}}}\n"
        "paths: {c: [h]}\nindex: h\n"
    )
    text = questionnaire(load_model(model), "zh-Hans")
    assert "仅询问曾经抱怨的受访者" in text.split("[HANDLE]")[1]
    assert "0 = 否; 1 = 是" in text  # ends of a yes-or-no scale that the model does not name


def test_a_classes_age_is_not_asked_twice() -> None:
    model = MODELS["hkcsi"]
    text = questionnaire(model)
    assert text.count("[AGE]") == 1
    assert "How old are you" not in text
    ages = codebook(model).query("column == 'AGE'")
    assert ages["scale"].tolist() == ["1-6"]
    assert ages["role"].tolist() == ["answer"]


def test_the_codebook_speaks_three_languages() -> None:
    table = codebook(MODELS["ecsi"]).set_index("column")
    row = table.loc["SATIS"]
    assert row["role"] == "answer"
    assert row["scale"] == "1-10"
    assert row["construct"] == "Customer satisfaction"
    assert len({row["en"], row["zh-Hans"], row["zh-Hant"]}) == 3
    assert row["no_answer"] == "98 = don't know; 99 = refused"
    assert "满意" in row["high_end"]
    assert table.loc["GENDER", "scale"] == "1 = Male / 男; 2 = Female / 女"
    assert table["role"].tolist()[:2] == ["company", "industry"]
    assert table["role"].tolist()[-2:] == ["weight", "stratum"]


def test_the_same_call_writes_the_same_bytes(tmp_path: Path) -> None:
    start_study("ecsi", tmp_path / "a")
    start_study("ecsi", tmp_path / "b")
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    model = tmp_path / "a" / "model.yaml"
    for name in ("one.xlsx", "two.xlsx"):
        write_demo(model, tmp_path / name, seed=1, interviews=60, force=False)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("mine")
    (tmp_path / "data.xlsx").write_text("mine too")
    with pytest.raises(UsageError) as caught:
        start_study("acsi", tmp_path)
    assert [Path(p.where).name for p in caught.value.problems] == ["study.yaml", "data.xlsx"]
    assert (tmp_path / "study.yaml").read_text() == "mine"
    assert not (tmp_path / "model.yaml").exists()
    start_study("acsi", tmp_path, force=True)
    assert load_study(tmp_path / "study.yaml").name == "acsi"


def test_what_cannot_be_started_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'ecsi'"):
        start_study("ecsii", tmp_path)
    with pytest.raises(UsageError, match="en, zh-Hans or zh-Hant"):
        start_study("ecsi", tmp_path, language="fr")
    with pytest.raises(SpecError, match="nowhere"):
        start_study(str(tmp_path / "nowhere.yaml"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_hostile_words_become_neither_formulas_nor_markup(tmp_path: Path) -> None:
    source = tmp_path / "hostile.yaml"
    source.write_text(HOSTILE)
    started = start_study(str(source), tmp_path / "out")
    assert load_study(started.folder / "study.yaml").title.get().startswith("=cmd|")
    with zipfile.ZipFile(started.folder / "data.xlsx") as archive:
        pages = [archive.read(n) for n in archive.namelist() if n.startswith("xl/worksheets/")]
    assert len(pages) == 2
    assert all(b"<f>" not in page and b"<hyperlink" not in page for page in pages)
    book = openpyxl.load_workbook(started.folder / "data.xlsx")
    cells = [cell for row in book["codebook"] for cell in row if str(cell.value)[:1] in "=@-"]
    assert len(cells) >= 4
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in cells)
    text = (started.folder / "questionnaire.md").read_text(encoding="utf-8")
    assert text.splitlines()[0].endswith(r"calc'!A0 \# heading {x}")
    assert r"\<script\> \| \*\*bold\*\*" in text
    assert "<script>" not in text


def test_a_study_names_what_fits_its_model() -> None:
    composite = study_text(MODELS["ukcsi"], "zh-Hant")
    assert "engines: [composite]" in composite
    assert "language: zh-Hant" in composite
    assert "scheme" not in composite
    assert "comparison" not in composite
    assert "pls, plsc, semopy, ml, ols or ordinal" in study_text(MODELS["acsi"])


def command(arguments: list[str]) -> tuple[int, str]:
    """Run `acsi-sem init`."""
    commands = Typer()
    commands.command()(init)
    done = CliRunner().invoke(commands, arguments)
    if isinstance(done.exception, UsageError):
        raise done.exception
    return done.exit_code, done.stdout


@pytest.mark.parametrize(("name", "engine"), [("ecsi", "pls"), ("kcsi", "composite")])
def test_a_new_user_gets_a_report(
    name: str, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, told = command([name, "--out", "d"])
    assert code == 0
    steps = [line.strip() for line in told.splitlines() if line.startswith("  ")]
    assert steps[0] == "cd d"
    monkeypatch.chdir(tmp_path / "d")
    assert app.run(steps[1].split()[1:]) == 0
    book = sheets((tmp_path / "d" / "data.xlsx").read_bytes())
    assert list(book) == ["data", "codebook"]
    assert len(book["data"]) == 1 + 6 * TRIED_WITH
    assert book["data"][0] == list(demo_columns(load_model("model.yaml")))
    # As the step says, but with one quick engine and few replicates.
    quick = ["--engine", engine, "--bootstrap", "50"]
    assert app.run([*steps[2].split()[1:], *quick]) == 0
    page = (tmp_path / "d" / "reports" / "d" / "report.html").read_text(encoding="utf-8")
    assert MODELS[name].title.get() in page
    assert "Quillbrook" in page


def test_the_first_report_withholds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every age and region of every company is shown to who tries the commands as they stand."""
    monkeypatch.chdir(tmp_path)
    for step in start_study("kcsi", tmp_path).steps:
        assert app.run(step.split()[1:]) == 0
    table = pd.read_csv(tmp_path / "reports" / tmp_path.name / "breakdowns.csv")
    assert len(table) == 7 * (4 + 2 + 4) * 4  # constructs
    assert table["index"].notna().all()
    assert table["n"].min() >= 50


def test_in_the_folder_itself_no_cd_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, told = command(["swics_1998", "--language", "zh-Hans"])
    assert "cd " not in told
    assert "瑞士" in (tmp_path / "questionnaire.md").read_text(encoding="utf-8")


def test_a_survey_is_written_as_csv_or_as_a_workbook(tmp_path: Path) -> None:
    model = find_model("acsi")
    with pytest.raises(UsageError, match=r"\.csv or \.xlsx"):
        write_demo(model, tmp_path / "a.sav", seed=1, interviews=60, force=False)
    with pytest.raises(UsageError, match="at most 1,048,575 rows"):
        write_demo(model, tmp_path / "a.xlsx", seed=1, interviews=200_000, force=False)
    for name in ("a.csv", "a.xlsx"):
        assert write_demo(model, tmp_path / name, seed=1, interviews=60, force=False) == 360
    one, other = (read_survey(tmp_path / n, load_model(model)) for n in ("a.csv", "a.xlsx"))
    assert (one.values == other.values).sum() == (one.values == one.values).sum()
