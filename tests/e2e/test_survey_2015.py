"""The 2015 interviews from the file to the tables: R's numbers at the far end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from golden_data import REFERENCE_SUBSETS, pls_values, rows
from robust_cases import reference_estimates, reference_measures

from acsi_sem.cli.app import run

ROOT = Path(__file__).parents[2]
SURVEY = ROOT.parent / "shared" / "data" / "ACSI Data 2015 ver2.xlsx"
INDEX = {"1001": 78.3363, "3003": 69.1287, "3013": 60.9073, "5001": 75.2003}
GROUPS = {"all": "pooled", "1001": "1001", "3003": "3003"}

pytestmark = [
    pytest.mark.survey,
    pytest.mark.skipif(
        not SURVEY.exists(), reason="the 2015 interviews are not beside this checkout"
    ),
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """Run the command that a user would and read what it wrote."""
    out = tmp_path_factory.mktemp("fit")
    engines = [word for name in ("pls", "semopy", "ols") for word in ("--engine", name)]
    model = str(ROOT / "models" / "acsi.yaml")
    always = ["fit", model, "--data", str(SURVEY), "--group", "INDUSTRY", "--seed", "1"]
    assert run([*always, *engines, "--bootstrap", "2000", "--out", str(out)]) == 0
    return {path.stem: pd.read_csv(path, dtype={"group": str}) for path in out.glob("*.csv")}


def by_key(table: pd.DataFrame, group: str, engine: str, op: str) -> Mapping[Any, Any]:
    """Return (lhs, rhs) -> row of one group, engine and operator."""
    own = table[(table["group"] == group) & (table["engine"] == engine) & (table["op"] == op)]
    return {(row["lhs"], row["rhs"]): row for row in own.to_dict("records")}


def test_the_satisfaction_index(tables: dict[str, pd.DataFrame]) -> None:
    found = tables["indices"].query("engine == 'pls' and construct == 'satisfaction'")
    for group, expected in INDEX.items():
        index = found.loc[found["group"] == group, "index"].item()
        assert index == pytest.approx(expected, abs=5e-5)  # known to four decimals


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_pls_equals_r(tables: dict[str, pd.DataFrame], group: str) -> None:
    for op, quantity in (("=~", "loading"), ("<~", "weight"), ("~", "path")):
        ours = by_key(tables["estimates"], group, "pls", op)
        golden = pls_values(GROUPS[group], "csem", "modeA-path", quantity)
        assert set(golden) >= set(ours)
        for key, row in ours.items():
            assert row["estimate"] == pytest.approx(golden[key], abs=1e-9), key
    r2 = tables["quality"].query(f"group == '{group}' and engine == 'pls' and measure == 'r2'")
    for (construct, _), value in pls_values(GROUPS[group], "csem", "modeA-path", "r2").items():
        own = r2.loc[r2["construct"] == construct, "value"].item()
        assert own == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_semopy_equals_lavaan(tables: dict[str, pd.DataFrame], group: str) -> None:
    assert GROUPS[group] in REFERENCE_SUBSETS
    checked = 0
    for (lhs, op, rhs), golden in reference_estimates("MLR", GROUPS[group]).items():
        row = by_key(tables["estimates"], group, "semopy", op)[lhs, rhs]
        for column in ("estimate", "std_estimate"):
            bound = 1e-6 * max(1.0, abs(golden[column]))
            assert row[column] == pytest.approx(golden[column], abs=bound), (lhs, op, rhs)
        for column in ("std_error", "std_estimate_se"):
            if golden[column] > 0:
                assert row[column] == pytest.approx(golden[column], rel=1e-4), (lhs, op, rhs)
                checked += 1
    assert checked >= 60
    measures = tables["fit_measures"].query(f"group == '{group}' and engine == 'semopy'")
    own = dict(zip(measures["measure"], measures["value"], strict=True))
    for name, value in reference_measures("MLR", GROUPS[group]).items():
        close = pytest.approx(value, rel=1e-5)
        if "pvalue" in name:
            close = pytest.approx(value, abs=1e-8)
        assert own[name] == close, name


def test_standard_errors_are_those_of_an_r_bootstrap(tables: dict[str, pd.DataFrame]) -> None:
    ops = {"path_estimates": "~", "loading_estimates": "=~", "weight_estimates": "<~"}
    ratios = []
    for golden in rows("bootstrap_3003.csv"):
        if golden["table"] not in ops or float(golden["std_error"] or 0) == 0:
            continue
        own = by_key(tables["estimates"], "3003", "pls", ops[golden["table"]])
        std_error = own[golden["lhs"], golden["rhs"]]["std_error"]
        if not math.isnan(std_error):
            ratios.append(std_error / float(golden["std_error"]))
    assert len(ratios) >= 31
    # Noise of 1,000 against 2,000 draws is 2.7 %; ours also redraws the incomplete rows.
    assert all(0.9 < ratio < 1.1 for ratio in ratios), ratios
    assert 0.97 < sum(ratios) / len(ratios) < 1.03


def test_published_impacts(tables: dict[str, pd.DataFrame]) -> None:
    found = tables["impacts"].query(
        "engine == 'pls' and group == '3003' and target == 'satisfaction' and effect == 'impact_5'"
    )
    own = dict(zip(found["source"], found["estimate"], strict=True))
    assert own["expectations"] == pytest.approx(4.43, abs=5e-3)  # known to two decimals
    assert own["perceived_quality"] == pytest.approx(3.88, abs=5e-3)
    assert own["perceived_value"] == pytest.approx(2.06, abs=5e-3)
