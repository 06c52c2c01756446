"""What the shape of a model file cannot tell: whether it makes sense."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Final

from acsi_sem.spec.composite_checks import check_composite
from acsi_sem.spec.findings import (
    MOST_KNOWN,
    Finding,
    Loc,
    did_you_mean,
    dotted,
    listed,
    repeated_codes,
    show,
)
from acsi_sem.spec.graph import find_cycle
from acsi_sem.spec.model_facts import (
    ArrowFact,
    ComponentFact,
    IndicatorFact,
    ModelFacts,
    model_facts,
)

MOST_NAMED: Final = 5
MOST_LISTED: Final = 20
MADE_OF: Final = ("indicators", "components")
"""Keys that say what a construct is made of; it has exactly one of them."""


def check_model(data: dict[str, object]) -> list[Finding]:
    """Return everything that is wrong with the meaning of a model file, at once."""
    facts = model_facts(data)
    checks = (
        _names,
        _made_of,
        _components,
        _arrows_of_components,
        _columns,
        _scales,
        _missing_codes,
        _ends_of_arrows,
        _repeated_arrows,
        _cycles,
        _unconnected,
        _index,
        _derived,
    )
    fitting = [check for check in checks if not (facts.composite and check in _OF_PATHS)]
    found = [finding for check in fitting for finding in islice(check(facts), MOST_KNOWN)]
    return [*found, *islice(check_composite(data, facts), MOST_KNOWN)]


def _names(facts: ModelFacts) -> Iterator[Finding]:
    first: dict[str, Loc] = {name: ("constructs", name) for name in facts.constructs}
    for item in facts.indicators:
        if item.name in first:
            got = f"the name '{item.name}' again, first at {dotted(first[item.name])}"
            expected = "each name of a construct or indicator once"
            yield Finding(item.loc, expected, got, "use each answer in one block only", "key")
        else:
            first[item.name] = item.loc


def _made_of(facts: ModelFacts) -> Iterator[Finding]:
    for name, keys in facts.keys:
        found = [key for key in MADE_OF if key in keys]
        loc: Loc = ("constructs", name)
        if len(found) == 2:
            remedy = "keep the components, each a construct with indicators of its own"
            got = "both"
            yield Finding((*loc, "components"), "indicators or components", got, remedy, "key")
        elif not found and not any(did_you_mean(key, MADE_OF) for key in keys):
            expected = "the key 'indicators' or the key 'components'"
            yield Finding((*loc, "indicators"), expected, "neither")


def _components(facts: ModelFacts) -> Iterator[Finding]:
    first: dict[str, ComponentFact] = {}
    known, higher = set(facts.constructs), {part.whole for part in facts.components}
    for part in facts.components:
        other = first.setdefault(part.name, part)
        if part.name not in known:
            yield _unknown(facts, part.loc, part.name, "value")
        elif part.name in higher:
            got = f"'{part.name}', which has components itself"
            remedy = "a model has two levels: name the components of these in its place"
            expected = "a construct with indicators of its own"
            yield Finding(part.loc, expected, got, "" if part.name == part.whole else remedy)
        elif other.whole != part.whole:
            got = f"'{part.name}' again, first at {dotted(other.loc)}"
            yield Finding(part.loc, "a component of one construct only", got, "remove one")


def _arrows_of_components(facts: ModelFacts) -> Iterator[Finding]:
    """A component takes part in the paths through the construct that it belongs to."""
    higher = {part.whole for part in facts.components}
    lower = [part for part in facts.components if part.name not in higher]
    wholes = {part.name: part.whole for part in reversed(lower)}
    expected = "arrows of higher-order constructs, not of their components"
    for source in facts.sources:
        if source in wholes:
            got = f"the component '{source}' of '{wholes[source]}'"
            remedy = f"let the arrows start at '{wholes[source]}'"
            yield Finding(("paths", source), expected, got, remedy, "key")
    for arrow in facts.arrows:
        if arrow.target in wholes:
            got = f"the component '{arrow.target}' of '{wholes[arrow.target]}'"
            yield Finding(arrow.loc, expected, got, f"let it end at '{wholes[arrow.target]}'")


def _columns(facts: ModelFacts) -> Iterator[Finding]:
    first: dict[str, IndicatorFact] = {}
    for item in facts.indicators:
        other = first.setdefault(item.column, item)
        if other is not item and other.name != item.name:
            got = f"the column '{item.column}' again, first at {dotted(other.loc)}"
            yield Finding(
                (*item.loc, "column"), "each column once", got, "use each answer in one block only"
            )


def _scales(facts: ModelFacts) -> Iterator[Finding]:
    bare = [item for item in facts.indicators if item.scale is None and not item.scale_broken]
    if bare:
        got = f"none for {listed([item.name for item in bare[:MOST_NAMED]], 'and')}"
        more = len(bare) - MOST_NAMED
        got += f" and {more} more" if more > 0 else ""
        remedy = "add 'scale: [low, high]' to each or under 'defaults'"
        yield Finding((*bare[0].loc, "scale"), "a scale for every indicator", got, remedy)


def _missing_codes(facts: ModelFacts) -> Iterator[Finding]:
    for loc, codes in facts.missing_lists:
        yield from repeated_codes(loc, codes)
    seen: set[tuple[Loc, Loc]] = set()
    for item in facts.indicators:
        for loc, code in item.missing:
            scale = item.scale
            if scale is None or (loc, scale.loc) in seen or not scale.low <= code <= scale.high:
                continue
            seen.add((loc, scale.loc))
            expected = f"a missing code outside the scale {scale.low:g} to {scale.high:g}"
            remedy = f"answers of {code:g} to {item.name} would count as no answer"
            yield Finding(loc, expected, f"{code:g}", remedy, "key")


def _ends_of_arrows(facts: ModelFacts) -> Iterator[Finding]:
    if not facts.constructs:
        return
    for source in facts.sources:
        if source not in facts.constructs:
            yield _unknown(facts, ("paths", source), source, "key")
    for arrow in facts.arrows:
        if arrow.target not in facts.constructs:
            yield _unknown(facts, arrow.loc, arrow.target, "value")
        elif arrow.target == arrow.source:
            expected = "an arrow to another construct"
            yield Finding(arrow.loc, expected, f"'{arrow.source}' acting on itself")


def _unknown(facts: ModelFacts, loc: Loc, name: str, at: str) -> Finding:
    known = facts.constructs
    few = len(known) <= MOST_LISTED
    expected = f"one of the constructs {listed(known)}" if few else "a construct of this file"
    got = f"the unknown construct {show(name)}"
    near = did_you_mean(name, known)
    return Finding(loc, expected, got, near, "key" if at == "key" else "value")


def _repeated_arrows(facts: ModelFacts) -> Iterator[Finding]:
    first: dict[tuple[str, str], ArrowFact] = {}
    for arrow in facts.arrows:
        other = first.setdefault((arrow.source, arrow.target), arrow)
        if other is not arrow:
            got = f"{arrow.source} -> {arrow.target} again, first at {dotted(other.loc)}"
            yield Finding(arrow.loc, "each arrow once", got, "remove one")


def _cycles(facts: ModelFacts) -> Iterator[Finding]:
    arrows = {
        (a.source, a.target): a
        for a in facts.arrows
        if a.source != a.target and {a.source, a.target} <= set(facts.constructs)
    }
    while cycle := find_cycle(_targets(arrows)):
        # Break each cycle at its last arrow in file order and look again, to name every one.
        last = max(pairwise(cycle), key=list(arrows).index)
        got = f"the cycle {' -> '.join(cycle)}"
        yield Finding(arrows[last].loc, "arrows without a cycle", got, "remove one of them")
        del arrows[last]


def _targets(arrows: dict[tuple[str, str], ArrowFact]) -> dict[str, list[str]]:
    graph: dict[str, list[str]] = {}
    for source, target in arrows:
        graph.setdefault(source, []).append(target)
    return graph


def _unconnected(facts: ModelFacts) -> Iterator[Finding]:
    known = set(facts.constructs)
    ends = {end for a in facts.arrows if a.source != a.target for end in (a.source, a.target)}
    parts = {part.name for part in facts.components}
    # A misspelt end already has its message; its construct would only look unconnected.
    whole = facts.arrows_whole and facts.components_whole and not facts.composite
    if not whole or not ends | parts | set(facts.sources) <= known:
        return
    for name in facts.constructs:
        if name not in ends | parts:
            expected = "an arrow to or from every construct"
            remedy = "PLS cannot weight a construct that is connected to nothing"
            yield Finding(("constructs", name), expected, f"none for '{name}'", remedy, "key")


def _index(facts: ModelFacts) -> Iterator[Finding]:
    if facts.index is not None and facts.constructs and facts.index not in facts.constructs:
        yield _unknown(facts, ("index",), facts.index, "value")


def _derived(facts: ModelFacts) -> Iterator[Finding]:
    columns = {item.column for item in facts.indicators}
    names = [name for name, _ in facts.derived]
    for name, inputs in facts.derived:
        loc: Loc = ("derive", name)
        if name not in columns:
            near = did_you_mean(name, columns)
            remedy = near or f"add {name} to a block of indicators, or remove it"
            yield Finding(loc, "an indicator that uses it", "none", remedy, "key")
        yield from _inputs(loc, inputs, names)
        yield from _derived_scale(name, facts)


def _derived_scale(name: str, facts: ModelFacts) -> Iterator[Finding]:
    """Price tolerance, the one recipe, comes out on 1 to 10 whatever its inputs."""
    for item in facts.indicators:
        scale = item.scale
        if item.column == name and scale and (scale.low, scale.high) != (1.0, 10.0):
            got = f"[{scale.low:g}, {scale.high:g}]"
            expected = f"the scale [1, 10] of the derived item '{name}'"
            yield Finding((*item.loc, "scale"), expected, got, "set 'scale: [1, 10]'")


def _inputs(loc: Loc, inputs: tuple[tuple[str, str], ...], names: list[str]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for key, column in inputs:
        if column in names:
            got = f"the derived item '{column}'"
            yield Finding((*loc, key), "a column of the survey file", got)
        if column in first:
            got = f"'{column}' again, first at {dotted((*loc, first[column]))}"
            yield Finding((*loc, key), "a column of its own", got)
        first.setdefault(column, key)


_OF_PATHS: Final = (_arrows_of_components, _ends_of_arrows, _repeated_arrows, _cycles)
"""Checks without sense in a composite, whose paths are refused as such."""
