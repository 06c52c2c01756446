"""2,000 PLS replicates of one industry beside semopy refits: ``make bench``.

Prints one core's time per replicate and the ratio to a semopy refit, both taken in this run. The
numbers come from the stored second moments of the 2015 airline interviews, from which as many
answers are drawn as there were interviews.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from acsi_model import acsi_model
from simulated import draw_answers, make_survey

from acsi_sem.estimators.covariance import fit_semopy
from acsi_sem.estimators.pls import estimate_pls
from acsi_sem.estimators.preload import preload
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import group_moments, make_sample
from acsi_sem.kernels.moments import moments_from_sums

ROWS, REPLICATES, REFITS = 1372, 2000, 10
MODEL = acsi_model()


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
        moments = moments_from_sums(drawn.sums["all"], sample.origin)
        rows = np.full(REPLICATES, float(ROWS))
        found = estimate_pls(MODEL, moments, rows, "path", "available")
        if not found.structural.ok.all():
            raise SystemExit("a replicate failed: nothing was measured")

    def semopy() -> None:
        for covariance in refits:
            if not fit_semopy(MODEL, covariance, ROWS, group="all", level=0.95).diagnosis.converged:
                raise SystemExit("a refit failed: nothing was measured")

    with threadpool_limits(limits=1):
        group_moments(sample)
        replicate = best_of(5, pls) / REPLICATES
        refit = best_of(2, semopy) / REFITS
    print(f"{REPLICATES} replicates of {ROWS} interviews, 13 indicators, one core")
    print(f"PLS, draws included   {1e3 * replicate:8.3f} ms per replicate")
    print(f"semopy, checked fit   {1e3 * refit:8.1f} ms per refit")
    print(f"ratio                 {refit / replicate:8.0f}")


if __name__ == "__main__":
    main()
