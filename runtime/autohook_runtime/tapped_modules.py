"""What lies on a module while hook points of it have hooks.

Its `forward` is one of ours, as an attribute of the object, which stands before the one of its
class: so it is there however the module is called, its class stays its own, and the compiler sees
that the attribute has come (it looks whether there is one). With the last hook all of it goes.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import getattr_static
from types import FunctionType, MethodType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from autohook_runtime.compiling import (
    call_eagerly,
    has_room,
    outside_graphs,
    with_own_code,
)
from autohook_runtime.first_tensor import first_tensor, with_tensor
from autohook_runtime.followed_parameters import FollowedUntil, are_forwards_running, follow
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.own_thread import in_replica
from autohook_runtime.traced_parameters import TracedParameter

TAPPED = "_auto_hook_tapped"
"""The attribute of a module that holds its `Tapped`."""
HookPoints = tuple[KeptHookPoint, ...]

_enclosing: weakref.WeakKeyDictionary[nn.Module, Tapped] = weakref.WeakKeyDictionary()
"""Those that modules had around others, for whose code the compiler has graphs."""


class WatchedParameters(dict[str, Any]):
    """The parameters of a module, where reading some of them makes them followed."""

    hook_points: dict[str, HookPoints]
    own: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if value is not None and name in self.hook_points:
            follow(value, self.hook_points[name])
        return value


class Traced(NamedTuple):
    """A parameter of a module, or of one inside of it, and what stands for it in a trace."""

    reference: weakref.ref[nn.Module]
    name: str
    kind: type[TracedParameter]


class Tapped:
    """The hook points of one module that have hooks, and how values come to them."""

    def __init__(self, module: nn.Module) -> None:
        self.reference = weakref.ref(module)
        self.outputs: HookPoints = ()
        self.parameters: dict[str, HookPoints] = {}
        self.traced: tuple[Traced, ...] = ()
        self.enclosed = 0
        """How many taps inside this module's forward must know of."""
        self.forward: FunctionType | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.outputs or self.parameters or self.enclosed)

    def settle(self) -> None:
        """Follows a change of what is tapped."""
        module = self.reference()
        if module is None:
            return
        self._watch_parameters(module)
        kind: Any = _traceable if self.parameters or self.enclosed else _plain
        before = module.__dict__.get("forward")
        if self.forward is not None and before is not self.forward:
            return  # another one has wrapped it since: it stays inside, and does what there is to do
        if self.is_empty:
            self._take_off(module)
        elif self.forward is None or self.forward.__dict__["kind"] is not kind:
            self._put_on(module, kind)

    def _put_on(self, module: nn.Module, kind: Any) -> None:
        if self.forward is None:
            self.had = module.__dict__.get("forward")
        own = self.had
        of_class = getattr_static(type(module), "forward")
        if own is None and not isinstance(of_class, FunctionType):
            own = of_class.__get__(module, type(module))
        self.forward = kind(self, self.reference, own)
        self.forward.__dict__["kind"] = kind
        # for `inspect.signature`
        self.forward.__dict__["__wrapped__"] = own or MethodType(of_class, self)
        module.__dict__.update(
            {
                TAPPED: self,
                "forward": self.forward,
                "__deepcopy__": self.deepcopy,
                "__reduce_ex__": self.reduce,
                "_replicate_for_data_parallel": self.replicate,
            }
        )

    def _take_off(self, module: nn.Module) -> None:
        if self.forward is None:
            return
        for name in (
            TAPPED, "forward", "__deepcopy__", "__reduce_ex__", "_replicate_for_data_parallel"
        ):  # fmt: skip
            del module.__dict__[name]
        if self.had is not None:
            module.__dict__["forward"] = self.had
        self.forward = self.had = None

    def _watch_parameters(self, module: nn.Module) -> None:
        held = module.__dict__["_parameters"]
        if self.parameters:
            if not isinstance(held, WatchedParameters):
                watched = module.__dict__["_parameters"] = WatchedParameters(held)
                watched.own, held = held, watched
            held.hook_points = self.parameters
        elif isinstance(held, WatchedParameters):
            held.own.clear()
            held.own.update(held)
            module.__dict__["_parameters"] = held.own

    @outside_graphs
    def send(self, output: Any) -> Any:
        """A forward's output with what the hooks make of its first tensor."""
        for hook_point in self.outputs:
            output = _send_output(output, hook_point)
        return output

    @outside_graphs
    def run(self, own: Any, module: nn.Module, args: Any, kwargs: Any) -> Any:
        """The module's own forward, in which parameters are followed."""
        if not are_forwards_running():
            return call_eagerly(self._run, own, module, args, kwargs)
        return self._run(own, module, args, kwargs)

    def _run(self, own: Any, module: nn.Module, args: Any, kwargs: Any) -> Any:
        with FollowedUntil() as until:
            for name, hook_points in self.parameters.items():
                # replicas and FSDP have parameters as plain attributes
                if name in module.__dict__:
                    follow(module.__dict__[name], hook_points)
            if own is None:
                output = type(module).forward(module, *args, **kwargs)
            else:
                output = own(*args, **kwargs)
            until.hand_on(output)
            return output

    def begin_trace(self) -> list[tuple[nn.Module, str, Any]]:
        """Lets code that is traced see, in place of parameters, what stands for them. Returns what
        was there."""
        before = []
        for reference, name, kind in self.traced:
            module = reference()
            if module is not None and module._parameters.get(name) is not None:
                value = getattr(module, name)
                if not isinstance(value, TracedParameter):
                    before.append((module, name, value))
                    object.__setattr__(module, name, value.as_subclass(kind))
        return before

    def deepcopy(self, memo: dict[int, Any]) -> nn.Module:
        """`__deepcopy__` of the module: a copy has nothing of this."""
        with self._lifted() as module:
            return copy.deepcopy(module, memo)

    def reduce(self, protocol: Any) -> Any:
        """`__reduce_ex__` of the module: a pickle has nothing of this."""
        with self._lifted() as module:
            return copied_state(module.__reduce_ex__(protocol))

    @contextmanager
    def _lifted(self) -> Iterator[nn.Module]:
        module = self.reference()
        assert module is not None
        before = self.outputs, self.parameters, self.enclosed
        self.outputs, self.parameters, self.enclosed = (), {}, 0
        self.settle()
        try:
            yield module
        finally:
            self.outputs, self.parameters, self.enclosed = before
            self.settle()

    def replicate(self) -> nn.Module:
        """`_replicate_for_data_parallel` of the module: the replica has a forward of its own."""
        module = self.reference()
        assert module is not None
        replica: nn.Module = type(module)._replicate_for_data_parallel(module)  # type: ignore[operator]
        forward = _traceable(self, weakref.ref(replica), None)

        def forward_for_its_thread(*args: Any, **kwargs: Any) -> Any:
            with in_replica():
                return forward(*args, **kwargs)

        replica.__dict__["forward"] = forward_for_its_thread
        return replica


