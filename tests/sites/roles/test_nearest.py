"""What a value without a role is called after."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source
from tests.sites.roles.sources import ACTIVATIONS, module

INIT = """
self.fc = nn.Linear(width, width)
self.bn = nn.BatchNorm1d(width)
self.out = nn.Linear(width, width)
self.scale = nn.Parameter(torch.ones(8))
"""
NAMES = [
    pytest.param("return torch.relu(self.bn(x))", "bn_relu", id="a module"),
    pytest.param("return torch.relu(self.bn(self.fc(x)).mean(1))", "bn_relu", id="the last module"),
    pytest.param(
        "y = self.bn(x)\nreturn torch.relu(y[:, 0] * 2)", "bn_relu", id="over plain steps"
    ),
    pytest.param("return torch.relu(x * self.scale)", "scale_relu", id="a parameter"),
    pytest.param(
        "return torch.relu(x + self.out(torch.tanh(self.fc(x))))", "resid_post_relu", id="a role"
    ),
    pytest.param("return torch.relu(x)", "relu", id="nothing"),
]


@pytest.mark.parametrize(("forward", "name"), NAMES)
def test_names(forward: str, name: str) -> None:
    sites = hook_source(module(f"{INIT}--\n{forward}"), ACTIVATIONS).sites
    assert name in [one.attribute for one in sites]
