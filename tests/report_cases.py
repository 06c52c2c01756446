"""Fits and a study for tests of the report."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from acsi_model import acsi_model, make_model
from simulated import draw_answers, make_survey

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.report import Provenance
from acsi_sem.spec.model import Model, Text
from acsi_sem.spec.study import Study
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import ENGINES

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
    return fit(acsi_model(), make_survey(), engines=ENGINES, bootstrap=60, seed=7)


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


def named_fit(name: str) -> Fit:
    """The small fit where every name that a file brings in is `name`."""
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
    survey = make_survey()
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
    return fit(made, survey, engines=ENGINES, bootstrap=50, seed=7)


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
