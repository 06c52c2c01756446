"""Analytic hierarchy process as a method: weights of experts and their consistency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from acsi_sem.kernels.ahp import LARGEST_RATIO
from acsi_sem.methods.base import MethodResult, Row, Setting
from acsi_sem.methods.weights import Consistency, fixed_row, resolve
from acsi_sem.spec.methods.ahp import Ahp

FEWEST_EXPERTS: Final = 3
"""Two judgements always lie at both ends of their own range."""
NO_SAMPLE: Final = "judgements, not a sample: no sampling interval"


def run(method: Ahp, setting: Setting) -> MethodResult:
    """Return weights and their consistency; no respondent has a part in them.

    Parameters
    ----------
    method : Ahp
    setting : Setting

    Returns
    -------
    MethodResult
        Rows without group: ``weight`` (per cent, by what is compared), ``eigenvalue``,
        ``consistency_index``, ``consistency_ratio``; with several experts ``expert_weight`` and
        ``expert_ratio`` (category: which), with three or more ``weight_lowest`` and
        ``weight_highest`` over experts.

    Raises
    ------
    SpecError
        If judgements have a consistency ratio of 0.1 or more.
    """
    del setting
    resolved = resolve(method.weighting, method.weighting.order, f"methods.{method.name}", "")
    assert resolved.consistency is not None  # judgements always have one
    found = resolved.consistency
    rows = [
        *(
            fixed_row("weight", 100 * share, subject=name, reading="%", note=NO_SAMPLE)
            for name, share in resolved.shares.items()
        ),
        fixed_row("eigenvalue", found.largest, reading="principal eigenvalue"),
        fixed_row("consistency_index", found.index, reading="(eigenvalue - n) / (n - 1)"),
        fixed_row("consistency_ratio", found.ratio, reading=f"consistent: below {LARGEST_RATIO:g}"),
        *_experts(found),
    ]
    return MethodResult(method.name, method.kind, tuple(rows))


def _experts(found: Consistency) -> Iterator[Row]:
    """Yield what each expert says, where there are several."""
    experts = found.expert_weights
    if len(experts) < 2:
        return
    for i, (ratio, weights) in enumerate(zip(found.ratios, experts, strict=True), 1):
        yield fixed_row("expert_ratio", ratio, category=f"expert {i}")
        for name, share in weights.items():
            yield fixed_row("expert_weight", 100 * share, subject=name, category=f"expert {i}")
    if len(experts) >= FEWEST_EXPERTS:
        for name in experts[0]:
            shares = [100 * weights[name] for weights in experts]
            yield fixed_row("weight_lowest", min(shares), subject=name, reading="of the experts")
            yield fixed_row("weight_highest", max(shares), subject=name, reading="of the experts")
