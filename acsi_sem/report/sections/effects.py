"""What the arrows are worth: explained variance, effect sizes, collinearity, indirect routes."""

from __future__ import annotations

from typing import Any, Final

from acsi_sem.indices.specific import ARROW
from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Cell, Details, Prose, Table
from acsi_sem.report.facts import Estimate, Facts, rows
from acsi_sem.report.sections import criteria, errors, shown
from acsi_sem.report.sections.criteria import Criteria
from acsi_sem.spec.graph import endogenous
from acsi_sem.spec.model import Path
from acsi_sem.terms import ALL

EXPLAINED: Final = (
    "R² is the share of a construct's variance that the arrows into it explain; adjusted R² takes "
    "off what more arrows explain by chance. A low one need not mean a bad model: much about "
    "people is not in a survey."
)
SIZES: Final = (
    "f² says how much worse the target would be explained without an arrow, as a share of what is "
    "left unexplained. The variance inflation factor (VIF) of a source says how much of it the "
    "target's other sources repeat: a high one makes single coefficients uncertain, and may turn "
    "their sign."
)
ROUTES: Final = (
    "An indirect effect is the sum over routes. Each row is one route: points of its end on 0–100 "
    "scores per point of its start, passed on through the constructs between."
)
MOST_ROUTES: Final = 40
_SOLE: Final = "the only source of its target"


def blocks(facts: Facts) -> list[Block]:
    """Explained variance, effect sizes and routes: the pooled fit's, then those of the groups."""
    made = [
        Details(summary, inside)
        for summary, inside in (
            ("Explained variance (R²)", _explained(facts)),
            ("Effect sizes and collinearity (f², VIF)", _sizes(facts)),
            ("Specific indirect effects, route by route", _routes(facts)),
        )
        if inside
    ]
    return [*made]


def _groups(facts: Facts) -> tuple[str, ...]:
    return (ALL, *shown.detailed(facts))


def _explained(facts: Facts) -> tuple[Block, ...]:
    tables = [_explained_table(facts, group) for group in _groups(facts)]
    known = [table for table in tables if table is not None]
    return (Prose((EXPLAINED,)), *known) if known else ()


def _explained_table(facts: Facts, group: str) -> Table | None:
    found = criteria.gather_criteria(facts, group)
    if not found.has("r2"):
        return None
    names = endogenous(facts.fit.model)
    values = {name: found.get("r2", name) for name in names}
    made = tuple(
        (
            cells.text(facts.construct(name)),
            criteria.shown(facts, value),
            criteria.shown(facts, found.get("r2_adj", name)),
            criteria.reading("r2", value),
        )
        for name, value in values.items()
    )
    return Table(
        shown.ident(facts, "explained", group),
        f"Explained variance: {facts.group(group)}",
        cells.columns("Construct", ">R²", ">R² adjusted", "Reading"),
        made,
        (
            f"In brackets: {facts.level} interval.",
            criteria.sources("r2"),
            *criteria.withheld((facts.construct(name), v) for name, v in values.items()),
        ),
    )


def _sizes(facts: Facts) -> tuple[Block, ...]:
    tables = [_size_table(facts, group) for group in _groups(facts)]
    known = [table for table in tables if table is not None]
    if not known:
        return ()
    return (Prose((SIZES, _collinear(facts))), *known)


def _collinear(facts: Facts) -> str:
    """Name the sources whose VIF is not in the best zone in the pooled rows."""
    found = criteria.gather_criteria(facts, ALL).of("vif")
    high = [
        f"{_arrow(facts, Path(source, target))} ({words.number(value.value, 1)})"
        for (target, source), value in found.items()
        if value.known and not criteria.met("vif", value.value)
    ]
    if not found:
        return "No construct has several sources, so none can be collinear."
    if not high:
        return "In the pooled rows no source is collinear with the others of its target."
    return f"In the pooled rows a VIF is high for {words.listing(high)}."


def _arrow(facts: Facts, path: Path) -> str:
    return f"{facts.construct(path.source)} → {facts.construct(path.target)}"


def _size_table(facts: Facts, group: str) -> Table | None:
    found = criteria.gather_criteria(facts, group)
    if not found.has("f2"):
        return None
    paths = facts.fit.model.paths
    named = [
        (f"{criteria.NAMES[m]} of {_arrow(facts, p)}", found.get(m, p.target, p.source))
        for p in paths
        for m in ("f2", "vif")
    ]
    return Table(
        shown.ident(facts, "effect-sizes", group),
        f"Effect sizes and collinearity: {facts.group(group)}",
        cells.columns(
            "Path",
            ">f²|effect size",
            "Reading|of f²",
            ">VIF|variance inflation factor of the source",
            "Reading|of VIF",
        ),
        tuple(_size_row(facts, found, path) for path in paths),
        (
            f"In brackets: {facts.level} interval.",
            criteria.sources("f2", "vif"),
            *criteria.withheld(named),
        ),
    )


def _size_row(facts: Facts, found: Criteria, path: Path) -> tuple[Cell, ...]:
    size = found.get("f2", path.target, path.source)
    vif = found.get("vif", path.target, path.source)
    sole = sum(p.target == path.target for p in facts.fit.model.paths) == 1
    return (
        cells.text(_arrow(facts, path)),
        criteria.shown(facts, size),
        criteria.reading("f2", size),
        criteria.shown(facts, vif, reason=_SOLE if sole else ""),
        cells.text(_SOLE) if sole else criteria.reading("vif", vif),
    )


def _routes(facts: Facts) -> tuple[Block, ...]:
    table = facts.fit.impacts
    own = table[(table["effect"] == "specific") & (table["engine"] == facts.engine)]
    if own.empty:
        return ()
    made = [
        _route_table(facts, group, list(rows(own[own["group"] == group])))
        for group in _groups(facts)
        if (own["group"] == group).any()
    ]
    return (Prose((ROUTES,)), *made)


def _route_table(facts: Facts, group: str, found: list[dict[str, Any]]) -> Table:
    """Show the routes to the index first, where there are too many to show."""
    first = sorted(found, key=lambda row: row["target"] != facts.target)
    kept = found if len(found) <= MOST_ROUTES else first[:MOST_ROUTES]
    values = [(_route(facts, row), _effect(row)) for row in kept]
    index = words.in_sentence(facts.construct(facts.target))
    rest = (
        f"{words.count(len(kept))} of {words.count(len(found))} routes, those to {index} first; "
        "the table of impacts beside this report has all."
    )
    return Table(
        shown.ident(facts, "routes", group),
        f"Specific indirect effects: {facts.group(group)}",
        cells.columns(
            "Route",
            ">Effect|on 0–100 scores",
            f">{facts.level} interval",
            ">Standard error",
            "Reading",
        ),
        tuple(_route_row(facts, route, value) for route, value in values),
        (*((rest,) if len(kept) < len(found) else ()), *criteria.withheld(values)),
    )


def _route(facts: Facts, row: dict[str, Any]) -> str:
    between = [name for name in row["via"].split(ARROW) if name]
    return " → ".join(facts.construct(name) for name in (row["source"], *between, row["target"]))


def _effect(row: dict[str, Any]) -> Estimate:
    return Estimate(
        row["estimate"],
        row["conf_low"],
        row["conf_high"],
        row["std_error"],
        note=words.clean(row["note"]),
    )


def _route_row(facts: Facts, route: str, value: Estimate) -> tuple[Cell, ...]:
    return (
        cells.text(route),
        cells.estimate(value, 3),
        cells.interval(value, 3),
        cells.number(value.std_error, 3, value.note or errors.absent(facts)),
        cells.text(criteria.differs(value)),
    )
