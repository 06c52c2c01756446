"""The chapter on clusters of questions and of respondents."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from acsi_sem.methods.explore.clusters import STARTS, SUBSAMPLE, WEAK, ItemClusters, PeopleClusters
from acsi_sem.methods.explore.explore import Exploration
from acsi_sem.methods.explore.tables import withheld_clusters
from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Cell, Details, Prose, Section, Table
from acsi_sem.report.exploring.shared import Chapter, label, percent, percent_cell

NOTE = (
    "Questions: average linkage of 1 less the absolute correlation. Respondents: k-means of "
    f"standardised answers of complete interviews, with weights, {STARTS} starts for each number "
    "of clusters from 2 to 6; the number with the largest average silhouette is shown. The "
    f"silhouette is of up to {words.count(SUBSAMPLE)} interviews drawn at random, averaged with "
    f"the weights; below {words.number(WEAK, 2)} there are no clusters worth the name (Kaufman & "
    "Rousseeuw 1990). k-means always finds as many clusters as it is asked for. Means are on "
    "0–100 of the scale; reversed questions are turned."
)


def chapter(found: Exploration) -> Chapter:
    """Say which questions join first, and whether there are kinds of respondents."""
    title, short = "Clusters", "Clusters"
    items, groups = found.together.items, found.together.people
    if items is None or groups is None:
        told = f"Not analysed: {words.clean(found.together.note)}."
        return Chapter(Section("clusters", title, short, (Prose((told,), "lead"),)))
    sentences = tuple(_sentences(found, items, groups))
    blocks: list[Block] = [Prose((" ".join(sentences),), "lead")]
    if groups.chosen:
        blocks += [_centres(found, groups), _silhouettes(groups)]
    blocks.append(Details("In which order questions join", (_joins(found, items),)))
    blocks.append(Prose((NOTE,), "note"))
    return Chapter(Section("clusters", title, short, tuple(blocks)), sentences[:1])


def _sentences(found: Exploration, items: ItemClusters, one: PeopleClusters) -> Iterator[str]:
    if not one.chosen:
        yield "There are too few different interviews to cluster respondents."
    elif one.weak:
        yield (
            "Respondents fall into no clusters worth the name: the best average silhouette, of "
            f"{words.count(one.chosen)} clusters, is {words.number(one.silhouette, 2)}."
        )
    elif level_only(one.centres, _directions(found, one)):
        yield (
            f"Respondents part into {words.count(one.chosen)} clusters (average silhouette "
            f"{words.number(one.silhouette, 2)}) that differ in level alone: those who answer "
            "higher on one question do so on all that go with it. That is one scale cut in "
            "pieces, not kinds of customers."
        )
    else:
        yield (
            f"Respondents fall into {words.count(one.chosen)} clusters (average silhouette "
            f"{words.number(one.silhouette, 2)}), the largest with {percent(one.shares.max(), 0)}."
        )
    if items.merges:
        first = items.merges[0]
        named = words.listing([f"“{label(found, name)}”" for name in first.items])
        yield f"The closest questions are {named}."


def _directions(found: Exploration, one: PeopleClusters) -> np.ndarray:
    """Return which way each question goes with the first component, by its turned answers."""
    first = found.together.components
    assert first is not None  # computed with the clusters
    signs = np.sign(first.loadings[:, 0])
    turned = {q.name: -1.0 if q.reverse else 1.0 for q in found.answers.questions}
    return np.asarray(signs * [turned[name] for name in one.names])


def level_only(centres: np.ndarray, directions: np.ndarray) -> bool:
    """Whether the clusters (rows) stand in the same order on every question.

    Examples
    --------
    >>> level_only(np.array([[80.0, 10.0], [40.0, 50.0]]), np.array([1.0, -1.0]))
    True
    >>> level_only(np.array([[80.0, 10.0], [40.0, 50.0]]), np.array([1.0, 1.0]))
    False
    """
    steps = np.diff(centres * directions, axis=0)
    return bool((steps <= 0).all() or (steps >= 0).all())


def _centres(found: Exploration, one: PeopleClusters) -> Table:
    hidden = withheld_clusters(one, found.plan.minimum)
    why = f"withheld: fewer than {found.plan.minimum} respondents in a cluster"
    size = len(one.sizes)
    rows: list[tuple[Cell, ...]] = [
        (cells.text("Respondents"), *(cells.whole(n) for n in one.sizes)),
        (cells.text("Share"), *(percent_cell(share) for share in one.shares)),
    ]
    if found.together.index:
        values = found.together.index
        rows.append(
            (cells.text("Index, equal weights", tone="strong"), *_line(values, hidden, why))
        )
    for place, name in enumerate(one.names):
        rows.append((cells.text(label(found, name)), *_line(one.centres[:, place], hidden, why)))
    heads = cells.columns("Mean, 0–100", *(f">Cluster {i + 1}" for i in range(size)))
    caption = f"{words.plural(size, 'cluster')} of respondents"
    return Table("people-clusters", caption, heads, tuple(rows), sortable=False)


def _line(values: object, hidden: np.ndarray, why: str) -> Iterator[Cell]:
    for value, gone in zip(np.asarray(values, dtype=float), hidden, strict=True):
        yield cells.number(math.nan if gone else float(value), 1, why)


def _silhouettes(one: PeopleClusters) -> Table:
    rows = tuple(
        (cells.whole(k), cells.number(value, 3), cells.text("shown" if k == one.chosen else ""))
        for k, value in one.silhouettes
    )
    heads = cells.columns("Clusters", ">Average silhouette", "")
    return Table("silhouettes", "How well respondents part", heads, rows, sortable=False)


def _joins(found: Exploration, items: ItemClusters) -> Table:
    rows = tuple(
        (
            cells.whole(one.step),
            cells.text("; ".join(label(found, name) for name in one.items)),
            cells.number(1 - one.height, 2),
        )
        for one in items.merges
    )
    heads = cells.columns("Step", "Joined", ">Average correlation|without sign")
    return Table("joins", "Questions joined, the closest first", heads, rows)
