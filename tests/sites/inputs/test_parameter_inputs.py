"""What goes into an operation with a parameter."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, hook_source
from tests.sites.inputs.test_module_inputs import INPUTS, forward_of
from tests.sites.snippets import module

INIT = """
self.W = nn.Parameter(torch.ones(width, width))
self.b = nn.Parameter(torch.ones(width))
self.weights = nn.ParameterList([nn.Parameter(torch.ones(width)) for _ in range(2)])
"""
PAIRS = [
    pytest.param("return x @ self.W", "return self.W_in_hook_point(x) @ self.W", id="an operator"),
    pytest.param("return self.W @ x", "return self.W @ self.W_in_hook_point(x)", id="on the right"),
    pytest.param(
        "return x @ self.W.T + self.b",
        "return self.b_in_hook_point(self.W_in_hook_point(x) @ self.W.T) + self.b",
        id="one after the other",
    ),
    pytest.param(
        "return torch.nn.functional.linear(x, self.W, self.b)",
        "return torch.nn.functional.linear(self.W_in_hook_point(x), self.W, self.b)",
        id="two in one operation",
    ),
    pytest.param(
        "y = x / x.norm()\nreturn y * self.b",
        "y = x / x.norm()\nreturn self.b_in_hook_point(y) * self.b",
        id="the normalized value of a norm",
    ),
    pytest.param(
        'return torch.einsum("ij,kj,jl->il", x, x * 2, self.W)',
        'return torch.einsum("ij,kj,jl->il", self.W_in_hook_point(x),'
        " self.W_2_in_hook_point(x * 2), self.W)",
        id="further operands have their place",
    ),
    pytest.param(
        "for i in range(2):\n    x = x * self.weights[i]\nreturn x",
        "for i in range(2):\n    x = self.weights_in_hook_points[i](x) * self.weights[i]\nreturn x",
        id="members of a list",
    ),
    pytest.param(
        "return x.matmul(self.W)", "return self.W_in_hook_point(x).matmul(self.W)", id="a method"
    ),
]
UNTOUCHED = [
    pytest.param("return torch.nn.functional.embedding(x, self.W)", id="which row"),
    pytest.param("return self.W[x]", id="an index"),
    pytest.param("return torch.ones(3) * self.b", id="what comes from no argument"),
    pytest.param("return torch.cat([self.b, self.b])", id="no operation"),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_text(before: str, after: str) -> None:
    code = hook_source(module(f"{INIT}--\n{before}"), INPUTS).code
    assert forward_of(code) == after
    assert hook_source(code, INPUTS).code == code


@pytest.mark.parametrize("forward", UNTOUCHED)
def test_untouched(forward: str) -> None:
    assert forward_of(hook_source(module(f"{INIT}--\n{forward}"), INPUTS).code) == forward


def test_what_another_parameter_gives_is_that() -> None:
    code = module(f"{INIT}--\nreturn x @ self.W + self.b")
    sites = hook_source(code, Options(inputs=True, root=())).sites
    assert [site.attribute for site in sites if site.kind == "input"] == ["W_in", "b_in"]
    assert [site.hook_point for site in sites if site.attribute == "b_in"] == ["W_hook_point"]
