"""The model stays the same object, classes stay classes, and `unwrap` takes all of it back."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from autohook_runtime import RootMethods, auto_hook, unwrap
from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from tests.runtime.models import NET_NAMES, WIDTH, Net, doubled, inputs, seeded


def test_the_same_object() -> None:
    model = seeded(Net)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    plain, before = copy.deepcopy(model), dict(model.named_modules())
    hooked = auto_hook(model)
    assert hooked is model
    assert isinstance(hooked, Net)
    assert isinstance(hooked, HookedRootModule)
    assert type(hooked).__name__ == "Net"
    assert type(auto_hook(seeded(Net))) is type(hooked)
    assert list(hooked.state_dict()) == list(plain.state_dict())
    assert [n for n, _ in hooked.named_parameters()] == [n for n, _ in plain.named_parameters()]
    assert dict(hooked.named_modules()) == before
    assert torch.equal(hooked(inputs())["logits"], plain(inputs())["logits"])
    hooked(inputs())["logits"].sum().backward()
    optimizer.step()
    assert not torch.equal(hooked.head[0].weight, plain.head[0].weight)


def test_lists_and_sequentials() -> None:
    model = auto_hook(nn.Sequential(nn.Identity(), nn.Tanh()))
    assert len(model) == 2
    assert isinstance(model[1], nn.Tanh)
    assert [type(child) for child in model] == [nn.Identity, nn.Tanh]
    assert len(list(model.children())) == 2


def test_tied_weights_stay_tied() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(WIDTH, WIDTH)
            self.head = nn.Linear(WIDTH, WIDTH, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.embed(x))

    model: Any = auto_hook(Tied())
    model.add_perma_hook(lambda name: True, doubled)
    assert model.head.weight is model.embed.weight
    copied = copy.deepcopy(model)
    assert copied.head.weight is copied.embed.weight
    assert len(list(model.parameters())) == 1


def attributes(module: nn.Module) -> dict[str, Any]:
    """As they are now: TransformerLens's lists of hooks change."""
    return {k: list(v) if isinstance(v, list) else v for k, v in module.__dict__.items()}


def test_unwrap() -> None:
    model = seeded(Net)
    seen: list[Any] = []
    theirs = model.blocks[0].register_forward_hook(lambda *args: seen.append(args))
    states = [attributes(module) for module in model.modules()]
    classes = [type(module) for module in model.modules()]
    auto_hook(model)
    model.add_perma_hook(lambda name: True, doubled)
    model.add_hook(lambda name: True, doubled, "bwd")
    assert model.unwrap() is model
    assert [type(module) for module in model.modules()] == classes
    assert [attributes(module) for module in model.modules()] == states
    model(inputs())
    assert len(seen) == 1
    theirs.remove()
    for not_hooked in (model, 3, Net):
        with pytest.raises(TypeError, match="not hooked"):
            unwrap(not_hooked)
    assert torch.equal(auto_hook(model)(inputs())["logits"], seeded(Net)(inputs())["logits"])


