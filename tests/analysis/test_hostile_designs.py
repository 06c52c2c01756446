"""Every hostile design has its named outcome, and no table a number missing without a reason."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from design_cases import Case, sound_frame
from explained import unexplained, untrue
from hostile_designs import CASES

from acsi_sem.analysis.values import Fit
from acsi_sem.errors import AcsiError


def read_outcomes() -> dict[str, tuple[str, ...]]:
    """Return the outcomes of each case: a heading, then one outcome a line."""
    text = (Path(__file__).parents[1] / "hostile_designs.txt").read_text("utf-8")
    blocks = [block.strip().splitlines() for block in text.split("\n## ")[1:]]
    return {block[0]: tuple(block[1:]) for block in blocks}


OUTCOMES = read_outcomes()


def told(fit: Fit) -> Iterator[str]:
    """Yield everything that a fit says of itself, as the file of outcomes writes it."""
    for notice in fit.notices:
        yield f"notice {notice.kind}@{notice.group}: {notice.message}"
    for name in ("estimates", "indices", "quality", "breakdowns", "comparisons", "micom"):
        table = getattr(fit, name)
        for group in fit.groups:
            notes = table.loc[table["group"] == group, "note"]
            if len(notes) and not notes.any():
                yield f"complete {name}@{group}"
            yield from (f"note {name}@{group}: {note}" for note in notes[notes != ""].unique())
    yield from (f"note prediction: {note}" for note in fit.prediction["note"].unique())
    for _, row in fit.weighting.iterrows():
        yield f"effective {row['stage']}@{row['group']}: {row['n_eff']:.3g}"


def outcome(case: Case) -> tuple[set[str], Fit | None]:
    """Run a case; return what it says and its tables, if it comes to tables."""
    try:
        fit = case.run()
    except AcsiError as error:
        said = (str(problem).removeprefix("data frame: ") for problem in error.problems)
        return {f"{type(error).__name__} {text}" for text in said}, None
    return set(told(fit)), fit


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_outcome(case: Case) -> None:
    said, fit = outcome(case)
    expected = set(OUTCOMES[case.id])
    if fit is None:
        assert said == expected
        return
    assert [line for line in expected if not fnmatch.filter(said, line)] == []
    assert unexplained(fit) == []
    assert untrue(fit) == []


def test_every_case_has_an_outcome_and_there_are_enough() -> None:
    assert [case.id for case in CASES] == list(OUTCOMES)
    assert all(OUTCOMES.values())
    assert len(CASES) >= 50


@pytest.fixture(scope="module")
def refused() -> Fit:
    """A fit that withholds much: each firm is one PSU, and both are compared."""
    return next(case for case in CASES if case.id == "groups of one PSU each").run()


def test_a_missing_reason_is_found(refused: Fit) -> None:
    assert unexplained(refused) == []
    for name in ("estimates", "indices", "impacts", "quality", "comparisons", "micom", "ipma"):
        bare = replace(refused, **{name: getattr(refused, name).assign(note="")})
        assert any(line.startswith(f"{name} [A") for line in unexplained(bare)), name


def test_a_reason_for_something_else_is_none(refused: Fit) -> None:
    wrong = refused.indices.assign(note="limits withheld: 9.0 % of the replicates failed")
    found = unexplained(replace(refused, indices=wrong))
    assert len(found) == 8
    assert all(line.endswith(": std_error") for line in found)


def test_an_infinite_number_and_an_absent_group_are_found(refused: Fit) -> None:
    endless = refused.fit_measures.assign(value=np.inf)
    found = unexplained(replace(refused, fit_measures=endless))
    assert len(found) == len(endless)
    gone = refused.estimates[refused.estimates["group"] != "B"]
    assert unexplained(replace(refused, estimates=gone)) == ["estimates [B pls]: no rows"]


def test_a_note_that_is_not_so_is_found(refused: Fit) -> None:
    assert untrue(refused) == []
    rows = refused.indices.assign(note="limits withheld: 9.0 % of the replicates failed")
    assert len(untrue(replace(refused, indices=rows))) == 4  # `all` has limits
    told_anyway = refused.comparisons.assign(p_bootstrap=0.0)
    assert len(untrue(replace(refused, comparisons=told_anyway))) == len(told_anyway)


def test_the_sound_survey_is_sound() -> None:
    said, fit = outcome(Case("sound", lambda frame: sound_frame(len(frame)), rows=200))
    assert fit is not None
    assert {"complete estimates@all", "complete indices@all", "complete quality@all"} <= said
