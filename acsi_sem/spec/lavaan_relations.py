"""From lavaan's formulas to single relations between two variables, and what they may not carry.

The rule of what is refused and what is noticed: a thing that the text says and our model cannot
say is refused; a thing that does not change the model (a start value, a label, a derived quantity)
or that lavaan's functions would add of their own accord is noticed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from acsi_sem.errors import Problem
from acsi_sem.spec.findings import listed, show
from acsi_sem.spec.lavaan_parse import BLOCK, EXPRESSIONS, FORMULAS, Modifier, Statement
from acsi_sem.spec.lavaan_tokens import Spot
from acsi_sem.terms import COVARIANCE, LOADING, PATH, WEIGHT, Notice

THRESHOLD: Final = "|"
_MEASURES: Final = (LOADING, WEIGHT)
_SUPPORTED: Final = (LOADING, WEIGHT, PATH, COVARIANCE, THRESHOLD)


@dataclass(frozen=True, slots=True)
class Relation:
    """One parameter that the text names.

    Attributes
    ----------
    lhs, op, rhs : str
    spot : Spot
        Where the right-hand variable stands.
    value : float or None
        The number at which it is fixed.
    freed : bool
        True when NA frees it.
    """

    lhs: str
    op: str
    rhs: str
    spot: Spot
    value: float | None = None
    freed: bool = False

    @property
    def name(self) -> str:
        """As lavaan would write it."""
        return f"{self.lhs} {self.op} {self.rhs}"

    @property
    def pair(self) -> tuple[str, str, str]:
        """What makes it the same parameter: (co)variances have no direction."""
        if self.op == COVARIANCE:
            first, second = sorted((self.lhs, self.rhs))
            return first, self.op, second
        return self.lhs, self.op, self.rhs


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding on the way from lavaan to a model; a refusal unless `kind` names a notice."""

    spot: Spot
    path: str
    expected: str
    got: str
    remedy: str = ""
    kind: str = ""

    def problem(self, file: str) -> Problem:
        """The finding as a refusal."""
        where = f"{file}:{self.spot.line}:{self.spot.column}"
        return Problem(where, self.path, self.expected, self.got, self.remedy)

    def notice(self, file: str) -> Notice:
        """The finding as a notice; its message is the sentence in `got`."""
        where = f"{file}:{self.spot.line}:{self.spot.column}"
        return Notice(self.kind, self.got, subject=f"{where}: {self.path}")


def noticed(kind: str, spot: Spot, path: str, message: str) -> Remark:
    """Make a finding that does not stop the conversion."""
    return Remark(spot, path, "", message, kind=kind)


@dataclass(frozen=True, slots=True)
class _Use:
    """A label at one parameter."""

    label: str
    pair: tuple[str, str, str]
    name: str
    spot: Spot


def relations(statements: Sequence[Statement]) -> tuple[tuple[Relation, ...], list[Remark]]:
    """Take formulas apart, one relation for each parameter, in order of first mention.

    Returns
    -------
    relations, remarks
        Remarks hold every refusal and notice that needs no knowledge of the whole model:
        modifiers, constraints, definitions, operators.
    """
    remarks: list[Remark] = []
    found: dict[tuple[str, str, str], Relation] = {}
    uses: list[_Use] = []
    for statement in statements:
        if refusal := _unsupported(statement):
            remarks.append(refusal)
            continue
        for relation, modifiers in _pairs(statement):
            relation, labels = _modified(relation, modifiers, remarks)
            uses += labels
            _merge(found, relation, remarks)
    remarks += _labels(uses)
    remarks += _definitions(statements)
    return tuple(found.values()), remarks


def _unsupported(statement: Statement) -> Remark | None:
    spot, name = statement.spot, statement.lhs[0].name
    if statement.op in _SUPPORTED or statement.op == ":=":
        marked = next((term for term in statement.lhs if term.modifiers), None)
        if marked is None:
            return None
        text = marked.modifiers[0].text
        got = f"the modifier {show(text)} on the left side"
        return Remark(marked.spot, marked.name, "modifiers on the right side only", got)
    if statement.op in EXPRESSIONS:
        got = f"the constraint {show(f'{name} {statement.op} {statement.expression}')}"
        remedy = "remove it; a model file has free parameters only"
        return Remark(spot, "", "no constraint on parameters", got, remedy)
    if statement.op == BLOCK:
        got = show(f"{name}: {statement.expression}")
        remedy = "groups and levels belong to the study and to --group"
        return Remark(spot, "", "one model for every group", got, remedy)
    assert statement.op in FORMULAS
    got = f"the operator '{statement.op}'"
    return Remark(spot, name, f"the operators {listed((*_SUPPORTED, '~1'))}", got)


