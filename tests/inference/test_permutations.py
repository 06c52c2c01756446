"""What is exchanged between two groups, and that the design's sizes are kept."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from group_cases import PAIR, means_of, two_items
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from simulated import take

from acsi_sem.errors import UsageError
from acsi_sem.inference.permutations import (
    Permuted,
    Plan,
    all_pairs,
    check_pairs,
    permute_pair,
    plan_pair,
    way_notices,
)
from acsi_sem.inference.sample import Sample, make_sample
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import MissingRule, WeightKind

Floats = NDArray[np.float64]


def answers(n: int, seed: int = 1) -> Floats:
    """Draw two items."""
    return np.random.default_rng(seed).uniform(0, 100, (n, 2))


def permuted(
    survey: Survey, permutations: int = 300, seed: int = 1, rule: MissingRule = "complete"
) -> tuple[Plan, Permuted]:
    """Permute the two groups of a survey under the estimator of means."""
    sample = make_sample(survey, rule)
    plan = plan_pair(sample, PAIR)
    level = 0.5  # so that small cases are not withheld
    found = permute_pair(
        sample,
        plan,
        means_of(sample),
        permutations=permutations,
        seed=seed,
        study="s",
        level=level,
    )
    assert found.withheld == ""
    return plan, found


def differences(found: Permuted) -> Floats:
    """Return the permuted differences of the first item's mean."""
    return np.asarray(found.one["index"][:, 0] - found.other["index"][:, 0])


def design(**columns: list[int]) -> dict[str, Any]:
    """Make design columns."""
    return {name: np.array(codes, dtype=np.intp) for name, codes in columns.items()}


def labels(text: str) -> NDArray[np.intp]:
    """Turn '0011' into group codes."""
    return np.array([int(letter) for letter in text], dtype=np.intp)


def test_every_arrangement_of_a_tiny_sample_is_reached_and_no_other() -> None:
    values = answers(7)
    _, found = permuted(two_items(values, labels("0010011")), 4000)
    expected = []
    for ours in combinations(range(7), 4):
        one = np.isin(np.arange(7), ours)
        expected.append(values[one, 0].mean() - values[~one, 0].mean())
    drawn, counts = np.unique(differences(found).round(9), return_counts=True)
    assert_allclose(drawn, np.sort(expected), atol=1e-8)
    # Each of 35 is drawn 4000 / 35 = 114 times with standard error 10.5; five of them.
    assert np.abs(counts - 4000 / 35).max() < 53


@pytest.mark.parametrize(
    ("columns", "way", "blocks"),
    [
        ({}, "respondents over both groups", [(8, 4)]),
        ({"strata": [0, 0, 0, 1, 0, 0, 1, 1]}, "respondents within the strata", [(5, 3), (3, 1)]),
        ({"strata": [0, 0, 1, 1, 2, 2, 3, 3]}, "respondents over both groups", [(8, 4)]),
        ({"strata": [0, 0, 1, 1, 0, 0, 3, 3]}, "over all other strata", [(4, 2), (4, 2)]),
        ({"psu": [0, 0, 1, 2, 3, 3, 4, 4]}, "whole PSUs over both groups", [(5, 3)]),
        ({"psu": [0, 0, 1, 1, 0, 0, 1, 1]}, "within the PSUs that hold", [(4, 2), (4, 2)]),
        ({"psu": [0, 0, 1, 2, 0, 3, 4, 4]}, "respondents within the PSUs", [(3, 2), (4, 2)]),
        (
            {"psu": [0, 0, 1, 2, 3, 3, 4, 5], "strata": [0, 0, 0, 1, 0, 0, 1, 1]},
            "whole PSUs within the strata",
            [(3, 2), (3, 1)],
        ),
    ],
)
def test_the_design_says_what_is_exchanged(
    columns: dict[str, list[int]], way: str, blocks: list[tuple[int, int]]
) -> None:
    sample = make_sample(two_items(answers(8), labels("00001111"), **design(**columns)))
    plan = plan_pair(sample, PAIR)
    totals = np.bincount(plan.block, plan.counts).astype(int)
    assert sorted(zip(totals.tolist(), plan.first.tolist(), strict=True)) == sorted(blocks)
    assert way in plan.way


