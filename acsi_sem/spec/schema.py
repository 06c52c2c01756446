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
    kinds = []
    for kind in KINDS:
        part = module_of(kind).PART.model_json_schema(by_alias=True)
        made["$defs"] |= part.pop("$defs", {})
        part["properties"]["kind"] = {"const": kind, "description": part["description"]}
        made["$defs"][f"method_{kind}"] = part
        kinds.append({"$ref": f"#/$defs/method_{kind}"})
    made["properties"]["methods"]["additionalProperties"] = {"oneOf": kinds}
    return made


def schema_text(schema: dict[str, Any]) -> str:
    """Return a schema as it is kept in a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(document: type[BaseModel], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **document.model_json_schema(by_alias=True), "title": title}
