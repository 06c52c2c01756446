"""What was done, in words that follow the settings of this run."""

from __future__ import annotations

from typing import Final

from acsi_sem.methods.catalogue import NO_METHODS, MethodResults
from acsi_sem.planning.choices import LANGUAGES, choices
from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Bullets, Details, Prose, Section, Table
from acsi_sem.report.facts import Facts
from acsi_sem.report.sections import composite, errors, reach
from acsi_sem.spec.study import Study
from acsi_sem.terms import ENGINE_TITLES

SCHEMES: Final = {
    "path": "path scheme: regression weights from predecessors, correlations with successors",
    "factorial": "factorial scheme: correlations with neighbours",
    "centroid": "centroid scheme: signs of the correlations with neighbours",
}
POLICIES: Final = {
    "allow": "Outer weights of PLS may come out negative; where one does, Warnings name it.",
    "nonnegative": "Outer weights of PLS are held at zero where they would be negative, in every "
    "replicate too: an index needs positive weights.",
    "drop": "An indicator whose outer weight would be negative is left out of its block and PLS "
    "fitted again, in every replicate too: an index needs positive weights.",
}
_FACTORS: Final = (
    "for a covariance structure loading / error variance, the regression factor-score weights of "
    "the construct on its own indicators"
)
WEIGHTS: Final = {
    "pls": "for PLS the outer weight divided by the indicator's standard deviation",
    "plsc": "for consistent PLS the weight of PLS, for the correction leaves the index alone",
    "semopy": _FACTORS,
    "ml": _FACTORS,
    "ols": "for the OLS baseline one divided by the width of the scale, so that all count equally",
    "composite": "what the index lays down, divided by the width of the scale",
}
RULES: Final = {
    "complete": "Every engine is fitted to the same complete cases, rows with an answer to every "
    "indicator.",
    "mean": "Every row with an answer counts; a missing answer is taken to be the mean of that "
    "indicator's answers, which draws variances and correlations towards zero. Every replicate "
    "does so again.",
    "em": "Means and covariances are estimated from every answer by the EM algorithm: right when "
    "what is missing depends only on the answers that are there and these are near normal.",
    "fiml": "Every row with an answer counts, by full information maximum likelihood: right when "
    "what is missing depends only on the answers that are there.",
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
            "usually closer to zero than those of factors. Consistent PLS corrects for that "
            "where each block measures one thing."
        ),
    ),
)


def section(facts: Facts, study: Study | None, methods: MethodResults = NO_METHODS) -> Section:
    """The method chapter."""
    items = (
        ("Survey.", _survey(study)),
        ("Model.", _model(facts)),
        ("Estimation.", _estimation(facts)),
        ("Outer weights.", _policy(facts)),
        ("Index.", _index(facts)),
        ("Missing answers.", _missing(facts)),
        ("Weights and design.", _weights(facts)),
        ("Standard errors.", errors.sentences(facts)),
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
        reach.table(facts, study, methods),
    ]
    if facts.fit.replicates:
        blocks.append(Details("Replicates by group", (_replicates(facts),)))
    return Section("method", "Method", "Method", tuple(blocks))


def _survey(study: Study | None) -> str:
    """Say how the survey was made, as far as the study tells."""
    if study is None:
        return ""
    facts, language = study.survey, study.language if study.language in LANGUAGES else "en"
    named = {(one.kind, one.key): one for one in choices(language)}
    parts = []
    if facts.type:
        parts.append(f"Type: {named['type', facts.type].name}")
    if facts.mode:
        mode = named.get(("mode", facts.mode))
        parts.append(f"asked: {mode.name if mode else facts.mode}")
    parts += [f"fieldwork {words.clean(facts.period)}"] if facts.period else []
    parts += [f"population: {words.clean(facts.population)}"] if facts.population else []
    parts += [f"drawn from {words.clean(facts.frame)}"] if facts.frame else []
    if facts.response_rate == facts.response_rate:
        parts.append(f"{words.percent(facts.response_rate, 1, 0)} of those approached answered")
    return f"{'; '.join(parts).rstrip('.')}." if parts else ""


def _model(facts: Facts) -> str:
    model = facts.fit.model
    source = f", after {words.clean(model.source).rstrip('.')}" if model.source else ""
    return (
        f"{words.clean(model.title.get())}{source}: "
        f"{words.plural(len(model.constructs), 'construct')}, "
        f"{words.plural(len(model.answers), 'indicator')}, "
        f"{words.plural(len(model.paths), 'path')}."
    )


