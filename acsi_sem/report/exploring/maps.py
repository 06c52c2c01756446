"""The chapter on categories that go together: correspondence analysis."""

from __future__ import annotations

import math

from acsi_sem.methods.explore.correspondence import Correspondence, Plane
from acsi_sem.methods.explore.explore import GRADE_COLUMN, Exploration
from acsi_sem.report import cells, words
from acsi_sem.report.content import (
    Block,
    Bullets,
    Cell,
    Details,
    Figure,
    Prose,
    ScatterChart,
    ScatterPoint,
    Section,
    Table,
)
from acsi_sem.report.exploring.shared import Chapter, percent, percent_cell

CLEAR = 0.05
SHOWN = 3
"""Maps that stand open; the others are behind a summary line."""
NOTE = (
    "Correspondence analysis of the weighted table of two variables (Greenacre 2017): principal "
    "coordinates of rows and columns. Categories of one variable that lie close have similar "
    "profiles; a category far from the middle is far from the average. Distances between a row "
    "and a column mean nothing by themselves. Inertia: chi-square over n. The test divides "
    "chi-square by the mean design effect of the table (Rao & Scott 1984, first order) and is not "
    "adjusted for the number of tables. Grades are fifths of 0–100 of each respondent's mean "
    "answer to the questions of the index."
)


def chapter(found: Exploration) -> Chapter | None:
    """Say which categories go together; None where there are no categories."""
    if not found.maps:
        return None
    clear = [one for one in found.maps if one.p_value < CLEAR]
    lead = _lead(found, clear)
    drawn = sorted((one for one in clear if _mappable(one)), key=lambda one: -_inertia(one))
    figures = tuple(_figure(found, one) for one in drawn)
    blocks: list[Block] = [Prose((lead,), "lead"), _tests(found), *figures[:SHOWN]]
    if figures[SHOWN:]:
        told = words.plural(len(figures[SHOWN:]), "weaker pair")
        blocks.append(Details(told, figures[SHOWN:]))
    flat = tuple(_told(one) for one in clear if not _mappable(one))
    if flat:
        blocks.append(Bullets(flat))
    blocks.append(Prose((NOTE,), "note"))
    section = Section("maps", "Which categories go together", "Categories", tuple(blocks))
    return Chapter(section, (lead,))


def _lead(found: Exploration, clear: list[Correspondence]) -> str:
    tested = [one for one in found.maps if math.isfinite(one.p_value)]
    if not tested:
        return "No two variables have enough respondents in two categories each."
    if not clear:
        told = words.plural(len(tested), "pair")
        return f"None of {told} of variables is related beyond chance (5 % level)."
    most = max(clear, key=_inertia)
    return (
        f"{words.count(len(clear))} of {words.plural(len(tested), 'pair')} of variables "
        f"{'is' if len(clear) == 1 else 'are'} related beyond chance (5 % level each); the "
        f"strongest is {_pair(most)} (n = {words.count(most.n)})."
    )


def _sides(one: Correspondence) -> tuple[str, str]:
    """Return what the rows and the columns are called."""
    first, second = (words.clean(text) for text in one.labels)
    if one.names[1] == GRADE_COLUMN:
        second = f"grade of {words.in_sentence(second)}"
    return first, second


def _pair(one: Correspondence) -> str:
    return " and ".join(_sides(one))


def _inertia(one: Correspondence) -> float:
    return float(one.plane.inertia.sum()) if one.plane is not None else 0.0


def _mappable(one: Correspondence) -> bool:
    return one.plane is not None and one.plane.inertia.size > 1


def _tests(found: Exploration) -> Table:
    heads = cells.columns(
        "Variables",
        ">n",
        ">Inertia|chi-square over n",
        ">Chi-square",
        ">Design effect|mean, by which chi-square is divided",
        ">df|degrees of freedom",
        ">p",
        "Left out",
    )
    notes = (f"Categories with fewer than {found.plan.minimum} respondents are left out.",)
    rows = tuple(_test(one) for one in found.maps)
    return Table("tests", "Are the variables related?", heads, rows, notes)


