"""An argument that surely is another site's result, and goes nowhere else, is that site."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, hook_source
from tests.sites.snippets import module

INIT = """
self.a = nn.Linear(width, width)
self.b = nn.Linear(width, width)
self.c = nn.Linear(width, width)
self.blocks = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
self.W = nn.Parameter(torch.ones(width))
"""
SAME = [
    pytest.param("return self.b(self.a(x))", id="directly"),
    pytest.param("y = self.a(x)\nreturn self.b(y)", id="by a name"),
    pytest.param("y = self.a(x)\nz = y\nreturn self.b(z)", id="by two names"),
    pytest.param("y = self.a(x).view(3, -1).mT\nreturn self.b(y)", id="a view"),
    pytest.param("y = self.a(x)\nreturn self.b(y[:, 0])", id="an index"),
    pytest.param("y = self.a(x)\nprint(y.shape)\nreturn self.b(y)", id="only its shape is asked"),
    pytest.param("y = x * self.W\nreturn self.b(y)", id="an operation with a parameter"),
    pytest.param(
        "if self.training:\n    y = self.a(x)\nelse:\n    y = self.c(x)\nreturn self.b(y)",
        id="whichever branch runs",
    ),
    pytest.param("return self.b(self.a(x) if self.training else self.c(x))", id="either arm"),
    pytest.param(
        "y = self.a(x)\nif self.training:\n    return self.b(y)\nreturn self.c(y)",
        id="one way or the other",
    ),
    pytest.param(
        "x = self.a(x)\nfor block in self.blocks:\n    x = block(x)\nreturn self.b(x)",
        id="what a loop leaves",
    ),
]
OTHER = [
    pytest.param("y = self.a(x)\nreturn y + self.b(y)", id="it goes on beside"),
    pytest.param("y = self.a(x)\nz = self.b(y)\nreturn z, y", id="it is given back too"),
    pytest.param("return self.b(self.a(x) + x)", id="a sum"),
    pytest.param("return self.b(self.a(x).float())", id="a cast"),
    pytest.param("y = self.a(x)\nfor _ in range(2):\n    z = self.b(y)\nreturn z", id="each round"),
    pytest.param(
        "y = x\nif self.training:\n    y = self.a(x)\nreturn self.b(y)", id="only in one branch"
    ),
    pytest.param("y, z = self.a(x).chunk(2)\nreturn self.b(y) + z", id="a part of it"),
    pytest.param(
        "y = self.a(x)\nf = lambda: y.sum()\nreturn self.b(y) + f()", id="a function reads it"
    ),
    pytest.param(
        "y = self.a(x)\nz = y\ny = self.b(y)\nreturn y + z", id="it goes on under another name"
    ),
]


def own_inputs(forward: str, options: Options) -> set[str]:
    """The ways in that have a hook point of their own."""
    sites = hook_source(module(f"{INIT}--\n{forward}"), options).sites
    return {
        site.attribute
        for site in sites
        if site.kind == "input" and site.hook_point.startswith(site.attribute)
    }


@pytest.mark.parametrize("forward", SAME)
def test_same(forward: str) -> None:
    assert "b_in" not in own_inputs(forward, Options(inputs=True, root=()))


@pytest.mark.parametrize("forward", OTHER)
def test_other(forward: str) -> None:
    assert "b_in" in own_inputs(forward, Options(inputs=True, root=()))


@pytest.mark.parametrize("forward", [*SAME, *OTHER])
def test_where_modules_have_no_site_it_has_its_own(forward: str) -> None:
    assert "b_in" in own_inputs(forward, Options(inputs=True, modules=False, params=False, root=()))


def test_what_is_skipped_is_no_site() -> None:
    code = module(f"{INIT}--\nreturn self.b(self.a(x))")
    sites = hook_source(code, Options(inputs=True, skip=("a",), root=())).sites
    assert {site.attribute for site in sites} == {"a_in", "b_in", "b"}


def test_the_sites_say_which_it_is() -> None:
    code = module(f"{INIT}--\nreturn self.b(self.a(x))")
    sites = hook_source(code, Options(inputs=True, root=())).sites
    (site,) = (one for one in sites if one.attribute == "b_in")
    assert (site.kind, site.hook_point, site.names) == ("input", "a_hook_point", ("a_hook_point",))
    assert site.expression == "self.a(x)"
