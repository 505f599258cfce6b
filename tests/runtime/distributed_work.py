"""One of two processes: FSDP2 and tensor parallel against the whole model.

python -m tests.runtime.distributed_work CASE RANK STORE
"""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
import torch.distributed as dist
from autohook_runtime import auto_hook, unwrap
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.parallel import (
    ColwiseParallel,
    RowwiseParallel,
    parallelize_module,
)

WIDTH = 8


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(WIDTH, 2 * WIDTH)
        self.down = nn.Linear(2 * WIDTH, WIDTH)
        self.scale = nn.Parameter(torch.randn(WIDTH))
        self.W = nn.Parameter(torch.randn(WIDTH, WIDTH))

    def forward(self, x: Any) -> Any:
        x = x + self.down(torch.relu(self.up(x)))
        return (x * self.scale) @ self.W


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block() for _ in range(2)])
        self.head = nn.Linear(WIDTH, 2)
        self.bias = nn.Parameter(torch.randn(2))

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        if isinstance(x, DTensor):
            x = x.full_tensor()
        return self.head(x) + self.bias


def doubled(value: Any, hook: Any) -> Any:
    return value * 2


def whole(value: Any) -> Any:
    return value.full_tensor() if isinstance(value, DTensor) else value


def same(one: Any, other: Any) -> None:
    torch.testing.assert_close(whole(one), whole(other), atol=1e-5, rtol=1e-4)


def compare(model: Any, plain: Any, x: torch.Tensor) -> None:
    """All that passes, and what an edit at each hook point makes."""
    output, cache = plain.run_with_cache(x)
    got, got_cache = model.run_with_cache(x)
    same(got, output)
    assert list(got_cache) == list(cache)
    for name, value in cache.items():
        same(got_cache[name], value)
        hooks = [(name, doubled)]
        same(model.run_with_hooks(x, fwd_hooks=hooks), plain.run_with_hooks(x, fwd_hooks=hooks))


def compare_gradients(model: Any, plain: Any, x: torch.Tensor) -> None:
    seen: list[dict[str, Any]] = []
    for each in (model, plain):
        gradients: dict[str, Any] = {}

        def keep(gradient: Any, hook: Any, gradients: dict[str, Any] = gradients) -> None:
            gradients[hook.name] = whole(gradient).clone()

        fwd = [("blocks.0.W.hook_point", doubled)]
        with each.hooks(fwd_hooks=fwd, bwd_hooks=[(lambda name: True, keep)]):
            each(x).sum().backward()
        seen.append(gradients)
    assert seen[0].keys() == seen[1].keys()
    for name, gradient in seen[1].items():
        same(seen[0][name], gradient)
    for one, other in zip(model.parameters(), plain.parameters(), strict=True):
        same(one.grad, other.grad)


def loaded(plain: nn.Module) -> Net:
    model = Net()
    model.load_state_dict(plain.state_dict())
    return model


def fsdp(plain: Any, x: torch.Tensor, mesh: Any, is_hooked_first: bool) -> None:
    model: Any = loaded(plain)
    if is_hooked_first:
        auto_hook(model)
    for block in model.blocks:
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
    if not is_hooked_first:
        auto_hook(model)
    assert isinstance(model, Net)
    assert isinstance(model, FSDPModule)
    compare(model, plain, x)
    compare_gradients(model, plain, x)
    # `forward` saw another object than the one that the optimizer has
    torch.optim.AdamW(model.parameters()).step()
    if is_hooked_first:
        with pytest.raises(TypeError, match="swapped again"):
            unwrap(model)
    else:
        unwrap(model)
        assert isinstance(model, FSDPModule)
        model(x)


def tensor_parallel(plain: Any, x: torch.Tensor, mesh: Any) -> None:
    model: Any = auto_hook(loaded(plain))
    plan = {"up": ColwiseParallel(use_local_output=False), "down": RowwiseParallel()}
    for block in model.blocks:
        parallelize_module(block, mesh, plan)
    compare(model, plain, x)
    compare_gradients(model, plain, x)


def sharded_parameters(plain: Any, x: torch.Tensor, mesh: Any) -> None:
    """Every parameter of a block is a DTensor, those with a hook point too."""
    model: Any = auto_hook(loaded(plain))
    for block in model.blocks:
        for module in block.modules():
            for name, parameter in list(module._parameters.items()):
                spread = distribute_tensor(parameter.detach(), mesh, [Shard(0)])
                module.register_parameter(name, nn.Parameter(spread))
    sharded = distribute_tensor(x, mesh, [Replicate()])

    class Given:
        """Calls both with the same numbers."""

        def __init__(self, run: Any) -> None:
            self.run = run

        def __getattr__(self, name: str) -> Any:
            method = getattr(model, name)
            return lambda given, **kwargs: method(sharded, **kwargs)

    compare(Given(model), plain, x)


CASES: dict[str, Any] = {
    "fsdp, hooked first": lambda *given: fsdp(*given, True),
    "fsdp, hooked later": lambda *given: fsdp(*given, False),
    "tensor parallel": tensor_parallel,
    "sharded parameters": sharded_parameters,
}


def main(rank: int, store: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    mesh = init_device_mesh("cpu", (2,))
    for name, case in CASES.items():
        torch.manual_seed(0)
        plain, x = auto_hook(Net()), torch.randn(4, WIDTH)
        case(plain, x, mesh)
        print(name, flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
