"""Simulated interviews written as files to stream, and what reads them in small chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acsi_sem.inference import streamed
from acsi_sem.inference.streamed import Pass
from acsi_sem.simulate.demo import demo_survey
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Model
from acsi_sem.survey import stream_files

MODELS = Path(__file__).parents[1] / "models"


@cache
def model(name: str = "acsi") -> Model:
    """Return a model of the repository."""
    return load_model(MODELS / f"{name}.yaml")


@cache
def interviews(name: str = "acsi", size: int = 90) -> pd.DataFrame:
    """Return simulated interviews of six companies, in no order, with missing codes."""
    frame = demo_survey(model(name), seed=5, interviews=size)
    frame = frame.sample(frac=1, random_state=2).reset_index(drop=True)
    frame["SATIS"] = frame["SATIS"].astype(float)
    frame.loc[[3, 77, 240], "SATIS"] = [98.0, 99.0, np.nan]
    return frame


def write(frame: pd.DataFrame, path: Path, group: int = 130) -> Path:
    """Write interviews as the format that the extension names."""
    if path.suffix == ".parquet":
        frame.to_parquet(path, row_group_size=group)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def small_chunks(patch: pytest.MonkeyPatch, rows: int = 100) -> None:
    """Cut files into chunks of few rows."""
    patch.setattr(stream_files, "CHUNK_ROWS", rows)
    patch.setattr(streamed, "CHUNK_ROWS", rows)


def backwards(task: Callable[[range], Pass], items: Sequence[range]) -> Iterator[Pass]:
    """Do the last portion first, as workers may."""
    found = {item.start: task(item) for item in reversed(items)}
    yield from (found[item.start] for item in items)
