"""Maximum likelihood fits of several groups at once, with equalities between them.

The groups share a structure; group g has the parameters θ_g = K_g φ + o_g of the free ones φ, so
that equal, free and fixed parameters are all a matter of K_g and o_g. Minimised is Σ w_g F_g with
w_g the group's share of the observations.

Second moments (divisor n) and, in a mean structure, means. Batch axis first, groups second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.covariance import discrepancy, gradient, information, locate
from acsi_sem.kernels.lisrel import Bools, Floats, Ints, Structure, implied_covariance
from acsi_sem.kernels.mean_structure import join_moments, split_moments
from acsi_sem.kernels.ml_fit import (
    SINGULAR,
    SLOPE,
    improper_constructs,
    negative_variances,
    parameter_units,
)
from acsi_sem.kernels.newton import Objective, minimise
from acsi_sem.kernels.observed_information import observed_information
from acsi_sem.kernels.small_linalg import correlation_pivots

STACK: Final = 32
"""Elements fitted together."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """A structure in several groups, and what is equal between them.

    Attributes
    ----------
    structure : Structure
        k parameters; with `mean_structure.with_means` where there are means.
    maps : ndarray, shape (G, k, r)
        K_g.
    offsets : ndarray, shape (G, k)
        o_g: the values of fixed parameters, 0 elsewhere.
    means : bool
        True when the structure's last indicator stands for 1.

    Raises
    ------
    ValueError
        If shapes disagree or a free parameter has no part in any group.
    """

    structure: Structure
    maps: Floats
    offsets: Floats
    means: bool

    def __post_init__(self) -> None:
        groups, k, _ = self.maps.shape
        if k != self.structure.size or self.offsets.shape != (groups, k):
            raise ValueError("maps must have shape (G, k, r) and offsets (G, k)")
        if not self.maps.any(axis=(0, 1)).all():
            raise ValueError("a free parameter has no part in any group")
        self.maps.setflags(write=False)
        self.offsets.setflags(write=False)

    @property
    def size(self) -> int:
        """Number of free parameters, r."""
        return int(self.maps.shape[2])

    @property
    def items(self) -> int:
        """Number of indicators, p."""
        return len(self.structure.loadings) - self.means

    @property
    def degrees_of_freedom(self) -> int:
        """Variances, covariances and (in a mean structure) means of all groups, less r."""
        p = self.items
        return len(self.maps) * (p * (p + 1) // 2 + p * self.means) - self.size

    def parameters(self, free: Floats) -> Floats:
        """Parameters of the groups, shape (B, G, k), from the free ones (B, r)."""
        return np.asarray((self.maps @ free[:, None, :, None])[..., 0] + self.offsets)


def group_maps(labels: Sequence[Sequence[str | None]]) -> Floats:
    """Make K from labels: parameters with the same label are equal.

    Parameters
    ----------
    labels : sequence, shape (G, k)
        A label for each parameter of each group; None fixes it at its offset.

    Returns
    -------
    ndarray, shape (G, k, r)
        The free parameters are numbered in the order in which their labels first occur.

    Examples
    --------
    >>> group_maps([["a", "b1"], ["a", None]]).tolist()
    [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]]]
    """
    known = list(dict.fromkeys(name for row in labels for name in row if name is not None))
    place = {name: number for number, name in enumerate(known)}
    maps = np.zeros((len(labels), len(labels[0]), len(known)))
    for g, row in enumerate(labels):
        for k, name in enumerate(row):
            if name is not None:
                maps[g, k, place[name]] = 1.0
    return maps


@dataclass(frozen=True, slots=True, eq=False)
class GroupMoments:
    """Sample moments of the groups.

    Attributes
    ----------
    covariance : ndarray, shape (B, G, p, p)
        Divisor n.
    n : ndarray, shape (G,)
        Observations in each group.
    mean : ndarray, shape (B, G, p), or None
        Means; they are needed in a mean structure only.
    """

    covariance: Floats
    n: Floats
    mean: Floats | None = None

    @property
    def shares(self) -> Floats:
        """w_g = n_g / N, shape (G,)."""
        return np.asarray(self.n / self.n.sum())

    @property
    def deviations(self) -> Floats:
        """Standard deviations of the items, shape (B, G, p); 1 where there is none."""
        variances = np.diagonal(self.covariance, axis1=-2, axis2=-1)
        return np.sqrt(np.where(variances > 0, variances, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class GroupsFit:
    """Solutions and how they ended.

    Attributes
    ----------
    free : ndarray, shape (B, r)
        φ; where not converged the last place reached.
    parameters : ndarray, shape (B, G, k)
        θ_g.
    discrepancy : ndarray, shape (B, G)
        F_g; NaN where there was nothing to fit.
    gradient : ndarray, shape (B,)
        Largest |d(Σ w_g F_g)/dφ|, parameters in standard deviation units.
    converged : ndarray of bool, shape (B,)
    iterations : ndarray of int, shape (B,)
    definite : ndarray of bool, shape (B, G)
        False where the sample's covariance matrix is not finite and positive definite.
    negative : ndarray of bool, shape (B, G, k)
        Free variances that are negative (Heywood cases).
    improper : ndarray of bool, shape (B, G)
        True where the covariance matrix of the constructs is not positive definite.
    """

    free: Floats
    parameters: Floats
    discrepancy: Floats
    gradient: Floats
    converged: Bools
    iterations: Ints
    definite: Bools
    negative: Bools
    improper: Bools

    @property
    def admissible(self) -> Bools:
        """True where the fit converged to a proper solution in every group, shape (B,)."""
        proper = ~self.negative.any(axis=(1, 2)) & ~self.improper.any(axis=1)
        return np.asarray(self.converged & proper)


def fit_groups(
    groups: Groups,
    moments: GroupMoments,
    start: Floats,
    *,
    tolerance: float = SLOPE,
    limit: int = 200,
) -> GroupsFit:
    """Fit several groups at once.

    Parameters
    ----------
    groups : Groups
    moments : GroupMoments
    start : ndarray, shape (B, r)
        Σ must be positive definite there in every group.
    tolerance : float
        Largest slope to end with, parameters in standard deviation units.
    limit : int
        Most steps.

    Returns
    -------
    GroupsFit

    Raises
    ------
    ValueError
        If the shapes disagree, or means are missing for a mean structure.

    References
    ----------
    Jöreskog (1971), Psychometrika 36, 409-426; Sörbom (1974), British J. Mathematical and
    Statistical Psychology 27, 229-239, for means.

    Examples
    --------
    Two variances held equal, of groups of one and three observations, are their weighted mean:

    >>> one = Structure(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...     matrix=np.array([2]), rows=np.array([0]), columns=np.array([0]))
    >>> equal = Groups(one, group_maps([["v"], ["v"]]), np.zeros((2, 1)), means=False)
    >>> moments = GroupMoments(np.array([[[[2.0]], [[4.0]]]]), np.array([1.0, 3.0]))
    >>> fit_groups(equal, moments, np.array([[2.0]])).free.round(9).tolist()
    [[3.5]]
    """
    _check(groups, moments, start)
    batch, count, p, _ = moments.covariance.shape
    smallest, _ = correlation_pivots(moments.covariance.reshape(batch * count, p, p))
    definite = np.asarray(smallest > SINGULAR).reshape(batch, count)
    sample = fitted_matrices(groups, moments)
    units = _units(groups, moments)
    free_units = np.abs(groups.maps * units[..., None]).max(axis=(1, 2))
    free, slope = start.copy(), np.full(batch, np.inf)
    iterations = np.zeros(batch, dtype=np.intp)
    usable = np.flatnonzero(definite.all(axis=1) & np.isfinite(start).all(axis=1))
    for at in range(0, len(usable), STACK):
        which = usable[at : at + STACK]
        objective = _objective(groups, sample[which], moments.shares)
        found = minimise(objective, start[which], free_units[which], tolerance, limit)
        free[which], slope[which], iterations[which] = found.theta, found.slope, found.iterations
    return _judged(groups, sample, free, slope, iterations, definite, units, tolerance)


def _check(groups: Groups, moments: GroupMoments, start: Floats) -> None:
    count, p = len(groups.maps), groups.items
    shape = moments.covariance.shape
    if len(shape) != 4 or shape[1:] != (count, p, p):
        raise ValueError(f"covariance must have shape (B, {count}, {p}, {p}), not {shape}")
    if moments.n.shape != (count,):
        raise ValueError(f"n must have shape ({count},), not {moments.n.shape}")
    if groups.means and (moments.mean is None or moments.mean.shape != shape[:3]):
        raise ValueError(f"means must have shape {shape[:3]} in a mean structure")
    if start.shape != (shape[0], groups.size):
        raise ValueError(f"start must have shape ({shape[0]}, {groups.size}), not {start.shape}")


def fitted_matrices(groups: Groups, moments: GroupMoments) -> Floats:
    """Return the matrices to be fitted, (B, G, ., .): S, or M of `mean_structure` with means."""
    if not groups.means or moments.mean is None:
        return moments.covariance
    return join_moments(moments.mean, moments.covariance)


def _units(groups: Groups, moments: GroupMoments) -> Floats:
    """Units of the groups' parameters, shape (B, G, k)."""
    deviations = moments.deviations
    if groups.means:  # the unit of 1 is 1
        deviations = np.concatenate([deviations, np.ones_like(deviations[..., :1])], axis=-1)
    flat = deviations.reshape(-1, deviations.shape[-1])
    units = parameter_units(groups.structure, flat)
    return units.reshape(*deviations.shape[:2], groups.structure.size)


