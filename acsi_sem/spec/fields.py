"""Questions outside the model, and what any question's column holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from acsi_sem.errors import Problem, SpecError
from acsi_sem.spec.findings import did_you_mean, listed, show
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
        The study's own questions; they go before those of the model.
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
        With every name that is neither a question of the model nor of the study.
    """
    known = {field.name: field for field in (*model_fields(model), *items)}
    found: dict[str, Field] = {}
    problems = []
    for place, name in names:
        if name in known:
            found[name] = known[name]
            continue
        expected = "a question of the model, or of this study's 'items'"
        remedy = did_you_mean(name, known) or f"known are {listed(tuple(known)[:20], 'and')}"
        problems.append(Problem(where, place, expected, show(name), remedy))
    if problems:
        raise SpecError(problems)
    return tuple(found.values())
