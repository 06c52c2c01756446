"""The page of a comparison: what it says, its tables, and names that want to be markup."""

from __future__ import annotations

import re
from dataclasses import replace
from math import nan
from pathlib import Path

import pytest
from compare_cases import KCSI, MODELS, compare, row, write_study
from report_cases import HOSTILE, RECORD

from acsi_sem.analysis.systems import ANOTHER, Compared
from acsi_sem.report.compare import build_comparison
from acsi_sem.report.content import Figure, IntervalChart, ReportData, Section, Table
from acsi_sem.report.html import render_html
from acsi_sem.runs.compare import Outcome
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.model import Text
from acsi_sem.spec.study import Study

SYSTEMS = f"""\
systems:
  acsi: {{title: Own index, engine: ols}}
  again: {{title: The same, engine: ols}}
  kcsi: {{title: Top boxes, model: {MODELS}/kcsi.yaml, {KCSI}}}
  rate: {{title: Rate, method: rate}}
"""
FILES = ("systems.csv", "systems.parquet", "agreement.csv")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study with four systems."""
    return load_study(write_study(tmp_path_factory.mktemp("study"), SYSTEMS))


@pytest.fixture(scope="module")
def outcome(study: Study) -> Outcome:
    """Its comparison."""
    return compare(Path(study.file))


@pytest.fixture(scope="module")
def page(study: Study, outcome: Outcome) -> ReportData:
    """What its page says."""
    return build_comparison(outcome.compared, study, RECORD, FILES)


def chapter(page: ReportData, ident: str) -> Section:
    return next(section for section in page.sections if section.ident == ident)


def table(section: Section, ident: str) -> Table:
    """A table of a section, by itself or under a figure."""
    for block in section.blocks:
        if isinstance(block, Figure) and block.table is not None and block.table.ident == ident:
            return block.table
        if isinstance(block, Table) and block.ident == ident:
            return block
    raise AssertionError(ident)


def cells(made: Table) -> dict[str, list[str]]:
    return {line[0].text: [cell.text for cell in line[1:]] for line in made.rows}


def test_the_first_sentence_names_the_extremes(page: ReportData, outcome: Outcome) -> None:
    low, high = row(outcome, "kcsi")["index"], row(outcome, "acsi")["index"]
    assert page.findings[0] == (
        f"For the same answers the systems say between {low:.1f} (Top boxes) and {high:.1f} "
        "(Own index)."
    )
    assert page.findings[1].startswith("Another order of the groups than Own index: ")
    assert "The same" not in page.findings[1]


def test_the_table_has_every_system_and_why_a_difference_is_not_there(
    page: ReportData, outcome: Outcome
) -> None:
    made = table(chapter(page, "systems"), "systems-table-0")
    found = cells(made)
    assert list(found) == ["Own index", "The same", "Top boxes", "Rate"]
    assert found["The same"][5:] == ["0.0", "0.0 to 0.0"]
    kcsi = row(outcome, "kcsi")
    assert found["Top boxes"][1:4] == ["3", str(kcsi["n"]), f"{kcsi['index']:.1f}"]
    assert made.rows[0][6].reason == "compared with itself"
    assert made.rows[3][6].reason == ANOTHER


def test_another_quantity_has_its_own_heading_and_no_place_among_the_indices(
    page: ReportData,
) -> None:
    figure = chapter(page, "systems").blocks[0]
    assert isinstance(figure, Figure)
    assert figure.title.startswith("All rows: 3 indices, ")
    assert isinstance(figure.chart, IntervalChart)
    headings = [line.heading for line in figure.chart.rows if line.heading]
    assert headings == ["Indices, 0–100", "Other quantities, in their own units"]


def test_differences_are_shown_for_indices_alone(page: ReportData) -> None:
    found = cells(table(chapter(page, "choice"), "differences-table"))
    assert list(found) == ["The same", "Top boxes"]
    assert found["The same"][0] == "0.0 (0.0 to 0.0)"


def test_what_was_not_asked_and_what_each_can_tell_is_said(page: ReportData) -> None:
    found = cells(table(chapter(page, "method"), "reach"))
    assert found["Top boxes"][0] == "SERVSAT and IMAGESAT"
    assert all(text for told in found.values() for text in told)
    assert found["The same"][1:] == ["As Own index.", "As Own index."]
    assert len({told[1] for told in found.values()}) == 4


def test_an_index_and_a_method_without_groups_make_a_page(tmp_path: Path) -> None:
    systems = "systems: {acsi: {title: Own, engine: ols}, rate: {method: rate}}"
    study = write_study(tmp_path, systems, group="")
    made = compare(study, replicates=0)
    page = build_comparison(made.compared, load_study(study), RECORD, FILES)
    idents = [section.ident for section in page.sections]
    assert "order" not in idents
    assert "choice" not in idents
    assert page.findings == ()
    figure = chapter(page, "systems").blocks[0]
    assert isinstance(figure, Figure)
    assert figure.title == f"All rows: Own says {row(made, 'acsi')['index']:.1f}"


def findings(study: Study, compared: Compared, values: dict[str, float]) -> tuple[str, ...]:
    """Findings where pairs reverse these shares of the groups, by the other system."""
    table = compared.agreement.copy()
    reversed_ = table["measure"] == "reversed_pairs"
    table.loc[reversed_, "value"] = table.loc[reversed_, "other"].map(values)
    changed = replace(compared, agreement=table)
    return build_comparison(changed, study, RECORD, FILES).findings


def test_agreement_is_told_of_pairs_that_were_compared(study: Study, outcome: Outcome) -> None:
    """A pair without a number neither agrees nor differs."""
    told = {
        (nan, nan, nan): (),
        (0.0, 0.0, 0.0): ("All systems put the groups in the order of Own index.",),
        (0.0, 0.0, nan): (
            "All systems whose groups have ranks put the groups in the order of Own index.",
        ),
        (0.0, 0.2, nan): ("Another order of the groups than Own index: Top boxes.",),
    }
    for shares, said in told.items():
        values = dict(zip(("again", "kcsi", "rate"), shares, strict=True))
        assert findings(study, outcome.compared, values)[1:] == said


def hostile(compared: Compared) -> Compared:
    """Systems and groups whose names want to be markup."""
    named = tuple(
        replace(m, system=replace(m.system, title=Text((("en", f"{HOSTILE} {i}"),))))
        for i, m in enumerate(compared.measurements)
    )
    labelled = []
    for one in named:
        fit = one.fit
        if fit is not None:
            labels = dict.fromkeys(compared.groups, f"</td>{HOSTILE}")
            fit = replace(fit, survey=replace(fit.survey, labels=labels))
        labelled.append(replace(one, fit=fit))
    return replace(compared, measurements=tuple(labelled))


def test_names_stay_text(study: Study, outcome: Outcome) -> None:
    named = replace(study, title=Text((("en", HOSTILE),)), source=HOSTILE)
    html = render_html(build_comparison(hostile(outcome.compared), named, RECORD, FILES))
    assert "alert(1)" in html
    assert "<script>alert" not in html
    assert "</td>&lt;" not in html
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", html)


def test_no_sentence_is_left_open(study: Study, outcome: Outcome) -> None:
    html = render_html(build_comparison(outcome.compared, study, RECORD, FILES))
    body = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", "", body)
    for absent in ("nan", "None", "{", "  ,", "by up to –", "–  points"):
        assert not re.search(rf"(?<![A-Za-z]){re.escape(absent)}(?![A-Za-z])", text), absent
