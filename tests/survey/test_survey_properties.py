"""What holds for any survey: rows may be reordered, and every row is accounted for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import survey_files as files
from acsi_model import acsi_model
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.survey.cells import number_key, read_cell, read_cells
from acsi_sem.survey.read import survey_from_frame
from acsi_sem.survey.survey import Survey

ANSWERS = st.sampled_from([None, 98, 99, *range(1, 11)])
COLUMN = st.lists(ANSWERS, min_size=30, max_size=30)


def read(columns: dict[str, list[int | None]], order: np.ndarray | None = None) -> Survey:
    """Read a survey of 60 rows whose first 30 rows hold the given answers in some columns."""
    frame = pd.DataFrame(files.sound_table())
    for name, cells in columns.items():
        frame[name] = pd.Series([*cells, *frame[name].tolist()[30:]], dtype=object)
    if order is not None:
        frame = frame.iloc[order]
    return survey_from_frame(frame, acsi_model(), group="COMPANY", minimum_rows=0)


@settings(max_examples=40, deadline=None)
@given(COLUMN, COLUMN)
def test_missing_and_answers_add_up_to_the_rows(
    satis: list[int | None], ideal: list[int | None]
) -> None:
    survey = read({"SATIS": satis, "IDEAL": ideal})
    for place, item in enumerate(survey.items):
        missing = sum(m.count for m in survey.missing if m.indicator == item)
        assert missing + (~np.isnan(survey.values[:, place])).sum() == 60


@settings(max_examples=40, deadline=None)
@given(COLUMN, st.permutations(range(60)))
def test_the_order_of_rows_changes_no_count(satis: list[int | None], order: list[int]) -> None:
    rows = np.array(order)
    plain, mixed = read({"SATIS": satis}), read({"SATIS": satis}, rows)
    assert set(plain.missing) == set(mixed.missing)
    np.testing.assert_array_equal(mixed.values, plain.values[rows])
    assert plain.groups is not None
    assert mixed.groups is not None
    assert mixed.groups.keys == plain.groups.keys
    np.testing.assert_array_equal(mixed.groups.codes, plain.groups.codes[rows])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_its_key(number: float) -> None:
    assert read_cell(number_key(number)).number == number
    assert read_cell(number).number == number


@given(st.text())
def test_any_text_is_a_cell_and_never_an_accident(text: str) -> None:
    cell = read_cell(text)
    assert cell.key == read_cell(cell.key).key
    if cell.numeric:
        assert float(text) == cell.number
        assert text.isascii() or text.strip().isascii()


@given(st.lists(st.one_of(st.none(), st.integers(), st.text(), st.floats(), st.booleans())))
def test_cells_keep_every_row(values: list[object]) -> None:
    cells = read_cells(values)
    assert len(cells.codes) == len(values)
    for value, code in zip(values, cells.codes, strict=True):
        expected = read_cell(value)
        assert (cells.distinct[code].key, cells.distinct[code].blank) == (
            expected.key,
            expected.blank,
        )
