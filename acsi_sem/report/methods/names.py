"""Fixed terms of methods in the languages of reports: names of methods, and of their categories.

Tables on disk keep the English keys; prose is English throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acsi_sem.spec.model import Text

LANGUAGES: Final = ("en", "zh-Hans", "zh-Hant")


def _texts(table: Mapping[str, tuple[str, str, str]]) -> Mapping[str, Text]:
    return {key: Text(tuple(zip(LANGUAGES, three, strict=True))) for key, three in table.items()}


METHODS: Final = _texts(
    {
        "pe_gap": (
            "Perception less expectation (P–E gap)",
            "认知—预期差距（P–E）",
            "認知—預期差距（P–E）",
        ),
        "quadrant": (
            "Importance and satisfaction in four quadrants",
            "四分图模型（重要性与满意度）",
            "四分圖模型（重要性與滿意度）",
        ),
        "rating_form": ("Rating form", "评分表", "評分表"),
        "satisfaction_rate": ("Satisfaction rate", "满意率", "滿意率"),
        "fuzzy": ("Fuzzy comprehensive evaluation", "模糊综合评价法", "模糊綜合評價法"),
        "ahp": ("Analytic hierarchy process", "层次分析法", "層次分析法"),
        "kano": ("Kano categories", "Kano 需求分类", "Kano 需求分類"),
        "penalty_reward": ("Penalty–reward contrasts", "惩罚—奖励对比", "懲罰—獎勵對比"),
        "customer_value": (
            "Customers by revenue and cost to serve",
            "按收入与服务成本划分的顾客",
            "按收入與服務成本劃分的顧客",
        ),
        "pareto": ("Who holds the value", "价值集中度（帕累托分析）", "價值集中度（帕雷托分析）"),
        "value_tiers": ("Value tiers", "顾客价值分级", "顧客價值分級"),
        "loyalty": ("Loyalty", "顾客忠诚", "顧客忠誠"),
        "complaints": ("Complaints", "顾客抱怨", "顧客抱怨"),
        "benchmarks": ("Benchmarks", "标杆比较", "標竿比較"),
    }
)

WORDS: Final = _texts(
    {
        "strength": ("Strength", "优势区", "優勢區"),
        "repair": ("Repair", "修补区", "修補區"),
        "opportunity": ("Opportunity", "机会区", "機會區"),
        "maintain": ("Maintain", "维持区", "維持區"),
        "basic": ("Basic", "基本型需求", "基本型需求"),
        "expected": ("Expected", "期望型需求", "期望型需求"),
        "excitement": ("Excitement", "兴奋型需求", "興奮型需求"),
        "indifferent": ("Indifferent", "无差异型需求", "無差異型需求"),
        "reverse": ("Reverse", "反向型需求", "反向型需求"),
        "questionable": ("Questionable", "可疑回答", "可疑回答"),
        "better": ("Better", "满意系数（Better）", "滿意係數（Better）"),
        "worse": ("Worse", "不满意系数（Worse）", "不滿意係數（Worse）"),
        "satisfied": ("Satisfied", "满意", "滿意"),
        "dissatisfied": ("Dissatisfied", "不满意", "不滿意"),
        "key": ("Key", "关键顾客", "關鍵顧客"),
        "major": ("Major", "重要顾客", "重要顧客"),
        "general": ("General", "一般顾客", "一般顧客"),
        "maintenance": ("Maintenance", "维持顾客", "維持顧客"),
        "invalid": ("Invalid", "无效顾客", "無效顧客"),
    }
)
"""What categories are called; the five grades are named in `acsi_sem.spec.methods.grading`."""


def method_name(kind: str, language: str) -> str:
    """Return what a kind of method is called.

    Parameters
    ----------
    kind : str
        One of `acsi_sem.spec.methods.catalogue.KINDS`.
    language : str
        English where the term has no other.

    Examples
    --------
    >>> method_name("ahp", "zh-Hans"), method_name("ahp", "de")
    ('层次分析法', 'Analytic hierarchy process')
    """
    return METHODS[kind].get(language)


def word(key: str, language: str) -> str:
    """Return a category's name as it stands in a table; "" for no category.

    Parameters
    ----------
    key : str
        As in the tables on disk.
    language : str
        English where the term has no other.

    Raises
    ------
    KeyError
        If there is no such term.

    Examples
    --------
    >>> word("basic", "zh-Hant"), word("basic", "en"), word("", "en")
    ('基本型需求', 'Basic', '')
    """
    return WORDS[key].get(language) if key else ""
