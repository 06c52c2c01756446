"""`acsi-sem validate`, `schema` and `convert`: model and study files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from acsi_sem.cli.terminal import say, tell
from acsi_sem.errors import Problem, SpecError, UsageError


def validate(
    files: Annotated[list[str], typer.Argument(help="Model or study files.", metavar="FILE...")],
) -> None:
    """Check model and study files; exit 3 with every error and its place."""
    from acsi_sem.methods.study_checks import check_study_methods
    from acsi_sem.spec.validate import validate_file

    problems: list[Problem] = []
    for file in files:
        try:
            told = validate_file(file)
            check_study_methods(file)
            say(told)
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)


def schema(
    kind: Annotated[str, typer.Argument(help="model or study")] = "model",
) -> None:
    """Print the JSON Schema of model (or study) files, for editors."""
    from acsi_sem.spec.schema import model_schema, schema_text, study_schema

    makers = {"model": model_schema, "study": study_schema}
    if kind not in makers:
        raise UsageError(Problem("acsi-sem schema", "", "model or study", repr(kind)))
    typer.echo(schema_text(makers[kind]()), nl=False)


def convert(
    source: Annotated[Path, typer.Argument(help="lavaan syntax or a model file.", metavar="FILE")],
    out: Annotated[Path, typer.Option("--out", help="File to write: .yaml or .lav.")],
    index: Annotated[str | None, typer.Option("--index", help="Index construct.")] = None,
    scale: Annotated[
        tuple[float, float], typer.Option("--scale", help="Ends of the answer scales.")
    ] = (1.0, 10.0),
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Turn lavaan syntax into a model file, or a model file into lavaan syntax."""
    from acsi_sem.runs.convert import convert_model

    for notice in convert_model(source, out, index=index, scale=scale, force=force):
        tell(notice)
    say(f"model: {out}")
