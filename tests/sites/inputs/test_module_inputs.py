"""What goes into a module: which arguments are hooked, and under which name."""

from __future__ import annotations

from textwrap import dedent

import pytest

from autohook_codegen import Options, hook_source
from tests.sites.snippets import module

INPUTS = Options(modules=False, params=False, inputs=True, root=(), format=False)
INIT = """
self.fc = nn.Linear(width, width)
self.norm = nn.LayerNorm(width)
self.embed = nn.Embedding(9, width)
self.attn = nn.MultiheadAttention(width, 2)
self.mix = nn.Bilinear(width, width, width)
self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
self.heads = nn.ModuleDict({"a": nn.Linear(width, width)})
self.cell = nn.LSTMCell(width, width)
self.loss = nn.MSELoss()
self.outside = config.make()
self.register_buffer("table", torch.ones(width))
"""
PAIRS = [
    pytest.param("return self.fc(x)", "return self.fc(self.fc_in_hook_point(x))", id="an argument"),
    pytest.param(
        "return self.fc(self.norm(x))",
        "return self.fc(self.fc_in_hook_point(self.norm(self.norm_in_hook_point(x))))",
        id="one in the other",
    ),
    pytest.param(
        "return self.fc(input=x)",
        "return self.fc(input=self.fc_in_hook_point(x))",
        id="by its name",
    ),
    pytest.param(
        "y = repeated(x) if self.training else x\nreturn self.outside(y)",
        "y = repeated(x) if self.training else x\nreturn self.outside(self.outside_in_hook_point(y))",
        id="perhaps from an unknown function",
    ),
    pytest.param(
        "y = x.unheard_of()\nreturn self.fc(x), y",
        "y = x.unheard_of()\nreturn self.fc(self.fc_in_hook_point(x)), y",
        id="beside a method that no tensor has",
    ),
    pytest.param(
        "return self.outside(x.unheard_of())",
        "return self.outside(self.outside_in_hook_point(x.unheard_of()))",
        id="what a method gives that no tensor has",
    ),
    pytest.param(
        "return self.fc.forward(x)",
        "return self.fc.forward(self.fc_in_hook_point(x))",
        id="forward by its name",
    ),
    pytest.param(
        "return self.mix(x, x + 1)",
        "return self.mix(self.mix_in_hook_point(x), self.mix_1_in_hook_point(x + 1))",
        id="a further one has its place",
    ),
    pytest.param(
        "return self.attn(self.norm(x), self.norm(x), self.norm(x))[0]",
        "return self.attn(self.attn_in_hook_point(self.norm(self.norm_in_hook_point(x))),"
        " self.attn_1_in_hook_point(self.norm(self.norm_in_hook_point_2(x))),"
        " self.attn_2_in_hook_point(self.norm(self.norm_in_hook_point_3(x))))[0]",
        id="each call of one module in an expression",
    ),
    pytest.param(
        "h, c = self.cell(x, (x * 2, x * 3))\nreturn h",
        "h, c = self.cell(self.cell_in_hook_point(x),"
        " (self.cell_1_0_in_hook_point(x * 2), self.cell_1_1_in_hook_point(x * 3)))\nreturn h",
        id="the items of a tuple",
    ),
    pytest.param(
        "for layer in self.layers:\n    x = layer(x)\nreturn x",
        "for hook_index, layer in enumerate(self.layers):\n"
        "    x = layer(self.layers_in_hook_points[hook_index](x))\nreturn x",
        id="in a loop",
    ),
    pytest.param(
        "return self.layers[0](x)",
        "return self.layers[0](self.layers_in_hook_points[0](x))",
        id="a member",
    ),
    pytest.param(
        'return self.heads["a"](x)',
        'return self.heads["a"](self.heads_in_hook_points["a"](x))',
        id="under a key",
    ),
    pytest.param(
        "y = torch.utils.checkpoint.checkpoint(self.fc, x, use_reentrant=False)\nreturn y",
        "y = torch.utils.checkpoint.checkpoint(self.fc, self.fc_in_hook_point(x),"
        " use_reentrant=False)\nreturn y",
        id="by checkpoint",
    ),
    pytest.param(
        "return self.outside(x, self.fc(x))",
        "return self.outside(self.outside_in_hook_point(x),"
        " self.outside_1_in_hook_point(self.fc(self.fc_in_hook_point(x))))",
        id="a result, to code outside the input",
    ),
    pytest.param(
        "return [self.fc(y) for y in x.unbind(0)]",
        "return [self.fc(self.fc_in_hook_point(y)) for y in x.unbind(0)]",
        id="in a comprehension",
    ),
]
COMPUTED = """
for i in range(2):
    setattr(self, f"fc{i}", nn.Linear(8, 8))
    setattr(self, "norm" + str(i), nn.LayerNorm(8))
--
for i in range(2):
    x = getattr(self, f"fc{i}")(x)
    x = getattr(self, "norm" + str(i))(x)
return x
"""
UNTOUCHED = [
    pytest.param("return self.outside(self, 1, x)", id="an argument, to code outside the input"),
    pytest.param("return self.embed(x)", id="token ids"),
    pytest.param("return self.embed(torch.arange(x.size(0)))", id="positions"),
    pytest.param("return self.fc(torch.ones(3))", id="what is computed from no argument"),
    pytest.param("return self.fc(torch.zeros_like(x))", id="what has only the shape"),
    pytest.param("return self.fc(self.table)", id="a buffer"),
    pytest.param("return self.fc(*x)", id="a star"),
    pytest.param("return self.loss(x, x)", id="a loss"),
    pytest.param("return self.fc(x > 0)", id="a mask"),
    pytest.param("return f'{self.fc(x)}'", id="inside of a string"),
]


