"""Parameters whose hook points have hooks, on their way to the operations that take them.

A parameter stays itself. Whoever reads it of its module makes it followed: from then on a mode of
torch sees each operation, and the results of those that take the parameter go through its hook
point. The mode goes with the forward in which the parameter was read. Views and casts (`W.T`,
`W[0]`, `W.float()`) are followed in turn, since they are the parameter on its way. What joins it
with others (`torch.cat`) is no operation on it: there its own value goes through.
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
JOINING = frozenset(
    """cat concat concatenate stack hstack vstack dstack row_stack column_stack
    block_diag""".split()
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


class Fires(Protocol):
    """What this file needs of a hook point."""

    name: str | None

    def fire(self, value: Any) -> Any: ...
    def note_passed(self, value: Any) -> None: ...


class Followed:
    """A parameter, or a view of one."""

    __slots__ = ("hook_points", "is_read", "tensor", "value")

    def __init__(
        self, tensor: Tensor, hook_points: tuple[Fires, ...], is_read: bool = False
    ) -> None:
        self.tensor, self.hook_points = tensor, hook_points
        self.is_read = is_read
        """Whether code has it and torch has not seen it since."""
        self.value: Tensor | None = None
        """What the hooks have made of it, where it was joined with others."""

    def fire(self) -> Tensor:
        """Sends its own value through the hook points, once for a read."""
        if self.value is None:
            self.value = fire_on_results(self.hook_points, self.tensor)
        return self.value


class Following(TorchFunctionMode):
    """Sees the operations of one thread while parameters are followed there. Each thread has one,
    which is on while there is something to follow."""

    def __init__(self) -> None:
        super().__init__()
        self.followed: dict[int, Followed] = {}
        self.forwards = 0
        """How many forwards run, one in another, that end what is followed."""
        self.is_on = self.is_paused = False

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        # a function's graph has operations of its own, which are seen when it runs
        if self.is_paused or torch.compiler.is_dynamo_compiling():
            return function(*args, **kwargs)
        if function in BACKWARD:
            return _call_elsewhere(function, args, kwargs)
        name = getattr(function, "__name__", "")
        if name in JOINING:
            return function(*self._values(args), **kwargs)
        result = function(*args, **kwargs)
        taken = self.taken_by(args, kwargs)
        if not taken:
            return result
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
        if is_in_place(name) or "out" in kwargs:
            return _fire_on_changed(result, hook_points_of(taken))
        return fire_on_results(hook_points_of(taken), result)

    def taken_by(self, args: Any, kwargs: dict[str, Any]) -> list[Followed]:
        """What an operation on these takes."""
        taken: list[Followed] = []
        followed = self.followed
        for value in (*args, *kwargs.values()) if kwargs else args:
            each = followed.get(id(value))
            if each is not None:
                each.is_read = False
                taken.append(each)
            elif type(value) in (tuple, list):
                taken += self.taken_by(value, {})
        return taken

    def _values(self, given: Any) -> Any:
        """What is joined, with what hooks make of the parameters in it."""
        if type(given) in (tuple, list):
            return type(given)(map(self._values, given))
        each = self.followed.get(id(given))
        if each is None:
            return given
        each.is_read = False
        return each.fire()

    def _follow_views(self, result: Any, hook_points: tuple[Fires, ...]) -> None:
        if isinstance(result, Tensor):
            self.followed.setdefault(id(result), Followed(result, hook_points))
        elif isinstance(result, (tuple, list)):
            for item in result:
                self._follow_views(item, hook_points)

    def end_forward(self, was_on: bool, count: int, output: Any) -> None:
        """Ends to follow what was read in a forward, before which it was on or not, with `count`
        followed. Where the forward gives out a parameter, the one around it goes on with it."""
        self.forwards -= 1
        if not self.is_on:
            return
        handed_on = self.followed.get(id(output))
        while len(self.followed) > count:
            _, each = self.followed.popitem()
            if each.is_read and each is not handed_on and output is not None:
                _warn_of_no_operation(each)
        if handed_on is not None and self.forwards:
            handed_on.is_read = False
            self.followed[id(output)] = handed_on
        elif not was_on or not (self.forwards or self.followed):
            self.turn_off()

    def turn_on(self) -> None:
        """Below the modes of others: these end inside of the forward that they began in."""
        others = _take_modes() if torch._C._len_torch_function_stack() else ()
        self.is_on = True
        for mode in (self, *others):
            torch._C._push_on_torch_function_stack(mode)

    def turn_off(self) -> None:
        self.is_on = False
        for mode in _take_modes():
            if mode is not self:
                torch._C._push_on_torch_function_stack(mode)


class Here(threading.local):
    """What is followed in this thread."""

    def __init__(self) -> None:
        self.following = Following()


here = Here()


def follow(value: Tensor, hook_points: tuple[Fires, ...]) -> None:
    """From here on, to the end of the innermost forward that runs; where none does, as long as
    there are hooks."""
    if torch.compiler.is_dynamo_compiling():
        return
    following = here.following
    if not following.is_on:
        if CompileContext.try_get() is not None:
            return  # the compiler looks at the module
        following.turn_on()
    known = following.followed.get(id(value))
    if known is None:
        following.followed[id(value)] = Followed(value, hook_points, following.forwards > 0)
    else:
        known.value = None


def unfollow(value: Any) -> None:
    """What the source itself sends through a hook point is not followed further."""
    here.following.followed.pop(id(value), None)


def end_following(hook_point: Fires) -> None:
    """For good: the hook point has no hook any more."""
    following = here.following
    for number, each in list(following.followed.items()):
        if hook_point in each.hook_points:
            del following.followed[number]
    if following.is_on and not (following.followed or following.forwards):
        following.turn_off()


def hook_points_of(taken: list[Followed]) -> tuple[Fires, ...]:
    """Those of all, each once, in the order of the operation's arguments."""
    if len(taken) == 1:
        return taken[0].hook_points
    return tuple(dict.fromkeys(point for each in taken for point in each.hook_points))


def fire_on_results(hook_points: Iterable[Fires], result: Any) -> Any:
    """The result with its first tensor through the hook points. Numbers only: a mask or an index
    that is read off a parameter is no activation."""
    tensor, steps = (result, ()) if type(result) is Tensor else first_tensor(result)
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


def _take_modes() -> list[Any]:
    """All modes of this thread, the outermost first."""
    count = torch._C._len_torch_function_stack()
    return [torch._C._pop_torch_function_stack() for _ in range(count)][::-1]


def _call_elsewhere(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Backward, which may compute forwards again, has nothing to do with what was read before."""
    before, here.following = here.following, Following()
    try:
        return function(*args, **kwargs)
    finally:
        here.following = before


def apply_seen(apply: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """The call of an autograd function as one operation: what it does inside, it does for itself,
    and again in backward."""
    following = here.following
    if not following.is_on or following.is_paused:
        return apply(*args, **kwargs)
    taken = following.taken_by(args, kwargs)
    if not taken:  # a checkpoint, say, in which forwards run
        return apply(*args, **kwargs)
    following.is_paused = True
    try:
        result = apply(*args, **kwargs)
    finally:
        following.is_paused = False
    return fire_on_results(hook_points_of(taken), result)


def _warn_of_no_operation(each: Followed) -> None:
    names = " and ".join(repr(hook_point.name) for hook_point in each.hook_points)
    warnings.warn(
        f"{names} did not fire where its parameter was read: torch showed no operation that took "
        "it. Compiled and scripted functions and Triton kernels show none",
        stacklevel=2,
    )
