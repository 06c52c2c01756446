"""2,000 replicates of one industry, by PLS and by maximum likelihood, beside semopy refits.

``make bench`` prints one core's time per replicate and the ratio to a semopy refit, all taken in
this run, with a single cold fit by either engine and, where R and lavaan are installed, lavaan's.
The answers come from the stored second moments of the 2015 airline interviews, from which as many
answers are drawn as there were interviews.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from acsi_model import acsi_model
from simulated import draw_answers, make_survey

from acsi_sem.estimators.compile import compile_model
from acsi_sem.estimators.covariance import CovarianceEngine, CovarianceSample, fit_covariance
from acsi_sem.estimators.factor_index import score_replicates
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.estimators.pls import estimate_pls
from acsi_sem.estimators.preload import preload
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import group_moments, make_sample
from acsi_sem.spec.lavaan import to_lavaan

ROWS, REPLICATES, REFITS = 1372, 2000, 10
MODEL = acsi_model()
ENGINES: tuple[CovarianceEngine, ...] = ("semopy", "ml")


def best_of(repeats: int, work: Callable[[], object]) -> float:
    """Return the shortest of several times, in seconds of this process's own work."""
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def main() -> None:
    """Time both engines and print a table."""
    preload(("semopy",))
    survey = make_survey(1, (ROWS,), missing=0.0, grouped=False)
    sample = make_sample(survey)
    rng = np.random.default_rng(1)
    refits = [np.cov(draw_answers(rng, ROWS).T, bias=True) for _ in range(REFITS)]

    def pls() -> None:
        drawn = draw_replicates(sample, {}, replicates=REPLICATES, seed=1, study="bench")
        moments = drawn.moments["all"]
        rows = np.full(REPLICATES, float(ROWS))
        found = estimate_pls(MODEL, moments, rows)
        if not found.structural.ok.all():
            raise SystemExit("a replicate failed: nothing was measured")

    compiled = compile_model(MODEL)
    point = group_moments(sample)
    theta = minimise_ml(compiled, point.covariance[0]).theta[0]

    def ml() -> None:
        drawn = draw_replicates(sample, {}, replicates=REPLICATES, seed=1, study="bench")
        moments = drawn.moments["all"]
        found = score_replicates(MODEL, compiled, theta, moments, "available")
        if found.ok.mean() < 0.5:
            raise SystemExit("most replicates failed: nothing was measured")

    def fits(engine: CovarianceEngine) -> Callable[[], None]:
        def run() -> None:
            for covariance in refits:
                cold = CovarianceSample("all", covariance, ROWS, point.mean[0])
                if not fit_covariance(
                    MODEL, cold, engine=engine, se="ml"
                ).result.diagnosis.converged:
                    raise SystemExit("a fit failed: nothing was measured")

        return run

    with threadpool_limits(limits=1):
        pls_time, ml_time = (best_of(5, work) / REPLICATES for work in (pls, ml))
        semopy_fit, ml_fit = (best_of(2, fits(name)) / REFITS for name in ENGINES)
    tell(pls_time, ml_time, semopy_fit, ml_fit)
    print_lavaan(refits[0], ml_fit)


def tell(pls_time: float, ml_time: float, semopy_fit: float, ml_fit: float) -> None:
    """Print the times, in milliseconds, and their ratios."""
    print(f"{REPLICATES} replicates of {ROWS} interviews, 13 indicators, one core, draws included")
    for name, seconds in (("PLS", pls_time), ("ML, index and effects", ml_time)):
        ratio = semopy_fit / seconds
        print(
            f"  {name:24}{1e3 * seconds:9.3f} ms each; a semopy fit takes {ratio:6.0f} times that"
        )
    print("a cold fit, checked, with standard errors")
    for name, seconds in (("semopy, polished", semopy_fit), ("ml", ml_fit)):
        print(f"  {name:24}{1e3 * seconds:9.1f} ms; ratio {semopy_fit / seconds:.1f}")


LAVAAN = """
library(lavaan); S <- as.matrix(read.csv(commandArgs(TRUE)[1])); rownames(S) <- colnames(S)
m <- paste(readLines(commandArgs(TRUE)[2]), collapse = "\\n")
cat(min(replicate(5, system.time(sem(m, sample.cov = S, sample.nobs = 1372))[["elapsed"]])))
"""


def print_lavaan(covariance: np.ndarray, ours: float) -> None:
    """Time lavaan on the same matrix where R has it, else say that it was not there."""
    script = shutil.which("Rscript")
    if script is None:
        print("lavaan: R is not installed here")
        return
    with tempfile.TemporaryDirectory() as folder:
        matrix, syntax, code = (Path(folder) / name for name in ("s.csv", "m.lav", "t.R"))
        names = ",".join(item.name for item in MODEL.indicators)
        np.savetxt(matrix, covariance, delimiter=",", header=names, comments="")
        syntax.write_text(to_lavaan(MODEL), encoding="utf-8")
        code.write_text(LAVAAN, encoding="utf-8")
        done = subprocess.run(
            [script, code, matrix, syntax], capture_output=True, text=True, check=False
        )
    if done.returncode:
        print(f"lavaan: not timed ({done.stderr.strip().splitlines()[-1:]})")
    else:
        print(
            f"lavaan, cold fit{1e3 * float(done.stdout):17.1f} ms; "
            f"ratio to ml {float(done.stdout) / ours:.0f}"
        )


if __name__ == "__main__":
    main()
