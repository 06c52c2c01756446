"""The report: content as frozen values, then pictures, then one HTML page."""

from acsi_sem.report.build import build_report
from acsi_sem.report.content import Provenance, ReportData
from acsi_sem.report.html import render_html

__all__ = ["Provenance", "ReportData", "build_report", "render_html"]
