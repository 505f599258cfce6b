"""The class of a hooked model: a subclass of its own class and of `HookedRootModule`."""

from __future__ import annotations

from typing import Any

from torch import nn
from transformer_lens import HookedRootModule

from autohook_runtime.root_methods import RootMethods
from autohook_runtime.subclasses import make_subclass
from autohook_runtime.watched_modules import own_class

_hooked_classes: dict[tuple[type, tuple[str, ...]], type] = {}

METHODS = frozenset(
    name for cls in HookedRootModule.__mro__[:-2] for name in vars(cls) if not name.startswith("_")
) - frozenset(vars(nn.Module)) | {"unwrap"}


def hooked_class(model: nn.Module) -> type:
    """The subclass for `model`'s class, made once per class."""
    own = own_class(model)
    shadowed = tuple(sorted(METHODS & {*model._modules, *model._parameters, *model._buffers}))
    if (own, shadowed) not in _hooked_classes:
        members: dict[str, Any] = {name: _members_own(name) for name in shadowed}
        _hooked_classes[own, shadowed] = make_subclass(own, RootMethods, **members)
    return _hooked_classes[own, shadowed]


def _members_own(name: str) -> property:
    """A submodule, parameter or buffer that is named as one of our methods stays in reach."""
    return property(lambda model: nn.Module.__getattr__(model, name))
