"""Weights of parts: named outright, or by pairwise comparisons (analytic hierarchy process)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
)

from acsi_sem.spec import document_rules as rules
from acsi_sem.spec.documents import Document, Filled
from acsi_sem.spec.findings import Finding, Loc, did_you_mean, show

MOST_COMPARED: Final = 10
"""Random indices are published, and people's judgement holds, up to ten things."""
ROUNDING: Final = 0.01
"""People write 0.33 for a third; more than this is another judgement."""
_FRACTION: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*/\s*([0-9]+(?:\.[0-9]+)?)\s*")

Matrix = tuple[tuple[float, ...], ...]


def fraction(value: object) -> object:
    """Turn a fraction written as text into a number."""
    if not isinstance(value, str):
        return value
    found = _FRACTION.fullmatch(value)
    if found is None or float(found[2]) == 0:
        raise rules.refuse("a number, or a fraction such as 1/3", show(value))
    return float(found[1]) / float(found[2])


Judgement = Annotated[
    FiniteFloat,
    Field(gt=0),
    BeforeValidator(fraction, json_schema_input_type=float | str),
]
Judgements = Annotated[list[list[Judgement]], AfterValidator(rules.at_least_one)]


class AhpPart(Document):
    """Pairwise comparisons; exactly one of matrix and matrices."""

    order: Annotated[
        list[Filled], AfterValidator(rules.at_least_one), AfterValidator(rules.distinct)
    ] = Field(description="What is compared, in the order of rows and columns")
    matrix: Judgements | None = Field(
        None, description="Row against column: 3 means three times as important, 1/3 the reverse"
    )
    matrices: Annotated[list[Judgements], AfterValidator(rules.at_least_one)] | None = Field(
        None, description="One such matrix for each expert"
    )

    @property
    def experts(self) -> list[list[list[float]]]:
        """Every matrix, whichever key it stands under."""
        return [self.matrix] if self.matrix is not None else list(self.matrices or [])


MOST_TIMES: Final = 99
"""Nobody judges one thing a hundred times as important as another; Saaty's scale ends at 9."""


class WeightsPart(Document):
    """Part: weight, any positive numbers; or pairwise comparisons under `ahp`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[FiniteFloat, Field(gt=0)]]

    ahp: AhpPart | None = Field(None, description="Weights from pairwise comparisons")

    @property
    def shares(self) -> dict[str, float]:
        """The weights named outright."""
        return dict(self.__pydantic_extra__)


@dataclass(frozen=True, slots=True)
class Weighting:
    """How parts are weighted; all empty: equally.

    Attributes
    ----------
    shares : tuple of (part, weight)
        Named outright; any positive numbers.
    order : tuple of str
        What is compared in pairs.
    matrices : tuple of tuple of tuple of float
        One square matrix of judgements for each expert.
    """

    shares: tuple[tuple[str, float], ...] = ()
    order: tuple[str, ...] = ()
    matrices: tuple[Matrix, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The parts that have a weight here; none when all weigh the same."""
        return self.order or tuple(name for name, _ in self.shares)

    @property
    def equal(self) -> bool:
        """True when nothing is said, so that all parts weigh the same."""
        return not self.names


EQUAL: Final = Weighting()


def weighting_from(part: WeightsPart | None) -> Weighting:
    """Make the weighting of its part; equal weights where there is none."""
    if part is None:
        return EQUAL
    if part.ahp is None:
        return Weighting(tuple(part.shares.items()))
    return judged(part.ahp)


def judged(part: AhpPart) -> Weighting:
    """Make the weighting of pairwise comparisons."""
    matrices = tuple(tuple(map(tuple, matrix)) for matrix in part.experts)
    return Weighting((), tuple(part.order), matrices)


