"""Rows of the table ``prediction``, and what they say about predictive power."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

import numpy as np

from acsi_sem.estimators.result import Row
from acsi_sem.inference.sample import Ints
from acsi_sem.kernels.moments import Floats
from acsi_sem.kernels.prediction import DesignMeans, design_means, t_limits
from acsi_sem.spec.graph import blocks, endogenous, exogenous
from acsi_sem.spec.model import Model
from acsi_sem.terms import Notice

ENDINGS: Final = ("", "_lm", "_mean")
"""Endings of measures: PLS, linear model, training mean."""

ROUNDING: Final = 1e-9
"""Share of an error, or of a loss, below which a difference is rounding."""

NO_FREEDOM: Final = "no standard error: every stratum has a single unit (row or PSU) here"
ALONE: Final = "no standard error: {} of the strata have a single unit (row or PSU) here"
NO_DIFFERENCE: Final = "no test: the losses differ by rounding alone"


@dataclass(frozen=True, slots=True)
class Targets:
    """What is predicted, and what the linear benchmark predicts it from.

    Attributes
    ----------
    items : ndarray of int, shape (t,)
        Indicators of the endogenous constructs.
    starts : ndarray of int, shape (c,)
        Where each endogenous construct begins among them.
    sizes : ndarray, shape (c,)
        Its number of indicators.
    sources : ndarray of int, shape (s,)
        Indicators of the exogenous constructs.
    constructs, indicators : tuple of str
        Names; `indicators` has length t, `owners` the construct of each.
    """

    items: Ints
    starts: Ints
    sizes: Floats
    sources: Ints
    constructs: tuple[str, ...]
    indicators: tuple[str, ...]
    owners: tuple[str, ...]


def make_targets(model: Model) -> Targets:
    """Return the endogenous indicators of a model, construct by construct."""
    names = model.construct_names
    owner = np.array([names[c] for c in blocks(model)])
    items = np.flatnonzero(np.isin(owner, endogenous(model)))
    sizes = np.array([len(model.construct(name).indicators) for name in endogenous(model)])
    return Targets(
        items=items,
        starts=np.cumsum(sizes) - sizes,
        sizes=sizes.astype(float),
        sources=np.flatnonzero(np.isin(owner, exogenous(model))),
        constructs=endogenous(model),
        indicators=tuple(model.indicators[i].name for i in items),
        owners=tuple(owner[items].tolist()),
    )


@dataclass(frozen=True, slots=True)
class Losses:
    """Prediction errors of PLS, the linear model and the mean (first axis, 3).

    Attributes
    ----------
    squared, absolute : ndarray, shape (3, t)
        Weighted mean squared and mean absolute errors over folds and repetitions.
    cases : ndarray, shape (3, N, c)
        Each respondent's mean squared error over a construct's indicators and the repetitions.
    weights : ndarray, shape (N,)
    strata, units : ndarray of int, shape (N,)
    collinear, samples : int
        Training samples whose linear model is not identified, and all of them.
    """

    squared: Floats
    absolute: Floats
    cases: Floats
    weights: Floats
    strata: Ints
    units: Ints
    collinear: int
    samples: int


def loss_rows(
    losses: Losses, targets: Targets, group: str, level: float
) -> tuple[tuple[Row, ...], tuple[Notice, ...]]:
    """Tabulate errors, losses and tests, with a notice per number withheld for one reason.

    Parameters
    ----------
    losses : Losses
    targets : Targets
    group : str
    level : float
        Confidence level.
    """
    collinear = _collinear(losses)
    rows = [_with_note(row, collinear) for row in _indicator_rows(losses, targets)]
    tests, reason = _tests(losses, targets, level)
    rows += [_with_note(row, collinear) for row in tests]
    rows += _power_rows(rows, targets)
    found = [("prediction_collinear", collinear), ("prediction_test_withheld", reason)]
    notices = tuple(
        Notice(kind, f"Prediction: {text}.", group, "pls") for kind, text in found if text
    )
    return tuple(_ordered(rows, targets, group)), notices


def withheld(targets: Targets, group: str, note: str) -> tuple[Row, ...]:
    """Return the rows without a number, each with the reason."""
    indicator = [f"{name}{end}" for end in ENDINGS for name in ("rmse", "mae")] + ["q2_predict"]
    rows = [
        _row(owner, name, measure, float("nan"), note=note)
        for owner, name in zip(targets.owners, targets.indicators, strict=True)
        for measure in indicator
    ]
    block = [f"loss{end}" for end in ENDINGS] + [f"cvpat{end}" for end in ENDINGS[1:]]
    rows += [
        _row(construct, "", measure, float("nan"), note=note)
        for construct in (*targets.constructs, "")
        for measure in block
    ]
    rows += [_row(name, "", "power", float("nan"), note=note) for name in targets.constructs]
    return tuple(_ordered(rows, targets, group))


def predictive_power(rows: Iterable[Row]) -> dict[str, str]:
    """Say in words how well each endogenous construct is predicted.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of the table ``prediction`` of one group.

    Returns
    -------
    dict
        Construct to words, for the constructs whose benchmark is not withheld: high when PLS has
        the smaller RMSE for every indicator, medium for half of them or more, low for fewer, none
        otherwise. Q2_predict comes first: where an indicator is no better predicted than by its
        mean, that leads and the comparison is told without a grade.

    References
    ----------
    Shmueli et al. (2019), European Journal of Marketing 53, 2322-2347.

    Examples
    --------
    >>> given = {"rmse": 1.0, "rmse_lm": 1.1, "q2_predict": 0.3}
    >>> rows = [{"construct": "c", "indicator": "i", "measure": m, "value": v}
    ...         for m, v in given.items()]
    >>> predictive_power(rows)
    {'c': 'high predictive power: better than the linear model for 1 of 1 indicators'}
    """
    return {name: _words(*counts) for name, counts in _counts(rows).items()}


def _counts(rows: Iterable[Row]) -> dict[str, tuple[int, int, int]]:
    """Count per construct: indicators better than the linear model, worse than the mean, all."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        if row["indicator"]:
            of = found.setdefault(str(row["construct"]), {}).setdefault(str(row["indicator"]), {})
            of[str(row["measure"])] = float(cast(float, row["value"]))
    counts: dict[str, tuple[int, int, int]] = {}
    for construct, items in found.items():
        if not any(np.isnan([item["rmse"], item["rmse_lm"]]).any() for item in items.values()):
            better = sum(item["rmse"] < (1 - ROUNDING) * item["rmse_lm"] for item in items.values())
            worse = sum(not item["q2_predict"] > 0 for item in items.values())
            counts[construct] = (better, worse, len(items))
    return counts


