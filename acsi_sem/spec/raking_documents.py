"""The shape of a block of raking targets, in a file of its own or in a study, strict.

See `acsi_sem.spec.documents` for what documents are.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Document, Filled, Version
from acsi_sem.spec.findings import show
from acsi_sem.spec.yaml_nodes import key_text

SMALLEST_TOLERANCE = 1e-13
LARGEST_TOLERANCE = 1e-3


def _bounds(value: object) -> object:
    ends = value if isinstance(value, list) else []
    numbers = [float(end) for end in ends if type(end) in (int, float) and math.isfinite(end)]
    if len(ends) != 2 or len(numbers) != 2 or not 0 <= numbers[0] < 1 < numbers[1]:
        expected = "two ratios [least, greatest] with 0 <= least < 1 < greatest"
        raise rules.refuse(expected, show(value), "for example [0.3, 3]")
    return numbers[0], numbers[1]


def _trim(value: float) -> float:
    if not (value > 1 and math.isfinite(value)):
        remedy = "it is the greatest weight as a multiple of the mean, for example 5"
        raise rules.refuse("a number above 1", show(value), remedy)
    return value


def _tolerance(value: float) -> float:
    if not SMALLEST_TOLERANCE <= value <= LARGEST_TOLERANCE:
        raise rules.refuse(f"{SMALLEST_TOLERANCE:g} to {LARGEST_TOLERANCE:g}", str(value))
    return value


def _code(value: object) -> object:
    """A code is text here; a number is taken as the file of answers would write it."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return key_text(str(value)) if number else value


def _column(value: object) -> object:
    if not isinstance(value, str | dict):
        raise rules.refuse("a column, or a mapping with the keys column and bins", show(value))
    return {"column": value} if isinstance(value, str) else value


Bins = Annotated[
    list[FiniteFloat], AfterValidator(rules.at_least_one), AfterValidator(rules.ascending)
]
Code = Annotated[
    str,
    AfterValidator(rules.filled),
    BeforeValidator(_code, json_schema_input_type=str | float),
]
TargetTree = Annotated[dict[str, object], AfterValidator(rules.at_least_one)]


class CrossedPart(Document):
    """One of the columns that a margin crosses."""

    column: Filled = Field(description="Column of the survey")
    bins: Bins | None = Field(None, description="Ascending lower limits of the bins of a number")
    no_answer: list[Code] = Field([], description="Codes that mean no answer")


Crossed = Annotated[CrossedPart, BeforeValidator(_column, json_schema_input_type=str | CrossedPart)]


class MarginPart(Document):
    """A column, or crossed columns, and the targets of its categories."""

    column: Filled | None = Field(None, description="Column of the survey")
    bins: Bins | None = Field(None, description="Ascending lower limits of the bins of a number")
    no_answer: list[Code] = Field([], description="Codes that mean no answer")
    columns: list[Crossed] | None = Field(
        None, description="Columns that are crossed, instead of column"
    )
    targets: TargetTree = Field(
        description="Category: share or count; for crossed columns a mapping in each category of "
        "the first column, and so on"
    )


class RakePart(Document):
    """How to rake."""

    margins: Annotated[list[MarginPart], AfterValidator(rules.at_least_one)] = Field(
        description="What the weighted sample is to agree with"
    )
    bounds: (
        Annotated[
            tuple[float, float],
            BeforeValidator(
                _bounds,
                json_schema_input_type=Annotated[list[float], Field(min_length=2, max_length=2)],
            ),
        ]
        | None
    ) = Field(None, description="Least and greatest ratio of a raked to a base weight")
    trim: Annotated[float, AfterValidator(_trim)] | None = Field(
        None, description="Greatest weight, as a multiple of the mean weight"
    )
    within: Filled | None = Field(
        None, description="Column each value of which is raked by itself, to the same targets"
    )
    missing: Literal["error", "own", "spread"] = Field(
        "error",
        description="Respondents without an answer to a margin: refused, their share kept, or "
        "counted in each category as much as its target",
    )
    tolerance: Annotated[float, AfterValidator(_tolerance)] = Field(
        1e-10, description="Largest difference of a share from its target"
    )


class TargetsDocument(RakePart):
    """A file of raking targets."""

    version: Version = Field(alias="schema", description="Version of the file format")
