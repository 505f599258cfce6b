"""What fires a parameter's hook point: the result of every operation that takes the parameter."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from autohook_runtime import auto_hook, unwrap
from torch import nn

from tests.runtime.models import WIDTH, doubled, inputs, seeded

Forward = Callable[["Holder", torch.Tensor], Any]


class Holder(nn.Module):
    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.randn(WIDTH, WIDTH))
        self.b = nn.Parameter(torch.randn(WIDTH))
        self.run = forward

    def forward(self, x: torch.Tensor) -> Any:
        return self.run(self, x)


def holder(forward: Forward) -> Any:
    return auto_hook(seeded(Holder, forward))


def in_place(m: Holder, x: torch.Tensor) -> torch.Tensor:
    x = x.clone()
    x += m.b
    return x


def by_method(m: Holder, x: torch.Tensor) -> torch.Tensor:
    x = x.clone()
    x.add_(m.b)
    return x


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, b)
        return x.detach() * 2

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return gradients[0] * 2, gradients[0].sum(0)


# forward, the parameters that fire in it, and by how much the result grows when each doubles
OPERATIONS: list[Any] = [
    pytest.param(lambda m, x: x @ m.W, "W", 2, id="matmul"),
    pytest.param(lambda m, x: m.W @ x.T, "W", 2, id="matmul, first"),
    pytest.param(lambda m, x: x.matmul(m.W), "W", 2, id="method"),
    pytest.param(lambda m, x: torch.matmul(x, m.W), "W", 2, id="torch.matmul"),
    pytest.param(lambda m, x: x - m.b, "b", 2, id="minus"),
    pytest.param(lambda m, x: 1 - m.b, "b", 2, id="reflected"),
    pytest.param(lambda m, x: -m.b, "b", 2, id="unary"),
    pytest.param(lambda m, x: torch.exp(m.b), "b", 2, id="function"),
    pytest.param(lambda m, x: F.linear(x, m.W, m.b), "Wb", 4, id="linear"),
    pytest.param(lambda m, x: F.linear(x, weight=m.W), "W", 2, id="by keyword"),
    pytest.param(lambda m, x: F.layer_norm(x, (WIDTH,), m.b, m.b), "b", 2, id="same one twice"),
    pytest.param(lambda m, x: torch.einsum("bi,ij->bj", x, m.W), "W", 2, id="einsum"),
    pytest.param(lambda m, x: x @ m.W.T, "W", 2, id="T"),
    pytest.param(lambda m, x: x @ m.W.mT.float(), "W", 2, id="mT and a cast"),
    pytest.param(lambda m, x: x * m.W[0], "W", 2, id="item"),
    pytest.param(lambda m, x: x * m.W[0][None].expand(2, -1), "W", 2, id="views"),
    pytest.param(lambda m, x: x.double() @ m.W.to(torch.float64), "W", 2, id="to"),
    pytest.param(lambda m, x: x * m.W.unbind(0)[1], "W", 2, id="unbind"),
    pytest.param(lambda m, x: x * m.W.chunk(2)[1][0], "W", 2, id="chunk"),
    pytest.param(lambda m, x: m.b.repeat(3, 1).sum(0), "b", 2, id="repeat"),
    pytest.param(lambda m, x: torch.topk(m.b, 2), "b", 2, id="first of a tuple"),
    pytest.param(in_place, "b", 2, id="in-place operator"),
    pytest.param(by_method, "b", 2, id="in-place method"),
    pytest.param(lambda m, x: x.sum() * m.W.norm(), "W", 2, id="reduction"),
]


def first(value: Any) -> torch.Tensor:
    return value[0] if isinstance(value, tuple) else value


@pytest.mark.parametrize(("forward", "fired", "factor"), OPERATIONS)
def test_operations(forward: Forward, fired: str, factor: int) -> None:
    model = holder(forward)
    plain = first(model(inputs()))
    output, cache = model.run_with_cache(inputs())
    assert sorted(set(cache) - {"hook_point"}) == sorted(f"{n}.hook_point" for n in fired)
    assert torch.equal(first(output), plain)
    hooks = [(f"{name}.hook_point", doubled) for name in fired]
    edited = first(model.run_with_hooks(inputs(), fwd_hooks=hooks))
    assert torch.allclose(edited, plain * factor)


@pytest.mark.parametrize(("forward", "fired", "factor"), OPERATIONS)
def test_gradients_are_the_same_with_a_hook_that_only_looks(
    forward: Forward, fired: str, factor: int
) -> None:
    model = holder(forward)
    gradients = []
    for hooks in ([], [(lambda name: True, lambda t, hook: None)]):
        model.zero_grad()
        with model.hooks(fwd_hooks=hooks, bwd_hooks=hooks):
            first(model(inputs())).sum().backward()
        gradients.append([p.grad.clone() for p in (model.W, model.b) if p.grad is not None])
    assert all(torch.equal(*pair) for pair in zip(*gradients, strict=True))


JOINED: list[Any] = [
    pytest.param(lambda m, x: torch.cat((x, m.W)), lambda m: m.W, id="cat"),
    pytest.param(lambda m, x: torch.stack([m.W, x[:WIDTH]]), lambda m: m.W, id="stack"),
    pytest.param(lambda m, x: torch.cat((x, m.W.T)), lambda m: m.W.T, id="a view"),
    pytest.param(lambda m, x: torch.cat((m.W[:2].float(), x)), lambda m: m.W[:2], id="two views"),
    pytest.param(lambda m, x: torch.hstack([x.T, m.W]), lambda m: m.W, id="hstack"),
]
"""What joins a parameter with others is no operation on it: its own value fires, at the last view."""


@pytest.mark.parametrize(("forward", "value"), JOINED)
def test_joined(forward: Forward, value: Callable[[Holder], torch.Tensor]) -> None:
    model = holder(forward)
    x = torch.randn(WIDTH, WIDTH)
    plain = model(x)
    output, cache = model.run_with_cache(x)
    assert torch.equal(output, plain)
    assert torch.equal(cache["W.hook_point"], value(model))
    edited = model.run_with_hooks(x, fwd_hooks=[("W.hook_point", doubled)])
    model.W.data *= 2
    assert torch.equal(edited, model(x))


def test_a_view_that_is_joined_twice_fires_once() -> None:
    def forward(m: Holder, x: torch.Tensor) -> torch.Tensor:
        view = m.W[:2]
        return torch.cat((torch.cat((view, x)), view))

    model, seen = holder(forward), []
    with model.hooks(fwd_hooks=[("W.hook_point", lambda t, hook: seen.append(t))]):
        model(inputs())
    assert len(seen) == 1


NOT_OPERATIONS: list[Any] = [
    pytest.param(lambda m, x: x.to(m.W.dtype), id="dtype"),
    pytest.param(lambda m, x: x * m.W.shape[0], id="shape"),
    pytest.param(lambda m, x: x * m.W.size(0) * m.W.dim() * len(m.W), id="numbers"),
    pytest.param(lambda m, x: x if m.b is not None else None, id="is None"),
    pytest.param(lambda m, x: x * isinstance(m.W, nn.Parameter), id="isinstance"),
    pytest.param(lambda m, x: x + m.W.data[0], id="data"),
    pytest.param(lambda m, x: x + (m.W > 0).sum(), id="a mask"),
    pytest.param(lambda m, x: x[:, m.b.argsort()], id="an index"),
    pytest.param(lambda m, x: x + torch.zeros_like(m.b), id="zeros_like"),
    pytest.param(lambda m, x: x + m.W.new_ones(1), id="new_ones"),
    pytest.param(lambda m, x: (m.b.detach().mul_(1), x)[1], id="surgery"),
    pytest.param(lambda m, x: x * bool(m.W.requires_grad) * (m.W.grad is None), id="grad"),
]


@pytest.mark.parametrize("forward", NOT_OPERATIONS)
def test_not_operations(forward: Forward) -> None:
    model = holder(forward)
    plain = model(inputs())
    output, cache = model.run_with_cache(inputs())
    assert list(cache) == ["hook_point"]
    assert torch.equal(output, plain)


def test_two_parameters_the_firsts_inside() -> None:
    model = holder(lambda m, x: F.linear(x, m.W, m.b))
    seen: list[str] = []
    with model.hooks(fwd_hooks=[(lambda n: n[0] in "Wb", lambda t, hook: seen.append(hook.name))]):
        model(inputs())
    assert seen == ["W.hook_point", "b.hook_point"]


def test_gradients_reach_a_parameter_through_an_autograd_function() -> None:
    model = holder(lambda m, x: Scale.apply(x, m.b))
    with model.hooks(fwd_hooks=[("b.hook_point", doubled)]):
        model(inputs()).sum().backward()
    assert model.b.grad is not None


def test_the_optimizer_and_weight_decay_are_left_alone() -> None:
    """A hook edits what the model's code does with a parameter, not what others do with it."""
    plain, hooked = seeded(Holder, lambda m, x: x @ m.W + m.b), holder(lambda m, x: x @ m.W + m.b)
    for model in (plain, hooked):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.5)
        if model is hooked:
            model.add_hook(lambda name: True, lambda t, hook: t * 1)
        model(inputs()).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
    hooked.reset_hooks()
    assert torch.equal(plain.W, hooked.W)
    assert torch.equal(plain.b, hooked.b)


