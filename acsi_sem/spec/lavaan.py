"""lavaan's model syntax: bring a model in, take a model out.

A lavaan text knows neither scales nor missing codes, nor which construct is the index, nor the
signs that the theory expects, nor PLS modes; these are given by the caller or stay open (sign:
any). What our model cannot say is refused with its place; what only lavaan's defaults do is told
in a notice. Options of the R call (``std.lv``, ``orthogonal``, ``group.equal``) are not in the
text and cannot be seen here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final

from acsi_sem.errors import Problem, SpecError
from acsi_sem.spec.findings import MOST_SHOWN, did_you_mean, listed, show
from acsi_sem.spec.lavaan_parse import Statement, parse_lavaan
from acsi_sem.spec.lavaan_relations import Remark, relations
from acsi_sem.spec.lavaan_rules import Theory, check_theory, theory_of
from acsi_sem.spec.lavaan_write import to_lavaan
from acsi_sem.spec.model import Construct, Indicator, Model, Path, Text
from acsi_sem.spec.model_yaml import model_yaml
from acsi_sem.terms import WEIGHT, Notice

__all__ = [
    "Imported",
    "model_from_lavaan",
    "model_yaml",
    "parse_lavaan",
    "read_lavaan",
    "to_lavaan",
]

MAX_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Imported:
    """A model from lavaan's syntax.

    Attributes
    ----------
    model : Model
    notices : tuple of Notice
        What was left out or is otherwise here, each with ``file:line:col`` in its subject.
    """

    model: Model
    notices: tuple[Notice, ...]

    def yaml(self) -> str:
        """Return the text of a model file, with what to check in its head."""
        item = self.model.indicators[0]
        remarks = [
            "Made from lavaan syntax, which holds no scales, missing codes or expected signs.",
            f"Every item has the scale {item.low:g} to {item.high:g}: check each one.",
            "A path without an expected sign says 'sign: any': set positive or negative.",
            *(f"{notice.subject}: {notice.message}" for notice in self.notices),
        ]
        return model_yaml(self.model, remarks)


def read_lavaan(
    path: str | os.PathLike[str],
    *,
    scale: tuple[float, float] = (1.0, 10.0),
    index: str | None = None,
    missing: tuple[tuple[float, str], ...] = (),
) -> Imported:
    """Read a file of lavaan model syntax as a model.

    Parameters
    ----------
    path : path
        The text that goes into ``sem(model, ...)``; UTF-8.
    scale : tuple of float
        Ends of the answer scale, the same for every item.
    index : str, optional
        The construct whose score is the headline index; never guessed.
    missing : tuple of (code, label)
        Codes that mean no answer, the same for every item.

    Returns
    -------
    Imported
        Latent variables are constructs in order of the text, observed variables in regressions
        are constructs of one item (named ``<variable>_item``, in the column of the variable).

    Raises
    ------
    SpecError
        With everything at once that is no lavaan syntax, or that a model file cannot say:
        cross-loadings, higher-order constructs, covariances of errors or disturbances, fixed
        values, equal labels, constraints, bounds, group-wise values, cycles, effects on items.
    """
    name = os.fspath(path)
    return _import(_read(name), name, scale, index, missing)


def model_from_lavaan(
    path: str | os.PathLike[str],
    *,
    scale: tuple[float, float] = (1.0, 10.0),
    index: str | None = None,
    missing: tuple[tuple[float, str], ...] = (),
) -> Model:
    """Read a file of lavaan model syntax as a model, without the notices of `read_lavaan`."""
    return read_lavaan(path, scale=scale, index=index, missing=missing).model


def _import(
    text: str,
    name: str,
    scale: tuple[float, float],
    index: str | None,
    missing: tuple[tuple[float, str], ...],
) -> Imported:
    theory, remarks = _understand(parse_lavaan(text, name))
    refused = sorted((r for r in remarks if not r.kind), key=lambda r: (r.spot, r.path))
    problems = [remark.problem(name) for remark in refused[:MOST_SHOWN]]
    problems += _check_call(name, scale, missing)
    if theory.constructs:
        problems += _check_index(name, index, theory)
    if problems or index is None:
        raise SpecError(dict.fromkeys(problems))
    notices = sorted((r for r in remarks if r.kind), key=lambda r: (r.spot, r.path))
    model = _model(theory, _model_name(name), index, _Items(scale, missing))
    return Imported(model, tuple(dict.fromkeys(remark.notice(name) for remark in notices)))


def _understand(statements: tuple[Statement, ...]) -> tuple[Theory, list[Remark]]:
    found, remarks = relations(statements)
    theory = theory_of(found)
    return theory, [*remarks, *check_theory(theory)]


def _check_call(
    name: str, scale: tuple[float, float], missing: tuple[tuple[float, str], ...]
) -> Iterator[Problem]:
    low, high = scale
    if not low < high or abs(low) == float("inf") or abs(high) == float("inf"):
        expected = "two numbers low < high"
        yield Problem(name, "scale", expected, f"{low:g} to {high:g}", "for example 1 10")
    codes = [code for code, _ in missing]
    for code in dict.fromkeys(codes):
        if codes.count(code) > 1:
            yield Problem(name, "missing", "each code once", f"{code:g} twice")
        if low <= code <= high:
            expected = f"missing codes outside the scale {low:g} to {high:g}"
            yield Problem(name, "missing", expected, f"{code:g}")


def _check_index(name: str, index: str | None, theory: Theory) -> Iterator[Problem]:
    known = theory.constructs
    if index in known:
        return
    got = "none" if index is None else f"the unknown construct {show(index)}"
    remedy = did_you_mean(index, known) if index else "lavaan syntax does not say which it is"
    expected = f"the construct of the index, one of {listed(known)}"
    yield Problem(name, "index", expected, got, remedy)


@dataclass(frozen=True, slots=True)
class _Items:
    """What every item is given."""

    scale: tuple[float, float]
    missing: tuple[tuple[float, str], ...]

    def make(self, name: str, column: str) -> Indicator:
        low, high = float(self.scale[0]), float(self.scale[1])
        return Indicator(name, column, low, high, self.missing, False, Text.of(None, name))


def _model(theory: Theory, name: str, index: str, items: _Items) -> Model:
    blocks = [
        Construct(
            construct,
            Text.of(None, construct),
            tuple(items.make(relation.rhs, relation.rhs) for relation in block),
            kind="composite" if block[0].op == WEIGHT else None,
        )
        for construct, block in theory.blocks.items()
    ]
    taken = {*theory.constructs, *theory.items}
    single = [
        Construct(
            variable, Text.of(None, variable), (items.make(_item_name(variable, taken), variable),)
        )
        for variable in theory.observed
    ]
    return Model(
        name=name,
        title=Text.of(None, name),
        source="",
        constructs=(*blocks, *single),
        paths=_paths(theory),
        index=index,
    )


def _paths(theory: Theory) -> tuple[Path, ...]:
    """Arrows by source, then by target, in the order of the constructs."""
    place = {name: i for i, name in enumerate(theory.constructs)}
    ordered = sorted(theory.arrows, key=lambda arrow: (place[arrow.rhs], place[arrow.lhs]))
    return tuple(Path(arrow.rhs, arrow.lhs, "any") for arrow in ordered)


def _item_name(variable: str, taken: Collection[str]) -> str:
    name = f"{variable}_item"
    while name in taken:
        name += "_"
    return name


def _model_name(file: str) -> str:
    """The name of the file as the name of a model."""
    name = re.sub(r"[^\w.\-]", "_", FilePath(file).stem)
    return name if re.match(r"[^\W\d]", name) else f"m{name}"


def _read(name: str) -> str:
    try:
        with FilePath(name).open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        expected = "a readable file of lavaan syntax"
        raise SpecError(Problem(name, "", expected, reason.lower())) from None
    if len(content) > MAX_BYTES:
        raise SpecError(Problem(name, "", f"at most {MAX_BYTES:,} bytes", "a larger file"))
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        got = f"the byte 0x{content[error.start]:02X}"
        raise SpecError(Problem(name, "", "UTF-8 text", got, "save the file as UTF-8")) from None
