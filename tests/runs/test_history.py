"""The history of a nation out of its store: revisions are vintages, the order is fixed."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from history_cases import BEFORE, make_study, publish_tables, tables

from acsi_sem.errors import DataError, UsageError
from acsi_sem.runs.history import (
    current_vintages,
    join_histories,
    load_history,
    own_history,
)
from acsi_sem.runs.store import Store
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Study
from acsi_sem.tables.national import HISTORY


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Publish two quarters, the second in two revisions."""
    study = make_study(tmp_path)
    publish_tables(study, "2025Q4", 1, 0.0)
    publish_tables(study, "2026Q1", 1, 1.0)
    publish_tables(study, "2026Q1", 2, 1.5)
    return study


def readings(table: pd.DataFrame, **wanted: str) -> list[tuple[str, str, float]]:
    """Return period, vintage and index of the rows described."""
    for name, value in wanted.items():
        table = table[table[name].eq(value)]
    return list(zip(table["period"], table["vintage"], table["index"], strict=True))


def test_every_revision_is_a_vintage_beside_what_others_published(study: Study) -> None:
    table = load_history(study)
    assert list(table.columns) == list(HISTORY.columns)
    own = readings(table, series="trial", unit="North", source="pls")
    assert own == [("2025Q4", "r1", 71.25), ("2026Q1", "r1", 72.25), ("2026Q1", "r2", 72.75)]
    nation = readings(table, series="trial", level="nation", form="pooled")
    assert nation == [("2025Q4", "r1", 69.0), ("2026Q1", "r1", 70.0), ("2026Q1", "r2", 70.5)]
    assert readings(table, series="Old", period="2024Q4") == [("2024Q4", "2025", 70.5)]
    assert len(table) == 3 * 5 + 2


def test_withheld_stays_withheld_and_internal_is_never_read(study: Study) -> None:
    table = load_history(study)
    withheld = table[table["unit"].eq("North") & table["source"].eq("ols")]
    assert withheld["index"].isna().all()
    assert withheld["note"].str.startswith("withheld").all()
    assert not table["index"].eq(1.0).any()


def test_the_nation_of_one_quarter_is_told_from_the_rolling_one(study: Study) -> None:
    made = tables("2026Q2", 0.0)
    quarter = made["readings"].iloc[[0]].assign(level="nation", unit="nation", parent="")
    table = own_history(study, pd.concat([made["readings"], quarter]), made["national"], 1)
    nation = table[table["level"].eq("nation")]
    assert dict(zip(nation["form"], nation["index"], strict=True)) == {
        "quarter": 71.25,
        "pooled": 69.0,
    }
    assert set(table.loc[table["level"].ne("nation"), "form"]) == {""}


def test_breaks_mark_the_first_period_of_what_they_concern(study: Study) -> None:
    table = load_history(study)
    marked = table[table["break"].eq(1)]
    assert set(marked["period"]) == {"2026Q1"}
    assert set(marked["unit"]) == {"North", "=South", "nation"}
    # The second break is of a unit called South, which is not =South.
    assert set(marked["note"]) == {"new questionnaire", "withheld; new questionnaire"}


def test_current_keeps_the_last_vintage_by_number_not_by_letter(study: Study) -> None:
    for number in range(3, 11):
        publish_tables(study, "2026Q1", number, float(number))
    table = current_vintages(load_history(study))
    assert readings(table, unit="North", source="pls", period="2026Q1") == [
        ("2026Q1", "r10", 81.25)
    ]
    assert readings(table, series="Old", period="2024Q4") == [("2024Q4", "2025", 70.5)]


def test_until_leaves_out_later_periods_of_ours_only(study: Study) -> None:
    table = load_history(study, until=Period(2025, 4))
    assert set(table["period"]) == {"2024Q4", "2025Q1", "2025Q4"}


def test_a_revision_that_was_never_made_current_is_no_history(study: Study) -> None:
    store = Store(Path(study.folder) / "store")
    publish_tables(study, "2026Q1", 3, 9.0)
    pointer = store.folder(Period(2026, 1)) / "CURRENT"
    publish_tables(study, "2025Q3", 1, 0.0)
    third = pointer.read_bytes()
    publish_tables(study, "2026Q1", 4, 12.0)
    pointer.write_bytes(third)
    assert {"r1", "r2", "r3"} == set(
        load_history(study).loc[lambda t: t["period"].eq("2026Q1"), "vintage"]
    )


def test_a_table_changed_after_publication_is_refused(study: Study) -> None:
    path = Path(study.folder) / "store" / "periods" / "2025Q4" / "r1" / "national.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DataError, match=r"national\.parquet.*changed since"):
        load_history(study)


def test_order_does_not_depend_on_the_order_of_parts(study: Study) -> None:
    made = tables("2026Q1", 0.0)
    parts = [own_history(study, made["readings"], made["national"], n) for n in (1, 2, 10)]
    once = join_histories(parts)
    shuffled = [part.sample(frac=1, random_state=3) for part in parts]
    random.Random(1).shuffle(shuffled)
    pd.testing.assert_frame_equal(join_histories([*shuffled, parts[0]]), once)


def test_two_files_that_differ_about_a_reading_are_refused(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    folder = tmp_path / "store" / "history"
    folder.mkdir(parents=True)
    (folder / "other.csv").write_text(BEFORE.replace("70.5", "70.6"), encoding="utf-8")
    with pytest.raises(DataError, match="2024Q4, 2025: expected one value for a reading"):
        load_history(study)
    (folder / "other.csv").write_text(BEFORE, encoding="utf-8")
    assert len(load_history(study)) == 2


def test_a_missing_file_of_scores_is_named(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    (tmp_path / "before.csv").unlink()
    with pytest.raises(UsageError, match=r"before\.csv: expected a CSV file that can be read"):
        load_history(study)


def test_a_study_without_a_store_has_no_history(tmp_path: Path) -> None:
    study = replace(make_study(tmp_path), run=None)
    with pytest.raises(UsageError, match=r"trial: run: expected run\.store"):
        load_history(study)
