"""`acsi-sem models`: the list, and everything about one."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from acsi_sem.cli.models import models
from acsi_sem.errors import SpecError, UsageError
from acsi_sem.runs.codebook import asked_columns
from acsi_sem.runs.model_card import COLUMNS, ROOM, model_card, model_table, width, wrap
from acsi_sem.spec.catalogue import (
    find_model,
    list_models,
    model_folder,
    model_names,
)
from acsi_sem.spec.load import load_model

SHIPPED = {
    *("acsi", "acsi_1994", "acsi_gov", "acsi_split", "scsb_1989", "ecsi", "ecsi_mobi"),
    *("ncsb_2001", "ncsi_kr", "kcsi", "swics_1998", "kundenmonitor", "ccsi", "ccsi_complaints"),
    *("jcsi", "csisg", "hkcsi", "ukcsi", "ncsi_uk"),
}
ENTRIES = {entry.name: entry for entry in list_models()}
MODELS = {name: load_model(entry.file) for name, entry in ENTRIES.items()}
LANGUAGES = ("en", "zh-Hans", "zh-Hant")


def show(*arguments: str) -> str:
    """Run `acsi-sem models` and return what it prints; raise what it raises."""
    commands = Typer()
    commands.command()(models)
    done = CliRunner().invoke(commands, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0
    return done.stdout


def test_every_system_ships_under_the_name_of_its_file() -> None:
    assert set(model_names()) >= SHIPPED
    for entry in ENTRIES.values():
        assert entry.name == entry.file.stem
        assert sum(count for _, count in entry.evidence) > 0
        assert dict(entry.evidence)["documented"] > 0


def test_the_list_says_what_each_is() -> None:
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(show("--format", "csv")))}
    assert set(rows) >= SHIPPED
    assert tuple(rows["acsi"]) == COLUMNS
    assert rows["ecsi"] == {
        "name": "ecsi",
        "title": "European Customer Satisfaction Index (ECSI / EPSI)",
        "country": "Europe",
        "since": "1999",
        "kind": "structural",
        "constructs": "7",
        "questions": "21",
        "arrows": "13",
        "scale": "1-10",
        "interviews": "250",
        "unit": "provider",
        "engines": "pls plsc semopy ml ols ordinal",
    }
    assert rows["kcsi"]["engines"] == "composite"
    assert rows["kcsi"]["interviews"] == ""  # not documented, so not made up


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_fits_a_terminal(language: str) -> None:
    lines = model_table(ENTRIES.values(), language)
    assert max(width(line) for line in lines) <= ROOM
    heads = lines[0].split()
    assert heads[:4] == ["name", "country", "since", "kind"]
    for name, entry in ENTRIES.items():
        at = next(i for i, line in enumerate(lines) if line.split()[:1] == [name])
        assert lines[at + 1] == f"    {entry.title.get(language)}"
        assert lines[at][lines[0].index("kind") :].startswith(("structural", "composite"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_card_leaves_nothing_out(name: str, language: str) -> None:
    model = MODELS[name]
    lines = model_card(model, ENTRIES[name], language)
    assert max(width(line) for line in lines) <= ROOM
    text = "".join("".join(lines).split())

    def said(words: str) -> bool:
        return "".join(words.split()) in text

    assert said(model.title.get(language))
    for construct in model.constructs:
        assert said(f"{construct.name}: {construct.label.get(language)}")
    for item in model.answers:
        assert said((item.question or item.label).get(language))
    marks = {"positive": "(+)", "negative": "(-)", "any": "(+/-)"}
    for path in model.paths:
        assert said(f"{path.source} -> {path.target} {marks[path.sign]}")
    for part in model.evidence:
        assert said(part.text)
        assert said(part.source)
    for text_ in model.reach:
        assert said(text_.get(language))
    assert said(", ".join(entry.column for entry in asked_columns(model)))


def test_the_commands_print_what_is_made() -> None:
    assert show().splitlines() == model_table(ENTRIES.values())
    shown = show("jcsi", "--language", "zh-Hant").splitlines()
    assert shown == model_card(MODELS["jcsi"], ENTRIES["jcsi"], "zh-Hant")


def test_how_an_index_is_made_is_said_in_words() -> None:
    kcsi = " ".join(show("kcsi").split())
    assert "the highest 2 of the scale" in kcsi
    assert "2002 to 2010: 0.4 overall + 0.4 element + 0.2 repurchase" in kcsi
    assert "0.3 overall + 0.5 element + 0.2 repurchase" in kcsi
    assert "100 x / high, so that the lowest possible index is not 0" in show("ukcsi")
    assert "plain mean over its questions" in show("kundenmonitor")
    assert "weights come from the model" in " ".join(show("acsi").split())
    assert "250 interviews per company" in show("acsi")
    assert "Usual sample: not documented" in show("kcsi")


def test_a_model_file_of_ones_own_is_shown_too(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    shutil.copy(find_model("swics_1998"), own)
    assert show(str(own)) == show("swics_1998")
    table = list(csv.reader(io.StringIO(show(str(own), "--format", "csv"))))
    assert table[0][:3] == ["column", "role", "construct"]
    assert len(table) == 1 + 9 + 7


def test_unknown_names_and_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"acsi, acsi_1994.*did you mean 'kcsi'\?"):
        show("kcsy")
    with pytest.raises(UsageError) as caught:
        show("--language", "de", "--format", "html")
    assert [problem.path for problem in caught.value.problems] == ["--language", "--format"]
    with pytest.raises(SpecError):
        show(str(tmp_path / "none.yaml"))


def test_the_folder_of_an_installed_package_goes_before_the_checkout(tmp_path: Path) -> None:
    package = tmp_path / "acsi_sem"
    with pytest.raises(UsageError, match="a folder of model files"):
        model_folder(package)
    for place in (tmp_path / "models", package / "models"):
        place.mkdir(parents=True)
        (place / "acsi.yaml").touch()
        assert model_folder(package) == place


def test_lines_break_between_words_and_between_chinese_characters() -> None:
    assert wrap("one two three", 1, room=9) == [" one two", "   three"]
    assert wrap("顾客满意度", 0, room=6) == ["顾客满", "  意度"]
    assert wrap("", 2) == []
    assert wrap("a-very-long-word", 2, room=8) == ["  a-very-long-word"]
