"""Everything that is looked at before a survey is modelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from acsi_sem.errors import DataError, Problem
from acsi_sem.indices.suppression import PUBLISHED, SMALL, suppress
from acsi_sem.inference.replicates import stream
from acsi_sem.methods.explore.answers import Answers, Bools, Question, correlation, varying
from acsi_sem.methods.explore.clusters import (
    ItemClusters,
    PeopleClusters,
    item_clusters,
    people_clusters,
)
from acsi_sem.methods.explore.components import Components, components
from acsi_sem.methods.explore.correspondence import Correspondence, correspond
from acsi_sem.methods.explore.describe import NOBODY, Described, describe
from acsi_sem.methods.explore.factors import Block, Factors, compare_blocks, factors
from acsi_sem.methods.explore.missing_patterns import Missing, missing_patterns
from acsi_sem.methods.explore.relations import (
    Collinearity,
    Correlations,
    collinearity,
    correlations,
)
from acsi_sem.methods.explore.respondents import (
    Duplicates,
    StraightLines,
    blocks_of,
    duplicates,
    repeated_ids,
    straight_lines,
)
from acsi_sem.methods.protection import SECONDARY, TOO_SMALL
from acsi_sem.spec.model import Model
from acsi_sem.survey.people import People
from acsi_sem.survey.survey import Factor
from acsi_sem.terms import ALL

STREAM = "explore"
AMOUNT = "mode and range withheld: an amount may be one respondent's own"
GRADES = ("0–20", "20–40", "40–60", "60–80", "80–100")
GRADE_COLUMN = "grade"
ASKED = 0.5
"""Share of respondents who must have answered a question that complete interviews rest on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to explore.

    Attributes
    ----------
    study : str
        Name that keys the random draws.
    minimum : int
        Fewest respondents of anything that is shown.
    seed : int
    level : float
        Of the limits of shares.
    language : str
        Of labels.
    """

    study: str = "study"
    minimum: int = 50
    seed: int = 1
    level: float = 0.95
    language: str = "en"


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A question in a group; `note` says why its numbers are withheld, `share` is of missing."""

    group: str
    question: Question
    found: Described
    share: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Together:
    """What rests on complete interviews to all questions with a scale.

    Attributes
    ----------
    names : tuple of str
        The questions.
    n : int
        Respondents who answered all of them.
    left_out : tuple of (question, reason)
    note : str
        Why nothing was computed; the rest is then None or empty.
    index : tuple of float
        Mean of the index's questions by cluster of respondents, on 0-100.
    """

    names: tuple[str, ...]
    n: int
    left_out: tuple[tuple[str, str], ...]
    note: str = ""
    collinearity: Collinearity | None = None
    components: Components | None = None
    factors: Factors | None = None
    blocks: tuple[Block, ...] = ()
    items: ItemClusters | None = None
    people: PeopleClusters | None = None
    index: tuple[float, ...] = ()


@dataclass(frozen=True)
class Exploration:
    """What was found in a survey.

    Attributes
    ----------
    plan : Plan
    answers : Answers
    groups : tuple of (name, rows)
        ``all`` first.
    items : tuple of ItemRow
    straight : tuple of StraightLines
    duplicates : Duplicates
    ids : Duplicates or None
        None where the survey has no ids.
    correlations : Correlations
    together : Together
    maps : tuple of Correspondence
    missing : Missing
    skipped : tuple of str
        Questions that were not explored, and why.
    """

    plan: Plan
    answers: Answers
    groups: tuple[tuple[str, Bools], ...]
    items: tuple[ItemRow, ...]
    straight: tuple[StraightLines, ...]
    duplicates: Duplicates
    ids: Duplicates | None
    correlations: Correlations
    together: Together
    maps: tuple[Correspondence, ...]
    missing: Missing
    skipped: tuple[str, ...] = field(default=())

    def label(self, name: str) -> str:
        """Return a question's label."""
        return next((q.label for q in self.answers.questions if q.name == name), name)


