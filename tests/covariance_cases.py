"""Small covariance structures at random, for property tests."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from acsi_model import make_model
from hypothesis import strategies as st
from numpy.typing import NDArray

from acsi_sem.estimators.compile import Compiled, compile_model
from acsi_sem.kernels.lisrel import Matrix
from acsi_sem.spec.model import Model

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A model, its structure and admissible parameters (k,)."""

    model: Model
    compiled: Compiled
    theta: Floats


def admissible(compiled: Compiled, rng: np.random.Generator) -> Floats:
    """Draw parameters with positive variances and moderate effects, shape (k,)."""
    theta = np.empty(compiled.structure.size)
    for row in compiled.free:
        if row.matrix == Matrix.LOADINGS:
            theta[row.free] = rng.uniform(0.5, 1.5)
        elif row.matrix == Matrix.PATHS:
            theta[row.free] = rng.uniform(0.2, 0.7) * rng.choice([-1.0, 1.0])
        elif row.row == row.column:
            theta[row.free] = rng.uniform(0.5, 2.0)
        else:
            theta[row.free] = rng.uniform(-0.2, 0.2)
    return theta


@st.composite
def cases(draw: st.DrawFn, smallest_block: int = 1) -> Case:
    """Draw a recursive model of two to four constructs with up to four indicators each."""
    sizes = draw(st.lists(st.integers(smallest_block, 4), min_size=2, max_size=4))
    names = [f"c{j}" for j in range(len(sizes))]
    blocks = {f"c{j}": [f"c{j}_{i}" for i in range(size)] for j, size in enumerate(sizes)}
    pairs = list(combinations(names, 2))
    paths = [pair for pair in pairs if draw(st.booleans())]
    model = make_model(blocks, paths)
    compiled = compile_model(model)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Case(model, compiled, admissible(compiled, rng))
