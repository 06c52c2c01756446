"""Fits and a study for tests of the report."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from acsi_model import acsi_model, make_model
from simulated import draw_answers, make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.kernels.raking import Margin
from acsi_sem.kernels.raking_rows import RakingPlan, make_part, rake_rows
from acsi_sem.report import Provenance
from acsi_sem.spec.model import Model, Text
from acsi_sem.spec.study import Study
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import PATH_ENGINES

HOSTILE = '<script>alert(1)</script> $x^2$ & "quoted" \'\x00\x1b'
RECORD = Provenance(
    versions=(("python", "3.11.2"), ("numpy", "2.2.0")),
    inputs=(("survey.csv", "ab" * 32),),
    seed=7,
    command="acsi-sem report study.yaml --seed 7",
)


@cache
def small_fit() -> Fit:
    """Every engine on two groups, a region too small to be shown, 60 replicates."""
    return fit(acsi_model(), make_survey(), engines=PATH_ENGINES, bootstrap=60, seed=7)


@cache
def pooled_fit() -> Fit:
    """The pooled fit alone, without replicates: no standard error, no interval."""
    return fit(acsi_model(), make_survey(grouped=False), engines=("pls",), bootstrap=0)


@cache
def structural_fit() -> Fit:
    """The covariance structure alone, without replicates."""
    return fit(acsi_model(), make_survey(), engines=("semopy",), bootstrap=0)


@cache
def ordinal_fit() -> Fit:
    """The ordinal structure alone, which has no index."""
    return fit(acsi_model(), make_survey(), engines=("ordinal",), bootstrap=0)


@cache
def crowded_fit(groups: int) -> Fit:
    """As many groups as asked for, with 60 rows each."""
    survey = replace(make_survey(3, (60,) * groups, missing=0.0), factors=())
    return fit(acsi_model(), survey, engines=("pls",), bootstrap=50, seed=3)


@cache
def suite_fit() -> Fit:
    """Raked weights, prediction and comparison of two groups by PLS, plain and consistent."""
    return suite(acsi_model(), raked_survey())


@cache
def trio_fit() -> Fit:
    """Three groups compared, one of them small."""
    survey = replace(make_survey(4, (150, 140, 60)), factors=())
    return fit(
        acsi_model(), survey, bootstrap=50, seed=3, folds=4, comparison=True, permutations=100
    )


def suite(model: Model, survey: Survey) -> Fit:
    """Fit with everything that PLS can be asked for beside estimates."""
    return fit(
        model,
        survey,
        engines=("pls", "plsc"),
        bootstrap=60,
        seed=7,
        folds=5,
        repetitions=2,
        comparison=True,
        permutations=100,
    )


def raked_survey() -> Survey:
    """The small survey with unequal weights, raked to shares of gender and region."""
    survey = make_survey()
    base = np.random.default_rng(9).uniform(0.5, 2.0, (survey.values.shape[0],))
    codes = [factor.codes for factor in survey.factors]
    targets = (np.array([0.52, 0.48]), np.array([0.3, 0.35, 0.28, 0.07]))
    margins = [Margin(c, t) for c, t in zip(codes, targets, strict=True)]
    part = make_part("", np.arange(base.size), codes, margins, base, trimmed=False)
    names = tuple(factor.categories for factor in survey.factors)
    plan = RakingPlan(base, (part,), ("gender", "region"), names)
    weights, met, _ = rake_rows(plan, base[None])
    assert met.all()
    design = replace(survey.design, weights=weights[0], weighted=True, raking=plan)
    return replace(survey, design=design)


def named_fit(name: str) -> Fit:
    """The small fit where every name that a file brings in is `name`."""
    return fit(*named_inputs(name, make_survey()), engines=PATH_ENGINES, bootstrap=50, seed=7)


def named_inputs(name: str, survey: Survey) -> tuple[Model, Survey]:
    """The model and the survey where every name that a file brings in is `name`."""
    model = acsi_model()
    constructs = tuple(
        replace(
            construct,
            label=Text((("en", f"{construct.name} {name}"),)),
            indicators=tuple(
                replace(item, label=Text((("en", f"{item.name} {name}"),)))
                for item in construct.indicators
            ),
        )
        for construct in model.constructs
    )
    assert survey.groups is not None
    survey = replace(
        survey,
        source=replace(survey.source, name=name),
        groups=replace(survey.groups, label=name, categories=(f"a {name}", f"b {name}")),
        factors=tuple(
            replace(
                part,
                label=name,
                categories=tuple(f"{category} {name}" for category in part.categories),
            )
            for part in survey.factors
        ),
    )
    made = replace(model, title=Text((("en", name),)), source=name, constructs=constructs)
    return made, survey


def study(title: str = "A study") -> Study:
    """A study with a title, a source and a description."""
    return Study(
        name="a_study",
        title=Text((("en", title),)),
        model="acsi.yaml",
        source=title,
        description=title,
    )


def other_model() -> Model:
    """A model that is not the ACSI: seven constructs in layers, one arrow over two of them."""
    blocks = {
        "image": ("OVERALLX", "CUSTOMX"),
        "product": ("WRONGX", "OVERALLQ"),
        "service": ("CUSTOMQ", "WRONGQ"),
        "value": ("PQ", "QP"),
        "satisfaction": ("SATIS", "CONFIRM"),
        "trust": ("IDEAL",),
        "loyalty": ("REPUR",),
    }
    paths = [
        ("image", "product"),
        ("image", "service"),
        ("image", "satisfaction"),
        ("product", "value"),
        ("service", "value"),
        ("value", "satisfaction"),
        ("satisfaction", "trust"),
        ("trust", "loyalty"),
        ("satisfaction", "loyalty"),
        ("image", "loyalty"),
    ]
    return make_model(blocks, paths, index="satisfaction", name="other")


@cache
def other_fit() -> Fit:
    """The other model on simulated answers."""
    model = other_model()
    survey: Survey = make_survey(model=model)
    # The order of `other_model` leaves out the complaint item, column 11 of 13.
    values = draw_answers(np.random.default_rng(5), 330)[:, [*range(11), 12]]
    return fit(model, replace(survey, values=values), engines=("pls",), bootstrap=50, seed=5)
