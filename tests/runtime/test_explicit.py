"""`explicit_if_hooked`: scores and pattern of functions that make neither."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch._dynamo
import torch.nn.functional as F
from autohook_runtime import auto_hook, explicit_if_hooked
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.bias import causal_lower_right
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from tests.runtime.attention_functions import (
    LowerTriangularMask,
    dispatch_attention_fn,
    flash_attn_func,
    memory_efficient_attention,
)

SDPA = F.scaled_dot_product_attention
NO, YES = float("-inf"), 0.0


class Holder(HookedRootModule):
    """A root of TransformerLens's own."""

    def __init__(self) -> None:
        super().__init__()
        self.attn_scores_hook_point = HookPoint()
        self.pattern_hook_point = HookPoint()
        self.setup()

    def forward(self, callee: Any, *args: Any, **kwargs: Any) -> Any:
        attend = explicit_if_hooked(callee, self.attn_scores_hook_point, self.pattern_hook_point)
        return attend(*args, **kwargs)


def plain() -> Any:
    return Holder()


def completed() -> Any:
    return auto_hook(Holder())


@pytest.fixture(params=[plain, completed], ids=["plain", "auto_hook"])
def model(request: Any) -> Any:
    return request.param()


def tensors(*shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator) for shape in shapes]


def random_mask(*shape: int) -> Tensor:
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(1)) > 0.4
    mask[..., 0] = True
    return mask


def blind_row(*shape: int) -> Tensor:
    mask = random_mask(*shape)
    mask[..., 1, :] = False
    return mask


HEADS_FIRST = ((2, 4, 5, 8), (2, 4, 5, 8), (2, 4, 5, 8))
MORE_KEYS = ((2, 4, 5, 8), (2, 4, 7, 8), (2, 4, 7, 8))
FEWER_KEYS = ((2, 4, 5, 8), (2, 4, 3, 8), (2, 4, 3, 8))
GROUPED = ((2, 4, 5, 8), (2, 2, 5, 8), (2, 2, 5, 8))
POSITIONS_FIRST = ((2, 5, 4, 8), (2, 7, 4, 8), (2, 7, 4, 8))
POSITIONS_FIRST_GROUPED = ((2, 5, 4, 8), (2, 7, 2, 8), (2, 7, 2, 8))

