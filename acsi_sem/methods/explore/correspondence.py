"""Correspondence analysis of two variables with categories, and whether they are related."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from acsi_sem.kernels.design_variance import design_variance, sums_by
from acsi_sem.methods.explore.answers import Floats, Ints
from acsi_sem.survey.survey import Design, Factor

FEW = "not analysed: {name} has fewer than two categories with {minimum} respondents"
APART = "not analysed: a category has nobody in common with the other variable"
NESTED = "not analysed: one variable follows from the other"
UNSEEN = "the design shows no variance: no test"


@dataclass(frozen=True, slots=True)
class Plane:
    """Principal coordinates of a table.

    Attributes
    ----------
    inertia : ndarray, shape (k,)
        Of each axis, descending; their sum is the mean-square contingency.
    rows, columns : ndarray, shape (r, k) and (c, k)
    """

    inertia: Floats
    rows: Floats
    columns: Floats


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Two variables, their map and their test.

    Attributes
    ----------
    names, labels : (row variable, column variable)
    categories : (of the rows, of the columns)
        Those on the map.
    plane : Plane or None
        None where there is nothing to map.
    masses : (ndarray, shape (r,), ndarray, shape (c,))
        Weighted shares of the categories.
    n : int
        Respondents in the table.
    chi_square, deff, df, p_value : float
        Pearson's statistic with n respondents, the mean design effect it is divided by (first
        order of Rao and Scott), degrees of freedom, p-value of the quotient.
    left_out : tuple of str
        Categories with few respondents.
    note : str
    """

    names: tuple[str, str]
    labels: tuple[str, str]
    categories: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    plane: Plane | None = None
    masses: tuple[Floats, Floats] = field(default_factory=lambda: (np.zeros(0), np.zeros(0)))
    n: int = 0
    chi_square: float = np.nan
    deff: float = np.nan
    df: int = 0
    p_value: float = np.nan
    left_out: tuple[str, ...] = ()
    note: str = ""


def map_table(table: Floats) -> Plane:
    """Return the principal coordinates of the rows and columns of a table.

    Parameters
    ----------
    table : ndarray, shape (r, c)
        Counts or sums of weights; every row and column has some.

    Returns
    -------
    Plane
        min(r, c) - 1 axes.

    References
    ----------
    Greenacre (2017), Correspondence Analysis in Practice, 3rd ed., theory of appendix A.

    Examples
    --------
    >>> found = map_table(np.array([[10.0, 0.0], [0.0, 10.0]]))
    >>> found.inertia.round(12).tolist(), found.rows.round(12).tolist()
    ([1.0], [[1.0], [-1.0]])
    """
    shares = table / table.sum()
    row, column = shares.sum(axis=1), shares.sum(axis=0)
    expected = np.outer(row, column)
    left, values, right = np.linalg.svd((shares - expected) / np.sqrt(expected))
    axes = min(table.shape) - 1
    left, values, right = left[:, :axes], values[:axes], right[:axes].T
    most = np.abs(left).round(6).argmax(axis=0)  # ties by order, not by rounding
    turn = np.where(left[most, np.arange(axes)] < 0, -1.0, 1.0)
    return Plane(
        values**2,
        left * values * turn / np.sqrt(row)[:, None],
        right * values * turn / np.sqrt(column)[:, None],
    )


def correspond(first: Factor, second: Factor, design: Design, minimum: int) -> Correspondence:
    """Analyse two categorical variables.

    Parameters
    ----------
    first, second : Factor
        Rows and columns of the table.
    design : Design
    minimum : int
        Categories with fewer respondents are left out.
    """
    there = (first.codes >= 0) & (second.codes >= 0) & (design.weights > 0)
    kept, left_out = [], []
    for factor in (first, second):
        counts = np.bincount(factor.codes[there], design.respondents[there], len(factor.categories))
        kept.append(np.flatnonzero(counts >= minimum))
        left_out += [
            f"{factor.label}: {factor.categories[i]}" for i in np.flatnonzero(counts < minimum)
        ]
    names, labels = (first.column, second.column), (first.label, second.label)
    for factor, places in zip((first, second), kept, strict=True):
        if places.size < 2:
            note = FEW.format(name=factor.column, minimum=minimum)
            return Correspondence(names, labels, left_out=tuple(left_out), note=note)
    codes = [_numbered(f.codes, places) for f, places in zip((first, second), kept, strict=True)]
    return _analysed(first, second, codes, kept, design, tuple(left_out))


def _numbered(codes: Ints, kept: Ints) -> Ints:
    """Number the kept categories from 0; -1 for the others."""
    numbers = np.full(int(max(codes.max(initial=0), kept.max(initial=0))) + 2, -1, dtype=np.intp)
    numbers[kept] = np.arange(kept.size)
    return np.asarray(numbers[codes])


