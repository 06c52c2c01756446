"""From targets and a survey's columns to raked weights, or to every reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from acsi_sem.errors import Problem
from acsi_sem.kernels.raking import Bools, Margin, Raked
from acsi_sem.kernels.raking_rows import RakingPart, RakingPlan, make_part, rake_rows
from acsi_sem.spec.findings import did_you_mean, listed, show
from acsi_sem.spec.raking import MarginColumn, MarginSpec, RakingSpec, Target
from acsi_sem.spec.study import Codebook
from acsi_sem.survey.columns import NAMES_SHOWN
from acsi_sem.survey.factors import NO_CODEBOOK, read_breakdown
from acsi_sem.survey.raw import Findings, Raw
from acsi_sem.survey.survey import Factor, Floats, Ints

Books = Callable[[str], Codebook]

CATEGORIES_SHOWN: Final = 12
JOIN: Final = " x "


@dataclass(frozen=True, slots=True)
class _Matched:
    """A margin with its categories found in the survey; `codes` (n,) are -1 without an answer."""

    spec: MarginSpec
    categories: tuple[str, ...]
    codes: Ints


def no_books(_: str) -> Codebook:
    """Say nothing about the codes of any column."""
    return NO_CODEBOOK


def rake_weights(
    raw: Raw,
    spec: RakingSpec,
    base: Floats,
    findings: Findings,
    books: Books = no_books,
    language: str = "en",
) -> tuple[Floats, RakingPlan | None]:
    """Rake a survey's weights to targets.

    Parameters
    ----------
    raw : Raw
    spec : RakingSpec
    base : ndarray, shape (n,)
        Weights before raking, above zero.
    findings : Findings
        Takes everything that stands in the way, at once.
    books : callable
        Codebook of a column by name: labels by which targets may name categories, codes that mean
        no answer.
    language : str
        Of the labels.

    Returns
    -------
    weights : ndarray, shape (n,)
        With the total of the base weights, within each part that is raked by itself; the base
        weights where there was a problem.
    plan : RakingPlan or None
        What raking other weights of the same rows needs; None where there was a problem.
    """
    before = len(findings.problems)
    plan = raking_plan(raw, spec, base, findings, books, language)
    if plan is None or len(findings.problems) > before:
        return base, None
    if (bad := ~(np.isfinite(base) & (base > 0))).any():
        if not before:  # reading the weights tells it better
            got = f"others in {raw.rows(bad)}"
            findings.problem("", "finite weights above 0 to rake", got, "correct the weights")
        return base, None
    weights, met, raked = rake_rows(plan, base[None, :])
    if not met[0]:
        for part, outcome in zip(plan.parts, raked, strict=True):
            if not outcome.converged[0]:
                findings.problems.append(_unmet(spec, plan, part, outcome))
        return base, None
    return weights[0], plan


def raking_plan(
    raw: Raw,
    spec: RakingSpec,
    base: Floats,
    findings: Findings,
    books: Books = no_books,
    language: str = "en",
) -> RakingPlan | None:
    """Find the margins in a survey; parameters as of `rake_weights`.

    Returns
    -------
    RakingPlan or None
        None, with every reason among the findings, when a column or category is not there, when a
        category has people and no target or a target and no people, or when answers are missing
        that must not be.
    """
    if absent := [name for name in spec.wanted if raw.column(name) is None]:
        findings.problems += [_no_column(raw, spec, name) for name in absent]
        return None
    mine = Findings(findings.where)
    factors = _Factors(raw, books, language, mine)
    found = [_match(raw, margin, spec, factors) for margin in spec.margins]
    parts = list(_parts(raw, spec, factors))
    matched = [margin for margin, _ in found if margin is not None]
    mine.problems += [problem for _, problems in found for problem in problems]
    for name, rows in parts:
        for margin in (m for m in matched if not (m.codes < -1).any()):
            mine.problems += _check_people(margin, name, rows)
    findings.problems += [p for p in mine.problems if p not in findings.problems]
    findings.notices += [n for n in mine.notices if n not in findings.notices]
    if mine.problems:
        return None
    return _plan(spec, matched, parts, base)


def _plan(
    spec: RakingSpec,
    matched: Sequence[_Matched],
    parts: Sequence[tuple[str, Ints]],
    base: Floats,
) -> RakingPlan:
    rule: Literal["own", "spread"] = "spread" if spec.missing == "spread" else "own"
    margins = [Margin(m.codes, np.array(m.spec.shares), rule) for m in matched]
    codes = [margin.codes for margin in matched]
    trimmed = spec.trim is not None
    return RakingPlan(
        base=base,
        parts=tuple(make_part(name, rows, codes, margins, base, trimmed) for name, rows in parts),
        variables=tuple(margin.spec.name for margin in matched),
        categories=tuple(margin.categories for margin in matched),
        bounds=spec.bounds,
        trim=spec.trim,
        tolerance=spec.tolerance,
    )


class _Factors:
    """Reads each column as categories."""

    def __init__(self, raw: Raw, books: Books, language: str, findings: Findings) -> None:
        self._raw, self._books, self._language = raw, books, language
        self.findings = findings

    def read(self, part: MarginColumn) -> Factor:
        column = self._raw.column(part.column)
        assert column is not None
        book = self._books(part.column)
        gone = (*book.missing, *((code, code) for code in part.no_answer))
        codes = tuple(pair for pair in book.codes if pair[0] not in part.no_answer)
        bins = part.bins or book.bins
        own = replace(book, codes=() if bins else codes, missing=gone, bins=bins)
        return read_breakdown(self._raw, column, own, self._language, self.findings)


def _names(factor: Factor) -> dict[str, int]:
    """Return every name by which a target may call a category, and its number."""
    names: dict[str, int] = {}
    for i, label in enumerate(factor.categories):
        names.setdefault(label, i)
        if not factor.keys:
            names.setdefault(plain_bin(label), i)
    for i, keys in enumerate(factor.keys):
        # Codes that share a label are one category; each of them will do.
        for key in (keys, *keys.split(", ")):
            names.setdefault(key, i)
    return names


def plain_bin(name: str) -> str:
    """Return the name of a bin as one types it.

    Examples
    --------
    >>> plain_bin("18–24"), plain_bin("65 and over"), plain_bin("under 18")
    ('18-24', '65+', '<18')
    """
    text = name.replace("–", "-").replace("—", "-").strip()
    if text.endswith(" and over"):
        return f"{text.removesuffix(' and over')}+"
    return f"<{text.removeprefix('under ')}" if text.startswith("under ") else text


def _match(
    raw: Raw, margin: MarginSpec, spec: RakingSpec, factors: _Factors
) -> tuple[_Matched | None, list[Problem]]:
    """Find a margin's targets in the survey; None where a category is not there to find."""
    columns = [factors.read(part) for part in margin.columns]
    names = [_names(factor) for factor in columns]
    place: dict[tuple[int, ...], int] = {}
    problems: list[Problem] = []
    for i, target in enumerate(margin.targets):
        cell = tuple(map(_find, columns, names, target.cell))
        if -1 in cell:
            problems += _unknown(margin, columns, names, target)
        elif place.setdefault(cell, i) != i:
            got = (
                f"{show(JOIN.join(target.cell))} again, first at {margin.targets[place[cell]].path}"
            )
            problems.append(Problem(target.where, target.path, "each category once", got))
    if problems:
        return None, problems
    codes, untold = _codes(columns, place)
    for number, cell in enumerate(untold):
        problems.append(_without_target(raw, margin, _said(columns, cell), codes == -2 - number))
    if spec.missing == "error" and (gone := codes == -1).any():
        problems.append(_unanswered(raw, margin, gone))
    return _Matched(margin, tuple(_said(columns, cell) for cell in place), codes), problems


