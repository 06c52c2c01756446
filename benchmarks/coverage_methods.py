"""How often 95 % intervals of the assessment methods and of a composite index cover the truth.

Writes `coverage_methods.csv`, one row per design and number. Populations are large simulated
surveys with further questions; the truth is the method on the whole of one; samples are simple, or
of clusters in strata with unequal weights: ``python -m benchmarks.coverage_methods --workers 2``.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Request
from acsi_sem.methods.base import Setting
from acsi_sem.methods.catalogue import run_methods
from acsi_sem.simulate.demo import demo_survey
from acsi_sem.simulate.extras import extra_columns
from acsi_sem.spec.fields import resolve_fields
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.model import Model
from acsi_sem.spec.study import DesignColumns, Study
from acsi_sem.survey.people import people_from_frame
from acsi_sem.survey.read import survey_from_frame
from acsi_sem.terms import ALL

ROOT: Final = Path(__file__).parents[1]
TABLE: Final = Path(__file__).with_name("coverage_methods.csv")
COLUMNS: Final = (
    *("design", "interviews", "kind", "measure", "subject", "category", "truth"),
    *("replications", "draws", "coverage", "coverage_mcse", "below", "above", "withheld"),
    "se_ratio",
)
KINDS: Final = ("satisfaction_rate", "pe_gap", "quadrant", "rating_form", "fuzzy", "kano")
MORE: Final = ("penalty_reward", "pareto", "complaints", "loyalty")
LEFT_OUT: Final = ("stability", "category", "category_sum", "lorenz", "quadrant", "class_value")
INTERVIEWS: Final = 12_000
"""Per company of the population, of which there are six."""
STRATA: Final = 10
CLUSTER: Final = 10
Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run."""

    replications: int = 400
    draws: int = 400
    interviews: int = 200
    seed: int = 2026