def explore(people: People, model: Model, plan: Plan) -> Exploration:
    """Look at a survey before it is modelled.

    Parameters
    ----------
    people : People
        Answers to the model's questions and any others.
    model : Model
        Its blocks are compared with what the answers say; its index names the questions of
        satisfaction.
    plan : Plan

    Raises
    ------
    DataError
        If nobody, or fewer respondents than the minimum, have a weight.
    """
    answers = take_answers(people, model, plan.language)
    _check(answers, people, plan)
    scaled = answers.columns([i for i, q in enumerate(answers.questions) if q.scaled])
    index = tuple(item.name for item in model.construct(model.index).indicators)
    groups = tuple(_groups(people, answers))
    ids = people.design.ids
    traits = [factor.codes for factor in _variables(people, plan.language)]
    return Exploration(
        plan,
        answers,
        groups,
        tuple(_items(answers, groups, plan)),
        tuple(straight_lines(answers, *block) for block in blocks_of(answers)),
        duplicates(answers, np.column_stack([np.zeros_like(answers.weights, int), *traits])),
        None if ids is None else repeated_ids(ids),
        correlations(scaled),
        _together(scaled, index, plan),
        tuple(_maps(people, scaled, index, model, plan)),
        missing_patterns(scaled),
        _skipped(people, model),
    )


def take_answers(people: People, model: Model, language: str = "en") -> Answers:
    """Return the answers to questions with a scale or an amount, with the model's blocks."""
    blocks = {
        item.name: construct.name
        for construct in model.constructs
        if not construct.components
        for item in construct.indicators
    }
    places = [i for i, one in enumerate(people.fields) if one.kind != "category"]
    questions = tuple(
        Question(
            one.name,
            one.label.get(language),
            one.low,
            one.high,
            one.reverse,
            blocks.get(one.name, ""),
        )
        for one in (people.fields[i] for i in places)
    )
    frequency = people.design.weight_kind == "frequency"
    return Answers(questions, people.values[:, places], people.design.weights, frequency)


def _check(answers: Answers, people: People, plan: Plan) -> None:
    where = people.source.name
    n = answers.count(answers.weights > 0)
    if not answers.questions:
        raise DataError(Problem(where, "", "a question with a scale", "none"))
    if n < plan.minimum:
        remedy = "name a smaller --min-rows for a pilot whose tables nobody else will see"
        expected = f"at least {plan.minimum} respondents"
        raise DataError(Problem(where, "", expected, str(n), remedy))


def _skipped(people: People, model: Model) -> tuple[str, ...]:
    known = set(people.names)
    derived = [item.name for item in model.answers if item.name not in known]
    return tuple(f"{name}: made from other answers, not asked" for name in derived)


def _groups(people: People, answers: Answers) -> Iterator[tuple[str, Bools]]:
    yield ALL, np.ones(answers.weights.size, dtype=bool)
    if people.groups is not None:
        for number, name in enumerate(people.groups.values):
            yield name, people.groups.codes == number


def _items(
    answers: Answers, groups: tuple[tuple[str, Bools], ...], plan: Plan
) -> Iterator[ItemRow]:
    for i in range(len(answers.questions)):
        made = [_item(answers, i, name, rows, plan) for name, rows in groups]
        yield made[0] if made[0].found.n >= plan.minimum else _withheld(made[0], SMALL, plan)
        counts = np.array([[float(row.found.n) for row in made[1:]]])
        state = suppress(counts, plan.minimum)[0] if counts.size else ()
        for row, found in zip(made[1:], state, strict=True):
            yield row if found == PUBLISHED and row.found.n else _withheld(row, found, plan)


def _item(answers: Answers, place: int, group: str, rows: Bools, plan: Plan) -> ItemRow:
    one, own = answers.questions[place], answers.columns((place,)).rows(rows)
    found = describe(
        own.values[:, 0],
        own.weights,
        (one.low, one.high),
        frequency=answers.frequency,
        level=plan.level,
    )
    whole = float(own.weights.sum())
    gone = float(own.weights[np.isnan(own.values[:, 0])].sum())
    share = gone / whole if whole else np.nan
    if one.scaled or not found.n:
        return ItemRow(group, one, found, share)
    hidden = replace(found, mode=np.nan, least=np.nan, most=np.nan)
    return ItemRow(group, one, hidden, share, AMOUNT)


def _withheld(row: ItemRow, state: int, plan: Plan) -> ItemRow:
    """Blank the numbers of a question in a group, with the reason."""
    if not row.found.n:
        return ItemRow(row.group, row.question, row.found, row.share, NOBODY)
    note = TOO_SMALL.format(minimum=plan.minimum) if state == SMALL else SECONDARY
    blank = Described(row.found.n, row.found.missing)
    return ItemRow(row.group, row.question, blank, row.share, note)


