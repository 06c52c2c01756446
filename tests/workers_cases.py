"""Tasks for tests of workers, in a module that worker processes can import."""

from __future__ import annotations

import os
import pickle
import signal
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from acsi_sem.errors import DataError, Problem
from acsi_sem.estimators.pls import estimate_pls
from acsi_sem.inference.replicates import draw_replicates
from acsi_sem.inference.sample import Sample
from acsi_sem.spec.model import Model

Floats = NDArray[np.float64]


def pickled(results: list[tuple[Floats, Floats]]) -> list[bytes]:
    return [pickle.dumps(array) for pair in results for array in pair]


def bootstrap_paths(shared: tuple[Model, Sample, Floats], seed: int) -> tuple[Floats, Floats]:
    """PLS paths of the replicates of a few groups, and a product that BLAS would share out."""
    model, sample, big = shared
    drawn = draw_replicates(sample, {}, replicates=20, seed=seed, study="workers")
    paths = [
        estimate_pls(model, moments, np.full(20, 60.0)).structural.direct.ravel()
        for moments in drawn.moments.values()
    ]
    return np.concatenate(paths), np.asarray(big @ (big * (1.0 + seed)))


def twice(item: int) -> int:
    return 2 * item


def fail_at_three(item: int) -> int:
    if item == 3:
        raise DataError(Problem("survey.csv", "column SATIS", "answers", "none"))
    return item


def die_at_seven(shared: tuple[Path, int], item: int) -> tuple[int, Floats]:
    """Kill this process at item 7, as often as the shared number says."""
    folder, often = shared
    if item == 7 and (before := len(list(folder.iterdir()))) < often:
        (folder / str(before)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item, np.random.default_rng(item).standard_normal(4)


class StubbornError(Exception):
    """Cannot be pickled: it holds a lock."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")
        self.lock = Lock()
