"""What a report says, as frozen values: text, tables and charts before any markup or ink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from acsi_sem.report.charted import (
    Chart as Chart,
)
from acsi_sem.report.charted import (
    Curve as Curve,
)
from acsi_sem.report.charted import (
    CurveChart as CurveChart,
)
from acsi_sem.report.charted import (
    DriverChart as DriverChart,
)
from acsi_sem.report.charted import (
    DriverPoint as DriverPoint,
)
from acsi_sem.report.charted import (
    Edge as Edge,
)
from acsi_sem.report.charted import (
    EngineChart as EngineChart,
)
from acsi_sem.report.charted import (
    EngineRow as EngineRow,
)
from acsi_sem.report.charted import (
    Evidence as Evidence,
)
from acsi_sem.report.charted import (
    HeatChart as HeatChart,
)
from acsi_sem.report.charted import (
    IntervalChart as IntervalChart,
)
from acsi_sem.report.charted import (
    IntervalRow as IntervalRow,
)
from acsi_sem.report.charted import (
    MapChart as MapChart,
)
from acsi_sem.report.charted import (
    MapPoint as MapPoint,
)
from acsi_sem.report.charted import (
    Node as Node,
)
from acsi_sem.report.charted import (
    PathChart as PathChart,
)
from acsi_sem.report.charted import (
    ScatterChart as ScatterChart,
)
from acsi_sem.report.charted import (
    ScatterPoint as ScatterPoint,
)
from acsi_sem.report.charted import (
    StackChart as StackChart,
)
from acsi_sem.report.charted import (
    StackRow as StackRow,
)

Align = Literal["left", "right", "centre"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a report came from; no clock, host or absolute path, so the same inputs give it again.

    Attributes
    ----------
    versions : tuple of (name, version)
        Python and the packages that made numbers or pictures.
    inputs : tuple of (file name, sha256)
    seed : int or None
    arguments : tuple of (name, value)
        Every setting, resolved.
    command : str
        How to do it again, in the words of the command line.
    """

    versions: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    seed: int | None = None
    arguments: tuple[tuple[str, str], ...] = ()
    command: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: the text shown, the key it sorts by, why it is empty, and its tone."""

    text: str
    sort: float | str = ""
    reason: str = ""
    tone: Literal["", "good", "weak", "strong"] = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head, alignment and, where the head is short, what it means."""

    head: str
    align: Align = "left"
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the first cell of a row is its head; notes stand below."""

    kind: ClassVar[str] = "table"
    ident: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    sortable: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its message, how to read it, a description in words, and its table.

    `open_table`: the table stands below the chart at once, else behind a summary line.
    """

    kind: ClassVar[str] = "figure"
    ident: str
    title: str
    chart: Chart
    description: str
    reading: str
    table: Table
    open_table: bool = False


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs; `role` sets their weight on the page."""

    kind: ClassVar[str] = "prose"
    paragraphs: tuple[str, ...]
    role: Literal["body", "lead", "note", "code"] = "body"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short statements, each with an optional lead-in."""

    kind: ClassVar[str] = "bullets"
    items: tuple[tuple[str, str], ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A number that stands alone: label, value, its interval in words, a remark."""

    label: str
    value: str
    interval: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Cards:
    """A strip of numbers."""

    kind: ClassVar[str] = "cards"
    cards: tuple[Card, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A ranked driver: verdict, the sentence, and what inside it to look at."""

    label: str
    verdict: str
    text: str
    detail: str
    tone: Literal["first", "next", "keep", "none"]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Drivers in order of priority."""

    kind: ClassVar[str] = "suggestions"
    items: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    kind: ClassVar[str] = "heading"
    ident: str
    text: str


@dataclass(frozen=True, slots=True)
class Links:
    """Files beside the report: name, what is in it, relative addresses."""

    kind: ClassVar[str] = "links"
    rows: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks behind a summary line."""

    kind: ClassVar[str] = "details"
    summary: str
    blocks: tuple[Block, ...]


Block: TypeAlias = (
    Prose | Bullets | Cards | Suggestions | Heading | Links | Table | Figure | Details
)


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter: `ident` is its anchor, `short` its name in the contents."""

    ident: str
    title: str
    short: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """The number at the top, with its interval in words and the sentence below it."""

    construct: str
    value: str
    interval: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReportData:
    """A whole report.

    Attributes
    ----------
    title, subtitle : str
    facts : tuple of (name, value)
        The line of particulars below the title.
    headline : Headline or None
        None for a report without a number at its head.
    findings : tuple of str
        The few sentences that a hurried reader takes away.
    sections : tuple of Section
    language : str
        Of the text.
    """

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    headline: Headline | None
    findings: tuple[str, ...]
    sections: tuple[Section, ...]
    language: str = "en"
