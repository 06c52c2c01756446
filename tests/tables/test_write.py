"""Tables on disk: exact, deterministic, harmless in a spreadsheet."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from acsi_sem.methods.explore import tables as explored
from acsi_sem.planning.tables import CHOICES, PLAN
from acsi_sem.tables.schema import (
    AGREEMENT,
    ESTIMATES,
    INDICES,
    METHODS,
    SCHEMAS,
    SYSTEM_DRIVERS,
    SYSTEM_FIT,
    SYSTEMS,
    make_table,
    records,
)
from acsi_sem.tables.write import csv_bytes, parquet_bytes
from acsi_sem.terms import GLOSSARY

ROWS = [
    {"group": "=cmd()", "engine": "pls", "construct": "a", "n": 3, "index": 1 / 3, "note": ""},
    {"group": "北京", "engine": "pls", "construct": "b", "n": 0, "note": "withheld"},
]


ESTIMATE_COLUMNS = """group,engine,lhs,op,rhs,estimate,std_error,se_type,statistic,p_value,\
conf_low,conf_high,std_estimate,std_estimate_se,note"""
INDEX_COLUMNS = """group,engine,construct,n,n_complete,n_eff,index,std_error,conf_low,conf_high,\
conf_level,note"""


def test_columns_are_those_of_the_design() -> None:
    assert ",".join(ESTIMATES.columns) == ESTIMATE_COLUMNS
    assert ",".join(INDICES.columns) == INDEX_COLUMNS


def test_every_column_is_in_the_glossary() -> None:
    others = (METHODS, SYSTEMS, AGREEMENT, SYSTEM_DRIVERS, SYSTEM_FIT, PLAN, CHOICES)
    for schema in (*SCHEMAS, *others, *explored.SCHEMAS):
        assert set(schema.columns) <= set(GLOSSARY), schema.name


def test_unknown_columns_are_refused() -> None:
    with pytest.raises(KeyError, match="indx"):
        make_table(INDICES, [{"indx": 3.0}])


def test_an_empty_table_keeps_its_types() -> None:
    table = make_table(INDICES, [])
    assert table["index"].dtype == np.float64
    assert table["n"].dtype == np.int64


def test_numbers_survive_both_formats_exactly() -> None:
    table = make_table(INDICES, ROWS)
    from_csv = pd.read_csv(io.BytesIO(csv_bytes(table)))
    from_parquet = pd.read_parquet(io.BytesIO(parquet_bytes(table)))
    assert from_csv["index"].iloc[0] == 1 / 3
    assert from_parquet["index"].iloc[0] == 1 / 3
    assert np.isnan(from_csv["index"].iloc[1])
    assert from_parquet["group"].tolist() == ["=cmd()", "北京"]


def test_unknown_is_empty_and_lines_end_alike() -> None:
    text = csv_bytes(make_table(INDICES, ROWS)).decode("utf-8")
    assert "\r" not in text
    assert "nan" not in text.lower()
    assert text.splitlines()[2].startswith("北京,pls,b,0,0,,,")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+A1", "'+A1"),
        ("-A1", "'-A1"),
        ("@x", "'@x"),
        ("-1", "-1"),
        ("+2.5", "+2.5"),
        ("A=1", "A=1"),
        ("", ""),
    ],
)
def test_formulas_are_neutralised_in_survey_text(text: str, written: str) -> None:
    table = pd.DataFrame({"group": [text, "x"]})
    assert csv_bytes(table).decode().splitlines()[1] in (written, f'"{written}"')


def test_operators_are_left_alone() -> None:
    table = make_table(ESTIMATES, [{"op": "=~"}])
    assert b",=~," in csv_bytes(table)


def test_bytes_are_the_same_again() -> None:
    one, two = make_table(INDICES, ROWS), make_table(INDICES, ROWS)
    assert csv_bytes(one) == csv_bytes(two)
    assert parquet_bytes(one) == parquet_bytes(two)


def test_records_are_plain_rows() -> None:
    assert records(make_table(INDICES, ROWS))[0]["group"] == "=cmd()"
