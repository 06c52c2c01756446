"""What a composite index must say of its components, and what no other model may say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from acsi_sem.errors import SpecError
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import DatedShares, Model, Scoring
from acsi_sem.spec.periods import Period

COMPOSITE = """\
schema: 1
name: toy
kind: composite
defaults: {scale: [1, 7]}
constructs:
  overall: {indicators: {O1: {}}}
  element: {indicators: {E1: {}, E2: {}}}
  whole: {components: [overall, element]}
index: whole
scoring:
  form: top_box
  boxes: 2
  weights:
    - {from: 2002, to: 2010, shares: {overall: 0.6, element: 0.4}}
    - {from: 2011Q3, shares: {overall: 0.25, element: 0.75}, source: a page}
"""

STRUCTURAL = """\
schema: 1
name: toy
defaults: {scale: [1, 10]}
constructs:
  quality: {indicators: {Q1: {}}}
  satisfaction: {indicators: {S1: {}}}
paths: {quality: satisfaction}
index: satisfaction
"""

OLD = "{from: 2002, to: 2010, shares: {overall: 0.6, element: 0.4}}"
NEW = "{from: 2011Q3, shares: {overall: 0.25, element: 0.75}, source: a page}"
WEIGHTS = f"  weights:\n    - {OLD}\n    - {NEW}\n"
SCORING = f"scoring:\n  form: top_box\n  boxes: 2\n{WEIGHTS}"

COMPOSITE_CASES = {
    "a form that nobody knows, beside boxes": (
        "form: top_box",
        "form: topbox",
        (
            "11:9: scoring.form: expected scaled, of_maximum or top_box, got 'topbox'; "
            "did you mean 'top_box'?"
        ),
    ),
    "paths": (
        "index: whole\n",
        "paths: {}\nindex: whole\n",
        (
            "9:1: paths: expected 'paths' in structural models only, got it in another; "
            "remove it, or set 'kind: structural'"
        ),
    ),
    "shares above one": (
        "{overall: 0.6, element: 0.4}",
        "{overall: 0.6, element: 0.5}",
        "14:38: scoring.weights[0].shares: expected shares that sum to 1, got 1.1",
    ),
    "shares in per cent": (
        "{overall: 0.6, element: 0.4}",
        "{overall: 60, element: 40}",
        "14:38: scoring.weights[0].shares: expected shares that sum to 1, got 100",
    ),
    "no number": (
        "{overall: 0.6, element: 0.4}",
        "{overall: true, element: 0.4}",
        "14:48: scoring.weights[0].shares.overall: expected a number, got true",
    ),
    "share of nothing": (
        "{overall: 0.6, element: 0.4}",
        "{overall: 1.0, element: 0.0}",
        "14:62: scoring.weights[0].shares.element: expected a number above 0, got 0",
    ),
    "unknown component": (
        "{overall: 0.6, element: 0.4}",
        "{overall: 0.6, element: 0.3, elemnt: 0.1}",
        (
            "14:67: scoring.weights[0].shares.elemnt: expected overall or element, "
            "got 'elemnt'; did you mean 'element'?"
        ),
    ),
    "absent component": (
        "{overall: 0.6, element: 0.4}",
        "{overall: 1.0}",
        (
            "14:38: scoring.weights[0].shares: expected a share of every component, "
            "got none of element"
        ),
    ),
    "overlap": (
        "to: 2010",
        "to: 2011Q3",
        (
            "15:7: scoring.weights[1]: expected times that do not overlap, got one that begins "
            "before the entry above ends; put entries in order of time and end each by 'to'"
        ),
    ),
    "no end": (
        "to: 2010, ",
        "",
        (
            "15:7: scoring.weights[1]: expected times that do not overlap, got one that begins "
            "before the entry above ends; put entries in order of time and end each by 'to'"
        ),
    ),
    "order": (
        f"    - {OLD}\n    - {NEW}\n",
        f"    - {NEW}\n    - {OLD}\n",
        (
            "15:7: scoring.weights[1]: expected times that do not overlap, got one that begins "
            "before the entry above ends; put entries in order of time and end each by 'to'"
        ),
    ),
    "last before first": (
        "from: 2002, to: 2010",
        "from: 2010Q2, to: 2010Q1",
        "14:7: scoring.weights[0]: expected a first time before the last, got one after it",
    ),
    "no time": (
        "from: 2002,",
        "from: 2002Q5,",
        (
            "14:14: scoring.weights[0].from: expected a year such as 2011 or a quarter such as "
            "2011Q1, got '2002Q5'"
        ),
    ),
    "boxes without top boxes": (
        "form: top_box",
        "form: scaled",
        (
            "12:3: scoring.boxes: expected boxes beside 'form: top_box', got 'scaled'; "
            "remove it, or change the form"
        ),
    ),
    "boxes without a form": (
        "  form: top_box\n",
        "",
        (
            "11:3: scoring.boxes: expected boxes beside 'form: top_box', got 'scaled'; "
            "remove it, or change the form"
        ),
    ),
    "no weights": (
        WEIGHTS,
        "",
        (
            "10:1: scoring.weights: expected what the components of the index count for, got none; "
            "name the shares of overall and element"
        ),
    ),
    "empty weights": (
        WEIGHTS,
        "  weights: []\n",
        (
            "13:12: scoring.weights: expected what the components of the index count for, got "
            "none; name the shares of overall and element"
        ),
    ),
    "no scoring": (
        SCORING,
        "",
        (
            "1:1: scoring.weights: expected what the components of the index count for, got none; "
            "name the shares of overall and element"
        ),
    ),
    "weights of no components": (
        "index: whole",
        "index: overall",
        (
            "13:3: scoring.weights: expected an index with components, got the index 'overall' "
            "without components; remove the weights"
        ),
    ),
    "every step a top box": (
        "E2: {}",
        "E2: {scale: [0, 1]}",
        (
            "7:46: constructs.element.indicators.E2.scale: expected an answer scale of more than "
            "2 steps, got [0, 1] of E2; every answer to it would count as a top box"
        ),
    ),
    "as many boxes as steps": (
        "boxes: 2",
        "boxes: 7",
        (
            "4:19: defaults.scale: expected an answer scale of more than 7 steps, got [1, 7] of "
            "O1; every answer to it would count as a top box"
        ),
    ),
}

STRUCTURAL_CASES = {
    "scoring": (
        "index: satisfaction\n",
        "index: satisfaction\nscoring: {form: scaled}\n",
        (
            "9:1: scoring: expected 'scoring' in composite models only, got it in another; "
            "remove it, or set 'kind: composite'"
        ),
    ),
    "no paths": (
        "paths: {quality: satisfaction}\n",
        "",
        "1:1: paths: expected the key 'paths', got none",
    ),
    "misspelt paths": (
        "paths: {",
        "path: {",
        (
            "7:1: path: expected one of the keys schema, name, title, source, defaults, "
            "constructs, kind, paths, scoring, index, derive, evidence, fieldwork or reach, got "
            "the unknown key 'path'; did you mean 'paths'?"
        ),
    ),
}


def faults(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(folder)
    Path("file.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_model("file.yaml")
    assert caught.value.exit_code == 3
    return [line.removeprefix("file.yaml:") for line in str(caught.value).splitlines()]


def read(text: str, folder: Path) -> Model:
    file = folder / "file.yaml"
    file.write_text(text, encoding="utf-8")
    return load_model(file)


@pytest.mark.parametrize("case", COMPOSITE_CASES)
def test_malformed_composite(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, message = COMPOSITE_CASES[case]
    assert COMPOSITE.count(old) == 1
    assert faults(COMPOSITE.replace(old, new), tmp_path, monkeypatch) == [message]


@pytest.mark.parametrize("case", STRUCTURAL_CASES)
def test_malformed_structural(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, message = STRUCTURAL_CASES[case]
    assert STRUCTURAL.count(old) == 1
    assert faults(STRUCTURAL.replace(old, new), tmp_path, monkeypatch) == [message]


def test_negative_answers_have_no_share_of_the_maximum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = COMPOSITE.replace("form: top_box\n  boxes: 2", "form: of_maximum")
    found = faults(text.replace("scale: [1, 7]", "scale: [-3, 3]"), tmp_path, monkeypatch)
    assert found == [
        (
            "4:19: defaults.scale: expected an answer scale from 0 or above, got [-3, 3] of O1; "
            "use 'form: scaled' for a scale with negative answers"
        )
    ]


def test_every_fault_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = COMPOSITE.replace("0.6,", "0.7,").replace("to: 2010", "to: 2012")
    text = text.replace("form: top_box", "form: scaled") + "paths: {}\n"
    found = [line.split(": ")[1] for line in faults(text, tmp_path, monkeypatch)]
    assert found == ["scoring.boxes", "scoring.weights[0].shares", "scoring.weights[1]", "paths"]


def test_the_valid_file_says_what_it_says(tmp_path: Path) -> None:
    model = read(COMPOSITE, tmp_path)
    assert (model.kind, model.paths) == ("composite", ())
    assert model.scoring == Scoring(
        "top_box",
        2,
        (
            DatedShares((("overall", 0.6), ("element", 0.4)), Period(2002, 1), Period(2010, 4)),
            DatedShares((("overall", 0.25), ("element", 0.75)), Period(2011, 3), None, "a page"),
        ),
    )


def test_a_share_may_be_rounded(tmp_path: Path) -> None:
    text = COMPOSITE.replace("{overall: 0.6, element: 0.4}", "{overall: 0.6, element: 0.3999995}")
    scoring = read(text, tmp_path).scoring
    assert scoring is not None
    # The shares of a file with rounded ones are brought to one; 1e-15 is rounding of doubles.
    assert sum(share for _, share in scoring.shares[0].shares) == pytest.approx(1, abs=1e-15)


def test_a_scale_with_one_more_step_than_boxes_is_enough(tmp_path: Path) -> None:
    scoring = read(COMPOSITE.replace("boxes: 2", "boxes: 6"), tmp_path).scoring
    assert scoring is not None
    assert scoring.boxes == 6


def test_a_composite_without_components_needs_no_scoring(tmp_path: Path) -> None:
    text = COMPOSITE.replace(SCORING, "").replace("  whole: {components: [overall, element]}\n", "")
    model = read(text.replace("index: whole", "index: element"), tmp_path)
    assert model.scoring == Scoring("scaled", 2, ())


def test_a_structural_model_has_no_scoring(tmp_path: Path) -> None:
    assert read(STRUCTURAL, tmp_path).scoring is None


@st.composite
def dated_shares(draw: st.DrawFn) -> list[dict[str, object]]:
    """Draw entries in order of time: shares in hundredths, years or quarters, gaps allowed."""
    size = draw(st.integers(2, 4))
    ends = sorted(draw(st.sets(st.integers(8000, 8100), min_size=2, max_size=8)))
    entries: list[dict[str, object]] = []
    for first, last in zip(ends[::2], ends[1::2], strict=False):
        cuts = sorted(draw(st.sets(st.integers(1, 99), min_size=size - 1, max_size=size - 1)))
        parts = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
        entry: dict[str, object] = {
            "from": f"{first // 4}Q{first % 4 + 1}",
            "to": f"{last // 4}Q{last % 4 + 1}",
            "shares": {f"c{i}": part / 100 for i, part in enumerate(parts)},
        }
        entries.append(entry)
    if draw(st.booleans()):
        del entries[0]["from"]
    if draw(st.booleans()):
        del entries[-1]["to"]
    return entries


@given(entries=dated_shares())
@settings(max_examples=60, deadline=None)
def test_shares_are_read_as_written(
    entries: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = entries[0]["shares"]
    assert isinstance(first, dict)
    document = {
        "schema": 1,
        "name": "drawn",
        "kind": "composite",
        "defaults": {"scale": [1, 5]},
        "constructs": {name: {"indicators": {f"Q_{name}": {}}} for name in first}
        | {"whole": {"components": list(first)}},
        "index": "whole",
        "scoring": {"weights": entries},
    }
    file = tmp_path_factory.mktemp("drawn") / "drawn.yaml"
    with file.open("w", encoding="utf-8") as stream:
        YAML(typ="safe", pure=True).dump(document, stream)
    scoring = load_model(file).scoring
    assert scoring is not None
    assert len(scoring.shares) == len(entries)
    for read_in, entry in zip(scoring.shares, entries, strict=True):
        shares = entry["shares"]
        assert isinstance(shares, dict)
        # Dividing by a total of 1 to within rounding moves a share by rounding only.
        assert dict(read_in.shares) == pytest.approx(shares, rel=1e-14)
        assert math.fsum(share for _, share in read_in.shares) == pytest.approx(1, abs=1e-15)
        for end, key in ((read_in.first, "from"), (read_in.last, "to")):
            assert (str(end) if end else None) == entry.get(key)
    for a, b in zip(scoring.shares, scoring.shares[1:], strict=False):
        assert a.last is not None
        assert a.holds(a.last)
        assert not b.holds(a.last)
