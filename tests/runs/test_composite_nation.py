"""A nation measured by a composite index: two quarters, with other shares in each."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nation_runs import contents, copied, folder_of, run

from acsi_sem.runs.national_words import left_out
from acsi_sem.simulate.demo import COMPANIES, demo_survey
from acsi_sem.spec.load import load_model
from acsi_sem.spec.methods.satisfaction_rate import SatisfactionRate
from acsi_sem.spec.model import Text
from acsi_sem.spec.study import Study

MODEL = Path("models/kcsi.yaml").resolve()
OLD, NEW = "2010Q4", "2011Q1"
CODES = {company.name: f"C{i}" for i, company in enumerate(COMPANIES, 1)}
INDUSTRIES = {company.industry: f"I{company.industry[0]}" for company in COMPANIES}
STUDY = f"""\
schema: 1
name: korea
model: model.yaml
data: {{file: "survey-{{period}}.csv"}}
design: {{weight: WEIGHT, weight_kind: sampling, stratum: STRATUM}}
levels: {{company: COMPANY, industry: INDUSTRY}}
group: COMPANY
resampling: {{replicates: 60, seed: 1}}
report: {{minimum_rows: 30}}
nation:
  units: units.csv
  shares: shares.csv
  measures: {{company: sales, industry: gdp}}
run: {{store: published, first: {OLD}, due_after_days: 5}}
"""


def survey(period: str) -> pd.DataFrame:
    frame = demo_survey(load_model(MODEL), seed={OLD: 4, NEW: 5}[period], interviews=60)
    return frame.replace({"COMPANY": CODES, "INDUSTRY": INDUSTRIES})


def units() -> pd.DataFrame:
    rows = [("industry", code, "", name, 0) for name, code in INDUSTRIES.items()]
    rows += [("company", CODES[c.name], INDUSTRIES[c.industry], c.name, 0) for c in COMPANIES]
    return pd.DataFrame(rows, columns=["level", "unit", "parent", "title", "residual"])


def shares() -> pd.DataFrame:
    rows = [("industry", code, "gdp", 1 + i) for i, code in enumerate(INDUSTRIES.values())]
    rows += [("company", code, "sales", 10 * i) for i, code in enumerate(CODES.values(), 1)]
    table = pd.DataFrame(rows, columns=["level", "unit", "measure", "value"])
    return table.assign(valid_from="", valid_to="", std_error="")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two published quarters of six companies."""
    folder = tmp_path_factory.mktemp("nation")
    for period in (OLD, NEW):
        survey(period).to_csv(folder / f"survey-{period}.csv", index=False)
    shutil.copy(MODEL, folder / "model.yaml")
    units().to_csv(folder / "units.csv", index=False)
    shares().to_csv(folder / "shares.csv", index=False)
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    for period in (OLD, NEW):
        (outcome,) = run(folder / "study.yaml", period)
        assert outcome.status == "published"
    return folder / "study.yaml"


def readings(study: Path, period: str) -> pd.DataFrame:
    return pd.read_parquet(folder_of(study, period) / "readings.parquet")


def by_hand(frame: pd.DataFrame, overall: float, element: float) -> float:
    """The KCSI of some rows: weighted percentages of 6 and 7 of 7."""

    def top(*names: str) -> float:
        found = []
        for name in names:
            own = frame[frame[name].between(1, 7)]
            found.append(100 * np.average(own[name] >= 6, weights=own["WEIGHT"]))
        return float(np.mean(found))

    elements = top("PRODSAT", "SERVSAT", "IMAGESAT")
    return overall * top("ALLSAT") + element * elements + 0.2 * top("REBUY")


@pytest.mark.parametrize(("period", "overall", "element"), [(OLD, 0.4, 0.4), (NEW, 0.3, 0.5)])
def test_companies_are_measured_with_the_shares_of_their_quarter(
    study: Path, period: str, overall: float, element: float
) -> None:
    found = readings(study, period)
    own = found[(found["level"] == "company") & (found["construct"] == "kcsi")]
    assert len(own) == len(COMPANIES)
    for code, frame in survey(period).groupby("COMPANY"):
        index = own.loc[own["unit"] == code, "index"].item()
        assert index == pytest.approx(by_hand(frame, overall, element), abs=1e-9)
    assert own["std_error"].gt(0).all()


def test_industries_and_the_nation_add_up(study: Path) -> None:
    found = readings(study, NEW)
    own = found[found["construct"] == "kcsi"].set_index("unit")["index"]
    weights = shares().set_index("unit")["value"]
    totals = {}
    for name, part in units().query("level == 'company'").groupby("parent"):
        totals[str(name)] = float(np.average(own[part["unit"]], weights=weights[part["unit"]]))
        assert own[str(name)] == pytest.approx(totals[str(name)], abs=1e-9)
    nation = pd.read_parquet(folder_of(study, NEW) / "national.parquet")
    nation = nation[(nation["construct"] == "kcsi") & (nation["form"] == "latest")]
    wanted = np.average([totals["ID"], totals["IP"]], weights=[1, 2])
    assert nation["index"].item() == pytest.approx(float(wanted), abs=1e-9)


def test_the_site_has_a_page_for_every_company_and_no_path(study: Path) -> None:
    files = contents(folder_of(study, NEW))
    pages = [name for name in files if name.startswith("report/companies/")]
    assert len(pages) == len(COMPANIES)
    for name in (*pages, "report/index.html"):
        text = files[name].decode().split("</style>")[-1].split("<script")[0]
        for absent in (">nan", ">None", "path coefficient"):
            assert absent not in text, (name, absent)


def test_the_same_inputs_give_the_same_bytes(study: Path, tmp_path: Path) -> None:
    again = copied(study, tmp_path / "again", without=NEW)
    assert [outcome.status for outcome in run(again, NEW)] == ["published"]
    one, two = (contents(folder_of(made, NEW)) for made in (study, again))
    assert one == two


def test_a_change_across_two_formulas_is_not_tested(study: Path) -> None:
    found = pd.read_parquet(folder_of(study, NEW) / "changes.parquet")
    own = found[(found["construct"] == "kcsi") & (found["versus"] == "last_quarter")]
    assert len(own) >= len(COMPANIES)
    assert own["p_value"].isna().all()
    assert own["note"].str.contains("what the components of kcsi count for changes here").all()


def test_methods_of_a_study_are_told_to_be_left_out() -> None:
    rate = SatisfactionRate("rate", "satisfaction_rate", None, ("ALLSAT",), 6.0)
    asked = Study("s", Text.of(None, "s"), "model.yaml", methods=(rate,))
    (told,) = left_out(asked.settings, asked)
    assert told.message.startswith("Not made in scheduled runs: methods;")
    assert left_out(asked.settings, replace(asked, methods=())) == []
