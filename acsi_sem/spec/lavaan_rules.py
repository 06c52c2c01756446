"""What lavaan can say and a model file cannot: every case by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from typing import Final

from acsi_sem.spec.document_rules import NAME, NAME_RULE
from acsi_sem.spec.findings import listed, show
from acsi_sem.spec.graph import find_cycle
from acsi_sem.spec.lavaan_parse import INTERCEPT
from acsi_sem.spec.lavaan_relations import (
    THRESHOLD,
    Relation,
    Remark,
    is_measurement,
    noticed,
)
from acsi_sem.spec.lavaan_tokens import Spot
from acsi_sem.terms import COVARIANCE, PATH, WEIGHT

START: Final = Spot(1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Theory:
    """The variables and relations of a lavaan model.

    Attributes
    ----------
    blocks : mapping
        Latent variable -> its measurement relations, in order of the text.
    observed : tuple of str
        Variables of regressions that are neither latent nor an item of a block: they become
        constructs of one item.
    arrows : tuple of Relation
        Regressions; lhs is the target.
    covariances : tuple of Relation
        Variances and covariances.
    means, thresholds : tuple of Relation
        Intercepts; thresholds.
    items : mapping
        Item -> the first latent variable that has it.
    targets, sources : frozenset of str
        Constructs that an arrow enters; that an arrow leaves.
    """

    blocks: Mapping[str, tuple[Relation, ...]]
    observed: tuple[str, ...]
    arrows: tuple[Relation, ...]
    covariances: tuple[Relation, ...]
    means: tuple[Relation, ...]
    thresholds: tuple[Relation, ...]
    items: Mapping[str, str]
    targets: frozenset[str]
    sources: frozenset[str]

    @property
    def constructs(self) -> tuple[str, ...]:
        """Names of the constructs: latent variables, then observed ones."""
        return (*self.blocks, *self.observed)


def theory_of(found: Sequence[Relation]) -> Theory:
    """Sort relations by what they are about."""
    blocks: dict[str, list[Relation]] = {}
    items: dict[str, str] = {}
    for relation in found:
        if is_measurement(relation):
            blocks.setdefault(relation.lhs, []).append(relation)
            items.setdefault(relation.rhs, relation.lhs)
    paths = [relation for relation in found if relation.op == PATH]
    arrows = tuple(relation for relation in paths if relation.rhs != INTERCEPT)
    ends = (name for arrow in arrows for name in (arrow.lhs, arrow.rhs))
    return Theory(
        blocks={name: tuple(block) for name, block in blocks.items()},
        observed=tuple(dict.fromkeys(n for n in ends if n not in blocks and n not in items)),
        arrows=arrows,
        covariances=tuple(relation for relation in found if relation.op == COVARIANCE),
        means=tuple(relation for relation in paths if relation.rhs == INTERCEPT),
        thresholds=tuple(relation for relation in found if relation.op == THRESHOLD),
        items=items,
        targets=frozenset(arrow.lhs for arrow in arrows),
        sources=frozenset(arrow.rhs for arrow in arrows),
    )


def check_theory(theory: Theory) -> Iterator[Remark]:
    """Find everything that a model file cannot say, and what it will say otherwise."""
    if not theory.constructs:
        remedy = "write 'construct =~ item + item' for each construct"
        yield Remark(START, "", "at least one construct", "none", remedy)
        return
    checks = (_names, _measurement, _arrows, _cycles, _scales, _covariances, _means, _defaults)
    for check in checks:
        yield from check(theory)


def _names(theory: Theory) -> Iterator[Remark]:
    first: dict[str, Spot] = {}
    for block in theory.blocks.values():
        for relation in block:
            first.setdefault(relation.lhs, relation.spot)
            first.setdefault(relation.rhs, relation.spot)
    for arrow in theory.arrows:
        first.setdefault(arrow.lhs, arrow.spot)
        first.setdefault(arrow.rhs, arrow.spot)
    for name, spot in first.items():
        if ":" in name:
            remedy = "remove it; a model file has no products of variables"
            yield Remark(spot, name, "no interaction", f"the interaction {show(name)}", remedy)
        elif not NAME.fullmatch(name):
            yield Remark(spot, name, NAME_RULE, show(name), "rename it here and in the survey")


def _measurement(theory: Theory) -> Iterator[Remark]:
    for name, block in theory.blocks.items():
        operators = {relation.op for relation in block}
        if len(operators) > 1:
            got = "'=~' as well as '<~'"
            yield Remark(block[-1].spot, name, "one kind of measurement for a construct", got)
        elif operators == {WEIGHT}:
            message = (
                f"{name} is kept as a composite (kind: composite). Its PLS weighting is mode A "
                "until the model file says 'mode: B'; the covariance engines treat it as a factor."
            )
            yield noticed("composite", block[0].spot, name, message)
        for relation in block:
            if relation.rhs in theory.blocks:
                got = f"{relation.rhs}, which has items of its own"
                remedy = "let an arrow run between the two, or give the items to one of them"
                yield Remark(relation.spot, relation.name, "an observed item", got, remedy)
            elif theory.items[relation.rhs] != name:
                got = f"{relation.rhs} again, an item of {theory.items[relation.rhs]}"
                remedy = "remove the cross-loading"
                yield Remark(relation.spot, relation.name, "each item in one block", got, remedy)


def _arrows(theory: Theory) -> Iterator[Remark]:
    items = theory.items
    for arrow in theory.arrows:
        for end in dict.fromkeys((arrow.lhs, arrow.rhs)):
            if end in items:
                got = f"{end}, an item of {items[end]}"
                remedy = f"let the arrow begin or end at {items[end]}"
                yield Remark(arrow.spot, arrow.name, "an arrow between constructs", got, remedy)
        if arrow.lhs == arrow.rhs:
            got = f"{arrow.lhs} acting on itself"
            yield Remark(arrow.spot, arrow.name, "an arrow to another construct", got)
        if arrow.value is not None:
            got = f"{arrow.value:g}"
            zero = "leave the arrow out" if arrow.value == 0 else "remove the number"
            yield Remark(arrow.spot, arrow.name, "a free path", got, zero)
    if theory.arrows:
        yield from _unconnected(theory)
        return
    remedy = "add regressions: 'target ~ source'"
    yield Remark(START, "", "at least one arrow between constructs", "none", remedy)


def _unconnected(theory: Theory) -> Iterator[Remark]:
    ends = theory.targets | theory.sources
    for name, block in theory.blocks.items():
        if name not in ends:
            remedy = "PLS cannot weight a construct that is connected to nothing"
            yield Remark(block[0].spot, name, "an arrow to or from every construct", "none", remedy)


def _cycles(theory: Theory) -> Iterator[Remark]:
    arrows = {(a.rhs, a.lhs): a for a in theory.arrows if a.lhs != a.rhs}
    while cycle := find_cycle(_graph(arrows)):
        last = max(pairwise(cycle), key=list(arrows).index)
        got = f"the cycle {' -> '.join(cycle)}"
        relation = arrows.pop(last)
        remedy = "remove one of them"
        yield Remark(relation.spot, relation.name, "arrows without a cycle", got, remedy)


def _graph(arrows: Mapping[tuple[str, str], Relation]) -> dict[str, list[str]]:
    graph: dict[str, list[str]] = {}
    for source, target in arrows:
        graph.setdefault(source, []).append(target)
    return graph


def _scales(theory: Theory) -> Iterator[Remark]:
    """How each construct gets its unit: one loading or its variance, and not both."""
    variances = {r.lhs: r for r in theory.covariances if r.lhs == r.rhs and r.value is not None}
    for name, block in theory.blocks.items():
        fixed = [
            relation
            for place, relation in enumerate(block)
            if relation.value is not None or (place == 0 and not relation.freed)
        ]
        variance = variances.get(name)
        for relation in fixed[1:]:
            got = f"{_fixed(relation):g} as well as {_fixed(fixed[0]):g} of {fixed[0].rhs}"
            expected = "one fixed loading in a block"
            yield Remark(relation.spot, relation.name, expected, got, "remove the number")
        if fixed and not _fixed(fixed[0]) > 0:
            remedy = "an item against the grain is marked 'reverse: true' in the model file"
            got = f"{_fixed(fixed[0]):g}"
            yield Remark(fixed[0].spot, fixed[0].name, "a positive fixed loading", got, remedy)
        elif variance is not None and fixed:
            got = f"{variance.value:g} as well as {_fixed(fixed[0]):g} of {fixed[0].rhs}"
            remedy = f"remove the number, or free the loading: {name} =~ NA*{fixed[0].rhs}"
            yield Remark(variance.spot, variance.name, "one thing that sets the unit", got, remedy)
        elif variance is not None and not _fixed(variance) > 0:
            got = f"{variance.value:g}"
            yield Remark(variance.spot, variance.name, "a positive variance", got)
        elif not fixed and variance is None:
            remedy = f"fix one loading at 1, or the variance: {name} ~~ 1*{name}"
            yield Remark(block[0].spot, name, "something that sets the unit", "nothing", remedy)
        elif not fixed or fixed[0] is not block[0] or _fixed(fixed[0]) != 1:
            message = (
                f"{name} has the unit of its first item {block[0].rhs} here, another one in "
                "lavaan: the fit is the same, its loadings and paths are in other units."
            )
            yield noticed("unit", (variance or fixed[0]).spot, name, message)


def _fixed(relation: Relation) -> float:
    """The number of a fixed parameter; the first loading is 1 without saying so."""
    return 1.0 if relation.value is None else relation.value


def _covariances(theory: Theory) -> Iterator[Remark]:
    single = {block[0].rhs for block in theory.blocks.values() if len(block) == 1}
    constructs = frozenset(theory.constructs)
    for relation in theory.covariances:
        if stranger := _stranger(relation, (relation.lhs, relation.rhs), theory, constructs):
            yield stranger
        elif relation.lhs == relation.rhs:
            yield from _variance(relation, relation.lhs in single, theory)
        else:
            yield from _covariance(relation, theory, constructs)


def _stranger(
    relation: Relation, names: Sequence[str], theory: Theory, constructs: frozenset[str]
) -> Remark | None:
    """A variable in no block and no regression, which lavaan would add to the model."""
    for name in names:
        if name not in theory.items and name not in constructs:
            got = f"{name}, which is in no block and no regression"
            return Remark(relation.spot, relation.name, "variables of the model", got, "remove it")
    return None


def _variance(relation: Relation, single: bool, theory: Theory) -> Iterator[Remark]:
    if relation.lhs in theory.blocks:
        return  # a matter of the unit: see _scales
    if single and relation.value != 0:
        got = "a free one" if relation.value is None else f"{relation.value:g}"
        expected = "no error variance of the only item of a construct"
        remedy = "remove it; a single item is taken to be free of error"
        yield Remark(relation.spot, relation.name, expected, got, remedy)
    elif not single and relation.value is not None:
        got = f"{relation.value:g}"
        yield Remark(relation.spot, relation.name, "a free variance", got, "remove the number")


def _covariance(relation: Relation, theory: Theory, constructs: frozenset[str]) -> Iterator[Remark]:
    ends = (relation.lhs, relation.rhs)
    exogenous = all(end in constructs and end not in theory.targets for end in ends)
    free = relation.value is None
    if exogenous and free:
        return
    if exogenous:
        got = f"{relation.value:g}"
        remedy = "remove it; exogenous constructs always covary"
        yield Remark(relation.spot, relation.name, "a free covariance", got, remedy)
    elif relation.value != 0:
        if all(end in theory.items for end in ends):
            expected = "no covariance of errors of items"
        elif all(end in theory.targets for end in ends):
            expected = "no covariance of disturbances"
        else:
            expected = "covariances of exogenous constructs only"
        got = "a free one" if free else f"{relation.value:g}"
        yield Remark(relation.spot, relation.name, expected, got, "remove it")


def _means(theory: Theory) -> Iterator[Remark]:
    constructs = frozenset(theory.constructs)
    for relation in (*theory.means, *theory.thresholds):
        if stranger := _stranger(relation, (relation.lhs,), theory, constructs):
            yield stranger
        elif relation.op == THRESHOLD:
            yield _threshold(relation)
        else:
            yield from _mean(relation, relation.lhs in theory.blocks)


def _mean(relation: Relation, latent: bool) -> Iterator[Remark]:
    if not latent and relation.value is None:
        message = (
            f"The intercept of {relation.lhs} is left out of the model file; a mean structure "
            "is a choice of the fit (--meanstructure)."
        )
        yield noticed("intercept", relation.spot, relation.name, message)
    elif not latent or relation.value != 0:
        expected = "a mean of zero for a construct" if latent else "a free intercept"
        got = "a free one" if relation.value is None else f"{relation.value:g}"
        yield Remark(relation.spot, relation.name, expected, got, "remove it")


def _threshold(relation: Relation) -> Remark:
    if relation.value is not None:
        got = f"{relation.value:g}"
        return Remark(relation.spot, relation.name, "a free threshold", got, "remove the number")
    message = "Thresholds are left out; they are found from the answers where an engine needs them."
    return noticed("threshold", relation.spot, relation.name, message)


def _defaults(theory: Theory) -> Iterator[Remark]:
    """Where lavaan's sem() and our engines differ in what they add of their own accord."""
    said = {frozenset((r.lhs, r.rhs)) for r in theory.covariances}
    last = [n for n in theory.constructs if n in theory.targets and n not in theory.sources]
    first = [n for n in theory.constructs if n not in theory.targets]
    latent = [name for name in first if name in theory.blocks]
    observed = [name for name in first if name not in theory.blocks]
    unsaid = (pair for pair in combinations(last, 2) if frozenset(pair) not in said)
    if pair := next(unsaid, None):
        a, b = pair
        message = (
            f"lavaan's sem() lets the disturbances of {listed(last, 'and')} covary unless the text "
            f"says '{a} ~~ 0*{b}' for each pair; here they do not covary."
        )
        yield noticed("disturbance_covariance", _spot(theory, b), f"{a} ~~ {b}", message)
    unsaid = (pair for pair in product(latent, observed) if frozenset(pair) not in said)
    if pair := next(unsaid, None):
        a, b = pair
        message = (
            f"lavaan's sem() takes latent ({listed(latent, 'and')}) and observed "
            f"({listed(observed, 'and')}) exogenous variables for uncorrelated unless the text "
            f"says '{a} ~~ {b}' for each pair; here they covary freely."
        )
        yield noticed("exogenous_covariance", _spot(theory, b), f"{a} ~~ {b}", message)


def _spot(theory: Theory, name: str) -> Spot:
    return next(arrow.spot for arrow in theory.arrows if name in (arrow.lhs, arrow.rhs))
