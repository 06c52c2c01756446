"""Clusters: of questions that go together, and of respondents who answer alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from acsi_sem.methods.explore.answers import Answers, Floats, Ints

NUMBERS = range(2, 7)
"""Numbers of clusters of respondents that are tried."""
STARTS = 10
SUBSAMPLE = 1000
WEAK = 0.25
"""Average silhouette below which there are no clusters worth the name."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A step of joining questions: which, and how far apart they were."""

    step: int
    items: tuple[str, ...]
    height: float


@dataclass(frozen=True, slots=True)
class ItemClusters:
    """Average linkage of 1 less the absolute correlation.

    Attributes
    ----------
    merges : tuple of Merge
        Closest first.
    order : tuple of int
        The questions so that those that join early stand side by side.
    """

    merges: tuple[Merge, ...]
    order: tuple[int, ...]


def item_clusters(names: tuple[str, ...], matrix: Floats) -> ItemClusters:
    """Join questions, the closest first.

    Parameters
    ----------
    names : tuple of str, length p
    matrix : ndarray, shape (p, p)
        Correlations.

    Examples
    --------
    >>> r = np.array([[1.0, 0.1, -0.8], [0.1, 1.0, 0.3], [-0.8, 0.3, 1.0]])
    >>> found = item_clusters(("a", "b", "c"), r)
    >>> [(step.items, round(step.height, 3)) for step in found.merges]
    [(('a', 'c'), 0.2), (('a', 'b', 'c'), 0.8)]
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(names) < 2:
        return ItemClusters((), tuple(range(len(names))))
    apart = 1 - np.abs(matrix)
    np.fill_diagonal(apart, 0.0)
    tree = linkage(squareform(apart, checks=False), "average", optimal_ordering=True)
    held: list[tuple[int, ...]] = [(i,) for i in range(len(names))]
    merges = []
    for step, (left, right, height, _) in enumerate(tree, 1):
        held.append(tuple(sorted(held[int(left)] + held[int(right)])))
        merges.append(Merge(step, tuple(names[i] for i in held[-1]), float(height)))
    return ItemClusters(tuple(merges), tuple(int(i) for i in leaves_list(tree)))


@dataclass(frozen=True, slots=True)
class PeopleClusters:
    """k-means of respondents.

    Attributes
    ----------
    names : tuple of str, length p
    silhouettes : tuple of (k, silhouette)
        Average silhouette of each number of clusters that was tried.
    chosen : int
        The number with the largest.
    sizes : ndarray of int, shape (k,)
        Respondents, clusters with the highest answers first.
    shares : ndarray, shape (k,)
        Weighted.
    centres : ndarray, shape (k, p)
        Weighted means on 0-100, 100 the good end.
    """

    names: tuple[str, ...]
    silhouettes: tuple[tuple[int, float], ...] = ()
    chosen: int = 0
    sizes: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    shares: Floats = field(default_factory=lambda: np.zeros(0))
    centres: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def silhouette(self) -> float:
        """The average silhouette of the chosen number."""
        return dict(self.silhouettes).get(self.chosen, np.nan)

    @property
    def weak(self) -> bool:
        """Whether the clusters are not worth the name."""
        return not self.silhouette >= WEAK


def people_clusters(answers: Answers, generator: np.random.Generator) -> PeopleClusters:
    """Cluster respondents by their standardised answers.

    Parameters
    ----------
    answers : Answers
        Complete rows; every question varies and has a scale.
    generator : Generator

    Returns
    -------
    PeopleClusters
        Empty when there are too few different interviews.

    Notes
    -----
    scikit-learn's k-means takes weights; its silhouette takes none, so that of a subsample drawn
    with equal chances is averaged with the weights.
    """
    from sklearn.cluster import KMeans  # before the limit, which holds for what is loaded
    from threadpoolctl import threadpool_limits

    weights = answers.weights / answers.weights.max()
    mean = np.average(answers.values, axis=0, weights=weights)
    spread = np.sqrt(np.average((answers.values - mean) ** 2, axis=0, weights=weights))
    standard = (answers.values - mean) / spread
    different = np.unique(standard, axis=0).shape[0]
    seeds = generator.integers(2**31, size=len(NUMBERS)).tolist()
    size = min(SUBSAMPLE, weights.size)
    sub = np.sort(generator.choice(weights.size, size, replace=False))
    # Threads add up in another order than one does.
    with threadpool_limits(1):
        found = [
            (k, *_partition(KMeans(k, n_init=STARTS, random_state=seed), standard, weights, sub))
            for k, seed in zip(NUMBERS, seeds, strict=True)
            if k < different
        ]
    known = [one for one in found if np.isfinite(one[1])]
    if not known:
        return PeopleClusters(answers.names)
    chosen, _, labels = max(known, key=lambda one: one[1])
    silhouettes = tuple((k, silhouette) for k, silhouette, _ in found)
    return _summary(answers, silhouettes, chosen, labels)


def _partition(model: Any, values: Floats, weights: Floats, sub: Ints) -> tuple[float, Ints]:
    """Return the average silhouette of a fitted k-means, and each row's cluster."""
    from sklearn.metrics import silhouette_samples

    fitted = model.fit(values, sample_weight=weights)
    labels = np.asarray(fitted.labels_, dtype=np.intp)
    if not 1 < np.unique(labels[sub]).size < sub.size:
        return np.nan, labels
    silhouettes = silhouette_samples(values[sub], labels[sub])
    return float(np.average(silhouettes, weights=weights[sub])), labels


def _summary(
    answers: Answers, silhouettes: tuple[tuple[int, float], ...], chosen: int, labels: Ints
) -> PeopleClusters:
    turned = answers.turned()
    members = [labels == cluster for cluster in range(chosen)]
    members = [one for one in members if one.any()]
    centres = [np.average(turned[one], axis=0, weights=answers.weights[one]) for one in members]
    order = sorted(range(len(members)), key=lambda i: -float(centres[i].mean()))
    shares = list(_shares(answers, [members[i] for i in order]))
    return PeopleClusters(
        answers.names,
        silhouettes,
        chosen,
        np.array([answers.count(members[i]) for i in order], dtype=np.intp),
        np.array(shares),
        np.array([centres[i] for i in order]),
    )


def _shares(answers: Answers, members: list[np.ndarray]) -> Iterator[float]:
    for one in members:
        yield float(answers.weights[one].sum() / answers.weights.sum())
