"""Parameters whose hook points have hooks, on their way to the operations that take them.

A parameter stays itself. Whoever reads it of its module makes it followed: from then on a mode of
torch sees each operation, and the results of those that take the parameter go through its hook
point. The mode goes with the forward in which the parameter was read. Views and casts (`W.T`,
`W[0]`, `W.float()`) are followed in turn, since they are the parameter on its way.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
from torch import Tensor
from torch._guards import CompileContext
from torch.overrides import TorchFunctionMode

from autohook_runtime.first_tensor import first_tensor, with_tensor

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
    new_zeros new_ones new_empty new_full new_tensor new_empty_strided __deepcopy__""".split()
)
IN_PLACE_OPERATORS = frozenset(
    f"__i{name}__"
    for name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()
)
BACKWARD = frozenset((Tensor.backward, torch.autograd.backward, torch.autograd.grad))

_here = threading.local()


class Fires(Protocol):
    """What this file needs of a hook point."""

    name: str | None

    def fire(self, value: Any) -> Any: ...
    def note_passed(self, value: Any) -> None: ...


class Followed:
    """A parameter, or a view of one."""

    __slots__ = ("hook_points", "is_read", "tensor")

    def __init__(
        self, tensor: Tensor, hook_points: tuple[Fires, ...], is_read: bool = False
    ) -> None:
        self.tensor, self.hook_points = tensor, hook_points
        self.is_read = is_read
        """Whether code has it and torch has not seen it since."""


class Following(TorchFunctionMode):
    """Sees the operations of one thread while parameters are followed there."""

    def __init__(self) -> None:
        super().__init__()
        self.followed: dict[int, Followed] = {}
        self.is_paused = False

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        # a function's graph has operations of its own, which are seen when it runs
        if self.is_paused or torch.compiler.is_dynamo_compiling():
            return function(*args, **kwargs)
        if function in BACKWARD:
            return _call_elsewhere(function, args, kwargs)
        result = function(*args, **kwargs)
        taken = self.taken_by(args, kwargs)
        if not taken:
            return result
        name = getattr(function, "__name__", "")
        first = args[0] if args else None
        if taken[0].tensor is first:
            if name in VIEWS_AND_CASTS or function in VIEWING_PROPERTIES:
                self._follow_views(result, taken[0].hook_points)
                return result
            if name in ("__get__", "__set__") or is_in_place(name):
                return result
        elif isinstance(first, (tuple, list)) and is_in_place(name):
            return result  # an optimizer's `torch._foreach_add_(parameters, …)`
        if name in WITHOUT_THE_VALUE:
            return result
        hook_points = dict.fromkeys(point for each in taken for point in each.hook_points)
        if is_in_place(name) or "out" in kwargs:
            return _fire_on_changed(result, hook_points)
        return fire_on_results(hook_points, result)

    def taken_by(self, args: Any, kwargs: dict[str, Any]) -> list[Followed]:
        """What an operation on these takes."""
        taken = self._taken_of(args)
        if kwargs:
            taken += self._taken_of(kwargs.values())
        return taken

    def _taken_of(self, values: Iterable[Any]) -> list[Followed]:
        taken: list[Followed] = []
        followed = self.followed
        for value in values:
            each = followed.get(id(value))
            if each is not None:
                each.is_read = False
                taken.append(each)
            elif type(value) in (tuple, list):
                taken += self._taken_of(value)
        return taken

    def _follow_views(self, result: Any, hook_points: tuple[Fires, ...]) -> None:
        if isinstance(result, Tensor):
            self.followed.setdefault(id(result), Followed(result, hook_points))
        elif isinstance(result, (tuple, list)):
            for item in result:
                self._follow_views(item, hook_points)

    def forget_after(self, count: int) -> None:
        """Ends to follow what has come since there were `count`."""
        while len(self.followed) > count:
            _, each = self.followed.popitem()
            if each.is_read:
                names = " and ".join(repr(point.name) for point in each.hook_points)
                warnings.warn(
                    f"{names} did not fire where its parameter was read: torch showed no operation "
                    "that took it. Compiled and scripted functions and Triton kernels show none",
                    stacklevel=2,
                )


