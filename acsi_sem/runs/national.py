"""The work of a national run: a quarter's survey in, every table and page out."""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd

from acsi_sem.analysis.nation import National, request_of
from acsi_sem.analysis.national_tables import (
    Known,
    Tables,
    compare,
    lost_to_tell,
    may_be_told,
    withheld_notices,
)
from acsi_sem.analysis.panel import Panel, UnitFits, batches, fit_units, join_units
from acsi_sem.analysis.readings import company_readings
from acsi_sem.analysis.values import INFORMING, Request
from acsi_sem.errors import Problem, UsageError
from acsi_sem.indices.rollup import roll_up
from acsi_sem.indices.withholding import Earlier, blank, earlier_revision, withheld_units
from acsi_sem.runs.history import join_histories, load_history, own_history
from acsi_sem.runs.jobs import Options
from acsi_sem.runs.national_words import left_out, lost_lines, summary
from acsi_sem.runs.provenance import versions
from acsi_sem.runs.scheduled import Context, Produced
from acsi_sem.runs.workers import open_workers
from acsi_sem.spec.hierarchy import Hierarchy, NationSpec, RunSpec
from acsi_sem.spec.model import Model
from acsi_sem.spec.periods import Period
from acsi_sem.spec.scoring import formula_breaks
from acsi_sem.spec.study import Study
from acsi_sem.spec.unit_checks import MIXED, check_parents, check_units
from acsi_sem.survey.read import read_survey
from acsi_sem.survey.survey import Survey
from acsi_sem.survey.units import shared_units
from acsi_sem.tables.schema import MISSING, WARNINGS, make_table
from acsi_sem.tables.write import csv_bytes, parquet_bytes
from acsi_sem.terms import Notice

READINGS_FILE: Final = "internal/readings.parquet"
"""Readings with nothing withheld: later periods rest on them, and nobody else may."""
WITHHELD_FILE: Final = "internal/withheld.json"
REPORT: Final = "report"


@dataclass(frozen=True, slots=True)
class Job:
    """One period of one nation.

    Attributes
    ----------
    nation, run : NationSpec, RunSpec
        The study's parts.
    """

    study: Study
    nation: NationSpec
    run: RunSpec
    model: Model
    hierarchy: Hierarchy
    period: Period
    request: Request


def produce_period(
    study: Study,
    model: Model,
    hierarchy: Hierarchy,
    period: Period,
    context: Context,
    options: Options,
) -> Produced:
    """Fit every company of a quarter, roll up, compare, withhold, and write all of it.

    Parameters
    ----------
    study : Study
        With parts `nation` and `run`.
    model : Model
    hierarchy : Hierarchy
    period : Period
    context : Context
        The store as the run may see it: checkpoints, earlier periods, progress.
    options : Options

    Returns
    -------
    Produced

    Raises
    ------
    DataError
        If the survey cannot be used, or has a company that no file of units knows.
    UsageError
        If the request cannot be carried out.
    """
    job = _job(study, model, hierarchy, period)
    survey, notices = _read(job)
    fits, losses = _fit(job, survey, context, options)
    if _share_lost(job, survey, fits) > job.run.fail_above:
        return _nothing(job, survey, fits)
    tables, known = _tables(job, fits, context, notices)
    withheld, lowest = known.withheld[period], hierarchy.levels[0]
    notices += withheld_notices(withheld) + may_be_told(fits.notices, withheld, lowest)
    fits = replace(fits, lost=lost_to_tell(fits.lost, withheld, lowest))
    national = _national(job, survey, fits, tables, context, notices)
    files = {**_internal(known, period), **_files(national, context, options.jobs)}
    return _produced(job, national, fits, files, losses)


def _lost_companies(job: Job, fits: UnitFits) -> set[str]:
    """Return the companies without a result of the first engine, whose numbers lead."""
    return {one.unit for one in fits.lost if one.engine == job.request.engines[0]}


def _share_lost(job: Job, survey: Survey, fits: UnitFits) -> float:
    assert survey.groups is not None
    return len(_lost_companies(job, fits)) / len(survey.groups.values)


def _nothing(job: Job, survey: Survey, fits: UnitFits) -> Produced:
    """Say that too many companies are lost for anything to be published."""
    return Produced(
        files={},
        share_failed=_share_lost(job, survey, fits),
        lost=len(_lost_companies(job, fits)),
        lost_units=lost_lines(fits.lost),
    )


