"""Whether systems put the groups in one order."""

from __future__ import annotations

import math

from acsi_sem.analysis.systems import FEWEST_GROUPS
from acsi_sem.report import cells, words
from acsi_sem.report.comparing.look import Look
from acsi_sem.report.content import (
    Block,
    Cell,
    Figure,
    HeatChart,
    Section,
    Table,
)
from acsi_sem.report.facts import Estimate
from acsi_sem.tables.schema import records


def section(look: Look) -> Section | None:
    """The chapter on the order of groups; None with too few of them."""
    if len(look.parts) < FEWEST_GROUPS or look.compared.agreement.empty:
        return None
    blocks: list[Block] = [_heat(look), _ranks(look)]
    return Section("order", "Do they rank the groups alike?", "Ranks", tuple(blocks))


def _heat(look: Look) -> Figure:
    names = [one.system.name for one in look.compared.measurements]
    found = {
        (row["system"], row["other"]): row["value"]
        for row in records(look.compared.agreement)
        if row["measure"] == "spearman"
    }
    values = tuple(
        tuple(1.0 if a == b else found.get((a, b), found.get((b, a), float("nan"))) for b in names)
        for a in names
    )
    least = min((v for v in found.values() if math.isfinite(v)), default=float("nan"))
    return Figure(
        "agreement",
        f"Rank correlation of the groups between systems: {words.number(least, 2)} at the least",
        HeatChart(tuple(look.name(name) for name in names), values),
        "Spearman rank correlations of the groups' indices between every two systems.",
        f"Spearman's rank correlation over {words.count(len(look.parts))} groups; 1: the same "
        "order, −1: the opposite one. With few groups it moves in large steps.",
        _agreement_table(look),
    )


def _agreement_table(look: Look) -> Table:
    pairs: dict[tuple[str, str], dict[str, Estimate]] = {}
    for row in records(look.compared.agreement):
        value = Estimate(row["value"], row["conf_low"], row["conf_high"], note=row["note"])
        pairs.setdefault((row["system"], row["other"]), {})[row["measure"]] = value
    rows = tuple(
        (
            cells.text(look.name(one)),
            cells.text(look.name(other)),
            cells.estimate(found["spearman"], 2),
            cells.interval(found["spearman"], 2),
            cells.estimate(found["kendall"], 2),
            cells.number(100 * found["reversed_pairs"].value, 0),
        )
        for (one, other), found in pairs.items()
    )
    heads = cells.columns(
        "System",
        "Other system",
        ">Spearman",
        f">{look.level} interval",
        ">Kendall τ",
        ">Reversed, %|pairs of groups in opposite order",
    )
    return Table("agreement-table", "Agreement on the order of groups", heads, rows)


def _ranks(look: Look) -> Table:
    names = [one.system.name for one in look.compared.measurements]
    heads = cells.columns("Group", *(f">{look.name(name).replace('|', '¦')}" for name in names))
    rows = tuple(
        (cells.text(look.group(group)), *(_rank(look, name, group) for name in names))
        for group in look.parts
    )
    return Table("ranks", "Rank of each group by system, 1 for the highest", heads, rows)


def _rank(look: Look, system: str, group: str) -> Cell:
    row = look.rows.get((system, group))
    if row is None:
        return Cell(words.DASH, "", "not measured")
    moved = row["rank"] != row["rank_base"]
    made = cells.number(row["rank"], 0)
    return Cell(made.text, made.sort, made.reason, "weak" if moved else "")
