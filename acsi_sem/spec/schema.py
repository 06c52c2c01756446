"""JSON Schema of model and study files, for completion and checking in editors."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from acsi_sem.spec.documents import ModelDocument
from acsi_sem.spec.study_documents import StudyDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def model_schema() -> dict[str, Any]:
    """Return the JSON Schema of a model file."""
    return _schema(ModelDocument, "acsi_sem model file")


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study file."""
    return _schema(StudyDocument, "acsi_sem study file")


def schema_text(schema: dict[str, Any]) -> str:
    """Return a schema as it is kept in a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(document: type[BaseModel], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **document.model_json_schema(by_alias=True), "title": title}
