"""A crash at any named point leaves the old state or the new, and the next run goes on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from fault_runs import (
    FIRST,
    PERIODS,
    REVISED,
    SECOND,
    TASKS,
    fill,
    half_published,
    lost_revisions,
    make_produce,
    revisions,
    run,
    state,
)

from acsi_sem.runs.crashes import POINTS, crash_hook
from acsi_sem.runs.store import Store


class CrashError(BaseException):
    """Ends a run as a kill does: no handler of errors catches it."""


class Crasher:
    """Raises when a point is passed for the n-th time."""

    def __init__(self, point: str, time: int) -> None:
        self.point, self.left = point, time

    def __call__(self, name: str) -> None:
        self.left -= name == self.point
        if name == self.point and self.left == 0:
            raise CrashError(name)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    root = tmp_path_factory.mktemp("undisturbed")
    fill(root, make_produce())
    return state(root)


def test_every_point_is_passed_in_its_order(tmp_path: Path) -> None:
    passed: list[str] = []
    with crash_hook(passed.append):
        run(tmp_path, PERIODS[0], make_produce(), FIRST, "")
    assert tuple(dict.fromkeys(passed)) == POINTS
    assert Counter(passed)["checkpoint-kept"] == len(TASKS)


def test_the_undisturbed_state_is_what_the_others_are_held_against(
    undisturbed: dict[str, bytes],
) -> None:
    names = [name for name in undisturbed if name.endswith("manifest.json")]
    assert names == [
        f"periods/{period}/manifest.json" for period in ("2026Q1/r1", "2026Q2/r1", "2026Q2/r2")
    ] + ["periods/2026Q3/r1/manifest.json"]
    assert not [name for name in undisturbed if name.startswith("work")]


# Points of tasks are passed once per task; the fourth run of `fill` is the new revision.
@pytest.mark.parametrize("which", [1, 2, 4])
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_a_point_loses_nothing(
    tmp_path: Path, undisturbed: dict[str, bytes], point: str, which: int
) -> None:
    time = (which - 1) * len(TASKS) + 2 if point.startswith("checkpoint") else which
    with crash_hook(Crasher(point, time)), pytest.raises(CrashError):
        fill(tmp_path, make_produce())
    assert half_published(tmp_path) == []
    before = revisions(tmp_path)
    fill(tmp_path, make_produce())
    assert lost_revisions(before, tmp_path) == []
    assert state(tmp_path) == undisturbed


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ("checkpoint-written", list(TASKS[2:])),
        ("checkpoint-kept", list(TASKS[3:])),
        ("manifest-written", []),
        ("revision-moved", []),
    ],
)
def test_finished_companies_are_not_computed_again(
    tmp_path: Path, point: str, expected: list[str]
) -> None:
    time = 3 if point.startswith("checkpoint") else 1
    with crash_hook(Crasher(point, time)), pytest.raises(CrashError):
        run(tmp_path, PERIODS[0], make_produce(), FIRST, "")
    computed: list[str] = []
    run(tmp_path, PERIODS[0], make_produce(computed=computed.append), FIRST, "")
    assert computed == expected


def test_results_of_other_inputs_are_not_taken(tmp_path: Path) -> None:
    with crash_hook(Crasher("produced", 1)), pytest.raises(CrashError):
        run(tmp_path, PERIODS[0], make_produce(), FIRST, "")
    computed: list[str] = []
    run(tmp_path, PERIODS[0], make_produce(computed=computed.append), SECOND, "")
    assert computed == list(TASKS)
    assert not (tmp_path / "work" / str(PERIODS[0])).exists()


def test_a_damaged_result_of_a_company_is_computed_again(tmp_path: Path) -> None:
    with crash_hook(Crasher("produced", 1)), pytest.raises(CrashError):
        run(tmp_path, PERIODS[0], make_produce(), FIRST, "")
    kept = sorted((tmp_path / "work").rglob("*/*/*"))
    kept[0].write_bytes(kept[0].read_bytes()[:-1])
    kept[1].write_bytes(b"")
    computed: list[str] = []
    run(tmp_path, PERIODS[0], make_produce(computed=computed.append), FIRST, "")
    assert len(kept) == len(TASKS)
    assert len(computed) == 2


def test_a_complete_revision_of_the_same_inputs_is_adopted(tmp_path: Path) -> None:
    with crash_hook(Crasher("revision-moved", 1)), pytest.raises(CrashError):
        run(tmp_path, PERIODS[0], make_produce(), FIRST, "")
    assert Store(tmp_path).current(PERIODS[0]) is None
    assert Store(tmp_path).pending(PERIODS[0]) == (1,)
    outcome = run(tmp_path, PERIODS[0], make_produce(), FIRST, "")
    assert (outcome.status, outcome.revision, outcome.lost) == ("adopted", 1, 1)
    assert "it is current now" in outcome.told[0]


@pytest.mark.parametrize("copies", [1, 2])
def test_a_complete_revision_of_other_inputs_is_set_aside_and_told(
    tmp_path: Path, copies: int
) -> None:
    for number in range(copies):
        with crash_hook(Crasher("revision-moved", 1)), pytest.raises(CrashError):
            run(tmp_path, PERIODS[0], make_produce(), (("survey", f"{number}" * 64),), "")
    left = (tmp_path / "periods" / "2026Q1" / "r1" / "manifest.json").read_bytes()
    outcome = run(tmp_path, PERIODS[0], make_produce(), SECOND, "")
    assert outcome.told == (f"2026Q1: r1 of an ended run was set aside as .abandoned-r1-{copies}",)
    folder = tmp_path / "periods" / "2026Q1"
    assert (folder / f".abandoned-r1-{copies}" / "manifest.json").read_bytes() == left
    current = Store(tmp_path).current(PERIODS[0])
    assert current is not None
    assert current.revision == 1


def test_an_incomplete_revision_is_never_adopted(tmp_path: Path) -> None:
    with crash_hook(Crasher("revision-moved", 1)), pytest.raises(CrashError):
        run(tmp_path, PERIODS[0], make_produce(), FIRST, "")
    (tmp_path / "periods" / "2026Q1" / "r1" / "big.bin").write_bytes(b"changed")
    outcome = run(tmp_path, PERIODS[0], make_produce(), FIRST, "")
    assert outcome.status == "published"
    assert half_published(tmp_path) == []


def test_a_second_revision_that_was_never_named_waits_for_its_reason(tmp_path: Path) -> None:
    for period in PERIODS:
        run(tmp_path, period, make_produce(), FIRST, "")
    with crash_hook(Crasher("revision-moved", 1)), pytest.raises(CrashError):
        run(tmp_path, REVISED, make_produce(), SECOND, "late interviews")
    current = Store(tmp_path).current(REVISED)
    assert current is not None
    assert current.revision == 1
    # The reason was given when it was made, so the next run of the same inputs needs none.
    outcome = run(tmp_path, REVISED, make_produce(), SECOND, "")
    assert (outcome.status, outcome.revision) == ("adopted", 2)
