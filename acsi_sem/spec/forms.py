"""A system's form on a survey that asked only some of its questions, under names of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from acsi_sem.errors import Problem, SpecError
from acsi_sem.spec.fields import Field
from acsi_sem.spec.findings import code_number, did_you_mean, show, some
from acsi_sem.spec.model import Construct, DatedShares, Indicator, Model, Path, Scoring
from acsi_sem.spec.survey_parts import System

_KINDS: Final = {"amount": "an amount", "category": "a category"}


@dataclass(frozen=True, slots=True)
class Form:
    """A model as far as a survey asks it.

    Attributes
    ----------
    model : Model
        With the questions that were asked; constructs without any are left out, with their arrows.
    left_out : tuple of str
        Questions of the system that were not asked.
    dropped : tuple of str
        Constructs without any question; the share of a component goes to the others.
    """

    model: Model
    left_out: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def form_of(model: Model, system: System, known: Mapping[str, Field], where: str) -> Form:
    """Cut a model to the questions that a survey asked.

    Parameters
    ----------
    model : Model
    system : System
        Its `questions` map indicators to columns; none: the model as it is.
    known : mapping of column -> Field
        What the study says of its columns: scale, missing codes and direction come from there.
    where : str
        The study file, for messages.

    Raises
    ------
    SpecError
        If a question is none of the model's or stands in a column without a scale, or the index
        would rest on nothing: no question, no arrow, a scale that its form makes nothing of.
    """
    if not system.questions:
        return Form(model)
    asked = dict(system.questions)
    place = f"compare.systems.{system.name}.questions"
    _refuse(_problems(model, asked, known, where, place))
    kept = tuple(_cut(model, asked, system, known))
    _refuse(_scale_problems(model, kept, where, place))
    names = {construct.name for construct in kept}
    paths = tuple(p for p in model.paths if {p.source, p.target} <= names)
    constructs = _connected(kept, model, paths)
    there = {construct.name for construct in constructs}
    if model.index not in there:
        expected = f"questions of a construct that an arrow ties to '{model.index}'"
        remedy = "map some, or measure by a composite model"
        _refuse([Problem(where, place, expected, "none", remedy)])
    cut = replace(
        model,
        constructs=constructs,
        paths=paths,
        derive=tuple(d for d in model.derive if d.name in asked.values()),
        scoring=_scoring(model, names),
    )
    left = tuple(item.name for item in model.answers if item.name not in asked)
    return Form(cut, left, tuple(name for name in model.construct_names if name not in there))


def _cut(
    model: Model, asked: Mapping[str, str], system: System, known: Mapping[str, Field]
) -> Iterator[Construct]:
    """Yield the constructs with the questions that were asked; none without any."""
    own = {
        construct.name: tuple(
            _asked(item, asked[item.name], system, known)
            for item in construct.indicators
            if item.name in asked
        )
        for construct in model.constructs
    }
    for construct in model.constructs:
        if own[construct.name]:
            parts = tuple(name for name in construct.components if own[name])
            yield replace(construct, indicators=own[construct.name], components=parts)


def _scoring(model: Model, names: set[str]) -> Scoring | None:
    """Return the scoring with the shares of the components that are left, summing to one."""
    if model.scoring is None:
        return None
    return replace(
        model.scoring, shares=tuple(_shared(entry, names) for entry in model.scoring.shares)
    )


def _shared(entry: DatedShares, names: set[str]) -> DatedShares:
    left = [(name, share) for name, share in entry.shares if name in names]
    total = sum(share for _, share in left)
    return replace(entry, shares=tuple((name, share / total) for name, share in left))


def _connected(
    kept: tuple[Construct, ...], model: Model, paths: tuple[Path, ...]
) -> tuple[Construct, ...]:
    """Return the constructs; of a structural model those that an arrow still reaches."""
    if model.kind == "composite":
        return kept
    ends = {end for path in paths for end in (path.source, path.target)}
    ends |= {name for part in kept if part.name in ends for name in part.components}
    return tuple(construct for construct in kept if construct.name in ends)


def _asked(item: Indicator, column: str, system: System, known: Mapping[str, Field]) -> Indicator:
    """Return an indicator as the survey asked it: on the study's scale, with its codes."""
    field = known.get(column)
    low, high = system.scale or (item.low, item.high)
    missing, reverse = item.missing, item.reverse
    if field is not None and field.kind == "scale":
        low, high = system.scale or (field.low, field.high)
        codes = ((code_number(code), label) for code, label in field.missing)
        missing = tuple((code, label) for code, label in codes if code is not None)
        reverse = field.reverse
    return replace(item, column=column, low=low, high=high, missing=missing, reverse=reverse)


def _refuse(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if found:
        raise SpecError(found)


def _problems(
    model: Model, asked: Mapping[str, str], known: Mapping[str, Field], where: str, place: str
) -> Iterator[Problem]:
    names = tuple(item.name for item in model.answers)
    for name, column in asked.items():
        kind = known[column].kind if column in known else "scale"
        if kind != "scale":
            got = f"{column}, which this study calls {_KINDS[kind]}"
            yield Problem(where, f"{place}.{name}", "a column of answers on a scale", got)
        if name not in names:
            remedy = did_you_mean(name, names) or f"it asks {some(names)}"
            expected = f"a question of the model {model.name}"
            yield Problem(where, f"{place}.{name}", expected, show(name), remedy)
    index = model.construct(model.index)
    if not any(item.name in asked for item in index.indicators):
        expected = f"at least one question of '{index.name}', the index"
        named = some([item.name for item in index.indicators])
        yield Problem(where, place, expected, "none", f"map one of {named}")


def _scale_problems(
    model: Model, kept: Iterable[Construct], where: str, place: str
) -> Iterator[Problem]:
    """Refuse scales that the form of a composite makes no index of, as model files are refused."""
    scoring = model.scoring
    if scoring is None:
        return
    items = {item.name: item for part in kept for item in part.indicators}
    for item in items.values():
        got = f"[{item.low:g}, {item.high:g}] of {item.column}"
        if scoring.form == "top_box" and item.high - item.low < scoring.boxes:
            expected = f"an answer scale of more than {scoring.boxes} steps"
            remedy = "every answer to it would count as a top box"
            yield Problem(where, f"{place}.{item.name}", expected, got, remedy)
        if scoring.form == "of_maximum" and item.low < 0:
            expected = "an answer scale from 0 or above"
            yield Problem(where, f"{place}.{item.name}", expected, got)
