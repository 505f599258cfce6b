"""How far back a value is the residual stream: to where its block gets it, or another sum."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.fc = nn.Linear(width, width)
self.embed = nn.Embedding(9, 8)
self.drop = nn.Dropout(0.1)
self.conv_skip = nn.Conv1d(4, 4, 1)
self.maybe = nn.Conv1d(4, 4, 1) if config else nn.Identity()
"""
AT_ARGUMENT = [
    pytest.param("y = x", id="a name"),
    pytest.param("y = x.transpose(1, 2).float()", id="views and casts"),
    pytest.param("y = self.drop(x) * 2", id="dropout and scale"),
    pytest.param("y = x if mask is None else self.fc(x)", id="a choice with a shortcut"),
    pytest.param("y = self.maybe(x)", id="what may be an identity"),
    pytest.param("y = self.conv_skip(x)", id="what is called a shortcut"),
]
INSIDE = [
    pytest.param("y = self.embed(x)", id="an embedding"),
    pytest.param("y = x * memory", id="a product of two"),
    pytest.param("y = torch.cat([x, memory])", id="joined"),
]


@pytest.mark.parametrize("forward", AT_ARGUMENT)
def test_from_an_argument(forward: str) -> None:
    found = roles(module(f"{INIT}--\n{forward}\nreturn y + self.fc(y.sum(-1))"))
    assert found["resid_pre"] == ["x"]
    assert found["resid_post"] == ["y + self.fc(y.sum(-1))"]


@pytest.mark.parametrize("forward", INSIDE)
def test_made_inside(forward: str) -> None:
    found = roles(module(f"{INIT}--\n{forward}\nreturn y + self.fc(y)"))
    assert "resid_pre" not in found
    assert found["resid_post"] == ["y + self.fc(y)"]