def tapped_for(module: nn.Module, is_around_others: bool = False) -> Tapped:
    """What lies on the module, or would."""
    tapped: Tapped | None = module.__dict__.get(TAPPED)
    if tapped is None and is_around_others:
        tapped = _enclosing.get(module)
    if tapped is None:
        tapped = Tapped(module)
    return tapped


def copied_state(reduced: Any) -> Any:
    """What `__reduce_ex__` gave, with a state that later changes of the object do not change."""
    if isinstance(reduced, tuple) and len(reduced) > 2 and isinstance(reduced[2], dict):
        return (*reduced[:2], dict(reduced[2]), *reduced[3:])
    return reduced


def _plain(tapped: Any, reference: Any, own: Any) -> Any:
    """A forward of which the compiler makes no graph; the module's own one has its graph."""

    def forward(*args: Any, **kwargs: Any) -> Any:
        module = reference()
        if own is None:
            return tapped.send(type(module).forward(module, *args, **kwargs))
        return tapped.send(own(*args, **kwargs))

    return forward


outside_graphs(_plain(None, None, None))  # all of them have the same code


def _traceable(tapped: Tapped, reference: weakref.ref[nn.Module], own: Any) -> Any:
    """A forward that the compiler makes graphs of, with what parameters and modules inside have."""

    def forward(*args: Any, **kwargs: Any) -> Any:
        module: Any = reference()
        if tapped.traced and not torch.compiler.is_dynamo_compiling():
            return tapped.send(tapped.run(own, module, args, kwargs))
        before = tapped.begin_trace()
        try:
            if own is None:
                output = type(module).forward(module, *args, **kwargs)
            else:
                output = own(*args, **kwargs)
        finally:
            for holder, name, value in before:
                object.__setattr__(holder, name, value)
        return tapped.send(output)

    return with_own_code(forward)


def _send_output(output: Any, hook_point: KeptHookPoint) -> Any:
    if hook_point.is_in_source:
        # the source says which part of a tuple it hooks; a trace shows what the source shows
        if not isinstance(output, Tensor) or torch.compiler.is_compiling():
            return output
        fired = hook_point.fire(output)
        hook_point.note_passed(fired)
        return fired
    tensor, steps = first_tensor(output)
    if tensor is None:
        return output
    fired = hook_point.fire(tensor)
    return output if fired is tensor else with_tensor(output, steps, fired)
