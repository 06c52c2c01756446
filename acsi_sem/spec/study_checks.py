"""What the shape of a study file cannot tell: whether it makes sense."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from acsi_sem.spec.findings import (
    MOST_KNOWN,
    Finding,
    Loc,
    code_number,
    did_you_mean,
    repeated_codes,
    show,
)
from acsi_sem.spec.model_facts import mapping
from acsi_sem.spec.nation_checks import check_nation

# Nearer than this, an unknown group is taken for a misspelt one, not for a column of its own.
_SURELY_MISSPELT = 0.8


def check_study(data: dict[str, object], folder: Path) -> list[Finding]:
    """Return everything that is wrong with the meaning of a study file, at once.

    Parameters
    ----------
    data : dict
        The document.
    folder : Path
        Folder of the study file; the model file is looked up from it.
    """
    found = [
        *_model_file(data.get("model"), folder),
        *_design(mapping(data.get("design")), data.get("rake")),
    ]
    found += [*_nothing(data), *check_nation(data)]
    found += [*_levels(mapping(data.get("levels"))), *_group(data)]
    for part in ("columns", "breakdowns"):
        for column, entry in mapping(data.get(part)).items():
            found += islice(_codebook((part, column), mapping(entry)), MOST_KNOWN)
    for column, rules in mapping(data.get("out_of_range")).items():
        found += islice(_out_of_range(("out_of_range", column), mapping(rules)), MOST_KNOWN)
    return found


def _nothing(data: dict[str, object]) -> Iterator[Finding]:
    """Find parts that are named and left empty: it cannot be told whether they are wanted."""
    places: list[Loc] = [("prediction",), ("comparison",), ("rake",), ("design", "replicates")]
    places += [("nation",), ("run",), ("run", "alert")]
    for loc in places:
        inside = data if len(loc) == 1 else mapping(data.get(str(loc[0])))
        if loc[-1] in inside and inside[str(loc[-1])] is None:
            remedy = "write {} where there is nothing to say, or remove the key"
            yield Finding(loc, "a mapping (key: value)", "nothing", remedy, "key")


def _model_file(model: object, folder: Path) -> Iterator[Finding]:
    if not isinstance(model, str) or not model.strip():
        return
    try:
        file = folder / model
        if file.is_file():
            return
        names = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
    except (OSError, ValueError):
        file, names = folder, []
    near = did_you_mean(file.name, names)
    remedy = near or "the path is relative to the folder of this file"
    yield Finding(("model",), "a model file", f"no such file {show(model)}", remedy)


def _design(design: dict[str, object], rake: object) -> Iterator[Finding]:
    if design.get("weight_kind") is not None and design.get("weight") is None:
        remedy = "add 'weight: COLUMN' or remove weight_kind"
        yield Finding(("design", "weight_kind"), "a column of weights", "none", remedy, "key")
    if design.get("weight_kind") == "frequency" and rake is not None:
        got = "frequency weights, which count respondents"
        yield Finding(("rake",), "sampling weights", got, "remove rake or weight_kind", "key")
    replicates = mapping(design.get("replicates"))
    if replicates and bool(replicates.get("prefix")) == bool(replicates.get("columns")):
        got = "both" if replicates.get("prefix") else "neither"
        yield Finding(("design", "replicates"), "a prefix or a list of columns", got)
    weight = design.get("weight")
    for role in ("stratum", "psu", "population", "id"):
        if isinstance(weight, str) and design.get(role) == weight:
            got = f"'{weight}', the column of weights"
            yield Finding(("design", role), "a column of its own", got)
    if isinstance(design.get("psu"), str) and design.get("psu") == design.get("stratum"):
        got = f"'{design['psu']}', the column of strata"
        remedy = "one unit in each stratum leaves no variance to measure"
        yield Finding(("design", "psu"), "a column of its own", got, remedy)


def _levels(levels: dict[str, object]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for level, column in levels.items():
        if isinstance(column, str) and first.setdefault(column, level) != level:
            got = f"'{column}' again, first at levels.{first[column]}"
            yield Finding(("levels", level), "a column of its own for each level", got)


def _group(data: dict[str, object]) -> Iterator[Finding]:
    group, levels = data.get("group"), mapping(data.get("levels"))
    named = [*levels, *(c for c in levels.values() if isinstance(c, str))]
    named += [*mapping(data.get("columns")), *mapping(data.get("breakdowns"))]
    if not isinstance(group, str) or group in named:
        return
    lower = [name.lower() for name in named]
    if difflib.get_close_matches(group.lower(), lower, n=1, cutoff=_SURELY_MISSPELT):
        near = did_you_mean(group, named)
        remedy = f"{near} If not, name the column under 'columns'"
        yield Finding(("group",), "a level or column of this file", show(group), remedy)


def _codebook(loc: Loc, entry: dict[str, object]) -> Iterator[Finding]:
    codes, missing = mapping(entry.get("codes")), mapping(entry.get("missing"))
    if codes and entry.get("bins") is not None:
        remedy = "bins are for a number such as age, codes for categories"
        yield Finding((*loc, "bins"), "codes or bins", "both", remedy, "key")
    yield from repeated_codes((*loc, "codes"), codes)
    yield from repeated_codes((*loc, "missing"), missing)
    yield from _both(loc, codes, missing)
    yield from _same_labels((*loc, "codes"), codes)


def _both(loc: Loc, codes: dict[str, object], missing: dict[str, object]) -> Iterator[Finding]:
    labelled = {_comparable(code): code for code in codes}
    for code in missing:
        if _comparable(code) in labelled:
            got = f"'{code}' in both"
            expected = "a code under codes or under missing"
            yield Finding((*loc, "missing", code), expected, got, "remove one", "key")


def _comparable(code: str) -> float | str:
    value = code_number(code)
    return code if value is None else value


def _same_labels(loc: Loc, codes: dict[str, object]) -> Iterator[Finding]:
    first: dict[object, str] = {}
    for code, label in codes.items():
        text = next(iter(label.values()), None) if isinstance(label, dict) else label
        if not isinstance(text, str):
            continue
        if text in first:
            got = f"{show(text)} again, first for the code '{first[text]}'"
            remedy = "tables would show two rows of one name"
            yield Finding((*loc, code), "a label of its own for each code", got, remedy)
        first.setdefault(text, code)


def _out_of_range(loc: Loc, rules: dict[str, object]) -> Iterator[Finding]:
    for value in rules:
        if value != "any" and code_number(value) is None:
            yield Finding((*loc, value), "a number or 'any'", show(value), at="key")
    yield from repeated_codes(loc, rules)
