"""Answers to any questions, model or not, with the survey's design: what methods work on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acsi_sem.spec.fields import Field
from acsi_sem.spec.findings import code_number
from acsi_sem.spec.model import Indicator
from acsi_sem.spec.study import Codebook, Study
from acsi_sem.survey.columns import check_columns, check_rows
from acsi_sem.survey.factors import read_breakdown
from acsi_sem.survey.formats import read_raw
from acsi_sem.survey.frame import raw_frame
from acsi_sem.survey.raw import Findings, Raw, RawColumn
from acsi_sem.survey.read import ReadPlan, freeze_design, make_plan, surroundings
from acsi_sem.survey.recode import read_answers
from acsi_sem.survey.survey import Design, Factor, Floats, MissingCount, Source, Survey
from acsi_sem.terms import Notice

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class People:
    """Respondents' answers to the fields that methods read.

    Attributes
    ----------
    fields : tuple of Field, length k
    values : ndarray, shape (n, k), read-only
        Scale answers as they were given (not turned), amounts, numbers of categories from 0; NaN
        where there is no answer.
    design : Design
    groups : Factor or None
    factors : tuple of Factor
        Breakdown variables.
    categories : mapping of field -> tuple of str
        Names of a category field's values, in order.
    missing : tuple of MissingCount
    notices : tuple of Notice
    """

    fields: tuple[Field, ...]
    values: Floats
    design: Design
    source: Source
    groups: Factor | None = None
    factors: tuple[Factor, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missing: tuple[MissingCount, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields, in order of the columns."""
        return tuple(one.name for one in self.fields)

    def field(self, name: str) -> Field:
        """Return a field; `KeyError` if there is none of this name."""
        return self.fields[self._place(name)]

    def column(self, name: str) -> Floats:
        """Return the answers to one field, shape (n,)."""
        return np.asarray(self.values[:, self._place(name)])

    def columns(self, names: Sequence[str]) -> Floats:
        """Return the answers to several fields, shape (n, len(names))."""
        return np.asarray(self.values[:, [self._place(name) for name in names]])

    def good(self, name: str) -> Floats:
        """Return the answers to a scale field, turned so that high is good, shape (n,)."""
        one, values = self.field(name), self.column(name)
        return one.low + one.high - values if one.reverse else values

    def _place(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(name) from None


def nobody(survey: Survey) -> People:
    """Return a survey's respondents without any answers, for methods that ask none."""
    blank = np.zeros((survey.values.shape[0], 0))
    return People(
        (), blank, survey.design, survey.source, groups=survey.groups, factors=survey.factors
    )


def read_people(
    path: str | os.PathLike[str],
    fields: Sequence[Field],
    *,
    study: Study | None = None,
    group: str | None = None,
    sheet: str = "",
) -> People:
    """Read the answers to some fields from a survey file.

    Parameters
    ----------
    path : path
        As of `acsi_sem.survey.read.read_survey`.
    fields : sequence of Field
    study : Study, optional
        Supplies the design, labels, breakdowns, rules for values outside a scale, the language.
    group : str, optional
        Grouping column or level.
    sheet : str

    Raises
    ------
    DataError
        With everything that is wrong in the file, at once.
    """
    page = sheet or (study.sheet if study else "")
    raw = read_raw(Path(path), page)
    return _build(raw, tuple(fields), _plan(raw, study, group))


def people_from_frame(
    frame: pd.DataFrame,
    fields: Sequence[Field],
    *,
    study: Study | None = None,
    group: str | None = None,
    name: str = "data frame",
) -> People:
    """Take the answers to some fields from a pandas frame; see `read_people`."""
    raw = raw_frame(frame, name)
    return _build(raw, tuple(fields), _plan(raw, study, group))


def _plan(raw: Raw, study: Study | None, group: str | None) -> ReadPlan:
    """Read the columns of levels beside the breakdowns, where the file has them."""
    plan = make_plan(group, study, None, (), 1)
    if study is None:
        return plan
    taken = {book.column for book in plan.breakdowns}
    levels = [column for _, column in study.levels if column not in taken]
    books = (replace(plan.book(name), column=name) for name in levels if name in raw.names)
    return replace(plan, breakdowns=(*plan.breakdowns, *books))


def _build(raw: Raw, fields: tuple[Field, ...], plan: ReadPlan) -> People:
    findings = Findings(raw.source.name, notices=list(raw.notices))
    check_rows(raw, findings)
    columns = tuple(one.column for one in fields)
    check_columns(raw, (*columns, *plan.wanted), findings)
    design, groups, factors = surroundings(raw, plan, (), findings)
    read = [_read(raw, one, plan, design, findings) for one in fields]
    findings.close()
    blank = np.zeros((len(raw.places), 0))
    values = np.column_stack([column for column, _, _ in read]) if read else blank
    values.setflags(write=False)
    return People(
        fields=fields,
        values=values,
        design=freeze_design(design),
        source=raw.source,
        groups=groups,
        factors=factors,
        categories={
            one.name: names for one, (_, names, _) in zip(fields, read, strict=True) if names
        },
        missing=tuple(count for _, _, counts in read for count in counts),
        notices=tuple(findings.notices),
    )


def _read(
    raw: Raw, one: Field, plan: ReadPlan, design: Design, findings: Findings
) -> tuple[Floats, tuple[str, ...], tuple[MissingCount, ...]]:
    column = raw.column(one.column)
    assert column is not None  # check_columns has stopped otherwise
    if one.kind == "category":
        book = Codebook(one.column, one.label, one.codes, one.missing)
        factor = read_breakdown(raw, column, book, plan.language, findings)
        codes = np.where(factor.codes < 0, np.nan, factor.codes.astype(float))
        blank = round(float(design.respondents[factor.codes < 0].sum()))
        lost = (MissingCount(one.name, one.column, "", "no answer", blank),) if blank else ()
        return codes, factor.categories, lost
    numbers = ((code_number(code), label) for code, label in one.missing)
    missing = tuple((code, label) for code, label in numbers if code is not None)
    item = Indicator(one.name, one.column, one.low, one.high, missing, False, one.label)
    answers = read_answers(raw, _with_texts(column, one), item, plan.rules, findings)
    endless = np.isinf(answers.values)
    if endless.any():
        got, remedy = f"an infinite one in {raw.rows(endless)}", "correct it, or leave it blank"
        findings.problem(f"column {one.column}", "a finite number", got, remedy)
    return answers.values, (), answers.counts(one.name, design.respondents)


def _with_texts(column: RawColumn, one: Field) -> RawColumn:
    """Return a column whose texts that mean no answer are those of the study too."""
    texts = {code: label for code, label in one.missing if code_number(code) is None}
    return replace(
        column,
        labels={**column.labels, **texts},
        missing_texts=column.missing_texts | texts.keys(),
    )