def _words(better: int, worse: int, items: int) -> str:
    compared = f"better than the linear model for {better} of {items} indicators"
    if worse:
        return f"no better than the mean for {worse} of {items} indicators; {compared}"
    if better == items:
        power = "high"
    elif better == 0:
        power = "no"
    else:
        power = "medium" if 2 * better >= items else "low"
    return f"{power} predictive power: {compared}"


def _power_rows(rows: Iterable[Row], targets: Targets) -> list[dict[str, object]]:
    """Return the share of indicators for which PLS beats the linear model, with the reading."""
    counts = _counts(rows)
    blank = {str(row["construct"]): str(row["note"]) for row in rows if row["measure"] == "rmse_lm"}
    return [
        _row(name, "", "power", counts[name][0] / counts[name][2], note=_words(*counts[name]))
        if name in counts
        else _row(name, "", "power", float("nan"), note=blank[name])
        for name in targets.constructs
    ]


def _row(
    construct: str,
    indicator: str,
    measure: str,
    value: float,
    extra: Mapping[str, float] | None = None,
    note: str = "",
) -> dict[str, object]:
    blank = dict.fromkeys(("std_error", "statistic", "p_value", "conf_low", "conf_high"), np.nan)
    numbers = {"value": value, **blank, **(extra or {})}
    return {
        "construct": construct,
        "indicator": indicator,
        "measure": measure,
        **{name: float(number) for name, number in numbers.items()},
        "note": note,
    }


