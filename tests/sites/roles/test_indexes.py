"""Which operand of a product holds the keys."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.a = nn.Linear(width, width)
self.b = nn.Linear(width, width)
"""
ORDERS = [
    pytest.param("s = a @ b.mT\nreturn s.softmax(-1) @ x", "b", id="over the last index"),
    pytest.param("s = a @ b.mT\nreturn s.softmax(dim=-2).mT @ x", "a", id="over the first"),
    pytest.param(
        "s = torch.einsum('bid,bjd->bij', a, b)\nreturn s.softmax(-1) @ x", "b", id="einsum"
    ),
    pytest.param(
        "s = torch.einsum('bid,bjd->bij', a, b)\nreturn s.softmax(1).mT @ x", "a", id="its index"
    ),
    pytest.param(
        "s = torch.einsum('bid,bjd->bji', a, b)\nreturn s.softmax(-1) @ x", "a", id="turned"
    ),
    pytest.param(
        "s = torch.einsum('b i d, b j d -> b i j', a, b)\nreturn s.softmax(-1) @ x", "b", id="names"
    ),
]


@pytest.mark.parametrize(("forward", "keys"), ORDERS)
def test_keys(forward: str, keys: str) -> None:
    found = roles(module(f"{INIT}--\na, b = self.a(x), self.b(x)\n{forward}"))
    assert found["k"] == [f"self.{keys}(x)"]
    assert found["q"] == [f"self.{'b' if keys == 'a' else 'a'}(x)"]
