"""A nation's quarters, run whole: what is in the folder, how it adds up, twice the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nation_runs import LAST, contents, copied, folder_of, make_study, run

import acsi_sem as acsi
from acsi_sem.errors import DataError
from acsi_sem.runs.scheduled import NotPublishedError, RefusedError


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose five quarters are published."""
    made = make_study(tmp_path_factory.mktemp("nation"))
    assert [outcome.status for outcome in run(made, "auto")] == ["published"] * 5
    return made


def table(study: Path, name: str, period: str = LAST) -> pd.DataFrame:
    return pd.read_parquet(folder_of(study, period) / f"{name}.parquet")


def test_the_folder_holds_tables_site_and_manifest(study: Path) -> None:
    names = set(contents(folder_of(study)))
    tables = ("readings", "national", "changes", "league", "differences", "indices", "warnings")
    expected = {f"{name}.{form}" for name in tables for form in ("csv", "parquet")}
    assert names >= expected | {"manifest.json", "report/index.html", "internal/readings.parquet"}
    assert sum(name.startswith("report/companies/") for name in names) == 12


def test_the_manifest_counts_missing_answers_and_failed_replicates(study: Path) -> None:
    manifest = json.loads((folder_of(study) / "manifest.json").read_text("utf-8"))
    told = pd.DataFrame(manifest["missing"])
    assert told["count"].sum() == table(study, "missing")["count"].sum() > 0
    lost = {(one["unit"], one["engine"]) for one in manifest["failed_replicates"]}
    warned = table(study, "warnings").query("kind == 'failed_replicates'")
    assert lost >= set(zip(warned["group"], warned["engine"], strict=True))


def test_industries_are_the_weighted_means_of_their_companies(study: Path) -> None:
    raw = pd.read_parquet(folder_of(study) / "internal" / "readings.parquet")
    own = raw[(raw["construct"] == "satisfaction") & (raw["engine"] == "pls")]
    told = table(study, "shares")
    shares = told[told["level"] == "company"].set_index("unit")["value"]
    companies = own[own["level"] == "company"]
    industries = own[own["level"] == "industry"].set_index("unit")
    assert len(industries) == 3
    for name, parts in companies.groupby("parent"):
        weights = shares[parts["unit"]].to_numpy() / shares[parts["unit"]].sum()
        mean = float(weights @ parts["index"].to_numpy())
        error = float(np.sqrt(weights**2 @ parts["std_error"].to_numpy() ** 2))
        found = industries.loc[str(name), ["index", "std_error"]].astype(float)
        np.testing.assert_allclose(found, [mean, error], rtol=1e-12)


def test_a_small_company_is_withheld_with_another_and_nothing_tells_of_it(study: Path) -> None:
    readings = table(study, "readings")
    companies = readings[(readings["level"] == "company") & (readings["engine"] == "pls")]
    held = companies[companies["note"].str.startswith("withheld")]
    names = set(held["unit"])
    assert len(names) == 2
    assert held["index"].isna().all()
    for name in ("indices", "estimates", "impacts", "breakdowns", "quality"):
        own = table(study, name)
        own = own[own["group"].isin(names)]
        numbers = own.select_dtypes("float").drop(columns="conf_level", errors="ignore")
        assert numbers.isna().all(axis=None), name
    for name in ("league", "changes"):
        own = table(study, name)
        assert own[own["unit"].isin(names)][["std_error"]].isna().all(axis=None), name
    warnings = table(study, "warnings")
    assert not set(warnings["group"]) & names


def test_changes_are_told_for_quarter_and_year(study: Path) -> None:
    changes = table(study, "changes")
    nation = changes[(changes["level"] == "nation") & (changes["construct"] == "satisfaction")]
    assert set(nation["versus"]) == {"last_quarter", "last_year"}
    key = ["form", "engine", "construct"]
    before = table(study, "national", "2026Q2").set_index(key)["index"]
    now = table(study, "national").set_index(key)["index"]
    rolling = nation[(nation["versus"] == "last_quarter") & (nation["form"] != "")]
    moved = rolling.set_index(key)["change"]
    assert len(moved) == 6
    # Sums in another order: rounding alone, of numbers near 70.
    np.testing.assert_allclose(moved, (now - before)[moved.index], rtol=0, atol=1e-11)


def test_a_second_run_changes_nothing(study: Path) -> None:
    before = contents(folder_of(study))
    assert [outcome.status for outcome in run(study)] == ["already published"]
    assert run(study, "auto") == []
    assert contents(folder_of(study)) == before


def test_two_workers_write_the_same_bytes(study: Path, tmp_path: Path) -> None:
    [outcome] = run(copied(study, tmp_path / "copy", without=LAST), jobs=2)
    assert outcome.status == "published"
    assert contents(outcome.folder) == contents(folder_of(study))