def test_hooked_parameters_of_other_modules_reached_from_outside() -> None:
    inner = seeded(Holder, lambda m, x: x)

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return x @ self.inner.W

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.encode(x) + self.inner(x)

    model: Any = auto_hook(Outer())
    assert torch.equal(model.run_with_cache(inputs())[1]["inner.W.hook_point"], inputs() @ inner.W)
    with model.hooks(fwd_hooks=[("inner.W.hook_point", doubled)]):
        assert torch.equal(model.encode(inputs()), inputs() @ nn.Parameter(inner.W.data) * 2)


def test_a_parameter_that_the_model_keeps_under_another_name() -> None:
    def keep(m: Any, x: torch.Tensor) -> torch.Tensor:
        m.V = m.W
        return x @ m.V

    model = holder(keep)
    with model.hooks(fwd_hooks=[("W.hook_point", doubled)]):
        model(inputs())
    assert model.V is model.W
    assert type(model.V) is nn.Parameter


def test_other_parameters_in_place_of_a_hooked_one() -> None:
    model = holder(lambda m, x: x @ m.W)
    model.add_hook("W.hook_point", doubled)
    model.load_state_dict({"W": torch.eye(WIDTH), "b": torch.ones(WIDTH)}, assign=True)
    assert torch.equal(model(inputs()), inputs() * 2)
    model.W = nn.Parameter(torch.eye(WIDTH) * 3)
    assert torch.equal(model.half().float()(inputs()), inputs() * 6)


