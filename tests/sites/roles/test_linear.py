"""What is a linear layer, and what a parameter."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.fc = nn.Linear(width, width)
self.out = nn.Linear(width, width)
self.conv = nn.Conv1d(4, 4, 1)
self.weight = nn.Parameter(torch.ones(8, 8))
self.row = nn.Parameter(torch.ones(8))
"""
HELPERS = "from elsewhere import project"
LAYERS = [
    pytest.param("self.fc(x)", True, id="a module"),
    pytest.param("F.linear(x, self.weight)", True, id="a function"),
    pytest.param("x @ self.weight.T", True, id="a product with a view of a parameter"),
    pytest.param("torch.einsum('bi,io->bo', x, self.weight)", True, id="einsum"),
    pytest.param("project(x, self.weight)", True, id="an unknown function of both"),
    pytest.param("x @ memory", False, id="a product of two computed values"),
    pytest.param("x * self.row", False, id="a factor"),
    pytest.param("project(x, 3)", False, id="an unknown function"),
    pytest.param("self.conv(x)", False, id="a convolution"),
]


@pytest.mark.parametrize(("layer", "is_linear"), LAYERS)
def test_layers(layer: str, is_linear: bool) -> None:
    found = roles(module(f"{INIT}--\nreturn self.out(F.gelu({layer}))", HELPERS))
    assert found.get("pre") == ([layer] if is_linear else None)