def _ordered(
    rows: Iterable[dict[str, object]], targets: Targets, group: str
) -> Iterator[dict[str, object]]:
    """Yield the rows construct by construct, indicators first, the overall rows last."""
    place = {name: i for i, name in enumerate((*targets.constructs, ""))}
    for row in sorted(rows, key=lambda row: (place[str(row["construct"])], not row["indicator"])):
        yield {"group": group, "engine": "pls", **row}


def _collinear(losses: Losses) -> str:
    if not losses.collinear:
        return ""
    return (
        "linear benchmark withheld: its predictors are collinear in "
        f"{losses.collinear} of {losses.samples} training samples"
    )


def _with_note(row: dict[str, object], collinear: str) -> dict[str, object]:
    """Give the benchmark's rows the reason why they are blank."""
    if collinear and str(row["measure"]).endswith("_lm"):
        return row | {"note": collinear}
    return row


def _indicator_rows(losses: Losses, targets: Targets) -> Iterator[dict[str, object]]:
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = 1 - losses.squared[0] / losses.squared[2]
    root = np.sqrt(losses.squared)
    for i, (owner, name) in enumerate(zip(targets.owners, targets.indicators, strict=True)):
        for which, end in enumerate(ENDINGS):
            yield _row(owner, name, f"rmse{end}", root[which, i])
            yield _row(owner, name, f"mae{end}", losses.absolute[which, i])
        note = "" if np.isfinite(gain[i]) else "withheld: the indicator does not vary"
        yield _row(owner, name, "q2_predict", gain[i] if not note else np.nan, note=note)


def _tests(losses: Losses, targets: Targets, level: float) -> tuple[list[dict[str, object]], str]:
    """Return losses and CVPAT per construct and overall, and why there is no test if there is none.

    The overall loss weighs indicators equally, so a construct by its number of them.
    """
    share = targets.sizes / targets.sizes.sum()
    cases = np.concatenate([losses.cases, (losses.cases @ share)[:, :, None]], axis=2)
    differences = cases[1:] - cases[0]
    values = np.concatenate([*cases, *differences], axis=1)
    found = design_means(values, losses.weights, losses.strata, losses.units)
    reason = _no_error(found)
    measures = [f"loss{end}" for end in ENDINGS] + [f"cvpat{end}" for end in ENDINGS[1:]]
    names = (*targets.constructs, "")
    labels = [(name, measure) for measure in measures for name in names]
    # Measures vary slowest: the third run of means is the mean's loss, which is never all rounding.
    scale = np.tile(found.mean[2 * len(names) : 3 * len(names)], len(measures))
    rows = _test_rows(labels, found, scale, level, reason)
    return list(rows), reason


def _no_error(found: DesignMeans) -> str:
    if found.freedom < 1:
        return NO_FREEDOM
    return ALONE.format(found.alone) if found.alone else ""


def _test_rows(
    labels: list[tuple[str, str]], found: DesignMeans, scale: Floats, level: float, reason: str
) -> Iterator[dict[str, object]]:
    flat = found.std_error <= ROUNDING * scale
    error = np.where(flat, np.nan, found.std_error)
    statistic, p_value, low, high = t_limits(found.mean, error, max(found.freedom, 1), level)
    for i, (name, measure) in enumerate(labels):
        if measure.startswith("loss"):
            yield _row(name, "", measure, found.mean[i], {"std_error": found.std_error[i]}, reason)
            continue
        extra = {
            "std_error": error[i],
            "statistic": statistic[i],
            "p_value": p_value[i],
            "conf_low": low[i],
            "conf_high": high[i],
        }
        yield _row(name, "", measure, found.mean[i], extra, reason or NO_DIFFERENCE * bool(flat[i]))
