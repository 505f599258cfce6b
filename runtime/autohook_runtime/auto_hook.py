"""`auto_hook`: the one entry for instances, classes and parameters."""

from __future__ import annotations

from typing import Any, TypeVar, overload

from torch import nn

from autohook_runtime.hooking import hook_module
from autohook_runtime.sites import DEFAULT_PATTERN

T = TypeVar("T")


def auto_hook(target: T, *, name: str = DEFAULT_PATTERN) -> T:
    if isinstance(target, nn.Module):
        hook_module(target, name)
        return target
    raise TypeError(target)
