"""Texts that are read, and texts that cannot be."""

from __future__ import annotations

import ast
import textwrap

import libcst as cst
import pytest

from autohook_codegen.hooked_source import SourceError
from autohook_codegen.source import read_source
from autohook_codegen.source.newer_syntax import in_older_syntax

NEWER = [
    pytest.param("type X = int\ny = 1\n", "X      = int\ny = 1\n", id="type alias"),
    pytest.param("type X[T] = list[T]\n", "X         = list[T]\n", id="generic type alias"),
    pytest.param("type \\\n X = int\n", "X \\\n   = int\n", id="type alias over lines"),
    pytest.param("def f[T: int](x): y\n", "def f        (x): y\n", id="type parameters"),
    pytest.param("class A[T = int, *U](B): y\n", "class A             (B): y\n", id="defaults"),
    pytest.param("def f[\n T\n](x): y\n", "def f \\\n  \\\n (x): y\n", id="over lines"),
    pytest.param("try: a\nexcept A, B: c\n", "try: a\nexcept A   : c\n", id="except"),
    pytest.param("lazy import a\n", "import      a\n", id="lazy import"),
    pytest.param("x = f'{a}'\ntype = 1\n", "x = f'{a}'\ntype = 1\n", id="nothing newer"),
]
NEWER_STRINGS = [
    pytest.param("x = f'{a['b']}' + c\n", "x = '         ' + c\n", id="f-string"),
    pytest.param("x = f'{a}' + f'{b['c']}'\n", "x = f'{a}' + '         '\n", id="one of two"),
    pytest.param("x = 'a' f'{\nb}' 'c'\n", "x = (''    \n      )\n", id="f-string over lines"),
    pytest.param("x = t'{a}'\n", "x = '    '\n", id="t-string"),
]
ONLY_OLD = [
    pytest.param("try: a\nexcept* B: c\n", "try: a\nexcept  B: c\n", id="except star"),
    pytest.param("x[*a]\nx[*a, b,]\n", "x[ a]\nx[ a, b,]\n", id="star in a subscript"),
    pytest.param("def f(*a: *B): c\n", "def f(*a:  B): c\n", id="star in an annotation"),
]


@pytest.mark.parametrize(("text", "older"), [*NEWER, *ONLY_OLD])
def test_newer_syntax_is_replaced(text: str, older: str) -> None:
    assert in_older_syntax(text, cst.parse_module(text), (3, 10)) == older
    assert in_older_syntax(text, cst.parse_module(text), (3, 15)) in (text, older)


@pytest.mark.parametrize(("text", "older"), NEWER_STRINGS)
def test_newer_strings_are_replaced_where_python_does_not_read_them(text: str, older: str) -> None:
    try:
        ast.parse(text)
        expected = text
    except SyntaxError:
        expected = older
    assert in_older_syntax(text, cst.parse_module(text), (3, 10)) == expected


def test_places_in_newer_syntax() -> None:
    text = textwrap.dedent(
        """\
        type Pair[T] = tuple[T, T]
        class A[T: (int, str) = int](Base[T]):
            def f[U](self, x: U) -> U:
                return self.g(f'{x['é']}' 'b', self.h(x), f"{
                    self.i(x)  # comment
                }")
        """
    )
    source = read_source(text)
    calls = {ast.unparse(n.func): n for n in ast.walk(source.tree) if isinstance(n, ast.Call)}
    texts = {name: text[slice(*source.span(call))] for name, call in calls.items()}
    assert texts["self.h"] == "self.h(x)"
    assert texts["self.g"] == text[text.index("self.g") : -1]


BAD = [
    pytest.param("x = 1\ny = (\n", "m.py:2:5: '(' was never closed", "y = (", id="syntax error"),
    pytest.param("def f[T](x): 1\nx = ,\n", "m.py:2:5: invalid syntax", "x = ,", id="after newer"),
    pytest.param(
        "x = 1\nclass A(:\n    pass\n", "m.py:2:9: invalid syntax", "class A(:", id="in brackets"
    ),
    pytest.param("x = 1\n\0", "m.py:2:1: null byte in the source", None, id="null byte"),
    pytest.param("x = 'a\r\ny\r", "m.py:1:5: unterminated string literal", "x = 'a", id="CR LF"),
    pytest.param("def f():\nx\n", "m.py:2:1: expected an indented block", "x", id="indentation"),
    pytest.param("x = " + "(" * 500 + ")" * 500, "m.py:1:205: too many nested", ..., id="brackets"),
    pytest.param("x" + "+x" * 50_000, "m.py:1:1: nested too deeply", None, id="operators"),
    pytest.param("-" * 50_000 + "x", "m.py:1:1: nested too deeply", None, id="signs"),
    pytest.param("type X = int\n" + "(" * 5_000, "m.py:2:201: too many", ..., id="newer brackets"),
]


@pytest.mark.parametrize(("text", "message", "line"), BAD)
def test_bad_texts_get_one_line(text: str, message: str, line: object) -> None:
    with pytest.raises(SourceError) as caught:
        read_source(text, "m.py")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    if line is not ...:
        assert caught.value.text == line


@pytest.mark.parametrize("operator", [" and ", " + ", " < ", " or not "])
def test_many_operands(operator: str) -> None:
    with pytest.raises(SourceError, match=r"^m.py:3:5: nested too deeply$"):
        read_source("y = 1\nif y:\n    " + operator.join(["x"] * 1_200), "m.py")
    read_source("x = [" + f"x{operator}y, " * 1_200 + "]")


def test_beginning_and_end_are_kept() -> None:
    source = read_source("\ufeffx = 1")
    assert source.text == "x = 1\n"
    assert source.whole("y = 2\n") == "\ufeffy = 2"


def test_columns_count_characters() -> None:
    source = read_source("x = 1\r\ny = 'äöü', z\r\n")
    pair = source.tree.body[1].value  # type: ignore[attr-defined]
    assert source.position(pair.elts[1]) == (2, 12)
