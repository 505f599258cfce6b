"""What the recogniser finds in a text, and the tree that it leaves."""

from __future__ import annotations

import ast

import pytest

from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import Existing, read_existing
from autohook_codegen.rewrite.strip import strip
from autohook_codegen.source import Source, read_source


def read(text: str, name: str = "{name}_hook_point") -> tuple[Source, Existing]:
    source = read_source(text)
    return source, read_existing(source, Options(name=name))


WRAPPED = [
    ("self.a_hook_point(self.a(x))", {"self.a(x)": ["self.a_hook_point"]}),
    (
        "self.b_hook_point(self.a_hook_point(x @ self.a) + self.b)",
        {"x @ self.a + self.b": ["self.b_hook_point"], "x @ self.a": ["self.a_hook_point"]},
    ),
    (
        "self.b_hook_point(self.a_hook_point(F.linear(x, self.a, self.b)))",
        {"F.linear(x, self.a, self.b)": ["self.a_hook_point", "self.b_hook_point"]},
    ),
    ("self.a_hook_points[i](a(x))", {"a(x)": ["self.a_hook_points[i]"]}),
    ("self.a_hook_points[i][0](a(x))", {"a(x)": ["self.a_hook_points[i][0]"]}),
    (
        'getattr(self, f"a{i}_hook_point")(a(x))',
        {"a(x)": ["getattr(self, f'a{i}_hook_point')"]},
    ),
    ("attn.to_q_hook_point_2(attn.to_q(x))", {"attn.to_q(x)": ["attn.to_q_hook_point_2"]}),
    ("f(self.a_hook_point)", {}),
    ("self.a_hook_point(x=x)", {}),
]


@pytest.mark.parametrize(("text", "expected"), WRAPPED)
def test_wrapped(text: str, expected: dict[str, list[str]]) -> None:
    source, existing = read(text)
    assert {ast.unparse(node): wraps for node, wraps in existing.wrapped.items()} == expected
    assert set(existing.wrapped) <= set(ast.walk(source.tree))


def test_nodes_that_are_left_keep_their_places() -> None:
    text = "é = self.a_hook_point(self.a(self.b_hook_point(self.b(x))))\n"
    source, existing = read(text)
    assert ast.unparse(source.tree) == "é = self.a(self.b(x))"
    spans = [source.span(node) for node in existing.wrapped]
    assert [text[start:end] for start, end in spans] == [
        "self.b(x)",
        "self.a(self.b_hook_point(self.b(x)))",
    ]


AFTER = [
    ("a, b = f(x)\na = self.f_hook_point(a)", ["a", "self.f_hook_point"]),
    ("o = f(x)\no.a = self.f_hook_point(o.a)", ["o.a", "self.f_hook_point"]),
    ('o = f(x)\no["a"] = self.f_hook_point(o["a"])', ["o['a']", "self.f_hook_point"]),
    ("o = f(x)\no = (self.f_hook_point(o[0]), *o[1:])", ["o[0]", "self.f_hook_point"]),
    ("o = f(x)\no = (*o[:1], self.f_hook_point(o[1]), *o[2:])", ["o[1]", "self.f_hook_point"]),
    (
        "a = f(x)\na = self.f_hook_point(a) if a is not None else None",
        ["a", "self.f_hook_point"],
    ),
    ("a += self.b\na = self.b_hook_point(a)", ["a", "self.b_hook_point"]),
]


@pytest.mark.parametrize(("text", "expected"), AFTER)
def test_hooked_after(text: str, expected: list[str]) -> None:
    source, existing = read(text)
    (statement,) = source.tree.body
    assert existing.hooked_after == {statement: [tuple(expected)]}


def test_a_statement_can_hook_through_two_hook_points() -> None:
    _, existing = read("x += self.b\nx = self.b_hook_point(self.a_hook_point(x))\n")
    assert list(existing.hooked_after.values()) == [
        [("x", "self.a_hook_point"), ("x", "self.b_hook_point")]
    ]


