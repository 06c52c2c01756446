"""The shapes of model and study files, strict: what pydantic checks and what editors complete.

Documents never leave the loaders, which turn them into the frozen values of
`acsi_sem.spec.model` and `acsi_sem.spec.study`. Codes are kept as text keys here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat

from acsi_sem.spec import document_rules as rules
from acsi_sem.terms import (
    Engine,
    Errors,
    IndexMeans,
    Interval,
    MissingRule,
    Scheme,
    Sign,
    WeightKind,
)

Name = Annotated[str, AfterValidator(rules.name)]
Version = Annotated[Literal[1], BeforeValidator(rules.version, json_schema_input_type=Literal[1])]
Filled = Annotated[str, AfterValidator(rules.filled)]
Language = Annotated[str, AfterValidator(rules.language)]
Code = Annotated[str, AfterValidator(rules.filled)]
NumberCode = Annotated[str, AfterValidator(rules.number_code)]
Label = Annotated[
    dict[Language, Filled],
    AfterValidator(rules.at_least_one),
    BeforeValidator(rules.as_text, json_schema_input_type=str | dict[str, str]),
]
Scale = Annotated[
    tuple[float, float],
    BeforeValidator(
        rules.scale,
        json_schema_input_type=Annotated[list[float], Field(min_length=2, max_length=2)],
    ),
]


class Document(BaseModel):
    """A mapping in a file: known keys only, no conversion of types, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)


class DefaultsPart(Document):
    """What holds for every indicator that does not say otherwise."""

    scale: Scale | None = Field(None, description="Ends of the answer scale: [low, high]")
    missing: dict[NumberCode, Filled] = Field({}, description="Codes that mean no answer")


class IndicatorPart(Document):
    """One observed answer."""

    column: Filled | None = Field(None, description="Column of the survey; the name by default")
    scale: Scale | None = Field(None, description="Ends of the answer scale: [low, high]")
    missing: dict[NumberCode, Filled] | None = Field(
        None, description="Codes that mean no answer, instead of the defaults"
    )
    reverse: bool = Field(False, description="A high answer means little of the construct")
    label: Label | None = Field(None, description="The question in words")


Indicator = Annotated[
    IndicatorPart,
    BeforeValidator(rules.blank_is_empty, json_schema_input_type=IndicatorPart | None),
]


class ConstructPart(Document):
    """One latent variable with its block of indicators."""

    label: Label | None = Field(None, description="The construct in words")
    indicators: Annotated[dict[Name, Indicator], AfterValidator(rules.at_least_one)] = Field(
        description="Name: what is particular about it; {} when nothing is"
    )
    mode: Literal["A", "B"] = Field("A", description="PLS weighting: A correlation, B regression")
    kind: Literal["factor", "composite"] | None = Field(
        None, description="The theory: a common factor, or a composite of its indicators"
    )


class TargetPart(Document):
    """The head of an arrow."""

    to: str = Field(description="Construct acted upon")
    sign: Sign = Field("positive", description="Sign that the theory expects")


class DerivationPart(Document):
    """A derived item; the recipes are fixed."""

    recipe: Literal["price_tolerance"]
    high: Filled = Field(description="Column: price rise (%) that a returning customer accepts")
    low: Filled = Field(description="Column: price cut (%) that wins back another customer")


Target = Annotated[
    TargetPart, BeforeValidator(rules.target, json_schema_input_type=str | TargetPart)
]
Targets = Annotated[
    list[Target],
    BeforeValidator(
        rules.targets, json_schema_input_type=str | TargetPart | list[str | TargetPart]
    ),
]


class ModelDocument(Document):
    """A customer satisfaction model: constructs, their indicators, the arrows between them."""

    version: Version = Field(alias="schema", description="Version of the file format")
    name: Name = Field(description="Short name of the model")
    title: Label | None = Field(None, description="Title, in one or more languages")
    source: str = Field("", description="Where the model is published")
    defaults: DefaultsPart = DefaultsPart(scale=None, missing={})
    constructs: Annotated[dict[Name, ConstructPart], AfterValidator(rules.at_least_one)]
    paths: dict[str, Targets] = Field(description="Arrows, source: [targets]")
    index: str = Field(description="The construct whose 0-100 score is the headline index")
    derive: dict[Name, DerivationPart] = Field({}, description="Items made by a named recipe")


class DataPart(Document):
    """The survey file."""

    file: Filled = Field(description="Survey file, relative to this file")
    sheet: Filled | None = Field(None, description="Sheet of a workbook; the first by default")


