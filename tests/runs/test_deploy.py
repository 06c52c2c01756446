"""The unit files, the cron lines and the alert scripts, as systemd and a shell take them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from acsi_sem import runs

DEPLOY = Path(runs.__path__[0]) / "deploy"
UNITS = ("acsi-sem-run@.service", "acsi-sem-run@.timer", "acsi-sem-alert@.service")
PROGRAM, ALERT = "/opt/acsi-sem/bin/acsi-sem", "/etc/acsi-sem/alert"
FIELD = r"(?:\*|\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)(?:/\d+)?"
CRON = re.compile(rf"((?:{FIELD}\s+){{5}})(\S+)\s+(.+)")


def script(path: Path, text: str) -> Path:
    """Write an executable shell script."""
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def systemd(*arguments: str | Path, units: Path | None = None) -> tuple[int, str]:
    """Run systemd-analyze; skip where there is none."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    environment = {**os.environ, **({"SYSTEMD_UNIT_PATH": f"{units}:"} if units else {})}
    done = subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units in a folder of their own, with programs that are there."""
    stub = script(tmp_path / "stub", "exit 0")
    for name in UNITS:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        text = text.replace(PROGRAM, str(stub)).replace(ALERT, str(stub))
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def verify(folder: Path) -> tuple[int, str]:
    """Verify an instance of each unit; systemd tells an unknown setting but ends with 0."""
    names = [name.replace("@", "@srv-acsi-nation") for name in UNITS]
    return systemd("verify", "--man=no", *names, units=folder)


def test_units_are_valid(installed: Path) -> None:
    assert verify(installed) == (0, "")


def test_a_mistake_in_a_unit_would_be_seen(installed: Path) -> None:
    with (installed / UNITS[0]).open("a", encoding="utf-8") as file:
        file.write("ProtectSystm=strict\n")
    assert "Unknown key" in verify(installed)[1]


def test_the_documented_database_step_is_valid(installed: Path) -> None:
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```ini\n(.*?)```", readme, flags=re.DOTALL)
    assert len(blocks) == 2
    folder = installed / f"{UNITS[0]}.d"
    folder.mkdir()
    for number, block in enumerate(blocks):
        text = block.replace(PROGRAM, str(installed / "stub"))
        (folder / f"{number}.conf").write_text(text, encoding="utf-8")
    assert verify(installed) == (0, "")


def test_the_run_is_fenced_in(installed: Path) -> None:
    # systemd's scale is 0 to 10; below 4.0 it calls a service "OK" (the option takes tenths).
    code, said = systemd("security", "--offline=yes", "--threshold=40", installed / UNITS[0])
    assert code == 0, said


def days_of(when: str, count: int) -> list[str]:
    """Return the first days of 2026, and after, that a calendar expression names."""
    code, said = systemd(
        *("calendar", f"--iterations={count}", "--base-time=2026-01-01 00:00:00 UTC", when)
    )
    assert code == 0, said
    return re.findall(r"(?:Next elapse|Iteration #\d+|Iter\. #\d+): \w+ ([\d-]+) 06:00:00", said)


def test_the_timer_covers_the_weeks_after_each_quarter_and_late_data() -> None:
    daily, weekly = re.findall(r"OnCalendar=(.+)", (DEPLOY / UNITS[1]).read_text("utf-8"))
    months = ("2026-01", "2026-04", "2026-07", "2026-10", "2027-01")
    expected = [f"{month}-{day:02}" for month in months for day in range(6, 21)]
    assert days_of(daily, 61) == expected[:61]
    assert days_of(weekly, 3) == ["2026-01-05", "2026-01-12", "2026-01-19"]


def cron_lines() -> list[re.Match[str]]:
    """Return the lines of the cron file that call something."""
    text = (DEPLOY / "acsi-sem.cron").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "MAILTO="))]
    found = [CRON.fullmatch(line) for line in lines]
    assert all(found), lines
    return [match for match in found if match]


def test_cron_lines_are_as_cron_reads_them() -> None:
    run, status = cron_lines()
    assert run[1].split()[2:] == ["*", "*", "*"]
    assert status[1].split()[4] == "1"
    assert {run[2], status[2]} == {"acsi-sem"}
    # Cron would end the command at a percent sign.
    assert "%" not in run[3] + status[3]


@pytest.mark.parametrize(("code", "alerts"), [(0, 0), (6, 0), (1, 1), (5, 1), (137, 1)])
def test_cron_tells_of_a_run_that_failed(tmp_path: Path, code: int, alerts: int) -> None:
    told = tmp_path / "told"
    program = script(tmp_path / "program", f"exit {code}")
    alert = script(tmp_path / "alert", f'echo "$1" >>{told}')
    command = cron_lines()[0][3].replace(PROGRAM, str(program)).replace(ALERT, str(alert))
    subprocess.run(["/bin/sh", "-c", command], check=True, timeout=20)
    lines = told.read_text("utf-8").splitlines() if told.exists() else []
    assert lines == [f"acsi-sem run: exit code {code}"] * alerts


def run_script(name: str, arguments: list[str], given: str, folder: Path, **extra: str) -> str:
    """Run an alert script with its programs replaced; return what these were given."""
    heard = folder / "heard"
    for program in ("curl", "sendmail"):
        words = f'for word in "$@"; do printf \'%s\\n\' "$word"; done >{heard}'
        script(folder / program, f"{words}; cat >>{heard}")
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["/bin/sh", str(DEPLOY / name), *arguments],
        input=given,
        text=True,
        env={"PATH": path, "SENDMAIL": str(folder / "sendmail"), **extra},
        check=True,
        timeout=20,
    )
    return heard.read_text(encoding="utf-8")


HOOK = "https://hooks.example.org/secret"
UNIT = r'acsi-sem-run@srv-acsi\x2d"nation.service'


@pytest.mark.parametrize("arguments", [[], [UNIT]])
def test_the_webhook_gets_valid_json(tmp_path: Path, arguments: list[str]) -> None:
    given = '{"status": "failed", "message": "航空\\n"}'
    heard = run_script(
        "alert-webhook.sh", arguments, given, tmp_path, ACSI_ALERT_WEBHOOK=HOOK
    ).splitlines()
    body = heard[heard.index("--data-raw") + 1]
    if arguments:
        assert json.loads(body)["message"] == UNIT
    else:
        assert body == given
    # The address comes on standard input, which no list of processes shows.
    assert [line for line in heard if HOOK in line] == [heard[-1]] == [f'url = "{HOOK}"']


@pytest.mark.parametrize(("arguments", "said"), [([], '{"a": 1}'), ([UNIT], f"{UNIT} failed on ")])
def test_the_mail_says_what_failed(tmp_path: Path, arguments: list[str], said: str) -> None:
    heard = run_script(
        "alert-mail.sh", arguments, '{"a": 1}', tmp_path, ACSI_ALERT_MAIL="ops@example.org"
    )
    assert heard.startswith("-t\nTo: ops@example.org\nSubject: acsi-sem on ")
    assert heard.split("\n\n", 1)[1].startswith(said)


@pytest.mark.parametrize("name", ["alert-webhook.sh", "alert-mail.sh"])
def test_a_script_without_an_address_fails(name: str) -> None:
    done = subprocess.run(
        ["/bin/sh", str(DEPLOY / name), "x"], env={}, capture_output=True, check=False, timeout=20
    )
    assert done.returncode != 0
    assert b"no address" in done.stderr
