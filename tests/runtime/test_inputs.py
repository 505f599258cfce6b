"""`auto_hook(model, inputs=True)`: what goes into modules."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
import torch._dynamo
from autohook_runtime import auto_hook, unwrap
from torch import Tensor, nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint


class Attend(nn.Module):
    def forward(
        self, x: Tensor, memory: Tensor, *, mask: Tensor | None = None, state: Any = None
    ) -> Tensor:
        out = x + memory * 2
        if mask is not None:
            out = out * mask
        return out if state is None else out + state[0] - state[1]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.attend = Attend()

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        y: Tensor = self.fc(x) * scale
        mask = torch.tensor([1.0, 0, 1, 0])
        return self.attend(y, mask=mask, memory=x, state=(y.tanh(), x))  # type: ignore[no-any-return]


def hooked(net: nn.Module | None = None) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return auto_hook(net or Net(), inputs=True)


X = torch.linspace(-1, 1, 8).view(2, 4)


def test_each_module_has_one() -> None:
    model = hooked()
    names = ["hook_point", "fc.hook_point", "attend.hook_point"]
    assert list(model.hook_dict) == [*names, "hook_in", "fc.hook_in", "attend.hook_in"]
    assert list(auto_hook(Net()).hook_dict) == names


def test_the_cache_holds_what_went_in() -> None:
    model = hooked()
    before = model(X)
    output, cache = model.run_with_cache(X)
    assert torch.equal(output, before)
    assert torch.equal(cache["hook_in"], X)
    assert torch.equal(cache["fc.hook_in"], X)
    assert torch.equal(cache["attend.hook_in"], cache["fc.hook_point"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("attend.hook_in.x", lambda y: y),
        ("attend.hook_in.memory", lambda y: X),
        ("attend.hook_in.1", lambda y: X),
        ("attend.hook_in.mask", lambda y: torch.tensor([1.0, 0, 1, 0])),
        ("attend.hook_in.state", lambda y: y.tanh()),
        ("attend.hook_in.state.1", lambda y: X),
        ("hook_in.x", lambda y: X),
    ],
)
def test_further_arguments_by_their_names(name: str, expected: Any) -> None:
    model = hooked()
    _, cache = model.run_with_cache(X, names_filter=[name, "fc.hook_point"])
    assert torch.equal(cache[name], expected(cache["fc.hook_point"]))


@pytest.mark.parametrize("is_by_keyword", [False, True])
@pytest.mark.parametrize(
    ("name", "edited"),
    [
        ("hook_in", lambda net, x: net(x * 3)),
        (
            "fc.hook_in",
            lambda net, x: net.attend(net.fc(x * 3), x, **others(net, x, net.fc(x * 3))),
        ),
        (
            "attend.hook_in",
            lambda net, x: net.attend(net.fc(x) * 3, x, **others(net, x, net.fc(x))),
        ),
        (
            "attend.hook_in.memory",
            lambda net, x: net.attend(net.fc(x), x * 3, **others(net, x, net.fc(x))),
        ),
        (
            "attend.hook_in.state.1",
            lambda net, x: net.attend(
                net.fc(x), x, **others(net, x, net.fc(x)) | {"state": (net.fc(x).tanh(), x * 3)}
            ),
        ),
    ],
)
def test_an_edit_goes_in(name: str, edited: Any, is_by_keyword: bool) -> None:
    model = hooked()
    expected = edited(copy.deepcopy(model).unwrap(), X)
    hooks = [(name, lambda value, hook: value * 3)]
    given = {"x": X} if is_by_keyword else {}
    output = model.run_with_hooks(*(() if given else (X,)), fwd_hooks=hooks, **given)
    assert torch.equal(output, expected)


def others(net: Any, x: Tensor, y: Tensor) -> dict[str, Any]:
    return {"mask": torch.tensor([1.0, 0, 1, 0]), "state": (y.tanh(), x)}


def test_gradients_of_what_goes_in() -> None:
    model, x = hooked(), X.clone().requires_grad_()
    seen: list[Tensor] = []
    hooks = [("fc.hook_in", lambda gradient, hook: seen.append(gradient.clone()) or gradient * 0)]
    with model.hooks(bwd_hooks=hooks):
        (gradient,) = torch.autograd.grad(model(x).sum(), x)
    alone = X.clone().requires_grad_()
    plain = copy.deepcopy(model).unwrap()
    fed: Tensor = alone
    y = plain.fc(fed.detach())
    (expected,) = torch.autograd.grad(
        plain.attend(y, alone, **others(plain, alone, y)).sum(), alone
    )
    torch.testing.assert_close(gradient, expected)
    assert seen[0].any()


def test_it_fires_however_the_module_is_called() -> None:
    class Other(Net):
        def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
            return self.fc.forward(input=x)  # type: ignore[no-any-return]

    model = hooked(Other())
    assert torch.equal(model.run_with_cache(X)[1]["fc.hook_in"], X)


def test_it_is_gone_with_the_last_hook_and_with_unwrap() -> None:
    model = hooked()
    model.add_hook("fc.hook_in", lambda value, hook: value * 0)
    assert "forward" in model.fc.__dict__
    model.reset_hooks()
    assert "forward" not in model.fc.__dict__
    model.add_hook("fc.hook_in", lambda value, hook: value * 0)
    unwrap(model)
    assert type(model) is Net
    assert "forward" not in model.fc.__dict__


def test_copies_and_pickles_have_them_too() -> None:
    model = hooked()
    model.add_hook("fc.hook_in", zeroed)
    copied = copy.deepcopy(model)
    assert list(copied.hook_dict) == list(model.hook_dict)
    assert torch.equal(copied(X), model(X))
    again = pickle.loads(pickle.dumps(model))
    assert list(again.hook_dict) == list(model.hook_dict)


def zeroed(value: Tensor, hook: Any) -> Tensor:
    return value * 0


def test_a_class_may_ask_for_them() -> None:
    @auto_hook(inputs=True)
    class Decorated(Net):
        pass

    model: Any = Decorated()
    assert "fc.hook_in" in model.hook_dict


def test_asked_for_later_they_come() -> None:
    model: Any = auto_hook(Net())
    auto_hook(model, inputs=True)
    assert "fc.hook_in" in model.hook_dict
    auto_hook(model)
    assert "fc.hook_in" in model.hook_dict


class WithSource(HookedRootModule):
    """As `--hook inputs` writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.fc_in_hook_point = HookPoint()
        self.rest = nn.Sequential(nn.Tanh(), nn.Linear(4, 4))
        self.rest_in_hook_point = HookPoint()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(2)])
        self.layers_in_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        self.setup()  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor) -> Tensor:
        x = self.rest(self.rest_in_hook_point(self.fc(self.fc_in_hook_point(x))))
        for hook_index, layer in enumerate(self.layers):
            x = layer(self.layers_in_hook_points[hook_index](x))
        return x


