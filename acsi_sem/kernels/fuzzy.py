"""Fuzzy comprehensive evaluation: weights composed with memberships of grades."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def compose(weights: Floats, memberships: Floats, operator: str) -> Floats:
    """Compose weights A with memberships R.

    Parameters
    ----------
    weights : ndarray, shape (s,)
        Positive, sum one.
    memberships : ndarray, shape (B, s, T)
        Row i: membership of part i in each grade, sum one.
    operator : {"product", "maxmin"}
        ``product``: sum of products. ``maxmin``: largest of the smaller ones of a_i and r_it, made
        to sum one, as memberships do.

    Returns
    -------
    ndarray, shape (B, T)
        NaN when a part has no memberships.

    References
    ----------
    Zadeh (1965), Information and Control 8, 338-353; Wang (1983), Fuzzy Set Theory and its
    Applications, for the comprehensive evaluation.

    Examples
    --------
    >>> r = np.array([[[0.5, 0.5, 0.0], [0.2, 0.4, 0.4]]])
    >>> compose(np.array([0.6, 0.4]), r, "product").round(4)
    array([[0.38, 0.46, 0.16]])
    >>> compose(np.array([0.6, 0.4]), r, "maxmin").round(4)
    array([[0.3571, 0.3571, 0.2857]])
    """
    if operator == "product":
        return np.asarray(np.einsum("s,bst->bt", weights, memberships))
    smaller = np.minimum(weights[None, :, None], memberships).max(axis=1)
    return np.asarray(smaller / smaller.sum(axis=-1, keepdims=True))


def evaluate(
    shares: Floats,
    item_weights: Sequence[Floats],
    factor_weights: Floats,
    operator: str,
) -> Floats:
    """Return the memberships of every factor and of the whole.

    Parameters
    ----------
    shares : ndarray, shape (B, k, T)
        Membership of each question in each grade; questions of a factor stand together, factors
        in order.
    item_weights : sequence of ndarray
        Weights of the questions within each factor; their lengths sum to k.
    factor_weights : ndarray, shape (s,)
    operator : {"product", "maxmin"}

    Returns
    -------
    ndarray, shape (B, s + 1, T)
        Factors, then the whole, B = A o R with R_i = B_i = A_i o R_i.

    Examples
    --------
    >>> shares = np.array([[[0.5, 0.5], [0.1, 0.9], [1.0, 0.0]]])
    >>> evaluate(shares, [np.array([0.5, 0.5]), np.array([1.0])], np.array([0.5, 0.5]), "product")
    array([[[0.3 , 0.7 ],
            [1.  , 0.  ],
            [0.65, 0.35]]])
    """
    ends = np.cumsum([len(weights) for weights in item_weights])
    factors = np.stack(
        [
            compose(weights, shares[:, end - len(weights) : end], operator)
            for weights, end in zip(item_weights, ends, strict=True)
        ],
        axis=1,
    )
    whole = compose(factor_weights, factors, operator)
    return np.concatenate([factors, whole[:, None]], axis=1)
