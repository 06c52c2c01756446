"""Modification indices against the score test written out and against refitting."""

from __future__ import annotations

import numpy as np
import pytest
from covariance_cases import Case, cases
from hypothesis import given, settings
from numpy.typing import NDArray
from robust_cases import acsi, inference, sample

from acsi_sem.estimators.modification_table import candidates, modification_table
from acsi_sem.kernels.covariance import discrepancy, locate
from acsi_sem.kernels.lisrel import Matrix, implied_covariance, imply
from acsi_sem.kernels.modification import extend, modification_indices, residuals
from acsi_sem.kernels.observed_information import newton_polish
from acsi_sem.kernels.robust import saturated_information

Floats = NDArray[np.float64]


def test_indices_are_score_tests() -> None:
    """MI = n e'Wd (d'Wd - d'WΔ(Δ'WΔ)⁻¹Δ'Wd)⁻¹ d'We, with e = vech(S - Σ), in dense matrices."""
    data, theta = sample("3003"), inference("ML", "3003").theta
    rows = candidates(acsi())
    places = np.array([(r.matrix, r.row, r.column) for r in rows], dtype=np.intp).T
    structure = acsi().structure
    wide = extend(structure, *places)
    joint = np.concatenate([theta, np.zeros(len(rows))])
    step = 1e-6
    steps = step * np.eye(len(joint))
    first, second = np.triu_indices(13)
    up, down = (imply(wide, joint + s * steps).covariance[:, first, second] for s in (1, -1))
    slopes = (up - down).T / (2 * step)
    sigma = implied_covariance(structure, theta[None])
    weight = saturated_information(sigma)[0]
    residual = (data.cov - sigma[0])[first, second]
    old, new = slopes[:, : len(theta)], slopes[:, len(theta) :]
    projected = weight - weight @ old @ np.linalg.solve(old.T @ weight @ old, old.T @ weight)
    left = np.einsum("vc,vw,wc->c", new, projected, new)
    score = new.T @ weight @ residual
    found = modification_indices(
        structure, theta[None], data.cov[None], np.array([1372.0]), *places
    )
    kept = np.isfinite(found.index[0])
    expected = 1372 * score**2 / left
    # central differences of Σ with step 1e-6 leave about 1e-9, amplified by the projection
    np.testing.assert_allclose(found.index[0, kept], expected[kept], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.change[0, kept], (score / left)[kept], rtol=1e-5, atol=1e-8)


def test_the_largest_index_foretells_the_fall_of_chi_square() -> None:
    data, fitted = sample("3003"), inference("ML", "3003")
    table = modification_table(acsi(), fitted.theta, data.cov, data.n)
    values = [row.index for row in table]
    assert values == sorted(values, reverse=True)
    assert all(value >= 0 for value in values)
    # a medium index, for which the score test's quadratic is close to the likelihood
    for row in [row for row in table if 5 < row.index < 20 and row.op == "~~"][:4]:
        found = next(
            c for c in candidates(acsi()) if (c.lhs, c.op, c.rhs) == (row.lhs, row.op, row.rhs)
        )
        place = (
            np.array([value], dtype=np.intp) for value in (found.matrix, found.row, found.column)
        )
        wide = extend(acsi().structure, *place)
        start = np.append(fitted.theta, row.change)[None]
        refit = newton_polish(wide, start, data.cov[None], tolerance=1e-10)
        assert refit.ok.all()
        minimum = discrepancy(locate(wide, refit.theta), data.cov[None])[0]
        fall = fitted.measures["chisq"] - data.n * minimum
        assert row.index == pytest.approx(fall, rel=0.15)  # first order in a misfitting model
        assert row.change == pytest.approx(refit.theta[0, -1], rel=0.15)


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_where_the_model_holds_nothing_is_to_be_freed(case: Case) -> None:
    sigma = implied_covariance(case.compiled.structure, case.theta[None])
    for row in modification_table(case.compiled, case.theta, sigma[0], 500):
        assert row.index == pytest.approx(0.0, abs=1e-8)


def test_candidates_are_fixed_at_zero_and_named_once() -> None:
    compiled = acsi()
    rows = candidates(compiled)
    names = {(row.lhs, row.op, row.rhs) for row in rows}
    assert len(names) == len(rows)
    assert not names & {(row.lhs, row.op, row.rhs) for row in compiled.parameters}
    for row in rows:
        assert compiled.structure.fixed[row.matrix][row.row, row.column] == 0
    assert ("satisfaction", "=~", "PQ") in names
    assert ("OVERALLX", "~~", "OVERALLQ") in names
    assert ("loyalty", "~", "perceived_quality") in names
    assert ("complaints", "=~", "PQ") not in names
    assert not any("COMP" in name for name in names)


def test_what_the_model_absorbs_has_no_index() -> None:
    """A path between the exogenous construct and itself reversed, with its covariance free."""
    compiled = acsi()
    place = [(Matrix.DISTURBANCES, 0, 1)]  # expectations ~~ perceived_quality beside the path
    matrix, rows, columns = np.array(place, dtype=np.intp).T
    data, fitted = sample("3003"), inference("ML", "3003")
    found = modification_indices(
        compiled.structure,
        fitted.theta[None],
        data.cov[None],
        np.array([1.0]),
        matrix,
        rows,
        columns,
    )
    assert np.isnan(found.index).all()


def test_only_zeros_can_be_freed() -> None:
    with pytest.raises(ValueError, match="zero"):
        extend(acsi().structure, *(np.array([0]) for _ in range(3)))


def test_residual_correlations_have_no_diagonal() -> None:
    data = sample("1001")
    sigma = implied_covariance(acsi().structure, inference("ML", "1001").theta[None])
    found = residuals(data.cov[None], sigma)
    np.testing.assert_allclose(np.diagonal(found.correlation[0]), 0.0, atol=1e-15)
    off_diagonal = found.correlation[0][np.triu_indices(13, 1)]
    crmr = inference("ML", "1001").measures["crmr"]
    assert np.sqrt((off_diagonal**2).mean()) == pytest.approx(crmr, rel=1e-10)
