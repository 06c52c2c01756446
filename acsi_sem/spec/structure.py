"""What pydantic finds wrong in a document, in our words and with suggestions."""

from __future__ import annotations

import types
from itertools import islice
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from acsi_sem.spec.findings import MOST_KNOWN, Finding, Loc, did_you_mean, listed, show

D = TypeVar("D", bound=BaseModel)

_EXPECTED: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "list_type": "a list",
    "greater_than_equal": "{ge:g} or more",
    "greater_than": "a number above {gt:g}",
    "less_than_equal": "a number up to {le:g}",
    "less_than": "a number below {lt:g}",
}
_KEY: Final = "[key]"


def validate(document: type[D], data: object) -> tuple[D | None, list[Finding]]:
    """Check data against the shape of a document.

    Returns
    -------
    document or None, findings
        Every structural fault at once; None when there is any.
    """
    try:
        return document.model_validate(data), []
    except ValidationError as error:
        found = islice(error.errors(include_url=False), MOST_KNOWN)
        findings = [_finding(document, entry) for entry in found]
        return None, [finding for finding in findings if not _misspelt(finding, findings)]


def _finding(document: type[BaseModel], error: Any) -> Finding:
    loc: Loc = error["loc"]
    at_key = bool(loc) and loc[-1] == _KEY
    if at_key:
        loc = loc[:-1]
    context = error.get("ctx", {})
    match error["type"]:
        case "acsi":
            return Finding(
                loc,
                context["expected"],
                context["got"],
                context["remedy"],
                "key" if at_key else "value",
            )
        case "extra_forbidden":
            return _unknown_key(document, loc)
        case "missing":
            return Finding(loc, f"the key '{loc[-1]}'", "none")
        case "literal_error":
            return _not_a_choice(document, loc, error["input"])
        case kind:
            expected = _EXPECTED.get(kind, error["msg"]).format(**context)
            return Finding(loc, expected, _got(kind, error["input"]), _remedy(kind, error["input"]))


def _got(kind: str, value: object) -> str:
    # Where a whole number is wanted, 2e3 must not be shown as 2000.
    return str(value) if kind == "int_type" and isinstance(value, float) else show(value)


def _remedy(kind: str, value: object) -> str:
    if kind == "string_type" and isinstance(value, int | float):
        return "put it in quotes"
    if kind in ("model_type", "dict_type") and value is None:
        return "write {} where there is nothing to say, or remove the key"
    return ""


def _unknown_key(document: type[BaseModel], loc: Loc) -> Finding:
    key = str(loc[-1])
    known = keys_of(_type_at(document, loc[:-1]))
    return Finding(
        loc,
        f"one of the keys {listed(known)}",
        f"the unknown key {show(key)}",
        did_you_mean(key, known),
        at="key",
    )


def _misspelt(absent: Finding, findings: list[Finding]) -> bool:
    """Whether an absent key is there under a misspelt name, which has its own message."""
    return absent.got == "none" and any(
        other.loc[:-1] == absent.loc[:-1] and other.remedy == f"did you mean '{absent.loc[-1]}'?"
        for other in findings
        if other.at == "key" and absent.loc
    )


def _not_a_choice(document: type[BaseModel], loc: Loc, value: object) -> Finding:
    choices = [show(c) if not isinstance(c, str) else c for c in get_args(_type_at(document, loc))]
    remedy = did_you_mean(value, choices) if isinstance(value, str) else ""
    return Finding(loc, listed(choices), show(value), remedy)


def keys_of(document: Any) -> list[str]:
    """Return the keys that a document knows, as a file writes them."""
    return [field.alias or name for name, field in document.model_fields.items()]


def _type_at(document: type[BaseModel], loc: Loc) -> Any:
    here: Any = document
    for step in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {f.alias or name: f.annotation for name, f in here.model_fields.items()}
            here = _bare(fields[str(step)])
        else:
            here = _bare(get_args(here)[-1])
    return here


def _bare(annotation: Any) -> Any:
    """Strip `Annotated` and `| None`."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next(a for a in get_args(annotation) if a is not type(None))
        else:
            return annotation
