"""Pairwise comparisons as a method: rows without respondents, experts, refusal, its chapter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graded_cases import close, faults, method, people, row, run, setting, value, view

from acsi_sem.errors import SpecError
from acsi_sem.report.content import Figure, Table
from acsi_sem.report.methods import ahp as chapter

# Saaty (2008), Int. J. Services Sciences 1, 83-98, table 3.
DRINKS: dict[str, Any] = {
    "kind": "ahp",
    "order": ["coffee", "wine", "tea", "beer", "sodas", "milk", "water"],
    "matrix": [
        [1, 9, 5, 2, 1, 1, "1/2"],
        ["1/9", 1, "1/3", "1/9", "1/9", "1/9", "1/9"],
        ["1/5", 3, 1, "1/3", "1/4", "1/3", "1/9"],
        ["1/2", 9, 3, 1, "1/2", 1, "1/3"],
        [1, 9, 4, 2, 1, 2, "1/2"],
        [1, 9, 3, 1, "1/2", 1, "1/3"],
        [2, 9, 9, 3, 2, 3, 1],
    ],
}
WATER = [[1, 2, 4], [0.5, 1, 2], [0.25, 0.5, 1]]
BREAD = [[1, "1/2", 1], [2, 1, 2], [1, "1/2", 1]]
MILK = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]
EXPERTS = {"kind": "ahp", "order": ["a", "b", "c"], "matrices": [WATER, BREAD, MILK]}
NOBODY = setting(people({"S": [1]}))


def test_weights_as_published() -> None:
    found = run(method(**DRINKS), NOBODY)
    printed = [17.7, 1.9, 4.2, 11.6, 19.0, 12.9, 32.7]
    weights = [value(found, "weight", name, group="") for name in DRINKS["order"]]
    # Printed to one decimal of a per cent.
    np.testing.assert_allclose(weights, printed, atol=0.06)
    assert value(found, "consistency_ratio", group="") == pytest.approx(0.022, abs=6e-4)
    index = value(found, "consistency_index", group="")
    assert close(index, (value(found, "eigenvalue", group="") - 7) / 6)


def test_no_respondents_no_interval() -> None:
    made = row(run(method(**DRINKS), NOBODY), "weight", "water", group="")
    assert made["n"] == 0
    assert np.isnan([made["std_error"], made["conf_low"], made["conf_high"]]).all()
    assert made["note"] == "judgements, not a sample: no sampling interval"


def test_three_experts_by_hand() -> None:
    """Geometric means: a against b (2 x 1/2 x 1) = 1, a and b against c 4 and 2 x 2, to 1/3."""
    found = run(method(**EXPERTS), NOBODY)
    weights = np.array([1.0, 1.0, 4 ** (-1 / 3)])
    for name, wanted in zip("abc", 100 * weights / weights.sum(), strict=True):
        assert close(value(found, "weight", name, group=""), wanted)
    assert close(value(found, "weight_lowest", "a", group=""), 25)
    assert close(value(found, "weight_highest", "a", group=""), 400 / 7)
    assert close(value(found, "expert_weight", "b", "expert 2", group=""), 50)
    assert close(value(found, "expert_ratio", "", "expert 3", group=""), 0)


def test_two_experts_have_no_range() -> None:
    found = run(method(**{**EXPERTS, "matrices": [WATER, BREAD]}), NOBODY)
    measures = {one["measure"] for one in found.rows}
    assert "expert_weight" in measures
    assert "weight_lowest" not in measures


def test_an_order_of_experts_or_things_changes_nothing() -> None:
    first = run(method(**EXPERTS), NOBODY)
    other = run(method(**{**EXPERTS, "matrices": [MILK, WATER, BREAD]}), NOBODY)
    for name in "abc":
        assert close(value(first, "weight", name, group=""), value(other, "weight", name, group=""))


def test_contradiction_is_refused_with_the_judgement_to_look_at() -> None:
    bad = [[1, 5, "1/5"], ["1/5", 1, 5], [5, "1/5", 1]]
    with pytest.raises(SpecError) as error:
        run(method(**{**EXPERTS, "matrices": [WATER, bad]}), NOBODY)
    assert str(error.value).startswith(
        "methods.x: matrices[1]: expected a consistency ratio below 0.1, got 2.76; look first at"
    )


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"matrices": [[[1]]]}, ("matrices.0", "3 rows, one for each entry of order", "1 row", "")),
        ({"matrix": WATER}, ("", "one of the keys matrix and matrices", "both", "")),
        ({"labels": {"aa": "x"}}, ("labels.aa", "a, b or c", "'aa'", "did you mean 'a'?")),
        ({"matrices": []}, ("matrices", "at least one entry", "none", "")),
        ({"order": []}, ("order", "at least one entry", "none", "")),
    ],
)
def test_malformed(more: dict[str, Any], fault: tuple[str, str, str, str]) -> None:
    assert fault in faults(**{**EXPERTS, **more})


def test_the_chapter_ranks_weights_and_shows_experts() -> None:
    one = method(**EXPERTS, labels={"a": "<i>Quality</i>"})
    figure, experts = chapter.section(view(one, run(one, NOBODY))).blocks
    assert isinstance(figure, Figure)
    assert figure.title == "Weighs most: <i>Quality</i>, 38.0 %"
    assert "no sampling interval exists" in figure.reading
    assert [cell.text for cell in figure.table.rows[0]] == [
        "<i>Quality</i>",
        "38.0",
        "25.0",
        "57.1",
    ]
    assert isinstance(experts, Table)
    assert [cell.text for cell in experts.rows[1]] == ["Expert 2", "25.0", "50.0", "25.0", "0.000"]
