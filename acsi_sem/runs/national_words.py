"""What a national run says at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from acsi_sem.analysis.nation import Lost, National
from acsi_sem.spec.hierarchy import NationSpec
from acsi_sem.spec.study import Settings, Study
from acsi_sem.terms import Notice


def summary(study: Study, nation: NationSpec, national: National) -> tuple[str, ...]:
    """Return the lines that end a run on the terminal.

    Parameters
    ----------
    study : Study
        For its language.
    nation : NationSpec
        For its title and the published form.
    national : National
    """
    table = national.tables["national"]
    own = table[
        (table["form"] == nation.form)
        & (table["construct"] == national.model.index)
        & (table["engine"] == national.request.engines[0])
    ]
    title = nation.title.get(study.language)
    lines = [f"{title} {national.period}: {_reading(row)}" for row in own.to_dict("records")]
    readings = national.tables["readings"]
    held = readings.loc[readings["note"].str.startswith("withheld"), ["level", "unit"]]
    counts = [
        f"{national.fitted} companies",
        f"{national.interviews:,} interviews",
        *([f"{len(held.drop_duplicates())} units withheld"] if len(held) else []),
        *(
            f"{engine} without a result for {number}"
            for engine, number in Counter(one.engine for one in national.lost).items()
        ),
    ]
    return (*lines, ", ".join(counts), *(f"lost: {text}" for text in lost_lines(national.lost)))


def _reading(row: Mapping[Any, Any]) -> str:
    if np.isnan(row["index"]):
        return str(row["note"])
    if np.isnan(row["conf_low"]):
        return f"{row['index']:.1f} (no interval: {row['note']})"
    return f"{row['index']:.1f} ({row['conf_low']:.1f} to {row['conf_high']:.1f})"


def lost_lines(lost: Iterable[Lost]) -> tuple[str, ...]:
    """Say which companies have no result for which engine, and why."""
    return tuple(f"{one.unit} ({one.engine}): {one.reason}" for one in lost)


def left_out(settings: Settings, study: Study | None = None) -> list[Notice]:
    """Tell what the study asks for and runs do not make."""
    asked = {
        "methods": study is not None and bool(study.methods),
        "prediction": settings.folds > 0,
        "comparison": settings.comparison,
        "invariance": settings.invariance,
    }
    names = ", ".join(name for name, wanted in asked.items() if wanted)
    message = f"Not made in scheduled runs: {names}; acsi-sem report makes them of a quarter."
    return [Notice("left_out", message)] if names else []
