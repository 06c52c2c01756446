"""JSON Schema of model and study files, for completion and checking in editors."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from acsi_sem.spec.documents import ModelDocument
from acsi_sem.spec.methods.catalogue import KINDS, module_of
from acsi_sem.spec.study_documents import StudyDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def model_schema() -> dict[str, Any]:
    """Return the JSON Schema of a model file."""
    return _schema(ModelDocument, "acsi_sem model file")


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study file, each kind of method with keys of its own."""
    made = _schema(StudyDocument, "acsi_sem study file")
    branches = []
    for kind in KINDS:
        part = module_of(kind).PART.model_json_schema(by_alias=True)
        made["$defs"] |= part.pop("$defs", {})
        part["properties"]["kind"] = {"const": kind, "description": part["description"]}
        made["$defs"][f"method_{kind}"] = part
        branches.append(_branch(kind))
    made["properties"]["methods"]["additionalProperties"] = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(KINDS), "description": "Which method"}},
        "allOf": branches,
    }
    return made


def _branch(kind: str) -> dict[str, Any]:
    """Choose the keys of one kind; `oneOf` would let no editor point at the key that is wrong."""
    chosen = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
    return {"if": chosen, "then": {"$ref": f"#/$defs/method_{kind}"}}


def schema_text(schema: dict[str, Any]) -> str:
    """Return a schema as it is kept in a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(document: type[BaseModel], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **document.model_json_schema(by_alias=True), "title": title}
