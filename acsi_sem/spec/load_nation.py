"""From a study's parts `nation` and `run` to their values."""

from __future__ import annotations

from acsi_sem.spec import nation_documents as doc
from acsi_sem.spec.hierarchy import NATION, Break, NationSpec, RunSpec
from acsi_sem.spec.model import Text


def nation_from(part: doc.NationPart | None) -> NationSpec | None:
    """Return how units roll up; None where the study does not say."""
    if part is None:
        return None
    return NationSpec(
        title=Text.of(part.title, NATION),
        units=part.units,
        shares=part.shares,
        measures=tuple(part.measures.items()),
        form=part.form,
        window=part.window,
        breaks=tuple(Break(item.period, item.reason, item.series) for item in part.breaks),
    )


def run_from(part: doc.RunPart | None) -> RunSpec | None:
    """Return how scheduled runs behave; None where the study does not say."""
    if part is None:
        return None
    alert = part.alert
    return RunSpec(
        store=part.store,
        first=part.first or "",
        due_after_days=part.due_after_days,
        fail_above=part.fail_above,
        alert_command=tuple(alert.command) if alert else (),
        alert_webhook=(alert.webhook if alert else None) or "",
        replicated=tuple(part.replicated),
        history=tuple(part.history),
    )
