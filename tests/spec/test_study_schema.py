"""The schema of study files lets editors accept what we accept, and point at what we refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acsi_sem.spec.methods.catalogue import KINDS
from acsi_sem.spec.schema import study_schema
from acsi_sem.spec.yaml_source import read_source

ROOT = Path(__file__).parents[2]
STUDIES = sorted((ROOT / "data").glob("*/*.yaml"))
TYPES = {int: "integer", str: "string"}
SCHEMA = study_schema()


def types_of(part: dict[str, Any]) -> set[str]:
    """Return the types that a part of the schema allows."""
    return {part["type"]} if "type" in part else {one["type"] for one in part["anyOf"]}


def periods(data: Any) -> list[tuple[str, object]]:
    """Return (part, period) of everything in a study that names one."""
    survey = data.get("survey") or {}
    systems = (data.get("compare") or {}).get("systems") or {}
    found = [("SurveyPart", survey.get("period"))]
    found += [("SystemPart", system.get("period")) for system in systems.values()]
    return [(part, period) for part, period in found if period is not None]


@pytest.mark.parametrize("part", ["SurveyPart", "SystemPart"])
def test_a_period_is_a_year_or_text(part: str) -> None:
    assert types_of(SCHEMA["$defs"][part]["properties"]["period"]) == {"integer", "string", "null"}


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: str(file.relative_to(ROOT)))
def test_periods_of_shipped_studies_are_allowed(file: Path) -> None:
    for part, period in periods(read_source(file).data):
        assert TYPES[type(period)] in types_of(SCHEMA["$defs"][part]["properties"]["period"])


def test_every_kind_of_method_has_its_branch() -> None:
    methods = SCHEMA["properties"]["methods"]["additionalProperties"]
    assert methods["required"] == ["kind"]
    assert methods["properties"]["kind"]["enum"] == list(KINDS)
    assert "oneOf" not in methods
    branches = {one["if"]["properties"]["kind"]["const"]: one for one in methods["allOf"]}
    assert list(branches) == list(KINDS)
    for kind, branch in branches.items():
        assert branch["if"]["required"] == ["kind"]
        definition = SCHEMA["$defs"][branch["then"]["$ref"].removeprefix("#/$defs/")]
        assert definition["properties"]["kind"]["const"] == kind
        assert definition["additionalProperties"] is False
