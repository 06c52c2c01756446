"""A reader that has seen enough, and the help's words on engines."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-c", "from acsi_sem.cli import main; main()"]


def end_of(words: list[str], closed: str) -> tuple[int, bytes]:
    """Run a command whose stdout or stderr nobody reads; return its exit code and the other."""
    reading, writing = os.pipe()
    os.close(reading)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, closed: writing}
    done = subprocess.run([*COMMAND, *words], check=False, **streams)  # type: ignore[call-overload]
    os.close(writing)
    other = done.stderr if closed == "stdout" else done.stdout
    return done.returncode, other


@pytest.mark.parametrize("words", [["models"], ["--help"], ["schema", "study"]])
def test_a_closed_pipe_ends_a_command_quietly(words: list[str]) -> None:
    assert end_of(words, "stdout") == (0, b"")


def test_an_error_that_nobody_reads_keeps_its_code() -> None:
    assert end_of(["models", "nope"], "stderr") == (2, b"")


@pytest.mark.parametrize("command", ["fit", "report"])
def test_the_help_names_the_engine_of_composites(command: str) -> None:
    done = subprocess.run([*COMMAND, command, "--help"], capture_output=True, check=True, text=True)
    assert "composite" in done.stdout
