"""Hostile designs: surveys that are hard to weigh, resample or divide, and how each is fitted.

Their outcomes stand in a text file beside the test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from acsi_model import make_model

from acsi_sem.analysis.pipeline import fit
from acsi_sem.analysis.values import Fit
from acsi_sem.spec.model import Text
from acsi_sem.spec.raking import MarginColumn, MarginSpec, RakingSpec, Target
from acsi_sem.spec.study import Codebook, DesignColumns, ReplicateColumns, Study
from acsi_sem.survey.read import survey_from_frame

Change = Callable[[pd.DataFrame], pd.DataFrame]

ITEMS: Final = ("Q1", "Q2", "Q3", "S1", "S2", "S3", "C", "L")
MODEL: Final = make_model(
    {
        "quality": ITEMS[:3],
        "satisfaction": ITEMS[3:6],
        "complaints": ("C",),
        "loyalty": ("L",),
    },
    (
        ("quality", "satisfaction", "positive"),
        ("satisfaction", "complaints", "negative"),
        ("satisfaction", "loyalty", "positive"),
    ),
    index="satisfaction",
    name="small",
    scales={"C": (0.0, 1.0)},
)
ROWS: Final = 80
PLAIN: Final = DesignColumns()
SMALLEST: Final = 20
"""Fewest complete rows of a group, so that small surveys will do."""


W: Final = DesignColumns(weight="W")
COUNT: Final = DesignColumns(weight="W", weight_kind="frequency")
STRATA: Final = DesignColumns(stratum="STRATUM")
UNITS: Final = DesignColumns(psu="PSU")
BOTH: Final = DesignColumns(weight="W", stratum="STRATUM", psu="PSU")
FINITE: Final = DesignColumns(stratum="STRATUM", population="POP")
GIVEN: Final = DesignColumns(weight="W", replicates=ReplicateColumns(prefix="R", method="jk1"))
FROM_COLUMNS: Final[dict[str, Any]] = {"resampling": "columns"}
LINEARISED: Final[dict[str, Any]] = {"ci": "linearised"}
JACKKNIFE: Final[dict[str, Any]] = {"resampling": "jackknife"}


def sound_frame(n: int = ROWS) -> pd.DataFrame:
    """Return a survey without a fault: answers, two firms, a weight, strata, PSUs, regions."""
    rng = np.random.Generator(np.random.PCG64(1))
    quality = rng.normal(size=n)
    satisfaction = 0.7 * quality + 0.7 * rng.normal(size=n)
    shared = dict(zip(ITEMS, [quality] * 3 + [satisfaction] * 5, strict=True))
    frame = {
        name: np.clip(np.rint(6.5 + 1.6 * own + 1.1 * rng.normal(size=n)), 1, 10)
        for name, own in shared.items()
    }
    frame["C"] = (rng.normal(size=n) - satisfaction > 0.8).astype(float)
    i = np.arange(n)
    frame |= {"W": 1 + i % 3 / 2, "STRATUM": i * 4 // n, "PSU": i // 5, "AREA": i % 10}
    frame |= {"POP": np.full(n, 10.0 * n), "REGION": 1 + i % 3, "SEX": 1 + i % 2}
    return pd.DataFrame(frame).assign(FIRM=np.where(i < n // 2, "A", "B"))


def cells(column: str, values: Mapping[int, object]) -> Change:
    """Change some cells of a column."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        made = frame[column].astype(object).tolist()
        for row, value in values.items():
            made[row] = value
        return frame.assign(**{column: pd.Series(made, dtype=object)})

    return change


def columns(**made: Callable[[pd.DataFrame], Any]) -> Change:
    """Make columns anew."""
    return lambda frame: frame.assign(**made)


def copies(of: Callable[[pd.DataFrame, int], Any], count: int = 6) -> Change:
    """Add replicate weights R1, R2 ..."""
    return lambda frame: frame.assign(**{f"R{r + 1}": of(frame, r) for r in range(count)})


def half(frame: pd.DataFrame) -> Any:
    """Return which rows are of the first firm."""
    return frame["FIRM"] == "A"


@dataclass(frozen=True)
class Case:
    """A frame, how it is read and what is asked of it."""

    id: str
    change: Change = lambda frame: frame
    design: DesignColumns = PLAIN
    group: str | None = None
    asked: dict[str, Any] = field(default_factory=dict)
    rake: RakingSpec | None = None
    breakdown: str = ""
    rows: int = ROWS
    minimum: int = SMALLEST

    def run(self) -> Fit:
        """Read and fit it; 60 replicates of PLS unless asked otherwise."""
        named = (Codebook(self.breakdown, Text.of(None, self.breakdown)),) if self.breakdown else ()
        study = Study("hostile", Text.of(None, "hostile"), "", design=self.design, rake=self.rake)
        survey = survey_from_frame(
            self.change(sound_frame(self.rows)),
            MODEL,
            group=self.group,
            study=study,
            breakdowns=named,
            minimum_rows=self.minimum,
        )
        usual = {"engines": ("pls",), "bootstrap": 60, "minimum_rows": self.minimum}
        return fit(MODEL, survey, **{**usual, **self.asked})


def targets(column: str, shares: dict[str, float], **options: Any) -> RakingSpec:
    """Return what to rake one column to."""
    each = tuple(
        Target((name,), share, "study.yaml", f"rake.{column}.{name}")
        for name, share in shares.items()
    )
    margin = MarginSpec((MarginColumn(column),), each, "study.yaml", f"rake.{column}")
    return RakingSpec((margin,), where="study.yaml", path="rake", **options)