def _analysed(
    first: Factor,
    second: Factor,
    codes: list[Ints],
    kept: list[Ints],
    design: Design,
    left_out: tuple[str, ...],
) -> Correspondence:
    inside = (codes[0] >= 0) & (codes[1] >= 0) & (design.weights > 0)
    shape = (kept[0].size, kept[1].size)
    cells = codes[0][inside] * shape[1] + codes[1][inside]
    table = np.bincount(cells, design.weights[inside], shape[0] * shape[1]).reshape(shape)
    names, labels = (first.column, second.column), (first.label, second.label)
    if not (table.sum(axis=0).all() and table.sum(axis=1).all()):
        return Correspondence(names, labels, left_out=left_out, note=APART)
    if any(((table > 0).sum(axis=axis) == 1).all() for axis in (0, 1)):
        return Correspondence(names, labels, left_out=left_out, note=NESTED)
    plane = map_table(table.astype(np.float64))
    n = float(design.respondents[inside].sum())
    chi_square, df = n * float(plane.inertia.sum()), (shape[0] - 1) * (shape[1] - 1)
    deff = mean_effect(codes[0], codes[1], shape, design)
    masses = table.sum(axis=1) / table.sum(), table.sum(axis=0) / table.sum()
    return Correspondence(
        names,
        labels,
        (
            tuple(first.categories[i] for i in kept[0]),
            tuple(second.categories[i] for i in kept[1]),
        ),
        plane,
        masses,
        round(n),
        chi_square,
        deff,
        df,
        _p_value(chi_square / deff, df),
        left_out,
        "" if np.isfinite(deff) else UNSEEN,
    )


def _p_value(statistic: float, df: int) -> float:
    from scipy.stats import chi2

    return float(chi2.sf(statistic, df))


def mean_effect(rows: Ints, columns: Ints, shape: tuple[int, int], design: Design) -> float:
    """Return the mean design effect of a test of independence.

    Parameters
    ----------
    rows, columns : ndarray of int, shape (n,)
        Categories from 0, -1 outside the table.
    shape : (int, int)
    design : Design

    Returns
    -------
    float
        NaN where strata of a single unit leave no variance.

    References
    ----------
    Rao & Scott (1984), Annals of Statistics 12, 46-60; the form that needs the variances of cells
    and margins only: Bedrick (1983), Biometrika 70, 591-595.
    """
    inside = (rows >= 0) & (columns >= 0) & (design.weights > 0)
    cell = np.where(inside, rows * shape[1] + columns, -1)
    sizes = (shape[0] * shape[1], *shape)
    margins = (cell, np.where(inside, rows, -1), np.where(inside, columns, -1))
    found = [_effects(codes, size, design) for codes, size in zip(margins, sizes, strict=True)]
    (p, d), (a, da), (b, db) = found
    whole = float((p * (1 - p) * d / np.outer(a, b).ravel()).sum())
    total = whole - float(((1 - a) * da).sum()) - float(((1 - b) * db).sum())
    mean = total / ((shape[0] - 1) * (shape[1] - 1))
    return mean if mean > 0 else np.nan


def _effects(codes: Ints, size: int, design: Design) -> tuple[Floats, Floats]:
    """Return shares of categories and their design effects, shape (size,)."""
    inside = codes >= 0
    members = (codes[:, None] == np.arange(size)).astype(float)
    total = float(design.weights[inside].sum())
    shares = design.weights @ members / total
    influence = (members - shares) * inside[:, None] / total
    n = float(design.respondents[inside].sum())
    plain = shares * (1 - shares) / n
    variance = _variance(influence, design)
    return shares, np.where(plain > 0, variance / np.where(plain > 0, plain, 1), 0.0)


def _variance(influence: Floats, design: Design) -> Floats:
    """Return the design's variance of weighted sums of influence values (n, R)."""
    n = influence.shape[0]
    strata = np.zeros(n, dtype=np.intp) if design.strata is None else design.strata
    fractions = None
    if design.sampled is not None:
        fractions = np.zeros(int(strata.max()) + 1)
        fractions[strata] = design.sampled
    if design.psu is None and design.weight_kind == "frequency":
        return design_variance(influence, strata, fractions, design.weights)
    weighted = influence * design.weights[:, None]
    if design.psu is None:
        return design_variance(weighted, strata, fractions)
    units = int(design.psu.max()) + 1
    place = np.zeros(units, dtype=np.intp)
    place[design.psu] = strata
    return design_variance(sums_by(weighted, design.psu, units), place, fractions)
