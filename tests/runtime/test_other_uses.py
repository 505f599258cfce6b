"""What a hook point in the source is for, used by code where that hook point does not stand."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook, unwrap
from torch import nn
from torch.utils.checkpoint import checkpoint
from transformer_lens.hook_points import HookPoint

from tests.runtime.models import WIDTH, doubled, inputs, seeded
from tests.runtime.test_idle import marks


class Holder(nn.Module):
    """Has something of everything, and calls none of it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.fc_hook_point = HookPoint()
        self.layers = nn.ModuleList([nn.Linear(WIDTH, WIDTH), nn.Tanh()])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        self.mlp = nn.ModuleDict({"up": nn.Linear(WIDTH, WIDTH)})
        self.mlp_up_hook_point = HookPoint()
        self.pool = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh())
        self.pool_hook_point = HookPoint()
        self.pool_hook_points = nn.ModuleList([HookPoint() for _ in self.pool])
        self.twice = nn.Linear(WIDTH, WIDTH)
        self.twice_hook_point = HookPoint()
        self.twice_hook_point_2 = HookPoint()
        self.W = nn.Parameter(torch.randn(WIDTH, WIDTH))
        self.W_hook_point = HookPoint()

    def given(self) -> nn.Module:
        return self.fc


class Named(Holder):
    """The hook point stands where the module is called."""

    def forward(self, x: Any) -> Any:
        return self.fc_hook_point(self.fc(x))


class Given(Holder):
    def forward(self, x: Any) -> Any:
        return self.given()(x)

    def other(self, x: Any) -> Any:
        return self.fc_hook_point(self.fc(x))


class Both(Given):
    def forward(self, x: Any) -> Any:
        return self.given()(self.other(x))

    def given(self) -> nn.Module:
        return Later(self.fc)


