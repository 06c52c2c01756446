"""The model in one picture: indices, path coefficients, explained variance."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Cell,
    Edge,
    Figure,
    Node,
    PathChart,
    Prose,
    Section,
    Table,
)
from acsi_sem.report.facts import Facts
from acsi_sem.report.sections import criteria, effects, errors, shown
from acsi_sem.spec.graph import endogenous
from acsi_sem.spec.model import Path
from acsi_sem.terms import ENGINE_TITLES

LEAD: Final = (
    "An arrow is an assumption of the model, and its number is the standardised coefficient: "
    "how many standard deviations the target moves with one standard deviation of the source, "
    "the other sources held still. The arrows are associations in survey answers; that they run "
    "this way is theory, not a finding."
)
EVIDENCE_WORDS: Final = {
    "clear": "interval excludes 0",
    "unclear": "interval includes 0",
    "unknown": "no interval",
}


def section(facts: Facts) -> Section:
    """The path diagram of the pooled fit, and of each group behind a summary line."""
    blocks: list[Block] = [Prose((LEAD,))]
    blocks += shown.per_group(facts, "Path diagram", lambda group: (_figure(facts, group),))
    target = words.in_sentence(facts.construct(facts.target))
    blocks += effects.blocks(facts)
    return Section("model", f"How {target} comes about", "The model", tuple(blocks))


def _figure(facts: Facts, group: str) -> Figure:
    edges = tuple(_edge(facts, group, path) for path in facts.fit.model.paths)
    nodes = tuple(_node(facts, group, name) for name in facts.fit.model.construct_names)
    spoken = "; ".join(
        f"{facts.construct(e.source)} to {facts.construct(e.target)} {e.text}"
        f" ({EVIDENCE_WORDS[e.evidence]})"
        for e in edges
    )
    return Figure(
        shown.ident(facts, "paths", group),
        _message(facts, group),
        PathChart(nodes, edges, facts.level),
        f"Path diagram for {facts.group(group)}. {spoken}.",
        f"{facts.group(group)}, {ENGINE_TITLES[facts.engine]}. In each box: the index, 0–100, "
        "and R², the share of variance that the arrows into it explain. "
        f"{facts.basis(group)}.",
        _table(facts, group),
    )


def _message(facts: Facts, group: str) -> str:
    """Name the strongest direct source of the index, and those it cannot be told from."""
    target = facts.target
    into = [p.source for p in facts.fit.model.paths if p.target == target]
    known = [name for name in into if facts.path(group, target, name).known]
    if not known:
        return f"{facts.group(group)}: paths of the model"
    best = max(known, key=lambda name: facts.path(group, target, name).value)
    top = facts.path(group, target, best)
    near = [n for n in known if n == best or facts.path(group, target, n).overlaps(top)]
    named = words.listing([words.in_sentence(facts.construct(n)) for n in near])
    links = "link" if len(near) == 1 else "links"
    name = words.in_sentence(facts.construct(target))
    return f"{facts.group(group)}, strongest direct {links} with {name}: {named}"


def _node(facts: Facts, group: str, name: str) -> Node:
    r2 = facts.measure(group, name, "r2")
    return Node(
        name,
        facts.construct(name),
        words.number(facts.index(group, name).value),
        f"R² {words.number(r2, 2)}" if r2 == r2 else "",
        strong=name == facts.target,
    )


def _edge(facts: Facts, group: str, path: Path) -> Edge:
    value = facts.path(group, path.target, path.source)
    mark = "*" if value.evidence == "clear" else ""
    text = words.number(value.value, 2) + mark
    return Edge(path.source, path.target, value.value, text, value.evidence)


def _table(facts: Facts, group: str) -> Table:
    columns = cells.columns(
        "Path",
        ">Coefficient|standardised",
        f">{facts.level} interval",
        ">Standard error",
        ">p",
        f"Reading|does the {facts.level} interval exclude 0",
        ">Total effect|on 0–100 scores, direct and indirect together",
        f">{facts.level} interval",
    )
    rows = tuple(_row(facts, group, path) for path in facts.fit.model.paths)
    r2 = "; ".join(
        f"{facts.construct(name)} {words.number(facts.measure(group, name, 'r2'), 2)}"
        for name in endogenous(facts.fit.model)
    )
    return Table(
        shown.ident(facts, "paths-table", group),
        f"Path coefficients and total effects: {facts.group(group)}",
        columns,
        rows,
        (
            f"R²: {r2}.",
            *criteria.withheld(
                (_arrow(facts, path), facts.path(group, path.target, path.source))
                for path in facts.fit.model.paths
            ),
        ),
    )


def _arrow(facts: Facts, path: Path) -> str:
    return f"{facts.construct(path.source)} → {facts.construct(path.target)}"


def _row(facts: Facts, group: str, path: Path) -> tuple[Cell, ...]:
    value = facts.path(group, path.target, path.source)
    total = facts.impact(group, path.source, path.target, "total")
    return (
        cells.text(_arrow(facts, path)),
        cells.estimate(value, 2),
        cells.interval(value, 2),
        cells.number(value.std_error, 3, value.note or errors.absent(facts)),
        cells.p_value(value, errors.absent(facts)),
        cells.text(_reading(path, value.value, value.evidence)),
        cells.estimate(total, 2),
        cells.interval(total, 2),
    )


def _reading(path: Path, value: float, evidence: str) -> str:
    told = EVIDENCE_WORDS[evidence]
    against = (path.sign == "positive" and value < 0) or (path.sign == "negative" and value > 0)
    return f"{told}; sign against the theory" if against else told
