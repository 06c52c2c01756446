"""Limits of shares of respondents under any design."""

from __future__ import annotations

from typing import Final

import numpy as np

from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.shares import effective_number, student_size, wilson_limits
from acsi_sem.methods.base import Row, Setting

NOBODY: Final = "no answers"


def share_limits(made: Row, weights: Floats, setting: Setting) -> Row:
    """Put Wilson's limits in place of percentiles, which fail where all or none are counted.

    Parameters
    ----------
    made : Row
        A share in per cent with its standard error under the design.
    weights : ndarray, shape (m,)
        Of the respondents behind it.
    setting : Setting

    Returns
    -------
    Row
        With limits from the effective number of respondents, share (1 - share) over the squared
        standard error, times (z / t) squared under a design. Where everybody or nobody counts there
        is no such number: Kish's stands in, under a design no more than the units drawn. NaN, and
        a note, without answers, and under a design without a standard error.
    """
    if not weights.sum() > 0:
        return made | {"note": NOBODY}
    frequency = setting.people.design.weight_kind == "frequency"
    kish = weights.sum() if frequency else weights.sum() ** 2 / (weights**2).sum()
    share, error = np.asarray(made["value"] / 100), np.asarray(made["std_error"] / 100)
    freedom = setting.freedom(made["group"])
    if not np.isfinite(error) and np.isfinite(freedom):
        return made
    if np.isfinite(freedom):
        kish = min(float(kish), freedom + 1) if error <= 0 else kish
    size = effective_number(share, error, np.asarray(kish, dtype=float))
    size = student_size(size, setting.request.level, freedom)
    low, high = wilson_limits(share, size, setting.request.level)
    note = "" if np.isfinite(low) else made["note"]
    return made | {"conf_low": 100 * float(low), "conf_high": 100 * float(high), "note": note}