def _job(study: Study, model: Model, hierarchy: Hierarchy, period: Period) -> Job:
    if study.nation is None or study.run is None:
        raise UsageError(Problem(study.name, "", "a study with the parts nation and run", "none"))
    breaks = (*study.nation.breaks, *formula_breaks(model))
    nation = replace(study.nation, breaks=breaks)
    return Job(
        replace(study, nation=nation),
        nation,
        study.run,
        model,
        hierarchy,
        period,
        request_of(study, period, model.kind),
    )


def _read(job: Job) -> tuple[Survey, list[Notice]]:
    """Read the quarter's survey, and see that its companies are those of the hierarchy."""
    study, levels = job.study, job.hierarchy.levels
    named = study.data.replace("{period}", str(job.period))
    survey = read_survey(
        Path(os.path.normpath(Path(study.folder) / named)),
        job.model,
        group=job.hierarchy.levels[0],
        study=study,
        minimum_rows=study.settings.minimum_rows,
        keep_small=True,
        above=tuple(study.column_of(level) for level in levels[1:]),
    )
    assert survey.groups is not None
    told = check_units(job.hierarchy, set(survey.groups.values), job.period)
    said = {
        level: {
            company: values[0] if len(values) == 1 else MIXED
            for company, values in survey.above.get(study.column_of(level), {}).items()
            if values
        }
        for level in levels[1:]
    }
    notices = [*told, *check_parents(job.hierarchy, said), *shared_units(survey)]
    return survey, [*notices, *left_out(study.settings, study)]


def _fit(
    job: Job, survey: Survey, context: Context, options: Options
) -> tuple[UnitFits, list[str]]:
    """Fit the companies that no earlier run of the same inputs has fitted."""
    replicated = () if options.full else job.run.replicated
    panel = Panel(job.model, survey, job.request, replicated)
    portions = batches(survey)
    kept = {names: _kept(context, names) for names in portions}
    todo = [names for names in portions if kept[names] is None]
    total = sum(len(names) for names in portions)
    done = total - sum(len(names) for names in todo)

    def keep(at: int, found: UnitFits) -> None:
        nonlocal done
        context.save(_task(todo[at]), found.packed())
        kept[todo[at]] = found
        done += len(todo[at])
        context.progress("companies", done, total)

    context.progress("companies", done, total)
    losses: list[str] = []
    if todo:
        with open_workers(options.jobs, options.cluster, shared=panel) as workers:
            workers.map(fit_units, todo, done=keep, name=_task)
            losses = list(workers.losses)
    parts = [found for found in kept.values() if found is not None]
    units = [name for names in portions for name in names]
    return join_units(parts, units), losses


def _task(names: Sequence[str]) -> str:
    return "companies " + "\n".join(names)


def _kept(context: Context, names: Sequence[str]) -> UnitFits | None:
    data = context.checkpoint(_task(names))
    if data is None:
        return None
    try:
        return UnitFits.unpacked(data)
    except ValueError:
        return None


def _tables(
    job: Job, fits: UnitFits, context: Context, notices: list[Notice]
) -> tuple[Tables, Known]:
    """Roll up, compare and withhold; return what may be published, and what may not."""
    hierarchy, period = job.hierarchy, job.period
    context.progress("roll-up", 0, 1)
    companies = company_readings(hierarchy, period, fits.tables["indices"], fits.freedom)
    rolled = roll_up(hierarchy, period, companies, conf_level=job.request.level)
    notices += rolled.notices
    known = _past(context)
    earlier = _earlier(job.period, context)
    own = withheld_units(rolled.readings, hierarchy, job.request.minimum_rows, earlier)
    known.readings[period], known.withheld[period] = rolled.readings, own
    public = compare(job.nation, hierarchy, job.model.index, known, period, job.request.level)
    public["shares"] = rolled.shares
    for name, table in fits.tables.items():
        public[name] = blank(table, own, hierarchy.levels[0])
    public["revisions"] = blank(context.moved(public), own)
    context.progress("roll-up", 1, 1)
    return public, known


def _earlier(period: Period, context: Context) -> list[Earlier]:
    """Read what earlier revisions of this quarter have shown and withheld."""
    found = []
    for number in range(1, context.revision):
        folder = context.store.revision(period, number)
        rows = json.loads((folder / WITHHELD_FILE).read_text(encoding="utf-8"))
        found.append(
            earlier_revision(
                pd.read_parquet(folder / READINGS_FILE),
                pd.read_parquet(folder / "shares.parquet"),
                _withheld(rows),
            )
        )
    return found


