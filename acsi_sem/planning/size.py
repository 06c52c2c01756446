"""How many interviews for a half-width, and what half-width some interviews give."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from acsi_sem.kernels.planning import (
    LARGEST,
    mean_half_width,
    mean_interviews,
    share_half_width,
    share_interviews,
)
from acsi_sem.planning.checks import Checks
from acsi_sem.planning.plan import Line, Plan, counted

USUAL_SD: Final = 20.0
"""Standard deviation of a 0-100 index among respondents where none is known; by industry, the 2015
sample of the ACSI has 15.8 to 27.5."""
WHERE: Final = "plan size"

_MEAN: Final = (
    "n0 = (z x standard deviation / half-width)^2 x design effect; "
    "of a population of N, n = n0 / (1 + (n0 - 1) / N); rounded up"
)
_HALF_WIDTH: Final = (
    "half-width = z x standard deviation x square root of (design effect x (N - n) / (N - 1) / n)"
)
_STUDENT: Final = "; Student's t with n - 1 degrees of freedom in place of z"
_SHARE: Final = (
    "Wilson: half-width = z / (1 + z^2/n) x square root of (p (1 - p) / n + z^2 / (4 n^2)), "
    "n divided by the design effect and by (N - n) / (N - 1)"
)


@dataclass(frozen=True, slots=True)
class _Measure:
    """How precise interviews are: of an index, or of a share."""

    level: float
    deff: float
    population: float
    student: bool
    share: float | None

    def half_width(self, interviews: float, sd: float) -> float:
        if self.share is None:
            student, deff = self.student, self.deff
            return float(
                mean_half_width(
                    *(interviews, sd, self.level),
                    deff=deff,
                    population=self.population,
                    student=student,
                )
            )
        found = share_half_width(
            interviews, self.share, self.level, deff=self.deff, population=self.population
        )
        return 100 * float(found)

    def interviews(self, half_width: float, sd: float) -> float:
        if self.share is None:
            student, deff = self.student, self.deff
            return float(
                mean_interviews(
                    *(half_width, sd, self.level),
                    deff=deff,
                    population=self.population,
                    student=student,
                )
            )
        return float(
            share_interviews(
                *(half_width / 100, self.share, self.level),
                deff=self.deff,
                population=self.population,
            )
        )


def plan_size(
    *,
    half_width: float | None = None,
    interviews: float | None = None,
    sd: float | Mapping[str, float] = USUAL_SD,
    share: float | None = None,
    level: float = 0.95,
    deff: float = 1.0,
    population: float | None = None,
    response: float | None = None,
    groups: int = 1,
    minimum: int = 0,
    smallest: float = 1.0,
    student: bool = False,
) -> Plan:
    """Plan the interviews for a half-width, or tell the half-width of some interviews.

    Parameters
    ----------
    half_width : float
        Points of a 0-100 index, or percentage points of a share; either this or `interviews`.
    interviews : float
        Per group.
    sd : float or mapping of group -> float
        Standard deviation of the respondents' index, in points.
    share : float, optional
        Plan for a share of about this size (0 to 1), such as a satisfaction rate, not for an index.
    level : float
        Confidence level.
    deff : float
        Design effect; see `acsi_sem.kernels.planning.design_effect`.
    population : float, optional
        People in each group; unlimited by default.
    response : float, optional
        Share of those contacted who answer.
    groups : int
        Groups that each get so many interviews.
    minimum : int
        Fewest interviews of the smallest part that is reported.
    smallest : float
        Share of the interviews that this part has.
    student : bool
        Limits by Student's t.

    Returns
    -------
    Plan
        Per group: ``interviews``, ``half-width``, ``people to contact``; and in all.

    Raises
    ------
    UsageError

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., chapter 4.

    Examples
    --------
    >>> plan_size(half_width=2, sd=20).value("interviews")
    385.0
    >>> round(plan_size(interviews=250, sd=27.5).value("half-width"), 2)
    3.41
    """
    spreads = dict(sd) if isinstance(sd, Mapping) else {"": sd}
    checks = Checks(WHERE)
    checks.one_of({"half_width": half_width, "interviews": interviews})
    checks.above("half_width", half_width)
    checks.whole("interviews", interviews, 2 if student else 1)
    for name, value in spreads.items():
        checks.deviation(f"sd of {name}" if name else "sd", value)
    checks.within("share", share)
    checks.inside("level", level)
    checks.above("deff", deff)
    checks.whole("population", population, 2)
    checks.share("response", response)
    checks.whole("groups", groups, 1)
    checks.whole("minimum", minimum, 0)
    checks.share("smallest", smallest)
    _check_pairs(checks, spreads, share, groups, student)
    if smallest != 1 and minimum == 0:
        checks.refuse("smallest", "a minimum beside it", "none")
    least = math.ceil(minimum / smallest * (1 - 1e-12)) if not checks.problems else 0
    for name, number in {"interviews": interviews, "minimum": least}.items():
        if not checks.problems and number is not None and number > (population or math.inf):
            checks.refuse(name, f"at most the population of {population:g}", f"{number:g}")
    checks.end()
    measure = _Measure(level, deff, population or math.inf, student, share)
    found = dict.fromkeys(spreads, interviews or 0.0)
    if half_width is not None:
        found = {name: measure.interviews(half_width, value) for name, value in spreads.items()}
        if any(math.isnan(number) for number in found.values()):
            got, remedy = f"{half_width:g}", "ask for a wider one"
            checks.refuse("half_width", f"one that {LARGEST:g} interviews reach", got, remedy)
        checks.end()
        found = {name: max(number, float(least)) for name, number in found.items()}
    lines = [
        line
        for name, value in spreads.items()
        for line in _lines(measure, name, value, found[name], least, response)
    ]
    lines += _totals(list(found.values()), groups, response)
    return Plan(
        "size",
        _title(half_width, interviews, share),
        tuple(lines),
        _formula(measure, interviews is None),
        tuple(_assumptions(measure, spreads, response)),
    )


def _check_pairs(
    checks: Checks, spreads: dict[str, float], share: float | None, groups: int, student: bool
) -> None:
    if not spreads:
        checks.refuse("sd", "a standard deviation", "none")
    if len(spreads) > 1 and groups != 1:
        checks.refuse("groups", "1 beside standard deviations of several groups", groups)
    if share is not None and student:
        checks.refuse("student", "an index, not a share", "a share")
    if share is not None and spreads != {"": USUAL_SD}:
        checks.refuse("sd", "none beside a share, whose size says how it varies", "one")


def _formula(measure: _Measure, size: bool) -> str:
    if measure.share is not None:
        return _SHARE + ("; the fewest interviews that reach it" if size else "")
    return (_MEAN if size else _HALF_WIDTH) + (_STUDENT if measure.student else "")


def _title(half_width: float | None, interviews: float | None, share: float | None) -> str:
    what = "an index" if share is None else f"a share of {100 * share:g} %"
    if interviews is None:
        return f"Interviews for a half-width of {counted(half_width or 0.0, 'point')} of {what}"
    return f"Half-width of {what} from {counted(interviews, 'interview', ',.0f')}"


def _lines(
    measure: _Measure, name: str, sd: float, number: float, least: int, response: float | None
) -> Iterator[Line]:
    if measure.share is None:
        yield Line(name, "standard deviation", sd, "points")
    note = ""
    if number == least:
        note = "set by the minimum"
    elif number == measure.population:
        note = "a census"
    elif number < least:
        note = f"fewer than the {least:,} that the minimum asks for"
    yield Line(name, "interviews", number, "interviews", note)
    yield Line(name, "half-width", measure.half_width(number, sd), "points")
    if response is not None:
        contacts = math.ceil(number / response * (1 - 1e-12))
        beyond = contacts > measure.population
        note = f"more than the {measure.population:,.0f} that there are" if beyond else ""
        yield Line(name, "people to contact", contacts, "people", note)


def _totals(numbers: list[float], groups: int, response: float | None) -> Iterator[Line]:
    count = len(numbers) * groups
    if count == 1:
        return
    yield Line(f"all {count} groups", "interviews", sum(numbers) * groups, "interviews")
    if response is not None:
        contacts = sum(math.ceil(n / response * (1 - 1e-12)) for n in numbers) * groups
        yield Line(f"all {count} groups", "people to contact", contacts, "people")


def _assumptions(
    measure: _Measure, spreads: dict[str, float], response: float | None
) -> Iterator[str]:
    yield f"confidence level {100 * measure.level:g} %"
    if measure.share is not None:
        yield f"a share of about {100 * measure.share:g} %"
    elif len(spreads) == 1 and "" in spreads:
        spread = counted(spreads[""], "point")
        yield f"respondents' 0-100 indices have a standard deviation of {spread}"
    yield f"design effect {measure.deff:.4g}"
    if math.isfinite(measure.population):
        yield f"drawn without replacement from {measure.population:,.0f} people"
    else:
        yield "the population is large"
    if response is not None:
        yield f"{100 * response:g} % of those contacted answer, and are like those who do not"
