"""Writing a run: everything is made first, then moved into place; the manifest comes last."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from acsi_sem.errors import Problem, UsageError


def write_folder(folder: Path, files: Mapping[str, bytes], last: str) -> None:
    """Write files into a folder; a failure leaves what was there.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    files : mapping name -> bytes
    last : str
        The file that says the others are complete; it is put in place last.

    Raises
    ------
    UsageError
        If the folder cannot be written.
    """
    _check_targets(folder, files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as made:
            for name, data in files.items():
                (Path(made) / name).write_bytes(data)
            for name in sorted(files, key=lambda name: (name == last, name)):
                (Path(made) / name).replace(folder / name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            Problem(str(folder), "", "a folder that can be written", reason, "choose another --out")
        ) from error


def _check_targets(folder: Path, names: Iterable[str]) -> None:
    """Refuse before anything is replaced when a folder stands where a file must go."""
    problems = [
        Problem(str(folder / name), "", "a file or nothing", "a folder", "choose another --out")
        for name in names
        if (folder / name).is_dir()
    ]
    if problems:
        raise UsageError(problems)


def check_writable(folder: Path) -> None:
    """Refuse a folder that cannot be written, before any work is done.

    Raises
    ------
    UsageError
        If it is no folder, or neither it nor the nearest one above it may be written.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    got = ""
    if not there.is_dir():
        got = "a file" if there == folder else f"a file in its way ({there.name})"
    elif not os.access(there, os.W_OK | os.X_OK):
        got = "one that may not be written"
    if got:
        raise UsageError(
            Problem(str(folder), "", "a folder that can be written", got, "choose another --out")
        )
