"""A small study of a nation on disk, whose work is played, for tests of its runs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from acsi_sem.runs.jobs import Options, RunCommand
from acsi_sem.runs.locking import Holder
from acsi_sem.runs.scheduled import Context, Produced
from acsi_sem.tables.national import NATIONAL, READINGS
from acsi_sem.tables.schema import make_table
from acsi_sem.tables.write import csv_bytes, parquet_bytes

STUDY = """schema: 1
name: tiny
title: {{en: A tiny nation}}
model: {model}
data: {{file: "survey-{{period}}.csv"}}
levels: {{company: COMPANY, sector: SECTOR}}
nation: {{units: units.csv, shares: shares.csv, measures: {{company: sales, sector: gdp}}}}
run: {{store: store, first: 2025Q4, due_after_days: 5{more}}}
"""
UNITS = """level,unit,parent,title,residual
sector,S,,A sector,0
company,A,S,Firm A,0
company,B,S,Firm B,0
"""
SHARES = """level,unit,measure,valid_from,valid_to,value,std_error
sector,S,gdp,,,1,
company,A,sales,,,60,
company,B,sales,,,40,
"""
MODEL = Path(__file__).parents[1] / "models" / "acsi.yaml"


def write_study(folder: Path, *, more: str = "", periods: tuple[str, ...] = ()) -> Path:
    """Write a study and the data of some periods, and return its file.

    Parameters
    ----------
    folder : Path
    more : str
        Further keys of the part `run`, each after a comma.
    periods : tuple of str
        Whose data are in.
    """
    (folder / "study.yaml").write_text(STUDY.format(model=MODEL, more=more), encoding="utf-8")
    (folder / "units.csv").write_text(UNITS)
    (folder / "shares.csv").write_text(SHARES)
    for period in periods:
        write_data(folder, period)
    return folder / "study.yaml"


def write_data(folder: Path, period: str, index: float = 70.0) -> None:
    """Write the data of a period: all they say is the index and whose it is."""
    (folder / f"survey-{period}.csv").write_text(f"{index} {period}\n")


def command(
    study: Path,
    period: str = "auto",
    today: str = "2026-10-06",
    reason: str = "",
    options: Options | None = None,
) -> RunCommand:
    """Return a command to run a study."""
    holder = Holder("abc", 1, "here", f"{today}T06:00:00+00:00")
    return RunCommand(
        study, period, holder, date.fromisoformat(today), reason, options=options or Options()
    )


class PlayedWork:
    """Publishes what the data say.

    Parameters
    ----------
    study : Path
    share_failed : mapping of period -> share, optional
        0.05 for all others.
    """

    def __init__(self, study: Path, share_failed: dict[str, float] | None = None) -> None:
        self.folder = study.parent
        self.share_failed = share_failed or {}
        self.done: list[str] = []

    def __call__(self, context: Context) -> Produced:
        period = str(context.period)
        self.done.append(period)
        index = float((self.folder / f"survey-{period}.csv").read_text().split()[0])
        names = {"period": period, "engine": "pls", "construct": "satisfaction"}
        tables = {
            "readings": make_table(
                READINGS,
                [
                    names | {"level": "company", "unit": unit, "index": at, "n": 250}
                    for unit, at in (("A", index), ("B", 60.0))
                ],
            ),
            "national": make_table(NATIONAL, [names | {"form": "pooled", "index": index / 2 + 30}]),
        }
        tables["revisions"] = context.moved(tables)
        files = {f"{name}.parquet": parquet_bytes(table) for name, table in tables.items()}
        files |= {f"{name}.csv": csv_bytes(table) for name, table in tables.items()}
        files["internal/readings.parquet"] = files["readings.parquet"]
        share = self.share_failed.get(period, 0.05)
        lost = round(20 * share)
        return Produced(
            files,
            share,
            lost=lost,
            warnings=1,
            lost_units=tuple(f"company {at} (pls): too few rows" for at in range(lost)),
            kinds=(("unexpected_sign", 1),),
            summary=("one line",),
        )
