"""Writing simulated surveys: a small one for demonstration, and a nation's with its truth."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acsi_sem.errors import Problem, SpecError, UsageError
from acsi_sem.runs.folder import check_writable, write_folder
from acsi_sem.simulate.demo import COMPANIES, demo_survey
from acsi_sem.spec.load import load_model
from acsi_sem.tables.write import csv_bytes, parquet_bytes

if TYPE_CHECKING:
    import pandas as pd

    from acsi_sem.simulate.national_plan import NationPlan
    from acsi_sem.spec.hierarchy import Hierarchy
    from acsi_sem.spec.model import Model

UNITS, SHARES, TRUTH, STUDY = "units.csv", "shares.csv", "truth.csv", "study.yaml"
DECIMALS: Final = 6
"""Of the truth; it is right to more."""

_CHECKOUT: Final = Path(__file__).resolve().parents[2]

_STUDY: Final = """\
# A simulated nation; `acsi-sem simulate --nation` writes the surveys beside this file.
schema: 1
name: national
title: Simulated national index of customer satisfaction
description: A simulated survey of invented companies; no real customer was asked.
source: Simulated by acsi_sem with a fixed seed.
model: {model}
data: {{file: "survey-{{period}}.parquet"}}
design: {{weight: WEIGHT, weight_kind: sampling, stratum: STRATUM}}
levels: {{company: COMPANY, industry: INDUSTRY, sector: SECTOR}}
group: COMPANY
columns:
  COMPANY:  {{label: Company}}
  INDUSTRY: {{label: Industry}}
  SECTOR:   {{label: Sector}}
breakdowns:
  GENDER: {{label: Gender, codes: {{1: Male, 2: Female}}}}
  AGE:    {{label: Age, bins: [18, 30, 45, 60]}}
  REGION: {{label: Region, codes: {{1: North, 2: East, 3: South, 4: West}}}}
engines: [pls, ml, ols]
estimation: {{scheme: path, index_means: available}}
resampling: {{replicates: 2000, seed: 1, level: 0.95}}
nation:
  title: Simulated nation
  units: units.csv
  shares: shares.csv
  measures: {{company: sales, industry: sales, sector: gdp}}
  form: pooled
  window: 4
run:
  store: published
  first: {first}
  due_after_days: 5
  fail_above: 0.1
  replicated: [pls, ols]    # the others' intervals are linearised; `run --full` draws for all