def test_loops() -> None:
    source, existing = read(
        "for hook_index, (a, b) in enumerate(self.c[k:], k):\n"
        "    d = [f_hook_point(f(x)) for f, f_hook_point in"
        " zip(a, self.c_hook_points[hook_index], strict=True)]\n"
    )
    assert ast.unparse(source.tree) == "for a, b in self.c[k:]:\n    d = [f(x) for f in a]"
    assert list(existing.enumerated.values()) == ["hook_index"]
    assert list(existing.zipped.values()) == ["f_hook_point"]
    assert list(existing.wrapped.values()) == [["self.c_hook_points[f_hook_point]"]]


def test_tests_for_none() -> None:
    source, existing = read("f(self.b_hook_point(self.b) if self.b is not None else None)\n")
    assert ast.unparse(source.tree) == "f(self.b)"
    assert [ast.unparse(node) for node in existing.tested] == ["self.b"]
    assert [ast.unparse(node) for node in existing.wrapped] == ["self.b"]


CLASSES = """\
from autohook_runtime import auto_hook as hook
from transformer_lens.hook_points import HookedRootModule as Root, HookPoint as HP
import transformer_lens.hook_points as tlh

class A(Root, nn.Module):
    def __init__(self):
        self.a_hook_point = HP()
        self.hook_embed = tlh.HookPoint()
        for i in range(3):
            setattr(self, f"b{i}_hook_point", HP())
        self.build()
        self.setup()

    def build(self):
        self.c_hook_points = nn.ModuleList([HP() for _ in self.c])
        self.c_hook_points[0].append(HP())

class B(A):
    def __init__(self, *args, **kwargs):  # for the hook points
        super().__init__(*args, **kwargs)
        self.d_hook_point = HP()
        hook(self)

class C(Root):
    def __init__(self):
        self.setup()
"""


def test_classes() -> None:
    source, existing = read(CLASSES)
    one, two, three = (node for node in source.tree.body if isinstance(node, ast.ClassDef))
    assert existing.made == {
        one: {"a_hook_point", "hook_embed", "b{i}_hook_point", "c_hook_points"},
        two: {"d_hook_point"},
    }
    assert existing.roots[one].base is not None
    assert existing.roots[one].ending is not None
    assert existing.roots[two].base is None
    assert existing.roots[two].written is not None
    assert not existing.roots[three].removable
    assert existing.imported.spelling("HookPoint") == "HP"
    assert existing.imported.spelling("auto_hook") == "hook"
    assert ast.unparse(source.tree) == (
        "from transformer_lens.hook_points import HookedRootModule as Root\n"
        "import transformer_lens.hook_points as tlh\n\n"
        "class A(nn.Module):\n\n"
        "    def __init__(self):\n"
        "        self.hook_embed = tlh.HookPoint()\n"
        "        for i in range(3):\n            pass\n"
        "        self.build()\n\n"
        "    def build(self):\n        pass\n\n"
        "class B(A):\n    pass\n\n"
        "class C(Root):\n\n    def __init__(self):\n        self.setup()"
    )


SPELLINGS = [
    ("from transformer_lens.hook_points import HookPoint", "HookPoint"),
    ("from transformer_lens.hook_points import HookPoint as HP", "HP"),
    ("import transformer_lens.hook_points as tlh", "tlh.HookPoint"),
    ("from transformer_lens import hook_points", "hook_points.HookPoint"),
    ("from transformer_lens.hook_points import *", "HookPoint"),
    ("import torch", None),
]


@pytest.mark.parametrize(("text", "spelling"), SPELLINGS)
def test_spellings(text: str, spelling: str | None) -> None:
    made = f"self.a_hook_point = {spelling or 'HookPoint'}()"
    _, existing = read(f"{text}\nclass A:\n    def __init__(self):\n        {made}\n")
    assert existing.imported.spelling("HookPoint") == spelling
    assert list(existing.made.values()) == ([{"a_hook_point"}] if spelling else [])


def test_a_text_without_the_words_is_not_looked_into() -> None:
    source, existing = read("for i, a in enumerate(self.a):\n    self.setup()\n")
    assert existing == Existing()
    assert not existing.removals
    assert ast.unparse(source.tree) == "for i, a in enumerate(self.a):\n    self.setup()"


@pytest.mark.parametrize("text", [CLASSES, *(text for text, _ in WRAPPED + AFTER)])
def test_what_is_left_is_what_strip_prints(text: str) -> None:
    source, _ = read(text)
    assert ast.unparse(source.tree) == ast.unparse(ast.parse(strip(text)))
