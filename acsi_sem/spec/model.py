"""The theory as a frozen value: constructs, their indicators, the arrows between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from acsi_sem.spec.periods import Period
from acsi_sem.terms import ModelKind, ScoreForm, Sign, Standing


@dataclass(frozen=True, slots=True)
class Text:
    """A label in one or more languages.

    Attributes
    ----------
    entries : tuple of (language, text)
        In file order; the first is the fallback.

    Examples
    --------
    >>> Text((("en", "Loyalty"), ("zh-Hans", "顾客忠诚"))).get("zh-Hans")
    '顾客忠诚'
    """

    entries: tuple[tuple[str, str], ...]

    @staticmethod
    def of(value: Mapping[str, str] | str | None, fallback: str) -> Text:
        """Make a label from a file's value; `fallback` serves when there is none."""
        if value is None:
            return Text((("en", fallback),))
        if isinstance(value, str):
            return Text((("en", value),))
        return Text(tuple(value.items()))

    def get(self, language: str = "en") -> str:
        """Return the text in `language`, else the first one given."""
        return dict(self.entries).get(language, self.entries[0][1])


@dataclass(frozen=True, slots=True)
class Indicator:
    """An observed answer.

    Attributes
    ----------
    name : str
        Name in the model and in tables.
    column : str
        Column of the survey file (or the derived item) that holds it.
    low, high : float
        Ends of the answer scale.
    missing : tuple of (code, label)
        Codes that mean "no answer".
    reverse : bool
        True when a high answer means little of the construct.
    question : Text or None
        The question as it is put, where the model gives it.
    anchors : tuple of Text
        What the low and the high end of the scale are called, or empty.
    """

    name: str
    column: str
    low: float
    high: float
    missing: tuple[tuple[float, str], ...]
    reverse: bool
    label: Text
    question: Text | None = None
    anchors: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Construct:
    """A latent variable with its block of indicators.

    `mode` is the PLS weighting of the block, `kind` the theory behind it. `components` names the
    first-order constructs that make up a higher-order one; its `indicators` then repeat theirs,
    component by component, and `mode` weights the components.
    """

    name: str
    label: Text
    indicators: tuple[Indicator, ...]
    mode: Literal["A", "B"] = "A"
    kind: Literal["factor", "composite"] | None = None
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """An arrow from `source` to `target` with the sign the theory expects."""

    source: str
    target: str
    sign: Sign = "positive"


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derived item: `recipe` names how it is made, `inputs` which columns it reads."""

    name: str
    recipe: Literal["price_tolerance"]
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DatedShares:
    """Shares of a composite's components, and the quarters they hold for.

    Attributes
    ----------
    shares : tuple of (component, share)
        Positive, summing to one.
    first, last : Period or None
        None: from ever, or until further notice.
    """

    shares: tuple[tuple[str, float], ...]
    first: Period | None = None
    last: Period | None = None
    source: str = ""

    def holds(self, period: Period) -> bool:
        """Whether they hold for a quarter."""
        return (self.first is None or self.first <= period) and (
            self.last is None or period <= self.last
        )


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a composite index scores answers, and what its components count for.

    Attributes
    ----------
    form : str
        ``scaled``: 100 (x - low) / (high - low); ``of_maximum``: 100 x / high, so that the floor
        is not 0; ``top_box``: the percentage that answers in the highest `boxes` steps.
    boxes : int
        Steps that count, for ``top_box``.
    shares : tuple of DatedShares
        In order of time; empty where the index has no components.
    """

    form: ScoreForm
    boxes: int = 2
    shares: tuple[DatedShares, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One statement on where a model comes from, and how well it is known.

    Attributes
    ----------
    standing : str
        ``documented`` in the source named; ``derived``: computed from documented facts;
        ``unverified``: known to us, the source not read; ``ours``: a choice of this toolkit.
    """

    standing: Standing
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fieldwork:
    """How the system asks, as far as it is known; empty text and 0 are unknown.

    Attributes
    ----------
    interviews : int
        Usual interviews per `unit`.
    """

    country: str = ""
    since: int = 0
    interviews: int = 0
    unit: str = ""
    mode: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A validated model: what a model file says, with every default resolved.

    Constructs stand in file order, which is the order of every table; indicators in block order.
    A ``composite`` model has no paths: `scoring` says how its index is made. `reach` is what the
    system can tell and what it cannot.
    """

    name: str
    title: Text
    source: str
    constructs: tuple[Construct, ...]
    paths: tuple[Path, ...]
    index: str
    derive: tuple[Derivation, ...] = ()
    sha256: str = ""
    kind: ModelKind = "structural"
    scoring: Scoring | None = None
    evidence: tuple[Evidence, ...] = ()
    fieldwork: Fieldwork = Fieldwork()
    reach: tuple[Text, ...] = ()

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Every indicator, block by block; a higher-order block repeats those of its components."""
        return tuple(item for construct in self.constructs for item in construct.indicators)

    @property
    def answers(self) -> tuple[Indicator, ...]:
        """Every indicator once: what a survey is asked for."""
        blocks = (construct for construct in self.constructs if not construct.components)
        return tuple(item for construct in blocks for item in construct.indicators)

    @property
    def construct_names(self) -> tuple[str, ...]:
        """Names of the constructs in order."""
        return tuple(construct.name for construct in self.constructs)

    def construct(self, name: str) -> Construct:
        """Return the construct called `name`; `KeyError` if there is none."""
        for construct in self.constructs:
            if construct.name == name:
                return construct
        raise KeyError(name)
