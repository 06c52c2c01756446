"""Whether the sums of a streamed file can carry an estimation: `survey.checks`, from counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from acsi_sem.inference.streamed import PartSums, Pass
from acsi_sem.spec.graph import answer_places
from acsi_sem.spec.model import Indicator, Model
from acsi_sem.survey.cells import number_key
from acsi_sem.survey.checks import GROUPS_SHOWN
from acsi_sem.survey.raw import Findings
from acsi_sem.survey.survey import Factor, MissingCount


@dataclass(frozen=True, slots=True)
class _Part:
    """All rows or one group: its place in a message, its name at a sentence's end, its sums."""

    path: str
    name: str
    sums: PartSums


def check_sums(
    model: Model,
    found: Pass,
    groups: Factor | None,
    missing: Sequence[MissingCount],
    minimum: int,
    where: str,
) -> None:
    """Tell items without an answer, groups with too few complete rows, and constant items.

    Parameters
    ----------
    model : Model
    found : Pass
    groups : Factor or None
    missing : sequence of MissingCount
    minimum : int
        Fewest complete rows of a group; never less than the number of indicators plus one.
    where : str
        The file.

    Raises
    ------
    DataError
        With everything that is wrong.
    """
    findings = Findings(where)
    names = [""] if groups is None else list(groups.values)
    whole = found.whole(names)
    items = _items(model)
    _tell_empty(items, whole, missing, findings)
    findings.close()
    least = max(minimum, len(model.answers) + 1)
    _check_part(items, _Part("all rows", "", whole), least, len(model.answers) + 1, findings)
    findings.close()
    if groups is not None:
        _check_groups(items, groups, found.parts, least, len(model.answers) + 1, findings)
    findings.close()


def _items(model: Model) -> list[tuple[int, Indicator]]:
    """Return the distinct items, each with the place of an indicator that it is."""
    _, first = np.unique(answer_places(model), return_index=True)
    return list(zip(first.tolist(), model.answers, strict=True))


def _tell_empty(
    items: Sequence[tuple[int, Indicator]],
    whole: PartSums,
    missing: Sequence[MissingCount],
    findings: Findings,
) -> None:
    for place, item in items:
        if whole.heads.seen[place] == 0:
            counts = [m for m in missing if m.indicator == item.name]
            why = ", ".join(f"{m.code or m.label}: {m.count:,}" for m in counts)
            got = f"none in {whole.heads.rows:,.0f} rows ({why})"
            remedy = "check the item's column and its missing codes in the model"
            findings.problem(f"column {item.column}", "at least one answer", got, remedy)


def _check_groups(
    items: Sequence[tuple[int, Indicator]],
    groups: Factor,
    parts: Mapping[str, PartSums],
    least: int,
    floor: int,
    findings: Findings,
) -> None:
    short = 0
    for key in groups.values:
        part = _Part(f"column {groups.column}, group {key}", f" of group {key}", parts[key])
        if short < GROUPS_SHOWN:
            short += _check_part(items, part, least, floor, findings)
        else:
            short += part.sums.heads.complete < least
    if short > GROUPS_SHOWN:
        got = f"fewer in {short:,} groups, of which {GROUPS_SHOWN} are named"
        remedy = "check that the column is the one to group by"
        findings.problem(f"column {groups.column}", "enough complete rows per group", got, remedy)


def _check_part(
    items: Sequence[tuple[int, Indicator]], part: _Part, least: int, floor: int, findings: Findings
) -> bool:
    """Check one group; True when it has too few complete rows."""
    heads, ends = part.sums.heads, part.sums.ends
    if heads.complete < least:
        place, worst = min(items, key=lambda one: heads.seen[one[0]])
        fewest = heads.seen[place]
        why = f" ({worst.name} has {fewest:,.0f} answers)" if fewest < heads.rows else ""
        got = f"{heads.complete:,.0f} of {heads.rows:,.0f}{why}"
        remedy = (
            "add rows or drop indicators"
            if least == floor
            else f"add rows, join groups or lower minimum_rows (never below {floor})"
        )
        findings.problem(part.path, f"at least {least:,} complete rows", got, remedy)
        return True
    for place, item in items:
        if ends.low[place] == ends.high[place]:
            value = ends.low[place]
            asked = item.low + item.high - value if item.reverse else value
            got = f"{number_key(float(asked))} in every complete row{part.name}"
            remedy = "leave the item out of the model or the group out of the file"
            findings.problem(f"column {item.column}", "answers that vary", got, remedy)
    return False
