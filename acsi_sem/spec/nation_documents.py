"""The shapes of a study's parts `nation` and `run`: roll-up and scheduled runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Document, Filled, Label, Name
from acsi_sem.spec.hierarchy import NationalForm
from acsi_sem.terms import Engine

Quarter = Annotated[str, AfterValidator(rules.quarter)]


class BreakPart(Document):
    """A period from which a series is not comparable with before."""

    period: Quarter = Field(description="First period after the break, e.g. 2026Q1")
    reason: Filled = Field(description="What changed")
    series: str = Field("", description="The unit it concerns; all when left out")


class NationPart(Document):
    """How units roll up to a nation."""

    title: Label | None = Field(None, description="The nation in words")
    units: Filled = Field(description="CSV file: level, unit, parent, title, residual")
    shares: Filled = Field(
        description="CSV file: level, unit, measure, valid_from, valid_to, value, std_error"
    )
    measures: dict[Name, Name] = Field(
        description="Level: the measure by which its units weigh in their parents"
    )
    form: NationalForm = Field("pooled", description="The published form of the national index")
    window: Annotated[int, Field(ge=1, le=20)] = Field(4, description="Quarters it rolls over")
    breaks: list[BreakPart] = Field([], description="Breaks of the series")


class AlertPart(Document):
    """Who is told how a run ended, as JSON."""

    command: list[Filled] = Field([], description="Command and arguments; JSON on standard input")
    webhook: Filled | None = Field(None, description="Address that the JSON is sent to")


class RunPart(Document):
    """How scheduled runs behave."""

    store: Filled = Field(description="Folder of published runs, relative to this file")
    first: Quarter | None = Field(None, description="First period that auto catches up")
    due_after_days: Annotated[int, Field(ge=0)] = Field(
        0, description="Days after a period's end from which its data are expected"
    )
    fail_above: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1, description="Share of companies without a result above which nothing is published"
    )
    alert: AlertPart | None = Field(None, description="Who is told how a run ended")
    replicated: list[Engine] = Field(
        [], description="Engines with replicates, others are linearised; all when left out"
    )
    history: list[Filled] = Field([], description="CSV files of scores published before")
