"""What the coverage study estimates: values, derivatives, standard errors, influence values.

Batch axis first; the axis R runs over the quantities in the order of `Quantities.names`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled, Parameter
from acsi_sem.estimators.pls import PlsOptions, estimate_pls
from acsi_sem.estimators.structural import scale_ends
from acsi_sem.kernels.covariance import information, locate, standardise
from acsi_sem.kernels.delta import delta_errors, standardised
from acsi_sem.kernels.index import index_points
from acsi_sem.kernels.lisrel import Ints, Matrix, fill
from acsi_sem.kernels.moments import Moments, moments_from_sums, products, weighted_sums
from acsi_sem.kernels.observed_information import observed_information
from acsi_sem.kernels.robust import influence_map, inverse_information, score_map
from acsi_sem.spec.graph import adjacency, ancestors, blocks
from acsi_sem.spec.model import Model

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STEP: Final = 1e-4
"""Step of numerical derivatives in standard deviations of a moment: error near its square."""


@dataclass(frozen=True, slots=True, eq=False)
class Quantities:
    """Names and kinds of what is estimated, each of length R."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Estimates (B, R) with textbook and robust standard errors, and the rows' influence.

    Attributes
    ----------
    values, ml, mlr : ndarray, shape (B, R)
        Standard errors are NaN where the information is not positive definite.
    influence : ndarray, shape (B, R, 1 + q)
        Turns z = (1, d, vech dd') of a row about the mean into its influence.
    """

    values: Floats
    ml: Floats
    mlr: Floats
    influence: Floats


@dataclass(frozen=True, slots=True, eq=False)
class CovarianceTargets:
    """Paths, loadings, both also standardised, and the index of the covariance structure.

    Attributes
    ----------
    model : Model
    compiled : Compiled
    plain : tuple of Parameter
        Free loadings and paths.
    standard : tuple of Parameter
        Loadings of blocks with several items, and paths.
    """

    model: Model
    compiled: Compiled
    plain: tuple[Parameter, ...]
    standard: tuple[Parameter, ...]

    @classmethod
    def of(cls, model: Model, compiled: Compiled) -> CovarianceTargets:
        """Choose the quantities of a model."""
        directed = [r for r in compiled.parameters if r.matrix in (Matrix.LOADINGS, Matrix.PATHS)]
        several = {c.name for c in model.constructs if len(c.indicators) > 1}
        shown = [r for r in directed if r.matrix == Matrix.PATHS or r.lhs in several]
        return cls(model, compiled, tuple(r for r in directed if r.free >= 0), tuple(shown))

    @property
    def quantities(self) -> Quantities:
        """Names and kinds in order."""
        word = {Matrix.LOADINGS: "loading", Matrix.PATHS: "path"}
        rows = (*self.plain, *self.standard)
        kinds = [word[row.matrix] for row in self.plain]
        kinds += [f"std_{word[row.matrix]}" for row in self.standard]
        return Quantities((*(row.name for row in rows), self.model.index), (*kinds, "index"))

    @property
    def free(self) -> Ints:
        """Numbers of the free parameters that are reported as they are."""
        return np.array([row.free for row in self.plain], dtype=np.intp)

    @property
    def places(self) -> tuple[Ints, Ints, Ints]:
        """Matrix, row and column of the standardised values."""
        found = [(row.matrix, row.row, row.column) for row in self.standard]
        matrix, rows, columns = np.array(found, dtype=np.intp).T
        return matrix, rows, columns

    def values(self, theta: Floats, mean: Floats) -> Floats:
        """Evaluate at parameters (B, k) and item means (B, p); shape (B, R)."""
        structure = self.compiled.structure
        scaled = standardise(structure, locate(structure, theta).implied, theta).all
        standard = [scaled[m][:, i, j] for m, i, j in zip(*self.places, strict=True)]
        index = self._index(theta, mean)
        return np.column_stack([theta[:, self.free], *standard, index])

    def errors(self, theta: Floats, moments: Moments, block: Floats) -> Errors:
        """Compute standard errors at the solutions.

        Parameters
        ----------
        theta : ndarray, shape (B, k)
        moments : Moments
        block : ndarray, shape (B, 1 + q, 1 + q)
            Fourth-order block about the mean, divided by n.
        """
        structure, n = self.compiled.structure, moments.weight
        point = locate(structure, theta)
        by_theta, by_mean = self.jacobian(theta, moments.mean)
        textbook, _ = inverse_information(information(structure, point))
        ml = delta_errors(by_theta, textbook / n[:, None, None]) ** 2
        ml += delta_errors(by_mean, point.implied.covariance / n[:, None, None]) ** 2
        observed = observed_information(structure, theta, point, moments.covariance)
        influence = by_theta @ influence_map(score_map(structure, point), observed)
        influence[:, :, 1 : 1 + by_mean.shape[2]] += by_mean
        mlr = delta_errors(influence, block / n[:, None, None])
        undefined = ~np.isfinite(influence).all(axis=2)
        mlr = np.where(undefined, np.nan, mlr)
        return Errors(self.values(theta, moments.mean), np.sqrt(ml), mlr, influence)

    def jacobian(self, theta: Floats, mean: Floats) -> tuple[Floats, Floats]:
        """Differentiate by the parameters (B, R, k) and by the item means (B, R, p)."""
        structure = self.compiled.structure
        batch, k = theta.shape
        plain = np.broadcast_to(np.eye(k)[self.free], (batch, len(self.free), k))
        standard = standardised(structure, theta, *self.places).jacobian
        index, by_mean = self._index_slopes(theta, mean)
        by_theta = np.concatenate([plain, standard, index[:, None]], axis=1)
        means = np.zeros((batch, by_theta.shape[1], mean.shape[1]))
        means[:, -1] = by_mean
        return by_theta, means

    def _own(self) -> tuple[Ints, int]:
        """Items of the index construct, and its number."""
        place = self.model.construct_names.index(self.model.index)
        return np.flatnonzero(blocks(self.model) == place), place

    def _index(self, theta: Floats, mean: Floats) -> Floats:
        """The index with the weights λ/θ of regression factor scores within its block; (B,)."""
        items, place = self._own()
        at = fill(self.compiled.structure, theta)
        weights = at.loadings[:, items, place] / at.errors[:, items, items]
        low, high = (ends[items] for ends in scale_ends(self.model))
        block = np.zeros(len(items), dtype=np.intp)
        return index_points(mean[:, items], weights, low, high, block)[:, 0]

    def _index_slopes(self, theta: Floats, mean: Floats) -> tuple[Floats, Floats]:
        """Derivatives of the index by θ (B, k) and by the item means (B, p)."""
        items, place = self._own()
        low, high = (ends[items] for ends in scale_ends(self.model))
        at = fill(self.compiled.structure, theta)
        loading, error = at.loadings[:, items, place], at.errors[:, items, items]
        weights, span = loading / error, high - low
        worth = 100.0 / (weights * span).sum(axis=1, keepdims=True)
        index = self._index(theta, mean)[:, None]
        by_weight = (mean[:, items] - low - index / 100.0 * span) * worth
        by_theta, by_mean = np.zeros_like(theta), np.zeros_like(mean)
        for i, item in enumerate(items):
            for row in self.compiled.free:
                if row.matrix == Matrix.LOADINGS and row.row == item:
                    by_theta[:, row.free] = by_weight[:, i] / error[:, i]
                elif row.matrix == Matrix.ERRORS and row.row == item == row.column:
                    by_theta[:, row.free] = -by_weight[:, i] * weights[:, i] / error[:, i]
        by_mean[:, items] = weights * worth
        return by_theta, by_mean


@dataclass(frozen=True, slots=True, eq=False)
class PlsTargets:
    """Paths, loadings, index and impacts of the PLS path model."""

    model: Model

    @property
    def quantities(self) -> Quantities:
        """Names and kinds in order."""
        names, index = self.model.construct_names, self.model.index
        paths = [f"{names[i]} ~ {names[j]}" for i, j in np.argwhere(adjacency(self.model))]
        items = [self.model.indicators[i].name for i in self._several()]
        drivers = [f"{index} ~ {name} (total)" for name in ancestors(self.model, index)]
        kinds = ["path"] * len(paths) + ["loading"] * len(items) + ["impact"] * len(drivers)
        return Quantities((*paths, *items, *drivers, index), (*kinds, "index"))

    def _several(self) -> Ints:
        """Items of constructs with several."""
        block = blocks(self.model)
        return np.flatnonzero(np.bincount(block)[block] > 1)

    def values(self, moments: Moments) -> tuple[Floats, Bools]:
        """Estimate from moments: values (B, R), and which elements may be used (B,)."""
        found = estimate_pls(self.model, moments, moments.weight, PlsOptions(means="complete"))
        names = self.model.construct_names
        index = names.index(self.model.index)
        drivers = [names.index(name) for name in ancestors(self.model, self.model.index)]
        paths = found.paths[:, adjacency(self.model)]
        structural = found.structural
        loadings = found.loadings[:, self._several()]
        impacts = structural.total[:, index, drivers]
        values = np.column_stack([paths, loadings, impacts, structural.index[:, index]])
        return values, structural.ok

    def influence(self, rows: Floats, origin: Floats) -> Floats:
        """Influence (n, R) of rows of `moments.products`, by central differences."""
        mean, spread = rows.mean(axis=0), rows.std(axis=0)
        moved = np.flatnonzero(spread > 0)
        steps = np.zeros((len(moved), len(mean)))
        steps[np.arange(len(moved)), moved] = STEP * spread[moved]
        up, down = (
            self.values(moments_from_sums(mean + sign * steps, origin))[0] for sign in (1, -1)
        )
        slopes = (up - down) / (2 * STEP * spread[moved][:, None])
        return np.asarray((rows[:, moved] - mean[moved]) @ slopes)


def sample_moments(answers: Floats, origin: Floats) -> tuple[Moments, Floats]:
    """Moments (B = 1) and the fourth-order block (1, 1 + q, 1 + q) of complete answers (n, p)."""
    rows = products(answers, origin)
    moments = moments_from_sums(weighted_sums(np.ones((1, len(rows))), rows), origin)
    z = centred_rows(answers)
    return moments, (z.T @ z / len(z))[None]


def centred_rows(answers: Floats) -> Floats:
    """z = (1, d, vech dd') of the rows about their mean, shape (n, 1 + q)."""
    rows = products(answers, answers.mean(axis=0))
    p = answers.shape[1]
    return rows[:, : 1 + p + p * (p + 1) // 2]


def stack_moments(parts: list[Moments]) -> Moments:
    """Put moments one after the other along the batch axis."""
    fields: dict[str, Floats] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in Moments.__dataclass_fields__
    }
    return replace(parts[0], **fields)
