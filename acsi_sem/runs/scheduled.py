"""A run of one period: computed once, published once, and never by halves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from acsi_sem.errors import AcsiError, Problem, UsageError
from acsi_sem.runs.checkpoints import Checkpoints, remove_finished, remove_work
from acsi_sem.runs.crashes import crash_point
from acsi_sem.runs.durable import store_errors
from acsi_sem.runs.inputs import Inputs, run_key
from acsi_sem.runs.locking import Holder, store_lock
from acsi_sem.runs.store import Current, Files, Store, publish, recover
from acsi_sem.spec.periods import Period

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[str, int, int], None]
Status = Literal["published", "adopted", "already published"]
PAST: Final = "past "
"""What the names of earlier periods begin with among the inputs."""
_SHOWN: Final = 12
"""Characters of a hash in messages."""
_NAMED: Final = 10
"""Lost companies that a message names."""


class NotPublishedError(AcsiError):
    """Too many companies failed; `produced` is what the work came to."""

    exit_code = 5

    def __init__(self, problem: Problem, produced: Produced) -> None:
        super().__init__(problem)
        self.produced = produced


class RefusedError(UsageError):
    """A published period whose inputs changed, without a reason; or another period's survey."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run of a period is to do.

    Attributes
    ----------
    period : Period
    inputs : callable
        Returns the inputs as they are now; called before and after the work, so that a file that
        is replaced in between is noticed. Raises `AcsiError` when one is missing.
    fail_above : float
        Share of companies without a result above which nothing is published.
    reason : str
        Why a published period is published anew; empty when it is not to be.
    """

    period: Period
    inputs: Callable[[], Inputs]
    fail_above: float = 0.1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What the work of a run may see of the store.

    Attributes
    ----------
    store : Store
    period : Period
    revision : int
        The number that it will have.
    reason : str
        Why it replaces the one before; empty for the first.
    run_key : str
    inputs : Inputs
    past : tuple of Period
        Earlier published periods, earliest first; read them by `read_past`.
    previous : Path or None
        Folder of the revision that this one replaces.
    progress : callable
        Of (stage, done, total).
    """

    store: Store
    period: Period
    revision: int
    reason: str
    run_key: str
    inputs: Inputs
    past: tuple[Period, ...]
    previous: Path | None
    progress: Progress

    @property
    def _checkpoints(self) -> Checkpoints:
        return Checkpoints(self.store, self.period, self.run_key)

    def checkpoint(self, task: str) -> bytes | None:
        """Return what an earlier run of the same inputs saved for a task."""
        return self._checkpoints.get(task)

    def save(self, task: str, data: bytes) -> None:
        """Keep the result of a task for a run after a crash.

        Raises
        ------
        UsageError
            If it cannot be written.
        """
        self._checkpoints.save(task, data)

    def read_past(self, period: Period, name: str) -> bytes:
        """Return a file of a past period's current revision, e.g. ``internal/readings.parquet``.

        Raises
        ------
        DataError
            If there is none, or it was changed after it was published.
        """
        return self.store.read(period, name)

    def moved(self, after: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        """Return the `REVISIONS` table: what this revision changes in the one before.

        Parameters
        ----------
        after : mapping of name -> DataFrame
            ``readings`` and ``national`` as they will be published.
        """
        from acsi_sem.runs.revision import read_compared, revision_table

        before = after if self.previous is None else read_compared(self.previous)
        return revision_table(self.period, before, after)


@dataclass(frozen=True, slots=True)
class Produced:
    """What the work of a run came to.

    Attributes
    ----------
    files : Files
        All that is to be published, and ``internal/``.
    share_failed : float
        Of the companies, those without a result.
    lost, warnings : int
        Companies without a result; warnings, without what only informs.
    lost_units : tuple of str
        Which have no result and why, a phrase each.
    kinds : tuple of (kind, count)
        Of the warnings.
    summary : tuple of str
        Lines for the terminal.
    manifest : mapping
        Added to the manifest; plain data, without times, hosts or absolute paths.
    """

    files: Files
    share_failed: float = 0.0
    lost: int = 0
    warnings: int = 0
    lost_units: tuple[str, ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()
    summary: tuple[str, ...] = ()
    manifest: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended well.

    Attributes
    ----------
    period : Period
    status : str
        ``published``; ``adopted`` when an ended run had all but named it; ``already published``.
    revision : int
    folder : Path
    lost, warnings, lost_units, kinds, summary
        As `Produced` has them; but for `lost`, empty when there was no work.
    told : tuple of str
        What was found of earlier runs that were ended.
    """

    period: Period
    status: Status
    revision: int
    folder: Path
    lost: int = 0
    warnings: int = 0
    lost_units: tuple[str, ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()
    summary: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


Produce = Callable[[Context], Produced]


def run_period(
    store: Store,
    plan: Plan,
    produce: Produce,
    *,
    holder: Holder,
    progress: Progress | None = None,
) -> Outcome:
    """Publish a period, unless it is published already from the same inputs.

    Parameters
    ----------
    store : Store
        Made when it is not there.
    plan : Plan
    produce : callable
        Does the work; only called when there is any.
    holder : Holder
        Who runs, for whom the lock keeps out.
    progress : callable, optional

    Returns
    -------
    Outcome

    Raises
    ------
    LockedError
        Exit code 6: another run has the store.
    RefusedError
        Exit code 2: published from other inputs, and no reason given; names what changed.
    NotPublishedError
        Exit code 5: too many companies have no result.
    UsageError
        If the store cannot be written, or the inputs changed during the work.
    """
    with store_errors(store.root):
        store.root.mkdir(parents=True, exist_ok=True)
    with store_lock(store.root, holder):
        crash_point("locked")
        return _run(store, plan, produce, progress or _silent)


def _run(store: Store, plan: Plan, produce: Produce, progress: Progress) -> Outcome:
    period = plan.period
    past = tuple(found for found in store.published() if found < period)
    inputs = (*plan.inputs(), *_past_inputs(store, past))
    key = run_key(inputs)
    adopted, told = recover(store, period, key)
    remove_finished(store)
    crash_point("cleaned")
    current = store.current(period)
    if current is not None and current.run_key == key:
        remove_work(store, period)
        status: Status = "adopted" if adopted else "already published"
        return _published(store, period, current, status, told)
    if current is not None and not plan.reason:
        raise _refusal(store, period, current, inputs)
    context = Context(
        store,
        period,
        current.revision + 1 if current else 1,
        plan.reason if current else "",
        key,
        inputs,
        past,
        store.revision(period, current.revision) if current else None,
        progress,
    )
    produced = produce(context)
    crash_point("produced")
    _check(plan, context, produced)
    manifest = _manifest(context, produced)
    publish(store, period, context.revision, produced.files, manifest)
    remove_work(store, period)
    return Outcome(
        period,
        "published",
        context.revision,
        store.revision(period, context.revision),
        produced.lost,
        produced.warnings,
        produced.lost_units,
        produced.kinds,
        produced.summary,
        told,
    )


def _silent(stage: str, done: int, total: int) -> None:
    """Show nothing."""


def _past_inputs(store: Store, past: tuple[Period, ...]) -> Inputs:
    """Return the earlier periods as inputs: changes, windows and histories rest on them."""
    currents = ((period, store.current(period)) for period in past)
    return tuple((f"{PAST}{period}", now.manifest_sha256) for period, now in currents if now)


def _published(
    store: Store, period: Period, current: Current, status: Status, told: tuple[str, ...]
) -> Outcome:
    manifest = store.manifest(period, current.revision)
    folder = store.revision(period, current.revision)
    return Outcome(period, status, current.revision, folder, int(manifest["lost"]), told=told)


def _refusal(store: Store, period: Period, current: Current, inputs: Inputs) -> RefusedError:
    before = read_inputs(store.manifest(period, current.revision))
    changes = "; ".join(input_changes(before, dict(inputs)))
    return RefusedError(
        Problem(
            str(period),
            f"r{current.revision}, which is published",
            "the inputs it was made of",
            changes,
            "say why by --reason TEXT to publish a new revision",
        )
    )


def read_inputs(manifest: Mapping[str, object]) -> dict[str, str]:
    """Return what a manifest says its run was made of."""
    listed = manifest.get("inputs")
    rows = listed if isinstance(listed, list) else []
    return {str(row["input"]): str(row["sha256"]) for row in rows}


def input_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Say what differs between two sets of inputs, one phrase each.

    Parameters
    ----------
    before, after : mapping of input -> SHA-256 or version

    Examples
    --------
    >>> input_changes({"package numpy": "2.2.0", "a": "1"}, {"package numpy": "2.3.1", "b": "2"})
    ('package numpy 2.2.0 -> 2.3.1', 'a is gone', 'b is new')
    """
    found = []
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            found.append(f"{name} is {'new' if old is None else 'gone'}")
        elif old != new:
            found.append(f"{name} {old[:_SHOWN]} -> {new[:_SHOWN]}")
    return tuple(found)


def _check(plan: Plan, context: Context, produced: Produced) -> None:
    """Refuse to publish what too many companies lack, or what rests on files that changed."""
    if not produced.share_failed <= plan.fail_above:
        raise _not_published(plan, produced)
    own = {name: digest for name, digest in context.inputs if not name.startswith(PAST)}
    changes = input_changes(own, dict(plan.inputs()))
    if changes:
        got = f"{'; '.join(changes)}; nothing was published"
        raise UsageError(
            Problem(str(plan.period), "", "inputs that stay during a run", got, "run again")
        )


def _not_published(plan: Plan, produced: Produced) -> NotPublishedError:
    units = produced.lost_units[:_NAMED]
    rest = len(produced.lost_units) - len(units)
    more = [f"{rest} more"] if rest else []
    named = f": {'; '.join([*units, *more])}" if units else ""
    got = f"{produced.share_failed:.1%} ({produced.lost}{named}); nothing was published"
    expected = f"at most {plan.fail_above:.1%} of companies without a result"
    remedy = "correct the data and run again, or raise run.fail_above in the study"
    return NotPublishedError(
        Problem(str(plan.period), "run.fail_above", expected, got, remedy), produced
    )


def _manifest(context: Context, produced: Produced) -> dict[str, object]:
    return dict(produced.manifest) | {
        "schema": 1,
        "period": str(context.period),
        "revision": context.revision,
        "reason": context.reason,
        "run_key": context.run_key,
        "inputs": [{"input": name, "sha256": digest} for name, digest in context.inputs],
        "lost": produced.lost,
        "share_failed": produced.share_failed,
    }
