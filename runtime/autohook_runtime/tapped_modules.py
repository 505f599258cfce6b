"""What lies on a module while hook points of it have hooks.

Its `forward` is one of ours, as an attribute of the object, which stands before the one of its
class: so it is there however the module is called, its class stays its own, and the compiler sees
that the attribute has come (it looks whether there is one). With the last hook all of it goes.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FunctionType, MethodType
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.compiler import is_dynamo_compiling

from autohook_runtime.arguments import argument_names, with_fired_arguments
from autohook_runtime.compiling import (
    eagerly,
    has_room,
    is_beside_graphs,
    outside_graphs,
)
from autohook_runtime.followed_parameters import follow, here
from autohook_runtime.forwards import plain, send_output, traceable
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.own_thread import in_replica
from autohook_runtime.sites import INPUT, OUTPUT
from autohook_runtime.traced_parameters import TracedParameter

HookPoints = tuple[KeptHookPoint, ...]
SHORTCUTS = {
    nn.TransformerEncoder: "use_nested_tensor",
    nn.TransformerEncoderLayer: "activation_relu_or_gelu",
}
"""torch's modules that go around what is in them where an attribute of theirs allows it."""


class WatchedParameters(dict[str, Any]):
    """The parameters of a module, where reading some of them makes them followed."""

    own: dict[str, Any]
    tapped: Tapped

    def __getitem__(self, name: str) -> Any:
        value = dict.__getitem__(self, name)
        hook_points = self.tapped.points.get(name)
        if hook_points and value is not None and not is_dynamo_compiling():
            self.tapped.read.add(name)
            follow(value, hook_points)
        return value


class Tap(Protocol):
    """One for a parameter, of this module or of one inside of it."""

    tapped: Tapped
    attribute: str
    kind: type[TracedParameter] | None


