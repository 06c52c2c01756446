"""A model as the text of a model file; the inverse of `acsi_sem.spec.load.load_model`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from acsi_sem.spec.model import Construct, Indicator, Model, Text
from acsi_sem.spec.yaml_nodes import scalar

_PLAIN: Final = re.compile(r"[^\W\d][\w.\- ]*(?<! )")
_CONTROL: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff]")
_Facts = tuple[tuple[float, float], tuple[tuple[float, str], ...]]


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
    scale, missing = _commonest(model)
    lines = [f"# {part}" for remark in remarks for part in remark.splitlines() or [""]]
    lines += ["schema: 1", f"name: {_text(model.name)}"]
    lines += _label("title", model.title, model.name, "")
    lines += [f"source: {_text(model.source)}"] if model.source else []
    default = {"scale": _scale(*scale)} | ({"missing": _codes(missing)} if missing else {})
    lines.append(f"defaults: {_flow(default)}")
    lines.append("constructs:")
    for construct in model.constructs:
        lines += _construct(construct, (scale, missing))
    lines += _paths(model)
    lines.append(f"index: {_text(model.index)}")
    lines += _derivations(model)
    return "\n".join((*lines, ""))


def _commonest(model: Model) -> _Facts:
    scales = Counter((item.low, item.high) for item in model.answers)
    codes = Counter(item.missing for item in model.answers)
    return scales.most_common(1)[0][0], codes.most_common(1)[0][0]


def _construct(construct: Construct, default: _Facts) -> Iterator[str]:
    yield f"  {_text(construct.name)}:"
    yield from _label("label", construct.label, construct.name, "    ")
    if construct.mode != "A":
        yield f"    mode: {construct.mode}"
    if construct.kind is not None:
        yield f"    kind: {construct.kind}"
    if construct.components:
        yield f"    components: [{', '.join(_text(name) for name in construct.components)}]"
        return
    yield "    indicators:"
    for item in construct.indicators:
        yield f"      {_text(item.name)}: {_flow(_indicator(item, default))}"


def _indicator(item: Indicator, default: _Facts) -> dict[str, str]:
    scale, missing = default
    facts: dict[str, str] = {}
    if item.column != item.name:
        facts["column"] = _text(item.column)
    if (item.low, item.high) != scale:
        facts["scale"] = _scale(item.low, item.high)
    if item.missing != missing:
        facts["missing"] = _codes(item.missing)
    if item.reverse:
        facts["reverse"] = "true"
    if item.label != Text.of(None, item.name):
        facts["label"] = _languages(item.label)
    return facts


def _paths(model: Model) -> Iterator[str]:
    targets: dict[str, list[str]] = {}
    for path in model.paths:
        plain = path.sign == "positive"
        name = _text(path.target)
        entry = name if plain else _flow({"to": name, "sign": path.sign})
        targets.setdefault(path.source, []).append(entry)
    yield "paths:" if targets else "paths: {}"
    for source, entries in targets.items():
        yield f"  {_text(source)}: [{', '.join(entries)}]"


def _derivations(model: Model) -> Iterator[str]:
    if model.derive:
        yield "derive:"
    for part in model.derive:
        inputs = {key: _text(column) for key, column in part.inputs}
        yield f"  {_text(part.name)}: {_flow({'recipe': part.recipe, **inputs})}"


def _label(key: str, label: Text, name: str, indent: str) -> Iterator[str]:
    if label != Text.of(None, name):
        yield f"{indent}{key}: {_languages(label)}"


def _languages(label: Text) -> str:
    return _flow({language: _text(text) for language, text in label.entries})


def _codes(missing: tuple[tuple[float, str], ...]) -> str:
    return _flow({_number(code): _text(label) for code, label in missing})


def _scale(low: float, high: float) -> str:
    return f"[{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _flow(entries: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"


def _text(value: str) -> str:
    """Text, bare where YAML reads it back as the same text, else in double quotes."""
    if _PLAIN.fullmatch(value) and scalar(value) == value:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
