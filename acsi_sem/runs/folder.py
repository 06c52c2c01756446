"""Writing a run: everything is made first, then moved into place; the manifest comes last."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
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
