"""From a survey file or frame to a checked `Survey`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from acsi_sem.spec.graph import answer_places
from acsi_sem.spec.model import Indicator, Model
from acsi_sem.spec.raking import RakingSpec
from acsi_sem.spec.scoring import score_answers, scored_ends
from acsi_sem.spec.study import Codebook, DesignColumns, OutOfRangeRule, Study
from acsi_sem.survey.checks import check_answers
from acsi_sem.survey.columns import check_columns, check_rows, model_columns
from acsi_sem.survey.derive import price_tolerance
from acsi_sem.survey.design import read_design
from acsi_sem.survey.design_columns import design_names
from acsi_sem.survey.factors import NO_CODEBOOK, read_breakdown, read_groups
from acsi_sem.survey.formats import read_raw
from acsi_sem.survey.frame import raw_frame
from acsi_sem.survey.raking import rake_weights
from acsi_sem.survey.raw import Findings, Raw
from acsi_sem.survey.recode import Answers, read_answers
from acsi_sem.survey.survey import Design, Factor, Survey
from acsi_sem.survey.units import levels_above

if TYPE_CHECKING:
    import pandas as pd

_Shape = TypeVar("_Shape", bound=np.ndarray)


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What to read beside the model's items."""

    group: str | None
    design: DesignColumns
    columns: tuple[Codebook, ...]
    breakdowns: tuple[Codebook, ...]
    rules: tuple[OutOfRangeRule, ...]
    minimum_rows: int
    language: str
    rake: RakingSpec | None = None
    keep_small: bool = False
    above: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the columns of the design, the groups and the breakdowns."""
        books = [book.column for book in self.breakdowns]
        return tuple(name for name in (*design_names(self.design), self.group, *books) if name)

    def book(self, column: str) -> Codebook:
        """Return the first codebook of a column that says something of its codes."""
        books = [book for book in (*self.columns, *self.breakdowns) if book.column == column]
        return next((b for b in books if b.codes), next(iter(books), NO_CODEBOOK))


def read_survey(
    path: str | os.PathLike[str],
    model: Model,
    *,
    group: str | None = None,
    study: Study | None = None,
    design: DesignColumns | None = None,
    breakdowns: tuple[Codebook, ...] = (),
    minimum_rows: int = 50,
    sheet: str = "",
    keep_small: bool = False,
    above: tuple[str, ...] = (),
) -> Survey:
    """Read a survey file and check it against a model.

    Parameters
    ----------
    path : path
        A csv, tsv, xlsx, xlsm, sav, zsav, dta or parquet file.
    model : Model
        Says which columns hold answers, their scales and their missing codes.
    group : str, optional
        Grouping column, or the name of a level of the study; None for the pooled fit only.
    study : Study, optional
        Supplies the design, labels of codes, breakdowns, the treatment of values outside their
        scale, the sheet and the language; arguments given beside it win.
    design : DesignColumns, optional
        Columns of weights, strata and primary sampling units.
    breakdowns : tuple of Codebook
        Variables to break the index down by.
    minimum_rows : int
        Fewest complete rows of a group; never less than the number of indicators plus one.
    sheet : str
        Sheet of a workbook; the first where empty.
    keep_small : bool
        Leave groups with too few complete rows, or answers that do not vary, to who fits them.
    above : tuple of str
        Columns that name the units which groups belong to; a file may lack them.

    Returns
    -------
    Survey
        Its arrays are read-only.

    Raises
    ------
    DataError
        With everything that is wrong in the file, at once.
    """
    page = sheet or (study.sheet if study else "")
    plan = make_plan(group, study, design, breakdowns, minimum_rows)
    made = replace(plan, keep_small=keep_small, above=above)
    return _build(read_raw(Path(path), page), model, made)


def survey_from_frame(
    frame: pd.DataFrame,
    model: Model,
    *,
    group: str | None = None,
    study: Study | None = None,
    design: DesignColumns | None = None,
    breakdowns: tuple[Codebook, ...] = (),
    minimum_rows: int = 50,
    name: str = "data frame",
) -> Survey:
    """Check a pandas frame against a model, as `read_survey` checks a file.

    Rows are told by their position, counted from 0.

    Parameters
    ----------
    frame : DataFrame
        One row per interview.
    name : str
        What messages and the manifest call it.

    Other parameters, result and errors are those of `read_survey`.
    """
    plan = make_plan(group, study, design, breakdowns, minimum_rows)
    return _build(raw_frame(frame, name), model, plan)


def make_plan(
    group: str | None,
    study: Study | None,
    design: DesignColumns | None,
    breakdowns: tuple[Codebook, ...],
    minimum_rows: int,
) -> ReadPlan:
    """Put together what is read beside the answers; arguments go before the study's parts."""
    if study is None:
        return ReadPlan(group, design or DesignColumns(), (), breakdowns, (), minimum_rows, "en")
    return ReadPlan(
        study.column_of(group) if group else None,
        design or study.design,
        study.columns,
        breakdowns or study.breakdowns,
        study.out_of_range,
        minimum_rows,
        study.language,
        study.rake,
    )


