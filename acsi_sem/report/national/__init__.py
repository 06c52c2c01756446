"""The national site: a landing page, one page per industry and company, workbooks."""

from acsi_sem.report.national.site import national_pages

__all__ = ["national_pages"]
