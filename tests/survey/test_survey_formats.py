"""The same answers in every format make the same survey; text survives as text."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import survey_files as files
from acsi_model import acsi_model

from acsi_sem.survey.read import read_survey, survey_from_frame
from acsi_sem.survey.survey import Survey

GROUPED: dict[str, Any] = {"group": "COMPANY", "minimum_rows": 20}
FORMATS = ("csv", "tsv", "xlsx", "sav", "dta", "parquet")


def table_with_gaps() -> files.Table:
    """Return the sound table with blanks and missing codes."""
    table = files.sound_table()
    table["SATIS"][0], table["SATIS"][1], table["IDEAL"][2] = 98, 99, None
    return table


def write(path: Path, table: files.Table) -> Path:
    """Write a table in the format of the path's extension."""
    rows = files.records(table)
    match path.suffix:
        case ".csv":
            return files.write_csv(path, rows)
        case ".tsv":
            return files.write_csv(path, rows, delimiter="\t")
        case ".xlsx":
            return files.write_xlsx(path, {"Answers": rows})
        case ".sav":
            return files.write_sav(path, table)
        case ".dta":
            return files.write_dta(path, table)
        case _:
            return files.write_parquet(path, rows)


def expected_values() -> np.ndarray:
    """Return the answers that the table with gaps holds."""
    table = table_with_gaps()
    values = np.array([[np.nan if v is None else v for v in table[n]] for n in files.ITEMS]).T
    values[np.isin(values, (98, 99))] = np.nan
    return values


@pytest.mark.parametrize("extension", FORMATS)
def test_every_format_gives_the_same_survey(tmp_path: Path, extension: str) -> None:
    path = write(tmp_path / f"survey.{extension}", table_with_gaps())
    survey = read_survey(path, acsi_model(), **GROUPED)
    np.testing.assert_array_equal(survey.values, expected_values())
    assert survey.groups is not None
    assert survey.groups.keys == ("North", "South")
    np.testing.assert_array_equal(survey.groups.codes, np.arange(60) % 2)
    counts = [(m.indicator, m.code, m.label, m.count) for m in survey.missing]
    assert counts == [
        ("SATIS", "98", "don't know", 1),
        ("SATIS", "99", "refused", 1),
        ("IDEAL", "", "blank", 1),
    ]
    assert survey.source.format == extension
    assert survey.source.rows == 60
    assert survey.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert survey.notices == ()


def test_a_frame_gives_the_same_survey() -> None:
    frame = pd.DataFrame(table_with_gaps())
    before = frame.copy()
    survey = survey_from_frame(frame, acsi_model(), **GROUPED)
    np.testing.assert_array_equal(survey.values, expected_values())
    assert survey.source.format == "frame"
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("dtype", ["Int64", "float32", "object", "string", "category"])
def test_a_frame_may_hold_answers_in_any_type(dtype: Any) -> None:
    frame = pd.DataFrame(table_with_gaps())
    items = list(files.ITEMS)
    cells = frame[items].astype("Int64")
    frame[items] = cells
    for item in items:
        frame[item] = cells[item].astype(dtype)
    survey = survey_from_frame(frame, acsi_model(), **GROUPED)
    np.testing.assert_array_equal(survey.values, expected_values())


def test_arrays_are_contiguous_and_read_only(tmp_path: Path) -> None:
    survey = read_survey(write(tmp_path / "survey.csv", files.sound_table()), acsi_model())
    assert survey.values.flags.c_contiguous
    assert survey.values.dtype == np.float64
    for array in (survey.values, survey.low, survey.high, survey.design.weights):
        assert not array.flags.writeable


def read_rows(path: Path, rows: list[list[Any]], **how: Any) -> Survey:
    """Write rows as delimited text and read them, grouped by company."""
    return read_survey(files.write_csv(path, rows, **how), acsi_model(), **GROUPED)


def chinese_table() -> files.Table:
    """Return the sound table with Chinese companies."""
    table = files.sound_table()
    table["COMPANY"] = [("明湖百货", "云鹤快递")[i % 2] for i in range(60)]
    return table


def test_gb18030_is_read_and_told(tmp_path: Path) -> None:
    rows = files.records(chinese_table())
    survey = read_rows(tmp_path / "survey.csv", rows, encoding="gb18030")
    assert survey.groups is not None
    assert survey.groups.keys == ("云鹤快递", "明湖百货")
    assert survey.source.encoding == "gb18030"
    (notice,) = survey.notices
    assert notice.kind == "encoding"
    assert "明湖百货" in notice.message


