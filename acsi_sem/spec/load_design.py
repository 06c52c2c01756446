"""From the study part `design` to columns of the survey design."""

from __future__ import annotations

from acsi_sem.spec.study import DesignColumns, ReplicateColumns
from acsi_sem.spec.study_documents import DesignPart


def design_from(part: DesignPart) -> DesignColumns:
    """Return the columns that a part names.

    Parameters
    ----------
    part : DesignPart

    Returns
    -------
    DesignColumns
    """
    said = part.replicates
    replicates = None
    if said is not None:
        columns, prefix = tuple(said.columns), said.prefix or ""
        replicates = ReplicateColumns(columns, prefix, said.method, said.scale, said.fay)
    return DesignColumns(
        part.weight,
        part.weight_kind,
        part.stratum,
        part.psu,
        part.population,
        part.id,
        replicates,
    )
