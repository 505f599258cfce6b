"""What a module's code sees in place of a parameter whose hook point has a hook.

A tracked tensor stands for the parameter: every operation is done on the parameter itself, and its
result goes through the hook point. Views and casts of it (`W.T`, `W[0]`, `W.float()`) are tracked
in turn, since they are the parameter on its way to an operation.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from autohook_runtime.first_tensor import first_tensor, with_tensor
from autohook_runtime.subclasses import make_subclass

VIEWS_AND_CASTS = frozenset(
    """__getitem__ view view_as reshape reshape_as expand expand_as broadcast_to permute transpose
    swapaxes swapdims t adjoint movedim moveaxis unsqueeze squeeze flatten unflatten ravel select
    narrow unfold as_strided diagonal chunk split split_with_sizes tensor_split unbind __iter__
    hsplit vsplit dsplit flip roll repeat repeat_interleave tile index_select gather contiguous
    clone detach to type type_as float double half bfloat16 cpu cuda to_local full_tensor
    redistribute alias view_as_real view_as_complex atleast_1d atleast_2d atleast_3d""".split()
)
VIEWING_PROPERTIES = frozenset(
    getattr(Tensor, name).__get__ for name in ("T", "mT", "H", "mH", "real", "imag")
)
WITHOUT_THE_VALUE = frozenset(
    """zeros_like ones_like empty_like full_like rand_like randn_like randint_like
    new_zeros new_ones new_empty new_full new_tensor new_empty_strided""".split()
)
IN_PLACE_OPERATORS = frozenset(
    f"__i{name}__"
    for name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()
)

_tracked_classes: dict[type, type] = {}
_tracked: set[type] = set()


def track(value: Tensor, hook_point: Any) -> Tensor:
    """A tensor that stands for `value` and sends its operations' results through `hook_point`."""
    with torch._C.DisableTorchFunctionSubclass():
        # a view, so that gradients come through also where nobody asks `__torch_function__`
        tracked = value.view_as(value)
    own = type(value)
    if own not in _tracked_classes:
        _tracked_classes[own] = tracked_class(own, __getattr__=_attribute_of_parameter)
    tracked.__class__ = _tracked_classes[own]
    tracked.__dict__.update(stands_for=value, hook_point=hook_point)
    return tracked


def untracked(value: Any) -> Any:
    """The parameter itself, for code that keeps it (`self.a = self.W`)."""
    if torch.compiler.is_dynamo_compiling() or type(value) not in _tracked:
        return value
    return value.stands_for


def tracked_class(own: type, **members: Any) -> type:
    """A subclass of a tensor's class whose operations are followed."""
    members["__torch_function__"] = classmethod(_call_and_fire)
    made = make_subclass(own, __slots__=(), **members)
    _tracked.add(made)
    return made


def _attribute_of_parameter(tracked: Any, name: str) -> Any:
    if name in ("stands_for", "hook_point"):
        raise AttributeError(name)
    return getattr(tracked.stands_for, name)


def _call_and_fire(
    cls: type, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
) -> Any:
    hook_points: dict[int, Any] = {}
    is_its_own = False

    def plain(value: Any) -> Any:
        nonlocal is_its_own
        if type(value) in _tracked:
            hook_points[id(value.hook_point)] = value.hook_point
            is_its_own = is_its_own or value.stands_for is value
            return value.stands_for
        if type(value) in (tuple, list):
            return type(value)([plain(item) for item in value])
        if type(value) is dict:
            return {key: plain(item) for key, item in value.items()}
        return value

    plain_args, plain_kwargs = plain(tuple(args)), plain(kwargs or {})
    with torch._C.DisableTorchFunctionSubclass() if is_its_own else nullcontext():
        result = function(*plain_args, **plain_kwargs)
    name = getattr(function, "__name__", "")
    first: Any = args[0] if args else None
    if type(first) in _tracked:
        if name == "detach" and is_its_own:
            return result  # for a state dict
        if name in VIEWS_AND_CASTS or function in VIEWING_PROPERTIES:
            return _track_views(result, first)
        if name in ("__get__", "__set__") or is_in_place(name):
            return first if result is first.stands_for else result
    elif isinstance(first, (tuple, list)) and is_in_place(name):
        return result  # an optimizer's `torch._foreach_add_(parameters, …)`
    if name in WITHOUT_THE_VALUE:
        return result
    if is_in_place(name) or "out" in plain_kwargs:
        return _fire_on_changed(result, hook_points.values())
    for hook_point in hook_points.values():
        result = fire_on_result(hook_point, result)
    return result


def is_in_place(name: str) -> bool:
    return name in IN_PLACE_OPERATORS or (name.endswith("_") and not name.endswith("__"))


def _track_views(result: Any, first: Any) -> Any:
    if isinstance(result, Tensor):
        return first if result is first.stands_for else track(result, first.hook_point)
    if isinstance(result, (tuple, list)):
        return type(result)([_track_views(item, first) for item in result])
    return result


def fire_on_result(hook_point: Any, result: Any) -> Any:
    """The result with its first tensor through the hook point. Numbers only: a mask or an index
    that is read off a parameter is no activation."""
    tensor, steps = first_tensor(result)
    if tensor is None or not (tensor.is_floating_point() or tensor.is_complex()):
        return result
    return with_tensor(result, steps, hook_point(tensor))


def _fire_on_changed(result: Any, hook_points: Any) -> Any:
    """`x += W` changes `x` for all who have it, so what the hooks make of it is written there."""
    if not isinstance(result, Tensor):
        return result
    for hook_point in hook_points:
        # a copy: what the hooks save of it for backward must not change with it
        before = result.clone()
        version = before._version
        fired = hook_point(before)
        if fired is not before or before._version != version:
            result.copy_(fired)
    return result
