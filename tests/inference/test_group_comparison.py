"""Group comparisons: exact distributions, size and power, both p-values, and PLS end to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from acsi_model import acsi_model
from group_cases import PAIR, PAIR_MODEL, cell, means_of, numbers, pls_of, two_items
from numpy.testing import assert_allclose, assert_array_equal
from simulated import make_survey, take
from statsmodels.stats.multitest import multipletests

from acsi_sem.errors import UsageError
from acsi_sem.inference.group_comparison import Compared, compare_groups
from acsi_sem.inference.influence import Fields
from acsi_sem.inference.permutations import all_pairs
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import Sample, make_sample
from acsi_sem.kernels.moments import Floats
from acsi_sem.survey.survey import ReplicateWeights, Survey
from acsi_sem.tables.schema import COMPARISONS, make_table

SETTINGS: Mapping[str, Any] = {"seed": 1, "study": "s", "level": 0.95}


def compared(survey: Survey, permutations: int = 199, **options: Any) -> Compared:
    """Compare every pair of groups by the means of two items."""
    sample = make_sample(survey)
    pairs = all_pairs([name for name, _ in sample.groups])
    draws = options.pop("draws", None)
    settings = {**SETTINGS, "permutations": permutations, **options}
    return compare_groups(PAIR_MODEL, sample, means_of(sample), pairs, draws, **settings)


def two_groups(n: int, shift: float = 0.0, seed: int = 1) -> Survey:
    """Draw n rows in each of two groups, the second `shift` standard deviations higher."""
    rng = np.random.default_rng(seed)
    codes = np.repeat([0, 1], n)
    return two_items(50 + 10 * rng.normal(size=(2 * n, 2)) + 10 * shift * codes[:, None], codes)


def test_the_p_value_is_that_of_the_enumeration() -> None:
    survey = two_groups(5, 1.0)
    values = survey.values[:, 0]
    seen = values[:5].mean() - values[5:].mean()
    every = np.array(
        [
            values[list(ours)].mean() - np.delete(values, list(ours)).mean()
            for ours in combinations(range(10), 5)
        ]
    )
    exact = (np.abs(every) >= abs(seen) - 1e-9).mean()
    row = cell(compared(survey, 8000).rows, op="~")
    # Four standard errors of a share of 8,000 draws.
    assert abs(float(str(row["p_permutation"])) - exact) < 4 * np.sqrt(exact * (1 - exact) / 8000)
    assert row["difference"] == pytest.approx(seen, rel=1e-12)
    low, high = np.quantile(every, [0.025, 0.975])
    # Quantiles of 252 values move by their gaps near the ends, under a tenth of the spread.
    found = numbers((row,), "limit_low")[0], numbers((row,), "limit_high")[0]
    assert_allclose(found, [low, high], atol=0.1 * every.std())


def test_p_values_are_uniform_when_groups_do_not_differ() -> None:
    found = np.array(
        [
            numbers(compared(two_groups(12, seed=s), 99, seed=s).rows, "p_permutation")[[2, 3]]
            for s in range(250)
        ]
    ).ravel()
    for bound in (0.05, 0.1, 0.25, 0.5, 0.75):
        # Four standard errors of a share of 500 independent tests.
        slack = 4 * np.sqrt(bound * (1 - bound) / 500)
        assert abs((found <= bound + 1e-9).mean() - bound) < slack, bound


def clustered(seed: int, *, named: bool) -> Survey:
    """Draw six PSUs of eight rows in each of two groups that do not differ, PSUs differing much."""
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(12), 8).astype(np.intp)
    values = 50 + 5 * rng.normal(size=(96, 2)) + 5 * rng.normal(size=(12, 2))[psu]
    columns: dict[str, Any] = {"psu": psu} if named else {}
    return two_items(values, psu // 6, **columns)


@pytest.mark.parametrize("named", [True, False])
def test_whole_psus_keep_the_level_where_permuting_rows_would_not(named: bool) -> None:
    found = np.array(
        [
            numbers(compared(clustered(s, named=named), 59, seed=s).rows, "p_permutation")[[2, 3]]
            for s in range(150)
        ]
    )
    share = (found <= 0.05).mean()
    if named:
        # Four standard errors of a share of 300 independent tests.
        assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 300)
    else:
        assert share > 0.25  # the variance of a mean is 4.5 times that of independent rows


def test_replicate_weights_of_the_survey_are_compared_draw_by_draw() -> None:
    survey = two_groups(40, 0.3)
    factors = np.ones((80, 10))
    columns = ReplicateWeights(factors, "bootstrap", None, 0.0)
    survey = replace(survey, design=replace(survey.design, replicates=columns))
    draws = drawn(survey)
    gap = draws["one"]["index"][:, 1] - draws["two"]["index"][:, 1]
    share = (2 * gap.mean() - gap <= 0).mean()
    row = cell(compared(survey, draws=draws).rows, op="index", lhs="y")
    assert row["p_bootstrap"] == pytest.approx(2 * min(share, 1 - share), rel=1e-12)


def test_progress_counts_pairs() -> None:
    told: list[tuple[int, int]] = []
    compared(two_groups(5), 19, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 1), (1, 1)]


def test_a_clear_difference_is_found_by_both_tests() -> None:
    survey = two_groups(60, 1.0)
    draws = drawn(survey)
    rows = compared(survey, 499, draws=draws).rows
    # One standard deviation in 60 against 60: z = 5.5, p about 4e-8.
    assert (numbers(rows, "p_permutation") == 1 / 500).all()
    assert (numbers(rows, "p_bootstrap") < 0.001).all()
    assert all(row["note"] == "" for row in rows)
    below = numbers(rows, "difference") < numbers(rows, "limit_low")
    assert below.all()


def drawn(survey: Survey, replicates: int = 500) -> dict[str, Fields]:
    """Draw the bootstrap of the means of every group."""
    sample = make_sample(survey)
    found = draw_replicates(sample, {}, replicates=replicates, seed=1, study="s")

    def fields(name: str) -> Fields:
        mean = found.moments[name].mean
        paths = np.zeros((len(mean), 2, 2))
        paths[:, 1, 0] = mean[:, 0]
        return {"paths": paths, "total": paths, "index": mean, "ok": np.ones(len(mean))}

    return {name: fields(name) for name in PAIR}


def test_the_bootstrap_p_value_is_that_of_all_pairs_of_replicates() -> None:
    survey = two_groups(40, 0.3)
    draws = drawn(survey)
    one, two = (draws[name]["index"][:, 1] for name in PAIR)
    share = ((2 * one.mean() - one)[:, None] <= (2 * two.mean() - two)[None]).mean()
    row = cell(compared(survey, 0, draws=draws).rows, op="index", lhs="y")
    assert row["p_bootstrap"] == pytest.approx(2 * min(share, 1 - share), rel=1e-9)
    assert np.isnan(float(str(row["p_permutation"])))
    assert row["note"] == "no permutation p: no permutations were asked for"


def test_replicates_of_shared_units_are_compared_draw_by_draw() -> None:
    survey = two_groups(40, 0.3)
    design = replace(survey.design, psu=np.tile(np.arange(40), 2).astype(np.intp))
    survey = replace(survey, design=design)
    draws = drawn(survey)
    gap = draws["one"]["index"][:, 1] - draws["two"]["index"][:, 1]
    share = (2 * gap.mean() - gap <= 0).mean()
    row = cell(compared(survey, draws=draws).rows, op="index", lhs="y")
    assert row["p_bootstrap"] == pytest.approx(2 * min(share, 1 - share), rel=1e-12)


def test_failed_replicates_and_failed_fits_are_told() -> None:
    survey = two_groups(40)
    draws = drawn(survey)
    ok = (np.arange(500) >= 30).astype(float)
    draws["two"] = {**draws["two"], "ok": ok}
    rows = compared(survey, draws=draws).rows
    assert {row["note"] for row in rows} == {"bootstrap p withheld: 6.0 % of the replicates failed"}
    assert np.isnan(numbers(rows, "p_bootstrap")).all()
    empty = replace(survey, values=np.where(np.arange(80)[:, None] < 40, np.nan, survey.values))
    rows = compared(empty).rows
    assert {row["note"] for row in rows} == {"no comparison: no fit of one"}
    for column in ("estimate", "difference", "limit_low", "p_permutation", "p_holm"):
        assert np.isnan(numbers(rows, column)).all()


def test_an_estimate_that_permutation_does_not_always_define_is_withheld() -> None:
    survey = two_groups(20)
    sample = make_sample(survey)

    def estimate(sums: Floats) -> Fields:
        found = dict(means_of(sample)(sums))
        index = found["index"].copy()
        index[2:, 0] = np.nan  # fine in the point fits, a batch of two
        return {**found, "index": index}

    rows = compare_groups(
        PAIR_MODEL, sample, estimate, [PAIR], None, permutations=99, **SETTINGS
    ).rows
    bad, good = (cell(rows, op="index", lhs=name) for name in "xy")
    assert str(bad["note"]).startswith("permutation p withheld: not defined in every permutation")
    assert np.isnan([float(str(bad[c])) for c in ("p_permutation", "limit_low", "p_holm")]).all()
    assert float(str(good["p_permutation"])) > 0


def test_holm_adjusts_in_the_families_it_says() -> None:
    rng = np.random.default_rng(5)
    codes = np.arange(90) % 3
    values = 50 + 10 * rng.normal(size=(90, 2)) + 4 * codes[:, None]
    rows = compared(two_items(values, codes, ("a", "b", "c"))).rows
    assert [(row["group"], row["other"]) for row in rows[::4]] == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]
    for construct in "xy":
        mine = tuple(row for row in rows if row["op"] == "index" and row["lhs"] == construct)
        expected = multipletests(numbers(mine, "p_permutation"), method="holm")[1]
        assert_allclose(numbers(mine, "p_holm"), expected, rtol=1e-12)
    single = tuple(row for row in rows if row["op"] in ("~", "total"))
    assert_array_equal(numbers(single, "p_holm"), numbers(single, "p_permutation"))


def test_unknown_pairs_are_refused() -> None:
    sample = make_sample(two_groups(5))
    with pytest.raises(UsageError, match="two of the groups one, two"):
        compare_groups(
            PAIR_MODEL,
            sample,
            means_of(sample),
            [("one", "three")],
            None,
            permutations=9,
            **SETTINGS,
        )


def pls_rows(sample: Sample, permutations: int = 256, **options: Any) -> Compared:
    """Compare two groups of the ACSI model by PLS."""
    model = acsi_model()
    settings = {**SETTINGS, "permutations": permutations, **options}
    pair = [("group 1", "group 2")]
    return compare_groups(model, sample, pls_of(model, sample), pair, None, **settings)


def test_pls_of_two_groups_end_to_end() -> None:
    survey = make_survey(seed=3, sizes=(150, 180))
    found = pls_rows(make_sample(survey))
    table = make_table(COMPARISONS, found.rows)
    assert table["op"].value_counts().to_dict() == {"total": 15, "~": 9, "index": 6}
    again = make_table(COMPARISONS, pls_rows(make_sample(survey)).rows)
    assert table.equals(again)
    # Both groups are drawn alike: 29 dependent tests, of which a twentieth should reject.
    assert (table["p_holm"] > 0.05).mean() > 0.8
    assert (table["limit_low"] < table["limit_high"]).all()
    assert (table["p_permutation"] >= 1 / 257).all()
    (notice,) = found.notices
    assert notice.kind == "permutation"


def test_pls_finds_a_group_without_the_relation() -> None:
    survey = make_survey(seed=4, sizes=(150, 150), missing=0.0)
    values = survey.values.copy()
    values[150:, 8:11] = values[np.random.default_rng(1).permutation(np.arange(150, 300)), 8:11]
    values[150:, 8:11] = np.clip(values[150:, 8:11] - 2, 1, 10)
    rows = pls_rows(make_sample(replace(survey, values=values))).rows
    path = cell(rows, op="~", lhs="satisfaction", rhs="perceived_quality")
    index = cell(rows, op="index", lhs="satisfaction")
    assert index["p_permutation"] == 1 / 257
    assert float(str(path["p_permutation"])) < 0.05
    assert abs(float(str(path["other_estimate"]))) < 0.2 < float(str(path["estimate"]))
    assert float(str(index["difference"])) > 10  # two of nine points, less what is cut at 1
    calm = cell(rows, op="index", lhs="perceived_quality")
    assert float(str(calm["p_permutation"])) > 0.01


def test_the_order_of_rows_does_not_change_a_test_of_pls() -> None:
    survey = make_survey(seed=3)
    order = np.random.default_rng(7).permutation(330)
    one, other = (pls_rows(make_sample(s), 64) for s in (survey, take(survey, order)))
    for column in ("limit_low", "limit_high", "p_permutation", "p_holm"):
        assert_array_equal(numbers(one.rows, column), numbers(other.rows, column))


def test_pls_ignores_the_scale_of_sampling_weights() -> None:
    weights = np.random.default_rng(4).uniform(0.5, 2, 330)
    one, other = (
        pls_rows(make_sample(make_survey(seed=3, weights=w)), 64) for w in (weights, 7 * weights)
    )
    for column in ("estimate", "difference", "limit_low", "limit_high", "p_permutation", "p_holm"):
        # PLS stops at 1e-12; an index is of size 100.
        assert_allclose(numbers(one.rows, column), numbers(other.rows, column), atol=1e-7)
