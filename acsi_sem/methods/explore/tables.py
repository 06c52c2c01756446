"""What was found in a survey as tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from acsi_sem.methods.explore.clusters import PeopleClusters
from acsi_sem.methods.explore.correspondence import Correspondence
from acsi_sem.methods.explore.explore import Exploration, Together
from acsi_sem.methods.explore.respondents import Duplicates
from acsi_sem.tables.schema import Schema, Type, make_table
from acsi_sem.terms import ALL

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


def _schema(name: str, *columns: str) -> Schema:
    """Return a schema; a column is text, ``#count`` or ``=number``."""
    kinds: dict[str, Type] = {"#": "count", "=": "number"}
    return Schema(name, {one.lstrip("#="): kinds.get(one[0], "text") for one in columns})


ITEMS: Final = _schema(
    "explore_items",
    *("group", "indicator", "#n", "#missing", "=missing_share", "=mode", "=median", "=mean"),
    *("=least", "=most", "=q1", "=q3", "=quartile_deviation", "=standard_deviation", "=skewness"),
    *("=floor", "=floor_low", "=floor_high", "=ceiling", "=ceiling_low", "=ceiling_high"),
    *("=conf_level", "note"),
)
RESPONDENTS: Final = _schema(
    "explore_respondents", "check", "construct", "measure", "=value", "#n", "note"
)
CORRELATIONS: Final = _schema(
    "explore_correlations", "indicator", "other", "=pearson", "=spearman", "#n", "note"
)
COLLINEARITY: Final = _schema(
    "explore_collinearity", "measure", "indicator", "=value", "#n", "note"
)
COMPONENTS: Final = _schema(
    "explore_components", "#component", "measure", "indicator", "=value", "note"
)
FACTORS: Final = _schema(
    "explore_factors", "#factor", "measure", "construct", "indicator", "=value", "note"
)
CLUSTERS: Final = _schema(
    "explore_clusters", "part", "#cluster", "measure", "subject", "=value", "#n", "note"
)
CORRESPONDENCE: Final = _schema(
    "explore_correspondence",
    *("variable", "other", "measure", "axis", "category", "=value", "#n", "note"),
)
MISSING: Final = _schema("explore_missing", "measure", "subject", "=value", "#n", "note")

SCHEMAS: Final = (
    ITEMS,
    RESPONDENTS,
    CORRELATIONS,
    COLLINEARITY,
    COMPONENTS,
    FACTORS,
    CLUSTERS,
    CORRESPONDENCE,
    MISSING,
)


def tables(found: Exploration) -> dict[str, pd.DataFrame]:
    """Return every table by name.

    Parameters
    ----------
    found : Exploration

    Returns
    -------
    mapping of name -> DataFrame
        Shares are between 0 and 1; a number that is withheld or cannot be had is empty and
        `note` says why.
    """
    rows = (
        item_rows(found),
        respondent_rows(found),
        correlation_rows(found),
        collinearity_rows(found.together),
        component_rows(found.together),
        factor_rows(found.together),
        cluster_rows(found),
        (row for one in found.maps for row in correspondence_rows(one)),
        missing_rows(found),
    )
    return {schema.name: make_table(schema, own) for schema, own in zip(SCHEMAS, rows, strict=True)}


def item_rows(found: Exploration) -> Iterator[Row]:
    """Yield a row per question and group."""
    for row in found.items:
        facts = asdict(row.found)
        floor, ceiling = facts.pop("floor"), facts.pop("ceiling")
        made = {
            "group": row.group,
            "indicator": row.question.name,
            "missing_share": row.share,
            "quartile_deviation": row.found.quartile_deviation,
            "standard_deviation": facts.pop("sd"),
            "conf_level": found.plan.level,
            "note": row.note,
        }
        for name, limits in (("floor", floor), ("ceiling", ceiling)):
            made |= dict(zip((name, f"{name}_low", f"{name}_high"), limits, strict=True))
        yield made | facts


def respondent_rows(found: Exploration) -> Iterator[Row]:
    """Yield counts of straight lines and of duplicates."""
    for one in found.straight:
        base = {"check": "straight_lines", "construct": one.block, "n": one.n}
        for measure, value in (
            ("items", len(one.items)),
            ("straight", one.straight),
            ("share", one.share),
            ("longest_run", one.longest),
            ("mean_run", one.mean_run),
        ):
            yield {**base, "measure": measure, "value": float(value)}
    n = found.answers.count(found.answers.weights >= 0)
    yield from _duplicate_rows("duplicates", found.duplicates, n)
    if found.ids is not None:
        yield from _duplicate_rows("repeated_ids", found.ids, n)


