"""Weights as a study gives them: names, pairwise comparisons, and what is refused."""

from __future__ import annotations

import math

import pytest
from graded_cases import close
from hypothesis import given, settings
from hypothesis import strategies as st

from acsi_sem.errors import SpecError
from acsi_sem.methods.weights import judge, resolve, resolve_all
from acsi_sem.spec.methods.ahp import Ahp
from acsi_sem.spec.methods.fuzzy import Fuzzy, FuzzyFactor
from acsi_sem.spec.methods.rating_form import RatingForm
from acsi_sem.spec.methods.weighting import (
    Weighting,
    WeightsPart,
    check_weights,
    weighting_from,
)
from acsi_sem.spec.model import Text
from acsi_sem.spec.structure import validate

EVEN = ((1.0, 2.0, 4.0), (0.5, 1.0, 2.0), (0.25, 0.5, 1.0))
# a is better than b, b better than c, c better than a, each five times.
ROUND = ((1.0, 5.0, 0.2), (0.2, 1.0, 5.0), (5.0, 0.2, 1.0))
ABC = ("a", "b", "c")


def found(data: object, names: tuple[str, ...] | None = None) -> list[tuple[str, str, str]]:
    """Faults of shape and of meaning: (place, expected, got)."""
    faults = validate(WeightsPart, data)[1] or list(check_weights(data, (), names))
    return [(".".join(map(str, f.loc)), f.expected, f.got) for f in faults]


def test_nothing_said_is_equal_weights() -> None:
    assert resolve(weighting_from(None), ABC, "f").shares == dict.fromkeys(ABC, 1 / 3)


def test_names_are_normalised_and_put_in_order() -> None:
    part, _ = validate(WeightsPart, {"b": 1, "a": 3})
    shares = resolve(weighting_from(part), ("a", "b"), "f").shares
    assert list(shares.items()) == [("a", 0.75), ("b", 0.25)]


def test_huge_weights_do_not_overflow() -> None:
    shares = resolve(Weighting((("a", 1.5e308), ("b", 1.5e308))), ("a", "b"), "f").shares
    assert shares == {"a": 0.5, "b": 0.5}


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefgh"), st.floats(1e-6, 1e6), min_size=1))
def test_shares_sum_to_one_in_any_order(weights: dict[str, float]) -> None:
    weighting = Weighting(tuple(weights.items()))
    shares = resolve(weighting, tuple(weights), "f").shares
    assert close(math.fsum(shares.values()), 1)
    turned = resolve(weighting, tuple(weights)[::-1], "f").shares
    assert all(close(turned[name], shares[name]) for name in shares)


def test_comparisons_by_hand() -> None:
    """Without contradiction: 4/7, 2/7, 1/7; fractions as text."""
    matrix = [[1, 2, "4"], ["1/2", 1, 2], ["1/4", 0.5, 1]]
    assert found({"ahp": {"order": list(ABC), "matrix": matrix}})[0][1].startswith("a number, or")
    matrix[0][2] = 4
    part, faults = validate(WeightsPart, {"ahp": {"order": list(ABC), "matrix": matrix}})
    assert faults == []
    resolved = resolve(weighting_from(part), ("c", "b", "a"), "f")
    assert list(resolved.shares) == ["c", "b", "a"]
    assert close(resolved.shares["a"], 4 / 7)
    assert resolved.consistency is not None
    assert close(resolved.consistency.ratio, 0)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({}, ("", "at least one entry", "none")),
        ({"a": 0}, ("a", "a number above 0", "0")),
        ({"a": "x"}, ("a", "a number", "'x'")),
        ({"a": True}, ("a", "a number", "true")),
        (
            {"a": 1, "ahp": {"order": ["a"], "matrix": [[1]]}},
            ("", "weights by name, or the key ahp alone", "both ahp and 'a'"),
        ),
        ({"ahp": {"order": ["a"]}}, ("ahp", "one of the keys matrix and matrices", "neither")),
        (
            {"ahp": {"order": ["a"], "matrix": [[1]], "matrices": [[[1]]]}},
            ("ahp", "one of the keys matrix and matrices", "both"),
        ),
        (
            {"ahp": {"order": ["a", "b"], "matrix": [[1, 2]]}},
            ("ahp.matrix", "2 rows, one for each entry of order", "1 row"),
        ),
        (
            {"ahp": {"order": ["a", "b"], "matrix": [[1, 2], [0.5]]}},
            ("ahp.matrix.1", "2 numbers", "1"),
        ),
        (
            {"ahp": {"order": ["a", "b"], "matrices": [[[1, 2], [0.5, 1]], [[1, 2], [2, 1]]]}},
            ("ahp.matrices.1.1.0", "the reverse of a against b, 1/2 = 0.5", "2"),
        ),
        (
            {"ahp": {"order": ["a", "b"], "matrix": [[2, 2], [0.5, 1]]}},
            ("ahp.matrix.0.0", "1, as anything against itself", "2"),
        ),
        (
            {"ahp": {"order": ["a", "b"], "matrix": [[1, -2], [0.5, 1]]}},
            ("ahp.matrix.0.1", "a number above 0", "-2"),
        ),
        (
            {"ahp": {"order": ["a", "a"], "matrix": [[1, 2], [0.5, 1]]}},
            ("ahp.order", "each entry once", "'a' twice"),
        ),
        (
            {"ahp": {"order": ["a", "b"], "matrix": [[1, "1/0"], [1, 1]]}},
            ("ahp.matrix.0.1", "a number, or a fraction such as 1/3", "'1/0'"),
        ),
    ],
)
def test_malformed_weights(data: object, fault: tuple[str, str, str]) -> None:
    assert fault in found(data)


