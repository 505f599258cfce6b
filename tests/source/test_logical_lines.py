"""How a text falls into logical lines, and what makes one of them Python by itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from autohook_codegen.source.logical_lines import LogicalLines, is_header, scaffold

TEXTS = [
    (["x = 1; y = 2\n", "z\n"], "x = 1; y = 2\n# c\n\nz\n"),
    (["if a:  # c:\n", "    x = f(  # )\n      1\n    )\n"], None),
    (["x = a + \\\r\n  b\r\n", "y\r\n"], None),
    (["@a\n", 'def f(x, \'(\', """\n["""): y\n', "\tz"], None),
    (["x = 'a\\'b(' # [\n", "y\n"], None),
]


@pytest.mark.parametrize(("lines", "text"), TEXTS)
def test_lines(lines: list[str], text: str | None) -> None:
    text = text or "".join(lines)
    assert [text[start:end] for start, end in LogicalLines(text).spans] == lines


def test_at() -> None:
    lines = LogicalLines("x = (\n  1\n)\n\n# c\ny\n")
    assert lines.at(7) == lines.at(0) == (0, 12)
    assert lines.at(18) == (17, 19)
    assert lines.bracket_depth(8) == 1


HEADERS = [
    "if a:",
    "else :  # c",
    "class A(\n  B\n):\n",
    "case [a] if b:  # :",
    "def f(x: 'y'): # [:",
]
NO_HEADERS = ["x", "x = a[1:]", "if a: b", "x  # :", "x = ':'", "lambda: x"]


@pytest.mark.parametrize("line", HEADERS)
def test_headers(line: str) -> None:
    assert is_header(line)


@pytest.mark.parametrize("line", NO_HEADERS)
def test_no_headers(line: str) -> None:
    assert not is_header(line)


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "if a:",
        "elif a: b",
        "else:",
        "try:",
        "try: a",
        "except A:",
        "finally: b",
        "match a:",
        "@a",
    ],
)
def test_scaffold(line: str) -> None:
    before, behind = scaffold(line)
    ast.parse("\n".join([*before, line, *behind]))


@pytest.mark.parametrize("path", [Path(ast.__file__), Path(pytest.__file__)], ids=lambda p: p.name)
def test_every_statement_begins_a_logical_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = LogicalLines(text)
    starts = {text.count("\n", 0, lines.code_start(line)) + 1 for line in lines.spans}
    tree = ast.parse(text)
    assert {node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)} <= starts
