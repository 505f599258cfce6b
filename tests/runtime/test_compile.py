"""`torch.compile` and `torch.export`, without hooks and with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook
from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from tests.runtime.models import NET_NAMES, WIDTH, Net, doubled, inputs, seeded

SOME = [
    "hook_point",
    "blocks.0.hook_point",
    "blocks.0.up_hook_point",
    "blocks.1.act.hook_point",
    "blocks.0.attn.W_Q.hook_point",
    "blocks.1.scale.hook_point",
]


@pytest.fixture(autouse=True)
def _fresh_compiler() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


class Graphs:
    """A backend that keeps the graphs and runs them as they are."""

    def __init__(self) -> None:
        self.code: list[str] = []

    def __call__(self, module: Any, example: Any) -> Any:
        self.code.append(module.code)
        return module.forward


def test_idle_the_graph_is_the_unhooked_models() -> None:
    graphs = []
    for model in (seeded(Net), auto_hook(seeded(Net))):
        backend = Graphs()
        compiled = torch.compile(model, backend=backend, fullgraph=True)
        assert torch.equal(compiled(inputs())["logits"], seeded(Net)(inputs())["logits"])
        graphs.append(backend.code)
    assert graphs[0] == graphs[1]


@pytest.mark.parametrize("name", SOME)
def test_compiled_first_and_hooked_later(name: str) -> None:
    model = auto_hook(seeded(Net))
    backend = Graphs()
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    plain = compiled(inputs())["logits"]
    edited = model.run_with_hooks(inputs(), fwd_hooks=[(name, doubled)])["logits"]
    assert not torch.allclose(edited, plain)
    for _ in range(3):
        with model.hooks(fwd_hooks=[(name, doubled)]):
            assert torch.allclose(compiled(inputs())["logits"], edited)
        assert torch.equal(compiled(inputs())["logits"], plain)
    with model.hooks(fwd_hooks=[(name, lambda t, hook: t * 0 - 1)]):
        assert not torch.allclose(compiled(inputs())["logits"], edited)
    assert not any(set(m.__dict__) & set(m._parameters) for m in model.modules())
    # without a hook, what was compiled first is used again
    compiles = len(backend.code)
    assert torch.equal(compiled(inputs())["logits"], plain)
    assert len(backend.code) == compiles


@pytest.mark.parametrize("name", SOME)
def test_blocks_compiled_one_by_one_before_they_are_hooked(name: str) -> None:
    model = seeded(Net)
    for block in model.blocks:
        block.compile(backend="eager", fullgraph=True)
    plain = model(inputs())["logits"]
    auto_hook(model)
    expected = auto_hook(seeded(Net)).run_with_hooks(inputs(), fwd_hooks=[(name, doubled)])
    with model.hooks(fwd_hooks=[(name, doubled)]):
        assert torch.allclose(model(inputs())["logits"], expected["logits"])
    assert torch.equal(model(inputs())["logits"], plain)


def test_a_cache_of_a_model_compiled_in_place() -> None:
    model = auto_hook(seeded(Net))
    expected = model.run_with_cache(inputs())[1]
    model.compile(backend="eager", fullgraph=True)
    cache = model.run_with_cache(inputs())[1]
    assert sorted(cache) == sorted(NET_NAMES)
    for name, value in expected.items():
        assert torch.equal(cache[name], value), name


@pytest.mark.parametrize("name", SOME)
def test_backward_hooks(name: str) -> None:
    gradients = []
    for is_compiled in (False, True):
        model = auto_hook(seeded(Net))
        run: Any = torch.compile(model, backend="aot_eager") if is_compiled else model
        seen: list[torch.Tensor] = []

        def look(gradient: torch.Tensor, hook: Any, seen: list[torch.Tensor] = seen) -> Any:
            seen.append(gradient.clone())
            return gradient * 3

        with model.hooks(bwd_hooks=[(name, look)]):
            run(inputs())["logits"].sum().backward()
        assert len(seen) == 1
        gradients.append([*seen, *(p.grad for p in model.parameters() if p.grad is not None)])
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other)


class Generated(HookedRootModule, nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.fc_hook_point = HookPoint()
        auto_hook(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.fc_hook_point(self.fc(x)))


def test_a_generated_root_compiled_first() -> None:
    model = seeded(Generated)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    plain = compiled(inputs())
    with model.hooks(fwd_hooks=[("fc_hook_point", lambda t, hook: t * 0)]):
        assert (compiled(inputs()) == 0).all()
    assert torch.equal(compiled(inputs()), plain)


def test_a_hook_that_breaks_the_graph() -> None:
    model = auto_hook(seeded(Net))
    compiled = torch.compile(model, backend="eager")
    compiled(inputs())
    names: list[str] = []

    def breaking(value: torch.Tensor, hook: Any) -> torch.Tensor:
        torch._dynamo.graph_break()
        names.append(hook.name)
        return value * 2

    for name in ("blocks.0.up_hook_point", "head.0.hook_point"):
        expected = model.run_with_hooks(inputs(), fwd_hooks=[(name, doubled)])["logits"]
        with model.hooks(fwd_hooks=[(name, breaking)]):
            assert torch.allclose(compiled(inputs())["logits"], expected)
    assert names == ["blocks.0.up_hook_point", "head.0.hook_point"]


def test_export_idle_is_the_unhooked_models() -> None:
    programs = [
        torch.export.export(model, (inputs(),)) for model in (seeded(Net), auto_hook(seeded(Net)))
    ]
    assert programs[0].graph_module.code == programs[1].graph_module.code


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", SOME[1:])
def test_export_with_a_hook(name: str, strict: bool) -> None:
    model = auto_hook(seeded(Net))
    with model.hooks(fwd_hooks=[(name, doubled)]):
        expected = model(inputs())["logits"]
        program = torch.export.export(model, (inputs(),), strict=strict)
    assert torch.allclose(program.module()(inputs())["logits"], expected)
