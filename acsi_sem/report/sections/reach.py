"""What each system, engine and method used can tell, and what it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from acsi_sem.methods.catalogue import MethodResults
from acsi_sem.report import cells, words
from acsi_sem.report.content import Table
from acsi_sem.report.facts import Facts
from acsi_sem.report.methods.chapters import reach
from acsi_sem.spec.study import Study
from acsi_sem.terms import ENGINE_TITLES

INDEX: Final = (
    (
        "One number per company that can be compared across companies, industries and years, and, "
        "where there is a model, what goes with it."
    ),
    "What a single company should change, and whether a change would cause the index to move.",
)
ENGINES: Final = {
    "pls": (
        (
            "Weights that make each construct the best predictor of its neighbours, with small "
            "samples and skewed answers."
        ),
        "Whether the theory fits: measurement error stays in the scores, so paths are drawn to 0.",
    ),
    "plsc": (
        "Paths corrected for measurement error where a block measures one thing.",
        "Much where constructs are nearly the same: the correction is then often inadmissible.",
    ),
    "semopy": (
        "Whether the theory's covariances are those of the answers, and paths between factors.",
        (
            "Scores of single respondents; with few rows or skewed answers its limits are often "
            "withheld."
        ),
    ),
    "ols": (
        "A baseline that anybody can check: equally weighted means, one equation at a time.",
        "Anything that rests on weighting questions by how well they measure.",
    ),
    "composite": (
        "An index whose weights everybody knows beforehand, the same for every company and year.",
        "What drives it, and whether its parts deserve their weights.",
    ),
    "ordinal": (
        "The same structure from ranks of answers rather than their distances.",
        "An index on 0–100.",
    ),
}


def table(facts: Facts, study: Study | None, found: MethodResults) -> Table:
    """Make the table: the model, its engines, each kind of method."""
    rows = tuple(
        (cells.text(name, tone="strong"), cells.text(can), cells.text(cannot))
        for name, can, cannot in _lines(facts, study, found)
    )
    heads = cells.columns("System or method", "Can tell", "Cannot tell")
    caption = "What each system and method used here can and cannot tell"
    return Table("reach", caption, heads, rows, sortable=False)


def _lines(
    facts: Facts, study: Study | None, found: MethodResults
) -> Iterator[tuple[str, str, str]]:
    model, language = facts.fit.model, study.language if study else "en"
    said = tuple(words.clean(text.get(language)) for text in model.reach) or INDEX
    yield words.clean(model.title.get(language)), said[0], said[1]
    for engine in facts.fit.request.engines:
        can, cannot = ENGINES["semopy" if engine == "ml" else engine]
        yield ENGINE_TITLES[engine], can, cannot
    yield from reach(found, language)