def _withheld(rows: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], str]:
    return {(row["level"], row["unit"]): row["reason"] for row in rows}


def _past(context: Context) -> Known:
    """Read every earlier quarter, as it was and as it was withheld."""
    known = Known({}, {})
    for at in context.past:
        known.readings[at] = pd.read_parquet(io.BytesIO(context.read_past(at, READINGS_FILE)))
        known.withheld[at] = _withheld(json.loads(context.read_past(at, WITHHELD_FILE)))
    return known


def _national(
    job: Job,
    survey: Survey,
    fits: UnitFits,
    tables: Tables,
    context: Context,
    notices: list[Notice],
) -> National:
    told = (*survey.notices, *notices)
    tables["missing"] = make_table(MISSING, [asdict(count) for count in survey.missing])
    tables["warnings"] = make_table(WARNINGS, [asdict(notice) for notice in told])
    own = own_history(job.study, tables["readings"], tables["national"], context.revision)
    assert survey.groups is not None
    lost = _lost_companies(job, fits)
    return National(
        study=job.study,
        model=job.model,
        hierarchy=job.hierarchy,
        request=job.request,
        period=job.period,
        tables=tables,
        history=join_histories([load_history(job.study, job.period), own]),
        lost=fits.lost,
        fitted=len(survey.groups.values) - len(lost),
        interviews=survey.source.rows,
        notices=told,
        versions=versions(),
        inputs=context.inputs,
        revision=context.revision,
        reason=context.reason,
    )


def _internal(known: Known, period: Period) -> dict[str, bytes]:
    rows = [
        {"level": level, "unit": unit, "reason": reason}
        for (level, unit), reason in known.withheld[period].items()
    ]
    return {
        READINGS_FILE: parquet_bytes(known.readings[period]),
        WITHHELD_FILE: (json.dumps(rows, indent=1, ensure_ascii=False) + "\n").encode(),
    }


def _files(national: National, context: Context, jobs: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    context.progress("tables", 0, len(national.tables))
    for done, (name, table) in enumerate(national.tables.items(), 1):
        files[f"{name}.csv"] = csv_bytes(table)
        files[f"{name}.parquet"] = parquet_bytes(table)
        context.progress("tables", done, len(national.tables))
    pages = _pages(national, context, jobs)
    return files | {f"{REPORT}/{path}": content for path, content in pages.items()}


def _pages(national: National, context: Context, jobs: int) -> dict[str, bytes]:
    """Write the site, shared by the workers of this machine."""
    portions = [(at, jobs) for at in range(jobs)]
    context.progress("pages", 0, jobs)
    with open_workers(jobs, shared=national) as workers:
        parts = workers.map(
            _portion, portions, done=lambda at, _: context.progress("pages", at + 1, jobs)
        )
    return {path: content for part in parts for path, content in part.items()}


def _portion(national: National, portion: tuple[int, int]) -> dict[str, bytes]:
    from acsi_sem.report.national.site import national_pages

    return national_pages(national, tables="..", portion=portion)


def _produced(
    job: Job,
    national: National,
    fits: UnitFits,
    files: dict[str, bytes],
    losses: Sequence[str],
) -> Produced:
    """Say what came of the work; a lost worker shapes no number: told, not published."""
    lost = {one.unit for one in national.lost if one.engine == job.request.engines[0]}
    total = national.fitted + len(lost)
    warned = [notice.kind for notice in national.notices if notice.kind not in INFORMING]
    return Produced(
        files=files,
        share_failed=len(lost) / total if total else 1.0,
        lost=len(lost),
        lost_units=lost_lines(national.lost),
        warnings=len(warned),
        kinds=tuple(Counter(warned).items()),
        summary=(*summary(job.study, job.nation, national), *losses),
        manifest={
            "study": job.study.name,
            "model": job.model.name,
            "versions": dict(national.versions),
            "request": asdict(job.request),
            "interviews": national.interviews,
            "companies": {
                "fitted": national.fitted,
                "lost": [asdict(one) for one in national.lost],
                "lost_by_engine": dict(Counter(one.engine for one in national.lost)),
            },
            "failed_replicates": [
                dict(zip(("unit", "engine", "requested", "failed"), count, strict=True))
                for count in fits.failed_replicates
            ],
            "missing": national.tables["missing"].to_dict("records"),
            "warnings": [asdict(notice) for notice in national.notices],
        },
    )
