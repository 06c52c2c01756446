"""Import of published scores: every fault with its line, nothing twice, nothing half."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from history_cases import BEFORE, make_study

from acsi_sem.errors import DataError, UsageError
from acsi_sem.runs.history import load_history
from acsi_sem.runs.history_import import import_history, parse_history, read_history

ROOT = Path(__file__).parents[2]
HEAD = "series,level,unit,period,index,note\n"


def problems(text: str) -> list[str]:
    """Return what is wrong with a file, one sentence each."""
    with pytest.raises(DataError) as caught:
        parse_history(text.encode(), "f.csv")
    return [str(problem) for problem in caught.value.problems]


def test_every_fault_is_told_at_its_line_at_once() -> None:
    text = (
        "series,level,unit,period,index,conf_low,conf_high,std_error,doubtful,note\n"
        "A,nation,nation,2001Q5,70,,,,,\n"
        'A,nation,"two\nlines",2001Q1,101,,,,,\n'
        "A,,nation,2001Q2,70,72,71,-1,2,\n"
        "A,nation,nation,2001Q3,,,,,,\n"
        "A,nation,nation,2001Q4,nan,,,1_0,,\n"
    )
    found = problems(text)
    assert [line.split(": expected")[0] for line in found] == [
        "f.csv:2: column period",
        "f.csv:3: column index",
        "f.csv:5: column level",
        "f.csv:5: column std_error",
        "f.csv:5: column doubtful",
        "f.csv:5: column conf_low",
        "f.csv:6: column index",
        "f.csv:7: column index",
        "f.csv:7: column std_error",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("note\n", "f.csv:1: column series: expected the column"),
        (HEAD, "f.csv: expected a row for each reading, got none"),
        (HEAD + "A,nation,nation,2001,70\n", "f.csv:2: expected 6 cells, as in the header, got 5"),
        (HEAD.replace("note", "noet"), "f.csv:1: column noet: expected one of series, level"),
        (HEAD.replace("note", "index"), "f.csv:1: column index: expected every column once"),
        (HEAD + 'A,nation,"x"y,2001,70,\n', "f.csv:2: expected a row of a CSV file"),
        (HEAD + 2 * "A,company,u,2001,70,\n", "f.csv:3: u 2001: expected every reading once"),
    ],
)
def test_files_that_are_no_history(text: str, told: str) -> None:
    assert any(problem.startswith(told) for problem in problems(text))


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_one_fault(text: str) -> None:
    assert problems(text) == ["f.csv: expected a CSV file of published scores, got an empty file"]


def test_bytes_that_are_no_utf_8_are_placed() -> None:
    with pytest.raises(DataError, match=r"f\.csv:2: expected text in UTF-8, got the byte 0xe9"):
        parse_history(HEAD.encode() + b"A,company,Caf\xe9,2001,70,\n", "f.csv")


def test_readings_are_as_written() -> None:
    text = "\ufeff" + HEAD + "A,company,'=1+1,1995,70.25,\n\nA,company,'quoted,1996,,not measured\n"
    table = parse_history(text.encode(), "f.csv")
    # What our own CSV files put before a formula goes; any other apostrophe stays.
    assert list(table["unit"]) == ["=1+1", "'quoted"]
    assert table["index"].iloc[0] == 70.25
    assert math.isnan(table["index"].iloc[1])
    assert list(table["construct"]) == ["satisfaction"] * 2


def test_import_copies_once_and_says_so_the_second_time(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    source = ROOT / "data" / "published" / "acsi_airlines.csv"
    first = import_history(study, source)
    assert first.fresh
    assert (first.readings, first.series) == (135, ("ACSI",))
    assert first.file.read_bytes() == source.read_bytes()
    assert first.file.name.startswith("acsi-airlines-")
    assert not import_history(study, source).fresh
    assert [path.name for path in first.file.parent.iterdir()] == [first.file.name]
    assert len(load_history(study)) == 135 + 2


def test_all_committed_histories_go_into_one_store(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    for source in sorted((ROOT / "data" / "published").glob("*.csv")):
        import_history(study, source)
    table = load_history(study)
    assert table["series"].eq("ACSI").sum() == 56 + 135 + 120


def test_a_reading_that_is_there_already_needs_another_vintage(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    source = tmp_path / "scores.csv"
    source.write_text(HEAD + "A,company,u,2001,70,\nA,company,u,2002,71,\n", encoding="utf-8")
    import_history(study, source)
    source.write_text(HEAD + "A,company,u,2003,70,\n\nA,company,u,2002,72,\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"scores\.csv:4: u 2002: expected a new reading") as caught:
        import_history(study, source)
    assert len(caught.value.problems) == 1
    source.write_text(
        HEAD.replace("note", "vintage") + "A,company,u,2002,72,2003\n", encoding="utf-8"
    )
    assert import_history(study, source).fresh


def test_series_is_given_to_a_file_without_that_column(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    source = tmp_path / "scores.csv"
    source.write_text("level,unit,period,index\ncompany,u,2001,70\n", encoding="utf-8")
    with pytest.raises(DataError, match="column series: expected the column"):
        import_history(study, source)
    found = import_history(study, source, "Mine")
    assert found.series == ("Mine",)
    assert list(read_history(found.file)["series"]) == ["Mine"]
    source.write_text("level,unit,period,index\ncompany,u,2001,700\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"scores\.csv:2: column index"):
        import_history(study, source, "Mine")
    source.write_text(BEFORE, encoding="utf-8")
    with pytest.raises(UsageError, match="both a column series and --series"):
        import_history(study, source, "Mine")


def test_the_name_of_the_study_is_no_series_of_others(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    source = tmp_path / "scores.csv"
    source.write_text(HEAD + "trial,company,u,2001,70,\n", encoding="utf-8")
    with pytest.raises(DataError, match="'trial', the study's own"):
        import_history(study, source)
    assert not (tmp_path / "store").exists()
