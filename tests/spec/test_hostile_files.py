"""Files that cannot be read, or that are made to cost memory, time or safety."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from malformed import MODEL

from acsi_sem.errors import SpecError
from acsi_sem.spec.load import load_model
from acsi_sem.spec.load_study import load_study
from acsi_sem.spec.yaml_source import MAX_BYTES, read_source

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 2000))
CONSTRUCTS = "schema: 1\nname: a\nindex: c0\ndefaults: {scale: [1, 10]}\nconstructs:\n" + "".join(
    f"  c{i}: {{indicators: {{i{i}: {{}}}}}}\n" for i in range(2000)
)
HOSTILE = {
    "billion laughs": LAUGHS,
    "long chain of aliases": CHAIN,
    "deep lists": "[" * (MAX_BYTES - 1),
    "deep flow mappings": "{a: " * (MAX_BYTES // 5),
    "deep blocks": "".join(" " * i + "a:\n" for i in range(1300)),
    "long scalar": "a: " + "b" * (MAX_BYTES - 10),
    "many keys": "".join(f"k{i}: 1\n" for i in range(15_000)),
    "one key many times": "a: 1\n" * 60_000,
    "many unknown constructs": CONSTRUCTS
    + "paths:\n"
    + "".join(f"  d{i}: [e{i}]\n" for i in range(2000)),
    "many cycles": CONSTRUCTS + "paths:\n" + "".join(f"  c{i}: [c{i ^ 1}]\n" for i in range(2000)),
    "alias inside its own anchor": "a: &a [*a]\n",
    "number of many digits": MODEL.replace("[1, 10]", f"[1, {'9' * 100_000}]"),
}
# Seconds. The slowest takes about 3 on one core here; a quadratic one would take minutes.
PATIENCE = 30.0


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(content: bytes) -> str:
    Path("file.yaml").write_bytes(content)
    with pytest.raises(SpecError) as caught:
        load_model("file.yaml")
    assert caught.value.exit_code == 3
    return str(caught.value)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_refused_soon_and_in_few_words(name: str) -> None:
    start = time.perf_counter()
    message = refusal(HOSTILE[name].encode())
    assert time.perf_counter() - start < PATIENCE
    assert len(message.splitlines()) <= 101
    assert len(message) < 50_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"name: caf\xe9\n",
            "1:10: expected UTF-8 text, got the byte 0xE9; save the file as UTF-8",
        ),
        (
            "schema: 1\n".encode("utf-16"),
            "1:1: expected UTF-8 text, got the byte 0xFF; save the file as UTF-8",
        ),
        (b"a: 1\nb: \x07\n", "2:4: expected printable text, got the control character '\\x07'"),
        (b"a: \x00\n", "1:4: expected printable text, got the control character '\\x00'"),
        (
            b'a: "\\UFFFFFFFF"\n',
            (
                "1:1: expected YAML 1.2, got text that cannot be parsed; "
                "look for an escape such as \\U that is no character"
            ),
        ),
        (b'a: "\\uD800"\n', "1:4: expected printable text, got the escaped character '\\ud800'"),
        (b"a: !!int '3'\n", "1:4: expected YAML without tags, got the tag 'tag:yaml.org,2002:int'"),
    ],
)
def test_content_that_is_no_text_or_no_plain_yaml(content: bytes, message: str) -> None:
    assert refusal(content) == f"file.yaml:{message}"


def test_a_file_too_large_is_not_parsed() -> None:
    assert refusal(b"#" * (MAX_BYTES + 1)) == (
        "file.yaml: expected at most 1,000,000 bytes, got a larger file"
    )


def test_no_such_file_names_a_near_one() -> None:
    Path("acsi.yaml").write_text(MODEL, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_model("acsi.yml")
    assert str(caught.value) == (
        "acsi.yml: expected a model or study file (YAML), got no such file; "
        "did you mean 'acsi.yaml'?"
    )


@pytest.mark.parametrize("load", [load_model, load_study])
@pytest.mark.parametrize("name", ["", ".", "no/such/folder/a.yaml", "a\0b", "x" * 5000])
def test_paths_that_are_no_file(load: object, name: str) -> None:
    assert callable(load)
    with pytest.raises(SpecError) as caught:
        load(name)
    assert caught.value.exit_code == 3


def test_a_tag_runs_nothing() -> None:
    assert "expected YAML without tags" in refusal(
        b"a: !!python/object/apply:pathlib.Path.touch [ran]\n"
    )
    assert not Path("ran").exists()


def test_the_core_schema_of_yaml_1_2_holds() -> None:
    Path("file.yaml").write_text(
        "country: NO\nanswer: yes\nold: 010\ntime: 12:30\nquoted: '1'\nnone: ~\nhex: 0x1F\n"
        "real: 1e3\n1.0: key\ndate: 2015-01-01\ntext: 1_000\n",
        encoding="utf-8",
    )
    assert read_source("file.yaml").data == {
        "country": "NO",
        "answer": "yes",
        "old": 10,
        "time": "12:30",
        "quoted": "1",
        "none": None,
        "hex": 31,
        "real": 1000.0,
        "1": "key",
        "date": "2015-01-01",
        "text": "1_000",
    }


def test_anchors_byte_order_mark_and_windows_lines_are_fine() -> None:
    text = MODEL.replace("{Q1: {}, Q2: {}}", "{Q1: &item {reverse: true}, Q2: *item}")
    Path("file.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    model = load_model("file.yaml")
    assert [item.reverse for item in model.indicators] == [True, True, False, False]


def test_lines_count_alike_with_windows_line_ends() -> None:
    text = MODEL.replace("index: satisfaction", "index: nothing").replace("\n", "\r\n")
    assert refusal(text.encode()).startswith("file.yaml:8:8: index: ")