CASES: dict[str, tuple[Callable[..., Any], Any, dict[str, Any]]] = {
    "bare": (SDPA, HEADS_FIRST, {}),
    "causal": (SDPA, HEADS_FIRST, {"is_causal": True}),
    "causal, fewer queries": (SDPA, MORE_KEYS, {"is_causal": True}),
    "causal, fewer keys": (SDPA, FEWER_KEYS, {"is_causal": True}),
    "bool mask": (SDPA, MORE_KEYS, {"attn_mask": random_mask(5, 7)}),
    "bool mask for each head": (SDPA, MORE_KEYS, {"attn_mask": random_mask(2, 4, 5, 7)}),
    "padding": (SDPA, MORE_KEYS, {"attn_mask": random_mask(2, 1, 1, 7)}),
    "a row sees nothing": (SDPA, MORE_KEYS, {"attn_mask": blind_row(2, 1, 5, 7)}),
    "float mask": (SDPA, MORE_KEYS, {"attn_mask": torch.linspace(-1, 1, 35).view(5, 7)}),
    "float mask, a row sees nothing": (
        SDPA,
        MORE_KEYS,
        {"attn_mask": torch.where(blind_row(2, 1, 5, 7), YES, NO)},
    ),
    "a mask that torch knows": (SDPA, MORE_KEYS, {"attn_mask": causal_lower_right(5, 7)}),
    "causal and a mask": (
        SDPA,
        HEADS_FIRST,
        {"attn_mask": random_mask(5, 5), "is_causal": True},
    ),
    "scale": (SDPA, HEADS_FIRST, {"scale": 0.5}),
    "grouped": (SDPA, GROUPED, {"enable_gqa": True, "is_causal": True}),
    "other width of values": (SDPA, ((2, 4, 5, 8), (2, 4, 7, 8), (2, 4, 7, 3)), {}),
    "no heads": (SDPA, ((3, 5, 8), (3, 7, 8), (3, 7, 8)), {"is_causal": True}),
    "one batch of keys": (SDPA, ((3, 4, 5, 8), (1, 4, 7, 8), (1, 4, 7, 8)), {}),
    "partial": (partial(SDPA, is_causal=True), HEADS_FIRST, {"scale": 0.3}),
    "flash": (flash_attn_func, POSITIONS_FIRST, {}),
    "flash causal": (flash_attn_func, POSITIONS_FIRST, {"causal": True}),
    "flash causal, fewer keys": (
        flash_attn_func,
        ((2, 5, 4, 8), (2, 3, 4, 8), (2, 3, 4, 8)),
        {"causal": True},
    ),
    "flash grouped": (flash_attn_func, POSITIONS_FIRST_GROUPED, {"softmax_scale": 0.2}),
    "flash window": (flash_attn_func, POSITIONS_FIRST, {"window_size": (2, 1)}),
    "flash causal window": (
        flash_attn_func,
        POSITIONS_FIRST,
        {"causal": True, "window_size": (2, -1)},
    ),
    "flash alibi": (flash_attn_func, POSITIONS_FIRST, {"alibi_slopes": torch.rand(4)}),
    "flash with more results": (flash_attn_func, POSITIONS_FIRST, {"return_attn_probs": True}),
    "diffusers": (dispatch_attention_fn, POSITIONS_FIRST, {}),
    "diffusers' mask": (
        dispatch_attention_fn,
        POSITIONS_FIRST,
        {"attn_mask": random_mask(2, 7), "backend": "native"},
    ),
    "diffusers causal": (
        dispatch_attention_fn,
        POSITIONS_FIRST_GROUPED,
        {"is_causal": True, "enable_gqa": True, "attention_kwargs": {}},
    ),
    "xformers": (memory_efficient_attention, POSITIONS_FIRST, {"scale": 0.2}),
    "xformers' mask": (
        memory_efficient_attention,
        POSITIONS_FIRST,
        {"attn_bias": LowerTriangularMask(), "op": None},
    ),
    "xformers' bias": (
        memory_efficient_attention,
        POSITIONS_FIRST,
        {"attn_bias": torch.linspace(-1, 1, 35).view(5, 7)},
    ),
    "xformers, no heads": (memory_efficient_attention, ((3, 5, 8), (3, 7, 8), (3, 7, 8)), {}),
    "xformers, groups": (
        memory_efficient_attention,
        ((2, 5, 2, 4, 8), (2, 7, 2, 4, 8), (2, 7, 2, 4, 8)),
        {},
    ),
}
BY_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def inputs_of(shapes: Any) -> list[Tensor]:
    return [tensor.requires_grad_() for tensor in tensors(*shapes)]


def output_of(result: Any) -> Tensor:
    tensor = result[0] if isinstance(result, tuple) else result
    assert isinstance(tensor, Tensor)
    return tensor


