"""The systems of the 2015 study side by side, against published numbers and pandas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acsi_sem.cli.app import run

ROOT = Path(__file__).parents[2]
SURVEY = ROOT.parent / "shared" / "data" / "ACSI Data 2015 ver2.xlsx"
# R, complete cases; in METHODOLOGY 2.2 to two decimals.
PLS = {"1001": 79.43, "3003": 69.32, "3013": 61.36, "5001": 75.59}
SYSTEMS = ("acsi_pls", "acsi_sem", "equal", "ukcsi_form", "kcsi_form", "rate", "gap")

pytestmark = [
    pytest.mark.survey,
    pytest.mark.skipif(
        not SURVEY.exists(), reason="the 2015 interviews are not beside this checkout"
    ),
]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Compare as the command does, with indices from complete cases as R has them."""
    folder = tmp_path_factory.mktemp("study")
    text = (ROOT / "data" / "acsi2015" / "study.yaml").read_text(encoding="utf-8")
    text = text.replace("../../models", str(ROOT / "models"))
    assert "index_means: available" in text
    text = text.replace("index_means: available", "index_means: complete")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    always = ["--data", str(SURVEY), "--out", str(folder / "out"), "--bootstrap", "0"]
    assert run(["compare", str(folder / "study.yaml"), *always, "--group", "INDUSTRY"]) == 0
    return pd.read_csv(folder / "out" / "systems.csv", dtype={"group": str})


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    """The interviews, codes of no answer blank."""
    frame = pd.read_excel(SURVEY, sheet_name="ACSI Data", engine="openpyxl")
    items = ["SATIS", "CONFIRM", "IDEAL", "OVERALLX", "OVERALLQ", "CUSTOMQ", "WRONGQ", "PQ"]
    items.append("REPUR")
    frame[items] = frame[items].where(frame[items].isin(range(1, 11)))
    return frame


def index(table: pd.DataFrame, system: str, group: str = "all") -> float:
    own = table[(table["system"] == system) & (table["group"] == group)]
    return float(own["index"].item())


def test_every_system_has_a_number_in_every_industry(table: pd.DataFrame) -> None:
    assert tuple(dict.fromkeys(table["system"])) == SYSTEMS
    assert len(table) == len(SYSTEMS) * 5
    assert table["index"].notna().all()


@pytest.mark.parametrize("group", sorted(PLS))
def test_acsi_by_pls_is_the_published_one(table: pd.DataFrame, group: str) -> None:
    assert index(table, "acsi_pls", group) == pytest.approx(PLS[group], abs=0.005)


def test_kcsi_form_by_pandas(table: pd.DataFrame, answers: pd.DataFrame) -> None:
    """Complete cases of its four questions; elements count half, two of them equally."""
    own = answers.dropna(subset=["SATIS", "OVERALLQ", "CUSTOMQ", "REPUR"])
    top = 100 * (own[["SATIS", "OVERALLQ", "CUSTOMQ", "REPUR"]] >= 9).mean()
    whole = 0.3 * top["SATIS"] + 0.25 * (top["OVERALLQ"] + top["CUSTOMQ"]) + 0.2 * top["REPUR"]
    assert index(table, "kcsi_form") == pytest.approx(float(whole), abs=1e-9)


def test_ukcsi_form_by_pandas(table: pd.DataFrame, answers: pd.DataFrame) -> None:
    """Ten times the mean of three answers from 1 to 10."""
    own = answers[["OVERALLQ", "WRONGQ", "PQ"]].dropna()
    assert index(table, "ukcsi_form") == pytest.approx(10 * float(own.to_numpy().mean()), abs=1e-9)


def test_equal_weights_are_near_a_plain_mean(table: pd.DataFrame, answers: pd.DataFrame) -> None:
    """Equal weights of standardised answers, so only nearly equal ones of answers."""
    own = answers[["SATIS", "CONFIRM", "IDEAL"]].dropna()
    plain = 100 * (float(own.to_numpy().mean()) - 1) / 9
    assert index(table, "equal") == pytest.approx(plain, abs=0.5)


def test_methods_by_pandas(table: pd.DataFrame, answers: pd.DataFrame) -> None:
    satisfied = answers["SATIS"].dropna() >= 8
    assert index(table, "rate") == pytest.approx(100 * float(satisfied.mean()), abs=1e-9)
    assert -100 < index(table, "gap") < 100
    assert table.loc[table["system"].isin(["rate", "gap"]), "difference"].isna().all()


def test_differences_are_from_the_first(table: pd.DataFrame) -> None:
    scaled = table[~table["system"].isin(["acsi_pls", "rate", "gap"])]
    base = scaled["group"].map(lambda group: index(table, "acsi_pls", group))
    np.testing.assert_allclose(scaled["difference"], scaled["index"] - base, atol=1e-9)
