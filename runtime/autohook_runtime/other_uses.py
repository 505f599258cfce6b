"""Uses of a module or parameter by code in which its hook point does not stand.

`self.embed_hook_point(self.embed(ids))` in one method covers the calls that this method makes, and
not that of `self.get_input_embeddings()(ids)` in another. So while a hook point of the source has
a hook, what it stands for is watched too, and the result of every use by code that does not (or not
on all its ways) send it through the hook point goes through it at once. Where the code does send it
then, the hook point lets it pass: each use fires once.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformer_lens.hook_points import HookPoint

from autohook_runtime.added_hook_points import send_output
from autohook_runtime.callers import Caller, caller_of, is_named_by_reader
from autohook_runtime.first_tensor import first_tensor
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.own_thread import InReplica, changing, is_replica
from autohook_runtime.sites import InSource
from autohook_runtime.tracked_tensors import track
from autohook_runtime.watched_modules import unwatch, watch


class OtherUses:
    """What goes through `hook_point`, the first of those that the source has for it.

    Code that `torch.compile` or `torch.export` traces shows what the source shows and no more:
    there are no frames in a trace, so nobody can ask who the caller is.
    """

    handle: RemovableHandle | None = None
    is_watching = False

    def __init__(self, hook_point: KeptHookPoint, in_source: list[InSource]) -> None:
        self.hook_point, self.in_replicas = hook_point, InReplica(hook_point)
        self.module, self.attribute = in_source[0].module, in_source[0].attribute
        self.names = tuple((one.held_as, one.pattern) for one in in_source)

    @property
    def gradient_hooks(self) -> Any:
        """None for the compiler to mind."""
        return ()

    def settle(self) -> None:
        """Called after every change of the hook point's hooks."""
        with changing:
            if self.hook_point.is_hooked == self.is_watching:
                return
            self.is_watching = self.hook_point.is_hooked
            if self.is_watching:
                self.start()
            else:
                self.stop()

    def start(self) -> None:
        watch(self.module, self)

    def stop(self) -> None:
        unwatch(self.module, self)

    def end(self) -> None:
        """For good."""
        if self.is_watching:
            self.is_watching = False
            self.stop()

    def follow(self, value: Tensor, module: nn.Module) -> Tensor:
        """What code sees in place of the parameter."""
        raise NotImplementedError


class OtherCalls(OtherUses):
    """Of a module."""

    newest_caller = Caller.MAY_SEND

    def start(self) -> None:
        super().start()
        self.handle = self.module.register_forward_hook(self.fire_on_output, prepend=True)

    def stop(self) -> None:
        if self.handle is not None:
            self.handle.remove()
            self.handle = None
        super().stop()

    def fire_on_output(self, module: nn.Module, arguments: Any, output: Any) -> Any:
        if torch.compiler.is_compiling():
            return None
        caller = caller_of(module, self.names)
        if caller is Caller.UNKNOWN:
            caller = self.newest_caller
        self.newest_caller = caller
        self.hook_point.already_fired.forget()
        if caller is Caller.SENDS:
            return None
        fire = self.in_replicas if is_replica(module) else self.hook_point
        changed = send_output(output, fire)
        tensor, _ = first_tensor(output if changed is None else changed)
        self.hook_point.already_fired.remember(tensor)
        return changed


class OtherReads(OtherUses):
    """Of a parameter, by code that then computes with it."""

    def follow(self, value: Tensor, module: nn.Module) -> Tensor:
        if torch.compiler.is_compiling() or is_named_by_reader(self.names):
            return value
        return track(value, self.in_replicas if is_replica(module) else self.hook_point)


def follow_other_uses(model: nn.Module, in_source: dict[tuple[int, str], list[InSource]]) -> None:
    """Lets the hook points in `model` know of the uses that they do not stand at."""
    followed: dict[HookPoint, list[OtherUses]] = {}
    for each in in_source.values():
        first = each[0].hook_point
        if isinstance(first, KeptHookPoint):
            kind = OtherReads if each[0].attribute else OtherCalls
            followed.setdefault(first, []).append(kind(first, each))
    for module in model.modules():
        if isinstance(module, KeptHookPoint):
            for uses in module.other_uses:
                uses.end()
            module.other_uses = followed.get(module, [])
            module.settle()
