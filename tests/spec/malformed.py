"""Reads the cases of malformed files: name, what to replace, by what, every message."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

MODEL = """\
schema: 1
name: toy
defaults: {scale: [1, 10], missing: {98: don't know}}
constructs:
  quality: {indicators: {Q1: {}, Q2: {}}}
  satisfaction: {indicators: {S1: {}, S2: {}}}
paths: {quality: [satisfaction]}
index: satisfaction
"""

STUDY = """\
schema: 1
name: toy
model: acsi.yaml
data: {file: survey.csv}
design: {weight: W, stratum: REGION, psu: AREA}
levels: {company: COMPANY, industry: INDUSTRY}
group: company
columns: {INDUSTRY: {label: Industry, codes: {1001: Food, 3003: Airlines}}}
breakdowns:
  AGE: {label: Age, bins: [18, 35, 55]}
  GENDER: {codes: {1: Male, 2: Female}, missing: {9: refused}}
out_of_range: {SATIS: {0: missing}}
engines: [pls, ols]
estimation: {scheme: path}
resampling: {replicates: 200, seed: 1, level: 0.95}
report: {language: en}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A malformed file and its messages, each without the file's name and the colon after it."""

    name: str
    old: str
    new: str
    messages: tuple[str, ...]

    def text(self, valid: str) -> str:
        """Return the malformed file; what it replaces must be there, or the case is stale."""
        if not self.old:
            return self.new
        assert self.old in valid
        return valid.replace(self.old, self.new, 1)


def read_cases(name: str) -> list[Case]:
    """Read the cases of a file beside this one."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return [_case(block) for block in text.split("\n== ")[1:]]


def _case(block: str) -> Case:
    name, old, new, *messages = block.strip("\n").split("\n")
    return Case(name, json.loads(old), json.loads(new), tuple(messages))
