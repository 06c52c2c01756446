"""A survey's groups as units: cut down to some of them, and what they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from acsi_sem.survey.cells import read_cells
from acsi_sem.survey.raw import Raw
from acsi_sem.survey.survey import Design, Factor, Ints, ReplicateWeights, Survey
from acsi_sem.terms import Notice


def take_units(survey: Survey, names: Sequence[str]) -> Survey:
    """Return the rows of some groups, in the survey's order.

    Parameters
    ----------
    survey : Survey
        With groups.
    names : sequence of str
        Among ``survey.groups.values``; the result has them in this order.

    Raises
    ------
    KeyError
        If there is no such group.
    ValueError
        If the survey has no groups, or is raked: raked rows belong together.
    """
    if survey.groups is None or survey.design.raking is not None:
        raise ValueError("only an unraked survey with groups can be cut")
    places = {name: i for i, name in enumerate(survey.groups.values)}
    own = [places[name] for name in names]
    rows = np.flatnonzero(np.isin(survey.groups.codes, own))
    return replace(
        survey,
        values=survey.values[rows],
        design=_design(survey.design, rows),
        groups=_groups(survey.groups, own, rows),
        factors=tuple(replace(part, codes=part.codes[rows]) for part in survey.factors),
        missing=(),
        notices=(),
    )


def levels_above(
    raw: Raw, groups: Factor | None, columns: Sequence[str]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return what columns of higher levels say of each group.

    Parameters
    ----------
    raw : Raw
    groups : Factor or None
    columns : sequence of str
        Those that the file lacks are left out.

    Returns
    -------
    dict of column -> dict of group -> tuple of str
        The distinct cells that are not blank, in the order of first occurrence.
    """
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for name in columns:
        column = raw.column(name)
        if column is None or groups is None:
            continue
        cells = read_cells(column.cells)
        pairs = np.unique(np.column_stack([groups.codes, cells.codes]), axis=0).tolist()
        said: dict[str, list[str]] = {group: [] for group in groups.values}
        for group, cell in pairs:
            said[groups.values[group]] += [cells.distinct[cell].key]
        found[name] = {group: tuple(key for key in keys if key) for group, keys in said.items()}
    return found


def _groups(factor: Factor, own: Sequence[int], rows: Ints) -> Factor:
    new = np.full(len(factor.categories), -1, dtype=np.intp)
    new[list(own)] = np.arange(len(own))
    keys = tuple(factor.keys[i] for i in own) if factor.keys else ()
    names = tuple(factor.categories[i] for i in own)
    return replace(factor, categories=names, keys=keys, codes=new[factor.codes[rows]])


def _design(design: Design, rows: Ints) -> Design:
    replicates = design.replicates
    if replicates is not None:
        replicates = ReplicateWeights(
            replicates.weights[:, rows], replicates.method, replicates.scale, replicates.fay
        )
    return replace(
        design,
        weights=design.weights[rows],
        strata=None if design.strata is None else design.strata[rows],
        psu=None if design.psu is None else design.psu[rows],
        sampled=None if design.sampled is None else design.sampled[rows],
        ids=None if design.ids is None else tuple(design.ids[row] for row in rows),
        replicates=replicates,
    )


def shared_units(survey: Survey) -> list[Notice]:
    """Tell of PSUs and respondents that several companies share: aggregates take none for that.

    Parameters
    ----------
    survey : Survey
        With groups, which are companies.
    """
    import pandas as pd

    assert survey.groups is not None
    found = []
    parts: list[tuple[str, Sequence[object] | np.ndarray | None]] = [
        ("primary sampling units", survey.design.psu),
        ("respondents", survey.design.ids),
    ]
    for noun, labels in parts:
        if labels is None:
            continue
        pairs = pd.DataFrame({"label": labels, "unit": survey.groups.codes}).drop_duplicates()
        shared = int(pairs["label"].duplicated(keep=False).sum())
        if shared:
            message = (
                f"{noun.capitalize()} have interviews of several companies ({shared:,} pairs): "
                "companies are taken as independent, so limits of aggregates may be too narrow."
            )
            found.append(Notice("shared_units", message))
    return found