def _find(factor: Factor, names: dict[str, int], text: str) -> int:
    return names.get(text, -1 if factor.keys else names.get(plain_bin(text), -1))


def _codes(
    columns: Sequence[Factor], place: dict[tuple[int, ...], int]
) -> tuple[Ints, list[tuple[int, ...]]]:
    """Return each row's target, -1 without an answer, -2 - i in the i-th cell without a target."""
    stacked = np.column_stack([factor.codes for factor in columns])
    cells, inverse = np.unique(stacked, axis=0, return_inverse=True)
    untold: list[tuple[int, ...]] = []
    numbers = []
    for row in cells.tolist():
        cell = tuple(row)
        if -1 in cell:
            numbers.append(-1)
        elif cell in place:
            numbers.append(place[cell])
        else:
            untold.append(cell)
            numbers.append(-1 - len(untold))
    return np.array(numbers, dtype=np.intp)[inverse.ravel()], untold


def _said(columns: Sequence[Factor], cell: Sequence[int]) -> str:
    return JOIN.join(factor.values[i] for factor, i in zip(columns, cell, strict=True))


def _parts(raw: Raw, spec: RakingSpec, factors: _Factors) -> Iterator[tuple[str, Ints]]:
    """Yield the rows that are raked together, by name."""
    if not spec.within:
        yield "", np.arange(len(raw.places))
        return
    factor = factors.read(MarginColumn(spec.within))
    if (gone := factor.codes < 0).any():
        expected, got = f"a value of {spec.within} in every row", f"none in {raw.rows(gone)}"
        remedy = "give every row a value or leave the row out"
        path = _path(spec, "within")
        factors.findings.problems.append(Problem(spec.where, path, expected, got, remedy))
    for i, name in enumerate(factor.values):
        if (rows := np.flatnonzero(factor.codes == i)).size:
            yield name, rows


