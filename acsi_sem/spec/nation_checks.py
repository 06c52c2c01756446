"""What the shape of a study's parts `nation` and `run` cannot tell: whether they make sense."""

from __future__ import annotations

from collections.abc import Iterator

from acsi_sem.spec.findings import Finding, did_you_mean, show
from acsi_sem.spec.hierarchy import NATION
from acsi_sem.spec.model_facts import mapping

PERIOD = "{period}"


def check_nation(data: dict[str, object]) -> Iterator[Finding]:
    """Yield everything that is wrong with the meaning of `nation` and `run`.

    Parameters
    ----------
    data : dict
        The study's document.
    """
    nation, run = mapping(data.get("nation")), mapping(data.get("run"))
    if nation:
        yield from _levels(mapping(data.get("levels")), mapping(nation.get("measures")))
        yield from _separate(data)
    if run:
        yield from _run(data, nation, run)


def _levels(levels: dict[str, object], measures: dict[str, object]) -> Iterator[Finding]:
    if not levels:
        remedy = "name the columns of company, industry and sector under 'levels', lowest first"
        yield Finding(("nation",), "levels that roll up", "none", remedy, "key")
        return
    if NATION in levels:
        got = f"'{NATION}', which stands above all levels"
        yield Finding(("levels", NATION), "levels below the nation", got, "remove it", "key")
    for level in levels:
        if level not in measures and level != NATION:
            got = f"none for '{level}'"
            yield Finding(("nation", "measures"), "a measure for every level", got, at="key")
    for level in measures:
        if level not in levels:
            near = did_you_mean(level, list(levels))
            got = show(level)
            yield Finding(("nation", "measures", level), "a level of this file", got, near, "key")


def _separate(data: dict[str, object]) -> Iterator[Finding]:
    """Companies are fitted each by itself: what joins them cannot be had."""
    if data.get("rake") is not None:
        remedy = "rake the file beforehand by 'acsi-sem rake' and name its weights"
        yield Finding(("rake",), "no raking beside nation", "raking", remedy, "key")
    engines = data.get("engines")
    for at, engine in enumerate(engines if isinstance(engines, list) else []):
        if engine == "ordinal":
            got = "ordinal, which has none"
            yield Finding(("engines", at), "engines with an index, beside nation", got)
    if mapping(data.get("estimation")).get("missing") == "fiml":
        got = "fiml, which has no index"
        yield Finding(("estimation", "missing"), "complete, mean or em beside nation", got)


def _run(
    data: dict[str, object], nation: dict[str, object], run: dict[str, object]
) -> Iterator[Finding]:
    if not nation:
        yield Finding(("run",), "nation beside run", "none", "say how units roll up", "key")
    file = mapping(data.get("data")).get("file")
    if not isinstance(file, str) or PERIOD not in file:
        got = show(file) if isinstance(file, str) else "no data file"
        remedy = f"name it e.g. survey-{PERIOD}.parquet"
        yield Finding(("run",), f"a data file with {PERIOD} in its name", got, remedy, "key")
    engines = data.get("engines") or ["pls", "semopy", "ols"]
    replicated = run.get("replicated")
    for at, engine in enumerate(replicated if isinstance(replicated, list) else []):
        if isinstance(engines, list) and engine not in engines:
            expected = "engines that are fitted"
            yield Finding(("run", "replicated", at), expected, show(engine))