@cache
def population() -> pd.DataFrame:
    """Return the population, its rows in clusters of people who answer alike, within strata."""
    model = load_model(ROOT / "models/acsi.yaml")
    frame = demo_survey(model, seed=7, interviews=INTERVIEWS)
    frame = extra_columns(frame, model, 7)
    rng = np.random.default_rng(11)
    # People of a neighbourhood answer somewhat alike: sorted by satisfaction with much noise.
    level = frame["SATIS"].where(frame["SATIS"] <= 10).fillna(7) + rng.normal(0, 6, len(frame))
    frame = frame.iloc[np.argsort(level.to_numpy(), kind="stable")].reset_index(drop=True)
    clusters = rng.permutation(len(frame) // CLUSTER)
    frame["PSU"] = clusters[np.arange(len(frame)) // CLUSTER % clusters.size]
    frame["REGION10"] = frame["PSU"] % STRATA
    return frame


def draw(design: str, plan: Plan, number: int) -> pd.DataFrame:
    """Draw one sample: rows, or clusters within strata of unequal sampling fractions."""
    rng = np.random.default_rng([plan.seed, number])
    whole = population()
    if design == "simple":
        made: pd.DataFrame = whole.iloc[rng.choice(len(whole), plan.interviews, replace=False)]
        weighted: pd.DataFrame = made.assign(W=1.0)
        return weighted
    per = plan.interviews // CLUSTER // STRATA
    parts = []
    for stratum in range(STRATA):
        own = np.unique(whole.loc[whole["REGION10"] == stratum, "PSU"])
        count = per + (1 if stratum % 2 else -1) * (per > 2)
        for psu in rng.choice(own, count, replace=False):
            rows = whole.iloc[_rows_of()[psu]]
            parts.append(rows.assign(W=own.size / count / 100))
    drawn: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return drawn


@cache
def _rows_of() -> dict[int, Any]:
    return {int(str(key)): rows for key, rows in population().groupby("PSU").indices.items()}


@cache
def _study() -> tuple[Study, Model, Model]:
    study = load_study(ROOT / "data/methods/study.yaml")
    return study, load_model(ROOT / "models/acsi.yaml"), load_model(ROOT / "models/kcsi.yaml")


def numbers(frame: pd.DataFrame, design: str, draws: int) -> dict[Key, Mapping[str, float]]:
    """Return every number of the methods, and a KCSI form's index, with its limits."""
    study, model, _ = _study()
    complex_ = design == "complex"
    columns = DesignColumns("W", stratum="REGION10", psu="PSU") if complex_ else DesignColumns()
    own = Study("coverage", study.title, study.model, design=columns, items=study.items)
    methods = [m for m in study.methods if m.kind in (*KINDS, *MORE)]
    named = [(m.name, name) for m in methods for _, name in m.named()]
    people = people_from_frame(frame, resolve_fields(model, study.items, named, "x"), study=own)
    request = Request(replicates=draws, minimum_rows=2, study="coverage")
    found: dict[Key, Mapping[str, float]] = {}
    for result in run_methods(methods, Setting(people, request)).results:
        for row in result.rows:
            if row["measure"] not in LEFT_OUT and row["group"] == ALL:
                subject, part = (str(row.get(name, "")) for name in ("subject", "category"))
                nan = float("nan")
                found[result.kind, row["measure"], subject, part] = {
                    name: float(row.get(name, nan)) for name in _NUMBERS
                }
    found[("composite", "index", "kcsi", "")] = _composite(frame, columns, draws)
    return found


_NUMBERS: Final = ("value", "std_error", "conf_low", "conf_high")


def _composite(frame: pd.DataFrame, columns: DesignColumns, draws: int) -> Mapping[str, float]:
    _, _, kcsi = _study()
    names = {"ALLSAT": "SATIS", "PRODSAT": "OVERALLQ", "SERVSAT": "CUSTOMQ", "REBUY": "REPUR"}
    answers = frame.rename(columns={old: new for new, old in names.items()})
    answers["IMAGESAT"] = frame["CUSTOMX"]
    for name in ("ALLSAT", "PRODSAT", "SERVSAT", "REBUY", "IMAGESAT"):
        given = answers[name].where(answers[name] <= 10)
        answers[name] = np.ceil(given * 0.7)
    survey = survey_from_frame(answers, kcsi, design=columns, minimum_rows=2)
    table = fit(kcsi, survey, bootstrap=draws, minimum_rows=2).indices
    row = table[table["construct"] == "kcsi"].iloc[0]
    return {
        "value": row["index"],
        "std_error": row["std_error"],
        "conf_low": row["conf_low"],
        "conf_high": row["conf_high"],
    }


def measure(design: str, plan: Plan, tasks: Sequence[int]) -> list[dict[Key, Mapping[str, float]]]:
    """Return the numbers of some samples."""
    return [numbers(draw(design, plan, number), design, plan.draws) for number in tasks]


def rows(
    design: str, plan: Plan, truth: Mapping[Key, Mapping[str, float]], samples: Sequence[Any]
) -> Iterator[dict[str, object]]:
    """Yield a row per number: how often its limits hold the truth, and on which side they miss."""
    for key, one in truth.items():
        own = np.array(
            [[s.get(key, {}).get(name, np.nan) for name in _NUMBERS] for s in samples], dtype=float
        )
        bounded = np.isfinite(own[:, 2:]).all(axis=1)
        if not bounded.any() or not np.isfinite(one["value"]):
            continue
        value = one["value"]
        above, below = own[bounded, 2] > value, own[bounded, 3] < value
        covered = float((~above & ~below).mean())
        yield {
            "design": design,
            "interviews": plan.interviews,
            "kind": key[0],
            "measure": key[1],
            "subject": key[2],
            "category": key[3],
            "truth": value,
            "replications": len(samples),
            "draws": plan.draws,
            "coverage": covered,
            "coverage_mcse": float(np.sqrt(covered * (1 - covered) / bounded.sum())),
            "below": float(above.mean()),
            "above": float(below.mean()),
            "withheld": float(1 - bounded.mean()),
            "se_ratio": _ratio(own),
        }


def _ratio(own: np.ndarray) -> float:
    """Return the mean standard error over the standard deviation of the estimates."""
    known = own[np.isfinite(own[:, 1])]
    spread = float(known[:, 0].std(ddof=1)) if len(known) > 1 else 0.0
    return float(known[:, 1].mean()) / spread if spread > 0 else float("nan")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the study and write its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=Plan().replications)
    parser.add_argument("--draws", type=int, default=Plan().draws)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=TABLE)
    given = parser.parse_args(arguments)
    plan = Plan(given.replications, given.draws)
    truth = numbers(population().assign(W=1.0), "simple", 0)
    chunks = [range(at, min(at + 20, plan.replications)) for at in range(0, plan.replications, 20)]
    with (
        given.out.open("w", encoding="utf-8", newline="") as handle,
        ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool,
    ):
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for design in ("simple", "complex"):
            samples = []
            for part in pool.map(partial(measure, design, plan), chunks):
                samples += part
                print(f"{design}: {len(samples)}", file=sys.stderr)
            for row in rows(design, plan, truth, samples):
                writer.writerow({name: _text(row[name]) for name in COLUMNS})


def _text(value: object) -> object:
    if not isinstance(value, float):
        return value
    return f"{value:.4f}" if np.isfinite(value) else ""


if __name__ == "__main__":
    main()
