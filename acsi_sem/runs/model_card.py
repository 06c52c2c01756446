"""The models that ship, in words: a table of them all, and everything about one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, get_args

from acsi_sem.runs.codebook import Entry as Column
from acsi_sem.runs.codebook import asked_columns, scale_of, three
from acsi_sem.spec.catalogue import Entry
from acsi_sem.spec.model import DatedShares, Evidence, Model, Text
from acsi_sem.spec.periods import Period
from acsi_sem.terms import Standing

LAST_QUARTER: Final = 4
ROOM: Final = 100
"""Columns of a terminal."""

COLUMNS: Final = (
    *("name", "title", "country", "since", "kind", "constructs", "questions", "arrows", "scale"),
    *("interviews", "unit", "engines"),
)
_SHOWN: Final = (
    *("name", "country", "since", "kind", "constructs", "questions", "scale", "interviews"),
)
_NUMBERS: Final = ("since", "constructs", "questions")
_SCALES: Final = 2
_TOKEN: Final = re.compile(r"\s+|[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff]+")
_MARKS: Final = {"positive": "+", "negative": "-", "any": "+/-"}

_HEADS: Final = {
    "fieldwork": three("Fieldwork", "实地调查", "實地調查"),
    "engines": three("Engines", "估计引擎", "估計引擎"),
    "source": three("Source", "来源", "來源"),
    "questions": three("Constructs and questions", "构念与问题", "構念與問題"),
    "arrows": three("Arrows, with the sign expected", "路径及预期符号", "路徑及預期符號"),
    "index": three("How the index is made", "指数如何计算", "指數如何計算"),
    "needs": three("What it needs", "所需数据", "所需資料"),
    "evidence": three("Evidence", "依据", "依據"),
    "can": three("What it can tell", "能说明什么", "能說明什麼"),
    "cannot": three("What it cannot tell", "不能说明什么", "不能說明什麼"),
}
_STANDINGS: Final[dict[Standing, Text]] = {
    "documented": three("Documented", "有文献依据", "有文獻依據"),
    "derived": three("Derived from what is documented", "由文献推得", "由文獻推得"),
    "unverified": three("Known, but not verified at the source", "未经核实", "未經核實"),
    "ours": three("Our own choices", "本工具包的选择", "本工具套件的選擇"),
}
_STRUCTURAL: Final = three(
    "The index of {index} is the weighted mean of its answers, stretched so that the lowest "
    "possible answer is 0 and the highest 100. The weights come from the model: they are those "
    "that best predict what the arrows connect, for each company by itself.",
    "“{index}”指数为其各题回答的加权平均，并换算为0（最低可能回答）至100（最高可能回答）。权重由模型对每家公司分别估计。",
    "「{index}」指數為其各題回答的加權平均，並換算為0（最低可能回答）至100（最高可能回答）。權重由模型對每家公司分別估計。",
)
_FORMS: Final = {
    "scaled": three(
        "Every answer counts 100 (x - low) / (high - low): 0 at the worst end of its scale, 100 "
        "at the best.",
        "每个回答计为 100 (x - 最低) / (最高 - 最低)：量表最差端为0，最好端为100。",
        "每個回答計為 100 (x - 最低) / (最高 - 最低)：量表最差端為0，最好端為100。",
    ),
    "of_maximum": three(
        "Every answer counts 100 x / high, so that the lowest possible index is not 0.",
        "每个回答计为 100 x / 最高，因此指数的最低可能值不是0。",
        "每個回答計為 100 x / 最高，因此指數的最低可能值不是0。",
    ),
    "top_box": three(
        "Every answer counts 100 if it is among the highest {boxes} of the scale, else 0: the "
        "percentage that answers so.",
        "回答位于量表最高的{boxes}级计100，否则计0：即如此回答者的百分比。",
        "回答位於量表最高的{boxes}級計100，否則計0：即如此回答者的百分比。",
    ),
}
_MEAN: Final = three(
    "The index of {index} is the plain mean over its questions.",
    "“{index}”指数为其各题的简单平均。",
    "「{index}」指數為其各題的簡單平均。",
)
_SHARES: Final = three(
    "The index of {index} is the sum of its components times their shares:",
    "“{index}”指数为各组成部分乘以份额之和：",
    "「{index}」指數為各組成部分乘以份額之和：",
)
_FROM: Final = three("from {first}", "自{first}起", "自{first}起")
_SPAN: Final = three("{first} to {last}", "{first}至{last}", "{first}至{last}")
_UNTIL: Final = three("until {last}", "至{last}止", "至{last}止")
_ALWAYS: Final = three("at all times", "始终", "始終")
_COLUMNS: Final = three("Columns: {names}.", "列：{names}。", "欄：{names}。")
_SAMPLE: Final = three(
    "Usual sample: {number} interviews per {unit}.",
    "通常样本量：每个单位（{unit}）{number}份访问。",
    "通常樣本量：每個單位（{unit}）{number}份訪問。",
)
_NO_SAMPLE: Final = three(
    "Usual sample: not documented; `acsi-sem plan` says what a sample gives.",
    "通常样本量：无文献记载；可用 `acsi-sem plan` 计算。",
    "通常樣本量：無文獻記載；可用 `acsi-sem plan` 計算。",
)


def model_rows(entries: Iterable[Entry], language: str = "en") -> list[dict[str, str]]:
    """Return a row of text per model, keys as `COLUMNS`; unknown is empty."""
    return [
        {
            "name": entry.name,
            "title": entry.title.get(language),
            "country": entry.fieldwork.country,
            "since": str(entry.fieldwork.since or ""),
            "kind": entry.kind,
            "constructs": str(entry.constructs),
            "questions": str(entry.items),
            "arrows": str(entry.paths),
            "scale": " ".join(f"{low:g}-{high:g}" for low, high in entry.scales),
            "interviews": str(entry.fieldwork.interviews or ""),
            "unit": entry.fieldwork.unit,
            "engines": " ".join(entry.engines),
        }
        for entry in entries
    ]


def model_table(entries: Iterable[Entry], language: str = "en") -> list[str]:
    """Return an aligned table of models, two lines each, and the engines that fit each kind.

    Lines have at most `ROOM` columns as long as the facts of the models are short.
    """
    entries = tuple(entries)
    rows = model_rows(entries, language)
    for row, entry in zip(rows, entries, strict=True):
        more = f" +{len(entry.scales) - _SCALES}" if len(entry.scales) > _SCALES else ""
        row["scale"] = " ".join(row["scale"].split()[:_SCALES]) + more
        row["interviews"] = " per ".join(filter(None, (row["interviews"], row["unit"])))
        row["interviews"] = row["interviews"] if row["interviews"] != row["unit"] else ""
    heads = {name: name for name in _SHOWN} | {"questions": "items"}
    room = {name: max(width(row[name]) for row in (heads, *rows)) for name in _SHOWN}
    lines = [_aligned(heads, room)]
    for row in rows:
        lines += [_aligned(row, room), *wrap(row["title"], indent=4)]
    return [*lines, "", *_fitting(entries, language)]


def _fitting(entries: Iterable[Entry], language: str) -> Iterator[str]:
    """Say once which engines fit what; by name where a kind has more than one set of them."""
    groups: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.kind, *entry.engines), []).append(entry)
    kinds = [kind for kind, *_ in groups]
    for (kind, *engines), found in groups.items():
        names = f" ({', '.join(entry.name for entry in found)})" if kinds.count(kind) > 1 else ""
        head = _HEADS["engines"].get(language)
        yield from wrap(f"{head}, {kind}{names}: {', '.join(engines)}", indent=0)


def _aligned(row: dict[str, str], room: dict[str, int]) -> str:
    cells = []
    for name in _SHOWN:
        gap = " " * (room[name] - width(row[name]))
        cells.append(gap + row[name] if name in _NUMBERS else row[name] + gap)
    return "  ".join(cells).rstrip()


def model_card(model: Model, entry: Entry, language: str = "en") -> list[str]:
    """Return everything about a model, as lines of at most `ROOM` columns.

    Parameters
    ----------
    model : Model
    entry : Entry
        The same model in short.
    language : {"en", "zh-Hans", "zh-Hant"}

    Returns
    -------
    list of str
    """
    parts = (
        ("questions", _questions(model, language)),
        ("arrows", _arrows(model)),
        ("index", _index(model, language)),
        ("needs", _needs(model, language)),
        ("evidence", _evidence(model.evidence, language)),
        ("can", _reach(model, 0, language)),
        ("cannot", _reach(model, 1, language)),
    )
    lines = [*wrap(f"{model.name}: {model.title.get(language)}", indent=0)]
    facts = ("source", model.source), ("fieldwork", _fieldwork(model)), ("engines", _engines(entry))
    for key, text in facts:
        lines += wrap(f"{_HEADS[key].get(language)}: {text}", indent=2) if text else []
    for key, body in parts:
        found = list(body)
        lines += ["", _HEADS[key].get(language), *found] if found else []
    return lines


def _engines(entry: Entry) -> str:
    return f"{', '.join(entry.engines)} ({entry.kind})"


def _fieldwork(model: Model) -> str:
    known = model.fieldwork
    since = str(known.since) if known.since else ""
    return "; ".join(part for part in (known.country, since, known.mode, known.note) if part)


def _questions(model: Model, language: str) -> Iterator[str]:
    for construct in model.constructs:
        yield from wrap(f"{construct.name}: {construct.label.get(language)}", indent=2)
        if construct.components:
            yield from wrap(f"= {' + '.join(construct.components)}", indent=6)
            continue
        for item in construct.indicators:
            asked = item.question or item.label
            turned = ", reversed" if item.reverse else ""
            text = f"{item.name} ({scale_of(item)}{turned}): {asked.get(language)}"
            yield from wrap(text, indent=6)


def _arrows(model: Model) -> Iterator[str]:
    for path in model.paths:
        yield f"  {path.source} -> {path.target} ({_MARKS[path.sign]})"


def _index(model: Model, language: str) -> Iterator[str]:
    names = {"index": model.construct(model.index).label.get(language)}
    if model.scoring is None:
        yield from wrap(_STRUCTURAL.get(language).format(**names), indent=2, hang=0)
        return
    form = _FORMS[model.scoring.form].get(language).format(boxes=model.scoring.boxes)
    yield from wrap(form, indent=2, hang=0)
    text = _SHARES if model.scoring.shares else _MEAN
    yield from wrap(text.get(language).format(**names), indent=2)
    for shares in model.scoring.shares:
        yield from wrap(_shares(shares, language), indent=4)


def _shares(shares: DatedShares, language: str) -> str:
    first, last = shares.first, shares.last
    span = {(True, True): _SPAN, (True, False): _FROM, (False, True): _UNTIL}
    when = span.get((first is not None, last is not None), _ALWAYS)
    text = " + ".join(f"{share:g} {name}" for name, share in shares.shares)
    source = f" ({shares.source})" if shares.source else ""
    ends = {"first": _time(first, 1), "last": _time(last, LAST_QUARTER)}
    return f"{when.get(language).format(**ends)}: {text}{source}"


def _time(period: Period | None, end: int) -> str:
    """Return a quarter, by its year alone where the year begins or ends with it."""
    if period is None:
        return ""
    return str(period.year) if period.quarter == end else str(period)


def _needs(model: Model, language: str) -> Iterator[str]:
    asked: Sequence[Column] = list(asked_columns(model))
    names = ", ".join(column.column for column in asked)
    yield from wrap(_COLUMNS.get(language).format(names=names), indent=2)
    known = model.fieldwork
    sample = _SAMPLE if known.interviews else _NO_SAMPLE
    facts = {"number": known.interviews, "unit": known.unit or "company"}
    yield from wrap(sample.get(language).format(**facts), indent=2)


def _evidence(evidence: tuple[Evidence, ...], language: str) -> Iterator[str]:
    for standing in get_args(Standing):
        found = [part for part in evidence if part.standing == standing]
        if found:
            yield f"  {_STANDINGS[standing].get(language)}"
        for part in found:
            source = f" [{part.source}]" if part.source else ""
            yield from wrap(f"- {part.text.strip()}{source}", indent=4)


def _reach(model: Model, place: int, language: str) -> list[str]:
    return wrap(model.reach[place].get(language), indent=2, hang=0) if model.reach else []


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes; a Chinese character takes two.

    Examples
    --------
    >>> width("ecsi"), width("指数")
    (4, 4)
    """
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def wrap(text: str, indent: int, hang: int = 2, room: int = ROOM) -> list[str]:
    """Break a text into lines of at most `room` columns; what goes on is indented by `hang` more.

    Examples
    --------
    >>> wrap("one two three", indent=1, room=9)
    [' one two', '   three']
    """
    lines, line = [], " " * indent
    for token in _TOKEN.findall(text):
        word = " " if token.isspace() else token
        if width(line) + width(word.rstrip()) > room and line.strip():
            lines.append(line.rstrip())
            line = " " * (indent + hang)
        line += word if line.strip() or word.strip() else ""
    return [*lines, line.rstrip()] if line.strip() else lines