def weights_seen(survey: Survey, permutations: int = 200) -> Floats:
    """Return each row's weight in the first group under every permutation."""
    sample = make_sample(survey)
    rows = np.eye(sample.weights.size)

    class Rows:
        """Sums that are the weights themselves."""

        def sum_rows(self, weights: Floats, at: NDArray[np.intp]) -> Floats:
            return weights @ rows[at]

        def mean_rows(self, at: NDArray[np.intp]) -> Floats:
            return rows[at]

    seen = Sample(
        sample.products,
        sample.origin,
        sample.weights,
        sample.frequency,
        sample.strata,
        sample.psu,
        sample.designed,
        sample.groups,
        Rows(),  # type: ignore[arg-type]
    )
    found = permute_pair(
        seen,
        plan_pair(seen, PAIR),
        lambda sums: {"w": sums, "ok": np.ones(len(sums))},
        permutations=permutations,
        seed=1,
        study="s",
        level=0.5,
    )
    assert_allclose(found.one["w"] + found.other["w"], sample.weights[None].repeat(permutations, 0))
    return np.asarray(found.one["w"])


def test_whole_psus_move_together_with_their_weights_and_within_strata() -> None:
    psu, strata = [0, 0, 1, 2, 3, 3, 4, 5], [0, 0, 0, 1, 0, 0, 1, 1]
    weights = np.arange(1.0, 9.0)
    columns = design(psu=psu, strata=strata)
    seen = weights_seen(two_items(answers(8), labels("00001111"), weights=weights, **columns))
    ours = seen / weights
    assert set(np.unique(ours)) == {0.0, 1.0}
    assert_array_equal(ours[:, 0], ours[:, 1])
    assert_array_equal(ours[:, 4], ours[:, 5])
    units = ours[:, [0, 2, 3, 4, 6, 7]]
    assert_array_equal(units[:, [0, 1, 3]].sum(axis=1), np.full(200, 2))
    assert_array_equal(units[:, [2, 4, 5]].sum(axis=1), np.full(200, 1))


def test_rows_of_shared_psus_stay_in_their_psu() -> None:
    psu = [0, 0, 0, 1, 1, 1, 1, 2]
    seen = weights_seen(two_items(answers(8), labels("00101101"), **design(psu=psu)))
    assert_array_equal(seen[:, :3].sum(axis=1), np.full(200, 2))
    assert_array_equal(seen[:, 3:7].sum(axis=1), np.full(200, 2))
    assert_array_equal(seen[:, 7], np.zeros(200))
    plan = plan_pair(
        make_sample(two_items(answers(8), labels("00101101"), **design(psu=psu))), PAIR
    )
    assert "(12 % of the rows stay in their group)" in plan.way


def test_frequencies_are_repeated_rows_in_distribution() -> None:
    values, codes = answers(12), labels("010011001011")
    counts = np.array([3, 1, 2, 4, 1, 1, 2, 5, 1, 3, 2, 1])
    weighted = two_items(values, codes, weights=counts.astype(float), kind="frequency")
    repeated = two_items(np.repeat(values, counts, axis=0), np.repeat(codes, counts))
    one, other = (differences(permuted(survey, 6000)[1]) for survey in (weighted, repeated))
    error = other.std() / np.sqrt(6000)
    # Both means are drawn: the difference has sqrt(2) errors; four of them. Standard deviations
    # of nearly normal values err by a share 1 / sqrt(2 * 6000) each.
    assert abs(one.mean() - other.mean()) < 4 * np.sqrt(2) * error
    assert one.std() == pytest.approx(other.std(), rel=4 / np.sqrt(6000))
    # The permutation variance of a difference of means of N respondents has a closed form.
    full = np.repeat(values[:, 0], counts)
    ours = counts[codes == 0].sum()
    expected = full.var(ddof=1) * (1 / ours + 1 / (full.size - ours))
    assert one.var() == pytest.approx(expected, rel=4 * np.sqrt(2 / 6000))


def test_the_scale_of_sampling_weights_does_not_matter() -> None:
    weights = np.random.default_rng(3).uniform(0.5, 2, 40)
    values, codes = answers(40), np.arange(40) % 2
    one, other = (
        differences(permuted(two_items(values, codes, weights=w))[1])
        for w in (weights, 1000 * weights)
    )
    assert_allclose(one, other, rtol=0, atol=1e-10)  # rounding of means of size 100


