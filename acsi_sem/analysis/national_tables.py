"""What a quarter's readings say beside those of earlier quarters, with nothing given away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from acsi_sem.analysis.nation import Lost
from acsi_sem.indices.changes import find_changes
from acsi_sem.indices.league import rank_units
from acsi_sem.indices.national import national_index
from acsi_sem.indices.withholding import Withheld, blank, blank_forms, withheld_forms
from acsi_sem.spec.hierarchy import Hierarchy, NationSpec
from acsi_sem.spec.periods import Period
from acsi_sem.terms import Notice

Tables = dict[str, pd.DataFrame]

UNSAID: Final = "no result; the company is withheld"


@dataclass(frozen=True, slots=True)
class Known:
    """Readings with nothing withheld, of this and earlier quarters, and what is withheld."""

    readings: dict[Period, pd.DataFrame]
    withheld: dict[Period, Withheld]


def compare(
    spec: NationSpec,
    hierarchy: Hierarchy,
    construct: str,
    known: Known,
    period: Period,
    level: float,
) -> Tables:
    """Rank, roll over quarters and compare with earlier ones; blank what is withheld.

    Parameters
    ----------
    spec : NationSpec
    hierarchy : Hierarchy
    construct : str
        The construct that is ranked.
    known : Known
        Of this quarter and those before.
    period : Period
    level : float
        Confidence level.

    Returns
    -------
    dict of name -> DataFrame
        ``readings``, ``national``, ``changes``, ``league`` and ``differences``
        (`acsi_sem.tables.national`), as they may be published.
    """
    forms = withheld_forms(spec, hierarchy, known.readings, known.withheld)
    readings = blank(known.readings[period], known.withheld[period])
    league, differences = rank_units(hierarchy, readings, construct)
    national = national_index(
        hierarchy, period, known.readings, window=spec.window, conf_level=level
    )
    changes = find_changes(
        spec,
        hierarchy,
        period,
        known.readings,
        conf_level=level,
        withheld=known.withheld,
        forms=forms,
    )
    return {
        "readings": readings,
        "national": blank_forms(national, forms),
        "changes": changes,
        "league": league,
        "differences": differences,
    }


def may_be_told(notices: Iterable[Notice], withheld: Withheld, lowest: str) -> list[Notice]:
    """Leave out what is noticed of withheld companies: it has their numbers in it."""
    return [told for told in notices if (lowest, told.group) not in withheld]


def lost_to_tell(lost: Iterable[Lost], withheld: Withheld, lowest: str) -> tuple[Lost, ...]:
    """Leave the reasons of withheld companies unsaid: they may have their numbers in them."""
    return tuple(
        replace(one, reason=UNSAID) if (lowest, one.unit) in withheld else one for one in lost
    )


def withheld_notices(withheld: Withheld) -> list[Notice]:
    """Tell which units are withheld, by reason."""
    reasons: dict[str, list[str]] = {}
    for (_, unit), reason in withheld.items():
        reasons.setdefault(reason, []).append(unit)
    return [
        Notice("units_withheld", f"{reason[:1].upper()}{reason[1:]}: {', '.join(units)}.")
        for reason, units in reasons.items()
    ]
