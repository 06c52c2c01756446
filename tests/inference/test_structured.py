"""Jackknife, half-samples and given replicate weights: closed forms, equalities, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from simulated import make_survey, take

from acsi_sem.errors import UsageError
from acsi_sem.inference import structured
from acsi_sem.inference.replicates import CHUNK, Replicates, draw_replicates
from acsi_sem.inference.sample import group_moments, make_sample
from acsi_sem.inference.structured import structured_replicates
from acsi_sem.kernels.replicate_designs import jackknife_factors, replicate_variance
from acsi_sem.survey.survey import Design, ReplicateWeights, Survey
from acsi_sem.terms import ReplicateMethod, Resampling

Floats = NDArray[np.float64]
ROUNDING = 1e-9
"""Replicates reach the closed form by differences of sums over up to 400 rows."""


def make(survey: Survey, kind: Resampling = "jackknife", fay: float = 0.5) -> Replicates:
    """Make replicates and watch that progress is told."""
    done: list[int] = []
    found = structured_replicates(make_sample(survey), {}, kind, fay, done.append)
    assert sum(done) > 0
    return found


def variances(survey: Survey, found: Replicates) -> Mapping[str, Floats]:
    """Return the variance of the item means of each group."""
    sample = make_sample(survey)
    point = group_moments(sample).mean
    return {
        name: replicate_variance(found.moments[name].mean, point[at], found.coefficients[name])
        for at, (name, _) in enumerate(sample.groups)
    }


def designed(survey: Survey, **parts: object) -> Survey:
    """Give a survey another design."""
    return replace(survey, design=replace(survey.design, **parts))  # type: ignore[arg-type]


def numbers(values: object) -> NDArray[np.intp]:
    """Return codes as a design holds them."""
    return np.asarray(values, dtype=np.intp)


def in_strata(rows: int = 240, size: int = 5, strata: int = 4) -> Survey:
    """Make one group of PSUs of equal size and weight in strata, so that a mean is linear."""
    weights = np.tile([1.0, 2.0, 0.5, 1.5, 3.0], rows // 5)
    survey = make_survey(sizes=(rows,), missing=0.0, grouped=False, weights=weights)
    psu = np.arange(rows) // size
    return designed(survey, psu=numbers(psu), strata=numbers(psu * strata * size // rows))


def closed_form(survey: Survey, fractions: Floats | float = 0.0) -> Floats:
    """Return the textbook variance of a mean: PSU totals about their stratum's mean."""
    design = survey.design
    assert design.strata is not None
    assert design.psu is not None
    total = np.zeros(survey.values.shape[1])
    share = np.broadcast_to(fractions, design.weights.shape)
    scores = design.weights[:, None] * survey.values / design.weights.sum()
    for stratum in np.unique(design.strata):
        units = np.unique(design.psu[design.strata == stratum])
        sums = np.array([scores[design.psu == unit].sum(axis=0) for unit in units])
        kept = 1 - share[design.strata == stratum][0]
        total += kept * len(units) / (len(units) - 1) * ((sums - sums.mean(axis=0)) ** 2).sum(0)
    return total


def test_jackknife_of_a_mean_is_the_textbook_variance_in_every_group() -> None:
    survey = make_survey(missing=0.0)
    found = variances(survey, make(survey))
    parts = {"group 1": survey.values[:150], "group 2": survey.values[150:]}
    own = {name: values.var(axis=0, ddof=1) / len(values) for name, values in parts.items()}
    for name, expected in own.items():
        assert_allclose(found[name], expected, rtol=ROUNDING)
    # Groups are drawn apart, so that in `all` they are strata.
    whole = (150 / 330) ** 2 * own["group 1"] + (180 / 330) ** 2 * own["group 2"]
    assert_allclose(found["all"], whole, rtol=ROUNDING)


def test_jackknife_of_psus_in_strata_is_the_closed_form() -> None:
    survey = in_strata()
    found = make(survey)
    assert found.kind == "jackknife"
    assert found.freedom == {"all": 44}
    assert found.coefficients["all"].shape == (48,)
    assert_allclose(variances(survey, found)["all"], closed_form(survey), rtol=ROUNDING)


