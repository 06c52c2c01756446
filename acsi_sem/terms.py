"""The field's words: operators, column names and what they mean, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Engine = Literal["pls", "plsc", "semopy", "ml", "ols", "ordinal", "composite"]
ModelKind = Literal["structural", "composite"]
ScoreForm = Literal["scaled", "of_maximum", "top_box"]
Standing = Literal["documented", "derived", "unverified", "ours"]
SurveyType = Literal["overview", "transaction", "reliability", "follow_up"]
SurveyMode = Literal["telephone", "online", "face_to_face", "mail", "mixed"]
Errors = Literal["robust", "ml", "mlm", "cluster"]
MissingRule = Literal["complete", "mean", "em", "fiml"]
Scheme = Literal["path", "factorial", "centroid"]
WeightKind = Literal["sampling", "frequency"]
IndexMeans = Literal["available", "complete"]
Interval = Literal["percentile", "bca", "studentized", "normal", "linearised"]
Resampling = Literal["bootstrap", "jackknife", "brr", "fay", "columns"]
ReplicateMethod = Literal["bootstrap", "jk1", "jkn", "brr", "fay"]
WeightsPolicy = Literal["allow", "nonnegative", "drop"]
Antecedents = Literal["earliest", "direct"]
Detail = Literal["full", "core"]
Sign = Literal["positive", "negative", "any"]

PATH_ENGINES: Final[tuple[Engine, ...]] = ("pls", "plsc", "semopy", "ml", "ols", "ordinal")
ENGINES: Final[tuple[Engine, ...]] = (*PATH_ENGINES, "composite")
ERROR_KINDS: Final[tuple[Errors, ...]] = ("robust", "ml", "mlm", "cluster")
MISSING_RULES: Final[tuple[MissingRule, ...]] = ("complete", "mean", "em", "fiml")
SCHEMES: Final[tuple[Scheme, ...]] = ("path", "factorial", "centroid")
INTERVALS: Final[tuple[Interval, ...]] = (
    "percentile",
    "bca",
    "studentized",
    "normal",
    "linearised",
)
RESAMPLINGS: Final[tuple[Resampling, ...]] = ("bootstrap", "jackknife", "brr", "fay", "columns")
REPLICATE_METHODS: Final[tuple[ReplicateMethod, ...]] = ("bootstrap", "jk1", "jkn", "brr", "fay")
WEIGHTS_POLICIES: Final[tuple[WeightsPolicy, ...]] = ("allow", "nonnegative", "drop")
ANTECEDENTS: Final[tuple[Antecedents, ...]] = ("earliest", "direct")
STRUCTURED: Final[tuple[Resampling, ...]] = ("jackknife", "brr", "fay", "columns")
"""Replicates whose squared deviations are summed with coefficients; no percentiles of them."""

ALL: Final = "all"
"""The name of the one fit to every row; no input group may bear it."""

LOADING: Final = "=~"
WEIGHT: Final = "<~"
PATH: Final = "~"
COVARIANCE: Final = "~~"
INTERCEPT: Final = "~1"

ENGINE_TITLES: Final[dict[str, str]] = {
    "pls": "PLS path model",
    "plsc": "Consistent PLS",
    "semopy": "Covariance structure (ML)",
    "ml": "Covariance structure (kernel)",
    "ordinal": "Ordinal structure (DWLS)",
    "ols": "OLS baseline",
    "composite": "Fixed weights",
}

GLOSSARY: Final[dict[str, str]] = {
    "group": "value of the grouping column; `all` is one fit to every row",
    "engine": "pls, plsc, semopy, ml, ols, ordinal or composite",
    "lhs": "left side: construct (=~, <~), target (~), variable (~~, ~1)",
    "op": "=~ loading, <~ outer weight, ~ path, ~~ (co)variance, ~1 intercept; "
    "total (effect) and index in comparisons",
    "rhs": "right side: indicator (=~, <~), source (~), variable (~~)",
    "estimate": "pls: standardised; semopy: unstandardised, first loading 1; ols: 0-100 units",
    "std_error": "standard error of the estimate",
    "se_type": "bootstrap, linearised, jackknife, brr, fay, columns, robust (Huber-White), "
    "cluster, mlm, ml (expected information), fiml, fiml_robust or hc3",
    "statistic": "estimate / std_error",
    "p_value": "two-sided p-value of the statistic",
    "conf_low": "lower confidence limit",
    "conf_high": "upper confidence limit",
    "std_estimate": "standardised estimate",
    "std_estimate_se": "standard error of the standardised estimate",
    "construct": "name of a construct in the model file",
    "n": "rows with at least one answer to the construct",
    "n_complete": "complete cases: rows with an answer to every indicator of the model",
    "n_eff": "Kish effective number of rows with an answer, (sum w)^2 / sum w^2",
    "index": "index on 0-100",
    "conf_level": "confidence level of the limits",
    "source": "the construct that acts",
    "target": "the construct acted upon",
    "effect": "direct, indirect, specific, total (0-100 units) or impact_5 (gain from +5 points)",
    "via": "constructs that a specific indirect effect passes through, in order",
    "measure": "name of the measure; lavaan's names in fit_measures",
    "value": "value of the measure",
    "indicator": "indicator, or the other construct of a pair, or the source of a path",
    "variable": "breakdown column of the study",
    "category": "category of the breakdown variable; part of a measure that has several",
    "column": "column of the survey file",
    "code": "missing code as it stands in the file (empty: a blank cell)",
    "label": "what the code means",
    "mean": "mean of the answers the index uses, in scale units",
    "sd": "standard deviation of the complete cases, which standardises the indicator",
    "low": "lower end of the answer scale",
    "high": "upper end of the answer scale",
    "missing": "respondents without an answer",
    "index_weight": "weight in the index, summing to one within a construct",
    "count": "number of answers",
    "note": "why a number is withheld or to be read with care; empty when there is nothing to say",
    "mi": "modification index: expected fall of chi-square if the parameter were free",
    "epc": "expected estimate of a parameter that the model fixes at zero",
    "sepc_all": "the same, standardised",
    "residual": "sample covariance less the implied one",
    "cor_residual": "sample correlation less the implied one",
    "scope": "measurement (constructs with several items) or model (with the paths)",
    "level": "configural, metric, scalar or strict invariance; in national tables company, "
    "industry, sector, nation",
    "groups": "groups compared; means of constructs are zero in the first",
    "released": "parameters not held equal",
    "chisq": "chi-square of the level",
    "df": "degrees of freedom",
    "pvalue": "its p-value",
    "cfi": "comparative fit index",
    "tli": "Tucker-Lewis index",
    "rmsea": "root mean square error of approximation",
    "srmr": "standardised root mean square residual",
    "aic": "Akaike information criterion",
    "bic": "Bayesian information criterion",
    "chisq.scaled": "Yuan-Bentler-Mplus scaled chi-square",
    "pvalue.scaled": "its p-value",
    "cfi.robust": "robust comparative fit index",
    "rmsea.robust": "robust root mean square error of approximation",
    "chisq_diff": "(scaled) chi-square difference from the level before",
    "df_diff": "its degrees of freedom",
    "pvalue_diff": "its p-value",
    "cfi_fall": "fall of CFI from the level before; more than 0.01 speaks against the level",
    "rmsea_rise": "rise of RMSEA from the level before",
    "holds": "1 when the level holds with all before it, else 0",
    "reading": "what that allows, in words",
    "subject": "what the warning is about",
    "message": "the warning in words",
    "kind": "short name of the warning",
    "other": "the group compared with",
    "other_estimate": "estimate in the other group",
    "difference": "estimate less other_estimate",
    "p_permutation": "two-sided p-value of the difference by permutation of respondents",
    "p_bootstrap": "two-sided p-value of the difference from both groups' replicates",
    "p_holm": "p-value (of permutations, where there are any) adjusted by Holm's method",
    "step": "step of MICOM: configural, composition, mean or variance",
    "limit_low": "lower limit of what permutation gives when the groups do not differ",
    "limit_high": "upper limit of it",
    "importance": "total effect on the target, 0-100 units",
    "importance_low": "lower confidence limit of the importance",
    "importance_high": "upper confidence limit of the importance",
    "performance": "0-100 index of the construct, or 0-100 mean of the indicator",
    "performance_low": "lower confidence limit of the performance",
    "performance_high": "upper confidence limit of the performance",
    "stage": "base weights, or raked",
    "minimum": "smallest weight",
    "maximum": "largest weight",
    "cv": "coefficient of variation of the weights",
    "deff": "Kish's design effect of weighting, 1 + cv^2",
    "largest_share": "share of the total held by the largest 1 % of weights",
    "at_bound": "rows whose weight is held at a bound or trimmed",
    "before": "share in the weighted sample before raking; the value before a revision",
    "after": "share after raking; the value after a revision",
    "period": "quarter, e.g. 2026Q3",
    "unit": "unit of a level: a company, an industry, a sector, the nation",
    "parent": "unit of the next higher level that it belongs to",
    "freedom": "degrees of freedom of the limits; empty: many (normal limits)",
    "published": "the index as published: rounded once, half up",
    "form": "pooled, mean_of_quarters or latest: how the nation's rolling index is formed",
    "quarters": "quarters with readings within the window",
    "readings": "readings that an aggregate rests on",
    "versus": "last_quarter or last_year",
    "base_period": "the period compared with",
    "base_index": "index of that period",
    "change": "index less base_index",
    "flag_90": "1 when p_holm (p_value where there is none) is below 0.10, else 0",
    "flag_95": "1 when it is below 0.05, else 0",
    "percent": "change in percent of the base, from published (rounded) scores",
    "tied": "letters; units that share one cannot be told apart at 95 %, Holm-adjusted",
    "rank": "place within the parent by the unrounded index",
    "share": "share of the parent",
    "weight": "weight within the nation of this quarter",
    "table": "table that holds the number",
    "moved": "after less before",
    "series": "name of a series of readings",
    "vintage": "revision of a run, or the publication that a score was taken from",
    "alternative": "another source's score where the first is doubtful",
    "doubtful": "1 where sources disagree, else 0",
    "baseline": "1 for the first measurement of a series, else 0",
    "missing_share": "weighted share without an answer",
    "mode": "most frequent answer, weighted",
    "median": "weighted median",
    "least": "smallest answer given",
    "most": "largest answer given",
    "q1": "weighted lower quartile",
    "q3": "weighted upper quartile",
    "quartile_deviation": "(q3 - q1) / 2",
    "standard_deviation": "weighted, n - 1",
    "skewness": "third moment over the cubed standard deviation, weighted",
    "floor": "share of answers at the lowest grade",
    "floor_low": "lower limit of floor",
    "floor_high": "upper limit of floor",
    "ceiling": "share of answers at the highest grade",
    "ceiling_low": "lower limit of ceiling",
    "ceiling_high": "upper limit of ceiling",
    "check": "straight_lines, duplicates or repeated_ids",
    "pearson": "weighted product-moment correlation",
    "spearman": "weighted rank correlation",
    "component": "principal component, from 1",
    "factor": "factor, from 1; 0 where there is no single one",
    "part": "questions or respondents",
    "cluster": "cluster, or step of joining",
    "axis": "axis of the map",
    "question": "what a plan answers",
    "quantity": "quantity of a plan",
    "key": "short name of a choice",
    "language": "language of a text",
    "name": "name of a choice",
    "aspect": "what a text is about",
    "text": "the text",
    "method": "name of a method in the study",
    "system": "name of a system in the comparison",
    "model": "name of the model",
    "weighting": "study (the study's weights) or none",
    "items": "questions that the index rests on",
    "difference_low": "lower confidence limit of the difference",
    "difference_high": "upper confidence limit of the difference",
    "rank_base": "rank of the group by the system compared with",
    "driver": "the construct that acts on the index",
    "break": "1 where the series is not comparable with before, else 0",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning that reaches the manifest and the report.

    Attributes
    ----------
    kind : str
        Short stable name, e.g. ``unexpected_sign``.
    message : str
        One sentence for a reader.
    group, engine, subject : str
        Where it applies; empty means everywhere.
    """

    kind: str
    message: str
    group: str = ""
    engine: str = ""
    subject: str = ""
