"""Two-level fuzzy comprehensive evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from acsi_sem.kernels.fuzzy import evaluate
from acsi_sem.kernels.grades import grade_shares, graded_scores
from acsi_sem.kernels.moments import Floats
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.grading import Behind, behind, grade_names, read_grades
from acsi_sem.methods.proportions import share_limits
from acsi_sem.methods.weights import Resolved, resolve, weight_rows
from acsi_sem.spec.findings import listed
from acsi_sem.spec.methods.fuzzy import Fuzzy, Operator

OPERATORS: Final[tuple[Operator, ...]] = ("product", "maxmin")
SAID: Final = {"product": "weighted sum", "maxmin": "max-min"}
_TIE: Final = 1e-9


def run(method: Fuzzy, setting: Setting) -> MethodResult:
    """Return memberships of the grades and scores, of every factor and of the whole.

    Parameters
    ----------
    method : Fuzzy
    setting : Setting

    Returns
    -------
    MethodResult
        Measures ``membership`` (per cent, by factor and grade; subject empty: the whole),
        ``score`` (of factors, on the values of the grades), ``headline`` (of the whole),
        ``grade`` (the largest membership; which grade is in its reading), ``score_product`` and
        ``score_maxmin`` (both operators), ``weight`` and ``consistency_ratio`` (without group).

    Raises
    ------
    UsageError, DataError, SpecError
        If answers do not match the grades, or weights do not hold.

    Notes
    -----
    r_ijt is the share of respondents who place question j of factor i in grade t; B_i = A_i o R_i;
    B = A o R with the B_i as rows of R. The max-min composition is made to sum one at both levels.
    Memberships have Wilson's limits for as many answers as give them their standard error. What is
    about the whole is withheld in groups where a factor is.
    """
    factor_weights, item_weights = _weights(method)
    places = list(method.named())
    grades = read_grades(method, setting, places)
    values = np.array(method.grades.values)
    inner = [one.array(f.items) for one, f in zip(item_weights, method.factors, strict=True)]
    outer = factor_weights.array([factor.name for factor in method.factors])

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        shares = grade_shares(weights, grades[rows], values.size)
        found = {name: evaluate(shares, inner, outer, name) for name in OPERATORS}
        scores = {f"score_{name}": graded_scores(b, values) for name, b in found.items()}
        return {"membership": found[method.operator], **scores}

    rows: list[Row] = list(weight_rows(factor_weights))
    for one, factor in zip(item_weights, method.factors, strict=True):
        rows += weight_rows(one, factor.name)
    names = grade_names(method, setting, places)
    for measured in setting.measure(statistic).values():
        rows += _rows(method, setting, measured, grades, names)
    return MethodResult(method.name, method.kind, tuple(rows))


def _weights(method: Fuzzy) -> tuple[Resolved, list[Resolved]]:
    where = f"methods.{method.name}"
    names = [factor.name for factor in method.factors]
    return resolve(method.factor_weights, names, where, "factor_weights"), [
        resolve(factor.weighting, factor.items, where, f"factors.{factor.name}.weights")
        for factor in method.factors
    ]


def _rows(
    method: Fuzzy, setting: Setting, measured: Measured, grades: Ints, names: Sequence[str]
) -> Iterator[Row]:
    """Yield the rows of one group: the whole first, then the factors."""
    found = _behind(method, setting, measured.group, grades)
    subjects = ["", *(factor.name for factor in method.factors)]
    for place, subject in enumerate(subjects):
        at = len(method.factors) if place == 0 else place - 1
        own = found[at]
        for made in _subject(method, setting, measured, subject, at, own, names):
            told = made | ({"note": own.note} if own.note else {})
            yield told | ({} if subject else {"of_parts": True})


def _behind(method: Fuzzy, setting: Setting, group: str, grades: Ints) -> list[Behind]:
    """Return what each factor rests on, and the whole last."""
    ends = np.cumsum([len(factor.items) for factor in method.factors])
    spans = [slice(e - len(f.items), e) for f, e in zip(method.factors, ends, strict=True)]
    items = [item for _, item in method.named()]
    return [
        behind(setting, group, grades[:, span], items[span])
        for span in (*spans, slice(0, len(items)))
    ]


def _subject(
    method: Fuzzy,
    setting: Setting,
    measured: Measured,
    subject: str,
    at: int,
    found: Behind,
    names: Sequence[str],
) -> Iterator[Row]:
    """Yield the rows of a factor or of the whole."""
    level, values, n = setting.request.level, method.grades.values, found.n

    def told(key: str, measure: str, reading: str = "", own: tuple[int, ...] = (at,)) -> Row:
        return row(
            measured, key, own, subject=subject, measure=measure, n=n, level=level, reading=reading
        )

    reading = f"points from {min(values):g} (worst) to {max(values):g} (best)"
    yield told(f"score_{method.operator}", "score" if subject else "headline", reading)
    for name in OPERATORS:
        yield told(f"score_{name}", f"score_{name}", SAID[name])
    for t, grade in enumerate(names):
        made = row(
            measured,
            "membership",
            (at, t),
            subject=subject,
            measure="membership",
            category=grade,
            n=n,
            level=level,
            factor=100,
        )
        yield share_limits(made, found.weights, setting)
    yield share_limits(_largest(measured, subject, at, n, level, names), found.weights, setting)


def _largest(
    measured: Measured, subject: str, at: int, n: int, level: float, names: Sequence[str]
) -> Row:
    """Return the grade of largest membership; every one of equal ones."""
    memberships = measured.values["membership"][at]
    top = memberships >= memberships.max() - _TIE
    best = int(np.argmax(memberships))
    reading = listed([name for name, is_top in zip(names, top, strict=True) if is_top] or [""])
    return row(
        measured,
        "membership",
        (at, best),
        subject=subject,
        measure="grade",
        n=n,
        level=level,
        reading=reading,
        factor=100,
    )
