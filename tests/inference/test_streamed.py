"""Sums of a streamed file: those of the survey in memory, whoever adds them up."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import streamed_files as made

from acsi_sem.inference.sample import (
    effective_size,
    group_moments,
    make_sample,
    respondents,
)
from acsi_sem.inference.streamed import (
    Pass,
    StreamOptions,
    poisson_replicates,
    reduce_chunks,
    reduce_stream,
    stream_freedom,
)
from acsi_sem.inference.streamed_rows import fourth_root
from acsi_sem.kernels.fourth_moments import row_block, width
from acsi_sem.kernels.moments import Moments
from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey.read import read_survey
from acsi_sem.survey.stream import StreamPlan, plan_stream
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import ALL

EXACT = 1e-10
"""Both add the same products; only the order differs, and with it the last few of 16 digits."""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StreamPlan:
    """A file of six companies in six chunks."""
    made.small_chunks(monkeypatch, 100)
    path = made.write(made.interviews(), tmp_path / "a.parquet")
    return plan_stream(path, made.model(), group="COMPANY", weight="WEIGHT")


def in_memory(plan: StreamPlan) -> Survey:
    """Read the same file whole."""
    design = DesignColumns(weight="WEIGHT")
    return read_survey(plan.layout.path, plan.model, group="COMPANY", design=design)


def assert_close(found: Moments, expected: Moments) -> None:
    """Compare every moment."""
    for part in fields(Moments):
        values, others = getattr(found, part.name), getattr(expected, part.name)
        np.testing.assert_allclose(values, others, rtol=EXACT, atol=EXACT, err_msg=part.name)


@pytest.mark.parametrize("rule", ["complete", "mean"])
def test_sums_are_those_of_the_survey_in_memory(plan: StreamPlan, rule: str) -> None:
    options = StreamOptions(rule=rule, replicates=150, seed=7, study="s")  # type: ignore[arg-type]
    found = reduce_stream(plan, options)
    survey = in_memory(plan)
    sample = make_sample(survey, options.rule)
    names = [name for name, _ in sample.parts]
    parts = {ALL: found.whole(names), **found.parts}
    points = np.stack([parts[name].sums.point for name, _ in sample.groups])
    assert_close(sample.moments(points), group_moments(sample))
    drawn = poisson_replicates(sample, replicates=150, seed=7, study="s")
    for name, _ in sample.groups:
        assert_close(sample.moments(parts[name].sums.draws), drawn.moments[name])
    assert drawn.freedom == stream_freedom(names, found)


def test_replicates_differ_from_each_other_and_by_seed(plan: StreamPlan) -> None:
    found = [
        reduce_stream(plan, StreamOptions(replicates=60, seed=seed)).parts for seed in (1, 1, 2)
    ]
    name = next(iter(found[0]))
    first, again, other = (parts[name].sums.draws for parts in found)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=1).all()
    assert len(np.unique(first[:, 0])) > 10
    # a row is drawn once on average; 60 draws of 90 weights have a spread of about 1.4 %
    assert first[:, 0].mean() == pytest.approx(found[0][name].sums.point[0], rel=0.08)


def test_counts_are_those_of_the_survey_in_memory(plan: StreamPlan) -> None:
    found, survey = reduce_stream(plan, StreamOptions()), in_memory(plan)
    sample = make_sample(survey)
    seen = ~np.isnan(survey.values)
    for name, rows in sample.parts:
        heads, ends = found.parts[name].heads, found.parts[name].ends
        complete = survey.complete[rows]
        assert heads.rows == rows.size
        assert heads.complete == respondents(sample, rows, complete)
        np.testing.assert_array_equal(heads.seen, seen[rows].sum(axis=0))
        for at, own in enumerate([(0, 3), (3, 6), (6, 8), (8, 11), (11, 12), (12, 13)]):
            answered = np.asarray(seen[rows, own[0] : own[1]].any(axis=1))
            assert heads.answered[at] == answered.sum()
            assert heads.effective[1 + at] == pytest.approx(
                effective_size(sample, rows, answered), rel=EXACT
            )
        np.testing.assert_array_equal(ends.low, survey.values[rows][complete].min(axis=0))
        np.testing.assert_array_equal(ends.high, survey.values[rows][complete].max(axis=0))
        assert (ends.lightest, ends.heaviest) == (
            survey.design.weights[rows].min(),
            survey.design.weights[rows].max(),
        )


def test_the_order_of_work_makes_no_difference_at_all(plan: StreamPlan) -> None:
    options = StreamOptions(replicates=20, fourth=True)
    one, other = reduce_stream(plan, options), reduce_stream(plan, options, made.backwards)
    assert one.tallies == other.tallies
    for name, part in one.parts.items():
        for field in ("point", "draws", "fourth"):
            values = getattr(part.sums, field)
            assert values.tobytes() == getattr(other.parts[name].sums, field).tobytes()


def test_passes_add_like_numbers(plan: StreamPlan) -> None:
    options = StreamOptions(replicates=5)
    a, b, c = (reduce_chunks(plan, options, range(i, i + 2)) for i in (0, 2, 4))
    left, right, nothing = (a + b) + c, a + (b + c), Pass()
    assert left.tallies == right.tallies
    assert left.rows == right.rows == 540
    for name, part in left.parts.items():
        np.testing.assert_allclose(
            part.sums.draws, right.parts[name].sums.draws, rtol=1e-13, atol=1e-10
        )
        # nothing is the zero: not even rounding
        assert (nothing + left + nothing).parts[name].sums.draws.tobytes() == (
            part.sums.draws.tobytes()
        )


def test_the_root_of_the_fourth_order_block_stands_for_the_rows(plan: StreamPlan) -> None:
    found, survey = reduce_stream(plan, StreamOptions(fourth=True)), in_memory(plan)
    sample = make_sample(survey)
    for name, rows in sample.parts:
        part = found.parts[name]
        z = sample.products[rows][:, : width(13)]
        weights = sample.weights[rows]
        scale = survey.complete[rows].sum() / (weights @ z[:, 0])
        expected = row_block(scale * weights[None], z)[0]
        root = fourth_root(part.sums.fourth, part.heads.complete / part.sums.point[0])
        size = np.sqrt(np.diag(expected))
        # relative to the size of the products, as rounding is
        assert np.abs((root.T @ root - expected) / size / size[:, None]).max() < 1e-12
