"""The documented choices of a survey's type and mode, in three languages.

Of each entry the first text is its name; the others answer the heads under ``aspects``, in order.
Only systems whose mode is documented are named as using one.
"""

from __future__ import annotations

from typing import Final

Texts = dict[str, dict[str, tuple[str, ...]]]

TYPE_TEXTS: Final[Texts] = {
    "aspects": {"en": ("when",), "zh-Hans": ("何时使用",), "zh-Hant": ("何時使用",)},
    "overview": {
        "en": (
            "Overview survey",
            "Periodic, of a wide sample or all customers: the level, its drivers and its trend.",
        ),
        "zh-Hans": ("总体调查", "定期进行，覆盖广泛样本或全部顾客：了解水平、驱动因素和趋势。"),
        "zh-Hant": ("總體調查", "定期進行，涵蓋廣泛樣本或全部顧客：了解水準、驅動因素和趨勢。"),
    },
    "transaction": {
        "en": (
            "Transaction survey",
            "Soon after a purchase or contact: how that event went. It misses those who had none.",
        ),
        "zh-Hans": (
            "交易调查",
            "在购买或接触后不久进行：了解该次经历。没有交易的顾客不在其中。",
        ),
        "zh-Hant": (
            "交易調查",
            "在購買或接觸後不久進行：了解該次經歷。沒有交易的顧客不在其中。",
        ),
    },
    "reliability": {
        "en": (
            "Reliability survey",
            "After a cycle of use: faults, durability and service over time.",
        ),
        "zh-Hans": ("可靠性调查", "在一个使用周期之后进行：了解故障、耐用性和长期服务。"),
        "zh-Hant": ("可靠性調查", "在一個使用週期之後進行：了解故障、耐用性和長期服務。"),
    },
    "follow_up": {
        "en": (
            "Follow-up survey",
            "After very good or very bad feedback: causes and remedies. Never an index of all.",
        ),
        "zh-Hans": (
            "跟踪调查",
            "在极好或极差的反馈之后进行：查明原因和对策。不能代表全体顾客。",
        ),
        "zh-Hant": (
            "追蹤調查",
            "在極好或極差的回饋之後進行：查明原因和對策。不能代表全體顧客。",
        ),
    },
}

