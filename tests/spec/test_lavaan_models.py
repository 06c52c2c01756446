"""Models from lavaan's syntax and back; what a model file cannot say is refused or told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path as FilePath

import pytest
from acsi_model import make_indicator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acsi_sem.errors import SpecError
from acsi_sem.spec.lavaan import (
    Imported,
    model_from_lavaan,
    model_yaml,
    read_lavaan,
    to_lavaan,
)
from acsi_sem.spec.load import load_model
from acsi_sem.spec.model import Construct, Derivation, Fieldwork, Indicator, Model, Path, Text
from acsi_sem.terms import Sign

MODELS = FilePath(__file__).parents[2] / "models"

ACSI = """
# the American Customer Satisfaction Index
  expectations      =~ OVERALLX + CUSTOMX + WRONGX
  perceived_quality =~ OVERALLQ + CUSTOMQ + WRONGQ;  perceived_value =~ PQ + QP
  satisfaction      =~ SATIS +
                       CONFIRM + IDEAL          ! three of them
  complaints =~ COMP
  loyalty    =~ REPUR
  perceived_quality ~ expectations
  perceived_value   ~ expectations + perceived_quality
  satisfaction      ~ expectations + perceived_quality
                      + perceived_value
  complaints ~ satisfaction
  loyalty ~ satisfaction + complaints
