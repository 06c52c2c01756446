"""What semopy gets wrong when it is asked directly, and that the doorway does not pass it on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import semopy
from acsi_model import acsi_model
from golden_data import lavaan_estimates, lavaan_fit, moments
from numpy.testing import assert_allclose
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.estimators.compile import compile_model, semopy_syntax
from acsi_sem.estimators.covariance import CovarianceSample, fit_covariance

MODEL = acsi_model()
SYNTAX = """
expectations =~ OVERALLX + CUSTOMX + WRONGX
perceived_quality =~ OVERALLQ + CUSTOMQ + WRONGQ
perceived_value =~ PQ + QP
satisfaction =~ SATIS + CONFIRM + IDEAL
perceived_quality ~ expectations
perceived_value ~ expectations + perceived_quality
satisfaction ~ expectations + perceived_quality + perceived_value
COMP ~ satisfaction
REPUR ~ satisfaction + COMP
"""
PATH = ("perceived_quality", "~", "expectations")


def frame(subset: str) -> pd.DataFrame:
    """Return the stored covariance matrix with names."""
    stored = moments(subset)
    return pd.DataFrame(stored.cov, index=stored.names, columns=stored.names)


def ours(subset: str) -> dict[tuple[str, str, str], float]:
    """Return our estimates of a subset."""
    stored = moments(subset)
    sample = CovarianceSample(subset, stored.cov, stored.n, stored.mean)
    rows = fit_covariance(MODEL, sample, se="ml").result.estimates
    return {(str(r["lhs"]), str(r["op"]), str(r["rhs"])): float(str(r["estimate"])) for r in rows}


def semopys(model: Any) -> dict[tuple[str, str, str], float]:
    """Return semopy's own table; its loadings stand as regressions of items."""
    table = model.inspect()
    return {(r.lval, r.op, r.rval): float(r.Estimate) for r in table.itertuples()}


def worst(subset: str, found: dict[tuple[str, str, str], float]) -> float:
    """Return the largest deviation of structural paths from lavaan's."""
    reference = lavaan_estimates(subset)
    latent = set(MODEL.construct_names) - {"complaints", "loyalty"}
    keys = [k for k in reference if k[1] == "~" and k[0] in latent and k[2] in latent]
    return max(abs(found[key] - reference[key]["estimate"]) for key in keys)


def test_its_default_tolerance_is_too_loose() -> None:
    model = semopy.Model(SYNTAX)
    model.fit(cov=frame("3003"), n_samples=moments("3003").n)
    assert worst("3003", semopys(model)) > 1e-6
    assert worst("3003", ours("3003")) < 1e-8


def test_its_aic_is_made_of_f() -> None:
    stored = moments("3003")
    model = semopy.Model(SYNTAX)
    model.fit(cov=frame("3003"), n_samples=stored.n)
    theirs = float(semopy.calc_stats(model).T.loc["AIC"].iloc[0])
    reference = lavaan_fit("3003")["aic"]
    assert abs(theirs - reference) > 1000
    sample = CovarianceSample("3003", stored.cov, stored.n, stored.mean)
    measures = fit_covariance(MODEL, sample, se="ml").result.fit_measures
    own = {str(r["measure"]): float(str(r["value"])) for r in measures}
    assert own["aic"] == pytest.approx(reference, rel=1e-8)
    assert own["gfi"] == pytest.approx(lavaan_fit("3003")["gfi"], rel=1e-5)


def test_one_fit_leaves_nothing_behind_for_the_next() -> None:
    alone = ours("5001")
    ours("1001")
    after = ours("5001")
    assert alone == after


def test_rows_with_holes_do_not_count() -> None:
    survey = make_survey(2, (300,), missing=0.03, grouped=False)
    found = fit(MODEL, survey, engines=("semopy",), bootstrap=0)
    measures = found.fit_measures.set_index("measure")["value"]
    complete = int(survey.complete.sum())
    assert complete < 300
    assert measures["ntotal"] == complete
    values = survey.values[survey.complete]
    compiled = compile_model(MODEL)
    assert semopy_syntax(compiled)
    sample = CovarianceSample("x", np.cov(values.T, bias=True), complete, values.mean(axis=0))
    direct = fit_covariance(MODEL, sample, se="ml").result.estimates
    expected = [float(str(row["estimate"])) for row in direct]
    # The same matrix from sums about the middle of the scales and from numpy.
    assert_allclose(found.estimates["estimate"], expected, rtol=1e-7, atol=1e-9)
