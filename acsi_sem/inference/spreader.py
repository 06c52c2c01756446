"""How the replicates of one engine on one group become limits: percentile or BCa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.pls import PlsEstimates
from acsi_sem.estimators.structural import Structural
from acsi_sem.inference.influence import Fields, Tangent
from acsi_sem.inference.intervals import Spread, bca_spread, percentile_spread
from acsi_sem.kernels.moments import Floats

PLS_FIELDS: Final = ("weights", "loadings", "paths", "r2", "r2_adj", "alpha", "rho_c", "ave")


@dataclass(frozen=True, slots=True)
class Spreader:
    """Turns replicates into standard errors and limits.

    Attributes
    ----------
    tangent : Tangent or None
        None for percentile limits; BCa limits need it.
    """

    tangent: Tangent | None = None

    def spread(
        self, field: str, draws: Floats, point: Floats, ok: NDArray[np.bool_], level: float
    ) -> Spread:
        """Return the spread of one field.

        Parameters
        ----------
        field : str
            Its name in the tangent's accelerations.
        draws : ndarray, shape (B, ...)
        point : ndarray, shape (...)
        ok : ndarray of bool, shape (B,)
            Replicates that may be used.
        level : float
        """
        if self.tangent is None:
            return percentile_spread(draws, ok, level)
        return bca_spread(draws, point, self.tangent.accelerations[field], ok, level)


PERCENTILE: Final = Spreader()


def structural_fields(structural: Structural) -> Fields:
    """Return the scores and effects of any scoring engine by name."""
    return {
        "index_weights": structural.index_weights,
        "index": structural.index,
        "direct": structural.direct,
        "indirect": structural.total - structural.direct,
        "total": structural.total,
    }


def pls_fields(estimates: PlsEstimates) -> Fields:
    """Return everything that PLS estimates by name."""
    own = {name: getattr(estimates, name) for name in PLS_FIELDS}
    return {**own, **structural_fields(estimates.structural)}
