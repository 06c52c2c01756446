"""From the study parts `survey`, `items` and `compare` to frozen values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from acsi_sem.spec import survey_documents as doc
from acsi_sem.spec.fields import Field
from acsi_sem.spec.findings import Finding, did_you_mean, listed, show
from acsi_sem.spec.model import Text
from acsi_sem.spec.model_facts import mapping
from acsi_sem.spec.survey_parts import Comparison, SurveyFacts, System

WITHOUT_HEADLINE: Final = (
    *("ahp", "kano", "customer_value", "value_tiers", "penalty_reward", "benchmarks"),
)
"""Kinds of methods that have no one number for a group, so that none can be compared."""


def survey_from(part: doc.SurveyPart | None) -> SurveyFacts:
    """Make the facts of fieldwork."""
    if part is None:
        return SurveyFacts()
    rate = float("nan") if part.response_rate is None else part.response_rate
    return SurveyFacts(
        part.type or "", part.mode or "", part.period or "", part.population, part.frame, rate
    )


def items_from(parts: dict[str, doc.ItemPart]) -> tuple[Field, ...]:
    """Make the questions outside the model."""
    return tuple(_item(name, part) for name, part in parts.items())


def _item(name: str, part: doc.ItemPart) -> Field:
    low, high = part.scale or (float("-inf"), float("inf"))
    return Field(
        name=name,
        column=part.column or name,
        label=Text.of(part.label, name),
        kind="scale" if part.scale else "amount" if part.amount else "category",
        low=low,
        high=high,
        missing=tuple(part.missing.items()),
        reverse=part.reverse,
        codes=tuple((code, Text.of(label, code)) for code, label in part.codes.items()),
    )


def comparison_from(part: doc.ComparePart | None) -> Comparison | None:
    """Make the comparison that a study asks for."""
    if part is None:
        return None
    systems = tuple(_system(name, entry) for name, entry in part.systems.items())
    measured = next((one for one in systems if not one.method), systems[0])
    return Comparison(systems, part.base or measured.name)


def _system(name: str, part: doc.SystemPart) -> System:
    return System(
        name=name,
        title=Text.of(part.title, name),
        model=part.model or "",
        engine=part.engine or "",
        scheme=part.scheme or "",
        weighted=part.weights == "study",
        questions=tuple((part.questions or {}).items()),
        scale=part.scale,
        period=part.period or "",
        method=part.method or "",
    )


def check_survey_parts(data: dict[str, object]) -> Iterator[Finding]:
    """Find what the shape of the parts `items` and `compare` cannot tell."""
    for name, entry in mapping(data.get("items")).items():
        said = mapping(entry)
        kinds = [key for key in ("scale", "amount", "codes") if said.get(key)]
        if isinstance(entry, dict) and len(kinds) != 1:
            got = " and ".join(kinds) or "none of them"
            remedy = "scale: [1, 10] for answers, amount: true for money, codes for categories"
            yield Finding(("items", name), "one of scale, amount and codes", got, remedy, "key")
        if said.get("reverse") and not said.get("scale"):
            yield Finding(("items", name, "reverse"), "a scale beside it", "none", at="key")
    yield from _check_compare(data)


def _check_compare(data: dict[str, object]) -> Iterator[Finding]:
    part = mapping(data.get("compare"))
    systems, methods = mapping(part.get("systems")), mapping(data.get("methods"))
    base = part.get("base")
    if isinstance(base, str) and systems and base not in systems:
        near = did_you_mean(base, systems)
        yield Finding(("compare", "base"), listed(tuple(systems)), show(base), near)
    if len(systems) == 1:
        remedy = "name at least two: other models, engines or weights, or a method of this study"
        yield Finding(("compare", "systems"), "at least two systems", "one", remedy, "key")
    else:
        yield from _check_base(systems, base)
    for name, entry in systems.items():
        said = mapping(entry)
        loc = ("compare", "systems", name)
        if "method" in said:
            yield from _check_method(loc, said, methods)
        if "scale" in said and "questions" not in said:
            yield Finding((*loc, "scale"), "questions beside it", "none", at="key")


def _check_method(
    loc: tuple[str, ...], said: Mapping[str, object], methods: Mapping[str, object]
) -> Iterator[Finding]:
    """Find what is wrong with a system that is a method."""
    method = said["method"]
    if isinstance(method, str) and method not in methods:
        near = did_you_mean(method, methods) or "add it to the part 'methods'"
        yield Finding((*loc, "method"), "a method of this study", show(method), near)
    elif isinstance(method, str):
        yield from _check_headline((*loc, "method"), method, mapping(methods[method]))
    for key in ("model", "engine", "scheme", "weights", "questions", "scale", "period"):
        if key in said:
            yield Finding((*loc, key), f"'{key}' or 'method'", "both", at="key")


def _check_headline(
    loc: tuple[str, ...], name: str, method: Mapping[str, object]
) -> Iterator[Finding]:
    """Refuse to compare with a method that has no one number for a group."""
    kind = method.get("kind")
    from_model = kind == "quadrant" and method.get("importance") == "model"
    if kind in WITHOUT_HEADLINE or from_model:
        got = f"{show(name)}, a {kind} whose importance is the model's" if from_model else ""
        expected = "a method with one number for each group"
        remedy = "its results stand in the study's report: leave it out here"
        yield Finding(loc, expected, got or f"{show(name)} of the kind {kind}", remedy)


def _check_base(systems: Mapping[str, object], base: object) -> Iterator[Finding]:
    """Refuse to compare with a method, whose number is no index on 0-100."""
    by_method = [name for name, entry in systems.items() if "method" in mapping(entry)]
    if systems and len(by_method) == len(systems):
        expected = "a system with a model, to compare the others with"
        yield Finding(("compare", "systems"), expected, "methods only", at="key")
    elif base in by_method:
        expected = f"a system with a model, not the method '{base}'"
        remedy = "a method's number is no index on 0-100, so nothing can be taken from it"
        yield Finding(("compare", "base"), expected, show(base), remedy)