class Root(HookedRootModule, nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc_hook_point(self.fc(x))


def test_unwrap_of_transformer_lens_own_root() -> None:
    model = Root()
    state = {**model.__dict__}
    auto_hook(model)
    assert list(model.hook_dict) == ["fc_hook_point", "hook_point"]
    unwrap(model)
    assert type(model) is Root
    assert model.__dict__ == state
    assert type(model.fc_hook_point) is HookPoint
    assert model.fc_hook_point.name == "fc_hook_point"


@auto_hook
class Decorated(nn.Module):
    """Written as older code is."""

    def __init__(self, width: int = WIDTH) -> None:
        super(Decorated, self).__init__()  # noqa: UP008
        self.fc1 = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc1(x)

    @classmethod
    def make(cls, width: int) -> Decorated:
        return cls(width)


class Child(Decorated):
    def __init__(self) -> None:
        super().__init__()
        self.fc2 = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(super().forward(x))


class Grandchild(Child):
    pass


@auto_hook(name="hook_{name}")
class Patterned(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.hook_fc = HookPoint()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.hook_fc(self.fc(x))


def test_a_decorated_class() -> None:
    assert isinstance(Decorated, type)
    assert pickle.loads(pickle.dumps(Decorated)) is Decorated
    assert Decorated.__doc__ == "Written as older code is."
    assert list(Decorated().hook_dict) == ["hook_point", "fc1.hook_point"]
    assert list(Decorated.make(3).hook_dict) == ["hook_point", "fc1.hook_point"]
    assert isinstance(Decorated(), Decorated)
    assert list(Patterned().hook_dict) == ["hook_fc", "hook_point"]


@pytest.mark.parametrize("model_class", [Child, Grandchild])
def test_subclasses_of_a_decorated_class(model_class: Any) -> None:
    model = model_class()
    assert list(model.hook_dict) == ["hook_point", "fc1.hook_point", "fc2.hook_point"]
    assert set(model.run_with_cache(inputs())[1]) == set(model.hook_dict)


def test_an_init_that_raises_leaves_the_decorated_class_usable() -> None:
    with pytest.raises(TypeError):
        Decorated("x")
    assert "fc1.hook_point" in Decorated().hook_dict


MODELS = [Net, Decorated, Child, Root]


def hooked_ones() -> list[Any]:
    return [auto_hook(seeded(model_class)) for model_class in MODELS]


def result(model: Any) -> Any:
    output = model(inputs())
    return output["logits"] if isinstance(output, dict) else output


@pytest.mark.parametrize("model", hooked_ones(), ids=lambda model: type(model).__name__)
def test_deepcopy(model: Any) -> None:
    plain = result(model)
    model.add_perma_hook("hook_point", lambda t, hook: t * 2)
    copied = copy.deepcopy(model)
    assert type(copied) is type(model)
    assert list(copied.hook_dict) == list(model.hook_dict)
    assert torch.equal(result(copied), plain * 2)
    copied.reset_hooks(including_permanent=True)
    assert torch.equal(result(copied), plain)
    assert torch.equal(result(model), plain * 2)
    copied.add_hook(lambda name: True, lambda t, hook: t * 0)
    assert torch.equal(result(model), plain * 2)
    model.reset_hooks(including_permanent=True)
    assert torch.equal(result(model), plain)


@pytest.mark.parametrize("is_hooked", [False, True])
@pytest.mark.parametrize("model", hooked_ones(), ids=lambda model: type(model).__name__)
def test_pickle(model: Any, is_hooked: bool) -> None:
    plain = result(model)
    if is_hooked:
        model.add_hook(lambda name: True, lambda t, hook: t * 2)
        model.add_hook(lambda name: True, lambda t, hook: t * 2, "bwd")
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    for other in (pickle.loads(pickle.dumps(model)), torch.load(file, weights_only=False)):
        assert isinstance(other, RootMethods)
        assert list(other.hook_dict) == list(model.hook_dict)
        assert not other.list_hooks()
        assert torch.equal(result(other), plain)
        assert set(other.run_with_cache(inputs())[1]) == set(model.hook_dict)
        assert type(unwrap(other)).__module__ == type(model).__module__


def test_a_part_of_a_model_with_hooks_is_copied_without_them() -> None:
    model = auto_hook(seeded(Net))
    plain = copy.deepcopy(model.blocks[0])(inputs())
    model.add_hook(lambda name: True, doubled)
    for other in (copy.deepcopy(model.blocks[0]), pickle.loads(pickle.dumps(model.blocks[0]))):
        assert torch.equal(other(inputs()), plain)


def test_pickle_in_a_new_process(tmp_path: Path) -> None:
    torch.save(auto_hook(seeded(Net)), tmp_path / "model.pt")
    code = (
        "import sys, torch; model = torch.load(sys.argv[1], weights_only=False); "
        "print(*model.hook_dict); x = torch.ones(2, 4); assert len(model.run_with_cache(x)[1]) == 18"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "model.pt"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert done.stdout.split() == NET_NAMES


def test_moves_of_device_and_type() -> None:
    model = auto_hook(seeded(Net)).half().to("cpu").double()
    cache = model.run_with_cache(inputs().double())[1]
    assert {value.dtype for value in cache.values()} == {torch.float64}
    assert model.train(False).training is False


def test_an_object_made_of_a_hooked_models_class_is_hooked() -> None:
    other = type(auto_hook(Decorated()))(3)
    assert other.fc1.in_features == 3
    assert list(other.hook_dict) == ["hook_point", "fc1.hook_point"]


REGISTRY: list[type] = []


class Registering(nn.Module):
    def __init_subclass__(cls) -> None:
        REGISTRY.append(cls)


class Registered(Registering):
    pass


def test_a_class_that_lists_its_subclasses_does_not_find_ours() -> None:
    model = auto_hook(Registered())
    model.add_hook("hook_point", doubled)
    assert len(REGISTRY) == 1
