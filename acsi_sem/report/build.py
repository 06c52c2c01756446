"""From a fit to what the report says; no markup and no ink yet."""

from __future__ import annotations

from typing import Final

from acsi_sem.analysis.values import Fit
from acsi_sem.methods.catalogue import NO_METHODS, MethodResults
from acsi_sem.report import words
from acsi_sem.report.content import Provenance, ReportData, Section
from acsi_sem.report.facts import Facts, gather
from acsi_sem.report.methods.chapters import chapters
from acsi_sem.report.sections import (
    breakdowns,
    comparison,
    composite,
    drivers,
    engines,
    invariance,
    ipma,
    league,
    measurement,
    method,
    prediction,
    record,
    sample,
    structure,
    validity,
)
from acsi_sem.spec.study import Study
from acsi_sem.tables.schema import SCHEMAS
from acsi_sem.terms import ALL, ENGINE_TITLES

FILES_BESIDE: Final[tuple[str, ...]] = (
    *(f"{schema.name}.{form}" for schema in SCHEMAS for form in ("csv", "parquet")),
    "manifest.json",
)


def build_report(
    fit: Fit,
    study: Study | None = None,
    provenance: Provenance | None = None,
    *,
    period: str = "",
    files: tuple[str, ...] = FILES_BESIDE,
    methods: MethodResults = NO_METHODS,
) -> ReportData:
    """Decide what a report on `fit` says.

    Parameters
    ----------
    fit : Fit
    study : Study, optional
        Gives title, source, description and the language of labels.
    provenance : Provenance, optional
        Versions, hashes and settings to be shown; without it the request's settings are.
    period : str
        The period the survey covers, as it should be printed.
    files : tuple of str
        Names of the files beside the report; empty for none (no chapter on data then).
    methods : MethodResults
        What a study's methods found.

    Returns
    -------
    ReportData
        The same inputs give the same value.
    """
    facts = gather(fit, study)
    return ReportData(
        title=_title(facts, study),
        subtitle=_subtitle(facts, study),
        facts=_particulars(facts, study, period),
        headline=league.headline(facts),
        findings=(
            *league.findings(facts),
            *comparison.finding(facts),
            *_driver_finding(facts),
            *_warning_finding(facts),
        ),
        sections=_sections(facts, study, provenance or Provenance(), files, methods),
    )


def _sections(
    facts: Facts,
    study: Study | None,
    record_: Provenance,
    files: tuple[str, ...],
    methods: MethodResults,
) -> tuple[Section, ...]:
    own = chapters(facts, study, methods) if study is not None else ()
    if methods.methods and files:
        files = (*files, "methods.csv", "methods.parquet")
    fixed = facts.fit.model.kind == "composite"
    made = (
        *(_of_composite(facts) if fixed else _of_paths(facts)),
        *own,
        sample.section(facts),
        method.section(facts, study, methods),
        record.warnings(facts),
        record.downloads(files),
        record.provenance(facts, record_),
    )
    return tuple(section for section in made if section is not None)


def _of_composite(facts: Facts) -> tuple[Section | None, ...]:
    return league.section(facts), composite.section(facts), breakdowns.section(facts)


def _of_paths(facts: Facts) -> tuple[Section | None, ...]:
    return (
        league.section(facts),
        comparison.section(facts),
        drivers.section(facts),
        ipma.section(facts),
        structure.section(facts),
        prediction.section(facts),
        breakdowns.section(facts),
        engines.section(facts),
        measurement.section(facts),
        validity.section(facts),
        invariance.section(facts),
    )


def _title(facts: Facts, study: Study | None) -> str:
    if study is None:
        return words.clean(facts.fit.model.title.get())
    return words.clean(study.title.get(study.language))


def _subtitle(facts: Facts, study: Study | None) -> str:
    if study is None:
        return f"Survey {words.clean(facts.fit.survey.source.name)}"
    return words.clean(study.source)


def _particulars(facts: Facts, study: Study | None, period: str) -> tuple[tuple[str, str], ...]:
    survey = facts.fit.survey
    language = study.language if study else "en"
    made = [
        ("Period", words.clean(period)),
        ("Model", words.clean(facts.fit.model.title.get(language))),
        ("Rows", words.count(survey.values.shape[0])),
        ("Groups", words.count(len(facts.parts)) if facts.parts else ""),
        ("Grouped by", words.clean(survey.groups.label) if survey.groups and facts.parts else ""),
        ("Method", words.listing([ENGINE_TITLES[e] for e in facts.fit.request.engines])),
    ]
    return tuple(pair for pair in made if pair[1])


def _driver_finding(facts: Facts) -> tuple[str, ...]:
    first = next((d for d in drivers.drivers(facts, ALL) if d.verdict != "none"), None)
    if first is None:
        return ()
    label = facts.construct(first.name)
    target = words.in_sentence(facts.construct(facts.target))
    verdict = drivers.VERDICTS[first.verdict]
    return (
        (
            f"{verdict}: {words.in_sentence(label)}. In the pooled model 5 points more of it "
            f"go with {words.number(first.impact.value)} points more {target}; its score is "
            f"{words.number(first.score.value)}."
        ),
    )


def _warning_finding(facts: Facts) -> tuple[str, ...]:
    found = len(facts.warnings)
    bad = [d for d in facts.fit.diagnoses if not d.ok]
    if bad:
        return (
            f"{words.plural(len(bad), 'estimation')} did not end well and is left blank; "
            f"see Warnings, with {words.plural(found, 'notice')}."
            if len(bad) == 1
            else f"{words.plural(len(bad), 'estimation')} did not end well and are left blank; "
            f"see Warnings, with {words.plural(found, 'notice')}.",
        )
    return (
        (f"{words.plural(found, 'warning')} to read before quoting: see Warnings.",)
        if found
        else ()
    )
