"""Further columns of the demo survey: seeded, and tied to satisfaction as they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from acsi_model import acsi_model, make_model

from acsi_sem.cli.app import run
from acsi_sem.errors import SpecError
from acsi_sem.kernels.kano import CATEGORIES, classify
from acsi_sem.runs.simulated import write_demo
from acsi_sem.simulate.demo import demo_survey
from acsi_sem.simulate.extras import ASPECTS, EXTRAS, FEATURES, UNKNOWN, extra_columns
from acsi_sem.spec.load_study import load_study

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "acsi.yaml"

# Twelve thousand interviews keep sampling error of shares and correlations under 0.02.
MANY = 2000
CODED = {
    *(item.column for item in acsi_model().answers),
    *(one.name for one in EXTRAS if one.unknown),
}
"""Columns where 98 is no answer."""


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    model = acsi_model()
    return extra_columns(demo_survey(model, seed=1, interviews=MANY), model, 1)


def known(frame: pd.DataFrame, name: str) -> pd.Series[float]:
    """Return answers, NaN where there is none."""
    values = frame[name].astype(float)
    return values.where(~values.isin([UNKNOWN, 99])) if name in CODED else values


def test_the_seed_determines_every_answer() -> None:
    model = acsi_model()
    frame = demo_survey(model, seed=1, interviews=60)
    one, same, other = (extra_columns(frame, model, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    pd.testing.assert_frame_equal(one[frame.columns], frame)
    assert list(one.columns) == [*frame.columns, *(extra.name for extra in EXTRAS)]
    assert all(not one[extra.name].equals(other[extra.name]) for extra in EXTRAS)


def test_answers_stay_on_their_scales(many: pd.DataFrame) -> None:
    for extra in EXTRAS:
        values = known(many, extra.name).dropna()
        if extra.scale:
            assert set(values) == set(range(extra.scale[0], extra.scale[1] + 1)), extra.name
        else:
            assert values.min() >= 0, extra.name
        asked = many["COMP"] == 1 if extra.name in ("HANDLE", "DAYS", "AGAIN") else many["COMP"] < 2
        left = 1 - known(many, extra.name)[asked].notna().mean()
        # The rate is 1.2 %, of open complaints 8 %; of 2,000 complaints sampling adds half a point.
        assert left < (0.10 if extra.name == "DAYS" else 0.02), extra.name


def test_only_those_who_complained_tell_what_became_of_it(many: pd.DataFrame) -> None:
    silent = many[many["COMP"] != 1]
    assert silent[["HANDLE", "DAYS", "AGAIN"]].isna().all().all()


def test_the_satisfied_rate_higher_and_stay(many: pd.DataFrame) -> None:
    satisfied = known(many, "SATIS")
    for name in ("RELIABLE", "EMPATHY", "PRODUCT1", "SERVICE3", "CONCEPT2"):
        assert satisfied.corr(known(many, name)) > 0.3, name
    loyal = known(many, "REPUR")
    for name in ("RECOMMEND", "CROSSBUY", "SHARE", "PRICESENS"):
        assert loyal.corr(known(many, name)) > 0.2, name
    assert loyal.corr(known(many, "Y3"), method="spearman") > 0.2
    costs = many.groupby(many["COMP"] == 1)["SERVICE_COST"].median()
    assert costs[True] > 1.5 * costs[False]
    days = known(many, "DAYS")
    assert days.corr(known(many, "HANDLE"), method="spearman") < -0.3


def test_a_well_handled_complaint_keeps_loyalty(many: pd.DataFrame) -> None:
    loyal, handled = known(many, "REPUR"), known(many, "HANDLE")
    none = loyal[many["COMP"] == 0].mean()
    well, badly = loyal[handled >= 8].mean(), loyal[handled < 8].mean()
    assert badly < none - 2
    assert well > none - 1


def test_a_dissatisfier_is_steep_below_and_a_delighter_above(many: pd.DataFrame) -> None:
    """Means of satisfaction by low, middle and high answers to the aspect."""
    liking = known(many, "SATIS")
    steps = {}
    for aspect in ASPECTS:
        rated = known(many, aspect.name)
        low, middle, high = (
            liking[rated.between(*ends)].mean() for ends in ((1, 2), (3, 4), (5, 5))
        )
        steps[aspect.name] = (middle - low, high - middle)
    assert steps["RELIABLE"][0] > 1.5 * steps["RELIABLE"][1]
    assert steps["EMPATHY"][1] > 0.9 * steps["EMPATHY"][0]
    assert max(steps["COMPLETE"]) < 0.6 * min(steps["TIMELY"])


def test_each_feature_is_of_its_type(many: pd.DataFrame) -> None:
    for feature in FEATURES:
        pair = [known(many, f"{feature.name}_{end}").to_numpy() for end in "FD"]
        found = classify(*(np.nan_to_num(answers).astype(int) - 1 for answers in pair))
        for letter, share in feature.types:
            own = (found[found >= 0] == CATEGORIES.index(letter)).mean()
            assert own == pytest.approx(share, abs=0.02), (feature.name, letter)


def test_amounts_add_up(many: pd.DataFrame) -> None:
    assert (many["COST"] == many["SERVICE_COST"] + many["UPKEEP"]).all()
    assert (many["MARGIN"] <= many["REVENUE"]).all()
    assert (many["Y2"][many["Y1"] == 0] == 0).all()
    profit = many["MARGIN"] - many["COST"]
    assert 0.1 < (profit < 0).mean() < 0.5


def test_a_model_without_the_questions_is_refused() -> None:
    model = make_model(
        {"a": ["A1", "A2"], "satisfaction": ["SATIS", "CONFIRM"]}, [("a", "satisfaction")]
    )
    frame = demo_survey(model, seed=1, interviews=60)
    with pytest.raises(SpecError) as caught:
        extra_columns(frame, model, 1)
    assert [problem.path for problem in caught.value.problems] == ["IDEAL", "COMP", "REPUR"]


def test_a_column_of_the_same_name_is_refused() -> None:
    model = acsi_model()
    frame = demo_survey(model, seed=1, interviews=60)
    with pytest.raises(SpecError, match="COST: expected a column of another name"):
        extra_columns(frame.assign(COST=1), model, 1)


def test_the_study_of_every_method_describes_every_extra() -> None:
    items = {field.name: field for field in load_study(ROOT / "data/methods/study.yaml").items}
    assert list(items) == [extra.name for extra in EXTRAS]
    for extra in EXTRAS:
        field = items[extra.name]
        assert field.label.get("en") == extra.label
        assert field.kind == ("scale" if extra.scale else "amount")
        assert extra.scale is None or (field.low, field.high) == extra.scale
        assert [code for code, _ in field.missing] == [str(UNKNOWN)] * extra.unknown


def test_a_nation_has_no_extras(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "--nation", "--extras", "--out", str(tmp_path / "n")]) == 2
    assert "--extras: expected no --nation beside it" in capsys.readouterr().err
    out = str(tmp_path / "a.csv")
    asked = ["simulate", "--extras", "--model", str(MODEL), "--interviews", "60", "--out", out]
    assert run(asked) == 0
    assert list(pd.read_csv(out).columns)[-1] == EXTRAS[-1].name


def test_files_with_extras(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c.xlsx"):
        write_demo(MODEL, tmp_path / name, seed=1, interviews=60, force=False, extras=True)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    flat = pd.read_csv(tmp_path / "a.csv")
    book = pd.read_excel(tmp_path / "c.xlsx", sheet_name=None, engine="openpyxl")
    pd.testing.assert_frame_equal(book["data"], flat, check_dtype=False)
    assert list(book["codebook"]["column"]) == list(flat.columns)
    row = book["codebook"].set_index("column").loc["RECOMMEND"]
    assert (row["scale"], row["no_answer"]) == ("0-10", "98 = don't know")
