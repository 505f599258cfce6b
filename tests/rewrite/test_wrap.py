"""``hook(EXPR)`` in place of ``EXPR``, and the way back."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, strip_source
from tests.rewrite.models import hooked_statement

B = "self.b_hook_point(self.b) if self.b is not None else None"

PAIRS = [
    ("x = ( self.f(x) )", "x = ( self.f_hook_point(self.f(x)) )"),
    ("x = x if x else(self.f(x))", "x = x if x else(self.f_hook_point(self.f(x)))"),
    ("return-self.w", "return(self.w_hook_point)(-self.w)"),
    ("x = x if x else-self.w", "x = x if x else(self.w_hook_point)(-self.w)"),
    ("x = [x for y in x if(x)+self.w]", "x = [x for y in x if(self.w_hook_point)((x)+self.w)]"),
    ("x = (\n            self.f(x)\n        )", "x = (\n            self.f_hook_point(self.f(x))\n        )"),
    ("é = é@self.w if self.f(x)else 1", "é = self.w_hook_point(é@self.w) if self.f_hook_point(self.f(x))else 1"),
    ("x = g(self.b)", f"x = g({B})"),
    ("x = g((self.b))", f"x = g(({B}))"),
    ("x = g(self.b)if x else(self.b)", f"x = g({B[:-4]}(None))if x else({B.replace('self.b_hook_point', '(self.b_hook_point)', 1)})"),
    ("x = g((self.b)if x else x)", f"x = g((({B.replace('None', '(None)').replace('not (None)', 'not None')}))if x else x)"),
    ("x = g(self.b if x else x)", f"x = g(({B}) if x else x)"),
    ("x = g(*self.b)", f"x = g(*({B}))"),
    ("x = g(self.b if self.b is not None else None)", f"x = g(({B}) if self.b is not None else None)"),
]  # fmt: skip
STRIPPED = [
    ("y = self.fc1_hook_point(self.fc1(x))  # c\n", "y = self.fc1(x)  # c\n"),
    (
        "y = self.b_hook_point(self.a_hook_point(x @ self.a) + self.b)\n",
        "y = x @ self.a + self.b\n",
    ),
    ("y = self.fc1_hook_point_2(self.fc1(x))\n", "y = self.fc1(x)\n"),
    ("y = attn.to_q_hook_point(attn.to_q(x))\n", "y = attn.to_q(x)\n"),
    ("y = self.a_hook_points[i](self.a[i](x))\n", "y = self.a[i](x)\n"),
    ("y = self.a_hook_points[i][j+1](f(x))\n", "y = f(x)\n"),
    ('y = self.a_hook_points["k"](f(x))\n', "y = f(x)\n"),
    ('y = getattr(self, f"layer{i}_hook_point")(f(x))\n', "y = f(x)\n"),
    ("y = (self.fc1_hook_point(f( x )))\n", "y = (f( x ))\n"),
    ("y = self.fc1_hook_point(\n    f(\n        x\n    ),\n)\n", "y = f(\n        x\n    )\n"),
    ("y = self.a_hook_point(\n    x\n    + self.a\n)\n", "y = (x\n    + self.a)\n"),
    ("if self.a_hook_point(\n    x\n    + a\n):\n  y\n", "if (x\n    + a):\n  y\n"),
    (
        "y = f(\n    self.a_hook_point(\n        x\n        + a\n    )\n)\n",
        "y = f(\n    x\n        + a\n)\n",
    ),
    ("y = self.a_hook_point(  # why\n    x)\n", "y = (  # why\n    x)\n"),
    ("y = self.a_hook_point(x + a) * b\n", "y = (x + a) * b\n"),
    ("y = a - self.a_hook_point(x - b)\n", "y = a - (x - b)\n"),
    ("y = self.a_hook_point(x - b) - a\n", "y = x - b - a\n"),
    ("y = -self.a_hook_point(x ** b)\n", "y = -x ** b\n"),
    ("y = self.a_hook_point(-x).sum()\n", "y = (-x).sum()\n"),
    ("y = f(*self.a_hook_point(a if b else c))\n", "y = f(*(a if b else c))\n"),
    ("f(self.b_hook_point(self.b) if self.b is not None else None)\n", "f(self.b)\n"),
    ("y = (self.b_hook_point(self.b) if self.b is not None else None) + a\n", "y = self.b + a\n"),
    ("y = (self.b_hook_point(self.b) if self.b is not None else None)\n", "y = (self.b)\n"),
    (
        "y = self.pool_hook_point(self.pool(x)) if self.pool is not None else None\n",
        "y = self.pool(x) if self.pool is not None else None\n",
    ),
    ("return(self.a_hook_point)(-self.a)\n", "return-self.a\n"),
    ("y = a if b else(self.a_hook_points[0])([a][b])\n", "y = a if b else[a][b]\n"),
    (
        "y = (self.b_hook_point(self.b) if self.b is not None else None)"
        " if self.b is not None else None\n",
        "y = self.b if self.b is not None else None\n",
    ),
    ("y = (self.a_hook_point(()))\n", "y = ()\n"),
    ("f = lambda x: self.a_hook_point(self.a(x))\n", "f = lambda x: self.a(x)\n"),
]
"""Written by hand, or laid out."""
UNTOUCHED = [
    pytest.param("y = self.fc1_hook_point(x, 1)\n", id="two arguments"),
    pytest.param("y = self.fc1_hook_point(*x)\n", id="starred"),
    pytest.param("y = fc1_hook_point(x)\n", id="a function"),
    pytest.param("y = self.fc1_hook_points(x)\n", id="a container called"),
    pytest.param("y = self._hook_point(x)\n", id="no name"),
    pytest.param("def a_hook_point(self): self.a_hook_point(x)\n", id="a method"),
    pytest.param("y = f'{self.a_hook_point(x)}'\n", id="in a string"),
]
NAMED = [
    ("y = self.hook_fc1(self.fc1(x))\n", "y = self.fc1(x)\n"),
    ("y = self.hook_mlp_up(self.mlp.up(x))\n", "y = self.mlp.up(x)\n"),
    ("y = self.hook_layers[i](layers(x))\n", "y = layers(x)\n"),
    ("y = self.hook_backward(loss)\n", "y = self.hook_backward(loss)\n"),
    ("y = self.hook_index(x)\n", "y = self.hook_index(x)\n"),
    (
        "from transformer_lens.hook_points import HookPoint\n"
        "self.hook_a = HookPoint()\ny = self.hook_a(x)\n",
        "y = x\n",
    ),
    ("y = self.fc1_hook_point(x)\n", "y = self.fc1_hook_point(x)\n"),
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


@pytest.mark.parametrize(("hooked", "text"), NAMED)
def test_strip_with_another_name_pattern(hooked: str, text: str) -> None:
    assert strip_source(hooked, Options(name="hook_{name}")) == text
