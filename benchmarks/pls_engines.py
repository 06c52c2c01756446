"""2,000 PLS replicates beside openpls-engine and semopy, and what each kind of interval costs.

``python -m benchmarks.pls_engines`` prints a table and writes ``pls_engines.csv``. Every ratio is
of times taken in this run, on the same rows: the 2015 interviews where they are on this machine,
else simulated ones with their means and covariances. Where openpls-engine is not installed in
``.venv-oracles`` its lines are left out, and the table says so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from acsi_model import acsi_model
from simulated import draw_answers, make_survey

import acsi_sem
from acsi_sem.estimators.pls import PlsEstimates, estimate_pls
from acsi_sem.estimators.preload import preload
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import Sample, group_moments, make_sample
from acsi_sem.inference.spreader import PERCENTILE, pls_fields
from acsi_sem.kernels.moments import Moments
from acsi_sem.survey.read import read_survey
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import ALL, Interval
from benchmarks.pls_rivals import ask_openpls, compare, resampled, time_engine, time_semopy
from benchmarks.pls_timing import (
    Measured,
    Seconds,
    describe_machine,
    print_line,
    seconds_of,
    write_table,
)

Floats = NDArray[np.float64]

REPLICATES: Final = 2000
SIZES: Final = {"3003": 1372, "pooled": 7341}
ROOT: Final = Path(__file__).parents[1]
TABLE: Final = Path(__file__).with_name("pls_engines.csv")
WORKBOOK: Final = "ACSI Data 2015 ver2.xlsx"
FOLDERS: Final = (ROOT / "data" / "acsi2015", ROOT.parent / "shared" / "data")
MODEL: Final = acsi_model()
INTERVALS: Final[Mapping[Interval, int]] = {
    "percentile": 5,
    "bca": 5,
    "linearised": 5,
    "studentized": 1,
}
"""How often each kind of interval is timed; they take turns, so that a busy spell hits all."""
OURS: Final = "our replicates"
CHECKED: Final = "engine semopy, checked and polished"


def find_rows() -> tuple[dict[str, Floats], str]:
    """Return complete rows (n, p) by subset, and where they come from, in words."""
    found = [folder / WORKBOOK for folder in FOLDERS if (folder / WORKBOOK).exists()]
    if not found:
        rng = np.random.default_rng(1)
        return {name: draw_answers(rng, n, name) for name, n in SIZES.items()}, "simulated answers"
    survey = read_survey(found[0], MODEL, group="INDUSTRY")
    if survey.groups is None:
        raise SystemExit("the workbook has no industries")
    airlines = survey.groups.codes == survey.groups.keys.index("3003")
    rows = {
        "3003": survey.values[survey.complete & airlines],
        "pooled": survey.values[survey.complete],
    }
    if [len(each) for each in rows.values()] != list(SIZES.values()):
        raise SystemExit("the workbook does not hold the 2015 interviews")
    return rows, "the 2015 interviews"


def one_group(values: Floats) -> Survey:
    """Return rows as a survey without groups, weights or breakdowns."""
    made = make_survey(1, (values.shape[0],), missing=0.0, grouped=False)
    return replace(made, values=values, factors=())


def draw(sample: Sample) -> Moments:
    """Draw the bootstrap, down to moments."""
    drawn = draw_replicates(sample, {}, replicates=REPLICATES, seed=1, study="bench")
    return drawn.moments[ALL]


def fit_replicates(moments: Moments, n: int) -> PlsEstimates:
    """Fit every replicate; a failure ends the run."""
    found = estimate_pls(MODEL, moments, np.full(moments.weight.size, float(n)))
    if not found.structural.ok.all():
        raise SystemExit("a replicate failed: nothing was measured")
    return found


def bootstrap(sample: Sample, point: PlsEstimates, n: int) -> None:
    """Draw, fit, and make standard errors and percentile limits of everything PLS estimates."""
    found = fit_replicates(draw(sample), n)
    centre = pls_fields(point)
    for name, draws in pls_fields(found).items():
        PERCENTILE.spread(name, draws, centre[name][0], found.structural.ok, 0.95)


def measure_replicates(sample: Sample, point: PlsEstimates, n: int) -> Iterator[Measured]:
    """Time our replicates: by part on one thread, then with as many as BLAS likes."""

    def line(what: str, took: Seconds, base: Seconds | None = None) -> Measured:
        ratio = None if base is None else took.wall / base.wall
        said = "" if base is None else "one thread, by the clock"
        return Measured(n, what, REPLICATES, took.cpu, took.wall, ratio, said)

    def whole() -> None:
        bootstrap(sample, point, n)

    with threadpool_limits(limits=1):
        one = seconds_of(whole)
        yield line(OURS, one)
        yield line("  of which draws and moments", seconds_of(lambda: draw(sample)))
        moments = draw(sample)
        yield line("  of which fits", seconds_of(lambda: fit_replicates(moments, n)))
    yield line(f"{OURS}, default BLAS threads", seconds_of(whole), one)


def measure_openpls(
    values: Floats, sample: Sample, point: PlsEstimates, count: int, ours: float
) -> Iterator[Measured]:
    """Compare numbers with openpls-engine, then time its bootstrap; `ours` in seconds each."""
    n = values.shape[0]
    theirs = ask_openpls(MODEL, values, count)
    if theirs is None:
        print("openpls-engine is not in .venv-oracles: `make oracles` puts it there")
        return
    errors = fit_replicates(draw(sample), n).paths.std(axis=0, ddof=1)
    found = compare(MODEL, theirs, point, errors, n)
    note = (
        f"largest difference of weights {found.weights:.1e}, loadings {found.loadings:.1e}, paths "
        f"{found.paths:.1e}; standard errors of paths, median ratio {found.errors:.2f}"
    )
    if not found.close:
        raise SystemExit(f"openpls-engine solves another model: {note}")
    name = f"openpls-engine {theirs['version']}"
    took = float(theirs["bootstrap_seconds"])
    yield Measured(n, f"{name}, bootstrap", count, took, None, took / count / ours, OURS, note)
    took = float(theirs["fit_seconds"])
    yield Measured(n, f"{name}, one fit with its criteria", 1, took, None, took / ours, OURS)


def measure_semopy(values: Floats, count: int, ours: float) -> Iterator[Measured]:
    """Time refits by semopy, bare and as engine semopy; `ours` in seconds each."""
    n, covariances = values.shape[0], resampled(values, count)
    with threadpool_limits(limits=1):
        bare = time_semopy(MODEL, covariances)
        engine = time_engine(MODEL, values, covariances)
    for what, each in (("semopy, bare refit (ML)", bare), (CHECKED, engine)):
        yield Measured(n, what, count, each * count, None, each / ours, OURS)


def measure_intervals(values: Floats) -> Iterator[Measured]:
    """Time a group's whole PLS analysis by kind of interval: draws, panel, tests, tables."""
    n, survey = values.shape[0], one_group(values)
    took = _take_turns({kind: _analysis(survey, kind) for kind in INTERVALS})
    base = took["percentile"]
    for kind, seconds in took.items():
        drawn = 0 if kind == "linearised" else REPLICATES
        what = f"one group, everything, {kind} ({drawn} draws)"
        note = _limits_made(survey) if kind == "percentile" else ""
        ratio = None if kind == "percentile" else seconds.cpu / base.cpu
        said = "" if kind == "percentile" else "percentile"
        yield Measured(n, what, 1, seconds.cpu, seconds.wall, ratio, said, note)