MODE_TEXTS: Final[Texts] = {
    "aspects": {
        "en": ("coverage", "response", "measurement", "used by"),
        "zh-Hans": ("覆盖", "应答", "测量", "采用者"),
        "zh-Hant": ("涵蓋", "回應", "測量", "採用者"),
    },
    "telephone": {
        "en": (
            "Telephone",
            "Misses those without a listed number; mobile numbers have to be in the frame.",
            "Low and falling; call back before replacing a number.",
            "No long lists or pictures; answers to a voice can be kinder than on a screen.",
            "CCSI (Tsinghua), HKCSI; Kundenmonitor until it went online.",
        ),
        "zh-Hans": (
            "电话",
            "漏掉没有登记号码的人；抽样框须包含手机号码。",
            "应答率低且在下降；更换号码前应先回拨。",
            "不宜长选项或图片；对访问员的回答可能比对屏幕更友善。",
            "CCSI（清华）、HKCSI；Kundenmonitor 在转为在线之前。",
        ),
        "zh-Hant": (
            "電話",
            "漏掉沒有登記號碼的人；抽樣框須包含手機號碼。",
            "回應率低且在下降；更換號碼前應先回撥。",
            "不宜長選項或圖片；對訪員的回答可能比對螢幕更友善。",
            "CCSI（清華）、HKCSI；Kundenmonitor 在轉為線上之前。",
        ),
    },
    "online": {
        "en": (
            "Online panel",
            "Only those online who joined a panel; quotas and weights repair what is known.",
            "Fast and cheap; a panel has no response rate in the strict sense.",
            "Straight-lining and rushed answers: check them. The scale is seen as it is.",
            "ACSI (today), JCSI, UKCSI, Kundenmonitor (today).",
        ),
        "zh-Hans": (
            "在线样本库",
            "只含上网且加入样本库的人；配额和加权只能修正已知的差异。",
            "快而便宜；样本库没有严格意义上的应答率。",
            "须检查直线作答和过快作答。量表按原样显示。",
            "ACSI（现在）、JCSI、UKCSI、Kundenmonitor（现在）。",
        ),
        "zh-Hant": (
            "線上樣本庫",
            "只含上網且加入樣本庫的人；配額和加權只能修正已知的差異。",
            "快而便宜；樣本庫沒有嚴格意義上的回應率。",
            "須檢查直線作答和過快作答。量表按原樣顯示。",
            "ACSI（現在）、JCSI、UKCSI、Kundenmonitor（現在）。",
        ),
    },
    "face_to_face": {
        "en": (
            "Face to face",
            "The widest; interviews come in clusters, which costs precision.",
            "The highest, at the highest price.",
            "Show cards and long interviews work; interviewers influence answers.",
            "KCSI (2005).",
        ),
        "zh-Hans": (
            "面访",
            "覆盖最广；访问成群进行，会损失精度。",
            "应答率最高，费用也最高。",
            "可用示卡和长问卷；访问员会影响回答。",
            "KCSI（2005年）。",
        ),
        "zh-Hant": (
            "面訪",
            "涵蓋最廣；訪問成群進行，會損失精度。",
            "回應率最高，費用也最高。",
            "可用示卡和長問卷；訪員會影響回答。",
            "KCSI（2005年）。",
        ),
    },
    "mail": {
        "en": (
            "Mail",
            "Everyone with an address.",
            "Low; the very pleased and the very angry answer most. Remind twice.",
            "Time to think, but questions are skipped and read in any order.",
            "No system of the list is documented to use it.",
        ),
        "zh-Hans": (
            "邮寄",
            "所有有地址的人。",
            "应答率低；非常满意和非常不满的人回答最多。应提醒两次。",
            "有时间思考，但会跳题或不按顺序阅读。",
            "所列体系中没有采用的记载。",
        ),
        "zh-Hant": (
            "郵寄",
            "所有有地址的人。",
            "回應率低；非常滿意和非常不滿的人回答最多。應提醒兩次。",
            "有時間思考，但會跳題或不按順序閱讀。",
            "所列體系中沒有採用的記載。",
        ),
    },
    "mixed": {
        "en": (
            "Mixed modes",
            "Each mode reaches those whom the other misses.",
            "Higher than of one mode, where the modes follow each other.",
            "The mode moves the answers: keep its share fixed, or measure the shift side by side.",
            "Kundenmonitor (2016, telephone and online).",
        ),
        "zh-Hans": (
            "混合方式",
            "每种方式都能触及另一种方式漏掉的人。",
            "先后使用几种方式时，应答率高于单一方式。",
            "方式会影响回答：应固定各方式的比例，或并行测量其差异。",
            "Kundenmonitor（2016年，电话与在线）。",
        ),
        "zh-Hant": (
            "混合方式",
            "每種方式都能觸及另一種方式漏掉的人。",
            "先後使用幾種方式時，回應率高於單一方式。",
            "方式會影響回答：應固定各方式的比例，或並行測量其差異。",
            "Kundenmonitor（2016年，電話與線上）。",
        ),
    },
    "message": {
        "en": (
            "Web or SMS after a transaction",
            "Only customers with a recent event and a known address.",
            "Low; extreme experiences answer most. Ask within days.",
            "One to five questions: too few for a model of causes.",
            "No index system of the list; a complement to one.",
        ),
        "zh-Hans": (
            "交易后的网页或短信",
            "只含近期有交易且有联系方式的顾客。",
            "应答率低；体验极端者回答最多。应在数日内询问。",
            "一至五个问题：不足以建立因果模型。",
            "所列指数体系均未采用；可作补充。",
        ),
        "zh-Hant": (
            "交易後的網頁或簡訊",
            "只含近期有交易且有聯絡方式的顧客。",
            "回應率低；體驗極端者回答最多。應在數日內詢問。",
            "一至五個問題：不足以建立因果模型。",
            "所列指數體系均未採用；可作補充。",
        ),
    },
}
