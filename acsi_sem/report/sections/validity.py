"""Whether constructs can be told apart: HTMT, correlations, Fornell–Larcker, cross-loadings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from acsi_sem.inference.thresholds import THRESHOLDS
from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Bullets, Cell, Details, Prose, Section, Table
from acsi_sem.report.facts import NOTHING, Estimate, Facts
from acsi_sem.report.sections import criteria, shown
from acsi_sem.report.sections.criteria import Criteria
from acsi_sem.terms import ALL, LOADING

STRICT, USUAL, ONE = THRESHOLDS["htmt"].limits
LEAD: Final = (
    "Two constructs that are meant to differ should not be measured as one. The "
    "heterotrait–monotrait ratio (HTMT) estimates their correlation freed of measurement error: "
    f"near 1 the answers to both sets of questions say the same. People look for less than "
    f"{USUAL:.2f}, or {STRICT:.2f} where the ideas are far apart."
)
CONSEQUENCE: Final = (
    "Coefficients that divide an effect between two such constructs are uncertain: read them "
    "together. Their indices stand, for each rests on its own questions alone."
)
MARGIN: Final = (
    "Fornell and Larcker ask that a construct explain more of its own indicators (AVE) than of any "
    "other construct. The margin is AVE less the largest squared correlation. The criterion "
    "overlooks much that HTMT finds."
)
CROSS: Final = (
    "A loading of an indicator on a construct that is not its own is a correlation with that "
    "construct's score. In bold: its own loading, which should be the largest of the row."
)
MATRICES: Final = {
    "htmt": ("HTMT", "Heterotrait–monotrait ratios"),
    "htmt2": (
        "HTMT2: geometric means, for loadings that differ within a block",
        "HTMT2 ratios",
    ),
    "construct_cor": ("Correlations of the constructs' scores", "Correlations of constructs"),
}
MOST_PAIRS: Final = 12


@dataclass(frozen=True, slots=True)
class Pair:
    """Two constructs, in the order of the model, with their HTMT."""

    first: str
    second: str
    htmt: Estimate


def section(facts: Facts) -> Section | None:
    """Discriminant validity by the leading engine; None where it has no such criteria."""
    if not criteria.gather_criteria(facts, ALL).has("htmt", "construct_cor"):
        return None
    blocks: list[Block] = [Prose((LEAD,))]
    blocks += shown.per_group(facts, "Validity", lambda group: _blocks(facts, group))
    return Section("validity", "Can the constructs be told apart?", "Validity", tuple(blocks))


def _blocks(facts: Facts, group: str) -> tuple[Block, ...]:
    found = criteria.gather_criteria(facts, group)
    if not found.known:
        return (Prose(("The model was not fitted here, so there are no criteria.",), "note"),)
    made: list[Block] = []
    if found.has("htmt"):
        made += _words(facts, found)
        made.append(_matrix(facts, group, found, "htmt"))
    inside = tuple(
        Details(MATRICES[m][0], (_matrix(facts, group, found, m),))
        for m in ("htmt2", "construct_cor")
        if found.has(m)
    )
    made += inside
    if found.has("fornell_larcker"):
        table = _margins(facts, group, found)
        made.append(Details("Fornell–Larcker criterion", (Prose((MARGIN,)), table)))
    if found.has("cross_loading"):
        told, table = _crossed(facts, group, found), _cross_table(facts, group, found)
        made.append(Details("Cross-loadings", (Prose((CROSS, told)), table)))
    return tuple(made)


def pairs(facts: Facts, found: Criteria) -> Iterator[Pair]:
    """Yield the pairs of constructs that have an HTMT, in the order of the model."""
    names = facts.fit.model.construct_names
    for at, first in enumerate(names):
        for second in names[at + 1 :]:
            value = found.pair("htmt", first, second)
            if value.known or value.note:
                yield Pair(first, second, value)


def _words(facts: Facts, found: Criteria) -> list[Block]:
    """Say which pairs cannot be told apart, those that matter most first."""
    known = [pair for pair in pairs(facts, found) if pair.htmt.known]
    bad = [(told, pair) for pair in known if (told := told_apart(pair.htmt))]
    bad.sort(key=lambda both: -both[1].htmt.value)
    lost = len(list(pairs(facts, found))) - len(known)
    has = words.plural(lost, "pair has", "pairs have")
    blank = f" {has} no HTMT; the table says why." if lost else ""
    if not known:
        return [Prose((blank.strip(),))]
    if not bad:
        which = "Every other pair" if lost else "Every pair"
        bounded = ", intervals included" if all(p.htmt.bounded for p in known) else ""
        told = f"{which} can be told apart at {USUAL:.2f}{bounded}."
        return [Prose((f"{blank} {told}".strip(),))]
    lines = tuple((f"{_names(facts, pair)}:", f"{told}.") for told, pair in bad)
    rest = f" The {words.count(MOST_PAIRS)} highest are named." if len(lines) > MOST_PAIRS else ""
    lead = f"{words.plural(len(bad), 'pair')} of {words.count(len(known))} to look at.{rest}{blank}"
    sure = any(pair.htmt.value >= USUAL for _, pair in bad)
    end = [Prose((CONSEQUENCE,))] if sure else []
    return [Prose((lead,), "lead"), Bullets(lines[:MOST_PAIRS]), *end]


def told_apart(value: Estimate) -> str:
    """Say how a pair stands by its HTMT; empty where it is told apart beyond doubt.

    Examples
    --------
    >>> told_apart(Estimate(0.93, 0.91, 0.95))
    'cannot be told apart at 0.90: HTMT 0.93 (0.91 to 0.95)'
    >>> told_apart(Estimate(0.5, 0.4, 0.6))
    ''
    """
    number = f"HTMT {cells.brief(value, 2)}"
    reach = value.high if value.bounded else value.value
    if value.value >= USUAL:
        end = "" if value.low >= USUAL else f", though the interval reaches below {USUAL:.2f}"
        bare = "" if value.bounded else ", no interval"
        return f"cannot be told apart at {USUAL:.2f}: {number}{end if value.bounded else bare}"
    if reach >= USUAL:
        return f"told apart at {USUAL:.2f}, but the interval reaches above it: {number}"
    if value.value >= STRICT:
        return f"told apart at {USUAL:.2f}, not at the stricter {STRICT:.2f}: {number}"
    return ""


def _names(facts: Facts, pair: Pair) -> str:
    return f"{facts.construct(pair.first)} and {words.in_sentence(facts.construct(pair.second))}"


def _matrix(facts: Facts, group: str, found: Criteria, measure: str) -> Table:
    """Lay a measure of pairs out as a triangle."""
    names = facts.fit.model.construct_names
    present = {name for key in found.of(measure) for name in key}
    names = tuple(name for name in names if name in present)
    rows = tuple(
        (
            cells.text(facts.construct(second)),
            *(_entry(facts, found, measure, first, second) for first in names[:at]),
            *(cells.text("") for _ in names[at:-1]),
        )
        for at, second in enumerate(names)
        if at
    )
    named = (
        (_names(facts, Pair(first, second, NOTHING)), found.pair(measure, first, second))
        for at, first in enumerate(names)
        for second in names[at + 1 :]
    )
    judged = measure in THRESHOLDS
    return Table(
        shown.ident(facts, measure.replace("_", "-"), group),
        f"{MATRICES[measure][1]}: {facts.group(group)}",
        cells.columns("", *(f">{_head(facts, name)}" for name in names[:-1])),
        rows,
        (
            f"In brackets: {facts.level} interval."
            + (f" In bold: {USUAL:.2f} or more." if judged else ""),
            *((criteria.sources(measure),) if judged else ()),
            *criteria.withheld(named),
        ),
        sortable=False,
    )


def _head(facts: Facts, name: str) -> str:
    """A construct's label as a column's head, where a bar would start its meaning."""
    return facts.construct(name).replace("|", "/")


def _entry(facts: Facts, found: Criteria, measure: str, first: str, second: str) -> Cell:
    value = found.pair(measure, first, second)
    cell = criteria.shown(facts, value, reason="not made for composites")
    high = measure in THRESHOLDS and value.value >= USUAL
    return Cell(cell.text, cell.sort, cell.reason, "weak" if high else "")


def _margins(facts: Facts, group: str, found: Criteria) -> Table:
    values = found.of("fornell_larcker")
    rows = tuple(
        (
            cells.text(facts.construct(construct)),
            cells.text(facts.construct(nearest)),
            criteria.shown(facts, found.get("ave", construct)),
            criteria.shown(facts, found.pair("construct_cor", construct, nearest)),
            criteria.shown(facts, value),
            cells.p_value(value, "no test was made"),
            criteria.reading("fornell_larcker", value),
        )
        for (construct, nearest), value in values.items()
    )
    return Table(
        shown.ident(facts, "fornell-larcker", group),
        f"Fornell–Larcker criterion: {facts.group(group)}",
        cells.columns(
            "Construct",
            "Nearest construct",
            ">AVE",
            ">Correlation|with the nearest construct",
            ">Margin|AVE less the squared correlation",
            ">p|two-sided, of no margin",
            "Reading",
        ),
        rows,
        (
            f"In brackets: {facts.level} interval.",
            criteria.sources("fornell_larcker"),
            *criteria.withheld((facts.construct(c), v) for (c, _), v in values.items()),
        ),
    )


def _loads(facts: Facts, group: str) -> dict[tuple[str, str], Estimate]:
    """Return own loadings by item and construct."""
    return {
        (key[4], key[2]): value
        for key, value in facts.standardised.items()
        if key[:2] == (group, facts.engine) and key[3] == LOADING
    }


def _crossed(facts: Facts, group: str, found: Criteria) -> str:
    """Name the indicators that load on another construct as much as on their own."""
    own = {item: value.value for (item, _), value in _loads(facts, group).items()}
    told = [
        f"{_item(facts, item)} on {words.in_sentence(facts.construct(construct))}"
        for (construct, item), value in found.of("cross_loading").items()
        if abs(value.value) >= abs(own.get(item, math.inf))
    ]
    if not told:
        return "Every indicator loads most on its own construct."
    return f"As high as its own loading or higher: {words.listing(told)}."


def _item(facts: Facts, name: str) -> str:
    return facts.indicator(name) if name in facts.indicator_labels else facts.construct(name)


def _cross_table(facts: Facts, group: str, found: Criteria) -> Table:
    crossing, own = found.of("cross_loading"), _loads(facts, group)
    names = facts.fit.model.construct_names
    items = tuple(dict.fromkeys(item for _, item in crossing))
    rows = tuple(
        (
            cells.text(_item(facts, item)),
            *(_load(facts, crossing.get((name, item)), own.get((item, name))) for name in names),
        )
        for item in items
    )
    named = ((_item(facts, item), value) for (_, item), value in crossing.items())
    return Table(
        shown.ident(facts, "cross-loadings", group),
        f"Loadings and cross-loadings: {facts.group(group)}",
        cells.columns("Indicator", *(f">{_head(facts, name)}" for name in names)),
        rows,
        (f"In brackets: {facts.level} interval.", *criteria.withheld(named)),
        sortable=False,
    )


def _load(facts: Facts, cross: Estimate | None, own: Estimate | None) -> Cell:
    if cross is not None:
        return criteria.shown(facts, cross)
    value = own or NOTHING
    cell = criteria.shown(facts, value, reason="not made for this construct")
    fixed = value.known and not value.bounded and not value.note
    return Cell(cell.text, cell.sort, "" if fixed else cell.reason, "strong")
