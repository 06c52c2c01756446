"""What a run refuses, what it ends, and which inputs are the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from scheduled_study import PlayedWork, command, write_data, write_study

from acsi_sem.cli.run import run as run_in_terminal
from acsi_sem.errors import UsageError
from acsi_sem.runs import joblog, jobs, locking
from acsi_sem.runs.endings import TerminatedError
from acsi_sem.runs.inputs import shares_sha256
from acsi_sem.runs.joblog import last_lines
from acsi_sem.runs.jobs import Options, load_scheduled, nothing_due, run_command, study_inputs
from acsi_sem.runs.scheduled import Context, Produce, Produced
from acsi_sem.spec.load_hierarchy import load_hierarchy
from acsi_sem.spec.periods import Period

PERIODS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
PERIOD = Period(2026, 1)


def publish(study: Path, period: str = "auto", today: str = "2026-10-06") -> list[str]:
    """Carry out a command and return what was told."""
    told: list[str] = []
    list(run_command(command(study, period, today), told=told.append, produce=PlayedWork(study)))
    return told


@pytest.mark.parametrize(("today", "over"), [("2026-03-31", False), ("2026-04-01", True)])
def test_a_quarter_that_is_not_over_is_refused(tmp_path: Path, today: str, over: bool) -> None:
    study = write_study(tmp_path, periods=PERIODS)
    if over:
        assert publish(study, "2026Q1", today) == []
        return
    with pytest.raises(UsageError, match="ends on 2026-03-31") as caught:
        publish(study, "2026Q1", today)
    assert caught.value.exit_code == 2


def test_a_quarter_before_the_first_is_told(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=("2025Q3",))
    assert publish(study, "2025Q3")[0].startswith("2025Q3 is before 2025Q4")


def test_another_quarters_survey_is_refused(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=PERIODS[:1])
    publish(study)
    data = (tmp_path / "survey-2025Q4.csv").read_bytes()
    (tmp_path / "survey-2026Q1.csv").write_bytes(data)
    with pytest.raises(UsageError, match="the one that 2025Q4 was published from"):
        publish(study, "2026Q1")
    line = last_lines(tmp_path / "store")["2026Q1"]
    assert (line["status"], line["exit_code"]) == ("refused", 2)
    assert [str(period) for period in load_scheduled(study).store.published()] == ["2025Q4"]


def test_why_nothing_is_due_is_said(tmp_path: Path) -> None:
    study = write_study(tmp_path, periods=PERIODS[:2])
    publish(study)
    said = nothing_due(command(study))
    assert said == (
        "nothing is due that can be published: the data of 2026Q2, 2026Q3 are not in yet"
    )
    said = nothing_due(command(study, today="2026-04-10"))
    assert said == "nothing is due: all due periods are published, the last of them 2026Q1"


def hashes(study: Path) -> dict[str, str]:
    """Return the inputs of a period."""
    return dict(study_inputs(load_scheduled(study), PERIOD, Options()))


HARMLESS = [
    ("study.yaml", "store: store", "store: elsewhere"),
    ("study.yaml", "first: 2025Q4", "first: 2025Q3"),
    ("study.yaml", "due_after_days: 5", "due_after_days: 9, alert: {webhook: 'http://x/'}"),
    ("study.yaml", "schema: 1\n", "# a comment\nschema: 1\n"),
    ("shares.csv", "company,A,sales,,,60,", "company,A,sales,,2026-09-30,60,"),
    ("units.csv", "level,unit", '"level",unit'),
]
SHAPING = [
    ("study.yaml", "title: {en: A tiny nation}", "title: {en: A small nation}", "study tiny"),
    ("shares.csv", "company,A,sales,,,60,", "company,A,sales,,,61,", "shares shares.csv"),
    ("units.csv", "Firm A", "Firm AA", "units units.csv"),
]


def edit(path: Path, before: str, after: str) -> None:
    """Replace a part of a file that is there."""
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize(("name", "before", "after"), HARMLESS)
def test_what_shapes_no_number_is_no_input(
    tmp_path: Path, name: str, before: str, after: str
) -> None:
    study = write_study(tmp_path, periods=PERIODS)
    found = hashes(study)
    edit(tmp_path / name, before, after)
    if name == "shares.csv":
        with (tmp_path / name).open("a") as handle:
            handle.write("company,A,sales,2026-10-01,,75,\n")
    assert hashes(study) == found


@pytest.mark.parametrize(("name", "before", "after", "changed"), SHAPING)
def test_what_shapes_numbers_or_pages_is_an_input(
    tmp_path: Path, name: str, before: str, after: str, changed: str
) -> None:
    study = write_study(tmp_path, periods=PERIODS)
    found = hashes(study)
    edit(tmp_path / name, before, after)
    now = hashes(study)
    assert {what for what in found if found[what] != now[what]} == {changed}


def test_a_share_that_was_estimated_anew_is_another_share(tmp_path: Path) -> None:
    # One estimate for two quarters errs in both alike; two equal estimates do not.
    study = write_study(tmp_path)
    whole = "company,A,sales,,,60,2\n"
    edit(tmp_path / "shares.csv", "company,A,sales,,,60,\n", whole)
    before = load_hierarchy(load_scheduled(study).study)
    halves = "company,A,sales,,2025-12-31,60,2\ncompany,A,sales,2026-01-01,,60,2\n"
    edit(tmp_path / "shares.csv", whole, halves)
    after = load_hierarchy(load_scheduled(study).study)
    both, one = (PERIOD, PERIOD.back(1)), (PERIOD,)
    assert shares_sha256(before, both) != shares_sha256(after, both)
    assert shares_sha256(before, one) == shares_sha256(after, one)


def test_a_hanging_alert_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joblog, "TIMEOUT", 0.5)
    note = tmp_path / "child"
    script = f"sleep 60 & echo $! > {note}; wait"
    study = write_study(tmp_path, more=f", alert: {{command: [sh, -c, '{script}']}}")
    write_data(tmp_path, "2025Q4")
    told = publish(study, "2025Q4")
    assert told == ["the alert was not delivered: sh was ended after 0.5 seconds"]
    assert gone(int(note.read_text()))


def gone(process: int) -> bool:
    """Say whether a process ends within a while; one that nobody has reaped yet has ended."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_a_store_that_cannot_be_locked_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_study(tmp_path, periods=PERIODS)

    def refuse(*args: object, **options: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    with pytest.raises(UsageError, match="Read-only file system; what was published stands"):
        publish(study)
    assert locking.lock_is_held(tmp_path / "store") is None


TERMINATED = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from acsi_sem.cli import app
from acsi_sem.runs import jobs
from scheduled_study import PlayedWork

class Slow(PlayedWork):
    def __call__(self, context):
        if str(context.period) == "2026Q1":
            print("ready", flush=True)
            time.sleep(60)
        return super().__call__(context)

jobs.national = lambda job, options: Slow(Path(sys.argv[1]))
app.main(["run", sys.argv[1]])
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_asked_to_end_says_what_stands(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "alerts"
    more = f", alert: {{command: [sh, -c, 'cat >> {out}']}}"
    study = write_study(tmp_path, more=more, periods=PERIODS)
    process = subprocess.Popen(
        [sys.executable, "-c", TERMINATED, str(study), str(Path(__file__).parents[1])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while process.stdout.readline() != "ready\n":
        assert process.poll() is None
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert process.returncode == code
    assert told.splitlines()[-1].startswith("stopped; published are 2025Q4 (r1), and no period by")
    assert last_lines(tmp_path / "store")["2026Q1"]["exit_code"] == code
    assert '"status": "stopped"' in out.read_text().splitlines()[-1]
    assert len(publish(study)) == 0


def test_the_terminal_names_the_warnings_and_times_each_period(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(tmp_path, periods=PERIODS[:2])
    played = PlayedWork(study)

    def work(context: Context) -> Produced:
        context.progress("companies", 0, 1)
        time.sleep(0.06)
        context.progress("companies", 1, 1)
        return played(context)

    def national(job: object, options: object) -> Produce:
        return work

    monkeypatch.setattr(jobs, "national", national)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(typer.Exit) as left:
        run_in_terminal(study, strict=True)
    assert left.value.exit_code == 7
    assert signal.getsignal(signal.SIGTERM) is before
    told = [line for line in capsys.readouterr().err.splitlines() if line[:6] in PERIODS[:2]]
    assert [line[:26] for line in told if "time" in line] == [
        f"{period}: time: companies 0." for period in PERIODS[:2]
    ]
    assert told[0] == "2025Q4: 1 warnings, all in warnings.csv: unexpected_sign (1)"


def test_a_signal_is_an_interruption() -> None:
    assert issubclass(TerminatedError, KeyboardInterrupt)
    assert os.name != "posix" or TerminatedError.exit_code == 128 + signal.SIGTERM
