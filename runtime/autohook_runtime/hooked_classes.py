"""The class of a hooked model: a subclass of its own class and of `HookedRootModule`."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from inspect import getattr_static
from typing import Any

from torch import nn
from transformer_lens import HookedRootModule

from autohook_runtime.choices import Choice
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.record import RECORD, Record, complete, record_of
from autohook_runtime.root_methods import RootMethods
from autohook_runtime.subclasses import make_subclass, swap_class, swapped_from
from autohook_runtime.tapped_modules import tapped_of
from autohook_runtime.taps import ModuleTap, hook_point_alone

STATE = ("hook_dict", "mod_dict", "is_caching", "context_level")
"""The attributes of TransformerLens's `HookedRootModule`."""
METHODS = frozenset(
    name for cls in RootMethods.__mro__[:-2] for name in vars(cls) if not name.startswith("_")
) - frozenset(vars(nn.Module))
"""The names that the interface adds."""
_DEFAULTS = Choice()


def hook_module(model: nn.Module, choice: Choice = _DEFAULTS) -> None:
    """Makes `model` a root with hook points for all that it holds now. Where it raises, the model
    is as it was before.

    Raises:
        TypeError: if the model uses a name that the interface cannot do without.
    """
    record = record_of(model)
    if record is not None:
        record.choices[choice] = None
        complete(model, record)
        return
    _refuse_taken_state(model)
    _warn_of_other_methods(model)
    record = Record({choice: None})
    complete(model, record)
    model.__dict__[RECORD] = record
    swap_class(model, _hooked_class(type(model)))  # type: ignore[arg-type]


class _Yielding:
    """A method that gives way to a submodule, parameter or buffer of its name."""

    def __init__(self, method: Any) -> None:
        self.method = method

    def __get__(self, model: nn.Module | None, cls: type) -> Any:
        held: dict[str, Any] = {} if model is None else model.__dict__
        for kind in ("_modules", "_parameters", "_buffers"):
            if self.method.__name__ in held.get(kind, ()):
                return held[kind][self.method.__name__]
        return self.method.__get__(model, cls)


for _name in METHODS:
    setattr(RootMethods, _name, _Yielding(getattr(RootMethods, _name)))


@cache
def _hooked_class(own: Any) -> type:
    return make_subclass(
        own,
        RootMethods,
        **{name: _InRecord(name) for name in STATE},
        __init__=_initialiser(own),
        __repr__=_repr,
        __reduce_ex__=_reduce,
        __deepcopy__=_deepcopy,
    )


