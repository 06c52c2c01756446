"""What weighting costs, and what raking did: part of the chapter on the sample."""

from __future__ import annotations

import math
from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Cell, Heading, Prose, Table
from acsi_sem.report.facts import Facts, Row, reasons, rows
from acsi_sem.terms import ALL

STAGES: Final[dict[str, str]] = {"base": "as they came", "raked": "raked"}
MEANING: Final = (
    "Effective rows: as many rows of equal weight would tell as much (Kish 1965); design effect: "
    "rows over effective rows. Both suppose that weights have nothing to do with the answers; "
    "intervals of this report do not rest on them."
)


def blocks(facts: Facts) -> tuple[Block, ...]:
    """What weights cost by group, and targets of raking; empty where rows are not weighted."""
    made: list[Block] = []
    if not facts.fit.weighting.empty:
        made += [
            Heading("weights", "What weighting costs"),
            Prose(_lead(facts)),
            _table(facts, list(rows(facts.fit.weighting))),
        ]
    if not facts.fit.raking.empty:
        made += _raking(facts)
    return tuple(made)


def cost(row: Row) -> float:
    """Return the share of the sample that weighting costs, 1 - 1/deff, in percent."""
    return 100 * (1 - 1 / float(row["deff"]))


def _lead(facts: Facts) -> tuple[str, ...]:
    found = list(rows(facts.fit.weighting))
    last = {row["group"]: row for row in found}
    told = []
    if (pooled := last.get(ALL)) is not None and math.isfinite(pooled["deff"]):
        told.append(_pooled(pooled) + _raised(found, pooled))
    parts = [row for name, row in last.items() if name != ALL and math.isfinite(row["deff"])]
    if len(parts) > 1:
        most = max(parts, key=lambda row: row["deff"])
        told.append(
            f"It costs most in {facts.group(most['group'])}: {_share(cost(most))}, "
            f"{words.count(most['n_eff'])} effective rows of {words.count(most['n'])}."
        )
    return tuple(told)


def _share(percent: float) -> str:
    return f"{words.number(percent)}{words.SPACE}%"


def _pooled(row: Row) -> str:
    held = row["at_bound"]
    bound = f" {words.plural(int(held), 'row')} stand at a bound of the weights." if held else ""
    return (
        f"Weighting costs {_share(cost(row))} of the sample: {words.plural(row['n'], 'row')} tell "
        f"as much as {words.count(row['n_eff'])} of equal weight. Weights run from "
        f"{words.number(row['minimum'] / row['mean'], 2)} to "
        f"{words.number(row['maximum'] / row['mean'], 2)} times their mean; the heaviest 1"
        f"{words.SPACE}% of rows hold {_share(100 * row['largest_share'])} of the total.{bound}"
    )


def _raised(found: list[Row], pooled: Row) -> str:
    """Say what raking did to the cost."""
    base = next((r for r in found if r["group"] == ALL and r["stage"] == "base"), pooled)
    if base is pooled:
        return ""
    return f" Before raking the weights cost {_share(cost(base))}."


def _table(facts: Facts, found: list[Row]) -> Table:
    order = {name: place for place, name in enumerate((*facts.parts, ALL))}
    placed = sorted(found, key=lambda row: order.get(row["group"], -1))
    columns = cells.columns(
        "Group",
        "Weights",
        ">Rows",
        ">Effective rows",
        ">Design effect",
        ">Cost, %|share of the sample that weighting costs",
        ">Smallest|over the mean weight",
        ">Largest|over the mean weight",
        ">Held by the heaviest 1 %, %",
        ">Rows at a bound",
    )
    return Table(
        "weights-table",
        "Spread of the weights by group",
        columns,
        tuple(_row(facts, row) for row in placed),
        (MEANING, *reasons(found)),
    )


def _row(facts: Facts, row: Row) -> tuple[Cell, ...]:
    reason = words.clean(row["note"]) or cells.NO_NUMBER
    mean = row["mean"]
    return (
        cells.text(facts.group(row["group"]), tone="strong" if row["group"] == ALL else ""),
        cells.text(STAGES[row["stage"]]),
        cells.whole(row["n"]),
        cells.number(row["n_eff"], 0, reason),
        cells.number(row["deff"], 2, reason),
        cells.number(cost(row), 1, reason),
        cells.number(row["minimum"] / mean, 2, reason),
        cells.number(row["maximum"] / mean, 2, reason),
        cells.number(100 * row["largest_share"], 1, reason),
        cells.number(row["at_bound"], 0, reason),
    )


def _raking(facts: Facts) -> tuple[Block, ...]:
    found = list(rows(facts.fit.raking))
    known = [row for row in found if math.isfinite(row["target"])]
    most = max(known, key=lambda row: abs(row["before"] - row["target"]), default=None)
    told = ""
    if most is not None:
        told = (
            f" The largest correction: {words.clean(most['variable'])}, "
            f"{words.clean(most['category'])}, from {_share(100 * most['before'])} to "
            f"{_share(100 * most['after'])}."
        )
    lead = f"Weights were raked: shares of the sample were brought to known shares.{told}"
    columns = cells.columns(
        "Category", "By", ">Rows", ">Before, %", ">Target, %", ">After, %", ">Change, points"
    )
    table = Table(
        "raking-table", "Targets of raking", columns, tuple(_target(row) for row in found)
    )
    return (Heading("raking", "What raking did"), Prose((lead,)), table)


def _target(row: Row) -> tuple[Cell, ...]:
    return (
        cells.text(words.clean(row["category"])),
        cells.text(words.clean(row["variable"])),
        cells.whole(row["n"]),
        cells.number(100 * row["before"]),
        cells.number(100 * row["target"], 1, "no target: these rows have no answer"),
        cells.number(100 * row["after"]),
        cells.number(100 * (row["after"] - row["before"])),
    )
