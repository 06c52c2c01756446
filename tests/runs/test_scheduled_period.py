"""A period: published once, published anew with a reason, and otherwise left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from fault_runs import FIRST, PERIODS, SECOND, holder, make_produce, run, state

from acsi_sem.errors import DataError, UsageError
from acsi_sem.runs.inputs import Inputs, run_key
from acsi_sem.runs.revision import revision_table
from acsi_sem.runs.scheduled import (
    Context,
    NotPublishedError,
    Plan,
    Produced,
    RefusedError,
    run_period,
)
from acsi_sem.runs.store import Store, read_manifest
from acsi_sem.spec.periods import Period
from acsi_sem.tables.national import NATIONAL, READINGS
from acsi_sem.tables.schema import make_table

FIRST_PERIOD = PERIODS[0]


def forbidden(context: Context) -> Produced:
    """Fail: nothing was to be computed."""
    raise AssertionError("computed again")


def test_a_period_is_published_whole_and_named(tmp_path: Path) -> None:
    outcome = run(tmp_path, FIRST_PERIOD, make_produce(), FIRST, "")
    assert (outcome.status, outcome.revision, outcome.lost) == ("published", 1, 1)
    manifest = read_manifest(outcome.folder)
    assert manifest["period"] == "2026Q1"
    assert manifest["run_key"] == run_key(FIRST)
    assert set(manifest["files"]) == {"internal/readings.txt", "report/index.html", "big.bin"}
    assert Store(tmp_path).published() == (FIRST_PERIOD,)


def test_the_same_inputs_change_nothing_and_compute_nothing(tmp_path: Path) -> None:
    run(tmp_path, FIRST_PERIOD, make_produce(), FIRST, "")
    before = state(tmp_path)
    for reason in ("", "to be sure"):
        outcome = run(tmp_path, FIRST_PERIOD, forbidden, FIRST, reason)
        assert (outcome.status, outcome.revision, outcome.lost) == ("already published", 1, 1)
    assert state(tmp_path) == before


def test_changed_inputs_are_refused_by_name_without_a_reason(tmp_path: Path) -> None:
    run(tmp_path, FIRST_PERIOD, make_produce(), FIRST, "")
    before = state(tmp_path)
    with pytest.raises(RefusedError) as caught:
        run(tmp_path, FIRST_PERIOD, forbidden, (*SECOND, ("package numpy", "9")), "")
    assert caught.value.exit_code == 2
    for part in ("survey 111111111111 -> 222222222222", "package numpy is new", "--reason TEXT"):
        assert part in str(caught.value)
    assert state(tmp_path) == before


def test_a_reason_makes_a_new_revision_and_keeps_the_old(tmp_path: Path) -> None:
    run(tmp_path, FIRST_PERIOD, make_produce(), FIRST, "")
    old = state(tmp_path)
    outcome = run(tmp_path, FIRST_PERIOD, make_produce(), SECOND, "late interviews")
    assert (outcome.status, outcome.revision) == ("published", 2)
    assert read_manifest(outcome.folder)["reason"] == "late interviews"
    now = state(tmp_path)
    changed = {name for name, data in old.items() if now[name] != data}
    assert changed == {"periods/2026Q1/CURRENT"}
    assert run(tmp_path, FIRST_PERIOD, forbidden, SECOND, "").status == "already published"
    with pytest.raises(RefusedError):
        run(tmp_path, FIRST_PERIOD, forbidden, FIRST, "")
    assert run(tmp_path, FIRST_PERIOD, make_produce(), FIRST, "a mistake").revision == 3


def test_a_first_revision_has_no_reason(tmp_path: Path) -> None:
    outcome = run(tmp_path, FIRST_PERIOD, make_produce(), FIRST, "needless")
    assert read_manifest(outcome.folder)["reason"] == ""


def test_a_period_rests_on_the_ones_before_it(tmp_path: Path) -> None:
    for period in PERIODS:
        run(tmp_path, period, make_produce(), FIRST, "")
    run(tmp_path, PERIODS[0], make_produce(), SECOND, "late interviews")
    for later in PERIODS[1:]:
        with pytest.raises(RefusedError, match="past 2026Q1"):
            run(tmp_path, later, forbidden, FIRST, "")


@pytest.mark.parametrize(
    ("share", "published"), [(0.1, True), (0.1001, False), (float("nan"), False)]
)
def test_too_many_failures_publish_nothing(tmp_path: Path, share: float, published: bool) -> None:
    def work(context: Context) -> Produced:
        return Produced({"a.csv": b"1"}, share_failed=share, lost=41)

    if published:
        assert run(tmp_path, FIRST_PERIOD, work, FIRST, "").status == "published"
        return
    with pytest.raises(NotPublishedError, match="41") as caught:
        run(tmp_path, FIRST_PERIOD, work, FIRST, "")
    assert caught.value.exit_code == 5
    assert state(tmp_path) == {}


def test_an_input_that_changes_during_the_work_is_noticed(tmp_path: Path) -> None:
    answers: Iterator[Inputs] = iter((FIRST, SECOND))
    plan = Plan(FIRST_PERIOD, lambda: next(answers))
    with pytest.raises(UsageError, match="inputs that stay during a run"):
        run_period(Store(tmp_path), plan, make_produce(), holder=holder())
    assert Store(tmp_path).published() == ()


BAD_NAMES = ["../out.csv", "/tmp/out.csv", "a/../../b", "a\\b", "", "manifest.json"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_files_keep_to_their_folder_and_leave_the_manifest(tmp_path: Path, name: str) -> None:
    def work(context: Context) -> Produced:
        return Produced({name: b""})

    with pytest.raises(ValueError, match=r"below a run's folder|the store's to write"):
        run(tmp_path, FIRST_PERIOD, work, FIRST, "")
    assert state(tmp_path) == {}


def test_a_manifest_cannot_be_talked_over(tmp_path: Path) -> None:
    def work(context: Context) -> Produced:
        return Produced({"a": b""}, manifest={"run_key": "mine", "rows": 3})

    manifest = read_manifest(run(tmp_path, FIRST_PERIOD, work, FIRST, "").folder)
    assert (manifest["run_key"], manifest["rows"]) == (run_key(FIRST), 3)


@pytest.mark.parametrize("name", ["internal/readings.txt", "manifest.json"])
def test_a_past_file_that_was_edited_is_not_built_upon(tmp_path: Path, name: str) -> None:
    folder = run(tmp_path, FIRST_PERIOD, make_produce(), FIRST, "").folder
    with (folder / name).open("ab") as handle:
        handle.write(b" ")
    with pytest.raises(DataError, match=name.rsplit("/")[-1]) as caught:
        run(tmp_path, PERIODS[1], make_produce(), FIRST, "")
    assert caught.value.exit_code == 4
    assert not (tmp_path / "periods" / "2026Q2" / "CURRENT").exists()


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"revision": 7, "run_key": "", "manifest_sha256": ""}']
)
def test_a_damaged_pointer_is_an_error_and_not_a_first_run(tmp_path: Path, content: str) -> None:
    run(tmp_path, FIRST_PERIOD, make_produce(), FIRST, "")
    (tmp_path / "periods" / "2026Q1" / "CURRENT").write_text(content)
    with pytest.raises(DataError):
        run(tmp_path, FIRST_PERIOD, forbidden, FIRST, "")


def test_reading_what_is_not_published_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a published period"):
        Store(tmp_path).read(FIRST_PERIOD, "internal/readings.txt")
    run(tmp_path, FIRST_PERIOD, make_produce(), FIRST, "")
    with pytest.raises(DataError, match="no such file"):
        Store(tmp_path).read(FIRST_PERIOD, "internal/others.txt")


def test_folders_that_are_no_periods_are_passed_over(tmp_path: Path) -> None:
    run(tmp_path, FIRST_PERIOD, make_produce(), FIRST, "")
    (tmp_path / "periods" / "notes").mkdir()
    (tmp_path / "periods" / "notes" / "CURRENT").write_text("x")
    assert Store(tmp_path).published() == (FIRST_PERIOD,)


def readings(**units: float) -> dict[str, pd.DataFrame]:
    names = {"period": "2026Q1", "level": "company", "engine": "pls", "construct": "satisfaction"}
    rows = [names | {"unit": unit, "index": index, "n": 250} for unit, index in units.items()]
    nation = {"period": "2026Q1", "form": "pooled", "engine": "pls", "index": sum(units.values())}
    return {"readings": make_table(READINGS, rows), "national": make_table(NATIONAL, [nation])}


def test_what_moved_is_told_number_by_number() -> None:
    nothing = float("nan")
    before = readings(A=70.0, B=60.0, C=50.0, D=nothing, E=40.0)
    after = readings(F=30.0, A=70.0, B=60.0 + 1e-14, D=45.0, E=nothing)
    found = revision_table(Period(2026, 1), before, after)
    rows = found.set_index(["unit", "measure"])
    assert rows.loc[("B", "index"), "moved"] == (60.0 + 1e-14) - 60.0
    assert rows["note"].to_dict() == {
        ("F", "n"): "new row",
        ("F", "index"): "new row",
        ("B", "index"): "",
        ("D", "index"): "blank before",
        ("E", "index"): "blank now",
        ("C", "n"): "row gone",
        ("C", "index"): "row gone",
    }
    assert revision_table(Period(2026, 1), before, before).empty


def test_the_rolling_index_moves_by_form() -> None:
    found = revision_table(Period(2026, 1), readings(A=70.0), readings(A=71.0))
    nation = found[found["level"] == "nation"].iloc[0]
    assert (nation["unit"], nation["measure"], nation["moved"]) == ("nation", "index (pooled)", 1.0)
