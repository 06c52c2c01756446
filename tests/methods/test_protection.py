"""Protection: lines, families of parts, totals, order, and that nothing withheld can be solved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from acsi_sem.methods.protection import MADE, SECONDARY, TOO_SMALL, protect

Bools = NDArray[np.bool_]
SMALL = TOO_SMALL.format(minimum=20)


def made(group: str, n: float, measure: str = "m", **more: Any) -> dict[str, Any]:
    """One row whose numbers are its count."""
    numbers = dict.fromkeys(("value", "std_error", "conf_low", "conf_high"), float(n))
    told = {"subject": "", "category": "", "reading": "fine", "note": ""}
    return {"group": group, "measure": measure, "n": n, **told, **numbers, **more}


def family(counts: Mapping[str, Mapping[str, int]], **more: Any) -> list[dict[str, Any]]:
    """Two measures of every part of every group."""
    return [
        made(group, n, measure, family="parts", part=part, category=part, **more)
        for group, parts in counts.items()
        for part, n in parts.items()
        for measure in ("mean", "share")
    ]


def notes(found: Iterable[Mapping[str, Any]], measure: str) -> dict[tuple[str, str], str]:
    """Return the note of every row of a measure by group and part."""
    return {
        (one["group"], one["category"]): one["note"] for one in found if one["measure"] == measure
    }


def test_a_part_takes_another_part_and_another_group_with_it() -> None:
    """a's silent are few: a's loud, and both of b, the smaller other group, go with them."""
    parts = {
        "all": {"loud": 150, "silent": 100},
        "a": {"loud": 40, "silent": 10},
        "b": {"loud": 50, "silent": 30},
        "c": {"loud": 60, "silent": 60},
    }
    found = protect(family(parts), 20)
    assert notes(found, "mean") == {
        ("all", "loud"): "",
        ("all", "silent"): "",
        ("a", "loud"): SECONDARY,
        ("a", "silent"): SMALL,
        ("b", "loud"): SECONDARY,
        ("b", "silent"): SECONDARY,
        ("c", "loud"): "",
        ("c", "silent"): "",
    }
    assert notes(found, "share") == notes(found, "mean")
    hidden = next(one for one in found if one["note"] == SMALL)
    assert np.isnan([hidden[k] for k in ("value", "std_error", "conf_low", "conf_high")]).all()
    assert (hidden["reading"], hidden["n"]) == ("", 10)
    assert not {"family", "part", "of_parts"} & {key for one in found for key in one}


def test_the_part_of_a_group_counts_by_its_largest_measure() -> None:
    """A measure that fewer answered hides nobody else's."""
    rows = family({"all": {"x": 60, "y": 60}})
    rows[0]["n"] = 5
    assert all(one["note"] == "" for one in protect(rows, 20))


def test_without_the_whole_every_group_is_a_table_of_its_own() -> None:
    found = notes(
        protect(family({"a": {"x": 10, "y": 30, "z": 40}, "b": {"x": 30, "y": 30}}), 20), "mean"
    )
    assert found == {
        ("a", "x"): SMALL,
        ("a", "y"): SECONDARY,
        ("a", "z"): "",
        ("b", "x"): "",
        ("b", "y"): "",
    }


@pytest.mark.parametrize("part", ["line", "family"])
def test_a_total_goes_with_its_parts(part: str) -> None:
    """a is small in one question and takes b with it; totals of both are made of what is hidden."""
    if part == "line":
        rows = [made(g, n, "score") for g, n in {"all": 90, "a": 10, "b": 30, "c": 50}.items()]
    else:
        counts = {"all": 90, "a": 10, "b": 30, "c": 50}
        rows = [made(g, n, "score", family="f", part="p") for g, n in counts.items()]
        rows += [made(g, 100, "score", family="f", part="q") for g in counts]
    rows += [made(g, 100, "total", of_parts=True) for g in ("all", "a", "b", "c")]
    found = {one["group"]: one for one in protect(rows, 20) if one["measure"] == "total"}
    assert {group: one["note"] for group, one in found.items()} == {
        "all": "",
        "a": MADE,
        "b": MADE,
        "c": "",
    }
    assert np.isnan(found["b"]["value"])


def test_totals_of_few_are_withheld_themselves() -> None:
    rows = [made(g, n, of_parts=True) for g, n in {"all": 90, "a": 10, "b": 30, "c": 50}.items()]
    assert [one["note"] for one in protect(rows, 20)] == ["", SMALL, SECONDARY, ""]


