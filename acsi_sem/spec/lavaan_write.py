"""A model as lavaan syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from acsi_sem.errors import Problem, SpecError
from acsi_sem.spec.findings import show
from acsi_sem.spec.graph import endogenous, exogenous, higher_order, sources_of
from acsi_sem.spec.model import Construct, Indicator, Model
from acsi_sem.terms import LOADING, WEIGHT

_READABLE: Final = re.compile(r"(?:[^\W\d_]|\.(?![0-9]))[\w.]*")
_RESERVED: Final = frozenset(
    (
        *("if", "else", "repeat", "while", "function", "for", "next", "break", "in"),
        *("TRUE", "FALSE", "NULL", "Inf", "NaN", "NA"),
        *("NA_integer_", "NA_real_", "NA_complex_", "NA_character_"),
    )
)


def to_lavaan(model: Model) -> str:
    """Write a model in lavaan's syntax.

    Parameters
    ----------
    model : Model

    Returns
    -------
    str
        A text that ``lavaan::sem()`` fits as the covariance engines here do: the first loading of
        a block is 1, exogenous constructs covary, disturbances do not, a single item is free of
        error. Observed variables are the columns of the survey. A composite is written with
        ``<~``, which lavaan estimates otherwise. A higher-order construct is a factor of its
        components, which no covariance engine here fits. Labels, scales, missing codes, expected
        signs and PLS modes stand in comments: lavaan has no place for them.

    Raises
    ------
    SpecError
        If lavaan cannot read a name, or would take a column for a construct, or if a
        higher-order construct is a composite, which lavaan's syntax does not have.
    """
    problems = [*_names(model), *_composites(model)]
    if problems:
        raise SpecError(problems)
    return "\n".join((*_head(model), *_blocks(model), *_paths(model), *_covariances(model), ""))


def _names(model: Model) -> Iterator[Problem]:
    own = {c.name: c.indicators[0].column for c in model.constructs if _is_observed(c)}
    constructs = set(model.construct_names)
    for construct in model.constructs:
        yield from _name(f"constructs.{construct.name}", construct.name, model)
    for construct in model.constructs:
        for item in () if construct.components else construct.indicators:
            path = f"constructs.{construct.name}.indicators.{item.name}"
            yield from _name(path, item.column, model)
            if item.column in constructs and own.get(construct.name) != item.column:
                got = f"{show(item.column)}, the name of a construct"
                yield Problem(model.name, path, "a column with a name of its own", got, "rename it")


def _composites(model: Model) -> Iterator[Problem]:
    for construct in higher_order(model):
        if construct.kind == "composite":
            path = f"constructs.{construct.name}.kind"
            expected = "a higher-order factor: lavaan has no composite of constructs"
            remedy = "say factor, or leave the key out"
            yield Problem(model.name, path, expected, "composite", remedy)


def _name(path: str, name: str, model: Model) -> Iterator[Problem]:
    if not _READABLE.fullmatch(name) or name in _RESERVED:
        expected = "a name that lavaan reads: a letter, then letters, digits, '_' and '.'"
        remedy = "rename it in the model file and in the survey"
        yield Problem(model.name, path, expected, show(name), remedy)


def _head(model: Model) -> Iterator[str]:
    yield f"# {_line(model.title.get())}"
    if model.source:
        yield f"# {_line(model.source)}"
    yield f"# model {model.name}, index {model.index}; fit with lavaan::sem()"
    for part in model.derive:
        inputs = ", ".join(f"{key} = {_line(column)}" for key, column in part.inputs)
        yield f"# {part.name} is derived by the recipe {part.recipe} from {inputs}"


def _blocks(model: Model) -> Iterator[str]:
    for construct in model.constructs:
        yield ""
        mode = "" if construct.mode == "A" else f" (PLS mode {construct.mode})"
        yield f"# {_line(construct.label.get())}{mode}"
        if construct.components:
            first, *rest = construct.components
            yield f"{construct.name} {LOADING} {' + '.join((f'1*{first}', *rest))}"
            continue
        for item in construct.indicators:
            yield f"#   {_describe(item)}"
        if not _is_observed(construct):
            yield from _block(construct)


def _describe(item: Indicator) -> str:
    parts = [f"{item.column}: {_line(item.label.get())}", f"scale {item.low:g} to {item.high:g}"]
    if item.name != item.column:
        parts.append(f"indicator {item.name}")
    if item.missing:
        codes = ", ".join(f"{code:g} {_line(label)}" for code, label in item.missing)
        parts.append(f"missing: {codes}")
    if item.reverse:
        parts.append(f"reversed before the fit: {item.low + item.high:g} - {item.column}")
    return "; ".join(parts)


def _block(construct: Construct) -> Iterator[str]:
    composite = construct.kind == "composite" and len(construct.indicators) > 1
    operator = WEIGHT if composite else LOADING
    first, *rest = (item.column for item in construct.indicators)
    yield f"{construct.name} {operator} {' + '.join((f'1*{first}', *rest))}"
    if not rest:
        yield f"{first} ~~ 0*{first}"


def _is_observed(construct: Construct) -> bool:
    """A single item whose column bears the name of the construct is the variable itself."""
    return len(construct.indicators) == 1 and construct.indicators[0].column == construct.name


def _paths(model: Model) -> Iterator[str]:
    signs = {(path.source, path.target): path.sign for path in model.paths}
    yield "\n# paths"
    for target in endogenous(model):
        sources = sources_of(model, target)
        said = ", ".join(f"{source} {signs[source, target]}" for source in sources)
        yield f"{target} ~ {' + '.join(sources)}  # {said}"


def _covariances(model: Model) -> Iterator[str]:
    free = list(combinations(exogenous(model), 2))
    acting = {path.source for path in model.paths}
    last = [name for name in endogenous(model) if name not in acting]
    none = list(combinations(last, 2))
    if free or none:
        yield "\n# covariances: exogenous constructs covary, disturbances do not"
    for a, b in free:
        yield f"{a} ~~ {b}"
    for a, b in none:
        yield f"{a} ~~ 0*{b}"


def _line(text: str) -> str:
    """Text on one line, for a comment; without the quote that would end a text in R."""
    return " ".join(text.split()).replace("'", "\u2019")
