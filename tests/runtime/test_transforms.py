"""functional_call, vmap, autocast, replicas and threads."""

from __future__ import annotations

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook
from torch import nn
from torch.func import functional_call, grad, vmap

from tests.runtime.models import NET_NAMES, Net, doubled, inputs, seeded


@pytest.mark.parametrize("name", NET_NAMES)
def test_functional_call(name: str) -> None:
    model = auto_hook(seeded(Net))
    others = {key: value.detach() * 1.5 for key, value in model.named_parameters()}
    changed = copy.deepcopy(model)
    changed.load_state_dict(others)
    expected = changed.run_with_hooks(inputs(), fwd_hooks=[(name, doubled)])["logits"]
    with model.hooks(fwd_hooks=[(name, doubled)]):
        assert torch.allclose(functional_call(model, others, (inputs(),))["logits"], expected)
    assert torch.equal(model(inputs())["logits"], seeded(Net)(inputs())["logits"])


@pytest.mark.parametrize("name", NET_NAMES)
def test_vmap_of_grad(name: str) -> None:
    model = auto_hook(seeded(Net))
    parameters = dict(model.named_parameters())

    def loss(values: Any, x: torch.Tensor) -> torch.Tensor:
        return functional_call(model, values, (x[None],))["logits"].sum()

    with model.hooks(fwd_hooks=[(name, doubled)]):
        per_sample = vmap(grad(loss), (None, 0))(parameters, inputs())
        for row, x in enumerate(inputs()):
            model.zero_grad()
            model(x[None])["logits"].sum().backward()
            for key, parameter in parameters.items():
                assert torch.allclose(per_sample[key][row], parameter.grad, atol=1e-5), key


def test_vmap_of_a_cache() -> None:
    model = auto_hook(seeded(Net))
    expected = model.run_with_cache(inputs())[1]
    cache = vmap(lambda x: model.run_with_cache(x[None])[1])(inputs())
    assert sorted(cache) == sorted(NET_NAMES)
    for name, value in expected.items():
        assert torch.allclose(cache[name].squeeze(1), value, atol=1e-6), name


def test_autocast() -> None:
    plain, model = seeded(Net), auto_hook(seeded(Net))
    with torch.autocast("cpu", torch.bfloat16):
        output, cache = model.run_with_cache(inputs())
        assert torch.equal(output["logits"], plain(inputs())["logits"])
        assert cache["blocks.0.up_hook_point"].dtype == torch.bfloat16
        assert cache["blocks.0.attn.W_Q.hook_point"].dtype == torch.bfloat16
        edited = model.run_with_hooks(
            inputs(), fwd_hooks=[("blocks.0.attn.W_Q.hook_point", doubled)]
        )
    assert not torch.equal(edited["logits"], output["logits"])


def replica_of(module: nn.Module) -> nn.Module:
    """What `nn.DataParallel` makes for each device (`torch.nn.parallel.replicate`)."""
    replica = module._replicate_for_data_parallel()
    replica._former_parameters = {}
    for name, child in module._modules.items():
        replica._modules[name] = None if child is None else replica_of(child)
    for name, parameter in module._parameters.items():
        if parameter is not None:  # no leaf there, so a plain attribute
            setattr(replica, name, parameter * 1)
            replica._former_parameters[name] = getattr(replica, name)
    return replica


@pytest.mark.parametrize("name", NET_NAMES)
def test_replicas(name: str) -> None:
    model = auto_hook(seeded(Net))
    expected = model.run_with_hooks(inputs(), fwd_hooks=[(name, doubled)])["logits"]
    replicas: Any
    with model.hooks(fwd_hooks=[(name, doubled)]), ThreadPoolExecutor(2) as pool:
        replicas = [replica_of(model) for _ in range(2)]
        outputs = list(pool.map(lambda replica: replica(inputs())["logits"], replicas))
        outputs[0].sum().backward()
    assert all(torch.equal(output, expected) for output in outputs)
    assert model.head[0].weight.grad is not None


class Parallel(nn.Module):
    """Runs replicas of its module on other threads."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with ThreadPoolExecutor(1) as pool:
            run: Any = replica_of(self.module)
            return pool.submit(lambda: run(x)["logits"]).result()


@pytest.mark.parametrize("name", [name for name in NET_NAMES if name != "hook_point"])
def test_run_with_hooks_reaches_replicas_on_other_threads(name: str) -> None:
    model = auto_hook(Parallel(seeded(Net)))
    hooks = [(f"module.{name}", doubled)]
    expected = auto_hook(seeded(Net)).run_with_hooks(inputs(), fwd_hooks=[(name, doubled)])
    assert torch.equal(model.run_with_hooks(inputs(), fwd_hooks=hooks), expected["logits"])


def wait_for(barrier: threading.Barrier) -> Any:
    """A forward hook that lets no thread go on before all are there."""

    def wait(*_: Any) -> None:
        barrier.wait(timeout=60)

    return wait


def test_threads_have_a_cache_each() -> None:
    model = auto_hook(seeded(Net))
    xs = [inputs() + number for number in range(4)]
    expected = [model.run_with_cache(x)[1] for x in xs]
    together = threading.Barrier(len(xs))
    model.blocks[0].attn.register_forward_hook(wait_for(together))

    def run(x: torch.Tensor) -> Any:
        return model.run_with_cache(x)[1]

    with ThreadPoolExecutor(len(xs)) as pool:
        for _ in range(3):
            caches = list(pool.map(run, xs))
            for cache, right in zip(caches, expected, strict=True):
                assert sorted(cache) == sorted(right)
                for name, value in right.items():
                    assert torch.equal(cache[name], value), name
    assert not model.list_hooks()
    assert type(model.blocks[0].attn).__mro__[0].__module__ == Net.__module__


def test_threads_run_with_their_own_hooks_and_see_shared_ones() -> None:
    model = auto_hook(seeded(Net))
    plain = model(inputs())["logits"]
    name = "head.hook_point"
    factors = [1.0, 2.0, 3.0, 4.0]
    together = threading.Barrier(len(factors))
    handle = model.blocks[0].register_forward_hook(wait_for(together))

    def run(factor: float) -> torch.Tensor:
        hooks = [(name, lambda t, hook: t * factor)]
        return model.run_with_hooks(inputs(), fwd_hooks=hooks)["logits"]

    with ThreadPoolExecutor(len(factors)) as pool:
        outputs = list(pool.map(run, factors))
        assert all(torch.equal(o, plain * f) for o, f in zip(outputs, factors, strict=True))
        handle.remove()
        with model.hooks(fwd_hooks=[(name, doubled)]):
            assert torch.equal(pool.submit(model, inputs()).result()["logits"], plain * 2)
