"""What a model file says, as far as it can be read when parts of it are wrong.

The checks of meaning run on these facts and not on the validated document, so that one pass
reports faults of shape and of meaning together. A part of the wrong shape is passed over here:
pydantic reports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.findings import Loc, code_number


@dataclass(frozen=True, slots=True)
class ScaleFact:
    """A usable scale and where it stands."""

    loc: Loc
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class IndicatorFact:
    """An indicator; `scale` is None when it has none and inherits none.

    `scale_broken` says that a scale is there but unusable, its fault being one of shape.
    """

    loc: Loc
    name: str
    column: str
    scale: ScaleFact | None
    scale_broken: bool
    missing: tuple[tuple[Loc, float], ...]


@dataclass(frozen=True, slots=True)
class ArrowFact:
    """An arrow; `loc` is its place in the list of targets."""

    loc: Loc
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class ComponentFact:
    """A construct that another one names as its component; `loc` is its place in the list."""

    loc: Loc
    name: str
    whole: str


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Everything in a model file that has a usable shape.

    `keys` holds, of every construct that is a mapping, what it says anything about;
    `components_whole` tells whether what every construct is made of can be read.
    """

    constructs: tuple[str, ...]
    keys: tuple[tuple[str, tuple[str, ...]], ...]
    components: tuple[ComponentFact, ...]
    components_whole: bool
    indicators: tuple[IndicatorFact, ...]
    missing_lists: tuple[tuple[Loc, tuple[str, ...]], ...]
    arrows: tuple[ArrowFact, ...]
    sources: tuple[str, ...]
    arrows_whole: bool
    index: str | None
    derived: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    composite: bool = False


def model_facts(data: dict[str, object]) -> ModelFacts:
    """Collect the facts of a model file."""
    constructs = mapping(data.get("constructs"))
    defaults = mapping(data.get("defaults"))
    defaults_whole = isinstance(data.get("defaults", {}), dict)
    arrows, whole = _arrows(data.get("paths"))
    index = data.get("index")
    return ModelFacts(
        constructs=tuple(constructs),
        keys=tuple((name, tuple(v)) for name, v in constructs.items() if isinstance(v, dict)),
        components=tuple(_components(constructs)),
        components_whole=all(_made_of_something(block) for block in constructs.values()),
        indicators=tuple(
            _indicator(construct, name, mapping(spec), defaults, defaults_whole)
            for construct, block in constructs.items()
            for name, spec in mapping(mapping(block).get("indicators")).items()
        ),
        missing_lists=tuple(_missing_lists(constructs, defaults)),
        arrows=arrows,
        sources=tuple(mapping(data.get("paths"))),
        arrows_whole=whole,
        index=index if isinstance(index, str) else None,
        derived=_derived(mapping(data.get("derive"))),
        composite=data.get("kind") == "composite",
    )


def mapping(value: object) -> dict[str, object]:
    """Return a mapping as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def _indicator(
    construct: str,
    name: str,
    spec: dict[str, object],
    defaults: dict[str, object],
    defaults_whole: bool,
) -> IndicatorFact:
    loc: Loc = ("constructs", construct, "indicators", name)
    column = spec.get("column")
    own_scale, own_missing = spec.get("scale") is not None, spec.get("missing") is not None
    scale_of, scale_loc = (spec, loc) if own_scale else (defaults, ("defaults",))
    missing_of, missing_loc = (spec, loc) if own_missing else (defaults, ("defaults",))
    scale = _scale(scale_of.get("scale"), (*scale_loc, "scale"))
    return IndicatorFact(
        loc=loc,
        name=name,
        column=column if isinstance(column, str) else name,
        scale=scale,
        scale_broken=scale is None and (scale_of.get("scale") is not None or not defaults_whole),
        missing=_missing(mapping(missing_of.get("missing")), (*missing_loc, "missing")),
    )


def _components(constructs: dict[str, object]) -> Iterator[ComponentFact]:
    for whole, block in constructs.items():
        names = mapping(block).get("components")
        for i, name in enumerate(names if isinstance(names, list) else []):
            if isinstance(name, str):
                yield ComponentFact(("constructs", whole, "components", i), name, whole)


def _made_of_something(block: object) -> bool:
    names = mapping(block).get("components", [])
    readable = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return readable and not {"indicators", "components"}.isdisjoint(mapping(block))


def _scale(value: object, loc: Loc) -> ScaleFact | None:
    try:
        return ScaleFact(loc, *rules.scale(value))
    except PydanticCustomError:
        return None


def _missing(codes: dict[str, object], loc: Loc) -> tuple[tuple[Loc, float], ...]:
    numbers = (((*loc, code), code_number(code)) for code in codes)
    return tuple((place, value) for place, value in numbers if value is not None)


def _missing_lists(
    constructs: dict[str, object], defaults: dict[str, object]
) -> Iterator[tuple[Loc, tuple[str, ...]]]:
    yield ("defaults", "missing"), tuple(mapping(defaults.get("missing")))
    for construct, block in constructs.items():
        for name, spec in mapping(mapping(block).get("indicators")).items():
            loc: Loc = ("constructs", construct, "indicators", name, "missing")
            yield loc, tuple(mapping(mapping(spec).get("missing")))


def _arrows(paths: object) -> tuple[tuple[ArrowFact, ...], bool]:
    """Return the arrows that can be read, and whether these are all."""
    found: list[ArrowFact] = []
    whole = isinstance(paths, dict)
    for source, value in mapping(paths).items():
        for i, entry in enumerate(value if isinstance(value, list) else [value]):
            target = entry.get("to") if isinstance(entry, dict) else entry
            if isinstance(target, str):
                step = ("to",) if isinstance(entry, dict) else ()
                found.append(ArrowFact(("paths", source, i, *step), source, target))
            else:
                whole = False
    return tuple(found), whole


def _derived(
    entries: dict[str, object],
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    return tuple(
        (
            name,
            tuple(
                (key, column)
                for key, column in mapping(entry).items()
                if key != "recipe" and isinstance(column, str)
            ),
        )
        for name, entry in entries.items()
    )
