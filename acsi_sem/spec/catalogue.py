"""The index systems that ship with the toolkit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from acsi_sem.errors import Problem, UsageError
from acsi_sem.spec.findings import did_you_mean, listed
from acsi_sem.spec.graph import higher_order
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Fieldwork, Model, Text
from acsi_sem.terms import Engine, ModelKind, Standing

_PACKAGE: Final = Path(__file__).resolve().parents[1]

_STRUCTURAL: Final[tuple[Engine, ...]] = ("pls", "plsc", "semopy", "ml", "ols", "ordinal")
_HIGHER: Final[tuple[Engine, ...]] = ("pls", "ols")
_COMPOSITE: Final[tuple[Engine, ...]] = ("composite",)


@dataclass(frozen=True, slots=True)
class Entry:
    """A model file, in short.

    Attributes
    ----------
    name : str
        Of the model, which is also that of its file.
    file : Path
    title : Text
    kind : {"structural", "composite"}
    constructs, items, paths : int
        How many there are; an item that is derived counts once.
    scales : tuple of (low, high)
        Of its items, the most frequent first.
    engines : tuple of str
        That can fit it.
    fieldwork : Fieldwork
    evidence : tuple of (standing, count)
        In the order documented, derived, unverified, ours.
    """

    name: str
    file: Path
    title: Text
    kind: ModelKind
    constructs: int
    items: int
    paths: int
    scales: tuple[tuple[float, float], ...]
    engines: tuple[Engine, ...]
    fieldwork: Fieldwork
    evidence: tuple[tuple[Standing, int], ...]


def model_folder(package: Path = _PACKAGE) -> Path:
    """Return the folder of the model files.

    Parameters
    ----------
    package : Path
        Folder of the package.

    Returns
    -------
    Path
        ``acsi_sem/models`` of an installed package, else ``models`` of the checkout.

    Raises
    ------
    UsageError
        If neither is there.

    Examples
    --------
    >>> (model_folder() / "acsi.yaml").is_file()
    True
    """
    places = (package / "models", package.parent / "models")
    for place in places:
        if (place / "acsi.yaml").is_file():
            return place
    got, remedy = "none beside the package", "install acsi-sem anew, or name a model file"
    raise UsageError(Problem(str(package), "models", "a folder of model files", got, remedy))


def model_names() -> tuple[str, ...]:
    """Return the names of the models that ship, in alphabetical order."""
    return tuple(sorted(file.stem for file in model_folder().glob("*.yaml")))


def list_models() -> tuple[Entry, ...]:
    """Return what ships, in alphabetical order of names.

    Raises
    ------
    UsageError
        If the model files are not there.
    SpecError
        If one of them is not valid.

    Examples
    --------
    >>> [entry.constructs for entry in list_models() if entry.name == "acsi"]
    [6]
    """
    files = (model_folder() / f"{name}.yaml" for name in model_names())
    return tuple(describe(load_model(file), file) for file in files)


def find_model(name: str) -> Path:
    """Return the model file that a name or a path means.

    Parameters
    ----------
    name : str
        Of a model that ships, or the path of a model file: anything with a folder or an extension
        in it. A path need not exist; `load_model` refuses one that does not.

    Raises
    ------
    UsageError
        If no model of this name ships.

    Examples
    --------
    >>> find_model("acsi").name, find_model("mine/acsi.yaml").as_posix()
    ('acsi.yaml', 'mine/acsi.yaml')
    """
    known = model_names()
    if name in known:
        return model_folder() / f"{name}.yaml"
    path = Path(name)
    if path.suffix or len(path.parts) > 1 or path.is_file():
        return path
    near = did_you_mean(name, known)
    remedy = f"{near} Or name a model file" if near else "or name a model file"
    raise UsageError(Problem("models", "", f"a name: {listed(known)}", repr(name), remedy))


def describe(model: Model, file: Path) -> Entry:
    """Return a model in short; `file` is where it stands."""
    scales = Counter((item.low, item.high) for item in model.answers)
    standings = Counter(statement.standing for statement in model.evidence)
    return Entry(
        name=model.name,
        file=file,
        title=model.title,
        kind=model.kind,
        constructs=len(model.constructs),
        items=len(model.answers),
        paths=len(model.paths),
        scales=tuple(scale for scale, _ in scales.most_common()),
        engines=fitting_engines(model),
        fieldwork=model.fieldwork,
        evidence=tuple(
            (standing, standings[standing])
            for standing in get_args(Standing)
            if standings[standing]
        ),
    )


def fitting_engines(model: Model) -> tuple[Engine, ...]:
    """Return the engines that can fit a model.

    Examples
    --------
    >>> fitting_engines(load_model("models/acsi.yaml"))
    ('pls', 'plsc', 'semopy', 'ml', 'ols', 'ordinal')
    """
    if model.kind == "composite":
        return _COMPOSITE
    return _HIGHER if higher_order(model) else _STRUCTURAL
