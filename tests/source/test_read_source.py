"""Texts that are read, and texts that cannot be."""

from __future__ import annotations

import ast
import textwrap

import libcst as cst
import pytest

from autohook_codegen.hooked_source import SourceError
from autohook_codegen.source import Key, PairedTransformer, read_source
from autohook_codegen.source.newer_syntax import in_older_syntax

NEWER = [
    pytest.param("type X = int\ny = 1\n", "X      = int\ny = 1\n", id="type alias"),
    pytest.param("type X[T] = list[T]\n", "X         = list[T]\n", id="generic type alias"),
    pytest.param("type \\\n X = int\n", "X  \\\n  = int\n", id="type alias over lines"),
    pytest.param("def f[T: int](x): y\n", "def f        (x): y\n", id="type parameters"),
    pytest.param("class A[T = int, *U](B): y\n", "class A             (B): y\n", id="defaults"),
    pytest.param("def f[\n T\n](x): y\n", "def f \\\n  \\\n (x): y\n", id="over lines"),
    pytest.param("try: a\nexcept A, B: c\n", "try: a\nexcept (A, B): c\n", id="except"),
    pytest.param("lazy import a\n", "import a\n", id="lazy import"),
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
    pytest.param("x[*a]\nx[*a, b,]\n", "x[(*a,)]\nx[(*a, b,)]\n", id="star in a subscript"),
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


def test_newer_syntax_still_pairs() -> None:
    text = textwrap.dedent(
        """\
        type Pair[T] = tuple[T, T]
        class A[T: (int, str) = int](Base[T]):
            def f[U](self, x: U) -> U:
                return self.g(f'{x['a']}' 'b', self.h(x), f"{
                    self.i(x)  # comment
                }")
        """
    )
    source = read_source(text)
    calls: dict[Key, str] = {}

    class Calls(PairedTransformer):
        def change_expression(
            self, key: Key, original: cst.CSTNode, updated: cst.CSTNode
        ) -> cst.CSTNode:
            if key.kind == "Call":
                calls[key] = source.module.code_for_node(original)
            return updated

    source.module.visit(Calls(source.numbering, range(4)))
    found = [n for n in ast.walk(source.tree) if isinstance(n, ast.Call)]
    texts = {ast.unparse(node.func): calls[source.numbering.key(node)] for node in found}
    assert texts["self.h"] == "self.h(x)"
    assert texts["self.g"].startswith("self.g(f'")
    assert source.print(source.module) == text


BAD = [
    pytest.param("x = 1\ny = (\n", "m.py:2:5: '(' was never closed", "y = (", id="syntax error"),
    pytest.param("def f[T](x): 1\nx = ,\n", "m.py:2:5: invalid syntax", "x = ,", id="after newer"),
    pytest.param("x = 1\n\0", "m.py:2:1: null byte in the source", None, id="null byte"),
    pytest.param("x = 'a\r\ny\r", "m.py:1:5: unterminated string literal", "x = 'a", id="CR LF"),
    pytest.param("def f():\nx\n", "m.py:2:1: expected an indented block", "x", id="indentation"),
    pytest.param("x = " + "(" * 500 + ")" * 500, "m.py:1:205: too many nested", ..., id="brackets"),
    pytest.param("x" + "+x" * 50_000, "m.py: nested too deeply", None, id="operators"),
    pytest.param("-" * 50_000 + "x", "m.py: nested too deeply", None, id="signs"),
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


def test_many_operands_do_not_end_the_process() -> None:
    source = read_source("x = " + " and ".join("abc" * 10_000))
    with pytest.raises(SourceError, match="nested too deeply"):
        _ = source.module


def test_deep_modules_are_not_printed() -> None:
    source = read_source("x = " + "a + " * 700 + "b\n")
    with pytest.raises(SourceError, match="nested too deeply"):
        source.print(source.module)


def test_what_libcst_cannot_read_gets_one_line() -> None:
    source = read_source("x = a if b else(c if d else e)", "m.py")
    with pytest.raises(SourceError, match=r"^m.py: libcst cannot read the text: Must have"):
        _ = source.module


def test_a_byte_order_mark_is_kept() -> None:
    source = read_source("\ufeffx = 1\n")
    assert source.text == "x = 1\n"
    assert source.print(source.module) == "\ufeffx = 1\n"


@pytest.mark.parametrize(
    "text",
    ["x\n\n  # end\n", "def f():\n    x\n\n  # a\n\n# b\n\n", "x = '''\n\n  # a'''", "\n\n  # a\n"],
)
def test_comments_at_the_end_are_kept(text: str) -> None:
    source = read_source(text)
    assert source.print(source.module) == text


def test_columns_count_characters() -> None:
    source = read_source("x = 1\r\ny = 'äöü', z\r\n")
    pair = source.tree.body[1].value  # type: ignore[attr-defined]
    assert source.position(pair.elts[1]) == (2, 12)
