"""What incomplete answers must have before a model can be fitted to them; every answer in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled
from acsi_sem.estimators.covariance_checks import check_before
from acsi_sem.kernels.covariance import unidentified
from acsi_sem.kernels.em import Saturated, available_moments
from acsi_sem.kernels.incomplete import information, stand
from acsi_sem.kernels.patterns import PatternMoments, change_units, vech_places

Floats = NDArray[np.float64]

LOW_COVERAGE: Final = 0.10
"""Share of rows that answered both of a pair below which their covariance rests on little."""

_SHOWN: Final = 6
_NEXT_TO_SINGULAR: Final = 1e-6
_SHARE: Final = 0.01


def check_patterns(items: Sequence[str], moments: PatternMoments) -> tuple[str, ...]:
    """Say why the answers there are cannot be fitted; empty when they can.

    Parameters
    ----------
    items : sequence of str, length p
    moments : PatternMoments
    """
    return tuple(_check_patterns(items, moments))


def _check_patterns(items: Sequence[str], moments: PatternMoments) -> Iterator[str]:
    rows = int(moments.rows.sum())
    if rows <= len(items):
        yield f"{rows} rows with answers for {len(items)} indicators: more rows are needed"
        return
    joint = moments.joint_weight
    silent = np.diag(joint) == 0
    if silent.any():
        yield f"nobody answered {_list(_named(items, silent))}"
    _, variance = available_moments(moments)
    constant = ~silent & ~(variance > 0)
    if constant.any():
        yield f"no variation in the answers to {_list(_named(items, constant))}"
    apart = _pairs(items, (joint == 0) & ~silent[:, None] & ~silent)
    if apart:
        yield (
            f"not identified: no row answered both {_several(apart)}, so that their covariance "
            "is unknown; leave out one of each pair"
        )


def check_saturated(
    compiled: Compiled, moments: PatternMoments, saturated: Saturated
) -> tuple[str, ...]:
    """Say why the unrestricted estimate or the model cannot be used; empty when both can.

    Parameters
    ----------
    compiled : Compiled
    moments : PatternMoments
    saturated : Saturated
        Of these moments.
    """
    n = float(moments.rows.sum())
    if problems := check_before(compiled, saturated.covariance, n):
        return problems
    if not saturated.converged:
        dependent = _nearly_dependent(compiled.items, saturated.covariance)
        if dependent:
            return (f"the answers to {_list(dependent)} are linearly dependent, or next to it",)
        problem = (
            "the means and covariances of the incomplete answers could not be estimated: largest "
            f"gradient {saturated.slope:.2g} after {saturated.iterations} steps; too few rows "
            "answered the same indicators"
        )
        return (problem,)
    return tuple(_check_information(compiled.items, moments, saturated))


def _nearly_dependent(items: Sequence[str], covariance: Floats) -> list[str]:
    """Items with a share in a direction with next to no variance, where the search ended."""
    scale = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    share = (vectors[:, values < _NEXT_TO_SINGULAR] ** 2).sum(axis=1)
    return _named(items, share > _SHARE)


def _check_information(
    items: Sequence[str], moments: PatternMoments, saturated: Saturated
) -> Iterator[str]:
    """Which means and covariances the answers leave open, though each pair was answered."""
    scale = np.sqrt(np.diag(saturated.covariance))
    units = change_units(moments, saturated.mean, scale)
    correlation = saturated.covariance / np.outer(scale, scale)
    place = stand(units, np.zeros(len(scale)), correlation)
    assert place is not None
    loose = unidentified(information(units, place)[None] / units.n)[0]
    rows, columns = vech_places(len(items))
    open_pairs = np.flatnonzero(loose[len(items) :])
    names = [f"{items[int(columns[i])]} and {items[int(rows[i])]}" for i in open_pairs]
    names += [f"{name} and its mean" for name in _named(items, loose[: len(items)])]
    if names:
        yield (
            f"not identified: the answers leave open the covariances of {_several(names)}; too "
            "few rows answered the same indicators"
        )


def thin_coverage(items: Sequence[str], moments: PatternMoments) -> str:
    """Say which pairs hardly any row answered together; empty when there is none."""
    share = moments.joint_weight / moments.n
    thin = _pairs(items, share < LOW_COVERAGE)
    if not thin:
        return ""
    least = float(share.min())
    return (
        f"Fewer than {LOW_COVERAGE:.0%} of the rows answered both {_several(thin)} (least: "
        f"{least:.1%}); what rests on them is uncertain."
    )


def _pairs(items: Sequence[str], marked: NDArray[np.bool_]) -> list[str]:
    """Pairs of different items that are marked, as ``A and B``."""
    rows, columns = np.nonzero(np.triu(marked, 1))
    return [
        f"{items[i]} and {items[j]}" for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


def _named(items: Sequence[str], marked: NDArray[np.bool_]) -> list[str]:
    return [name for name, mark in zip(items, marked, strict=True) if mark]


def _several(pairs: Sequence[str]) -> str:
    """List pairs, the first few by name."""
    shown = "; ".join(pairs[:_SHOWN])
    rest = len(pairs) - _SHOWN
    return f"{shown}; and {rest} more pairs" if rest > 0 else shown


def _list(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
