"""What moves the index: impact beside score, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Cell,
    DriverChart,
    DriverPoint,
    Figure,
    Heading,
    Prose,
    Section,
    Suggestion,
    Suggestions,
    Table,
)
from acsi_sem.report.facts import Estimate, Facts
from acsi_sem.report.sections import shown
from acsi_sem.spec.graph import ancestors, exogenous
from acsi_sem.terms import ALL

Verdict = Literal["first", "next", "protect", "later", "keep", "none"]
Tone = Literal["first", "next", "keep", "none"]
CAUTION: Final = (
    "An impact is an association in the model, not proof of cause: it says how the index differs "
    "between customers who differ by five points on the driver, by the model's arrows. Before "
    "money is spent, check the suggestion against what is known of the industry, and measure "
    "again afterwards."
)
RULE: Final = (
    "How the order comes about: a driver is strong when its impact is at or above the mean of the "
    "drivers. The first priority is the strong driver with the most to gain, impact × room to "
    "100, among those that the model lets something lead to; a driver that nothing leads to is "
    "what customers bring with them. A score at or above the drivers' mean is to be protected, "
    "one below it raised. Where the interval of an impact includes 0, nothing is suggested."
)
VERDICTS: Final[dict[Verdict, str]] = {
    "first": "First priority",
    "next": "Next",
    "protect": "Protect",
    "later": "Improve later",
    "keep": "Keep as it is",
    "none": "No suggestion",
}
TONES: Final[dict[Verdict, Tone]] = {
    "first": "first",
    "next": "next",
    "protect": "keep",
    "later": "next",
    "keep": "keep",
    "none": "none",
}


@dataclass(frozen=True, slots=True)
class Driver:
    """A construct that leads to the index, with its impact and score."""

    name: str
    impact: Estimate
    score: Estimate
    verdict: Verdict

    @property
    def promise(self) -> float:
        """Impact times room to 100: what there is to gain."""
        return self.impact.value * (100 - self.score.value)


def drivers(facts: Facts, group: str) -> tuple[Driver, ...]:
    """Return the drivers of the headline index in order of priority."""
    names = ancestors(facts.fit.model, facts.target)
    pairs = [
        (n, facts.impact(group, n, facts.target, "impact_5"), facts.index(group, n)) for n in names
    ]
    known = [(n, i, s) for n, i, s in pairs if i.known and s.known]
    if not known:
        return ()
    made = _judge([Driver(n, i, s, "none") for n, i, s in known], exogenous(facts.fit.model))
    order = list(VERDICTS)
    return tuple(sorted(made, key=lambda d: (order.index(d.verdict), -d.promise)))


def _judge(found: list[Driver], given: tuple[str, ...]) -> list[Driver]:
    """Give each driver its verdict; `given` are those that nothing in the model leads to."""
    strong, room = _means(found)
    able = [d for d in found if _acts(d) and d.impact.value >= strong and d.name not in given]
    first = max(able, key=lambda d: d.promise, default=None)
    return [replace(d, verdict="first" if d is first else _verdict(d, strong, room)) for d in found]


def _means(found: Sequence[Driver]) -> tuple[float, float]:
    return (
        sum(driver.impact.value for driver in found) / len(found),
        sum(driver.score.value for driver in found) / len(found),
    )


def _acts(driver: Driver) -> bool:
    return driver.impact.evidence != "unclear" and driver.impact.value > 0


def _verdict(driver: Driver, strong: float, room: float) -> Verdict:
    if not _acts(driver):
        return "none"
    if driver.impact.value >= strong:
        return "next" if driver.score.value < room else "protect"
    return "later" if driver.score.value < room else "keep"


def section(facts: Facts) -> Section | None:
    """The drivers chapter; None when no effect was computed."""
    if not drivers(facts, ALL):
        return None
    target = words.in_sentence(facts.construct(facts.target))
    blocks: list[Block] = shown.per_group(facts, "Drivers", lambda group: _blocks(facts, group))
    blocks.append(Prose((RULE, CAUTION), "note"))
    blocks += _consequences(facts)
    return Section("drivers", f"What drives {target}", "Drivers", tuple(blocks))


def _blocks(facts: Facts, group: str) -> tuple[Block, ...]:
    found = drivers(facts, group)
    if not found:
        return ()
    suggestions = tuple(_suggestion(facts, group, driver) for driver in found)
    return (Suggestions(suggestions), _figure(facts, group, found), _items(facts, group, found))


def _suggestion(facts: Facts, group: str, driver: Driver) -> Suggestion:
    label = facts.construct(driver.name)
    return Suggestion(
        label,
        VERDICTS[driver.verdict],
        f"{_effect(facts, driver)} {_advice(facts, driver)}",
        _inside(facts, group, driver),
        TONES[driver.verdict],
    )


def _effect(facts: Facts, driver: Driver) -> str:
    target = words.in_sentence(facts.construct(facts.target))
    up = driver.impact.value >= 0
    size = words.number(abs(driver.impact.value))
    return (
        f"5 points more go with {size} points {'more' if up else 'less'} {target}"
        f"{_limits_in_words(facts, driver.impact)}."
    )


def _limits_in_words(facts: Facts, impact: Estimate) -> str:
    if not impact.bounded:
        return ", without an interval"
    low, high = impact.low, impact.high
    if impact.value < 0:
        low, high = -high, -low
    return f" ({facts.level} interval {words.limits(low, high)})"


def _advice(facts: Facts, driver: Driver) -> str:
    score = words.number(driver.score.value)
    outside = driver.name in exogenous(facts.fit.model)
    left = words.number(100 - driver.score.value)
    told = {
        "first": f"Its score of {score} leaves {left} points to 100: at this impact, the most to "
        "gain among the strong drivers.",
        "next": f"A strong driver whose score of {score} is below the mean of the drivers.",
        "protect": f"A strong driver that already scores {score}: a loss here would cost most.",
        "later": f"A weaker driver, but its score of {score} is below the mean of the drivers.",
        "keep": f"A weaker driver with a score of {score}, not below the mean of the drivers.",
        "none": "The interval does not exclude 0, so the model gives no reason to act on it."
        if driver.impact.evidence == "unclear"
        else "More of it does not go with more, so the model gives no reason to raise it.",
    }[driver.verdict]
    if outside:
        told += (
            " Nothing in the model leads to it: customers bring it with them, so it is shaped "
            "by promises and past experience more than by action."
        )
    return told


def _inside(facts: Facts, group: str, driver: Driver) -> str:
    """Name the lowest-scoring indicator of a driver with more than one."""
    construct = facts.fit.model.construct(driver.name)
    found = [
        (facts.items[group, driver.name, i.name].score, i.name)
        for i in construct.indicators
        if (group, driver.name, i.name) in facts.items
        and facts.items[group, driver.name, i.name].score >= 0
    ]
    if len(found) < 2 or driver.verdict == "none":
        return ""
    score, name = min(found)
    share = _share(facts, group, driver.name, name)
    weight = f" and carries {words.percent(share, 1, 0)} of its index" if share == share else ""
    return (
        f"Inside it, “{facts.indicator(name)}” scores lowest ({words.number(score)} on 0–100)"
        f"{weight}."
    )


def _share(facts: Facts, group: str, construct: str, indicator: str) -> float:
    block = facts.fit.model.construct(construct).indicators
    keys = [(group, construct, item.name) for item in block]
    whole = sum(facts.items[key].pull for key in keys if key in facts.items)
    return facts.items[group, construct, indicator].pull / whole if whole else float("nan")


def _figure(facts: Facts, group: str, found: tuple[Driver, ...]) -> Figure:
    target = words.in_sentence(facts.construct(facts.target))
    points = tuple(_point(facts, driver) for driver in found)
    means = _means(found)
    return Figure(
        shown.ident(facts, "drivers", group),
        _message(facts, group, found),
        DriverChart(points, f"Impact of 5 points on {target}", "Score, 0–100", means),
        f"Impact and score of the drivers, {facts.group(group)}. "
        + " ".join(
            f"{facts.construct(d.name)}: impact {words.number(d.impact.value)}, "
            f"score {words.number(d.score.value)}."
            for d in found
        ),
        f"{facts.group(group)}. Across: total effect of 5 points. Up: the driver's own index. "
        f"Bars: {facts.level} intervals. Dashed lines: means of the drivers. "
        f"n = {words.count(facts.index(group).n)}.",
        _table(facts, group, found),
    )


def _message(facts: Facts, group: str, found: tuple[Driver, ...]) -> str:
    best = max(found, key=lambda d: d.impact.value)
    return (
        f"{facts.group(group)}, largest estimated impact: "
        f"{words.in_sentence(facts.construct(best.name))}, "
        f"{words.number(best.impact.value)} points for every 5"
    )


def _point(facts: Facts, driver: Driver) -> DriverPoint:
    impact, score = driver.impact, driver.score
    return DriverPoint(
        facts.construct(driver.name),
        (impact.value, impact.low, impact.high),
        (score.value, score.low, score.high),
    )


def _table(facts: Facts, group: str, found: tuple[Driver, ...]) -> Table:
    columns = cells.columns(
        "Driver",
        "Verdict",
        f">Impact of 5 points|on {facts.construct(facts.target)}, 0–100",
        f">{facts.level} interval",
        ">Score",
        f">{facts.level} interval",
        ">Room to 100",
    )
    rows = tuple(_row(facts, driver) for driver in found)
    caption = f"Drivers of {words.in_sentence(facts.construct(facts.target))}: {facts.group(group)}"
    return Table(shown.ident(facts, "drivers-table", group), caption, columns, rows)


def _row(facts: Facts, driver: Driver) -> tuple[Cell, ...]:
    return (
        cells.text(facts.construct(driver.name)),
        cells.text(VERDICTS[driver.verdict], list(VERDICTS).index(driver.verdict) + 1),
        cells.estimate(driver.impact),
        cells.interval(driver.impact),
        cells.estimate(driver.score),
        cells.interval(driver.score),
        cells.number(100 - driver.score.value),
    )


def _items(facts: Facts, group: str, found: tuple[Driver, ...]) -> Table:
    rows = [
        (
            cells.text(facts.indicator(i.name)),
            cells.text(facts.construct(d.name)),
            cells.number(facts.items[group, d.name, i.name].score),
            cells.number(100 * _share(facts, group, d.name, i.name), 0),
            cells.number(facts.items[group, d.name, i.name].mean, 2),
            cells.text(f"{words.number(i.low, 0)}–{words.number(i.high, 0)}", i.high),
        )
        for d in found
        for i in facts.fit.model.construct(d.name).indicators
        if (group, d.name, i.name) in facts.items
    ]
    return Table(
        shown.ident(facts, "driver-items", group),
        f"Indicators behind the drivers: {facts.group(group)}",
        cells.columns(
            "Indicator", "Driver", ">Score, 0–100", ">Share of the index, %", ">Mean", "Scale"
        ),
        tuple(rows),
    )


def _consequences(facts: Facts) -> tuple[Block, ...]:
    """What the index itself goes with: the constructs after it."""
    rows = []
    for name in facts.fit.model.construct_names:
        effect = facts.impact(ALL, facts.target, name, "impact_5")
        if effect.known and name != facts.target and effect.value != 0:
            rows.append((name, effect))
    if not rows:
        return ()
    target = words.in_sentence(facts.construct(facts.target))
    table = Table(
        "consequences-table",
        f"What 5 points more {target} go with: {facts.group(ALL)}",
        cells.columns("Outcome", ">Change in points", f">{facts.level} interval", ">Its index now"),
        tuple(
            (
                cells.text(facts.construct(name)),
                cells.estimate(effect),
                cells.interval(effect),
                cells.estimate(facts.index(ALL, name)),
            )
            for name, effect in rows
        ),
    )
    return (Heading("consequences", f"What {target} leads to"), table)
