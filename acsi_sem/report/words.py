"""Numbers and lists in words: rounded half up, with a true minus sign, never `nan`."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Final

DASH: Final = "—"
SPACE: Final = "\u00a0"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SMALLEST_P: Final = 0.001


def clean(text: str) -> str:
    """Drop what no XML text may hold (control characters, lone surrogates)."""
    return _CONTROL.sub("", text)


def number(value: float, digits: int = 1) -> str:
    """Round half up; an em dash for what is unknown.

    Examples
    --------
    >>> number(0.25), number(-0.04), number(float("nan")), number(1234.5, 0)
    ('0.3', '0.0', '—', '1,235')
    """
    if not math.isfinite(value):
        return DASH
    step = Decimal(1).scaleb(-digits)
    rounded = Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,f}"
    return f"−{text}" if rounded < 0 else text


def count(value: float) -> str:
    """Write a whole number with thousands apart."""
    return number(value, 0)


def percent(part: float, whole: float, digits: int = 1) -> str:
    """Write part of whole as a percentage; an em dash when the whole is nothing."""
    return f"{number(100 * part / whole, digits)}{SPACE}%" if whole else DASH


def level(value: float) -> str:
    """Write a confidence level.

    Examples
    --------
    >>> level(0.95).replace(SPACE, " "), level(0.999).replace(SPACE, " ")
    ('95 %', '99.9 %')
    """
    share = Decimal(repr(value)) * 100
    return f"{share.normalize():f}{SPACE}%"


def limits(low: float, high: float, digits: int = 1) -> str:
    """Write an interval, or an em dash when there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return DASH
    return f"{number(low, digits)} to {number(high, digits)}"


def p_value(value: float) -> str:
    """Write a p-value to three decimals, small ones as a bound."""
    if not math.isfinite(value):
        return DASH
    return f"<{SPACE}0.001" if value < _SMALLEST_P else number(value, 3)


def plural(value: int, one: str, many: str = "") -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> plural(1, "row"), plural(1200, "row"), plural(2, "industry", "industries")
    ('1 row', '1,200 rows', '2 industries')
    """
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def listing(names: Sequence[str], most: int = 6) -> str:
    """Join names in a sentence; beyond `most` the rest is counted.

    Examples
    --------
    >>> listing(["a", "b", "c"]), listing(["a", "b", "c", "d"], most=2)
    ('a, b and c', 'a, b and 2 more')
    """
    shown = list(names)
    if len(shown) > most:
        shown = [*shown[:most], f"{count(len(names) - most)} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def sentence_case(name: str) -> str:
    """Make a name of the model file readable when it has no label.

    Examples
    --------
    >>> sentence_case("perceived_quality")
    'Perceived quality'
    """
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def in_sentence(label: str) -> str:
    """Put a label inside a sentence: a lower-case initial, unless it is an abbreviation.

    Examples
    --------
    >>> in_sentence("Perceived quality"), in_sentence("US brand"), in_sentence("")
    ('perceived quality', 'US brand', '')
    """
    if len(label) < 2 or not label[1].islower():
        return label
    return label[0].lower() + label[1:]


def width(text: str, size: float) -> float:
    """Estimate the width of text in px for a common sans-serif, on the safe side.

    The browser chooses the font, so places are made from an estimate, not from the metrics of
    whatever is installed here: the same report has the same bytes on every machine.
    """
    return size * sum(_advance(char) for char in text)


@cache
def _advance(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if char in " .,:;'|!iljtfrI()[]·\u00a0":
        return 0.34
    return 0.72 if char.isupper() or char in "mwMW%@→—" else 0.575


def shorten(text: str, size: float, room: float) -> str:
    """Cut text with an ellipsis so that it fits `room` px."""
    if width(text, size) <= room:
        return text
    kept = text
    while kept and width(kept + "…", size) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def wrap(text: str, size: float, room: float, lines: int) -> tuple[str, ...]:
    """Break text into at most `lines` lines of `room` px; the last is cut if it must be."""
    rows: list[str] = []
    words = text.split()
    while words and len(rows) < lines - 1:
        row = words.pop(0)
        while words and width(f"{row} {words[0]}", size) <= room:
            row = f"{row} {words.pop(0)}"
        rows.append(shorten(row, size, room))
    if words:
        rows.append(shorten(" ".join(words), size, room))
    return tuple(rows)


def slug(text: str) -> str:
    """Make part of an id from any text; different texts may give the same one.

    Examples
    --------
    >>> slug("Perceived Quality"), slug("<b>"), slug("质量")
    ('perceived-quality', 'b', 'x')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"
