"""What the parts of all methods share."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from acsi_sem.spec.documents import Document, Label
from acsi_sem.spec.findings import Finding
from acsi_sem.spec.methods.method import Method as Method
from acsi_sem.spec.model import Text


class MethodPart(Document):
    """What every method says."""

    kind: str = Field(description="Which method")
    title: Label | None = Field(None, description="Heading in the report")


def no_findings(data: dict[str, object]) -> Iterator[Finding]:
    """Find nothing wrong with the meaning of a method."""
    del data
    yield from ()


def title_of(part: MethodPart) -> Text | None:
    """Return the heading that a study gives."""
    return None if part.title is None else Text.of(part.title, "")
