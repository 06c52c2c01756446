"""Malformed survey files: how each is made and read. Their messages stand in a text file."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import survey_files as files
from acsi_model import acsi_model, make_indicator, make_model

from acsi_sem.spec.model import Derivation, Model, Text
from acsi_sem.spec.study import Codebook, DesignColumns, OutOfRangeRule, Study

Build = Callable[[Path], object]
EN = Text.of


@dataclass(frozen=True)
class Case:
    """A file's name, how it is made and how it is read."""

    id: str
    file: str
    build: Build
    options: dict[str, Any] = field(default_factory=dict)
    model: Callable[[], Model] = acsi_model


def of_table(table: files.Table, **metadata: Any) -> Build:
    """Write a table in the format that the file's extension names."""

    def build(path: Path) -> None:
        rows = files.records(table)
        match path.suffix:
            case ".csv":
                files.write_csv(path, rows)
            case ".tsv":
                files.write_csv(path, rows, delimiter="\t")
            case ".xlsx":
                files.write_xlsx(path, {"Answers": rows})
            case ".sav":
                files.write_sav(path, table, **metadata)
            case ".dta":
                files.write_dta(path, table, **metadata)
            case ".parquet":
                files.write_parquet(path, rows)
            case other:
                raise AssertionError(other)

    return build


def nothing(path: Path) -> None:
    """Write no file."""


def of_bytes(data: bytes) -> Build:
    """Write bytes."""
    return lambda path: path.write_bytes(data)


def of_text(text: str, encoding: str = "utf-8") -> Build:
    """Write text."""
    return of_bytes(text.encode(encoding))


def cut(build: Build, keep: float) -> Build:
    """Build a file and keep only the first part of its bytes."""

    def truncate(path: Path) -> None:
        build(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * keep)])

    return truncate


def renamed(build: Build, suffix: str) -> Build:
    """Build a file of another format under this file's name."""

    def rename(path: Path) -> None:
        build(path.with_suffix(suffix))
        path.with_suffix(suffix).rename(path)

    return rename


def of_rows(edit: Callable[[list[list[Any]]], object], rows: int = 60) -> Build:
    """Write the sound table after an edit of its rows, the header being row 0."""

    def build(path: Path) -> None:
        body = files.records(files.sound_table(rows))
        edit(body)
        if path.suffix == ".csv":
            files.write_csv(path, body)
        elif path.suffix == ".parquet":
            files.write_parquet(path, body)
        else:
            files.write_xlsx(path, {"Answers": body})

    return build


def header_only(path: Path) -> None:
    """Write the header of the sound table and no row."""
    of_rows(lambda rows: rows.__delitem__(slice(1, None)))(path)


def header(place: int, name: str) -> Callable[[list[list[Any]]], None]:
    """Edit one name of the header."""

    def edit(rows: list[list[Any]]) -> None:
        rows[0][place] = name

    return edit


def cells(column: str, values: dict[int, Any], rows: int = 60) -> Build:
    """Write the sound table with some cells replaced."""
    return of_table(files.with_cells(column, values, rows))


def without(*columns: str) -> files.Table:
    """Return the sound table less some columns."""
    return {name: column for name, column in files.sound_table().items() if name not in columns}


def workbook(path: Path) -> None:
    """Write a workbook whose first sheet is a cover page."""
    rows = files.records(files.sound_table())
    files.write_xlsx(path, {"Cover": [["Title"], ["Survey 2026"]], "Answers": rows})


def price_model() -> Model:
    """Return the ACSI model with price tolerance as a second loyalty item."""
    model = acsi_model()
    loyalty = model.construct("loyalty")
    wider = replace(loyalty, indicators=(*loyalty.indicators, make_indicator("PT")))
    recipe = Derivation("PT", "price_tolerance", (("high", "HIGHPTOL"), ("low", "LOWPTOL")))
    return replace(model, constructs=(*model.constructs[:-1], wider), derive=(recipe,))


def one_block_model() -> Model:
    """Return a model of two constructs, so that few columns are absent."""
    return make_model(
        {"quality": ("PQ",), "satisfaction": ("SATIS",)}, [("quality", "satisfaction")]
    )


