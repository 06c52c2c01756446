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
    behind: NDArray[np.bool_] | None = None,
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
    behind : ndarray of bool, shape (n,), optional
        Those whose number decides whether the share is published, where they are fewer.
    **named
        As of `acsi_sem.methods.base.row`.
    """
    rows = dict(setting.groups)[measured.group]
    own = asked[rows]
    counted = own if behind is None else behind[rows]
    n, level = setting.count(rows, counted), setting.request.level
    made = row(measured, key, at, n=n, level=level, factor=100, **named)
    return share_limits(made, setting.people.design.weights[rows][own], setting)
