"""What is wrong in a file, said once: where, what was expected, what came, what to do."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

Loc = tuple[str | int, ...]
"""Where in a document: keys and list positions from the top."""

LONGEST: Final = 60
LARGEST_WHOLE: Final = 1e15
# A hostile file must not make the search for suggestions quadratic.
MOST_KNOWN: Final = 200
MOST_SHOWN: Final = 100
MOST_LISTED: Final = 20
NEAR: Final = 0.65
"""Likeness of a suggestion: GONE and REGION have 0.6, OLD and OLS 0.67."""
STEM: Final = 3
"""Letters in which a word may begin alike and differ more, as early and earliest do."""
NEAR_STEM: Final = 0.6


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem whose place is still a path in the document.

    Attributes
    ----------
    loc : tuple of str or int
        Keys and list positions; ``()`` is the whole document.
    expected, got, remedy : str
        As in `acsi_sem.errors.Problem`.
    at : {"value", "key"}
        Whether the value or the key of the last step is at fault.
    """

    loc: Loc
    expected: str
    got: str
    remedy: str = ""
    at: Literal["value", "key"] = "value"


def dotted(loc: Loc) -> str:
    """Return a path as people write it.

    Examples
    --------
    >>> dotted(("paths", "satisfaction", 0, "to"))
    'paths.satisfaction[0].to'
    """
    path = ""
    for step in loc:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{_clean(step)}" if path else _clean(step)
    return path


def show(value: object) -> str:
    """Return a value of a document as its writer knows it, shortened.

    Examples
    --------
    >>> show("1-10"), show([1, 10]), show(True), show(None)
    ("'1-10'", '[1, 10]', 'true', 'nothing')
    """
    return _shorten(_written(value)) if value is not None else "nothing"


def listed(names: Iterable[str], last: str = "or") -> str:
    """Return names as a phrase.

    Examples
    --------
    >>> listed(["pls", "semopy", "ols"])
    'pls, semopy or ols'
    """
    *head, tail = names
    return f"{', '.join(head)} {last} {tail}" if head else tail


def some(names: Iterable[str], most: int = MOST_LISTED) -> str:
    """Return the first names as a phrase, and how many there are besides.

    Examples
    --------
    >>> some(["a", "b", "c"]), some(["a", "b", "c", "d"], 2)
    ('a, b and c', 'a, b and 2 more')
    """
    found = tuple(names)
    if len(found) <= most:
        return listed(found, "and")
    return f"{', '.join(found[:most])} and {len(found) - most} more"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question naming the nearest known word, or "" when none is near.

    Examples
    --------
    >>> did_you_mean("satisfacton", ["loyalty", "satisfaction"])
    "did you mean 'satisfaction'?"
    >>> did_you_mean("GONE", ["REGION"])
    ''
    """
    by_lower: dict[str, str] = {}
    for name in islice(known, MOST_KNOWN):
        by_lower.setdefault(name.lower(), name)
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=NEAR)
    alike = [name for name in by_lower if name[:STEM] == word.lower()[:STEM]]
    near = near or difflib.get_close_matches(word.lower(), alike, n=1, cutoff=NEAR_STEM)
    return f"did you mean '{by_lower[near[0]]}'?" if near else ""


def repeated_codes(loc: Loc, codes: Iterable[str]) -> Iterator[Finding]:
    """Find codes that are the same number written twice, such as 1 and "01"."""
    first: dict[float, str] = {}
    for code in codes:
        value = code_number(code)
        if value is not None and value in first:
            got = f"'{code}' beside '{first[value]}', the same number"
            yield Finding((*loc, code), "each code once", got, "remove one", "key")
        elif value is not None:
            first[value] = code


def code_number(text: str) -> float | None:
    """Return a code as a finite number, or None when it is not one.

    Examples
    --------
    >>> code_number("98"), code_number("x"), code_number("inf")
    (98.0, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _written(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < LARGEST_WHOLE:
            return str(int(value))
        case str():
            return repr(value[: LONGEST + 1])
        case list():
            return f"[{', '.join(_written(item) for item in value[:LONGEST])}]"
        case dict():
            pairs = list(value.items())[:LONGEST]
            return f"{{{', '.join(f'{key}: {_written(item)}' for key, item in pairs)}}}"
        case _:
            return str(value)


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _clean(step: str) -> str:
    return _shorten(step if step.isprintable() and step else repr(step))
