"""The chapter on correlations and collinearity."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from acsi_sem.methods.explore.answers import Floats
from acsi_sem.methods.explore.explore import Exploration
from acsi_sem.methods.explore.relations import Collinearity
from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Cell, Figure, HeatChart, Prose, Section, Table
from acsi_sem.report.exploring.shared import Chapter, label, quoted

HIGH_VIF = 5.0
HIGH_INDEX = 30.0
PAIRS = 10
NOTE = (
    "VIF: variance inflation factor, 1 / (1 − R²) of a question on all others; above 5 a question "
    "says little that the others do not. Condition index: root of the largest over the smallest "
    "eigenvalue of the correlations; above 30 is strong collinearity (Belsley, Kuh & Welsch 1980). "
    "High values inside a construct are what a reflective block should have; between constructs "
    "they blur which one acts."
)


def chapter(found: Exploration) -> Chapter:
    """Say which questions go together, and whether any is superfluous."""
    shown = shown_correlations(found)
    pairs = _pairs(found, shown)
    sentences = tuple(_sentences(found, pairs))
    blocks: list[Block] = [Prose((" ".join(sentences),), "lead")]
    if pairs:
        blocks.append(_figure(found, shown, pairs))
    if found.together.collinearity is not None:
        blocks.append(_inflation(found, found.together.collinearity))
    blocks.append(Prose((NOTE,), "note"))
    title = "How the questions hang together"
    return Chapter(Section("relations", title, "Correlations", tuple(blocks)), sentences[:1])


def shown_correlations(found: Exploration) -> Floats:
    """Return Pearson's correlations without those of few respondents, shape (p, p)."""
    one = found.correlations
    return np.where(one.n >= found.plan.minimum, one.pearson, np.nan)


def _pairs(found: Exploration, shown: Floats) -> list[tuple[int, int]]:
    size = len(found.correlations.names)
    known = [(i, j) for i in range(size) for j in range(i) if math.isfinite(shown[i, j])]
    return sorted(known, key=lambda pair: -abs(shown[pair]))


def _sentences(found: Exploration, pairs: list[tuple[int, int]]) -> Iterator[str]:
    names = found.correlations.names
    if not pairs:
        yield "No two questions have a correlation that enough respondents stand behind."
        return
    i, j = pairs[0]
    yield (
        f"{quoted(found, names[j])} and {quoted(found, names[i])} go together most (r = "
        f"{words.number(found.correlations.pearson[i, j], 2)}, n = "
        f"{words.count(found.correlations.n[i, j])})."
    )
    one = found.together.collinearity
    if one is None:
        yield f"Collinearity: not assessed ({found.together.note})."
    elif not math.isfinite(one.condition):
        yield "A question is a sum of others."
    else:
        high = [label(found, n) for n, v in zip(one.names, one.vif, strict=True) if v > HIGH_VIF]
        strong = "strong" if one.condition_index > HIGH_INDEX else "not strong"
        told = f"those above 5: {words.listing(high)}" if high else "none is above 5"
        yield (
            f"Collinearity is {strong}: condition index {words.number(one.condition_index, 1)}; "
            f"of the variance inflation factors {told}."
        )


def _figure(found: Exploration, shown: Floats, pairs: list[tuple[int, int]]) -> Figure:
    order = _order(found)
    names = found.correlations.names
    apart = shown.copy()
    np.fill_diagonal(apart, np.nan)
    values = tuple(tuple(float(apart[i, j]) for j in order) for i in order)
    i, j = pairs[0]
    clustered = found.together.items is not None
    least = round(float(min(found.correlations.n[pair] for pair in pairs)))
    return Figure(
        "correlations",
        f"Closest: {quoted(found, names[j])} and {quoted(found, names[i])}",
        HeatChart(tuple(label(found, names[i]) for i in order), values),
        "Correlations of questions. The strongest: "
        + " ".join(
            f"{label(found, names[b])} and {label(found, names[a])}: "
            f"{words.number(shown[a, b], 2)}."
            for a, b in pairs[:PAIRS]
        ),
        "Pearson's correlations, weighted, of those who answered both questions (n at least "
        f"{words.count(least)}). Numbers above are those of the rows. "
        + ("Questions that cluster stand side by side." if clustered else ""),
        _table(found, pairs),
    )


def _order(found: Exploration) -> tuple[int, ...]:
    """Return the questions in order of their clusters, those without one last."""
    names = found.correlations.names
    together = found.together
    if together.items is None:
        return tuple(range(len(names)))
    first = [names.index(together.names[i]) for i in together.items.order]
    return (*first, *(i for i in range(len(names)) if i not in first))


def _table(found: Exploration, pairs: list[tuple[int, int]]) -> Table:
    one = found.correlations
    rows = tuple(
        (
            cells.text(label(found, one.names[j])),
            cells.text(label(found, one.names[i])),
            cells.number(one.pearson[i, j], 2),
            cells.number(one.spearman[i, j], 2),
            cells.whole(one.n[i, j]),
        )
        for i, j in pairs
    )
    hidden = len(one.names) * (len(one.names) - 1) // 2 - len(pairs)
    left = f"{words.plural(hidden, 'pair')} with too few respondents or no variation left out."
    columns = cells.columns(
        "Question", "Other question", ">Pearson", ">Spearman|of weighted mid-ranks", ">n"
    )
    caption = "Correlations, the strongest first"
    return Table("pairs", caption, columns, rows, (left,) if hidden else ())


def _inflation(found: Exploration, one: Collinearity) -> Table:
    rows = tuple(_row(found, name, value) for name, value in zip(one.names, one.vif, strict=True))
    left = found.together.left_out
    notes = [f"{label(found, name)}: left out, {words.clean(why)}." for name, why in left]
    return Table(
        "vif",
        f"Variance inflation, {words.count(one.n)} complete interviews",
        cells.columns("Question", ">VIF|variance inflation factor"),
        rows,
        tuple(notes),
    )


def _row(found: Exploration, name: str, value: float) -> tuple[Cell, ...]:
    reason = "infinite: it is a sum of other questions"
    return cells.text(label(found, name)), cells.number(value, 2, reason)
