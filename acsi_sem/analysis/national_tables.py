"""What a quarter's readings say beside those of earlier quarters, with nothing given away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from acsi_sem.indices.changes import find_changes
from acsi_sem.indices.league import rank_units
from acsi_sem.indices.national import national_index
from acsi_sem.indices.withholding import Withheld, blank, withheld_forms
from acsi_sem.spec.hierarchy import Hierarchy, NationSpec
from acsi_sem.spec.periods import Period
from acsi_sem.terms import Notice

Tables = dict[str, pd.DataFrame]


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
        "national": _without(
            national, {form: why for (at, form), why in forms.items() if at == period}
        ),
        "changes": changes,
        "league": league,
        "differences": differences,
    }


def _without(national: pd.DataFrame, forms: Mapping[str, str]) -> pd.DataFrame:
    """Blank the forms of the national index that would reveal a withheld sector."""
    made = national.copy()
    at = made["form"].isin(list(forms))
    for name in ("index", "std_error", "freedom", "conf_low", "conf_high", "published"):
        made.loc[at, name] = np.nan
    made.loc[at, "note"] = made.loc[at, "form"].map(dict(forms))
    return made


def may_be_told(notices: Iterable[Notice], withheld: Withheld, lowest: str) -> list[Notice]:
    """Leave out what is noticed of withheld companies: it has their numbers in it."""
    return [told for told in notices if (lowest, told.group) not in withheld]
