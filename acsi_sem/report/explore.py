"""The page on an explored survey."""

from __future__ import annotations

from typing import Final

from acsi_sem.methods.explore.explore import Exploration
from acsi_sem.methods.explore.tables import SCHEMAS
from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Links, Prose, Provenance, ReportData, Section, Table
from acsi_sem.report.exploring import (
    clusters,
    dimensions,
    items,
    maps,
    missing,
    relations,
    respondents,
)

FILES: Final = {
    "explore_items": "mode, median, mean, spread, ceiling and floor by question and group",
    "explore_respondents": "straight lines and duplicates",
    "explore_correlations": "Pearson's and Spearman's correlations of every pair",
    "explore_collinearity": "variance inflation factors, condition number",
    "explore_components": "principal components and parallel analysis",
    "explore_factors": "factor loadings after varimax, and the model's blocks among them",
    "explore_clusters": "clusters of questions and of respondents",
    "explore_correspondence": "correspondence analysis of categories, with tests",
    "explore_missing": "patterns of missing answers",
}
SAME: Final = (
    "The same inputs, settings and versions give this file again, byte for byte. It holds no date "
    "and no name of a machine."
)


def build_exploration(
    found: Exploration,
    *,
    title: str,
    source: str,
    survey: str,
    provenance: Provenance,
    language: str = "en",
) -> ReportData:
    """Decide what the page on an explored survey says.

    Parameters
    ----------
    found : Exploration
    title, source, survey : str
        Of the study; its words on where data come from; the file's name.
    provenance : Provenance
    language : str
        Of the labels.

    Returns
    -------
    ReportData
        The same inputs give the same value.
    """
    made = (
        items.chapter(found),
        respondents.chapter(found),
        relations.chapter(found),
        dimensions.chapter(found),
        clusters.chapter(found),
        maps.chapter(found),
        missing.chapter(found),
    )
    chapters = [one for one in made if one is not None]
    answers = found.answers
    return ReportData(
        title=f"Exploring: {words.clean(title)}",
        subtitle=words.clean(source) or f"Survey {words.clean(survey)}",
        facts=(
            ("Respondents", words.count(answers.count(answers.weights > 0))),
            ("Effective number", words.count(answers.effective(answers.weights > 0))),
            ("Questions", words.count(len(answers.questions))),
            *((("Groups", words.count(len(found.groups) - 1)),) if found.groups[1:] else ()),
        ),
        headline=None,
        findings=tuple(text for one in chapters for text in one.findings),
        sections=(*(one.section for one in chapters), _downloads(), _record(found, provenance)),
        language=language,
    )


def _downloads() -> Section:
    rows = [
        (
            name.name,
            FILES[name.name],
            tuple((form.upper(), f"{name.name}.{form}") for form in _FORMS),
        )
        for name in SCHEMAS
    ]
    rows.append(("manifest.json", "versions, hashes, settings", (("JSON", "manifest.json"),)))
    return Section("downloads", "Data behind this page", "Data", (Links(tuple(rows)),))


_FORMS: Final = ("csv", "parquet")


def _record(found: Exploration, record: Provenance) -> Section:
    settings = (
        *record.arguments,
        ("seed", str(found.plan.seed)),
        ("level", words.level(found.plan.level)),
        ("minimum rows", words.count(found.plan.minimum)),
    )
    blocks: tuple[Block, ...] = (
        Prose((SAME,)),
        _pairs("settings", "Settings", "Setting", settings),
        _pairs("inputs", "Input files, SHA-256", "File", record.inputs),
        _pairs("versions", "Versions", "Software", record.versions),
    )
    return Section("provenance", "Provenance", "Provenance", blocks)


def _pairs(ident: str, caption: str, head: str, pairs: tuple[tuple[str, str], ...]) -> Table:
    rows = tuple((cells.text(words.clean(a)), cells.text(words.clean(b))) for a, b in pairs)
    return Table(ident, caption, cells.columns(head, "Value"), rows, sortable=False)