def test_a_finite_population_takes_its_share_off_stratum_by_stratum() -> None:
    survey = in_strata()
    assert survey.design.strata is not None
    fractions = np.array([0.0, 0.25, 0.5, 1.0])[survey.design.strata]
    finite = designed(survey, sampled=fractions)
    found = variances(finite, make(finite))["all"]
    assert_allclose(found, closed_form(survey, fractions), rtol=ROUNDING)
    assert (found < closed_form(survey)).all()


def test_a_lonely_unit_is_never_left_out() -> None:
    survey = in_strata()
    assert survey.design.strata is not None
    strata = survey.design.strata.copy()
    strata[:5] = 4
    lonely = designed(survey, strata=strata)
    found = make(lonely)
    assert found.coefficients["all"].shape == (47,)
    assert found.freedom == {"all": 43}
    assert (found.moments["all"].weight > 0).all()


def test_where_no_unit_can_be_left_out_errors_are_withheld() -> None:
    survey = in_strata(strata=48)
    found = make(survey)
    assert found.withheld("all").startswith("no standard error")
    assert_allclose(found.moments["all"].mean, group_moments(make_sample(survey)).mean)


def test_frequencies_are_repeated_rows() -> None:
    counts = np.random.default_rng(5).integers(1, 4, 330).astype(float)
    survey = make_survey(missing=0.0, weights=counts)
    survey = designed(survey, weight_kind="frequency")
    rows = np.repeat(np.arange(330), counts.astype(int)).astype(np.intp)
    whole = take(survey, rows)
    repeated = replace(whole, design=Design(np.ones(rows.size)))
    one, other = make(survey), make(repeated)
    for name in ("all", "group 1", "group 2"):
        assert one.coefficients[name].size < other.coefficients[name].size
        assert_allclose(one.coefficients[name].sum(), other.coefficients[name].sum(), rtol=ROUNDING)
    apart, joined = variances(survey, one), variances(repeated, other)
    for name, expected in joined.items():
        assert_allclose(apart[name], expected, rtol=ROUNDING)