class FollowedUntil:
    """The forward of a module: what is read in it is followed to its end."""

    def __enter__(self) -> FollowedUntil:
        self.before = _following()
        self.count = 0 if self.before is None else len(self.before.followed)
        self.handed_on: Followed | None = None
        _here.forwards = _forwards() + 1
        return self

    def __exit__(self, *_: Any) -> None:
        _here.forwards -= 1
        following = _following()
        if following is None:
            return
        following.forget_after(self.count)
        if self.handed_on is not None and _here.forwards:
            following.followed[id(self.handed_on.tensor)] = self.handed_on
        elif self.before is None or not (_here.forwards or following.followed):
            _turn_off(following)

    def hand_on(self, output: Any) -> None:
        """Where the forward gives out a parameter, the forward around it goes on with it."""
        following = _following()
        if following is not None:
            self.handed_on = following.followed.get(id(output))
            if self.handed_on is not None:
                self.handed_on.is_read = False


def follow(value: Tensor, hook_points: tuple[Fires, ...]) -> None:
    """From here on, to the end of the innermost forward that runs."""
    if torch.compiler.is_dynamo_compiling():
        return
    following = _following()
    if following is None:
        if CompileContext.try_get() is not None:
            return  # the compiler looks at the module
        following = _turn_on()
    each = following.followed.get(id(value))
    if each is None or each.tensor is not value:
        following.followed[id(value)] = Followed(value, hook_points, is_read=_forwards() > 0)


def unfollow(value: Any) -> None:
    """What the source itself sends through a hook point is not followed further."""
    following = _following()
    if following is not None:
        following.followed.pop(id(value), None)


def end_following(hook_point: Fires) -> None:
    """What was read while no forward ran is followed as long as there are hooks."""
    following = _following()
    if following is None:
        return
    for number, each in list(following.followed.items()):
        if hook_point in each.hook_points:
            del following.followed[number]
    if not (following.followed or _forwards()):
        _turn_off(following)


def fire_on_results(hook_points: Iterable[Fires], result: Any) -> Any:
    """The result with its first tensor through the hook points. Numbers only: a mask or an index
    that is read off a parameter is no activation."""
    tensor, steps = first_tensor(result)
    if tensor is None or not (tensor.is_floating_point() or tensor.is_complex()):
        return result
    fired = tensor
    for hook_point in hook_points:
        fired = hook_point.fire(fired)
    for hook_point in hook_points:
        hook_point.note_passed(fired)
    return result if fired is tensor else with_tensor(result, steps, fired)


def _fire_on_changed(result: Any, hook_points: Iterable[Fires]) -> Any:
    """`x += W` changes `x` for all who have it, so what the hooks make of it is written there."""
    if not isinstance(result, Tensor):
        return result
    # a copy: what the hooks save of it for backward must not change with it
    before = result.clone()
    version = before._version
    fired = fire_on_results(hook_points, before)
    if fired is not before or before._version != version:
        result.copy_(fired)
    for hook_point in hook_points:
        hook_point.note_passed(result)
    return result


def is_in_place(name: str) -> bool:
    return name in IN_PLACE_OPERATORS or (name.endswith("_") and not name.endswith("__"))


def _following() -> Following | None:
    return getattr(_here, "following", None)


def _forwards() -> int:
    """How many forwards run, one in another, that end what is followed."""
    return getattr(_here, "forwards", 0)


def are_forwards_running() -> bool:
    return _forwards() > 0


def _turn_on() -> Following:
    """Below the modes of others: these end inside of the forward that they began in."""
    following = _here.following = Following()
    for mode in (following, *_take_modes()):
        torch._C._push_on_torch_function_stack(mode)
    return following


def _turn_off(following: Following) -> None:
    _here.following = None
    for mode in _take_modes():
        if mode is not following:
            torch._C._push_on_torch_function_stack(mode)


def _take_modes() -> list[Any]:
    """All modes of this thread, the outermost first."""
    count = torch._C._len_torch_function_stack()
    return [torch._C._pop_torch_function_stack() for _ in range(count)][::-1]


def _call_elsewhere(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Backward, which may compute forwards again, has nothing to do with what was read before."""
    following, forwards = _following(), _forwards()
    _here.following, _here.forwards = None, 0
    try:
        return function(*args, **kwargs)
    finally:
        _here.following, _here.forwards = following, forwards


def apply_seen(apply: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """The call of an autograd function as one operation: what it does inside, it does for itself,
    and again in backward."""
    following = _following()
    if following is None or following.is_paused:
        return apply(*args, **kwargs)
    taken = following.taken_by(args, kwargs)
    if not taken:  # a checkpoint, say, in which forwards run
        return apply(*args, **kwargs)
    following.is_paused = True
    try:
        result = apply(*args, **kwargs)
    finally:
        following.is_paused = False
    hook_points = dict.fromkeys(point for each in taken for point in each.hook_points)
    return fire_on_results(hook_points, result)