def _path(spec: RakingSpec, key: str) -> str:
    return f"{spec.path}.{key}" if spec.path else key


def _no_column(raw: Raw, spec: RakingSpec, name: str) -> Problem:
    margin = next((m for m in spec.margins if name in [c.column for c in m.columns]), None)
    where, path = (margin.where, margin.path) if margin else (spec.where, _path(spec, "within"))
    shown = ", ".join(raw.names[:NAMES_SHOWN])
    remedy = did_you_mean(name, raw.names) or f"the file has {shown}"
    return Problem(where, path, "a column of the survey", show(name), remedy)


def _unknown(
    margin: MarginSpec, columns: Sequence[Factor], names: Sequence[dict[str, int]], target: Target
) -> Iterator[Problem]:
    for part, factor, known, text in zip(margin.columns, columns, names, target.cell, strict=True):
        if _find(factor, known, text) == -1:
            there = [*map(plain_bin, factor.categories)] if not factor.keys else [*factor.values]
            near = did_you_mean(text, known)
            shown = f"the survey has {listed(there[:CATEGORIES_SHOWN], 'and')}" if there else ""
            remedy = near or shown
            expected = f"a category of {part.column} in which there are people"
            yield Problem(target.where, target.path, expected, show(text), remedy)


def _without_target(raw: Raw, margin: MarginSpec, name: str, rows: Bools) -> Problem:
    got = f"none for {show(name)} in {raw.rows(rows)}"
    remedy = "give it a target, name its code under no_answer, or leave the rows out"
    return Problem(
        margin.where, margin.path, f"a target for each category of {margin.name}", got, remedy
    )


def _unanswered(raw: Raw, margin: MarginSpec, rows: Bools) -> Problem:
    remedy = "choose missing: own (their share is kept) or missing: spread"
    expected, got = f"an answer to {margin.name} in every row", f"none in {raw.rows(rows)}"
    return Problem(margin.where, margin.path, expected, got, remedy)


def _check_people(margin: _Matched, within: str, rows: Ints) -> Iterator[Problem]:
    """Find targets without people, and people without a target above zero, among some rows."""
    counts = np.bincount(margin.codes[rows] + 1, minlength=len(margin.categories) + 1)[1:]
    place = f" ({within})" if within else ""
    for target, name, count in zip(margin.spec.targets, margin.categories, counts, strict=True):
        if target.value > 0 and not count:
            expected = "someone interviewed in each category with a target"
            got = f"nobody in {show(name)} of {margin.spec.name}{place}, target {target.value:g}"
            remedy = "join it with another category"
        elif target.value == 0 and count:
            expected = "a target above 0 for a category with people in it"
            got = f"0 for {count:,} in {show(name)} of {margin.spec.name}{place}"
            remedy = "leave these rows out, or give the category its share"
        else:
            continue
        yield Problem(target.where, target.path, expected, got, remedy)


def _unmet(spec: RakingSpec, plan: RakingPlan, part: RakingPart, raked: Raked) -> Problem:
    """Say which target is the furthest off where the targets cannot be met together."""
    number, category = int(raked.margin[0]), int(raked.category[0])
    margin, names = spec.margins[number], (*plan.categories[number], "no answer")
    off = f"{show(names[category])} of {margin.name} {abs(raked.off[0]):.3g} "
    off += "above its target" if raked.off[0] > 0 else "below its target"
    place = f" ({part.name})" if part.name else ""
    after = f" after {raked.sweeps[0]:,} rounds" if raked.sweeps[0] else ""
    expected = "targets that can be met together"
    remedy = "look for crossed categories in which nobody was interviewed; join categories"
    if plan.limited:
        expected = "targets that can be met within the bounds"
        remedy = "widen bounds, raise trim or join categories"
    return Problem(margin.where, margin.path, expected, f"{off}{place}{after}", remedy)