def forward_of(code: str) -> str:
    return dedent(code.partition("def forward(self, x):\n")[2]).strip("\n")


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_text(before: str, after: str) -> None:
    code = hook_source(module(f"{INIT}--\n{before}"), INPUTS).code
    assert forward_of(code) == after
    assert hook_source(code, INPUTS).code == code


@pytest.mark.parametrize("forward", UNTOUCHED)
def test_untouched(forward: str) -> None:
    assert forward_of(hook_source(module(f"{INIT}--\n{forward}"), INPUTS).code) == forward


HANDED = """
import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q = nn.Linear(d, d)
        self.k = nn.Linear(d, d)

    def forward(self, x, memory=None, mask=None, cos=None, cache=None, scale=1.0, index=0):
        q, k = self.q(x), self.k(x if memory is None else memory)
        if cos is not None:
            q = q * cos + q.flip(-1)
        if cache is not None:
            k = torch.cat([cache[index], k], 1)
        scores = q @ k.mT * scale
        if mask is not None:
            scores = scores + mask
        return scores.softmax(-1) @ k


class Model(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.embed = nn.Embedding(9, d)
        self.layer = Layer(d)

    def forward(self, ids, memory, attention_mask, past=None):
        x = self.embed(ids)
        mask = (1 - attention_mask[:, None]) * -1e9
        cos = torch.arange(ids.size(1)).float().cos()[:, None]
        return CALL
"""
ARGUMENTS = [
    ("self.layer(x)", {"layer_in"}),
    ("self.layer(x, memory)", {"layer_in", "layer_memory_in"}),
    ("self.layer(x, memory=memory)", {"layer_in", "layer_memory_in"}),
    ("self.layer(memory=memory, x=x)", {"layer_in", "layer_x_in"}),
    ("self.layer(x, None, mask)", {"layer_in"}),
    ("self.layer(x, mask=attention_mask)", {"layer_in"}),
    ("self.layer(x, cos=cos)", {"layer_in"}),
    ("self.layer(x, cache=past, index=3, scale=0.5)", {"layer_in"}),
    ("self.layer(x * 2 if memory is None else memory)", {"layer_in"}),
]


@pytest.mark.parametrize(("call", "names"), ARGUMENTS)
def test_what_the_callee_does_with_it(call: str, names: set[str]) -> None:
    sites = hook_source(HANDED.replace("CALL", call), INPUTS).sites
    assert {site.attribute for site in sites if site.class_name == "Model"} == names
    assert {site.kind for site in sites} == {"input"}


def test_what_may_be_none_stands_under_a_test() -> None:
    code = hook_source(HANDED.replace("CALL", "self.layer(x, memory)"), INPUTS).code
    assert (
        "self.layer(self.layer_in_hook_point(x),"
        " self.layer_memory_in_hook_point(memory) if memory is not None else None)"
    ) in code


def test_it_stands_in_front_of_the_module_s_own_hook_point() -> None:
    code = hook_source(
        module("self.fc = nn.Linear(8, 8)\n--\nreturn self.fc(x)"),
        Options(inputs=True, root=(), format=False),
    ).code
    init = code.partition("__init__()\n")[2].partition("\n\n")[0]
    assert [line.split(" = ")[0].strip() for line in init.splitlines()] == [
        "self.fc",
        "self.fc_in_hook_point",
        "self.fc_hook_point",
    ]


def test_patterns() -> None:
    code = module(f"{INIT}--\nreturn self.fc(self.norm(x))")
    for options, names in (
        (Options(inputs=True, only=("*_in",), root=()), ["norm_in", "fc_in"]),
        (Options(inputs=True, skip=("norm*",), root=()), ["fc_in", "fc"]),
    ):
        sites = hook_source(code, options).sites
        assert sorted(site.attribute for site in sites) == sorted(names)
    code = hook_source(code, Options(inputs=True, name="hook_{name}", root=())).code
    assert "self.hook_norm(self.norm(self.hook_norm_in(x)))" in code


def test_names_that_are_worked_out() -> None:
    for options in (INPUTS, Options(inputs=True, root=(), format=False)):
        code = hook_source(module(COMPUTED), options).code
        assert 'setattr(self, f"fc{i}_in_hook_point", HookPoint())' in code
        assert 'getattr(self, f"fc{i}")(getattr(self, f"fc{i}_in_hook_point")(x))' in code
        assert hook_source(code, options).code == code
    assert 'setattr(self, f"fc{i}_hook_point", HookPoint())' in code
