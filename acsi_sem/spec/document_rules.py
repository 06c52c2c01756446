"""Rules of single values in model and study files, with the words of their refusals."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Final, TypeVar

from pydantic_core import PydanticCustomError

from acsi_sem.spec.findings import code_number, show
from acsi_sem.spec.periods import Period

T = TypeVar("T")

NAME: Final = re.compile(r"[^\W\d][\w.\-]*")
NAME_RULE: Final = "a name of letters, digits, '_', '.' or '-' that does not begin with a digit"
LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
FEWEST_REPLICATES: Final = 50
MOST_REPLICATES: Final = 1_000_000


def refuse(expected: str, got: str, remedy: str = "") -> PydanticCustomError:
    """Return an error that carries our own words through pydantic."""
    return PydanticCustomError(
        "acsi", "{expected}", {"expected": expected, "got": got, "remedy": remedy}
    )


def version(value: object) -> object:
    """The one version of the format; true and 1.0 equal 1 in Python, not in a file."""
    if type(value) is not int or value != 1:
        raise refuse("1", show(value), "this version of acsi_sem reads format 1")
    return value


def name(value: str) -> str:
    """A name that serves in tables, formulas and file names."""
    if not NAME.fullmatch(value):
        raise refuse(NAME_RULE, show(value))
    return value


def filled(value: str) -> str:
    """Text that says something."""
    if not value.strip():
        raise refuse("text", "empty text")
    return value


def language(value: str) -> str:
    """A language tag."""
    if not LANGUAGE.fullmatch(value):
        raise refuse("a language tag such as en or zh-Hans", show(value))
    return value


def quarter(value: str) -> str:
    """A quarter of a year."""
    try:
        return str(Period.parse(value))
    except ValueError:
        raise refuse("a quarter such as 2026Q3", show(value)) from None


def time(value: object) -> str:
    """A year or a quarter, as text."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[0-9]{4}(Q[1-4])?", text):
        raise refuse("a year such as 2011 or a quarter such as 2011Q1", show(value))
    return text


def number_code(value: str) -> str:
    """A missing code of a numeric answer."""
    if code_number(value) is None:
        raise refuse("a number as a missing code", show(value))
    return value


def as_text(value: object) -> object:
    """One text is English."""
    if value is not None and not isinstance(value, str | dict):
        quotes = "put it in quotes" if isinstance(value, int | float) else ""
        raise refuse("text, or a mapping language: text", show(value), quotes)
    return {"en": value} if isinstance(value, str) else value


def at_least_one(value: T) -> T:
    """A list or mapping with something in it."""
    if not value:
        raise refuse("at least one entry", "none")
    return value


def several(value: list[T]) -> list[T]:
    """Two or more: a construct of one component would be that component."""
    if len(value) < 2:
        got = show(value) if value else "none"
        raise refuse("at least two components", got, "name two, or give it indicators")
    return value


def scale(value: object) -> tuple[float, float]:
    """Both ends of an answer scale."""
    ends = value if isinstance(value, list) else []
    numbers = [float(end) for end in ends if type(end) in (int, float) and math.isfinite(end)]
    if len(ends) != 2 or len(numbers) != 2 or numbers[0] >= numbers[1]:
        raise refuse("two numbers [low, high] with low < high", show(value), "for example [1, 10]")
    return numbers[0], numbers[1]


def targets(value: object) -> object:
    """One target or a list of them."""
    return value if isinstance(value, list) else [value]


def target(value: object) -> object:
    """A target is a name or a mapping with `to`."""
    if not isinstance(value, str | dict):
        raise refuse("a construct, or a mapping with the keys to and sign", show(value))
    return {"to": value} if isinstance(value, str) else value


def blank_is_empty(value: object) -> object:
    """A key with nothing after it is an empty mapping."""
    return {} if value is None else value


def treatment(value: object) -> object:
    """A bare word is the treatment."""
    if not isinstance(value, str | dict):
        raise refuse("missing, low, high or error", show(value))
    return {"treat": value} if isinstance(value, str) else value


def level(value: float) -> float:
    """A confidence level as a share."""
    if not 0 < value < 1:
        remedy = f"write {value / 100:g} for {value:g} %" if 1 < value < 100 else ""
        raise refuse("a number between 0 and 1", show(value), remedy)
    return value


def replicates(value: int) -> int:
    """None, or enough for an interval."""
    if value != 0 and not FEWEST_REPLICATES <= value <= MOST_REPLICATES:
        expected = f"0 (no bootstrap) or {FEWEST_REPLICATES} to {MOST_REPLICATES:,}"
        few = 0 < value < FEWEST_REPLICATES
        remedy = "fewer replicates give no usable interval" if few else ""
        raise refuse(expected, show(value), remedy)
    return value


def distinct(value: list[T]) -> list[T]:
    """Each entry once."""
    repeated = next((entry for i, entry in enumerate(value) if entry in value[:i]), None)
    if repeated is not None:
        raise refuse("each entry once", f"{show(repeated)} twice", "remove one")
    return value


def ascending(value: list[float]) -> list[float]:
    """Lower limits of bins."""
    if any(after <= before for before, after in pairwise(value)):
        raise refuse("ascending lower limits", show(value), "sort them and remove repeats")
    return value
