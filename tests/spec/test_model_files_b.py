"""The Asian, British, German and Swiss systems as model files: what their sources say of them."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import DatedShares, Indicator, Model, Text
from acsi_sem.spec.periods import Period

MODELS = Path(__file__).parents[2] / "models"
LANGUAGES = ("en", "zh-Hans", "zh-Hant")

# Codes of the tables of systems; a sign stands after an arrow where it is not positive.
CODES = {
    "E": "expectations",
    "Q": "perceived_quality",
    "V": "perceived_value",
    "S": "satisfaction",
    "C": "complaints",
    "L": "loyalty",
    "I": "brand_image",
    "D": "dialogue",
    "R": "recommendation",
}
TRAITS = {"A": "age", "U": "education", "M": "income"}
SIGNS = {"": "positive", "-": "negative", "?": "any"}
ACSI_1994 = ("E:3 Q:3 V:2 S:3 C:1 L:2", "E>Q E>V E>S Q>V Q>S V>S S>C- S>L C>L?")
STRUCTURES = {
    "ncsi_kr": ACSI_1994,
    "ncsi_uk": ACSI_1994,
    "csisg": ACSI_1994,
    "ccsi_complaints": ACSI_1994,
    "ccsi": (
        "I:2 E:4 Q:4 V:2 S:4 L:2",
        "I>E I>Q I>V I>S E>Q E>V E>S Q>V Q>S V>S S>L",
    ),
    "swics_1998": ("S:3 D:3 L:3", "S>D S>L D>L"),
    "jcsi": (
        "E:3 Q:4 V:3 S:3 R:4 L:4",
        "E>Q E>V E>S Q>V Q>S V>S S>R S>L R>L",
    ),
    "hkcsi": (
        "A:1 U:1 M:1 E:3 Q:3 V:2 S:3 C:1 L:1",
        "A>E? A>S? U>E? U>S? M>E? M>S? E>Q E>V E>S Q>V Q>S V>S S>C- S>L C>L?",
    ),
}
COMPOSITES = {
    "kcsi": {"overall": 1, "element": 3, "repurchase": 1, "kcsi": 5},
    "kundenmonitor": {"satisfaction": 1, "attributes": 8, "repurchase": 1, "recommendation": 1},
    "ukcsi": {
        "experience": 12,
        "complaint_handling": 6,
        "customer_ethos": 6,
        "emotional_connection": 3,
        "ethics": 3,
        "ukcsi": 30,
    },
}
FILES = [*STRUCTURES, *COMPOSITES]
SHORT = {"COMP": (0, 1), "AGE": (1, 6), "EDUCATION": (1, 5), "INCOME": (1, 5)}

# Characters of one script only, among those that these files use.
SIMPLIFIED = (
    "专业两个为义买争于产从价众会体倾兑关内决况办务动华单变吗听员响围国场处学实对属岁应开异弃强当径态总愿"
    "扩担择换据数断无时显机权来构标样档沟没测涨满热状现电确离种称稳竞类约级线经结绕继续维综网联荐营衔觉计认"
    "让议论设访证评诉诊诚话询该误说请诺调谈责账质购费赞转较过还这进远适选释门问间难韩项顾预频题额驱验鲜龄"
)
TRADITIONAL = (
    "專業兩個為義買爭於產從價眾會體傾兌關內決況辦務動華單變嗎聽員響圍國場處學實對屬歲應開異棄強當徑態總願"
    "擴擔擇換據數斷無時顯機權來構標樣檔溝沒測漲滿熱狀現電確離種稱穩競類約級線經結繞繼續維綜網聯薦營銜覺計認"
    "讓議論設訪證評訴診誠話詢該誤說請諾調談責帳質購費贊轉較過還這進遠適選釋門問間難韓項顧預頻題額驅驗鮮齡"
)


@functools.cache
def model_of(name: str) -> Model:
    return load_model(MODELS / f"{name}.yaml")


def texts(model: Model) -> list[Text]:
    """Everything that a reader or a respondent sees in their own language."""
    found = [model.title, *(part.label for part in model.constructs), *model.reach]
    for item in model.answers:
        assert item.question is not None, item.name
        found += [item.label, item.question, *item.anchors]
    return found


def facts(item: Indicator) -> tuple[object, ...]:
    """What an answer to an indicator means, apart from its translations."""
    english = (item.label.get("en"), *(anchor.get("en") for anchor in item.anchors))
    return (item.column, item.low, item.high, item.missing, item.reverse, english)


@pytest.mark.parametrize("name", STRUCTURES)
def test_structure_is_that_of_the_table(name: str) -> None:
    model, (blocks, arrows) = model_of(name), STRUCTURES[name]
    codes = CODES | TRAITS
    sizes = {
        codes[code]: int(size) for code, _, size in map(str.partition, blocks.split(), ":" * 9)
    }
    assert {part.name: len(part.indicators) for part in model.constructs} == sizes
    expected = {(codes[a[0]], codes[a[2]], SIGNS[a[3:]]) for a in arrows.split()}
    assert {(path.source, path.target, path.sign) for path in model.paths} == expected
    assert (model.kind, model.index, model.scoring) == ("structural", "satisfaction", None)
    assert not any(part.components or part.mode == "B" for part in model.constructs)


def test_counts_that_the_sources_give() -> None:
    assert len(model_of("jcsi").answers) == 21
    assert len(model_of("ccsi").paths) == 11
    assert all(item.column != "COMP" for item in model_of("ccsi").answers)


@pytest.mark.parametrize("name", STRUCTURES)
def test_answers_are_on_ten_steps(name: str) -> None:
    for item in model_of(name).answers:
        assert (item.low, item.high) == SHORT.get(item.name, (1, 10)), item.name
        assert item.missing == ((98.0, "don't know"), (99.0, "refused"))
        assert item.reverse == (item.name == "SWITCH")


@pytest.mark.parametrize("name", ["ncsi_kr", "ncsi_uk", "csisg", "ccsi_complaints"])
def test_systems_of_the_american_form_ask_its_questions(name: str) -> None:
    model, american = model_of(name), model_of("acsi_1994")
    assert model.construct_names == american.construct_names
    assert [item.name for item in model.answers] == [item.name for item in american.answers]
    assert set(model.paths) == set(american.paths)
    assert model.derive == american.derive


def test_an_item_means_the_same_in_every_file() -> None:
    first: dict[str, tuple[object, ...]] = {}
    for name in ("acsi_1994", *FILES):
        for item in model_of(name).answers:
            assert first.setdefault(item.name, facts(item)) == facts(item), (name, item.name)


@pytest.mark.parametrize("name", COMPOSITES)
def test_composites_have_blocks_and_no_arrows(name: str) -> None:
    model = model_of(name)
    assert (model.kind, model.paths, model.derive) == ("composite", (), ())
    assert {part.name: len(part.indicators) for part in model.constructs} == COMPOSITES[name]


def test_kcsi_counts_two_of_seven_steps_with_dated_shares() -> None:
    model = model_of("kcsi")
    assert model.scoring is not None
    assert (model.index, model.scoring.form, model.scoring.boxes) == ("kcsi", "top_box", 2)
    assert {(item.low, item.high, item.reverse) for item in model.answers} == {(1, 7, False)}
    old, new = model.scoring.shares
    assert dict(old.shares) == pytest.approx({"overall": 0.4, "element": 0.4, "repurchase": 0.2})
    assert dict(new.shares) == pytest.approx({"overall": 0.3, "element": 0.5, "repurchase": 0.2})
    assert (old.first, old.last) == (Period(2002, 1), Period(2010, 4))
    assert (new.first, new.last) == (Period(2011, 1), None)
    assert old.source
    assert new.source
    # The year of the change is documented nowhere: the file must say so.
    assert any("year" in note.text for note in model.evidence if note.standing == "unverified")


def test_ukcsi_is_ten_times_the_mean_of_every_metric() -> None:
    model = model_of("ukcsi")
    assert model.scoring is not None
    assert (model.index, model.scoring.form) == ("ukcsi", "of_maximum")
    assert {(item.low, item.high, item.reverse) for item in model.answers} == {(1, 10, False)}
    sizes = {part.name: len(part.indicators) for part in model.constructs}
    # Shares are each dimension's part of the 30 metrics, so that every metric counts the same.
    shares = tuple((part, sizes[part] / 30) for part in model.construct("ukcsi").components)
    (dated,) = model.scoring.shares
    assert isinstance(dated, DatedShares)
    assert dict(dated.shares) == pytest.approx(dict(shares))
    assert (dated.first, dated.last) == (None, None)


def test_kundenmonitor_turns_grades_round() -> None:
    model = model_of("kundenmonitor")
    assert model.scoring is not None
    assert (model.index, model.scoring.form) == ("satisfaction", "scaled")
    assert model.scoring.shares == ()
    assert {(item.low, item.high, item.reverse) for item in model.answers} == {(1, 5, True)}
    # The low end is the best answer, and is called so.
    assert {item.anchors[0].get("en") for item in model.answers} == {
        "Completely satisfied",
        "Definitely",
    }
    assert "grade = 5 - index / 25" in model.reach[0].get("en")


@pytest.mark.parametrize("name", FILES)
def test_every_text_is_there_in_three_languages(name: str) -> None:
    model = model_of(name)
    assert all(len(item.anchors) == 2 for item in model.answers)
    assert len(model.reach) == 2
    for text in texts(model):
        assert tuple(language for language, _ in text.entries) == LANGUAGES
        english, hans, hant = (entry for _, entry in text.entries)
        assert re.search("[\u4e00-\u9fff]", hans), hans
        assert not re.search("[\u4e00-\u9fff]", english), english
        assert not set(hans) & set(TRADITIONAL) - set(SIMPLIFIED), hans
        assert not set(hant) & set(SIMPLIFIED) - set(TRADITIONAL), hant
        assert (hans == hant) == (not set(hans) & set(SIMPLIFIED)), hans


@pytest.mark.parametrize("name", FILES)
def test_terms_of_the_field(name: str) -> None:
    """Quality is 品質 in the Traditional texts, and the constructs have their usual names."""
    terms = {
        "perceived_quality": ("感知质量", "感知品質"),
        "perceived_value": ("感知价值", "感知價值"),
        "complaints": ("顾客抱怨", "顧客抱怨"),
        "loyalty": ("顾客忠诚", "顧客忠誠"),
        "brand_image": ("品牌形象", "品牌形象"),
    }
    model = model_of(name)
    assert not any("質量" in text.get("zh-Hant") for text in texts(model))
    for part in model.constructs:
        if part.name in terms:
            assert (part.label.get("zh-Hans"), part.label.get("zh-Hant")) == terms[part.name]


@pytest.mark.parametrize("name", FILES)
def test_evidence_has_standing_and_source(name: str) -> None:
    evidence = model_of(name).evidence
    # Each of these systems has parts that no source we read gives, and parts that are our choice.
    assert {note.standing for note in evidence} >= {"documented", "unverified", "ours"}
    assert all(note.source for note in evidence if note.standing == "documented")
    assert len({note.text for note in evidence}) == len(evidence)


@pytest.mark.parametrize(
    ("name", "country", "since", "interviews", "units"),
    [
        ("ncsi_kr", "South Korea", 1998, 87_947, 326),
        ("kcsi", "South Korea", 1992, 0, 1),
        ("swics_1998", "Switzerland", 1998, 7_400, 20),
        ("kundenmonitor", "Germany", 1992, 0, 1),
        ("ccsi", "China", 0, 44_778, 550),
        ("ccsi_complaints", "China", 0, 0, 1),
        ("jcsi", "Japan", 2009, 300, 1),
        ("csisg", "Singapore", 2007, 27_698 + 4_008, 88),
        ("hkcsi", "Hong Kong", 1997, 10_000, 69),
        ("ukcsi", "United Kingdom", 2008, 0, 1),
        ("ncsi_uk", "United Kingdom", 0, 0, 1),
    ],
)
def test_fieldwork_is_that_of_the_sources(
    name: str, country: str, since: int, interviews: int, units: int
) -> None:
    fieldwork = model_of(name).fieldwork
    assert (fieldwork.country, fieldwork.since) == (country, since)
    assert fieldwork.interviews == round(interviews / units)
    assert fieldwork.unit


@pytest.mark.parametrize("name", FILES)
def test_files_are_named_alike(name: str) -> None:
    file = MODELS / f"{name}.yaml"
    model = load_model(file)
    assert model.name == name
    assert model.source
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]{1,11}", item.name) for item in model.answers)
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=model.schema.json"
