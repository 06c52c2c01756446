"""What the chapters on an explored survey share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from acsi_sem.methods.explore.explore import Exploration
from acsi_sem.report import words
from acsi_sem.report.content import Cell, Section
from acsi_sem.terms import ALL


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter, and the sentences of it that a hurried reader takes away."""

    section: Section
    findings: tuple[str, ...] = ()


def label(found: Exploration, name: str) -> str:
    """Return a question's label, fit for a page."""
    return words.clean(found.label(name))


def quoted(found: Exploration, name: str) -> str:
    """Return a question's label in quotation marks."""
    return f"“{label(found, name)}”"


def group(name: str) -> str:
    """Return a group's name in words."""
    return "All respondents" if name == ALL else words.clean(name)


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage; an em dash for what is unknown."""
    return words.percent(share, 1.0, digits) if math.isfinite(share) else words.DASH


def percent_cell(share: float, reason: str = "not available", digits: int = 1) -> Cell:
    """A cell with a share as a percentage."""
    if not math.isfinite(share):
        return Cell(words.DASH, "", words.clean(reason))
    return Cell(percent(share, digits), round(share, 6))


def people(n: float) -> str:
    """Write a number of respondents."""
    return words.plural(round(n), "respondent")
