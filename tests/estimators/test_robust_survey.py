"""From the interviews themselves: the package's products give the stored fourth-order blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from acsi_model import acsi_model
from numpy.typing import NDArray
from robust_cases import acsi, inference, reference_estimates, sample, weighted_sample

from acsi_sem.estimators.robust_inference import infer
from acsi_sem.kernels.bca import acceleration
from acsi_sem.kernels.fourth_moments import recentre, recentring, row_block, width
from acsi_sem.kernels.moments import moments_from_sums, products, scale_origin, weighted_sums
from acsi_sem.survey.read import read_survey

WORKBOOK = Path(__file__).parents[3] / "shared" / "data" / "ACSI Data 2015 ver2.xlsx"

pytestmark = [
    pytest.mark.survey,
    pytest.mark.skipif(not WORKBOOK.exists(), reason="the 2015 interviews are not on this machine"),
]

Floats = NDArray[np.float64]

ORIGIN = scale_origin(np.r_[np.ones(11), 0.0, 1.0], np.r_[np.full(11, 10.0), 1.0, 10.0])


@pytest.fixture(scope="module")
def airlines() -> tuple[Floats, Floats]:
    """Row products of 3003's complete cases, and their weights scaled to sum to n."""
    survey = read_survey(WORKBOOK, acsi_model(), group="INDUSTRY")
    assert survey.groups is not None
    values = survey.values[survey.complete]
    weights = 0.5 + (np.arange(len(values)) % 5) / 4
    here = survey.groups.codes[survey.complete] == survey.groups.keys.index("3003")
    kept = weights[here]
    return products(values[here], ORIGIN), kept * here.sum() / kept.sum()


@pytest.mark.parametrize("weighted", [False, True])
def test_products_give_the_stored_moments(airlines: tuple[Floats, Floats], weighted: bool) -> None:
    rows, scaled = airlines
    n = len(rows)
    weights = scaled if weighted else np.ones(n)
    expected = weighted_sample("3003") if weighted else sample("3003")
    found = moments_from_sums(weighted_sums(weights[None], rows), ORIGIN)
    np.testing.assert_allclose(found.covariance[0], expected.cov, rtol=1e-10)
    raw = row_block(weights[None], rows[:, : width(13)]) / n
    block = recentre(raw, found.mean - ORIGIN)[0]
    # fourth moments reach 1e3, of which a sum about another origin loses three digits
    np.testing.assert_allclose(block, expected.block, atol=1e-10 * np.abs(block).max())


def test_weighted_errors_from_the_interviews_equal_lavaan(
    airlines: tuple[Floats, Floats],
) -> None:
    rows, weights = airlines
    n = len(rows)
    moments = moments_from_sums(weighted_sums(weights[None], rows), ORIGIN)
    raw = row_block(weights[None], rows[:, : width(13)]) / n
    found = infer(
        acsi(),
        inference("MLRw", "3003").theta,
        moments.covariance[0],
        n,
        block=recentre(raw, moments.mean - ORIGIN)[0],
        weighted=True,
    )
    reference = reference_estimates("MLRw", "3003")
    for row in found.rows:
        if np.isfinite(row.std_error):
            expected = reference[row.lhs, row.op, row.rhs]["std_error"]
            assert row.std_error == pytest.approx(expected, rel=1e-4)  # see test_robust_golden


def test_influence_of_the_interviews(airlines: tuple[Floats, Floats]) -> None:
    rows, _ = airlines
    fitted = inference("MLR", "3003")
    move = recentring((sample("3003").mean - ORIGIN)[None])[0]
    influence = rows[:, : width(13)] @ (fitted.influence @ move).T
    expected = fitted.errors * len(rows)
    np.testing.assert_allclose(np.sqrt((influence**2).sum(axis=0)), expected, rtol=1e-7)
    # |a| is at most 1/6 of the largest |u| / root of Σu², and small in 1,372 interviews
    assert np.abs(acceleration(influence)).max() < 0.1