def test_rounding_is_no_contradiction() -> None:
    assert found({"ahp": {"order": ["a", "b"], "matrix": [[1, 3], [0.33, 1]]}}) == []


def test_more_than_ten_things_are_refused() -> None:
    names = [f"n{i}" for i in range(11)]
    data = {"ahp": {"order": names, "matrix": [[1] * 11] * 11}}
    assert ("ahp.order", "at most 10 things to compare", "11") in found(data)


def test_names_that_do_not_match_are_refused_in_the_file_and_later() -> None:
    assert found({"a": 1, "z": 1}, ("a", "b")) == [
        ("", "each of a, b once", "no 'b' and the unknown 'z'")
    ]
    with pytest.raises(SpecError) as error:
        resolve(Weighting((("a", 1.0), ("z", 1.0))), ("a", "b"), "methods.x")
    assert [str(problem) for problem in error.value.problems] == [
        "methods.x: weights: expected a weight for every part, got none for b",
        "methods.x: weights: expected only a and b, got z",
    ]


def test_judgements_in_a_circle_are_refused() -> None:
    """Largest eigenvalue 1 + 5 + 1/5 = 6.2; CI = 3.2 / 2 = 1.6; CR = 1.6 / 0.58 = 2.76."""
    with pytest.raises(SpecError) as error:
        resolve(Weighting((), ABC, (ROUND,)), ABC, "methods.x")
    told = str(error.value)
    assert told.startswith(
        "methods.x: weights.ahp.matrix: expected a consistency ratio below 0.1, got 2.76; look "
        "first at a against b: it is 5, where the other judgements imply about 0.04"
    )


def test_one_expert_in_a_circle_is_named() -> None:
    with pytest.raises(SpecError) as error:
        resolve(Weighting((), ABC, (EVEN, ROUND)), ABC, "methods.x")
    assert [problem.path for problem in error.value.problems] == ["weights.ahp.matrices[1]"]


def test_experts_are_pooled_by_geometric_means() -> None:
    """2 and 8 pool to 4, so 0.8 and 0.2."""
    two = Weighting((), ("a", "b"), (((1.0, 2.0), (0.5, 1.0)), ((1.0, 8.0), (0.125, 1.0))))
    pooled = judge(two)
    assert close(pooled.shares["a"], 0.8)
    assert pooled.consistency is not None
    assert pooled.consistency.ratios == (0, 0)
    first, second = pooled.consistency.expert_weights
    assert close(first["a"], 2 / 3)
    assert close(second["a"], 8 / 9)


def test_every_method_of_a_study_is_checked_at_once() -> None:
    bad = Weighting((), ABC, (ROUND,))
    factor = FuzzyFactor("f", Text((("en", "f"),)), ABC, bad)
    methods = [
        RatingForm("form", "rating_form", None, items=ABC, weighting=bad),
        Fuzzy("fuzzy", "fuzzy", None, factors=(factor,)),
        Ahp("experts", "ahp", None, bad),
        RatingForm("fine", "rating_form", None, items=ABC),
    ]
    with pytest.raises(SpecError) as error:
        resolve_all(methods, "study.yaml")
    assert {problem.where for problem in error.value.problems} == {"study.yaml"}
    assert [problem.path for problem in error.value.problems] == [
        "methods.form.weights.ahp.matrix",
        "methods.fuzzy.factors.f.weights.ahp.matrix",
        "methods.experts.matrix",
    ]
    resolve_all(methods[3:], "study.yaml")
