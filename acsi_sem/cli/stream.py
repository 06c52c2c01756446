"""`acsi-sem fit --stream`: a file larger than memory in, the tables of a fit out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from acsi_sem.analysis.pipeline import Progress
from acsi_sem.analysis.streamed import fit_streamed
from acsi_sem.analysis.values import Fit
from acsi_sem.errors import Problem, UsageError
from acsi_sem.inference.streamed import Mapper, Pass
from acsi_sem.runs.execute import (
    MANIFEST,
    FitCommand,
    Outcome,
    check_dated,
    request_for,
    table_files,
)
from acsi_sem.runs.folder import check_writable, write_folder
from acsi_sem.runs.provenance import manifest, shown_path
from acsi_sem.runs.workers import Workers
from acsi_sem.spec.load import load_model


def run_fit_streamed(command: FitCommand, progress: Progress, mapper: Mapper = map) -> Outcome:
    """Fit a model to a streamed survey file and write the tables.

    Parameters
    ----------
    command : FitCommand
    progress : callable
        ``progress(stage, done, total)``.
    mapper : callable
        As the built-in `map`, here or on workers.

    Raises
    ------
    SpecError, DataError, UsageError
    """
    check_writable(command.out)
    if command.sheet:
        remedy = "save the sheet as Parquet"
        problem = Problem("request", "sheet", "no workbook to stream", command.sheet, remedy)
        raise UsageError(problem)
    model = load_model(command.model)
    check_dated(model, command.settings.period)
    fitted = fit_streamed(
        model,
        command.data,
        request_for(model.name, command.settings, model, usual=1),
        group=command.group,
        design=command.design,
        mapper=mapper,
        progress=progress,
    )
    files = table_files(fitted)
    arguments: dict[str, object] = {
        "model": shown_path(command.model),
        "data": shown_path(command.data),
        "group": command.group,
        "weights": command.design.weight,
        "stream": True,
    }
    made = {**manifest(fitted, None, arguments, files), "rows": list(_row_counts(fitted))}
    text = json.dumps(made, indent=2, ensure_ascii=False, allow_nan=False)
    files[MANIFEST] = f"{text}\n".encode()
    write_folder(command.out, files, MANIFEST)
    return Outcome(fitted, command.out, tuple(sorted(files)))


def wave_mapper(workers: Workers, count: int) -> Mapper:
    """Return a mapper that keeps few results waiting, so that memory stays flat.

    Parameters
    ----------
    workers : Workers
    count : int
        How many there are; results come in waves of twice as many.
    """

    def mapper(task: Callable[[range], Pass], items: Sequence[range]) -> Iterator[Pass]:
        size = 2 * count
        for start in range(0, len(items), size):
            yield from workers.map(task, items[start : start + size])

    return mapper


def _row_counts(fit: Fit) -> Iterator[dict[str, object]]:
    """Yield, per group, the respondents that came in and those every estimate rests on."""
    first = fit.items.drop_duplicates("group")
    rows = dict(zip(first["group"], first["n"] + first["missing"], strict=True))
    complete = fit.indices.drop_duplicates("group").set_index("group")["n_complete"].to_dict()
    for name in fit.groups:
        kept = complete.get(name)
        yield {
            "group": name,
            "rows": int(rows[name]),
            "complete": None if kept is None else int(kept),
            "incomplete": None if kept is None else int(rows[name] - kept),
        }
