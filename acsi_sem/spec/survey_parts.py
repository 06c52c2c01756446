"""Fieldwork, further questions and systems to compare, as frozen values of a study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from acsi_sem.spec.model import Text
from acsi_sem.terms import Engine, Scheme, SurveyMode, SurveyType


@dataclass(frozen=True, slots=True)
class SurveyFacts:
    """How a survey was made; empty text and NaN are unknown."""

    type: SurveyType | Literal[""] = ""
    mode: SurveyMode | Literal[""] = ""
    period: str = ""
    population: str = ""
    frame: str = ""
    response_rate: float = float("nan")


@dataclass(frozen=True, slots=True)
class System:
    """One way to measure satisfaction, compared with others on the same survey.

    Attributes
    ----------
    model : str
        Path of the model file as written; empty for the study's.
    engine : str
        Empty for the first that suits the model.
    weighted : bool
        Whether the study's weights are used.
    questions : tuple of (indicator, column)
        Only these of the model's questions were asked; empty: all, under their own names.
    scale : (low, high) or None
        Of the columns named under `questions`.
    method : str
        Name of a method of the study; no model then.
    """

    name: str
    title: Text
    model: str = ""
    engine: Engine | Literal[""] = ""
    scheme: Scheme | Literal[""] = ""
    weighted: bool = True
    questions: tuple[tuple[str, str], ...] = ()
    scale: tuple[float, float] | None = None
    period: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Systems to compare; `base` is the one that others are compared with."""

    systems: tuple[System, ...]
    base: str
