"""Files of units and shares: what they say, and every fault at its line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hierarchy_cases import spec_of
from malformed import Case, read_cases

from acsi_sem.errors import DataError, SpecError
from acsi_sem.spec.hierarchy import NATION, Break, Hierarchy, Unit
from acsi_sem.spec.load_hierarchy import load_hierarchy
from acsi_sem.spec.model import Text
from acsi_sem.spec.periods import Period
from acsi_sem.spec.study import Study
from acsi_sem.spec.unit_checks import MIXED, check_parents, check_units, shares_at

UNITS = """\
level,unit,parent,title,residual
sector,Travel,,Travel and transport,
sector,Finance,nation,,
industry,Airlines,Travel,,
industry,Banks,Finance,,0
company,Blue,Airlines,Blue Air,
company,Red,Airlines,,
company,Other airlines,Airlines,,1
company,One,Banks,,
"""

SHARES = """\
level,unit,measure,valid_from,valid_to,value,std_error
sector,Travel,sales,,,30,
sector,Finance,sales,,,70,
industry,Airlines,sales,,,10,
industry,Banks,sales,,,10,
company,Blue,sales,,2025-12-31,5,
company,Blue,sales,2026-01-01,,6,0.5
company,Red,sales,,,3,
company,Other airlines,sales,,,0,
company,One,sales,,,1,
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study whose folder holds the two files."""
    (tmp_path / "units.csv").write_text(UNITS, encoding="utf-8")
    (tmp_path / "shares.csv").write_text(SHARES, encoding="utf-8")
    levels = (("company", "C"), ("industry", "I"), ("sector", "S"))
    nation = spec_of()
    return Study(
        "toy", Text.of("Toy", ""), "m.yaml", levels=levels, nation=nation, folder=str(tmp_path)
    )


def faults(study: Study) -> list[str]:
    """Return the messages that loading raises."""
    with pytest.raises(SpecError) as caught:
        load_hierarchy(study)
    assert caught.value.exit_code == 3
    return str(caught.value).splitlines()


def test_what_the_files_say(study: Study) -> None:
    found = load_hierarchy(study)
    assert found.levels == ("company", "industry", "sector")
    assert found.measures == (("company", "sales"), ("industry", "sales"), ("sector", "sales"))
    assert found.units[0] == Unit("sector", "Travel", NATION, "Travel and transport")
    assert [unit.name for unit in found.units if unit.residual] == ["Other airlines"]
    assert [name for name, digest in found.sha256 if len(digest) == 64] == [
        "units.csv",
        "shares.csv",
    ]
    early = shares_at(found, "company", Period(2025, 4))["Blue"]
    late = shares_at(found, "company", Period(2026, 1))["Blue"]
    assert (early.value, early.valid_from, early.valid_to) == (5.0, date.min, date(2025, 12, 31))
    assert (late.value, late.std_error, late.valid_to) == (6.0, 0.5, date.max)


def test_a_spreadsheets_bytes_are_read_alike(study: Study) -> None:
    plain = load_hierarchy(study)
    content = UNITS.replace("\n", "\r\n").replace("Blue Air", '"Blue Air"') + "\r\n,,,,\r\n"
    (Path(study.folder) / "units.csv").write_bytes(b"\xef\xbb\xbf" + content.encode())
    assert load_hierarchy(study).units == plain.units


CASES = read_cases("malformed_hierarchies.txt")


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_malformed_file(study: Study, case: Case) -> None:
    name, valid = ("units.csv", UNITS) if case.name.startswith("units") else ("shares.csv", SHARES)
    (Path(study.folder) / name).write_text(case.text(valid), encoding="utf-8")
    assert faults(study) == list(case.messages)


def test_every_fault_at_once(study: Study) -> None:
    folder = Path(study.folder)
    (folder / "units.csv").write_text(UNITS.replace("One,Banks", "One,Bank"), encoding="utf-8")
    (folder / "shares.csv").write_text(SHARES.replace(",3,", ",x,"), encoding="utf-8")
    assert study.nation is not None
    nation = replace(study.nation, measures=(("company", "sales"), ("industry", "sales")))
    starts = [line.split(": ")[0] for line in faults(replace(study, nation=nation))]
    assert starts == ["toy", "units.csv:9", "shares.csv:8"]


def test_files_that_cannot_be_read(study: Study) -> None:
    folder = Path(study.folder)
    (folder / "units.csv").write_bytes(UNITS.encode() + b"company,Z\xfcrich,Banks,,\n")
    (folder / "shares.csv").unlink()
    assert faults(study) == [
        "units.csv:10: expected UTF-8, got other bytes; save the file as UTF-8",
        "shares.csv: expected a readable CSV file, got No such file or directory",
    ]
    assert "nation" in faults(replace(study, nation=None))[0]


def test_a_thousand_faults_are_not_all_told(study: Study) -> None:
    rows = "".join(f"company,C{i},Nowhere,,\n" for i in range(1000))
    (Path(study.folder) / "units.csv").write_text(UNITS + rows, encoding="utf-8")
    assert len(faults(study)) == 101


def test_companies_of_a_survey(study: Study) -> None:
    hierarchy = load_hierarchy(study)
    period = Period(2026, 1)
    everyone = {unit.name for unit in hierarchy.of_level("company")}
    assert check_units(hierarchy, everyone, period) == ()
    (lacking,) = check_units(hierarchy, everyone - {"Red"}, period)
    assert lacking.message == "no interviews in 2026Q1 of company Red"
    (whole,) = check_units(hierarchy, everyone - {"One"}, period)
    assert (whole.kind, whole.message) == (
        "not_surveyed",
        "no interviews in 2026Q1 of sector Finance",
    )
    with pytest.raises(DataError) as caught:
        check_units(hierarchy, everyone | {"Blu", "Green"}, period)
    first, second = str(caught.value).splitlines()
    assert first.endswith("company Blu: expected every company of the survey of 2026Q1, "
                          "got no such unit; did you mean 'Blue'?")  # fmt: skip
    assert "company Green" in second


def test_a_share_of_a_unit_that_was_dropped_is_not_taken_for_a_neighbours(study: Study) -> None:
    text = UNITS.replace("company,Red,Airlines,,\n", "company,Reds,Airlines,,\n")
    (Path(study.folder) / "units.csv").write_text(text, encoding="utf-8")
    said = "shares.csv:8: column unit: expected a company that units.csv has, got 'Red'; "
    assert faults(study) == [said + "did you mean 'Reds'?"]
    with (Path(study.folder) / "shares.csv").open("a", encoding="utf-8") as file:
        file.write("company,Reds,sales,,,3,\n")
    assert faults(study) == [said + "add it to units.csv"]


def test_a_survey_that_puts_companies_elsewhere(study: Study) -> None:
    hierarchy = load_hierarchy(study)
    industries = {"Blue": "Airlines", "Red": "Banks", "One": MIXED, "no unit": "Banks"}
    sectors = dict.fromkeys(("Blue", "Red", "Other airlines", "One"), "Retail")
    found = check_parents(hierarchy, {"industry": industries, "sector": sectors})
    assert {notice.kind for notice in found} == {"other_parent"}
    told = [
        (notice.subject, *notice.message.removeprefix("the survey names ").split(": "))
        for notice in found
    ]
    other = ("Blue", "Red", "Other airlines")
    assert told == [
        (
            "industry",
            "another industry than units.csv for 1 of level company",
            "Red ('Banks', not 'Airlines')",
        ),
        ("industry", "several units of level industry for 1 of level company", "One"),
        (
            "sector",
            "another sector than units.csv for 4 of level company",
            ", ".join(f"{name} ('Retail', not 'Travel')" for name in other) + " and 1 more",
        ),
    ]
    agreed = {"industry": {"Blue": "Airlines"}, "sector": {"One": "Finance"}}
    assert check_parents(hierarchy, agreed) == ()


def test_a_company_without_a_share_that_day(study: Study) -> None:
    whole = load_hierarchy(study)
    kept = tuple(share for share in whole.shares if share.unit != "One")
    cut = Hierarchy(whole.levels, whole.units, kept, whole.measures, whole.sha256)
    with pytest.raises(DataError, match=r"shares.csv: company One: expected a share that holds on"):
        check_units(cut, {"One"}, Period(2026, 1))


def test_a_break_of_nothing_is_a_fault(study: Study) -> None:
    assert study.nation is not None
    breaks = (Break("2026Q1", "online", "industry Airlnes"), Break("2026Q1", "online", "Airlines"))
    assert faults(replace(study, nation=replace(study.nation, breaks=breaks))) == [
        (
            "toy: nation.breaks: expected a unit of units.csv as series, got 'industry Airlnes'; "
            "did you mean 'industry Airlines'?"
        )
    ]