report: {{language: en, minimum_rows: 50}}
"""


@dataclass(frozen=True, slots=True)
class NationFiles:
    """What was written of a nation.

    Attributes
    ----------
    files : tuple of str
        In the folder.
    interviews : int
        Over all quarters.
    study_kept : bool
        True where a study file was there already, and is left as it was.
    """

    files: tuple[str, ...]
    interviews: int
    study_kept: bool


def default_model(name: Path, checkout: Path = _CHECKOUT) -> Path:
    """Return the model file to simulate with where none is named.

    Parameters
    ----------
    name : Path
        Relative to the working folder, or else to the checkout.
    checkout : Path
        That the package is run from, or the folder that it is installed in.

    Raises
    ------
    UsageError
        If neither has it, as where the package was installed without its source.
    """
    for path in (name, checkout / name, checkout / "acsi_sem" / name):
        if path.is_file():
            return path
    got = f"no {name} in this folder"
    remedy = f"name one by --model PATH; {name} is part of the source of acsi-sem"
    raise UsageError(Problem("simulate", "--model", "a model file", got, remedy))


def write_demo(
    model: Path, out: Path, *, seed: int, interviews: int, force: bool, extras: bool = False
) -> int:
    """Simulate the demonstration survey and write it; return its number of rows.

    Parameters
    ----------
    model : Path
        Model file.
    out : Path
        A CSV file, or an XLSX workbook with the sheets ``data`` and ``codebook``.
    seed : int
        Determines every answer.
    interviews : int
        Per company.
    force : bool
        True to replace a file that exists.
    extras : bool
        True to add the columns of `acsi_sem.simulate.extras`.

    Raises
    ------
    SpecError
        If the model file is not valid, cannot be simulated, or does not ask what extras go with.
    UsageError
        If the file cannot be written, is neither a CSV nor an XLSX file, has more rows than a
        sheet holds, or exists and `force` is not set.
    """
    kind = out.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        expected = "a name that ends in .csv or .xlsx"
        raise UsageError(Problem(str(out), "", expected, repr(out.name)))
    refuse_existing([out], force=force)
    _check_rows(out, kind, interviews * len(COMPANIES))
    theory = load_model(model)
    frame = demo_survey(theory, seed=seed, interviews=interviews)
    if extras:
        from acsi_sem.simulate.extras import extra_columns

        frame = extra_columns(frame, theory, seed)
    data = csv_bytes(frame) if kind == ".csv" else _book(theory, frame)
    write_folder(out.parent, {out.name: data}, out.name)
    return len(frame)


def _check_rows(out: Path, kind: str, rows: int) -> None:
    from acsi_sem.report.workbook import MOST_ROWS

    if kind == ".xlsx" and rows > MOST_ROWS:
        expected, remedy = f"at most {MOST_ROWS:,} rows in a sheet", "write a .csv file"
        raise UsageError(Problem(str(out), "--interviews", expected, f"{rows:,}", remedy))


def _book(model: Model, frame: pd.DataFrame) -> bytes:
    from acsi_sem.report.data_book import write_book
    from acsi_sem.runs.codebook import CODEBOOK, DATA, codebook

    book = codebook(model)
    if more := [name for name in frame.columns if name not in set(book["column"])]:
        book = _with_extras(book, more)
    return write_book({DATA: frame, CODEBOOK: book})


def _with_extras(book: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    from acsi_sem.simulate.extras import EXTRAS, UNKNOWN

    rows = [
        {
            "column": one.name,
            "role": "answer" if one.scale else "amount",
            "en": one.label,
            "scale": f"{one.scale[0]}-{one.scale[1]}" if one.scale else "",
            "no_answer": f"{UNKNOWN} = don't know" if one.unknown else "",
        }
        for one in EXTRAS
        if one.name in names
    ]
    return pd.concat([book, pd.DataFrame(rows)], ignore_index=True).fillna("")


def write_nation(
    model: Path, out: Path, plan: NationPlan, *, truth: bool = True, force: bool = False
) -> NationFiles:
    """Simulate a nation, and write its surveys, units, shares, study and truth into a folder.

    Parameters
    ----------
    model : Path
        Model file.
    out : Path
        Folder; made if it does not exist.
    plan : NationPlan
    truth : bool
        False to leave out what is true of every unit.
    force : bool
        True to replace files that exist. A study file never is.

    Raises
    ------
    SpecError
        If the model file is not valid, or such a model cannot be simulated.
    UsageError
        If sizes do not fit each other, the folder cannot be written, or files exist and `force`
        is not set.
    """
    from acsi_sem.simulate.national import make_nation
    from acsi_sem.simulate.national_answers import quarter_survey

    theory = load_model(model)
    if theory.kind == "composite":
        expected, got = "a structural model of a nation", f"the composite index {theory.name}"
        raise SpecError(Problem(str(model), "kind", expected, got, "leave out --nation"))
    nation = make_nation(theory, plan)
    check_writable(out)
    surveys = {f"survey-{period}.parquet": period for period in plan.periods}
    names = [*surveys, UNITS, SHARES, *([TRUTH] if truth else [])]
    refuse_existing([out / name for name in names], force=force)
    files, interviews = {}, 0
    for name, period in surveys.items():
        frame = quarter_survey(nation, period)
        files[name] = parquet_bytes(frame)
        interviews += len(frame)
    files |= {
        UNITS: csv_bytes(_unit_table(nation.hierarchy)),
        SHARES: csv_bytes(_share_table(nation.hierarchy)),
    }
    if truth:
        from acsi_sem.simulate.national_truth import all_true_values

        files[TRUTH] = csv_bytes(all_true_values(nation).round({"value": DECIMALS}))
    study_kept = (out / STUDY).exists()
    if not study_kept:
        files[STUDY] = _study_text(model, out, plan).encode("utf-8")
    write_folder(out, files, UNITS)
    return NationFiles(tuple(files), interviews, study_kept)


def refuse_existing(paths: Sequence[Path], *, force: bool) -> None:
    """Refuse to replace files unasked, naming all of them.

    Raises
    ------
    UsageError
    """
    remedy = "choose another name, or replace it by --force"
    there = [path for path in paths if path.exists()]
    if there and not force:
        raise UsageError(
            [Problem(str(path), "", "a new file", "one that exists", remedy) for path in there]
        )


def _study_text(model: Path, out: Path, plan: NationPlan) -> str:
    path = Path(os.path.relpath(model.resolve(), out.resolve())).as_posix()
    return _STUDY.format(model=path, first=plan.first)


def _unit_table(hierarchy: Hierarchy) -> pd.DataFrame:
    import pandas as pd

    rows = [(u.level, u.name, u.parent, u.title, int(u.residual)) for u in hierarchy.units]
    return pd.DataFrame(rows, columns=["level", "unit", "parent", "title", "residual"])


def _share_table(hierarchy: Hierarchy) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (s.level, s.unit, s.measure, str(s.valid_from), str(s.valid_to), s.value, s.std_error)
        for s in hierarchy.shares
    ]
    names = ["level", "unit", "measure", "valid_from", "valid_to", "value", "std_error"]
    return pd.DataFrame(rows, columns=names)
