"""What may be compared across groups: levels of measurement invariance and their verdict."""

from __future__ import annotations

import math
from typing import Any, Final

from acsi_sem.estimators.invariance import CFI_DROP
from acsi_sem.report import cells, words
from acsi_sem.report.cells import Tone
from acsi_sem.report.content import Block, Cell, Heading, Prose, Section, Table
from acsi_sem.report.facts import Facts, rows

LEAD: Final = (
    "Two groups can be compared on a number only if the questions work alike in both. Each level "
    "below holds more of the measurement equal across groups; it holds when CFI does not fall by "
    f"more than {words.number(CFI_DROP, 2)} from the level before (Cheung & Rensvold 2002). That "
    "is a rule of thumb from simulations, not a proof that the questions work alike."
)
SCOPES: Final = {
    "measurement": "Measurement: constructs with several indicators",
    "model": "The whole model, with its paths",
}

Row = dict[str, Any]


def section(facts: Facts) -> Section | None:
    """The chapter on comparability; None when it was not assessed."""
    if not facts.scopes:
        return None
    blocks: list[Block] = [Prose((LEAD,))]
    for scope in facts.scopes:
        blocks += _scope(facts, scope)
    title = "What may be compared across groups"
    return Section("invariance", title, "Comparability", tuple(blocks))


def _scope(facts: Facts, scope: str) -> tuple[Block, ...]:
    verdicts = tuple(
        words.clean(notice.message)
        for notice in facts.fit.notices
        if notice.kind == "invariance" and notice.subject == scope
    )
    found = [row for row in rows(facts.fit.invariance) if row["scope"] == scope]
    title = SCOPES.get(scope, words.sentence_case(words.clean(scope)))
    made: list[Block] = [Heading(f"invariance-{words.slug(scope)}", title)]
    if verdicts:
        made.append(Prose(verdicts))
    return (*made, _table(scope, title, found))


def _table(scope: str, title: str, found: list[Row]) -> Table:
    scaled = _scaled(found)
    head = "Chi-square, scaled" if scaled else "Chi-square"
    return Table(
        f"invariance-table-{words.slug(scope)}",
        f"Levels of measurement invariance. {title}",
        cells.columns(
            "Level",
            f">{head}",
            ">Degrees of freedom",
            ">CFI",
            ">Fall of CFI|from the level before",
            ">RMSEA",
            "Verdict",
            "What follows",
        ),
        tuple(_row(found, at, scaled) for at in range(len(found))),
        _notes(found),
        sortable=False,
    )


def _scaled(found: list[Row]) -> bool:
    """True when every level with a chi-square has the scaled one: a column holds one kind."""
    fitted = [row for row in found if math.isfinite(row["chisq"])]
    return bool(fitted) and all(math.isfinite(row["chisq.scaled"]) for row in fitted)


def _row(found: list[Row], at: int, scaled: bool) -> tuple[Cell, ...]:
    row = found[at]
    reason = words.clean(row["note"]) or "the level was not fitted"
    told, tone = _verdict(found, at)
    return (
        cells.text(words.sentence_case(words.clean(row["level"]))),
        cells.number(row["chisq.scaled" if scaled else "chisq"], 1, reason),
        cells.number(row["df"], 0, reason),
        cells.number(row["cfi"], 3, reason),
        cells.number(row["cfi_fall"], 4, reason if at else "there is no level before"),
        cells.number(row["rmsea"], 3, reason),
        cells.text(told, tone=tone),
        cells.text(words.clean(row["reading"])),
    )


def _verdict(found: list[Row], at: int) -> tuple[str, Tone]:
    row = found[at]
    if row["holds"] == 1:
        return "holds", "good"
    if row["cfi_fall"] > CFI_DROP:
        return "does not hold", "weak"
    if at and found[at - 1]["holds"] != 1:
        return "a level before it does not hold", "weak"
    return "cannot be shown", "weak"


def _notes(found: list[Row]) -> tuple[str, ...]:
    released = dict.fromkeys(words.clean(row["released"]) for row in found if row["released"])
    told = [f"Not held equal: {names}." for names in released]
    for row in found:
        if row["note"]:
            level = words.sentence_case(words.clean(row["level"]))
            told.append(f"{level}: {words.clean(row['note'])}.")
    return tuple(told)