@pytest.mark.parametrize("rule", ["complete", "mean", "em"])
@pytest.mark.parametrize(
    "layout", ["rows", "frequency", "strata", "whole PSUs", "shared PSUs", "single PSUs"]
)
def test_the_order_of_rows_does_not_matter_to_the_byte(layout: str, rule: MissingRule) -> None:
    rng = np.random.default_rng(4)
    # Few distinct answers, so that rows tie in them and differ in weight, PSU or group alone.
    values = rng.integers(0, 4, (60, 2)).astype(float)
    values[rng.random((60, 2)) < 0.1] = np.nan
    codes = np.arange(60) % 2
    kind: WeightKind = "frequency" if layout == "frequency" else "sampling"
    columns: dict[str, Any] = {
        "strata": {"strata": np.arange(60) // 20},
        "whole PSUs": {"psu": np.arange(60) % 12},
        "shared PSUs": {"psu": np.arange(60) // 5},
        "single PSUs": {"psu": rng.permutation(60)},
    }.get(layout, {})
    survey = two_items(
        values, codes, weights=rng.integers(1, 4, 60).astype(float), kind=kind, **columns
    )
    one, other = (
        permuted(found, rule=rule)[1] for found in (survey, take(survey, rng.permutation(60)))
    )
    assert_array_equal(one.one["index"], other.one["index"])
    assert_array_equal(one.other["index"], other.other["index"])
    assert differences(one).std() > 0


def test_the_same_seed_gives_the_same_permutations() -> None:
    survey = two_items(answers(30), np.arange(30) % 2)
    first = differences(permuted(survey)[1])
    assert_array_equal(first, differences(permuted(survey)[1]))
    assert_array_equal(first[:256], differences(permuted(survey, 256)[1]))  # whole chunks
    assert not np.array_equal(first, differences(permuted(survey, seed=2)[1]))


def test_too_few_units_or_permutations_withhold_the_p_value() -> None:
    columns = design(psu=[0, 0, 1, 1, 2, 2, 3, 3])
    plan = plan_pair(make_sample(two_items(answers(8), labels("00001111"), **columns)), PAIR)
    assert "cannot fall below 0.33" in plan.withheld(999, 0.95)
    assert plan.withheld(999, 0.6) == ""
    large = plan_pair(make_sample(two_items(answers(60), np.arange(60) % 2)), PAIR)
    assert large.withheld(19, 0.95) == ""
    assert "18 permutations are too few" in large.withheld(18, 0.95)
    assert large.withheld(9, 0.9) == ""  # 1 - 0.9 is not quite 0.1 in binary
    assert "19 permutations are too few" in large.withheld(19, 0.95, tails=2)
    assert "no permutations were asked for" in large.withheld(0, 0.95)


@pytest.mark.parametrize(("failing", "withheld"), [(3, ""), (30, "10.0 % of the permutations")])
def test_failed_permutations_are_left_out_and_told_when_many(failing: int, withheld: str) -> None:
    sample = make_sample(two_items(answers(40), np.arange(40) % 2))
    calls: list[int] = []

    def estimate(sums: Floats) -> dict[str, Floats]:
        half = len(sums) // 2
        ok = np.ones(len(sums))
        if not calls:
            ok[: failing - 1] = 0
            ok[half + failing - 1] = 0  # the second group alone failed
        calls.append(half)
        return {"value": sums[:, 0], "ok": ok}

    found = permute_pair(
        sample, plan_pair(sample, PAIR), estimate, permutations=300, seed=1, study="s", level=0.95
    )
    assert len(found.one["value"]) == len(found.other["value"]) == 300 - failing
    assert withheld in found.withheld
    assert bool(found.withheld) == bool(withheld)
    assert sum(calls) == 300


def test_pairs_stand_in_table_order_and_too_many_are_refused() -> None:
    names = ["all", *"abcdefghij"]
    assert all_pairs(names)[:2] == [("a", "b"), ("a", "c")]
    assert len(all_pairs(names)) == 45
    assert all_pairs(["all", "a"]) == []
    with pytest.raises(UsageError, match="55 pairs of 11 groups; name the pairs to compare"):
        all_pairs([*names, "k"])


def test_pairs_must_be_two_groups_of_the_survey() -> None:
    sample = make_sample(two_items(answers(8), labels("00001111")))
    check_pairs(sample, [("one", "two")])
    with pytest.raises(UsageError) as error:
        check_pairs(sample, [("one", "one"), ("all", "two"), ("two", "tow")])
    assert len(error.value.problems) == 3


def test_a_way_is_told_once_with_its_pairs() -> None:
    names = ("a", "b", "c", "d")
    sample = make_sample(two_items(answers(8), np.arange(8) % 4, names))
    plans = [plan_pair(sample, pair) for pair in all_pairs(names)]
    (notice,) = way_notices(plans, "pls")
    assert notice.message == "Permuted to compare groups: respondents over both groups."
    assert notice.subject == "a and b; a and c; a and d; 3 more pairs"
