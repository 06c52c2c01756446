"""The covariance structure engine: recovery, symmetries, quarantine, and every way to fail."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from acsi_model import BLOCKS, PATHS, acsi_model, make_model
from covariance_cases import Case, admissible, cases
from golden_data import moments
from hypothesis import assume, given, settings
from numpy.typing import NDArray

from acsi_sem.estimators import semopy_fit
from acsi_sem.estimators.compile import compile_model, semopy_syntax
from acsi_sem.estimators.covariance import CovarianceSample, fit_covariance
from acsi_sem.estimators.covariance_checks import check_before
from acsi_sem.estimators.result import EngineResult
from acsi_sem.estimators.starts import neutral_start
from acsi_sem.kernels.lisrel import implied_covariance
from acsi_sem.spec.model import Model
from acsi_sem.tables.schema import ESTIMATES, make_table

Floats = NDArray[np.float64]


def fit(model: Model, covariance: Floats, n: float = 500, level: float = 0.95) -> EngineResult:
    sample = CovarianceSample("all", covariance, n, np.zeros(len(covariance)))
    return fit_covariance(model, sample, se="ml", level=level).result


def estimates(result: EngineResult) -> dict[tuple[str, str, str], float]:
    return {
        (str(r["lhs"]), str(r["op"]), str(r["rhs"])): float(str(r.get("estimate", "nan")))
        for r in result.estimates
    }


def measures(result: EngineResult) -> dict[str, float]:
    return {str(r["measure"]): float(str(r["value"])) for r in result.fit_measures}


def equicorrelated(p: int, r: float = 0.4) -> Floats:
    return np.full((p, p), r) + (1 - r) * np.eye(p)


def assert_blank(result: EngineResult, *words: str) -> None:
    """No number is shown and the reason stands in every row and in the diagnosis."""
    assert not result.diagnosis.ok
    table = make_table(ESTIMATES, result.estimates)
    numbers = [name for name, kind in ESTIMATES.columns.items() if kind == "number"]
    assert table[numbers].isna().all(axis=None)
    assert (table["se_type"] == "").all()
    assert all(np.isnan(value) for value in measures(result).values())
    assert result.quality == ()
    reason = "; ".join(result.diagnosis.problems)
    assert (table["note"] == reason).all()
    for word in words:
        assert word in reason


# --- recovery -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_the_truth_is_recovered_exactly_when_s_is_sigma(seed: int) -> None:
    compiled = compile_model(acsi_model())
    theta = admissible(compiled, np.random.default_rng(seed))
    result = fit(acsi_model(), implied_covariance(compiled.structure, theta[None])[0])
    assert result.diagnosis.ok, result.diagnosis.problems
    found = estimates(result)
    for row in compiled.free:
        # near F = 0 semopy calls any negative rounding of F infinite: it stops at |g| ~ 1e-8
        expected = theta[row.free]
        assert found[row.lhs, row.op, row.rhs] == pytest.approx(expected, abs=1e-5, rel=1e-5)
    assert measures(result)["chisq"] == pytest.approx(0, abs=1e-8)
    assert measures(result)["srmr"] == pytest.approx(0, abs=1e-6)


@settings(max_examples=12, deadline=None)
@given(case=cases())
def test_identified_models_reproduce_their_covariance_matrix(case: Case) -> None:
    sigma = implied_covariance(case.compiled.structure, case.theta[None])[0]
    assume(not check_before(case.compiled, sigma, 500))
    result = fit(case.model, sigma)
    assert result.diagnosis.ok, result.diagnosis.problems
    assert measures(result)["srmr"] == pytest.approx(0, abs=1e-5)


def test_path_analysis_equals_least_squares() -> None:
    """Single items throughout: a recursive system without error, standardised paths are OLS."""
    model = make_model(
        {"a": ("x",), "b": ("y",), "c": ("z",)}, [("a", "b"), ("a", "c"), ("b", "c")]
    )
    covariance = np.array([[2.0, 0.8, 0.5], [0.8, 1.5, 0.9], [0.5, 0.9, 3.0]])
    found = estimates(fit(model, covariance))
    slopes = np.linalg.solve(covariance[:2, :2], covariance[:2, 2])
    # gradient below 1e-6 of an F whose curvature is near 1
    assert found["c", "~", "a"] == pytest.approx(slopes[0], abs=1e-6)
    assert found["c", "~", "b"] == pytest.approx(slopes[1], abs=1e-6)
    assert found["b", "~", "a"] == pytest.approx(0.4, abs=1e-6)


def test_a_reversed_item_gets_a_negative_loading() -> None:
    covariance = np.array([[1.0, 0.5, -0.4], [0.5, 1.0, -0.6], [-0.4, -0.6, 1.0]])
    found = estimates(fit(make_model({"a": ("x", "y", "z")}, []), covariance))
    # just identified: λ_z = cov(y, z) / cov(x, y), λ_y = cov(y, z) / cov(x, z)
    assert found["a", "=~", "z"] == pytest.approx(-1.2, abs=1e-6)
    assert found["a", "=~", "y"] == pytest.approx(1.5, abs=1e-6)


# --- symmetries -----------------------------------------------------------------------------


def test_units_do_not_matter() -> None:
    data = moments("1001")
    units = np.geomspace(1e-3, 1e3, 13)
    plain, scaled = (fit(acsi_model(), c) for c in (data.cov, data.cov * np.outer(units, units)))
    # both are the same problem once the items are standardised, up to rounding
    for name, value in measures(plain).items():
        if name in ("cfi", "rmsea", "srmr", "chisq"):
            assert measures(scaled)[name] == pytest.approx(value, rel=1e-8)
    one, other = estimates(plain), estimates(scaled)
    factor = units[10] / units[8]
    key = ("satisfaction", "=~", "IDEAL")
    assert other[key] == pytest.approx(one[key] * factor, rel=1e-6)


def test_the_order_of_constructs_and_paths_does_not_matter() -> None:
    data = moments("3003")
    order = list(BLOCKS)[::-1]
    turned = make_model({name: BLOCKS[name] for name in order}, PATHS[::-1])
    names = [item.name for item in turned.indicators]
    pick = [data.names.index(name) for name in names]
    one = estimates(fit(acsi_model(), data.cov))
    other = estimates(fit(turned, data.cov[np.ix_(pick, pick)]))
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert other[key] == pytest.approx(value, abs=1e-6), key


WEIRD: Mapping[str, str] = {
    "expectations": "顾客 期望",
    "perceived_quality": "v1",
    "perceived_value": "c1 ~~ c2",
    "satisfaction": "t1 # comment",
    "complaints": "START(5) x",
    "loyalty": "latent\n",
    "OVERALLX": "v13",
    "COMP": "=~",
    "SATIS": "c4",
}


def test_names_do_not_matter() -> None:
    data = moments("1001")
    odd = make_model(
        {WEIRD[name]: [WEIRD.get(i, i) for i in items] for name, items in BLOCKS.items()},
        [(WEIRD[source], WEIRD[target], sign) for source, target, sign in PATHS],
    )
    plain = estimates(fit(acsi_model(), data.cov))
    found = estimates(fit(odd, data.cov))
    assert list(found.values()) == list(plain.values())
    assert (WEIRD["satisfaction"], "~", WEIRD["expectations"]) in found


def test_the_same_input_gives_the_same_bits_and_stays_as_it_is() -> None:
    data = moments("1001")
    covariance = data.cov.copy()
    first, second = fit(acsi_model(), covariance), fit(acsi_model(), covariance)
    assert repr(first) == repr(second)
    np.testing.assert_array_equal(covariance, data.cov)


# --- quarantine -----------------------------------------------------------------------------


def test_semopy_is_not_heard(capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), list(root.filters))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = fit(acsi_model(), moments("3003").cov)
    assert result.diagnosis.ok
    assert (root.handlers, root.filters) == before
    assert capfd.readouterr() == ("", "")


def test_other_peoples_log_messages_pass(caplog: pytest.LogCaptureFixture) -> None:
    with semopy_fit._quarantine() as messages:
        logging.warning("not from the engine")
    assert messages == []
    assert "not from the engine" in caplog.text


def test_a_fit_that_stops_early_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    hurried = {name: {"maxiter": 1} for name in ("BFGS", "trust-exact", "SLSQP")}
    monkeypatch.setattr(semopy_fit, "_OPTIONS", hurried)
    result = fit(acsi_model(), moments("1001").cov)
    assert not result.diagnosis.converged
    assert result.diagnosis.gradient > 1e-6
    assert_blank(result, "did not converge", "BFGS", "SLSQP", "largest gradient", "Maximum number")


def test_a_solver_that_breaks_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(semopy_fit, "_run", broken)
    assert_blank(fit(acsi_model(), moments("1001").cov), "did not converge", "Singular matrix")


# --- refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 12, 13])
def test_too_few_cases(n: int) -> None:
    result = fit(acsi_model(), moments("1001").cov, n)
    assert_blank(result, f"{n} complete cases for 13 indicators")
    assert not result.diagnosis.converged


def test_constant_items_are_named() -> None:
    covariance = moments("1001").cov.copy()
    covariance[[2, 11], :] = covariance[:, [2, 11]] = 0
    assert_blank(fit(acsi_model(), covariance), "no variation in the answers to WRONGX and COMP")


def test_collinear_items_are_named() -> None:
    covariance = moments("1001").cov
    turn = np.eye(13)
    turn[4] = turn[3] + 0.5 * turn[9]
    result = fit(acsi_model(), turn @ covariance @ turn.T)
    assert_blank(result, "not positive definite", "OVERALLQ, CUSTOMQ and CONFIRM are linearly")


def test_an_indefinite_matrix_is_refused() -> None:
    covariance = moments("1001").cov.copy()
    covariance[0, 1] = covariance[1, 0] = 3 * covariance[0, 1]
    assert_blank(fit(acsi_model(), covariance), "not positive definite", "OVERALLX and CUSTOMX")


def test_a_matrix_with_holes_is_refused() -> None:
    covariance = moments("1001").cov.copy()
    covariance[5, :] = covariance[:, 5] = np.nan
    assert_blank(fit(acsi_model(), covariance), "no numbers for", "WRONGQ")


def test_more_parameters_than_moments() -> None:
    result = fit(make_model({"a": ("x", "y")}, []), equicorrelated(2))
    assert_blank(result, "not identified: 4 free parameters, 3 variances and covariances")


def test_a_part_that_is_not_identified_is_found_although_degrees_of_freedom_remain() -> None:
    """A block of two whose construct nothing else informs: exogenous c has one indicator pair."""
    model = make_model({"a": ("x1", "x2", "x3", "x4"), "b": ("y1", "y2")}, [("a", "b")])
    compiled = compile_model(model)
    lonely = replace(
        compiled,
        structure=replace(
            compiled.structure,
            matrix=compiled.structure.matrix[keep := not_path(compiled.structure.matrix)],
            rows=compiled.structure.rows[keep],
            columns=compiled.structure.columns[keep],
        ),
        parameters=tuple(
            replace(row, free=-1, fixed=0.0)
            if row.op == "~"
            else replace(row, free=row.free - (row.free > 4))
            for row in compiled.parameters
        ),
    )
    assert lonely.structure.degrees_of_freedom > 0
    (problem,) = check_before(lonely, equicorrelated(6), 500)
    assert "not identified, whatever the data" in problem
    assert "b =~ y2, y1 ~~ y1, y2 ~~ y2 and b ~~ b" in problem


def not_path(matrix: NDArray[np.intp]) -> NDArray[np.bool_]:
    return np.asarray(matrix != 1, dtype=bool)


def test_data_that_do_not_identify_an_identified_model() -> None:
    """Two blocks of two are identified by their covariance, which is zero here."""
    model = make_model({"a": ("x1", "x2"), "b": ("y1", "y2")}, [("a", "b")])
    covariance: Floats = np.kron(np.eye(2), equicorrelated(2, 0.5)).astype(np.float64)
    result = fit(model, covariance)
    assert_blank(result, "these data do not identify the model", "a =~ x2", "b =~ y2")
    assert result.diagnosis.converged
    assert not result.diagnosis.admissible


def test_a_heywood_case_is_named() -> None:
    """Just identified with λ² ψ > s: error variance of x = 1 - .9·.9/.7 < 0."""
    covariance = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.7], [0.9, 0.7, 1.0]])
    assert np.linalg.eigvalsh(covariance).min() > 0
    result = fit(make_model({"a": ("x", "y", "z")}, []), covariance)
    assert_blank(result, "error variance of x is negative (a Heywood case): -0.1571")
    assert result.diagnosis.converged
    assert not result.diagnosis.admissible


def test_a_negative_disturbance_is_named() -> None:
    """Loadings 1 and ψ_b = 1 - 1.2²: the path explains more than there is."""
    loadings = np.kron(np.eye(2), np.ones((3, 1)))
    constructs = np.array([[1.0, 1.2], [1.2, 1.0]])
    covariance = loadings @ constructs @ loadings.T + 1.5 * np.eye(6)
    assert np.linalg.eigvalsh(covariance).min() > 0
    model = make_model({"a": ("x1", "x2", "x3"), "b": ("y1", "y2", "y3")}, [("a", "b")])
    assert_blank(fit(model, covariance), "the disturbance variance of b is negative", "-0.176")


def test_a_correlation_beyond_one_is_named() -> None:
    loadings = np.kron(np.eye(2), np.ones((3, 1)))
    constructs = np.array([[1.0, 1.2], [1.2, 1.0]])
    covariance = loadings @ constructs @ loadings.T + 1.5 * np.eye(6)
    model = make_model({"a": ("x1", "x2", "x3"), "b": ("y1", "y2", "y3")}, [])
    result = fit(model, covariance)
    assert_blank(result, "covariance matrix of the constructs is not positive definite: a and b")


def test_no_solver_stops_at_a_variance_of_zero() -> None:
    """semopy bounds variances at zero for some solvers, which would hide a Heywood case."""
    covariance = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.7], [0.9, 0.7, 1.0]])
    compiled = compile_model(make_model({"a": ("x", "y", "z")}, []))
    start = neutral_start(compiled, covariance)
    syntax = semopy_syntax(compiled)
    for solver in ("BFGS", "trust-exact", "SLSQP"):
        attempt = semopy_fit._attempt(compiled, syntax, covariance, solver, start)
        place = [row.name for row in compiled.free].index("x ~~ x")
        # just identified; SLSQP stops by the change of F, so its estimates are the coarsest
        assert attempt.theta[place] == pytest.approx(1 - 0.81 / 0.7, abs=1e-4), solver


def test_a_variance_barely_above_zero_is_admissible() -> None:
    """Error variance of x: 1 - .9·.9/.811 = .00123."""
    covariance = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.811], [0.9, 0.811, 1.0]])
    result = fit(make_model({"a": ("x", "y", "z")}, []), covariance)
    assert result.diagnosis.ok, result.diagnosis.problems
    assert estimates(result)["x", "~~", "x"] == pytest.approx(1 - 0.81 / 0.811, abs=1e-6)


def test_several_problems_are_told_at_once() -> None:
    result = fit(make_model({"a": ("x", "y")}, []), np.eye(2), 2)
    assert len(result.diagnosis.problems) == 2


@pytest.mark.parametrize(
    ("covariance", "level"),
    [
        (np.eye(12), 0.95),
        (np.eye(13)[None], 0.95),
        (np.eye(13) + np.eye(13, k=1), 0.95),
        (np.eye(13), 95.0),
        (np.eye(13), 0.0),
    ],
)
def test_a_wrong_call_is_an_error(covariance: Floats, level: float) -> None:
    with pytest.raises(ValueError, match=r"covariance must|level must"):
        fit(acsi_model(), covariance, 500, level)


# --- weights and notices --------------------------------------------------------------------


def test_a_composite_taken_for_a_factor_is_said() -> None:
    model = acsi_model()
    first = replace(model.constructs[0], kind="composite")
    model = replace(model, constructs=(first, *model.constructs[1:]))
    (notice,) = fit(model, moments("1001").cov).notices
    assert (notice.kind, notice.subject) == ("composite_as_factor", "expectations")


def test_another_minimum_is_told() -> None:
    low = semopy_fit.Attempt("BFGS", np.zeros(1), 0.1, 1e-9, 5, ())
    high = replace(low, value=0.3)
    lost = replace(high, slope=1.0)
    assert semopy_fit.rival((low, high)) is high
    assert semopy_fit.rival((low, lost)) is None
    assert semopy_fit.rival((low, replace(low, value=0.1 + 1e-8))) is None