def gradients(output: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    weights = torch.linspace(-1, 1, output.numel()).view_as(output).to(output)
    return list(torch.autograd.grad((output * weights).sum(), inputs, retain_graph=True))


def equal(some: list[Tensor], others: list[Tensor]) -> bool:
    return all(map(torch.equal, some, others))


@pytest.mark.parametrize("callee", [SDPA, flash_attn_func], ids=["builtin", "function"])
def test_without_hooks_it_is_the_callee(model: Any, callee: Any) -> None:
    points = model.attn_scores_hook_point, model.pattern_hook_point
    assert explicit_if_hooked(callee, *points) is callee
    model.add_hook("pattern_hook_point", lambda value, hook: None)
    assert explicit_if_hooked(callee, *points) is not callee
    model.reset_hooks()
    model.add_hook("attn_scores_hook_point", lambda value, hook: None, dir="bwd")
    assert explicit_if_hooked(callee, *points) is not callee
    model.reset_hooks()
    assert explicit_if_hooked(callee, *points) is callee


@BY_CASE
def test_hooks_that_look_change_no_bit(model: Any, case: Any) -> None:
    callee, shapes, arguments = case
    inputs = inputs_of(shapes)
    expected = callee(*inputs, **arguments)
    seen: dict[str, Tensor] = {}

    def look(value: Tensor, hook: Any) -> None:
        seen[hook.name] = value.detach().clone()

    with model.hooks(fwd_hooks=[("attn_scores_hook_point", look), ("pattern_hook_point", look)]):
        result = model(callee, *inputs, **arguments)
    assert type(result) is type(expected)
    output, before = output_of(result), output_of(expected)
    assert torch.equal(output, before)
    assert output.stride() == before.stride()
    assert equal(gradients(output, inputs), gradients(before, inputs))
    scores, pattern = seen["attn_scores_hook_point"], seen["pattern_hook_point"]
    sees = (scores > NO).any(-1)
    torch.testing.assert_close(pattern.sum(-1), sees.to(pattern))
    torch.testing.assert_close(pattern, scores.softmax(-1).nan_to_num())


@BY_CASE
@pytest.mark.parametrize("name", ["attn_scores_hook_point", "pattern_hook_point"])
def test_an_edit_gives_what_the_steps_give(model: Any, case: Any, name: str) -> None:
    callee, shapes, arguments = case
    inputs = inputs_of(shapes)
    before = output_of(callee(*inputs, **arguments))
    with model.hooks(fwd_hooks=[(name, lambda value, hook: value.clone())]):
        output = output_of(model(callee, *inputs, **arguments))
    torch.testing.assert_close(output, before)
    assert output.stride() == before.stride()
    for gradient, other in zip(gradients(output, inputs), gradients(before, inputs), strict=True):
        torch.testing.assert_close(gradient, other)


def zeroed(value: Tensor, hook: Any) -> Tensor:
    return value * 0


def zeroed_in_place(value: Tensor, hook: Any) -> None:
    value.zero_()


@BY_CASE
@pytest.mark.parametrize("edit", [zeroed, zeroed_in_place])
@pytest.mark.parametrize(
    "mode", [torch.no_grad, torch.inference_mode], ids=lambda mode: mode.__name__
)
def test_the_output_is_of_the_edited_pattern(model: Any, case: Any, edit: Any, mode: Any) -> None:
    callee, shapes, arguments = case
    with mode():
        inputs = tensors(*shapes)
        result = model.run_with_hooks(
            callee, *inputs, fwd_hooks=[("pattern_hook_point", edit)], **arguments
        )
    assert not output_of(result).any()


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_looking_changes_nothing_without_gradients(model: Any, mode: Any) -> None:
    with mode():
        inputs = tensors(*HEADS_FIRST)
        output, cache = model.run_with_cache(SDPA, *inputs, is_causal=True)
        assert torch.equal(output, SDPA(*inputs, is_causal=True))
        torch.testing.assert_close(cache["pattern_hook_point"] @ inputs[2], output)


@BY_CASE
def test_backward_hooks_see_and_change_gradients(model: Any, case: Any) -> None:
    callee, shapes, arguments = case
    inputs = inputs_of(shapes)
    before = gradients(output_of(callee(*inputs, **arguments)), inputs)
    seen: list[Tensor] = []
    look = [("pattern_hook_point", lambda gradient, hook: seen.append(gradient.clone()))]
    with model.hooks(bwd_hooks=look):
        after = gradients(output_of(model(callee, *inputs, **arguments)), inputs)
    assert len(seen) == 1
    for gradient, other in zip(after, before, strict=True):
        torch.testing.assert_close(gradient, other)
    nothing = [("attn_scores_hook_point", lambda gradient, hook: gradient * 0)]
    with model.hooks(bwd_hooks=nothing):
        after = gradients(output_of(model(callee, *inputs, **arguments)), inputs)
    assert not after[0].any()
    assert not after[1].any()
    assert after[2].any()


def test_a_hook_may_ask_for_the_gradient_of_what_it_sees(model: Any) -> None:
    inputs = inputs_of(HEADS_FIRST)
    seen: list[Tensor] = []

    def keep(value: Tensor, hook: Any) -> None:
        value.retain_grad()
        seen.append(value)

    with model.hooks(fwd_hooks=[("pattern_hook_point", keep)]):
        model(SDPA, *inputs).sum().backward()
    assert seen[0].grad is not None


def test_an_edit_in_place_leaves_the_gradients_right(model: Any) -> None:
    inputs = inputs_of(HEADS_FIRST)

    def first_head(pattern: Tensor, hook: Any) -> None:
        pattern[:, 0] = 0

    with model.hooks(fwd_hooks=[("pattern_hook_point", first_head)]):
        output = model(SDPA, *inputs)
    before = SDPA(*inputs) * torch.tensor([0, 1, 1, 1]).view(1, 4, 1, 1)
    torch.testing.assert_close(output, before)
    for one, other in zip(gradients(output, inputs), gradients(before, inputs), strict=True):
        torch.testing.assert_close(one, other)


def test_dropout_draws_what_the_fused_function_draws(model: Any) -> None:
    """A hook that looks leaves the random numbers, these and those that follow."""
    inputs = tensors(*HEADS_FIRST)
    torch.manual_seed(3)
    expected, following = SDPA(*inputs, dropout_p=0.5), torch.rand(3)
    torch.manual_seed(3)
    output, cache = model.run_with_cache(SDPA, *inputs, dropout_p=0.5)
    assert torch.equal(output, expected)
    assert torch.equal(torch.rand(3), following)
    torch.testing.assert_close(cache["pattern_hook_point"].sum(-1), torch.ones(2, 4, 5))


def test_an_edit_has_dropout_too(model: Any) -> None:
    query, key, value = tensors(*HEADS_FIRST)
    uniform = [("pattern_hook_point", lambda pattern, hook: torch.ones_like(pattern))]
    output = model.run_with_hooks(
        SDPA, query, key, torch.ones_like(value), dropout_p=0.5, fwd_hooks=uniform
    )
    assert set(output.unique().tolist()) <= {0.0, 2.0, 4.0, 6.0, 8.0, 10.0}
    assert len(output.unique()) > 1


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_is_that_of_the_callee(model: Any, dtype: torch.dtype) -> None:
    inputs = inputs_of(HEADS_FIRST)
    mask = torch.linspace(-1, 1, 25).view(5, 5)
    with torch.autocast("cpu", dtype):
        expected = SDPA(*inputs, attn_mask=mask)
        output, cache = model.run_with_cache(SDPA, *inputs, attn_mask=mask)
        with model.hooks(fwd_hooks=[("pattern_hook_point", lambda value, hook: value.clone())]):
            edited = model(SDPA, *inputs, attn_mask=mask)
    assert torch.equal(output, expected)
    assert edited.dtype == expected.dtype == dtype
    assert cache["pattern_hook_point"].dtype == dtype
    torch.testing.assert_close(edited, expected, rtol=0.05, atol=0.02)
    assert all(gradient.dtype == torch.float32 for gradient in gradients(edited, inputs))


def test_kernels_are_chosen_as_for_the_callee(model: Any) -> None:
    inputs = tensors(*HEADS_FIRST)
    with sdpa_kernel(SDPBackend.MATH):
        output, _ = model.run_with_cache(SDPA, *inputs)
        assert torch.equal(output, SDPA(*inputs))


def test_code_behind_it_may_rely_on_the_layout(model: Any) -> None:
    """Where the fused output can be viewed as heads side by side, an edited one can."""
    projected = torch.randn(2, 5, 4, 8)
    inputs = [projected.transpose(1, 2)] * 3
    keep = [("pattern_hook_point", lambda value, hook: value.clone())]
    SDPA(*inputs).transpose(1, 2).view(2, 5, 32)
    model.run_with_hooks(SDPA, *inputs, fwd_hooks=keep).transpose(1, 2).view(2, 5, 32)


class Attention(nn.Module):
    """What a module of transformers has that its attention functions read."""

    def __init__(self, groups: int, is_causal: bool = True) -> None:
        super().__init__()
        self.num_key_value_groups = groups
        self.is_causal = is_causal
        self.sinks = nn.Parameter(torch.linspace(-1, 1, 4))
        self.attn_scores_hook_point = HookPoint()
        self.pattern_hook_point = HookPoint()


def eager_attention_forward(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, Tensor]:
    """As the rewriter writes those of Gemma 2 and GPT-OSS."""
    key = key.repeat_interleave(module.num_key_value_groups, dim=1)
    value = value.repeat_interleave(module.num_key_value_groups, dim=1)
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    if attention_mask is not None:
        scores = scores + attention_mask
    scores = module.attn_scores_hook_point(scores)
    if s_aux is not None:
        sinks = module.sinks.reshape(1, -1, 1, 1).expand(*scores.shape[:-1], 1)
        pattern = torch.cat([scores, sinks], dim=-1).softmax(-1)[..., :-1]
    else:
        pattern = nn.functional.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    pattern = module.pattern_hook_point(pattern)
    weights = nn.functional.dropout(pattern, p=dropout, training=module.training)
    output = torch.matmul(weights, value).transpose(1, 2).contiguous()
    return output, weights


class Interface(HookedRootModule):
    """Calls transformers' interface with its eager function, or without."""

    def __init__(self, implementation: Any, groups: int, has_eager: bool, is_causal: bool) -> None:
        super().__init__()
        self.attn = Attention(groups, is_causal)
        self.implementation = implementation
        self.eager = [eager_attention_forward] if has_eager else []
        self.setup()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        points = self.attn.attn_scores_hook_point, self.attn.pattern_hook_point
        attend = explicit_if_hooked(self.implementation, *points, *self.eager)
        return attend(self.attn, *args, **kwargs)


def flash_attention_forward(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    is_causal: bool | None = None,
    s_aux: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Transformers' by this name, where flash-attn is installed: it knows windows, padding, softcap
    and sinks by itself."""
    keys, queries = key.size(2), query.size(2)
    distance = torch.arange(keys) - torch.arange(queries)[:, None] - (keys - queries)
    seen = torch.ones_like(distance, dtype=torch.bool)
    if module.is_causal if is_causal is None else is_causal:
        seen = distance <= 0
    if sliding_window is not None and keys > sliding_window:
        seen = seen & (distance.abs() < sliding_window)
    if attention_mask is not None:
        seen = seen & attention_mask[:, None, None].bool()
    groups = query.size(1) // key.size(1)
    key, value = (each.repeat_interleave(groups, 1) for each in (key, value))
    scores = query @ key.mT * (query.size(-1) ** -0.5 if scaling is None else scaling)
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    scores = scores.masked_fill(~seen, NO)
    if s_aux is not None:
        sinks = s_aux.view(1, -1, 1, 1).expand(*scores.shape[:-1], 1)
        pattern = torch.cat([scores, sinks], -1).softmax(-1)[..., :-1]
    else:
        pattern = torch.ops.aten._safe_softmax(scores, -1)
    return (pattern @ value).transpose(1, 2).contiguous(), None


PADDED = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])
PADDED_CAUSAL = PADDED[:, None, None].bool() & torch.ones(5, 5, dtype=torch.bool).tril()
SDPA_FORWARD = ALL_ATTENTION_FUNCTIONS["sdpa"]
ONE_QUERY = ((2, 4, 1, 8), (2, 2, 7, 8), (2, 2, 7, 8))
INTERFACE_CASES: dict[str, tuple[Any, Any, dict[str, Any], bool]] = {
    "no mask says causal": (SDPA_FORWARD, GROUPED, {}, True),
    "no mask says causal, more keys": (SDPA_FORWARD, MORE_KEYS, {}, True),
    "no mask, one query": (SDPA_FORWARD, ONE_QUERY, {}, True),
    "no mask, an encoder": (SDPA_FORWARD, HEADS_FIRST, {"is_causal": False}, True),
    "bool mask": (SDPA_FORWARD, GROUPED, {"attention_mask": random_mask(2, 1, 5, 5)}, True),
    "left padding": (SDPA_FORWARD, GROUPED, {"attention_mask": PADDED_CAUSAL}, True),
    "float mask": (
        SDPA_FORWARD,
        GROUPED,
        {"attention_mask": torch.where(PADDED_CAUSAL, YES, NO)},
        True,
    ),
    "flash": (flash_attention_forward, GROUPED, {}, True),
    "flash, more keys": (flash_attention_forward, MORE_KEYS, {}, True),
    "flash, an encoder": (flash_attention_forward, GROUPED, {"is_causal": False}, True),
    "flash, padding": (flash_attention_forward, GROUPED, {"attention_mask": PADDED}, True),
    "flash, a window": (flash_attention_forward, MORE_KEYS, {"sliding_window": 3}, True),
    "flash, a window, no order": (
        flash_attention_forward,
        MORE_KEYS,
        {"sliding_window": 3, "is_causal": False},
        True,
    ),
    "flash, softcap": (flash_attention_forward, GROUPED, {"softcap": 0.5}, True),
    "flash, sinks": (flash_attention_forward, GROUPED, {"s_aux": ...}, False),
}


@pytest.mark.parametrize("has_eager", [True, False], ids=["eager", "no eager"])
@pytest.mark.parametrize("is_completed", [False, True], ids=["plain", "auto_hook"])
@pytest.mark.parametrize("case", INTERFACE_CASES.values(), ids=INTERFACE_CASES.keys())
def test_the_interface_of_transformers(case: Any, is_completed: bool, has_eager: bool) -> None:
    implementation, shapes, arguments, is_without_eager = case
    if not has_eager and not is_without_eager:
        return  # a note, in place of an explicit_if_hooked
    inputs = inputs_of(shapes)
    groups = inputs[0].size(1) // inputs[1].size(1)
    model: Any = Interface(implementation, groups, has_eager, arguments.get("is_causal", True))
    arguments = {"attention_mask": None, "scaling": 0.3, "dropout": 0.0} | arguments
    if "s_aux" in arguments:
        arguments["s_aux"] = model.attn.sinks
    before, nothing = model(*inputs, **arguments)
    model = auto_hook(model) if is_completed else model
    (output, still_nothing), cache = model.run_with_cache(*inputs, **arguments)
    assert nothing is still_nothing is None
    assert torch.equal(output, before)
    assert equal(gradients(output, inputs), gradients(before, inputs))
    pattern = cache["attn.pattern_hook_point"]
    value = inputs[2].repeat_interleave(groups, 1)
    torch.testing.assert_close((pattern @ value).transpose(1, 2), before)
    for name in ("attn.attn_scores_hook_point", "attn.pattern_hook_point"):
        with model.hooks(fwd_hooks=[(name, lambda value, hook: value.clone())]):
            edited, _ = model(*inputs, **arguments)
        torch.testing.assert_close(edited, before)
        for one, other in zip(gradients(edited, inputs), gradients(before, inputs), strict=True):
            torch.testing.assert_close(one, other)
    for edit in (zeroed, zeroed_in_place):
        with torch.inference_mode():
            edited, _ = model.run_with_hooks(
                *inputs, fwd_hooks=[("attn.pattern_hook_point", edit)], **arguments
            )
        assert not edited.any()


def test_the_eager_function_itself_needs_nothing() -> None:
    model: Any = Interface(eager_attention_forward, 2, True, True)
    inputs = tensors(*GROUPED)
    points = model.attn.attn_scores_hook_point, model.attn.pattern_hook_point
    (_, weights), cache = model.run_with_cache(*inputs, None, scaling=0.3)
    assert torch.equal(cache["attn.pattern_hook_point"], weights)
    model.add_hook("attn.pattern_hook_point", zeroed)
    eager = eager_attention_forward
    assert explicit_if_hooked(eager, *points, eager) is eager


def test_dropout_of_the_interface_draws_what_the_fused_function_draws() -> None:
    model: Any = Interface(SDPA_FORWARD, 1, True, True)
    inputs = tensors(*HEADS_FIRST)
    arguments = {"attention_mask": None, "scaling": 0.3, "dropout": 0.5}
    torch.manual_seed(3)
    expected, following = model(*inputs, **arguments)[0], torch.rand(3)
    torch.manual_seed(3)
    (output, _), _ = model.run_with_cache(*inputs, **arguments)
    assert torch.equal(output, expected)
    assert torch.equal(torch.rand(3), following)


@pytest.mark.parametrize("kind", ["block mask", "packed"])
def test_where_the_arguments_tell_too_little_it_is_the_fused_function(kind: str) -> None:
    def fused(module: Any, query: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, None]:
        return query.transpose(1, 2), None

    model: Any = Interface(fused, 1, True, True)
    inputs = tensors(*HEADS_FIRST)
    mask = SimpleNamespace() if kind == "block mask" else None
    packed = {"cu_seq_lens_q": torch.tensor([0, 5])} if kind == "packed" else {}
    (output, _), cache = model.run_with_cache(*inputs, mask, scaling=1.0, **packed)
    assert torch.equal(output, inputs[0].transpose(1, 2))
    assert "attn.pattern_hook_point" not in cache


class Compiled(Holder):
    """Attention as a GPT has it."""

    def __init__(self, is_interface: bool) -> None:
        super().__init__()
        self.proj = nn.Linear(8, 24)
        self.is_interface = is_interface
        self.num_key_value_groups, self.is_causal = 1, True

    def forward(self, x: Tensor) -> Any:
        q, k, v = self.proj(x).view(2, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
        points = self.attn_scores_hook_point, self.pattern_hook_point
        if self.is_interface:
            attend = explicit_if_hooked(SDPA_FORWARD, *points, eager_attention_forward)
            return attend(self, q, k, v, None, scaling=0.5)[0]
        return explicit_if_hooked(SDPA, *points)(q, k, v, is_causal=True)


@pytest.mark.parametrize("is_completed", [False, True], ids=["plain", "auto_hook"])
@pytest.mark.parametrize("is_interface", [False, True], ids=["sdpa", "interface"])
def test_a_late_hook_fires_in_a_compiled_model(is_interface: bool, is_completed: bool) -> None:
    torch._dynamo.reset()
    model: Any = Compiled(is_interface)
    model = auto_hook(model) if is_completed else model
    compiled: Any = torch.compile(model, fullgraph=True, backend="aot_eager")
    (x,) = tensors((2, 5, 8))
    before = model(x)
    torch.testing.assert_close(compiled(x), before)
    explanation = torch._dynamo.explain(model)(x)
    assert explanation.graph_break_count == 0

    def first_head(pattern: Tensor, hook: Any) -> None:
        pattern[:, 0] = 0

    def doubled(pattern: Tensor, hook: Any) -> Tensor:
        return pattern * 2

    seen: list[Tensor] = []

    def look(value: Tensor, hook: Any) -> None:
        seen.append(value.clone())

    for name in ("pattern_hook_point", "attn_scores_hook_point"):
        for hook in (doubled, first_head):
            with model.hooks(fwd_hooks=[(name, hook)]):
                expected = model(x)
                assert not torch.equal(expected, before)
                torch.testing.assert_close(compiled(x), expected)
            torch.testing.assert_close(compiled(x), before)
        with model.hooks(fwd_hooks=[(name, look)]):
            assert torch.equal(compiled(x), before)
        assert seen
    torch._dynamo.reset()


def test_in_a_transform_of_functions() -> None:
    """Under vmap no tensor knows that it was changed in place."""
    model = completed()
    inputs = tensors(*((3, *shape) for shape in HEADS_FIRST))
    attend = torch.vmap(partial(model, SDPA))
    before = attend(*inputs)
    with model.hooks(fwd_hooks=[("pattern_hook_point", lambda value, hook: None)]):
        assert torch.equal(attend(*inputs), before)
    with model.hooks(fwd_hooks=[("pattern_hook_point", zeroed_in_place)]):
        assert not attend(*inputs).any()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_call_of_it(data: Any) -> None:
    """Sizes, masks, scales and groups, drawn together."""
    draw = data.draw
    batch, groups, shared = (
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 2)),
    )
    queries, keys, width = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 8))
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    shapes = [(batch, groups * shared, queries, width), *[(batch, shared, keys, width)] * 2]
    inputs = [tensor.to(dtype).requires_grad_() for tensor in tensors(*shapes)]
    arguments: dict[str, Any] = {"enable_gqa": groups > 1}
    kind = draw(st.sampled_from(["none", "causal", "bool", "float"]))
    shape = (
        draw(st.sampled_from([1, batch])),
        draw(st.sampled_from([1, groups * shared])),
        draw(st.sampled_from([1, queries])),
        keys,
    )
    mask = (
        torch.rand(shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 99)))) > 0.5
    )
    if kind == "causal":
        arguments["is_causal"] = True
    elif kind == "bool":
        arguments["attn_mask"] = mask
    elif kind == "float":
        arguments["attn_mask"] = torch.where(mask, 0.5, NO).to(dtype)
    if draw(st.booleans()):
        arguments["scale"] = draw(st.floats(0.125, 2))
    before = SDPA(*inputs, **arguments)
    for make in (plain, completed):
        model = make()
        output, cache = model.run_with_cache(SDPA, *inputs, **arguments)
        assert torch.equal(output, before)
        with model.hooks(fwd_hooks=[("attn_scores_hook_point", lambda value, hook: value.clone())]):
            edited = model(SDPA, *inputs, **arguments)
        torch.testing.assert_close(edited, before)
        for one, other in zip(gradients(edited, inputs), gradients(before, inputs), strict=True):
            torch.testing.assert_close(one, other)
        assert cache["pattern_hook_point"].shape == (batch, groups * shared, queries, keys)