def test_traditional_characters_in_gb18030_are_not_taken_for_western(tmp_path: Path) -> None:
    table = files.sound_table()
    table["COMPANY"] = [("顧客滿意度", "國際電訊")[i % 2] for i in range(60)]
    survey = read_rows(tmp_path / "survey.csv", files.records(table), encoding="gb18030")
    assert survey.groups is not None
    assert set(survey.groups.keys) == {"顧客滿意度", "國際電訊"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_the_first_choice_and_needs_no_notice(tmp_path: Path, encoding: str) -> None:
    rows = files.records(chinese_table())
    survey = read_rows(tmp_path / "survey.csv", rows, encoding=encoding)
    assert survey.groups is not None
    assert survey.groups.keys == ("云鹤快递", "明湖百货")
    assert survey.source.encoding == "utf-8"
    assert survey.notices == ()


@pytest.mark.parametrize(("delimiter", "word"), [(";", "semicolon"), ("\t", "tab")])
def test_another_delimiter_is_told(tmp_path: Path, delimiter: str, word: str) -> None:
    rows = files.records(files.sound_table())
    survey = read_rows(tmp_path / "survey.csv", rows, delimiter=delimiter)
    (notice,) = survey.notices
    assert notice.kind == "delimiter"
    assert word in notice.message


HOSTILE = (
    '=HYPERLINK("http://evil","x")',
    "<script>alert(1)</script>",
    "a\x00b",
    "x" * 100_000,
    "two\nlines",
    'quote " and, comma',
)


@pytest.mark.parametrize("text", HOSTILE, ids=["formula", "html", "nul", "long", "line", "quote"])
def test_hostile_text_survives_as_text(tmp_path: Path, text: str) -> None:
    table = files.sound_table()
    table["COMPANY"] = [(text, "South")[i % 2] for i in range(60)]
    survey = read_rows(tmp_path / "survey.csv", files.records(table))
    assert survey.groups is not None
    assert set(survey.groups.keys) == {text, "South"}
    np.testing.assert_array_equal(np.bincount(survey.groups.codes), [30, 30])


def test_rows_keep_their_numbers_over_blank_lines_and_broken_cells(tmp_path: Path) -> None:
    rows = files.records(files.with_cells("SATIS", {9: 11}))
    rows[0].append("REMARK")
    for row in rows[1:]:
        row.append("two\nlines")
    rows.insert(5, [""] * len(rows[0]))
    with pytest.raises(Exception, match=r"got 11 in 1 row \(row 12\)"):
        read_rows(tmp_path / "survey.csv", rows)


@pytest.mark.parametrize("extension", ["csv", "xlsx", "sav", "parquet"])
def test_codes_are_whole_numbers_however_stored(tmp_path: Path, extension: str) -> None:
    table = files.sound_table()
    table["COMPANY"] = [(3003.0, 1001.0)[i % 2] for i in range(60)]
    path = write(tmp_path / f"survey.{extension}", table)
    survey = read_survey(path, acsi_model(), **GROUPED)
    assert survey.groups is not None
    assert survey.groups.keys == ("1001", "3003")


def test_labels_of_codes_come_from_spss(tmp_path: Path) -> None:
    table = files.sound_table()
    table["COMPANY"] = [float(1 + i % 2) for i in range(60)]
    labels = {"COMPANY": {1.0: "North Bank", 2.0: "South Bank"}}
    path = files.write_sav(tmp_path / "survey.sav", table, variable_value_labels=labels)
    survey = read_survey(path, acsi_model(), **GROUPED)
    assert survey.labels == {"1": "North Bank", "2": "South Bank"}


def test_user_missing_values_of_spss_are_counted_with_their_labels(tmp_path: Path) -> None:
    table = files.with_cells("SATIS", {0: 96, 1: 97, 2: 97, 3: 98})
    path = files.write_sav(
        tmp_path / "survey.sav",
        table,
        missing_ranges={"SATIS": [{"lo": 96, "hi": 97}]},
        variable_value_labels={"SATIS": {97: "not asked"}},
    )
    survey = read_survey(path, acsi_model())
    counts = [(m.code, m.label, m.count) for m in survey.missing]
    assert counts == [
        ("96", "declared missing in the file", 1),
        ("97", "not asked", 2),
        ("98", "don't know", 1),
    ]


def test_extended_missing_values_of_stata_are_counted(tmp_path: Path) -> None:
    table = files.sound_table()
    table["SATIS"] = ["a", "b", *table["SATIS"][2:]]
    path = files.write_dta(
        tmp_path / "survey.dta",
        table,
        missing_user_values={"SATIS": ["a", "b"]},
        variable_value_labels={"SATIS": {"a": "not asked"}},
    )
    survey = read_survey(path, acsi_model())
    counts = [(m.code, m.label, m.count) for m in survey.missing]
    assert counts == [("a", "not asked", 1), ("b", "declared missing in the file", 1)]


def test_null_errors_of_spss_workbooks_are_blanks(tmp_path: Path) -> None:
    path = write(tmp_path / "survey.xlsx", files.with_cells("SATIS", {4: "#NULL!"}))
    survey = read_survey(path, acsi_model())
    assert [(m.code, m.label, m.count) for m in survey.missing] == [("", "blank", 1)]


def test_numbers_stored_as_text_are_read_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "survey.xlsx", files.with_cells("SATIS", {4: " 7 "}))
    survey = read_survey(path, acsi_model())
    assert survey.values[4, survey.items.index("SATIS")] == 7
    (notice,) = survey.notices
    assert (notice.kind, notice.subject) == ("text_numbers", "SATIS")


def test_a_sheet_is_found_by_name(tmp_path: Path) -> None:
    rows = files.records(files.sound_table())
    path = files.write_xlsx(tmp_path / "survey.xlsx", {"Cover": [["Title"]], "Answers": rows})
    assert len(read_survey(path, acsi_model(), sheet="Answers").values) == 60


def test_title_rows_above_the_header_keep_row_numbers(tmp_path: Path) -> None:
    rows = files.records(files.with_cells("SATIS", {0: 11}))
    path = files.write_xlsx(tmp_path / "survey.xlsx", {"Answers": [[], [], *rows]})
    with pytest.raises(Exception, match=r"got 11 in 1 row \(row 4\)"):
        read_survey(path, acsi_model())
