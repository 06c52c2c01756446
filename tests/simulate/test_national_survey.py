"""The survey of a nation: seeded by unit, realistic, and read as any other file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from survey_cases import price_model

from acsi_sem.cli.simulate import NATION_MODEL, simulate
from acsi_sem.errors import SpecError, UsageError
from acsi_sem.runs.simulated import default_model, write_nation
from acsi_sem.simulate import price
from acsi_sem.simulate.demo import REGION_POPULATION
from acsi_sem.simulate.national import make_nation, surveyed
from acsi_sem.simulate.national_answers import (
    AGE_MISSING,
    PRICE_MISSING,
    draw_period,
    holes,
    observed_values,
    quarter_survey,
)
from acsi_sem.simulate.national_plan import NationPlan, Rotation, make_firms, share_values
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey.read import survey_from_frame

ACSI_1994 = Path(__file__).parents[2] / "models" / "acsi_1994.yaml"
SMALL = NationPlan(sectors=4, industries=6, companies=20, interviews=80, quarters=6)
FIRST = SMALL.first
FEW = NationPlan(sectors=1, industries=1, companies=3, interviews=20_000)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return quarter_survey(make_nation(price_model(), FEW), FIRST)


def test_the_seed_determines_every_answer() -> None:
    first, again = (quarter_survey(make_nation(price_model(), SMALL), FIRST) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    other = quarter_survey(make_nation(price_model(), replace(SMALL, seed=2)), FIRST)
    assert not first["SATIS"].equals(other["SATIS"])
    later = quarter_survey(make_nation(price_model(), SMALL), FIRST.back(-1))
    assert not first["SATIS"].equals(later["SATIS"])


def test_a_company_answers_whatever_other_companies_there_are() -> None:
    wide = quarter_survey(make_nation(price_model(), SMALL), FIRST)
    narrow = quarter_survey(make_nation(price_model(), replace(SMALL, companies=14)), FIRST)
    both = sorted(set(wide["COMPANY"]) & set(narrow["COMPANY"]))
    assert len(both) > 8
    columns = [name for name in wide if name != "STRATUM"]
    for name in both:
        one, other = (
            part.loc[part["COMPANY"] == name, columns].reset_index(drop=True)
            for part in (wide, narrow)
        )
        # a column without blanks in one survey is whole numbers there
        pd.testing.assert_frame_equal(one, other, check_dtype=False)


def test_prices_are_asked_by_the_answer_to_buying_again(frame: pd.DataFrame) -> None:
    again = frame["REPUR"].where(frame["REPUR"] <= 10)
    assert frame.loc[again.isna(), ["HIGHPTOL", "LOWPTOL"]].isna().all(axis=None)
    assert (frame["HIGHPTOL"].notna() == (again >= 6)).all()
    assert (frame["LOWPTOL"].notna() == (again <= 5)).all()
    for name, values, shares in (
        ("HIGHPTOL", price.RISES, price.RISE_SHARES),
        ("LOWPTOL", price.CUTS, price.CUT_SHARES),
    ):
        asked = frame[name].dropna()
        # averaged over age bands by how many are interviewed
        rate = PRICE_MISSING * AGE_MISSING @ [0.28, 0.30, 0.25, 0.17]
        assert asked.isin((98, 99)).mean() == pytest.approx(rate, abs=0.02)
        said = asked[asked <= 26]
        assert set(said) == set(values)
        found = [(said == value).mean() for value in values]
        # three companies of one industry, which are not the average ones
        np.testing.assert_allclose(found, shares, atol=0.08)


def test_the_reader_finds_the_same_answers() -> None:
    nation = make_nation(price_model(), SMALL)
    design = DesignColumns("WEIGHT", "sampling", "STRATUM")
    read = survey_from_frame(
        quarter_survey(nation, FIRST), nation.model, group="COMPANY", design=design
    )
    drawn = draw_period(nation, FIRST)
    np.testing.assert_array_equal(read.values, observed_values(nation, drawn))
    assert read.groups is not None
    assert len(read.groups.values) == 20
    complete = np.bincount(read.groups.codes[read.complete])
    assert complete.min() > 40


def test_answers_are_skewed_as_in_2015(frame: pd.DataFrame) -> None:
    for name in ("OVERALLQ", "SATIS", "CONFIRM", "REPUR"):
        valid = frame.loc[frame[name] <= 10, name].to_numpy(dtype=float)
        assert set(valid) == set(range(1, 11))
        assert ((valid - valid.mean()) ** 3).mean() / valid.std() ** 3 < -0.4
    complained = frame.loc[frame["COMP"] <= 1, "COMP"]
    assert 0.1 < complained.mean() < 0.25
    assert (frame.loc[frame["REPUR"] <= 10, "REPUR"] >= 6).mean() == pytest.approx(0.84, abs=0.06)


def test_weights_and_strata_are_those_of_a_stratified_sample(frame: pd.DataFrame) -> None:
    sizes = frame.groupby("STRATUM").size()
    assert sizes.tolist() == [5000] * 12
    shares = frame.groupby("REGION")["WEIGHT"].sum() / frame["WEIGHT"].sum()
    np.testing.assert_allclose(shares, REGION_POPULATION, atol=0.01)
    assert frame["WEIGHT"].mean() == pytest.approx(1, abs=0.01)
    assert frame["AGE"].between(18, 85).all()
    assert frame["GENDER"].mean() == pytest.approx(1.5, abs=0.01)


def test_the_old_leave_more_open() -> None:
    nation = make_nation(price_model(), FEW)
    drawn = draw_period(nation, FIRST)
    left = holes(nation, drawn)
    by_band = [left[drawn.band == band].mean() for band in range(4)]
    assert by_band == sorted(by_band)
    assert by_band[3] > 2 * by_band[0]
    none = make_nation(price_model(), replace(FEW, missing=False, interviews=60))
    assert not np.isnan(observed_values(none, draw_period(none, FIRST))).any()


def test_another_replication_asks_other_people() -> None:
    nation = make_nation(price_model(), SMALL)
    first, second = (draw_period(nation, FIRST, replication=i) for i in (0, 1))
    assert (first.answers != second.answers).mean() > 0.5
    np.testing.assert_array_equal(first.firm, second.firm)


@pytest.mark.parametrize("rotation", ["quarterly", "annual"])
def test_rotation(rotation: Rotation) -> None:
    nation = make_nation(price_model(), replace(SMALL, rotation=rotation))
    year = [surveyed(nation, FIRST.back(-i)).tolist() for i in range(4)]
    if rotation == "quarterly":
        assert year == [list(range(20))] * 4
        return
    assert sorted(number for quarter in year for number in quarter) == list(range(20))
    assert surveyed(nation, FIRST.back(-4)).tolist() == year[0]
    asked = set(quarter_survey(nation, FIRST)["SECTOR"])
    assert asked == {nation.firms[i].sector for i in year[0]}
    assert len(asked) == 1


def test_units_are_as_many_as_asked_for() -> None:
    firms = make_firms(NationPlan())
    assert len(firms) == len({firm.name for firm in firms}) == 400
    assert len({firm.industry for firm in firms}) == 43
    assert len({firm.sector for firm in firms}) == 10
    assert 10 < sum(firm.residual for firm in firms) < 20
    assert all(firm.name.endswith("all others") for firm in firms if firm.residual)


def test_shares_have_dates_and_add_up() -> None:
    nation = make_nation(price_model(), SMALL)
    dates = {(share.valid_from, share.valid_to) for share in nation.hierarchy.shares}
    assert dates == {(date(year, 1, 1), date(year, 12, 31)) for year in (2025, 2026, 2027)}
    for period in SMALL.periods:
        sales = share_values(nation.hierarchy, "company", period)
        assert len(sales) == 20
        for industry, value in share_values(nation.hierarchy, "industry", period).items():
            own = [sales[firm.name] for firm in nation.firms if firm.industry == industry]
            assert value == pytest.approx(sum(own), abs=1e-6)
    before, after = (share_values(nation.hierarchy, "sector", p) for p in SMALL.periods[:2])
    assert all(before[unit] != after[unit] for unit in before)


def test_sizes_that_do_not_fit_are_refused_together() -> None:
    plan = NationPlan(sectors=3, industries=2, companies=1, interviews=10, quarters=0)
    with pytest.raises(UsageError) as caught:
        make_nation(price_model(), plan)
    assert [problem.path for problem in caught.value.problems] == [
        "--industries",
        "--companies",
        "--interviews",
        "--quarters",
    ]


def test_annual_rotation_needs_a_sector_for_every_quarter() -> None:
    plan = NationPlan(sectors=3, industries=3, companies=3, rotation="annual")
    with pytest.raises(UsageError, match="no quarter is empty"):
        make_nation(price_model(), plan)


def test_a_nation_is_written_and_written_again_the_same(tmp_path: Path) -> None:
    plan = replace(SMALL, quarters=2)
    written = write_nation(ACSI_1994, tmp_path / "one", plan)
    assert written.interviews == 2 * 20 * 80
    assert not written.study_kept
    write_nation(ACSI_1994, tmp_path / "two", plan)
    for name in written.files:
        if name != "study.yaml":
            same = [(tmp_path / place / name).read_bytes() for place in ("one", "two")]
            assert same[0] == same[1], name
    study = load_study(tmp_path / "one" / "study.yaml")
    assert study.nation is not None
    assert study.run is not None
    assert study.run.first == str(FIRST)
    units = pd.read_csv(tmp_path / "one" / "units.csv")
    assert units["residual"].sum() == 2
    assert list(units) == ["level", "unit", "parent", "title", "residual"]
    truth = pd.read_csv(tmp_path / "one" / "truth.csv")
    assert set(truth["period"]) == {"2025Q4", "2026Q1"}
    survey = pd.read_parquet(tmp_path / "one" / "survey-2026Q1.parquet")
    expected = quarter_survey(make_nation(price_model(), plan), Period(2026, 1))
    pd.testing.assert_frame_equal(survey, expected, check_dtype=False)
    with pytest.raises(UsageError) as caught:
        write_nation(ACSI_1994, tmp_path / "one", plan)
    assert len(caught.value.problems) == 5
    (tmp_path / "one" / "study.yaml").write_text("mine", encoding="utf-8")
    assert write_nation(ACSI_1994, tmp_path / "one", plan, truth=False, force=True).study_kept
    assert (tmp_path / "one" / "study.yaml").read_text(encoding="utf-8") == "mine"


def test_the_command_refuses_what_it_cannot_mean(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--nation beside it") as caught:
        simulate(tmp_path / "a.csv", companies=5, no_truth=True)
    assert [problem.path for problem in caught.value.problems] == ["--companies", "--no-truth"]
    with pytest.raises(UsageError, match="2025Q4"):
        simulate(tmp_path, nation=True, first="2025-4")
    with pytest.raises(UsageError, match="annual"):
        simulate(tmp_path, model=str(ACSI_1994), nation=True, rotation="monthly")
    with pytest.raises(SpecError):
        simulate(tmp_path, model=str(tmp_path / "none.yaml"), nation=True)


def test_the_model_is_found_here_or_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_model(NATION_MODEL).resolve() == ACSI_1994.resolve()
    with pytest.raises(UsageError, match=r"got no models/acsi_1994.yaml in .* --model PATH"):
        default_model(NATION_MODEL, tmp_path / "site-packages")
    (tmp_path / "models").mkdir()
    (tmp_path / NATION_MODEL).write_text("schema: 1\n", encoding="utf-8")
    assert default_model(NATION_MODEL) == NATION_MODEL


def test_the_command_writes_a_nation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulate(
        tmp_path / "nation",
        model=str(ACSI_1994),
        nation=True,
        interviews=60,
        sectors=2,
        industries=2,
        companies=4,
        quarters=1,
        first="2026Q2",
        no_missing=True,
    )
    told = capsys.readouterr().err
    assert "240 simulated interviews" in told
    assert "computed from the population" in told
    frame = pd.read_parquet(tmp_path / "nation" / "survey-2026Q2.parquet")
    assert frame["SATIS"].max() == 10
