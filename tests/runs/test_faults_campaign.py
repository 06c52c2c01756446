"""The fault campaign sees harm where there is some, and its committed table tells of none."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_runs import fill, make_produce, state

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.faults import TABLE, Row, kill_worker


def remove_revision(root: Path) -> None:
    """Lose the revision that is no longer current."""
    shutil.rmtree(root / "periods" / "2026Q2" / "r1")


def edit_file(root: Path) -> None:
    """Change a published file."""
    (root / "periods" / "2026Q1" / "r1" / "big.bin").write_bytes(b"other")


def remove_file(root: Path) -> None:
    """Lose a file of the current revision."""
    (root / "periods" / "2026Q1" / "r1" / "report" / "index.html").unlink()


def nothing(root: Path) -> None:
    """Do no harm."""


@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        (nothing, (0, 0, 1)),
        (remove_revision, (0, 1, 0)),
        (edit_file, (1, 1, 0)),
        (remove_file, (1, 1, 0)),
    ],
)
def test_harm_is_seen(
    tmp_path: Path, harm: Callable[[Path], None], seen: tuple[int, int, int]
) -> None:
    fill(tmp_path, make_produce())
    row = Row("test", "test")
    row.count(tmp_path, lambda: harm(tmp_path), state(tmp_path))
    assert (row.half_published, row.lost_revisions, row.identical_end_states) == seen


def test_a_worker_that_is_killed_changes_nothing(tmp_path: Path) -> None:
    row = kill_worker(tmp_path, 1)
    assert (row.trials, row.disturbed, row.identical_end_states) == (1, 1, 1)


def test_the_committed_table_tells_of_no_harm() -> None:
    with TABLE.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["scenario"].split(" (")[0] for row in rows] == [
        "killed",
        "disk full",
        "two runs at once",
        "worker removed",
    ]
    assert int(rows[0]["trials"]) == 200
    for row in rows:
        assert (row["half_published"], row["lost_revisions"]) == ("0", "0"), row
        assert row["identical_end_states"] == row["trials"], row
        # A fault that comes after the end is none. Moments are drawn over the time that a run took
        # before the campaign, so how many hit depends on how the machine's speed changes.
        assert int(row["disturbed"]) >= 0.7 * int(row["trials"]), row
