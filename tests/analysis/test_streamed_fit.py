"""A streamed fit has the numbers of the fit in memory, and refuses what needs the rows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamed_files as made

from acsi_sem.analysis.pipeline import estimate
from acsi_sem.analysis.pls_runs import run_pls
from acsi_sem.analysis.streamed import fit_streamed
from acsi_sem.analysis.values import Fit, Request
from acsi_sem.analysis.work import prepare
from acsi_sem.cli.stream import run_fit_streamed, wave_mapper
from acsi_sem.errors import DataError, UsageError
from acsi_sem.inference.streamed import poisson_replicates
from acsi_sem.runs.execute import FitCommand
from acsi_sem.runs.workers import open_workers
from acsi_sem.spec.study import DesignColumns, ReplicateColumns, Settings
from acsi_sem.survey.read import read_survey
from acsi_sem.survey.survey import Survey

WEIGHTED = DesignColumns(weight="WEIGHT")
REQUEST = Request(("pls", "ml", "ols"), replicates=0, study="s", invariance=True)
TABLES = ("estimates", "fit_measures", "quality", "items", "indices", "impacts", "ipma")
OTHERS = ("residuals", "invariance")


SIZE = 180


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of two companies, 90 interviews each."""
    frame = made.interviews()
    kept = frame[frame["COMPANY"].isin(sorted(frame["COMPANY"].unique())[:2])]
    return made.write(kept, tmp_path_factory.mktemp("streamed") / "a.parquet")


def in_memory(path: Path) -> Survey:
    """Read the same file whole."""
    return read_survey(path, made.model(), group="COMPANY", design=WEIGHTED)


def streamed(path: Path, request: Request, **options: Any) -> Fit:
    """Fit the file chunk by chunk."""
    patch = pytest.MonkeyPatch()
    with patch.context() as own:
        made.small_chunks(own)
        asked = {"group": "COMPANY", "design": WEIGHTED, **options}
        return fit_streamed(made.model(), path, request, **asked)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame, name: str) -> None:
    """Compare a table: words exactly, numbers to 1e-8 of their size.

    The sums agree to 1e-13; the covariance engine's minimum is found to 1e-10.
    """
    assert list(found.columns) == list(expected.columns), name
    for column in expected.columns:
        if expected[column].dtype.kind == "f":
            np.testing.assert_allclose(
                found[column], expected[column], rtol=1e-8, atol=1e-8, err_msg=f"{name}.{column}"
            )
        else:
            assert found[column].tolist() == expected[column].tolist(), f"{name}.{column}"


def assert_identical(found: Fit, other: Fit) -> None:
    """Compare the tables to the last bit."""
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(other, name), check_exact=True)


@pytest.fixture(scope="module")
def both(path: Path) -> tuple[Fit, Fit]:
    """The fit of the file streamed, and in memory."""
    return streamed(path, REQUEST), estimate(made.model(), in_memory(path), REQUEST)


@pytest.mark.parametrize("name", [*TABLES, *OTHERS])
def test_tables_are_those_of_the_fit_in_memory(both: tuple[Fit, Fit], name: str) -> None:
    found, expected = (getattr(fit, name) for fit in both)
    if name == "estimates":  # of OLS, HC3 needs the rows: see below
        found, expected = (table[table["engine"] != "ols"] for table in (found, expected))
    assert len(expected) > 5
    assert_same(found, expected, name)


def test_what_the_manifest_says_is_that_of_the_fit_in_memory(both: tuple[Fit, Fit]) -> None:
    found, expected = both
    assert found.survey.missing == expected.survey.missing
    assert found.survey.source == expected.survey.source
    assert found.groups == expected.groups
    # without standard errors of OLS its signs cannot be said to be clear or not
    told, others = (
        {str(one) for one in fit.notices if one.engine != "ols" and one.kind != "streamed"}
        for fit in both
    )
    assert told == others
    assert "streamed" in {notice.kind for notice in found.notices}


def test_weights_are_described_but_for_the_largest(both: tuple[Fit, Fit]) -> None:
    found, expected = (fit.weighting.drop(columns=["largest_share", "note"]) for fit in both)
    assert_same(found, expected, "weighting")
    assert both[0].weighting["largest_share"].isna().all()
    assert both[0].weighting["note"].str.contains("not made").all()


def test_ols_has_the_same_estimates_and_says_why_it_has_no_errors(both: tuple[Fit, Fit]) -> None:
    found, expected = (fit.estimates[fit.estimates["engine"] == "ols"] for fit in both)
    names = ["group", "lhs", "op", "rhs", "estimate", "std_estimate"]
    assert_same(found[names], expected[names], "ols")
    tested = found["op"].isin(["~", "~1"])
    assert found["std_error"].isna().all()
    assert found.loc[tested, "note"].str.contains("ask for replicates").all()


def test_replicates_are_the_poisson_bootstrap_in_memory(path: Path) -> None:
    request = replace(REQUEST, engines=("pls",), replicates=60, invariance=False)
    found = streamed(path, request)
    survey = in_memory(path)
    bare = prepare(made.model(), survey, replace(request, replicates=0), lambda *_: None)
    with pytest.MonkeyPatch.context() as own:
        made.small_chunks(own)
        drawn = poisson_replicates(bare.sample, replicates=60, seed=1, study="s")
    work = replace(bare, request=request, replicates=drawn)
    runs = list(run_pls(work, lambda *_: None, "pls"))
    rows = [dict(row) for run in runs for row in run.result.estimates]
    expected = pd.DataFrame(rows)
    for column in ("estimate", "std_error", "conf_low", "conf_high", "p_value"):
        np.testing.assert_allclose(
            found.estimates[column], expected[column].astype(float), rtol=1e-8, atol=1e-10
        )
    assert found.estimates["std_error"].notna().sum() > 50


