"""From a file of raking targets, or that part of a study, to a `RakingSpec`."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

from acsi_sem.errors import SpecError
from acsi_sem.spec.findings import Finding, Loc, dotted, listed, show
from acsi_sem.spec.model_facts import mapping
from acsi_sem.spec.raking import MarginColumn, MarginSpec, RakingSpec, Target
from acsi_sem.spec.raking_documents import MarginPart, RakePart, TargetsDocument
from acsi_sem.spec.structure import validate
from acsi_sem.spec.yaml_source import Source, read_source

SUM_TOLERANCE: Final = 1e-6
FEWEST_CROSSED: Final = 2


class _Leaf(NamedTuple):
    """A target's place in the document, its categories and its value."""

    loc: Loc
    cell: tuple[str, ...]
    value: object


def load_targets(path: str | os.PathLike[str]) -> RakingSpec:
    """Read and check a file of raking targets.

    Parameters
    ----------
    path : path
        A YAML file; messages repeat it as given.

    Returns
    -------
    RakingSpec

    Raises
    ------
    SpecError
        With every fault at once, each at ``file:line:col``.
    """
    source = read_source(path)
    document, faults = validate(TargetsDocument, source.data)
    faults += check_rake(source.data)
    if document is None or faults:
        raise SpecError(source.problems(faults))
    return raking_from(document, source)


def raking_from(part: RakePart, source: Source, loc: Loc = ()) -> RakingSpec:
    """Make the value of a block without faults.

    Parameters
    ----------
    part : RakePart
    source : Source
        The file that it stands in.
    loc : tuple
        Where in the file.
    """
    return RakingSpec(
        margins=tuple(
            _margin(margin, source, (*loc, "margins", i)) for i, margin in enumerate(part.margins)
        ),
        bounds=part.bounds,
        trim=part.trim,
        within=part.within or "",
        missing=part.missing,
        tolerance=part.tolerance,
        where=source.where(loc, "key"),
        path=dotted(loc),
        sha256=source.sha256,
    )


def check_rake(data: object, loc: Loc = ()) -> list[Finding]:
    """Return everything that is wrong with the meaning of a block of targets, at once.

    Parameters
    ----------
    data : object
        The block as read; what is no mapping has no findings here.
    loc : tuple
        Where in the file.
    """
    block = mapping(data)
    listed_margins = block.get("margins")
    margins = listed_margins if isinstance(listed_margins, list) else []
    found: list[Finding] = []
    totals: dict[int, float] = {}
    for i, margin in enumerate(margins):
        here = (*loc, "margins", i)
        found += _check_columns(mapping(margin), here)
        faults, total = _check_targets(mapping(margin), here)
        found += faults
        if total is not None:
            totals[i] = total
    found += _check_totals(totals, loc)
    found += _check_repeats(margins, loc)
    found += _check_options(block, margins, loc)
    return found


def _margin(part: MarginPart, source: Source, loc: Loc) -> MarginSpec:
    if part.columns is None:
        own = MarginColumn(part.column or "", tuple(part.bins or ()), tuple(part.no_answer))
        columns: tuple[MarginColumn, ...] = (own,)
    else:
        columns = tuple(
            MarginColumn(one.column, tuple(one.bins or ()), tuple(one.no_answer))
            for one in part.columns
        )
    targets = tuple(
        Target(leaf.cell, float(str(leaf.value)), source.where(leaf.loc, "key"), dotted(leaf.loc))
        for leaf in _leaves(part.targets, (*loc, "targets"), (), len(columns))
    )
    return MarginSpec(columns, targets, source.where(loc), dotted(loc))


def _leaves(tree: object, loc: Loc, cell: tuple[str, ...], depth: int) -> Iterator[_Leaf]:
    """Yield the values `depth` levels down, and whatever ends sooner."""
    if depth and isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from _leaves(value, (*loc, key), (*cell, key), depth - 1)
    else:
        yield _Leaf(loc, cell, tree)


def _crossed(margin: dict[str, object]) -> list[object]:
    columns = margin.get("columns")
    return columns if isinstance(columns, list) else []


def _names(margin: object) -> list[str]:
    """Return the column names of a margin as written."""
    block = mapping(margin)
    entries = _crossed(block) or [block.get("column")]
    named = [mapping(e).get("column") if isinstance(e, dict) else e for e in entries]
    return [name for name in named if isinstance(name, str)]


