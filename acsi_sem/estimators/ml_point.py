"""Maximum likelihood from scratch by the kernel alone: the point fit of one covariance matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled
from acsi_sem.estimators.starts import neutral_start, regression_start
from acsi_sem.kernels.ml_fit import MlFit, fit_ml, parameter_units

Floats = NDArray[np.float64]


def minimise_ml(compiled: Compiled, covariance: Floats) -> MlFit:
    """Fit a covariance structure from the two starts of `acsi_sem.estimators.starts`.

    Parameters
    ----------
    compiled : Compiled
    covariance : ndarray, shape (p, p)
        Positive definite, in the items' own units.

    Returns
    -------
    MlFit
        B = 2, the better first: converged before not converged, then the lower discrepancy. Two
        converged fits with different discrepancies are two minima.
    """
    deviation = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviation, deviation)
    starts = np.stack(
        [neutral_start(compiled, correlation), regression_start(compiled, correlation)]
    )
    units = parameter_units(compiled.structure, deviation[None])
    both = np.stack([covariance, covariance])
    found = fit_ml(compiled.structure, both, starts * units)
    order = np.lexsort((np.arange(2), found.discrepancy.round(9), ~found.converged))
    return MlFit(**{name: getattr(found, name)[order] for name in MlFit.__dataclass_fields__})
