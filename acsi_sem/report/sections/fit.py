"""How well the covariance structures fit, and where they do not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

from acsi_sem.report import cells, words
from acsi_sem.report.content import Block, Cell, Details, Heading, Prose, Table
from acsi_sem.report.facts import Facts, rows
from acsi_sem.report.sections import shown
from acsi_sem.terms import ALL, COVARIANCE, ENGINE_TITLES, LOADING, PATH

FIT_CAUTION: Final = (
    "The cut-offs are those of Hu & Bentler (1999). They come from simulations of particular "
    "models and are not universal; with few degrees of freedom RMSEA rejects too often, and with "
    "many rows chi-square rejects nearly every model."
)
ROBUST: Final = (
    "Answers on ten-point scales are skewed. The textbook chi-square takes them for normal and is "
    "then off, and with it CFI, TLI and RMSEA; so the scaled chi-square and the robust measures, "
    "which allow for the shape of the answers, stand first."
)
BOLLEN_STINE: Final = (
    "The Bollen–Stine p is the share of bootstrap replicates, drawn from answers transformed so "
    "that the model holds, whose chi-square reaches the one found; it needs no normal answers."
)
ORDINAL: Final = (
    "The ordinal structure takes answers for ordered categories; its chi-square is scaled and "
    "shifted. The cut-offs were made for maximum likelihood: here the same values are reached "
    "more easily (Xia & Yang 2019)."
)
HINT: Final = (
    "A large index is a hint, not a licence: the largest of many is partly chance, so a parameter "
    "freed because of it needs a reason in theory and another sample to show itself in."
)
RESIDUAL_WORDS: Final = (
    "Differences between the sample's correlations and those that the model implies: the pairs of "
    "questions that the model explains worst. Positive: they go together more than it says. With "
    "many pairs some are large by chance."
)
MOST_LISTED: Final = 10
LARGE_RESIDUAL: Final = 0.10
_CUTS: Final[dict[str, tuple[str, Callable[[float], bool]]]] = {
    "cfi": ("0.95 or more", lambda v: v >= 0.95),
    "tli": ("0.95 or more", lambda v: v >= 0.95),
    "rmsea": ("0.06 or less", lambda v: v <= 0.06),
    "srmr": ("0.08 or less", lambda v: v <= 0.08),
}
_ADJUSTED: Final[tuple[tuple[str, str, int], ...]] = (
    ("chisq.scaled", "Chi-square, scaled", 1),
    ("df.scaled", "Degrees of freedom", 0),
    ("pvalue.scaled", "p of the scaled chi-square", 3),
    ("pvalue.bollen.stine", "p, Bollen–Stine bootstrap", 3),
    ("cfi.robust", "CFI, robust", 3),
    ("tli.robust", "TLI, robust", 3),
    ("rmsea.robust", "RMSEA, robust", 3),
    ("rmsea.ci.lower.robust", "RMSEA, robust, lower 90 % limit", 3),
    ("rmsea.ci.upper.robust", "RMSEA, robust, upper 90 % limit", 3),
)
_SCALED: Final[tuple[tuple[str, str, int], ...]] = (
    ("cfi.scaled", "CFI, scaled", 3),
    ("tli.scaled", "TLI, scaled", 3),
    ("rmsea.scaled", "RMSEA, scaled", 3),
)
_PLAIN: Final[tuple[tuple[str, str, int], ...]] = (
    ("chisq", "Chi-square", 1),
    ("df", "Degrees of freedom", 0),
    ("pvalue", "p of chi-square", 3),
    ("cfi", "CFI", 3),
    ("tli", "TLI", 3),
    ("rmsea", "RMSEA", 3),
    ("rmsea.ci.lower", "RMSEA, lower 90 % limit", 3),
    ("rmsea.ci.upper", "RMSEA, upper 90 % limit", 3),
)
_REST: Final[tuple[tuple[str, str, int], ...]] = (
    ("srmr", "SRMR", 3),
    ("aic", "AIC", 1),
    ("bic", "BIC", 1),
)
_TESTS: Final = {
    "robust": "Yuan–Bentler–Mplus",
    "cluster": "Yuan–Bentler–Mplus, from the sampling units of the design",
    "fiml_robust": "Yuan–Bentler–Mplus",
    "mlm": "Satorra–Bentler",
}
_CHANGES: Final = {LOADING: "cross-loading", PATH: "path", COVARIANCE: "covariance"}


def blocks(facts: Facts) -> tuple[Block, ...]:
    """Fit measures of every covariance structure that ran; nothing when none did."""
    engines = facts.covariance_engines
    if not engines:
        return ()
    made: list[Block] = [
        Heading("fit", "Fit of the covariance structure model"),
        Prose(tuple(_words(facts))),
        _table(facts, engines[0], "fit-table"),
    ]
    made += [
        Details(
            f"Fit measures: {ENGINE_TITLES[engine]}",
            (Prose((_reached(facts, engine),)), _table(facts, engine, f"fit-table-{engine}")),
        )
        for engine in engines[1:]
    ]
    return (*made, *_misfit(facts))


def _words(facts: Facts) -> Iterator[str]:
    engines = facts.covariance_engines
    yield _reached(facts, engines[0])
    known = {name for (_, e, name), v in facts.measures.items() if e in engines and v == v}
    if "cfi.robust" in known:
        yield ROBUST
    if "pvalue.bollen.stine" in known:
        yield BOLLEN_STINE
    if "ordinal" in engines:
        yield ORDINAL
    yield FIT_CAUTION


def _reached(facts: Facts, engine: str) -> str:
    """Say which cut-offs the pooled fit reaches, by the best variant of each measure."""
    best = {name: _best(facts, engine, name) for name in _CUTS}
    known = {name: pair for name, pair in best.items() if math.isfinite(pair[1])}
    if not known:
        return f"{ENGINE_TITLES[engine]}: no fit measures for the pooled rows."
    told: dict[bool, list[str]] = {True: [], False: []}
    for name, (variant, value) in known.items():
        told[_CUTS[name][1](value)].append(f"{variant} {name.upper()}".strip())
    return (
        f"Usual cut-offs reached in the pooled fit: {words.listing(told[True]) or 'none'}; "
        f"missed: {words.listing(told[False]) or 'none'}."
    )


def _best(facts: Facts, engine: str, name: str) -> tuple[str, float]:
    """Return a measure's most trustworthy variant: its name, empty for the textbook's, and value.

    A scaled CFI, TLI or RMSEA stands in for a robust one only where there is no textbook one.
    """
    for suffix in ("robust", "", "scaled"):
        value = facts.measures.get((ALL, engine, _key(name, suffix)), math.nan)
        if math.isfinite(value):
            return suffix, value
    return "", math.nan


def _key(name: str, suffix: str) -> str:
    return f"{name}.{suffix}" if suffix else name


def _lines(facts: Facts, engine: str) -> tuple[tuple[str, str, int], ...]:
    """Return (measure, title, digits) of what is known: what allows for the answers' shape first.

    The discrepancy of the ordinal engine is no chi-square before it is scaled.
    """
    known = {n for (_, e, n), v in facts.measures.items() if e == engine and math.isfinite(v)}
    if not known:
        return (*_PLAIN, *_REST)
    adjusted = tuple(line for line in _ADJUSTED if line[0] in known)
    if "cfi.robust" not in known:
        adjusted += tuple(line for line in _SCALED if line[0] in known)
    hidden = {"df"} if "df.scaled" in known else set()
    if engine == "ordinal":
        hidden |= {"chisq", "pvalue"}
    remark = ", textbook" if adjusted else ""
    plain = ((n, f"{t}{remark}", d) for n, t, d in _PLAIN if n in known - hidden)
    return (*adjusted, *(line for line in _REST if line[0] in known), *plain)


def _table(facts: Facts, engine: str, ident: str) -> Table:
    groups = (ALL, *shown.detailed(facts))
    table_rows = tuple(
        (
            cells.text(title),
            *(_cell(facts, engine, group, name, digits) for group in groups),
            cells.text(cut[0] if (cut := _cut(name)) else ""),
        )
        for name, title, digits in _lines(facts, engine)
    )
    return Table(
        ident,
        f"Fit measures: {ENGINE_TITLES[engine]}",
        cells.columns("Measure", *(f">{facts.group(g)}" for g in groups), "Usual cut-off"),
        table_rows,
        ("Bold: misses the usual cut-off.", *_test_note(facts, engine)),
        sortable=False,
    )


def _test_note(facts: Facts, engine: str) -> tuple[str, ...]:
    """Name the scaled test, where there is one."""
    if not any(
        key[1:] == (engine, "chisq.scaled") and math.isfinite(value)
        for key, value in facts.measures.items()
    ):
        return ()
    if engine == "ordinal":
        return ("Chi-square, scaled: scaled and shifted, mean and variance adjusted.",)
    kinds = facts.error_kinds.get(engine, ())
    named = [_TESTS[kind] for kind in kinds if kind in _TESTS]
    return (f"Chi-square, scaled: {words.listing(named)}.",) if named else ()


def _cut(name: str) -> tuple[str, Callable[[float], bool]] | None:
    return _CUTS.get(name.removesuffix(".robust").removesuffix(".scaled"))


def _cell(facts: Facts, engine: str, group: str, name: str, digits: int) -> Cell:
    value = facts.measures.get((group, engine, name), math.nan)
    if name == "pvalue.bollen.stine" and value == 0:
        return _below(facts, engine, group)
    if name.startswith("pvalue") and math.isfinite(value):
        return Cell(words.p_value(value), value)
    cell = cells.number(value, digits, "the model was not fitted or not used")
    cut = _cut(name)
    if cut is None or not math.isfinite(value):
        return cell
    reached = cut[1](value)
    return Cell(
        cell.text,
        cell.sort,
        "" if reached else "misses the usual cut-off",
        "good" if reached else "weak",
    )


def _below(facts: Facts, engine: str, group: str) -> Cell:
    """A share of replicates of 0 is known to be below one in as many as there were."""
    used = facts.measures.get((group, engine, "bollen.stine.replicates"), math.nan)
    if not used > 0:
        return Cell(words.p_value(0.0), 0.0)
    return Cell(f"<{words.SPACE}{1 / used:.2g}", 0.0)


def _misfit(facts: Facts) -> tuple[Block, ...]:
    """Where the model fits worst in the pooled rows: by parameter and by pair of questions."""
    made: list[Block] = []
    if changes := _of_first_engine(facts, facts.fit.modification):
        made.append(_modification(facts, changes))
    if pairs := _of_first_engine(facts, facts.fit.residuals):
        made.append(_residuals(facts, pairs))
    return tuple(made)


def _of_first_engine(facts: Facts, table: Any) -> list[dict[str, Any]]:
    """Return the pooled rows of the first covariance structure that has any."""
    pooled = [row for row in rows(table) if row["group"] == ALL]
    for engine in facts.covariance_engines:
        if found := [row for row in pooled if row["engine"] == engine]:
            return found
    return []


def _modification(facts: Facts, found: list[dict[str, Any]]) -> Details:
    known = [row for row in found if math.isfinite(row["mi"])]
    largest = sorted(known, key=lambda row: -row["mi"])[:MOST_LISTED]
    table = Table(
        "modification-table",
        f"Largest modification indices: {facts.group(ALL)}, {ENGINE_TITLES[found[0]['engine']]}",
        cells.columns(
            "Parameter",
            "Kind",
            ">Index|expected fall of the textbook chi-square if the parameter were free",
            ">Expected value|of the parameter that the model fixes at 0",
            ">Standardised|the expected value, standardised",
        ),
        tuple(_change(facts, row) for row in largest),
        (f"The {words.count(len(largest))} largest of {words.count(len(known))}.",),
    )
    return Details("What the model leaves out: modification indices", (Prose((HINT,)), table))


def _change(facts: Facts, row: dict[str, Any]) -> tuple[Cell, ...]:
    left, right = _name(facts, row["lhs"]), _name(facts, row["rhs"])
    told = {
        LOADING: f"{left} → {right}",
        PATH: f"{right} → {left}",
        COVARIANCE: f"{left} ↔ {right}",
    }[row["op"]]
    return (
        cells.text(told),
        cells.text(_CHANGES[row["op"]]),
        cells.number(row["mi"]),
        cells.number(row["epc"], 3),
        cells.number(row["sepc_all"], 3),
    )


def _name(facts: Facts, name: str) -> str:
    return facts.indicator(name) if name in facts.indicator_labels else facts.construct(name)


def _residuals(facts: Facts, found: list[dict[str, Any]]) -> Block:
    size = words.number(LARGE_RESIDUAL, 2)
    pairs = [r for r in found if r["lhs"] != r["rhs"] and math.isfinite(r["cor_residual"])]
    large = [row for row in pairs if abs(row["cor_residual"]) > LARGE_RESIDUAL]
    counted = f"{words.count(len(large))} of {words.plural(len(pairs), 'pair')}"
    if not large:
        told = f"No correlation residual is beyond ±{size} in the pooled rows."
        return Prose((told,), "note")
    largest = sorted(large, key=lambda row: -abs(row["cor_residual"]))[:MOST_LISTED]
    rest = f"; the {MOST_LISTED} largest are shown" if len(large) > MOST_LISTED else ""
    table = Table(
        "residuals-table",
        f"Largest correlation residuals: {facts.group(ALL)}, {ENGINE_TITLES[found[0]['engine']]}",
        cells.columns("Pair of questions", ">Residual|sample correlation less the implied one"),
        tuple(_pair(facts, row) for row in largest),
        (f"{counted} beyond ±{size}{rest}.",),
    )
    return Details("Where it fits worst: correlation residuals", (Prose((RESIDUAL_WORDS,)), table))


def _pair(facts: Facts, row: dict[str, Any]) -> tuple[Cell, ...]:
    value = row["cor_residual"]
    told = f"{facts.indicator(row['lhs'])} ↔ {facts.indicator(row['rhs'])}"
    return cells.text(told), Cell(words.number(value, 2), round(abs(value), 6))
