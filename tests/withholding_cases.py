"""Random nations with small units, and what their published numbers would tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hierarchy_cases import NOW, nation_of, readings_of
from hypothesis import strategies as st

from acsi_sem.indices.grid import units_of
from acsi_sem.indices.rollup import roll_up
from acsi_sem.spec.hierarchy import NATION, Hierarchy
from acsi_sem.spec.periods import Period

MINIMUM = 50
COLUMNS = (("pls", "satisfaction"), ("ols", "satisfaction"))
Case = tuple[Hierarchy, dict[str, int], set[str]]


@st.composite
def nations(draw: st.DrawFn) -> Case:
    """Draw a tree, its sales, interviews, and companies that one engine lost."""
    tree: dict[str, dict[str, dict[str, float]]] = {}
    sizes: dict[str, int] = {}
    for s in range(draw(st.integers(1, 3))):
        sector = tree.setdefault(f"S{s}", {})
        for i in range(draw(st.integers(1, 3))):
            industry = sector.setdefault(f"I{s}{i}", {})
            for c in range(draw(st.integers(1, 4))):
                name = f"C{s}{i}{c}"
                industry[name] = float(draw(st.integers(0 if c else 1, 5)))
                sizes[name] = draw(st.sampled_from([5, 20, 45, 60, 80, 200]))
    lost = {name for name in sizes if draw(st.integers(0, 9)) == 0}
    return nation_of(tree), sizes, lost


def rolled(case: Case, period: Period = NOW) -> pd.DataFrame:
    """Roll the companies up; the second engine lacks those that it lost."""
    hierarchy, sizes, lost = case
    scores = dict.fromkeys(sizes, 70.0)
    companies = readings_of(scores, n=sizes, period=period, columns=COLUMNS)
    gone = companies["unit"].isin(list(lost)) & (companies["engine"] == "ols")
    companies.loc[gone, "index"] = np.nan
    return roll_up(hierarchy, period, companies, conf_level=0.95).readings


def functionals(case: Case, engine: str) -> dict[tuple[str, str], np.ndarray]:
    """Return every unit's index as weights of all companies, those that the engine lost by none."""
    hierarchy, sizes, lost = case
    found = {
        ("company", name): np.eye(len(sizes))[i]
        for i, name in enumerate(sizes)
        if engine == "pls" or name not in lost
    }
    value = {(share.level, share.unit): share.value for share in hierarchy.shares}
    for level, above in (("company", "industry"), ("industry", "sector"), ("sector", NATION)):
        for parent in units_of(hierarchy, above):
            children = [
                (level, unit.name)
                for unit in hierarchy.of_level(level)
                if unit.parent == parent.name and (level, unit.name) in found
            ]
            total = sum(value[child] for child in children)
            if total > 0:
                parts = [value[child] / total * found[child] for child in children]
                found[above, parent.name] = np.sum(parts, axis=0)
    return found


def in_span(rows: list[np.ndarray], wanted: np.ndarray) -> bool:
    """Say whether published indices determine another."""
    if not rows:
        return False
    weights = np.linalg.lstsq(np.array(rows).T, wanted, rcond=None)[0]
    return bool(np.abs(np.array(rows).T @ weights - wanted).max() < 1e-9)
