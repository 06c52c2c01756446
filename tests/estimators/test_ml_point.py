"""The kernel's own point fit against semopy's."""

from __future__ import annotations

import numpy as np
import pytest
from acsi_model import acsi_model, make_model
from golden_data import SUBSETS, moments

from acsi_sem.estimators.compile import compile_model
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.estimators.semopy_fit import minimise
from acsi_sem.kernels.ml_fit import parameter_units, polish


@pytest.mark.parametrize("subset", SUBSETS)
def test_both_starts_reach_the_same_proper_minimum(subset: str) -> None:
    found = minimise_ml(compile_model(acsi_model()), moments(subset).cov)
    assert found.converged.all()
    assert found.admissible.all()
    assert found.discrepancy[0] == pytest.approx(found.discrepancy[1], abs=1e-12)


@pytest.mark.parametrize("subset", ["1001", "3003"])
def test_semopy_polished_is_the_same_solution(subset: str) -> None:
    compiled, covariance = compile_model(acsi_model()), moments(subset).cov
    deviation = np.sqrt(np.diag(covariance))
    attempt = minimise(compiled, covariance / np.outer(deviation, deviation))[0]
    units = parameter_units(compiled.structure, deviation[None])
    ours = minimise_ml(compiled, covariance)
    # semopy stops where the rounding of F hides further descent: |g| near 1e-7
    np.testing.assert_allclose(attempt.theta, (ours.theta / units)[0], atol=1e-5)
    assert attempt.value == pytest.approx(ours.discrepancy[0], abs=1e-11)
    theirs = polish(compiled.structure, covariance[None], attempt.theta[None] * units)
    mine = polish(compiled.structure, covariance[None], ours.theta[:1])
    np.testing.assert_allclose(theirs / units, mine / units, atol=1e-9)


def test_the_better_of_two_minima_comes_first() -> None:
    """A convergence that only one start reaches must not hide behind the other."""
    compiled = compile_model(make_model({"a": ("x", "y", "z")}, []))
    covariance = np.array([[1.0, 0.5, -0.4], [0.5, 1.0, -0.6], [-0.4, -0.6, 1.0]])
    found = minimise_ml(compiled, covariance)
    assert found.converged[0]
    assert found.discrepancy[0] == pytest.approx(0, abs=1e-12)
    place = [row.name for row in compiled.free].index("a =~ z")
    assert found.theta[0, place] == pytest.approx(-1.2, abs=1e-7)