class _InRecord:
    """An attribute of a hooked model that its record has."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, model: nn.Module | None, cls: type) -> Any:
        record = None if model is None else record_of(model)
        if model is None or record is None:
            return self
        if record.hook_dict is None:
            complete(model, record)
        return getattr(record, self.name)

    def __set__(self, model: nn.Module, value: Any) -> None:
        record = record_of(model)
        if record is not None:
            setattr(record, self.name, value)


def _members(model: nn.Module) -> set[str]:
    return {*model._modules, *model._parameters, *model._buffers}


def _refuse_taken_state(model: nn.Module) -> None:
    own, members = type(model), _members(model)
    is_root = isinstance(model, HookedRootModule)
    for name in STATE:
        is_taken = name in members or (name in model.__dict__ and not is_root)
        of_class = getattr_static(own, name, None)
        if is_taken or not (of_class is None or isinstance(of_class, _InRecord)):
            raise TypeError(
                f"{own.__name__} uses the name {name!r} itself, which TransformerLens's interface "
                "needs: rename it there"
            )


def _warn_of_other_methods(model: nn.Module) -> None:
    own = type(model)
    taken = METHODS & _members(model)
    if not issubclass(own, HookedRootModule):
        # `setup` is Lightning's, and nobody needs ours
        taken |= {name for name in METHODS - {"setup"} if hasattr(own, name)}
    if taken:
        warnings.warn(
            f"{own.__name__} has its own {', '.join(sorted(taken))}, which stays. For the hooks, "
            f"call autohook_runtime.RootMethods.{min(taken)}(model, ...)",
            stacklevel=4,
        )


def _initialiser(own: Any) -> Any:
    """For code that makes another object of the model's class: `type(model)(config)`."""

    @wraps(own.__init__)
    def __init__(model: nn.Module, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        if swapped_from(type(model)) is not None:
            # as an object of its own class: there HookedRootModule may not be among the bases
            swap_class(model, own)
        own.__init__(model, *args, **kwargs)
        if record_of(model) is None:
            hook_module(model)

    return __init__


def _repr(model: nn.Module) -> str:
    """The model as it was, and a line that says that it is hooked."""
    own: Any = swapped_from(type(model)) or nn.Module
    count = len(model.hook_dict)  # type: ignore[arg-type]
    return f"{own.__repr__(model)}\n(auto_hook: {count} hook points in hook_dict)"


@contextmanager
def _of_own_class(model: nn.Module) -> Iterator[None]:
    cls = type(model)
    swap_class(model, swapped_from(cls) or cls)
    try:
        yield
    finally:
        swap_class(model, cls)


def _reduce(model: nn.Module, protocol: Any) -> tuple[Any, ...]:
    """A pickle has no hooks. It is hooked again with the same choices, which the record has."""
    with _of_own_class(model):
        reduced: Any = model.__reduce_ex__(protocol)
    function, args, *rest = reduced
    return _unpickled, (function, args), *rest


def _unpickled(function: Callable[..., nn.Module], args: Any) -> nn.Module:
    """The model without its state."""
    model = function(*args)
    swap_class(model, _hooked_class(type(model)))  # type: ignore[arg-type]
    return model


def _deepcopy(model: nn.Module, memo: dict[int, Any]) -> nn.Module:
    """The copy gets the same hooks at its own hook points."""
    cls, record, in_source = type(model), record_of(model), list(model.hook_dict.values())  # type: ignore[operator]
    assert record is not None
    if swapped_from(cls) is not None:
        with _of_own_class(model):
            copied: nn.Module = copy.deepcopy(model, memo)
    else:  # swapped again, by a parametrization, which left the copying to us
        copied = memo[id(model)] = cls.__new__(cls)
        copied.__dict__.update(copy.deepcopy(model.__dict__, memo))
    # it is completed without a look at what the copy holds now: that may not be there yet
    copied_record = copied.__dict__[RECORD] = Record(dict(record.choices))
    for key, hook_point in record.added.items():
        module = memo.get(key[0])
        if hook_point.is_on and module is not None:
            parameters = module.__dict__.get("_parameters", {})
            point = hook_point_alone(parameters.get(key[1])) or KeptHookPoint()
            copied_record.added[id(module), key[1]] = point
            _copy_hooks(hook_point, point, memo)
    for hook_point in in_source:
        if isinstance(hook_point, KeptHookPoint) and hook_point.is_in_source:
            _copy_hooks(hook_point, copy.deepcopy(hook_point, memo), memo)
    memo[id(model)] = copied
    swap_class(copied, cls)
    return copied


def _copy_hooks(hook_point: KeptHookPoint, copied: KeptHookPoint, memo: dict[int, Any]) -> None:
    copied.name = hook_point.name
    for tap in hook_point.taps if not copied.taps else ():
        if isinstance(tap, ModuleTap) and tap.key is not None and tap.key[0] in memo:
            made = ModuleTap(memo[tap.key[0]], tap.attribute)
            around = [id(outer.reference()) for outer in tap.tapped.shortcuts]
            made.tapped.shortcuts = [tapped_of(memo[each]) for each in around if each in memo]
            copied.taps.append(made)
    both: Any = (("fwd", hook_point.fwd_hooks), ("bwd", hook_point.bwd_hooks))
    for direction, handles in both:
        for handle in handles:
            copied.add_hook(handle.user_hook, direction, handle.is_permanent, handle.context_level)
