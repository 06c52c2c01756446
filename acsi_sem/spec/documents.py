"""The shapes of model files, strict: what pydantic checks and what editors complete.

Documents never leave the loaders, which turn them into the frozen values of
`acsi_sem.spec.model` and `acsi_sem.spec.study`. Codes are kept as text keys here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat

from acsi_sem.spec import document_rules as rules
from acsi_sem.terms import ModelKind, ScoreForm, Sign, Standing

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


class AnchorsPart(Document):
    """Names of the ends of an answer scale."""

    low: Label = Field(description="The low end")
    high: Label = Field(description="The high end")


class DefaultsPart(Document):
    """What holds for every indicator that does not say otherwise."""

    scale: Scale | None = Field(None, description="Ends of the answer scale: [low, high]")
    missing: dict[NumberCode, Filled] = Field({}, description="Codes that mean no answer")
    anchors: AnchorsPart | None = Field(None, description="What the ends of the scale are called")


class IndicatorPart(Document):
    """One observed answer."""

    column: Filled | None = Field(None, description="Column of the survey; the name by default")
    scale: Scale | None = Field(None, description="Ends of the answer scale: [low, high]")
    missing: dict[NumberCode, Filled] | None = Field(
        None, description="Codes that mean no answer, instead of the defaults"
    )
    reverse: bool = Field(False, description="A high answer means little of the construct")
    label: Label | None = Field(None, description="The question in words")
    question: Label | None = Field(None, description="The question as it is put")
    anchors: AnchorsPart | None = Field(None, description="What the ends of the scale are called")


Indicator = Annotated[
    IndicatorPart,
    BeforeValidator(rules.blank_is_empty, json_schema_input_type=IndicatorPart | None),
]


class ConstructPart(Document):
    """One latent variable with its block of indicators, or made of other latent variables."""

    # Which of the two keys is there is a question of meaning, answered by `model_checks`.
    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["indicators"]}, {"required": ["components"]}]}
    )

    label: Label | None = Field(None, description="The construct in words")
    indicators: Annotated[dict[Name, Indicator], AfterValidator(rules.at_least_one)] = Field(
        {}, description="Name: what is particular about it; {} when nothing is"
    )
    components: Annotated[
        list[str], AfterValidator(rules.several), AfterValidator(rules.distinct)
    ] = Field([], description="Constructs that make up a higher-order construct")
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


class SharesPart(Document):
    """What the components of a composite index count for, and when."""

    since: Annotated[str, BeforeValidator(rules.time)] | None = Field(
        None, alias="from", description="First year or quarter; from ever when left out"
    )
    until: Annotated[str, BeforeValidator(rules.time)] | None = Field(
        None, alias="to", description="Last year or quarter; until further notice when left out"
    )
    shares: Annotated[
        dict[str, Annotated[FiniteFloat, Field(gt=0)]], AfterValidator(rules.at_least_one)
    ] = Field(description="Component: share; shares sum to one")
    source: str = Field("", description="Where they are published")


class ScoringPart(Document):
    """How a composite index scores answers."""

    form: ScoreForm = Field("scaled", description="Ends to 0 and 100; x / maximum; top boxes")
    boxes: Annotated[int, Field(ge=1)] = Field(2, description="Steps that count, for top_box")
    weights: list[SharesPart] = Field([], description="Shares of the components, by date")


class EvidencePart(Document):
    """Where something in the model comes from, and how well it is known."""

    standing: Standing = Field(description="How well it is known")
    text: Filled = Field(description="The statement")
    source: str = Field("", description="Where it stands")


class FieldworkPart(Document):
    """How the system asks."""

    country: str = Field("", description="Country or region")
    since: int = Field(0, description="First year")
    interviews: Annotated[int, Field(ge=0)] = Field(0, description="Usual interviews per unit")
    unit: str = Field("", description="What an index is made for, e.g. company")
    mode: str = Field("", description="How people are asked")
    note: str = Field("", description="Anything else")


class ReachPart(Document):
    """What a system can tell and what it cannot."""

    can: Label = Field(description="What it can tell")
    cannot: Label = Field(description="What it cannot tell")


class ModelDocument(Document):
    """A customer satisfaction model: constructs, their indicators, the arrows between them."""

    version: Version = Field(alias="schema", description="Version of the file format")
    name: Name = Field(description="Short name of the model")
    title: Label | None = Field(None, description="Title, in one or more languages")
    source: str = Field("", description="Where the model is published")
    defaults: DefaultsPart = DefaultsPart(scale=None, missing={}, anchors=None)
    constructs: Annotated[dict[Name, ConstructPart], AfterValidator(rules.at_least_one)]
    kind: ModelKind = Field("structural", description="With paths, or a composite without")
    paths: dict[str, Targets] = Field({}, description="Arrows, source: [targets]")
    scoring: ScoringPart | None = Field(None, description="How a composite index is made")
    index: str = Field(description="The construct whose 0-100 score is the headline index")
    derive: dict[Name, DerivationPart] = Field({}, description="Items made by a named recipe")
    evidence: list[EvidencePart] = Field([], description="Where the model comes from")
    fieldwork: FieldworkPart = Field(default_factory=FieldworkPart.model_construct)
    reach: ReachPart | None = Field(None, description="What the system can and cannot tell")
