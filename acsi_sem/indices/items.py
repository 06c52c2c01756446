"""Rows of the items table: answers, means and the weights that make the index."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from acsi_sem.estimators.result import Row
from acsi_sem.indices.scores import Scored, count_column, share_of_index
from acsi_sem.inference.sample import Sample, respondents
from acsi_sem.kernels.moments import Floats, Moments
from acsi_sem.spec.graph import blocks
from acsi_sem.spec.model import Model
from acsi_sem.spec.scoring import scored_ends
from acsi_sem.survey.survey import Survey
from acsi_sem.terms import IndexMeans


def item_rows(
    model: Model,
    survey: Survey,
    sample: Sample,
    group: str,
    moments: Moments,
    at: int,
    scored: Scored | None,
    means: IndexMeans,
    held: tuple[str, ...] = (),
) -> Iterator[Row]:
    """Yield a row per indicator; without numbers where the construct's index is `held` back.

    `mean` is the one the index uses; `sd` is that of the complete cases, which standardises the
    indicator; `index_weight` is the PLS weight in the index, summing to one within a construct.
    """
    rows = sample.rows_of(group)
    seen = ~np.isnan(survey.values[rows])
    every = np.ones(rows.size, dtype=bool)
    total = respondents(sample, rows, every)
    centre = moments.item_mean if means == "available" else moments.mean
    weights = _weights(model, scored)
    low, high = scored_ends(model)
    # A question that stands in a whole too is withheld with the block it belongs to.
    own = {
        one.name: j
        for j, part in enumerate(model.constructs)
        if not part.components
        for one in part.indicators
    }
    for i, item in enumerate(model.indicators):
        n = respondents(sample, rows, seen[:, i])
        few = bool(held and held[own[item.name]])
        yield {
            "group": group,
            "construct": model.construct_names[blocks(model)[i]],
            "indicator": item.name,
            "n": count_column(n),
            "missing": count_column(total - n),
            "mean": float("nan") if few else float(centre[at, i]),
            "sd": float("nan") if few else float(moments.sd[at, i]),
            "low": float(low[i]),
            "high": float(high[i]),
            "index_weight": float(weights[i]),
        }


def _weights(model: Model, scored: Scored | None) -> Floats:
    if scored is None or scored.problem:
        return np.full(len(model.indicators), np.nan)
    return share_of_index(model, scored.point.index_weights[scored.at])
