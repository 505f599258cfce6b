"""Where hook points get their values from, besides the source: a family of taps.

Each is for one place. While its hook point has hooks it is listed in the `Tapped` of its module,
and otherwise nothing of it is there.
"""

from __future__ import annotations

import weakref
from typing import Any

from torch import nn

from autohook_runtime.arguments import argument_names
from autohook_runtime.autograd_functions import functions
from autohook_runtime.compiling import is_compiler_in_use, tell_compiler
from autohook_runtime.followed_parameters import end_following, follow
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.sites import INPUT, OUTPUT, Key
from autohook_runtime.tapped_modules import HookPoints, Tapped, tapped_of
from autohook_runtime.traced_parameters import TracedParameter, traced_class

ALONE = "_auto_hook_hook_point"
"""The attribute of a parameter that is hooked by itself that holds its hook point."""


class OutputTap:
    """For the first tensor in a module's output."""

    attribute = OUTPUT
    around: Tapped | None = None
    """What lies on the root."""
    is_known_around = False

    def __init__(self, module: nn.Module) -> None:
        self.tapped = tapped_of(module)

    @property
    def key(self) -> Key | None:
        """What it is for; None if that is gone."""
        module = self.tapped.reference()
        return None if module is None else (id(module), self.attribute)

    def start(self, hook_point: KeptHookPoint) -> None:
        if is_compiler_in_use():
            tell_compiler()
            # it keeps few graphs for one code: what it makes of a root has a code of its own
            if self.around is not None:
                self._enclose(self.around, 1)
        self.change(hook_point, is_on=True)
        self.tapped.settle()

    def stop(self, hook_point: KeptHookPoint) -> None:
        self.change(hook_point, is_on=False)
        self.tapped.settle()
        if self.around is not None and self.is_known_around:
            self._enclose(self.around, -1)

    def change(self, hook_point: KeptHookPoint, is_on: bool) -> None:
        """Writes down that the hook point has got hooks, or has none any more."""
        tapped = self.tapped
        tapped.outputs = with_or_without(tapped.outputs, hook_point, is_on)

    def _enclose(self, around: Tapped, change: int) -> None:
        self.is_known_around = change > 0
        around.inside += change
        if around.inside == self.is_known_around:  # the first or the last one
            around.settle()


class InputTap(OutputTap):
    """For a tensor among the arguments of a module."""

    attribute = INPUT

    def change(self, hook_point: KeptHookPoint, is_on: bool) -> None:
        tapped, module = self.tapped, self.tapped.reference()
        if is_on and not tapped.inputs and module is not None:
            tapped.argument_names = argument_names(module)
        tapped.inputs = with_or_without(tapped.inputs, hook_point, is_on)


class ParameterTap(OutputTap):
    """For the results of the operations that take a parameter."""

    def __init__(self, module: nn.Module, name: str) -> None:
        super().__init__(module)
        self.attribute = name
        self.kind: type[TracedParameter] | None = None

    def start(self, hook_point: KeptHookPoint) -> None:
        tapped, name = self.tapped, self.attribute
        if not hook_point.is_in_source and self.kind is None:  # else a trace shows what it shows
            self.kind = traced_class(hook_point)
        functions.begin()
        if is_compiler_in_use():
            tell_compiler()
        tapped.parameters[name] = (*tapped.parameters.get(name, ()), hook_point)
        if len(tapped.parameters) == 1:
            tapped.watch_parameters()
        # others may read it: then the root's forward ends to follow it
        for each in (tapped, self.around or tapped):
            each.traced[self] = None
            each.settle()

    def stop(self, hook_point: KeptHookPoint) -> None:
        tapped, name = self.tapped, self.attribute
        functions.end()
        end_following(hook_point)
        tapped.parameters[name] = without(tapped.parameters[name], hook_point)
        if not tapped.parameters[name]:
            del tapped.parameters[name]
        if not tapped.parameters:
            tapped.watch_parameters()
        for each in (tapped, self.around or tapped):
            each.traced.pop(self, None)
            each.settle()


class AloneTap:
    """For a parameter that stands alone: it is followed on the thread that adds the first hook."""

    key = None
    around: Tapped | None = None

    def __init__(self, parameter: nn.Parameter) -> None:
        self.reference = weakref.ref(parameter)

    def start(self, hook_point: KeptHookPoint) -> None:
        parameter = self.reference()
        if parameter is not None:
            functions.begin()
            follow(parameter, (hook_point,))

    def stop(self, hook_point: KeptHookPoint) -> None:
        if self.reference() is not None:
            functions.end()
            end_following(hook_point)


def tap_for(module: nn.Module, attribute: str) -> OutputTap:
    if attribute == INPUT:
        return InputTap(module)
    return ParameterTap(module, attribute) if attribute else OutputTap(module)


def without(hook_points: HookPoints, hook_point: KeptHookPoint) -> HookPoints:
    if hook_points == (hook_point,):
        return ()
    return tuple(other for other in hook_points if other is not hook_point)


def with_or_without(hook_points: HookPoints, hook_point: KeptHookPoint, is_in: bool) -> HookPoints:
    return (*hook_points, hook_point) if is_in else without(hook_points, hook_point)


def hook_point_alone(value: Any) -> KeptHookPoint | None:
    """The hook point of a parameter that is hooked by itself."""
    hook_point = value.__dict__.get(ALONE) if isinstance(value, nn.Parameter) else None
    return hook_point if isinstance(hook_point, KeptHookPoint) else None