def _check_columns(margin: dict[str, object], loc: Loc) -> Iterator[Finding]:
    if not margin:
        return
    single, crossed = margin.get("column"), margin.get("columns")
    if (single is None) == (crossed is None):
        got = "neither" if single is None else "both"
        yield Finding(loc, "the key column, or columns to be crossed", got)
    if crossed is None:
        return
    for key in ("bins", "no_answer"):
        if margin.get(key) is not None:
            remedy = f"write {{column: NAME, {key}: [...]}} in the list"
            yield Finding((*loc, key), "columns that say it for themselves", key, remedy, "key")
    names = _names(margin)
    if isinstance(crossed, list) and len(crossed) < FEWEST_CROSSED:
        remedy = "use column for a single one"
        yield Finding((*loc, "columns"), "two or more columns to cross", show(crossed), remedy)
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield Finding((*loc, "columns"), "each column once", f"{show(name)} twice")


def _check_targets(margin: dict[str, object], loc: Loc) -> tuple[list[Finding], float | None]:
    """Return the faults of a margin's targets, and their total when each is a number."""
    tree = margin.get("targets")
    if not isinstance(tree, dict) or not tree:
        return [], None
    depth = len(_crossed(margin)) or 1
    leaves = list(_leaves(tree, (*loc, "targets"), (), depth))
    found = [fault for leaf in leaves for fault in _check_leaf(leaf, depth)]
    if found:
        return found, None
    values = [float(str(leaf.value)) for leaf in leaves]
    total = math.fsum(values)
    if total <= 0 or (max(values) <= 1 and abs(total - 1) > SUM_TOLERANCE):
        got = f"a sum of {total:.10g}"
        remedy = "correct the shares; counts and percentages are above 1"
        return [Finding((*loc, "targets"), "shares that sum to 1", got, remedy, "key")], None
    return [], total


def _check_leaf(leaf: _Leaf, depth: int) -> Iterator[Finding]:
    value, missing = leaf.value, depth - len(leaf.cell)
    if missing:
        expected = f"a mapping for each of {depth} crossed columns"
        yield Finding(leaf.loc, expected, show(value), "write {category: {category: share}}")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        yield Finding(leaf.loc, "a share or a count", show(value))
    elif not (value >= 0 and math.isfinite(value)):
        yield Finding(leaf.loc, "a finite share or count, 0 or more", show(value))


def _check_totals(totals: dict[int, float], loc: Loc) -> Iterator[Finding]:
    """Counts of one population have one total; shares stand by themselves."""
    counts = {i: total for i, total in totals.items() if abs(total - 1) > SUM_TOLERANCE}
    if not counts:
        return
    first = next(iter(counts))
    for i, total in counts.items():
        if abs(total - counts[first]) > SUM_TOLERANCE * counts[first]:
            place = dotted((*loc, "margins", first))
            expected = f"the total of {place}, {counts[first]:.10g}"
            remedy = "counts are of one population; or give shares that sum to 1"
            where = (*loc, "margins", i, "targets")
            yield Finding(where, expected, f"a sum of {total:.10g}", remedy, "key")


def _check_repeats(margins: list[object], loc: Loc) -> Iterator[Finding]:
    first: dict[tuple[str, ...], int] = {}
    for i, margin in enumerate(margins):
        names = tuple(sorted(_names(margin)))
        if names and first.setdefault(names, i) != i:
            got = (
                f"{listed(names, 'and')} again, first at {dotted((*loc, 'margins', first[names]))}"
            )
            yield Finding((*loc, "margins", i), "columns of its own for each margin", got)


def _check_options(block: dict[str, object], margins: list[object], loc: Loc) -> Iterator[Finding]:
    within = block.get("within")
    if isinstance(within, str) and any(_names(margin) == [within] for margin in margins):
        got = f"{show(within)}, which is a margin"
        remedy = "each of its values is raked by itself, with no other value in it"
        yield Finding((*loc, "within"), "a column that is no margin by itself", got, remedy)
    if block.get("missing") == "spread":
        for key in ("bounds", "trim"):
            if block.get(key) is not None:
                got, remedy = f"{key} beside it", f"use missing: own, or remove {key}"
                yield Finding((*loc, "missing"), "spread without bounds or trim", got, remedy)
