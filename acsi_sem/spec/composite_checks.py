"""What the shape of a model file cannot tell of a composite index: whether it makes sense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

from acsi_sem.spec.findings import Finding, Loc, did_you_mean, listed, show
from acsi_sem.spec.model_facts import ModelFacts, mapping
from acsi_sem.terms import ScoreForm

ROUNDING: Final = 1e-6
_BOXES: Final = 2
"""Boxes where the file names none, as in the documents."""
_FIRST: Final = (0, 1)
_LAST: Final = (9999, 4)


def check_composite(data: dict[str, object], facts: ModelFacts) -> list[Finding]:
    """Return what is wrong with the parts that only one kind of model has."""
    if data.get("kind") == "composite":
        refused = _refused(data, ("paths",), "structural")
        found = [*refused, *_modes(data), *_shares(data, facts), *_boxes(data)]
        return [*found, *_form_and_scales(data, facts)]
    found = list(_refused(data, ("scoring",), "composite"))
    if "paths" not in data and not any(did_you_mean(key, ("paths",)) for key in data):
        found.append(Finding(("paths",), "the key 'paths'", "none"))
    return found


def _refused(data: dict[str, object], keys: tuple[str, ...], kind: str) -> Iterator[Finding]:
    for key in keys:
        if key in data:
            remedy = f"remove it, or set 'kind: {kind}'"
            yield Finding((key,), f"'{key}' in {kind} models only", "it in another", remedy, "key")


def _modes(data: dict[str, object]) -> Iterator[Finding]:
    """Refuse modes, which say how PLS is to weight: here nothing is estimated."""
    for name, entry in mapping(data.get("constructs")).items():
        if "mode" in mapping(entry):
            got = "one in a composite, whose weights are fixed"
            yield Finding(("constructs", name, "mode"), "no mode", got, "remove it", "key")


def _shares(data: dict[str, object], facts: ModelFacts) -> Iterator[Finding]:
    """Check the dated shares of the components of the index."""
    parts = tuple(part.name for part in facts.components if part.whole == facts.index)
    entries = mapping(data.get("scoring")).get("weights")
    entries = entries if isinstance(entries, list) else []
    place: Loc = ("scoring", "weights")
    if parts and not entries:
        got, remedy = "none", f"name the shares of {listed(parts, 'and')}"
        yield Finding(place, "what the components of the index count for", got, remedy)
    if entries and not parts and facts.index in facts.constructs:
        got = f"the index '{facts.index}' without components"
        yield Finding(place, "an index with components", got, "remove the weights", "key")
    spans = []
    for i, entry in enumerate(entries):
        shares = mapping(mapping(entry).get("shares"))
        if parts:
            yield from _names((*place, i, "shares"), shares, parts)
        yield from _sum((*place, i, "shares"), shares)
        spans.append((_time(entry, "from", 1, _FIRST), _time(entry, "to", 4, _LAST)))
    yield from _spans(place, spans)


def _names(loc: Loc, shares: dict[str, object], parts: tuple[str, ...]) -> Iterator[Finding]:
    for name in shares:
        if name not in parts:
            near = did_you_mean(name, parts)
            yield Finding((*loc, name), listed(parts), f"{show(name)}", near, "key")
    if absent := [name for name in parts if shares and name not in shares]:
        yield Finding(loc, "a share of every component", f"none of {listed(absent, 'and')}")


def _sum(loc: Loc, shares: dict[str, object]) -> Iterator[Finding]:
    # true is a number to Python; its fault is one of shape.
    given = [v for v in shares.values() if not isinstance(v, bool)]
    numbers = [float(v) for v in given if isinstance(v, int | float)]
    if numbers and len(numbers) == len(shares) and abs(sum(numbers) - 1) > ROUNDING:
        yield Finding(loc, "shares that sum to 1", f"{sum(numbers):g}")


def _time(entry: object, key: str, quarter: int, otherwise: tuple[int, int]) -> tuple[int, int]:
    text = str(mapping(entry).get(key, ""))
    year, _, named = text.partition("Q")
    if not year.isdigit():
        return otherwise
    return int(year), int(named) if named.isdigit() else quarter


def _spans(loc: Loc, spans: list[tuple[tuple[int, int], tuple[int, int]]]) -> Iterator[Finding]:
    for i, (first, last) in enumerate(spans):
        if first > last:
            yield Finding((*loc, i), "a first time before the last", "one after it")
        if i and first <= spans[i - 1][1]:
            got = "one that begins before the entry above ends"
            remedy = "put entries in order of time and end each by 'to'"
            yield Finding((*loc, i), "times that do not overlap", got, remedy)


def _boxes(data: dict[str, object]) -> Iterator[Finding]:
    scoring = mapping(data.get("scoring"))
    form = scoring.get("form", "scaled")
    # A form that nobody knows has a message of its own.
    if "boxes" in scoring and form != "top_box" and form in get_args(ScoreForm):
        expected, got = "boxes beside 'form: top_box'", show(form)
        yield Finding(("scoring", "boxes"), expected, got, "remove it, or change the form", "key")


def _form_and_scales(data: dict[str, object], facts: ModelFacts) -> Iterator[Finding]:
    """Find answer scales that the form can make no index of; each scale is named once."""
    scoring = mapping(data.get("scoring"))
    form, boxes = scoring.get("form"), scoring.get("boxes", _BOXES)
    seen: set[Loc] = set()
    for item in facts.indicators:
        scale = item.scale
        if scale is None or scale.loc in seen:
            continue
        seen.add(scale.loc)
        got = f"[{scale.low:g}, {scale.high:g}] of {item.name}"
        if form == "top_box" and type(boxes) is int and scale.high - scale.low < boxes:
            expected = f"an answer scale of more than {boxes} steps"
            yield Finding(scale.loc, expected, got, "every answer to it would count as a top box")
        if form == "of_maximum" and scale.low < 0:
            remedy = "use 'form: scaled' for a scale with negative answers"
            yield Finding(scale.loc, "an answer scale from 0 or above", got, remedy)