def _estimation(facts: Facts) -> str:
    request = facts.fit.request
    parts = {
        "pls": f"PLS path modelling, {SCHEMES[request.scheme]}; signs oriented so that scores "
        "rise with their indicators",
        "plsc": "consistent PLS, which corrects loadings, paths and R² of the same weights for "
        "measurement error by the reliability ρA of each block (Dijkstra & Henseler 2015)",
        "semopy": "a covariance structure model by maximum likelihood with semopy, first loading "
        "of a block fixed to 1",
        "ml": f"a covariance structure model by {_likelihood(facts)} with this package's own "
        "kernel, first loading of a block fixed to 1",
        "ordinal": "a structure of ordered categories by diagonally weighted least squares on "
        "polychoric correlations",
        "ols": "an OLS baseline on equally weighted 0–100 construct means, limits "
        f"{errors.ols_limits(facts)}",
        "composite": "fixed weights, which nothing estimates",
    }
    return (
        "Point estimates by "
        + "; ".join(parts[e] for e in request.engines)
        + (". Each group is fitted for itself; “all rows” is one fit to every row, not a roll-up.")
    )


def _likelihood(facts: Facts) -> str:
    if facts.fit.request.missing == "fiml":
        return "full information maximum likelihood"
    return "maximum likelihood"


def _policy(facts: Facts) -> str:
    if not set(errors.PLS_ENGINES) & set(facts.fit.request.engines):
        return ""
    return POLICIES[facts.fit.request.weights_policy]


def _index(facts: Facts) -> str:
    weights = dict.fromkeys(WEIGHTS[e] for e in facts.index_engines)
    if not weights:
        return "No engine that was asked for gives an index."
    if facts.fit.model.kind == "composite":
        return composite.formula(facts)
    return (
        "Each index is 100 · Σ w (m − low) / Σ w (high − low), where m is the indicator's mean, "
        "low and high are the ends of its scale, and w is its weight (Fornell et al. 1996): "
        f"{'; '.join(weights)}. An impact is 5 times the total effect on 0–100 scores."
    )


def _missing(facts: Facts) -> str:
    if facts.fit.request.missing == "mean":
        return _rows_used(facts)
    return f"{_rows_used(facts)} {_means(facts)} No answer is filled in."


def _rows_used(facts: Facts) -> str:
    if facts.fit.model.kind == "composite" and facts.fit.request.missing == "complete":
        return "Every row with an answer counts: fixed weights need no complete cases."
    return RULES[facts.fit.request.missing]


def _means(facts: Facts) -> str:
    means = {
        "available": "The means in the index use every answer each indicator has.",
        "complete": "The means in the index use complete cases only.",
    }[facts.fit.request.index_means]
    if facts.fit.request.missing == "em" and facts.fit.request.index_means == "complete":
        means = "The means in the index are those that the EM algorithm estimates."
    again = " Every replicate does both again." if facts.fit.request.resampled else ""
    return means + again


def _weights(facts: Facts) -> str:
    design = facts.fit.survey.design
    kinds = {
        "sampling": "Rows are weighted; weights are rescaled to sum to the number of rows",
        "frequency": "Rows are weighted by how often each occurs",
    }
    weighted = kinds[design.weight_kind] if design.weighted else "Every row counts once"
    known = [
        name
        for name, column in (
            ("strata", design.strata),
            ("sampling units", design.psu),
            ("the share of the population that was sampled", design.sampled),
        )
        if column is not None
    ]
    if design.raking is not None:
        weighted += ", raked to known shares of the population, in every replicate again"
    return f"{weighted}." + (f" The design has {words.listing(known)}." if known else "")


def _intervals(facts: Facts) -> str:
    """Say how limits of PLS estimates and indices were made, then those of other engines."""
    others = [e for e in facts.fit.request.engines if e not in errors.PLS_ENGINES]
    told = errors.intervals(facts)
    if not told and facts.fit.request.makes_intervals and others:
        return "Intervals of coefficients are normal, from their standard errors."
    if not told:
        told = "No bootstrap was asked for, so PLS estimates and indices have no intervals."
    if others:
        told += (
            " Intervals of the coefficients of other engines are normal, from their standard "
            "errors."
        )
    return told


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
    return Table("replicates-table", "Replicates by group and engine", heads, rows)
