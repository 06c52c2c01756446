"""Bivariate normal probabilities to machine accuracy, for whole arrays at once.

Plackett's identity dP/dρ = φ₂(h, k; ρ) is integrated by Gauss-Legendre quadrature: from 0 in
θ = asin ρ where |ρ| is moderate, from ±1 in x = √(1 - ρ²) where it is not. There the integrand
behaves like exp(-b²/2x²), which no polynomial follows near 0, so that two terms of its expansion
are integrated in closed form and quadrature is left with the smooth rest.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from acsi_sem.kernels.lisrel import Bools, Floats

STEEP: Final = 0.925
"""|ρ| from which the integral starts at ±1."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_FAR: Final = 39.0
"""Beyond it the normal density is 0 in double precision."""


def bivariate_normal(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Return P(X <= h, Y <= k) for standard normal X, Y with correlation ρ.

    Parameters
    ----------
    h, k : ndarray
        Limits; infinite ones are allowed.
    rho : ndarray
        Correlations in [-1, 1]; the three arrays are broadcast against each other.

    Returns
    -------
    ndarray
        Probabilities, absolute error below 1e-14.

    References
    ----------
    Plackett (1954), Biometrika 41, 351-360; Drezner & Wesolowsky (1990), J. Statistical
    Computation and Simulation 35, 101-107; Genz (2004), Statistics and Computing 14, 251-260.

    Examples
    --------
    At the origin the probability is 1/4 + asin(ρ)/2π:

    >>> rho = np.array([-1.0, 0.0, 0.5, 0.99, 1.0])
    >>> bivariate_normal(np.zeros(5), np.zeros(5), rho).round(12).tolist()
    [0.0, 0.25, 0.333333333333, 0.477473293178, 0.5]
    """
    h, k, rho = np.broadcast_arrays(h, k, rho)
    shape = h.shape
    h, k = (np.clip(limit, -_FAR, _FAR).ravel() for limit in (h, k))
    rho = rho.ravel()
    steep: Bools = np.abs(rho) > STEEP
    found = np.empty(len(rho))
    found[~steep] = _from_zero(h[~steep], k[~steep], rho[~steep])
    found[steep] = _from_one(h[steep], k[steep], rho[steep])
    return np.clip(found, 0.0, 1.0).reshape(shape)


def _from_zero(h: Floats, k: Floats, rho: Floats) -> Floats:
    from scipy.special import ndtr

    half = np.arcsin(rho)[:, None] / 2
    sine = np.sin(half * (1 + _NODES))
    squares, product = (h * h + k * k)[:, None], (h * k)[:, None]
    integrand = np.exp(-(squares / 2 - product * sine) / (1 - sine * sine))
    integral: Floats = half[:, 0] * (integrand @ _WEIGHTS) / (2 * np.pi)
    return np.asarray(ndtr(h) * ndtr(k) + integral)


def _from_one(h: Floats, k: Floats, rho: Floats) -> Floats:
    from scipy.special import ndtr

    sign = np.sign(rho)
    limit = np.where(sign > 0, ndtr(np.minimum(h, k)), np.maximum(ndtr(h) - ndtr(-k), 0.0))
    width = np.sqrt((1 - rho) * (1 + rho))
    product, square = sign * h * k, (h - sign * k) ** 2
    integral = _expansion(width, product, square) + _rest(width, product, square)
    return np.asarray(limit - sign * integral / (2 * np.pi))


def _series(product: Floats) -> tuple[Floats, Floats]:
    """Coefficients of x² and x⁴ in the integrand over exp(-b²/2x² - hk/2)."""
    return (4 - product) / 8, (4 - product) * (12 - product) / 128


def _expansion(width: Floats, product: Floats, square: Floats) -> Floats:
    """The first terms of the integral in closed form."""
    from scipy.special import log_ndtr

    wide = np.where(width > 0, width, 1.0)
    distance = np.sqrt(square)
    top = np.where(width > 0, np.exp(-square / (2 * wide**2) - product / 2), 0.0)
    tail = np.where(width > 0, np.exp(log_ndtr(-distance / wide) - product / 2), 0.0)
    zeroth = width * top - np.sqrt(2 * np.pi) * distance * tail
    second = (width**3 * top - square * zeroth) / 3
    fourth = (width**5 * top - square * second) / 5
    c, d = _series(product)
    return np.asarray(zeroth + c * second + d * fourth)


def _rest(width: Floats, product: Floats, square: Floats) -> Floats:
    """What the expansion leaves, of the order of x⁶, by quadrature."""
    x2 = (width[:, None] * (1 + _NODES) / 2) ** 2
    root = np.sqrt(1 - x2)
    safe = np.where(x2 > 0, x2, 1.0)
    near, hk = square[:, None] / (2 * safe), product[:, None]
    c, d = _series(hk)
    full = np.exp(-near - hk / (1 + root)) / root
    series = np.exp(-near - hk / 2) * (1 + c * x2 + d * x2**2)
    return np.asarray(width / 2 * ((full - series) @ _WEIGHTS))


def density(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Return φ₂(h, k; ρ), the derivative of the probability with respect to ρ; |ρ| < 1.

    Infinite limits give 0; arrays are broadcast.

    Examples
    --------
    >>> round(float(density(np.array(0.0), np.array(0.0), np.array(0.6))), 6)
    0.198944
    """
    h, k = np.clip(h, -_FAR, _FAR), np.clip(k, -_FAR, _FAR)
    rest = (1 - rho) * (1 + rho)
    # Written as squares of sums: the exponent stays accurate near |rho| = 1.
    distance = (h - rho * k) ** 2 / rest + k * k
    return np.asarray(np.exp(-distance / 2) / (2 * np.pi * np.sqrt(rest)))
