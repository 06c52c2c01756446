"""The page of a comparison: systems side by side, and what the choice changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from acsi_sem.analysis.systems import FEWEST_GROUPS, Compared, Measurement
from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Bullets,
    Cell,
    Details,
    Figure,
    HeatChart,
    IntervalChart,
    IntervalRow,
    Links,
    Prose,
    Provenance,
    ReportData,
    Section,
    Table,
)
from acsi_sem.report.facts import ALL_LABEL, NOTHING, Estimate
from acsi_sem.spec.study import Study
from acsi_sem.tables.schema import records
from acsi_sem.terms import ALL, ENGINE_TITLES

SAME: Final = (
    "All systems are asked of the same respondents, so limits of differences come from replicates "
    "drawn alike for both: they are much narrower than the limits of two indices suggest."
)
MEANING: Final = (
    "A difference between systems is no error of one of them: they weight questions and count "
    "answers differently. Compare companies or years within one system; compare systems by whether "
    "they put groups in the same order and name the same drivers."
)


@dataclass(frozen=True, slots=True)
class _Look:
    """Look-ups for the page."""

    compared: Compared
    study: Study
    labels: Mapping[str, str]
    rows: Mapping[tuple[str, str], dict[str, Any]]
    level: str

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(group for group in self.compared.groups if group != ALL)

    def name(self, system: str) -> str:
        one = next(m for m in self.compared.measurements if m.system.name == system)
        return words.clean(one.system.title.get(self.study.language))

    def group(self, name: str) -> str:
        return ALL_LABEL if name == ALL else words.clean(self.labels.get(name, name))

    def index(self, system: str, group: str) -> Estimate:
        row = self.rows.get((system, group))
        if row is None:
            return NOTHING
        numbers = (row["index"], row["conf_low"], row["conf_high"], row["std_error"])
        return Estimate(*numbers, n=row["n"], note=words.clean(row["note"]))

    def difference(self, system: str, group: str) -> Estimate:
        row = self.rows.get((system, group))
        if row is None:
            return NOTHING
        numbers = (row["difference"], row["difference_low"], row["difference_high"])
        return Estimate(*numbers, note=words.clean(row["note"]))


def build_comparison(
    compared: Compared, study: Study, provenance: Provenance, files: Sequence[str]
) -> ReportData:
    """Decide what the page of a comparison says.

    Parameters
    ----------
    compared : Compared
    study : Study
    provenance : Provenance
    files : sequence of str
        Names of the files beside the page.
    """
    fitted = [one.fit for one in compared.measurements if one.fit is not None]
    labels = dict(fitted[0].survey.labels) if fitted else {}
    level = words.level(float(compared.systems["conf_level"].iloc[0]))
    rows = {(row["system"], row["group"]): row for row in records(compared.systems)}
    look = _Look(compared, study, labels, rows, level)
    sections = (
        _indices(look),
        _groups(look),
        _changes(look),
        _drivers(look),
        _fits(look),
        _systems(look),
        _warnings(look),
        _downloads(files),
        _record(provenance),
    )
    rows_read = fitted[0].survey.values.shape[0] if fitted else 0
    facts = (
        ("Systems", words.count(len(compared.measurements))),
        ("Compared with", look.name(compared.base)),
        ("Rows", words.count(rows_read)),
        ("Groups", words.count(len(look.parts)) if look.parts else ""),
    )
    title = words.clean(study.title.get(study.language))
    return ReportData(
        title=f"{title}: systems compared",
        subtitle=words.clean(study.source),
        facts=tuple(pair for pair in facts if pair[1]),
        headline=None,
        findings=tuple(_findings(look)),
        sections=tuple(section for section in sections if section is not None),
    )


def _scaled(look: _Look) -> list[Measurement]:
    """Return the systems that give an index on 0-100."""
    return [one for one in look.compared.measurements if one.on_scale]


def _findings(look: _Look) -> Iterator[str]:
    values = {one.system.name: look.index(one.system.name, ALL) for one in _scaled(look)}
    known = {name: value for name, value in values.items() if value.known}
    if len(known) > 1:
        top = max(known, key=lambda name: known[name].value)
        low = min(known, key=lambda name: known[name].value)
        yield (
            f"For the same answers the systems say between {words.number(known[low].value)} "
            f"({look.name(low)}) and {words.number(known[top].value)} ({look.name(top)})."
        )
    if len(look.parts) >= FEWEST_GROUPS:
        yield _order_finding(look)


def _order_finding(look: _Look) -> str:
    """Say whether all systems rank the groups alike."""
    base = look.compared.base
    pairs = [
        row
        for row in records(look.compared.agreement)
        if row["measure"] == "reversed_pairs" and base in (row["system"], row["other"])
    ]
    other = [
        (row["other"] if row["system"] == base else row["system"]) for row in pairs if row["value"]
    ]
    if not other:
        return f"All systems put the groups in the order of {look.name(base)}."
    named = words.listing([look.name(name) for name in other], 4)
    return f"Another order of the groups than {look.name(base)}: {named}."


def _indices(look: _Look) -> Section:
    blocks: list[Block] = [_index_figure(look, ALL)]
    blocks += [
        Details(f"Systems: {look.group(group)}", (_index_figure(look, group),))
        for group in look.parts[:8]
    ]
    return Section("systems", "What each system says", "Indices", tuple(blocks))


def _index_figure(look: _Look, group: str) -> Figure:
    ordered = sorted(look.compared.measurements, key=lambda one: not one.on_scale)
    shown = [(one, look.index(one.system.name, group)) for one in ordered]
    found = [(one, value) for one, value in shown if one.on_scale]
    firsts = {one.on_scale: one.system.name for one in reversed(ordered)}
    rows = tuple(
        IntervalRow(
            look.name(one.system.name),
            value.value,
            value.low,
            value.high,
            cells.brief(value) if value.known else cells.withheld(value),
            strong=one.system.name == look.compared.base,
            heading=_HEADS[one.on_scale] if firsts[one.on_scale] == one.system.name else "",
        )
        for one, value in shown
    )
    base = look.index(look.compared.base, group)
    known = [value.value for _, value in found if value.known]
    apart = words.number(max(known) - min(known)) if known else words.DASH
    place = look.compared.groups.index(group)
    return Figure(
        f"systems-{place}",
        f"{look.group(group)}: {words.count(len(known))} systems, {apart} points apart",
        IntervalChart(
            rows,
            "Points",
            (base.value, look.name(look.compared.base)) if base.known else None,
            bounds=(-100.0, 100.0),
        ),
        f"Index of {look.group(group)} by system.",
        f"{look.group(group)}. Dot: index. Line: {look.level} interval. n = "
        f"{words.count(max((v.n for _, v in found), default=0))} rows with an answer. Dashed: "
        f"{look.name(look.compared.base)}.",
        _index_table(look, group, place, [one for one, _ in shown]),
        open_table=group == ALL,
    )


_HEADS: Final = {True: "Indices, 0–100", False: "Other quantities, in their own units"}


def _index_table(look: _Look, group: str, place: int, ordered: Sequence[Measurement]) -> Table:
    heads = cells.columns(
        "System",
        "Estimated by",
        ">Questions",
        ">Rows",
        ">Index",
        f">{look.level} interval",
        ">Difference|from the system compared with",
        f">{look.level} interval",
    )
    rows = []
    for one in ordered:
        name = one.system.name
        value, difference = look.index(name, group), look.difference(name, group)
        why = "compared with itself" if name == look.compared.base else value.note
        rows.append(
            (
                cells.text(look.name(name)),
                cells.text(_by(one)),
                cells.whole(one.items),
                cells.whole(value.n),
                cells.estimate(value),
                cells.interval(value),
                cells.number(difference.value, 1, why or cells.NO_NUMBER),
                cells.interval(difference),
            )
        )
    caption = f"Systems: {look.group(group)}"
    return Table(f"systems-table-{place}", caption, heads, tuple(rows))


def _by(one: Measurement) -> str:
    title = ENGINE_TITLES.get(str(one.engine), str(one.engine)) or one.model.replace("_", " ")
    return title if one.weighting == "none" else f"{title}, weighted"


def _with_limits(value: Estimate) -> Cell:
    if not value.known:
        return Cell(words.DASH, "", value.note or cells.NO_NUMBER)
    return Cell(cells.brief(value), round(value.value, 6))


def _groups(look: _Look) -> Section | None:
    """The chapter on the order of groups; None with too few of them."""
    if len(look.parts) < FEWEST_GROUPS or look.compared.agreement.empty:
        return None
    blocks: list[Block] = [_heat(look), _ranks(look)]
    return Section("order", "Do they rank the groups alike?", "Ranks", tuple(blocks))


def _heat(look: _Look) -> Figure:
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


def _agreement_table(look: _Look) -> Table:
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


def _ranks(look: _Look) -> Table:
    names = [one.system.name for one in look.compared.measurements]
    heads = cells.columns("Group", *(f">{look.name(name).replace('|', '¦')}" for name in names))
    rows = tuple(
        (cells.text(look.group(group)), *(_rank(look, name, group) for name in names))
        for group in look.parts
    )
    return Table("ranks", "Rank of each group by system, 1 for the highest", heads, rows)


def _rank(look: _Look, system: str, group: str) -> Cell:
    row = look.rows.get((system, group))
    if row is None:
        return Cell(words.DASH, "", "not measured")
    moved = row["rank"] != row["rank_base"]
    made = cells.number(row["rank"], 0)
    return Cell(made.text, made.sort, made.reason, "weak" if moved else "")


def _changes(look: _Look) -> Section | None:
    """The chapter on differences from the system compared with."""
    others = [one for one in _scaled(look) if one.system.name != look.compared.base]
    if not others:
        return None
    rows = []
    for one in others:
        value = look.difference(one.system.name, ALL)
        told = cells.brief(value) if value.known else cells.withheld(value)
        label = look.name(one.system.name)
        rows.append(IntervalRow(label, value.value, value.low, value.high, told))
    base = look.name(look.compared.base)
    known = [look.difference(one.system.name, ALL) for one in others]
    far = max((abs(v.value) for v in known if v.known), default=float("nan"))
    figure = Figure(
        "differences",
        f"Against {base} the choice of another system moves the index by up to "
        f"{words.number(far)} points",
        IntervalChart(
            tuple(rows), f"Points above or below {base}", (0.0, base), bounds=(-100.0, 100.0)
        ),
        f"Differences of systems from {base}, all rows.",
        f"All rows. Dot: index less that of {base}. Line: {look.level} interval of the difference.",
        _change_table(look, others),
    )
    blocks: tuple[Block, ...] = (figure, Prose((SAME, MEANING), "note"))
    return Section("choice", "What the choice changes", "Differences", blocks)


def _change_table(look: _Look, others: Sequence[Measurement]) -> Table:
    groups = look.compared.groups
    heads = cells.columns("System", *(f">{look.group(g).replace('|', '¦')}" for g in groups))
    rows = tuple(
        (
            cells.text(look.name(one.system.name)),
            *(_with_limits(look.difference(one.system.name, group)) for group in groups),
        )
        for one in others
    )
    caption = f"Differences from {look.name(look.compared.base)}, points"
    return Table("differences-table", caption, heads, rows)


def _drivers(look: _Look) -> Section | None:
    """The chapter on drivers by system; None when no system has any."""
    table = records(look.compared.drivers)
    own = [row for row in table if row["group"] == ALL]
    if not own:
        return None
    systems = tuple(dict.fromkeys(row["system"] for row in own))
    drivers = tuple(dict.fromkeys(row["driver"] for row in own))
    found = {(row["system"], row["driver"]): row for row in own}
    labels = _construct_labels(look)
    heads = cells.columns("Driver", *(f">{look.name(s).replace('|', '¦')}" for s in systems))
    rows = tuple(
        (
            cells.text(labels.get(driver, words.sentence_case(driver))),
            *(_driver(found.get((system, driver))) for system in systems),
        )
        for driver in drivers
    )
    note = f"Points of the index per 5 points of the driver, {look.level} interval."
    made = Table("drivers-table", "Impact of each driver by system", heads, rows, (note,))
    top = {look.name(s): _first(own, s, labels) for s in systems}
    said = tuple((f"{name}:", f"{first} weighs most.") for name, first in top.items())
    blocks: tuple[Block, ...] = (Bullets(said), made)
    return Section("drivers", "Do they name the same drivers?", "Drivers", blocks)


def _first(rows: Sequence[dict[str, Any]], system: str, labels: Mapping[str, str]) -> str:
    own = [r for r in rows if r["system"] == system and math.isfinite(r["estimate"])]
    if not own:
        return "none known"
    best = max(own, key=lambda row: row["estimate"])["driver"]
    return labels.get(best, words.sentence_case(best))


def _construct_labels(look: _Look) -> dict[str, str]:
    language = look.study.language
    return {
        construct.name: words.clean(construct.label.get(language))
        for one in look.compared.measurements
        if one.fit is not None
        for construct in one.fit.model.constructs
    }


def _driver(row: dict[str, Any] | None) -> Cell:
    if row is None:
        return Cell(words.DASH, "", "not in this system")
    value = Estimate(row["estimate"], row["conf_low"], row["conf_high"], note=row["note"])
    if not value.known:
        return Cell(words.DASH, "", value.note or cells.NO_NUMBER)
    return Cell(cells.brief(value, 2), round(value.value, 6))


def _fits(look: _Look) -> Section | None:
    own = [row for row in records(look.compared.fits) if row["group"] == ALL]
    if not own:
        return None
    systems = tuple(dict.fromkeys(row["system"] for row in own))
    measures = tuple(dict.fromkeys(row["measure"] for row in own))
    found = {(row["system"], row["measure"]): row["value"] for row in own}
    heads = cells.columns("System", *(f">{_MEASURES.get(m, m)}" for m in measures))
    rows = tuple(
        (
            cells.text(look.name(system)),
            *(
                cells.number(
                    found.get((system, m), float("nan")), 3, "not a measure of this engine"
                )
                for m in measures
            ),
        )
        for system in systems
    )
    table = Table("fit-table", "Explained variance of the index, and fit: all rows", heads, rows)
    return Section("fit", "How well do they fit?", "Fit", (table,))


_MEASURES: Final = {"r2": "R² of the index", "cfi": "CFI", "rmsea": "RMSEA", "srmr": "SRMR"}


def _systems(look: _Look) -> Section:
    """Say what each system is, and what it can and cannot tell."""
    language = look.study.language
    rows = []
    for one in look.compared.measurements:
        can, cannot = "", ""
        if one.fit is not None and one.fit.model.reach:
            can, cannot = (words.clean(text.get(language)) for text in one.fit.model.reach)
        elif one.fit is None:
            from acsi_sem.report.methods.chapters import module_of

            module = module_of(one.model)
            can, cannot = module.CAN, module.CANNOT
        left = words.listing(list(one.left_out), 6) if one.left_out else "none"
        rows.append(
            (
                cells.text(look.name(one.system.name), tone="strong"),
                cells.text(left),
                cells.text(can),
                cells.text(cannot),
            )
        )
    heads = cells.columns("System", "Questions not asked here", "Can tell", "Cannot tell")
    caption = "What each system can and cannot tell"
    table = Table("reach", caption, heads, tuple(rows), sortable=False)
    return Section("method", "Method", "Method", (Prose((SAME,)), table))


def _warnings(look: _Look) -> Section | None:
    if not look.compared.notices:
        return None
    rows = tuple(
        (
            cells.text(words.clean(notice.subject)),
            cells.text(look.group(notice.group) if notice.group else ""),
            cells.text(words.clean(notice.message)),
        )
        for notice in look.compared.notices
    )
    heads = cells.columns("System", "Group", "Message")
    table = Table("warnings-table", "Warnings and notices", heads, rows)
    return Section("warnings", "Warnings", "Warnings", (table,))


_TOLD: Final = {
    "systems": "index of every system and group, with differences and ranks",
    "agreement": "how far systems agree on the order of groups",
    "system_drivers": "impacts of drivers by system",
    "system_fit": "explained variance and fit by system",
}


def _downloads(files: Sequence[str]) -> Section:
    rows = tuple(
        (
            name,
            told,
            tuple((f.rsplit(".", 1)[1].upper(), f) for f in files if f.rsplit(".", 1)[0] == name),
        )
        for name, told in _TOLD.items()
    )
    return Section("downloads", "Data behind this page", "Data", (Links(rows),))


def _record(provenance: Provenance) -> Section:
    pairs = (*provenance.inputs, *provenance.arguments, *provenance.versions)
    rows = tuple((cells.text(words.clean(a)), cells.text(words.clean(b))) for a, b in pairs)
    table = Table("record", "Inputs, settings, versions", cells.columns("What", "Value"), rows)
    return Section("provenance", "Provenance", "Provenance", (Details("Everything", (table,)),))
