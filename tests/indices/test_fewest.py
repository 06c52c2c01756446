"""Indices with fixed weights that a few answers to one question would enter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import acsi_sem as acsi
from acsi_sem.analysis.values import Fit
from acsi_sem.indices.fewest import FEW, MADE, TELLING, withheld_indices
from acsi_sem.spec.catalogue import find_model
from acsi_sem.spec.model import Text
from acsi_sem.spec.study import Codebook

KCSI = acsi.load_model(find_model("kcsi"))


@pytest.fixture(scope="module")
def fitted() -> Fit:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({i.name: rng.integers(1, 8, 600).astype(float) for i in KCSI.answers})
    frame["G"] = np.repeat(["a", "b", "c"], 200)
    frame["AGE"] = rng.integers(1, 3, 600)
    frame.loc[203:399, "REBUY"] = np.nan
    ages = Codebook("AGE", Text.of(None, "Age"))
    survey = acsi.survey_from_frame(frame, KCSI, group="G", breakdowns=(ages,))
    return acsi.fit(KCSI, survey, bootstrap=200)


def one(table: pd.DataFrame, group: str, construct: str, column: str) -> Any:
    """Return the one value of a group and construct, or all of them."""
    own = table[(table["group"] == group) & (table["construct"] == construct)]
    return own[column].tolist()


def test_what_rests_on_three_answers_is_withheld_with_a_second_group(fitted: Fit) -> None:
    notes = {"repurchase": (FEW.format(minimum=50), TELLING), "kcsi": (MADE, MADE)}
    for construct, (small, second) in notes.items():
        assert one(fitted.indices, "b", construct, "note") == [small]
        assert one(fitted.indices, "a", construct, "note") == [second]
        for group, shown in {"all": True, "a": False, "b": False, "c": True}.items():
            assert np.isfinite(one(fitted.indices, group, construct, "index")).all() == shown
    assert one(fitted.indices, "b", "overall", "index")[0] > 0


def test_its_limits_elsewhere_do_not_suffer(fitted: Fit) -> None:
    for limit in ("conf_low", "conf_high"):
        assert np.isfinite(one(fitted.indices, "b", "overall", limit)).all()


def test_neither_the_items_nor_the_parts_tell_it(fitted: Fit) -> None:
    items = fitted.items[fitted.items["indicator"] == "REBUY"]
    for group, shown in {"a": False, "b": False, "c": True}.items():
        assert np.isfinite(one(items, group, "repurchase", "mean")).all() == shown
        assert np.isfinite(one(fitted.breakdowns, group, "kcsi", "index")).all() == shown


def test_enough_answers_withhold_nothing() -> None:
    assert withheld_indices({"all": np.array([100.0])}, 50) == {"all": ("",)}
    found = withheld_indices(
        {"all": np.array([149.0]), "a": np.array([49.0]), "b": np.array([100.0])}, 50
    )
    assert [bool(why[0]) for why in found.values()] == [False, True, True]


def test_nobody_asked_is_no_small_group() -> None:
    found = withheld_indices(
        {"all": np.array([100.0]), "a": np.array([0.0]), "b": np.array([100.0])}, 50
    )
    assert all(why == ("",) for why in found.values())


def test_a_total_follows_its_components_and_nothing_else() -> None:
    """Else a total shown beside a withheld component would tell it."""
    counts = {"all": [600.0, 600, 600], "a": [200.0, 10, 200], "b": [200.0, 60, 200]}
    counts["c"] = [200.0, 200, 55]
    fewest = {name: np.array([*n, min(n)]) for name, n in counts.items()}
    found = withheld_indices(fewest, 50, {3: (0, 1, 2)})
    assert {name: [bool(why) for why in held] for name, held in found.items()} == {
        "all": [False] * 4,
        "a": [False, True, False, True],
        "b": [False, True, False, True],
        "c": [False] * 4,
    }


def test_a_withheld_question_is_withheld_in_every_block(fitted: Fit) -> None:
    items = fitted.items[fitted.items["indicator"] == "REBUY"]
    for group in ("a", "b"):
        assert np.isnan(one(items, group, "kcsi", "mean")).all()
        others = fitted.items[fitted.items["indicator"] == "ALLSAT"]
        assert np.isfinite(one(others, group, "kcsi", "mean")).all()
