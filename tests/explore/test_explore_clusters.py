"""Clusters of questions and of respondents."""

from __future__ import annotations

import numpy as np
import pytest
from explore_cases import answers, questions
from sklearn.metrics import silhouette_score

from acsi_sem.inference.replicates import stream
from acsi_sem.methods.explore.answers import Answers
from acsi_sem.methods.explore.clusters import PeopleClusters, item_clusters, people_clusters

RNG = np.random.default_rng(9)
CENTRES = np.array([[2.0, 2.0, 9.0], [9.0, 9.0, 9.0], [8.0, 1.5, 1.5]])
KINDS = np.repeat([0, 1, 2], [60, 100, 40])
VALUES = CENTRES[KINDS] + RNG.uniform(-0.8, 0.8, (200, 3))


def generator() -> np.random.Generator:
    """Return the stream of a fixed seed."""
    return stream(1, "test", "clusters", 0)


def test_average_linkage_by_hand() -> None:
    """a-b are 0.1 apart, c-d 0.2; the four, on average, (0.5 + 0.6 + 0.7 + 0.8) / 4 = 0.65."""
    r = np.eye(4)
    for (i, j), value in {
        (0, 1): 0.9,
        (2, 3): -0.8,
        (0, 2): 0.5,
        (0, 3): 0.4,
        (1, 2): -0.3,
        (1, 3): 0.2,
    }.items():
        r[i, j] = r[j, i] = value
    found = item_clusters(tuple("abcd"), r)
    assert [one.items for one in found.merges] == [("a", "b"), ("c", "d"), ("a", "b", "c", "d")]
    assert [one.height for one in found.merges] == pytest.approx([0.1, 0.2, 0.65])
    assert sorted(found.order) == [0, 1, 2, 3]
    assert abs(found.order.index(0) - found.order.index(1)) == 1


def test_the_order_does_not_depend_on_names_or_sign() -> None:
    r = np.asarray(np.corrcoef(RNG.normal(size=(5, 40))))
    flip = np.array([1.0, -1.0, 1.0, 1.0, -1.0])
    one = item_clusters(tuple("abcde"), r)
    other = item_clusters(tuple("abcde"), np.asarray(r * np.outer(flip, flip)))
    assert one.order == other.order
    assert item_clusters(("a",), np.ones((1, 1))).merges == ()


def test_three_kinds_of_respondents_are_found() -> None:
    found = people_clusters(answers(VALUES), generator())
    assert found.chosen == 3
    assert found.sizes.tolist() == [100, 60, 40]
    means = [(VALUES[kind == KINDS].mean(axis=0) - 1) / 9 * 100 for kind in (1, 0, 2)]
    assert found.centres == pytest.approx(np.array(means))
    standard = (VALUES - VALUES.mean(axis=0)) / VALUES.std(axis=0)
    assert found.silhouette == pytest.approx(silhouette_score(standard, KINDS))
    assert not found.weak


def test_weights_move_centres_and_shares() -> None:
    weights = np.where(np.arange(200) % 2, 1.0, 3.0)
    found = people_clusters(answers(VALUES, weights), generator())
    own = KINDS == 1
    centre = np.average((VALUES[own] - 1) / 9 * 100, axis=0, weights=weights[own])
    assert found.centres[0] == pytest.approx(centre)
    assert found.shares[0] == pytest.approx(weights[own].sum() / weights.sum())
    assert found.sizes[0] == 100


def test_counted_rows_give_the_clusters_of_repeated_rows() -> None:
    counts = RNG.integers(1, 4, 200)
    short = people_clusters(answers(VALUES, counts.astype(float), frequency=True), generator())
    long = people_clusters(answers(np.repeat(VALUES, counts, axis=0)), generator())
    # The kinds lie so far apart that every start finds them.
    assert short.sizes.tolist() == long.sizes.tolist()
    assert short.centres == pytest.approx(long.centres)


def test_noise_has_no_clusters_worth_the_name() -> None:
    found = people_clusters(answers(RNG.normal(5, 1, (300, 8))), generator())
    assert found.weak
    assert PeopleClusters(("a",)).weak


def test_twice_the_same() -> None:
    one, other = (people_clusters(answers(VALUES), generator()) for _ in range(2))
    assert one.silhouettes == other.silhouettes
    assert one.centres.tobytes() == other.centres.tobytes()


def test_too_few_different_interviews() -> None:
    values = np.repeat([[1.0, 2.0], [3.0, 1.0]], 30, axis=0)
    assert people_clusters(answers(values), generator()).chosen == 0


def test_reversed_questions_are_turned() -> None:
    plain = questions("b", "b")
    turned = Answers(
        (plain[0], type(plain[0])("r", "R", 1, 10, reverse=True)),
        np.array([[1.0, 1.0]]),
        np.ones(1),
    )
    assert turned.turned().tolist() == [[0.0, 100.0]]
