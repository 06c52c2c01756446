"""Factors of the correlations, rotated, beside the blocks of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.linalg import LinAlgError

from acsi_sem.methods.explore.answers import Floats
from acsi_sem.methods.explore.components import positive

STRONG = 0.4
"""Loading from which a question counts as part of a factor."""
STEPS = 1000
SETTLED = 1e-5
NONE = "no dimension is more than chance: no factors"
SINGULAR = "the correlations have no inverse: no factors"
UNSETTLED = "the factors did not settle"
HEYWOOD = "a question has more than all its variance in the factors (Heywood case)"


@dataclass(frozen=True, slots=True)
class Factors:
    """Principal-axis factors after varimax, those that explain most first.

    Attributes
    ----------
    names : tuple of str, length p
    loadings : ndarray, shape (p, k)
        k may be 0.
    communality : ndarray, shape (p,)
    note : str
        Why there are none, or what is wrong with them.
    """

    names: tuple[str, ...]
    loadings: Floats
    communality: Floats
    note: str = ""

    @property
    def leading(self) -> tuple[int, ...]:
        """The factor that each question loads on most, from 0."""
        if not self.loadings.shape[1]:
            return ()
        return tuple(int(place) for place in np.abs(self.loadings).argmax(axis=1))


@dataclass(frozen=True, slots=True)
class Block:
    """A construct's questions among the factors.

    Attributes
    ----------
    factor : int
        That all of them load on most, from 0; -1 when they part.
    weakest : float
        Smallest loading on it; NaN when they part.
    strays : tuple of str
        Questions that load less than `STRONG`, or most on another factor than the block's most.
    alone : bool
        Whether no other block leads on that factor.
    """

    name: str
    items: tuple[str, ...]
    factor: int
    weakest: float
    strays: tuple[str, ...]
    alone: bool

    @property
    def together(self) -> bool:
        """Whether all load on one factor, and strongly."""
        return self.factor >= 0 and not self.strays


def factors(names: tuple[str, ...], matrix: Floats, count: int, n_eff: float) -> Factors:
    """Return rotated factors of a correlation matrix.

    Parameters
    ----------
    names : tuple of str, length p
    matrix : ndarray, shape (p, p)
    count : int
        Factors.
    n_eff : float
        Effective number of respondents.

    Notes
    -----
    statsmodels' factor analysis takes no weights but takes a correlation matrix: it is given the
    weighted one. scikit-learn's takes neither.
    """
    from statsmodels.multivariate.factor import Factor

    empty = Factors(names, np.zeros((len(names), 0)), np.full(len(names), np.nan))
    if not count:
        return Factors(names, empty.loadings, empty.communality, NONE)
    if np.linalg.eigvalsh(matrix)[0] < SETTLED**2:
        return Factors(names, empty.loadings, empty.communality, SINGULAR)
    try:
        found = Factor(corr=matrix, n_factor=count, nobs=round(n_eff)).fit(maxiter=STEPS)
    except (LinAlgError, ValueError):
        return Factors(names, empty.loadings, empty.communality, UNSETTLED)
    if found.loadings.shape[1] > 1:
        with np.errstate(divide="ignore"):  # it logs the logarithm of a gradient that reached 0
            found.rotate("varimax")
    loadings = np.asarray(found.loadings, dtype=float)
    order = np.argsort(-(loadings**2).sum(axis=0), kind="stable")
    communality = (loadings**2).sum(axis=1)
    note = UNSETTLED if not _settled(matrix, communality, count) else ""
    note = HEYWOOD if communality.max() > 1 + SETTLED else note
    return Factors(names, positive(loadings[:, order]), communality, note)


def _settled(matrix: Floats, communality: Floats, count: int) -> bool:
    """Whether one more step of principal axes would change next to nothing."""
    reduced = matrix.copy()
    np.fill_diagonal(reduced, communality)
    values, vectors = np.linalg.eigh(reduced)
    top = vectors[:, -count:] * np.sqrt(np.maximum(values[-count:], 0))
    return bool(np.abs((top**2).sum(axis=1) - communality).max() < SETTLED)


def compare_blocks(found: Factors, blocks: Sequence[str]) -> tuple[Block, ...]:
    """Say of each block of two questions or more whether it loads together.

    Parameters
    ----------
    found : Factors
    blocks : sequence of str, length p
        The construct of each question; empty for none.
    """
    if not found.leading:
        return ()
    places = {
        name: [i for i, block in enumerate(blocks) if block == name]
        for name in dict.fromkeys(blocks)
        if name
    }
    mains = {name: _main([found.leading[i] for i in own]) for name, own in places.items()}
    return tuple(_block(found, name, own, mains) for name, own in places.items() if len(own) > 1)


def _main(leading: Sequence[int]) -> int:
    """Return the factor that most questions lead to, the first of several."""
    return max(dict.fromkeys(leading), key=leading.count)


def _block(found: Factors, name: str, own: Sequence[int], mains: dict[str, int]) -> Block:
    leading = [found.leading[i] for i in own]
    main = mains[name]
    size = np.abs(found.loadings[own, main])
    apart = [at != main or loading < STRONG for at, loading in zip(leading, size, strict=True)]
    one = len(set(leading)) == 1
    return Block(
        name,
        tuple(found.names[i] for i in own),
        main if one else -1,
        float(size.min()) if one else np.nan,
        tuple(found.names[i] for i, stray in zip(own, apart, strict=True) if stray),
        all(other == name or at != main for other, at in mains.items()),
    )
