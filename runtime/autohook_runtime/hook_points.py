"""Hook points that know when they get their first hook and lose their last one.

TransformerLens adds every hook through `register_forward_hook` or `register_full_backward_hook` and
takes it off through the handle that these return, so that is where these classes listen.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from threading import get_ident
from typing import Any, Literal, Protocol

from torch import Tensor, nn
from torch.compiler import is_dynamo_compiling
from torch.utils.hooks import RemovableHandle
from transformer_lens.conversion_utils.conversion_steps import RearrangeTensorConversion
from transformer_lens.hook_points import HookPoint, LensHandle

from autohook_runtime.autograd_functions import checkpoints
from autohook_runtime.changes import HookHandle, changing
from autohook_runtime.checkpointing import fire_checked, is_recomputed
from autohook_runtime.followed_parameters import unfollow
from autohook_runtime.gradients import GradientHook, with_gradient_hooks
from autohook_runtime.own_thread import OwnThread, in_replica, is_seen_by
from autohook_runtime.subclasses import swap_class

Direction = Literal["fwd", "bwd"]
Hook = Callable[..., Any]


class Tap(Protocol):
    """Sends what passes one place through a hook point, from `start` to `stop`."""

    around: Any
    """What lies on the root, which may have to know."""

    @property
    def key(self) -> tuple[int, str] | None: ...
    @property
    def was_read(self) -> bool: ...
    def start(self, hook_point: KeptHookPoint) -> None: ...
    def stop(self, hook_point: KeptHookPoint) -> None: ...


class KeptHookPoint(HookPoint):
    """A hook point of a hooked model. While it has no hook it gives back what it gets."""

    taps: list[Tap]
    """What brings values here, besides the source."""
    root: weakref.ref[nn.Module] | None
    """The model that named this hook point."""
    name_before: str | None
    gradient_hooks: OrderedDict[int, tuple[GradientHook, int | None]]
    """torch's backward hook and the thread whose values it sees (None: all threads')."""
    firing: tuple[Hook, ...]
    """The forward hooks of now. The tuple is changed as a whole, so a run in another thread goes
    through the hooks that it began with."""
    part: str
    """Which tensor of a result comes here: the first one if empty, else the steps that lead to it,
    `"1"` or `"attentions.0"`."""
    is_on: bool
    """Whether it has hooks. What `torch.compile` made holds as long as this stays: torch does not
    look at a module's hooks (`skip_nnmodule_hook_guards`), but it does at what code asks for."""
    is_in_source: bool
    """Whether it stands in the model, written by hand or generated."""
    shows_every_call: bool
    """Whether it shows the first tensor of a tuple that the source does not send through."""
    passed: dict[int, weakref.ref[Tensor]]
    """By thread, the tensor that a tap has brought here: where the source brings it again, it is
    let through."""

    def __init__(self, *taps: Tap) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._prepare(list(taps), is_in_source=False)

    def _prepare(self, taps: list[Tap], is_in_source: bool) -> None:
        self.taps, self.is_in_source, self.part = taps, is_in_source, ""
        self.shows_every_call = False
        self.root, self.name_before = None, self.name
        self.gradient_hooks, self.firing, self.is_on, self.passed = OrderedDict(), (), False, {}

    @classmethod
    def take_over(cls, hook_point: HookPoint) -> None:
        """Makes a plain hook point of TransformerLens's one of these. Its hooks stay."""
        if type(hook_point) is HookPoint:
            swap_class(hook_point, cls)
            assert isinstance(hook_point, KeptHookPoint)
            hook_point._prepare([], is_in_source=True)
            hook_point.settle()

    def give_back(self) -> None:
        """Makes it TransformerLens's own again, without hooks."""
        self.remove_hooks("both", including_permanent=True)
        self.name = self.name_before
        for name in KeptHookPoint.__annotations__:
            delattr(self, name)
        swap_class(self, HookPoint)

    def __call__(self, value: Any) -> Any:
        """What the source sends through."""
        if not self.is_on:
            return value
        if is_dynamo_compiling():
            return self.fire(value)
        reference = self.passed.pop(get_ident(), None)
        if reference is not None and reference() is value:
            return value
        unfollow(value)
        if "_is_replica" in self.__dict__:
            with in_replica():
                return self.fire(value)
        return self.fire(value)

    def __repr__(self) -> str:
        return "HookPoint()"

    @property
    def was_read(self) -> bool:
        """Whether a parameter that it is for was read while it had a hook."""
        return any(tap.was_read for tap in self.taps)

    def settle(self) -> None:
        """Follows a change of the hooks: called by whoever made it, and by nobody else."""
        state = self.__dict__  # past nn.Module's way to set attributes, which takes its time
        firing = tuple(state["_forward_hooks"].values())
        if state["_forward_pre_hooks"] or state["_forward_hooks_with_kwargs"]:
            # kinds that TransformerLens does not use: torch calls them itself
            firing = (_call_all_hooks,)
        state["firing"] = firing
        is_on = bool(firing or state["gradient_hooks"])
        if is_on is state["is_on"]:
            return
        state["is_on"] = is_on
        state["passed"].clear()
        (checkpoints.begin if is_on else checkpoints.end)()
        for tap in state["taps"]:
            (tap.start if is_on else tap.stop)(self)

    def tap_by(self, taps: list[Tap], around: Any) -> None:
        """Has these taps from now on, in a root of which `around` is the `Tapped`."""
        with changing:
            for tap in self.taps if self.is_on else ():
                tap.stop(self)
            self.taps = taps
            for tap in taps:
                tap.around = around
                if self.is_on:
                    tap.start(self)

    def add_hook(self, hook: Hook, dir: Direction = "fwd", *args: Any, **kwargs: Any) -> LensHandle:
        with changing:
            # a gradient may come back on a thread of autograd's: the thread is asked on the way in
            own = hook if dir == "bwd" and isinstance(hook, OwnThread) else None
            super().add_hook(own.hook if own is not None else hook, dir, *args, **kwargs)
            is_first = kwargs.get("prepend", len(args) > 2 and args[2])
            # not what the method returns, which is nothing before TransformerLens 3
            handle = (self.fwd_hooks if dir == "fwd" else self.bwd_hooks)[0 if is_first else -1]
            handle.user_hook = hook
            if own is not None:
                number = handle.hook.id
                self.gradient_hooks[number] = self.gradient_hooks[number][0], own.thread
            return handle

    def take_off(self, handle: LensHandle, direction: Direction) -> None:
        """This hook and no other."""
        with changing:
            handle.hook.remove()
            handles = self.fwd_hooks if direction == "fwd" else self.bwd_hooks
            if handle in handles:
                handles.remove(handle)

    def remove_hooks(self, *args: Any, **kwargs: Any) -> None:
        with changing:
            super().remove_hooks(*args, **kwargs)

    def register_forward_hook(self, *args: Any, **kwargs: Any) -> HookHandle:
        return self._handle(super().register_forward_hook(*args, **kwargs))

    def register_forward_pre_hook(self, *args: Any, **kwargs: Any) -> HookHandle:
        return self._handle(super().register_forward_pre_hook(*args, **kwargs))

    def register_full_backward_hook(self, hook: GradientHook, prepend: bool = False) -> HookHandle:
        """As torch's own, and the value may be changed in place afterwards."""
        handle = RemovableHandle(self.gradient_hooks)
        self.gradient_hooks[handle.id] = hook, None
        if prepend:
            self.gradient_hooks.move_to_end(handle.id, last=False)
        return self._handle(handle)

    def _handle(self, handle: RemovableHandle) -> HookHandle:
        with changing:
            self.settle()
        return HookHandle(handle, self)

    def fire(self, value: Any) -> Any:
        """What the hooks make of `value`; also arranges for the gradient hooks."""
        is_traced = is_dynamo_compiling()
        call = self.call_hooks if is_traced or not is_recomputed() else partial(fire_checked, self)
        if self.gradient_hooks:
            # a list first: another thread may take its hooks off meanwhile
            both = list(self.gradient_hooks.values())
            hooks = [hook for hook, thread in both if is_traced or is_seen_by(thread)]
            if hooks:
                return with_gradient_hooks(self, hooks, call, value)
        return call(value)

    def call_hooks(self, value: Any) -> Any:
        """As torch calls forward hooks."""
        for hook in self.firing:
            result = hook(self, (value,), value)
            if result is not None:
                value = result
        return value

    def note_passed(self, value: Any) -> None:
        """Remembers what a tap has brought here, where the source brings values, too."""
        if isinstance(value, Tensor):
            self.passed[get_ident()] = weakref.ref(value)

    def layer(self) -> int:
        """The number of the layer, where the name says it: `model.layers.1.mlp.hook_point`.

        Raises:
            ValueError: if the name holds no number, or several and is not `blocks.N.…`.
        """
        parts = str(self.name).split(".")
        numbers = [part for part in parts if part.isdigit()]
        if len(numbers) == 1 or parts[1:2] == numbers[:1]:
            return int(numbers[0])
        raise ValueError(f"the name of {self.name!r} does not say which layer it is in")

    def heads(self, count: int | None) -> KeptHookPoint:
        """Lets hooks and caches see `[…, heads, d_head]` in place of `[…, heads * d_head]`; with
        None, as it was."""
        parted = RearrangeTensorConversion("... (head d_head) -> ... head d_head", head=count)
        self.hook_conversion = None if count is None else parted
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Without hooks: most are local functions, and they know the hook point they are at."""
        state = self.__dict__.copy()
        for name in ("_forward_hooks", "_forward_pre_hooks", "gradient_hooks"):
            state[name] = OrderedDict()
        state |= {"fwd_hooks": [], "bwd_hooks": [], "firing": (), "is_on": False, "passed": {}}
        return state | {"taps": [], "root": None}


def _call_all_hooks(hook_point: KeptHookPoint, arguments: tuple[Any, ...], value: Any) -> Any:
    return nn.Module.__call__(hook_point, value)
