"""A model as the text of a model file; the inverse of `acsi_sem.spec.load.load_model`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Final, NamedTuple

from acsi_sem.spec.model import Construct, Fieldwork, Indicator, Model, Scoring, Text
from acsi_sem.spec.yaml_nodes import scalar

_PLAIN: Final = re.compile(r"[^\W\d][\w.\- ]*(?<! )")
_ENDS: Final = ("low", "high")
_CONTROL: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff]")


class _Facts(NamedTuple):
    scale: tuple[float, float]
    missing: tuple[tuple[float, str], ...]
    anchors: tuple[Text, ...]


def model_yaml(model: Model, remarks: Iterable[str] = ()) -> str:
    """Write a model as a model file.

    Parameters
    ----------
    model : Model
        Its paths are written source by source in the order of first mention, as a model file
        must; a model whose paths are not grouped so comes back with them grouped.
    remarks : iterable of str
        Comment lines at the head of the file.

    Returns
    -------
    str
        YAML 1.2. Reading it with `load_model` gives the same model, but for the hash of the file.
        Shares of a composite index are divided by their sum when they are read, which may move
        their last digit where that sum is not exactly 1.

    Examples
    --------
    >>> from acsi_sem.spec.model import Path
    >>> def one(name):
    ...     item = name + "1"
    ...     known = Indicator(item, item, 1.0, 10.0, (), False, Text.of(None, item))
    ...     return Construct(name, Text.of(None, name), (known,))
    >>> made = Model("m", Text.of(None, "m"), "", (one("a"), one("b")), (Path("a", "b"),), "b")
    >>> print(model_yaml(made))
    schema: 1
    name: m
    defaults: {scale: [1, 10]}
    constructs:
      a:
        indicators:
          a1: {}
      b:
        indicators:
          b1: {}
    paths:
      a: [b]
    index: b
    <BLANKLINE>
    """
    default = _commonest(model)
    lines = [f"# {part}" for remark in remarks for part in remark.splitlines() or [""]]
    lines += ["schema: 1", f"name: {yaml_text(model.name)}"]
    lines += _label("title", model.title, model.name, "")
    lines += [f"source: {yaml_text(model.source)}"] if model.source else []
    lines += [f"kind: {model.kind}"] if model.kind == "composite" else []
    lines.append(f"defaults: {_flow(_defaults(default))}")
    lines.append("constructs:")
    for construct in model.constructs:
        lines += _construct(construct, default)
    lines += _scoring(model.scoring) if model.kind == "composite" else _paths(model)
    lines.append(f"index: {yaml_text(model.index)}")
    lines += [*_derivations(model), *_evidence(model), *_fieldwork(model.fieldwork)]
    lines += _reach(model.reach)
    return "\n".join((*lines, ""))


def _commonest(model: Model) -> _Facts:
    scales = Counter((item.low, item.high) for item in model.answers)
    codes = Counter(item.missing for item in model.answers)
    anchors = Counter(item.anchors for item in model.answers)
    # A default cannot be taken back: where one item has no anchors, each says its own.
    shared = () if () in anchors else anchors.most_common(1)[0][0]
    return _Facts(scales.most_common(1)[0][0], codes.most_common(1)[0][0], shared)


def _defaults(default: _Facts) -> dict[str, str]:
    facts = {"scale": _scale(*default.scale)}
    facts |= {"missing": _codes(default.missing)} if default.missing else {}
    return facts | ({"anchors": _anchors(default.anchors)} if default.anchors else {})


def _construct(construct: Construct, default: _Facts) -> Iterator[str]:
    yield f"  {yaml_text(construct.name)}:"
    yield from _label("label", construct.label, construct.name, "    ")
    if construct.mode != "A":
        yield f"    mode: {construct.mode}"
    if construct.kind is not None:
        yield f"    kind: {construct.kind}"
    if construct.components:
        yield f"    components: [{', '.join(yaml_text(name) for name in construct.components)}]"
        return
    yield "    indicators:"
    for item in construct.indicators:
        yield f"      {yaml_text(item.name)}: {_flow(_indicator(item, default))}"


def _indicator(item: Indicator, default: _Facts) -> dict[str, str]:
    facts: dict[str, str] = {}
    if item.column != item.name:
        facts["column"] = yaml_text(item.column)
    if (item.low, item.high) != default.scale:
        facts["scale"] = _scale(item.low, item.high)
    if item.missing != default.missing:
        facts["missing"] = _codes(item.missing)
    if item.reverse:
        facts["reverse"] = "true"
    if item.label != Text.of(None, item.name):
        facts["label"] = yaml_languages(item.label)
    if item.question is not None:
        facts["question"] = yaml_languages(item.question)
    if item.anchors != default.anchors:
        facts["anchors"] = _anchors(item.anchors)
    return facts


def _paths(model: Model) -> Iterator[str]:
    targets: dict[str, list[str]] = {}
    for path in model.paths:
        plain = path.sign == "positive"
        name = yaml_text(path.target)
        entry = name if plain else _flow({"to": name, "sign": path.sign})
        targets.setdefault(path.source, []).append(entry)
    yield "paths:" if targets else "paths: {}"
    for source, entries in targets.items():
        yield f"  {yaml_text(source)}: [{', '.join(entries)}]"


def _scoring(scoring: Scoring | None) -> Iterator[str]:
    if scoring is None:
        return
    yield "scoring:"
    yield f"  form: {scoring.form}"
    if scoring.form == "top_box":
        yield f"  boxes: {scoring.boxes}"
    if scoring.shares:
        yield "  weights:"
    for part in scoring.shares:
        entry = {"from": str(part.first)} if part.first else {}
        entry |= {"to": str(part.last)} if part.last else {}
        entry["shares"] = _flow({yaml_text(name): repr(share) for name, share in part.shares})
        entry |= {"source": yaml_text(part.source)} if part.source else {}
        yield f"    - {_flow(entry)}"


def _evidence(model: Model) -> Iterator[str]:
    if model.evidence:
        yield "evidence:"
    for part in model.evidence:
        entry = {"standing": part.standing, "text": yaml_text(part.text)}
        entry |= {"source": yaml_text(part.source)} if part.source else {}
        yield f"  - {_flow(entry)}"


def _fieldwork(fieldwork: Fieldwork) -> Iterator[str]:
    known = {
        part.name: value
        for part in fields(fieldwork)
        if (value := getattr(fieldwork, part.name)) != part.default
    }
    if known:
        yield "fieldwork:"
    for name, value in known.items():
        yield f"  {name}: {value if isinstance(value, int) else yaml_text(value)}"


def _reach(reach: tuple[Text, ...]) -> Iterator[str]:
    if reach:
        yield "reach:"
    for key, text in zip(("can", "cannot"), reach, strict=False):
        yield f"  {key}: {yaml_languages(text)}"


def _anchors(anchors: tuple[Text, ...]) -> str:
    return _flow({key: yaml_languages(text) for key, text in zip(_ENDS, anchors, strict=True)})


def _derivations(model: Model) -> Iterator[str]:
    if model.derive:
        yield "derive:"
    for part in model.derive:
        inputs = {key: yaml_text(column) for key, column in part.inputs}
        yield f"  {yaml_text(part.name)}: {_flow({'recipe': part.recipe, **inputs})}"


def _label(key: str, label: Text, name: str, indent: str) -> Iterator[str]:
    if label != Text.of(None, name):
        yield f"{indent}{key}: {yaml_languages(label)}"


def yaml_languages(label: Text) -> str:
    """Return a label as a mapping of languages, on one line."""
    return _flow({language: yaml_text(text) for language, text in label.entries})


def _codes(missing: tuple[tuple[float, str], ...]) -> str:
    return _flow({_number(code): yaml_text(label) for code, label in missing})


def _scale(low: float, high: float) -> str:
    return f"[{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _flow(entries: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"


def yaml_text(value: str) -> str:
    """Return text bare where YAML reads it back as the same text, else in double quotes.

    Examples
    --------
    >>> yaml_text("Customer loyalty"), yaml_text("yes: no"), yaml_text("12")
    ('Customer loyalty', '"yes: no"', '"12"')
    """
    if _PLAIN.fullmatch(value) and scalar(value) == value:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
