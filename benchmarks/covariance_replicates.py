"""Refits of the covariance structure to replicates: the route for large numbers beside the other.

``python -m benchmarks.covariance_replicates`` prints one core's time per replicate for simulated
companies of 250 interviews. Companies differ: where constructs are hard to tell apart many
replicates have no minimum, and those cost the most.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from acsi_model import acsi_model
from simulated import make_survey

from acsi_sem.estimators.compile import compile_model
from acsi_sem.estimators.factor_index import REPLICATE_STEPS
from acsi_sem.estimators.ml_point import minimise_ml
from acsi_sem.estimators.preload import preload
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import group_moments, make_sample
from acsi_sem.kernels.ml_batch import refit_fast
from acsi_sem.kernels.ml_fit import fit_ml

COMPANIES, ROWS, REPLICATES = 12, 250, 2000


def main() -> None:
    """Time both routes company by company."""
    preload(["ml"])
    compiled = compile_model(acsi_model())
    structure = compiled.structure
    times = []
    print("company  fit_ml ms  refit_fast ms  admissible by fit_ml  of these not settled")
    with threadpool_limits(limits=1):
        for company in range(1, COMPANIES + 1):
            sample = make_sample(make_survey(company, (ROWS,), missing=0.0, grouped=False))
            drawn = draw_replicates(sample, {}, replicates=REPLICATES, seed=1, study="bench")
            covariance = drawn.moments["all"].covariance
            theta = minimise_ml(compiled, group_moments(sample).covariance[0]).theta[0]
            begin = time.process_time()
            slow = fit_ml(structure, covariance, theta, limit=REPLICATE_STEPS)
            middle = time.process_time()
            _, converged = refit_fast(structure, covariance, theta)
            times.append((middle - begin, time.process_time() - middle))
            took = " ".join(f"{1e3 * seconds / REPLICATES:10.3f}" for seconds in times[-1])
            lost = np.count_nonzero(slow.admissible & ~converged)
            print(f"{company:7} {took} {np.count_nonzero(slow.admissible):15} {lost:15}")
    both = 1e3 * np.mean(times, axis=0) / REPLICATES
    print(f"   mean {both[0]:10.3f} {both[1]:10.3f}; ratio {both[0] / both[1]:.1f}")


if __name__ == "__main__":
    main()
