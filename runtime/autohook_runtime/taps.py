"""Where hook points get their values from, besides the source.

A tap is for one place. While its hook point has hooks it is listed in the `Tapped` of its module,
and otherwise nothing of it is there. Both are called by whoever holds `changing`.
"""

from __future__ import annotations

import weakref
from typing import Any

from torch import nn

from autohook_runtime.autograd_functions import functions
from autohook_runtime.changes import changing
from autohook_runtime.compiling import is_compiler_in_use, tell_compiler
from autohook_runtime.followed_parameters import end_following, follow
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.sites import INPUT, OUTPUT, Key
from autohook_runtime.tapped_modules import Tapped, tapped_of
from autohook_runtime.traced_parameters import TracedParameter, traced_class

ALONE = "_auto_hook_hook_point"
"""The attribute of a parameter that is hooked by itself that holds its hook point."""


class ModuleTap:
    """For the first tensor in a module's output or among its arguments, or for the results of the
    operations that take one of its parameters."""

    around: Tapped | None = None
    """What lies on the root."""
    kind: type[TracedParameter] | None = None
    """What stands for the parameter in a trace, which shows what the source shows by itself."""

    def __init__(self, module: nn.Module, attribute: str) -> None:
        self.tapped, self.attribute = tapped_of(module), attribute
        self.is_parameter = attribute not in (OUTPUT, INPUT)
        self.known_by: set[Tapped] = set()

    @property
    def key(self) -> Key | None:
        """What it is for; None if that is gone."""
        module = self.tapped.reference()
        return None if module is None else (id(module), self.attribute)

    @property
    def was_read(self) -> bool:
        return self.is_parameter and self.attribute in self.tapped.read

    def start(self, hook_point: KeptHookPoint) -> None:
        tapped, is_compiler_here = self.tapped, is_compiler_in_use()
        points = tapped.points
        points[self.attribute] = (*points.get(self.attribute, ()), hook_point)
        if is_compiler_here:
            tell_compiler()
        # those whose forward must know of the tap
        self.known_by = set(tapped.shortcuts)
        if self.is_parameter:
            functions.begin()
            if not hook_point.is_in_source and self.kind is None:
                self.kind = traced_class(hook_point)
            self.known_by.add(tapped)
        # others may read the parameter: then the root's forward ends to follow it. And the compiler
        # keeps few graphs for one code: what it makes of a hooked root has a code of its own
        if self.around is not None and (self.is_parameter or is_compiler_here):
            self.known_by.add(self.around)
        self._settle(1)

    def stop(self, hook_point: KeptHookPoint) -> None:
        points = self.tapped.points
        others = tuple(other for other in points[self.attribute] if other is not hook_point)
        if others:  # another thread may go through them now
            points[self.attribute] = others
        else:
            del points[self.attribute]
        if self.is_parameter:
            functions.end()
            end_following(hook_point)
        self._settle(-1)

    def _settle(self, more: int) -> None:
        """Tells those that have to know that there is one tap more, or less."""
        changing.to_settle[self.tapped] = None
        if self.is_parameter:
            self.tapped.watched = tuple(self.tapped.points.keys() - {OUTPUT, INPUT})
        for tapped in self.known_by:
            changing.to_settle[tapped] = None
            tapped.inside += more
            if self.is_parameter and more > 0:
                tapped.parameters.append(self)
            elif self.is_parameter:
                tapped.parameters.remove(self)


class AloneTap:
    """For a parameter that stands alone: it is followed on the thread that adds the first hook."""

    key = None
    was_read = False
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


def hook_point_alone(value: Any) -> KeptHookPoint | None:
    """The hook point of a parameter that is hooked by itself."""
    hook_point = value.__dict__.get(ALONE) if isinstance(value, nn.Parameter) else None
    return hook_point if isinstance(hook_point, KeptHookPoint) else None
