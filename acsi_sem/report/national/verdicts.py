"""Changes in words, signs and cells: what moved, and whether that is more than chance."""

from __future__ import annotations

import math
from typing import Final

from markupsafe import Markup

from acsi_sem.report import words
from acsi_sem.report.cells import Tone
from acsi_sem.report.content import Cell
from acsi_sem.report.facts import Estimate
from acsi_sem.report.national.look import VERSUS_WORDS, Change, Look, Reading, Versus
from acsi_sem.spec.hierarchy import NATION

UP_95, UP_90, DOWN_95, DOWN_90, STEADY = "▲", "△", "▼", "▽", "="
LEGEND: Final = (
    f"{UP_95} {DOWN_95}: a change that is significant at 95 %. {UP_90} {DOWN_90}: at 90 % only. "
    f"{STEADY}: no clear change, which is not proof of none. Changes are tested unrounded, each "
    "against its own standard error; where several units are compared within an industry or "
    "sector, with Holm's correction."
)


def digits(level: str) -> int:
    """Return the decimals a level's index is published with: one for the nation, else none."""
    return 1 if level == NATION else 0


def published(reading: Reading, level: str) -> str:
    """Write an index as published."""
    value = reading.published
    if not math.isfinite(value):
        value = reading.estimate.value
    whole = digits(level) == 0 and float(value).is_integer()
    return words.number(value, 0 if whole else 1)


def signed(value: float, places: int = 1) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> signed(1.25), signed(-0.3), signed(0.04)
    ('+1.3', '−0.3', '0.0')
    """
    text = words.number(value, places)
    zero = text.strip("0.") == ""
    return text if zero or text.startswith(("−", words.DASH)) else f"+{text}"


def sign(change: Change) -> str:
    """Return the sign that stands for a verdict."""
    up = change.estimate.value > 0
    if change.flag_95:
        return UP_95 if up else DOWN_95
    if change.flag_90:
        return UP_90 if up else DOWN_90
    return STEADY if math.isfinite(change.estimate.p_value) else ""


def verdict(change: Change) -> str:
    """Say how sure a change is."""
    if change.flag_95:
        return "significant at 95 %"
    if change.flag_90:
        return "significant at 90 % only"
    if not math.isfinite(change.estimate.p_value):
        return "not tested"
    return "no clear change"


def tone(change: Change) -> Tone:
    """Return the tone of a change: only what is significant at 95 % is coloured."""
    if not change.flag_95:
        return ""
    return "good" if change.estimate.value > 0 else "weak"


def sentence(look: Look, change: Change, versus: Versus, level: str) -> str:
    """Say what moved since an earlier period, and how sure that is."""
    since = VERSUS_WORDS[versus]
    if not change.known:
        return f"Against {since}: not known, {change.estimate.note or 'no reading'}."
    value = change.estimate
    base = f"{change.base_period}: {words.number(change.base, digits(level) or 1)}"
    limits = f"{look.level} interval {signed(value.low)} to {signed(value.high)}"
    bounds = f", {limits}" if value.bounded else ""
    clear = change.flag_90 or change.flag_95
    if not clear:
        head = f"{sign(change)} {words.sentence_case(verdict(change))} on {since}".lstrip()
        return f"{head}: {signed(value.value)} ({base}{bounds})."
    head = f"{sign(change)} {'Up' if value.value > 0 else 'Down'} {words.number(abs(value.value))}"
    return f"{head} on {since} ({base}{bounds}): {verdict(change)}."


def change_cell(change: Change) -> Cell:
    """Make a cell with a change and its sign, the verdict read aloud."""
    if not change.known:
        return Cell(words.DASH, "", change.estimate.note or "nothing to compare with")
    said = Markup('{} <span aria-hidden="true">{}</span><span class="spoken">, {}</span>').format(
        signed(change.estimate.value), sign(change), verdict(change)
    )
    return Cell(said, round(change.estimate.value, 6), tone=tone(change))


def index_cell(reading: Reading, level: str) -> Cell:
    """Make a cell with an index as published; it sorts by the unrounded one."""
    if not reading.known:
        return Cell(words.DASH, "", reading.estimate.note)
    return Cell(published(reading, level), round(reading.estimate.value, 6), tone="strong")


def brief(reading: Reading, level: str) -> str:
    """Write ``72 (69.8 to 74.1)``, as much of it as is known, or why it is not."""
    if not reading.known:
        return reading.estimate.note
    told = published(reading, level)
    limits = _limits(reading.estimate)
    return f"{told} ({limits})" if limits else told


def _limits(value: Estimate) -> str:
    return words.limits(value.low, value.high) if value.bounded else ""


def link(text: str, address: str) -> Markup:
    """Make a link; text of any kind is escaped and keeps its own direction."""
    return Markup('<a href="{}"><bdi>{}</bdi></a>').format(address, text)


def link_cell(text: str, address: str) -> Cell:
    """Make a cell with a link; it sorts by its text."""
    return Cell(link(text, address), text)
