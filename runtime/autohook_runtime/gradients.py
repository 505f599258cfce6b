"""Backward hooks by the tensor. torch's own (`register_full_backward_hook`) pass a view of the
value on, and raise when that is changed in place afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

GradientHook = Callable[..., Any]


class Gradients:
    """The gradients of one value on its way through a hook point.

    `leaving` is the gradient of what the forward hooks made of the value, `entering` that of the
    value itself. As with torch's own, the hooks see the first and replace the second.
    """

    def __init__(self, hook_point: Any, hooks: list[GradientHook]) -> None:
        self.hook_point, self.hooks = hook_point, hooks
        self.has_left = False
        self.replacement: Any = None

    def leaving(self, gradient: Tensor) -> None:
        self.has_left, self.replacement = True, self._call_hooks(gradient)

    def entering(self, gradient: Tensor) -> Any:
        if not self.has_left:
            return self._call_hooks(gradient)
        self.has_left = False
        return self.replacement

    def _call_hooks(self, gradient: Tensor) -> Any:
        replacement: Any = None
        for hook in self.hooks:
            result = hook(self.hook_point, (gradient,), (gradient,))
            if result is None:
                continue
            replacement = result[0]
            if isinstance(replacement, Tensor) and replacement.shape != gradient.shape:
                raise ValueError(
                    f"a backward hook at {self.hook_point.name!r} returned a gradient of shape "
                    f"{tuple(replacement.shape)} for one of shape {tuple(gradient.shape)}"
                )
        return replacement


def with_gradient_hooks(
    hook_point: Any, hooks: list[GradientHook], call: Callable[[Any], Any], value: Any
) -> Any:
    """`call(value)`, with `hooks` on the gradient of the result.

    The value is copied, not viewed: the same tensor may also go another way (a residual stream
    past a dropout that does nothing), and whoever gets it may change it in place.
    """
    gradients = Gradients(hook_point, hooks)
    entering, version = value, None
    if isinstance(value, Tensor) and value.requires_grad and torch.is_grad_enabled():
        entering = value.clone()
        version = entering._version
        entering.register_hook(gradients.entering)  # type: ignore[no-untyped-call]
    fired = call(entering)
    is_same = fired is entering and version is not None and fired._version == version
    if isinstance(fired, Tensor) and fired.requires_grad and torch.is_grad_enabled():
        if not is_same:
            fired = fired.clone()
            fired.register_hook(gradients.leaving)  # type: ignore[no-untyped-call]
    return fired