def _build(raw: Raw, model: Model, plan: ReadPlan) -> Survey:
    findings = Findings(raw.source.name, notices=list(raw.notices))
    check_rows(raw, findings)
    check_columns(raw, (*model_columns(model), *plan.wanted), findings)
    answers = [_answers(raw, model, item, plan.rules, findings) for item in model.answers]
    design, groups, factors = surroundings(raw, plan, model_columns(model), findings)
    values = np.column_stack([column.values for column in answers])
    missing = tuple(
        count
        for item, column in zip(model.answers, answers, strict=True)
        for count in column.counts(item.name, design.respondents)
    )
    stands_for = design.respondents
    above = levels_above(raw, groups, plan.above)
    told = None if plan.keep_small else groups
    check_answers(model, values, stands_for, missing, told, plan.minimum_rows, findings)
    findings.close()
    turned = _turn(values[:, answer_places(model)], model.indicators)
    low, high = scored_ends(model)
    return Survey(
        items=tuple(item.name for item in model.indicators),
        values=_freeze(score_answers(model, turned)),
        low=_freeze(low),
        high=_freeze(high),
        design=freeze_design(design),
        source=raw.source,
        groups=groups,
        factors=factors,
        missing=missing,
        notices=tuple(findings.notices),
        labels=dict(zip(groups.keys, groups.categories, strict=True)) if groups else {},
        above=above,
    )


def surroundings(
    raw: Raw, plan: ReadPlan, columns: Iterable[str], findings: Findings
) -> tuple[Design, Factor | None, tuple[Factor, ...]]:
    """Read the design, the groups and the breakdowns; `columns` hold answers.

    Raises
    ------
    DataError
        With every finding so far, when there is a problem.
    """
    design = read_design(raw, plan.design, tuple(columns), findings)
    if plan.rake is not None and not findings.problems:
        design = _rake(raw, plan, plan.rake, design, findings)
    groups = _groups(raw, plan, findings)
    factors = tuple(_factors(raw, plan, findings))
    findings.close()
    return design, groups, factors


def _rake(raw: Raw, plan: ReadPlan, spec: RakingSpec, design: Design, findings: Findings) -> Design:
    weights, made = rake_weights(raw, spec, design.weights, findings, plan.book, plan.language)
    return replace(design, weights=weights, weighted=True, raking=made)


def _answers(
    raw: Raw,
    model: Model,
    item: Indicator,
    rules: tuple[OutOfRangeRule, ...],
    findings: Findings,
) -> Answers:
    recipe = next((recipe for recipe in model.derive if recipe.name == item.column), None)
    if recipe is not None:
        return price_tolerance(raw, recipe, item, rules, findings)
    column = raw.column(item.column)
    if column is None:
        nothing = np.full(len(raw.places), np.nan)
        return Answers(nothing, (), np.full(len(nothing), -1, dtype=np.intp))
    return read_answers(raw, column, item, rules, findings)


def _groups(raw: Raw, plan: ReadPlan, findings: Findings) -> Factor | None:
    column = raw.column(plan.group) if plan.group else None
    if column is None:
        return None
    return _freeze_factor(read_groups(raw, column, plan.book(column.name), plan.language, findings))


def _factors(raw: Raw, plan: ReadPlan, findings: Findings) -> Iterable[Factor]:
    for book in plan.breakdowns:
        column = raw.column(book.column)
        if column is not None:
            said = book if book.codes or book.bins else plan.book(book.column)
            yield _freeze_factor(read_breakdown(raw, column, said, plan.language, findings))


def _turn(values: np.ndarray, items: tuple[Indicator, ...]) -> np.ndarray:
    """Turn reversed items, so that a high answer means much of the construct."""
    turned = np.ascontiguousarray(values, dtype=np.float64)
    for i, item in enumerate(items):
        if item.reverse:
            turned[:, i] = item.low + item.high - turned[:, i]
    return turned


def _freeze(array: _Shape) -> _Shape:
    array.setflags(write=False)
    return array


def _freeze_factor(factor: Factor) -> Factor:
    _freeze(factor.codes)
    return factor


def freeze_design(design: Design) -> Design:
    """Make a design's arrays read-only."""
    replicates = None if design.replicates is None else design.replicates.weights
    for array in (design.weights, design.strata, design.psu, design.sampled, replicates):
        if array is not None:
            _freeze(array)
    return design
