"""What a page of the national site says, as frozen values; blocks are the single report's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from acsi_sem.report.content import Block, Headline, Table
from acsi_sem.report.html import Pictures


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure whose pictures are drawn already, with its message, reading and table."""

    kind: ClassVar[str] = "figure"
    ident: str
    title: str
    pictures: Pictures
    reading: str
    table: Table
    open_table: bool = False


@dataclass(frozen=True, slots=True)
class More:
    """Blocks and drawn figures behind a summary line."""

    kind: ClassVar[str] = "details"
    summary: str
    blocks: tuple[Part, ...]


Part: TypeAlias = Block | Drawn | More


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: `ident` is its anchor, `short` its name in the contents."""

    ident: str
    title: str
    short: str
    blocks: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the way down from the nation; the last has no address."""

    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the site.

    Attributes
    ----------
    path : str
        Relative to the site's root, with ``/``.
    period : str
    title, subtitle : str
    crumbs : tuple of Crumb
    facts : tuple of (name, value)
    headline : Headline
    findings : tuple of str
        The few sentences that a hurried reader takes away.
    chapters : tuple of Chapter
    banner : tuple of str
        What must be read first: why this revision replaces another.
    """

    path: str
    period: str
    title: str
    subtitle: str
    crumbs: tuple[Crumb, ...]
    facts: tuple[tuple[str, str], ...]
    headline: Headline
    findings: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    banner: tuple[str, ...] = ()