"""
BASE = "f =~ x1 + x2\ng =~ y1 + y2\nh =~ z1 + z2\ng ~ f\nh ~ g\n"

REFUSED = {
    "cross-loading": (BASE + "g =~ x1", "6:6", "g =~ x1", "x1 again, an item of f"),
    "higher order": (BASE + "k =~ f + x9\nh ~ k", "6:6", "k =~ f", "has items of its own"),
    "errors covary": (BASE + "x1 ~~ x2", "6:7", "x1 ~~ x2", "a free one"),
    "errors covary at a number": (BASE + "x1 ~~ 0.3*y2", "6:11", "x1 ~~ y2", "0.3"),
    "disturbances covary": (BASE + "g ~~ h", "6:6", "g ~~ h", "a free one"),
    "exogenous with disturbance": (BASE + "f ~~ h", "6:6", "f ~~ h", "a free one"),
    "item with construct": (BASE + "x1 ~~ g", "6:7", "x1 ~~ g", "a free one"),
    "orthogonal": (BASE + "k =~ w1\nh ~ k\nf ~~ 0*k", "8:8", "f ~~ k", "0"),
    "fixed second loading": ("f =~ x1 + 0.5*x2\ng =~ y1\ng ~ f", "1:15", "f =~ x2", "0.5 as well"),
    "fixed at zero": ("f =~ 0*x1 + x2\ng =~ y1\ng ~ f", "1:8", "f =~ x1", "0"),
    "negative marker": ("f =~ -1*x1 + x2\ng =~ y1\ng ~ f", "1:9", "f =~ x1", "-1"),
    "no unit": ("f =~ NA*x1 + x2\ng =~ y1\ng ~ f", "1:9", "f", "nothing"),
    "two units": (BASE + "f ~~ 1*f", "6:8", "f ~~ f", "1 as well as 1 of x1"),
    "variance of zero": ("f =~ NA*x1 + x2\ng =~ y1\ng ~ f\nf ~~ 0*f", "4:8", "f ~~ f", "0"),
    "fixed error": (BASE + "x1 ~~ 0.2*x1", "6:11", "x1 ~~ x1", "0.2"),
    "fixed path": (BASE + "h ~ 0.5*f", "6:9", "h ~ f", "0.5"),
    "path of zero": (BASE + "h ~ 0*f", "6:7", "h ~ f", "0"),
    "error of a single item": (
        "f =~ x1\ng =~ y1\ng ~ f\nx1 ~~ x1",
        "4:7",
        "x1 ~~ x1",
        "a free one",
    ),
    "reliability": ("f =~ x1\ng =~ y1\ng ~ f\nx1 ~~ .2*x1", "4:10", "x1 ~~ x1", "0.2"),
    "equal labels": (BASE + "h ~ a*f\ng ~ a*f", "7:5", "g ~ f", "the label 'a' again"),
    "equal()": (BASE + "h ~ equal('g~f')*f", "6:5", "h ~ f", "equal"),
    "bound": (BASE + "h ~ lower(0)*f", "6:5", "h ~ f", "lower"),
    "unknown modifier": (BASE + "h ~ prior(1)*f", "6:5", "h ~ f", "prior"),
    "group values": (BASE + "h ~ c(1,2)*f", "6:5", "h ~ f", "c(1, 2)"),
    "group labels": (BASE + "h ~ c(a,a)*f", "6:5", "h ~ f", "c(a, a)"),
    "two values": (BASE + "h ~ NA*f + 2*f", "6:14", "h ~ f", "another, first on line 6"),
    "constraint": (BASE + "h ~ a*f\na == 2", "7:1", "", "a == 2"),
    "inequality": (BASE + "h ~ a*f\na > 0", "7:1", "", "a > 0"),
    "group heading": ("group: 1\n" + BASE, "1:1", "", "group: 1"),
    "scaling factor": (BASE + "x1 ~*~ x1", "6:1", "x1", "~*~"),
    "modifier on the left": ("efa('b')*f =~ x1 + x2\ng =~ y1\ng ~ f", "1:10", "f", "efa"),
    "interaction": (BASE + "h ~ f:g", "6:5", "f:g", "interaction"),
    "arrow to an item": (BASE + "x1 ~ g", "6:6", "x1 ~ g", "x1, an item of f"),
    "arrow from an item": (BASE + "h ~ x1", "6:5", "h ~ x1", "x1, an item of f"),
    "cycle": (BASE + "f ~ h", "6:5", "f ~ h", "the cycle"),
    "self": (BASE + "h ~ h", "6:5", "h ~ h", "acting on itself"),
    "unconnected": (BASE + "k =~ w1 + w2", "6:6", "k", "none"),
    "no arrows": ("f =~ x1 + x2", "1:1", "", "none"),
    "both kinds": (BASE + "f <~ x3", "6:6", "f", "as well as"),
    "mean of a construct": (BASE + "f ~ 1", "6:5", "f ~ 1", "a free one"),
    "fixed intercept": (BASE + "x1 ~ 0*1", "6:8", "x1 ~ 1", "0"),
    "fixed threshold": (BASE + "x1 | 0*t1", "6:8", "x1 | t1", "0"),
    "foreign covariance": (BASE + "w ~~ x1", "6:6", "w ~~ x1", "in no block"),
    "foreign intercept": (BASE + "w ~ 1", "6:5", "w ~ 1", "in no block"),
    "name with a space": ("'f 1' =~ x1 + x2\ng =~ y1\ng ~ 'f 1'", "1:10", "f 1", "f 1"),
}

NOTICED = {
    "start value": (BASE + "h ~ start(0.5)*f", "start_value", "6:5"),
    "label": (BASE + "h ~ a*f", "label", "6:5"),
    "definition": (BASE + "h ~ a*f\nx := a*a", "definition", "7:1"),
    "intercept": (BASE + "x1 ~ 1", "intercept", "6:6"),
    "threshold": (BASE + "x1 | t1", "threshold", "6:6"),
    "other marker": ("f =~ NA*x1 + 1*x2\ng =~ y1\ng ~ f", "unit", "1:16"),
    "other unit": ("f =~ 2*x1 + x2\ng =~ y1\ng ~ f", "unit", "1:8"),
    "unit from the variance": ("f =~ NA*x1 + x2\ng =~ y1\ng ~ f\nf ~~ 1*f", "unit", "4:8"),
    "composite": ("f <~ x1 + x2\ng =~ y1\ng ~ f", "composite", "1:6"),
    "two ends": (BASE + "k =~ w1\nk ~ f", "disturbance_covariance", "7:5"),
    "latent and observed": (BASE + "h ~ w", "exogenous_covariance", "6:5"),
}

SILENT = {
    "plain": BASE,
    "explicit marker": BASE + "f =~ 1*x1",
    "explicit variances": BASE + "f ~~ f; x1 ~~ x1; h ~~ NA*h",
    "zero covariances": BASE + "x1 ~~ 0*y1; g ~~ 0*h; f ~~ 0*g; x1 ~~ 0*g",
    "exogenous covariance": BASE + "k =~ w1\nh ~ k\nk ~~ f",
    "single item without error": "f =~ x1\ng =~ y1\ng ~ f\nx1 ~~ 0*x1",
    "same value for every group": "f =~ c(1,1)*x1 + x2\ng =~ y1\ng ~ f",
    "mean of zero": BASE + "f ~ 0*1",
    "two ends that do not covary": BASE + "k =~ w1\nk ~ f\nh ~~ 0*k",
    "latent and observed covary": BASE + "h ~ w\nw ~~ f",
    "observed ones": "y ~ x + w",
}


def imported(folder: FilePath, text: str, index: str | None = "g", name: str = "m.lav") -> Imported:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_lavaan(file, index=index)


def bare(model: Model) -> Model:
    """A model without what lavaan's syntax has no place for."""
    return replace(
        model,
        name="m",
        title=Text.of(None, "m"),
        source="",
        sha256="",
        evidence=(),
        fieldwork=Fieldwork(),
        reach=(),
        derive=(),
        constructs=tuple(
            Construct(
                construct.name,
                Text.of(None, construct.name),
                tuple(make_indicator(item.column, missing=()) for item in construct.indicators),
                kind=construct.kind,
            )
            for construct in model.constructs
        ),
        paths=tuple(replace(path, sign="any") for path in model.paths),
    )


