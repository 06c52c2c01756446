"""`acsi-sem models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from acsi_sem.cli.terminal import say
from acsi_sem.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LANGUAGES = ("en", "zh-Hans", "zh-Hant")
FORMATS = ("text", "csv")


def models(
    name: Annotated[
        str | None,
        typer.Argument(help="A model of the list, or a model file; the list by default."),
    ] = None,
    language: Annotated[str, typer.Option("--language", help="en, zh-Hans or zh-Hant.")] = "en",
    form: Annotated[
        str, typer.Option("--format", help="text, or csv: the list, or a model's codebook.")
    ] = "text",
) -> None:
    """List the index systems that ship, or say everything about one."""
    problems = [
        Problem("models", option, ", ".join(known), repr(value))
        for option, value, known in (
            ("--language", language, LANGUAGES),
            ("--format", form, FORMATS),
        )
        if value not in known
    ]
    if problems:
        raise UsageError(problems)
    for line in _all(language, form) if name is None else _one(name, language, form):
        say(line)


def _all(language: str, form: str) -> Iterable[str]:
    from acsi_sem.runs.model_card import COLUMNS, model_rows, model_table
    from acsi_sem.spec.catalogue import list_models

    entries = list_models()
    if form == "text":
        return model_table(entries, language)
    return _csv(COLUMNS, [list(row.values()) for row in model_rows(entries, language)])


def _one(name: str, language: str, form: str) -> Iterable[str]:
    from acsi_sem.runs.codebook import codebook
    from acsi_sem.runs.model_card import model_card
    from acsi_sem.spec.catalogue import describe, find_model
    from acsi_sem.spec.load import load_model

    file = find_model(name)
    model = load_model(file)
    if form == "text":
        return model_card(model, describe(model, file), language)
    table = codebook(model)
    return _csv([str(column) for column in table], table.to_numpy().tolist())


def _csv(head: Sequence[str], rows: list[list[str]]) -> list[str]:
    import csv
    import io

    page = io.StringIO()
    csv.writer(page, lineterminator="\n").writerows((head, *rows))
    return page.getvalue().splitlines()
