"""Which bindings a name may mean: each is a line, counted from the first of the body."""

from __future__ import annotations

import ast
from textwrap import dedent, indent

import pytest

from autohook_codegen.analysis.definitions import Definitions
from autohook_codegen.analysis.takers import Takers
from autohook_codegen.declares.nodes import Nodes

ROWS = [
    pytest.param("x = 1\nx = 2\nread(x)", {2}, id="the last"),
    pytest.param("read(x)", {0}, id="an argument"),
    pytest.param("if a:\n    x = 1\nread(x)", {0, 2}, id="a branch"),
    pytest.param("if a:\n    x = 1\nelse:\n    x = 2\nread(x)", {2, 4}, id="both branches"),
    pytest.param("if a:\n    x = 1\n    return\nread(x)", {0}, id="a branch that returns"),
    pytest.param("for i in a:\n    x = read(x)", {0, 2}, id="an earlier round"),
    pytest.param("for i in a:\n    x = 1\n    continue\nread(x)", {0, 2}, id="continue"),
    pytest.param("while a:\n    x = 1\n    break\nread(x)", {0, 2}, id="break"),
    pytest.param("try:\n    x = 1\nexcept E:\n    pass\nread(x)", {0, 2}, id="try"),
    pytest.param("with a as x:\n    read(x)", {1}, id="with"),
    pytest.param("x += 1\nread(x)", {1}, id="in place"),
    pytest.param("y = [x for x in a]\nread(x)", {0}, id="a comprehension binds inside"),
    pytest.param("y = [read(x) for x in a]", {1}, id="inside of it"),
    pytest.param("f = lambda x: read(x)", {1}, id="a lambda's own"),
    pytest.param("x = 1\nf = lambda: read(x)", {1}, id="a lambda that reads"),
    pytest.param("if (x := a):\n    read(x)", {1}, id="a walrus"),
    pytest.param("match a:\n    case 1:\n        x = 1\nread(x)", {0, 3}, id="match"),
]


def function(body: str) -> ast.FunctionDef:
    tree = ast.parse("def f(x, a):\n" + indent(dedent(body), "    "))
    (found,) = tree.body
    assert isinstance(found, ast.FunctionDef)
    return found


def reads(node: ast.AST) -> list[ast.Name]:
    return [
        one.args[0]
        for one in ast.walk(node)
        if isinstance(one, ast.Call)
        and ast.unparse(one.func) == "read"
        and isinstance(one.args[0], ast.Name)
    ]


@pytest.mark.parametrize(("body", "lines"), ROWS)
def test_bindings(body: str, lines: set[int]) -> None:
    node = function(body)
    (name,) = reads(node)
    assert {one.lineno - 1 for one in Definitions(node).of[name]} == lines


@pytest.mark.parametrize(
    ("body", "takers"),
    [
        ("y = g(x)\nreturn y + 1", ["y + 1"]),
        ("y = z = g(x)\nprint(y)\nreturn z", ["print(y)", "return z"]),
        ("return g(x) if a else x", ["return g(x) if a else x"]),
        ("y = g(x).view(3)\nreturn y", ["g(x).view(3)"]),
        ("y, z = g(x), 1\nreturn h(y)", ["h(y)"]),
        ("y = g(x)\ny += 1\nreturn y", ["y += 1"]),
        ("return h(value=g(x))", ["h(value=g(x))"]),
        ("self.y = g(x)", ["self.y = g(x)"]),
    ],
)
def test_takers(body: str, takers: list[str]) -> None:
    node = function(body)
    made = next(
        one for one in ast.walk(node) if isinstance(one, ast.Call) and ast.unparse(one) == "g(x)"
    )
    found = Takers(Nodes(node), Definitions(node)).of(made)
    assert sorted(ast.unparse(taker) for taker, _ in found) == sorted(takers)
