"""The chapter on straight lines and duplicates: counted, never deleted."""

from __future__ import annotations

from collections.abc import Iterator

from acsi_sem.methods.explore.explore import Exploration
from acsi_sem.methods.explore.respondents import FEWEST_ANSWERS, Duplicates, StraightLines
from acsi_sem.report import cells, words
from acsi_sem.report.content import Cell, Prose, Section, Table
from acsi_sem.report.exploring.shared import Chapter, people, percent, percent_cell

NOTE = (
    "Nobody was deleted. Straight line: the same answer to every question of a block of three or "
    "more on one scale; in a short block that is often an opinion, over the whole questionnaire "
    "rarely. Run: equal answers one after the other, in the order of the model, a gap ending it. "
    f"Duplicates: rows with at least {FEWEST_ANSWERS} answers that are equal in every answer and "
    "every breakdown; straight lines of people alike are often equal by chance, varied answers "
    "hardly ever."
)


def chapter(found: Exploration) -> Chapter:
    """Say how many may not have thought, and how many are there twice."""
    sentences = (*_straight(found), *_twice(found))
    table = Table(
        "straight-lines",
        "Straight lines by block of questions",
        cells.columns(
            "Block",
            ">Questions",
            ">n|respondents who answered all of them",
            ">Straight lines",
            ">Share|weighted",
            ">Mean longest run",
            ">Longest run",
        ),
        tuple(_row(one) for one in found.straight),
    )
    blocks = (
        Prose((" ".join(sentences),), "lead"),
        *((table,) if found.straight else ()),
        Prose((NOTE,), "note"),
    )
    section = Section("respondents", "Who may not have thought", "Respondents", blocks)
    return Chapter(section, sentences[:1])


def _straight(found: Exploration) -> Iterator[str]:
    whole = [one for one in found.straight if not one.block]
    if not whole:
        yield "No three questions share a scale, so straight lines cannot be looked for."
        return
    one = max(whole, key=lambda line: len(line.items))
    if not one.n:
        yield "Nobody answered every question of a block, so no straight line can be told."
        return
    yield (
        f"{people(one.straight)} of {words.count(one.n)} who answered all "
        f"{words.count(len(one.items))} questions on one scale gave the same answer to each "
        f"({percent(one.share)})."
    )


def _twice(found: Exploration) -> Iterator[str]:
    one = found.duplicates
    yield _equal("Rows that are equal in everything", one)
    if one.surplus:
        yield f"With varied answers among these: {words.count(one.varied)}."
    if found.ids is not None:
        yield _equal("Rows that share an id", found.ids)


def _equal(lead: str, one: Duplicates) -> str:
    if one.note:
        return f"{lead}: {one.note}."
    if not one.surplus:
        return f"{lead}: none."
    return (
        f"{lead}: {words.count(one.surplus)} beyond the first of "
        f"{words.plural(one.sets, 'set')}, {words.count(one.largest)} in the largest."
    )


def _row(one: StraightLines) -> tuple[Cell, ...]:
    name = words.sentence_case(words.clean(one.block)) if one.block else "All on one scale"
    return (
        cells.text(name),
        cells.whole(len(one.items)),
        cells.whole(one.n),
        cells.whole(one.straight),
        percent_cell(one.share, "nobody answered all of them"),
        cells.number(one.mean_run, 1, "nobody answered all of them"),
        cells.whole(one.longest),
    )