def _objective(groups: Groups, sample: Floats, shares: Floats) -> Objective:
    """Σ w_g F_g over the groups of each element; `sample` (B, G, ., .)."""
    structure, maps, count = groups.structure, groups.maps, len(shares)

    def flat(free: Floats, which: Ints) -> tuple[Floats, Floats]:
        theta = groups.parameters(free).reshape(-1, structure.size)
        return theta, sample[which].reshape(-1, *sample.shape[2:])

    def slopes(free: Floats, which: Ints) -> tuple[Floats, Floats]:
        theta, here = flat(free, which)
        point = locate(structure, theta)
        value = discrepancy(point, here).reshape(-1, count) * shares
        slope = gradient(structure, point, here).reshape(-1, count, 1, structure.size)
        return value.sum(axis=1), ((slope @ maps)[:, :, 0] * shares[:, None]).sum(axis=1)

    def curvature(free: Floats, which: Ints) -> tuple[Floats, Floats]:
        theta, here = flat(free, which)
        point = locate(structure, theta)
        halves = (
            observed_information(structure, theta, point, here),
            information(structure, point),
        )
        hessian, expected = (pool_information(groups, half, shares) for half in halves)
        return 2.0 * hessian, 2.0 * expected

    return Objective(slopes, curvature)


def pool_information(groups: Groups, matrices: Floats, shares: Floats) -> Floats:
    """Return Σ w_g K_g' A_g K_g, shape (B, r, r), of matrices A_g stacked in (B·G, k, k)."""
    k, maps = groups.structure.size, groups.maps
    mapped = maps.mT @ matrices.reshape(-1, len(maps), k, k) @ maps
    return np.asarray((mapped * shares[:, None, None]).sum(axis=1))


