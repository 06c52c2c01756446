"""Files that survive a crash whole: written aside, flushed to the disk, moved in one step."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from acsi_sem.errors import Problem, UsageError
from acsi_sem.runs.crashes import crash_point

_FLUSHES: Final = 4


@contextmanager
def store_errors(root: Path, use: str = "written") -> Iterator[None]:
    """Turn what the operating system refuses into a message for the user.

    Parameters
    ----------
    root : Path
        Folder of the store.
    use : str
        What was tried: that it be written, or read.

    Raises
    ------
    UsageError
        Exit code 2; what was published stands.
    """
    try:
        yield
    except OSError as error:
        remedy = "what was published stands; make room or rights, and run again"
        reason = error.strerror or str(error)
        got = f"{reason} ({error.filename})" if error.filename else reason
        expected = f"a store that can be {use}"
        raise UsageError(Problem(str(root), "", expected, got, remedy)) from error


def check_store(root: Path) -> None:
    """Refuse a store that is no folder, or lies below a file.

    Raises
    ------
    UsageError
    """
    with store_errors(root, "read"):
        inside = next((path for path in (root, *root.parents) if path.exists()), root)
    if inside.exists() and not inside.is_dir():
        remedy = "name a folder as run.store in the study; it need not be there yet"
        raise UsageError(Problem(str(root), "run.store", "a folder", f"the file {inside}", remedy))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a folder.

    Parameters
    ----------
    folder : Path
    files : mapping of relative path -> bytes
        With ``/`` between folders.

    Raises
    ------
    ValueError
        If a path leads out of the folder.
    """
    for number, (name, data) in enumerate(files.items()):
        _check_below(name)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if number == 0:
            crash_point("file-written")


def _check_below(name: str) -> None:
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or name.startswith("/") or "\\" in name:
        raise ValueError(f"{name!r} is no path below a run's folder")


def file_hashes(folder: Path) -> dict[str, str]:
    """Return relative path -> SHA-256 of every file below a folder, in order of the path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): sha256_of(path) for path in paths}
    return dict(sorted(found.items()))


def sync_tree(folder: Path) -> None:
    """Flush every file and folder below a folder, and itself, to the disk."""
    # Side by side, for a disk flushes many files at once faster than one after the other.
    with ThreadPoolExecutor(_FLUSHES) as pool:
        list(pool.map(sync, [*folder.rglob("*"), folder]))


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put(path: Path, data: bytes, aside: Path) -> None:
    """Put a small file in place in one step, and have it on the disk when this returns.

    Parameters
    ----------
    path : Path
    data : bytes
    aside : Path
        Where it is written first; in the same folder.
    """
    aside.write_bytes(data)
    sync(aside)
    crash_point("current-written")
    aside.replace(path)
    sync(path.parent)
