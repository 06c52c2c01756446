"""What was done, in words that follow the settings of this run."""

from __future__ import annotations

from typing import Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Bullets, Details, Prose, Section, Table
from acsi_sem.report.facts import Facts
from acsi_sem.spec.study import Study
from acsi_sem.terms import ENGINE_TITLES

SCHEMES: Final = {
    "path": "path scheme: regression weights from predecessors, correlations with successors",
    "factorial": "factorial scheme: correlations with neighbours",
    "centroid": "centroid scheme: signs of the correlations with neighbours",
}
LIMITS: Final = (
    ("Associations.", "The arrows are the theory's; one survey cannot show that they are causes."),
    (
        "Sampling.",
        (
            "Intervals cover the sampling error of rows drawn as described, not bias from people "
            "who could not be reached or did not answer."
        ),
    ),
    (
        "Many comparisons.",
        (
            "With many groups and parts some intervals miss the truth by chance: about one in "
            "twenty at a level of 95\u00a0%."
        ),
    ),
    (
        "Scores.",
        (
            "PLS relates weighted scores that carry measurement error; its coefficients are "
            "usually closer to zero than those of factors."
        ),
    ),
)


def section(facts: Facts, study: Study | None) -> Section:
    """The method chapter."""
    items = (
        ("Model.", _model(facts)),
        ("Estimation.", _estimation(facts)),
        ("Index.", _index(facts)),
        ("Missing answers.", _missing(facts)),
        ("Weights and design.", _weights(facts)),
        ("Intervals.", _intervals(facts)),
        ("Small numbers.", _small(facts)),
        ("Rounding.", "Everything is computed unrounded and rounded half up for display."),
    )
    blocks: list[Block] = []
    if study and study.description:
        blocks.append(Prose((words.clean(study.description),)))
    blocks += [
        Bullets(tuple(item for item in items if item[1])),
        Prose(("What these numbers cannot say",), "lead"),
        Bullets(LIMITS),
    ]
    if facts.fit.replicates:
        blocks.append(Details("Bootstrap replicates by group", (_replicates(facts),)))
    return Section("method", "Method", "Method", tuple(blocks))


def _model(facts: Facts) -> str:
    model = facts.fit.model
    source = f", after {words.clean(model.source).rstrip('.')}" if model.source else ""
    return (
        f"{words.clean(model.title.get())}{source}: "
        f"{words.plural(len(model.constructs), 'construct')}, "
        f"{words.plural(len(model.indicators), 'indicator')}, "
        f"{words.plural(len(model.paths), 'path')}."
    )


def _estimation(facts: Facts) -> str:
    request = facts.fit.request
    parts = {
        "pls": f"PLS path modelling, {SCHEMES[request.scheme]}; signs oriented so that scores "
        "rise with their indicators",
        "semopy": "a covariance structure model by maximum likelihood with semopy, first loading "
        "of a block fixed to 1, standard errors from the expected information",
        "ols": "an OLS baseline on equally weighted 0–100 construct means with HC3 standard errors",
    }
    return (
        "Point estimates by "
        + "; ".join(parts[e] for e in request.engines)
        + (". Each group is fitted for itself; “all rows” is one fit to every row, not a roll-up.")
    )


def _index(facts: Facts) -> str:
    if "pls" not in facts.fit.request.engines:
        return "Each index is the equally weighted mean of its indicators on 0–100."
    return (
        "Each index is 100 · Σ w (m − low) / Σ w (high − low), where w is the PLS outer weight "
        "divided by the indicator's standard deviation, m its mean, and low and high the ends of "
        "its scale (Fornell et al. 1996). An impact is 5 times the total effect on 0–100 scores."
    )


def _missing(facts: Facts) -> str:
    means = {
        "available": "the means in the index use every answer each indicator has",
        "complete": "the means in the index use complete cases only",
    }[facts.fit.request.index_means]
    return (
        "Every engine is fitted to the same complete cases, rows with an answer to every "
        f"indicator; {means}. Every replicate does both again. No answer is imputed."
    )


def _weights(facts: Facts) -> str:
    design = facts.fit.survey.design
    kinds = {
        "sampling": "Rows are weighted; weights are rescaled to sum to the number of rows",
        "frequency": "Rows are weighted by how often each occurs",
    }
    weighted = kinds[design.weight_kind] if design.weighted else "Every row counts once"
    known = [
        name
        for name, column in (("strata", design.strata), ("sampling units", design.psu))
        if column is not None
    ]
    return f"{weighted}." + (f" The design has {words.listing(known)}." if known else "")


def _intervals(facts: Facts) -> str:
    request = facts.fit.request
    if not request.replicates:
        return "No bootstrap was asked for, so PLS estimates and indices have no intervals."
    counted = [r for r in facts.fit.replicates if r.requested]
    failed = sum(r.failed for r in counted)
    drawn = sum(r.requested for r in counted)
    return (
        f"{facts.level} percentile intervals from {words.count(request.replicates)} bootstrap "
        f"replicates per group, seed {request.seed}, drawn within groups (and within strata and "
        "by sampling unit where the design has them), the whole estimation repeated in each. "
        f"Standard errors are standard deviations over replicates. {_failed(failed, drawn)} "
        "Intervals of the coefficients of other engines are normal, from their standard errors."
    )


def _failed(failed: int, drawn: int) -> str:
    if not failed:
        return f"Of {words.count(drawn)} replicates none failed."
    return (
        f"{words.count(failed)} of {words.count(drawn)} replicates failed "
        f"({words.percent(failed, drawn)}) and were left out."
    )


def _small(facts: Facts) -> str:
    return (
        f"Groups and parts with fewer than {facts.fit.request.minimum_rows} rows are withheld, "
        "and the reason stands in their place."
    )


def _replicates(facts: Facts) -> Table:
    rows = tuple(
        (
            cells.text(facts.group(r.group)),
            cells.text(ENGINE_TITLES[r.engine]),
            cells.whole(r.requested),
            cells.whole(r.failed),
        )
        for r in facts.fit.replicates
    )
    heads = cells.columns("Group", "Engine", ">Replicates", ">Failed")
    return Table("replicates-table", "Bootstrap replicates by group and engine", heads, rows)
