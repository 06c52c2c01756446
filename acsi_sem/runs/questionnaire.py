"""A questionnaire in Markdown from a model: what to ask, in what words, on what scale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Final

from acsi_sem.runs.codebook import CODES, OWN, Entry, survey_columns, three
from acsi_sem.spec.model import Model, Text

_SPACES: Final = re.compile(r"\s+")
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>#|])")

_TITLE: Final = three("Questionnaire", "问卷", "問卷")
_INTRO: Final = three(
    "We ask about your experience as a customer of {company}. There are no right or wrong "
    "answers; please say what you think. It takes a few minutes. Your answers are reported only "
    "together with those of many others.",
    "我们想了解您作为{company}顾客的体验。答案没有对错之分，请按您的真实想法回答。全程约需几分钟。您的回答仅与众多其他受访者的回答合并公布。",
    "我們想了解您作為{company}顧客的體驗。答案沒有對錯之分，請按您的真實想法回答。全程約需幾分鐘。您的回答僅與眾多其他受訪者的回答合併公布。",
)
_COMPANY: Final = three("[company]", "［公司］", "［公司］")
_ENTER: Final = three(
    "For the interviewer: enter each answer in the column of data.xlsx that stands in brackets; "
    "the sheet codebook explains every column.",
    "访问员注意：请将每个回答填入 data.xlsx 中方括号所示的列；各列说明见 codebook 工作表。",
    "訪問員注意：請將每個回答填入 data.xlsx 中方括號所示的欄；各欄說明見 codebook 工作表。",
)
_ABOUT: Final = three("About you", "关于您", "關於您")
_SCALE: Final = three("Scale", "量表", "量表")
_NO_ANSWER: Final = three("No answer", "无回答", "無回答")
_USUAL: Final = {
    "don't know": three("don't know", "不知道", "不知道"),
    "refused": three("refused", "拒绝回答", "拒絕回答"),
}
"""Labels of missing codes stand in a model in one language; these two are nearly always there."""
_COMPLAINT: Final = three(
    "Ask everyone, satisfied or not. A complaint is one made to the company, in whatever way.",
    "无论满意与否，所有受访者均需回答。抱怨指以任何方式向该公司提出的抱怨。",
    "無論滿意與否，所有受訪者均需回答。抱怨指以任何方式向該公司提出的抱怨。",
)
_HANDLING: Final = three(
    "Ask only those who have complained; leave the others blank.",
    "仅询问曾经抱怨的受访者，其他人留空。",
    "僅詢問曾經抱怨的受訪者，其他人留空。",
)
_RISE: Final = three(
    "Ask only those likely to choose the company again (the upper half of the repurchase scale); "
    "leave the other price question blank.",
    "仅询问可能再次选择该公司的受访者（再购意愿位于量表上半段）；另一道价格题留空。",
    "僅詢問可能再次選擇該公司的受訪者（再購意願位於量表上半段）；另一道價格題留空。",
)
_CUT: Final = three(
    "Ask only those unlikely to choose the company again (the lower half of the repurchase scale); "
    "leave the other price question blank.",
    "仅询问不太可能再次选择该公司的受访者（再购意愿位于量表下半段）；另一道价格题留空。",
    "僅詢問不太可能再次選擇該公司的受訪者（再購意願位於量表下半段）；另一道價格題留空。",
)
_QUESTIONS: Final = {
    "AGE": three(
        "How old are you, in years?", "您的年龄（周岁）是多少？", "您的年齡（足歲）是多少？"
    ),
    "GENDER": three("What is your gender?", "您的性别是？", "您的性別是？"),
    "REGION": three("In which region do you live?", "您居住在哪个地区？", "您居住在哪個地區？"),
}

_COMPLAINED: Final = "COMP"
_HANDLED: Final = "HANDLE"


def questionnaire(model: Model, language: str = "en") -> str:
    """Write the questions of a model's survey as Markdown.

    Parameters
    ----------
    model : Model
        An item without a question is asked by its label.
    language : str
        ``en``, ``zh-Hans`` or ``zh-Hant``; what the model does not say in it is in its first
        language.

    Returns
    -------
    str
        Every question numbered, with its column, its scale and whom to ask.

    Raises
    ------
    SpecError
        If an item stands in a column that names a unit or the design.

    Examples
    --------
    >>> from acsi_sem.spec.load import load_model
    >>> text = questionnaire(load_model("models/acsi.yaml"))
    >>> "1. **" in text and "[OVERALLX]" in text
    True
    """
    entries = survey_columns(model)
    asked = [entry for entry in entries if entry.role == "answer"]
    people = [entry for entry in entries if entry.role == "demographic"]
    intro = _INTRO.get(language).format(company=_COMPANY.get(language))
    lines = [f"# {_TITLE.get(language)}: {_clean(model.title.get(language))}", "", intro, ""]
    lines += [f"> {_ENTER.get(language)}", ""]
    notes = _notes(model)
    numbers = count(1)
    for heading, block in (*_blocks(asked), *([(_ABOUT, people)] if people else [])):
        lines += [f"## {_clean(heading.get(language))}", ""]
        for entry in block:
            lines += [*_question(next(numbers), entry, notes.get(entry.column), language), ""]
    return "\n".join(lines)


def _blocks(entries: list[Entry]) -> Iterator[tuple[Text, list[Entry]]]:
    """Yield the questions of each construct, in order."""
    blocks: list[tuple[Text, list[Entry]]] = []
    for entry in entries:
        heading = entry.construct or entry.text
        if not blocks or blocks[-1][0] != heading:
            blocks.append((heading, []))
        blocks[-1][1].append(entry)
    yield from blocks


def _notes(model: Model) -> dict[str, Text]:
    """Return whom to ask the questions that are not for everyone."""
    columns = [item.column for item in model.answers]
    notes = {_COMPLAINED: _COMPLAINT} if _COMPLAINED in columns else {}
    if _COMPLAINED in columns and _HANDLED in columns:
        notes[_HANDLED] = _HANDLING
    for recipe in model.derive:
        inputs = dict(recipe.inputs)
        notes |= {inputs["high"]: _RISE, inputs["low"]: _CUT}
    return notes


def _question(number: int, entry: Entry, note: Text | None, language: str) -> Iterator[str]:
    own = OWN.get(entry.column) is entry
    text = _QUESTIONS[entry.column] if own else entry.text
    yield f"{number}. **{_clean(text.get(language))}** [{_clean(entry.column)}]"
    if note is not None:
        yield f"   - *{note.get(language)}*"
    for code, label in CODES.get(entry.column, ()) if own else ():
        yield f"   - {code} = {label.get(language)}"
    if scale := _scale(entry, language):
        yield f"   - {_SCALE.get(language)}: {scale}"
    if entry.missing:
        told = _clean(entry.missing)
        for usual, text in _USUAL.items():
            told = told.replace(f"= {usual}", f"= {text.get(language)}")
        yield f"   - {_NO_ANSWER.get(language)}: {told}"


def _scale(entry: Entry, language: str) -> str:
    if not entry.anchors or not entry.ends:
        return _clean(entry.scale)
    named = zip(entry.ends, entry.anchors, strict=True)
    ends = "; ".join(f"{end} = {_clean(anchor.get(language))}" for end, anchor in named)
    return f"{_clean(entry.scale)} ({ends})"


def _clean(text: str) -> str:
    """Text on one line whose marks are no markup."""
    return _MARKUP.sub(r"\\\1", _SPACES.sub(" ", text).strip())