def changed(study: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Path:
    """Change the last quarter's interviews."""
    path = study.parent / f"survey-{LAST}.parquet"
    change(pd.read_parquet(path)).to_parquet(path)
    return study


def cut(companies: int, rows: int = 5) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Leave a few interviews to each of the first companies."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        few = frame.groupby("COMPANY").cumcount() < rows
        return frame[~frame["COMPANY"].isin(sorted(frame["COMPANY"].unique())[:companies]) | few]

    return change


def test_changed_data_are_refused_without_a_reason_and_told_with_one(
    study: Path, tmp_path: Path
) -> None:
    def lower(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame.index[:30], "SATIS"] = 1
        return frame

    made = changed(copied(study, tmp_path / "copy"), lower)
    with pytest.raises(RefusedError, match="survey"):
        run(made)
    [outcome] = run(made, reason="late interviews")
    assert outcome.revision == 2
    moved = pd.read_parquet(outcome.folder / "revisions.parquet")
    assert (moved["moved"] != 0).any()
    manifest = json.loads((outcome.folder / "manifest.json").read_text("utf-8"))
    assert manifest["reason"] == "late interviews"
    assert contents(folder_of(made)) == contents(folder_of(study))
    page = (outcome.folder / "report" / "index.html").read_text("utf-8")
    assert "late interviews" in page


def test_too_many_lost_companies_publish_nothing(study: Path, tmp_path: Path) -> None:
    made = changed(copied(study, tmp_path / "copy", without=LAST), cut(3))
    with pytest.raises(NotPublishedError) as caught:
        run(made)
    assert caught.value.exit_code == 5
    assert not (made.parent / "published" / "periods" / LAST / "CURRENT").exists()


def test_a_survey_in_which_every_company_is_lost_publishes_nothing(
    study: Path, tmp_path: Path
) -> None:
    made = changed(copied(study, tmp_path / "copy", without=LAST), cut(12, 12))
    with pytest.raises(NotPublishedError, match=r"100\.0%"):
        run(made)


def test_what_runs_do_not_make_is_told(study: Path, tmp_path: Path) -> None:
    made = copied(study, tmp_path / "copy")
    asked = "prediction: {folds: 5}\nreport: {"
    made.write_text(made.read_text("utf-8").replace("report: {", asked), "utf-8")
    [outcome] = run(made, reason="with prediction")
    warnings = pd.read_parquet(outcome.folder / "warnings.parquet")
    [message] = warnings.loc[warnings["kind"] == "left_out", "message"]
    assert message.startswith("Not made in scheduled runs: prediction;")


def test_a_company_that_is_lost_does_not_stop_the_others(study: Path, tmp_path: Path) -> None:
    made = changed(copied(study, tmp_path / "copy", without=LAST), cut(1))
    [outcome] = run(made)
    assert (outcome.status, outcome.lost) == ("published", 1)
    manifest = json.loads((outcome.folder / "manifest.json").read_text("utf-8"))
    [gone] = {one["unit"] for one in manifest["companies"]["lost"]}
    warnings = pd.read_parquet(outcome.folder / "warnings.parquet")
    assert warnings["message"].str.contains(gone, regex=False).any()
    readings = pd.read_parquet(outcome.folder / "readings.parquet")
    assert gone not in set(readings.loc[readings["index"].notna(), "unit"])


def test_an_unknown_company_is_named(study: Path, tmp_path: Path) -> None:
    def rename(frame: pd.DataFrame) -> pd.DataFrame:
        first = frame["COMPANY"].iloc[0]
        return frame.assign(COMPANY=frame["COMPANY"].replace({first: "Nobody & Co"}))

    made = changed(copied(study, tmp_path / "copy"), rename)
    with pytest.raises(DataError, match="Nobody & Co"):
        run(made, reason="a new company")


def test_restated_shares_that_would_give_away_a_small_company_are_refused(
    study: Path, tmp_path: Path
) -> None:
    """Two revisions with other shares are two equations in the same two unknowns."""
    made = copied(study, tmp_path / "copy")
    readings = table(study, "readings")
    held = readings[readings["note"].str.startswith("withheld") & (readings["level"] == "company")]
    small = str(held["unit"].iloc[0])
    path = made.parent / "shares.csv"
    shares = pd.read_csv(path)
    shares.loc[shares["unit"] == small, "value"] *= 1.3
    shares.to_csv(path, index=False)
    with pytest.raises(DataError, match="company"):
        run(made, reason="sales restated")
    assert not folder_of(made, revision=2).exists()


def test_a_revision_blanks_what_it_withholds_in_its_own_record(study: Path, tmp_path: Path) -> None:
    def lower(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame["SATIS"] == 10, "SATIS"] = 9
        return frame

    made = changed(copied(study, tmp_path / "copy"), lower)
    [outcome] = run(made, reason="recoded")
    moved = pd.read_parquet(outcome.folder / "revisions.parquet")
    readings = pd.read_parquet(outcome.folder / "readings.parquet")
    held = set(readings.loc[readings["note"].str.startswith("withheld"), "unit"])
    assert held
    own = moved[moved["unit"].isin(held)]
    assert own[["before", "after", "moved"]].isna().all(axis=None)
    assert moved["moved"].notna().any()


def test_a_notebook_rolls_up_as_the_run_does(study: Path) -> None:
    made = acsi.load_study(study)
    model = acsi.load_model(study.parent / "model.yaml")
    path = study.parent / f"survey-{LAST}.parquet"
    survey = acsi.read_survey(path, model, group="company", study=made, keep_small=True)
    result = acsi.fit(model, survey, engines=["pls"], bootstrap=60, study=f"national/{LAST}")
    hierarchy, period = acsi.load_hierarchy(made), acsi.Period.parse(LAST)
    mine = acsi.roll_up(
        hierarchy, period, acsi.company_readings(hierarchy, period, result.indices)
    ).readings
    theirs = pd.read_parquet(folder_of(study) / "internal" / "readings.parquet")
    theirs = theirs[theirs["engine"] == "pls"].reset_index(drop=True)
    key = ["level", "unit", "construct", "index", "std_error"]
    pd.testing.assert_frame_equal(mine[key], theirs[key], rtol=1e-12)
    assert acsi.load_history(made)["period"].nunique() == 5
