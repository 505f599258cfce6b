"""Attention scores and pattern where the code never makes them: in a fused function.

With a hook at one of the two hook points the fused function runs as ever, and behind it the steps
that it stands for, through the hook points. Its own result is what goes on, unless a hook has
changed something.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._functorch import is_functorch_wrapped_tensor
from transformer_lens.hook_points import HookPoint

from autohook_runtime.attention_calls import Attention, read_call
from autohook_runtime.hook_points import KeptHookPoint


def explicit_if_hooked(
    callee: Callable[..., Any],
    scores_hook_point: HookPoint,
    pattern_hook_point: HookPoint,
    eager: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """Returns an attention function that shows its scores and its pattern to hooks.

    Without hooks it is `callee` itself. Hooks that only look leave its output and the gradients as
    they are, to the last bit. Where a hook changes something, or asks for gradients (a backward
    hook; `retain_grad()` or `register_hook()` on the tensor), the output is that of the steps:
    equal to rounding, with other random numbers in a dropout.

    Args:
        callee: `F.scaled_dot_product_attention` or one that is called like it,
            `dispatch_attention_fn`, `flash_attn_func`, `memory_efficient_attention`, or what
            transformers' `get_interface` gives.
        scores_hook_point: gets what the softmax is taken of, masked positions being -inf,
            `[batch, head, query, key]`.
        pattern_hook_point: gets the softmax, before dropout, `[batch, head, query, key]`. A row
            that sees nothing is 0.
        eager: the function of the same file that computes what transformers' interface does, and
            calls the two hook points of the module that it is handed.

    Example:
        >>> attend = explicit_if_hooked(
        ...     F.scaled_dot_product_attention, self.attn_scores_hook_point, self.pattern_hook_point
        ... )
        >>> z = attend(q, k, v, is_causal=True)  # [batch, head, query, d_head]
    """
    if _is_idle(scores_hook_point) and _is_idle(pattern_hook_point):
        return callee
    if callee is eager:  # which calls the hook points itself
        return callee
    return partial(_attend, callee, eager, scores_hook_point, pattern_hook_point)


def _is_idle(hook_point: HookPoint) -> bool:
    kind, held = type(hook_point), hook_point.__dict__
    if kind is KeptHookPoint:
        return not held["is_on"]
    # TransformerLens's lists are asked beside torch's dictionaries: the compiler sees them change
    return kind is HookPoint and not (
        held["fwd_hooks"] or held["_forward_hooks"] or held["_backward_hooks"]
    )


class _OnlyLooked(Exception):  # noqa: N818 (it ends the steps, nothing is wrong)
    """No hook has changed anything: there is nothing more to compute."""


class _Watched:
    """The two hook points, and whether their hooks do more than look."""

    is_changed: bool | Tensor = False
    """A tensor where only the values say so."""
    blind: Tensor | None = None
    """The rows that see nothing, where the steps do not know."""

    def __init__(self, scores_hook_point: HookPoint, pattern_hook_point: HookPoint) -> None:
        self.hook_points = scores_hook_point, pattern_hook_point

    def scores(self, value: Tensor) -> Tensor:
        return self._send(self.hook_points[0], value)

    def pattern(self, value: Tensor) -> Tensor:
        if self.blind is not None:
            value = value.masked_fill(self.blind, 0)
        value = self._send(self.hook_points[1], value)
        if self.is_changed is False:
            raise _OnlyLooked
        return value

    def _send(self, hook_point: HookPoint, value: Tensor) -> Tensor:
        is_compiling = torch.compiler.is_compiling()
        if is_compiling or value.is_inference() or is_functorch_wrapped_tensor(value):
            before = value.clone()  # nothing else says whether a hook changes it in place
            sent: Tensor = hook_point(value)
            if sent is not value:
                self.is_changed = True
            elif self.is_changed is not True:
                same = torch.isclose(before, sent, rtol=0, atol=0, equal_nan=True).all()
                self.is_changed = ~same | self.is_changed
            return sent
        version = value._version
        sent = hook_point(value)
        asks_gradient = sent.retains_grad or sent._backward_hooks
        if sent is not value or sent._version != version or asks_gradient:
            self.is_changed = True
        return sent


class _Attending:
    """An attention module as its eager function sees it: with the hook points watched."""

    def __init__(self, module: nn.Module, watched: _Watched) -> None:
        self.module, self.watched = module, watched

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.module, name)
        if value is self.watched.hook_points[0]:
            return self.watched.scores
        if value is self.watched.hook_points[1]:
            return self.watched.pattern
        return value


def _attend(
    callee: Callable[..., Any],
    eager: Callable[..., Any] | None,
    scores_hook_point: HookPoint,
    pattern_hook_point: HookPoint,
    *args: Any,
    **kwargs: Any,
) -> Any:
    fused = callee(*args, **kwargs)
    output: Tensor = fused[0] if isinstance(fused, tuple) else fused
    call = read_call(callee, args, kwargs)
    if call is None:
        return fused
    watched = _Watched(scores_hook_point, pattern_hook_point)
    try:
        if eager is None:
            steps = _steps(call, output.dtype, watched)
        else:
            steps = _eager_steps(call, eager, watched, *args, **kwargs)
    except _OnlyLooked:
        return fused
    # code behind it may rely on the layout, by a `view`
    steps = steps.to(output.dtype)
    if steps.stride() != output.stride():
        steps = torch.empty_like(output).copy_(steps)
    if isinstance(watched.is_changed, Tensor):
        steps = torch.where(watched.is_changed, steps, output)
    elif not watched.is_changed:  # an eager function without the hook points
        return fused
    return (steps, *fused[1:]) if isinstance(fused, tuple) else steps


def _steps(call: Attention, dtype: torch.dtype, watched: _Watched) -> Tensor:
    """Computes what a fused function does, in the dtype of its output (which autocast chooses)."""
    query, key, value = (each.to(dtype) for each in (call.query, call.key, call.value))
    scale = query.size(-1) ** -0.5 if call.scale is None else call.scale
    scores = (query * scale) @ _for_heads_of(query, key).mT
    if call.softcap:
        scores = torch.tanh(scores / call.softcap) * call.softcap
    if call.bias is not None:
        scores = (scores + call.bias).to(dtype)
    if call.seen is not None:
        scores = scores.masked_fill(~call.seen, float("-inf"))
    # as in scaled_dot_product_attention, a row that sees nothing is 0
    pattern = torch.ops.aten._safe_softmax(watched.scores(scores), -1)
    if pattern.requires_grad:  # its gradient needs it, and a hook may change it in place
        pattern = pattern.clone()
    pattern = nn.functional.dropout(watched.pattern(pattern), call.dropout)
    output = pattern @ _for_heads_of(query, value)
    return output.movedim(-2, 1) if call.is_positions_first else output


def _for_heads_of(query: Tensor, other: Tensor) -> Tensor:
    """Repeats the heads of keys or values that several heads of the queries share."""
    groups = query.size(-3) // other.size(-3) if query.dim() > 2 else 1
    return other.repeat_interleave(groups, dim=-3) if groups > 1 else other


def _eager_steps(
    call: Attention,
    eager: Callable[..., Any],
    watched: _Watched,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Any = None,
    *args: Any,
    **kwargs: Any,
) -> Tensor:
    """Calls the eager function with a mask that says all that the fused one knows by itself."""
    mask, lowest = call.bias, torch.finfo(query.dtype).min
    if mask is not None:
        watched.blind = (mask == float("-inf")).all(-1, keepdim=True)
        mask = mask.clamp(min=lowest)
    if call.seen is not None:
        blind = ~call.seen.any(-1, keepdim=True)
        watched.blind = blind if watched.blind is None else blind | watched.blind
        none = query.new_zeros(()) if mask is None else mask
        mask = torch.where(call.seen, none, lowest)
    attending = _Attending(module, watched)
    steps: Tensor = eager(attending, query, key, value, mask, *args, **kwargs)[0]
    return steps