class Later(nn.Module):
    """Calls what another module holds."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return (self.inner(x), None)[0]


class Nested(Holder):
    """A sum is another tensor than the one that `fc` gave."""

    def forward(self, x: Any) -> Any:
        def block(x: Any) -> Any:
            return self.fc(x)

        return self.fc_hook_point(sum([block(y) for y in (x,)]))


class Checkpointed(Holder):
    def forward(self, x: Any) -> Any:
        return self.fc_hook_point(checkpoint(self.fc, x, use_reentrant=False))


class CheckpointedElsewhere(Holder):
    def forward(self, x: Any) -> Any:
        return checkpoint(self.given(), x, use_reentrant=False)


class Reentrant(Holder):
    def forward(self, x: Any) -> Any:
        return self.fc_hook_point(checkpoint(self.fc, x, use_reentrant=True))


class ReentrantElsewhere(Holder):
    def forward(self, x: Any) -> Any:
        return checkpoint(self.given(), x, use_reentrant=True)


class ByText(Holder):
    def forward(self, x: Any) -> Any:
        for name in ("fc",):
            x = getattr(self, f"{name}_hook_point")(getattr(self, name)(x))
        return x


class Indexed(Holder):
    def forward(self, x: Any) -> Any:
        for index, layer in enumerate(self.layers):
            x = self.layers_hook_points[index](layer(x))
        return x


class Walked(Holder):
    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


class Inner(Holder):
    def forward(self, x: Any) -> Any:
        return self.mlp["up"](x)


class Whole(Holder):
    def forward(self, x: Any) -> Any:
        return self.pool_hook_point(self.pool(x))

    def part(self, x: Any) -> Any:
        return self.pool_hook_points[1](self.pool[1](x))


class Second(Holder):
    def forward(self, x: Any) -> Any:
        return self.twice_hook_point_2(self.twice(x))


class Neither(Holder):
    """Has a hook point for each call, and this is none of those."""

    def forward(self, x: Any) -> Any:
        return self.twice(x)


class OnOneWay(Holder):
    """Takes the way on which the hook point stands for the second call alone."""

    def forward(self, x: Any) -> Any:
        for is_last in (False, True):
            x = self.fc(x)
            if is_last:
                x = self.fc_hook_point(x)
        return x


class Early(Holder):
    def forward(self, x: Any) -> Any:
        y = self.fc(x)
        if y.shape[0]:
            return y
        return self.fc_hook_point(y)


class OnBothWays(Holder):
    """Shows another tensor than the first."""

    def forward(self, x: Any) -> Any:
        y = self.fc(x)
        if x.shape[0]:
            y = self.fc_hook_point(y + 1)
        else:
            y = self.fc_hook_point(y + 2)
        return y


class WithAnError(Holder):
    def forward(self, x: Any) -> Any:
        with torch.enable_grad():
            try:
                y = self.fc(x)
            finally:
                x = x + 1
        if not y.numel():
            raise ValueError
        y = y if y.dim() else y[None]
        return self.fc_hook_point(y + 1)


class AlsoBare(Holder):
    def forward(self, x: Any) -> Any:
        return (self.fc_hook_point(self.fc(x) if x.dim() else x), self.fc(x))[1]


class ByMethod(Holder):
    """The caller does not name the hook point that it sends the output through."""

    def point(self) -> nn.Module:
        return self.fc_hook_point

    def forward(self, x: Any) -> Any:
        return self.point()(self.fc(x))


class Unchanged(Holder):
    """One tensor all the way."""

    def __init__(self) -> None:
        super().__init__()
        self.layers[1] = nn.Identity()

    def forward(self, x: Any) -> Any:
        for _ in range(2):
            x = self.other(x)
        return self.layers_hook_points[1](self.layers[1](x))

    def other(self, x: Any) -> Any:
        return self.layers[1](x)


class Weight(Holder):
    def forward(self, x: Any) -> Any:
        return self.W_hook_point(x @ self.W)


class WeightElsewhere(Holder):
    def forward(self, x: Any) -> Any:
        return x @ self.W.T


class WeightByOther(Holder):
    def __init__(self) -> None:
        super().__init__()
        self.owner = Weight()
        self.__dict__["outside"] = self.owner

    def forward(self, x: Any) -> Any:
        return self.owner(x) + x @ self.outside.W


CASES: list[tuple[type[nn.Module], dict[str, int]]] = [
    (Named, {"fc_hook_point": 1}),
    (Given, {"fc_hook_point": 1}),
    (Both, {"fc_hook_point": 2}),
    (Nested, {"fc_hook_point": 2}),
    (Checkpointed, {"fc_hook_point": 1}),
    (CheckpointedElsewhere, {"fc_hook_point": 1}),
    (Reentrant, {"fc_hook_point": 2}),
    (ReentrantElsewhere, {"fc_hook_point": 2}),
    (ByText, {"fc_hook_point": 1}),
    (Indexed, {"layers_hook_points.0": 1, "layers_hook_points.1": 1}),
    (Walked, {"layers_hook_points.0": 1, "layers_hook_points.1": 1}),
    (Inner, {"mlp_up_hook_point": 1}),
    (Whole, {"pool_hook_points.0": 1, "pool_hook_points.1": 1, "pool_hook_point": 1}),
    (Second, {"twice_hook_point_2": 1}),
    (Neither, {}),
    (OnOneWay, {"fc_hook_point": 2}),
    (Early, {"fc_hook_point": 1}),
    (OnBothWays, {"fc_hook_point": 2}),
    (WithAnError, {"fc_hook_point": 2}),
    (AlsoBare, {"fc_hook_point": 2}),
    (ByMethod, {"fc_hook_point": 1}),
    (Unchanged, {"layers_hook_points.1": 3}),
    (Weight, {"W_hook_point": 1}),
    (WeightElsewhere, {"W_hook_point": 1}),
    (WeightByOther, {"owner.W_hook_point": 2}),
]
IDS = [model_class.__name__ for model_class, _ in CASES]


def gradients(model: nn.Module, hooks: Any) -> tuple[dict[str, int], dict[str, torch.Tensor]]:
    """How often each hook point fires in a run and its backward, and what the run gives."""
    fired: dict[str, int] = {}
    x = inputs().requires_grad_()

    def count(value: Any, hook: Any) -> Any:
        fired[hook.name] = fired.get(hook.name, 0) + 1
        return hooks(value, hook)

    with model.hooks(fwd_hooks=[(lambda name: name.split(".")[-1] != "hook_point", count)]):  # type: ignore[operator]
        output = model(x)
        output.sum().backward()
    found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert x.grad is not None
    return fired, {**found, "input": x.grad, "output": output.detach()}


@pytest.mark.parametrize(("model_class", "expected"), CASES, ids=IDS)
def test_each_use_fires_once(model_class: Any, expected: dict[str, int]) -> None:
    """A reentrant checkpoint computes what is inside of it, and fires, twice."""
    model = auto_hook(seeded(model_class))
    before = marks(model)
    fired, values = gradients(model, lambda value, hook: None)
    assert fired == expected
    assert marks(model) == before
    x = inputs().requires_grad_()
    plain = seeded(model_class)
    output = plain(x)
    output.sum().backward()
    assert torch.equal(values["output"], output)
    assert torch.equal(values["input"], x.grad)


@pytest.mark.parametrize(("model_class", "expected"), CASES, ids=IDS)
def test_edits_and_backward_hooks(model_class: Any, expected: dict[str, int]) -> None:
    model = auto_hook(seeded(model_class))
    plain = model(inputs())
    for name in expected:
        edited = model.run_with_hooks(inputs(), fwd_hooks=[(name, doubled)])
        assert not torch.equal(edited, plain)
        seen: list[torch.Tensor] = []
        with model.hooks(bwd_hooks=[(name, lambda grad, hook, seen=seen: seen.append(grad))]):
            model(inputs().requires_grad_()).sum().backward()
        assert seen
    assert torch.equal(model(inputs()), plain)
    assert set(expected) <= set(model.run_with_cache(inputs())[1])


@pytest.mark.parametrize("model_class", [CheckpointedElsewhere, ReentrantElsewhere, Reentrant])
def test_an_edit_is_the_same_when_it_is_computed_again(model_class: Any) -> None:
    found = [gradients(auto_hook(seeded(each)), doubled)[1] for each in (model_class, Given)]
    for name, value in found[1].items():
        assert torch.equal(found[0][name], value), name


@pytest.mark.parametrize("model_class", [Given, Whole, WeightElsewhere])
def test_copies_and_unwrap(model_class: Any) -> None:
    model = auto_hook(seeded(model_class))
    names = list(model.hook_dict)
    model.add_hook(lambda name: name.endswith("_hook_point"), doubled)
    expected = model(inputs())
    copied = copy.deepcopy(model)
    assert torch.equal(copied(inputs()), expected)
    model.reset_hooks()
    plain = seeded(model_class)(inputs())
    assert torch.equal(model(inputs()), plain)
    assert torch.equal(copied(inputs()), expected)
    copied.add_hook(lambda name: True, doubled)
    unwrap(copied)
    assert torch.equal(copied(inputs()), plain)
    assert [type(module) for module in copied.modules()] == [
        type(module) for module in seeded(model_class).modules()
    ]
    assert list(auto_hook(copied).hook_dict) == names
    auto_hook(auto_hook(model))
    assert gradients(model, lambda value, hook: None)[0] == dict(CASES)[model_class]


def test_compiled_code_shows_what_the_source_shows() -> None:
    torch._dynamo.reset()
    model = auto_hook(seeded(Both))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    plain = compiled(inputs())
    expected = model.fc(model.fc(inputs()) * 2)
    with model.hooks(fwd_hooks=[("fc_hook_point", doubled)]):
        assert torch.equal(compiled(inputs()), expected)
    assert torch.equal(compiled(inputs()), plain)
    torch._dynamo.reset()


class Gate(torch.jit.ScriptModule):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.fc = nn.Linear(WIDTH, WIDTH)

    @torch.jit.script_method
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)  # type: ignore[no-any-return]


class Encoded(nn.Module):
    """Holds a part that is compiled as it stands, and torch's own encoder, which without gradients
    goes around its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        layer = nn.TransformerEncoderLayer(WIDTH, 2, WIDTH, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, x: torch.Tensor) -> Any:
        return self.encoder(self.gate(x))


