"""Study parts `survey`, `items` and `compare`: fieldwork, further questions, systems compared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Code, Document, Filled, Label, Name, Scale
from acsi_sem.spec.findings import show
from acsi_sem.terms import Engine, Scheme, SurveyMode, SurveyType

Time = Annotated[str, BeforeValidator(rules.time, json_schema_input_type=int | str)]
Columns = Annotated[dict[Name, Filled], AfterValidator(rules.at_least_one)]


def item_name(value: str) -> str:
    """A name of a question, which the heading of its column need not be."""
    try:
        return rules.name(value)
    except PydanticCustomError:
        remedy = "name it in letters, and give the heading in the file by 'column:'"
        raise rules.refuse(rules.NAME_RULE, show(value), remedy) from None


ItemName = Annotated[str, AfterValidator(item_name)]


class SurveyPart(Document):
    """How the survey was made; what a report must say of it."""

    type: SurveyType | None = Field(None, description="Kind of survey (acsi-sem plan modes)")
    mode: SurveyMode | None = Field(None, description="How people were asked")
    period: Time | None = Field(
        None, description="Year or quarter of fieldwork; chooses dated weights"
    )
    population: str = Field("", description="Whom it stands for: current, past customers ...")
    frame: str = Field("", description="The list that respondents were drawn from")
    response_rate: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Share of those approached who answered"
    )


class ItemPart(Document):
    """A question outside the model; exactly one of scale, amount and codes."""

    label: Label | None = Field(None, description="The question in words")
    column: Filled | None = Field(None, description="Column of the survey; the name by default")
    scale: Scale | None = Field(None, description="Ends of the answer scale: [low, high]")
    amount: bool = Field(False, description="Any number: money, counts, days")
    codes: dict[Code, Label] = Field({}, description="Labels of its codes, in order")
    missing: dict[Code, Filled] = Field({}, description="Codes that mean no answer")
    reverse: bool = Field(False, description="The low end of the scale is the good one")


class ItemsPart(Document):
    """Questions outside the model, as a part of their own."""

    items: dict[ItemName, ItemPart] = Field({}, description="Name: question")


class SystemPart(Document):
    """One way to measure satisfaction, compared with others on the same survey."""

    title: Label | None = Field(None, description="Its name in the comparison")
    model: Filled | None = Field(
        None, description="Model file, or the name of a shipped model; the study's by default"
    )
    engine: Engine | None = Field(None, description="Engine; the model's first by default")
    scheme: Scheme | None = Field(None, description="Inner weighting scheme of PLS")
    weights: Literal["study", "none"] = Field("study", description="Weighted as the study, or not")
    questions: Columns | None = Field(
        None, description="Indicator: column; only these of the system's questions were asked"
    )
    scale: Scale | None = Field(None, description="Scale of the columns named under questions")
    period: Time | None = Field(None, description="Year or quarter that chooses dated weights")
    method: Name | None = Field(None, description="A method of this study, in place of a model")


class ComparePart(Document):
    """Systems, engines or weightings compared on one survey."""

    base: Name | None = Field(None, description="What others are compared with; first by default")
    systems: Annotated[dict[Name, SystemPart], AfterValidator(rules.at_least_one)] = Field(
        description="Name: system"
    )