def _test(one: Correspondence) -> tuple[Cell, ...]:
    why = words.clean(one.note) or cells.NO_NUMBER
    known = one.plane is not None
    p = one.p_value
    return (
        cells.text(_pair(one)),
        cells.whole(one.n) if known else Cell(words.DASH, "", why),
        cells.number(_inertia(one) if known else math.nan, 4, why),
        cells.number(one.chi_square, 1, why),
        cells.number(one.deff, 2, why),
        cells.number(float(one.df) if known else math.nan, 0, why),
        Cell(words.p_value(p), round(p, 9)) if math.isfinite(p) else Cell(words.DASH, "", why),
        cells.text(words.clean("; ".join(one.left_out))),
    )


def _told(one: Correspondence) -> tuple[str, str]:
    """Say in words what a table with a single axis shows."""
    assert one.plane is not None
    ends = []
    for names, at in zip(one.categories, (one.plane.rows, one.plane.columns), strict=True):
        order = sorted(range(len(names)), key=lambda i: float(at[i, 0]))
        ends.append((words.clean(names[order[0]]), words.clean(names[order[-1]])))
    (low, high), (less, more) = ends
    text = f"“{high}” goes with “{more}”, “{low}” with “{less}” more often than by chance."
    return f"{_pair(one)}:", text


def _figure(found: Exploration, one: Correspondence) -> Figure:
    assert one.plane is not None
    place = found.maps.index(one)
    shares = one.plane.inertia / one.plane.inertia.sum()
    points = tuple(_points(one, one.plane))
    chart = ScatterChart(
        points,
        f"Axis 1, {percent(float(shares[0]), 0)} of inertia",
        f"Axis 2, {percent(float(shares[1]), 0)} of inertia",
        cuts=(0.0, 0.0),
        families=_sides(one),
        bounds=_bounds(points),
    )
    return Figure(
        f"map-{place}",
        f"{_pair(one)}: {_message(one, one.plane)}",
        chart,
        f"Map of {_pair(one)}. "
        + " ".join(f"{p.label}: {words.number(p.x, 2)}, {words.number(p.y, 2)}." for p in points),
        f"n = {words.count(one.n)}. The map shows {percent(float(shares[:2].sum()), 0)} of the "
        "inertia. Lines: the average profile. The two axes are not drawn to one scale.",
        _places(one, one.plane, place),
    )


def _message(one: Correspondence, plane: Plane) -> str:
    far = max(range(len(one.categories[0])), key=lambda i: float((plane.rows[i, :2] ** 2).sum()))
    return f"“{words.clean(one.categories[0][far])}” is farthest from the average"


def _points(one: Correspondence, plane: Plane) -> list[ScatterPoint]:
    return [
        ScatterPoint(words.clean(name), float(at[i, 0]), float(at[i, 1]), family)
        for family, (names, at) in enumerate(
            zip(one.categories, (plane.rows, plane.columns), strict=True)
        )
        for i, name in enumerate(names)
    ]


def _bounds(points: tuple[ScatterPoint, ...]) -> tuple[tuple[float, float], tuple[float, float]]:
    across, up = max(abs(p.x) for p in points), max(abs(p.y) for p in points)
    x, y = 1.25 * max(across, 1e-6), 1.25 * max(up, 0.25 * across, 1e-6)
    return (-x, x), (-y, y)


def _places(one: Correspondence, plane: Plane, place: int) -> Table:
    rows = []
    for side, names, at, mass in zip(
        one.labels, one.categories, (plane.rows, plane.columns), one.masses, strict=True
    ):
        for i, name in enumerate(names):
            where = (cells.number(float(at[i, 0]), 3), cells.number(float(at[i, 1]), 3))
            head = cells.text(words.clean(name)), cells.text(words.clean(side))
            rows.append((*head, percent_cell(float(mass[i])), *where))
    heads = cells.columns("Category", "Variable", ">Share|weighted", ">Axis 1", ">Axis 2")
    return Table(f"map-{place}-table", f"Coordinates: {_pair(one)}", heads, tuple(rows))
