"""Fit and publish customer satisfaction indices.

Five lines from a survey to a report::

    import acsi_sem as acsi
    model = acsi.load_model("models/acsi.yaml")
    survey = acsi.read_survey("survey.csv", model, group="COMPANY")
    result = acsi.fit(model, survey, engines=["pls", "ols"], bootstrap=2000, seed=1)
    page = acsi.render_html(acsi.build_report(result))
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acsi_sem.analysis.pipeline import fit as fit
    from acsi_sem.analysis.readings import company_readings as company_readings
    from acsi_sem.analysis.scores import score_index as score_index
    from acsi_sem.indices.rollup import roll_up as roll_up
    from acsi_sem.planning.change import plan_change as plan_change
    from acsi_sem.planning.change import plan_difference as plan_difference
    from acsi_sem.planning.size import plan_size as plan_size
    from acsi_sem.planning.strata import allocate as allocate
    from acsi_sem.report.build import build_report as build_report
    from acsi_sem.report.html import render_html as render_html
    from acsi_sem.runs.assess import assess as assess
    from acsi_sem.runs.history import load_history as load_history
    from acsi_sem.simulate.demo import demo_survey as demo_survey
    from acsi_sem.spec.catalogue import find_model as find_model
    from acsi_sem.spec.catalogue import list_models as list_models
    from acsi_sem.spec.load import load_model as load_model
    from acsi_sem.spec.load_hierarchy import load_hierarchy as load_hierarchy
    from acsi_sem.spec.load_study import load_study as load_study
    from acsi_sem.spec.periods import Period as Period
    from acsi_sem.spec.study import DesignColumns as DesignColumns
    from acsi_sem.survey.read import read_survey as read_survey
    from acsi_sem.survey.read import survey_from_frame as survey_from_frame

__version__ = version("acsi-sem")

_HOMES = {
    "fit": "acsi_sem.analysis.pipeline",
    "score_index": "acsi_sem.analysis.scores",
    "assess": "acsi_sem.runs.assess",
    "list_models": "acsi_sem.spec.catalogue",
    "find_model": "acsi_sem.spec.catalogue",
    "plan_size": "acsi_sem.planning.size",
    "plan_change": "acsi_sem.planning.change",
    "plan_difference": "acsi_sem.planning.change",
    "allocate": "acsi_sem.planning.strata",
    "load_hierarchy": "acsi_sem.spec.load_hierarchy",
    "Period": "acsi_sem.spec.periods",
    "DesignColumns": "acsi_sem.spec.study",
    "company_readings": "acsi_sem.analysis.readings",
    "roll_up": "acsi_sem.indices.rollup",
    "load_history": "acsi_sem.runs.history",
    "build_report": "acsi_sem.report.build",
    "render_html": "acsi_sem.report.html",
    "demo_survey": "acsi_sem.simulate.demo",
    "load_model": "acsi_sem.spec.load",
    "load_study": "acsi_sem.spec.load_study",
    "read_survey": "acsi_sem.survey.read",
    "survey_from_frame": "acsi_sem.survey.read",
}

__all__ = [  # noqa: RUF022 (the order of use)
    "load_model",
    "load_study",
    "demo_survey",
    "read_survey",
    "survey_from_frame",
    "fit",
    "score_index",
    "assess",
    "list_models",
    "find_model",
    "plan_size",
    "plan_change",
    "plan_difference",
    "allocate",
    "load_hierarchy",
    "Period",
    "DesignColumns",
    "company_readings",
    "roll_up",
    "load_history",
    "build_report",
    "render_html",
    "__version__",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: semopy alone takes seconds."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'acsi_sem' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
