"""A method as a frozen value of a study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from acsi_sem.spec.model import Text


@dataclass(frozen=True, slots=True)
class Method:
    """A method as a study asks for it.

    Attributes
    ----------
    name : str
        Its key in the study, which names it in tables.
    kind : str
        Which method.
    title : Text or None
        Heading in the report, where the study gives one.
    """

    name: str
    kind: str
    title: Text | None

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield (place within the method, field name) for every field it reads."""
        yield from ()
