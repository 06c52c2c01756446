"""lavaan's syntax: what is read, and what is refused with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsi_sem.errors import Problem, SpecError
from acsi_sem.spec.lavaan import parse_lavaan
from acsi_sem.spec.lavaan_parse import Statement

VALID = {
    "loading": ("f =~ x", "f =~ x"),
    "several": ("f =~ x + y+z", "f =~ x + y + z"),
    "composite": ("f <~ x + y", "f <~ x + y"),
    "regression": ("y ~ x", "y ~ x"),
    "covariance": ("y ~~ x", "y ~~ x"),
    "no spaces": ("y~~x", "y ~~ x"),
    "variance": ("y ~~ y", "y ~~ y"),
    "scaling factor": ("y ~*~ y", "y ~*~ y"),
    "intercept": ("y ~ 1", "y ~ 1"),
    "intercept without spaces": ("y~1", "y ~ 1"),
    "zero intercept": ("y ~ 0", "y ~ [0]1"),
    "fixed intercept": ("y ~ 2*1", "y ~ [2]1"),
    "threshold": ("y | t1 + t2", "y | t1 + t2"),
    "sharp comment": ("# one\nf =~ x # two\n", "f =~ x"),
    "exclamation comment": ("f =~ x ! two\n! three", "f =~ x"),
    "semicolon in comment": ("f =~ x # a; b\ny ~ f", "f =~ x\ny ~ f"),
    "sharp in quotes": ('f =~ "a#1"*x', "f =~ {a#1}x"),
    "semicolons": ("f =~ x; y ~ f;", "f =~ x\ny ~ f"),
    "blank lines": ("\n\nf =~ x\n\n\ny ~ f\n", "f =~ x\ny ~ f"),
    "plus at the end": ("f =~ x +\n y", "f =~ x + y"),
    "plus at the start": ("f =~ x\n + y", "f =~ x + y"),
    "operator at the end": ("f =~\n x", "f =~ x"),
    "star at the end": ("f =~ 2*\n x", "f =~ [2]x"),
    "comment in a long line": ("f =~ x + # one\n # two\n y", "f =~ x + y"),
    "blank line in a long line": ("f =~ x +\n\n y", "f =~ x + y"),
    "brackets over lines": ("f =~ c(1,\n1)*x", "f =~ [1,1]x"),
    "fixed": ("f =~ 1*x + .5*y + 2.*z + 1e-2*w", "f =~ [1]x + [0.5]y + [2]z + [0.01]w"),
    "negative": ("y ~ -0.5*x", "y ~ [-0.5]x"),
    "no spaces before a sign": ("y~-1*x", "y ~ [-1]x"),
    "freed": ("f =~ NA*x + y", "f =~ [NA]x + y"),
    "label": ("y ~ a*x", "y ~ {a}x"),
    "quoted label": ("y ~ 'a b'*x", "y ~ {a b}x"),
    "label()": ('y ~ label("a")*x', "y ~ {a}x"),
    "start()": ("y ~ start(0.5)*x", "y ~ start(0.5)x"),
    "short start": ("y ~ 0.5?x", "y ~ start(0.5)x"),
    "equal()": ('y ~ equal("f=~x")*x', "y ~ equal(f=~x)x"),
    "bounds": ("y ~ lower(0)*x + upper(1)*z", "y ~ lower(0)x + upper(1)z"),
    "unknown function": ("y ~ prior(1)*x", "y ~ other(1)x"),
    "group labels": ("y ~ c(a, b)*x", "y ~ {a,b}x"),
    "group values": ("y ~ c(1, NA)*x", "y ~ [1,NA]x"),
    "group starts": ("y ~ start(c(1, 2))*x", "y ~ start(1,2)x"),
    "two modifiers": ("f =~ a*start(1)*x", "f =~ {a}start(1)x"),
    "repeated variable": ("f =~ x + 4*x", "f =~ x + [4]x"),
    "two on the left": ("y + z ~ x", "y + z ~ x"),
    "quoted names": ("'f 1' =~ `x 1` + \"y 1\"", "f 1 =~ x 1 + y 1"),
    "dots and underscores": (".f_1 =~ x.1", ".f_1 =~ x.1"),
    "letters of any script": ("满意度 =~ é1", "满意度 =~ é1"),
    "interaction": ("y ~ a:b", "y ~ a:b"),
    "definition": ("ind := a*b + (c - 1)/2^d", "ind := a * b + (c - 1) / 2 ^ d"),
    "equality": ("a == b", "a == b"),
    "inequality": ("a > 0; a < 1", "a > 0\na < 1"),
    "heading": ("group: 1\nf =~ x", "group : 1\nf =~ x"),
    "nothing": (" # only a comment\n", ""),
}

INVALID = {
    "no operator": ("f =~ x\nx y z", "2:1"),
    "name alone": ("f", "1:1"),
    "line without plus": ("f =~ x\n y", "2:2"),
    "two names": ("f =~ x y", "1:8"),
    "nothing before": ("=~ x", "1:1"),
    "nothing after": ("f =~ ", "1:3"),
    "nothing after semicolon": ("f =~ x +; y ~ f", "1:8"),
    "plus without term": ("f =~ x + + y", "1:10"),
    "plus at the very end": ("f =~ x +\n", "1:8"),
    "two operators": ("f =~ x =~ y", "1:8"),
    "digit first": ("f =~ 2x", "1:6"),
    "number as a variable": ("f =~ x + 3", "1:10"),
    "open bracket": ("f =~ c(1,2*x", "1:7"),
    "closed bracket": ("f =~ x)", "1:7"),
    "empty brackets": ("f =~ c()*x", "1:8"),
    "no star": ("f =~ 0.5 x", "1:10"),
    "arithmetic": ("f =~ 1/2*x", "1:7"),
    "minus a term": ("y ~ x - z", "1:7"),
    "text as a start": ("f =~ start(a)*x", "1:6"),
    "function in c()": ("f =~ c(exp(1), 2)*x", "1:8"),
    "deep brackets": ("f =~ c(c(c(c(c(1)))))*x", "1:15"),
    "open quote": ("f =~ 'x", "1:6"),
    "strange character": ("f =~ x @ y", "1:8"),
    "definition of two": ("a b := c", "1:1"),
    "bracket in a definition": ("a := (b", "1:6"),
    "less or equal sign alone": ("a % b", "1:3"),
    "label before ?": ("y ~ a?x", "1:5"),
}


def shown(statements: tuple[Statement, ...]) -> str:
    """Write statements in a fixed form: [values], {labels}, kind(values)."""
    return "\n".join(_statement(statement) for statement in statements)


def _statement(statement: Statement) -> str:
    left = " + ".join(term.name for term in statement.lhs)
    right = statement.expression or " + ".join(
        "".join(_modifier(m.kind, m.values) for m in term.modifiers) + term.name
        for term in statement.rhs
    )
    return f"{left} {statement.op} {right}"


def _modifier(kind: str, values: tuple[float | str | None, ...]) -> str:
    inside = ",".join("NA" if v is None else v if isinstance(v, str) else f"{v:g}" for v in values)
    return {"value": f"[{inside}]", "label": f"{{{inside}}}"}.get(kind, f"{kind}({inside})")


@pytest.mark.parametrize(("text", "expected"), VALID.values(), ids=VALID.keys())
def test_valid_syntax_is_read(text: str, expected: str) -> None:
    assert shown(parse_lavaan(text, "m.lav")) == expected


@pytest.mark.parametrize(("text", "place"), INVALID.values(), ids=INVALID.keys())
def test_invalid_syntax_is_refused_at_its_place(text: str, place: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_lavaan(text, "m.lav")
    (problem,) = caught.value.problems
    assert problem.where == f"m.lav:{place}"
    assert problem.expected
    assert problem.got


def test_every_statement_at_fault_is_named_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        parse_lavaan("f =~ x y\ng =~ z\n~ h\nf =~ 'a", "C:\\m.lav")
    assert [p.where for p in caught.value.problems] == [
        *("C:\\m.lav:1:8", "C:\\m.lav:3:1", "C:\\m.lav:4:6")
    ]


def test_places_are_those_of_the_text() -> None:
    (one, two) = parse_lavaan("# head\n  f =~ x +\n       0.5*y; y2 ~ f", "m")
    assert one.spot == (2, 3)
    assert [term.spot for term in one.rhs] == [(2, 8), (3, 12)]
    assert one.rhs[1].modifiers[0].spot == (3, 8)
    assert two.spot == (3, 15)


@given(st.text(alphabet="fxy12.~=*+<>:|(),;#!?'\"\n -^/%", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    # Anything but a SpecError with places would end the test.
    problems: tuple[Problem, ...] = ()
    try:
        parse_lavaan(text, "m")
    except SpecError as error:
        problems = error.problems
    assert all(problem.where.startswith("m:") for problem in problems)


def test_a_long_text_is_read_in_linear_time() -> None:
    text = "f =~ " + " + ".join(f"x{i}" for i in range(20_000)) + "\n" * 20_000
    (statement,) = parse_lavaan(text, "m")
    assert len(statement.rhs) == 20_000
