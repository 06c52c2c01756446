"""Files in chunks: the answers, counts and messages of `read_survey`, whatever the chunks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import streamed_files as made
from survey_cases import CASES, Case

from acsi_sem.errors import DataError
from acsi_sem.inference.streamed import Pass, StreamOptions, reduce_stream
from acsi_sem.inference.streamed_checks import check_sums
from acsi_sem.spec.graph import answer_places
from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey import stream_tally
from acsi_sem.survey.read import read_survey
from acsi_sem.survey.stream import StreamPlan, Told, close_stream, plan_stream, read_stream
from acsi_sem.survey.stream_files import find_layout, read_chunks
from acsi_sem.survey.stream_tally import Tally, tally

WEIGHTED = DesignColumns(weight="WEIGHT")


def streamed(plan: StreamPlan, minimum: int = 50) -> tuple[Pass, Told]:
    """Read a whole file, and judge it."""
    found = reduce_stream(plan, StreamOptions())
    told = close_stream(plan, found.tallies, found.problems)
    name = plan.layout.path.name
    check_sums(plan.model, found, told.groups, told.missing, minimum, name)
    return found, told


@pytest.mark.parametrize("name", ["acsi", "acsi_1994"])
@pytest.mark.parametrize("file", ["a.csv", "a.tsv", "a.parquet"])
@pytest.mark.parametrize("rows", [37, 128])
def test_chunks_hold_what_the_whole_file_holds(
    name: str, file: str, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.small_chunks(monkeypatch, rows)
    model = made.model(name)
    path = made.write(made.interviews(name), tmp_path / file)
    survey = read_survey(path, model, group="COMPANY", design=WEIGHTED)
    plan = plan_stream(path, model, group="COMPANY", weight="WEIGHT")
    chunks = list(read_stream(plan, range(plan.layout.chunks)))
    assert survey.groups is not None
    keys = [chunk.keys[code] for chunk in chunks for code in chunk.codes]
    assert keys == [survey.groups.keys[code] for code in survey.groups.codes]
    answers = np.concatenate([chunk.answers for chunk in chunks])
    np.testing.assert_array_equal(answers[:, answer_places(model)], survey.values)
    weights = np.concatenate([chunk.weights for chunk in chunks])
    np.testing.assert_array_equal(weights, survey.design.weights)
    _, told = streamed(plan)
    assert told.missing == survey.missing
    assert told.notices == survey.notices
    assert told.groups is not None
    assert told.groups.keys == survey.groups.keys
    assert plan.layout.source.rows == survey.source.rows
    assert plan.layout.source.sha256 == survey.source.sha256


def _can_stream(case: Case) -> bool:
    """True for a file with columns as they should be, read without what needs a study."""
    design = case.options.get("design", WEIGHTED)
    return (
        case.file.rpartition(".")[2] in ("csv", "parquet")
        and not {"study", "breakdowns"} & set(case.options)
        and design.weight_kind == "sampling"
        and not (design.stratum or design.psu)
    )


def _plan_and_stream(case: Case, path: Path) -> None:
    plan = plan_stream(
        path,
        case.model(),
        group=case.options.get("group"),
        weight=case.options.get("design", DesignColumns()).weight,
    )
    streamed(plan, case.options.get("minimum_rows", 50))


OTHER_WORDS = (
    "empty csv",
    "byte order mark only",
    "header only csv",
    "not there",
    "folder",
    "xlsx named csv",
    "parquet named csv",
    "sav named csv",
    "utf-16 csv",
    "binary csv",
    "neither utf-8 nor gb18030",
    "western csv",
    "unclosed quote",
    "stray quote",
    "row too long",
    "rows too short",
    "damaged parquet",
    "truncated parquet",
)
"""What is not a table at all is refused by either reader, in words of its own."""


@pytest.mark.parametrize("case", [case for case in CASES if _can_stream(case)], ids=lambda c: c.id)
def test_what_is_wrong_is_told_in_the_words_of_read_survey(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.small_chunks(monkeypatch, 7)
    path = tmp_path / case.file
    case.build(path)
    with pytest.raises(DataError) as whole:
        read_survey(path, case.model(), **case.options)
    with pytest.raises(DataError) as parts:
        _plan_and_stream(case, path)
    if case.id not in OTHER_WORDS:
        assert [str(p) for p in parts.value.problems] == [str(p) for p in whole.value.problems]


def test_records_may_span_lines_and_blank_lines_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.small_chunks(monkeypatch, 2)
    text = 'A,B\n\n1,"x\ny"\n,\n2,"say ""z"""\n\n3,w\n'
    (tmp_path / "a.csv").write_text(text)
    layout = find_layout(tmp_path / "a.csv")
    assert (layout.source.rows, layout.chunks) == (3, 2)
    chunks = list(read_chunks(layout, range(2), ["A", "B"]))
    cells = [[chunk.columns["B"].distinct[i] for i in chunk.columns["B"].codes] for chunk in chunks]
    assert cells == [["x\ny", 'say "z"'], ["w"]]
    # the header is record 1, each blank line a record of its own
    assert [chunk.places.tolist() for chunk in chunks] == [[3, 5], [7]]


@pytest.mark.parametrize("group", [1, 90, 10_000])
def test_row_groups_make_no_difference(
    group: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.small_chunks(monkeypatch, 100)
    path = made.write(made.interviews().head(350), tmp_path / "a.parquet", group)
    layout = find_layout(path)
    later = [chunk.places.tolist() for chunk in read_chunks(layout, range(2, 4), ["SATIS"])]
    assert later == [list(range(201, 301)), list(range(301, 351))]


def test_more_distinct_values_than_answers_have_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_tally, "MOST_DISTINCT", 8)
    path = made.write(made.interviews(), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="column SATIS: expected at most 10,000 distinct values"):
        streamed(plan_stream(path, made.model()))


def test_tallies_add_to_the_tally_of_all() -> None:
    rng = np.random.default_rng(4)
    codes, places = rng.integers(0, 5, 200), np.arange(1, 201)
    keys = [(cell,) for cell in (1.0, float("nan"), None, "x", 7)]
    whole = tally(keys, codes, places)
    added = Tally()
    for start in (120, 0, 60):
        part = slice(start, start + (80 if start == 120 else 60))
        added = added + tally(keys, codes[part], places[part])
    assert dict(added.seen) == dict(whole.seen)
    assert sum(seen.count for seen in whole.seen.values()) == 200
    assert len(whole.seen) == 4  # NaN and None are both no answer