def test_the_acsi_model_is_that_of_its_model_file(tmp_path: FilePath) -> None:
    found = imported(tmp_path, ACSI, "satisfaction")
    assert found.model == bare(load_model(MODELS / "acsi.yaml"))
    assert found.notices == ()


@pytest.mark.parametrize("file", ["acsi.yaml", "acsi_1994.yaml"])
def test_model_files_survive_the_way_to_lavaan_and_back(tmp_path: FilePath, file: str) -> None:
    model = load_model(MODELS / file)
    found = imported(tmp_path, to_lavaan(model), model.index)
    assert found.model == bare(model)
    assert found.notices == ()


@pytest.mark.parametrize("file", ["acsi.yaml", "acsi_1994.yaml"])
def test_model_files_survive_being_written(tmp_path: FilePath, file: str) -> None:
    model = load_model(MODELS / file)
    copy = tmp_path / "copy.yaml"
    copy.write_text(model_yaml(model, ["one", "two\nthree"]), encoding="utf-8")
    assert replace(load_model(copy), sha256=model.sha256) == model


@pytest.mark.parametrize(("text", "place", "path", "got"), REFUSED.values(), ids=REFUSED.keys())
def test_what_a_model_file_cannot_say_is_refused(
    tmp_path: FilePath, text: str, place: str, path: str, got: str
) -> None:
    with pytest.raises(SpecError) as caught:
        imported(tmp_path, text, text.split("=~")[0].split("<~")[0].split("*")[-1].split()[-1])
    places = {(p.where, p.path): p for p in caught.value.problems if p.path != "index"}
    problem = places[f"{tmp_path / 'm.lav'}:{place}", path]
    assert got in problem.got
    assert problem.expected


@pytest.mark.parametrize(("text", "kind", "place"), NOTICED.values(), ids=NOTICED.keys())
def test_what_does_not_change_the_model_is_told(
    tmp_path: FilePath, text: str, kind: str, place: str
) -> None:
    found = imported(tmp_path, text)
    by_kind = {notice.kind: notice for notice in found.notices}
    assert by_kind[kind].subject.startswith(f"{tmp_path / 'm.lav'}:{place}: ")
    assert by_kind[kind].message in found.yaml()


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT.keys())
def test_what_says_the_same_is_taken_without_a_word(tmp_path: FilePath, text: str) -> None:
    assert imported(tmp_path, text, "g" if "g" in text else "y").notices == ()