def check_weights(
    data: object, loc: Loc = ("weights",), names: Sequence[str] | None = None
) -> Iterator[Finding]:
    """Find what is wrong with the meaning of weights.

    Parameters
    ----------
    data : object
        What stands under the key, as the file has it; None when the key is absent.
    loc : tuple of str or int
        Place of the key within the method.
    names : sequence of str, optional
        The parts that must have a weight, no more and no fewer.

    Yields
    ------
    Finding
        None for data of the wrong shape, which the document finds itself.
    """
    try:
        part = None if data is None else WeightsPart.model_validate(data)
    except ValidationError:
        return
    if part is None:
        return
    if part.ahp is None and not part.shares:
        yield Finding(loc, "at least one entry", "none", "leave the key out for equal weights")
    elif part.ahp is not None and part.shares:
        got = f"both ahp and {show(next(iter(part.shares)))}"
        yield Finding(loc, "weights by name, or the key ahp alone", got)
    elif part.ahp is not None:
        yield from check_judgements(part.ahp, (*loc, "ahp"))
    if names is not None and weighting_from(part).names:
        yield from _check_names(weighting_from(part), loc, names)


def _check_names(weighting: Weighting, loc: Loc, names: Sequence[str]) -> Iterator[Finding]:
    place = (*loc, "ahp", "order") if weighting.order else loc
    missing = [name for name in names if name not in weighting.names]
    unknown = [name for name in weighting.names if name not in names]
    if missing or unknown:
        got = " and ".join(
            f"{word} {', '.join(show(name) for name in found[:5])}"
            for word, found in (("no", missing), ("the unknown", unknown))
            if found
        )
        near = did_you_mean(unknown[0], missing) if unknown else ""
        yield Finding(place, f"each of {', '.join(names)} once", got, near)


def check_judgements(part: AhpPart, loc: Loc) -> Iterator[Finding]:
    """Find what is wrong with the meaning of pairwise comparisons, whose key stands at `loc`."""
    if (part.matrix is None) == (part.matrices is None):
        got = "neither" if part.matrix is None else "both"
        yield Finding(loc, "one of the keys matrix and matrices", got)
        return
    if len(part.order) > MOST_COMPARED:
        yield Finding(
            (*loc, "order"),
            f"at most {MOST_COMPARED} things to compare",
            str(len(part.order)),
            "group them into factors and compare within each",
        )
    for i, matrix in enumerate(part.experts):
        place = (*loc, "matrix") if part.matrix is not None else (*loc, "matrices", i)
        yield from _check_matrix(matrix, part.order, place)


def _check_matrix(matrix: list[list[float]], order: Sequence[str], loc: Loc) -> Iterator[Finding]:
    count = len(order)
    if len(matrix) != count:
        rows = f"{len(matrix)} row{'' if len(matrix) == 1 else 's'}"
        yield Finding(loc, f"{count} rows, one for each entry of order", rows)
        return
    short = [i for i, row in enumerate(matrix) if len(row) != count]
    for i in short:
        yield Finding((*loc, i), f"{count} numbers", str(len(matrix[i])))
    if not short:
        yield from _check_entries(matrix, order, loc)


def _check_entries(matrix: list[list[float]], order: Sequence[str], loc: Loc) -> Iterator[Finding]:
    far = [(i, j) for i, row in enumerate(matrix) for j, v in enumerate(row) if not _within(v)]
    for i, j in far:
        expected = f"a judgement from 1/{MOST_TIMES} to {MOST_TIMES} times (usually 1/9 to 9)"
        yield Finding((*loc, i, j), expected, _number(matrix[i][j]))
    if far:
        return
    for i, row in enumerate(matrix):
        if row[i] != 1:
            yield Finding((*loc, i, i), "1, as anything against itself", show(row[i]))
        for j in range(i):
            if abs(row[j] * matrix[j][i] - 1) > ROUNDING * (1 + 1e-9):
                expected = (
                    f"the reverse of {order[j]} against {order[i]}, 1/{matrix[j][i]:g} = "
                    f"{1 / matrix[j][i]:.3g}"
                )
                yield Finding((*loc, i, j), expected, _number(row[j]))


def _within(value: float) -> bool:
    return 1 / MOST_TIMES <= value <= MOST_TIMES


def _number(value: float) -> str:
    return f"{value:.4g}"


def weightings_of(method: Any) -> Iterator[tuple[str, Weighting]]:
    """Yield (place within the method, weighting) of every weighting of a method."""
    if hasattr(method, "weightings"):
        yield from method.weightings()
        return
    for name, place in (("weighting", "weights"), ("factor_weights", "factor_weights")):
        found = getattr(method, name, None)
        if isinstance(found, Weighting):
            yield f"{place}.ahp" if found.order else place, found
