"""A study as a frozen value: which model, file and design, what to break down and report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from acsi_sem.spec.fields import Field
from acsi_sem.spec.hierarchy import NationSpec, RunSpec
from acsi_sem.spec.methods.method import Method
from acsi_sem.spec.model import Text
from acsi_sem.spec.raking import RakingSpec
from acsi_sem.spec.survey_parts import Comparison, SurveyFacts
from acsi_sem.terms import (
    Antecedents,
    Engine,
    Errors,
    IndexMeans,
    Interval,
    MissingRule,
    ModelKind,
    ReplicateMethod,
    Resampling,
    Scheme,
    WeightKind,
    WeightsPolicy,
)

STRUCTURAL_ENGINES: tuple[Engine, ...] = ("pls", "semopy", "ols")
COMPOSITE_ENGINES: tuple[Engine, ...] = ("composite",)
OutOfRange = Literal["error", "missing", "low", "high"]


@dataclass(frozen=True, slots=True)
class ReplicateColumns:
    """Columns of replicate weights that came with the survey.

    Attributes
    ----------
    columns : tuple of str
        Their names; or `prefix`, what all their names begin with.
    method : str
        How they were made; it fixes the coefficients of the squared deviations.
    scale : float or None
        Overrides the coefficient common to all replicates.
    fay : float
        Fay's factor, for method ``fay``.
    """

    columns: tuple[str, ...] = ()
    prefix: str = ""
    method: ReplicateMethod = "bootstrap"
    scale: float | None = None
    fay: float = 0.0


@dataclass(frozen=True, slots=True)
class DesignColumns:
    """The survey design's columns, each a column name or None.

    `population` holds the size of a stratum's population in units, or its sampling fraction;
    `id` tells respondents apart.
    """

    weight: str | None = None
    weight_kind: WeightKind = "sampling"
    stratum: str | None = None
    psu: str | None = None
    population: str | None = None
    id: str | None = None
    replicates: ReplicateColumns | None = None


@dataclass(frozen=True, slots=True)
class Codebook:
    """What the codes of a column mean.

    Attributes
    ----------
    column : str
        Column of the survey file.
    label : Text
        The variable in words.
    codes : tuple of (code, text)
        Labels of its codes; codes are compared as numbers where both are numbers.
    missing : tuple of (code, label)
        Codes that mean "no answer".
    bins : tuple of float
        Ascending lower limits of the bins of a number such as age; empty for a category.
        ``(18, 30, 50)`` makes 18-29, 30-49, 50 and over.
    """

    column: str
    label: Text
    codes: tuple[tuple[str, Text], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    bins: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class OutOfRangeRule:
    """How one column treats one value (or, with value None, any value) outside its scale."""

    column: str
    value: float | None
    treat: OutOfRange
    label: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How to estimate; the command line may override each.

    No engines: those that suit the model (`engines_for`). `period`, a year or quarter, chooses the
    dated shares of a composite; empty: the latest.
    ``replicates=0`` means no bootstrap: standard errors and limits of PLS are then empty, unless
    `ci` is ``linearised``. An empty `ci` means percentile with a bootstrap, else normal. `folds`
    above zero asks for cross-validated prediction, `comparison` for the differences of groups.
    """

    engines: tuple[Engine, ...] = ()
    scheme: Scheme = "path"
    index_means: IndexMeans = "available"
    replicates: int = 2000
    seed: int = 1
    level: float = 0.95
    minimum_rows: int = 50
    se: Errors | Literal[""] = ""
    missing: MissingRule = "complete"
    meanstructure: bool = False
    invariance: bool = False
    release: tuple[str, ...] = ()
    ci: Interval | Literal[""] = ""
    weights_policy: WeightsPolicy = "allow"
    resampling: Resampling = "bootstrap"
    fay: float = 0.5
    folds: int = 0
    repetitions: int = 5
    antecedents: Antecedents = "earliest"
    comparison: bool = False
    permutations: int = 999
    period: str = ""


def engines_for(kind: ModelKind) -> tuple[Engine, ...]:
    """Return the engines that suit a kind of model, where nobody names any."""
    return COMPOSITE_ENGINES if kind == "composite" else STRUCTURAL_ENGINES


@dataclass(frozen=True, slots=True)
class Study:
    """A validated study file.

    Attributes
    ----------
    name : str
        Short name; also the folder of its report.
    model, data : str
        Paths, absolute or relative to the study file's folder; `data` may be empty.
    sheet : str
        Sheet of an xlsx file; empty for the first.
    levels : tuple of (level, column)
        E.g. ``(("company", "COMPANY"), ("industry", "INDUSTRY"))``.
    group : str
        Default grouping column; empty for the pooled fit only.
    columns : tuple of Codebook
        Labels of codes for grouping columns and others.
    breakdowns : tuple of Codebook
        The variables to break the index down by.
    rake : RakingSpec or None
        Targets that the weights are raked to.
    nation : NationSpec or None
        How units roll up to a nation.
    run : RunSpec or None
        How scheduled runs behave.
    survey : SurveyFacts
        How the survey was made.
    items : tuple of Field
        Questions outside the model.
    methods : tuple of Method
        Other assessment methods to report.
    comparison : Comparison or None
        Systems compared on this survey.
    folder : str
        Folder of the study file, for relative paths.
    file : str
        The study file as it was named, for messages.
    """

    name: str
    title: Text
    model: str
    data: str = ""
    sheet: str = ""
    description: str = ""
    source: str = ""
    design: DesignColumns = field(default_factory=DesignColumns)
    levels: tuple[tuple[str, str], ...] = ()
    group: str = ""
    columns: tuple[Codebook, ...] = ()
    breakdowns: tuple[Codebook, ...] = ()
    out_of_range: tuple[OutOfRangeRule, ...] = ()
    rake: RakingSpec | None = None
    nation: NationSpec | None = None
    run: RunSpec | None = None
    survey: SurveyFacts = field(default_factory=SurveyFacts)
    items: tuple[Field, ...] = ()
    methods: tuple[Method, ...] = ()
    comparison: Comparison | None = None
    settings: Settings = field(default_factory=Settings)
    language: str = "en"
    folder: str = "."
    file: str = "study"
    sha256: str = ""

    def column_of(self, group: str) -> str:
        """Return the column that a `--group` names: a level's column, else the name itself."""
        return dict(self.levels).get(group, group)