def test_the_index_is_never_guessed(tmp_path: FilePath) -> None:
    with pytest.raises(SpecError, match=r"index: expected .* one of f, g or h, got none"):
        imported(tmp_path, BASE, None)
    with pytest.raises(SpecError, match="unknown construct 'ff'; did you mean 'f'"):
        imported(tmp_path, BASE, "ff")


def test_an_observed_variable_is_a_construct_of_one_item(tmp_path: FilePath) -> None:
    model = imported(tmp_path, "f =~ x1 + W_item\ng =~ y1\ng ~ f + W\n").model
    (item,) = model.construct("W").indicators
    assert (item.name, item.column) == ("W_item_", "W")
    assert model.paths == (Path("f", "g", "any"), Path("W", "g", "any"))
    assert imported(tmp_path, to_lavaan(model)).model == model


def test_scale_and_missing_codes_are_given_to_every_item(tmp_path: FilePath) -> None:
    file = tmp_path / "9 items.lav"
    file.write_text(BASE, encoding="utf-8")
    codes = ((9.0, "don't know"), (99.5, "refused"))
    model = model_from_lavaan(file, scale=(1, 7), index="h", missing=codes)
    assert model.name == "m9_items"
    assert {(item.low, item.high, item.missing) for item in model.indicators} == {(1.0, 7.0, codes)}
    copy = tmp_path / "m.yaml"
    copy.write_text(read_lavaan(file, scale=(1, 7), index="h", missing=codes).yaml(), "utf-8")
    assert replace(load_model(copy), sha256="") == model
    assert "Every item has the scale 1 to 7" in copy.read_text("utf-8")


def test_a_call_that_makes_no_sense_is_refused(tmp_path: FilePath) -> None:
    file = tmp_path / "m.lav"
    file.write_text(BASE, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        model_from_lavaan(file, scale=(7, 1), missing=((9.0, "a"), (9.0, "b")))
    assert [problem.path for problem in caught.value.problems] == ["scale", "missing", "index"]
    with pytest.raises(SpecError, match="outside the scale 1 to 10, got 9"):
        model_from_lavaan(file, index="g", missing=((9.0, "a"),))


@pytest.mark.parametrize("content", [None, b"f =~ \xff", b"x" * 1_000_001])
def test_an_unusable_file_is_refused(tmp_path: FilePath, content: bytes | None) -> None:
    file = tmp_path / "m.lav"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SpecError, match=r"readable|UTF-8|bytes"):
        model_from_lavaan(file, index="g")


def test_refusals_come_all_at_once_in_order_of_the_text(tmp_path: FilePath) -> None:
    with pytest.raises(SpecError) as caught:
        imported(tmp_path, BASE + "x1 ~~ x2\nf ~ h\nh ~ 0.5*f", None)
    lines = [int(problem.where.split(":")[-2]) for problem in caught.value.problems[:-1]]
    assert lines == [6, 7, 8]
    assert caught.value.problems[-1].path == "index"


def test_what_lavaan_cannot_read_is_not_written() -> None:
    def one(name: str, column: str) -> Construct:
        item = replace(make_indicator("x_" + name.replace("-", "_")), column=column)
        return Construct(name, Text.of(None, name), (item,))

    constructs = (one("a-b", "x 1"), one("TRUE", "y"), one("c", "a-b"), one("d", "c"))
    paths = tuple(Path(a.name, b.name) for a, b in pairwise(constructs))
    with pytest.raises(SpecError) as caught:
        to_lavaan(Model("m", Text.of(None, "m"), "", constructs, paths, "c"))
    assert [problem.path for problem in caught.value.problems] == [
        "constructs.a-b",
        "constructs.TRUE",
        "constructs.a-b.indicators.x_a_b",
        "constructs.c.indicators.x_c",
        "constructs.c.indicators.x_c",
        "constructs.d.indicators.x_d",
    ]


def test_comments_of_an_export_say_what_lavaan_has_no_place_for() -> None:
    text = to_lavaan(load_model(MODELS / "acsi_1994.yaml"))
    assert "# PT is derived by the recipe price_tolerance" in text
    assert "COMP: Has complained; scale 0 to 1; missing: 98 don\u2019t know" in text
    assert "satisfaction negative" in text
    # An apostrophe would end the text where it is pasted between single quotes in R.
    assert "'" not in text


