"""From YAML events to nodes, from nodes to plain values; limits against hostile files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from acsi_sem.spec.findings import LARGEST_WHOLE, Loc, dotted, show

MAX_DEPTH: Final = 20
MAX_VALUES: Final = 20_000

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# Escapes may name what no table or page can hold: controls and halves of surrogate pairs.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)")
_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
# More digits than any answer, code or seed; also keeps `int` away from quadratic parsing.
_MOST_DIGITS: Final = 40

Position = tuple[int, int]


class Place(NamedTuple):
    """Line and column, from 1, of a key and of its value."""

    key: Position
    value: Position


class Trouble(Exception):  # noqa: N818 - becomes a SpecError once the file's name is known
    """A problem of the YAML itself."""

    def __init__(
        self, position: Position, expected: str, got: str, remedy: str = "", path: str = ""
    ) -> None:
        super().__init__(got)
        self.position, self.expected, self.got = position, expected, got
        self.remedy, self.path = remedy, path


@dataclass(slots=True)
class Node:
    """A YAML node; `children` of a mapping are key, value, key, value."""

    kind: Literal["scalar", "list", "mapping"]
    position: Position
    text: str = ""
    plain: bool = False
    children: list[Node] = field(default_factory=list)


def read_nodes(text: str) -> Node:
    """Parse one YAML document into nodes; an alias is the node it stands for.

    Raises
    ------
    Trouble
        At the first syntax error, tag, undefined alias, second document, or too deep nesting.
    """
    tree = _Tree()
    for event in _events(text):
        tree.take(event)
    return tree.root or Node("scalar", (1, 1), plain=True)


def _events(text: str) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except Trouble:
        raise
    except MarkedYAMLError as error:
        raise _syntax(error) from None
    except YAMLError as error:
        place = getattr(error, "position", 0)
        raise _bad_character(text, place) from None
    except (ValueError, OverflowError, IndexError, RecursionError):
        remedy = "look for an escape such as \\U that is no character"
        raise Trouble((1, 1), "YAML 1.2", "text that cannot be parsed", remedy) from None


def _syntax(error: MarkedYAMLError) -> Trouble:
    mark = error.problem_mark or error.context_mark
    position = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = " ".join(str(part) for part in (error.problem, error.context) if part)
    remedy = "check indentation, brackets and quotes; quote text that holds ': ' or ' #'"
    return Trouble(position, "YAML 1.2", f"a syntax error ({said})", remedy)


def _bad_character(text: str, place: int) -> Trouble:
    before = text[:place]
    position = (before.count("\n") + 1, place - before.rfind("\n"))
    return Trouble(position, "printable text", f"the control character {text[place : place + 1]!r}")


class _Tree:
    """Builds nodes from events on a stack of its own, so that depth is ours to limit."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[tuple[Node, str | None]] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def take(self, event: Any) -> None:
        position = (event.start_mark.line + 1, event.start_mark.column + 1)
        match event:
            case DocumentStartEvent() if self.root is not None:
                raise Trouble(position, "one YAML document", "a second one", "remove '---'")
            case AliasEvent():
                self._place(self._aliased(event.anchor, position))
            case NodeEvent():
                self._count += 1
                if self._count > 2 * MAX_VALUES:  # a mapping's keys count too
                    raise Trouble(position, f"at most {MAX_VALUES:,} values", "more")
                self._begin(event, position)
            case _ if type(event).__name__ in ("SequenceEndEvent", "MappingEndEvent"):
                self._end()

    def _begin(self, event: Any, position: Position) -> None:
        if event.tag:
            raise Trouble(position, "YAML without tags", f"the tag {show(str(event.tag))}")
        if isinstance(event, ScalarEvent):
            if bad := _NOT_TEXT.search(event.value):
                raise Trouble(position, "printable text", f"the escaped character {bad[0]!r}")
            node = Node("scalar", position, event.value, event.style is None)
            self._remember(event.anchor, node)
            self._place(node)
            return
        if len(self._open) >= MAX_DEPTH:
            raise Trouble(position, f"at most {MAX_DEPTH} levels of nesting", "deeper nesting")
        assert isinstance(event, SequenceStartEvent | MappingStartEvent)
        kind: Literal["list", "mapping"] = (
            "list" if isinstance(event, SequenceStartEvent) else "mapping"
        )
        self._open.append((Node(kind, position), event.anchor))

    def _end(self) -> None:
        node, anchor = self._open.pop()
        self._remember(anchor, node)
        self._place(node)

    def _place(self, node: Node) -> None:
        if self._open:
            self._open[-1][0].children.append(node)
        else:
            self.root = node

    def _remember(self, anchor: str | None, node: Node) -> None:
        if anchor:
            self._anchors[anchor] = node

    def _aliased(self, anchor: str, position: Position) -> Node:
        # An anchor is known only after its node has closed, so no node can contain itself.
        if anchor not in self._anchors:
            expected = f"an anchor &{anchor} closed before this place"
            raise Trouble(position, expected, f"the alias *{anchor}")
        return self._anchors[anchor]


