"""Verdicts in words against the limits people use."""

from __future__ import annotations

import math

import pytest

from acsi_sem.inference.thresholds import THRESHOLDS, verdict


@pytest.mark.parametrize("measure", sorted(THRESHOLDS))
def test_every_threshold_is_whole(measure: str) -> None:
    found = THRESHOLDS[measure]
    assert found.measure == measure
    assert list(found.limits) == sorted(set(found.limits))
    assert len(found.zones) == len(found.limits) + 1 == len(set(found.zones))
    assert any(character.isdigit() for character in found.source)  # a year


@pytest.mark.parametrize(
    ("measure", "numbers", "words"),
    [
        ("alpha", (0.80, 0.75, 0.85), "at least 0.70 throughout the interval"),
        ("alpha", (0.70, 0.70, 0.70), "at least 0.70 throughout the interval"),
        ("rho_c", (0.72, 0.66, 0.78), "at least 0.70, but the interval reaches below 0.70"),
        ("ave", (0.45, 0.40, 0.52), "below 0.50, but the interval reaches at least 0.50"),
        ("htmt", (0.80, 0.77, 0.83), "below 0.85 throughout the interval"),
        (
            "htmt",
            (0.88, 0.84, 0.93),
            "from 0.85 to 0.90, but the interval reaches below 0.85 and from 0.90 to 1",
        ),
        ("htmt2", (1.02, 1.00, 1.05), "1 or more throughout the interval"),
        ("vif", (3.3, 3.0, 3.6), "from 3.3 to 5, but the interval reaches below 3.3"),
        ("f2", (0.01, 0.0, 0.03), "negligible, but the interval reaches small"),
        ("r2", (0.70, 0.68, 0.72), "substantial throughout the interval"),
        ("fornell_larcker", (0.0, 0.0, 0.0), "not above 0 throughout the interval"),
        ("q2_predict", (0.2, 0.1, 0.3), "above 0 throughout the interval"),
    ],
)
def test_words(measure: str, numbers: tuple[float, float, float], words: str) -> None:
    assert verdict(measure, *numbers) == words


def test_without_an_interval_the_words_say_so() -> None:
    assert verdict("srmr", 0.05) == "below 0.08, no interval"
    assert verdict("srmr", 0.08, math.nan, math.nan) == "0.08 or more, no interval"


def test_nothing_is_said_about_what_has_no_limit_or_is_no_number() -> None:
    assert verdict("d_g", 0.1) == ""
    assert verdict("alpha", math.nan, 0.1, 0.2) == ""
