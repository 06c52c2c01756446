"""What the chapters of all methods share: look-ups in the rows of one method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from acsi_sem.methods.base import MethodResult, Row
from acsi_sem.report import words
from acsi_sem.report.content import Block, Details, Prose
from acsi_sem.report.facts import ALL_LABEL, NOTHING, Estimate
from acsi_sem.report.methods.names import method_name, word
from acsi_sem.spec.methods.base import Method
from acsi_sem.terms import ALL

MOST_GROUPS = 8


@dataclass(frozen=True, slots=True)
class View:
    """One method, as a chapter shows it.

    Attributes
    ----------
    method : Method
        As it was asked for; its class depends on the kind.
    title : str
        Heading: the study's, else the method's own name.
    result : MethodResult
    groups : tuple of str
        `all` first.
    group_labels, labels : mapping
        Of groups and of fields.
    level : str
        Confidence level in words.
    language : str
    minimum : int
        Fewest answers that are published.
    """

    method: Any
    title: str
    result: MethodResult
    groups: tuple[str, ...]
    group_labels: Mapping[str, str]
    labels: Mapping[str, str]
    level: str
    language: str
    minimum: int

    @property
    def stem(self) -> str:
        """The beginning of every id of the chapter."""
        return f"method-{words.slug(self.method.name)}"

    def group(self, name: str) -> str:
        """Return a group's label."""
        return ALL_LABEL if name == ALL else words.clean(self.group_labels.get(name, name))

    def label(self, name: str) -> str:
        """Return the label of a field, or of whatever a row is about."""
        return words.clean(self.labels.get(name, name))

    def word(self, key: str) -> str:
        """Return what a category is called; see `acsi_sem.report.methods.names`."""
        return word(key, self.language)

    def rows(
        self,
        measure: str = "",
        group: str | None = None,
        subject: str | None = None,
        category: str | None = None,
    ) -> tuple[Row, ...]:
        """Return the rows of a measure; None: of any."""
        wanted = {"group": group, "subject": subject, "category": category}
        return tuple(
            row
            for row in self.result.rows
            if (not measure or row["measure"] == measure)
            and all(value is None or row.get(key, "") == value for key, value in wanted.items())
        )

    def find(self, measure: str, group: str, subject: str = "", category: str = "") -> Estimate:
        """Return one number with its limits; unknown where there is none."""
        found = self.rows(measure, group, subject, category)
        return estimate(found[0]) if found else NOTHING

    def reading(self, measure: str, group: str, subject: str = "", category: str = "") -> str:
        """Return what a number means, in words."""
        found = self.rows(measure, group, subject, category)
        return str(found[0].get("reading", "")) if found else ""

    def subjects(self, measure: str) -> tuple[str, ...]:
        """Return what a measure is about, in order of appearance."""
        return tuple(dict.fromkeys(str(row.get("subject", "")) for row in self.rows(measure)))

    def per_group(self, what: str, make: Callable[[str], tuple[Block, ...]]) -> list[Block]:
        """Make the pooled blocks at once and those of each group behind a summary line."""
        parts = [group for group in self.groups if group != ALL]
        blocks: list[Block] = list(make(self.groups[0]))
        blocks += [
            Details(f"{what}: {self.group(group)}", made)
            for group in parts[:MOST_GROUPS]
            if group != self.groups[0] and (made := make(group))
        ]
        if len(parts) > MOST_GROUPS:
            told = (
                f"Of {words.count(len(parts))} groups {words.count(MOST_GROUPS)} are shown in "
                "detail; the table “methods” beside this report has every group."
            )
            blocks.append(Prose((told,), "note"))
        return blocks

    def ident(self, what: str, group: str = "") -> str:
        """Make an id that depends on a group's place, not its name."""
        place = f"-{self.groups.index(group)}" if group else ""
        return f"{self.stem}-{what}{place}"


def estimate(row: Row) -> Estimate:
    """Return a row's number with its limits."""
    nan = float("nan")
    return Estimate(
        row.get("value", nan),
        row.get("conf_low", nan),
        row.get("conf_high", nan),
        row.get("std_error", nan),
        n=int(row.get("n", 0)),
        note=words.clean(str(row.get("note", ""))),
    )


def heading(method: Method, language: str) -> str:
    """Return a chapter's heading: the study's title, else the kind's own name."""
    if method.title:
        return words.clean(method.title.get(language))
    return method_name(method.kind, language)