def test_what_the_source_hooks_is_not_hooked_again() -> None:
    model: Any = hooked(WithSource())
    assert [name for name in model.hook_dict if "hook_in" in name or "_in_" in name] == [
        *["fc_in_hook_point", "rest_in_hook_point"],
        *["layers_in_hook_points.0", "layers_in_hook_points.1"],
        *["hook_in", "rest.0.hook_in", "rest.1.hook_in"],
    ]
    seen: list[Tensor] = []
    model.run_with_hooks(X, fwd_hooks=[("fc.hook_in", lambda value, hook: seen.append(value))])
    assert len(seen) == 1
    assert model.hook_dict["fc.hook_in"] is model.fc_in_hook_point


@pytest.mark.parametrize("name", ["fc.hook_in", "attend.hook_in.memory"])
def test_in_a_compiled_model(name: str) -> None:
    torch._dynamo.reset()
    model = hooked()
    compiled: Any = torch.compile(model, backend="eager", fullgraph=True)
    before = compiled(X)
    with model.hooks(fwd_hooks=[(name, lambda value, hook: value * 2)]):
        edited = model(X)
        assert not torch.equal(edited, before)
        torch.testing.assert_close(compiled(X), edited)
    assert torch.equal(compiled(X), before)
    torch._dynamo.reset()
