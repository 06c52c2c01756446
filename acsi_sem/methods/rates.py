"""Rows with shares of respondents, between Wilson's limits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acsi_sem.methods.base import Measured, Row, Setting, row
from acsi_sem.methods.proportions import share_limits


def rate_row(
    setting: Setting,
    measured: Measured,
    key: str,
    at: tuple[int, ...] = (),
    *,
    asked: NDArray[np.bool_],
    **named: Any,
) -> Row:
    """Return the row of a share, in per cent, with Wilson's limits.

    Parameters
    ----------
    setting : Setting
    measured : Measured
    key, at
        Which share, from 0 to 1.
    asked : ndarray of bool, shape (n,)
        Respondents that the share is of.
    **named
        As of `acsi_sem.methods.base.row`.
    """
    rows = dict(setting.groups)[measured.group]
    own = asked[rows]
    n, level = setting.count(rows, own), setting.request.level
    made = row(measured, key, at, n=n, level=level, factor=100, **named)
    return share_limits(made, setting.people.design.weights[rows][own], setting)
