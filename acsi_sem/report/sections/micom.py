"""May composites be compared? The verdict of MICOM's three steps on each pair of groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from acsi_sem.report import cells, words
from acsi_sem.report.cells import Tone
from acsi_sem.report.content import Cell, Table
from acsi_sem.report.facts import Facts, Row, reasons, rows

Verdict = Literal["full", "partial", "least", "none", "open"]
VERDICTS: Final[dict[Verdict, tuple[str, Tone]]] = {
    "full": ("full measurement invariance", "good"),
    "partial": ("partial measurement invariance", ""),
    "least": ("partial measurement invariance at least", ""),
    "none": ("no measurement invariance", "weak"),
    "open": ("measurement invariance is not decided", "weak"),
}
STEPS: Final = {"composition": "Composition", "mean": "Mean", "variance": "Variance"}
LEAD: Final = (
    "Composites are comparable in three steps (MICOM; Henseler, Ringle & Sarstedt 2016). Step 1, "
    "the same questions, scales and rules, holds by construction. Step 2: indicators are put "
    "together alike; then paths may be compared. Step 3: means and variances are alike; then the "
    "groups may be pooled. Steps 2 and 3 are judged by permutation, so what small groups hide "
    "passes for alike."
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups with the rows of both tables on them."""

    group: str
    other: str
    steps: tuple[Row, ...]
    tests: tuple[Row, ...]

    def constructs(self, step: str, holds: float) -> tuple[str, ...]:
        """Return the constructs whose step holds (1) or not (0)."""
        return tuple(
            row["construct"] for row in self.steps if row["step"] == step and row["holds"] == holds
        )

    @property
    def unlike(self) -> tuple[str, ...]:
        """Return the constructs that are composed differently."""
        return self.constructs("composition", 0.0)

    def undecided(self, *steps: str) -> bool:
        """True when any of the steps is withheld for a construct."""
        return any(row["step"] in steps and math.isnan(row["holds"]) for row in self.steps)

    @property
    def verdict(self) -> Verdict:
        """Return what the three steps come to."""
        if self.unlike:
            return "none"
        if not self.steps or self.undecided("composition"):
            return "open"
        if self.undecided("mean", "variance"):
            return "least"
        return "full" if all(row["holds"] == 1 for row in self.steps) else "partial"


def pairs(facts: Facts) -> tuple[Pair, ...]:
    """Return the pairs compared, in the order of the tables."""
    steps, tests = (_by_pair(table) for table in (facts.fit.micom, facts.fit.comparisons))
    return tuple(
        Pair(*key, tuple(steps.get(key, ())), tuple(tests.get(key, ())))
        for key in dict.fromkeys((*steps, *tests))
    )


def _by_pair(table: pd.DataFrame) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows(table):
        found.setdefault((row["group"], row["other"]), []).append(row)
    return found


def names(facts: Facts, pair: Pair) -> str:
    """Name the two groups."""
    return f"{facts.group(pair.group)} and {facts.group(pair.other)}"


def verdict(facts: Facts, pair: Pair) -> str:
    """Say what may be compared between two groups."""
    told, _ = VERDICTS[pair.verdict]
    if pair.verdict == "none":
        are, them = ("is", "it") if len(pair.unlike) == 1 else ("are", "them")
        return (
            f"{told}: {_listed(facts, pair.unlike)} {are} composed differently, so differences of "
            f"paths and indices that involve {them} may come from the measurement."
        )
    if pair.verdict == "open":
        why = "; ".join(
            text.rstrip(".") for text in reasons(r for r in pair.steps if r["step"] in STEPS)
        )
        return f"{told}{f' ({words.in_sentence(why)})' if why else ''}."
    if pair.verdict == "full":
        return f"{told}: paths may be compared, and the groups may be pooled."
    if pair.verdict == "least":
        return (
            f"{told}: paths may be compared. Means and variances are not decided, so do not pool "
            "the groups."
        )
    return (
        f"{told}: paths may be compared, but the groups should not be pooled, as they differ in "
        f"{_differing(facts, pair)}."
    )


def _differing(facts: Facts, pair: Pair) -> str:
    found = [(step, pair.constructs(step, 0.0)) for step in ("mean", "variance")]
    return " and ".join(f"the {step} of {_listed(facts, own)}" for step, own in found if own)


def _listed(facts: Facts, constructs: Sequence[str]) -> str:
    return words.listing([words.in_sentence(facts.construct(name)) for name in constructs], 20)


def table(facts: Facts, pair: Pair, ident: str) -> Table:
    """Tabulate steps 2 and 3, construct by construct."""
    own = [row for row in pair.steps if row["step"] in STEPS]
    columns = cells.columns(
        "Construct",
        "Step",
        ">Value|composition: correlation of the scores; mean: difference in standard deviations; "
        "variance: difference of logarithms",
        ">Expected if alike|where permutation puts the value when the groups do not differ",
        ">p",
        "Verdict",
        "Reading",
    )
    said = [row for row in own if not math.isfinite(row["holds"])]
    return Table(
        ident,
        f"Steps of MICOM: {names(facts, pair)}",
        columns,
        tuple(_row(facts, pair, row) for row in own),
        (
            (
                f"Differences are {facts.group(pair.group)} less {facts.group(pair.other)}. "
                "Constructs are tested one by one, without adjustment."
            ),
            *reasons(said),
        ),
    )


def _row(facts: Facts, pair: Pair, row: Row) -> tuple[Cell, ...]:
    note = words.clean(row["note"]) or cells.NO_NUMBER
    low, high = row["limit_low"], row["limit_high"]
    known = math.isfinite(low) and math.isfinite(high)
    return (
        cells.text(facts.construct(row["construct"])),
        cells.text(STEPS[row["step"]], list(STEPS).index(row["step"])),
        cells.number(row["value"], 3, note),
        cells.text(words.limits(low, high, 3), low) if known else Cell(words.DASH, "", note),
        Cell(words.p_value(row["p_value"]), row["p_value"])
        if math.isfinite(row["p_value"])
        else Cell(words.DASH, "", note),
        _holds(row),
        cells.text(_reading(facts, pair, row)),
    )


def _holds(row: Row) -> Cell:
    if not math.isfinite(row["holds"]):
        return cells.text("withheld", tone="weak")
    if row["holds"]:
        return cells.text("holds", tone="good")
    return cells.text("does not hold", tone="weak")


def _reading(facts: Facts, pair: Pair, row: Row) -> str:
    """Say it with the groups' labels; the table's own words, and its note, where that is all."""
    note = words.clean(row["note"])
    if not row["reading"]:
        return note
    told = words.clean(row["reading"])
    if row["holds"] == 0 and row["step"] in ("mean", "variance"):
        greater = pair.group if row["value"] > 0 else pair.other
        told = f"the {row['step']} is greater in {facts.group(greater)}"
    return f"{told}; {note}" if note else told
