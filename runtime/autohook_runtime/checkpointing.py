"""Gradient checkpointing runs the forward pass again during `backward`. If a hook that changed a
value is gone by then, the gradients are those of another computation: that is an error here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autohook_runtime.first_tensor import each_tensor

MESSAGE = (
    "a forward hook at {name!r} changed a value inside a checkpointed part of the model, and now "
    "that backward computes that part again, it is gone or another came: the gradients would be "
    "wrong. Call backward while the hooks are there: "
    "`with model.hooks(fwd_hooks=...): model(...).backward()`"
)
Check = Callable[..., None]


class Here(threading.local):
    checks: list[Check] | None = None
    """Of the reentrant checkpoint that runs in this thread."""


here = Here()


class Anchored(torch.autograd.Function):
    """Gives a constant a place in the graph, so that backward comes past it."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, anchor: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[None, None]:
        return None, None


def call_checked(apply: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """The call of `checkpoint(…, use_reentrant=True)`, which runs without gradients: what was asked
    for in it is checked ahead of its node's backward."""
    outer, here.checks = here.checks, []
    try:
        output = apply(*args, **kwargs)
        for node in {tensor.grad_fn for tensor, _ in each_tensor(output)}:
            for check in here.checks if node is not None else ():
                node.register_prehook(check)  # type: ignore[union-attr]
        if outer is not None:
            outer += here.checks
    finally:
        here.checks = outer
    return output


def is_recomputed() -> bool:
    """Whether what runs now may run again in backward."""
    if torch.is_grad_enabled():  # `checkpoint(…, use_reentrant=False)` saves by hooks
        saved_by = torch._C._autograd._top_saved_tensors_default_hooks(False)
        return bool(saved_by) and "_checkpoint_hook" in getattr(saved_by[0], "__qualname__", "")
    return here.checks is not None


def fire_checked(hook_point: Any, value: Any) -> Any:
    """Calls `hook_point`'s forward hooks where `is_recomputed`. If they change the value, backward
    fails where the hooks are then other ones than now."""
    has_version = isinstance(value, Tensor) and not value.is_inference()
    before, version = value, value._version if has_version else None
    value = hook_point.call_hooks(value)
    if value is before and (version is None or value._version == version):
        return value
    then = tuple(hook_point._forward_hooks)

    def check(*_: Any) -> None:
        if tuple(hook_point._forward_hooks) != then:
            raise RuntimeError(MESSAGE.format(name=hook_point.name))

    if here.checks is not None and not torch.is_grad_enabled():
        here.checks.append(check)
    elif isinstance(value, Tensor):
        if not value.requires_grad:
            anchor = torch.zeros((), requires_grad=True)
            value = Anchored.apply(value, anchor)  # type: ignore[no-untyped-call]
        value.register_hook(check)
    return value
