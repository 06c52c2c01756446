"""The report says which intervals it shows."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Literal

import numpy as np
import pytest
from acsi_model import acsi_model
from report_structures import bullets
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.report import build_report, render_html
from acsi_sem.report.content import Figure
from acsi_sem.report.facts import gather
from acsi_sem.report.sections import engines, errors, method
from acsi_sem.survey.survey import Design, ReplicateWeights, Survey
from acsi_sem.terms import Interval, Resampling, WeightsPolicy


@cache
def fitted(ci: Interval) -> Fit:
    """Fit PLS and the baseline."""
    return fit(acsi_model(), make_survey(), engines=("pls", "ols"), bootstrap=60, ci=ci)


@pytest.mark.parametrize(
    ("ci", "method", "chart"),
    [
        ("percentile", "percentile intervals from 60", "PLS: bootstrap percentiles"),
        (
            "bca",
            "bias-corrected and accelerated (BCa) intervals from 60",
            "PLS: bias-corrected and accelerated bootstrap",
        ),
    ],
)
def test_the_kind_of_interval_is_named(ci: Interval, method: str, chart: str) -> None:
    page = render_html(build_report(fitted(ci), None))
    assert method in page
    assert chart in page
    assert ("acceleration comes from the influence" in page) == (ci == "bca")


def designed(design: Design | None = None) -> Survey:
    """A weighted survey of one group with 15 strata of two sampling units each, or `design`."""
    base = make_survey(sizes=(330,), grouped=False, missing=0.0)
    psu = np.arange(330) % 30
    weights = np.linspace(0.5, 1.5, 330)
    return replace(base, design=design or Design(weights, weighted=True, strata=psu // 2, psu=psu))


def told(ci: Interval | Literal[""], resampling: Resampling, survey: Survey) -> tuple[str, str]:
    """Return what the method chapter says of intervals, and their name in short."""
    replicates = 60 if resampling == "bootstrap" and ci != "linearised" else 0
    made = fit(
        acsi_model(),
        survey,
        engines=("pls", "plsc"),
        bootstrap=replicates,
        ci=ci,
        resampling=resampling,
        seed=3,
    )
    facts = gather(made, None)
    said = bullets(method.section(facts, None))
    assert build_report(made, None).sections
    return f"{said['Standard errors.']} {said['Intervals.']}", errors.limits(facts)


@pytest.mark.parametrize(
    ("ci", "resampling", "words", "short"),
    [
        (
            "percentile",
            "bootstrap",
            "sampling units drawn within strata and their weights rescaled (Rao & Wu 1988)",
            "bootstrap percentiles",
        ),
        (
            "studentized",
            "bootstrap",
            "studentised (bootstrap-t) intervals from 60",
            "studentised bootstrap (bootstrap-t)",
        ),
        (
            "normal",
            "bootstrap",
            "normal intervals from 60 bootstrap",
            "normal, from bootstrap standard errors",
        ),
        (
            "linearised",
            "bootstrap",
            "from linearised standard errors and Student's t",
            "from influence functions, no replicates",
        ),
        (
            "",
            "jackknife",
            "a jackknife, which leaves out one row or sampling unit at a time",
            "normal, from jackknife standard errors",
        ),
        ("", "brr", "from balanced half-samples. The", "normal, from half-sample standard errors"),
        ("", "fay", "with Fay's factor 0.50", "normal, from half-sample (Fay) standard errors"),
    ],
)
def test_every_kind_has_its_words(
    ci: Interval | Literal[""], resampling: Resampling, words: str, short: str
) -> None:
    said, brief = told(ci, resampling, designed())
    assert words in said
    assert brief == short
    assert "No bootstrap was asked for" not in said
    assert "PLS path model" in said.split(":")[0]


def test_the_chart_of_engines_names_the_kind() -> None:
    facts = gather(fitted("percentile"), None)
    figure = next(b for b in engines.section(facts).blocks if isinstance(b, Figure))
    assert "PLS: bootstrap percentiles; no interval of standardised" in figure.reading


def test_replicate_weights_of_the_survey_are_named() -> None:
    kept = np.arange(330) % 30
    weights = np.stack([np.where(kept == unit, 0.0, 30 / 29) for unit in range(30)])
    given = ReplicateWeights(weights, "jk1", None, 0.5)
    survey = designed(Design(np.ones(330), weighted=True, replicates=given))
    said, brief = told("", "columns", survey)
    assert "replicate weights that came with the survey (Wolter 2007)" in said
    assert "replicate weights of the survey, made as JK1" in said
    assert brief == "normal, from replicate-weight standard errors"


@pytest.mark.parametrize(
    ("ci", "resampling", "words"),
    [
        ("", "brr", "does not enter"),
        ("", "jackknife", "is allowed for"),
        ("linearised", "bootstrap", "is allowed for"),
    ],
)
def test_a_finite_population_is_spoken_of(
    ci: Interval | Literal[""], resampling: Resampling, words: str
) -> None:
    base = fitted("percentile")
    survey = replace(base.survey, design=Design(np.ones(330), sampled=np.full(330, 0.2)))
    request = replace(base.request, ci=ci, resampling=resampling)
    facts = gather(replace(base, survey=survey, request=request), None)
    assert words in errors.intervals(facts)


@pytest.mark.parametrize(
    ("policy", "words"),
    [("allow", "may come out negative"), ("nonnegative", "held at zero"), ("drop", "left out")],
)
def test_the_weights_policy_is_told(policy: WeightsPolicy, words: str) -> None:
    base = fitted("percentile")
    made = replace(base, request=replace(base.request, weights_policy=policy))
    assert words in bullets(method.section(gather(made, None), None))["Outer weights."]


def test_limits_of_consistent_pls_that_are_withheld_say_why() -> None:
    made = fit(acsi_model(), make_survey(), engines=("pls", "plsc"), bootstrap=60, seed=7)
    estimates = made.estimates.copy()
    here = (estimates["engine"] == "plsc") & (estimates["group"] == "all")
    estimates.loc[here, ["conf_low", "conf_high"]] = float("nan")
    estimates.loc[here, "note"] = "limits withheld: 45.0 % of the replicates failed"
    facts = gather(replace(made, estimates=estimates), None)
    figure = next(b for b in engines.section(facts).blocks if isinstance(b, Figure))
    assert "no interval: Consistent PLS, the table says why" in figure.reading
    heads = [column.head for column in figure.table.columns]
    assert heads[3:] == ["Consistent PLS", "95\u00a0% interval"]
    assert figure.table.rows[0][4].reason.startswith("limits withheld: 45.0 %")
    assert any("45.0 % of the replicates failed" in note for note in figure.table.notes)


def test_a_withheld_headline_interval_gives_its_reason() -> None:
    found = fitted("bca")
    indices = found.indices.copy()
    here = (indices["group"] == "all") & (indices["construct"] == "satisfaction")
    indices.loc[here, ["conf_low", "conf_high"]] = float("nan")
    indices.loc[here, "note"] = "limits withheld: every replicate lies on one side of the estimate"
    report = build_report(replace(found, indices=indices), None)
    assert report.headline is not None
    assert "every replicate lies on one side" in render_html(report)
    assert "no bootstrap was asked for" not in str(report.headline)
