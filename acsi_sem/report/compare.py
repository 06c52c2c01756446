"""The page of a comparison: systems side by side, and what the choice changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from acsi_sem.analysis.systems import FEWEST_GROUPS, Compared
from acsi_sem.report import words
from acsi_sem.report.comparing import choice, drivers, indices, order, record
from acsi_sem.report.comparing.look import Look, scaled
from acsi_sem.report.content import (
    Provenance,
    ReportData,
)
from acsi_sem.spec.study import Study
from acsi_sem.tables.schema import records
from acsi_sem.terms import ALL


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
    look = Look(compared, study, labels, rows, level)
    sections = (
        indices.section(look),
        order.section(look),
        choice.section(look),
        drivers.drivers(look),
        drivers.fits(look),
        record.systems(look),
        record.warnings(look),
        record.downloads(files),
        record.record(provenance),
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


def _findings(look: Look) -> Iterator[str]:
    values = {one.system.name: look.index(one.system.name, ALL) for one in scaled(look)}
    known = {name: value for name, value in values.items() if value.known}
    if len(known) > 1:
        top = max(known, key=lambda name: known[name].value)
        low = min(known, key=lambda name: known[name].value)
        yield (
            f"For the same answers the systems say between {words.number(known[low].value)} "
            f"({look.name(low)}) and {words.number(known[top].value)} ({look.name(top)})."
        )
    if len(look.parts) >= FEWEST_GROUPS:
        yield from _order_finding(look)


def _order_finding(look: Look) -> Iterator[str]:
    """Say whether all systems rank the groups alike; nothing where no two could be compared."""
    base = look.compared.base
    known = {
        row["other"] if row["system"] == base else row["system"]: row["value"]
        for row in records(look.compared.agreement)
        if row["measure"] == "reversed_pairs"
        and base in (row["system"], row["other"])
        and math.isfinite(row["value"])
    }
    other = [look.name(name) for name, value in known.items() if value > 0]
    unknown = len(look.compared.measurements) - 1 - len(known)
    if other:
        yield f"Another order of the groups than {look.name(base)}: {words.listing(other, 4)}."
    elif known:
        those = "All systems whose groups have ranks" if unknown else "All systems"
        yield f"{those} put the groups in the order of {look.name(base)}."
