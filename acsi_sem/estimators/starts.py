"""Starting values for covariance structures, items in standard deviation units."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled, Parameter
from acsi_sem.kernels.lisrel import Matrix

Floats = NDArray[np.float64]

_COMMON: Final = 0.6
"""Share of an item's variance that its construct explains, to begin with."""

_SMALLEST: Final = 0.05


def neutral_start(compiled: Compiled, correlation: Floats) -> Floats:
    """Return starting values without paths.

    Parameters
    ----------
    compiled : Compiled
    correlation : ndarray, shape (p, p)

    Returns
    -------
    ndarray, shape (k,)
        Loadings 1 with the sign of the correlation with the marker, 60 % of an item's variance
        common, no paths, no covariances.
    """
    theta = np.zeros(compiled.structure.size)
    variances = _variances(compiled)
    for row in compiled.free:
        if row.matrix == Matrix.LOADINGS:
            theta[row.free] = np.where(correlation[row.row, _marker(compiled, row)] < 0, -1.0, 1.0)
        elif row.matrix == Matrix.ERRORS:
            theta[row.free] = 1 - _COMMON
        elif row.matrix == Matrix.DISTURBANCES and row.row == row.column:
            theta[row.free] = variances[row.row]
    return theta


def regression_start(compiled: Compiled, correlation: Floats) -> Floats:
    """Return starting values with paths from regressions among the blocks' sums of items.

    Parameters and result as of `neutral_start`.
    """
    theta = neutral_start(compiled, correlation)
    common = _sum_covariance(compiled, theta, correlation)
    for target in range(len(common)):
        into = [row for row in compiled.free if _enters(row, target)]
        if not into:
            continue
        sources = [row.column for row in into]
        effect = common[sources, target]
        slopes = np.linalg.lstsq(common[np.ix_(sources, sources)], effect)[0]
        theta[[row.free for row in into]] = slopes
        left = max(common[target, target] - float(slopes @ effect), _SMALLEST)
        theta[[row.free for row in compiled.free if _disturbs(row, target)]] = left
    return theta


def _enters(row: Parameter, target: int) -> bool:
    return row.matrix == Matrix.PATHS and row.row == target


def _disturbs(row: Parameter, target: int) -> bool:
    return row.matrix == Matrix.DISTURBANCES and row.row == row.column == target


def _marker(compiled: Compiled, row: Parameter) -> int:
    return int(compiled.markers[row.column])


def _variances(compiled: Compiled) -> Floats:
    """Starting variance of each construct, shape (q,): a single item keeps its own."""
    sizes = np.diff(np.append(compiled.markers, len(compiled.items)))
    return np.where(sizes == 1, 1.0, _COMMON)


def _sum_covariance(compiled: Compiled, theta: Floats, correlation: Floats) -> Floats:
    """Covariance of signed sums of items, scaled to the constructs' starting variances."""
    weights = compiled.structure.loadings.copy()
    for row in compiled.free:
        if row.matrix == Matrix.LOADINGS:
            weights[row.row, row.column] = theta[row.free]
    sums = weights.T @ correlation @ weights
    deviation = np.sqrt(np.diag(sums) / _variances(compiled))
    return np.asarray(sums / np.outer(deviation, deviation))
