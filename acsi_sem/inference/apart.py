"""Strata and PSUs of groups that are populations of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acsi_sem.survey.survey import Survey

Ints = NDArray[np.intp]


def within_groups(survey: Survey, psu: Ints) -> tuple[Ints, Ints, dict[str, int]]:
    """Return strata and PSUs that run across no groups, and lone strata joined.

    A stratum with a single unit (PSU, or row) in a group has no variance to see there: left alone
    it would count as none. All such strata of a group are taken as one; a group's only one joins
    its smallest other stratum. That is on the safe side: what sets strata apart then counts as
    variance.

    Parameters
    ----------
    survey : Survey
        With groups.
    psu : ndarray of int, shape (n,)
        PSU of each row, or its own number.

    Returns
    -------
    strata, psu : ndarray of int, shape (n,)
        Numbered anew from 0; no number occurs in two groups.
    joined : dict of group -> int
        Strata with a single unit, of the groups that have any.

    References
    ----------
    Hansen, Hurwitz & Madow (1953), Sample Survey Methods and Theory, vol. 1, ch. 9 (collapsed
    strata).
    """
    groups = survey.groups
    assert groups is not None
    rows = survey.values.shape[0]
    named = survey.design.strata
    given = np.zeros(rows, dtype=np.intp) if named is None else named
    strata = _pairs(groups.codes, given)
    units = _pairs(groups.codes, psu)
    joined: dict[str, int] = {}
    if named is None:
        return strata, units, joined
    _, first = np.unique(units, return_index=True)
    sizes = np.bincount(strata[first])
    owner = np.zeros(sizes.size, dtype=np.intp)
    owner[strata] = groups.codes
    becomes = np.arange(sizes.size)
    for group in np.unique(owner[sizes == 1]).tolist():
        own = np.flatnonzero(owner == group)
        lone = own[sizes[own] == 1]
        joined[groups.values[group]] = lone.size
        others = own[sizes[own] > 1]
        if lone.size > 1:
            becomes[lone] = lone[0]
        elif others.size:
            becomes[lone] = others[np.argmin(sizes[others])]
    return _renumbered(becomes[strata]), units, joined


def _pairs(groups: Ints, numbers: Ints) -> Ints:
    return _renumbered(groups * (int(numbers.max(initial=0)) + 1) + numbers)


def _renumbered(numbers: Ints) -> Ints:
    return np.asarray(np.unique(numbers, return_inverse=True)[1], dtype=np.intp)