class Tapped:
    """The hook points of one module that have hooks, and how values come to them. It does not keep
    the module alive."""

    def __init__(self, module: nn.Module) -> None:
        self.reference = weakref.ref(module)
        self.points: dict[str, HookPoints] = {}
        """By what they are for: `OUTPUT`, `INPUT`, or the parameter's name. It is changed as a
        whole: other threads may go through it."""
        self.inside = 0
        """How many taps there are, here and at modules inside, of which the forward must know."""
        self.parameters: list[Tap] = []
        """Those of them that are for parameters."""
        self.argument_names: tuple[str, ...] = ()
        """Of the module's forward, while its inputs are hooked."""
        self.shortcuts: list[Tapped] = []
        """Of modules of torch's around this one that may go around it."""
        self.read: set[str] = set()
        """Parameters that were read while they were tapped, this time or last."""
        self.kind: Any = None
        self.forward: Any = None
        self.forwards: dict[Any, Any] = {}
        """By kind, those that were made before."""
        self.had: dict[str, Any] = {}
        """What stood where something of ours is."""
        self.others = {
            "__deepcopy__": self.deepcopy,
            "__reduce_ex__": self.reduce,
            "_replicate_for_data_parallel": self.replicate,
        }

    def settle(self) -> None:
        """Follows a change of what is tapped: puts our forward on the module, or takes it off."""
        module = self.reference()
        if module is None:
            return
        held = module.__dict__
        self._watch_parameters(held)
        if INPUT in self.points and not self.argument_names:
            self.argument_names = argument_names(module)
        is_plain = OUTPUT in self.points or INPUT in self.points
        kind: Any = traceable if self.inside else plain if is_plain else None
        if kind is self.kind:
            return
        if self.kind is None:
            self.had = {name: held[name] for name in ("forward",) if name in held}
        elif held.get("forward") is not self.forward:
            return  # another one has wrapped it since: inside it does what there is to do
        for way in (way for cls, way in SHORTCUTS.items() if isinstance(module, cls)):
            self.had.setdefault(way, held[way])
            held[way] = self.had[way] and kind is not traceable
        if kind is not None:
            self.forward = held["forward"] = self._forward_of(module, kind)
            held.update(self.others)
        else:
            for name in ("forward", *self.others):
                del held[name]
            held.update(self.had)
        self.kind = kind

    def _forward_of(self, module: nn.Module, kind: Any) -> Any:
        forward, own = self.forwards.get(kind), self.had.get("forward")
        if forward is None or own or (kind is traceable and not has_room(forward)):
            of_class = getattr(type(module), "forward", None)
            if own is None and not isinstance(of_class, FunctionType):
                own = getattr(module, "forward")  # noqa: B009 (a scripted one, by its class)
            forward = kind(self, self.reference, own)
            # for `inspect.signature`
            forward.__wrapped__ = own or MethodType(of_class, self)  # type: ignore[arg-type]
            if own is None:  # which would keep the module alive
                self.forwards[kind] = forward
        return forward

    def _watch_parameters(self, held: dict[str, Any]) -> None:
        parameters: Any = held.get("_parameters")  # none in a scripted module
        if len(self.points) == (OUTPUT in self.points) + (INPUT in self.points):
            if isinstance(parameters, WatchedParameters):
                held["_parameters"] = parameters.own
                parameters.own.clear()
                parameters.own.update(parameters)
                for name in parameters:  # compiled code leaves the parameter as an attribute, too
                    held.pop(name, None)
        elif not isinstance(parameters, WatchedParameters):
            watched = held["_parameters"] = WatchedParameters(parameters)
            watched.own, watched.tapped, self.read = parameters, self, set()

    @outside_graphs
    def receive(self, args: Any, kwargs: Any) -> Any:
        """A forward's arguments with what the hooks make of tensors in them."""
        if not is_dynamo_compiling() and is_beside_graphs():
            return torch.compiler.disable(self.receive)(args, kwargs)  # type: ignore[no-untyped-call]
        return with_fired_arguments(self.points.get(INPUT, ()), self.argument_names, args, kwargs)

    @outside_graphs
    def send(self, output: Any) -> Any:
        """A forward's output with what the hooks make of its first tensor."""
        if not is_dynamo_compiling() and is_beside_graphs():
            # outside of the graph that the module's own forward has
            return torch.compiler.disable(self.send)(output)  # type: ignore[no-untyped-call]
        for hook_point in self.points.get(OUTPUT, ()):
            if type(output) is Tensor and hook_point.is_for_whole_outputs:
                output = hook_point.fire(output)
            else:
                output = send_output(output, hook_point)
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
        for tap in self.parameters:
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
            reduced: Any = module.__reduce_ex__(protocol)
        if isinstance(reduced, tuple) and len(reduced) > 2 and isinstance(reduced[2], dict):
            return (*reduced[:2], dict(reduced[2]), *reduced[3:])
        return reduced

    @contextmanager
    def _lifted(self) -> Iterator[nn.Module]:
        """The module is for a while as it is without hooks."""
        module, before = self.reference(), (self.points, self.inside, self.parameters)
        assert module is not None
        self.points, self.inside, self.parameters = {}, 0, []
        self.settle()
        try:
            yield module
        finally:
            self.points, self.inside, self.parameters = before
            self.settle()

    def replicate(self) -> nn.Module:
        """`_replicate_for_data_parallel` of the module: the replica has a forward of its own."""
        module = self.reference()
        assert module is not None
        own: Any = type(module)._replicate_for_data_parallel
        replica: nn.Module = own(module)
        forward = traceable(self, weakref.ref(replica), None)

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


def note_shortcuts(modules: Iterable[nn.Module]) -> None:
    """Writes down what torch's transformers may go around."""
    for module in modules:
        if isinstance(module, tuple(SHORTCUTS)):
            for inner in module.modules():
                known = tapped_of(inner).shortcuts
                if inner is not module and tapped_of(module) not in known:
                    known.append(tapped_of(module))