def _analysis(survey: Survey, kind: Interval) -> Callable[[], object]:
    count = 0 if kind == "linearised" else REPLICATES
    return lambda: acsi_sem.fit(MODEL, survey, engines=("pls",), bootstrap=count, ci=kind)


def _take_turns(works: Mapping[Interval, Callable[[], object]]) -> dict[Interval, Seconds]:
    """Return the shortest time of each, one round after another; the first round warms up."""
    best = {kind: Seconds(np.inf, np.inf) for kind in works}
    works["percentile"]()
    for turn in range(max(INTERVALS.values())):
        for kind, work in works.items():
            if turn < INTERVALS[kind]:
                best[kind] = best[kind].shortest(seconds_of(work, repeats=1))
    return best


def _limits_made(survey: Survey) -> str:
    quality = acsi_sem.fit(MODEL, survey, engines=("pls",), bootstrap=REPLICATES).quality
    with_limits = int(quality["conf_low"].notna().sum())
    return f"{len(quality)} rows of quality criteria, {with_limits} of them with limits"


def measure(values: Floats, openpls: int, semopy: int) -> Iterator[Measured]:
    """Time everything on one set of rows."""
    n, sample = values.shape[0], make_sample(one_group(values))
    point = estimate_pls(MODEL, group_moments(sample), np.array([float(n)]))
    each = np.nan
    for line in measure_replicates(sample, point, n):
        if line.what == OURS:
            each = line.cpu_seconds / line.count
        yield line
    yield from measure_openpls(values, sample, point, openpls, each)
    yield from measure_semopy(values, semopy, each)
    yield from measure_intervals(values)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pls_engines", description=__doc__)
    parser.add_argument("--openpls", type=int, default=100, help="replicates by openpls-engine")
    parser.add_argument("--semopy", type=int, default=20, help="refits by semopy")
    parser.add_argument("--out", type=Path, default=TABLE)
    asked = parser.parse_args(arguments)
    preload(("pls", "semopy"))
    rows, source = find_rows()
    machine = describe_machine()
    print(f"{machine}\n{source}, complete cases, 13 indicators, Mode A, path scheme")
    print(f"{'rows':>6} {'':50}{'count':>6}{'work s':>9}{'clock s':>8}{'ms each':>10}    ratio")
    lines = []
    for values in rows.values():
        for line in measure(values, asked.openpls, asked.semopy):
            print_line(line)
            lines.append(line)
    write_table(asked.out, lines, f"{machine}; {source}")


if __name__ == "__main__":
    main()
