"""Gradient checkpointing runs the forward pass again during `backward`. If a hook that changed a
value is gone by then, the gradients are those of another computation: that is an error here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import CheckpointFunction

MESSAGE = (
    "a forward hook at {name!r} changed a value inside a checkpointed part of the model, and now "
    "that backward computes that part again, it is gone or another came: the gradients would be "
    "wrong. Call backward while the hooks are there: "
    "`with model.hooks(fwd_hooks=...): model(...).backward()`"
)


class Anchored(torch.autograd.Function):
    """Gives a constant a place in the graph, so that backward comes past it."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, anchor: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[None, None]:
        return None, None


def refuse_other_recomputation(hook_point: Any, value: Any) -> Any:
    """Lets backward fail if `hook_point`'s forward hooks are then other ones than now. Called with
    what the hooks made, if they changed it, outside of compiled code."""
    then = tuple(hook_point._forward_hooks)

    def check(*_: Any) -> None:
        if tuple(hook_point._forward_hooks) != then:
            raise RuntimeError(MESSAGE.format(name=hook_point.name))

    if not torch.is_grad_enabled():
        _before_reentrant_recomputation(check)
    elif isinstance(value, Tensor) and _is_checkpointed():
        if not value.requires_grad:
            anchor = torch.zeros((), requires_grad=True)
            value = Anchored.apply(value, anchor)  # type: ignore[no-untyped-call]
        value.register_hook(check)
    return value


def _is_checkpointed() -> bool:
    """Whether `checkpoint(…, use_reentrant=False)` saves what the current operations need."""
    saved_by = torch._C._autograd._top_saved_tensors_default_hooks(False)
    return bool(saved_by) and "_checkpoint_hook" in getattr(saved_by[0], "__qualname__", "")


def _before_reentrant_recomputation(check: Callable[..., None]) -> None:
    """`checkpoint(…, use_reentrant=True)` runs without gradients: its node is on the stack."""
    code = CheckpointFunction.forward.__code__
    frame = sys._getframe()
    while (frame := frame.f_back) is not None:  # type: ignore[assignment]
        if frame.f_code is code:
            frame.f_locals["ctx"].register_prehook(check)
