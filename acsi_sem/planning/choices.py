"""Types of survey and ways of asking: what each is for and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from acsi_sem.errors import Problem, UsageError
from acsi_sem.planning.choice_texts import MODE_TEXTS, TYPE_TEXTS
from acsi_sem.planning.tables import CHOICES
from acsi_sem.spec.findings import listed
from acsi_sem.tables.schema import make_table

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["type", "mode"]
LANGUAGES: Final = ("en", "zh-Hans", "zh-Hant")


@dataclass(frozen=True, slots=True)
class Choice:
    """A type of survey or a way of asking, in one language.

    Attributes
    ----------
    kind : {"type", "mode"}
    key : str
        As a study file would name it.
    name : str
    aspects : tuple of (aspect, text)
        When a type of survey serves; a mode's coverage, response, measurement, and who uses it.
    """

    kind: Kind
    key: str
    name: str
    aspects: tuple[tuple[str, str], ...]


def choices(language: str = "en") -> tuple[Choice, ...]:
    """Return the types of survey, then the ways of asking.

    Parameters
    ----------
    language : {"en", "zh-Hans", "zh-Hant"}

    Raises
    ------
    UsageError
        If there are no texts in that language.

    Examples
    --------
    >>> [choice.key for choice in choices() if choice.kind == "type"]
    ['overview', 'transaction', 'reliability', 'follow_up']
    """
    if language not in LANGUAGES:
        raise UsageError(Problem("plan modes", "language", listed(LANGUAGES), repr(language)))
    kinds: tuple[tuple[Kind, dict[str, dict[str, tuple[str, ...]]]], ...] = (
        ("type", TYPE_TEXTS),
        ("mode", MODE_TEXTS),
    )
    found = []
    for kind, texts in kinds:
        heads = texts["aspects"][language]
        for key, entry in texts.items():
            if key != "aspects":
                name, *rest = entry[language]
                found.append(Choice(kind, key, name, tuple(zip(heads, rest, strict=True))))
    return tuple(found)


def tidy_choices(language: str = "en") -> pd.DataFrame:
    """Return the choices as a table: kind, key, language, name, aspect, text."""
    return make_table(
        CHOICES,
        [
            {
                "kind": choice.kind,
                "key": choice.key,
                "language": language,
                "name": choice.name,
                "aspect": aspect,
                "text": text,
            }
            for choice in choices(language)
            for aspect, text in choice.aspects
        ],
    )
