"""What the columns of a survey mean, for those who fill it in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from acsi_sem.simulate.demo import demo_columns
from acsi_sem.spec.model import Construct, Derivation, Indicator, Model, Text

if TYPE_CHECKING:
    import pandas as pd

DATA, CODEBOOK = "data", "codebook"
"""Sheets of a workbook of answers."""

LANGUAGES: Final = ("en", "zh-Hans", "zh-Hant")


def three(english: str, simplified: str, traditional: str) -> Text:
    """Return a text in the three languages."""
    return Text(tuple(zip(LANGUAGES, (english, simplified, traditional), strict=True)))


GENDERS: Final = (("1", three("Male", "男", "男")), ("2", three("Female", "女", "女")))
REGIONS: Final = (
    ("1", three("North", "北部", "北部")),
    ("2", three("East", "东部", "東部")),
    ("3", three("South", "南部", "南部")),
    ("4", three("West", "西部", "西部")),
)
YES_NO: Final = (three("No", "否", "否"), three("Yes", "是", "是"))

_RISE: Final = three(
    "By how many per cent could this company raise its prices before you would certainly "
    "choose another one?",
    "该公司的价格最多提高百分之几，您仍会再次选择它？",
    "該公司的價格最多提高百分之幾，您仍會再次選擇它？",
)
_CUT: Final = three(
    "By how many per cent would this company have to lower its prices before you would "
    "certainly choose it again?",
    "该公司的价格至少降低百分之几，您才会再次选择它？",
    "該公司的價格至少降低百分之幾，您才會再次選擇它？",
)
_PERCENT: Final = "0-25; 26 = more than 25"
_PRICE_CODES: Final = "98 = don't know; 99 = refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """A column of a survey.

    Attributes
    ----------
    column : str
    role : str
        company, industry, answer, demographic, weight or stratum.
    text : Text
        The question as it is put, else what the column is called.
    construct : Text or None
        What an answer measures.
    scale : str
        Its scale or codes, e.g. ``1-10``.
    anchors : tuple of Text
        Names of its ends, or empty.
    missing : str
        Codes that mean no answer.
    ends : tuple of str
        The codes of its ends, or empty.
    """

    column: str
    role: str
    text: Text
    construct: Text | None = None
    scale: str = ""
    anchors: tuple[Text, ...] = ()
    missing: str = ""
    ends: tuple[str, ...] = ()


OWN: Final = {
    entry.column: entry
    for entry in (
        Entry("COMPANY", "company", three("Company", "公司", "公司")),
        Entry("INDUSTRY", "industry", three("Industry", "行业", "行業")),
        Entry("AGE", "demographic", three("Age", "年龄", "年齡"), scale="years"),
        Entry("GENDER", "demographic", three("Gender", "性别", "性別")),
        Entry("REGION", "demographic", three("Region", "地区", "地區")),
        Entry("WEIGHT", "weight", three("Survey weight", "抽样权重", "抽樣權重")),
        Entry("STRATUM", "stratum", three("Sampling stratum", "抽样层", "抽樣層")),
    )
}
"""Columns that every demonstration survey has, but for people's that the model asks itself."""

CODES: Final = {"GENDER": GENDERS, "REGION": REGIONS}


def survey_columns(model: Model) -> tuple[Entry, ...]:
    """Return what each column of a model's survey means, in the order of `demo_columns`.

    Raises
    ------
    SpecError
        If an item stands in a column that names a unit or the design.
    """
    asked = {entry.column: entry for entry in asked_columns(model)}
    return tuple(asked.get(name) or OWN[name] for name in demo_columns(model))


def asked_columns(model: Model) -> Iterator[Entry]:
    """Yield the columns of the model's questions; the inputs of a derived item in its place."""
    recipes = {recipe.name: recipe for recipe in model.derive}
    for construct in model.constructs:
        for item in () if construct.components else construct.indicators:
            recipe = recipes.get(item.column)
            if recipe is None:
                yield _answer(construct, item)
            else:
                yield from _inputs(construct, recipe)


def _answer(construct: Construct, item: Indicator) -> Entry:
    anchors = item.anchors or (YES_NO if (item.low, item.high) == (0.0, 1.0) else ())
    codes = "; ".join(f"{code:g} = {label}" for code, label in item.missing)
    return Entry(
        item.column,
        "answer",
        item.question or item.label,
        construct.label,
        scale_of(item),
        anchors,
        codes,
        (f"{item.low:g}", f"{item.high:g}"),
    )


def scale_of(item: Indicator) -> str:
    """Return the ends of an indicator's scale, e.g. ``1-10``."""
    return f"{item.low:g}-{item.high:g}" if item.low >= 0 else f"{item.low:g} to {item.high:g}"


def _inputs(construct: Construct, recipe: Derivation) -> Iterator[Entry]:
    inputs = dict(recipe.inputs)
    for column, text in ((inputs["high"], _RISE), (inputs["low"], _CUT)):
        yield Entry(column, "answer", text, construct.label, _PERCENT, (), _PRICE_CODES)


def codebook(model: Model) -> pd.DataFrame:
    """Return the codebook of a model's survey, one row per column of the survey.

    Parameters
    ----------
    model : Model

    Returns
    -------
    DataFrame
        column, role, construct, en, zh-Hans, zh-Hant (the question, else the label), scale,
        low_end, high_end, no_answer; all text.

    Raises
    ------
    SpecError
        If an item stands in a column that names a unit or the design.

    Examples
    --------
    >>> from acsi_sem.spec.load import load_model
    >>> codebook(load_model("models/acsi_1994.yaml"))["column"].tolist()[-8:-5]
    ['REPUR', 'HIGHPTOL', 'LOWPTOL']
    """
    import pandas as pd

    rows = []
    for entry in survey_columns(model):
        ends = [_joined(anchor) for anchor in entry.anchors] or ["", ""]
        texts = {language: entry.text.get(language) for language in LANGUAGES}
        construct = entry.construct.get() if entry.construct else ""
        head = {"column": entry.column, "role": entry.role, "construct": construct}
        tail = {"scale": _scale(entry), "low_end": ends[0], "high_end": ends[1]}
        rows.append({**head, **texts, **tail, "no_answer": entry.missing})
    return pd.DataFrame(rows)


def _scale(entry: Entry) -> str:
    codes = CODES.get(entry.column, ()) if entry.role == "demographic" else ()
    return "; ".join(f"{code} = {_joined(label)}" for code, label in codes) or entry.scale


def _joined(text: Text) -> str:
    return " / ".join(dict.fromkeys(text.get(language) for language in LANGUAGES))
