"""Which columns a model and a study need, and whether the file has each exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from acsi_sem.spec.findings import did_you_mean
from acsi_sem.spec.model import Model
from acsi_sem.survey.raw import Findings, Raw

NAMES_SHOWN: Final = 12


def check_columns(raw: Raw, wanted: Iterable[str], findings: Findings) -> None:
    """Tell every repeated name of the file and every wanted column that it lacks."""
    for name, count in Counter(raw.names).items():
        if count > 1:
            got, remedy = f"{count} columns", "rename or remove all but one"
            findings.problem(f"column {name}", "one column of this name", got, remedy)
    absent = [name for name in dict.fromkeys(wanted) if name not in set(raw.names)]
    for name in absent:
        findings.problem(f"column {name}", "a column of this name", "none", _advice(name, raw))


def check_rows(raw: Raw, findings: Findings) -> None:
    """Stop when there is no row below the header."""
    if not len(raw.places):
        got = "only a header" if raw.names else "an empty table"
        remedy = raw.hint or "export the survey again, with its answers"
        findings.problem("", "at least one row of answers", got, remedy)
        findings.close()


def model_columns(model: Model) -> tuple[str, ...]:
    """Return the columns that the model's indicators and derived items read, in order."""
    derived = {recipe.name: recipe for recipe in model.derive}
    columns: list[str] = []
    for item in model.answers:
        recipe = derived.get(item.column)
        columns += [column for _, column in recipe.inputs] if recipe else [item.column]
    return tuple(dict.fromkeys(columns))


def _advice(name: str, raw: Raw) -> str:
    near = did_you_mean(name, raw.names)
    if near:
        return near
    shown = ", ".join(raw.names[:NAMES_SHOWN])
    more = f" and {len(raw.names) - NAMES_SHOWN} more" if len(raw.names) > NAMES_SHOWN else ""
    return "; ".join(part for part in (f"the file has {shown}{more}", raw.hint) if part)
