"""BCa intervals in the tables: against SciPy, beside percentiles, and withheld with a reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.errors import UsageError
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import make_sample
from acsi_sem.survey.survey import Survey

MODEL = acsi_model()
LIMITS = ["conf_low", "conf_high"]
TABLES = ("estimates", "quality", "indices", "impacts", "breakdowns")


def fitted(ci: str, survey: Survey | None = None, **options: object) -> Fit:
    """Fit both scoring engines."""
    given = {"engines": ("pls", "ols"), "bootstrap": 400, "seed": 7} | options
    return fit(MODEL, survey or make_survey(), ci=ci, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def both() -> dict[str, Fit]:
    """The same fit with either kind of limits."""
    return {ci: fitted(ci) for ci in ("percentile", "bca")}


def table(found: Fit, name: str) -> pd.DataFrame:
    """Return a table by name."""
    made: pd.DataFrame = getattr(found, name)
    return made


def test_only_limits_differ(both: dict[str, Fit]) -> None:
    for name in TABLES:
        plain, bca = (table(both[ci], name) for ci in ("percentile", "bca"))
        assert_frame_equal(
            plain.drop(columns=LIMITS), bca.drop(columns=LIMITS), check_exact=True, obj=name
        )
        assert bca[LIMITS].notna().equals(plain[LIMITS].notna()), name
        drawn = plain["conf_low"].notna() & (bca["engine"] == "pls")
        assert (plain.loc[drawn, "conf_low"] != bca.loc[drawn, "conf_low"]).mean() > 0.8, name


def test_limits_stay_near_the_percentiles(both: dict[str, Fit]) -> None:
    for name in ("indices", "impacts"):
        plain, bca = (table(both[ci], name) for ci in ("percentile", "bca"))
        if name == "impacts":  # products of small effects are skewed: there limits move far
            plain, bca = (t[t["effect"] == "direct"] for t in (plain, bca))
        gap = (plain[LIMITS] - bca[LIMITS]).div(plain["std_error"], axis=0).abs()
        # |z0| and |a| are below 0.15 here: 2 z0 + a z^2 is at most 0.9 standard errors.
        assert (gap < 0.9).all(axis=None)
        assert (gap.to_numpy() < 0.5).mean() > 0.95


def test_products_of_small_effects_are_corrected_for_their_skewness(both: dict[str, Fit]) -> None:
    where = (
        "engine == 'pls' and effect == 'indirect' and source == 'satisfaction' and group == 'all'"
    )
    plain, bca = (both[ci].impacts.query(where) for ci in ("percentile", "bca"))
    # a * b with both near zero: draws pile up beside zero and reach far to the side of the point.
    assert plain["estimate"].item() > 0
    assert bca["conf_high"].item() > plain["conf_high"].item()
    assert bca["conf_low"].item() > plain["conf_low"].item()


def test_the_limits_of_a_rate_are_scipys() -> None:
    from dataclasses import replace as with_field

    from scipy.stats import bootstrap

    survey = make_survey(grouped=False, missing=0.0, sizes=(200,))
    found = fitted("bca", survey, bootstrap=2000, study="s")
    drawn = draw_replicates(make_sample(survey), {}, replicates=2000, seed=7, study="s")
    draws = drawn.moments["all"].mean[:, 11]
    answers = (survey.values[:, 11],)
    seed = bootstrap(answers, np.mean, n_resamples=9, method="percentile", rng=1)
    ours = with_field(seed, bootstrap_distribution=draws)
    scipys = bootstrap(answers, np.mean, n_resamples=0, bootstrap_result=ours, method="BCa")
    limits = scipys.confidence_interval
    for engine in ("pls", "ols"):
        row = found.indices.query(f"engine == '{engine}' and construct == 'complaints'")
        # The same draws, and a mean, so the jackknife is exact: noise of slopes remains.
        assert_allclose(row[LIMITS].to_numpy()[0], [100 * limits.low, 100 * limits.high], rtol=1e-6)
    other = bootstrap(answers, np.mean, n_resamples=20_000, method="BCa", rng=2)
    alone = other.confidence_interval
    # Other draws: the quantile of 2,000 draws at 2.5 % has a standard error of 0.06 standard
    # deviations, the rate a grain of 1/200; four and one of them.
    room = 4 * 0.06 * answers[0].std() / np.sqrt(200) + 1 / 200
    assert_allclose([limits.low, limits.high], [alone.low, alone.high], atol=room)


def test_bca_limits_are_the_same_every_time(both: dict[str, Fit]) -> None:
    again = fitted("bca")
    for name in TABLES:
        assert_frame_equal(table(both["bca"], name), table(again, name), check_exact=True)


def test_limits_of_a_group_do_not_depend_on_the_others(both: dict[str, Fit]) -> None:
    wide = make_survey(sizes=(150, 180, 90))
    changed = wide.values.copy()
    first = make_survey()
    changed[:330] = first.values
    factors = tuple(
        replace(part, codes=np.concatenate([own.codes, part.codes[330:]]))
        for part, own in zip(wide.factors, first.factors, strict=True)
    )
    found = fitted("bca", replace(wide, values=changed, factors=factors))
    for name in ("estimates", "quality", "indices", "impacts"):
        mine, other = (
            t[t["group"] == "group 2"].reset_index(drop=True)
            for t in (table(both["bca"], name), table(found, name))
        )
        assert_frame_equal(mine, other, check_exact=True)


def test_designs_and_weights_have_limits() -> None:
    weights = np.random.default_rng(1).integers(1, 4, 330).astype(float)
    psu = (np.arange(330) // 5).astype(np.intp)
    survey = make_survey(weights=weights)
    for design in (
        replace(survey.design, weight_kind="frequency"),
        replace(survey.design, psu=psu, strata=(psu % 2).astype(np.intp)),
        replace(survey.design, psu=(np.arange(330) % 40).astype(np.intp)),
    ):
        found = fitted("bca", replace(survey, design=design), bootstrap=200)
        for name in ("indices", "impacts"):
            rows = table(found, name)
            assert rows[LIMITS].notna().all(axis=None), name
            assert (rows["conf_low"] < rows["conf_high"]).all(), name


def test_failing_replicates_withhold_limits_as_before() -> None:
    survey = make_survey(sizes=(60, 180), missing=0.0)
    values = survey.values.copy()
    values[:60, 11] = 0.0
    values[0, 11] = 1.0  # a replicate without row 0 has a constant COMP: about one in e
    found = fitted("bca", replace(survey, values=values), engines=("pls",))
    rows = found.indices[found.indices["group"] == "group 1"]
    assert rows["std_error"].notna().all()
    assert rows[LIMITS].isna().all(axis=None)
    assert rows["note"].str.contains("of the replicates failed").all()


def test_a_failed_group_is_blank_with_its_own_reason() -> None:
    survey = make_survey()
    values = survey.values.copy()
    values[:150, 0] = values[:150, 1] = values[:150, 2] = 7.0
    found = fitted("bca", replace(survey, values=values), engines=("pls",), bootstrap=100)
    broken = found.indices[found.indices["group"] == "group 1"]
    assert broken["note"].str.contains("converge").all()
    assert broken[LIMITS].isna().all(axis=None)


def turning_survey() -> Survey:
    """Make answers whose expectations and values correlate at zero, to the last bits."""
    loadings = np.zeros((13, 2))
    loadings[[0, 1, 2, 3, 4, 5, 8, 9, 10, 12], 0] = 1.0
    loadings[[3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 1] = 0.7
    loadings *= np.array([1.0, 0.6, 0.3] * 4 + [0.8])[:, None]
    population = loadings @ loadings.T + np.eye(13)
    raw = np.random.default_rng(9).normal(size=(330, 13))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T, ddof=0))).T
    middle = np.array([4.0, 5, 7, 5, 6, 5, 4, 7, 5, 6, 5, 0.5, 6])
    values = middle + white @ np.linalg.cholesky(population).T
    return replace(make_survey(grouped=False), values=values)


def test_limits_at_a_kink_are_withheld_with_the_reason() -> None:
    found = fitted("bca", turning_survey(), engines=("pls",), scheme="centroid")
    rows = found.estimates.set_index("rhs")
    turned = rows.loc[["OVERALLX", "CUSTOMX", "PQ", "QP"]].query("op == '<~'")
    assert turned[LIMITS].isna().all(axis=None)
    assert turned["std_error"].notna().all()
    assert turned["note"].str.contains("no derivative").all()
    steady = rows.loc[["SATIS", "IDEAL"]].query("op == '<~'")
    assert steady[LIMITS].notna().all(axis=None)
    assert (steady["note"] == "").all()
    cells = found.breakdowns.query("construct == 'expectations' and index == index")
    assert cells[LIMITS].isna().all(axis=None)
    assert cells["note"].str.contains("no derivative").all()
    held = found.quality[found.quality["conf_low"].isna()]
    assert "rho_c" in set(held.query("construct == 'expectations'")["measure"])
    assert held["note"].str.contains("no derivative|one side|not defined").all()
    assert (found.quality.loc[found.quality["conf_low"].notna(), "note"] == "").all()
    smooth = fitted("bca", turning_survey(), engines=("pls",), scheme="factorial")
    assert smooth.estimates.query("op == '~'")[LIMITS].notna().all(axis=None)


def test_without_replicates_there_is_nothing_to_correct() -> None:
    one, other = (fitted(ci, bootstrap=0) for ci in ("percentile", "bca"))
    for name in TABLES:
        assert_frame_equal(table(one, name), table(other, name), check_exact=True)


def test_unknown_intervals_are_refused() -> None:
    with pytest.raises(UsageError, match="one of percentile, bca"):
        fitted("exact")
