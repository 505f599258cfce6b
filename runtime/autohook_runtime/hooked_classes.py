"""The class of a hooked model: a subclass of its own class and of `HookedRootModule`."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import getattr_static
from typing import Any

from torch import nn
from transformer_lens import HookedRootModule

from autohook_runtime.choices import Choice
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.record import RECORD, STATE, Record, complete, record_of
from autohook_runtime.root_methods import METHODS, RootMethods
from autohook_runtime.subclasses import make_subclass, swap_class, swapped_from
from autohook_runtime.tapped_modules import copied_state
from autohook_runtime.taps import hook_point_alone, tap_for

SHADOWED = "_auto_hook_shadowed"
_hooked_classes: dict[tuple[type, tuple[str, ...]], type] = {}

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
    members = {*model._modules, *model._parameters, *model._buffers}
    _refuse_taken_state(model, members)
    cls = _subclass_of(type(model), tuple(sorted(METHODS & members)))
    record = Record(
        {choice: None}, {name: model.__dict__[name] for name in STATE if name in model.__dict__}
    )
    complete(model, record)
    model.__dict__[RECORD] = record
    model.__dict__.setdefault("is_caching", False)
    model.__dict__.setdefault("context_level", 0)
    swap_class(model, cls)


def _subclass_of(own: type, shadowed: tuple[str, ...]) -> type:
    """With properties for the members that are named as one of our methods."""
    if (own, shadowed) not in _hooked_classes:
        _warn_of_other_methods(own, shadowed)
        members: dict[str, Any] = {name: _members_own(name) for name in shadowed}
        _hooked_classes[own, shadowed] = make_subclass(
            own,
            RootMethods,
            **members,
            hook_dict=Late("hook_dict"),
            mod_dict=Late("mod_dict"),
            **{SHADOWED: shadowed},
            __init__=_initialiser(own),
            __repr__=_repr,
            __reduce_ex__=_reduce,
            __deepcopy__=_deepcopy,
        )
    return _hooked_classes[own, shadowed]


def _refuse_taken_state(model: nn.Module, members: set[str]) -> None:
    own = type(model)
    is_root = isinstance(model, HookedRootModule)
    for name in STATE:
        is_taken = name in members or (name in model.__dict__ and not is_root)
        of_class = getattr_static(own, name, None)
        if is_taken or not (of_class is None or isinstance(of_class, Late)):
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
            stacklevel=5,
        )


def _members_own(name: str) -> property:
    """A submodule, parameter or buffer that is named as one of our methods stays in reach."""
    return property(lambda model: nn.Module.__getattr__(model, name))


class Late:
    """An attribute of a copy or of what came out of a pickle, which is written when it is first
    asked for: before, the object may not be whole yet."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, model: nn.Module | None, cls: type) -> Any:
        record = None if model is None else record_of(model)
        if model is None or record is None:
            return self
        complete(model, record)
        return model.__dict__[self.name]


def _initialiser(own: Any) -> Any:
    """For code that makes another object of the model's class: `type(model)(config)`."""

    @wraps(own.__init__)
    def __init__(model: nn.Module, *args: Any, **kwargs: Any) -> None:  # noqa: N807
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
def _as_before(model: nn.Module) -> Iterator[Record]:
    """The model is for a while as if it had never been hooked."""
    record, cls = record_of(model), type(model)
    assert record is not None
    kept = {name: model.__dict__.pop(name) for name in (RECORD, *STATE) if name in model.__dict__}
    model.__dict__.update(record.had)
    swap_class(model, swapped_from(cls) or cls)
    try:
        yield record
    finally:
        swap_class(model, cls)
        for name in record.had:
            del model.__dict__[name]
        model.__dict__.update(kept)


def _hook_late(model: nn.Module, record: Record, cls: type) -> None:
    """Hooks it without a look at what it holds: that may not be there yet."""
    model.__dict__.update({RECORD: record, "is_caching": False, "context_level": 0})
    swap_class(model, cls)


def _reduce(model: nn.Module, protocol: Any) -> tuple[Any, ...]:
    """A pickle has no hooks; it is hooked again with the same choices."""
    cls = type(model)
    with _as_before(model) as record:
        function, args, *rest = copied_state(type(model).__reduce_ex__(model, protocol))
    if rest and isinstance(rest[0], dict):
        had = {name: rest[0].pop(name) for name in record.had}
        rest[0][RECORD] = Record(record.choices, had)
    return _unpickled, (function, args, tuple(record.choices), cls.__dict__[SHADOWED]), *rest


def _unpickled(
    function: Callable[..., nn.Module], args: Any, choices: tuple[Choice, ...], shadowed: Any
) -> nn.Module:
    """The model without its state."""
    model = function(*args)
    _hook_late(model, Record(dict.fromkeys(choices)), _subclass_of(type(model), shadowed))
    return model


def _deepcopy(model: nn.Module, memo: dict[int, Any]) -> nn.Module:
    """The copy gets the same hooks at its own hook points."""
    cls, in_source = type(model), list(model.hook_dict.values())  # type: ignore[operator]
    with _as_before(model) as record:
        if type(model) is not cls:
            copied: nn.Module = copy.deepcopy(model, memo)
        else:  # swapped again, by a parametrization, which left the copying to us
            copied = memo[id(model)] = cls.__new__(cls)
            copied.__dict__.update(copy.deepcopy(model.__dict__, memo))
    memo[id(model)] = copied
    had = {name: copied.__dict__.pop(name) for name in record.had}
    copied_record = Record(dict(record.choices), had)
    for key, hook_point in record.added.items():
        module = memo.get(key[0])
        if hook_point.is_hooked and module is not None:
            parameters = module.__dict__.get("_parameters", {})
            point = hook_point_alone(parameters.get(key[1])) or KeptHookPoint()
            copied_record.added[id(module), key[1]] = point
            _copy_hooks(hook_point, point, memo)
    for hook_point in in_source:
        if isinstance(hook_point, KeptHookPoint) and hook_point.is_in_source:
            _copy_hooks(hook_point, copy.deepcopy(hook_point, memo), memo)
    _hook_late(copied, copied_record, cls)
    return copied


def _copy_hooks(hook_point: KeptHookPoint, copied: KeptHookPoint, memo: dict[int, Any]) -> None:
    copied.name = hook_point.name
    for tap in hook_point.taps if not copied.taps else ():
        if tap.key is not None and tap.key[0] in memo:
            copied.taps.append(tap_for(memo[tap.key[0]], tap.key[1]))
    both: Any = (("fwd", hook_point.fwd_hooks), ("bwd", hook_point.bwd_hooks))
    for direction, handles in both:
        for handle in handles:
            copied.add_hook(handle.user_hook, direction, handle.is_permanent, handle.context_level)
