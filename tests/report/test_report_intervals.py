"""The report says which intervals it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from acsi_model import acsi_model
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.report import build_report, render_html
from acsi_sem.terms import Interval


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
