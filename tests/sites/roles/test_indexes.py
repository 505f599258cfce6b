"""Which operand of a product holds the keys, and whether it gives the attention's result."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.a = nn.Linear(width, width)
self.b = nn.Linear(width, width)
self.scale = nn.Parameter(torch.ones(4))
self.W_O = nn.Parameter(torch.ones(8, 8))
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
    pytest.param(
        "s = torch.einsum('i,bid,bjd->bji', self.scale, a, b)\nreturn s.softmax(-1) @ x",
        "a",
        id="a learned scale before them",
    ),
]
RESULTS = [
    pytest.param("torch.einsum('bij,bjd->bid', p, b)", True, id="of two"),
    pytest.param("torch.einsum('bij,bjd,i->bid', p, b, self.scale)", True, id="scaled"),
    pytest.param("torch.einsum('bij,bjd,de->bie', p, b, self.W_O)", False, id="projected"),
    pytest.param("torch.einsum('de,bij,bjd->bie', self.W_O, p, b)", False, id="in another order"),
    pytest.param("torch.einsum('bij,bjd,d->bi', p, b, self.W_O[0])", False, id="summed"),
]


@pytest.mark.parametrize(("forward", "keys"), ORDERS)
def test_keys(forward: str, keys: str) -> None:
    found = roles(module(f"{INIT}--\na, b = self.a(x), self.b(x)\n{forward}"))
    assert found["k"] == [f"self.{keys}(x)"]
    assert found["q"] == [f"self.{'b' if keys == 'a' else 'a'}(x)"]


@pytest.mark.parametrize(("product", "is_result"), RESULTS)
def test_result(product: str, is_result: bool) -> None:
    found = roles(
        module(
            f"{INIT}--\na, b = self.a(x), self.b(x)\np = (a @ b.mT).softmax(-1)\nreturn {product}"
        )
    )
    assert {"q", "k", "attn_scores", "pattern"} <= found.keys()
    assert found.get("z") == ([product] if is_result else None)
