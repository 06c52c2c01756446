"""The ACSI model of DESIGN section 5, built by hand for tests that must not read a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from acsi_sem.spec.model import Construct, Indicator, Model, Path, Text
from acsi_sem.terms import Sign

BLOCKS: Mapping[str, Sequence[str]] = {
    "expectations": ("OVERALLX", "CUSTOMX", "WRONGX"),
    "perceived_quality": ("OVERALLQ", "CUSTOMQ", "WRONGQ"),
    "perceived_value": ("PQ", "QP"),
    "satisfaction": ("SATIS", "CONFIRM", "IDEAL"),
    "complaints": ("COMP",),
    "loyalty": ("REPUR",),
}
PATHS: Sequence[tuple[str, str, Sign]] = (
    ("expectations", "perceived_quality", "positive"),
    ("expectations", "perceived_value", "positive"),
    ("expectations", "satisfaction", "positive"),
    ("perceived_quality", "perceived_value", "positive"),
    ("perceived_quality", "satisfaction", "positive"),
    ("perceived_value", "satisfaction", "positive"),
    ("satisfaction", "complaints", "negative"),
    ("satisfaction", "loyalty", "positive"),
    ("complaints", "loyalty", "any"),
)
MISSING = ((98.0, "don't know"), (99.0, "refused"))
SCALES: Mapping[str, tuple[float, float]] = {"COMP": (0.0, 1.0)}


def make_indicator(
    name: str,
    scale: tuple[float, float] = (1.0, 10.0),
    missing: tuple[tuple[float, str], ...] = MISSING,
) -> Indicator:
    """Make an indicator that stands in the column of its own name."""
    low, high = scale
    return Indicator(name, name, low, high, missing, reverse=False, label=Text.of(None, name))


def make_model(
    blocks: Mapping[str, Sequence[str]],
    paths: Sequence[tuple[str, str, Sign]] | Sequence[tuple[str, str]],
    index: str | None = None,
    name: str = "test",
    scales: Mapping[str, tuple[float, float]] | None = None,
) -> Model:
    """Make a model from blocks of indicator names and (source, target[, sign]) arrows."""
    ends = scales or {}
    constructs = tuple(
        Construct(
            construct,
            Text.of(None, construct),
            tuple(make_indicator(item, ends.get(item, (1.0, 10.0))) for item in items),
        )
        for construct, items in blocks.items()
    )
    return Model(
        name=name,
        title=Text.of(None, name),
        source="",
        constructs=constructs,
        paths=tuple(Path(*path) for path in paths),
        index=index or constructs[-1].name,
    )


def acsi_model() -> Model:
    """Return the American Customer Satisfaction Index model with 13 indicators."""
    return make_model(BLOCKS, PATHS, index="satisfaction", name="acsi", scales=SCALES)
