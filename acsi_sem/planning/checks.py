"""Refusing what cannot be planned with, all at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from acsi_sem.errors import Problem, UsageError
from acsi_sem.kernels.planning import LARGEST
from acsi_sem.spec.findings import show

LARGEST_SD: Final = 50.0
"""Of anything between 0 and 100: half of it at each end."""


@dataclass(slots=True)
class Checks:
    """Collects what is wrong with the arguments of a call.

    Attributes
    ----------
    where : str
        What was called, as messages repeat it.
    problems : list of Problem
    """

    where: str
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, name: str, expected: str, got: object, remedy: str = "") -> None:
        """Note a problem."""
        text = got if isinstance(got, str) else show(got)
        self.problems.append(Problem(self.where, name, expected, text, remedy))

    def above(self, name: str, value: float | None, low: float = 0.0) -> None:
        """Ask for a finite number above `low`, if there is one."""
        if value is not None and not (math.isfinite(value) and value > low):
            self.refuse(name, f"a number above {low:g}", value)

    def least(self, name: str, value: float | None, low: float) -> None:
        """Ask for a finite number from `low` on, if there is one."""
        if value is not None and not (math.isfinite(value) and value >= low):
            self.refuse(name, f"a number from {low:g} on", value)

    def whole(self, name: str, value: float | None, low: int) -> None:
        """Ask for a whole number from `low` on, if there is one."""
        if value is None:
            return
        if not (math.isfinite(value) and low <= value <= LARGEST and float(value).is_integer()):
            self.refuse(name, f"a whole number from {low} on", value)

    def within(self, name: str, value: float | None, low: float = 0.0, high: float = 1.0) -> None:
        """Ask for a number between two, the ends included, if there is one."""
        if value is not None and not low <= value <= high:
            self.refuse(name, f"a number from {low:g} to {high:g}", value)

    def share(self, name: str, value: float | None) -> None:
        """Ask for a share above 0 and up to 1, if there is one."""
        if value is not None and not 0 < value <= 1:
            self.refuse(name, "a share above 0 and up to 1", value)

    def inside(self, name: str, value: float | None, low: float = 0.0) -> None:
        """Ask for a number strictly between `low` and 1, if there is one."""
        if value is not None and not low < value < 1:
            self.refuse(name, f"a number between {low:g} and 1", value)

    def deviation(self, name: str, value: float) -> None:
        """Ask for a standard deviation that a 0-100 index can have."""
        if not 0 < value <= LARGEST_SD:
            self.refuse(name, f"a standard deviation above 0 and up to {LARGEST_SD:g}", value)

    def one_of(self, given: dict[str, object]) -> None:
        """Ask for exactly one of some arguments."""
        there = [name for name, value in given.items() if value is not None]
        if len(there) != 1:
            self.refuse("", f"one of {' and '.join(given)}", " and ".join(there) or "none")

    def some_of(self, given: dict[str, object]) -> None:
        """Ask for at least one of some arguments."""
        if all(value is None for value in given.values()):
            self.refuse("", f"{' or '.join(given)}", "none")

    def end(self) -> None:
        """Raise what was collected.

        Raises
        ------
        UsageError
        """
        if self.problems:
            raise UsageError(self.problems)


def power_checks(checks: Checks, level: float, power: float, comparisons: int) -> None:
    """Ask for a level, a power above the test's size, and a number of comparisons."""
    checks.inside("level", level)
    checks.whole("comparisons", comparisons, 1)
    if 0 < level < 1:
        checks.inside("power", power, 1 - level)
