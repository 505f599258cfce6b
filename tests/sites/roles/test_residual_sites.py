"""The residual stream, and what is added to it."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source
from tests.sites.roles.sources import ACTIVATIONS, module, roles

INIT = """
self.norm = nn.LayerNorm(width)
self.attn = Attention(width)
self.up = nn.Linear(width, width)
self.down = nn.Linear(width, width)
self.conv = nn.Conv1d(4, 4, 1)
self.drop = nn.Dropout(0.1)
self.downsample = config.downsample
self.shortcut = nn.Sequential() if config else nn.Conv1d(4, 4, 1)
self.gamma = nn.Parameter(torch.ones(8))
self.alpha = 0.5
self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(3)])
"""
ATTENTION = """
class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q, self.kv = nn.Linear(width, width), nn.Linear(width, 2 * width)

    def forward(self, x, memory=None, mask=None):
        k, v = self.kv(x if memory is None else memory).chunk(2, -1)
        return F.scaled_dot_product_attention(self.q(x), k, v, mask)
"""
INNER = {"q", "k", "v", "attn_scores", "pattern", "z"}
ATTEND = "x = x + self.attn(self.norm(x))\n"
FEED = "x = x + self.down(F.relu(self.up(self.norm(x))))\nreturn x"

FOUND = [
    pytest.param(
        ATTEND + FEED,
        {
            "resid_pre": ["x"],
            "attn_out": ["self.attn(self.norm(x))"],
            "resid_mid": ["x + self.attn(self.norm(x))"],
            "mlp_out": ["self.down(F.relu(self.up(self.norm(x))))"],
            "resid_post": ["x + self.down(F.relu(self.up(self.norm(x))))"],
        },
        id="a block",
    ),
    pytest.param(
        ATTEND + "x = x + self.attn(x, memory)\n" + FEED,
        {
            "resid_pre": ["x"],
            "attn_out": ["self.attn(self.norm(x))"],
            "resid_mid": ["x + self.attn(self.norm(x))"],
            "cross_attn_out": ["self.attn(x, memory)"],
            "resid_mid_cross": ["x + self.attn(x, memory)"],
            "mlp_out": ["self.down(F.relu(self.up(self.norm(x))))"],
            "resid_post": ["x + self.down(F.relu(self.up(self.norm(x))))"],
        },
        id="a block that looks at another sequence",
    ),
    pytest.param(
        "y = self.up(x)\nz = x + y\nw = self.norm(z)\nfor one in self.layers:\n    w = one(w)\n"
        "v = z + w\nreturn v + self.conv(v)",
        {
            "resid_pre": ["x"],
            "resid_mid_up": ["x + y"],
            "resid_mid_layers": ["z + w"],
            "resid_post": ["v + self.conv(v)"],
        },
        id="several in the middle, one behind a loop",
    ),
    pytest.param(
        "return x + self.attn(x, mask=mask) + self.conv(x)",
        {
            "resid_pre": ["x"],
            "attn_out": ["self.attn(x, mask=mask)"],
            "resid_post": ["x + self.attn(x, mask=mask) + self.conv(x)"],
        },
        id="two branches at once",
    ),
    pytest.param(
        "x = self.norm(x + self.drop(self.attn(x)))\nreturn self.norm(x + self.conv(x))",
        {
            "resid_pre": ["x"],
            "attn_out": ["self.drop(self.attn(x))"],
            "resid_mid": ["x + self.drop(self.attn(x))"],
            "resid_post": ["x + self.conv(x)"],
        },
        id="norms behind the sums",
    ),
    pytest.param(
        "y = self.conv(x)\ny += x\nreturn y",
        {"resid_pre": ["x"], "resid_post": ["y"]},
        id="in place",
    ),
    pytest.param(
        "return torch.add(self.conv(x), x)",
        {"resid_pre": ["x"], "resid_post": ["torch.add(self.conv(x), x)"]},
        id="torch.add",
    ),
    pytest.param(
        "residual = x\nif self.downsample is not None:\n    residual = self.downsample(x)\n"
        "return self.conv(x) + residual",
        {"resid_pre": ["x"], "resid_post": ["self.conv(x) + residual"]},
        id="a module in place of the stream",
    ),
    pytest.param(
        "return self.conv(x) + self.shortcut(x)",
        {"resid_pre": ["x"], "resid_post": ["self.conv(x) + self.shortcut(x)"]},
        id="a shortcut that may be nothing",
    ),
    pytest.param(
        "return x * self.alpha + self.gamma * x.sin()",
        {"resid_pre": ["x"], "resid_post": ["x * self.alpha + self.gamma * x.sin()"]},
        id="scaled, by way of a parameter",
    ),
    pytest.param(
        "for layer in self.layers:\n    x = x + layer(x)\nreturn x",
        {"resid_pre": ["x"], "resid_post": ["x + layer(x)"]},
        id="a loop over the members",
    ),
    pytest.param(
        "y = [self.conv(one) for one in x]\nreturn [a + b for a, b in zip(x, y)]",
        {"resid_post": ["a + b"]},
        id="a list of streams (braindecode, MEDFormer)",
    ),
    pytest.param(
        "y = x[-1]\nreturn y + self.conv(y)",
        {"resid_post": ["y + self.conv(y)"]},
        id="the last of a list",
    ),
]
NONE = [
    pytest.param("return self.up(x) + self.down(x)", id="two branches and no stream"),
    pytest.param("return x + torch.arange(8)", id="positions"),
    pytest.param("return x * (1 + mask) + memory", id="scale and shift"),
    pytest.param("return x + x.mean(-1, keepdim=True)", id="no module between"),
    pytest.param("return self.norm(x).mean() + memory.mean()", id="losses"),
    pytest.param(
        "for layer in self.layers:\n    x = layer(x)\nreturn (x[:, ::2] + x[:, 1::2]) / 2",
        id="two parts of what a loop has made",
    ),
    pytest.param(
        "s = x @ x.mT\nif mask is not None:\n    s = s + mask\nreturn s.softmax(-1) @ x",
        id="scores and their mask",
    ),
]


@pytest.mark.parametrize(("forward", "expected"), FOUND)
def test_found(forward: str, expected: dict[str, list[str]]) -> None:
    found = roles(module(f"{INIT}--\n{forward}", ATTENTION))
    perceptron = {"pre", "post"}
    assert {role: its for role, its in found.items() if role not in INNER | perceptron} == expected


@pytest.mark.parametrize("forward", NONE)
def test_none(forward: str) -> None:
    found = roles(module(f"{INIT}--\n{forward}", ATTENTION))
    assert found.keys() <= INNER


def test_a_stream_that_one_of_two_methods_gets() -> None:
    """As oneformer hands it on: it is hooked where the class gets it."""
    methods = """
    def pre(self, x):
        return x + self.conv(self.norm(x))

    def post(self, x):
        return self.norm(x + self.conv(x))
