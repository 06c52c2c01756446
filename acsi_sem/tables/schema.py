"""The columns of every output table: names and types that other people's scripts depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

Type = Literal["text", "number", "count"]


@dataclass(frozen=True, slots=True)
class Schema:
    """Name and ordered columns of a table; `note` is last wherever a number may be withheld."""

    name: str
    columns: Mapping[str, Type]


def _schema(name: str, text: str, rest: str, counts: str = "") -> Schema:
    number: dict[str, Type] = dict.fromkeys(rest.split(), "number")
    columns: dict[str, Type] = dict.fromkeys(text.split(), "text")
    columns |= dict.fromkeys(counts.split(), "count")
    return Schema(name, columns | number)


_LIMITS: Final = "std_error conf_low conf_high conf_level"

ESTIMATES: Final = Schema(
    "estimates",
    {
        **dict.fromkeys(["group", "engine", "lhs", "op", "rhs"], "text"),
        **dict.fromkeys(("estimate", "std_error"), "number"),
        "se_type": "text",
        **dict.fromkeys(["statistic", "p_value", "conf_low", "conf_high"], "number"),
        **dict.fromkeys(("std_estimate", "std_estimate_se"), "number"),
        "note": "text",
    },
)
INDICES: Final = Schema(
    "indices",
    {
        **_schema("", "group engine construct", f"n_eff index {_LIMITS}", "n n_complete").columns,
        "note": "text",
    },
)
IMPACTS: Final = Schema(
    "impacts",
    {
        **_schema("", "group engine source target effect", f"estimate {_LIMITS}").columns,
        "via": "text",
        "note": "text",
    },
)
FIT_MEASURES: Final = _schema("fit_measures", "group engine measure", "value")
QUALITY: Final = Schema(
    "quality",
    {
        **_schema(
            "",
            "group engine construct indicator measure",
            "value conf_low conf_high std_error p_value",
        ).columns,
        "note": "text",
    },
)
PREDICTION: Final = Schema(
    "prediction",
    {
        **_schema(
            "",
            "group engine construct indicator measure",
            "value std_error statistic p_value conf_low conf_high",
        ).columns,
        "note": "text",
    },
)
COMPARISONS: Final = Schema(
    "comparisons",
    {
        **_schema(
            "",
            "group other engine lhs op rhs",
            "estimate other_estimate difference limit_low limit_high p_permutation p_bootstrap "
            "p_holm",
        ).columns,
        "note": "text",
    },
)
MICOM: Final = Schema(
    "micom",
    {
        **_schema(
            "", "group other construct step", "value limit_low limit_high p_value holds"
        ).columns,
        "reading": "text",
        "note": "text",
    },
)
IPMA: Final = Schema(
    "ipma",
    {
        **_schema(
            "",
            "group engine target construct indicator",
            "importance importance_low importance_high performance performance_low "
            "performance_high conf_level",
        ).columns,
        "note": "text",
    },
)
WEIGHTING: Final = Schema(
    "weighting",
    {
        **_schema(
            "",
            "group stage",
            "minimum maximum mean cv deff n_eff largest_share at_bound",
            "n",
        ).columns,
        "note": "text",
    },
)
RAKING: Final = _schema("raking", "variable category", "target before after", "n")
BREAKDOWNS: Final = Schema(
    "breakdowns",
    {
        **_schema(
            "", "group engine variable category construct", f"n_eff index {_LIMITS}", "n"
        ).columns,
        "note": "text",
    },
)
ITEMS: Final = _schema(
    "items", "group construct indicator", "mean sd low high index_weight", "n missing"
)
MODIFICATION: Final = _schema("modification", "group engine lhs op rhs", "mi epc sepc_all")
RESIDUALS: Final = _schema("residuals", "group engine lhs rhs", "residual cor_residual")
INVARIANCE: Final = Schema(
    "invariance",
    {
        **_schema(
            "",
            "scope level groups released",
            "chisq df pvalue cfi tli rmsea srmr aic bic chisq.scaled pvalue.scaled cfi.robust "
            "rmsea.robust chisq_diff df_diff pvalue_diff cfi_fall rmsea_rise holds",
        ).columns,
        "reading": "text",
        "note": "text",
    },
)
METHODS: Final = Schema(
    "methods",
    {
        **_schema(
            "", "method kind group subject measure category", f"value {_LIMITS}", "n"
        ).columns,
        "reading": "text",
        "note": "text",
    },
)
SYSTEMS: Final = Schema(
    "systems",
    {
        **_schema(
            "",
            "system model engine weighting group",
            f"index {_LIMITS} difference difference_low difference_high rank rank_base",
            "n items",
        ).columns,
        "note": "text",
    },
)
AGREEMENT: Final = Schema(
    "agreement",
    {
        **_schema("", "system other measure", "value conf_low conf_high conf_level", "n").columns,
        "note": "text",
    },
)
SYSTEM_FIT: Final = _schema("system_fit", "system group measure", "value")
SYSTEM_DRIVERS: Final = Schema(
    "system_drivers",
    {
        **_schema("", "system group driver", f"estimate {_LIMITS} rank").columns,
        "note": "text",
    },
)
MISSING: Final = _schema("missing", "indicator column code label", "", "count")
WARNINGS: Final = _schema("warnings", "group engine kind subject message", "")

SCHEMAS: Final[tuple[Schema, ...]] = (
    ESTIMATES,
    INDICES,
    IMPACTS,
    FIT_MEASURES,
    QUALITY,
    BREAKDOWNS,
    ITEMS,
    MODIFICATION,
    RESIDUALS,
    INVARIANCE,
    PREDICTION,
    COMPARISONS,
    MICOM,
    IPMA,
    WEIGHTING,
    RAKING,
    MISSING,
    WARNINGS,
)

_DTYPES: Final[dict[Type, str]] = {"text": "str", "number": "float64", "count": "int64"}


def make_table(schema: Schema, rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Build a table from rows; a column absent from a row is empty.

    Parameters
    ----------
    schema : Schema
    rows : iterable of mapping
        One mapping per row; keys must be columns of the schema.

    Raises
    ------
    KeyError
        If a row has a key that is no column: a misspelt name must not vanish.
    """
    kept = list(rows)
    if unknown := {key for row in kept for key in row} - set(schema.columns):
        raise KeyError(f"{schema.name} has no column {sorted(unknown)}")
    empty: dict[Type, object] = {"text": "", "number": float("nan"), "count": 0}
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name, empty[type_]) for row in kept], dtype=_DTYPES[type_])
            for name, type_ in schema.columns.items()
        }
    )


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as mappings, column name to value."""
    rows: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
    return rows
