"""Activations, poolings and norms that no module computes and that have no role."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, hook_source
from tests.sites.inputs.test_module_inputs import forward_of
from tests.sites.snippets import module

ACTIVATIONS = Options(modules=False, params=False, activations=True, root=(), format=False)
INIT = """
self.fc = nn.Linear(width, width)
self.fc2 = nn.Linear(width, width)
self.conv = nn.Conv1d(width, width, 3)
self.bn = nn.BatchNorm1d(width)
self.convs = nn.ModuleList([nn.Conv1d(width, width, 3) for _ in range(2)])
self.weight = nn.Parameter(torch.ones(width))
"""
PAIRS = [
    pytest.param(
        "return torch.relu(self.bn(x))",
        "return self.bn_relu_hook_point(torch.relu(self.bn(x)))",
        id="after a module",
    ),
    pytest.param(
        "return self.bn(x).sigmoid()",
        "return self.bn_sigmoid_hook_point(self.bn(x).sigmoid())",
        id="a method",
    ),
    pytest.param(
        "return nn.ReLU()(self.bn(x))",
        "return self.bn_relu_hook_point(nn.ReLU()(self.bn(x)))",
        id="made on the spot",
    ),
    pytest.param(
        "return nn.AdaptiveAvgPool1d(1)(self.conv(x))",
        "return self.conv_adaptive_avg_pool1d_hook_point(nn.AdaptiveAvgPool1d(1)(self.conv(x)))",
        id="a pooling on the spot",
    ),
    pytest.param(
        "y = self.bn(x).view(3, -1) * 2\nreturn nn.functional.max_pool1d(torch.relu(y), 2)",
        "y = self.bn(x).view(3, -1) * 2\n"
        "return self.bn_max_pool1d_hook_point("
        "nn.functional.max_pool1d(self.bn_relu_hook_point(torch.relu(y)), 2))",
        id="over steps that have no name",
    ),
    pytest.param(
        "return torch.relu(x * self.weight)",
        "return self.weight_relu_hook_point(torch.relu(x * self.weight))",
        id="after a parameter",
    ),
    pytest.param(
        "for conv in self.convs:\n    x = torch.relu(conv(x))\nreturn x",
        "for conv in self.convs:\n    x = self.convs_relu_hook_point(torch.relu(conv(x)))\nreturn x",
        id="in a loop",
    ),
    pytest.param(
        "return torch.relu(x)",
        "return self.relu_hook_point(torch.relu(x))",
        id="after nothing",
    ),
    pytest.param(
        "return torch.relu(self.bn(x)) + torch.relu(self.bn(-x))",
        "return self.bn_relu_hook_point(torch.relu(self.bn(x)))"
        " + self.bn_relu_hook_point_2(torch.relu(self.bn(-x)))",
        id="two of one name",
    ),
    pytest.param(
        "if self.training:\n    return torch.relu(self.bn(x))\nelse:\n"
        "    return torch.relu(self.bn(-x))",
        "if self.training:\n    return self.bn_relu_hook_point(torch.relu(self.bn(x)))\nelse:\n"
        "    return self.bn_relu_hook_point(torch.relu(self.bn(-x)))",
        id="branches that exclude each other share one",
    ),
    pytest.param(
        "y = x + self.fc(x)\nreturn torch.relu(y)",
        "x = self.resid_pre_hook_point(x)\ny = self.resid_post_hook_point(x + self.fc(x))\n"
        "return self.resid_post_relu_hook_point(torch.relu(y))",
        id="after a role",
    ),
]
UNTOUCHED = [
    pytest.param("return nn.functional.layer_norm(x, (3,), self.weight)", id="with a parameter"),
    pytest.param("with torch.no_grad():\n    y = torch.relu(x)\nreturn y", id="without gradients"),
    pytest.param("x.relu_()\nreturn x", id="a statement"),
    pytest.param("return x.exp().view(3) * 2", id="another operation"),
    pytest.param("return nn.functional.dropout(x)", id="dropout"),
    pytest.param("return nn.functional.interpolate(x, 2)", id="interpolation"),
    pytest.param("return nn.functional.mse_loss(x, x)", id="a loss"),
    pytest.param("return nn.Flatten()(x)", id="a view on the spot"),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_text(before: str, after: str) -> None:
    code = hook_source(module(f"{INIT}--\n{before}"), ACTIVATIONS).code
    assert forward_of(code) == after
    assert hook_source(code, ACTIVATIONS).code == code


@pytest.mark.parametrize("forward", UNTOUCHED)
def test_untouched(forward: str) -> None:
    assert forward_of(hook_source(module(f"{INIT}--\n{forward}"), ACTIVATIONS).code) == forward


def test_none_between_pre_and_post() -> None:
    code = module(f"{INIT}--\nreturn self.fc2(torch.relu(self.fc(x)) * 2)")
    sites = hook_source(code, ACTIVATIONS).sites
    assert {site.role for site in sites} == {"pre", "post"}
    assert not any("relu" in site.attribute for site in sites)


def test_none_between_a_product_and_its_softmax() -> None:
    code = module(
        f"{INIT}--\ns = self.fc(x) @ self.fc2(x).mT\ns = torch.tanh(s / 30) * 30\n"
        "return torch.softmax(s, -1) @ x"
    )
    found = {site.attribute for site in hook_source(code, ACTIVATIONS).sites}
    assert {"attn_scores", "pattern", "z"} <= found
    assert not any("tanh" in name or "softmax" in name for name in found)


def test_what_is_made_on_the_spot_has_no_note() -> None:
    code = module(f"{INIT}--\nreturn nn.ReLU()(self.bn(x))")
    assert "no-name" in {note.code for note in hook_source(code, Options(root=())).notes}
    notes = hook_source(code, Options(activations=True, root=())).notes
    assert "no-name" not in {note.code for note in notes}
