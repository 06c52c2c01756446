"""Every kind of method, and the module that describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from acsi_sem.spec.document_rules import NAME, NAME_RULE
from acsi_sem.spec.findings import Finding, did_you_mean, listed, show
from acsi_sem.spec.methods.base import Method
from acsi_sem.spec.model_facts import mapping
from acsi_sem.spec.structure import validate

KINDS: Final[tuple[str, ...]] = (
    "pe_gap",
    "quadrant",
    "rating_form",
    "satisfaction_rate",
    "fuzzy",
    "ahp",
    "kano",
    "penalty_reward",
    "customer_value",
    "pareto",
    "value_tiers",
    "loyalty",
    "complaints",
    "benchmarks",
)


def module_of(kind: str) -> Any:
    """Return the module of a kind: its document `PART`, `make(name, part)` and `check(data)`."""
    return import_module(f"acsi_sem.spec.methods.{kind}")


def check_methods(parts: Mapping[str, object]) -> tuple[tuple[Method, ...], list[Finding]]:
    """Read the part `methods` of a study.

    Parameters
    ----------
    parts : mapping of name -> mapping
        As it stands in the file.

    Returns
    -------
    methods, findings
        The methods that have nothing wrong with them, and everything that is wrong.
    """
    made: list[Method] = []
    findings: list[Finding] = []
    for name, data in parts.items():
        method, found = _check_one(name, data)
        findings += [Finding(("methods", name, *f.loc), *_rest(f)) for f in found]
        if method is not None and not found:
            made.append(method)
    return tuple(made), findings


def _rest(found: Finding) -> tuple[Any, ...]:
    return found.expected, found.got, found.remedy, found.at


def _check_one(name: str, data: object) -> tuple[Method | None, list[Finding]]:
    early = list(_before(name, data))
    if early:
        return None, early
    module = module_of(str(mapping(data)["kind"]))
    part, faults = validate(module.PART, data)
    faults += list(module.check(mapping(data)))
    if part is None or faults:
        return None, faults
    method: Method = module.make(name, part)
    return method, []


def _before(name: str, data: object) -> Iterator[Finding]:
    if not NAME.fullmatch(name):
        yield Finding((), NAME_RULE, show(name), at="key")
    elif not isinstance(data, dict):
        yield Finding((), "a mapping (key: value)", show(data))
    elif "kind" not in data:
        yield Finding(("kind",), f"the key 'kind': {listed(KINDS)}", "none")
    elif data["kind"] not in KINDS:
        near = did_you_mean(data["kind"], KINDS) if isinstance(data["kind"], str) else ""
        yield Finding(("kind",), listed(KINDS), show(data["kind"]), near)