def plain_value(root: Node) -> tuple[object, dict[Loc, Place], list[Trouble]]:
    """Turn nodes into text, numbers, lists and dicts, and say where each stands.

    Returns
    -------
    value, places, troubles
        `troubles` holds every repeated or unusable key; the value is not to be used then.

    Raises
    ------
    Trouble
        When aliases make the document larger or deeper than the limits.
    """
    reader = _Reader()
    value = reader.read(root, (), root.position)
    return value, reader.places, reader.troubles


class _Reader:
    def __init__(self) -> None:
        self.places: dict[Loc, Place] = {}
        self.troubles: list[Trouble] = []

    def read(self, node: Node, loc: Loc, key: Position) -> object:
        blank = node.kind == "scalar" and node.plain and not node.text
        self.places[loc] = Place(key, key if blank else node.position)
        if len(self.places) > MAX_VALUES or len(loc) > MAX_DEPTH:
            limits = f"at most {MAX_VALUES:,} values and {MAX_DEPTH} levels"
            raise Trouble(node.position, limits, "more, with every alias written out")
        if node.kind == "scalar":
            return scalar(node.text) if node.plain else node.text
        if node.kind == "list":
            return [
                self.read(child, (*loc, i), child.position) for i, child in enumerate(node.children)
            ]
        return self._mapping(node, loc)

    def _mapping(self, node: Node, loc: Loc) -> dict[str, object]:
        values: dict[str, object] = {}
        first: dict[str, Position] = {}
        for key, child in zip(node.children[::2], node.children[1::2], strict=True):
            name = self._key(key, loc)
            if name is None:
                continue
            if name in first:
                self._repeated(name, (*loc, name), key.position, first[name])
                continue
            first[name] = key.position
            values[name] = self.read(child, (*loc, name), key.position)
        return values

    def _key(self, key: Node, loc: Loc) -> str | None:
        if key.kind != "scalar" or (key.plain and not key.text) or key.text == "<<":
            merge = key.text == "<<"
            got = "the merge key '<<'" if merge else "a list, a mapping or nothing as a key"
            remedy = "write the keys out" if merge else ""
            self.troubles.append(
                Trouble(key.position, "text or a number as a key", got, remedy, dotted(loc))
            )
            return None
        return key_text(key.text) if key.plain else key.text

    def _repeated(self, name: str, loc: Loc, here: Position, first: Position) -> None:
        got = f"the key '{name}' again, first on line {first[0]}"
        self.troubles.append(Trouble(here, "each key once", got, "remove one", dotted(loc)))


def scalar(text: str) -> object:
    """Return what a plain scalar means by the core schema of YAML 1.2.

    Examples
    --------
    >>> scalar("010"), scalar("1.5"), scalar("NO"), scalar("true"), scalar("")
    (10, 1.5, 'NO', True, None)
    """
    if text in _WORDS:
        return _WORDS[text]
    if _OCTAL_OR_HEX.fullmatch(text) and len(text) <= _MOST_DIGITS:
        return int(text, 0)
    if _INT.fullmatch(text):
        return int(text) if len(text) <= _MOST_DIGITS else float(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return float("-inf") if text.startswith("-") else float("inf")
    return text


def key_text(text: str) -> str:
    """Return a plain key as text; a number in its shortest form.

    Examples
    --------
    >>> key_text("1"), key_text("1.0"), key_text("0.50"), key_text("NO")
    ('1', '1', '0.5', 'NO')
    """
    value = scalar(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE:
        return str(int(value))
    return str(value)
