"""What must hold for every input, on random models: HOOKS.md's list, invariants 1 to 5."""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import replace

import torch
from autohook_runtime import auto_hook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from autohook_codegen import Fallback, Options, hook_source, strip_source
from tests.fixtures.pairs import load
from tests.insertions import missing_token
from tests.random_models import RandomModel, laid_out, random_models

OPTIONS = st.builds(
    Options,
    root=st.sampled_from([None, ()]),
    fallback=st.sampled_from(list(Fallback)),
    params=st.booleans(),
    activations=st.booleans(),
    inputs=st.booleans(),
    name=st.sampled_from(["{name}_hook_point", "hook_{name}"]),
    per_site=st.booleans(),
    format=st.just(False),
)

ADDED = re.compile(
    r"hook|HookPoint|HookedRootModule|self\.setup\(\)|super\(\)\.__init__\(\*args, \*\*kwargs\)"
)
"""What every line that differs holds: nothing else is added, and nothing is taken away."""

HOOKED = [Options(), Options(activations=True, inputs=True)]

slow = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def tree(code: str) -> str:
    return ast.dump(ast.parse(code))


@slow
@given(laid_out(), OPTIONS)
def test_compiles_and_only_inserts(source: str, options: Options) -> None:
    code = hook_source(source, options).code
    compile(code, "model.py", "exec", dont_inherit=True)
    assert missing_token(source, code) is None


@slow
@given(laid_out(), OPTIONS, st.booleans())
def test_a_second_pass_changes_nothing(source: str, options: Options, formatted: bool) -> None:
    options = replace(options, format=formatted)
    code = hook_source(source, options).code
    assert hook_source(code, options).code == code


@slow
@given(laid_out(), OPTIONS)
def test_strip_gives_the_text_back(source: str, options: Options) -> None:
    assert strip_source(hook_source(source, options).code, options) == source


@slow
@given(laid_out(), OPTIONS)
def test_strip_of_formatted_text_gives_the_same_tree(source: str, options: Options) -> None:
    options = replace(options, format=True)
    assert tree(strip_source(hook_source(source, options).code, options)) == tree(source)


@slow
@given(laid_out(), OPTIONS)
def test_strip_of_an_untouched_source_changes_nothing(source: str, options: Options) -> None:
    assert strip_source(source, options) == source


@slow
@given(laid_out(), OPTIONS)
def test_formatting_is_all_that_formatting_does(source: str, options: Options) -> None:
    plain = hook_source(source, options)
    formatted = hook_source(source, replace(options, format=True))
    assert tree(plain.code) == tree(formatted.code)
    assert plain.sites == formatted.sites
    assert plain.notes == formatted.notes


@slow
@given(laid_out(), OPTIONS)
def test_only_lines_that_gain_something_change(source: str, options: Options) -> None:
    before = source.splitlines(keepends=True)
    after = hook_source(source, options).code.splitlines(keepends=True)
    for tag, first, last, start, end in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        assert tag != "delete"
        if tag in ("insert", "replace"):
            without_ends = [line.replace(")", "") for line in before[first:last]]
            for line in after[start:end]:
                ends_a_call = line.replace(")", "") in without_ends
                assert not line.strip() or ends_a_call or ADDED.search(line), line


@slow
@given(random_models(), st.sampled_from(HOOKED))
def test_same_results(random_model: RandomModel, options: Options) -> None:
    plain, hooked = (
        load(code, "random_model")
        for code in (random_model.source, hook_source(random_model.source, options).code)
    )
    for name in random_model.names:
        results = []
        for module in (plain, hooked):
            torch.manual_seed(1)
            model: nn.Module = getattr(module, name)()
            output = model(torch.randn(2, 8))
            if output.requires_grad:
                output.sum().backward()
            gradients = [
                parameter.grad for parameter in model.parameters() if parameter.grad is not None
            ]
            results.append((list(model.state_dict()), [output, *gradients, torch.get_rng_state()]))
        (one_keys, one), (other_keys, other) = results
        assert one_keys == other_keys
        assert len(one) == len(other)
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@slow
@given(random_models(), st.sampled_from(HOOKED))
def test_hook_points_see_tensors_and_the_cache_holds_them(
    random_model: RandomModel, options: Options
) -> None:
    module = load(hook_source(random_model.source, options).code, "random_model")
    for name in random_model.names:
        torch.manual_seed(1)
        model = getattr(module, name)()
        if not isinstance(model, HookedRootModule):
            auto_hook(model)
        passed: dict[str, torch.Tensor] = {}
        for path, hook_point in model.named_modules():
            if isinstance(hook_point, HookPoint):
                hook_point.register_forward_hook(
                    lambda module, args, output, path=path, passed=passed: passed.update(
                        {path: output.detach().clone()}
                    )
                )
        _, cache = model.run_with_cache(torch.randn(2, 8))
        assert passed.keys() <= cache.keys()
        assert all(torch.equal(cache[path], value) for path, value in passed.items())
