"""What is said to be true of a nation is what its answers converge to and what engines aim at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acsi_model import acsi_model
from survey_cases import price_model

from acsi_sem.errors import SpecError
from acsi_sem.estimators.ols import estimate_ols, regression_fields
from acsi_sem.estimators.pls import estimate_pls
from acsi_sem.kernels.moments import Moments
from acsi_sem.simulate.exact_moments import LIMIT, make_curves, response_moments
from acsi_sem.simulate.functionals import ols_truth, pls_truth
from acsi_sem.simulate.national import SimulatedNation, make_nation, price_items
from acsi_sem.simulate.national_answers import draw_period, observed_values
from acsi_sem.simulate.national_plan import NationPlan, share_values
from acsi_sem.simulate.national_truth import (
    COLUMNS,
    WINDOW,
    company_truth,
    populations,
    rolling_truth,
    true_readings,
    true_values,
)
from acsi_sem.spec.hierarchy import NATIONAL_FORMS
from acsi_sem.spec.periods import Period

SMALL = NationPlan(sectors=4, industries=6, companies=20, interviews=60, quarters=6)
FIRST = SMALL.first
LAST = SMALL.periods[-1]


@pytest.fixture(scope="module")
def nation() -> SimulatedNation:
    return make_nation(price_model(), SMALL)


@pytest.fixture(scope="module")
def yearly() -> SimulatedNation:
    return make_nation(price_model(), replace(SMALL, rotation="annual"))


def test_moments_are_those_of_two_hundred_thousand_answers() -> None:
    plan = NationPlan(1, 1, 1, interviews=200_000, quarters=1, seed=4)
    one = make_nation(price_model(), plan)
    drawn = draw_period(one, FIRST)
    everybody, left = populations(one, FIRST)
    for values, expected in (
        (drawn.answers, everybody),
        (observed_values(one, drawn), left),
    ):
        answered = ~np.isnan(values)
        weights = drawn.weight[:, None] * answered
        share = weights / weights.sum(axis=0)
        filled = np.where(answered, values, 0.0)
        mean = (share * filled).sum(axis=0)
        error = np.sqrt(((share * (filled - mean)) ** 2).sum(axis=0))
        # 14 means of highly correlated answers: four standard errors
        assert np.abs((mean - expected.mean[0]) / error).max() < 4
        whole = answered.all(axis=1) * drawn.weight
        whole = whole / whole.sum()
        centred = filled - whole @ filled
        covariance = (centred * whole[:, None]).T @ centred
        spread = np.einsum("n,ni,nj->ij", whole**2, centred**2, centred**2)
        error = np.sqrt(spread - (whole**2).sum() * covariance**2)
        assert np.abs((covariance - expected.covariance[0]) / error).max() < 4.5


def test_interpolation_adds_nothing_to_the_integrals(nation: SimulatedNation) -> None:
    for structure in nation.structures[::4]:
        curves = make_curves(nation.model, structure)
        lifts = np.linspace(-LIMIT, LIMIT, 7)
        for found, expected in zip(
            curves.at(lifts), response_moments(nation.model, structure, lifts), strict=True
        ):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)
    with pytest.raises(ValueError, match="not tabulated"):
        curves.at(np.array([LIMIT + 0.01]))


def test_truth_is_what_the_estimators_find_in_the_same_moments(nation: SimulatedNation) -> None:
    population, _ = populations(nation, FIRST)
    ones = np.ones(len(population.mean))
    moments = Moments(
        ones,
        population.mean,
        population.covariance,
        np.ones_like(population.mean),
        population.mean,
    )
    model = nation.model
    by_pls = estimate_pls(model, moments, 250 * ones)
    found = pls_truth(model, population)
    np.testing.assert_allclose(found.index, by_pls.structural.index, rtol=1e-13)
    np.testing.assert_allclose(found.weights, by_pls.weights, rtol=1e-13)
    np.testing.assert_allclose(found.paths, by_pls.paths, rtol=1e-13)
    by_ols = estimate_ols(model, moments, "available")
    found = ols_truth(model, population)
    np.testing.assert_allclose(found.index, by_ols.index, rtol=1e-12)
    np.testing.assert_allclose(found.paths, regression_fields(model, moments)["slopes"], rtol=1e-12)


def test_a_unit_is_the_mean_of_its_parts_by_their_shares(nation: SimulatedNation) -> None:
    read = true_readings(nation, FIRST, "pls")
    at = nation.model.construct_names.index("satisfaction")
    sales = share_values(nation.hierarchy, "company", FIRST)
    industry = read["industry"].units[2]
    own = [i for i, firm in enumerate(nation.firms) if firm.industry == industry]
    weights = np.array([sales[nation.firms[i].name] for i in own])
    expected = weights @ read["company"].index[own, at] / weights.sum()
    assert read["industry"].index[2, at] == pytest.approx(expected, rel=1e-13)
    gdp = share_values(nation.hierarchy, "sector", FIRST)
    weights = np.array([gdp[unit] for unit in read["sector"].units])
    expected = weights @ read["sector"].index[:, at] / weights.sum()
    assert read["nation"].index[0, at] == pytest.approx(expected, rel=1e-13)


def test_forms_of_the_nation(nation: SimulatedNation) -> None:
    window = [LAST.back(i) for i in range(WINDOW)]
    read = {when: true_readings(nation, when, "ols") for when in window}
    latest, _ = rolling_truth(nation, LAST, "latest", "ols")
    np.testing.assert_allclose(latest, read[LAST]["nation"].index[0], rtol=1e-13)
    mean, _ = rolling_truth(nation, LAST, "mean_of_quarters", "ols")
    quarters = [read[when]["nation"].index[0] for when in window]
    np.testing.assert_allclose(mean, np.mean(quarters, axis=0), rtol=1e-13)
    pooled, _ = rolling_truth(nation, LAST, "pooled", "ols")
    totals = [sum(share_values(nation.hierarchy, "sector", when).values()) for when in window]
    np.testing.assert_allclose(pooled, np.average(quarters, axis=0, weights=totals), rtol=1e-13)
    assert len({float(form[3]) for form in (latest, mean, pooled)}) == 3


def test_annual_rotation_leaves_sectors_out_and_pools_them(yearly: SimulatedNation) -> None:
    seen = [true_readings(yearly, LAST.back(i), "ols")["sector"].units for i in range(WINDOW)]
    assert sorted(unit for units in seen for unit in units) == sorted(
        {firm.sector for firm in yearly.firms}
    )
    latest, _ = rolling_truth(yearly, LAST, "latest", "ols")
    now = share_values(yearly.hierarchy, "sector", LAST)
    parts = [true_readings(yearly, LAST.back(i), "ols")["sector"] for i in range(WINDOW)]
    weights = np.array([now[unit] for units in seen for unit in units])
    expected = weights @ np.concatenate([part.index for part in parts]) / weights.sum()
    np.testing.assert_allclose(latest, expected, rtol=1e-13)


def test_the_table_says_all_of_it_once(nation: SimulatedNation) -> None:
    table = true_values(nation, FIRST)
    assert tuple(table.columns) == COLUMNS
    keys = [name for name in COLUMNS if name != "value"]
    assert not table.duplicated(keys).any()
    assert np.isfinite(table["value"]).all()
    index = table[(table["quantity"] == "index") & (table["engine"] == "pls")]
    assert index.groupby("level")["unit"].nunique().to_dict() == {
        "company": 20,
        "industry": 6,
        "sector": 4,
        "nation": 1,
    }
    assert set(index.loc[index["level"] == "nation", "form"]) == {"", *NATIONAL_FORMS}
    paths = table[(table["quantity"] == "path") & (table["engine"] == "ols")]
    assert len(paths) == 20 * len(nation.model.paths)
    complaints = paths["lhs"] == "complaints"
    assert paths.loc[complaints, "value"].between(-1, -0.2).all()
    assert paths.loc[paths["lhs"] == "perceived_quality", "value"].between(0.3, 1).all()


def test_without_open_answers_nothing_is_biased(nation: SimulatedNation) -> None:
    full = make_nation(price_model(), replace(SMALL, missing=False))
    truth, left = company_truth(full, FIRST, "pls")
    np.testing.assert_array_equal(truth.index, left.index)
    truth, left = company_truth(nation, FIRST, "pls")
    bias = left.index - truth.index
    assert 1e-4 < np.abs(bias).max() < 0.5


def test_companies_differ_and_drift(nation: SimulatedNation) -> None:
    at = nation.model.construct_names.index("satisfaction")
    now, later = (true_readings(nation, when, "pls") for when in (FIRST, Period(2026, 1)))
    index = now["company"].index[:, at]
    assert 65 < index.mean() < 85
    assert 1.5 < index.std() < 9
    moved = later["company"].index[:, at] - index
    assert 0.2 < moved.std() < 2.5
    assert len(set(nation.types.tolist())) > 1


def test_a_model_without_price_tolerance_is_simulated_too() -> None:
    other = make_nation(acsi_model(), NationPlan(1, 1, 1, interviews=100_000, quarters=1))
    assert price_items(other.model)[0] == -1
    drawn = draw_period(other, FIRST)
    population, _ = populations(other, FIRST)
    share = drawn.weight / drawn.weight.sum()
    mean = share @ drawn.answers
    error = np.sqrt(((share[:, None] * (drawn.answers - mean)) ** 2).sum(axis=0))
    assert np.abs((mean - population.mean[0]) / error).max() < 4


def test_models_that_cannot_be_simulated_are_refused() -> None:
    model = price_model()
    renamed = tuple(
        replace(
            construct,
            indicators=tuple(
                replace(item, column="AGAIN") if item.column == "REPUR" else item
                for item in construct.indicators
            ),
        )
        for construct in model.constructs
    )
    with pytest.raises(SpecError, match="REPUR in the construct"):
        make_nation(replace(model, constructs=renamed), SMALL)
    with pytest.raises(SpecError, match="one derived item"):
        make_nation(replace(model, derive=model.derive * 2), SMALL)
