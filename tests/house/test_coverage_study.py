"""The coverage study runs, is computed right where that can be checked, and its table is whole."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from acsi_model import acsi_model

from acsi_sem.estimators.compile import compile_model
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.estimators.robust_inference import infer
from acsi_sem.estimators.structural import scale_ends
from acsi_sem.kernels.moments import products, scale_origin
from benchmarks.coverage import COLUMNS, METHODS, TABLE, main
from benchmarks.coverage_design import INDUSTRIES, draw_answers, make_design, population
from benchmarks.coverage_estimates import CovarianceTargets, PlsTargets, centred_rows
from benchmarks.coverage_estimates import sample_moments as moments_of

Floats = NDArray[np.float64]

TARGETS = CovarianceTargets.of(acsi_model(), compile_model(acsi_model()))
ORIGIN = scale_origin(*scale_ends(acsi_model()))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def assert_shape(rows: list[dict[str, str]]) -> None:
    for row in rows:
        assert tuple(row) == COLUMNS
        assert 0 <= float(row["left_out"]) <= 1
        assert 0 <= float(row["withheld"] or 0) <= 1
        if not row["coverage"]:
            continue
        low, mean, high = (float(row[f"coverage{end}"]) for end in ("_min", "", "_max"))
        assert 0 <= low <= mean <= high <= 1
        assert float(row["width"]) > 0
        total = mean + float(row["truth_below"]) + float(row["truth_above"])
        assert total == pytest.approx(1, abs=2e-4)  # three numbers rounded to 4 decimals


def test_a_tiny_study_fills_the_table(tmp_path: Path) -> None:
    out = tmp_path / "coverage.csv"
    options = "--replications 12 --bootstrapped 6 --bootstrap 40 --populations pooled"
    main([*options.split(), "--out", str(out)])
    rows = read(out)
    assert_shape(rows)
    counts = {(row["method"], row["replications"], row["draws"]) for row in rows}
    assert counts == {
        ("ml", "12", "0"),
        ("mlr", "12", "0"),
        ("percentile", "6", "40"),
        ("bca", "6", "40"),
    }
    assert {row["quantity"] for row in rows if row["engine"] == "ml"} == {
        "loading",
        "path",
        "std_loading",
        "std_path",
        "index",
    }


def test_the_committed_table_is_whole() -> None:
    rows = read(TABLE)
    assert_shape(rows)
    assert {row["population"] for row in rows} == set(INDUSTRIES)
    for engine, methods in (("ml", METHODS), ("pls", ("percentile", "bca"))):
        own = [row for row in rows if row["engine"] == engine]
        assert {row["method"] for row in own} == set(methods)
        assert all(row["coverage"] for row in own if row["fits"] == "converged")


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_the_exact_moments_are_those_of_the_answers(industry: str) -> None:
    design = make_design(industry)
    exact = population(design)
    answers = draw_answers(design, 100_000, np.random.default_rng(5))
    d = answers - exact.mean
    squares = d[:, :, None] * d[:, None, :]
    # the largest of 104 standard normal values exceeds 4.5 once in 1,400 times; the seed is fixed
    assert np.abs(d.mean(axis=0) / (d.std(axis=0) / 316)).max() < 4.5
    off = squares.mean(axis=0) - exact.covariance
    assert np.abs(off / (squares.std(axis=0) / 316)).max() < 4.5


def one_sample() -> tuple[Floats, Floats]:
    """Answers (250, 13) and the solution (1, k)."""
    answers = draw_answers(make_design("pooled"), 250, np.random.default_rng(1))
    moments, _ = moments_of(answers, ORIGIN)
    return answers, minimise_ml(TARGETS.compiled, moments.covariance[0]).theta[:1]


def test_standard_errors_are_those_of_the_engine() -> None:
    answers, theta = one_sample()
    moments, block = moments_of(answers, ORIGIN)
    found = TARGETS.errors(theta, moments, block)
    for kind, errors in (("ml", found.ml[0]), ("robust", found.mlr[0])):
        inference = infer(
            TARGETS.compiled,
            theta[0],
            moments.covariance[0],
            250,
            kind="ml" if kind == "ml" else "robust",
            block=block[0],
        )
        rows = {(row.lhs, row.op, row.rhs): row for row in inference.rows}
        plain = [rows[row.lhs, row.op, row.rhs].std_error for row in TARGETS.plain]
        standard = [rows[row.lhs, row.op, row.rhs].std_estimate_se for row in TARGETS.standard]
        # the same formulas in another order: rounding only
        np.testing.assert_allclose(errors[:-1], [*plain, *standard], rtol=1e-10)


def test_the_index_slopes_are_its_derivatives() -> None:
    answers, theta = one_sample()
    mean = answers.mean(axis=0)[None]
    by_theta, by_mean = TARGETS.jacobian(theta, mean)
    h = 1e-6  # central differences: h² times the third derivative, and rounding over h, 1e-8
    for k, step in enumerate(h * np.eye(theta.shape[1])):
        change = TARGETS.values(theta + step, mean) - TARGETS.values(theta - step, mean)
        assert by_theta[0, -1, k] == pytest.approx(change[0, -1] / (2 * h), abs=1e-6)
    for k, step in enumerate(h * np.eye(mean.shape[1])):
        change = TARGETS.values(theta, mean + step) - TARGETS.values(theta, mean - step)
        assert by_mean[0, -1, k] == pytest.approx(change[0, -1] / (2 * h), abs=1e-6)


def test_influence_adds_up_to_the_robust_standard_error() -> None:
    answers, theta = one_sample()
    found = TARGETS.errors(theta, *moments_of(answers, ORIGIN))
    influence = centred_rows(answers) @ found.influence[0].T
    squares = np.sqrt((influence**2).sum(axis=0)) / len(answers)
    np.testing.assert_allclose(squares, found.mlr[0], rtol=1e-10)  # rounding only


def test_pls_influence_predicts_a_lost_row() -> None:
    answers, _ = one_sample()
    targets = PlsTargets(acsi_model())
    influence = targets.influence(products(answers, ORIGIN), ORIGIN)
    whole, _ = targets.values(moments_of(answers, ORIGIN)[0])
    for row in (0, 17, 101):
        less, _ = targets.values(moments_of(np.delete(answers, row, axis=0), ORIGIN)[0])
        # a jackknife change is -influence/(n - 1) to first order; the next order is about 1/n of
        # it, and an influence of zero on some estimate is judged on the scale of the largest
        predicted = -influence[row] / (len(answers) - 1)
        scale = np.abs(influence).max(axis=0) / len(answers)
        assert (np.abs((less - whole)[0] - predicted) < 0.05 * scale).all()
