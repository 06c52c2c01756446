"""From a study file to a `Study`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from acsi_sem.errors import SpecError
from acsi_sem.spec import study_documents as doc
from acsi_sem.spec.load_design import design_from
from acsi_sem.spec.load_nation import nation_from, run_from
from acsi_sem.spec.load_survey_parts import (
    check_survey_parts,
    comparison_from,
    items_from,
    survey_from,
)
from acsi_sem.spec.load_targets import check_rake, raking_from
from acsi_sem.spec.methods.base import Method
from acsi_sem.spec.methods.catalogue import check_methods
from acsi_sem.spec.model import Text
from acsi_sem.spec.model_facts import mapping
from acsi_sem.spec.structure import validate
from acsi_sem.spec.study import (
    Codebook,
    OutOfRangeRule,
    Settings,
    Study,
)
from acsi_sem.spec.study_checks import check_study
from acsi_sem.spec.yaml_source import Source, read_source


def load_study(path: str | os.PathLike[str]) -> Study:
    """Read and check a study file; its model file must exist but is not read.

    Parameters
    ----------
    path : path
        A YAML file; messages repeat it as given.

    Returns
    -------
    Study
        With every default filled in, the file's folder and its SHA-256.

    Raises
    ------
    SpecError
        With every fault at once, each at ``file:line:col``.
    """
    return study_from(read_source(path))


def study_from(source: Source) -> Study:
    """Check a document that has been read, and make the study of it.

    Raises
    ------
    SpecError
        With every fault at once.
    """
    document, faults = validate(doc.StudyDocument, source.data)
    faults += check_study(source.data, source.folder)
    faults += check_rake(source.data.get("rake"), ("rake",))
    faults += check_survey_parts(source.data)
    methods, wrong = check_methods(mapping(source.data.get("methods")))
    faults += wrong
    if document is None or faults:
        raise SpecError(source.problems(faults))
    return _study(document, source, methods)


def _study(document: doc.StudyDocument, source: Source, methods: tuple[Method, ...]) -> Study:
    data = document.data
    return Study(
        name=document.name,
        title=Text.of(document.title, document.name),
        model=document.model,
        data=data.file if data else "",
        sheet=(data.sheet if data else None) or "",
        description=document.description,
        source=document.source,
        design=design_from(document.design),
        levels=tuple(document.levels.items()),
        group=document.group or "",
        columns=tuple(_codebooks(document.columns)),
        breakdowns=tuple(_codebooks(document.breakdowns)),
        out_of_range=tuple(_rules(document.out_of_range)),
        rake=None if document.rake is None else raking_from(document.rake, source, ("rake",)),
        nation=nation_from(document.nation),
        run=run_from(document.run),
        survey=survey_from(document.survey),
        items=items_from(document.items),
        methods=methods,
        comparison=comparison_from(document.compare),
        settings=_settings(document),
        language=document.report.language,
        folder=str(source.folder),
        file=source.path,
        sha256=source.sha256,
    )


def _settings(document: doc.StudyDocument) -> Settings:
    prediction = document.prediction
    return Settings(
        engines=tuple(document.engines or ()),
        period=(document.survey.period if document.survey else None) or "",
        scheme=document.estimation.scheme,
        index_means=document.estimation.index_means,
        se=document.estimation.se or "",
        missing=document.estimation.missing,
        meanstructure=document.estimation.meanstructure,
        invariance=document.estimation.invariance,
        release=document.estimation.release,
        replicates=document.resampling.replicates,
        seed=document.resampling.seed,
        level=document.resampling.level,
        ci=document.resampling.ci or "",
        weights_policy=document.estimation.weights_policy,
        resampling=document.resampling.method,
        fay=document.resampling.fay,
        folds=prediction.folds if prediction else 0,
        repetitions=prediction.repetitions if prediction else 5,
        antecedents=prediction.antecedents if prediction else "earliest",
        comparison=document.comparison is not None,
        permutations=document.comparison.permutations if document.comparison else 999,
        minimum_rows=document.report.minimum_rows,
    )


def _codebooks(parts: Mapping[str, doc.ColumnPart]) -> Iterator[Codebook]:
    for column, part in parts.items():
        bins = part.bins if isinstance(part, doc.BreakdownPart) else None
        yield Codebook(
            column=column,
            label=Text.of(part.label, column),
            codes=tuple((code, Text.of(label, code)) for code, label in part.codes.items()),
            missing=tuple(part.missing.items()),
            bins=tuple(bins or ()),
        )


def _rules(columns: Mapping[str, Mapping[str, doc.RulePart]]) -> Iterator[OutOfRangeRule]:
    for column, rules in columns.items():
        for value, rule in rules.items():
            number = None if value == "any" else float(value)
            yield OutOfRangeRule(column, number, rule.treat, rule.label or "")
