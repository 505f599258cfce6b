"""Where on the way from its projection a query stands."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.q = nn.Linear(width, width)
self.k = nn.Linear(width, width)
self.v = nn.Linear(width, width)
self.norm = nn.LayerNorm(width)
"""
REST = "\nreturn F.scaled_dot_product_attention(q, self.k(x), self.v(x))"
HELPERS = """
def heads(x):
    return x.unflatten(-1, (2, -1)).transpose(1, 2)


def normed(x, layer, norm):
    return norm(layer(x))
"""
PLACES = [
    pytest.param("q = self.q(x)", "self.q(x)", id="the projection"),
    pytest.param("q = self.q(x).view(2, 5, -1).mT", "self.q(x).view(2, 5, -1).mT", id="its views"),
    pytest.param("q = heads(self.q(x))", "heads(self.q(x))", id="a function of views"),
    pytest.param(
        "q = self.q(x)\nq = q.to(x.dtype).view(2, 5, -1)",
        "q.to(x.dtype).view(2, 5, -1)",
        id="a cast before views",
    ),
    pytest.param("q = self.norm(self.q(x)).view(2, 5, -1)", "self.q(x)", id="not behind a norm"),
    pytest.param("q = (self.q(x) * 2).view(2, 5, -1)", "self.q(x)", id="not behind scale"),
    pytest.param("q = self.q(x) if mask is None else self.v(x)\nq = q.mT", "q.mT", id="a choice"),
]


@pytest.mark.parametrize(("forward", "place"), PLACES)
def test_places(forward: str, place: str) -> None:
    assert roles(module(f"{INIT}--\n{forward}{REST}", HELPERS))["q"] == [place]


def test_a_function_that_several_projections_go_through() -> None:
    forward = """
q, k = normed(x, self.q, self.norm), normed(x, self.k, self.norm)
return F.scaled_dot_product_attention(q, k, self.v(x))
"""
    found = roles(module(f"{INIT}--{forward}", HELPERS))
    assert found["q"] == ["normed(x, self.q, self.norm)"]
    assert found["k"] == ["normed(x, self.k, self.norm)"]
