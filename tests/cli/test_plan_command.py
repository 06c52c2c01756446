"""`acsi-sem plan`, as a user types it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from acsi_sem.cli.plan import plan
from acsi_sem.errors import AcsiError, UsageError

STRATA = "stratum,size,sd,cost\nNorth,1000,10,1\nSouth,3000,20,4\n"


def run(words: str, *more: str) -> None:
    """Run a command of `acsi-sem plan`; errors come out as exceptions."""
    plan(args=[*words.split(), *more], standalone_mode=False, prog_name="acsi-sem plan")


def lines(captured: pytest.CaptureFixture[str]) -> list[str]:
    """Return what was printed, line by line, with single spaces."""
    return [" ".join(line.split()) for line in captured.readouterr().out.splitlines()]


def test_a_size_is_told_with_its_formula_and_assumptions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run("size --half-width 2 --response 0.3 --groups 4")
    said = lines(capsys)
    assert said[0] == "Interviews for a half-width of 2 points of an index"
    assert "interviews 385 interviews" in said
    assert "all 4 groups people to contact 5,136 people" in said
    assert any(line.startswith("formula: n0 = (z x standard deviation") for line in said)
    assert "assumed: respondents' 0-100 indices have a standard deviation of 20 points" in said


def test_one_of_a_thing(capsys: pytest.CaptureFixture[str]) -> None:
    run("size --half-width 1 --sd 0.01")
    said = lines(capsys)
    assert said[0] == "Interviews for a half-width of 1 point of an index"
    assert "interviews 1 interview" in said
    run("change --points 1")
    assert lines(capsys)[0] == "Interviews to find a change of 1 point"


def test_250_interviews(capsys: pytest.CaptureFixture[str]) -> None:
    run("size --interviews 250 --sd 27.5")
    assert "half-width 3.41 points" in lines(capsys)


def test_weights_and_clusters_make_a_design_effect(capsys: pytest.CaptureFixture[str]) -> None:
    run("size --half-width 2 --cv-weights 0.5 --icc 0.02 --cluster 11")
    said = lines(capsys)
    assert "assumed: design effect 1.5" in said
    assert "interviews 577 interviews" in said


def test_a_table_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "plan.csv"
    run("change --points 2 --out", str(out))
    assert f"table: {out}" in capsys.readouterr().out
    table = pd.read_csv(out).set_index("quantity")
    assert table.loc["interviews", "value"] == 1570
    with pytest.raises(UsageError, match="replace it by --force"):
        run("change --points 3 --out", str(out))
    run("change --points 3 --force --out", str(out))
    assert pd.read_csv(out).set_index("quantity").loc["interviews", "value"] == 698


def test_a_difference(capsys: pytest.CaptureFixture[str]) -> None:
    run("difference --points 3 --sd 15 --other-sd 27 --ratio 2")
    said = lines(capsys)
    assert "first company interviews 515 interviews" in said
    assert "other company interviews 1,030 interviews" in said


def test_an_allocation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "strata.csv"
    path.write_text(STRATA, "utf-8")
    run("allocate --interviews 140 --method neyman", str(path))
    said = lines(capsys)
    assert "North interviews 20 interviews" in said
    assert "South interviews 120 interviews" in said
    assert "all strata cost 500.00 money" in said


def test_a_power(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "power.csv"
    words = "power models/acsi.yaml --path satisfaction:loyalty --effect 0.4 --interviews 80"
    more = "--interviews 160 --simulations 40 --engine ols --other satisfaction:complaints=-0.3"
    run(f"{words} {more}", "--out", str(out))
    said = capsys.readouterr().out
    assert "Power to find satisfaction -> loyalty of 0.4 by ols" in said
    assert "satisfaction -> complaints -0.3," in said
    table = pd.read_csv(out)
    assert table.loc[table["quantity"] == "power", "subject"].tolist() == [
        "80 interviews",
        "160 interviews",
    ]


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "Transaction survey (transaction)"), ("zh-Hant", "交易調查 (transaction)")],
)
def test_the_choices(language: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(f"modes --language {language}")
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        ("size --half-width -2", "--half-width: expected a number above 0, got -2", 2),
        ("size", "plan size: expected one of --half-width and --interviews, got none", 2),
        ("change --interviews 0", "--interviews: expected a whole number from 2 on, got 0", 2),
        ("modes --language fr", "--language: expected en, zh-Hans or zh-Hant, got 'fr'", 2),
        ("size --half-width 2 --deff 2 --icc 0.1", "--deff: expected it without --icc", 2),
        ("size --half-width 2 --icc 0.1", "--icc and --cluster together, got one of them", 2),
        ("size --half-width 2 --group A", "--group: expected --from beside it, got none", 2),
        ("size --half-width 2 --sd 20 --from x.yaml", "--from: expected it without --sd", 2),
        ("size --half-width 2 --share 0.5 --sd 20", "--sd: expected none beside --share", 2),
        ("size --half-width 2 --out plan.txt", "a name that ends in .csv, got 'plan.txt'", 2),
        ("allocate none.csv --interviews 9", "none.csv: expected a readable CSV file", 3),
        (
            "power models/acsi.yaml --path loyalty --effect 1 --interviews 99 --other a=b",
            "--other: expected source:target=effect, got 'a=b'",
            2,
        ),
        (
            "power models/acsi.yaml --path loyalty:trust --effect 0.1 --interviews 99",
            "--path: expected a path of the model acsi",
            2,
        ),
        (
            "power models/acsi.yaml --path loyalty:a --effect 0 --interviews 99 --other a:b=1",
            "--other: expected a path of the model acsi, got 'a:b'",
            2,
        ),
    ],
)
def test_refusals(words: str, told: str, code: int) -> None:
    with pytest.raises(AcsiError) as refused:
        run(words)
    assert told in str(refused.value)
    assert refused.value.exit_code == code
