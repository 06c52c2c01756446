"""From a model file to a `Model`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from acsi_sem.errors import SpecError
from acsi_sem.spec import documents as doc
from acsi_sem.spec.model import (
    Construct,
    DatedShares,
    Derivation,
    Evidence,
    Fieldwork,
    Indicator,
    Model,
    Path,
    Scoring,
    Text,
)
from acsi_sem.spec.model_checks import check_model
from acsi_sem.spec.periods import Period
from acsi_sem.spec.structure import validate
from acsi_sem.spec.yaml_source import Source, read_source


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read and check a model file.

    Parameters
    ----------
    path : path
        A YAML file; messages repeat it as given.

    Returns
    -------
    Model
        With every default resolved and the SHA-256 of the file.

    Raises
    ------
    SpecError
        With every fault at once, each at ``file:line:col``.
    """
    return model_from(read_source(path))


def model_from(source: Source) -> Model:
    """Check a document that has been read, and make the model of it.

    Raises
    ------
    SpecError
        With every fault at once.
    """
    document, faults = validate(doc.ModelDocument, source.data)
    faults += check_model(source.data)
    if document is None or faults:
        raise SpecError(source.problems(faults))
    return _model(document, source.sha256)


def _model(document: doc.ModelDocument, sha256: str) -> Model:
    return Model(
        name=document.name,
        title=Text.of(document.title, document.name),
        source=document.source,
        constructs=tuple(_constructs(document)),
        paths=tuple(
            Path(source, target.to, target.sign)
            for source, targets in document.paths.items()
            for target in targets
        ),
        index=document.index,
        derive=tuple(_derivation(name, part) for name, part in document.derive.items()),
        sha256=sha256,
        kind=document.kind,
        scoring=_scoring(document),
        evidence=tuple(
            Evidence(part.standing, part.text, part.source) for part in document.evidence
        ),
        fieldwork=Fieldwork(**document.fieldwork.model_dump()),
        reach=_reach(document.reach),
    )


def _reach(part: doc.ReachPart | None) -> tuple[Text, ...]:
    return () if part is None else (Text.of(part.can, ""), Text.of(part.cannot, ""))


def _scoring(document: doc.ModelDocument) -> Scoring | None:
    if document.kind != "composite":
        return None
    part = document.scoring or doc.ScoringPart.model_construct()
    return Scoring(part.form, part.boxes, tuple(_shares(entry) for entry in part.weights))


def _shares(part: doc.SharesPart) -> DatedShares:
    total = sum(part.shares.values())
    return DatedShares(
        tuple((name, share / total) for name, share in part.shares.items()),
        _quarter(part.since, 1),
        _quarter(part.until, 4),
        part.source,
    )


def _quarter(time: str | None, quarter: int) -> Period | None:
    """Return the quarter that a year begins or ends with, or the quarter that is named."""
    if time is None:
        return None
    return Period.parse(time) if "Q" in time else Period(int(time), quarter)


def _constructs(document: doc.ModelDocument) -> Iterator[Construct]:
    """Make the constructs; the block of a higher-order one repeats those of its components."""
    own = {
        name: tuple(_indicators(part.indicators, document.defaults))
        for name, part in document.constructs.items()
    }
    for name, part in document.constructs.items():
        repeated = (item for component in part.components for item in own[component])
        yield Construct(
            name=name,
            label=Text.of(part.label, name),
            indicators=tuple(repeated) if part.components else own[name],
            mode=part.mode,
            kind=part.kind,
            components=tuple(part.components),
        )


def _indicators(
    parts: Mapping[str, doc.IndicatorPart], defaults: doc.DefaultsPart
) -> Iterator[Indicator]:
    for name, part in parts.items():
        scale = part.scale or defaults.scale
        missing = defaults.missing if part.missing is None else part.missing
        assert scale is not None, "check_model refuses an indicator without a scale"
        yield Indicator(
            name=name,
            column=part.column or name,
            low=scale[0],
            high=scale[1],
            missing=tuple((float(code), label) for code, label in missing.items()),
            reverse=part.reverse,
            label=Text.of(part.label, name),
            question=None if part.question is None else Text.of(part.question, name),
            anchors=_anchors(part.anchors or defaults.anchors),
        )


def _anchors(part: doc.AnchorsPart | None) -> tuple[Text, ...]:
    return () if part is None else (Text.of(part.low, ""), Text.of(part.high, ""))


def _derivation(name: str, part: doc.DerivationPart) -> Derivation:
    return Derivation(name, part.recipe, (("high", part.high), ("low", part.low)))
