"""Model files become frozen models with every default resolved."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import acsi_model
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from malformed import MODEL
from ruamel.yaml import YAML

from acsi_sem.errors import SpecError
from acsi_sem.spec.graph import endogenous, find_cycle
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Derivation, Model
from acsi_sem.spec.schema import model_schema, schema_text, study_schema
from acsi_sem.spec.validate import validate_file

ROOT = Path(__file__).parents[2]
LANGUAGES = ("en", "zh-Hans", "zh-Hant")


def read(text: str, folder: Path) -> Model:
    file = folder / "model.yaml"
    file.write_text(text, encoding="utf-8")
    return load_model(file)


def test_acsi_is_the_model_of_the_design() -> None:
    loaded, expected = load_model(ROOT / "models/acsi.yaml"), acsi_model.acsi_model()
    assert loaded.construct_names == expected.construct_names
    assert loaded.paths == expected.paths
    assert loaded.index == "satisfaction"
    for item, other in zip(loaded.indicators, expected.indicators, strict=True):
        assert dataclasses.replace(item, label=other.label, question=None, anchors=()) == other


@pytest.mark.parametrize("name", ["acsi", "acsi_1994"])
def test_shipped_models_have_labels(name: str) -> None:
    model = load_model(ROOT / f"models/{name}.yaml")
    for text in (model.title, *(construct.label for construct in model.constructs)):
        assert tuple(language for language, _ in text.entries) == LANGUAGES
        assert len({entry for _, entry in text.entries}) == len(LANGUAGES)
    assert all(item.label.get("en") != item.name for item in model.indicators)


def test_the_1994_form_adds_price_tolerance_only() -> None:
    short, full = load_model(ROOT / "models/acsi.yaml"), load_model(ROOT / "models/acsi_1994.yaml")
    assert full.derive == (
        Derivation("PT", "price_tolerance", (("high", "HIGHPTOL"), ("low", "LOWPTOL"))),
    )
    loyalty = full.construct("loyalty").indicators
    assert [(i.name, i.column, i.low, i.high) for i in loyalty] == [
        ("REPUR", "REPUR", 1.0, 10.0),
        ("PT", "PT", 1.0, 10.0),
    ]
    assert full.paths == short.paths
    assert full.constructs[:-1] == short.constructs[:-1]
    assert endogenous(full) == endogenous(short)


def test_hash_is_of_the_files_bytes() -> None:
    file = ROOT / "models/acsi.yaml"
    assert load_model(file).sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_an_indicator_overrides_the_defaults(tmp_path: Path) -> None:
    override = "Q1: {column: col, scale: [0, 1], missing: {7: dk}, reverse: true, label: First}"
    model = read(MODEL.replace("Q1: {}", override).replace("Q2: {}", "Q2: "), tmp_path)
    first, second = model.construct("quality").indicators
    assert (first.column, first.low, first.high, first.missing) == ("col", 0.0, 1.0, ((7, "dk"),))
    assert first.reverse
    assert first.label.get() == "First"
    assert (second.column, second.missing) == ("Q2", ((98.0, "don't know"),))


def test_an_empty_missing_list_takes_the_defaults_away(tmp_path: Path) -> None:
    model = read(MODEL.replace("Q1: {}", "Q1: {missing: {}}"), tmp_path)
    assert model.indicators[0].missing == ()


@pytest.mark.parametrize(
    "paths",
    [
        "{quality: satisfaction}",
        "{quality: [satisfaction]}",
        "{quality: {to: satisfaction}}",
        "{quality: [{to: satisfaction, sign: positive}]}",
    ],
)
def test_short_forms_of_arrows_mean_the_same(paths: str, tmp_path: Path) -> None:
    model = read(MODEL.replace("{quality: [satisfaction]}", paths), tmp_path)
    assert model.paths == read(MODEL, tmp_path).paths


def test_names_may_be_of_any_script(tmp_path: Path) -> None:
    model = read(MODEL.replace("quality", "感知质量").replace("Q1", "Qualité_1.a-b"), tmp_path)
    assert model.construct_names == ("感知质量", "satisfaction")
    assert model.indicators[0].name == "Qualité_1.a-b"


def test_a_model_is_frozen(tmp_path: Path) -> None:
    model = read(MODEL, tmp_path)
    hash(model)
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.name = "other"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.indicators[0].low = 0.0  # type: ignore[misc]


def test_find_cycle_is_not_limited_by_depth() -> None:
    chain = {f"c{i}": [f"c{i + 1}"] for i in range(5000)}
    assert find_cycle(chain) == ()
    assert len(find_cycle({**chain, "c5000": ["c0"]})) == 5002


@pytest.mark.parametrize(
    ("file", "schema"),
    [("models/model.schema.json", model_schema()), ("data/study.schema.json", study_schema())],
)
def test_committed_schema_is_current(file: str, schema: dict[str, object]) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert json.loads(text) == schema
    assert text == schema_text(schema)


@pytest.mark.parametrize(
    "file",
    [
        "models/acsi.yaml",
        "models/acsi_1994.yaml",
        "data/demo/study.yaml",
        "data/acsi2015/study.yaml",
    ],
)
def test_shipped_files_name_their_schema(file: str) -> None:
    first = (ROOT / file).read_text(encoding="utf-8").splitlines()[0]
    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    assert ((ROOT / file).parent / first.removeprefix(prefix)).is_file()


def test_validate_says_what_a_model_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert validate_file("models/acsi.yaml") == (
        "models/acsi.yaml: model acsi, 6 constructs, 13 indicators, 9 paths, index satisfaction"
    )


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("name: x\n", "neither"),
        ("construct: {}\n", "neither; did you mean 'constructs'?"),
        ("constructs: {}\nmodel: a.yaml\n", "both"),
    ],
)
def test_validate_must_know_the_kind(text: str, got: str, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        validate_file(file)
    assert str(caught.value) == (
        f"{file}:1:1: expected the key 'constructs' (a model file) or 'model' (a study file), "
        f"got {got}"
    )


def test_the_types_import_without_the_heavy_libraries() -> None:
    code = (
        "import sys, acsi_sem.spec.model, acsi_sem.spec.study;"
        "print([m for m in ('pydantic', 'ruamel.yaml', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


NAMES = st.from_regex(r"[A-Za-zéß感][A-Za-z0-9_.\-]{0,8}", fullmatch=True)


@st.composite
def model_files(draw: st.DrawFn) -> dict[str, object]:
    names = draw(st.lists(NAMES, min_size=4, max_size=14, unique=True))
    q = draw(st.integers(2, len(names) // 2))
    constructs, items = names[:q], names[q:]
    cuts = sorted(
        draw(st.lists(st.integers(1, len(items) - 1), min_size=q - 1, max_size=q - 1, unique=True))
    )
    ends = zip([0, *cuts], [*cuts, len(items)], strict=True)
    blocks = [items[start:end] for start, end in ends]
    # A chain connects every construct; further arrows run forwards, so that none closes a cycle.
    arrows = {(i, i + 1) for i in range(q - 1)}
    arrows |= {p for p in draw(st.sets(st.tuples(*[st.integers(0, q - 1)] * 2))) if p[0] < p[1]}
    low = draw(st.integers(-5, 5))
    return {
        "schema": 1,
        "name": "drawn",
        "defaults": {"scale": [low, low + draw(st.integers(1, 20))], "missing": {98: "none"}},
        "constructs": {
            name: {"indicators": {item: {} for item in block}}
            for name, block in zip(constructs, blocks, strict=True)
        },
        "paths": {
            constructs[i]: [constructs[b] for a, b in sorted(arrows) if a == i]
            for i in range(q - 1)
        },
        "index": constructs[-1],
    }


def dump(document: object, folder: Path) -> Path:
    file = folder / "drawn.yaml"
    with file.open("w", encoding="utf-8") as stream:
        YAML(typ="safe", pure=True).dump(document, stream)
    return file


@given(document=model_files())
@settings(max_examples=60, deadline=None)
def test_a_written_model_reads_back(
    document: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = load_model(dump(document, tmp_path_factory.mktemp("drawn")))
    constructs, paths = document["constructs"], document["paths"]
    assert isinstance(constructs, dict)
    assert isinstance(paths, dict)
    assert set(model.construct_names) == set(constructs)
    for name, block in constructs.items():
        assert {i.name for i in model.construct(name).indicators} == set(block["indicators"])
    arrows = {(path.source, path.target) for path in model.paths}
    assert arrows == {(source, target) for source, targets in paths.items() for target in targets}
    assert model.index == document["index"]


@given(
    key=st.sampled_from(["defaults", "constructs", "paths", "index", "name", "schema"]),
    place=st.integers(0, 20),
    change=st.sampled_from(["drop", "double", "swap"]),
)
@settings(max_examples=80, deadline=None)
def test_a_misspelt_key_is_always_recognised(
    key: str, place: int, change: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    i = place % (len(key) - 1)
    wrong = {
        "drop": key[:i] + key[i + 1 :],
        "double": key[: i + 1] + key[i:],
        "swap": key[:i] + key[i + 1] + key[i] + key[i + 2 :],
    }[change]
    if wrong == key:
        return
    text = MODEL.replace(f"{key}: ", f"{wrong}: ").replace(f"{key}:\n", f"{wrong}:\n")
    with pytest.raises(SpecError) as caught:
        read(text, tmp_path_factory.mktemp("typo"))
    remedies = {p.path: p.remedy for p in caught.value.problems}
    assert remedies[wrong] == f"did you mean '{key}'?"