def _duplicate_rows(check: str, one: Duplicates, n: int) -> Iterator[Row]:
    for measure in ("sets", "surplus", "largest", "varied"):
        value = np.nan if one.note else float(getattr(one, measure))
        yield {"check": check, "measure": measure, "value": value, "n": n, "note": one.note}


def correlation_rows(found: Exploration) -> Iterator[Row]:
    """Yield a row per pair of questions."""
    one, minimum = found.correlations, found.plan.minimum
    for i, name in enumerate(one.names):
        for j in range(i):
            n = round(float(one.n[i, j]))
            few = n < minimum
            none = "one of them does not vary" if np.isnan(one.pearson[i, j]) else ""
            yield {
                "indicator": one.names[j],
                "other": name,
                "pearson": np.nan if few else one.pearson[i, j],
                "spearman": np.nan if few else one.spearman[i, j],
                "n": n,
                "note": f"withheld: fewer than {minimum} answers" if few else none,
            }


def collinearity_rows(together: Together) -> Iterator[Row]:
    """Yield inflation factors and condition numbers, or why there are none."""
    one = together.collinearity
    if one is None:
        yield {"measure": "vif", "value": np.nan, "n": together.n, "note": together.note}
        return
    for name, value in zip(one.names, one.vif, strict=True):
        note = "" if np.isfinite(value) else "infinite: it is a sum of other questions"
        value = value if np.isfinite(value) else np.nan
        yield {"measure": "vif", "indicator": name, "value": value, "n": one.n, "note": note}
    for measure in ("condition", "condition_index"):
        value = getattr(one, measure)
        note = "" if np.isfinite(value) else "infinite: a question is a sum of others"
        value = value if np.isfinite(value) else np.nan
        yield {"measure": measure, "value": value, "n": one.n, "note": note}
    for name, reason in together.left_out:
        yield {"measure": "left_out", "indicator": name, "value": np.nan, "note": reason}


def component_rows(together: Together) -> Iterator[Row]:
    """Yield eigenvalues with their limits, then loadings of the components that are kept."""
    one = together.components
    if one is None:
        yield {"component": 0, "measure": "eigenvalue", "value": np.nan, "note": together.note}
        return
    shares = one.eigenvalues / one.eigenvalues.sum()
    for i, value in enumerate(one.eigenvalues):
        for measure, number in (
            ("eigenvalue", value),
            ("share", shares[i]),
            ("cumulative_share", shares[: i + 1].sum()),
            ("limit", one.limits[i]),
            ("limit_shuffled", one.shuffled[i]),
            ("kept", float(i < one.kept)),
        ):
            note = "unequal weights" if measure == "limit_shuffled" and np.isnan(number) else ""
            yield {"component": i + 1, "measure": measure, "value": number, "note": note}
    for i in range(max(one.kept, 1)):
        for name, value in zip(one.names, one.loadings[:, i], strict=True):
            yield {"component": i + 1, "measure": "loading", "indicator": name, "value": value}


def factor_rows(together: Together) -> Iterator[Row]:
    """Yield loadings, communalities, and whether blocks load together."""
    one = together.factors
    if one is None or not one.loadings.shape[1]:
        note = together.note if one is None else one.note
        yield {"factor": 0, "measure": "loading", "value": np.nan, "note": note}
        return
    for i in range(one.loadings.shape[1]):
        for name, value in zip(one.names, one.loadings[:, i], strict=True):
            made = {"factor": i + 1, "measure": "loading", "indicator": name}
            yield {**made, "value": value, "note": one.note}
    for name, value in zip(one.names, one.communality, strict=True):
        yield {"factor": 0, "measure": "communality", "indicator": name, "value": value}
    for block in together.blocks:
        strays = "; ".join(block.strays)
        yield {
            "factor": block.factor + 1,
            "measure": "loads_together",
            "construct": block.name,
            "value": float(block.together),
            "note": f"apart: {strays}" if strays else "",
        }


