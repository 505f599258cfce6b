"""Which sums are on the residual stream."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.layer = nn.Linear(width, width)
self.wide = nn.Linear(width, 2 * width)
self.norm = nn.LayerNorm(width)
self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
self.gain = nn.Parameter(torch.ones(width))
self.conv_skip = nn.Linear(width, width)
self.skip = nn.Linear(width, width) if config.skip else nn.Identity()
"""
METHOD = """
    def chunk(self, x):
        return self.layer(x)
"""
HELPERS = """
from transformers.pytorch_utils import apply_chunking_to_forward


def kept(device, *args):
    return args


def starred(layer, x):
    return F.layer_norm(*kept(0, layer(x), (8,)))
"""
FOUND = [
    pytest.param("return x + self.layer(x)", "x + self.layer(x)", id="a module's result"),
    pytest.param("return x + self.gain * x.relu()", "x + self.gain * x.relu()", id="a parameter's"),
    pytest.param(
        "return torch.add(x, self.layer(x))", "torch.add(x, self.layer(x))", id="torch.add"
    ),
    pytest.param("x += self.layer(x)\nreturn x", "x", id="in place"),
    pytest.param(
        "return self.skip(x) + self.layer(x)", "self.skip(x) + self.layer(x)", id="a shortcut"
    ),
    pytest.param(
        "return self.layer(x) + self.conv_skip(x)",
        "self.layer(x) + self.conv_skip(x)",
        id="a shortcut by its name",
    ),
    pytest.param("return x + starred(self.layer, x)", "x + starred(self.layer, x)", id="by a star"),
    pytest.param(
        "outs = []\nfor one in self.layers:\n    outs.append(one(x))\nreturn x + torch.cat(outs)",
        "x + torch.cat(outs)",
        id="what a list has grown by",
    ),
    pytest.param(
        "out = torch.zeros_like(x)\nfor one in self.layers:\n    out.index_add_(0, mask, one(x))\n"
        "return x + out",
        "x + out",
        id="what is added to a new tensor, as experts do",
    ),
    pytest.param(
        "y = x\nfor one in self.layers:\n    y = one(y)\nreturn x + y", "x + y", id="behind a loop"
    ),
    pytest.param(
        "return apply_chunking_to_forward(self.chunk, 0, 1, x) + x",
        "apply_chunking_to_forward(self.chunk, 0, 1, x) + x",
        id="a method that is handed over",
    ),
    pytest.param(
        "gate, shift = self.wide(memory).chunk(2, -1)\nreturn x + gate * self.layer(x + shift)",
        "x + gate * self.layer(x + shift)",
        id="a gate",
    ),
]
NONE = [
    pytest.param("return x + memory", id="two arguments"),
    pytest.param("return x + x.mean(-1, keepdim=True)", id="no module between"),
    pytest.param("return self.layer(x) + self.wide(x)", id="side by side"),
    pytest.param("return self.layer(x) + self.gain", id="a bias"),
    pytest.param(
        "for one in self.layers:\n    x = one(x)\nreturn x[mask] + x[mask + 1]", id="two neighbours"
    ),
    pytest.param(
        "y = self.layer(x)\nif self.training:\n    y = x + (y - x).detach()\nreturn y",
        id="taken away again: a straight-through estimator (vector-quantize-pytorch)",
    ),
    pytest.param("y = self.layer(x) - x\nreturn x + y", id="taken away before"),
    pytest.param(
        "gate = self.layer(x).sigmoid()\nreturn gate * memory + self.norm(gate)",
        id="a product of two, and what was computed from one of them",
    ),
    pytest.param(
        "shift, scale = self.wide(memory).chunk(2, -1)\n"
        "return self.norm(self.layer(scale)) * (1 + scale) + shift",
        id="a modulation",
    ),
]


@pytest.mark.parametrize(("forward", "expected"), FOUND)
def test_found(forward: str, expected: str) -> None:
    found = roles(module(f"{INIT}--\n{forward}", HELPERS) + METHOD)
    assert found.get("resid_post") == [expected]


@pytest.mark.parametrize("forward", NONE)
def test_none(forward: str) -> None:
    found = roles(module(f"{INIT}--\n{forward}", HELPERS) + METHOD)
    assert not [one for one in found if one.startswith("resid")]


def test_a_block_whose_subclass_hands_it_the_stream() -> None:
    subclass = """

class Longer(Model):
    def forward(self, x, memory=None, mask=None):
        return super().forward(x + self.norm(x))
"""
    found = roles(module(f"{INIT}--\nreturn x + self.layer(x)", HELPERS) + subclass)
    assert found["resid_pre"] == ["x", "x"]
    assert found["resid_post"] == ["x + self.layer(x)", "x + self.norm(x)"]
