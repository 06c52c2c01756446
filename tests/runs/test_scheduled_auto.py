"""A study's runs: what is due, in which order, who is told, and what is written down."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer
from scheduled_study import PlayedWork, command, write_data, write_study

from acsi_sem.cli.run import run as run_in_terminal
from acsi_sem.errors import AcsiError, DataError, SpecError, UsageError
from acsi_sem.runs import jobs
from acsi_sem.runs.jobs import Options, RunCommand, Scheduled, load_scheduled, run_command
from acsi_sem.runs.locking import LockedError, store_lock
from acsi_sem.runs.scheduled import (
    Context,
    NotPublishedError,
    Outcome,
    Produce,
    Produced,
    RefusedError,
)

ALL = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")


def runs(asked: RunCommand, work: Produce, told: list[str] | None = None) -> list[Outcome]:
    """Carry out a command."""
    said: list[str] = [] if told is None else told
    return list(run_command(asked, told=said.append, produce=work))


def log_lines(study: Path) -> list[dict[str, Any]]:
    """Return the log of a study's store."""
    text = (study.parent / "store" / "log.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def forbidden(context: Context) -> Produced:
    """Fail: nothing was to be computed."""
    raise AssertionError("computed again")


def test_missed_periods_are_caught_up_oldest_first_and_once(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    work = PlayedWork(study)
    found = runs(command(study), work)
    assert [str(outcome.period) for outcome in found] == list(ALL) == work.done
    assert runs(command(study), forbidden) == []


@pytest.mark.parametrize(("today", "last"), [("2026-10-05", "2026Q2"), ("2026-10-06", "2026Q3")])
def test_a_period_is_due_some_days_after_its_end(tmp_path: Path, today: str, last: str) -> None:
    study = write_study(tmp_path, periods=ALL)
    assert str(runs(command(study, today=today), PlayedWork(study))[-1].period) == last


def test_without_a_first_period_only_the_latest_is_due(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    study.write_text(study.read_text().replace("first: 2025Q4, ", ""))
    assert [str(done.period) for done in runs(command(study), PlayedWork(study))] == ["2026Q3"]


def test_data_that_are_not_in_are_told_and_come_later(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=("2025Q4", "2026Q2"))
    told: list[str] = []
    done = runs(command(study), PlayedWork(study), told)
    assert [str(outcome.period) for outcome in done] == ["2025Q4", "2026Q2"]
    assert [text.split(" (")[0] for text in told] == [
        f"{period}: the data are not in yet" for period in ("2026Q1", "2026Q3")
    ]
    write_data(tmp_path, "2026Q3")
    assert [str(o.period) for o in runs(command(study), PlayedWork(study))] == ["2026Q3"]


def test_the_first_failure_ends_the_catching_up_and_keeps_what_is_done(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    work = PlayedWork(study, {"2026Q1": 0.5})
    with pytest.raises(NotPublishedError, match=r"50\.0% \(10: company 0 "):
        runs(command(study), work)
    assert work.done == ["2025Q4", "2026Q1"]
    assert [str(period) for period in load_scheduled(study).store.published()] == ["2025Q4"]


def test_a_revision_says_what_moved(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    runs(command(study), PlayedWork(study))
    write_data(tmp_path, "2026Q3", 72.0)
    with pytest.raises(RefusedError, match="survey "):
        runs(command(study, "2026Q3"), forbidden)
    done = runs(command(study, "2026Q3", reason="late interviews"), PlayedWork(study))
    moved = pd.read_csv(done[0].folder / "revisions.csv")
    assert moved[["unit", "measure", "before", "after", "moved"]].to_numpy().tolist() == [
        ["A", "index", 70.0, 72.0, 2.0],
        ["nation", "index (pooled)", 65.0, 66.0, 1.0],
    ]
    assert runs(command(study, "2026Q3"), forbidden)[0].status == "already published"


def test_processes_and_clusters_shape_no_number_but_full_does(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    asked = command(study, "2025Q4")
    runs(asked, PlayedWork(study))
    elsewhere = replace(asked, options=Options(jobs=8, cluster="tcp://there:1"))
    assert runs(elsewhere, forbidden)[0].status == "already published"
    with pytest.raises(RefusedError, match="option --full no -> yes"):
        runs(replace(asked, options=Options(full=True)), forbidden)


@pytest.mark.parametrize(
    ("period", "reason", "said"),
    [("2026", "", "a quarter such as 2026Q3"), ("auto", "late", "one period beside it")],
)
def test_commands_that_cannot_be_meant(tmp_path: Path, period: str, reason: str, said: str) -> None:
    study = write_study(tmp_path)
    with pytest.raises(UsageError, match=said):
        runs(command(study, period, reason=reason), forbidden)


def test_missing_files_of_a_named_period_are_told_all_at_once(tmp_path: Path) -> None:
    study = write_study(tmp_path)
    (tmp_path / "units.csv").unlink()
    with pytest.raises(DataError) as caught:
        runs(command(study, "2026Q1"), forbidden)
    assert [problem.path for problem in caught.value.problems] == ["units units.csv", "survey"]


def test_a_study_that_is_none_of_a_nation_is_refused(tmp_path: Path) -> None:
    study = write_study(tmp_path)
    lines = [line for line in study.read_text().splitlines() if line[:4] not in ("run:", "nati")]
    study.write_text("\n".join(lines))
    with pytest.raises((UsageError, SpecError)) as caught:
        load_scheduled(study)
    assert {problem.path for problem in caught.value.problems} == {"nation", "run"}


def test_the_log_names_the_run_and_how_every_period_ended(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL[:2])
    runs(command(study), PlayedWork(study))
    write_data(tmp_path, "2026Q1", 71.0)
    with pytest.raises(RefusedError):
        runs(command(study, "2026Q1"), forbidden)
    with pytest.raises(AssertionError):
        runs(command(study, "2026Q1", reason="x"), forbidden)
    lines = [line for line in log_lines(study) if line["message"] != "begin"]
    told = [(line["period"], line["status"], line["exit_code"], line["revision"]) for line in lines]
    assert told == [
        ("2025Q4", "published", 0, 1),
        ("2026Q1", "published", 0, 1),
        ("2026Q1", "refused", 2, 0),
        ("2026Q1", "failed", 1, 0),
    ]
    assert {line["run"] for line in lines} == {"abc"}
    assert "computed again" in lines[-1]["traceback"]
    assert all(line["time"].endswith("Z") for line in lines)


def test_a_log_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL[:1])
    (tmp_path / "store" / "log.jsonl").mkdir(parents=True)
    assert runs(command(study), PlayedWork(study))[0].status == "published"


ALERT = ", alert: {{command: [{python}, -c, {code!r}, '; touch hacked']}}"
KEEP = "import sys, pathlib; pathlib.Path('{out}').open('a').write(sys.stdin.read() + chr(10))"


def alert_to(out: Path) -> str:
    """Return the part of a study that appends alerts to a file."""
    return ALERT.format(python=sys.executable, code=KEEP.format(out=out))


def test_a_command_is_told_how_runs_ended(tmp_path: Path) -> None:
    out = tmp_path / "alerts"
    study = write_study(tmp_path, more=alert_to(out), periods=ALL)
    with pytest.raises(NotPublishedError):
        runs(command(study), PlayedWork(study, {"2026Q1": 0.5}))
    runs(command(study, "2025Q4"), forbidden)  # already published: nothing to tell
    told = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(t["period"], t["status"], t["exit_code"], t["lost"]) for t in told] == [
        ("2025Q4", "published", 0, 1),
        ("2026Q1", "not published", 5, 10),
    ]
    assert "at most 10.0%" in told[1]["message"]
    counts = [(t["warnings"], t["summary"], len(t["lost_units"])) for t in told]
    assert counts == [(1, ["one line"], 1), (1, ["one line"], 10)]
    assert told[1]["lost_units"][0] == "company 0 (pls): too few rows"
    assert not list(tmp_path.rglob("hacked"))


@pytest.mark.parametrize(
    "more", [", alert: {command: [no-such-program]}", ", alert: {command: ['false']}"]
)
def test_an_alert_that_fails_is_told_and_changes_nothing(tmp_path: Path, more: str) -> None:
    study = write_study(tmp_path, more=more, periods=ALL[:1])
    told: list[str] = []
    assert (
        runs(command(study, today="2026-01-06"), PlayedWork(study), told)[0].status == "published"
    )
    assert [text[:27] for text in told] == ["the alert was not delivered"]
    assert log_lines(study)[-1]["level"] == "warning"


class _Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what is posted."""

    bodies: list[dict[str, Any]]

    def do_POST(self) -> None:
        """Keep a body."""
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200 if self.path == "/ok" else 500)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Keep silent."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    _Receiver.bodies = []
    server = http.server.HTTPServer(("127.0.0.1", 0), _Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", _Receiver.bodies
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["/ok", "/broken-secret"])
def test_a_web_address_is_told(
    tmp_path: Path, receiver: tuple[str, list[dict[str, Any]]], path: str
) -> None:
    address, bodies = receiver
    study = write_study(tmp_path, more=f", alert: {{webhook: '{address}{path}'}}", periods=ALL[:1])
    told: list[str] = []
    assert (
        runs(command(study, today="2026-01-06"), PlayedWork(study), told)[0].status == "published"
    )
    assert [(body["study"], body["period"], body["run"]) for body in bodies] == [
        ("tiny", "2025Q4", "abc")
    ]
    assert len(told) == (path != "/ok")
    assert "secret" not in "".join(told)


def test_only_web_addresses_are_told(tmp_path: Path) -> None:
    study = write_study(tmp_path, more=", alert: {webhook: 'file:///etc/x'}", periods=ALL[:1])
    told: list[str] = []
    runs(command(study, today="2026-01-06"), PlayedWork(study), told)
    assert "is no web address" in told[0]


def test_a_held_lock_is_logged_and_raises_no_alarm(tmp_path: Path) -> None:
    out = tmp_path / "alerts"
    study = write_study(tmp_path, more=alert_to(out), periods=ALL)
    (tmp_path / "store").mkdir()
    asked = command(study)
    with store_lock(tmp_path / "store", asked.holder), pytest.raises(LockedError) as caught:
        runs(asked, forbidden)
    assert isinstance(caught.value, AcsiError)
    assert log_lines(study)[-1]["status"] == "locked"
    assert not out.exists()


QUICK = """
import sys
from datetime import date
from pathlib import Path
from acsi_sem.runs.jobs import RunCommand, run_command
from acsi_sem.runs.locking import Holder
asked = RunCommand(Path(sys.argv[1]), "auto", Holder("a", 1, "b", "c"), date(2026, 10, 6))
print(list(run_command(asked, told=print)))
print([name for name in ("pandas", "scipy", "numpy", "pyarrow") if name in sys.modules])
"""


def test_when_all_is_published_nothing_heavy_is_imported(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=ALL)
    runs(command(study), PlayedWork(study))
    done = subprocess.run(
        [sys.executable, "-c", QUICK, str(study)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "[]"]


def test_the_terminal_is_told_where_each_period_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(tmp_path, periods=("2025Q4",))

    def national(job: Scheduled, options: Options) -> Produce:
        return PlayedWork(study)

    monkeypatch.setattr(jobs, "national", national)
    with pytest.raises(typer.Exit) as left:
        run_in_terminal(study, "2025Q4", strict=True)
    assert left.value.exit_code == 7
    run_in_terminal(study, "2025Q4", strict=True)
    lines = capsys.readouterr().out.splitlines()
    store = tmp_path / "store" / "periods" / "2025Q4" / "r1"
    assert lines == [
        "one line",
        f"2025Q4: published: {store}",
        f"2025Q4: already published: {store}",
    ]
    with pytest.raises(UsageError, match="--reason"):
        run_in_terminal(study, "2025Q4", reason=" ")
