"""Warnings, provenance, the words of the tables, and the files beside the report."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Bullets,
    Details,
    Heading,
    Links,
    Prose,
    Provenance,
    Section,
    Table,
)
from acsi_sem.report.facts import Facts
from acsi_sem.tables.schema import SCHEMAS
from acsi_sem.terms import ENGINE_TITLES, GLOSSARY, Notice

MOST_LISTED: Final = 5
FILES: Final = {
    "estimates": "loadings, weights, paths and (co)variances of every engine",
    "indices": "0–100 indices of every construct",
    "impacts": "direct, indirect (each route too) and total effects and impacts of 5 points",
    "fit_measures": "fit of the models: chi-square, CFI, RMSEA; of PLS: SRMR, d_ULS, d_G and tests",
    "quality": "alpha, ρA, ρC, AVE, HTMT, R², f², VIF and their relatives, with intervals",
    "breakdowns": "indices of parts of a group",
    "items": "answers, means and index weights by indicator",
    "modification": "modification indices: what freeing a parameter would change",
    "residuals": "sample covariances and correlations less the implied ones",
    "invariance": "levels of measurement invariance: what may be compared across groups",
    "prediction": "out-of-sample prediction: errors beside benchmarks, Q², CVPAT",
    "comparisons": "differences between groups, with permutation and bootstrap tests",
    "micom": "whether composites mean the same in two groups: MICOM step by step",
    "ipma": "importance and performance of constructs and indicators",
    "weighting": "what the weights cost: extremes, design effect, effective number of rows",
    "raking": "shares before and after raking beside their targets",
    "missing": "missing answers by column and code",
    "warnings": "everything that was noticed on the way",
}


def warnings(facts: Facts) -> Section:
    """Every notice, grouped by kind and counted."""
    notices = facts.warnings
    if not notices:
        return Section(
            "warnings", "Warnings", "Warnings", (Prose(("Nothing had to be warned of.",)),)
        )
    kinds = tuple(dict.fromkeys(notice.kind for notice in notices))
    blocks: list[Block] = [
        Prose((f"{words.plural(len(notices), 'warning')} of {words.plural(len(kinds), 'kind')}.",))
    ]
    for place, kind in enumerate(kinds):
        blocks += _kind(facts, place, [notice for notice in notices if notice.kind == kind])
    return Section("warnings", "Warnings", "Warnings", tuple(blocks))


def _kind(facts: Facts, place: int, notices: list[Notice]) -> list[Block]:
    title = words.sentence_case(words.clean(notices[0].kind))
    lines = tuple((_where(facts, notice), words.clean(notice.message)) for notice in notices)
    blocks: list[Block] = [
        Heading(f"warning-{place}", f"{title} ({words.count(len(notices))})"),
        Bullets(lines[:MOST_LISTED]),
    ]
    if len(lines) > MOST_LISTED:
        rest = lines[MOST_LISTED:]
        blocks.append(Details(f"{words.count(len(rest))} more of this kind", (Bullets(rest),)))
    return blocks


def _where(facts: Facts, notice: Notice) -> str:
    group = facts.group(notice.group) if notice.group else ""
    engine = ENGINE_TITLES.get(notice.engine, notice.engine)
    parts = [part for part in (group, engine, words.clean(notice.subject)) if part]
    return f"{', '.join(parts)}:" if parts else ""


def provenance(facts: Facts, record: Provenance) -> Section:
    """Versions, hashes, settings: enough to make the same bytes again."""
    blocks: list[Block] = [
        Prose(
            (
                (
                    "The same inputs, settings and versions give this file again, byte for byte. "
                    "It holds no date and no name of a machine."
                ),
            )
        )
    ]
    if record.command:
        blocks.append(Prose((words.clean(record.command),), "code"))
    blocks.append(_pairs("settings", "Settings", "Setting", _settings(facts, record)))
    if record.inputs:
        blocks.append(_pairs("inputs", "Input files, SHA-256", "File", record.inputs))
    if record.versions:
        blocks.append(_pairs("versions", "Versions", "Software", record.versions))
    blocks.append(Details("What the columns of the tables mean", (_glossary(),)))
    return Section("provenance", "Provenance", "Provenance", tuple(blocks))


def _settings(facts: Facts, record: Provenance) -> tuple[tuple[str, str], ...]:
    if record.arguments:
        seed = () if record.seed is None else (("seed", str(record.seed)),)
        named = dict(record.arguments)
        return record.arguments + (() if "seed" in named else seed)
    request = facts.fit.request
    return (
        ("engines", ", ".join(request.engines)),
        ("scheme", request.scheme),
        ("bootstrap replicates", words.count(request.replicates)),
        ("seed", str(request.seed if record.seed is None else record.seed)),
        ("level", facts.level),
        ("intervals", request.interval),
        ("resampling", _resampling(facts)),
        ("negative outer weights", request.weights_policy),
        ("standard errors", request.se or "cluster where there is a design, else robust"),
        ("missing answers", request.missing),
        ("intercepts", "yes" if request.meanstructure else "no"),
        ("invariance", "yes" if request.invariance else "no"),
        *((("not held equal", ", ".join(request.release)),) if request.release else ()),
        *_extras(facts),
        ("index means", request.index_means),
        ("minimum rows", words.count(request.minimum_rows)),
        ("model, SHA-256", facts.fit.model.sha256 or "not from a file"),
        ("survey, SHA-256", facts.fit.survey.source.sha256 or "not from a file"),
    )


def _resampling(facts: Facts) -> str:
    request = facts.fit.request
    if not request.resampled:
        return "none"
    return f"fay, factor {request.fay:g}" if request.resampling == "fay" else request.resampling


def _extras(facts: Facts) -> tuple[tuple[str, str], ...]:
    request = facts.fit.request
    made: list[tuple[str, str]] = []
    if request.folds:
        told = f"{request.folds} folds, {words.plural(request.repetitions, 'repetition')}"
        made.append(("prediction", f"{told}, antecedents {request.antecedents}"))
    if request.comparison:
        made.append(("group comparison", f"{words.count(request.permutations)} permutations"))
    return tuple(made)


def _pairs(ident: str, caption: str, head: str, pairs: tuple[tuple[str, str], ...]) -> Table:
    rows = tuple((cells.text(words.clean(a)), cells.text(words.clean(b))) for a, b in pairs)
    return Table(ident, caption, cells.columns(head, "Value"), rows, sortable=False)


def _glossary() -> Table:
    pairs = tuple(GLOSSARY.items())
    return Table(
        "glossary",
        "Glossary of columns",
        cells.columns("Column", "Meaning"),
        tuple((cells.text(name), cells.text(meaning)) for name, meaning in pairs),
        sortable=False,
    )


def downloads(names: tuple[str, ...]) -> Section | None:
    """The files beside the report, by relative links; None when there are none."""
    if not names:
        return None
    rows = [
        (schema.name, FILES[schema.name], links)
        for schema in SCHEMAS
        if (links := tuple((_form(n), n) for n in names if n.rsplit(".", 1)[0] == schema.name))
    ]
    told = {link for _, _, links in rows for _, link in links}
    rest = [n for n in names if n not in told]
    rows += [(name, _OTHER.get(name, ""), ((_form(name), name),)) for name in rest]
    return Section("downloads", "Data behind this report", "Data", (Links(tuple(rows)),))


_OTHER: Final = {
    "methods.csv": "numbers of the other assessment methods, with limits",
    "methods.parquet": "the same",
    "manifest.json": "versions, hashes, row counts, convergence, warnings",
}


def _form(name: str) -> str:
    return {"csv": "CSV", "parquet": "Parquet", "json": "JSON"}.get(name.rsplit(".", 1)[-1], name)