@pytest.mark.parametrize(
    "name",
    ["gate", "encoder.layers.0.linear1", "encoder.layers.1.self_attn", "encoder.layers.1.norm2"],
)
def test_parts_that_torch_runs_in_its_own_way(name: str) -> None:
    plain = seeded(Encoded).eval()
    x = torch.randn(2, 3, WIDTH)
    with torch.no_grad():
        before = plain(x)
        model = auto_hook(plain)
        output, cache = model.run_with_cache(x, names_filter=f"{name}.hook_point")
        assert list(cache) == [f"{name}.hook_point"]
        torch.testing.assert_close(output, before)
        hooks = [(f"{name}.hook_point", lambda value, hook: value * 0)]
        assert not torch.equal(model.run_with_hooks(x, fwd_hooks=hooks), before)
        assert torch.equal(model(x), before)


def test_a_compiled_parameter_use_fires_once() -> None:
    torch._dynamo.reset()
    model = auto_hook(seeded(Weight))
    plain, compiled = model(inputs()), torch.compile(model, backend="eager", fullgraph=True)
    with model.hooks(fwd_hooks=[("W_hook_point", doubled)]):
        assert torch.equal(compiled(inputs()), plain * 2)
    torch._dynamo.reset()


@pytest.mark.parametrize(
    "name", ["hook_point", "layers.0.hook_point", "layers.1.linear2.hook_point"]
)
def test_torchs_encoder_with_padding(name: str) -> None:
    """It packs what is no padding into a nested tensor, which no hook could read; not while there
    is one inside."""
    layer = nn.TransformerEncoderLayer(WIDTH, 2, 8, batch_first=True)
    plain = nn.TransformerEncoder(layer, 2).eval()
    x, padding = torch.randn(2, 3, WIDTH), torch.tensor([[False] * 3, [False, False, True]])
    with torch.no_grad():
        before = plain(x, src_key_padding_mask=padding)
        model = auto_hook(plain)
        output, cache = model.run_with_cache(x, src_key_padding_mask=padding, names_filter=name)
        assert list(cache) == [name]
        torch.testing.assert_close(output[~padding], before[~padding])
        copied = copy.deepcopy(model)
        hooks = [(name, lambda value, hook: value * 0)]
        edited = model.run_with_hooks(x, src_key_padding_mask=padding, fwd_hooks=hooks)
        assert not torch.equal(edited[~padding], before[~padding])
        for each in (model, copied):
            assert torch.equal(each(x, src_key_padding_mask=padding), before)


def test_a_copy_of_torchs_encoder_has_the_hooks() -> None:
    layer = nn.TransformerEncoderLayer(WIDTH, 2, 8, batch_first=True)
    model, x = (
        auto_hook(nn.Sequential(nn.TransformerEncoder(layer, 1))).eval(),
        torch.randn(2, 3, 4),
    )
    with torch.no_grad():
        before = model(x)
        model.add_hook("0.layers.0.linear1.hook_point", lambda value, hook: value * 0)
        copied = copy.deepcopy(model)
        edited = model(x)
        model.reset_hooks()
        assert torch.equal(copied(x), edited)
        copied.reset_hooks()
        assert torch.equal(copied(x), before)
        assert torch.equal(model(x), before)
