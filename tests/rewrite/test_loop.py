"""``enumerate`` and ``zip`` around what a loop runs over, and the way back."""

from __future__ import annotations

import pytest

from autohook_codegen import strip_source
from tests.rewrite.models import hooked_statement

PAIRS = [
    ("for f in self.l: x = f(x)", "for hook_index, f in enumerate(self.l): x = self.l_hook_points[hook_index](f(x))"),
    ("for(f)in(self.l): x = f(x)", "for(hook_index), (f)in(enumerate)((self.l)): x = self.l_hook_points[hook_index](f(x))"),
    (
        "for ((f, g)) in zip(self.l, self.m): x = f(x)",
        "for ((hook_index, (f, g))) in enumerate(zip(self.l, self.m)): x = self.l_hook_points[hook_index](f(x))",
    ),
    (
        "for f, g in zip(self.l, self.m): x = f(x)",
        "for hook_index, (f, g) in enumerate(zip(self.l, self.m)): x = self.l_hook_points[hook_index](f(x))",
    ),
    (
        "for f in reversed(self.l): x = f(x)",
        "for f, f_hook_point in zip(reversed(self.l), reversed(self.l_hook_points), strict=True): x = f_hook_point(f(x))",
    ),
    (
        "for w in reversed(self.p): x = x * w",
        "for w, w_hook_point in zip(reversed(self.p), reversed(self.p_hook_points), strict=True): x = w_hook_point(x * w)",
    ),
    (
        "for(f)in reversed(self.l): x = f(x)",
        "for(f), (f_hook_point)in zip(reversed(self.l), reversed(self.l_hook_points), strict=True): x = f_hook_point(f(x))",
    ),
]  # fmt: skip
STRIPPED = [
    ("for hook_index, a in enumerate(self.a):\n  b\n", "for a in self.a:\n  b\n"),
    ("for hook_index, (a, b) in enumerate(self.a):\n  b\n", "for a, b in self.a:\n  b\n"),
    ("for (hook_index, (a, b)) in enumerate(self.a):\n  b\n", "for (a, b) in self.a:\n  b\n"),
    ("for hook_index_2, (a,) in enumerate(a[k:], k): b\n", "for a, in a[k:]: b\n"),
    ("for hook_index, a in enumerate((b, c)): b\n", "for a in (b, c): b\n"),
    ("for hook_index, a in enumerate(((b, c))): b\n", "for a in b, c: b\n"),
    ("for hook_index, a in enumerate((self.b)): b\n", "for a in (self.b): b\n"),
    (
        "for hook_index, (i, a) in enumerate(enumerate(b, 1)): b\n",
        "for i, a in enumerate(b, 1): b\n",
    ),
    (
        "for hook_index, (a, b) in enumerate(zip(c, d)):\n"
        "    x = self.c_hook_points[hook_index](a(x))\n",
        "for a, b in zip(c, d):\n    x = a(x)\n",
    ),
    (
        "for a, a_hook_point in zip(reversed(b), reversed(self.b_hook_points), strict=True):\n"
        "    x = a_hook_point(a(x))\n    x = a_hook_point(x)\na_hook_point(x)\n",
        "for a in reversed(b):\n    x = a(x)\na_hook_point(x)\n",
    ),
    (
        "y = [self.a_hook_points[hook_index](a(x)) for hook_index, a in enumerate(self.a)]\n",
        "y = [a(x) for a in self.a]\n",
    ),
    (
        "y = [c_hook_point(c(x)) for hook_index, (a, b) in enumerate(d)"
        " for c, c_hook_point in zip(a, self.d_hook_points[hook_index], strict=True) if c]\n",
        "y = [c(x) for a, b in d for c in a if c]\n",
    ),
]
UNTOUCHED = [
    "for i, a in enumerate(self.a):\n  b\n",
    "for hook_index in enumerate(a): b\n",
    "for a, hook_b in zip(c, self.d): b\n",
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
