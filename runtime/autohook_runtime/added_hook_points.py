"""The hook points that `auto_hook` adds. They stand outside of the modules: the root's `hook_dict`
holds them, and nothing is on a module before one of its hook points has a hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from autohook_runtime.first_tensor import first_tensor, with_tensor
from autohook_runtime.hook_points import FiringHookPoint
from autohook_runtime.own_thread import InReplica, changing, is_replica
from autohook_runtime.traced_tensors import TracedParameter, traced_class
from autohook_runtime.tracked_tensors import track
from autohook_runtime.watched_modules import settle, unwatch, watch


class AddedHookPoint(FiringHookPoint):
    """A hook point for the output of `module`, or for the parameter `attribute` of it."""

    module: nn.Module
    in_replicas: InReplica
    attribute = ""
    handle: RemovableHandle | None = None
    is_watching = False

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        # past nn.Module, which would make it a child of this one
        self.__dict__.update(module=module, in_replicas=InReplica(self))

    def settle(self) -> None:
        with changing:
            if self.is_hooked == self.is_watching:
                settle(self.module)
                return
            self.is_watching = self.is_hooked
            if self.is_watching:
                self.start()
            else:
                self.stop()

    def start(self) -> None:
        watch(self.module, self)

    def stop(self) -> None:
        unwatch(self.module, self)

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"is_watching": False, "handle": None}


def send_output(output: Any, hook_point: Callable[[Any], Any]) -> Any:
    """As a forward hook of torch's: the output with what `hook_point` made of its first tensor, or
    None if it stays as it is."""
    tensor, steps = first_tensor(output)
    if tensor is None:
        return None
    fired = hook_point(tensor)
    return None if fired is tensor else with_tensor(output, steps, fired)


class OutputHookPoint(AddedHookPoint):
    """A hook point for the first tensor in a module's output."""

    def start(self) -> None:
        super().start()
        # first of all: whatever else is recorded of the module shows what the hooks made of it
        self.handle = self.module.register_forward_hook(self.fire_on_output, prepend=True)

    def stop(self) -> None:
        if self.handle is not None:
            self.handle.remove()
            self.handle = None
        super().stop()

    def fire_on_output(self, module: nn.Module, arguments: Any, output: Any) -> Any:
        return send_output(output, self.in_replicas if is_replica(module) else self)


class ParameterHookPoint(AddedHookPoint):
    """A hook point for the results of the operations that take a parameter."""

    traced: type[TracedParameter]

    def __init__(self, module: nn.Module, attribute: str) -> None:
        super().__init__(module)
        self.attribute = attribute

    def start(self) -> None:
        self.__dict__.setdefault("traced", traced_class(self))
        super().start()

    def follow(self, value: Tensor, module: nn.Module) -> Tensor:
        """What the module's code sees in place of the parameter."""
        if torch.compiler.is_dynamo_compiling():
            return value.as_subclass(self.traced)
        return track(value, self.in_replicas if is_replica(module) else self)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("traced", None)
        return state