def test_ols_errors_from_replicates_are_near_those_from_rows(path: Path) -> None:
    request = replace(REQUEST, engines=("ols",), replicates=400, invariance=False)
    found = streamed(path, request).estimates
    expected = estimate(made.model(), in_memory(path), replace(request, replicates=0)).estimates
    assert_same(found[["lhs", "op", "rhs"]], expected[["lhs", "op", "rhs"]], "order")
    whole = (found["group"] == "all") & found["op"].isin(["~", "~1"])
    ratio = found.loc[whole, "std_error"] / expected.loc[whole, "std_error"]
    # 400 replicates tell a standard error to 3.5 %; HC3 is wider by what few rows leave
    assert ratio.between(0.8, 1.2).all()
    assert (found.loc[whole, "conf_low"] < found.loc[whole, "estimate"]).all()
    assert (found.loc[whole, "se_type"] == "bootstrap").all()


def test_item_means_and_one_group(path: Path) -> None:
    request = Request(("pls", "ols"), replicates=0, study="s", missing="mean")
    found = streamed(path, request, group=None, design=None)
    expected = estimate(made.model(), read_survey(path, made.model()), request)
    assert found.groups == ("all",)
    for name in ("indices", "impacts", "items", "quality"):
        assert_same(getattr(found, name), getattr(expected, name), name)


def test_the_order_of_work_does_not_change_a_byte(path: Path) -> None:
    request = replace(REQUEST, engines=("pls",), replicates=50, invariance=False)
    assert_identical(streamed(path, request), streamed(path, request, mapper=made.backwards))


def test_two_processes_give_the_same_bytes(path: Path) -> None:
    request = replace(REQUEST, engines=("pls",), replicates=50, invariance=False)
    with open_workers(2) as workers:
        found = streamed(path, request, mapper=wave_mapper(workers, 2))
    assert_identical(found, streamed(path, request))


REFUSED: dict[str, tuple[dict[str, Any], DesignColumns]] = {
    "engine": ({"engines": ("pls", "ordinal")}, WEIGHTED),
    "missing": ({"missing": "em"}, WEIGHTED),
    "ci": ({"ci": "bca"}, WEIGHTED),
    "resampling": ({"resampling": "jackknife"}, WEIGHTED),
    "prediction": ({"folds": 5}, WEIGHTED),
    "comparison": ({"comparison": True}, WEIGHTED),
    "se": ({"se": "cluster"}, WEIGHTED),
    "whole": ({"whole": False}, WEIGHTED),
    "strata": ({}, DesignColumns(stratum="STRATUM")),
    "psu": ({}, DesignColumns(psu="STRATUM")),
    "population": ({}, DesignColumns(stratum="STRATUM", population="AGE")),
    "id": ({}, DesignColumns(id="AGE")),
    "replicate_weights": ({}, DesignColumns(replicates=ReplicateColumns(("W",), "bootstrap"))),
    "weight_kind": ({}, DesignColumns(weight="AGE", weight_kind="frequency")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_needs_the_rows_is_refused_with_a_remedy(what: str, path: Path) -> None:
    options, design = REFUSED[what]
    request = replace(Request(replicates=0), **options)
    with pytest.raises(UsageError) as refused:
        streamed(path, request, design=design)
    own = [problem for problem in refused.value.problems if problem.path == what]
    assert len(own) == 1
    assert "--stream" in own[0].remedy


def test_errors_stand_in_the_file_whatever_the_chunk(tmp_path: Path) -> None:
    frame = made.interviews().copy()
    frame.loc[[150, 420], "QP"] = 11
    frame.loc[300, "WEIGHT"] = 0.0
    path = made.write(frame, tmp_path / "b.csv")
    with pytest.raises(DataError) as found:
        streamed(path, Request(replicates=0))
    texts = [str(problem) for problem in found.value.problems]
    # the header is row 1
    assert "11 in 2 rows (row 152, 422)" in texts[0]
    assert "0 in 1 row (row 302)" in texts[1]


def test_the_command_writes_the_tables_and_counts_in_the_manifest(
    path: Path, tmp_path: Path
) -> None:
    settings = Settings(engines=("pls",), replicates=50)
    command = FitCommand(
        made.MODELS / "acsi.yaml", path, tmp_path / "out", "COMPANY", WEIGHTED, settings
    )
    outcome = run_fit_streamed(command, lambda *_: None)
    written = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    survey = in_memory(path)
    assert written["rows"][0] == {
        "group": "all",
        "rows": SIZE,
        "complete": int(survey.complete.sum()),
        "incomplete": int((~survey.complete).sum()),
    }
    assert written["survey"]["rows"] == SIZE
    assert set(outcome.files) == {item.name for item in (tmp_path / "out").iterdir()}
    table = pd.read_parquet(tmp_path / "out" / "indices.parquet")
    assert len(table) == 3 * 6
    with pytest.raises(UsageError, match="no workbook"):
        run_fit_streamed(replace(command, sheet="Answers"), lambda *_: None)
