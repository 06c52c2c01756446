"""What each system is, warnings, files and provenance of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from acsi_sem.analysis.systems import Measurement
from acsi_sem.report import cells, words
from acsi_sem.report.comparing.look import Look
from acsi_sem.report.content import (
    Details,
    Links,
    Provenance,
    Section,
    Table,
)


def systems(look: Look) -> Section:
    """Say what each system is, and what it can and cannot tell."""
    rows = []
    first: dict[tuple[str, str], str] = {}
    for one in look.compared.measurements:
        name, reach = look.name(one.system.name), _reach(one, look.study.language)
        told = first.setdefault(reach, name)
        can, cannot = reach if told == name or not any(reach) else (f"As {told}.", f"As {told}.")
        left = words.listing(list(one.left_out), 6) if one.left_out else "none"
        texts = (cells.text(text) for text in (left, can, cannot))
        rows.append((cells.text(name, tone="strong"), *texts))
    heads = cells.columns("System", "Questions not asked here", "Can tell", "Cannot tell")
    caption = "What each system can and cannot tell"
    table = Table("reach", caption, heads, tuple(rows), sortable=False)
    return Section("method", "Method", "Method", (table,))


def _reach(one: Measurement, language: str) -> tuple[str, str]:
    """Return what a system can and cannot tell; empty where its model does not say."""
    if one.fit is None:
        from acsi_sem.report.methods.chapters import module_of

        module = module_of(one.model)
        return module.CAN, module.CANNOT
    if not one.fit.model.reach:
        return "", ""
    can, cannot = (words.clean(text.get(language)) for text in one.fit.model.reach)
    return can, cannot


def warnings(look: Look) -> Section | None:
    """The chapter on warnings; None where there are none."""
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


def downloads(files: Sequence[str]) -> Section:
    """The chapter that links the tables beside the page."""
    rows = tuple(
        (
            name,
            told,
            tuple((f.rsplit(".", 1)[1].upper(), f) for f in files if f.rsplit(".", 1)[0] == name),
        )
        for name, told in _TOLD.items()
    )
    return Section("downloads", "Data behind this page", "Data", (Links(rows),))


def record(provenance: Provenance) -> Section:
    """The chapter on inputs, settings and versions."""
    pairs = (*provenance.inputs, *provenance.arguments, *provenance.versions)
    rows = tuple((cells.text(words.clean(a)), cells.text(words.clean(b))) for a, b in pairs)
    table = Table("record", "Inputs, settings, versions", cells.columns("What", "Value"), rows)
    return Section("provenance", "Provenance", "Provenance", (Details("Everything", (table,)),))