def _judged(
    groups: Groups,
    sample: Floats,
    free: Floats,
    slope: Floats,
    iterations: Ints,
    definite: Bools,
    units: Floats,
    tolerance: float,
) -> GroupsFit:
    structure = groups.structure
    parameters = groups.parameters(free)
    batch, count, k = parameters.shape
    flat = parameters.reshape(-1, k)
    point = locate(structure, flat)
    value = discrepancy(point, sample.reshape(-1, *sample.shape[2:])).reshape(batch, count)
    free_here = groups.maps.any(axis=2)
    negative = negative_variances(structure, (parameters / units).reshape(-1, k))
    return GroupsFit(
        free=free,
        parameters=parameters,
        discrepancy=np.where(definite, value, np.nan),
        gradient=slope,
        converged=np.asarray(slope <= tolerance),
        iterations=iterations,
        definite=definite,
        negative=negative.reshape(batch, count, k) & free_here,
        # with means these are moments about zero, definite exactly if the covariances are
        improper=improper_constructs(structure, flat).reshape(batch, count),
    )


def implied_moments(groups: Groups, parameters: Floats) -> tuple[Floats | None, Floats]:
    """Return what the model implies.

    Parameters
    ----------
    groups : Groups
    parameters : ndarray, shape (B, G, k)

    Returns
    -------
    mean : ndarray, shape (B, G, p), or None without a mean structure
    covariance : ndarray, shape (B, G, p, p)
    """
    batch, count, k = parameters.shape
    implied = implied_covariance(groups.structure, parameters.reshape(-1, k))
    implied = implied.reshape(batch, count, *implied.shape[1:])
    if not groups.means:
        return None, implied
    return split_moments(implied)