"""
    forward = "if self.alpha:\n    return self.pre(x)\nreturn self.post(x)"
    source = module(f"{INIT}--\n{forward}") + methods
    assert roles(source) == {
        "resid_pre": ["x"],
        "resid_post": ["x + self.conv(self.norm(x))", "x + self.conv(x)"],
    }
    first, second = "x = self.resid_pre_hook_point(x)", "if self.alpha:"
    assert f"{first}\n        {second}" in hook_source(source, ACTIVATIONS).code


def test_a_sequential_that_is_filled_later() -> None:
    init = 'self.body = nn.Sequential()\nself.body.add_module("conv", nn.Conv2d(8, 8, 1))\n'
    found = roles(module(f"{init}--\nreturn x + self.body(x)"))
    assert found == {"resid_pre": ["x"], "resid_post": ["x + self.body(x)"]}


def test_positions_of_an_optional_input() -> None:
    helpers = """
    class Positions(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.table = nn.Embedding(64, width)

        def forward(self, ids):
            return self.table(torch.arange(ids.size(1)))
    """
    source = module(
        "self.positions = Positions(width)\n--\nreturn memory + self.positions(memory)", helpers
    )
    assert not roles(source)


def test_a_sum_in_a_helper() -> None:
    helpers = """
    def add(y, stream, p):
        return stream + F.dropout(y, p)
    """
    source = module(
        "self.fc = nn.Linear(width, width)\n--\nreturn add(self.fc(x), x, 0.1)", helpers
    )
    assert roles(source) == {"resid_pre": ["x"], "resid_post": ["add(self.fc(x), x, 0.1)"]}


def test_a_loop_has_a_hook_point_each() -> None:
    source = module(
        f"{INIT}--\nfor layer in self.layers:\n    x = x + layer(x)\nreturn x", ATTENTION
    )
    code = hook_source(source, ACTIVATIONS).code
    assert (
        "        for hook_index, layer in enumerate(self.layers):\n"
        "            x = self.resid_pre_hook_points[hook_index](x)\n"
        "            x = self.resid_post_hook_points[hook_index](x + layer(x))\n"
    ) in code
    assert "self.resid_pre_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])" in code
    assert hook_source(code, ACTIVATIONS).code == code


def test_a_class_that_adds_for_its_caller() -> None:
    helpers = """
    class Output(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.dense = nn.Linear(width, width)

        def forward(self, y, stream):
            return self.dense(y) + stream
    """
    source = module(
        "self.inner = nn.Linear(width, width)\nself.output = Output(width)\n--\n"
        "return self.output(self.inner(x), x)",
        helpers,
    )
    assert roles(source) == {"resid_post": ["self.dense(y) + stream"]}


def test_a_tuple_that_grows_round_after_round() -> None:
    source = module(
        f"{INIT}--\nfor layer in self.layers:\n    x = (layer(x[0]), x)\nreturn x[0] + memory",
        ATTENTION,
    )
    assert "resid_post" not in roles(source)
