"""What a run was made of: versions, hashes, arguments. No clock, no host, no absolute path."""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from acsi_sem.analysis.values import Fit
    from acsi_sem.spec.study import Study

PACKAGES: Final = (
    "acsi-sem",
    "numpy",
    "scipy",
    "pandas",
    "semopy",
    "statsmodels",
    "matplotlib",
    "jinja2",
    "xlsxwriter",
    "pydantic",
    "ruamel.yaml",
    "pyarrow",
    "pyreadstat",
    "python-calamine",
)


def versions() -> tuple[tuple[str, str], ...]:
    """Return the versions of Python and of every package that shapes the output."""
    return (("python", platform.python_version()), *((name, version(name)) for name in PACKAGES))


def input_hashes(fit: Fit, study: Study | None) -> tuple[tuple[str, str], ...]:
    """Return (file name, SHA-256) of the model, the study and the survey."""
    found = [(f"model {fit.model.name}", fit.model.sha256)]
    if study is not None:
        found.append((f"study {study.name}", study.sha256))
    found.append((f"survey {fit.survey.source.name}", fit.survey.source.sha256))
    return tuple(found)


def manifest(
    fit: Fit, study: Study | None, arguments: Mapping[str, object], files: Mapping[str, bytes]
) -> dict[str, Any]:
    """Return the manifest of a run as plain data, the same for the same inputs.

    Parameters
    ----------
    fit : Fit
    study : Study or None
    arguments : mapping
        What the command was given.
    files : mapping name -> bytes
        What the run writes beside the manifest; listed with hashes.
    """
    source = fit.survey.source
    return {
        "schema": 1,
        "study": fit.request.study,
        "model": fit.model.name,
        "versions": dict(versions()),
        "inputs": [{"input": name, "sha256": digest} for name, digest in input_hashes(fit, study)],
        "survey": {"format": source.format, "encoding": source.encoding, "rows": source.rows},
        "seed": fit.request.seed,
        "arguments": dict(arguments),
        "request": asdict(fit.request),
        "rows": list(_row_counts(fit)),
        "missing": [asdict(count) for count in fit.survey.missing],
        "warnings": [asdict(notice) for notice in fit.notices],
        "convergence": [
            {name: _number(value) for name, value in asdict(found).items()}
            for found in fit.diagnoses
        ],
        "replicates": [asdict(count) for count in fit.replicates],
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }


def _number(value: object) -> object:
    """Write what is not a number as null, which JSON has."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _row_counts(fit: Fit) -> Iterator[dict[str, object]]:
    """Yield, per group, the respondents that came in and those every estimate rests on."""
    complete = fit.survey.complete
    stands_for = fit.survey.design.respondents
    groups = fit.survey.groups
    for name in fit.groups:
        if groups is not None and name != fit.groups[0]:
            rows = groups.codes == groups.values.index(name)
        else:
            rows = complete | ~complete
        yield {
            "group": name,
            "rows": round(float(stands_for[rows].sum())),
            "complete": round(float(stands_for[rows & complete].sum())),
            "incomplete": round(float(stands_for[rows & ~complete].sum())),
        }


def shown_path(path: Path | str) -> str:
    """Return the file name of a path: folders differ between machines and are nobody's business."""
    return Path(path).name
