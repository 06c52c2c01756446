"""What measurement invariance allows, in words, and its rows for tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from acsi_sem.estimators.invariance import CFI_DROP, Invariance, LevelFit
from acsi_sem.estimators.invariance_design import LEVELS, Level, describe
from acsi_sem.estimators.result import Row

ALLOWS: Final[Mapping[Level, str]] = {
    "configural": "the same questions stand for the same constructs",
    "metric": "relations (loadings, paths, effects on the index) may be compared",
    "scalar": "means of constructs and index scores may be compared",
    "strict": "variances and reliabilities of the answers may be compared too",
}
"""What each level adds."""

FORBIDS: Final[Mapping[Level, str]] = {
    "configural": "nothing may be compared",
    "metric": "differences in loadings, paths and effects may come from the questions",
    "scalar": "differences in means and index scores may come from the questions",
    "strict": "differences in the spread of answers may come from measurement error",
}
"""What follows where a level does not hold."""

_EQUAL: Final[Mapping[Level, str]] = {
    "configural": "the same model",
    "metric": "equal loadings",
    "scalar": "equal intercepts",
    "strict": "equal error variances",
}
_CFI_LIMIT: Final = 0.90
_RMSEA_LIMIT: Final = 0.08


def verdict(result: Invariance) -> tuple[str, ...]:
    """Say what may be compared across the groups.

    Parameters
    ----------
    result : Invariance

    Returns
    -------
    tuple of str
        One sentence for each level up to the first that does not hold, one for all together, and
        cautions.

    References
    ----------
    Cheung & Rensvold (2002), Structural Equation Modeling 9, 233-255.
    """
    return (*_level_sentences(result), _summary(result), *_cautions(result))


def _level_sentences(result: Invariance) -> Iterator[str]:
    for step in result.levels:
        yield _sentence(step, bool(result.released))
        if not step.holds:
            return


def _sentence(step: LevelFit, partial: bool) -> str:
    level = step.level
    title = f"{level} invariance ({_EQUAL[level]})"
    title = f"partial {title}" if partial and level != LEVELS[0] else title
    title = title[0].upper() + title[1:]
    if step.holds:
        return f"{title} holds{_evidence(step)}: {ALLOWS[level]}."
    flaw = f" ({'; '.join(step.problems)})" if step.problems else ""
    if step.difference is not None and step.difference.cfi > CFI_DROP:
        return f"{title} does not hold{_evidence(step)}{flaw}: {FORBIDS[level]}."
    return f"{title} cannot be shown{flaw}: {FORBIDS[level]}."


def _evidence(step: LevelFit) -> str:
    if step.difference is None:
        return f" (CFI {step.measures['cfi']:.3f}, RMSEA {step.measures['rmsea']:.3f})"
    fall = step.difference.cfi
    moved = f"falls by {fall:.4f}" if fall >= 0 else f"rises by {-fall:.4f}"
    return f" (CFI {moved}; a fall of {CFI_DROP:.2f} is allowed)"


def _summary(result: Invariance) -> str:
    reached = result.attained
    groups = describe(result.groups)
    if reached is None:
        return f"Nothing may be compared across {groups}."
    if reached == "configural":
        return (
            f"Across {groups} no number may be compared: only that {ALLOWS['configural']} is shown."
        )
    held = LEVELS[1 : LEVELS.index(reached) + 1]
    return f"Across {groups}: {'; '.join(ALLOWS[level] for level in held)}."


def _cautions(result: Invariance) -> Iterator[str]:
    if result.released:
        yield f"Not held equal: {describe(result.released)}."
    first = result.levels[0].measures
    if first and (first["cfi"] < _CFI_LIMIT or first["rmsea"] > _RMSEA_LIMIT):
        yield (
            f"The model itself does not fit the groups closely (CFI {first['cfi']:.3f}, RMSEA "
            f"{first['rmsea']:.3f}; usual limits {_CFI_LIMIT:.2f} and {_RMSEA_LIMIT:.2f})."
        )


_MEASURES: Final = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "aic", "bic")


def invariance_rows(result: Invariance) -> tuple[Row, ...]:
    """Return a row for each level.

    Parameters
    ----------
    result : Invariance

    Returns
    -------
    tuple of mapping
        scope, level, groups, released, the measures ``chisq`` to ``bic`` with the scaled ones
        where there are any, chisq_diff, df_diff, pvalue_diff, cfi_fall, rmsea_rise, holds,
        reading and note. What is unknown is absent.
    """
    return tuple(_row(result, step) for step in result.levels)


def _row(result: Invariance, step: LevelFit) -> Row:
    row: dict[str, object] = {
        "scope": result.scope,
        "level": step.level,
        "groups": ", ".join(result.groups),
        "released": ", ".join(result.released),
    }
    scaled = ("chisq.scaled", "pvalue.scaled", "cfi.robust", "rmsea.robust")
    names = (*_MEASURES, *scaled)
    row |= {name: step.measures[name] for name in names if name in step.measures}
    if step.difference is not None:
        row |= {
            "chisq_diff": step.difference.chisq,
            "df_diff": step.difference.df,
            "pvalue_diff": step.difference.pvalue,
            "cfi_fall": step.difference.cfi,
            "rmsea_rise": step.difference.rmsea,
        }
    stands = _stands(result, step)
    reading = ALLOWS[step.level] if stands else FORBIDS[step.level]
    return row | {"holds": stands, "reading": reading, "note": "; ".join(step.problems)}


def _stands(result: Invariance, step: LevelFit) -> bool:
    """True when the level holds with all before it."""
    reached = result.attained
    return reached is not None and LEVELS.index(step.level) <= LEVELS.index(reached)
