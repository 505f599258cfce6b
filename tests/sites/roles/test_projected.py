"""Where on the way from its projection a query stands."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source
from tests.sites.roles.sources import ACTIVATIONS, module, roles

INIT = """
self.q = nn.Linear(width, width)
self.k = nn.Linear(width, width)
self.v = nn.Linear(width, width)
self.norm = nn.LayerNorm(width)
self.all = nn.ModuleList([nn.Linear(width, width) for _ in range(3)])
"""
REST = "\nreturn F.scaled_dot_product_attention(q, self.k(x), self.v(x))"
HELPERS = """
def heads(x):
    return x.unflatten(-1, (2, -1)).transpose(1, 2)


def several(x, layers):
    made = [layer(x) for layer in layers]
    return tuple(made)


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


SEVERAL = [
    pytest.param(
        "q, k, v = (layer(x) for layer in (self.q, self.k, self.v))",
        {"q": "q", "k": "k", "v": "v"},
        id="a generator over layers",
    ),
    pytest.param(
        "q, k, v = [one(y).view(2, 5, -1).mT for one, y in zip(self.all, (x, memory, memory))]",
        {"q": "q", "k": "k", "v": "v"},
        id="views of each",
    ),
    pytest.param(
        "q, k, v = map(lambda layer: heads(layer(x)), self.all)",
        {"q": "q", "k": "k", "v": "v"},
        id="map",
    ),
    pytest.param(
        "q, k, v = [normed(x, layer, self.norm) for layer in self.all]",
        {"q": "q", "k": "k", "v": "v"},
        id="a function that is called for each",
    ),
    pytest.param(
        "y = [layer(x) for layer in self.all]\nq, k, v = y[0], y[1], y[2]",
        {"q": "y[0]", "k": "y[1]", "v": "y[2]"},
        id="items that are read",
    ),
    pytest.param(
        "q = self.q(x)\nk, v = (layer(memory) for layer in (self.k, self.v))",
        {"q": "self.q(x)", "k": "k", "v": "v"},
        id="two of them",
    ),
    pytest.param(
        "self.seen, k, v = (layer(x) for layer in self.all)\nq = self.seen",
        {"k": "k", "v": "v"},
        id="one that has no name",
    ),
    pytest.param(
        "q, k, v = several(x, self.all)",
        {"q": "q", "k": "k", "v": "v"},
        id="in a function that gives them back",
    ),
]


@pytest.mark.parametrize(("forward", "places"), SEVERAL)
def test_what_is_made_for_each_of_several_stands_where_it_is_taken_apart(
    forward: str, places: dict[str, str]
) -> None:
    rest = "\nreturn F.scaled_dot_product_attention(q, k, v)"
    found = roles(module(f"{INIT}--\n{forward}{rest}", HELPERS))
    assert {role: found[role] for role in "qkv" if role in found} == {
        role: [place] for role, place in places.items()
    }


def test_what_is_taken_apart_in_a_method_stands_there() -> None:
    method = """
    def project(self, y):
        q, k, v = (layer(y) for layer in self.all)
        return q, k, v
"""
    forward = "q, k, v = self.project(x)\nreturn F.scaled_dot_product_attention(q, k, v)"
    code = hook_source(module(f"{INIT}--\n{forward}", HELPERS) + method, ACTIVATIONS).code
    assert "= self.q_hook_point(q)\n" in code.partition("def project")[2]
