"""Writing a run: all or nothing, the manifest last."""

from __future__ import annotations

from pathlib import Path

import pytest

from acsi_sem.errors import UsageError
from acsi_sem.runs.folder import check_writable, write_folder


def test_files_are_written_and_nothing_else_stays(tmp_path: Path) -> None:
    write_folder(tmp_path / "a" / "b", {"x.csv": b"1", "manifest.json": b"2"}, "manifest.json")
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == ["manifest.json", "x.csv"]


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    write_folder(tmp_path, {"x.csv": b"1"}, "x.csv")
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_a_failure_while_writing_leaves_what_was_there(tmp_path: Path) -> None:
    write_folder(tmp_path, {"x.csv": b"old", "m": b"old"}, "m")
    with pytest.raises(UsageError, match="choose another --out"):
        write_folder(tmp_path, {"x.csv": b"new", "no/such/folder": b"", "m": b"new"}, "m")
    assert (tmp_path / "x.csv").read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m", "x.csv"]


def test_a_file_in_the_way_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError) as caught:
        write_folder(tmp_path / "out", {"x": b""}, "x")
    assert caught.value.exit_code == 2


def test_a_folder_in_a_files_place_is_seen_before_anything_is_replaced(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a.csv": b"old", "m": b"old"}, "m")
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(UsageError, match=r"b\.csv"):
        write_folder(tmp_path, {"a.csv": b"new", "b.csv": b"new", "m": b"new"}, "m")
    assert (tmp_path / "a.csv").read_bytes() == b"old"


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for bad in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UsageError, match="a file"):
            check_writable(bad)
    check_writable(tmp_path / "new" / "deep")
    assert not (tmp_path / "new").exists()
