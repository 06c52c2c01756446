"""Rows with shares of respondents, between Wilson's limits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acsi_sem.kernels.shares import effective_number, wilson_limits
from acsi_sem.methods.base import Measured, Row, Setting, row

NOBODY = "nobody was asked"


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

    Returns
    -------
    mapping
        Limits with the effective number of respondents; no number where nobody was asked.
    """
    rows = dict(setting.groups)[measured.group]
    design, own = setting.people.design, asked[rows]
    n = setting.count(rows, own)
    level = setting.request.level
    made = row(measured, key, at, n=n, level=level, factor=100, **named)
    weights = design.weights[rows][own]
    if not weights.sum() > 0:
        return made | {"note": NOBODY}
    frequency = design.weight_kind == "frequency"
    kish = float(n) if frequency else float(weights.sum() ** 2 / (weights**2).sum())
    share, error = np.asarray(made["value"] / 100), np.asarray(made["std_error"] / 100)
    size = effective_number(share, error, np.asarray(kish))
    low, high = wilson_limits(share, size, level)
    note = "" if np.isfinite(error) else made["note"]
    return made | {"conf_low": 100 * float(low), "conf_high": 100 * float(high), "note": note}
