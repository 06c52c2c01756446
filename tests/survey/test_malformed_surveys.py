"""Malformed survey files, each with its whole message; every one ends with exit code 4."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from survey_cases import CASES, Case

from acsi_sem.errors import DataError
from acsi_sem.survey.read import read_survey


def read_messages() -> dict[str, tuple[str, ...]]:
    """Return the expected messages of each case: a heading, then one problem a line."""
    text = Path(__file__).with_name("malformed_surveys.txt").read_text("utf-8")
    blocks = [block.splitlines() for block in text.split("## ")[1:]]
    return {block[0]: tuple(block[1:]) for block in blocks}


MESSAGES = read_messages()


def comparable(message: str, folder: Path) -> str:
    """Take out the folder and what a third-party reader says, which changes with its version."""
    own = message.replace(str(folder), "DIR")
    return re.sub(r"another format \(.*\);", "another format (...);", own)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_message_and_exit_code(case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.file
    case.build(path)
    with pytest.raises(DataError) as caught:
        read_survey(path, case.model(), **case.options)
    said = tuple(comparable(str(problem), tmp_path) for problem in caught.value.problems)
    assert said == MESSAGES[case.id]
    assert caught.value.exit_code == 4


def test_every_case_has_a_name_and_every_message_a_case() -> None:
    assert [case.id for case in CASES] == list(MESSAGES)
    assert len(CASES) >= 40