class DesignPart(Document):
    """Columns of the survey design."""

    weight: Filled | None = Field(None, description="Column of weights")
    weight_kind: WeightKind = Field("sampling", description="What a weight means")
    stratum: Filled | None = Field(None, description="Column of strata")
    psu: Filled | None = Field(None, description="Column of primary sampling units")


class ColumnPart(Document):
    """What the codes of a column mean."""

    label: Label | None = Field(None, description="The variable in words")
    codes: dict[Code, Label] = Field({}, description="Labels of its codes, in order of display")
    missing: dict[Code, Filled] = Field({}, description="Codes that mean no answer")


class BreakdownPart(ColumnPart):
    """A variable to break the index down by: categories, or a number with bins."""

    bins: (
        Annotated[
            list[FiniteFloat], AfterValidator(rules.at_least_one), AfterValidator(rules.ascending)
        ]
        | None
    ) = Field(None, description="Ascending lower limits of the bins of a number")


class RulePart(Document):
    """How to treat a value outside the scale."""

    treat: Literal["missing", "low", "high", "error"] = Field(
        description="No answer, lowest answer, highest answer, or an error"
    )
    label: Filled | None = Field(None, description="What the value means")


class EstimationPart(Document):
    """How to estimate."""

    scheme: Scheme = Field("path", description="Inner weighting scheme of PLS")
    index_means: IndexMeans = Field(
        "available", description="Index from all answers, or from complete cases"
    )
    se: Errors | None = Field(
        None,
        description="Standard errors of covariance structures; cluster or robust when left out",
    )
    missing: MissingRule = Field(
        "complete", description="Complete cases, EM moments (pls, ols) or FIML (ml)"
    )
    meanstructure: bool = Field(False, description="Intercepts in covariance structures")
    invariance: bool = Field(False, description="Assess what may be compared across groups")
    release: tuple[str, ...] = Field((), description="Parameters not held equal across groups")


class ResamplingPart(Document):
    """The bootstrap."""

    replicates: Annotated[int, AfterValidator(rules.replicates)] = Field(
        2000, description="0 for none, else at least 50"
    )
    seed: Annotated[int, Field(ge=0)] = Field(1, description="Seed of the random numbers")
    level: Annotated[float, AfterValidator(rules.level)] = Field(
        0.95, description="Confidence level, between 0 and 1"
    )
    ci: Interval = Field(
        "percentile", description="Limits: percentiles, or bias-corrected and accelerated"
    )


class ReportPart(Document):
    """The report."""

    language: Language = Field("en", description="Language of labels, e.g. en or zh-Hans")
    minimum_rows: Annotated[int, Field(ge=1)] = Field(
        50, description="Cells with fewer rows are withheld"
    )


Rule = Annotated[
    RulePart,
    BeforeValidator(
        rules.treatment,
        json_schema_input_type=Literal["missing", "low", "high", "error"] | RulePart,
    ),
]


class StudyDocument(Document):
    """A study: which model, which survey, which design, what to break down and report."""

    version: Version = Field(alias="schema", description="Version of the file format")
    name: Name = Field(description="Short name; also the folder of the report")
    title: Label | None = Field(None, description="Title, in one or more languages")
    model: Filled = Field(description="Model file, relative to this file")
    data: DataPart | None = Field(None, description="Survey file; may come from the command line")
    description: str = Field("", description="What the survey is")
    source: str = Field("", description="Where the data come from, as cited")
    design: DesignPart = DesignPart(weight=None, weight_kind="sampling", stratum=None, psu=None)
    levels: dict[Name, Filled] = Field({}, description="Level: column, e.g. company: COMPANY")
    group: Filled | None = Field(None, description="Default grouping: a level or a column")
    columns: dict[Filled, ColumnPart] = Field({}, description="Labels of codes by column")
    breakdowns: dict[Filled, BreakdownPart] = Field({}, description="Variables by column")
    out_of_range: dict[Filled, Annotated[dict[str, Rule], AfterValidator(rules.at_least_one)]] = (
        Field({}, description="Column: {value or any: treatment}")
    )
    engines: Annotated[
        list[Engine], AfterValidator(rules.at_least_one), AfterValidator(rules.distinct)
    ] = Field(["pls", "semopy", "ols"], description="Engines to fit")
    estimation: EstimationPart = EstimationPart(
        scheme="path",
        index_means="available",
        se=None,
        missing="complete",
        meanstructure=False,
        invariance=False,
        release=(),
    )
    resampling: ResamplingPart = ResamplingPart(
        replicates=2000, seed=1, level=0.95, ci="percentile"
    )
    report: ReportPart = ReportPart(language="en", minimum_rows=50)
