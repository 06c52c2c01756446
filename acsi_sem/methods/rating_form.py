"""Rating form: grades with points, averaged over respondents and weighted over questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from acsi_sem.kernels.grades import form_total, grade_shares, graded_scores
from acsi_sem.kernels.moments import Floats
from acsi_sem.methods.base import Ints, Measured, MethodResult, Row, Setting, row
from acsi_sem.methods.grading import behind, grade_names, read_grades
from acsi_sem.methods.proportions import NOBODY, share_limits
from acsi_sem.methods.weights import resolve, weight_rows
from acsi_sem.spec.methods.rating_form import RatingForm


def run(method: RatingForm, setting: Setting) -> MethodResult:
    """Return the shares of the grades, the score of every question, and the weighted total.

    Parameters
    ----------
    method : RatingForm
    setting : Setting

    Returns
    -------
    MethodResult
        Measures ``share`` (per cent, by question and grade), ``score`` (by question),
        ``headline`` (the total) and ``weight`` (by question, without group).

    Raises
    ------
    UsageError, DataError, SpecError
        If answers do not match the grades, or weights do not hold.

    Notes
    -----
    Score of a question: sum of n_k v_k over sum of n_k, n_k weighted respondents in grade k and
    v_k its value. A question's share and score are of those who answered it. The total is withheld
    in groups where a question is: it is their weighted mean.
    """
    where = f"methods.{method.name}"
    resolved = resolve(method.weighting, method.items, where)
    places = [(f"items.{name}", name) for name in method.items]
    grades = read_grades(method, setting, places)
    names = grade_names(method, setting, places)
    values = np.array(method.grades.values)
    shares = resolved.array(method.items)

    def statistic(weights: Floats, rows: Ints) -> dict[str, Floats]:
        found = grade_shares(weights, grades[rows], values.size)
        scores = graded_scores(found, values)
        return {"share": found, "score": scores, "total": form_total(scores, shares)}

    rows: list[Row] = list(weight_rows(resolved))
    for measured in setting.measure(statistic).values():
        rows += _rows(method, setting, measured, grades, names)
    return MethodResult(method.name, method.kind, tuple(rows))


def _rows(
    method: RatingForm, setting: Setting, measured: Measured, grades: Ints, names: Sequence[str]
) -> Iterator[Row]:
    members = dict(setting.groups)[measured.group]
    asked = grades[members] >= 0
    level = setting.request.level
    yield _total(method, setting, measured, grades)
    for i, item in enumerate(method.items):
        n = setting.count(members, asked[:, i])
        score = row(measured, "score", (i,), subject=item, measure="score", n=n, level=level)
        yield score if np.isfinite(score["value"]) else score | {"note": NOBODY}
        weights = setting.people.design.weights[members][asked[:, i]]
        for t, grade in enumerate(names):
            made = row(
                measured,
                "share",
                (i, t),
                subject=item,
                measure="share",
                category=grade,
                n=n,
                level=level,
                factor=100,
            )
            yield share_limits(made, weights, setting)


def _total(method: RatingForm, setting: Setting, measured: Measured, grades: Ints) -> Row:
    """Return the weighted total."""
    found = behind(setting, measured.group, grades, method.items)
    values = method.grades.values
    made = row(
        measured,
        "total",
        measure="headline",
        n=found.n,
        level=setting.request.level,
        reading=f"points from {min(values):g} (worst) to {max(values):g} (best)",
    )
    return made | ({"note": found.note} if found.note else {}) | {"of_parts": True}
