"""How a router weighs experts, and which it chooses."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = "self.gate = nn.Linear(width, 4)\nself.k = 2"
FOUND = [
    pytest.param(
        "w = F.softmax(self.gate(x), -1)\nw, chosen = torch.topk(w, self.k)\nreturn w, chosen",
        {"expert_weights": ["F.softmax(self.gate(x), -1)"], "expert_indices": ["chosen"]},
        id="softmax before",
    ),
    pytest.param(
        "w, chosen = self.gate(x).topk(self.k)\nw = w.softmax(-1)\nreturn w, chosen",
        {"expert_weights": ["w.softmax(-1)"], "expert_indices": ["chosen"]},
        id="softmax behind",
    ),
    pytest.param(
        "scores = self.gate(x).sigmoid()\nchosen = torch.topk(scores + 1, self.k)[1]\n"
        "return scores.gather(1, chosen), chosen",
        {
            "expert_weights": ["self.gate(x).sigmoid()"],
            "expert_indices": ["torch.topk(scores + 1, self.k)[1]"],
        },
        id="sigmoid, and indices alone",
    ),
    pytest.param(
        "w, chosen = self.gate(x).topk(self.k)\nscores = torch.zeros(8, 4)\n"
        "scores.scatter_(1, chosen, w.softmax(-1))\nreturn scores, chosen",
        {"expert_weights": ["scores"], "expert_indices": ["chosen"]},
        id="scattered back in place",
    ),
    pytest.param(
        "w, chosen = self.gate(x).topk(self.k)\nw = w.softmax(-1)\n"
        "return torch.zeros(8, 4).scatter(1, chosen, w), chosen",
        {
            "expert_weights": ["torch.zeros(8, 4).scatter(1, chosen, w)"],
            "expert_indices": ["chosen"],
        },
        id="scattered back",
    ),
]
NONE = [
    pytest.param("return x.topk(3)[0]", id="of no router"),
    pytest.param("return self.gate(x).amax(-1).topk(3)", id="of what is no weight"),
]


@pytest.mark.parametrize(("forward", "expected"), FOUND)
def test_found(forward: str, expected: dict[str, list[str]]) -> None:
    assert roles(module(f"{INIT}\n--\n{forward}")) == expected


@pytest.mark.parametrize("forward", NONE)
def test_none(forward: str) -> None:
    assert not roles(module(f"{INIT}\n--\n{forward}"))
