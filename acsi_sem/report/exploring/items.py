"""The chapter on what the answers look like."""

from __future__ import annotations

import math

from acsi_sem.methods.explore.explore import Exploration, ItemRow
from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Cell,
    Details,
    Figure,
    IntervalChart,
    IntervalRow,
    Prose,
    Section,
    Table,
)
from acsi_sem.report.exploring.shared import (
    Chapter,
    group,
    label,
    percent,
    percent_cell,
    quoted,
)
from acsi_sem.terms import ALL

HIGH = 0.15
"""Share at an end of the scale from which a ceiling or floor is spoken of (Terwee et al. 2007)."""
HEADS = (
    ">n",
    ">Missing",
    ">Mode|most common answer",
    ">Median",
    ">Mean",
    ">Range|smallest and largest answer given",
    ">QD|quartile deviation: half the distance between the quartiles",
    ">SD|standard deviation",
    ">Skewness|below 0: the tail is on the low side",
    ">Lowest grade",
    ">Highest grade",
)
DEFINITIONS = (
    "Answers as they were given, weighted where the survey has weights. Quartiles and median: the "
    "smallest answer at which the weight so far exceeds the quarter, half or three quarters; the "
    "mean of it and the one before where it is exact. QD: quartile deviation, (Q3 − Q1) / 2. "
    "Ceilings and floors of more than 15 % leave little room to tell people apart (Terwee et al. "
    "2007). Limits of shares are Wilson's and know the weights, but neither strata nor clusters."
)


def chapter(found: Exploration) -> Chapter:
    """Say how high, how wide and how skewed answers are."""
    pooled = [row for row in found.items if row.group == ALL]
    blocks: list[Block] = [Prose((_message(found, pooled),), "lead")]
    figure = _figure(found, pooled)
    blocks += [figure] if figure else [_table(found, ALL, pooled)]
    parts = tuple(
        _table(found, name, [row for row in found.items if row.group == name])
        for name, _ in found.groups[1:]
    )
    if parts:
        told = f"The same for {words.plural(len(parts), 'group')}"
        blocks.append(Details(told, parts))
    if found.skipped:
        blocks.append(Prose((f"Not explored: {words.clean('; '.join(found.skipped))}.",), "note"))
    blocks.append(Prose((DEFINITIONS,), "note"))
    section = Section("items", "What the answers look like", "Answers", tuple(blocks))
    return Chapter(section, (_message(found, pooled),))


def _message(found: Exploration, rows: list[ItemRow]) -> str:
    known = [row for row in rows if _graded(row) and math.isfinite(row.found.ceiling[0])]
    if not known:
        return "No question has enough answers on a scale to speak of its ends."
    most = max(known, key=lambda row: max(row.found.ceiling[0], row.found.floor[0]))
    top, bottom = most.found.ceiling, most.found.floor
    end, (share, low, high) = ("top", top) if top[0] >= bottom[0] else ("bottom", bottom)
    crowded = sum(max(row.found.ceiling[0], row.found.floor[0]) > HIGH for row in known)
    return (
        f"{percent(share, 0)} of answers to {quoted(found, most.question.name)} are at the {end} "
        f"of the scale ({words.level(found.plan.level)} interval {_limits(low, high)}, n = "
        f"{words.count(most.found.n)}); {words.count(crowded)} of "
        f"{words.plural(len(known), 'question')} "
        f"{'has' if crowded == 1 else 'have'} more than {percent(HIGH, 0)} at one end."
    )


def _graded(row: ItemRow) -> bool:
    """Whether a question has more than two grades: a yes or no has no ceiling to speak of."""
    return row.question.scaled and row.question.high - row.question.low > 1


def _limits(low: float, high: float) -> str:
    return f"{words.number(100 * low, 0)} to {percent(high, 0)}"


def _figure(found: Exploration, rows: list[ItemRow]) -> Figure | None:
    scaled = [row for row in rows if _graded(row)]
    if not any(math.isfinite(row.found.ceiling[0]) for row in scaled):
        return None
    ordered = sorted(scaled, key=lambda row: -_or_less(row.found.ceiling[0]))
    lines = tuple(_line(found, row) for row in ordered)
    n = [row.found.n for row in scaled if row.found.n]
    return Figure(
        "ceilings",
        f"Most answers at the highest grade: {quoted(found, ordered[0].question.name)}",
        IntervalChart(lines, "Answers at the highest grade of the scale, %"),
        "Share of answers at the highest grade. "
        + " ".join(f"{line.label}: {line.text}." for line in lines),
        f"Dots: weighted shares; lines: {words.level(found.plan.level)} intervals. n = "
        f"{words.count(min(n))} to {words.count(max(n))}. The highest grade is the highest number, "
        "which for a reversed question is the bad end. Questions with two grades are left out.",
        _table(found, ALL, rows),
        open_table=True,
    )


def _or_less(value: float) -> float:
    return value if math.isfinite(value) else -1.0


def _line(found: Exploration, row: ItemRow) -> IntervalRow:
    share, low, high = (100 * value for value in row.found.ceiling)
    known = f"{words.number(share)} ({words.limits(low, high)})"
    told = known if math.isfinite(share) else words.clean(row.note)
    return IntervalRow(label(found, row.question.name), share, low, high, told)


def _table(found: Exploration, name: str, rows: list[ItemRow]) -> Table:
    places = [known for known, _ in found.groups]
    return Table(
        f"items-{places.index(name)}",
        f"Answers by question: {group(name)}",
        cells.columns("Question", *HEADS),
        tuple(_cells(found, row) for row in rows),
    )


def _cells(found: Exploration, row: ItemRow) -> tuple[Cell, ...]:
    one, why = row.found, words.clean(row.note) or cells.NO_NUMBER
    ends = (one.least, one.most)
    spread = (
        Cell(f"{words.number(ends[0], 0)}–{words.number(ends[1], 0)}", round(ends[1] - ends[0], 6))
        if math.isfinite(ends[0])
        else Cell(words.DASH, "", why)
    )
    return (
        cells.text(label(found, row.question.name)),
        cells.whole(one.n),
        percent_cell(row.share),
        cells.number(one.mode, 0, why),
        cells.number(one.median, 1, why),
        cells.number(one.mean, 2, why),
        spread,
        cells.number(one.quartile_deviation, 2, why),
        cells.number(one.sd, 2, why),
        cells.number(one.skewness, 2, why),
        percent_cell(one.floor[0], why),
        percent_cell(one.ceiling[0], why),
    )