def prices(high: dict[int, Any], low: dict[int, Any]) -> Build:
    """Write the sound table with the two price questions."""
    table = files.sound_table()
    table["HIGHPTOL"] = [i % 25 if i % 2 else None for i in range(60)]
    table["LOWPTOL"] = [None if i % 2 else i % 25 for i in range(60)]
    for name, edits in (("HIGHPTOL", high), ("LOWPTOL", low)):
        for row, value in edits.items():
            table[name][row] = value
    return of_table(table)


def study(**settings: Any) -> Study:
    """Return a bare study."""
    return Study("test", EN(None, "test"), "model.yaml", **settings)


WEIGHTED = {"design": DesignColumns(weight="WEIGHT")}
FREQUENCY = {"design": DesignColumns(weight="WEIGHT", weight_kind="frequency")}
GROUPED = {"group": "COMPANY", "minimum_rows": 20}
GENDER = Codebook("GENDER", EN(None, "Gender"), (("1", EN("Male", "")), ("2", EN("Female", ""))))
AGE = Codebook("AGE", EN(None, "Age"), bins=(18, 35, 50))
COMPANY = Codebook(
    "COMPANY", EN(None, "Company"), (("North", EN("Polar", "")), ("South", EN("Polar", "")))
)
OVERALL = Codebook("COMPANY", EN(None, "Company"), (("North", EN("ALL", "")),))
RULE = OutOfRangeRule("SATIS", 11.0, "error", "typing error")

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

