"""Permutations too few to find anything are told, not taken for an absence of differences."""

from __future__ import annotations

from acsi_model import acsi_model
from simulated import make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.report.facts import gather
from acsi_sem.report.sections.comparison import finding


def test_too_few_for_the_pairs_is_a_notice_and_no_finding() -> None:
    survey = make_survey(2, (90, 90, 90))
    asked = {"bootstrap": 60, "comparison": True, "permutations": 100, "minimum_rows": 20}
    few = fit(acsi_model(), survey, level=0.99, **asked)  # type: ignore[arg-type]
    told = [n.message for n in few.notices if n.kind == "few_permutations"]
    assert told[0] == (
        "With 3 pairs of groups no adjusted p of an index can reach the level by 100 "
        "permutations: ask for at least 300."
    )
    (words,) = finding(gather(few, None))
    assert "is not told" in words
    assert "needs 300 permutations" in words
    enough = fit(acsi_model(), survey, level=0.9, **asked)  # type: ignore[arg-type]
    assert "few_permutations" not in {n.kind for n in enough.notices}
    assert "is not told" not in "".join(finding(gather(enough, None)))
