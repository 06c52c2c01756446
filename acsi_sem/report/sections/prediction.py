"""How well the model predicts answers it has not seen, beside plain regression and the mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from acsi_sem.inference.permutations import risk
from acsi_sem.report import cells, words
from acsi_sem.report.cells import Tone
from acsi_sem.report.content import Block, Bullets, Cell, Prose, Section, Table
from acsi_sem.report.facts import NOTHING, Estimate, Facts, Row, reasons, rows
from acsi_sem.report.sections import shown
from acsi_sem.terms import ALL

Answer = Literal["yes", "no", "open"]
ANSWERS: Final[dict[Answer, tuple[str, Tone]]] = {
    "yes": ("yes", "good"),
    "no": ("no, worse", "weak"),
    "open": ("cannot be told", ""),
}
LINEAR: Final[dict[Answer, str]] = {
    "yes": "The model predicts the answers of customers it has not seen better than the linear "
    "benchmark, a plain regression on the same questions",
    "no": "The model predicts the answers of customers it has not seen worse than the linear "
    "benchmark, a plain regression on the same questions",
    "open": "Whether the model predicts the answers of customers it has not seen better than the "
    "linear benchmark, a plain regression on the same questions, cannot be told",
}
MEAN: Final[dict[Answer, str]] = {
    "yes": "It predicts better than the mean of all other answers",
    "no": "It predicts worse than the mean of all other answers",
    "open": "Whether it predicts better than the mean of all other answers cannot be told",
}
ADVICE: Final[dict[Answer, str]] = {
    "yes": "For a manager: what the model says about drivers carries over to customers who were "
    "not asked, so it can be used to plan.",
    "no": "For a manager: use the model to see what goes with satisfaction and by which way; to "
    "forecast single answers, plain regression does better.",
    "open": "For a manager: use the model to see what goes with satisfaction and by which way; "
    "this survey does not show that it also forecasts better than plain regression.",
}
USELESS: Final = (
    "For a manager: the model was not shown to forecast better than the mean, so do not plan by "
    "its forecasts; what it says about drivers describes the customers who were asked."
)
GAIN: Final = (
    "Gain: the benchmark's mean squared error less the model's, in squared points of the answer "
    "scales; above 0 the model predicts better. The test is CVPAT (Liengaard et al. 2021), its "
    "limits and p from the differences by respondent."
)
POWER: Final = (
    "Predictive power (Shmueli et al. 2019) counts the indicators for which the model has the "
    "smaller error: high for all, medium for half of them or more, low for fewer. No grade is "
    "given while an indicator is predicted no better than by its mean. It is a count, not a test."
)


def section(facts: Facts) -> Section | None:
    """The chapter on prediction; None when it was not asked for."""
    if facts.fit.prediction.empty:
        return None
    blocks: list[Block] = [Prose(headline(facts)), Prose((_how(facts),), "note")]
    blocks += shown.per_group(facts, "Prediction", lambda group: _blocks(facts, group))
    return Section("prediction", "How well the model predicts", "Prediction", tuple(blocks))


def answer(facts: Facts, gain: Estimate) -> Answer:
    """Say whether a gain over a benchmark is one: by its test at the report's level."""
    if not gain.p_value <= risk(facts.fit.request.level):
        return "open"
    return "yes" if gain.value > 0 else "no"


def headline(facts: Facts) -> tuple[str, ...]:
    """Say what the pooled fit predicts better than, and what a manager makes of it."""
    found = _rows(facts, ALL)
    linear, mean = (_gain(found, "", f"cvpat_{name}") for name in ("lm", "mean"))
    told, beside = answer(facts, linear), answer(facts, mean)
    advice = ADVICE[told] if beside == "yes" else USELESS
    return (
        f"{LINEAR[told]}{_evidence(facts, linear)}. {MEAN[beside]}{_evidence(facts, mean)}.",
        advice,
    )


def _evidence(facts: Facts, gain: Estimate) -> str:
    if not (gain.known and gain.bounded):
        return f" ({gain.note})" if gain.note else ""
    return (
        f" (gain {words.number(gain.value, 2)}, {facts.level} interval "
        f"{words.limits(gain.low, gain.high, 2)}, p {_p(gain.p_value)})"
    )


def _p(value: float) -> str:
    text = words.p_value(value)
    return text if text.startswith("<") else f"= {text}"


