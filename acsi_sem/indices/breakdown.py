"""Indices of parts of a group (age, region ...), scored with the group's own weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acsi_sem.estimators.result import Row
from acsi_sem.indices.cell_spread import cell_freedom, cell_points, cell_spread
from acsi_sem.indices.scores import Scored, count_column, limits
from acsi_sem.indices.suppression import PUBLISHED, SECONDARY, SMALL, suppress
from acsi_sem.inference.intervals import FAILED_SHARE, NO_FREEDOM, WITHHELD
from acsi_sem.inference.sample import Ints, Sample, effective_size, respondents
from acsi_sem.kernels.moments import Floats
from acsi_sem.spec.model import Model
from acsi_sem.survey.survey import Factor
from acsi_sem.terms import ALL, IndexMeans

LONE: Final = "no standard error: every stratum has a single unit (row or PSU) in this category"


@dataclass(frozen=True, slots=True)
class Cells:
    """Respondents of every cell of one variable.

    Attributes
    ----------
    factor : Factor
    n, n_eff : mapping group -> ndarray, shape (categories, q)
        Respondents with an answer to the construct, and Kish's effective number.
    state : mapping group -> ndarray of int, shape (categories, q)
        See `acsi_sem.indices.suppression`.
    freedom : mapping group -> ndarray of int, shape (categories, q)
        See `acsi_sem.indices.cell_spread.cell_freedom`; empty for surveys without a design.
    """

    factor: Factor
    n: Mapping[str, Floats]
    n_eff: Mapping[str, Floats]
    state: Mapping[str, NDArray[np.intp]]
    freedom: Mapping[str, Ints] = field(default_factory=dict)


def count_cells(
    sample: Sample,
    factor: Factor,
    answered: NDArray[np.bool_],
    minimum: int,
    seen: tuple[NDArray[np.bool_], Ints, Mapping[int, tuple[int, ...]]] | None = None,
) -> Cells:
    """Count every cell of a variable and decide what is withheld.

    Parameters
    ----------
    sample : Sample
    factor : Factor
    answered : ndarray of bool, shape (n, q)
        Rows with an answer to the construct.
    minimum : int
        Smaller cells are withheld, with secondary suppression across groups and categories.
    seen : (ndarray of bool, shape (n, p), ndarray of int, shape (p,), mapping), optional
        Answers there are, the construct of each, and the components of constructs made of others: a
        cell is then as large as its least answered question, for indices that need no complete
        rows, and what is made of components is withheld where one of them is.
    """
    shape = (len(factor.categories), answered.shape[1])
    n: dict[str, Floats] = {}
    n_eff: dict[str, Floats] = {}
    for name, rows in sample.groups:
        n[name], n_eff[name] = np.zeros(shape), np.zeros(shape)
        for cell in np.ndindex(shape):
            inside = answered[rows, cell[1]] & (factor.codes[rows] == cell[0])
            n[name][cell] = respondents(sample, rows, inside)
            n_eff[name][cell] = effective_size(sample, rows, inside)
    freedom = {
        name: cell_freedom(sample, name, factor.codes, shape[0], answered)
        for name, _ in (sample.groups if sample.designed else ())
    }
    if seen is None:
        return Cells(factor, n, n_eff, _states(n, minimum), freedom)
    answers, block, made = seen
    states = _states(_least(sample, factor, answers, block), minimum)
    for state in states.values():
        for whole, components in made.items():
            hidden = (state[:, list(components)] != PUBLISHED).any(axis=1)
            state[:, whole] = np.where(hidden, SECONDARY, PUBLISHED)
    return Cells(factor, n, n_eff, states, freedom)


def _least(
    sample: Sample, factor: Factor, seen: NDArray[np.bool_], block: Ints
) -> dict[str, Floats]:
    """Count the least answered question of every cell and construct."""
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    found: dict[str, Floats] = {}
    for name, rows in sample.groups:
        counts = np.array(
            [
                [
                    respondents(sample, rows, column & (factor.codes[rows] == category))
                    for column in seen[rows].T
                ]
                for category in range(len(factor.categories))
            ]
        )
        found[name] = np.minimum.reduceat(counts, starts, axis=1)
    return found


def _states(n: Mapping[str, Floats], minimum: int) -> dict[str, NDArray[np.intp]]:
    """Suppress `all` and its groups as one table, construct by construct."""
    if ALL not in n:  # groups drawn apart: each is a table of its own
        return {name: _states({ALL: own}, minimum)[ALL] for name, own in n.items()}
    names = [ALL, *(name for name in n if name != ALL)]
    table = np.stack([n[name] for name in names])
    constructs = range(table.shape[2])
    done = np.stack([suppress(table[:, :, c], minimum) for c in constructs], axis=2)
    return dict(zip(names, done, strict=True))


def breakdown_rows(
    model: Model,
    sample: Sample,
    scored: Scored,
    cells: Cells,
    draws: Floats | None,
    means: IndexMeans,
    minimum: int,
    held_back: tuple[str, ...] = (),
) -> Iterator[Row]:
    """Yield a row per category and construct.

    Parameters
    ----------
    scored : Scored
        The group's engine, whose index weights score every part.
    cells : Cells
    draws : ndarray, shape (B, categories, 1 + 3p), or None
        Replicate sums of the group's cells.
    minimum : int
        Named in the reason of a withheld cell.
    held_back : tuple of str
        Per construct why the index of the whole group is withheld, and those of its parts with it.
    """
    factor, group = cells.factor, scored.group
    point = cell_points(model, sample, scored, factor, means)
    freedom = cells.freedom.get(group)
    spread = cell_spread(model, sample, scored, factor, draws, means, point, freedom)
    for category, construct in np.ndindex(point.shape):
        state = int(cells.state[group][category, construct])
        n = float(cells.n[group][category, construct])
        row: dict[str, object] = {
            "group": group,
            "engine": scored.engine,
            "variable": factor.column,
            "category": factor.categories[category],
            "construct": model.construct_names[construct],
            "n": count_column(n),
            "n_eff": cells.n_eff[group][category, construct],
            "conf_level": scored.level,
            "note": scored.problem or _reason(state, n, minimum),
        }
        if held_back:
            row["note"] = scored.problem or held_back[construct] or row["note"]
        shown = not (scored.problem or (held_back and held_back[construct]))
        if shown and state == PUBLISHED and n > 0:
            index = float(point[category, construct])
            row |= {"index": index, **limits(spread, (category, construct))}
            open_note = _open_note(index, float(spread.low[category, construct]), draws)
            held = spread.note((category, construct))
            if held == WITHHELD[NO_FREEDOM] and freedom is not None:
                held = LONE
            row["note"] = scored.withheld or held or open_note
        yield row


def _reason(state: int, n: float, minimum: int) -> str:
    if n == 0:
        return "nobody in this category answered"
    if state == SMALL:
        return f"withheld: fewer than {minimum} respondents"
    return "withheld: would reveal a smaller part" if state else ""


def _open_note(index: float, low: float, draws: Floats | None) -> str:
    if np.isnan(index):
        return "an indicator of the construct has no answer in this category"
    if draws is not None and np.isnan(low):
        return f"limits withheld: more than {100 * FAILED_SHARE:.0f} % of the replicates failed"
    return ""
