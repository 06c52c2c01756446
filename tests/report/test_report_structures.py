"""What a report says of covariance structures: fit, misfit, comparability, errors, missing."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace
from typing import Literal

import pytest
from report_cases import pooled_fit, small_fit, structural_fit
from report_structures import (
    ADJUSTED,
    LEVELS,
    MEASURES,
    VERDICT,
    bullets,
    compared,
    level_row,
    prose,
    standard,
    tables,
    with_measures,
)

from acsi_sem.analysis.values import Fit
from acsi_sem.report import build_report
from acsi_sem.report.charts.engines import STYLES
from acsi_sem.report.content import Details, Figure, Heading
from acsi_sem.report.facts import gather
from acsi_sem.report.html import render_block
from acsi_sem.report.sections import engines, fit, invariance, measurement, method, record
from acsi_sem.tables.schema import (
    INDICES,
    INVARIANCE,
    MODIFICATION,
    RESIDUALS,
    SCHEMAS,
    make_table,
)
from acsi_sem.terms import ALL, PATH_ENGINES, Engine, Errors, MissingRule


@pytest.mark.parametrize("engine", ["semopy", "ml"])
def test_robust_measures_stand_first_and_textbook_ones_are_called_so(engine: Engine) -> None:
    facts = gather(with_measures(engine, MEASURES | ADJUSTED), None)
    made = fit.blocks(facts)
    rows = {row[0].text: row for row in tables(made)["fit-table"].rows}
    titles = list(rows)
    assert titles[:3] == ["Chi-square, scaled", "Degrees of freedom", "p of the scaled chi-square"]
    assert titles.index("CFI, robust") < titles.index("SRMR") < titles.index("CFI, textbook")
    assert titles.count("Degrees of freedom") == 1
    shown = {title: row[1].text for title, row in rows.items()}
    assert shown["Chi-square, scaled"] == "210.4"
    assert shown["p of the scaled chi-square"] == "0.012"
    assert shown["p, Bollen–Stine bootstrap"] == "0.250"
    assert shown["RMSEA, robust, lower 90 % limit"] == "0.044"
    assert shown["RMSEA, robust, upper 90 % limit"] == "0.058"
    assert shown["p of chi-square, textbook"].replace("\u00a0", " ") == "< 0.001"
    assert rows["CFI, robust"][1].tone == "good"
    assert rows["CFI, textbook"][1].tone == "weak"
    assert rows["CFI, robust"][-1].text == "0.95 or more"
    assert rows["RMSEA, robust, lower 90 % limit"][-1].text == ""
    said = prose(made)
    assert "reached in the pooled fit: robust CFI, robust RMSEA and SRMR" in said
    assert "missed: robust TLI" in said
    assert fit.ROBUST in said
    assert fit.BOLLEN_STINE in said


def test_a_bootstrap_p_of_zero_is_a_bound_by_the_replicates() -> None:
    none = {"pvalue.bollen.stine": 0.0, "bollen.stine.replicates": 50.0}
    made = fit.blocks(gather(with_measures("ml", MEASURES | none), None))
    rows = {row[0].text: row[1].text for row in tables(made)["fit-table"].rows}
    assert rows["p, Bollen–Stine bootstrap"].replace("\u00a0", " ") == "< 0.02"


def test_without_scaled_tests_nothing_is_said_of_them() -> None:
    made = fit.blocks(gather(with_measures("semopy", MEASURES), None))
    titles = [row[0].text for row in tables(made)["fit-table"].rows]
    assert {"Chi-square", "CFI", "RMSEA"} <= set(titles)
    assert not any("textbook" in title or "robust" in title for title in titles)
    said = prose(made)
    assert fit.ROBUST not in said
    assert fit.BOLLEN_STINE not in said
    assert "reached in the pooled fit: SRMR; missed: CFI, TLI and RMSEA" in said


def test_ordinal_measures_are_scaled_ones_alone() -> None:
    measures = {
        "chisq": 900.0,
        "df": 58.0,
        "chisq.scaled": 200.0,
        "df.scaled": 58.0,
        "pvalue.scaled": 0.5,
        "cfi.scaled": 0.97,
        "srmr": 0.03,
    }
    made = fit.blocks(gather(with_measures("ordinal", measures), None))
    table = tables(made)["fit-table"]
    assert [row[0].text for row in table.rows] == [
        "Chi-square, scaled",
        "Degrees of freedom",
        "p of the scaled chi-square",
        "CFI, scaled",
        "SRMR",
    ]
    assert "scaled and shifted" in " ".join(table.notes)
    assert fit.ORDINAL in prose(made)


def test_a_failed_fit_leaves_dashes_with_the_reason() -> None:
    made = fit.blocks(gather(with_measures("ml", {"chisq": math.nan, "cfi": math.nan}), None))
    assert "no fit measures for the pooled rows" in prose(made)
    cell = tables(made)["fit-table"].rows[0][1]
    assert (cell.text, cell.reason) == ("—", "the model was not fitted or not used")


def test_every_covariance_engine_that_ran_has_its_table() -> None:
    made = fit.blocks(gather(small_fit(), None))
    assert set(PATH_ENGINES) == set(small_fit().request.engines)
    assert {"fit-table", "fit-table-ml", "fit-table-ordinal"} <= set(tables(made))
    assert fit.blocks(gather(pooled_fit(), None)) == ()
    first = {row[0].text: row[1].text for row in tables(made)["fit-table"].rows}
    found = small_fit().fit_measures.query("group == 'all' and engine == 'semopy'")
    values = found.set_index("measure")["value"]
    assert first["CFI, robust"] == f"{values['cfi.robust']:.3f}"
    assert first["Chi-square, scaled"] == f"{values['chisq.scaled']:.1f}"


def test_no_invariance_no_chapter() -> None:
    assert invariance.section(gather(pooled_fit(), None)) is None


def test_invariance_chapter_has_verdict_and_levels() -> None:
    section = invariance.section(gather(standard(), None))
    assert section is not None
    assert section.title == "What may be compared across groups"
    assert VERDICT in prose(section.blocks)
    table = tables(section.blocks)["invariance-table-measurement"]
    assert [row[0].text for row in table.rows] == [level.title() for level in LEVELS]
    assert [row[6].text for row in table.rows] == [
        "holds",
        "holds",
        "does not hold",
        "a level before it does not hold",
    ]
    assert [row[4].text for row in table.rows] == ["—", "0.0042", "0.0216", "0.0010"]
    assert table.rows[0][4].reason == "there is no level before"
    assert table.columns[1].head == "Chi-square, scaled"
    assert table.rows[1][1].text == "80.0"
    assert table.rows[2][7].text == "reading of scalar"


def test_a_level_that_failed_is_not_called_refuted() -> None:
    rows = [
        level_row("model", "configural", math.nan, holds=1.0),
        {
            **level_row("model", "metric", math.nan, holds=0.0, note="did not converge"),
            **dict.fromkeys(("chisq", "df", "cfi", "rmsea"), math.nan),
            "released": "SATIS ~1",
        },
    ]
    section = invariance.section(gather(compared(rows), None))
    assert section is not None
    table = tables(section.blocks)["invariance-table-model"]
    assert table.columns[1].head == "Chi-square"
    assert table.rows[1][6].text == "cannot be shown"
    assert (table.rows[1][3].text, table.rows[1][3].reason) == ("—", "did not converge")
    assert table.notes == ("Not held equal: SATIS ~1.", "Metric: did not converge.")


def test_verdicts_are_no_warnings() -> None:
    facts = gather(standard(), None)
    report = build_report(standard())
    assert [section.ident for section in report.sections].count("invariance") == 1
    warned = record.warnings(facts)
    assert "1 warning of 1 kind" in prose(warned.blocks)
    assert not any(isinstance(b, Heading) and "nvariance" in b.text for b in warned.blocks)
    assert any("1 warning to read" in finding for finding in report.findings)


def test_a_verdict_without_its_table_is_not_lost() -> None:
    bare = replace(standard(), invariance=make_table(INVARIANCE, ()))
    assert "2 warnings of 2 kinds" in prose(record.warnings(gather(bare, None)).blocks)


def with_misfit(residuals: dict[tuple[str, str], float]) -> Fit:
    """A fit with twelve modification indices in no order and the correlation residuals given."""
    base = with_measures("ml", MEASURES)
    key = {"group": ALL, "engine": "ml"}
    items = [item.name for item in base.model.indicators]
    pairs = itertools.pairwise(items)
    changes: list[dict[str, object]] = [
        {**key, "lhs": a, "op": "~~", "rhs": b, "mi": 5.0 + (7 * at) % 12, "epc": 0.2}
        for at, (a, b) in enumerate(pairs)
    ]
    changes[0] |= {"op": "~", "lhs": "loyalty", "rhs": "expectations", "mi": 98.76, "epc": -0.1234}
    changes[1] |= {"op": "=~", "lhs": "satisfaction", "rhs": "PQ", "mi": 50.0, "sepc_all": 0.5}
    elsewhere = {**changes[2], "group": "group 1", "mi": 999.0}
    rows = [{**key, "lhs": a, "rhs": b, "cor_residual": r} for (a, b), r in residuals.items()]
    return replace(
        base,
        modification=make_table(MODIFICATION, [*changes, elsewhere]),
        residuals=make_table(RESIDUALS, rows),
    )


RESIDUAL_ROWS = {
    ("SATIS", "SATIS"): 0.9,
    ("CONFIRM", "SATIS"): 0.1001,
    ("IDEAL", "SATIS"): -0.25,
    ("PQ", "QP"): 0.0999,
}


def test_the_ten_largest_modification_indices_of_the_pooled_rows() -> None:
    blocks = measurement.section(gather(with_misfit(RESIDUAL_ROWS), None)).blocks
    table = tables(blocks)["modification-table"]
    assert len(table.rows) == 10
    assert [row[0].text for row in table.rows[:2]] == [
        "Expectations → Loyalty",
        "Satisfaction → PQ",
    ]
    assert [cell.text for cell in table.rows[0][1:4]] == ["path", "98.8", "−0.123"]
    assert [cell.text for cell in table.rows[1][1:]] == ["cross-loading", "50.0", "0.200", "0.500"]
    sizes = [float(row[2].text) for row in table.rows]
    assert sizes == sorted(sizes, reverse=True)
    assert table.notes == ("The 10 largest of 12.",)
    assert "a hint, not a licence" in prose(blocks)
    hidden = [b for b in blocks if isinstance(b, Details) and table in b.blocks]
    assert len(hidden) == 1


def test_large_correlation_residuals_without_the_diagonal() -> None:
    blocks = measurement.section(gather(with_misfit(RESIDUAL_ROWS), None)).blocks
    table = tables(blocks)["residuals-table"]
    assert [(row[0].text, row[1].text) for row in table.rows] == [
        ("IDEAL ↔ SATIS", "−0.25"),
        ("CONFIRM ↔ SATIS", "0.10"),
    ]
    assert table.notes == ("2 of 3 pairs beyond ±0.10.",)


def test_small_residuals_are_said_to_be_small() -> None:
    blocks = measurement.section(gather(with_misfit({("PQ", "QP"): -0.1}), None)).blocks
    assert "residuals-table" not in tables(blocks)
    assert "No correlation residual is beyond ±0.10" in prose(blocks)


def with_errors(kind: str, se: Errors | Literal[""]) -> Fit:
    """The fit by semopy with standard errors of a kind."""
    base = structural_fit()
    estimates = base.estimates.copy()
    estimates.loc[estimates["se_type"] != "", "se_type"] = kind
    return replace(base, estimates=estimates, request=replace(base.request, se=se))


@pytest.mark.parametrize(
    ("kind", "told", "reason"),
    [
        ("robust", "robust (Huber–White): right for skewed", "Robust ones are the default"),
        ("cluster", "from the sampling units of the design", "where the survey has strata or PSUs"),
        ("mlm", "Satorra and Bentler", ""),
        ("ml", "takes answers for normal", ""),
        ("fiml", "observed information of the incomplete rows, which takes", ""),
        ("fiml_robust", "observed information of the incomplete rows: right", "are the default"),
    ],
)
def test_method_tells_the_standard_errors_that_the_table_has(
    kind: str, told: str, reason: str
) -> None:
    said = bullets(method.section(gather(with_errors(kind, ""), None), None))["Standard errors."]
    assert told in said
    assert reason in said
    asked = gather(with_errors(kind, "robust"), None)
    named = bullets(method.section(asked, None))["Standard errors."]
    assert "default" not in named


def test_no_covariance_structure_no_words_on_its_errors() -> None:
    assert "Standard errors." not in bullets(method.section(gather(pooled_fit(), None), None))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("complete", "fitted to the same complete cases"),
        ("em", "by the EM algorithm"),
        ("fiml", "by full information maximum likelihood"),
    ],
)
def test_method_tells_what_was_done_about_missing_answers(rule: MissingRule, told: str) -> None:
    base = pooled_fit()
    made = gather(replace(base, request=replace(base.request, missing=rule)), None)
    said = bullets(method.section(made, None))["Missing answers."]
    assert told in said
    assert ("complete cases" in said) == (rule == "complete")
    rows = base.survey.values.shape[0]
    assert made.basis(ALL).startswith("n = ")
    assert (f"n = {rows} rows" in made.basis(ALL)) == (rule != "complete")


def test_means_of_complete_cases_are_em_estimates_under_em() -> None:
    base = pooled_fit()
    request = replace(base.request, missing="em", index_means="complete")
    said = bullets(method.section(gather(replace(base, request=request), None), None))
    assert "those that the EM algorithm estimates" in said["Missing answers."]


def test_method_tells_the_weights_of_each_index() -> None:
    both = bullets(method.section(gather(small_fit(), None), None))["Index."]
    assert "loading / error variance" in both
    assert both.count("for a covariance structure") == 1
    assert "outer weight" in both
    assert "OLS baseline" in both
    alone = bullets(method.section(gather(pooled_fit(), None), None))["Index."]
    assert "loading / error variance" not in alone


def test_without_replicates_none_are_spoken_of() -> None:
    base = structural_fit()
    bare = replace(base, request=replace(base.request, replicates=2000), replicates=())
    said = bullets(method.section(gather(bare, None), None))["Intervals."]
    assert "2,000" not in said
    assert "normal, from their standard errors" in said


def test_covariance_structures_have_indices_and_intervals() -> None:
    facts = gather(small_fit(), None)
    section = engines.section(facts)
    table = tables(section.blocks)["engine-indices"]
    last = table.rows[-1]
    found = small_fit().indices.query("group == 'all' and construct == 'satisfaction'")
    index = dict(zip(found["engine"], found["index"], strict=True))
    assert last[0].text == "All rows"
    for at, engine in enumerate(facts.fit.request.engines):
        cell, limits = last[1 + 2 * at], last[2 + 2 * at]
        if engine == "ordinal":
            assert (cell.text, cell.reason) == ("—", "this engine gives no index")
        else:
            assert cell.text == f"{index[engine]:.1f}"
            # With 330 rows many replicates of the covariance structure are not admissible.
            assert " to " in limits.text or "replicates failed" in limits.reason
    assert "loading / error variance" in " ".join(table.notes)
    assert sum("gives no index" in note for note in table.notes) == 1
    figure = next(block for block in section.blocks if isinstance(block, Figure))
    assert "normal, from robust (Huber–White) standard errors" in figure.reading


def test_constants_of_the_model_have_no_interval() -> None:
    base = structural_fit()
    estimates = base.estimates.copy()
    estimates.loc[estimates["op"] == "~", "std_estimate_se"] = 0.0
    facts = gather(replace(base, estimates=estimates), None)
    assert not facts.path(ALL, "satisfaction", "expectations").bounded


def test_there_is_a_symbol_for_every_engine() -> None:
    assert len(set(STYLES)) >= len(PATH_ENGINES)
    # Without colour too: marker and whether it is hollow tell engines apart.
    assert len({(marker, hollow) for marker, _, hollow in STYLES}) == len(STYLES)


def test_downloads_explain_every_table() -> None:
    section = record.downloads(tuple(f"{schema.name}.csv" for schema in SCHEMAS))
    assert section is not None
    html = render_block(section.blocks[0])
    for name in ("modification", "residuals", "invariance"):
        assert f'href="{name}.csv"' in html
    assert html.count("file-text") == len(SCHEMAS)


def test_written_out_the_verdict_is_text_and_levels_are_a_table() -> None:
    section = invariance.section(gather(standard(), None))
    assert section is not None
    html = "\n".join(render_block(block) for block in section.blocks)
    assert "holds &lt;&amp; more&gt;." in html
    assert '<h3 id="invariance-measurement">Measurement: constructs with several indicators' in html
    assert '<td class="left weak">does not hold</td>' in html
    assert not re.search(r"\bnan\b", html)


def test_an_index_without_rows_is_not_claimed() -> None:
    base = structural_fit()
    facts = gather(replace(base, indices=make_table(INDICES, ())), None)
    assert facts.index_engines == ()
    said = bullets(method.section(facts, None))["Index."]
    assert said == "No engine that was asked for gives an index."
