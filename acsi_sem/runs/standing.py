"""What published periods rest on, held against what is there now."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from acsi_sem.runs.durable import sha256_of
from acsi_sem.runs.inputs import FULL, SURVEY
from acsi_sem.runs.scheduled import PAST, read_inputs
from acsi_sem.runs.store import Store
from acsi_sem.spec.periods import Period


@dataclass(frozen=True, slots=True)
class Standing:
    """How a published period stands to what was published or changed after it.

    Attributes
    ----------
    period : Period
    without : tuple of Period
        Earlier periods that are published now and were not when it was.
    older : tuple of Period
        Earlier periods that have another revision now than the one it was computed from.
    gone : tuple of str
        Earlier periods that it was computed from and that are not published any more.
    data_changed : bool
        The survey file is another one now.
    full : bool
        It was published with ``--full``.
    """

    period: Period
    without: tuple[Period, ...] = ()
    older: tuple[Period, ...] = ()
    gone: tuple[str, ...] = ()
    data_changed: bool = False
    full: bool = False

    def sentences(self) -> tuple[str, ...]:
        """Say what is not well, one sentence each; none when all is."""
        found = (
            (self.without, f"was published without {_listed(self.without)}"),
            (self.older, f"rests on older revisions of {_listed(self.older)}"),
            (self.gone, f"rests on {_listed(self.gone)}, not published any more"),
            (self.data_changed, "the data changed since it was published"),
        )
        return tuple(f"{self.period}: {text}" for there, text in found if there)

    def reason(self) -> str:
        """Return a reason to publish it anew."""
        if self.without:
            return f"{_listed(self.without)} came late"
        return "the data changed" if self.data_changed else "earlier quarters changed"


def _listed(periods: tuple[object, ...]) -> str:
    return ", ".join(map(str, periods))


def standings(store: Store, survey: Callable[[Period], Path]) -> tuple[Standing, ...]:
    """Return how every published period stands, earliest first.

    Parameters
    ----------
    store : Store
    survey : callable
        Returns the survey file of a period; one that is not there any more is passed over.

    Raises
    ------
    DataError
        If the store was damaged.
    """
    published = {period: found for period in store.published() if (found := store.current(period))}
    return tuple(
        _standing(
            period,
            read_inputs(store.manifest(period, found.revision)),
            {before: now.manifest_sha256 for before, now in published.items() if before < period},
            survey(period),
        )
        for period, found in published.items()
    )


def _standing(
    period: Period, used: dict[str, str], past: dict[Period, str], survey: Path
) -> Standing:
    names = {f"{PAST}{before}": before for before in past}
    return Standing(
        period,
        tuple(before for name, before in names.items() if name not in used),
        tuple(b for name, b in names.items() if used.get(name, past[b]) != past[b]),
        tuple(
            name.removeprefix(PAST) for name in used if name.startswith(PAST) and name not in names
        ),
        SURVEY in used and survey.is_file() and sha256_of(survey) != used[SURVEY],
        used.get(FULL) == "yes",
    )


def remedies(found: tuple[Standing, ...], study: Path) -> tuple[str, ...]:
    """Return the commands that put things right, in the order that they are to be run.

    A period that is published anew leaves every later one on an older revision, so all from the
    first that does not stand well are to be renewed.

    Parameters
    ----------
    found : tuple of Standing
        Of every published period, earliest first.
    study : Path
        The study file as commands name it.
    """
    first = next((at for at, one in enumerate(found) if one.sentences()), len(found))
    return tuple(
        f"acsi-sem run {shlex.quote(str(study))} --period {one.period} "
        f"--reason {shlex.quote(one.reason())}{' --full' if one.full else ''}"
        for one in found[first:]
    )


def standing_told(found: tuple[Standing, ...], study: Path) -> tuple[str, ...]:
    """Return what is not well and the commands that put it right; nothing when all is well."""
    sentences = [sentence for one in found for sentence in one.sentences()]
    if not sentences:
        return ()
    head = "if the files are as they should be, publish anew, in this order:"
    return (*sentences, head, *(f"  {command}" for command in remedies(found, study)))