def test_a_parameter_by_itself() -> None:
    parameter = nn.Parameter(torch.randn(WIDTH, WIDTH))
    W: Any = auto_hook(parameter)
    assert W is parameter
    assert isinstance(W, nn.Parameter)
    assert list(W.hook_dict) == ["hook_point"]
    plain = inputs() @ W
    output, cache = W.run_with_cache(lambda: inputs() @ W)
    assert torch.equal(cache["hook_point"], plain)
    assert torch.equal(output, plain)
    with W.hooks(fwd_hooks=[("hook_point", doubled)]):
        assert torch.equal(F.linear(inputs(), W.T), plain * 2)
        (inputs() @ W).sum().backward()
    assert torch.equal(W.grad, inputs().sum(0)[:, None].expand(-1, WIDTH) * 2)
    assert torch.equal(inputs() @ W, plain)
    for other in (copy.deepcopy(W), pickle.loads(pickle.dumps(W))):
        assert torch.equal(other, W)
        assert other.hook_dict["hook_point"] is not W.hook_dict["hook_point"]
    with pytest.raises(AttributeError, match="nothing"):
        _ = W.nothing
    assert type(unwrap(W)) is nn.Parameter
    assert not W.__dict__


def test_a_hooked_parameter_in_a_model_keeps_its_hook_point() -> None:
    model = seeded(Holder, lambda m, x: x @ m.W)
    W: Any = auto_hook(model.W)
    auto_hook(model)
    assert model.hook_dict["W.hook_point"] is W.hook_dict["hook_point"]
    assert list(model.state_dict()) == ["W", "b"]
    assert "W.hook_point" in model.run_with_cache(inputs())[1]
    with model.hooks(fwd_hooks=[("W.hook_point", doubled)]):
        assert type(model.state_dict()["W"]) is torch.Tensor
    other = copy.deepcopy(model)
    other.add_hook("W.hook_point", doubled)
    assert torch.equal(other(inputs()), model(inputs()) * 2)