def _together(scaled: Answers, index: tuple[str, ...], plan: Plan) -> Together:
    kept, left_out = _usable(scaled)
    own = scaled.columns(kept)
    own = own.rows(own.complete)
    n = own.count(np.ones(own.weights.size, dtype=bool))
    need = max(plan.minimum, len(kept) + 2)
    if len(kept) < 2:
        note = "fewer than two questions with a scale were answered by enough people and vary"
        return Together(own.names, n, left_out, note)
    if n < need or own.weights.size < len(kept) + 2:
        note = f"{n} complete interviews; at least {need} are needed"
        return Together(own.names, n, left_out, note)
    if not varying(own).all():
        flat = ", ".join(q.name for q, v in zip(own.questions, varying(own), strict=True) if not v)
        return Together(own.names, n, left_out, f"{flat} does not vary in complete interviews")
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # matrices this small only wait for each other
        return _analysed(own, n, left_out, index, plan)


def _usable(scaled: Answers) -> tuple[list[int], tuple[tuple[str, str], ...]]:
    """Return places of questions that complete interviews may rest on, and the others."""
    kept, left_out = [], []
    total = float(scaled.weights.sum())
    for i, (one, moves) in enumerate(zip(scaled.questions, varying(scaled), strict=True)):
        asked = float(scaled.weights[~np.isnan(scaled.values[:, i])].sum())
        if asked < ASKED * total:
            left_out.append((one.name, "answered by fewer than half"))
        elif not moves:
            left_out.append((one.name, "all answers are the same"))
        else:
            kept.append(i)
    return kept, tuple(left_out)


def _analysed(
    own: Answers, n: int, left_out: tuple[tuple[str, str], ...], index: tuple[str, ...], plan: Plan
) -> Together:
    matrix = correlation(own.values, own.weights)
    found = components(own, stream(plan.seed, plan.study, f"{STREAM} parallel", 0))
    rotated = factors(own.names, matrix, found.kept, found.n_eff)
    people = people_clusters(own, stream(plan.seed, plan.study, f"{STREAM} clusters", 0))
    asked = [i for i, name in enumerate(own.names) if name in index]
    return Together(
        own.names,
        n,
        left_out,
        "",
        collinearity(own),
        found,
        rotated,
        compare_blocks(rotated, [q.block for q in own.questions]),
        item_clusters(own.names, matrix),
        people,
        tuple(float(one[asked].mean()) for one in people.centres) if asked else (),
    )


def _variables(people: People, language: str) -> Iterator[Factor]:
    """Yield the respondents' traits: breakdowns, and the study's questions with categories."""
    yield from people.factors
    for one in people.fields:
        if one.kind == "category":
            codes = people.column(one.name)
            numbers = np.where(np.isnan(codes), -1, codes).astype(np.intp)
            names = people.categories.get(one.name, ())
            yield Factor(one.column, one.label.get(language), names, numbers)


def _maps(
    people: People, scaled: Answers, index: tuple[str, ...], model: Model, plan: Plan
) -> Iterator[Correspondence]:
    """Yield each variable against the grade of the index, then against the groups."""
    label = model.construct(model.index).label.get(plan.language)
    grade = grades(scaled, index, label)
    groups = () if people.groups is None else (people.groups,)
    taken = {group.column for group in groups}
    variables = tuple(one for one in _variables(people, plan.language) if one.column not in taken)
    if grade is not None:
        for one in (*groups, *variables):
            yield correspond(one, grade, people.design, plan.minimum)
    for group in groups:
        for one in variables:
            yield correspond(one, group, people.design, plan.minimum)


def grades(scaled: Answers, index: tuple[str, ...], label: str) -> Factor | None:
    """Return the fifth of 0-100 that each respondent's mean answer to the index falls into.

    The mean is over the questions that were answered; 20 itself counts to the fifth above. None
    when no question of the index has a scale.
    """
    places = [i for i, name in enumerate(scaled.names) if name in index]
    if not places:
        return None
    turned = scaled.turned()[:, places]
    asked = ~np.isnan(turned)
    count = asked.sum(axis=1)
    mean = np.where(asked, turned, 0).sum(axis=1) / np.maximum(count, 1)
    codes = np.where(count > 0, np.minimum((mean + 1e-9) // 20, 4), -1).astype(np.intp)
    return Factor(GRADE_COLUMN, label, GRADES, codes)
