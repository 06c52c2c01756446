"""The chapter on components and factors: how many things the questions measure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from acsi_sem.methods.explore.components import DRAWS, Components
from acsi_sem.methods.explore.explore import Exploration
from acsi_sem.methods.explore.factors import STRONG, Block, Factors
from acsi_sem.report import cells, words
from acsi_sem.report import content as page
from acsi_sem.report.content import Cell, Curve, CurveChart, Figure, Prose, Section, Table
from acsi_sem.report.exploring.shared import Chapter, label, percent, percent_cell

NOTE = (
    "Principal components of the weighted correlations of complete interviews. Parallel analysis "
    f"(Horn 1965): {DRAWS} simulated surveys of unrelated normal answers with the same effective "
    "number of respondents; a dimension counts while its eigenvalue lies above the 95th percentile "
    "of theirs. Factors: principal axes after varimax, as many as there are dimensions. A strong "
    "loading is at least "
    f"{words.number(STRONG, 1)}. Constructs that act on each other are correlated and need not "
    "show as factors of their own: this is a description, not a test of the model."
)


def chapter(found: Exploration) -> Chapter:
    """Say how many dimensions there are, and whether the model's blocks are among them."""
    title, short = "How many things are measured", "Dimensions"
    together = found.together
    if together.components is None or together.factors is None:
        told = f"Not analysed: {words.clean(together.note)}."
        return Chapter(Section("dimensions", title, short, (Prose((told,), "lead"),)))
    sentences = tuple(_sentences(found, together.components))
    blocks: list[page.Block] = [
        Prose((" ".join(sentences),), "lead"),
        _figure(together.components),
    ]
    if together.factors.loadings.shape[1]:
        blocks.append(_loadings(found, together.factors))
    if together.blocks:
        blocks.append(_blocks(found, together.blocks))
    blocks.append(Prose((NOTE,), "note"))
    return Chapter(Section("dimensions", title, short, tuple(blocks)), sentences[:1])


def _sentences(found: Exploration, one: Components) -> Iterator[str]:
    if not math.isfinite(one.limits[0]):
        yield "Too few respondents stand behind the weights to tell dimensions from chance."
        return
    if not one.kept:
        yield (
            f"The {words.plural(len(one.names), 'question')} hold no dimension that is more than "
            f"chance (n = {words.count(one.n)})."
        )
        return
    share = float(one.eigenvalues[: one.kept].sum() / one.eigenvalues.sum())
    holds = "holds" if one.kept == 1 else "hold"
    yield (
        f"The {words.plural(len(one.names), 'question')} measure "
        f"{words.plural(one.kept, 'dimension')} that chance would not give, which {holds} "
        f"{percent(share, 0)} of their variance (n = {words.count(one.n)})."
    )
    apart = [_name(block) for block in found.together.blocks if not block.together]
    if apart:
        yield f"Blocks whose questions part: {words.listing(apart)}."
    elif found.together.blocks:
        yield "The questions of every block load on one factor together."
        shared = [_name(block) for block in found.together.blocks if not block.alone]
        if shared:
            yield f"Blocks that share a factor with others: {words.listing(shared)}."


def _name(block: Block) -> str:
    return words.sentence_case(words.clean(block.name))


def _figure(one: Components) -> Figure:
    places = tuple(float(i) for i in range(1, len(one.names) + 1))
    curves = [Curve("Survey", places, tuple(one.eigenvalues.tolist()), strong=True)]
    if math.isfinite(one.limits[0]):
        curves.append(Curve("Chance, 95 %", places, tuple(one.limits.tolist()), dashed=True))
    top = float(one.eigenvalues[0])
    told = f"{words.plural(one.kept, 'dimension')} above chance"
    marks = ((float(one.kept), float(one.eigenvalues[one.kept - 1]), told),) if one.kept else ()
    bounds = ((1.0, float(len(places))), (0.0, math.ceil(top * 1.08)))
    return Figure(
        "scree",
        told[:1].upper() + told[1:],
        CurveChart(tuple(curves), "Component", "Eigenvalue", bounds, marks),
        "Eigenvalues of the components beside those of unrelated answers. "
        + " ".join(
            f"{i}: {words.number(value, 2)}, chance {words.number(limit, 2)}."
            for i, (value, limit) in enumerate(zip(one.eigenvalues, one.limits, strict=True), 1)
        ),
        "An eigenvalue is the number of questions' worth of variance that a component holds. "
        f"n = {words.count(one.n)} complete interviews, effective "
        f"{words.count(one.n_eff)}.",
        _eigenvalues(one),
    )


def _eigenvalues(one: Components) -> Table:
    total, so_far = float(one.eigenvalues.sum()), 0.0
    rows = []
    for i, value in enumerate(one.eigenvalues):
        so_far += float(value)
        rows.append(
            (
                cells.whole(i + 1),
                cells.number(value, 3),
                percent_cell(value / total),
                percent_cell(so_far / total),
                cells.number(one.limits[i], 3, "too few respondents"),
                cells.number(one.shuffled[i], 3, "only with equal weights"),
                cells.text("yes" if i < one.kept else "no"),
            )
        )
    heads = cells.columns(
        "Component",
        ">Eigenvalue",
        ">Share of variance",
        ">Cumulative",
        ">Chance, 95 %|of unrelated normal answers",
        ">Shuffled, 95 %|of the survey's own answers, each question shuffled",
        "Above chance",
    )
    return Table("eigenvalues", "Components and parallel analysis", heads, tuple(rows))


def _loadings(found: Exploration, one: Factors) -> Table:
    count = one.loadings.shape[1]
    rows = tuple(_loading_row(found, one, i) for i in range(len(one.names)))
    heads = cells.columns(
        "Question",
        "Block",
        *(f">Factor {i + 1}" for i in range(count)),
        ">Communality|share of its variance in the factors",
    )
    notes = (f"{one.note[:1].upper()}{one.note[1:]}.",) if one.note else ()
    return Table("factors", "Factor loadings after varimax", heads, rows, notes)


def _loading_row(found: Exploration, one: Factors, place: int) -> tuple[Cell, ...]:
    name = one.names[place]
    block = next((q.block for q in found.answers.questions if q.name == name), "")
    return (
        cells.text(label(found, name)),
        cells.text(words.sentence_case(words.clean(block)) if block else words.DASH),
        *(_loading(value) for value in one.loadings[place]),
        cells.number(one.communality[place], 2),
    )


def _loading(value: float) -> Cell:
    tone = "strong" if abs(value) >= STRONG else ""
    return Cell(words.number(value, 2), round(float(value), 6), tone=tone)  # type: ignore[arg-type]


def _blocks(found: Exploration, blocks: tuple[Block, ...]) -> Table:
    rows = tuple(
        (
            cells.text(_name(one)),
            cells.whole(len(one.items)),
            cells.text("yes" if one.together else "no", tone="" if one.together else "weak"),
            cells.text(_told(found, one)),
        )
        for one in blocks
    )
    heads = cells.columns("Block", ">Questions", "Loads together", "Reading")
    return Table("blocks", "The model's blocks among the factors", heads, rows)


def _told(found: Exploration, one: Block) -> str:
    if one.together:
        shared = "" if one.alone else ", with other blocks"
        weakest = words.number(one.weakest, 2)
        return f"all on factor {one.factor + 1}{shared}; weakest loading {weakest}"
    return f"apart: {words.listing([label(found, name) for name in one.strays])}"
