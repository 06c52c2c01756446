"""Terms of methods in the languages of reports: complete, and where they stand."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from methods_study import STUDY, report, without, write_study

from acsi_sem.methods.catalogue import MethodResults
from acsi_sem.report.methods.chapters import module_of, reach
from acsi_sem.report.methods.names import LANGUAGES, METHODS, WORDS, method_name, word
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.methods.catalogue import KINDS

TRADITIONAL = "價顧級維關鍵圖費滿標懲勵類興奮無優勢機"
TERMS = {
    "zh-Hans": (
        *("B 修补区", "D 维持区", "兴奋型需求", "期望型需求", "关键顾客", "无效顾客"),
        *("不满意系数（Worse）", "很不满意", "层次分析法", "惩罚—奖励对比", "满意率"),
    )
}
ENGLISH = ("B repair", "Excitement", "Basic", "Maintenance")


def test_every_kind_has_a_name_and_a_chapter() -> None:
    assert set(METHODS) == set(KINDS)
    for kind in KINDS:
        assert method_name(kind, "en")
        assert callable(module_of(kind).section)


@pytest.mark.parametrize("table", [METHODS, WORDS])
def test_every_term_is_there_in_every_language(table: dict[str, object]) -> None:
    for key, text in table.items():
        entries = dict(text.entries)  # type: ignore[attr-defined]
        assert tuple(entries) == LANGUAGES, key
        assert all(entries.values()), key
        assert not set(entries["zh-Hans"]) & set(TRADITIONAL), key


def test_what_methods_can_tell_goes_by_their_names_in_the_language() -> None:
    asked = MethodResults(load_study(STUDY).methods, ())
    assert [name for name, _, _ in reach(asked)] == [METHODS[k].get("en") for k in used(asked)]
    names = [name for name, _, _ in reach(asked, "zh-Hant")]
    assert names == [METHODS[k].get("zh-Hant") for k in used(asked)]


def used(asked: MethodResults) -> list[str]:
    return list(dict.fromkeys(method.kind for method in asked.methods))


def test_no_category_has_no_name_and_an_unknown_one_is_an_error() -> None:
    assert word("", "zh-Hans") == ""
    with pytest.raises(KeyError):
        word("lukewarm", "en")


def test_a_report_in_chinese_has_chinese_names_and_categories(tmp_path: Path) -> None:
    study = write_study(tmp_path, [("language: en", "language: zh-Hans"), without("benchmarks")])
    text = study.read_text(encoding="utf-8")
    untitled = re.sub(r"(kind: \w+\n)    title: [^\n]+\n", r"\1", text)
    study.write_text(re.sub(r"\ngroup: [^\n]+", "", untitled), encoding="utf-8")
    report(study, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    shown = html.unescape(re.sub(r"<[^>]+>", "\n", page))
    assert [term for term in TERMS["zh-Hans"] if term not in shown] == []
    lines = {line.strip() for line in shown.splitlines()}
    assert [term for term in ENGLISH if term in lines] == []
    table = (tmp_path / "out" / "methods.csv").read_text(encoding="utf-8")
    assert "兴奋型需求" not in table
    assert ",excitement," in table
