"""Rows of every engine gathered into tables, in one order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from acsi_sem.analysis.values import Fit, ReplicateCount, Request
from acsi_sem.estimators.result import EngineResult, Row
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Survey
from acsi_sem.tables.schema import (
    BREAKDOWNS,
    COMPARISONS,
    ESTIMATES,
    FIT_MEASURES,
    IMPACTS,
    INDICES,
    INVARIANCE,
    IPMA,
    ITEMS,
    MICOM,
    MODIFICATION,
    PREDICTION,
    QUALITY,
    RAKING,
    RESIDUALS,
    WEIGHTING,
    make_table,
)


def assemble(
    *,
    model: Model,
    survey: Survey,
    request: Request,
    groups: tuple[str, ...],
    results: Sequence[EngineResult],
    rows: Mapping[str, Iterable[Row]],
    replicates: tuple[ReplicateCount, ...],
) -> Fit:
    """Put rows into tables, group by group and, within a group, engine by engine."""
    ordered = sorted(results, key=lambda result: groups.index(result.diagnosis.group))

    def by_group(found: Iterable[Row]) -> list[Row]:
        return sorted(found, key=lambda row: groups.index(str(row["group"])))

    return Fit(
        model=model,
        survey=survey,
        request=request,
        groups=groups,
        estimates=make_table(ESTIMATES, [row for r in ordered for row in r.estimates]),
        fit_measures=make_table(FIT_MEASURES, [row for r in ordered for row in r.fit_measures]),
        quality=make_table(QUALITY, [row for r in ordered for row in r.quality]),
        items=make_table(ITEMS, rows["items"]),
        indices=make_table(INDICES, by_group(rows["indices"])),
        impacts=make_table(IMPACTS, by_group(rows["impacts"])),
        breakdowns=make_table(BREAKDOWNS, by_group(rows["breakdowns"])),
        diagnoses=tuple(result.diagnosis for result in ordered),
        replicates=replicates,
        modification=make_table(MODIFICATION, [row for r in ordered for row in r.modification]),
        residuals=make_table(RESIDUALS, [row for r in ordered for row in r.residuals]),
        prediction=make_table(PREDICTION, rows.get("prediction", ())),
        comparisons=make_table(COMPARISONS, rows.get("comparisons", ())),
        micom=make_table(MICOM, rows.get("micom", ())),
        ipma=make_table(IPMA, by_group(rows.get("ipma", ()))),
        weighting=make_table(WEIGHTING, rows.get("weighting", ())),
        raking=make_table(RAKING, rows.get("raking", ())),
        invariance=make_table(INVARIANCE, [_whole(row) for row in rows.get("invariance", ())]),
    )


def _whole(row: Row) -> Row:
    return {**row, "holds": float(bool(row["holds"]))}
