"""Questions outside the model, and what any question's column holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from acsi_sem.errors import Problem, SpecError
from acsi_sem.spec.findings import did_you_mean, show, some
from acsi_sem.spec.model import Model, Text

FieldKind = Literal["scale", "amount", "category"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column that a method reads.

    Attributes
    ----------
    name : str
        What methods call it.
    column : str
        Column of the survey file.
    kind : str
        ``scale``: an answer from `low` to `high`; ``amount``: any number (money, counts, days);
        ``category``: one of `codes`.
    low, high : float
        Ends of the scale; infinite for amounts.
    missing : tuple of (code, label)
        Codes that mean "no answer".
    reverse : bool
        True when the low end of the scale is the good one.
    codes : tuple of (code, text)
        Categories in order.
    """

    name: str
    column: str
    label: Text
    kind: FieldKind = "scale"
    low: float = float("-inf")
    high: float = float("inf")
    missing: tuple[tuple[str, str], ...] = ()
    reverse: bool = False
    codes: tuple[tuple[str, Text], ...] = ()

    @property
    def steps(self) -> int:
        """Number of answers on a scale of whole numbers."""
        return round(self.high - self.low) + 1


def model_fields(model: Model) -> tuple[Field, ...]:
    """Return the model's questions as fields; the input columns of derived items are not among."""
    derived = {recipe.name for recipe in model.derive}
    return tuple(
        Field(
            name=item.name,
            column=item.column,
            label=item.label,
            low=item.low,
            high=item.high,
            missing=tuple((f"{code:g}", label) for code, label in item.missing),
            reverse=item.reverse,
        )
        for item in model.answers
        if item.column not in derived
    )


def resolve_fields(
    model: Model, items: Iterable[Field], names: Iterable[tuple[str, str]], where: str
) -> tuple[Field, ...]:
    """Find the fields that methods name.

    Parameters
    ----------
    model : Model
    items : iterable of Field
        The study's own questions.
    names : iterable of (place, name)
        Where a field is named, and how.
    where : str
        The study file, for messages.

    Returns
    -------
    tuple of Field
        Each once, in order of first mention.

    Raises
    ------
    SpecError
        With every name that is neither a question of the model nor of the study, and every item
        that stands in the way of a question of the model.
    """
    own = tuple(items)
    asked = model_fields(model)
    known = {field.name: field for field in (*asked, *own)}
    found: dict[str, Field] = {}
    problems = list(_clashes(model.name, asked, own, where))
    for place, name in names:
        if name in known:
            found[name] = known[name]
            continue
        expected = "a question of the model, or of this study's 'items'"
        remedy = "add it to the part 'items'"
        if known:
            remedy = did_you_mean(name, known) or f"known are {some(known)}"
        problems.append(Problem(where, place, expected, show(name), remedy))
    if problems:
        raise SpecError(problems)
    return tuple(found.values())


def _clashes(
    model: str, asked: Iterable[Field], items: Iterable[Field], where: str
) -> Iterator[Problem]:
    """Find items that would take the place, or twist the answers, of a question of the model."""
    by_name = {field.name: field for field in asked}
    by_column = {field.column: field for field in by_name.values()}
    for item in items:
        place, other = f"items.{item.name}", by_column.get(item.column)
        if item.name in by_name:
            expected = "a name that no question of the model has"
            got, remedy = f"{item.name}, a question of the model {model}", "remove it or rename it"
            yield Problem(where, place, expected, got, remedy)
        elif other is not None and (item.kind, item.low, item.high) != _answers(other):
            expected = f"the scale of {other.name}, which reads the column {item.column} too"
            got = _range(item)
            remedy = f"write scale: [{other.low:g}, {other.high:g}], or name {other.name} itself"
            yield Problem(where, place, expected, got, remedy)


def _answers(field: Field) -> tuple[str, float, float]:
    return field.kind, field.low, field.high


def _range(field: Field) -> str:
    if field.kind == "scale":
        return f"[{field.low:g}, {field.high:g}]"
    return "an amount" if field.kind == "amount" else "categories"
