"""Hook points that know when they get their first hook and lose their last one.

TransformerLens adds every hook through `register_forward_hook` or `register_full_backward_hook` and
takes it off through the handle that these return, so that is where these classes listen.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformer_lens.hook_points import HookPoint, LensHandle

from autohook_runtime.checkpointing import refuse_other_recomputation
from autohook_runtime.gradients import GradientHook, with_gradient_hooks
from autohook_runtime.own_thread import InReplica, OwnThread, changing, is_replica, is_seen_by
from autohook_runtime.subclasses import swap_class

if TYPE_CHECKING:
    from autohook_runtime.other_uses import OtherUses


class HookHandle(RemovableHandle):
    """torch's handle, which tells the hook point when its hook is gone."""

    def __init__(self, handle: RemovableHandle, hook_point: KeptHookPoint) -> None:
        self.__dict__.update(handle.__dict__)
        self.hook_point = hook_point

    def remove(self) -> None:
        super().remove()
        self.hook_point.settle()


def add_hook(
    hook_point: HookPoint, hook: Callable[..., Any], direction: Any, **kwargs: Any
) -> LensHandle:
    """Adds a hook and returns its handle, which `HookPoint.add_hook` does not in all versions."""
    with changing:
        hook_point.add_hook(hook, direction, **kwargs)
        return (hook_point.fwd_hooks if direction == "fwd" else hook_point.bwd_hooks)[-1]


class AlreadyFired:
    """The tensor that went through a hook point inside of the newest call, by thread."""

    def __init__(self) -> None:
        self.by_thread: dict[int, weakref.ref[Tensor]] = {}

    def remember(self, value: Tensor | None) -> None:
        if value is not None:
            self.by_thread[threading.get_ident()] = weakref.ref(value)

    def forget(self) -> None:
        self.by_thread.pop(threading.get_ident(), None)

    def has(self, value: Any) -> bool:
        """Asked when the source's own use of the hook point comes, and true once."""
        reference = self.by_thread.pop(threading.get_ident(), None)
        return reference is not None and reference() is value


class KeptHookPoint(HookPoint):
    """A hook point that stands in the model, written by hand or generated, while it has no hook.

    Its call is `nn.Module`'s own. The class changes to `FiringHookPoint` with the first hook, which
    also makes what `torch.compile` made without the hook invalid: torch does not look whether a
    module has got hooks (`skip_nnmodule_hook_guards`), but it does look at its class.
    """

    gradient_hooks: OrderedDict[int, tuple[GradientHook, int | None]]
    """torch's backward hook and the thread whose values it sees (None: all threads')."""
    root: weakref.ref[nn.Module] | None
    """The model that named this hook point."""
    other_uses: list[OtherUses]
    """Of what it stands for in the source, by code that does not send it here."""
    already_fired: AlreadyFired

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._prepare()

    def _prepare(self) -> None:
        self.gradient_hooks = OrderedDict()
        self.root = None
        self.name_before = self.name
        self.other_uses = []
        self.already_fired = AlreadyFired()

    @classmethod
    def take_over(cls, hook_point: HookPoint) -> None:
        """Makes a plain hook point of TransformerLens's one of these. Its hooks stay."""
        if type(hook_point) is HookPoint:
            swap_class(hook_point, cls)
            taken = cast("KeptHookPoint", hook_point)
            taken._prepare()
            taken.settle()

    def give_back(self) -> None:
        """Makes it TransformerLens's own again, without hooks."""
        self.remove_hooks("both", including_permanent=True)
        self.name = self.name_before
        del self.gradient_hooks, self.root, self.name_before
        del self.other_uses, self.already_fired
        swap_class(self, HookPoint)

    @property
    def is_hooked(self) -> bool:
        return bool(self._forward_hooks or self._forward_pre_hooks or self.gradient_hooks)

    def settle(self) -> None:
        """Called after every change of the hooks."""
        swap_class(self, FiringHookPoint if self.is_hooked else KeptHookPoint)
        for uses in self.other_uses:
            uses.settle()

    def add_hook(
        self,
        hook: Callable[..., Any],
        dir: Literal["fwd", "bwd"] = "fwd",
        *args: Any,
        **kwargs: Any,
    ) -> LensHandle:
        with changing:
            # a gradient may come back on a thread of autograd's: the thread is asked on the way in
            own = hook if dir == "bwd" and isinstance(hook, OwnThread) else None
            super().add_hook(own.hook if own is not None else hook, dir, *args, **kwargs)
            is_first = kwargs.get("prepend", len(args) > 2 and args[2])
            handle = (self.fwd_hooks if dir == "fwd" else self.bwd_hooks)[0 if is_first else -1]
            if own is not None:
                number = handle.hook.id
                self.gradient_hooks[number] = self.gradient_hooks[number][0], own.thread
            return handle

    def register_forward_hook(self, *args: Any, **kwargs: Any) -> HookHandle:
        handle = HookHandle(super().register_forward_hook(*args, **kwargs), self)
        self.settle()
        return handle

    def register_forward_pre_hook(self, *args: Any, **kwargs: Any) -> HookHandle:
        handle = HookHandle(super().register_forward_pre_hook(*args, **kwargs), self)
        self.settle()
        return handle

    def register_full_backward_hook(self, hook: GradientHook, prepend: bool = False) -> HookHandle:
        """As torch's own, and the value may be changed in place afterwards."""
        handle = HookHandle(RemovableHandle(self.gradient_hooks), self)
        self.gradient_hooks[handle.id] = hook, None
        if prepend:
            self.gradient_hooks.move_to_end(handle.id, last=False)
        self.settle()
        return handle

    def __getstate__(self) -> dict[str, Any]:
        """Without hooks: most are local functions, and they know the hook point they are at."""
        state = self.__dict__.copy()
        for name in ("_forward_hooks", "_forward_pre_hooks", "gradient_hooks"):
            state[name] = OrderedDict()
        state |= {"fwd_hooks": [], "bwd_hooks": [], "root": None}
        return state | {"other_uses": [], "already_fired": AlreadyFired()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self.settle()


class FiringHookPoint(KeptHookPoint):
    """A hook point that has hooks."""

    def __call__(self, value: Any) -> Any:
        return InReplica(self.fire)(value) if is_replica(self) else self.fire(value)

    def fire(self, value: Any) -> Any:
        """What the hooks make of `value`; also arranges for the gradient hooks."""
        if torch.compiler.is_compiling():
            hooks = [hook for hook, _ in list(self.gradient_hooks.values())]
            if hooks:
                return with_gradient_hooks(self, hooks, super().__call__, value)
            return super().__call__(value)
        if self.already_fired.has(value):
            return value
        # a list first: another thread may take its hooks off meanwhile
        all_hooks = list(self.gradient_hooks.values())
        hooks = [hook for hook, thread in all_hooks if is_seen_by(thread)]
        version = _version(value)
        if hooks:
            fired = with_gradient_hooks(self, hooks, super().__call__, value)
        else:
            fired = super().__call__(value)
        if fired is value and _version(fired) == version:
            return fired
        return refuse_other_recomputation(self, fired) if self._forward_hooks else fired


def _version(value: Any) -> int | None:
    """Counts the changes in place."""
    return value._version if isinstance(value, Tensor) and not value.is_inference() else None
