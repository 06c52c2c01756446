"""Starting a study: a model, a study file, a questionnaire and a workbook to fill in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acsi_sem.errors import Problem, UsageError
from acsi_sem.runs.codebook import CODEBOOK, CODES, DATA, LANGUAGES, OWN, codebook
from acsi_sem.runs.folder import check_writable, write_folder
from acsi_sem.runs.questionnaire import questionnaire
from acsi_sem.runs.simulated import refuse_existing
from acsi_sem.simulate.demo import PEOPLE, demo_columns
from acsi_sem.spec.catalogue import find_model, fitting_engines
from acsi_sem.spec.findings import listed
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Model, Text
from acsi_sem.spec.model_yaml import yaml_languages, yaml_text
from acsi_sem.terms import ENGINES, Engine

MODEL, STUDY, QUESTIONS, BOOK = "model.yaml", "study.yaml", "questionnaire.md", "data.xlsx"

_SCHEMA_LINE: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?# yaml-language-server:[^\n]*\n")
TRIED_WITH: Final = 400
"""Simulated interviews per company: enough for every age and region to be shown, not withheld."""

_USUAL: Final[tuple[Engine, ...]] = ("pls", "semopy", "ols")
_SPACES: Final = re.compile(r"\s+")

_STUDY: Final = """\
# A study: which model, which survey, and how to estimate. `acsi-sem report study.yaml` reads it.
# Every key is explained by `acsi-sem schema study`; `acsi-sem validate study.yaml` checks the file.
schema: 1
name: {name}
title: {title}
description: Describe the survey here, when it was held, how people were chosen and asked.
source: Say here where the data come from.

# The theory, and the answers: fill in data.xlsx (its sheet codebook says what each column holds),
# or name another file: xlsx, csv, sav (SPSS), dta (Stata) or parquet, with the same columns.
model: {model}
data: {{file: {book}, sheet: {data}}}

# Survey weights and strata. Remove this line if everybody counts the same and nothing was
# stratified; add psu: COLUMN if people were drawn in clusters.
design: {{weight: WEIGHT, weight_kind: sampling, stratum: STRATUM}}

# An index is made for every company, with its interval; change group to industry for industries.
levels: {{company: COMPANY, industry: INDUSTRY}}
group: COMPANY
columns:
{columns}
{breakdowns}
# How the index is estimated. This model can be fitted by {engines}.
engines: [{chosen}]
{estimation}
# Intervals: how often the survey is redrawn, the seed of the draws, the confidence level.
resampling: {{replicates: 2000, seed: 1, level: 0.95}}
{more}
# Groups with fewer interviews than this are withheld. Languages: en, zh-Hans, zh-Hant.
report: {{language: {language}, minimum_rows: 50}}
"""
_BREAKDOWNS: Final = """
# The index of parts of the customers. Give your own codes; a number such as age has bins.
breakdowns:
"""
_ESTIMATION: Final = """\
# available: the index rests on every answer; complete: on people who answered everything.
estimation: {scheme: path, index_means: available}
"""
_MORE: Final = """
# Remove the signs # to test how well the model predicts, and to compare the groups in pairs.
# prediction: {folds: 10, repetitions: 2}
# comparison: {permutations: 399}
"""


@dataclass(frozen=True, slots=True)
class Started:
    """What was written to start a study.

    Attributes
    ----------
    folder : Path
    files : tuple of str
    steps : tuple of str
        Commands to go on with, in order.
    """

    folder: Path
    files: tuple[str, ...]
    steps: tuple[str, ...]


def start_study(name: str, out: Path, *, language: str = "en", force: bool = False) -> Started:
    """Write what a new study needs into a folder.

    Parameters
    ----------
    name : str
        Of a model that ships, or the path of a model file.
    out : Path
        Made if it does not exist.
    language : {"en", "zh-Hans", "zh-Hant"}
        Of the questionnaire and the report.
    force : bool
        True to replace files that exist.

    Returns
    -------
    Started

    Raises
    ------
    UsageError
        If the model or the language is unknown, the folder cannot be written, or files exist and
        `force` is not set.
    SpecError
        If the model file is not valid.
    """
    if language not in LANGUAGES:
        raise UsageError(Problem("init", "--language", listed(LANGUAGES), repr(language)))
    file = find_model(name)
    model = load_model(file)
    check_writable(out)
    files = {
        MODEL: _SCHEMA_LINE.sub(b"", file.read_bytes()),
        STUDY: study_text(model, language).encode("utf-8"),
        QUESTIONS: questionnaire(model, language).encode("utf-8"),
        BOOK: _book(model),
    }
    refuse_existing([out / name for name in files], force=force)
    write_folder(out, files, STUDY)
    return Started(out, tuple(files), tuple(_steps(out)))


def _steps(out: Path) -> Iterator[str]:
    if out.resolve() != Path.cwd():
        yield f"cd {shlex.quote(str(out))}"
    yield f"acsi-sem simulate --model {MODEL} --out {BOOK} --interviews {TRIED_WITH} --force"
    yield f"acsi-sem report {STUDY}"


def _book(model: Model) -> bytes:
    import pandas as pd

    from acsi_sem.report.data_book import write_book

    empty = pd.DataFrame(columns=list(demo_columns(model)))
    return write_book({DATA: empty, CODEBOOK: codebook(model)})


def study_text(model: Model, language: str = "en") -> str:
    """Return the text of a study file for a model, valid as it stands.

    Parameters
    ----------
    model : Model
    language : {"en", "zh-Hans", "zh-Hant"}
        Of the report.

    Returns
    -------
    str
        YAML with comments. The model is `MODEL` and the survey `BOOK` in the same folder.
    """
    fitting = fitting_engines(model)
    composite = model.kind == "composite"
    return _STUDY.format(
        name=yaml_text(model.name),
        title=yaml_languages(_one_line(model.title)),
        model=MODEL,
        book=BOOK,
        data=DATA,
        columns="\n".join(f"  {name}: {{label: {_own(name)}}}" for name in ("COMPANY", "INDUSTRY")),
        breakdowns=_breakdowns(model),
        engines=listed([engine for engine in ENGINES if engine in fitting]),
        chosen=", ".join([engine for engine in _USUAL if engine in fitting] or fitting),
        estimation="" if composite else _ESTIMATION,
        more="" if composite else _MORE,
        language=language,
    )


def _breakdowns(model: Model) -> str:
    entries = {"AGE": "bins: [18, 30, 45, 60]"}
    for name, codes in CODES.items():
        shown = ", ".join(f"{code}: {yaml_languages(label)}" for code, label in codes)
        entries[name] = f"codes: {{{shown}}}"
    asked = set(demo_columns(model)[2:]) & {item.column for item in model.answers}
    lines = [
        f"  {name}: {{label: {_own(name)}, {entries[name]}}}"
        for name in PEOPLE
        if name not in asked
    ]
    return "\n".join((_BREAKDOWNS.rstrip("\n"), *lines, "")) if lines else ""


def _own(name: str) -> str:
    return yaml_languages(OWN[name].text)


def _one_line(text: Text) -> Text:
    return Text(tuple((language, _SPACES.sub(" ", words)) for language, words in text.entries))