CASES = (
    Case("not there", "absent.csv", nothing),
    Case("folder", "folder.csv", lambda path: path.mkdir()),
    Case("no extension", "survey", of_text("SATIS")),
    Case("unknown extension", "survey.xls", of_text("SATIS")),
    Case("empty csv", "survey.csv", of_bytes(b"")),
    Case("byte order mark only", "survey.csv", of_bytes(b"\xef\xbb\xbf\r\n")),
    Case("empty sav", "survey.sav", of_bytes(b"")),
    Case("header only csv", "survey.csv", header_only),
    Case("header only xlsx", "survey.xlsx", header_only),
    Case("empty sheet", "survey.xlsx", of_rows(list.clear)),
    Case("junk xlsx", "survey.xlsx", of_bytes(b"PK\x03\x04 junk")),
    Case("truncated xlsx", "survey.xlsx", cut(of_table(files.sound_table()), 0.5)),
    Case(
        "password",
        "survey.xlsx",
        of_bytes(OLE2 + bytes(512) + "EncryptedPackage".encode("utf-16-le")),
    ),
    Case("old xls named xlsx", "survey.xlsx", of_bytes(OLE2 + bytes(512))),
    Case("csv named xlsx", "survey.xlsx", renamed(of_table(files.sound_table()), ".csv")),
    Case("absent sheet", "survey.xlsx", workbook, {"sheet": "Answer"}),
    Case("absent sheet of a study", "survey.xlsx", workbook, {"study": study(sheet="Data 2026")}),
    Case("xlsx named csv", "survey.csv", renamed(of_table(files.sound_table()), ".xlsx")),
    Case("parquet named csv", "survey.csv", renamed(of_table(files.sound_table()), ".parquet")),
    Case("sav named csv", "survey.csv", renamed(of_table(files.sound_table()), ".sav")),
    Case("utf-16 csv", "survey.csv", of_text("SATIS,IDEAL\n7,8\n", "utf-16")),
    Case("binary csv", "survey.csv", of_bytes(bytes(range(256)) * 8)),
    Case("neither utf-8 nor gb18030", "survey.csv", of_bytes(b"SATIS,COMPANY\n7,\xff\xff\n")),
    Case("western csv", "survey.csv", of_text("SATIS,COMPANY\n7,Söhne\n8,Grün\n", "cp1252")),
    Case("unclosed quote", "survey.csv", of_text('SATIS,IDEAL\n7,"8\n9,9\n')),
    Case("stray quote", "survey.csv", of_text('SATIS,IDEAL\n7,"8"9\n')),
    Case("row too long", "survey.csv", of_rows(lambda rows: rows[4].append("more"))),
    Case(
        "rows too short", "survey.csv", of_rows(lambda rows: [rows[i].pop() for i in range(9, 19)])
    ),
    Case("damaged sav", "survey.sav", of_bytes(b"$FL2 junk")),
    Case("truncated sav", "survey.sav", cut(of_table(files.sound_table()), 0.3)),
    Case("damaged dta", "survey.dta", of_bytes(b"junk" * 9)),
    Case("truncated dta", "survey.dta", cut(of_table(files.sound_table()), 0.3)),
    Case("damaged parquet", "survey.parquet", of_bytes(b"junk" * 9)),
    Case("truncated parquet", "survey.parquet", cut(of_table(files.sound_table()), 0.9)),
    Case("repeated column csv", "survey.csv", of_rows(header(1, "OVERALLX"))),
    Case("repeated column xlsx", "survey.xlsx", of_rows(header(13, "SATIS"))),
    Case("repeated column parquet", "survey.parquet", of_rows(header(13, "SATIS"))),
    Case("column in lower case", "survey.csv", of_rows(header(8, "satis"))),
    Case(
        "column misspelt",
        "survey.sav",
        of_table({"OVERALX" if n == "OVERALLX" else n: v for n, v in files.sound_table().items()}),
    ),
    Case("column absent", "survey.tsv", of_table(without("IDEAL", "COMP"))),
    Case("cover page first", "survey.xlsx", workbook, model=one_block_model),
    Case("absent group", "survey.csv", of_table(files.sound_table()), {"group": "BRAND"}),
    Case(
        "absent design columns",
        "survey.csv",
        of_table(files.sound_table()),
        {"design": DesignColumns("WEIGHTS", "sampling", "STRATA", "CLUSTER")},
    ),
    Case("absent breakdown", "survey.csv", of_table(without("AGE")), {"breakdowns": (AGE,)}),
    Case(
        "absent input of a derived item",
        "survey.csv",
        of_table(files.sound_table() | {"HIGHPTOL": [5] * 60}),
        model=price_model,
    ),
    Case("word as answer", "survey.csv", cells("SATIS", {3: "good", 7: "good", 9: "n/a"})),
    Case("decimal comma", "survey.csv", cells("SATIS", {3: "7,5"})),
    Case("digits nobody means", "survey.csv", cells("SATIS", {0: "1_0", 1: "７", 2: "inf"})),
    Case("error value xlsx", "survey.xlsx", cells("SATIS", {5: "#N/A"})),
    Case("formula without value", "survey.xlsx", cells("SATIS", {5: "=1+1"})),
    Case("date as answer", "survey.xlsx", cells("SATIS", {5: datetime.date(2026, 1, 7)})),
    Case("text in sav", "survey.sav", of_table(files.sound_table() | {"SATIS": ["good"] * 60})),
    Case("11 on a scale to 10", "survey.csv", cells("SATIS", dict.fromkeys(range(10, 20), 11))),
    Case("0 on a scale from 1", "survey.xlsx", cells("PQ", {2: 0})),
    Case("2 for a complaint", "survey.dta", of_table(files.with_cells("COMP", {0: 2, 1: 2}))),
    Case(
        "97 not declared",
        "survey.sav",
        of_table(files.with_cells("SATIS", {0: 97, 1: 96}), missing_ranges={"SATIS": [96]}),
    ),
    Case("infinity", "survey.parquet", of_table(files.with_cells("REPUR", {4: float("inf")}) | {})),
    Case("many unexpected values", "survey.csv", cells("SATIS", {i: 20 + i for i in range(12)})),
    Case(
        "rule that says error",
        "survey.csv",
        cells("SATIS", {1: 11}),
        {"study": study(out_of_range=(RULE,))},
    ),
    Case("both price questions", "survey.csv", prices({4: 5, 6: 10}, {}), model=price_model),
    Case("price change of 30 %", "survey.csv", prices({1: 30}, {2: -1}), model=price_model),
    Case(
        "derived item in the file",
        "survey.csv",
        of_table(
            files.sound_table() | {"PT": [5] * 60, "HIGHPTOL": [5] * 60, "LOWPTOL": [""] * 60}
        ),
        model=price_model,
    ),
    Case("constant item", "survey.csv", of_table(files.sound_table() | {"QP": [8] * 60})),
    Case(
        "constant item in a group",
        "survey.csv",
        cells("QP", dict.fromkeys(range(1, 60, 2), 8)),
        GROUPED,
    ),
    Case(
        "item without an answer",
        "survey.csv",
        of_table(files.sound_table() | {"QP": [98, 98, 99] + [""] * 57}),
    ),
    Case("too few rows", "survey.csv", of_table(files.sound_table(30))),
    Case(
        "fewer rows than indicators",
        "survey.csv",
        of_table(files.sound_table(12)),
        {"minimum_rows": 0},
    ),
    Case("too few complete rows", "survey.csv", cells("IDEAL", dict.fromkeys(range(20), 98))),
    Case(
        "a group with too few rows",
        "survey.csv",
        cells("IDEAL", dict.fromkeys(range(0, 60, 4), "")),
        GROUPED,
    ),
    Case(
        "many small groups",
        "survey.csv",
        of_table(files.sound_table() | {"COMPANY": [f"C{i % 12:02}" for i in range(60)]}),
        {"group": "COMPANY"},
    ),
    Case("weight missing", "survey.csv", cells("WEIGHT", {3: "", 4: "NA"}), WEIGHTED),
    Case("weight zero", "survey.csv", cells("WEIGHT", {3: 0}), WEIGHTED),
    Case("weight negative", "survey.xlsx", cells("WEIGHT", {3: -0.5, 9: -1}), WEIGHTED),
    Case("weight infinite", "survey.parquet", cells("WEIGHT", {3: float("inf")}), WEIGHTED),
    Case("weight in words", "survey.csv", cells("WEIGHT", {3: "heavy", 5: "0,5"}), WEIGHTED),
    Case("weight with a decimal comma", "survey.csv", cells("WEIGHT", {5: "0,5"}), WEIGHTED),
    Case("fraction as frequency", "survey.csv", of_table(files.sound_table()), FREQUENCY),
    Case(
        "zero as frequency",
        "survey.csv",
        of_table(files.sound_table() | {"WEIGHT": [0, 2] * 30}),
        FREQUENCY,
    ),
    Case(
        "stratum missing",
        "survey.csv",
        cells("STRATUM", {3: ""}),
        {"design": DesignColumns(stratum="STRATUM")},
    ),
    Case(
        "PSU missing",
        "survey.sav",
        of_table(files.with_cells("PSU", {3: None, 8: None})),
        {"design": DesignColumns(psu="PSU")},
    ),
    Case(
        "group called all",
        "survey.csv",
        cells("COMPANY", dict.fromkeys(range(0, 60, 2), " All")),
        GROUPED,
    ),
    Case(
        "group labelled all",
        "survey.csv",
        of_table(files.sound_table()),
        {"study": study(columns=(OVERALL,)), **GROUPED},
    ),
    Case("row without a group", "survey.csv", cells("COMPANY", {0: "", 1: "  ", 7: "NA"}), GROUPED),
    Case(
        "two codes with one label",
        "survey.csv",
        of_table(files.sound_table()),
        {"study": study(columns=(COMPANY,)), **GROUPED},
    ),
    Case("unlisted code", "survey.csv", cells("GENDER", {2: 3, 3: "x"}), {"breakdowns": (GENDER,)}),
    Case(
        "many unlisted codes",
        "survey.csv",
        cells("GENDER", {i: 10 + i for i in range(8)}),
        {"breakdowns": (GENDER,)},
    ),
    Case("age in words", "survey.csv", cells("AGE", {2: "thirty"}), {"breakdowns": (AGE,)}),
    Case(
        "everything at once",
        "survey.csv",
        of_table(
            files.with_cells("SATIS", {0: 11})
            | {"PQ": ["?"] * 60, "WEIGHT": [0] * 60, "COMPANY": ["all"] * 60}
        ),
        {**GROUPED, **WEIGHTED, "breakdowns": (replace(AGE, column="AGES"),)},
    ),
)
