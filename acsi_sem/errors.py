"""One exception root; every error says where, what was expected, what came, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and what to do about it.

    Attributes
    ----------
    where : str
        File, or ``file:line:col``.
    path : str
        What in the file: a dotted path (``constructs.loyalty``) or a column (``column SATIS``).
    expected, got, remedy : str
        Sentence parts without a full stop; `remedy` may be empty.
    """

    where: str
    path: str
    expected: str
    got: str
    remedy: str = ""

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.where, self.path) if part)
        tail = f"; {self.remedy}" if self.remedy else ""
        return f"{place}: expected {self.expected}, got {self.got}{tail}"


class AcsiError(Exception):
    """Root of every error that acsi_sem raises on purpose; carries all problems at once."""

    exit_code = 1

    def __init__(self, problems: Iterable[Problem] | Problem) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(AcsiError):
    """A command or call that cannot be carried out as it was put."""

    exit_code = 2


class SpecError(AcsiError):
    """A model or study file that is not valid."""

    exit_code = 3


class DataError(AcsiError):
    """Survey data that cannot be used as they are."""

    exit_code = 4
