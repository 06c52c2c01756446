"""Limits of shares with skewed replicates: normal ones on the scale of logits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from acsi_sem.inference.intervals import UNDEFINED, Spread
from acsi_sem.kernels.moments import Floats


def logit_spread(
    normal: Callable[[Floats, Floats], Spread], draws: Floats, point: Floats
) -> Spread:
    """Return the spread of shares between 0 and 1, with limits that stay between them.

    Parameters
    ----------
    normal : callable
        Draws (B, ...) and point (...) to a spread with normal limits.
    draws : ndarray, shape (B, ...)
    point : ndarray, shape (...)

    Returns
    -------
    Spread
        The standard error is the share's own. No limits, with the reason, where the share, or that
        of a replicate, is 0 or 1: it has no logit.

    Notes
    -----
    Normal limits of log(p / (1 - p)), turned back. Concentrated amounts still give limits that are
    too short: what the largest customers hold is not in every sample.
    """
    own = normal(draws, point)
    turned = normal(_logit(draws), _logit(point))
    low, high = (1 / (1 + np.exp(-part)) for part in (turned.low, turned.high))
    bare = np.isfinite(own.low) & ~np.isfinite(low)
    withheld = np.zeros(point.shape, dtype=np.intp) if own.withheld is None else own.withheld
    return Spread(own.std_error, low, high, np.where(bare, UNDEFINED, withheld))


def _logit(share: Floats) -> Floats:
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    return np.asarray(np.where(inside, np.log(safe / (1 - safe)), np.nan))
