"""The class of a hooked model: a subclass of its own class and of `HookedRootModule`."""

from __future__ import annotations

import warnings
from functools import wraps
from inspect import getattr_static
from typing import Any

from torch import nn
from transformer_lens import HookedRootModule

from autohook_runtime.copies import RECORD, STATE, deepcopy_module, reduce_module, set_state
from autohook_runtime.root_methods import RootMethods
from autohook_runtime.subclasses import make_subclass, swap_class
from autohook_runtime.watched_modules import own_class

_hooked_classes: dict[tuple[type, tuple[str, ...]], type] = {}

METHODS = frozenset(
    name for cls in HookedRootModule.__mro__[:-2] for name in vars(cls) if not name.startswith("_")
) - frozenset(vars(nn.Module)) | {"unwrap"}


def hooked_class(model: nn.Module) -> type:
    """The subclass for `model`'s class, made once per class.

    Raises:
        TypeError: if the model uses a name that the interface cannot do without.
    """
    own = own_class(model)
    members = {*model._modules, *model._parameters, *model._buffers}
    _refuse_taken_state(model, own, members)
    return subclass_of(own, tuple(sorted(METHODS & members)))


def subclass_of(own: type, shadowed: tuple[str, ...] = ()) -> type:
    """With properties for the members that are named as one of our methods."""
    if (own, shadowed) not in _hooked_classes:
        _warn_of_other_methods(own, shadowed)
        _hooked_classes[own, shadowed] = make_subclass(
            own,
            RootMethods,
            **{name: _members_own(name) for name in shadowed},
            hook_dict=Current("hook_dict"),
            mod_dict=Current("mod_dict"),
            __init__=_initialiser(own),
            __reduce_ex__=reduce_module,
            __deepcopy__=deepcopy_module,
            __setstate__=set_state,
        )
    return _hooked_classes[own, shadowed]


def _refuse_taken_state(model: nn.Module, own: type, members: set[str]) -> None:
    is_root = isinstance(model, HookedRootModule)
    for name in STATE:
        is_taken = name in members or (name in model.__dict__ and not is_root)
        of_class = getattr_static(own, name, None)
        if is_taken or not (of_class is None or isinstance(of_class, Current)):
            raise TypeError(
                f"{own.__name__} uses the name {name!r} itself, which TransformerLens's interface "
                "needs: rename it there"
            )


def _warn_of_other_methods(own: type, shadowed: tuple[str, ...]) -> None:
    if issubclass(own, HookedRootModule):
        return
    # `setup` is Lightning's, and nobody needs ours
    taken = {name for name in METHODS - {"setup"} if hasattr(own, name)} | set(shadowed)
    if taken:
        warnings.warn(
            f"{own.__name__} has its own {', '.join(sorted(taken))}, which stays. For the hooks, "
            f"call autohook_runtime.RootMethods.{min(taken)}(model, ...)",
            stacklevel=6,
        )


def _members_own(name: str) -> property:
    """A submodule, parameter or buffer that is named as one of our methods stays in reach."""
    return property(lambda model: nn.Module.__getattr__(model, name))


class Current:
    """A model may change its parts at any time, in its own forward even: who asks for its hook
    points gets those of what it holds now."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, model: nn.Module | None, cls: type) -> Any:
        from autohook_runtime.hooking import keep_current

        if model is None:
            return self
        keep_current(model)
        if self.name not in model.__dict__:
            raise AttributeError(self.name)
        return model.__dict__[self.name]

    def __set__(self, model: nn.Module, value: Any) -> None:
        model.__dict__[self.name] = value


def _initialiser(own: Any) -> Any:
    """For code that makes another object of the model's class: `type(model)(config)`."""

    @wraps(own.__init__)
    def __init__(model: nn.Module, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        from autohook_runtime.hooking import hook_module

        own.__init__(model, *args, **kwargs)
        if RECORD not in model.__dict__:
            swap_class(model, own)
            hook_module(model)

    return __init__
