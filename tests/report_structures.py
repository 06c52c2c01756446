"""Hand-made fits and look-ups for the report's tests of covariance structures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from report_cases import pooled_fit

from acsi_sem.analysis.values import Fit
from acsi_sem.report.content import Block, Bullets, Details, Prose, Section, Table
from acsi_sem.tables.schema import (
    FIT_MEASURES,
    INVARIANCE,
    make_table,
)
from acsi_sem.terms import ALL, Engine, Notice

MEASURES = {
    "chisq": 300.0,
    "df": 58.0,
    "pvalue": 0.0,
    "cfi": 0.931,
    "tli": 0.92,
    "rmsea": 0.071,
    "rmsea.ci.lower": 0.065,
    "rmsea.ci.upper": 0.077,
    "srmr": 0.04,
    "aic": 1000.0,
}
ADJUSTED = {
    "chisq.scaled": 210.4,
    "df.scaled": 58.0,
    "pvalue.scaled": 0.0123,
    "pvalue.bollen.stine": 0.25,
    "cfi.robust": 0.963,
    "tli.robust": 0.944,
    "rmsea.robust": 0.0512,
    "rmsea.ci.lower.robust": 0.0443,
    "rmsea.ci.upper.robust": 0.0581,
}
LEVELS = ("configural", "metric", "scalar", "strict")
VERDICT = "Metric invariance (equal loadings) holds <& more>."


def walk(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Yield every block, those behind summary lines too."""
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from walk(block.blocks)


def tables(blocks: tuple[Block, ...]) -> dict[str, Table]:
    """Return the tables by id."""
    return {block.ident: block for block in walk(blocks) if isinstance(block, Table)}


def prose(blocks: tuple[Block, ...]) -> str:
    """Return the paragraphs as one text."""
    return " ".join(
        text for block in walk(blocks) if isinstance(block, Prose) for text in block.paragraphs
    )


def bullets(section: Section) -> dict[str, str]:
    """Return the statements of a section by their lead-in."""
    found = [block for block in section.blocks if isinstance(block, Bullets)]
    return {lead: text for block in found for lead, text in block.items}


def with_measures(engine: Engine, measures: dict[str, float]) -> Fit:
    """A fit by one engine with the measures given for its pooled rows."""
    base = pooled_fit()
    rows = [
        {"group": ALL, "engine": engine, "measure": name, "value": value}
        for name, value in measures.items()
    ]
    request = replace(base.request, engines=("pls", engine))
    return replace(base, request=request, fit_measures=make_table(FIT_MEASURES, rows))


def level_row(scope: str, level: str, fall: float, **other: object) -> dict[str, object]:
    """A row of the invariance table."""
    return {
        "scope": scope,
        "level": level,
        "groups": "a, b",
        "chisq": 100.0,
        "df": 50.0,
        "cfi": 0.95,
        "rmsea": 0.05,
        "cfi_fall": fall,
        "reading": f"reading of {level}",
        **other,
    }


def compared(rows: list[dict[str, object]]) -> Fit:
    """The pooled fit with an invariance table and a verdict on its first scope."""
    notices = (Notice("invariance", VERDICT, subject="measurement"), Notice("guess", "GB18030."))
    return replace(pooled_fit(), invariance=make_table(INVARIANCE, rows), notices=notices)


@cache
def standard() -> Fit:
    """Configural and metric hold, scalar falls too far."""
    falls = (math.nan, 0.0042, 0.0216, 0.001)
    return compared(
        [
            level_row("measurement", level, fall, holds=float(at < 2), **{"chisq.scaled": 80.0})
            for at, (level, fall) in enumerate(zip(LEVELS, falls, strict=True))
        ]
    )
