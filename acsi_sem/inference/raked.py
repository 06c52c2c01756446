"""Raking in inference: replicates raked again, influence less what the margins explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acsi_sem.kernels.raking import Bools, Floats
from acsi_sem.kernels.raking_rows import (
    RakingPart,
    RakingPlan,
    held_ratios,
    margin_columns,
    part_ratios,
    rake_rows,
)


@dataclass(frozen=True, slots=True)
class Raking:
    """A survey's raking, ready for replicate weights and influence functions.

    Attributes
    ----------
    plan : RakingPlan
    """

    plan: RakingPlan

    def rerake(self, weights: Floats) -> tuple[Floats, Bools]:
        """Rake replicate weights as the survey's own were raked.

        Parameters
        ----------
        weights : ndarray, shape (B, n)
            Base weights of the whole survey's rows times the factors of each replicate.

        Returns
        -------
        weights : ndarray, shape (B, n)
            NaN in replicates that miss the targets.
        met : ndarray of bool, shape (B,)
            False where a category with a target has nobody, or targets cannot be met together.
        """
        raked, met, _ = rake_rows(self.plan, np.asarray(weights, dtype=np.float64))
        return raked, met

    def residuals(self, influence: Floats, weights: Floats) -> Floats:
        """Return influence less what the margins explain of it.

        Parameters
        ----------
        influence : ndarray, shape (n, R)
            Effect on each of R statistics of a unit of raked weight more of each row; the
            statistics do not depend on the scale of the weights.
        weights : ndarray, shape (n,)
            Raked weights.

        Returns
        -------
        ndarray, shape (n, R)
            Effect of a raked unit of base weight more, when the weights are then raked again:
            to be multiplied by the raked weights and summed over units like `influence`.

        Notes
        -----
        Raked sums move like the residuals of a regression on the margins, weighted by the raked
        weights, within each part that is raked by itself. Rows held at a bound or trimmed have
        residuals, but no say in the regression, as their ratio does not give way; the cap itself
        is taken as given. Totals, and the share of those without an answer where it is kept, are
        those of the base weights and vary with them, so that their part of the regression stays,
        in terms of base weights.

        References
        ----------
        Deville & Saerndal (1992), JASA 87, 376-382, section 3; Deville, Saerndal & Sautory (1993),
        JASA 88, 1013-1020.
        """
        result = np.array(influence, dtype=np.float64)
        for part in self.plan.parts:
            ratio = part_ratios(self.plan, part, weights)
            held = held_ratios(self.plan, part, ratio)
            moving = np.where(held, 0.0, weights[part.rows])
            result[part.rows] -= _explained(part, influence[part.rows], weights, moving, ratio)
        return result


def _explained(
    part: RakingPart, influence: Floats, weights: Floats, moving: Floats, ratio: Floats
) -> Floats:
    """Return what raking takes out of a part's influence (m, R), fitted to weights `moving`."""
    size = part.base.size
    totals = np.bincount(part.cells, moving, size)
    sums = [np.bincount(part.cells, moving * column, size) for column in influence.T]
    blocks = [(np.ones((size, 1)), False), *margin_columns(part, weights)]
    design = np.concatenate([columns for columns, _ in blocks], axis=1)
    fixed = np.concatenate([np.full(columns.shape[1], zero) for columns, zero in blocks])
    root = np.sqrt(totals)[:, None]
    means = np.divide(np.stack(sums, axis=1), root, out=np.zeros((size, len(sums))), where=root > 0)
    slopes = np.linalg.lstsq(root * design, means, rcond=None)[0]
    gone = (design[:, fixed] @ slopes[fixed])[part.cells]
    varying = (design[:, ~fixed] @ slopes[~fixed])[part.cells]
    explained: Floats = gone + varying * (1 - 1 / ratio[:, None])
    return explained
