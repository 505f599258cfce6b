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

from torch import nn
from torch.compiler import is_dynamo_compiling

from autohook_runtime.arguments import argument_names
from autohook_runtime.compiling import has_room, with_own_code
from autohook_runtime.followed_parameters import follow
from autohook_runtime.forwards import HookPoints, forward_of
from autohook_runtime.own_thread import in_replica
from autohook_runtime.sites import INPUT
from autohook_runtime.traced_parameters import TracedParameter

SHORTCUTS = (
    (nn.TransformerEncoder, "use_nested_tensor"),
    (nn.TransformerEncoderLayer, "activation_relu_or_gelu"),
)
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
        """By what they are for: `OUTPUT`, `INPUT`, or the parameter's name."""
        self.watched: tuple[str, ...] = ()
        """The parameters among them."""
        self.is_watching = False
        self.inside = 0
        """How many taps there are, here and at modules inside, of which the forward must know."""
        self.parameters: list[Tap] = []
        """Those of them that are for parameters."""
        self.argument_names: tuple[str, ...] = ()
        """Of the module's forward, while its inputs are hooked."""
        self.shortcuts: list[Tapped] = []
        """Of modules of torch's around this one that may go around it."""
        self.shortcut = next((way for cls, way in SHORTCUTS if isinstance(module, cls)), None)
        self.read: set[str] = set()
        """Parameters that were read while they were tapped, this time or last."""
        self.kind: bool | None = None
        """Whether our forward has a code of its own; None if none stands on the module."""
        self.forward: Any = None
        self.forwards: dict[bool, Any] = {}
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
        if self.watched or self.is_watching:
            self._watch_parameters(held)
        if INPUT in self.points and not self.argument_names:
            self.argument_names = argument_names(module)
        kind = self.inside > 0 if self.points or self.inside else None
        if kind is self.kind:
            return
        shortcut = self.shortcut
        if self.kind is None:
            self.had = {"forward": held["forward"]} if "forward" in held else {}
            if shortcut is not None:
                self.had[shortcut] = held[shortcut]
        elif held.get("forward") is not self.forward:
            return  # another one has wrapped it since: inside it does what there is to do
        if kind is None:
            for name in ("forward", *self.others):
                del held[name]
            held.update(self.had)
        else:
            self.forward = held["forward"] = self._forward_of(module, kind)
            held.update(self.others)
            if shortcut is not None:
                held[shortcut] = self.had[shortcut] and not kind
        self.kind = kind

    def _forward_of(self, module: nn.Module, has_own_code: bool) -> Any:
        """Where the forward knows of what is inside, its graphs are for these hooks only, and the
        compiler keeps few for one code."""
        forward: Any = self.forwards.get(has_own_code)
        own = self.had.get("forward")
        if forward is None or own or (has_own_code and not has_room(forward)):
            of_class = getattr(type(module), "forward", None)
            if own is None and not isinstance(of_class, FunctionType):
                own = getattr(module, "forward")  # noqa: B009 (a scripted one, by its class)
            forward = forward_of(self, self.reference, own)
            forward = with_own_code(forward) if has_own_code else forward
            # for `inspect.signature`
            forward.__wrapped__ = own or MethodType(of_class, self)  # type: ignore[arg-type]
            if own is None:  # which would keep the module alive
                self.forwards[has_own_code] = forward
        return forward

    def _watch_parameters(self, held: dict[str, Any]) -> None:
        parameters: Any = held.get("_parameters")  # none in a scripted module
        self.is_watching = bool(self.watched)
        if not self.watched:
            if isinstance(parameters, WatchedParameters):
                held["_parameters"] = parameters.own
                parameters.own.clear()
                parameters.own.update(parameters)
                for name in parameters:  # compiled code leaves the parameter as an attribute, too
                    held.pop(name, None)
        elif not isinstance(parameters, WatchedParameters):
            watched = held["_parameters"] = WatchedParameters(parameters)
            watched.own, watched.tapped, self.read = parameters, self, set()

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
        module, before = self.reference(), (self.points, self.watched, self.inside)
        assert module is not None
        self.points, self.watched, self.inside = {}, (), 0
        self.settle()
        try:
            yield module
        finally:
            self.points, self.watched, self.inside = before
            self.settle()

    def replicate(self) -> nn.Module:
        """`_replicate_for_data_parallel` of the module: the replica has a forward of its own."""
        module = self.reference()
        assert module is not None
        own: Any = type(module)._replicate_for_data_parallel
        replica: nn.Module = own(module)
        forward = forward_of(self, weakref.ref(replica), None)

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
        if tapped_of(module).shortcut is not None:
            for inner in module.modules():
                known = tapped_of(inner).shortcuts
                if inner is not module and tapped_of(module) not in known:
                    known.append(tapped_of(module))
