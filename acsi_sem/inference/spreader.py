"""How limits are made: one engine, one group, with replicates or from influence alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.pls import PlsEstimates
from acsi_sem.estimators.structural import Structural
from acsi_sem.inference.influence import Fields, Tangent
from acsi_sem.inference.intervals import (
    Spread,
    bca_spread,
    bootstrap_normal_spread,
    linearised_spread,
    percentile_spread,
    structured_spread,
)
from acsi_sem.inference.linearised import Linearised
from acsi_sem.inference.studentised import Studentised, studentised_spread
from acsi_sem.kernels.moments import Floats
from acsi_sem.terms import Interval

PLS_FIELDS: Final = (
    "weights",
    "loadings",
    "paths",
    "r2",
    "r2_adj",
    "alpha",
    "rho_a",
    "rho_c",
    "ave",
)


@dataclass(frozen=True, slots=True)
class Spreader:
    """Makes standard errors and limits; what it holds decides how.

    Attributes
    ----------
    tangent : Tangent or None
        Makes BCa limits.
    linearised : Linearised or None
        Makes linearised standard errors and Student's limits; draws are not looked at.
    studentised : Studentised or None
        Makes studentised limits.
    coefficients : ndarray, shape (B,), or None
        Of jackknife, balanced or given replicates: their normal limits.
    normal : bool
        Normal limits of bootstrap replicates.
    freedom : float or None
        Degrees of freedom that turn normal limits into Student's.

    With none of these, limits are percentiles of bootstrap replicates.
    """

    tangent: Tangent | None = None
    linearised: Linearised | None = None
    studentised: Studentised | None = None
    coefficients: Floats | None = None
    normal: bool = False
    freedom: float | None = None

    @property
    def kind(self) -> Interval:
        """Which limits are made."""
        if self.linearised is not None:
            return "linearised"
        if self.studentised is not None:
            return "studentized"
        if self.tangent is not None:
            return "bca"
        return "normal" if self.normal or self.coefficients is not None else "percentile"

    def spread(
        self,
        field: str,
        draws: Floats | None,
        point: Floats,
        ok: NDArray[np.bool_] | None,
        level: float,
    ) -> Spread:
        """Return the spread of one field.

        Parameters
        ----------
        field : str
            Its name among the estimator's fields.
        draws : ndarray, shape (B, ...), or None
            None where limits are linearised.
        point : ndarray, shape (...)
        ok : ndarray of bool, shape (B,), or None
            Replicates that may be used.
        level : float

        Raises
        ------
        ValueError
            If there are no draws and limits need them.
        """
        if self.linearised is not None:
            own, freedom = self.linearised, self.linearised.freedom
            errors, reasons = own.std_errors[field], own.reasons[field]
            return linearised_spread(point, errors, level, freedom, reasons)
        if draws is None or ok is None:
            raise ValueError(f"{self.kind} limits need replicates")
        return self._from_draws(field, draws, point, ok, level)

    def _from_draws(
        self, field: str, draws: Floats, point: Floats, ok: NDArray[np.bool_], level: float
    ) -> Spread:
        if self.studentised is not None:
            own, each = self.studentised.linearised, self.studentised.std_errors[field]
            errors, reasons = own.std_errors[field], own.reasons[field]
            return studentised_spread(draws, each, point, errors, ok, level, reasons)
        if self.tangent is not None:
            return bca_spread(draws, point, self.tangent.accelerations[field], ok, level)
        if self.coefficients is not None:
            return structured_spread(draws, point, ok, level, self.coefficients, self.freedom)
        if self.normal:
            return bootstrap_normal_spread(draws, point, ok, level, self.freedom)
        return percentile_spread(draws, ok, level)


PERCENTILE: Final = Spreader()


def structural_fields(structural: Structural) -> Fields:
    """Return the scores and effects of any scoring engine by name."""
    return {
        "index_weights": structural.index_weights,
        "index": structural.index,
        "direct": structural.direct,
        "indirect": structural.total - structural.direct,
        "specific": structural.specific,
        "total": structural.total,
    }


def pls_fields(estimates: PlsEstimates) -> Fields:
    """Return everything that PLS estimates by name."""
    own = {name: getattr(estimates, name) for name in PLS_FIELDS}
    return {**own, **structural_fields(estimates.structural)}
