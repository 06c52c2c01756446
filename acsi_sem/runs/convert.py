"""Models between lavaan's syntax and model files."""

from __future__ import annotations

from pathlib import Path

from acsi_sem.errors import Problem, UsageError
from acsi_sem.runs.folder import write_folder
from acsi_sem.spec.lavaan import read_lavaan, to_lavaan
from acsi_sem.spec.load import load_model

MODEL_FILES = (".yaml", ".yml")


def convert_model(
    source: Path, out: Path, *, index: str | None, scale: tuple[float, float], force: bool
) -> tuple[str, ...]:
    """Convert a model; the endings of the two names say in which direction.

    Parameters
    ----------
    source : Path
        lavaan syntax, or a model file when it ends in .yaml or .yml.
    out : Path
        The other kind.
    index : str, optional
        Index construct of the model file.
    scale : tuple of float
        Ends of the answer scales, which lavaan's syntax does not tell.
    force : bool
        Replace an existing file.

    Returns
    -------
    tuple of str
        What was left out or kept differently, one sentence each.

    Raises
    ------
    SpecError
        With everything the other side cannot say, and where.
    UsageError
    """
    from_model = source.suffix.lower() in MODEL_FILES
    if from_model == (out.suffix.lower() in MODEL_FILES):
        expected = "lavaan syntax (.lav)" if from_model else "a model file (.yaml)"
        raise UsageError(Problem(str(out), "", expected, repr(out.name)))
    if out.exists() and not force:
        remedy = "choose another name, or replace it by --force"
        raise UsageError(Problem(str(out), "", "a new file", "one that exists", remedy))
    notices: tuple[str, ...] = ()
    if from_model:
        text = to_lavaan(load_model(source))
    else:
        found = read_lavaan(source, scale=scale, index=index)
        text, notices = (
            found.yaml(),
            tuple(f"{told.subject}: {told.message}" for told in found.notices),
        )
    write_folder(out.parent, {out.name: text.encode()}, out.name)
    return notices
