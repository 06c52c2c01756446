"""YAML 1.2 read as plain values, with the line and column of each.

The file is parsed to events by ruamel.yaml and built here, so that nothing can be constructed but
text, numbers, true/false, null, lists and mappings, and so that hostile files meet a limit before
they cost memory or time.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from acsi_sem.errors import Problem, SpecError
from acsi_sem.spec.findings import MOST_SHOWN, Finding, Loc, did_you_mean, dotted
from acsi_sem.spec.yaml_nodes import Place, Trouble, plain_value, read_nodes

MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML file as read.

    Attributes
    ----------
    path : str
        As the caller gave it; messages repeat it.
    sha256 : str
        Of the file's bytes.
    data : dict
        The document: keys are text, numbers in keys in their shortest form (``1`` for ``1.0``).
    places : dict
        For each path in the document, where its key and its value stand.
    """

    path: str
    sha256: str
    data: dict[str, object]
    places: dict[Loc, Place]

    @property
    def folder(self) -> Path:
        """Folder of the file, for paths relative to it."""
        return Path(self.path).parent

    def where(self, loc: Loc, at: str = "value") -> str:
        """Return ``file:line:col`` of a path, or of the nearest part of it that is in the file."""
        line, column = self._position(loc, at)
        return f"{self.path}:{line}:{column}"

    def problems(self, findings: Iterable[Finding]) -> tuple[Problem, ...]:
        """Return findings as problems in file order, each once."""
        ordered = sorted(
            findings, key=lambda f: (self._position(self._written(f.loc), f.at), dotted(f.loc))
        )
        return _first(self.path, dict.fromkeys(self._problem(finding) for finding in ordered))

    def find(self, path: str) -> Loc:
        """Return the longest beginning of a dotted path that stands in the file.

        Parameters
        ----------
        path : str
            As `dotted` writes it, e.g. ``methods.rate.items[0]``.
        """
        here: object = self.data
        loc: Loc = ()
        while path:
            if (found := _next_step(here, path)) is None:
                return loc
            step, path = found
            here = here[step]  # type: ignore[index]
            loc = (*loc, step)
        return loc

    def locate(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return problems, whose paths are of this file, at ``file:line:col`` in file order."""
        placed = [(problem, self.find(problem.path)) for problem in problems]
        found = [
            (self._position(loc, at), replace(problem, where=self.where(loc, at)))
            for problem, loc in placed
            for at in ["key" if self._whole(loc) else "value"]
        ]
        found.sort(key=lambda pair: (pair[0], pair[1].path))
        return _first(self.path, dict.fromkeys(problem for _, problem in found))

    def _whole(self, loc: Loc) -> bool:
        """Whether a mapping or list stands there, whose key says more than its first bracket."""
        here: object = self.data
        for step in loc:
            here = here[step]  # type: ignore[index]
        return isinstance(here, dict | list) and bool(loc) and isinstance(loc[-1], str)

    def _problem(self, finding: Finding) -> Problem:
        loc = self._written(finding.loc)
        return Problem(
            where=self.where(loc, finding.at),
            path=dotted(loc),
            expected=finding.expected,
            got=finding.got,
            remedy=finding.remedy,
        )

    def _written(self, loc: Loc) -> Loc:
        """Cut a path at the first step that short forms leave unwritten.

        ``paths: {a: b}`` is short for ``paths: {a: [{to: b}]}``; a key absent from a mapping stays.
        """
        here: object = self.data
        for i, step in enumerate(loc):
            if isinstance(here, dict) and isinstance(step, str):
                if step not in here:
                    return loc
                here = here[step]
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                return loc[:i]
        return loc

    def _position(self, loc: Loc, at: str) -> tuple[int, int]:
        if place := self.places.get(loc):
            return place.key if at == "key" else place.value
        while loc not in self.places:
            loc = loc[:-1]
        return self.places[loc].key


def _next_step(here: object, path: str) -> tuple[str | int, str] | None:
    """Take the first step off a dotted path; names may hold dots, so the longest key wins."""
    if isinstance(here, dict):
        fits = [key for key in here if re.match(rf"{re.escape(key)}([.\[:]|$)", path)]
        key = max(fits, key=len, default=None)
        return None if key is None else (key, path[len(key) :].removeprefix("."))
    if isinstance(here, list) and (index := re.match(r"\[([0-9]+)\]\.?", path)):
        at = int(index[1])
        return (at, path[index.end() :]) if at < len(here) else None
    return None


def read_source(path: str | os.PathLike[str]) -> Source:
    """Read one YAML 1.2 document that is a mapping.

    Raises
    ------
    SpecError
        When the file cannot be read, is not UTF-8, is not one YAML mapping, uses tags, repeats a
        key, or is larger or deeper than any model or study file.
    """
    name = os.fspath(path)
    content = _read_bytes(name)
    text = _decode(name, content)
    try:
        root = read_nodes(text)
        data, places, troubles = plain_value(root)
    except Trouble as trouble:
        raise SpecError(_located(name, [trouble])) from None
    if troubles:
        raise SpecError(_first(name, _located(name, troubles)))
    if not isinstance(data, dict):
        raise SpecError(_not_a_mapping(name, data, places[()]))
    return Source(name, hashlib.sha256(content).hexdigest(), data, places)


def _first(name: str, found: Iterable[Problem]) -> tuple[Problem, ...]:
    problems = tuple(found)
    if len(problems) <= MOST_SHOWN:
        return problems
    more = f"{len(problems) - MOST_SHOWN} or more besides"
    return (*problems[:MOST_SHOWN], Problem(name, "", "no problems", more))


def _located(name: str, troubles: Iterable[Trouble]) -> Iterator[Problem]:
    for trouble in sorted(troubles, key=lambda trouble: trouble.position):
        line, column = trouble.position
        yield Problem(
            f"{name}:{line}:{column}", trouble.path, trouble.expected, trouble.got, trouble.remedy
        )


def _not_a_mapping(name: str, data: object, place: Place) -> Problem:
    kind = "a list" if isinstance(data, list) else "a single value"
    line, column = place.value
    return Problem(
        f"{name}:{line}:{column}",
        "",
        "a mapping (key: value)",
        "an empty file" if data is None else kind,
        "start from models/acsi.yaml or data/acsi2015/study.yaml",
    )


def _read_bytes(name: str) -> bytes:
    try:
        file = Path(name)
        if not file.is_file():
            raise SpecError(_no_file(name, file))
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(Problem(name, "", "a readable file", reason.lower())) from None
    if len(content) > MAX_BYTES:
        raise SpecError(Problem(name, "", f"at most {MAX_BYTES:,} bytes", "a larger file"))
    return content


def _no_file(name: str, file: Path) -> Problem:
    expected = "a model or study file (YAML)"
    if file.is_dir():
        return Problem(name, "", expected, "a folder", "name the file in it")
    if file.exists():
        return Problem(name, "", expected, "something that is not a regular file")
    folder = file.parent
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    return Problem(name, "", expected, "no such file", did_you_mean(file.name, names))


def _decode(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", errors="replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        got = f"the byte 0x{content[error.start]:02X}"
        remedy = "save the file as UTF-8"
        raise SpecError(Problem(f"{name}:{line}:{column}", "", "UTF-8 text", got, remedy)) from None