def cluster_rows(found: Exploration) -> Iterator[Row]:
    """Yield the joins of questions, then the clusters of respondents."""
    together = found.together
    if together.items is None or together.people is None:
        yield {"part": "questions", "measure": "height", "value": np.nan, "note": together.note}
        return
    for merge in together.items.merges:
        yield {
            "part": "questions",
            "cluster": merge.step,
            "measure": "height",
            "subject": "; ".join(merge.items),
            "value": merge.height,
            "n": together.n,
        }
    for k, value in together.people.silhouettes:
        yield {
            "part": "respondents",
            "measure": "silhouette",
            "subject": f"{k} clusters",
            "value": value,
            "n": together.n,
            "note": "chosen" if k == together.people.chosen else "",
        }
    yield from _people_rows(together.people, together.index, found.plan.minimum)


def _people_rows(people: PeopleClusters, index: tuple[float, ...], minimum: int) -> Iterator[Row]:
    hidden = withheld_clusters(people, minimum)
    weak = "the clusters are not worth the name" if people.weak else ""
    for i, n in enumerate(people.sizes):
        base = {"part": "respondents", "cluster": i + 1, "n": int(n)}
        yield {**base, "measure": "share", "value": people.shares[i], "note": weak}
        note = f"withheld: fewer than {minimum} respondents in a cluster" if hidden[i] else weak
        numbers = [("index", "", index[i])] if index else []
        numbers += [
            ("centre", name, value)
            for name, value in zip(people.names, people.centres[i], strict=True)
        ]
        for measure, subject, value in numbers:
            told = {"measure": measure, "subject": subject, "note": note}
            yield {**base, **told, "value": np.nan if hidden[i] else value}


def withheld_clusters(people: PeopleClusters, minimum: int) -> np.ndarray:
    """Return which clusters' means are withheld, so that none can be worked out, shape (k,)."""
    from acsi_sem.indices.suppression import suppress

    counts = people.sizes.astype(float)[None, :]
    return np.asarray(suppress(counts, minimum)[0] != 0) if counts.size else np.zeros(0, bool)


def correspondence_rows(one: Correspondence) -> Iterator[Row]:
    """Yield the test, the inertias, the coordinates and what was left out of one map."""
    base = {"variable": one.names[0], "other": one.names[1], "n": one.n}
    if one.plane is None:
        yield {**base, "measure": "inertia", "value": np.nan, "note": one.note}
    else:
        total = float(one.plane.inertia.sum())
        for measure, value in (
            ("inertia", total),
            ("chi_square", one.chi_square),
            ("deff", one.deff),
            ("df", float(one.df)),
            ("p_value", one.p_value),
        ):
            yield {**base, "measure": measure, "value": value, "note": one.note}
        yield from _axis_rows(one, base, total)
    for category in one.left_out:
        yield {**base, "measure": "left_out", "category": category, "value": np.nan}


def _axis_rows(one: Correspondence, base: Row, total: float) -> Iterator[Row]:
    assert one.plane is not None
    for axis, value in enumerate(one.plane.inertia, 1):
        share = value / total if total > 0 else np.nan
        yield {**base, "measure": "inertia", "axis": str(axis), "value": value}
        yield {**base, "measure": "inertia_share", "axis": str(axis), "value": share}
    points = (one.plane.rows, one.plane.columns)
    for side, names, at, mass in zip(
        ("row", "column"), one.categories, points, one.masses, strict=True
    ):
        for i, name in enumerate(names):
            told = {**base, "category": name}
            yield {**told, "measure": f"{side}_mass", "value": mass[i]}
            for axis, value in enumerate(at[i], 1):
                yield {**told, "measure": f"{side}_place", "axis": str(axis), "value": value}


def missing_rows(found: Exploration) -> Iterator[Row]:
    """Yield the share of complete interviews, each question's gaps by group, the patterns."""
    one = found.missing
    yield {"measure": "complete", "value": one.complete, "n": one.complete_n}
    yield {"measure": "monotone", "value": float(one.monotone), "n": one.n}
    for row in found.items:
        if row.group == ALL:
            told = {"measure": "missing", "subject": row.question.name, "value": row.share}
            yield {**told, "n": row.found.missing}
    for pattern in one.patterns:
        told = {"measure": "pattern", "subject": "; ".join(pattern.missing)}
        yield {**told, "value": pattern.share, "n": pattern.n}
    if one.others:
        note = f"{one.others} rarer patterns"
        yield {"measure": "other_patterns", "value": np.nan, "n": one.others_n, "note": note}
