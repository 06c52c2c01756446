"""Replicates: strata, PSUs, streams, and the sum of groups that makes `all`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from simulated import make_survey, take

from acsi_sem.inference.replicates import CHUNK, Replicates, draw_replicates, stream
from acsi_sem.inference.sample import Sample, group_moments, make_sample
from acsi_sem.survey.survey import Survey


def sample_of(survey: Survey) -> Sample:
    """Reduce a survey."""
    return make_sample(survey)


def assert_all_adds_up(drawn: Replicates) -> None:
    """Weights add exactly; means to rounding, as each part is divided by its own weight."""
    every, one, two = (drawn.moments[name] for name in ("all", "group 1", "group 2"))
    assert_array_equal(every.weight, one.weight + two.weight)
    total = one.mean * one.weight[:, None] + two.mean * two.weight[:, None]
    assert_allclose(every.mean, total / every.weight[:, None], rtol=1e-12)


def test_all_is_the_sum_of_its_groups() -> None:
    drawn = draw_replicates(sample_of(make_survey()), {}, replicates=150, seed=1, study="s")
    assert_all_adds_up(drawn)


def test_a_group_does_not_depend_on_the_others() -> None:
    survey = make_survey(sizes=(150, 180))
    both = draw_replicates(sample_of(survey), {}, replicates=150, seed=1, study="s")
    assert survey.groups is not None
    alone = take(survey, np.arange(150, 330))
    assert alone.groups is not None
    codes, name = np.zeros(180, np.intp), ("group 2",)
    only = replace(alone, groups=replace(alone.groups, codes=codes, categories=name, keys=name))
    one = draw_replicates(sample_of(only), {}, replicates=150, seed=1, study="s")
    assert_array_equal(both.moments["group 2"].covariance, one.moments["group 2"].covariance)


def test_more_replicates_begin_with_the_same_ones() -> None:
    sample = sample_of(make_survey())
    few = draw_replicates(sample, {}, replicates=CHUNK, seed=1, study="s")
    many = draw_replicates(sample, {}, replicates=CHUNK + 30, seed=1, study="s")
    same = many.moments["group 1"].covariance[:CHUNK]
    assert_array_equal(few.moments["group 1"].covariance, same)


def test_streams_differ_by_every_part_of_their_key() -> None:
    keys = [
        (1, "s", "g", 0),
        (2, "s", "g", 0),
        (1, "t", "g", 0),
        (1, "s", "h", 0),
        (1, "s", "g", 1),
    ]
    keys += [(1, "sg", "", 0), (1, "", "sg", 0)]
    draws = {stream(*key).integers(0, 2**62) for key in keys}
    assert len(draws) == len(keys)
    assert stream(*keys[0]).integers(0, 2**62) == stream(*keys[0]).integers(0, 2**62)


def test_cells_add_up_to_their_group() -> None:
    survey = make_survey(missing=0.0)
    codes = {part.column: (part.codes, len(part.categories)) for part in survey.factors}
    sample = sample_of(survey)
    drawn = draw_replicates(sample, codes, replicates=120, seed=3, study="s")
    for group in ("all", "group 1", "group 2"):
        total = drawn.cells[group, "gender"].sum(axis=1)
        assert_array_equal(total[:, 0], drawn.moments[group].weight)


def test_strata_are_drawn_apart() -> None:
    survey = make_survey(grouped=False, missing=0.0)
    strata = (np.arange(330) % 3).astype(np.intp)
    survey = replace(survey, design=replace(survey.design, strata=strata))
    cells = draw_replicates(
        sample_of(survey), {"h": (strata, 3)}, replicates=110, seed=1, study="s"
    )
    # Counts of n / (n - 1) add up to n but for rounding.
    assert_allclose(cells.cells["all", "h"][:, :, 0], np.full((110, 3), 110.0), rtol=1e-12)


def test_rows_of_a_psu_are_drawn_together() -> None:
    survey = make_survey(grouped=False, missing=0.0)
    psu = (np.arange(330) // 10).astype(np.intp)
    survey = replace(survey, design=replace(survey.design, psu=psu))
    drawn = draw_replicates(
        sample_of(survey), {"psu": (psu, 33)}, replicates=110, seed=1, study="s"
    )
    counts = drawn.cells["all", "psu"][:, :, 0]
    drawn_times = counts / 10 * 32 / 33
    assert_allclose(drawn_times, np.rint(drawn_times), atol=1e-12)
    assert_allclose(counts.sum(axis=1), np.full(110, 330.0), rtol=1e-12)


def test_psus_across_groups_are_drawn_for_the_whole_survey() -> None:
    survey = make_survey(sizes=(150, 150), missing=0.0)
    psu = (np.arange(300) % 30).astype(np.intp)
    survey = replace(survey, design=replace(survey.design, psu=psu))
    drawn = draw_replicates(
        sample_of(survey), {"psu": (psu, 30)}, replicates=110, seed=1, study="s"
    )
    one, two = (drawn.cells[f"group {g}", "psu"][:, :, 0] for g in (1, 2))
    assert_array_equal(one, two)  # each PSU has five rows in both groups
    assert_all_adds_up(drawn)


def test_the_spread_of_a_mean_is_the_textbook_one() -> None:
    survey = make_survey(grouped=False, missing=0.0)
    sample = sample_of(survey)
    drawn = draw_replicates(sample, {}, replicates=20_000, seed=1, study="s")
    means = drawn.moments["all"].mean[:, 0]
    expected = group_moments(sample).sd[0, 0] / np.sqrt(330)
    # Monte-Carlo error of a standard deviation of 20,000 draws: 0.5 %; four of them.
    assert_allclose(means.std(), expected, rtol=0.02)


def test_weights_stay_with_their_rows() -> None:
    weights = np.random.default_rng(1).uniform(0.5, 2, 330)
    survey = make_survey(grouped=False, missing=0.0, weights=weights)
    drawn = draw_replicates(sample_of(survey), {}, replicates=5_000, seed=1, study="s")
    assert_allclose(drawn.moments["all"].weight.mean(), weights.sum(), rtol=5e-3)
    assert not np.allclose(drawn.moments["all"].weight, weights.sum())


def complaints(survey: Survey, replicates: int = 4000) -> tuple[float, dict[str, int]]:
    """Return the bootstrap standard error of the complaints rate of `all`, and the freedom."""
    drawn = draw_replicates(sample_of(survey), {}, replicates=replicates, seed=1, study="s")
    means = drawn.moments["all"].mean
    return float(means[:, 11].std(ddof=1)), dict(drawn.freedom)


def linearised(survey: Survey) -> float:
    """Return the textbook standard error of the complaints rate from PSU totals in strata."""
    psu, strata = survey.design.psu, survey.design.strata
    assert psu is not None
    assert strata is not None
    residual = survey.values[:, 11] - survey.values[:, 11].mean()
    variance = 0.0
    for stratum in np.unique(strata):
        units = np.unique(psu[strata == stratum])
        totals = np.array([residual[psu == unit].sum() for unit in units])
        variance += len(units) * totals.var(ddof=1)
    return float(np.sqrt(variance) / len(residual))


def test_two_psus_per_stratum_have_the_textbook_spread() -> None:
    survey = make_survey(sizes=(320,), grouped=False, missing=0.0)
    psu = (np.arange(320) // 8).astype(np.intp)
    survey = replace(survey, design=replace(survey.design, psu=psu, strata=psu // 2))
    found, freedom = complaints(survey)
    # Monte-Carlo error of 4,000 draws 1.1 %; the ordinary bootstrap would give 0.71 of it.
    assert_allclose(found, linearised(survey), rtol=0.05)
    assert freedom == {"all": 20}


def test_strata_too_thin_within_groups_are_drawn_over_the_whole_survey() -> None:
    survey = make_survey(sizes=(40, 40, 40), missing=0.0)
    rows = np.arange(120).astype(np.intp)
    strata = rows % 40  # one row of each group in each stratum
    design = replace(survey.design, strata=strata, psu=rows)
    survey = replace(survey, design=design)
    found, freedom = complaints(survey)
    assert_allclose(found, linearised(survey), rtol=0.05)
    assert freedom["all"] == 80


def test_a_design_without_variance_says_so() -> None:
    survey = make_survey(sizes=(100, 120), missing=0.0)
    psu = np.repeat([0, 1], [100, 120]).astype(np.intp)
    survey = replace(survey, design=replace(survey.design, psu=psu, strata=psu))
    drawn = draw_replicates(sample_of(survey), {}, replicates=110, seed=1, study="s")
    for group in ("all", "group 1", "group 2"):
        assert drawn.freedom[group] == 0
        assert "single unit" in drawn.withheld(group)
