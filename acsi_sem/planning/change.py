"""How many interviews show a change between quarters, or a difference between companies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from acsi_sem.kernels.planning import difference_interviews, difference_power, needed_ratio
from acsi_sem.planning.checks import Checks, power_checks
from acsi_sem.planning.plan import Line, Plan, counted
from acsi_sem.planning.size import USUAL_SD

_FORMULA: Final = (
    "n = (lambda / difference)^2 x {variance} x design effect, rounded up; lambda = {ratio:.4f} "
    "standard errors, which a two-sided test finds with that power"
)


@dataclass(frozen=True, slots=True)
class _Test:
    """A comparison of two means: its variance times the interviews of the first."""

    question: str
    names: tuple[str, str]
    variance: float
    ratio: float
    level: float
    power: float
    words: str


def plan_change(
    *,
    points: float | None = None,
    interviews: float | None = None,
    sd: float = USUAL_SD,
    overlap: float = 0.0,
    correlation: float = 0.0,
    deff: float = 1.0,
    level: float = 0.95,
    power: float = 0.8,
    comparisons: int = 1,
) -> Plan:
    """Plan the interviews per quarter that show a change, or tell what change some can show.

    Parameters
    ----------
    points : float, optional
        Change to be found; without it, the smallest that `interviews` find.
    interviews : float, optional
        Per quarter; with `points`, the power they have.
    sd : float
        Standard deviation of the respondents' index, in points, in either quarter.
    overlap : float
        Share of a quarter's respondents that were asked in the other too.
    correlation : float
        Of their two indices.
    deff : float
        Design effect.
    level : float
        1 less the size of the two-sided test.
    power : float
    comparisons : int
        Changes tested together; Bonferroni's level for each.

    Returns
    -------
    Plan
        ``interviews`` per quarter, ``detectable change`` and ``power``.

    Raises
    ------
    UsageError

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 12.10 (overlapping samples).

    Examples
    --------
    >>> plan_change(points=2, sd=20).value("interviews", "each quarter")
    1570.0
    """
    checks = Checks("plan change")
    checks.some_of({"points": points, "interviews": interviews})
    checks.above("points", points)
    checks.whole("interviews", interviews, 2)
    checks.deviation("sd", sd)
    checks.within("overlap", overlap)
    checks.within("correlation", correlation, -1.0, 1.0)
    checks.above("deff", deff)
    if overlap > 0 and correlation == 0:
        checks.refuse("correlation", "one other than 0 beside an overlap", correlation)
    if overlap * correlation >= 1:
        checks.refuse("correlation", "less than 1 for a full overlap", correlation)
    power_checks(checks, level, power, comparisons)
    checks.end()
    variance = 2 * sd**2 * (1 - overlap * correlation) * deff
    words = "2 x standard deviation^2 x (1 - overlap x correlation)"
    test = _Test(
        question="change",
        names=("each quarter", ""),
        variance=variance,
        ratio=1.0,
        level=1 - (1 - level) / comparisons,
        power=power,
        words=words,
    )
    panel = "independent samples in the two quarters"
    if overlap > 0:
        panel = f"{100 * overlap:g} % asked twice, whose indices correlate {correlation:g}"
    spread = f"a standard deviation of {counted(sd, 'point')} in either quarter"
    return _answer(test, points, interviews, [spread, panel, *_common(deff, level, comparisons)])


def plan_difference(
    *,
    points: float | None = None,
    interviews: float | None = None,
    sd: float = USUAL_SD,
    other_sd: float | None = None,
    ratio: float = 1.0,
    deff: float = 1.0,
    level: float = 0.95,
    power: float = 0.8,
    comparisons: int = 1,
) -> Plan:
    """Plan the interviews of two companies that show a difference, or tell what some can show.

    Parameters
    ----------
    points : float, optional
        Difference to be found; without it, the smallest that `interviews` find.
    interviews : float, optional
        Of the first company; with `points`, the power they have.
    sd, other_sd : float
        Standard deviations of the respondents' indices, in points; the same by default.
    ratio : float
        Interviews of the other company per interview of the first.
    deff, level, power
        As of `plan_change`.
    comparisons : int
        Differences tested together: each at Bonferroni's level. Holm's procedure finds whatever
        Bonferroni's does, so the plan serves either.

    Returns
    -------
    Plan
        ``interviews`` of both, ``detectable difference`` and ``power``.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> plan_difference(points=3, sd=20).value("interviews", "first company")
    698.0
    """
    other = sd if other_sd is None else other_sd
    checks = Checks("plan difference")
    checks.some_of({"points": points, "interviews": interviews})
    checks.above("points", points)
    checks.whole("interviews", interviews, 2)
    checks.deviation("sd", sd)
    if other_sd is not None:
        checks.deviation("other_sd", other_sd)
    checks.above("ratio", ratio)
    checks.above("deff", deff)
    power_checks(checks, level, power, comparisons)
    checks.end()
    words = "(standard deviation^2 + other standard deviation^2 / ratio)"
    test = _Test(
        question="difference",
        names=("first company", "other company"),
        variance=(sd**2 + other**2 / ratio) * deff,
        ratio=ratio,
        level=1 - (1 - level) / comparisons,
        power=power,
        words=words,
    )
    spread = f"standard deviations of {sd:g} and {other:g} points"
    sizes = f"{counted(ratio, 'interview')} of the other company per interview of the first"
    lines = [spread, sizes, "independent samples", *_common(deff, level, comparisons)]
    return _answer(test, points, interviews, lines)


def _common(deff: float, level: float, comparisons: int) -> Iterator[str]:
    yield f"design effect {deff:.4g}; the population is large"
    yield f"two-sided test at level {100 * level:g} %"
    if comparisons > 1:
        yield (
            f"{comparisons} comparisons, each at {100 - 100 * (1 - level) / comparisons:.6g} % "
            "(Bonferroni; Holm's procedure needs no more)"
        )


def _answer(
    test: _Test, points: float | None, interviews: float | None, assumed: list[str]
) -> Plan:
    needed = needed_ratio(test.power, test.level)
    number = interviews
    if number is None:
        found = difference_interviews(points or math.nan, test.variance, test.level, test.power)
        number = float(found)
    other = float(np.ceil(number * test.ratio * (1 - 1e-12)))
    error = math.sqrt(test.variance / number)
    lines = [Line(test.names[0], "interviews", number, "interviews")]
    if test.names[1]:
        lines.append(Line(test.names[1], "interviews", other, "interviews"))
    detectable = f"{100 * test.power:g} % of the time"
    lines += [
        Line("", "standard error", error, "points"),
        Line("", f"detectable {test.question}", needed * error, "points", detectable),
    ]
    if points is not None:
        power = float(difference_power(points, error, test.level))
        lines.append(Line("", "power", power, "", f"for {counted(points, 'point')}"))
    return Plan(
        test.question,
        _title(test, points, interviews),
        tuple(lines),
        _FORMULA.format(variance=test.words, ratio=needed),
        tuple(assumed),
    )


def _title(test: _Test, points: float | None, interviews: float | None) -> str:
    sought = "" if points is None else f"to find a {test.question} of {counted(points, 'point')}"
    if interviews is None:
        return f"Interviews {sought}"
    if points is None:
        return f"Smallest {test.question} that {interviews:,.0f} interviews find"
    return f"Power of {interviews:,.0f} interviews {sought}"
