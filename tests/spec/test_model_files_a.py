"""The model files of the American, European, Swedish and Norwegian index families."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from acsi_sem.spec.graph import endogenous
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Derivation, Indicator, Model, Text

MODELS: Final = Path(__file__).parents[2] / "models"
LANGUAGES: Final = ("en", "zh-Hans", "zh-Hant")

# One letter or two per construct, so that a row reads like the published diagram.
CODES: Final = {
    "E": "expectations",
    "Q": "perceived_quality",
    "Qp": "product_quality",
    "Qs": "service_quality",
    "V": "perceived_value",
    "S": "satisfaction",
    "C": "complaints",
    "L": "loyalty",
    "T": "trust",
    "I": "image",
    "P": "price",
    "H": "complaint_handling",
    "A": "affective_commitment",
    "K": "calculative_commitment",
    "D1": "tangibles",
    "D2": "reliability",
    "D3": "responsiveness",
    "D4": "assurance",
    "D5": "empathy",
}
SIGNS: Final = {"+": "positive", "-": "negative", "?": "any"}

BLOCKS: Final = {
    "scsb_1989": "E:1 V:2 S:3 C:2 L:2",
    "acsi": "E:3 Q:3 V:2 S:3 C:1 L:1",
    "acsi_1994": "E:3 Q:3 V:2 S:3 C:1 L:2",
    "acsi_split": "E:3 Qp:3 Qs:3 V:2 S:3 C:1 L:2",
    "acsi_gov": "E:3 Q:4 S:3 C:1 T:2",
    "ecsi": "I:3 E:3 Qp:3 Qs:3 V:3 S:3 L:3",
    "ecsi_mobi": "I:5 E:3 Q:7 V:2 S:3 C:1 L:3",
    "ncsb_2001": "D1:3 D2:3 D3:3 D4:3 D5:3 P:3 H:2 S:3 I:3 A:3 K:3 L:3",
}
ACSI_ARROWS: Final = "E>Q+ E>V+ E>S+ Q>V+ Q>S+ V>S+ S>C- S>L+ C>L?"
ARROWS: Final = {
    "scsb_1989": "E>V+ E>S+ V>S+ S>C- S>L+ C>L?",
    "acsi": ACSI_ARROWS,
    "acsi_1994": ACSI_ARROWS,
    "acsi_split": "E>Qp+ E>Qs+ E>V+ E>S+ Qp>V+ Qp>S+ Qs>V+ Qs>S+ V>S+ S>C- S>L+ C>L?",
    "acsi_gov": "E>Q+ E>S+ Q>S+ S>C- S>T+ C>T?",
    "ecsi": "I>E+ I>S+ I>L+ E>Qp+ E>Qs+ E>V+ E>S+ Qp>V+ Qp>S+ Qs>V+ Qs>S+ V>S+ S>L+",
    "ecsi_mobi": "I>E+ I>S+ I>L+ E>Q+ E>V+ E>S+ Q>V+ Q>S+ V>S+ S>C+ S>L+ C>L+",
    "ncsb_2001": "D1>S+ D2>S+ D3>S+ D4>S+ D5>S+ P>S+ P>L+ H>S+ H>L+ S>I+ S>A+ S>K+ S>L+ "
    "I>L+ A>L+ K>L+",
}
YES_NO: Final = {"COMP", "COMPSTAFF", "COMPMGMT"}
PRICE: Final = (Derivation("PT", "price_tolerance", (("high", "HIGHPTOL"), ("low", "LOWPTOL"))),)
WITH_PRICE: Final = ("scsb_1989", "acsi_1994", "acsi_split")
FIELDWORK: Final = {  # country, interviews per unit, unit; 0: not known
    "scsb_1989": ("Sweden", 0, "company"),
    "acsi": ("United States", 250, "company"),
    "acsi_1994": ("United States", 250, "company"),
    "acsi_split": ("United States", 250, "company"),
    "acsi_gov": ("United States", 0, "agency or user segment"),
    "ecsi": ("Europe", 250, "provider"),
    "ecsi_mobi": ("Europe", 250, "provider"),
    "ncsb_2001": ("Norway", 0, "company"),
}
SOURCES: Final = {  # of documented statements
    "scsb_1989": "van-haaften.nl, xueshutougao.com, scribd.com/document/268561999",
    "acsi": "van-haaften.nl, ACSI Data 2015, PMC10148075, liquisearch.com, smartpls.com",
    "acsi_1994": "van-haaften.nl, ACSI Data 2015, PMC10148075, liquisearch.com, smartpls.com",
    "acsi_split": "van-haaften.nl, ACSI Data 2015, PMC10148075",
    "acsi_gov": "theacsi.org",
    "ecsi": "epsi-rating.com/the-approach, id=58, van-haaften.nl, paperID=16686",
    "ecsi_mobi": "man/mobi.Rd, demo/seminr-pls-ecsi.R, seminpy/data/mobi.csv",
    "ncsb_2001": "van-haaften.nl, deepblue.lib.umich.edu, dybbs8.com",
}
GAPS: Final = {  # of unverified statements
    "scsb_1989": "How many questions; scale 1 to 10; partial least squares",
    "acsi": "arrows and their signs; missing answers; inner weighting scheme",
    "acsi_1994": "arrows and their signs; missing answers; inner weighting scheme",
    "acsi_split": "The arrows; Three questions on each quality",
    "acsi_gov": "The arrows and their signs; Three questions on expectations",
    "ecsi": "product quality and service quality taken apart; first year",
    "ecsi_mobi": "ten codes of CUSL2; ends of the scales",
    "ncsb_2001": "arrows not named above; Item counts; scale 1 to 10",
}
every_file = pytest.mark.parametrize("name", BLOCKS)


@cache
def model(name: str) -> Model:
    return load_model(MODELS / f"{name}.yaml")


def arrow(text: str) -> tuple[str, str, str]:
    source, _, rest = text.partition(">")
    return CODES[source], CODES[rest[:-1]], SIGNS[rest[-1]]


def texts(item: Indicator) -> tuple[Text, ...]:
    assert item.question is not None
    assert len(item.anchors) == 2
    return (item.label, item.question, *item.anchors)


def every_text(name: str) -> list[Text]:
    it = model(name)
    of_items = [text for item in it.indicators for text in texts(item)]
    return [it.title, *(c.label for c in it.constructs), *of_items, *it.reach]


def said(name: str, standing: str) -> str:
    parts = [part for part in model(name).evidence if part.standing == standing]
    return "\n".join(f"{part.text} {part.source}" for part in parts)


@every_file
def test_blocks_are_those_of_the_system(name: str) -> None:
    expected = [part.split(":") for part in BLOCKS[name].split()]
    found = [(c.name, len(c.indicators)) for c in model(name).constructs]
    assert found == [(CODES[code], int(count)) for code, count in expected]


@every_file
def test_arrows_are_those_of_the_system(name: str) -> None:
    found = [(path.source, path.target, path.sign) for path in model(name).paths]
    assert Counter(found) == Counter(arrow(part) for part in ARROWS[name].split())


@every_file
def test_every_system_is_a_structural_model_of_reflective_blocks(name: str) -> None:
    it = model(name)
    assert (it.name, it.kind, it.index) == (name, "structural", "satisfaction")
    assert {construct.mode for construct in it.constructs} == {"A"}
    assert not any(construct.components for construct in it.constructs)
    assert "satisfaction" in endogenous(it)


@every_file
def test_scales_and_missing_codes(name: str) -> None:
    for item in model(name).indicators:
        assert (item.low, item.high) == ((0, 1) if item.name in YES_NO else (1, 10)), item.name
        assert item.missing == ((98.0, "don't know"), (99.0, "refused")), item.name
        assert not item.reverse, item.name


@every_file
def test_price_tolerance_where_the_system_has_it(name: str) -> None:
    assert model(name).derive == (PRICE if name in WITH_PRICE else ())
    if name in WITH_PRICE:
        loyalty = model(name).construct("loyalty").indicators
        assert [item.name for item in loyalty] == ["REPUR", "PT"]


def test_mobile_phone_items_are_named_as_in_r() -> None:
    blocks = [[item.name for item in c.indicators] for c in model("ecsi_mobi").constructs]
    counts = {"IMAG": 5, "CUEX": 3, "PERQ": 7, "PERV": 2, "CUSA": 3, "CUSCO": 0, "CUSL": 3}
    assert blocks == [
        [f"{stem}{i}" for i in range(1, count + 1)] or [stem] for stem, count in counts.items()
    ]


def test_european_arrows_are_ten_when_the_qualities_are_merged() -> None:
    # One review counts ten relations; the evidence says that ours agree with it.
    merged = {"product_quality": "quality", "service_quality": "quality"}
    found = {
        (merged.get(p.source, p.source), merged.get(p.target, p.target))
        for p in model("ecsi").paths
    }
    assert len(found) == 10
    assert min(len(construct.indicators) for construct in model("ecsi").constructs) >= 3


def test_government_has_no_value_and_no_price() -> None:
    names = {item.name for item in model("acsi_gov").indicators}
    assert not names & {"PQ", "QP", "REPUR", "PT"}
    questions = [item.question for item in model("acsi_gov").indicators]
    assert not any(
        q is None or "company" in q.get() or "公司" in q.get("zh-Hans") for q in questions
    )


def test_one_name_is_one_question() -> None:
    # Systems are compared on one survey by these names. An agency's questions name the agency.
    seen: dict[str, tuple[str, Indicator]] = {}
    shared = 0
    for name in BLOCKS:
        if name == "acsi_gov":
            continue
        for item in model(name).indicators:
            first, other = seen.setdefault(item.name, (name, item))
            assert item == other, f"{item.name} in {name} and {first}"
            shared += first != name
    assert shared >= 40


def test_an_agency_is_asked_about_on_the_same_scales() -> None:
    other = {item.name: item for item in (*model("acsi").indicators, *model("ecsi").indicators)}
    same = [item for item in model("acsi_gov").indicators if item.name in other]
    assert [item.name for item in same if item.anchors != other[item.name].anchors] == []
    assert {item.name for item in same} == {
        *("OVERALLX", "CUSTOMX", "WRONGX", "SATIS", "CONFIRM", "IDEAL", "COMP", "RECOM")
    }


@every_file
def test_item_names_are_short_capitals(name: str) -> None:
    for item in model(name).indicators:
        assert item.name.isascii(), item.name
        assert item.name.isalnum(), item.name
        assert item.name == item.name.upper() == item.column
        assert len(item.name) <= 9, item.name


@every_file
def test_every_text_is_there_in_three_languages(name: str) -> None:
    for text in every_text(name):
        assert tuple(language for language, _ in text.entries) == LANGUAGES, text
        assert text.get("en").isascii(), text
        assert text.get("zh-Hans") != text.get("en") != text.get("zh-Hant"), text


# Characters that are written in one of the two scripts only, in the same order.
SIMPLIFIED: Final = (
    "与专业两个为丰乐买争产从仪们价众会体关决况创别办务动单历变听员响国场处备够实宽对层属帮应开归当径态总恳愿户"
    "拥择损换据数断无时术机来样欧没洁测济涨满潜状献现电确礼离种税稳竞类终经给络绝继绩续综网荐获营见观视触计认许"
    "论设访证评识诊诚话询该说请诺调贡质购费赖较过运还这进远适选针门问间难顾预题"
)
TRADITIONAL: Final = (
    "與專業兩個為豐樂買爭產從儀們價眾會體關決況創別辦務動單歷變聽員響國場處備夠實寬對層屬幫應開歸當徑態總懇願戶"
    "擁擇損換據數斷無時術機來樣歐沒潔測濟漲滿潛狀獻現電確禮離種稅穩競類終經給絡絕繼績續綜網薦獲營見觀視觸計認許"
    "論設訪證評識診誠話詢該說請諾調貢質購費賴較過運還這進遠適選針門問間難顧預題"
)


def test_the_lists_of_characters_are_pairs() -> None:
    assert len(SIMPLIFIED) == len(TRADITIONAL) > 140
    assert not set(SIMPLIFIED) & set(TRADITIONAL)


@every_file
def test_each_script_is_written_in_its_own_characters(name: str) -> None:
    for text in every_text(name):
        simplified, traditional = text.get("zh-Hans"), text.get("zh-Hant")
        assert not set(simplified) & set(TRADITIONAL), simplified
        assert not set(traditional) & set(SIMPLIFIED), traditional
        if set(simplified) & set(SIMPLIFIED):
            assert simplified != traditional


@every_file
def test_traditional_texts_use_the_terms_of_taiwan_and_hong_kong(name: str) -> None:
    for text in every_text(name):
        pairs = [("质量", "品質"), ("置信区间", "信賴區間"), ("软件", "軟體"), ("信息", "資訊")]
        for mainland, other in pairs:
            counts = text.get("zh-Hans").count(mainland), text.get("zh-Hant").count(other)
            assert counts[0] == counts[1], text


@pytest.mark.parametrize(
    ("construct", "simplified", "traditional"),
    [
        ("expectations", "顾客期望", "顧客期望"),
        ("perceived_quality", "感知质量", "感知品質"),
        ("complaints", "顾客抱怨", "顧客抱怨"),
        ("loyalty", "顾客忠诚", "顧客忠誠"),
    ],
)
def test_constructs_bear_the_agreed_terms(
    construct: str, simplified: str, traditional: str
) -> None:
    label = model("acsi").construct(construct).label
    assert (label.get("zh-Hans"), label.get("zh-Hant")) == (simplified, traditional)


@every_file
def test_what_is_documented_names_its_source(name: str) -> None:
    documented = [part for part in model(name).evidence if part.standing == "documented"]
    assert all(part.source for part in documented)
    sources = "\n".join(part.source for part in documented)
    assert [part for part in SOURCES[name].split(", ") if part not in sources] == []


@every_file
def test_what_is_not_verified_is_said(name: str) -> None:
    unverified = said(name, "unverified")
    assert [part for part in GAPS[name].split("; ") if part not in unverified] == []
    assert "translations are ours" in said(name, "ours")


@pytest.mark.parametrize("name", WITH_PRICE)
def test_the_recode_of_price_tolerance_is_called_ours(name: str) -> None:
    assert "Price tolerance is one item made of two questions" in said(name, "ours")


@every_file
def test_fieldwork_and_reach_are_told(name: str) -> None:
    it = model(name)
    country, interviews, unit = FIELDWORK[name]
    assert (it.fieldwork.country, it.fieldwork.unit) == (country, unit)
    assert it.fieldwork.interviews == interviews
    assert it.fieldwork.note
    assert it.source
    can, cannot = it.reach
    assert can != cannot
    if name != "ecsi_mobi":  # made for one industry, it has a limit of its own
        what = {"acsi_gov": "agency", "ncsb_2001": "goods"}.get(name, "company")
        assert what in cannot.get()


@every_file
def test_the_first_line_names_the_schema(name: str) -> None:
    first = (MODELS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=model.schema.json"
