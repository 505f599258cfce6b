"""What lies on a module while hook points of it have hooks.

Its `forward` is one of ours, as an attribute of the object, which stands before the one of its
class: so it is there however the module is called, its class stays its own, and the compiler sees
that the attribute has come (it looks whether there is one). With the last hook all of it goes.
torch's transformer layers go around the modules in them, unless one of these has a hook: so there
is one that does nothing.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType, MethodType
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.compiler import is_dynamo_compiling

from autohook_runtime.arguments import with_fired_arguments
from autohook_runtime.compiling import (
    eagerly,
    has_room,
    is_beside_graphs,
    outside_graphs,
    with_own_code,
)
from autohook_runtime.first_tensor import first_tensor, named_part, with_tensor
from autohook_runtime.followed_parameters import follow, here
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.own_thread import in_replica
from autohook_runtime.traced_parameters import TracedParameter

HookPoints = tuple[KeptHookPoint, ...]
MARK = -1
"""The number of the hook that keeps torch's transformer layers from going around the module."""


class WatchedParameters(dict[str, Any]):
    """The parameters of a module, where reading some of them makes them followed."""

    hook_points: dict[str, HookPoints]
    own: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        value = dict.__getitem__(self, name)
        if name in self.hook_points and value is not None and not is_dynamo_compiling():
            follow(value, self.hook_points[name])
        return value


class Traceable(Protocol):
    """A tap of a parameter, of this module or one inside of it, in a trace."""

    tapped: Tapped
    attribute: str
    kind: type[TracedParameter] | None
    """What stands for the parameter there."""


class Tapped:
    """The hook points of one module that have hooks, and how values come to them. It does not keep
    the module alive."""

    def __init__(self, module: nn.Module) -> None:
        self.reference = weakref.ref(module)
        self.outputs: HookPoints = ()
        self.inputs: HookPoints = ()
        self.argument_names: tuple[str, ...] = ()
        """Of the module's forward, while its inputs are hooked."""
        self.parameters: dict[str, HookPoints] = {}
        self.traced: dict[Traceable, None] = {}
        self.inside = 0
        """How many taps are at modules inside, of which this module's forward must know."""
        self.kind: Any = None
        self.forward: Any = None
        self.forwards: dict[Any, Any] = {}
        """By kind, those that were made before."""
        self.had: Any = None
        self.others = {
            "__deepcopy__": self.deepcopy,
            "__reduce_ex__": self.reduce,
            "_replicate_for_data_parallel": self.replicate,
        }

    def settle(self) -> None:
        """Follows a change of what is tapped: puts our forward on the module, or takes it off."""
        kind: Any = _plain if self.outputs or self.inputs else None
        if self.traced or self.inside:
            kind = _traceable
        module = None if kind is self.kind else self.reference()
        if module is None:
            return
        held = module.__dict__
        if self.kind is None:
            self.had = held.get("forward")
        elif held.get("forward") is not self.forward:
            return  # another one has wrapped it since: inside it does what there is to do
        if kind is not None:
            self.forward = held["forward"] = self._forward_of(module, kind)
            if self.kind is None:
                held.update(self.others)
                held["_forward_pre_hooks"][MARK] = _nothing
        else:
            held["_forward_pre_hooks"].pop(MARK, None)
            del held["forward"]
            for name in self.others:
                del held[name]
            if self.had is not None:
                held["forward"] = self.had
        self.kind = kind

    def _forward_of(self, module: nn.Module, kind: Any) -> Any:
        forward = self.forwards.get(kind)
        if forward is None or self.had or (kind is _traceable and not has_room(forward)):
            own, of_class = self.had, getattr(type(module), "forward", None)
            if own is None and not isinstance(of_class, FunctionType):
                own = getattr(module, "forward")  # noqa: B009 (a scripted one, by its class)
            forward = kind(self, self.reference, own)
            # for `inspect.signature`
            forward.__wrapped__ = own or MethodType(of_class, self)  # type: ignore[arg-type]
            if own is None:  # which would keep the module alive
                self.forwards[kind] = forward
        return forward

    def watch_parameters(self) -> None:
        """Follows a change of which parameters are tapped."""
        module = self.reference()
        held: Any = {} if module is None else module.__dict__["_parameters"]
        if module is not None and self.parameters:
            if not isinstance(held, WatchedParameters):
                watched = module.__dict__["_parameters"] = WatchedParameters(held)
                watched.own, held = held, watched
            held.hook_points = self.parameters
        elif module is not None and isinstance(held, WatchedParameters):
            held.own.clear()
            held.own.update(held)
            module.__dict__["_parameters"] = held.own
            for name in held:  # compiled code leaves the parameter itself as an attribute, too
                module.__dict__.pop(name, None)

    @outside_graphs
    def receive(self, args: Any, kwargs: Any) -> Any:
        """A forward's arguments with what the hooks make of tensors in them."""
        if not is_dynamo_compiling() and is_beside_graphs():
            return torch.compiler.disable(self.receive)(args, kwargs)  # type: ignore[no-untyped-call]
        return with_fired_arguments(self.inputs, self.argument_names, args, kwargs)

    @outside_graphs
    def send(self, output: Any) -> Any:
        """A forward's output with what the hooks make of its first tensor."""
        if not is_dynamo_compiling() and is_beside_graphs():
            # outside of the graph that the module's own forward has
            return torch.compiler.disable(self.send)(output)  # type: ignore[no-untyped-call]
        for hook_point in self.outputs:
            if type(output) is Tensor and hook_point.is_for_whole_outputs:
                output = hook_point.fire(output)
            else:
                output = _send_output(output, hook_point)
        return output

    @outside_graphs
    def run_outermost(self, forward: Any, args: Any, kwargs: Any) -> Any:
        """A forward in which parameters are followed, with nothing compiled in it."""
        if is_beside_graphs():
            return torch.compiler.disable(self.run_outermost)(forward, args, kwargs)  # type: ignore[no-untyped-call]
        following = here.following
        followed, following.is_in_forward = following.followed, True
        try:
            with eagerly:
                return forward(*args, **kwargs)
        finally:
            following.is_in_forward = False
            following.go_back(followed)

    def begin_trace(self) -> list[tuple[nn.Module, str, Any]]:
        """Lets code that is traced see, in place of parameters, what stands for them. Returns what
        was there."""
        before = []
        for tap in self.traced:
            module, name = tap.tapped.reference(), tap.attribute
            if tap.kind and module is not None and module._parameters.get(name) is not None:
                value = getattr(module, name)
                if not isinstance(value, TracedParameter):
                    before.append((module, name, value))
                    object.__setattr__(module, name, value.as_subclass(tap.kind))
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
        """The module is for a while as it is without hooks."""
        module = self.reference()
        assert module is not None
        before = self.outputs, self.inputs, self.parameters, self.traced, self.inside
        self.outputs, self.inputs, self.parameters, self.traced, self.inside = (), (), {}, {}, 0
        self.watch_parameters()
        self.settle()
        try:
            yield module
        finally:
            self.outputs, self.inputs, self.parameters, self.traced, self.inside = before
            self.watch_parameters()
            self.settle()

    def replicate(self) -> nn.Module:
        """`_replicate_for_data_parallel` of the module: the replica has a forward of its own."""
        module = self.reference()
        assert module is not None
        own: Any = type(module)._replicate_for_data_parallel
        replica: nn.Module = own(module)
        forward = _traceable(self, weakref.ref(replica), None)

        def forward_for_its_thread(*args: Any, **kwargs: Any) -> Any:
            with in_replica():
                return forward(*args, **kwargs)

        replica.__dict__["forward"] = forward_for_its_thread
        return replica


