"""Hooked copies of modeling files of transformers cannot be told from the originals."""

from __future__ import annotations

import copy
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from tests.real_models.cases import CASES, Case, token_ids
from tests.real_models.fired import hook_points_reached
from tests.real_models.hooked_copies import hooked_copy, plain_copy
from tests.real_models.observing import SEED, differences, observe, same

cases = pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
generating = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.id) for case in CASES if case.generates]
)


def built(case: Case, module: ModuleType) -> Any:
    torch.manual_seed(SEED)
    return getattr(module, case.class_name)(case.built_config())


def both(case: Case) -> tuple[Any, Any]:
    """The model of the installed class and the hooked one, with the same parameters."""
    plain = built(case, importlib.import_module(case.module))
    hooked = built(case, hooked_copy(case.module))
    hooked.load_state_dict(copy.deepcopy(plain.state_dict()))
    return plain, hooked


def source_hook_points(model: nn.Module) -> dict[str, HookPoint]:
    return {name: module for name, module in model.named_modules() if isinstance(module, HookPoint)}


@cases
def test_same_state(case: Case) -> None:
    plain, hooked = both(case)
    assert list(plain.state_dict()) == list(hooked.state_dict())
    assert [name for name, _ in plain.named_parameters()] == [
        name for name, _ in hooked.named_parameters()
    ]
    hooked.load_state_dict(plain.state_dict(), strict=True)
    plain.load_state_dict(hooked.state_dict(), strict=True)


@cases
def test_same_random_parameters(case: Case) -> None:
    plain = built(case, plain_copy(case.module)).state_dict()
    random_numbers = torch.get_rng_state()
    hooked = built(case, hooked_copy(case.module)).state_dict()
    assert torch.equal(random_numbers, torch.get_rng_state())
    assert [name for name in plain if not same(plain[name], hooked[name])] == []


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@cases
def test_same_results(case: Case, training: bool) -> None:
    plain, hooked = both(case)
    one = observe(plain.train(training), case.call)
    other = observe(hooked.train(training), case.call)
    assert one.outputs
    assert one.gradients
    assert differences(one, other) == []


@cases
def test_hook_points_of_code_that_runs_fire_and_see_a_tensor(case: Case) -> None:
    _, hooked = both(case)
    hooked.train()
    file = str(hooked_copy(case.module).__file__)
    seen: dict[str, list[Any]] = {name: [] for name in source_hook_points(hooked)}
    for name, hook_point in source_hook_points(hooked).items():
        hook_point.register_forward_hook(
            lambda module, args, output, values=seen[name]: values.append(output)
        )
    source = Path(file).read_text("utf-8")
    reached = hook_points_reached(source, file, lambda: observe(hooked, case.call, backward=False))
    # where AutoModel builds what is inside (LlamaForTokenClassification), that is no copy
    inside = [module for child in hooked.children() for module in child.modules()]
    assert bool(reached) == any("hooked_copies" in type(module).__module__ for module in inside)
    for path, owner in hooked.named_modules():
        for name in owner._modules:
            full = f"{path}.{name}".lstrip(".")
            if (id(owner), name) in reached:
                assert seen[full], f"{full} did not fire"
    assert all(isinstance(value, Tensor) for values in seen.values() for value in values)


@cases
def test_cache_holds_what_passed(case: Case) -> None:
    _, hooked = both(case)
    hooked.train()
    assert isinstance(hooked, HookedRootModule)
    assert source_hook_points(hooked).keys() <= hooked.hook_dict.keys()
    passed: dict[str, Tensor] = {}
    for name, hook_point in hooked.hook_dict.items():
        hook_point.register_forward_hook(
            lambda module, args, output, name=name: passed.update({name: output.detach().clone()})
        )
    torch.manual_seed(SEED)
    _, cache = hooked.run_with_cache(**case.inputs())
    assert len(passed) > 10
    assert passed.keys() == cache.keys()
    assert [name for name, value in passed.items() if not same(value, cache[name])] == []


@cases
def test_hooked_run_is_the_same_run(case: Case) -> None:
    plain, hooked = both(case)
    plain.train()
    hooked.train()
    one = observe(plain, case.call)
    other = observe(hooked, lambda model: model.run_with_cache(**case.inputs())[0])
    assert differences(one, other) == []


@pytest.mark.parametrize(
    "how",
    [{}, {"do_sample": True}, {"num_beams": 2}, {"use_cache": False}],
    ids=["greedy", "sampled", "beams", "no cache"],
)
@generating
def test_generates_the_same_tokens(case: Case, how: dict[str, Any]) -> None:
    tokens = []
    for model in both(case):
        torch.manual_seed(SEED)
        tokens.append(model.eval().generate(token_ids(), max_new_tokens=6, min_new_tokens=6, **how))
    assert tokens[0].shape[1] >= 7
    assert torch.equal(*tokens)


@cases
def test_saved_and_loaded(case: Case, tmp_path: Path) -> None:
    plain = built(case, plain_copy(case.module)).eval()
    hooked = built(case, hooked_copy(case.module)).eval()
    hooked.load_state_dict(plain.state_dict())
    plain.save_pretrained(tmp_path / "plain")
    hooked.save_pretrained(tmp_path / "hooked")
    assert files(tmp_path / "plain") == files(tmp_path / "hooked")
    expected = observe(plain, case.call)
    for folder in ("plain", "hooked"):
        for model in (plain, hooked):
            loaded = type(model).from_pretrained(
                tmp_path / folder,
                attn_implementation=plain.config._attn_implementation,
                experts_implementation=plain.config._experts_implementation,
            )
            assert list(loaded.state_dict()) == list(plain.state_dict())
            assert differences(expected, observe(loaded.eval(), case.call)) == []


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
