"""The shapes of study files, strict: what pydantic checks and what editors complete.

See `acsi_sem.spec.documents` for what documents are.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Code, Document, Filled, Label, Language, Name, Version
from acsi_sem.spec.nation_documents import NationPart, RunPart
from acsi_sem.spec.raking_documents import RakePart
from acsi_sem.spec.survey_documents import ComparePart, ItemName, ItemPart, SurveyPart
from acsi_sem.terms import (
    Antecedents,
    Engine,
    Errors,
    IndexMeans,
    Interval,
    MissingRule,
    ReplicateMethod,
    Resampling,
    Scheme,
    WeightKind,
    WeightsPolicy,
)


class DataPart(Document):
    """The survey file."""

    file: Filled = Field(
        description="Survey file, relative to this file; {period} stands for e.g. 2026Q3"
    )
    sheet: Filled | None = Field(None, description="Sheet of a workbook; the first by default")


class ReplicatesPart(Document):
    """Replicate weights that came with the survey."""

    prefix: Filled | None = Field(None, description="What the names of the columns begin with")
    columns: list[Filled] = Field([], description="Or the columns themselves")
    method: ReplicateMethod = Field("bootstrap", description="How they were made")
    scale: Annotated[FiniteFloat, Field(gt=0)] | None = Field(
        None, description="Coefficient of the squared deviations; the method's own by default"
    )
    fay: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="Fay's factor")


class DesignPart(Document):
    """Columns of the survey design."""

    weight: Filled | None = Field(None, description="Column of weights")
    weight_kind: WeightKind = Field("sampling", description="What a weight means")
    stratum: Filled | None = Field(None, description="Column of strata")
    psu: Filled | None = Field(None, description="Column of primary sampling units")
    population: Filled | None = Field(
        None, description="Column of stratum population sizes (in units) or sampling fractions"
    )
    id: Filled | None = Field(None, description="Column that tells respondents apart")
    replicates: ReplicatesPart | None = Field(None, description="Replicate weights in the file")


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
        "complete", description="Complete cases, item means or EM moments (pls, ols), FIML (ml)"
    )
    weights_policy: WeightsPolicy = Field(
        "allow", description="Negative outer weights of PLS: allow, nonnegative, or drop the item"
    )
    meanstructure: bool = Field(False, description="Intercepts in covariance structures")
    invariance: bool = Field(False, description="Assess what may be compared across groups")
    release: tuple[str, ...] = Field((), description="Parameters not held equal across groups")


class ResamplingPart(Document):
    """Replicates and intervals."""

    method: Resampling = Field(
        "bootstrap", description="How replicates are made; columns: design.replicates"
    )
    fay: Annotated[float, Field(gt=0, lt=1)] = Field(0.5, description="Fay's factor, for fay")
    replicates: Annotated[int, AfterValidator(rules.replicates)] = Field(
        2000, description="0 for none, else at least 50"
    )
    seed: Annotated[int, Field(ge=0)] = Field(1, description="Seed of the random numbers")
    level: Annotated[float, AfterValidator(rules.level)] = Field(
        0.95, description="Confidence level, between 0 and 1"
    )
    ci: Interval | None = Field(
        None, description="Limits; percentile for a bootstrap, else normal, when left out"
    )


class PredictionPart(Document):
    """Cross-validated prediction (PLSpredict, CVPAT)."""

    folds: Annotated[int, Field(ge=2)] = Field(10, description="Folds")
    repetitions: Annotated[int, Field(ge=1)] = Field(5, description="Times the folds are dealt")
    antecedents: Antecedents = Field(
        "earliest", description="Predict from exogenous constructs, or from direct predecessors"
    )


class ComparisonPart(Document):
    """Differences between groups (MICOM, permutation and bootstrap tests)."""

    permutations: Annotated[int, Field(ge=100)] = Field(999, description="Permutations per pair")


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
    design: DesignPart = Field(default_factory=DesignPart.model_construct)
    levels: dict[Name, Filled] = Field({}, description="Level: column, e.g. company: COMPANY")
    group: Filled | None = Field(None, description="Default grouping: a level or a column")
    columns: dict[Filled, ColumnPart] = Field({}, description="Labels of codes by column")
    breakdowns: dict[Filled, BreakdownPart] = Field({}, description="Variables by column")
    out_of_range: dict[Filled, Annotated[dict[str, Rule], AfterValidator(rules.at_least_one)]] = (
        Field({}, description="Column: {value or any: treatment}")
    )
    survey: SurveyPart | None = Field(None, description="How the survey was made")
    items: dict[ItemName, ItemPart] = Field({}, description="Questions outside the model")
    engines: (
        Annotated[list[Engine], AfterValidator(rules.at_least_one), AfterValidator(rules.distinct)]
        | None
    ) = Field(None, description="Engines to fit; pls, semopy, ols (composite for composites)")
    estimation: EstimationPart = Field(default_factory=EstimationPart.model_construct)
    resampling: ResamplingPart = Field(default_factory=ResamplingPart.model_construct)
    prediction: PredictionPart | None = Field(None, description="Predict out of sample")
    comparison: ComparisonPart | None = Field(None, description="Compare the groups")
    rake: RakePart | None = Field(None, description="Rake the weights to targets")
    nation: NationPart | None = Field(None, description="Roll units up to a nation")
    run: RunPart | None = Field(None, description="Scheduled runs")
    methods: dict[str, object] = Field({}, description="Other assessment methods, by name")
    compare: ComparePart | None = Field(None, description="Systems compared on this survey")
    report: ReportPart = Field(default_factory=ReportPart.model_construct)
