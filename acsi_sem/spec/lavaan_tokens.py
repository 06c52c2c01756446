"""lavaan's model syntax cut into words, with the line and column of each.

Written from lavaan's manual page ``model.syntax``; no line of lavaan is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from acsi_sem.errors import Problem
from acsi_sem.spec.findings import show

Kind = Literal["name", "quoted", "number", "operator", "mark", "end"]

OPERATORS: Final = ("=~", "<~", "~*~", "|~", "~~", "==", ":=", "<=", ">=", "~", "<", ">", "|", "%")
"""Operators of lavaan, in the order in which they are tried at a place."""

_TOKEN: Final = re.compile(
    r"(?P<space>[^\S\n]+)"
    r"|(?P<comment>[#!][^\n]*)"
    r"|(?P<end>[\n;])"
    r"|(?P<quoted>\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))"
    r"|(?P<name>(?:[^\W\d]|\.(?!\d))[\w.]*)"
    rf"|(?P<operator>{'|'.join(re.escape(op) for op in OPERATORS)})"
    r"|(?P<mark>[-+*/^?(),:])"
)
_OPEN, _CLOSE = "(", ")"
_LEADING: Final = frozenset("+*/^,?)")
_TRAILING: Final = frozenset("+-*/^,?(:")


class Spot(NamedTuple):
    """Line and column, from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the text; a quoted one is without its quotes."""

    kind: Kind
    text: str
    spot: Spot


def read_tokens(text: str, name: str) -> tuple[list[Token], list[Problem]]:
    """Cut a text into words, without spaces and comments.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for messages.

    Returns
    -------
    tokens, problems
        A line end (or semicolon) is one token of kind ``end``.
    """
    tokens: list[Token] = []
    problems: list[Problem] = []
    line, start, at = 1, 0, 0
    while at < len(text):
        spot = Spot(line, at - start + 1)
        match = _TOKEN.match(text, at)
        if match is None:
            wrong = _unreadable(text, at)
            problems.append(_problem(name, spot, wrong))
            at += len(wrong)
            continue
        at = match.end()
        if (token := _token(match, spot)) is not None:
            tokens.append(token)
        if match[0] == "\n":
            line, start = line + 1, at
    return tokens, problems


def _token(match: re.Match[str], spot: Spot) -> Token | None:
    kind, text = match.lastgroup, match[0]
    match kind:
        case "quoted":
            return Token("quoted", text[1:-1], spot)
        case "name" | "number" | "operator" | "mark" | "end":
            return Token(kind, text, spot)
        case _:
            return None


def _unreadable(text: str, at: int) -> str:
    """The stretch that is no word: a number run into letters, or one character."""
    found = re.compile(r"[\w.]+").match(text, at)
    return found[0] if found else text[at]


def _problem(name: str, spot: Spot, wrong: str) -> Problem:
    where = f"{name}:{spot.line}:{spot.column}"
    if wrong in "\"'`":
        return Problem(where, "", "a closing quote on the same line", f"none for {wrong}")
    if wrong[0].isdigit() or wrong[0] == ".":
        remedy = "a name does not begin with a digit; write '*' between a number and a name"
        return Problem(where, "", "a name or a number", show(wrong), remedy)
    return Problem(where, "", "lavaan model syntax", f"the character {wrong!r}")


def split_statements(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    """Group words into statements.

    A line goes on when it ends in an operator or a mark, inside brackets, or when the next line
    begins with one. A semicolon always ends a statement.
    """
    statement: list[Token] = []
    depth = 0
    broken = False
    for token in tokens:
        if token.text == "\n" and token.kind == "end":
            broken = True
            continue
        over = token.kind == "end" or (broken and depth <= 0 and not _goes_on(statement, token))
        if over and statement:
            yield statement
            statement, depth = [], 0
        broken = False
        if token.kind == "end":
            continue
        if token.kind == "mark":
            depth += (token.text == _OPEN) - (token.text == _CLOSE)
        statement.append(token)
    if statement:
        yield statement


def _goes_on(statement: list[Token], token: Token) -> bool:
    """Whether a word at the start of a line belongs to the statement before it."""
    before = statement[-1] if statement else None
    return _continues(token, _LEADING) or (before is not None and _continues(before, _TRAILING))


def _continues(token: Token, marks: frozenset[str]) -> bool:
    return token.kind == "operator" or (token.kind == "mark" and token.text in marks)
