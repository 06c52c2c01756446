"""The shapes of model files, strict: what pydantic checks and what editors complete.

Documents never leave the loaders, which turn them into the frozen values of
`acsi_sem.spec.model` and `acsi_sem.spec.study`. Codes are kept as text keys here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from acsi_sem.spec import document_rules as rules
from acsi_sem.terms import Sign

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