def _how(facts: Facts) -> str:
    request, design = facts.fit.request, facts.fit.survey.design
    start = (
        "the answers on the constructs that nothing leads to, as the benchmark does"
        if request.antecedents == "earliest"
        else "the scores of each construct's direct predecessors, which the benchmark does not see"
    )
    units = "whole primary sampling units" if design.psu is not None else "respondents"
    times = words.plural(request.repetitions, "time")
    return (
        f"Cross-validation: {units} are dealt to {words.count(request.folds)} folds, {times} over; "
        "each respondent is predicted from models that were estimated without that fold. Only "
        f"complete cases take part. Predictions start from {start}."
    )


def _rows(facts: Facts, group: str) -> list[Row]:
    return [row for row in rows(facts.fit.prediction) if row["group"] == group]


def _gain(found: Sequence[Row], construct: str, measure: str) -> Estimate:
    for row in found:
        if (row["construct"], row["indicator"], row["measure"]) == (construct, "", measure):
            return Estimate(
                row["value"],
                row["conf_low"],
                row["conf_high"],
                row["std_error"],
                row["p_value"],
                note=words.clean(row["note"]),
            )
    return NOTHING


def _blocks(facts: Facts, group: str) -> tuple[Block, ...]:
    found = _rows(facts, group)
    if not found:
        return ()
    power = tuple(
        (f"{facts.construct(row['construct'])}:", words.clean(row["note"]) + ".")
        for row in found
        if row["measure"] == "power"
    )
    return (Bullets(power), _tests(facts, group, found), _errors(facts, group, found))


def _tests(facts: Facts, group: str, found: Sequence[Row]) -> Table:
    names = dict.fromkeys(row["construct"] for row in found if row["construct"])
    columns = cells.columns(
        "Construct",
        "Better than the linear benchmark",
        ">Gain over it",
        f">{facts.level} interval",
        ">p",
        "Better than the mean",
        ">Gain over it",
        f">{facts.level} interval",
        ">p",
    )
    withheld = [row for row in found if row["measure"] in ("cvpat_lm", "cvpat_mean")]
    return Table(
        shown.ident(facts, "prediction-table", group),
        f"Does the model predict better? {facts.group(group)}",
        columns,
        tuple(_test(facts, found, name) for name in (*names, "")),
        (GAIN, POWER, *reasons(withheld)),
        sortable=False,
    )


def _test(facts: Facts, found: Sequence[Row], construct: str) -> tuple[Cell, ...]:
    label = facts.construct(construct) if construct else "All indicators together"
    made = [cells.text(label, tone="" if construct else "strong")]
    for name in ("lm", "mean"):
        gain = _gain(found, construct, f"cvpat_{name}")
        told, tone = ANSWERS[answer(facts, gain)]
        made += [
            cells.text(told, tone=tone),
            cells.estimate(gain, 3),
            cells.interval(gain, 3),
            cells.p_value(gain),
        ]
    return tuple(made)


def _errors(facts: Facts, group: str, found: Sequence[Row]) -> Table:
    owned = dict.fromkeys((r["construct"], r["indicator"]) for r in found if r["indicator"])
    values = {(r["construct"], r["indicator"], r["measure"]): r for r in found}
    measures = ("q2_predict", "rmse", "rmse_lm", "rmse_mean", "mae", "mae_lm", "mae_mean")
    made = tuple(
        (
            cells.text(facts.indicator(indicator)),
            cells.text(facts.construct(construct)),
            *(_error(values.get((construct, indicator, measure))) for measure in measures),
        )
        for construct, indicator in owned
    )
    columns = cells.columns(
        "Indicator",
        "Construct",
        ">Q² predict|1 less the ratio of squared errors to those of the mean; above 0 is better",
        ">RMSE|root mean squared error of the model",
        ">of the benchmark|root mean squared error of the linear benchmark",
        ">of the mean|root mean squared error of the mean",
        ">MAE|mean absolute error of the model",
        ">of the benchmark|mean absolute error of the linear benchmark",
        ">of the mean|mean absolute error of the mean",
    )
    note = "Errors are in points of the answer scale; the smallest of three is the best."
    return Table(
        shown.ident(facts, "prediction-errors", group),
        f"Errors of prediction by indicator: {facts.group(group)}",
        columns,
        made,
        (note, *reasons(row for row in found if row["indicator"])),
    )


def _error(row: Row | None) -> Cell:
    if row is None:
        return cells.number(float("nan"))
    return cells.number(row["value"], 3, words.clean(row["note"]) or cells.NO_NUMBER)
