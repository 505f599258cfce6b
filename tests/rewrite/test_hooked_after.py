"""``a = self.N(a)`` behind the statement that bound ``a``, and the way back."""

from __future__ import annotations

import pytest

from autohook_codegen import strip_source
from tests.rewrite.models import hooked_statement

PAIRS = [
    ("if x: x += self.w ;", "if x: x += self.w; x = self.w_hook_point(x) ;"),
    ("x += self.w ; y = x", "x += self.w; x = self.w_hook_point(x) ; y = x"),
    ("y = x ; x += self.w ;  # c", "y = x ; x += self.w ;  # c\n        x = self.w_hook_point(x)"),
]  # fmt: skip
STRIPPED = [
    ("a, b = f(x)\na = self.f_hook_point(a)\nc\n", "a, b = f(x)\nc\n"),
    ("if a:\n\tx += b\n\tx = self.b_hook_point(x)\n\n# c\nd\n", "if a:\n\tx += b\n\n# c\nd\n"),
    ("o = f()\no.a = self.f_hook_point(o.a)", "o = f()"),
    ('o = f()\r\no["a"] = self.f_hook_point(o["a"])\r\n', "o = f()\r\n"),
    ("o = f()\no = (self.f_hook_point(o[0]), *o[1:])\n", "o = f()\n"),
    ("o = f()\no = (*o[:2], self.f_hook_point(o[2]), *o[3:])\n", "o = f()\n"),
    ("o = f()\no = (*o[:2], self.f_hook_point(o[2]))\n", "o = f()\n"),
    ("o = f()\no = (*o[:1], self.f_hook_point(o[2]))\n", "o = f()\no = (*o[:1], o[2])\n"),
    ("a = f() ; a = self.f_hook_point(a);b = a\n", "a = f();b = a\n"),
    ("if a: a = f(); a = self.f_hook_point(a) ;\n", "if a: a = f() ;\n"),
    ("a = self.f_hook_point(b)\n", "a = b\n"),
    ("if a:\n    a = self.f_hook_point(a)\n", "if a:\n    pass\n"),
]
UNTOUCHED = [
    "a = b\na = self.f(a)\n",
    "a = f()\na = (*a[:1], g(a[1]))\n",
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_pairs(before: str, after: str) -> None:
    assert hooked_statement(before) == after


@pytest.mark.parametrize(("hooked", "text"), STRIPPED)
def test_strip(hooked: str, text: str) -> None:
    assert strip_source(hooked) == text
    assert strip_source(text) == text


@pytest.mark.parametrize("text", UNTOUCHED)
def test_untouched(text: str) -> None:
    assert strip_source(text) == text
