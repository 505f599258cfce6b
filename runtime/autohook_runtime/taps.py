"""Where hook points get their values from, besides the source: a family of taps.

Each is for one place of a module. While its hook point has hooks it is listed in the `Tapped` of
the module, and otherwise nothing of it is there.
"""

from __future__ import annotations

import weakref

from typing import Any

from torch import nn

from autohook_runtime.autograd_functions import (
    unwatch_autograd_functions,
    watch_autograd_functions,
)
from autohook_runtime.compiling import is_compiler_in_use, tell_compiler
from autohook_runtime.followed_parameters import end_following, follow
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.sites import OUTPUT, Key
from autohook_runtime.tapped_modules import Tapped, Traced, tapped_for
from autohook_runtime.traced_parameters import traced_class

ALONE = "_auto_hook_hook_point"
"""The attribute of a parameter that is hooked by itself that holds its hook point."""


class OutputTap:
    """For the first tensor in a module's output. The module is not kept alive."""

    attribute = OUTPUT

    def __init__(self, module: nn.Module) -> None:
        self.reference = weakref.ref(module)
        self.around: weakref.ref[nn.Module] | None = None
        """The root, while its forward must know of this tap."""

    @property
    def key(self) -> Key | None:
        """What it is for; None if that is gone."""
        module = self.reference()
        return None if module is None else (id(module), self.attribute)

    def start(self, hook_point: KeptHookPoint) -> None:
        module = self.reference()
        if module is None:
            return
        tell_compiler()
        tapped = tapped_for(module)
        self.add(tapped, hook_point)
        tapped.settle()
        root = None if hook_point.root is None else hook_point.root()
        if root is not None and root is not module and self.must_be_known_around:
            self.around = weakref.ref(root)
            tapped = tapped_for(root, is_around_others=True)
            self.add_around(tapped)
            tapped.settle()

    def stop(self, hook_point: KeptHookPoint) -> None:
        module, root = self.reference(), self.around() if self.around is not None else None
        if module is not None:
            tapped = tapped_for(module)
            self.take(tapped, hook_point)
            tapped.settle()
        if root is not None:
            self.around = None
            tapped = tapped_for(root)
            self.take_around(tapped)
            tapped.settle()

    @property
    def must_be_known_around(self) -> bool:
        """The compiler keeps few graphs for one code, so a root that is compiled has a code of its
        own while there are hooks."""
        return is_compiler_in_use()

    def add(self, tapped: Tapped, hook_point: KeptHookPoint) -> None:
        tapped.outputs = (*tapped.outputs, hook_point)

    def take(self, tapped: Tapped, hook_point: KeptHookPoint) -> None:
        tapped.outputs = tuple(other for other in tapped.outputs if other is not hook_point)

    def add_around(self, tapped: Tapped) -> None:
        tapped.enclosed += 1

    def take_around(self, tapped: Tapped) -> None:
        tapped.enclosed -= 1


class ParameterTap(OutputTap):
    """For the results of the operations that take a parameter."""

    must_be_known_around = True  # others may read it: then the root's forward ends to follow it

    def __init__(self, module: nn.Module, name: str) -> None:
        super().__init__(module)
        self.attribute = name

    def add(self, tapped: Tapped, hook_point: KeptHookPoint) -> None:
        others = tapped.parameters.get(self.attribute, ())
        tapped.parameters = {**tapped.parameters, self.attribute: (*others, hook_point)}
        self.traced = Traced(self.reference, self.attribute, traced_class(hook_point))
        tapped.traced = (*tapped.traced, self.traced)
        watch_autograd_functions()

    def take(self, tapped: Tapped, hook_point: KeptHookPoint) -> None:
        others = tapped.parameters.get(self.attribute, ())
        kept = tuple(other for other in others if other is not hook_point)
        rest = {name: each for name, each in tapped.parameters.items() if name != self.attribute}
        tapped.parameters = {**rest, self.attribute: kept} if kept else rest
        tapped.traced = tuple(each for each in tapped.traced if each is not self.traced)
        unwatch_autograd_functions()
        end_following(hook_point)

    def add_around(self, tapped: Tapped) -> None:
        super().add_around(tapped)
        tapped.traced = (*tapped.traced, self.traced)

    def take_around(self, tapped: Tapped) -> None:
        super().take_around(tapped)
        tapped.traced = tuple(each for each in tapped.traced if each is not self.traced)


def tap_for(module: nn.Module, attribute: str) -> OutputTap:
    return ParameterTap(module, attribute) if attribute else OutputTap(module)


class AloneTap:
    """For a parameter that stands alone: it is followed on the thread that adds the first hook."""

    def __init__(self, parameter: nn.Parameter) -> None:
        self.reference = weakref.ref(parameter)
        self.key = None

    def start(self, hook_point: KeptHookPoint) -> None:
        parameter = self.reference()
        if parameter is not None:
            watch_autograd_functions()
            follow(parameter, (hook_point,))

    def stop(self, hook_point: KeptHookPoint) -> None:
        if self.reference() is not None:
            unwatch_autograd_functions()
            end_following(hook_point)


def hook_point_alone(value: Any) -> KeptHookPoint | None:
    """The hook point of a parameter that is hooked by itself."""
    hook_point = value.__dict__.get(ALONE) if isinstance(value, nn.Parameter) else None
    return hook_point if isinstance(hook_point, KeptHookPoint) else None