_tapped: weakref.WeakKeyDictionary[nn.Module, Tapped] = weakref.WeakKeyDictionary()


def tapped_of(module: nn.Module) -> Tapped:
    """What lies on the module, or would: one for each module."""
    if module not in _tapped:
        _tapped[module] = Tapped(module)
    return _tapped[module]


def copied_state(reduced: Any) -> Any:
    """What `__reduce_ex__` gave, with a state that later changes of the object do not change."""
    if isinstance(reduced, tuple) and len(reduced) > 2 and isinstance(reduced[2], dict):
        return (*reduced[:2], dict(reduced[2]), *reduced[3:])
    return reduced


def _nothing(module: nn.Module, args: Any) -> None:
    """The hook that only shows that there is one."""


def _call(own: Any, module: Any, args: Any, kwargs: Any) -> Any:
    """The forward that stood on the module, or else that of its class."""
    if own is None:
        return type(module).forward(module, *args, **kwargs)
    return own(*args, **kwargs)


def _plain(tapped: Any, reference: Any, own: Any) -> Any:
    """A forward of which the compiler makes no graph; the module's own one has its graph."""

    def forward(*args: Any, **kwargs: Any) -> Any:
        if tapped.inputs:
            args, kwargs = tapped.receive(args, kwargs)
        return tapped.send(_call(own, reference(), args, kwargs))

    return forward


outside_graphs(_plain(None, None, None))  # all of them have the same code


def _traceable(tapped: Tapped, reference: weakref.ref[nn.Module], own: Any) -> Any:
    """A forward with what parameters and modules inside have, of which the compiler makes graphs:
    they show what stands for the parameters."""

    def forward(*args: Any, **kwargs: Any) -> Any:
        module: Any = reference()
        if is_dynamo_compiling() or not tapped.traced:
            if tapped.inputs:
                args, kwargs = tapped.receive(args, kwargs)
            before = tapped.begin_trace()
            try:
                output = _call(own, module, args, kwargs)
            finally:
                for holder, name, value in before:
                    object.__setattr__(holder, name, value)
            return tapped.send(output)
        following = here.following
        if not following.is_in_forward:
            return tapped.run_outermost(forward, args, kwargs)
        if tapped.inputs:
            args, kwargs = tapped.receive(args, kwargs)
        followed, output = following.followed, None
        try:
            for name in tapped.parameters:
                if name in module.__dict__:  # replicas and FSDP have them as plain attributes
                    follow(module.__dict__[name], tapped.parameters[name])
            output = _call(own, module, args, kwargs)
        finally:
            if following.followed is not followed:
                following.end_forward(followed, output)
        return tapped.send(output) if tapped.outputs else output

    return with_own_code(forward)


def _send_output(output: Any, hook_point: KeptHookPoint) -> Any:
    if hook_point.is_in_source:
        # the source says which part of a tuple it hooks; a trace shows what the source shows
        if not isinstance(output, Tensor) or is_dynamo_compiling():
            return output
        fired = hook_point.fire(output)
        hook_point.note_passed(fired)
        return fired
    tensor, steps = (
        first_tensor(output) if not hook_point.part else named_part(output, hook_point.part)
    )
    if tensor is None:
        return output
    fired = hook_point.fire(tensor)
    return output if fired is tensor else with_tensor(output, steps, fired)