def _pairs(statement: Statement) -> Iterator[tuple[Relation, tuple[Modifier, ...]]]:
    if statement.op == ":=":
        return
    for left in statement.lhs:
        for right in statement.rhs:
            yield Relation(left.name, statement.op, right.name, right.spot), right.modifiers


def _modified(
    relation: Relation, modifiers: Iterable[Modifier], remarks: list[Remark]
) -> tuple[Relation, list[_Use]]:
    value, freed = relation.value, relation.freed
    uses: list[_Use] = []
    for modifier in modifiers:
        if refusal := _refused(relation, modifier):
            remarks.append(refusal)
        elif modifier.kind == "value":
            number = modifier.values[0]
            freed = number is None
            value = number if isinstance(number, float) else None
        elif modifier.kind == "label":
            text = str(modifier.values[0])
            uses.append(_Use(text, relation.pair, relation.name, modifier.spot))
        else:
            message = f"The start value {modifier.text} is left out: every fit chooses its own."
            remarks.append(noticed("start_value", modifier.spot, relation.name, message))
    made = Relation(relation.lhs, relation.op, relation.rhs, relation.spot, value, freed)
    return made, uses


def _refused(relation: Relation, modifier: Modifier) -> Remark | None:
    match modifier.kind:
        case "value" | "label" | "start" if len(set(modifier.values)) > 1:
            expected, remedy = "one value for every group", "groups are a matter of the fit"
        case "label" if len(modifier.values) > 1:
            expected = "no equality between groups"
            remedy = "equality across groups is tested by the invariance analysis"
        case "equal":
            expected, remedy = "no equality between parameters", "remove it"
        case "lower" | "upper":
            expected, remedy = "no bound on a parameter", "remove it"
        case "other":
            expected = "the modifiers label(), start(), a number or NA"
            remedy = "write a number instead of a calculation"
        case _:
            return None
    return Remark(modifier.spot, relation.name, expected, show(modifier.text), remedy)


def _merge(
    found: dict[tuple[str, str, str], Relation], relation: Relation, remarks: list[Remark]
) -> None:
    """Take a second mention for more modifiers of the same parameter, as lavaan does."""
    before = found.setdefault(relation.pair, relation)
    if before is relation or (relation.value is None and not relation.freed):
        return
    if before.value is None and not before.freed:
        found[relation.pair] = Relation(
            before.lhs, before.op, before.rhs, before.spot, relation.value, relation.freed
        )
    elif (before.value, before.freed) != (relation.value, relation.freed):
        got = f"another, first on line {before.spot.line}"
        remark = Remark(relation.spot, relation.name, "one value for a parameter", got)
        remarks.append(remark)


def _labels(uses: Sequence[_Use]) -> Iterator[Remark]:
    by_label: dict[str, list[_Use]] = defaultdict(list)
    for use in uses:
        by_label[use.label].append(use)
    for label, places in by_label.items():
        first = places[0]
        other = next((use for use in places if use.pair != first.pair), None)
        if other is None:
            message = f"The label {show(label)} is left out; it does not change the model."
            yield noticed("label", first.spot, first.name, message)
        else:
            got = f"the label {show(label)} again, first at {first.name}"
            remedy = "give each parameter a label of its own, or none"
            expected = "no equality between parameters"
            yield Remark(other.spot, other.name, expected, got, remedy)


def _definitions(statements: Iterable[Statement]) -> Iterator[Remark]:
    for statement in statements:
        if statement.op == ":=":
            name = statement.lhs[0].name
            message = (
                f"The quantity {name} := {statement.expression} is left out; indirect and total "
                "effects of every path are in the table of impacts."
            )
            yield noticed("definition", statement.spot, name, message)


def is_measurement(relation: Relation) -> bool:
    """Whether a relation ties an item to a construct."""
    return relation.op in _MEASURES
