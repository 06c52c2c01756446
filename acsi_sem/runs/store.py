"""The store of published periods: immutable revisions, and which of them is current."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from acsi_sem.errors import DataError, Problem
from acsi_sem.runs.crashes import crash_point
from acsi_sem.runs.durable import (
    file_hashes,
    put,
    sha256_of,
    store_errors,
    sync,
    sync_tree,
    write_files,
)
from acsi_sem.spec.periods import Period

MANIFEST: Final = "manifest.json"
CURRENT: Final = "CURRENT"
_ASIDE: Final = ".CURRENT-new"
_WRITING: Final = ".writing-"
_ABANDONED: Final = ".abandoned-"
_REVISION: Final = re.compile(r"r([1-9]\d*)")

Files = Mapping[str, bytes] | Callable[[Path], None]
"""What a run writes: relative path to bytes, or a function that writes into a folder."""


@dataclass(frozen=True, slots=True)
class Current:
    """Which revision of a period is published.

    Attributes
    ----------
    revision : int
        From 1.
    run_key : str
        SHA-256 over everything the revision was made of.
    manifest_sha256 : str
        Of its manifest, which holds the SHA-256 of every other file.
    """

    revision: int
    run_key: str
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of published periods.

    ``periods/2026Q3/r1/`` holds a revision and never changes; ``periods/2026Q3/CURRENT`` names
    the one that counts; ``work/2026Q3/KEY/`` holds what an unfinished run has already computed.

    Attributes
    ----------
    root : Path
    """

    root: Path

    def folder(self, period: Period) -> Path:
        """Return the folder of a period."""
        return self.root / "periods" / str(period)

    def revision(self, period: Period, number: int) -> Path:
        """Return the folder of a revision."""
        return self.folder(period) / f"r{number}"

    def work(self, period: Period) -> Path:
        """Return the folder of what unfinished runs of a period have computed."""
        return self.root / "work" / str(period)

    def published(self) -> tuple[Period, ...]:
        """Return every period that has a current revision, earliest first."""
        return tuple(sorted(self._published()))

    def _published(self) -> Iterator[Period]:
        for path in (self.root / "periods").glob(f"*/{CURRENT}"):
            try:
                yield Period.parse(path.parent.name)
            except ValueError:
                continue

    def current(self, period: Period) -> Current | None:
        """Return which revision of a period is current; None before the first.

        Raises
        ------
        DataError
            If it cannot be read, or names a revision that is not there: someone else's doing.
        """
        path = self.folder(period) / CURRENT
        try:
            found = Current(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise DataError(_damage(path, "the name of a revision", str(error))) from error
        manifest = self.revision(period, found.revision) / MANIFEST
        if not manifest.is_file() or sha256_of(manifest) != found.manifest_sha256:
            raise DataError(_damage(manifest, "the manifest that CURRENT names", "another or none"))
        return found

    def manifest(self, period: Period, number: int) -> dict[str, Any]:
        """Return the manifest of a revision.

        Raises
        ------
        DataError
            If it is none.
        """
        return read_manifest(self.revision(period, number))

    def read(self, period: Period, name: str) -> bytes:
        """Return a file of a period's current revision, held against its hash.

        Parameters
        ----------
        period : Period
        name : str
            E.g. ``internal/readings.parquet``.

        Raises
        ------
        DataError
            If the period is not published, has no such file, or the file was changed.
        """
        current = self.current(period)
        if current is None:
            got = "one that is not"
            raise DataError(Problem(str(self.root), str(period), "a published period", got))
        path = self.revision(period, current.revision) / name
        expected = self.manifest(period, current.revision)["files"].get(name)
        data = path.read_bytes() if path.is_file() else None
        if data is None or hashlib.sha256(data).hexdigest() != expected:
            got = "no such file" if data is None else "one that was changed since"
            raise DataError(_damage(path, "the file that was published", got))
        return data

    def pending(self, period: Period) -> tuple[int, ...]:
        """Return the revisions that a crash left complete but not current."""
        current = self.current(period)
        above = current.revision if current else 0
        return tuple(sorted(n for n in self.revisions(period) if n > above))

    def revisions(self, period: Period) -> tuple[int, ...]:
        """Return the numbers of all revisions of a period."""
        folder = self.folder(period)
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        found = [_REVISION.fullmatch(name) for name in names]
        return tuple(sorted(int(match[1]) for match in found if match))


def _damage(path: Path, expected: str, got: str) -> Problem:
    remedy = "restore the store from a copy; published files are never edited"
    return Problem(str(path), "", expected, got, remedy)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a revision's folder.

    Raises
    ------
    DataError
        If there is none, or it cannot be read.
    """
    path = folder / MANIFEST
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(_damage(path, "the manifest of a run", str(error))) from error
    return found


def publish(
    store: Store, period: Period, number: int, files: Files, manifest: Mapping[str, object]
) -> Current:
    """Write a revision and make it current; the caller holds the lock and has cleaned up.

    Everything is written to a folder aside, flushed, and moved in one step; then the pointer is
    replaced in one step. A crash leaves the old state or the new one, or a complete revision
    that `recover` adopts.

    Parameters
    ----------
    store : Store
    period : Period
    number : int
        Of the revision.
    files : Files
    manifest : mapping
        With ``run_key``; ``files`` is filled in.

    Returns
    -------
    Current

    Raises
    ------
    UsageError
        If it cannot be written, such as for a full disk; nothing of it stays.
    ValueError
        If a file leads out of the folder, or is the manifest.
    """
    key = str(manifest["run_key"])
    making = store.folder(period) / f"{_WRITING}{key[:16]}"
    try:
        with store_errors(store.root):
            making.mkdir(parents=True)
            for path in (making.parent, making.parent.parent, store.root):
                sync(path)
            _write(making, files, manifest)
            making.rename(store.revision(period, number))
            sync(store.folder(period))
            crash_point("revision-moved")
            return _point_to(store, period, number)
    except Exception:
        shutil.rmtree(making, ignore_errors=True)
        raise


def _write(making: Path, files: Files, manifest: Mapping[str, object]) -> None:
    if callable(files):
        files(making)
        crash_point("file-written")
    else:
        write_files(making, files)
    crash_point("files-written")
    if (making / MANIFEST).exists():
        raise ValueError(f"{MANIFEST} is the store's to write")
    whole = {**manifest, "files": file_hashes(making)}
    content = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
    (making / MANIFEST).write_text(content + "\n", encoding="utf-8")
    sync_tree(making)
    crash_point("manifest-written")


def _point_to(store: Store, period: Period, number: int) -> Current:
    """Make a revision the current one."""
    folder = store.revision(period, number)
    key = str(read_manifest(folder)["run_key"])
    current = Current(number, key, sha256_of(folder / MANIFEST))
    content = {
        "revision": current.revision,
        "run_key": current.run_key,
        "manifest_sha256": current.manifest_sha256,
    }
    data = (json.dumps(content, indent=2) + "\n").encode()
    put(store.folder(period) / CURRENT, data, store.folder(period) / _ASIDE)
    crash_point("current-moved")
    return current


def recover(store: Store, period: Period, key: str) -> tuple[Current | None, tuple[str, ...]]:
    """Clean up after runs of a period that were ended; the caller holds the lock.

    Parameters
    ----------
    store : Store
    period : Period
    key : str
        Run key of the run that begins.

    Returns
    -------
    adopted : Current or None
        A revision that was complete but not yet current, and is of the same key: now current.
    told : tuple of str
        What was set aside, one sentence each; nothing that was complete is removed.

    Raises
    ------
    UsageError
        If the store cannot be written.
    """
    adopted, told = None, []
    with store_errors(store.root):
        for left in store.folder(period).glob(f"{_WRITING}*"):
            shutil.rmtree(left)
        (store.folder(period) / _ASIDE).unlink(missing_ok=True)
        for number in store.pending(period):
            if adopted is None and _is_whole(store.revision(period, number), key):
                adopted = _point_to(store, period, number)
                told.append(f"{period}: r{number} was complete when a run ended; it is current now")
            else:
                name = _set_aside(store, period, number)
                told.append(f"{period}: r{number} of an ended run was set aside as {name}")
    return adopted, tuple(told)


def _is_whole(folder: Path, key: str) -> bool:
    """Say whether a revision is of a key and has every file as its manifest says."""
    try:
        manifest = read_manifest(folder)
    except DataError:
        return False
    listed = {name: digest for name, digest in file_hashes(folder).items() if name != MANIFEST}
    return manifest.get("run_key") == key and manifest.get("files") == listed


def _set_aside(store: Store, period: Period, number: int) -> str:
    folder, copy = store.folder(period), 1
    while (folder / f"{_ABANDONED}r{number}-{copy}").exists():
        copy += 1
    name = f"{_ABANDONED}r{number}-{copy}"
    store.revision(period, number).rename(folder / name)
    sync(folder)
    return name