names = st.from_regex(r"[a-z][a-z0-9_.]{0,4}", fullmatch=True)
texts = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1, max_size=20
).filter(lambda text: text.strip() != "")
labels = st.one_of(
    texts.map(lambda text: Text((("en", text),))),
    st.tuples(texts, texts).map(lambda pair: Text((("en", pair[0]), ("zh-Hans", pair[1])))),
)


@st.composite
def models(draw: st.DrawFn, plain: bool) -> Model:
    """Draw a model whose paths stand in construct order; a plain one holds what lavaan can say."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    pool = draw(
        st.lists(names, min_size=sum(sizes) + len(sizes), max_size=40, unique=True).filter(
            lambda found: not {"in", "if", "for", "next", "else"} & set(found)
        )
    )
    constructs = []
    for size in sizes:
        items = tuple(draw_indicator(draw, pool.pop(), plain) for _ in range(size))
        name = pool.pop()
        made = Construct(name, Text.of(None, name) if plain else draw(labels), items)
        if size > 1 and draw(st.booleans()):
            made = replace(made, kind="composite")
        if not plain and draw(st.booleans()):
            made = replace(made, mode="B")
        constructs.append(made)
    paths = tuple(draw_paths(draw, [c.name for c in constructs], plain))
    index = draw(st.sampled_from([c.name for c in constructs]))
    title = Text.of(None, "m") if plain else draw(labels)
    source = "" if plain else draw(texts)
    return Model(
        "m", title, source, tuple(constructs), paths, index, draw_derived(constructs, plain)
    )


def draw_indicator(draw: st.DrawFn, name: str, plain: bool) -> Indicator:
    if plain:
        return make_indicator(name, missing=())
    low = draw(st.sampled_from((0.0, 1.0, -2.5)))
    codes = draw(st.lists(st.sampled_from((98.0, 99.0, 99.5)), unique=True, max_size=2))
    return Indicator(
        name=name,
        column=draw(st.sampled_from((name, f"{name} in full: #1"))),
        low=low,
        high=draw(st.sampled_from((7.0, 10.0))),
        missing=tuple((code, draw(texts)) for code in codes),
        reverse=draw(st.booleans()),
        label=draw(st.one_of(st.just(Text.of(None, name)), labels)),
    )


def draw_paths(draw: st.DrawFn, order: Sequence[str], plain: bool) -> list[Path]:
    """Some arrows; a construct that they leave out is tied to its neighbour."""
    signs: st.SearchStrategy[Sign] = st.sampled_from(
        ("any",) if plain else ("positive", "negative", "any")
    )
    pairs = {pair for pair in combinations(order, 2) if draw(st.booleans())}
    for a, b in (*pairwise(order), (order[-2], order[-1])):
        loose = {a, b} - {end for pair in pairs for end in pair}
        pairs |= {(a, b)} if loose else set()
    return [Path(a, b, draw(signs)) for a, b in combinations(order, 2) if (a, b) in pairs]


def draw_derived(constructs: Sequence[Construct], plain: bool) -> tuple[Derivation, ...]:
    item = constructs[0].indicators[0]
    if plain or (item.low, item.high) != (1.0, 10.0) or item.column != item.name:
        return ()
    return (Derivation(item.column, "price_tolerance", (("high", "H 1"), ("low", "L"))),)


slow = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@slow
@given(model=models(plain=True))
def test_a_model_survives_the_way_to_lavaan_and_back(tmp_path: FilePath, model: Model) -> None:
    found = imported(tmp_path, to_lavaan(model), model.index)
    assert found.model == model
    kinds = {notice.kind for notice in found.notices}
    assert kinds <= {"composite"}


@slow
@given(model=models(plain=False))
def test_a_model_survives_being_written_as_yaml(tmp_path: FilePath, model: Model) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(model_yaml(model), encoding="utf-8", newline="")
    assert replace(load_model(file), sha256="") == model