def test_rows_without_a_group_and_numbers_of_many_stay() -> None:
    rows = [made("", 0), *family({"all": {"x": 50, "y": 50}}), made("all", 100, of_parts=True)]
    keys = ("family", "part", "of_parts")
    wanted = tuple({k: v for k, v in one.items() if k not in keys} for one in rows)
    assert protect(rows, 20) == wanted


Counts = st.integers(2, 3).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 45), min_size=k, max_size=k), min_size=2, max_size=5)
)


def table_of(cells: Sequence[Sequence[int]]) -> dict[str, dict[str, int]]:
    """Return an additive table: the groups, and `all`, their sum."""
    groups = {f"g{i}": {f"p{j}": n for j, n in enumerate(line)} for i, line in enumerate(cells)}
    sums = {f"p{j}": sum(line[j] for line in cells) for j in range(len(cells[0]))}
    return {"all": sums} | groups


@given(Counts, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(cells: list[list[int]], random: Any) -> None:
    """Counts are made distinct: of equal cells the first by name is taken."""
    apart = [[n + 50 * (i * len(line) + j) for j, n in enumerate(line)]
             for i, line in enumerate(cells)]  # fmt: skip
    apart[0][0] = cells[0][0]
    rows = family(table_of(apart))
    mixed = random.sample(rows, len(rows))
    for measure in ("mean", "share"):
        assert notes(protect(mixed, 20), measure) == notes(protect(rows, 20), measure)


def solvable(hidden: Bools, told: Bools) -> Bools:
    """Return which hidden cells of an additive table follow from its margins and other cells.

    Unknowns are the hidden cells. The parts of a group of which anything is told sum to a known
    margin, and every part's groups to the row of the whole, hidden or not: the null space of these
    equations has no share in a cell that they determine.
    """
    places = np.argwhere(hidden)
    equations = np.zeros((hidden.shape[0] + hidden.shape[1], len(places)))
    for at, (i, j) in enumerate(places):
        equations[i, at] = told[i]
        equations[hidden.shape[0] + j, at] = 1 if i else -1
    _, size, turned = np.linalg.svd(equations)
    rank = int((size > 1e-9).sum())
    free = np.abs(turned[rank:]).max(axis=0, initial=0.0) > 1e-9
    answer = np.zeros(hidden.shape, dtype=np.bool_)
    answer[tuple(places[~free].T)] = True
    return answer


def test_the_check_finds_what_follows() -> None:
    """One cell alone follows; of a rectangle of four none does; a fifth beside it does."""
    hidden, told = np.zeros((4, 3), dtype=np.bool_), np.ones(4, dtype=np.bool_)
    hidden[1, 1] = True
    assert solvable(hidden, told)[1, 1]
    hidden[1:3, 0:2] = True
    assert not solvable(hidden, told).any()
    hidden[3, 2] = True
    assert np.argwhere(solvable(hidden, told)).tolist() == [[3, 2]]


@settings(max_examples=200)
@given(Counts)
def test_withheld_cells_do_not_follow_from_the_others(cells: list[list[int]]) -> None:
    """Nor are any shown that are too small. A line that is hidden whole has nothing to add."""
    table = table_of([[n + 1 for n in line] for line in cells])
    found = notes(protect(family(table), 20), "mean")
    groups, parts = list(table), list(table["all"])
    counts = np.array([[table[g][p] for p in parts] for g in groups])
    hidden = np.array([[bool(found[g, p]) for p in parts] for g in groups])
    assert (hidden | (counts >= 20)).all()
    shown = np.logical_or.outer((~hidden).any(axis=1), (~hidden).any(axis=0))
    assert not (solvable(hidden, counts.sum(axis=1) >= 20) & shown).any()


def test_the_only_part_of_a_small_group_is_no_published_margin() -> None:
    counts = {"all": {"x": 300}, "a": {"x": 20}, "b": {"x": 80}, "c": {"x": 200}}
    found = notes(protect(family(counts), 50), "mean")
    assert [bool(found[group, "x"]) for group in ("all", "a", "b", "c")] == [
        False,
        True,
        True,
        False,
    ]


def test_an_unknown_number_of_respondents_is_a_small_one() -> None:
    (one,) = protect([made("all", float("nan"), "mean")], 20)
    assert np.isnan(one["value"])
