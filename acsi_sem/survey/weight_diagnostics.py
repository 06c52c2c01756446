"""What weights cost: spread, Kish's design effect, the heaviest rows; shares before and after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from acsi_sem.kernels.raking import Bools, Margin
from acsi_sem.kernels.raking_rows import RakingPart, RakingPlan, held_rows
from acsi_sem.survey.survey import Floats, Ints

LARGEST: Final = 0.01
NO_ANSWER: Final = "no answer"

Row = Mapping[str, object]


def weighting_rows(
    groups: Sequence[tuple[str, Ints]],
    base: Floats,
    raked: Floats | None = None,
    plan: RakingPlan | None = None,
) -> list[Row]:
    """Return rows for the table of weights.

    Parameters
    ----------
    groups : sequence of (name, rows)
        Row numbers of each group, ``all`` among them.
    base : ndarray, shape (n,)
        Weights as they came.
    raked : ndarray, shape (n,), optional
    plan : RakingPlan, optional
        Tells which raked weights stand at a limit.

    Returns
    -------
    list of mapping
        One for each group and stage, with the columns of `acsi_sem.tables.schema.WEIGHTING`.

    Notes
    -----
    `deff` is 1 + cv^2 = n sum w^2 / (sum w)^2, the loss by weights that have nothing to do with the
    answers; `n_eff` = n / deff. `largest_share` is the share of the total that the largest 1 % of
    the weights (at least one) hold.

    References
    ----------
    Kish (1965), Survey Sampling; Kish (1992), Journal of Official Statistics 8, 183-200.

    Examples
    --------
    >>> row = weighting_rows([("all", np.arange(4))], np.array([1.0, 1.0, 1.0, 3.0]))[0]
    >>> row["n"], row["deff"], row["n_eff"], row["largest_share"]
    (4, 1.3333333333333333, 3.0, 0.5)
    """
    nobody = np.zeros(base.size, dtype=bool)
    stages = [("base", base, nobody)]
    if raked is not None:
        stages.append(("raked", raked, held_rows(plan, raked) if plan else nobody))
    return [
        {"group": name, "stage": stage, **_spread(weights[rows], held[rows])}
        for name, rows in groups
        for stage, weights, held in stages
        if rows.size
    ]


def _spread(weights: Floats, held: Bools) -> dict[str, object]:
    scaled = weights / weights.max()
    deff = float(scaled.size * (scaled**2).sum() / scaled.sum() ** 2)
    heavy = np.sort(scaled)[-max(1, math.ceil(LARGEST * scaled.size)) :]
    return {
        "n": int(weights.size),
        "minimum": float(weights.min()),
        "maximum": float(weights.max()),
        "mean": float(weights.mean()),
        # Equal weights have rounding for a variance.
        "cv": math.sqrt(max(deff - 1, 0.0)),
        "deff": deff,
        "n_eff": float(weights.size / deff),
        "largest_share": float(heavy.sum() / scaled.sum()),
        "at_bound": float(held.sum()),
    }


def raking_rows(plan: RakingPlan, base: Floats, raked: Floats) -> list[Row]:
    """Return rows for the table of targets.

    Parameters
    ----------
    plan : RakingPlan
    base, raked : ndarray, shape (n,)

    Returns
    -------
    list of mapping
        One for each category of each margin, by part where the survey is raked in parts, with the
        columns of `acsi_sem.tables.schema.RAKING`. Shares are those among the people who answered;
        the row of `NO_ANSWER` has the share of everybody, without a target.
    """
    return [
        row
        for part in plan.parts
        for variable, names, margin in zip(
            plan.variables, plan.categories, part.margins, strict=True
        )
        for row in _margin_rows(_title(variable, part), names, margin, part, (base, raked))
    ]


def _title(variable: str, part: RakingPart) -> str:
    return f"{variable} ({part.name})" if part.name else variable


def _margin_rows(
    variable: str,
    names: Sequence[str],
    margin: Margin,
    part: RakingPart,
    weights: tuple[Floats, Floats],
) -> Iterator[Row]:
    codes = margin.codes[part.cells]
    size = len(names)
    counts = np.bincount(np.where(codes < 0, size, codes), minlength=size + 1)
    sums = [
        np.bincount(np.where(codes < 0, size, codes), own[part.rows], size + 1) for own in weights
    ]
    before, after = (found[:size] / found[:size].sum() for found in sums)
    for i, name in enumerate(names):
        yield {
            "variable": variable,
            "category": name,
            "target": float(margin.targets[i]),
            "before": float(before[i]),
            "after": float(after[i]),
            "n": int(counts[i]),
        }
    if counts[size]:
        without, still = (float(found[size] / found.sum()) for found in sums)
        shares = {"before": without, "after": still, "n": int(counts[size])}
        yield {"variable": variable, "category": NO_ANSWER, **shares}
