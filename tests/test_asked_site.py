"""How ``--site`` is read."""

from __future__ import annotations

import ast

import pytest

from autohook_codegen import Options, OptionsError
from autohook_codegen.asked_site import asked_site

READ = [
    ("gate", None, "gate", None),
    ("gate as g", None, "gate", "g"),
    ("Block.forward:gate", "Block.forward", "gate", None),
    ("Block.forward: gate", "Block.forward", "gate", None),
    ("Outer.Inner.forward:gate as g", "Outer.Inner.forward", "gate", "g"),
    ("eager_attention_forward:weights", "eager_attention_forward", "weights", None),
    ("attn.softmax(-1)", None, "attn.softmax(-1)", None),
    ("attn = attn.softmax(-1) as pattern", None, "attn = attn.softmax(-1)", "pattern"),
    ("Block.forward:x = x + y", "Block.forward", "x = x + y", None),
    ("x += self.mlp(x)", None, "x += self.mlp(x)", None),
    ("gate: Tensor = f(x)", None, "gate: Tensor = f(x)", None),
    ("x[:, a:b]", None, "x[:, a:b]", None),
    ("(y := f(x))", None, "(y := f(x))", None),
    ('f(x, mode="as it is")', None, 'f(x, mode="as it is")', None),
]


@pytest.mark.parametrize(("text", "where", "what", "name"), READ)
def test_read(text: str, where: str | None, what: str, name: str | None) -> None:
    site = asked_site(text)
    assert (site.where, site.name) == (where, name)
    (statement,) = ast.parse(what).body
    assert site.is_same(statement.value if isinstance(statement, ast.Expr) else statement)


@pytest.mark.parametrize("text", ["", "x =", "return x", "a; b", "Block.forward:", "if x: y"])
def test_what_cannot_be_meant(text: str) -> None:
    with pytest.raises(OptionsError, match="--site"):
        Options(site=(text,))


def test_syntax_is_compared_and_not_text() -> None:
    site = asked_site("softmax( attn,dim = - 1 )")
    (same, other) = (
        ast.parse(text, mode="eval").body for text in ("softmax(attn, dim=-1)", "attn")
    )
    assert site.is_same(same)
    assert not site.is_same(other)
