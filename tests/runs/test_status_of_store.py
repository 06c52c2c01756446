"""The dead-man check: what is overdue, too old, or rests on what was revised."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typer
from scheduled_study import PlayedWork, command, write_data, write_study

from acsi_sem.cli.status import status as status_in_terminal
from acsi_sem.runs.jobs import load_scheduled, run_command
from acsi_sem.runs.status import UNWELL, status_lines, store_status

ALL = ("2025Q4", "2026Q1", "2026Q2")
TODAY = date(2026, 9, 30)


def publish(study: Path, period: str = "auto", reason: str = "") -> None:
    """Publish what is due, or one period anew."""
    asked = command(study, period, TODAY.isoformat(), reason)
    for outcome in run_command(asked, told=print, produce=PlayedWork(study)):
        published_on(study, str(outcome.period), TODAY.isoformat())


def published_on(study: Path, period: str, day: str) -> None:
    """Set the day that a period was published."""
    seconds = datetime.fromisoformat(f"{day}T23:59:00+00:00").timestamp()
    os.utime(study.parent / "store" / "periods" / period / "CURRENT", (seconds, seconds))


def test_all_is_well_when_all_that_is_due_is_published(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    publish(study)
    for period, day in zip(ALL, ("2026-01-07", "2026-04-07", "2026-07-07"), strict=True):
        published_on(study, period, day)
    found = store_status(load_scheduled(study), TODAY, max_age=85)
    assert (found.problems, found.age_days) == ((), 85)
    assert status_lines(found)[-1] == "2026Q2: r1 published 2026-07-07, 1 companies lost"


def test_an_old_publication_is_told(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    publish(study)
    for period in ALL:
        published_on(study, period, "2026-07-06")
    found = store_status(load_scheduled(study), TODAY, max_age=85)
    assert found.problems == ("the last publication is 86 days old; at most 85 are allowed",)


def test_what_is_due_and_not_published_is_overdue(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL[:2])
    publish(study)
    job = load_scheduled(study)
    for period in ALL[:2]:
        published_on(study, period, "2026-04-07")
    assert store_status(job, TODAY).problems == ("2026Q2 is overdue since 2026-07-06",)
    assert store_status(job, date(2026, 7, 5)).problems == ()
    assert "not published, overdue since 2026-07-06" in status_lines(store_status(job, TODAY))[2]


def test_an_empty_store_is_overdue_from_the_first_period(tmp_path: Path) -> None:
    found = store_status(load_scheduled(write_study(tmp_path)), TODAY, max_age=10)
    assert len(found.problems) == 4
    assert found.problems[-1] == "nothing is published; at most 10 are allowed"


def test_what_rests_on_an_older_revision_is_stale(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    publish(study)
    write_data(tmp_path, "2025Q4", 66.0)
    publish(study, "2025Q4", "late interviews")
    found = store_status(load_scheduled(study), TODAY)
    assert [of.rests_on_older for of in found.periods] == [(), ("2025Q4",), ("2025Q4",)]
    assert [of.revision for of in found.periods] == [2, 1, 1]
    assert found.problems == (
        "2026Q1: rests on older revisions of 2025Q4",
        "2026Q2: rests on older revisions of 2025Q4",
    )


def test_ended_runs_are_told(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    publish(study)
    (tmp_path / "store" / "work" / "2026Q2" / "key").mkdir(parents=True)
    note = '{"run": "abc", "pid": 7, "host": "there", "since": "2026-07-06T06:00:00+00:00"}'
    (tmp_path / "store" / "LOCK.json").write_text(note)
    lines = status_lines(store_status(load_scheduled(study), TODAY))
    assert lines[2].endswith("a run was not finished")
    said = "a run was ended; the next one goes on where it was: process 7 on there since 2026-07-06"
    assert lines[3].startswith(said)


def test_the_terminal_leaves_with_7_when_not_all_is_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(tmp_path)
    first = f"{datetime.now(UTC).year}Q1"
    study.write_text(study.read_text().replace("2025Q4", first))
    with pytest.raises(typer.Exit) as left:
        status_in_terminal(study, max_age=0, as_json=True)
    assert left.value.exit_code == UNWELL
    told = json.loads(capsys.readouterr().out)
    assert told["well"] is False
    assert "nothing is published" in told["problems"][-1]
    with pytest.raises(typer.Exit):
        status_in_terminal(study, max_age=0)
    assert "nothing is published" in capsys.readouterr().out
