"""When a near word is suggested, and when it would mislead; lists that say what they leave out."""

from __future__ import annotations

import pytest

from acsi_sem.spec.findings import did_you_mean, some


@pytest.mark.parametrize(
    ("word", "known"),
    [
        *[("overal", "overall"), ("asci", "acsi"), ("COMP", "COMPANY"), ("old", "ols")],
        *[("early", "earliest"), ("pooling", "pooled"), ("STRATA", "STRATUM")],
    ],
)
def test_near_words_are_suggested(word: str, known: str) -> None:
    assert did_you_mean(word, ["unlike", known]) == f"did you mean '{known}'?"


@pytest.mark.parametrize(
    ("word", "known"), [("GONE", "REGION"), ("ALLSAT", "CALLS_F"), ("NOPE", "NOTE_F")]
)
def test_far_words_are_not(word: str, known: str) -> None:
    assert did_you_mean(word, ["unlike", known]) == ""


def test_names_left_out_are_counted() -> None:
    names = [f"Q{i}" for i in range(1, 23)]
    assert some(names).endswith("Q19, Q20 and 2 more")
    assert some(names[:20]).endswith("Q19 and Q20")
