"""House rules that a reader cannot see at a glance, held by reading the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "acsi_sem"
FILES = sorted(PACKAGE.rglob("*.py"))
FUNCTION_LINES, FILE_LINES = 60, 400
ENDS = ("cli",)  # the only room that prints, reads the clock or looks at the terminal


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function's body without its docstring."""
    body = function.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        body = body[1:]
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= FILE_LINES
    long = [f.name for f in functions(ast.parse(text)) if body_lines(f) > FUNCTION_LINES]
    assert long == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_clock_printing_or_global_randomness_below_the_ends(path: Path) -> None:
    if path.relative_to(PACKAGE).parts[0] in ENDS:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called != "print", (path.name, node.lineno)
            assert not called.startswith(("time.", "datetime.", "random.")), node.lineno
            assert called not in ("np.random.seed", "np.random.rand"), node.lineno
            if called == "np.random.default_rng":
                assert node.args, "a generator without a seed"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_functions_say_what_they_do(path: Path) -> None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
            assert ast.get_docstring(node), (path.name, node.name)


def test_the_median_function_is_short() -> None:
    lengths = sorted(
        body_lines(f)
        for path in FILES
        for f in functions(ast.parse(path.read_text(encoding="utf-8")))
    )
    assert lengths[len(lengths) // 2] <= 10


HEAVY = ("pandas", "scipy", "semopy", "statsmodels", "matplotlib", "jinja2", "pyarrow", "numpy")


@pytest.mark.parametrize("arguments", [["--help"], ["fit", "--help"], ["--version"], ["run"]])
def test_the_command_line_starts_without_heavy_imports(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom acsi_sem.cli.app import run\n"
        f"run({arguments!r})\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"
