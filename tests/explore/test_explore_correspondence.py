"""Correspondence analysis against published numbers and SciPy; the design's test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from acsi_sem.methods.explore.correspondence import NESTED, correspond, map_table, mean_effect
from acsi_sem.survey.survey import Design, Factor

# Staff groups by smoking: none, light, medium, heavy (Greenacre 1984, table 3.1).
SMOKING = np.array(
    [[4, 2, 3, 2], [4, 3, 7, 4], [25, 10, 12, 4], [18, 24, 33, 13], [10, 6, 7, 2]], dtype=float
)


def variables(table: np.ndarray) -> tuple[Factor, Factor, np.ndarray]:
    """Return a row per cell of a table, and its counts."""
    rows, columns = (part.ravel() for part in np.indices(table.shape))
    names = tuple(f"r{i}" for i in range(table.shape[0]))
    others = tuple(f"c{i}" for i in range(table.shape[1]))
    counts = table.ravel()
    return Factor("A", "Staff", names, rows), Factor("B", "Smoking", others, columns), counts


def counted(table: np.ndarray, minimum: int = 1) -> Any:
    """Analyse a table of counts."""
    first, second, counts = variables(table)
    return correspond(first, second, Design(counts, "frequency", weighted=True), minimum)


def test_greenacres_smoking_data() -> None:
    """Published: total inertia 0.0852, axes 0.0748, 0.0100, 0.0004; chi-square 16.44 of 12."""
    found = counted(SMOKING)
    assert found.plane.inertia.round(4).tolist() == [0.0748, 0.0100, 0.0004]
    assert float(found.plane.inertia.sum()) == pytest.approx(0.0852, abs=5e-5)
    # Published principal coordinates of the rows, first axis; its sign is free.
    published = np.array([0.066, -0.259, 0.381, -0.233, 0.201])
    assert np.abs(found.plane.rows[:, 0]).round(3) == pytest.approx(np.abs(published), abs=1e-3)
    assert np.sign(found.plane.rows[:, 0]) == pytest.approx(np.sign(published))
    assert (found.n, found.df) == (193, 12)
    assert found.chi_square == pytest.approx(stats.chi2_contingency(SMOKING).statistic)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(1, 30), min_size=4, max_size=4), min_size=3, max_size=5))
def test_coordinates_have_their_moments(rows: list[list[int]]) -> None:
    """Weighted by mass, coordinates have mean 0 and the inertia as variance; order is free."""
    table = np.array(rows, dtype=float)
    plane = map_table(table)
    mass = table.sum(axis=1) / table.sum()
    assert mass @ plane.rows == pytest.approx(np.zeros(plane.inertia.size), abs=1e-9)
    assert mass @ plane.rows**2 == pytest.approx(plane.inertia, abs=1e-9)
    chi_square = stats.chi2_contingency(table, correction=False).statistic
    assert plane.inertia.sum() * table.sum() == pytest.approx(chi_square, abs=1e-6)
    turned = map_table(table.T)
    assert turned.inertia == pytest.approx(plane.inertia, abs=1e-9)


def test_counts_are_repeated_rows() -> None:
    first, second, counts = variables(SMOKING)
    times = counts.astype(int)
    long = [
        Factor(f.column, f.label, f.categories, np.repeat(f.codes, times)) for f in (first, second)
    ]
    one = counted(SMOKING)
    other = correspond(long[0], long[1], Design(np.ones(times.sum())), 1)
    assert one.plane is not None
    assert other.plane is not None
    assert one.plane.rows == pytest.approx(other.plane.rows, abs=1e-12)
    assert (one.n, one.deff) == (other.n, pytest.approx(other.deff, rel=1e-9))


def test_without_a_design_the_effect_is_one() -> None:
    """Independent by construction: every effect is n / (n - 1), so their mean is."""
    table = np.outer([10, 20, 30], [1, 2, 3]).astype(float)
    n = table.sum()
    assert counted(table).deff == pytest.approx(n / (n - 1))


def test_whole_clusters_of_equal_answers_multiply_the_effect() -> None:
    """Each interview copied four times within its unit: the effect is about four."""
    rng = np.random.default_rng(2)
    rows, columns = rng.integers(0, 3, 300), rng.integers(0, 2, 300)
    plain = mean_effect(rows, columns, (3, 2), Design(np.ones(300)))
    copied = mean_effect(
        np.repeat(rows, 4),
        np.repeat(columns, 4),
        (3, 2),
        Design(np.ones(1200), psu=np.repeat(np.arange(300), 4)),
    )
    assert copied == pytest.approx(4 * plain, rel=1e-9)
    unequal = rng.choice([1.0, 4.0], 300)
    kish = 300 * (unequal**2).sum() / unequal.sum() ** 2
    # Weights unrelated to the answers: Kish's effect, but for the sample's accidents.
    weighted = mean_effect(rows, columns, (3, 2), Design(unequal, weighted=True))
    assert weighted == pytest.approx(kish, rel=0.15)


def test_few_respondents_and_single_categories() -> None:
    table = SMOKING.copy()
    found = counted(table, minimum=20)
    assert found.left_out == ("Staff: r0", "Staff: r1")
    assert found.categories[0] == ("r2", "r3", "r4")
    single = counted(SMOKING[:, :1])
    assert single.plane is None
    assert single.note == "not analysed: B has fewer than two categories with 1 respondents"
    assert np.isnan(single.p_value)
    apart = counted(np.array([[5.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 9.0]]), minimum=6)
    assert apart.plane is None


def test_what_follows_from_the_other_variable_is_not_analysed() -> None:
    nested = counted(np.array([[30.0, 0.0], [20.0, 0.0], [0.0, 40.0]]))
    assert (nested.plane, nested.note) == (None, NESTED)
    touching = counted(np.array([[30.0, 0.0], [20.0, 1.0], [0.0, 40.0]]))
    assert touching.plane is not None


def test_a_lone_unit_shows_no_variance() -> None:
    rows, columns = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    design = Design(np.ones(4), strata=np.arange(4))
    assert np.isnan(mean_effect(rows, columns, (2, 2), design))
