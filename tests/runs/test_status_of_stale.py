"""What is published and does not stand: late periods, changed data, clocks, ended runs."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from scheduled_study import PlayedWork, command, write_data, write_study

from acsi_sem.errors import UsageError
from acsi_sem.runs.joblog import last_lines
from acsi_sem.runs.jobs import Options, load_scheduled, run_command
from acsi_sem.runs.locking import Holder, lock_is_held, store_lock
from acsi_sem.runs.scheduled import NotPublishedError, RefusedError
from acsi_sem.runs.status import StoreStatus, published_line, status_lines, store_status

ALL = ("2025Q4", "2026Q1", "2026Q2")
TODAY = date(2026, 9, 30)


def publish(study: Path, period: str = "auto", reason: str = "", full: bool = False) -> list[str]:
    """Publish on the day that the tests play, and return what was told."""
    told: list[str] = []
    asked = command(study, period, TODAY.isoformat(), reason, Options(full=full))
    for outcome in run_command(asked, told=told.append, produce=PlayedWork(study)):
        dated(study, str(outcome.period), TODAY)
    return told


def dated(study: Path, period: str, day: date) -> None:
    """Set the day that a period was published."""
    seconds = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    os.utime(study.parent / "store" / "periods" / period / "CURRENT", (seconds, seconds))


def status(study: Path) -> StoreStatus:
    return store_status(load_scheduled(study), TODAY)


def test_a_late_period_is_told_with_the_commands_that_put_it_right(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL[1:])
    publish(study)
    write_data(tmp_path, "2025Q4")
    told = publish(study)
    assert told[:2] == [
        "2026Q1: was published without 2025Q4",
        "2026Q2: was published without 2025Q4",
    ]
    found = status(study)
    assert list(found.problems) == told[:2]
    assert [one.without for one in found.periods] == [(), ("2025Q4",), ("2025Q4",)]
    assert [line.strip() for line in told[3:]] == list(found.remedies)
    assert list(status_lines(found)[-4:]) == told[1:2] + told[2:]


def test_the_commands_put_it_right_in_their_order(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=(ALL[0], ALL[2]))
    publish(study)
    write_data(tmp_path, "2026Q1")
    publish(study)
    write_data(tmp_path, "2025Q4", 66.0)
    commands = [shlex.split(line) for line in status(study).remedies]
    assert [words[:3] for words in commands] == [["acsi-sem", "run", str(study)]] * 3
    assert [words[4] for words in commands] == list(ALL)
    for words in commands:
        publish(study, words[4], words[6])
    assert status(study).problems == ()


def test_a_full_run_is_renewed_in_full(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL[:1])
    publish(study, "2025Q4", full=True)
    write_data(tmp_path, "2025Q4", 66.0)
    assert status(study).remedies[0].endswith("--full")


def test_changed_data_are_told_and_not_published(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    publish(study)
    path = tmp_path / "survey-2026Q2.csv"
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"70", b"71"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    told = publish(study)
    assert told[0] == "2026Q2: the data changed since it was published"
    found = status(study)
    assert "2026Q2: the data changed since it was published" in found.problems
    assert [one.revision for one in found.periods][:3] == [1, 1, 1]


def test_data_that_are_put_away_change_nothing(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    publish(study)
    (tmp_path / "survey-2025Q4.csv").unlink()
    assert status(study).problems == ()


def test_a_publication_of_tomorrow_is_no_publication_of_today(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    publish(study)
    dated(study, "2026Q2", date(2026, 10, 1))
    dated(study, "2026Q1", date(2026, 9, 20))
    dated(study, "2025Q4", date(2026, 9, 10))
    found = status(study)
    assert [text[:41] for text in found.problems] == ["2026Q2 is dated 2026-10-01, after today ("]
    assert found.age_days == 10


def test_why_the_last_run_published_nothing_is_known(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    with pytest.raises(NotPublishedError) as caught:
        list(run_command(command(study), told=print, produce=PlayedWork(study, {"2025Q4": 0.6})))
    assert "company 9 (pls): too few rows; 2 more); nothing was published" in str(caught.value)
    assert "raise run.fail_above" in str(caught.value)
    (tmp_path / "store" / "work" / "2025Q4" / "key").mkdir(parents=True)
    found = status(study)
    assert "ended with 'not published': 2025Q4: run.fail_above" in found.problems[0]
    assert not found.periods[0].unfinished
    publish(study)
    assert [one.last_attempt for one in status(study).periods] == [""] * 3


def test_a_refused_run_is_known_until_the_data_are_back(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    publish(study)
    write_data(tmp_path, "2026Q2", 66.0)
    with pytest.raises(RefusedError):
        publish(study, "2026Q2")
    assert "ended with 'refused'" in status_lines(status(study))[2]
    write_data(tmp_path, "2026Q2")
    publish(study, "2026Q2")
    assert status(study).periods[2].last_attempt == ""


def test_a_log_that_a_crash_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    lines = [
        '{"message": "begin", "run": "a", "period": "2026Q1"}',
        '{"message": "x", "status": "failed", "run": "a", "period": "2026Q1"}',
        '{"message": "the alert was not delivered", "run": "a", "period": "2026Q1"}',
        '{"message": "begin", "run": "b", "period": "2026Q1"}',
        '{"message": "y", "status": "locked", "run": "b", "period": "2026Q1"}',
        "[1]",
        '{"message": "beg',
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    assert {period: line["status"] for period, line in last_lines(tmp_path).items()} == {
        "2026Q1": "failed"
    }
    assert last_lines(tmp_path / "none") == {}


def test_a_run_under_way_is_told_from_one_that_was_ended(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    publish(study)
    root = tmp_path / "store"
    with store_lock(root, Holder("abc", 7, "there", "2026-09-30T06:00:00+00:00")):
        note = (root / "LOCK.json").read_text()
        found = status(study)
        assert found.under_way is True
        assert "a run is under way: process 7 on there since 2026-09-30" in "".join(
            status_lines(found)
        )
    assert lock_is_held(root) is False
    (root / "LOCK.json").write_text(note)
    assert status(study).under_way is False


def test_a_store_that_is_a_file_is_refused(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    (tmp_path / "store").write_text("")
    with pytest.raises(UsageError, match=r"run\.store: expected a folder, got the file"):
        load_scheduled(study)


def test_what_stands_is_told_in_one_line(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL[:2])
    store = load_scheduled(study).store
    assert published_line(store).startswith("nothing is published")
    publish(study)
    assert published_line(store).startswith("published are 2025Q4 (r1), 2026Q1 (r1), and no")
