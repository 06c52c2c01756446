"""lavaan's model syntax as statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from acsi_sem.errors import Problem, SpecError
from acsi_sem.spec.findings import MOST_SHOWN, listed, show
from acsi_sem.spec.lavaan_tokens import Spot, Token, read_tokens, split_statements

Value = float | str | None
"""A number, a text, or None for NA."""

ModifierKind = Literal["value", "label", "start", "equal", "lower", "upper", "other"]

FORMULAS: Final = ("=~", "<~", "~", "~~", "~*~", "|~", "|")
EXPRESSIONS: Final = ("==", "<", ">", "<=", ">=", ":=")
INTERCEPT: Final = "1"
BLOCK: Final = ":"

_FUNCTIONS: Final[dict[str, ModifierKind]] = {
    "start": "start",
    "label": "label",
    "equal": "equal",
    "lower": "lower",
    "upper": "upper",
}
_DEEPEST: Final = 4


@dataclass(frozen=True, slots=True)
class Modifier:
    """What stands before ``*`` (or ``?``).

    Attributes
    ----------
    kind : str
        ``value`` fixes (a number) or frees (None, from NA) the parameter; ``label``, ``start``,
        ``equal``, ``lower``, ``upper`` are lavaan's; ``other`` is any further function.
    values : tuple of float, str or None
        More than one comes from ``c(...)``, one per group.
    text : str
        As written.
    """

    kind: ModifierKind
    values: tuple[Value, ...]
    text: str
    spot: Spot


@dataclass(frozen=True, slots=True)
class Term:
    """A variable with its modifiers; ``1`` is an intercept, ``a:b`` an interaction."""

    name: str
    modifiers: tuple[Modifier, ...]
    spot: Spot


@dataclass(frozen=True, slots=True)
class Statement:
    """One formula, definition, constraint or block heading.

    Attributes
    ----------
    lhs : tuple of Term
    op : str
        As lavaan writes it; ``:`` is a block heading such as ``group: 1``.
    rhs : tuple of Term
        Empty for definitions, constraints and block headings.
    expression : str
        Right side of a definition, constraint or block heading.
    names : tuple of str
        Names in `expression`.
    spot : Spot
        Where the statement begins.
    """

    lhs: tuple[Term, ...]
    op: str
    rhs: tuple[Term, ...]
    spot: Spot
    expression: str = ""
    names: tuple[str, ...] = ()


class _Wrong(Exception):  # noqa: N818 - becomes a Problem once the file's name is known
    def __init__(self, spot: Spot, expected: str, got: str, remedy: str = "") -> None:
        super().__init__(got)
        self.spot, self.expected, self.got, self.remedy = spot, expected, got, remedy


def parse_lavaan(text: str, name: str) -> tuple[Statement, ...]:
    """Read lavaan model syntax.

    Parameters
    ----------
    text : str
        The model, as lavaan takes it.
    name : str
        Of the file; messages begin with ``name:line:col``.

    Returns
    -------
    tuple of Statement
        In order of the text.

    Raises
    ------
    SpecError
        With every syntax error at once, one at most for each statement.

    References
    ----------
    Rosseel (2012), J. Statistical Software 48(2); lavaan's manual page ``model.syntax``.

    Examples
    --------
    >>> one, two = parse_lavaan("f =~ x1 + 0.5*x2; y ~ a*f", "model.lav")
    >>> one.op, [term.name for term in one.rhs], one.rhs[1].modifiers[0].values
    ('=~', ['x1', 'x2'], (0.5,))
    >>> two.rhs[0].modifiers[0].kind, two.spot
    ('label', Spot(line=1, column=19))
    """
    tokens, problems = read_tokens(text, name)
    found: list[Statement] = []
    broken = {problem.where.split(":")[-2] for problem in problems}
    for statement in split_statements(tokens):
        try:
            found.append(_statement(statement))
        except _Wrong as wrong:
            # A line with an unreadable word has its message; what follows from it is noise.
            if str(wrong.spot.line) not in broken:
                problems.append(_problem(name, wrong))
    if problems:
        raise SpecError(sorted(problems, key=_position)[:MOST_SHOWN])
    return tuple(found)


def _problem(name: str, wrong: _Wrong) -> Problem:
    where = f"{name}:{wrong.spot.line}:{wrong.spot.column}"
    return Problem(where, "", wrong.expected, wrong.got, wrong.remedy)


def _position(problem: Problem) -> tuple[int, int]:
    line, column = problem.where.split(":")[-2:]
    return int(line), int(column)


def _statement(tokens: Sequence[Token]) -> Statement:
    first = tokens[0]
    place = next((i for i, token in enumerate(tokens) if token.kind == "operator"), None)
    if place is None:
        return _heading(tokens)
    operator = tokens[place]
    left, right = tokens[:place], tokens[place + 1 :]
    if not left:
        raise _Wrong(operator.spot, f"a name before '{operator.text}'", "none")
    if not right:
        raise _Wrong(operator.spot, f"something after '{operator.text}'", "nothing")
    if operator.text in EXPRESSIONS:
        return _expression(left, operator, right)
    if operator.text not in FORMULAS:
        expected = f"one of the operators {listed((*FORMULAS, *EXPRESSIONS))}"
        raise _Wrong(operator.spot, expected, f"'{operator.text}'")
    again = next((token for token in right if token.kind == "operator"), None)
    if again is not None:
        remedy = "put ';' or a line end between two formulas"
        raise _Wrong(again.spot, "one operator in a formula", f"'{again.text}' as well", remedy)
    return Statement(_terms(left), operator.text, _terms(right), first.spot)


def _heading(tokens: Sequence[Token]) -> Statement:
    """``group: 1``, or else a line that says nothing."""
    first = tokens[0]
    if len(tokens) >= 3 and first.kind == "name" and tokens[1].text == BLOCK:
        return Statement(
            (Term(first.text, (), first.spot),), BLOCK, (), first.spot, _written(tokens[2:])
        )
    expected = f"a formula with one of the operators {listed((*FORMULAS, *EXPRESSIONS))}"
    remedy = "end the line before with '+' when this one goes on with it"
    raise _Wrong(first.spot, expected, show(_written(tokens)), remedy)


def _expression(left: Sequence[Token], operator: Token, right: Sequence[Token]) -> Statement:
    if operator.text == ":=" and (len(left) != 1 or left[0].kind != "name"):
        raise _Wrong(left[0].spot, "one name before ':='", show(_written(left)))
    _check_brackets((*left, operator, *right))
    names = tuple(token.text for token in (*left, *right) if token.kind == "name")
    term = Term(_written(left), (), left[0].spot)
    return Statement((term,), operator.text, (), left[0].spot, _written(right), names)


def _check_brackets(tokens: Sequence[Token]) -> None:
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if depth < 0:
            raise _Wrong(token.spot, "brackets in pairs", "')' without '('")
    if depth:
        opening = next(token for token in reversed(tokens) if token.text == "(")
        raise _Wrong(opening.spot, "brackets in pairs", "'(' without ')'")


def _written(tokens: Sequence[Token]) -> str:
    text, before = "", None
    for token in tokens:
        called = token.text == "(" and before is not None and before.kind == "name"
        glued = before is None or before.text == "(" or called or token.text in (")", ",")
        text += token.text if glued else f" {token.text}"
        before = token
    return text


def _terms(tokens: Sequence[Token]) -> tuple[Term, ...]:
    _check_brackets(tokens)
    return tuple(_Reader(part).term() for part in _split(tokens, "+"))


def _split(tokens: Sequence[Token], mark: str) -> Iterator[Sequence[Token]]:
    """Cut at a mark outside brackets; an empty part is an error. A sign of a number is no mark."""
    depth, start = 0, 0
    for i, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if token.kind == "mark" and token.text == mark and depth == 0:
            if i == start:
                raise _Wrong(token.spot, f"a term before '{mark}'", "none")
            yield tokens[start:i]
            start = i + 1
    if start == len(tokens):
        raise _Wrong(tokens[-1].spot, f"a term after '{mark}'", "none", "complete the line")
    yield tokens[start:]


class _Reader:
    """Reads one term from left to right."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def term(self) -> Term:
        modifiers: list[Modifier] = []
        while True:
            start = self._at
            if self._is_variable():
                return self._variable(modifiers)
            modifier = self._modifier()
            mark = self._take("'*' and a variable")
            if mark.text == "?":
                modifier = self._start_value(modifier)
            elif mark.text != "*":
                got = show(_written(self._tokens[start : self._at]))
                remedy = "write '*' after a modifier, '+' between terms; arithmetic is not read"
                raise _Wrong(mark.spot, "a modifier, '*' and a variable", got, remedy)
            modifiers.append(modifier)

    def _is_variable(self) -> bool:
        """The last word of a term is its variable; ``a:b`` is one word."""
        rest = self._tokens[self._at :]
        if len(rest) == 3 and rest[1].text == ":":
            return True
        return len(rest) == 1 and rest[0].kind in ("name", "quoted", "number")

    def _variable(self, modifiers: list[Modifier]) -> Term:
        rest = self._tokens[self._at :]
        first = rest[0]
        if first.kind == "number" and float(first.text) not in (0.0, 1.0):
            raise _Wrong(first.spot, "a variable, or 1 for an intercept", first.text)
        if first.kind == "number":
            given = () if float(first.text) else (Modifier("value", (0.0,), "0", first.spot),)
            return Term(INTERCEPT, (*modifiers, *given), first.spot)
        return Term("".join(token.text for token in rest), tuple(modifiers), first.spot)

    def _take(self, expected: str) -> Token:
        if self._at == len(self._tokens):
            raise _Wrong(self._tokens[-1].spot, expected, "the end of the term")
        self._at += 1
        return self._tokens[self._at - 1]

    def _modifier(self) -> Modifier:
        start = self._at
        token = self._take("a variable")
        if token.kind == "name" and self._next_is("("):
            kind, values = self._call(token)
        elif token.kind == "quoted":
            kind, values = "label", (token.text,)
        else:
            value = self._value(token)
            kind, values = ("label" if isinstance(value, str) else "value"), (value,)
        return Modifier(kind, values, _written(self._tokens[start : self._at]), token.spot)

    def _call(self, function: Token) -> tuple[ModifierKind, tuple[Value, ...]]:
        values = self._arguments(1)
        if function.text == "c":
            text = any(isinstance(value, str) for value in values)
            return ("label" if text else "value"), values
        kind = _FUNCTIONS.get(function.text, "other")
        if kind in ("start", "lower", "upper") and any(isinstance(v, str) for v in values):
            raise _Wrong(function.spot, f"a number in {function.text}()", show(values[0]))
        return kind, values

    def _arguments(self, depth: int) -> tuple[Value, ...]:
        opening = self._take("'('")
        if depth > _DEEPEST:
            raise _Wrong(opening.spot, f"at most {_DEEPEST} brackets in each other", "more")
        values: list[Value] = []
        while True:
            token = self._take("')'")
            if token.kind == "name" and self._next_is("("):
                if token.text != "c":
                    raise _Wrong(token.spot, "numbers, names or c(...)", f"'{token.text}('")
                values += self._arguments(depth + 1)
            elif token.text == ")" and not values:
                raise _Wrong(token.spot, "a value in the brackets", "none")
            else:
                values.append(token.text if token.kind == "quoted" else self._value(token))
            mark = self._take("',' or ')'")
            if mark.text == ")":
                return tuple(values)
            if mark.text != ",":
                raise _Wrong(mark.spot, "',' or ')'", f"'{mark.text}'")

    def _value(self, token: Token) -> Value:
        sign = 1.0
        if token.kind == "mark" and token.text in "+-":
            sign = -1.0 if token.text == "-" else 1.0
            token = self._take("a number")
            if token.kind != "number":
                raise _Wrong(token.spot, "a number after a sign", f"'{token.text}'")
        if token.kind == "number":
            return sign * float(token.text)
        if token.kind == "name":
            return None if token.text == "NA" else token.text
        raise _Wrong(token.spot, "a name or a number", f"'{token.text}'")

    def _start_value(self, given: Modifier) -> Modifier:
        """``0.5?x`` is short for ``start(0.5)*x``."""
        if given.kind != "value":
            raise _Wrong(given.spot, "a number before '?'", show(given.text))
        return Modifier("start", given.values, given.text, given.spot)

    def _next_is(self, text: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].text == text
