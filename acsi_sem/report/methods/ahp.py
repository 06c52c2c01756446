"""The chapter on weights from pairwise comparisons."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Cell,
    Figure,
    IntervalChart,
    IntervalRow,
    Section,
    Table,
)
from acsi_sem.report.methods.base import View

CAN: Final = "What experts hold to be how important, and whether their judgements fit together."
CANNOT: Final = (
    "What customers hold to be important; there is no sample, so no sampling interval exists, and "
    "consistent judgements can still be wrong."
)
FEWEST: Final = 3


def section(view: View) -> Section:
    """Make the chapter: the weights, and each expert's own."""
    blocks: list[Block] = [_figure(view)]
    if view.rows("expert_weight"):
        blocks.append(_experts(view))
    return Section(view.stem, view.title, view.title, tuple(blocks))


def _label(view: View, name: str) -> str:
    labels = dict(view.method.labels)
    return words.clean(labels[name].get(view.language)) if name in labels else view.label(name)


def _ranked(view: View) -> list[tuple[float, str]]:
    """Return (weight, name), the largest first."""
    found = [(view.find("weight", "", name).value, name) for name in view.method.weighting.order]
    return sorted(found, key=lambda pair: -pair[0])


def _range(view: View, name: str) -> tuple[float, float]:
    """Return the lowest and the highest weight over experts; unknown with fewer than three."""
    lowest, highest = (view.find(f"weight_{end}", "", name) for end in ("lowest", "highest"))
    return lowest.value, highest.value


def _figure(view: View) -> Figure:
    ranked = _ranked(view)
    count = len(view.method.weighting.matrices)
    ratio = view.find("consistency_ratio", "").value
    rows = tuple(
        IntervalRow(_label(view, name), value, *_range(view, name), words.number(value))
        for value, name in ranked
    )
    lines = (
        f" Line: from the lowest to the highest of {count} experts, which is not an interval."
        if count >= FEWEST
        else ""
    )
    return Figure(
        view.ident("weights"),
        f"Weighs most: {_label(view, ranked[0][1])}, {words.number(ranked[0][0])} %",
        IntervalChart(rows, "Weight, %"),
        "Weights from pairwise comparisons.",
        f"Dot: weight, from the principal eigenvector of "
        f"{'the comparisons' if count == 1 else 'the geometric mean of the experts’ comparisons'}."
        f"{lines} Consistency ratio {words.number(ratio, 3)}: below 0.1, so the judgements fit "
        "together. These are judgements, not a sample: no sampling interval exists.",
        _table(view, ranked),
        open_table=True,
    )


def _table(view: View, ranked: list[tuple[float, str]]) -> Table:
    shown = len(view.method.weighting.matrices) >= FEWEST
    heads = ["What is compared", ">Weight, %", *([">Lowest expert", ">Highest expert"] * shown)]
    rows = []
    for value, name in ranked:
        ends = [cells.number(end) for end in _range(view, name)] if shown else []
        rows.append((cells.text(_label(view, name)), cells.number(value), *ends))
    numbers = [
        words.number(view.find(measure, "").value, 3)
        for measure in ("eigenvalue", "consistency_index", "consistency_ratio")
    ]
    note = (
        f"Principal eigenvalue {numbers[0]}, consistency index {numbers[1]}, consistency ratio "
        f"{numbers[2]}."
    )
    return Table(
        view.ident("weights-table"), "Weights", cells.columns(*heads), tuple(rows), (note,)
    )


def _experts(view: View) -> Table:
    """Return each expert's own weights and consistency."""
    names = [name for _, name in _ranked(view)]
    rows = [_expert(view, str(row["category"]), names) for row in view.rows("expert_ratio")]
    heads = ["Expert", *(f">{_label(view, n).replace('|', '¦')}, %" for n in names)]
    return Table(
        view.ident("experts"),
        "Weights and consistency of each expert",
        cells.columns(*heads, ">Consistency ratio"),
        tuple(rows),
    )


def _expert(view: View, which: str, names: list[str]) -> tuple[Cell, ...]:
    weights = [view.find("expert_weight", "", name, which).value for name in names]
    ratio = view.find("expert_ratio", "", "", which).value
    told = words.sentence_case(which)
    return (cells.text(told), *map(cells.number, weights), cells.number(ratio, 3))
