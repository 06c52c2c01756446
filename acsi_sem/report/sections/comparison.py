"""Which differences between groups are more than chance: permutation tests beside MICOM."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from acsi_sem.analysis.values import permutations_needed
from acsi_sem.inference.permutations import risk
from acsi_sem.report import cells, words
from acsi_sem.report.cells import Tone
from acsi_sem.report.content import (
    Block,
    Bullets,
    Cell,
    Column,
    Details,
    Heading,
    Prose,
    Section,
    Table,
)
from acsi_sem.report.facts import Facts, Row, reasons
from acsi_sem.report.sections import micom
from acsi_sem.report.sections.micom import Pair, names, pairs
from acsi_sem.terms import PATH

MOST_PAIRS: Final = 10
MOST_LINES: Final = 150
INDEX: Final = "index"
KINDS: Final = {INDEX: "Index", PATH: "Path", "total": "Total effect"}
PLURALS: Final = {INDEX: "indices", PATH: "paths", "total": "total effects"}
DIGITS: Final = {PATH: 2, "total": 2, INDEX: 1}
RULE: Final = (
    "A difference is called one when its p-value by permutation of respondents, adjusted by "
    "Holm's method, is at or below {risk}. Families of adjustment: the paths of a pair; its total "
    "effects; the indices of one construct over all pairs. Permutation supposes that the groups "
    "differ in nothing; the bootstrap p-value does not, and stands beside it as a check. Not told "
    "apart is not the same: small groups hide differences."
)


def section(facts: Facts) -> Section | None:
    """The chapter on differences between groups; None when they were not compared."""
    found = pairs(facts)
    if not found:
        return None
    blocks: list[Block] = []
    if told := finding(facts):
        blocks.append(Prose(told))
    blocks.append(Heading("micom", "May the groups be compared?"))
    if len(found) <= MOST_PAIRS:
        blocks += _in_full(facts, found)
    else:
        blocks += _in_brief(facts, found)
    blocks.append(Prose((_rule(facts), *_ways(facts)), "note"))
    title = "Which differences between groups are more than chance"
    return Section("comparison", title, "Differences", tuple(blocks))


def finding(facts: Facts) -> tuple[str, ...]:
    """Say which pairs of groups differ in the headline index, by its test."""
    tests = [(pair, row) for pair in pairs(facts) if (row := _headline(facts, pair)) is not None]
    known = [(pair, row) for pair, row in tests if math.isfinite(row["p_holm"])]
    target = words.in_sentence(facts.construct(facts.target))
    if not known:
        return ()
    if len(tests) == 1:
        return (_single(facts, *known[0]),)
    apart = [pair for pair, row in known if differs(facts, row)]
    lost = len(tests) - len(known)
    count = words.plural(len(known), "pair")
    told = f"Tested by permutation, none of {count} of groups can be told apart in {target}."
    if not apart and (least := permutations_needed(facts.fit.request, len(tests))):
        told = (
            f"Whether groups differ in {target} is not told: with {count} the test by permutation "
            f"needs {words.count(least)} permutations to find anything, and had "
            f"{words.count(facts.fit.request.permutations)}."
        )
    if apart:
        named = words.listing([names(facts, pair) for pair in apart], 4)
        told = (
            f"Tested by permutation, {words.count(len(apart))} of {count} of groups "
            f"{'differs' if len(apart) == 1 else 'differ'} in {target}: {named}."
        )
    if lost:
        told += f" For {words.plural(lost, 'pair')} the test is withheld."
    return (told + _unlike(facts, apart),)


def _single(facts: Facts, pair: Pair, row: Row) -> str:
    target = words.in_sentence(facts.construct(facts.target))
    told = "differ" if differs(facts, row) else "cannot be told apart"
    return (
        f"Tested by permutation, {names(facts, pair)} {told} in {target}: "
        f"{words.number(row['estimate'])} against {words.number(row['other_estimate'])}, p "
        f"{_p(row['p_holm'])}.{_unlike(facts, [pair])}"
    )


def _p(value: float) -> str:
    text = words.p_value(value)
    return text if text.startswith("<") else f"= {text}"


def _unlike(facts: Facts, found: Sequence[Pair]) -> str:
    """Warn of pairs that measure the headline construct differently."""
    own = [names(facts, pair) for pair in found if facts.target in pair.unlike]
    if not own:
        return ""
    target = words.in_sentence(facts.construct(facts.target))
    return f" Read with care, as {target} is composed differently in {words.listing(own, 4)}."


def _headline(facts: Facts, pair: Pair) -> Row | None:
    own = [r for r in pair.tests if r["op"] == INDEX and r["lhs"] == facts.target]
    return own[0] if own else None


def differs(facts: Facts, row: Row) -> bool:
    """True when the adjusted p-value says that the groups differ."""
    return bool(row["p_holm"] <= risk(facts.fit.request.level))


def _rule(facts: Facts) -> str:
    return RULE.replace("{risk}", f"{risk(facts.fit.request.level):g}")


def _ways(facts: Facts) -> tuple[str, ...]:
    """Say how respondents were permuted."""
    told = dict.fromkeys(
        words.clean(n.message) for n in facts.fit.notices if n.kind == "permutation"
    )
    return tuple(told)


def _steps() -> Prose:
    return Prose((micom.LEAD,), "note")


def _in_full(facts: Facts, found: Sequence[Pair]) -> list[Block]:
    verdicts = tuple((f"{names(facts, pair)}:", micom.verdict(facts, pair)) for pair in found)
    told = tuple((f"{names(facts, pair)}:", _told(facts, pair)) for pair in found)
    blocks: list[Block] = [Bullets(verdicts), _steps(), Heading("differences", "What differs")]
    blocks.append(Bullets(told))
    if len(found) > 1:
        blocks.append(_summary(facts, found))
    for place, pair in enumerate(found):
        tables = (
            _table(facts, pair, f"differences-{place}"),
            micom.table(facts, pair, f"micom-{place}"),
        )
        if len(found) == 1:
            blocks += [tables[0], Details(f"Steps of MICOM: {names(facts, pair)}", tables[1:])]
        else:
            blocks.append(Details(f"Differences: {names(facts, pair)}", tables))
    return blocks


def _in_brief(facts: Facts, found: Sequence[Pair]) -> list[Block]:
    counted = tuple(
        (f"{words.sentence_case(told)}:", words.plural(count, "pair") + ".")
        for kind, (told, _) in micom.VERDICTS.items()
        if (count := sum(pair.verdict == kind for pair in found))
    )
    many = (
        f"With {words.count(len(found))} pairs of groups each has one line here; every step and "
        "every test of every pair is in micom.csv and comparisons.csv."
    )
    return [
        Bullets(counted),
        _steps(),
        Heading("differences", "What differs"),
        Prose((many,)),
        _summary(facts, found),
    ]


def _told(facts: Facts, pair: Pair) -> str:
    """Say what differs between two groups, kind by kind."""
    parts = []
    for op in KINDS:
        tested = [r for r in pair.tests if r["op"] == op]
        known = [r for r in tested if math.isfinite(r["p_holm"])]
        if not known:
            if tested:
                parts.append(f"{PLURALS[op]} not tested ({_why(tested)})")
            continue
        apart = [r for r in known if differs(facts, r)]
        named = words.listing([_values(facts, r) for r in apart], 4)
        count = f"{words.count(len(apart)) if apart else 'none'} of {words.count(len(known))}"
        verb = "differs" if len(apart) == 1 else "differ"
        told = f"{verb} ({named})" if apart else "can be told apart"
        parts.append(f"{PLURALS[op]}: {count} {told}")
    return words.sentence_case("; ".join(parts)) + "." if parts else "Not tested."


def _why(tested: Sequence[Row]) -> str:
    told = [text.rstrip(".") for text in reasons(tested)]
    return words.in_sentence("; ".join(told)) or cells.NO_NUMBER


def _values(facts: Facts, row: Row) -> str:
    digits = DIGITS[row["op"]]
    return (
        f"{_name(facts, row)}: {words.number(row['estimate'], digits)} against "
        f"{words.number(row['other_estimate'], digits)}"
    )


def _name(facts: Facts, row: Row) -> str:
    target = facts.construct(row["lhs"])
    if row["op"] == INDEX:
        return target
    return f"{facts.construct(row['rhs'])} → {words.in_sentence(target)}"


def _reading(facts: Facts, pair: Pair, row: Row) -> tuple[str, Tone]:
    limit = risk(facts.fit.request.level)
    if not math.isfinite(row["p_holm"]):
        return words.clean(row["note"]) or "not tested", "weak"
    told: tuple[str, Tone]
    if differs(facts, row):
        unsure = row["p_bootstrap"] > limit
        told = "differs" + (", but the bootstrap does not confirm it" if unsure else ""), "strong"
    elif row["p_permutation"] <= limit:
        told = "differs when tested alone, not after adjustment", ""
    else:
        told = "cannot be told apart", ""
    notes = [words.clean(row["note"])]
    if {row["lhs"], row["rhs"]} & set(pair.unlike):
        notes.insert(0, "composed differently, read with care")
    return "; ".join(filter(None, (told[0], *notes))), told[1]


def _table(facts: Facts, pair: Pair, ident: str) -> Table:
    columns = (
        *cells.columns("What", "Kind"),
        Column(facts.group(pair.group), "right"),
        Column(facts.group(pair.other), "right"),
        *cells.columns(
            ">Difference",
            f">{facts.level} of chance|where the difference would lie if the groups did not differ",
            ">p adjusted|by permutation, adjusted by Holm's method",
            ">p permutation",
            ">p bootstrap",
            "Reading",
        ),
    )
    order = list(KINDS)
    found = sorted(pair.tests, key=lambda row: order.index(row["op"]))
    return Table(
        ident,
        f"Differences: {names(facts, pair)}",
        columns,
        tuple(_row(facts, pair, row) for row in found),
        ("Indices and total effects are on 0–100, paths standardised.",),
    )


def _row(facts: Facts, pair: Pair, row: Row) -> tuple[Cell, ...]:
    reason = words.clean(row["note"]) or cells.NO_NUMBER
    digits = DIGITS[row["op"]]
    low, high = row["limit_low"], row["limit_high"]
    told, tone = _reading(facts, pair, row)
    return (
        cells.text(_name(facts, row)),
        cells.text(KINDS[row["op"]]),
        cells.number(row["estimate"], digits, reason),
        cells.number(row["other_estimate"], digits, reason),
        cells.number(row["difference"], digits, reason),
        cells.text(words.limits(low, high, digits), round(low, 6))
        if math.isfinite(low) and math.isfinite(high)
        else Cell(words.DASH, "", reason),
        *(p_cell(row[name], reason) for name in ("p_holm", "p_permutation", "p_bootstrap")),
        cells.text(told, tone=tone),
    )


def p_cell(value: float, reason: str) -> Cell:
    """A cell with a p-value, or an em dash with the reason."""
    if not math.isfinite(value):
        return Cell(words.DASH, "", reason)
    return Cell(words.p_value(value), round(value, 9))


def _summary(facts: Facts, found: Sequence[Pair]) -> Table:
    """One line per pair; of very many, the ones most apart in the headline index."""
    lines = list(found)
    notes: tuple[str, ...] = ()
    if len(lines) > MOST_LINES:
        lines = sorted(lines, key=lambda pair: _rank(facts, pair))[:MOST_LINES]
        notes = (
            (
                f"Of {words.count(len(found))} pairs the {words.count(MOST_LINES)} with the "
                "smallest p-values are listed."
            ),
        )
    target = words.in_sentence(facts.construct(facts.target))
    columns = cells.columns(
        "Pair",
        "Measurement|measurement invariance by MICOM",
        f">Difference of the index|{target.replace('|', '¦')}, first less second",
        ">p adjusted",
        "Reading",
        ">Paths that differ",
        ">Total effects that differ",
    )
    return Table(
        "comparison-summary",
        f"Pairs of groups: difference in {target}",
        columns,
        tuple(_line(facts, pair) for pair in lines),
        notes,
    )


def _rank(facts: Facts, pair: Pair) -> tuple[float, float]:
    row = _headline(facts, pair)
    if row is None or not math.isfinite(row["p_holm"]):
        return (2.0, 0.0)
    return (row["p_holm"], -abs(row["difference"]))


def _line(facts: Facts, pair: Pair) -> tuple[Cell, ...]:
    row = _headline(facts, pair)
    verdict, tone = micom.VERDICTS[pair.verdict]
    if row is None:
        index = (cells.number(math.nan), cells.number(math.nan), cells.text("not tested"))
    else:
        reason = words.clean(row["note"]) or cells.NO_NUMBER
        told, weight = _reading(facts, pair, row)
        index = (
            cells.number(row["difference"], 1, reason),
            p_cell(row["p_holm"], reason),
            cells.text(told, tone=weight),
        )
    return (
        cells.text(names(facts, pair)),
        cells.text(verdict.replace(" measurement invariance", ""), tone=tone),
        *index,
        *(_count(facts, pair, op) for op in (PATH, "total")),
    )


def _count(facts: Facts, pair: Pair, op: str) -> Cell:
    tested = [r for r in pair.tests if r["op"] == op]
    known = [r for r in tested if math.isfinite(r["p_holm"])]
    if not known:
        return Cell(words.DASH, "", _why(tested))
    apart = sum(differs(facts, r) for r in known)
    return Cell(f"{words.count(apart)} of {words.count(len(known))}", apart)