def test_groups_that_cut_psus_are_domains_of_the_whole() -> None:
    survey = make_survey(sizes=(60, 90), missing=0.0, weights=np.linspace(1, 2, 150))
    psu = numbers(np.arange(150) % 15)
    survey = designed(survey, psu=psu, strata=numbers(psu // 5))
    found = make(survey)
    assert survey.groups is not None
    inside = survey.groups.codes == 1
    weights, strata, means = survey.design.weights, psu // 5, []
    for left in range(15):
        factor = np.where(strata == left // 5, np.where(psu == left, 0.0, 5 / 4), 1.0)[inside]
        means.append(np.average(survey.values[inside], axis=0, weights=factor * weights[inside]))
    point = np.average(survey.values[inside], axis=0, weights=weights[inside])
    expected = 4 / 5 * ((np.array(means) - point) ** 2).sum(axis=0)
    assert_allclose(variances(survey, found)["group 2"], expected, rtol=ROUNDING)
    assert found.freedom["group 2"] == 12


@pytest.mark.parametrize(("kind", "fay"), [("brr", 0.5), ("fay", 0.3), ("fay", 0.7)])
def test_half_samples_of_a_mean_are_the_closed_form(kind: Resampling, fay: float) -> None:
    survey = in_strata(rows=60, strata=6)
    found = make(survey, kind, fay)
    assert found.kind == kind
    assert found.coefficients["all"].size == 8
    assert_allclose(variances(survey, found)["all"], closed_form(survey), rtol=ROUNDING)


def test_half_samples_are_drawn_within_groups_of_paired_strata() -> None:
    survey = make_survey(sizes=(40, 60), missing=0.0)
    assert survey.groups is not None
    survey = designed(survey, strata=numbers(np.arange(100) // 2))
    found = variances(survey, make(survey, "brr"))
    gaps = survey.values[::2] - survey.values[1::2]
    assert_allclose(found["group 1"], (gaps[:20] ** 2).sum(axis=0) / 40**2, rtol=ROUNDING)
    assert_allclose(found["group 2"], (gaps[20:] ** 2).sum(axis=0) / 60**2, rtol=ROUNDING)
    assert_allclose(found["all"], (gaps**2).sum(axis=0) / 100**2, rtol=ROUNDING)


def given(
    survey: Survey, weights: Floats, method: ReplicateMethod, scale: float | None = None
) -> Survey:
    """Give a survey replicate weights."""
    return designed(survey, replicates=ReplicateWeights(weights, method, scale, 0.0))


def test_given_jackknife_weights_reproduce_the_jackknife() -> None:
    weights = np.random.default_rng(3).uniform(0.5, 2, 200)
    survey = make_survey(sizes=(200,), missing=0.0, grouped=False, weights=weights)
    factors = jackknife_factors(numbers(np.zeros(200)))
    assert len(factors) > CHUNK
    own = variances(survey, make(survey))["all"]
    columns = given(survey, factors * weights, "jkn", 199 / 200)
    found = make(columns, "columns")
    assert_allclose(variances(survey, found)["all"], own, rtol=ROUNDING)
    assert found.freedom == {"all": 199}
    by_default = make(given(survey, factors * weights, "jk1"), "columns")
    assert_allclose(variances(survey, by_default)["all"], own, rtol=ROUNDING)


def test_given_bootstrap_weights_reproduce_the_bootstrap() -> None:
    survey = in_strata()
    assert survey.design.psu is not None
    # A frame of one category per row shows each row's weight in every replicate.
    rows = np.arange(240, dtype=np.intp)
    drawn = draw_replicates(
        make_sample(survey), {"row": (rows, 240)}, replicates=200, seed=1, study="s"
    )
    found = make(given(survey, drawn.cells["all", "row"][:, :, 0], "bootstrap"), "columns")
    assert_allclose(found.moments["all"].mean, drawn.moments["all"].mean, rtol=1e-12)
    point = group_moments(make_sample(survey)).mean[0]
    about = drawn.moments["all"].mean - point
    expected = (about**2).sum(axis=0) / 199
    assert_allclose(variances(survey, found)["all"], expected, rtol=ROUNDING)
    assert found.freedom == {"all": 44}


def test_freedom_of_given_weights_counts_what_differs_in_the_group() -> None:
    survey = make_survey(missing=0.0)
    factors = np.random.default_rng(2).uniform(0.5, 1.5, (6, 330))
    factors[:, :150] = 1.0
    found = make(given(survey, factors, "bootstrap"), "columns")
    assert found.freedom == {"all": 5, "group 1": 0, "group 2": 5}
    assert found.withheld("group 1")
    assert not found.withheld("group 2")


def test_cells_hold_the_replicate_weights_of_their_category() -> None:
    survey = make_survey(missing=0.0)
    part = survey.factors[0]
    factors = {part.column: (part.codes, 2)}
    found = structured_replicates(make_sample(survey), factors, "jackknife", 0.5, lambda _: None)
    for name in ("all", "group 1", "group 2"):
        total = found.cells[name, part.column][:, :, 0].sum(axis=1)
        assert_allclose(total, found.moments[name].weight, rtol=1e-12)
    assert_array_equal(found.coefficients["group 1"], np.full(150, 149 / 150))


def test_designs_that_do_not_allow_the_kind_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    three = in_strata(rows=60, strata=4)
    with pytest.raises(UsageError) as caught:
        make(three, "brr")
    assert str(caught.value) == (
        "request: resampling: expected a design that allows it, got balanced repeated replication "
        "needs exactly two units in every stratum; 4 of 4 strata have another number (stratum "
        "number 0: 3), in all; use the bootstrap, or linearised limits"
    )
    with pytest.raises(UsageError, match=r"jkn needs a coefficient .*; use the bootstrap"):
        make(given(three, np.ones((4, 60)), "jkn"), "columns")
    monkeypatch.setattr(structured, "MOST_UNITS", 11)
    with pytest.raises(UsageError, match="got 12 units, more than 11, in all; use the bootstrap"):
        make(three)
