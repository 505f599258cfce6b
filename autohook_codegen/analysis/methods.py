"""Methods of the input's classes: which one a name reaches, and what functions give back."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from autohook_codegen import library
from autohook_codegen.analysis.arguments import Arguments
from autohook_codegen.analysis.binding import receiver_value
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.functions import call_function
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.ordering import in_order
from autohook_codegen.analysis.state import Unit
from autohook_codegen.analysis.units import has_decorator, is_method, is_property, receiver_of
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    UNKNOWN,
    Class,
    Fields,
    Function,
    Items,
    Module,
    Origin,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl, FunctionNode

if TYPE_CHECKING:
    from autohook_codegen.analysis.interpretation import Interpretation

__all__ = ["Methods"]


class Methods:
    """The functions of the program, as frames ask for them."""

    def __init__(self, interpretation: Interpretation) -> None:
        self.interpretation = interpretation
        self.instances = interpretation.instances
        self.state = interpretation.state
        self._may_give_tuple: set[ast.AST] = set()
        """Functions under a decorator that may turn what they return into a tuple."""

    def method(self, frame: Frame, cls: ClassDecl, name: str, bound: Value) -> Value | None:
        """Return the method that an instance has under a name, or what a property gives."""
        found: dict[FunctionNode, ClassDecl] = {}
        for user in self.instances.classes_of(cls, bound):
            held = user.method(name)
            if held is not None:
                found[held[1]] = held[0]
        if not found:
            return None
        return join(*(self._bound(frame, node, owner, bound) for node, owner in found.items()))

    def methods_named(self, frame: Frame, one: Module, shape: tuple[str | None, ...]) -> Value:
        """Return the methods whose names have the shape: ``getattr(self, f"pool_{kind}")``."""
        if not isinstance(one.cls, ClassDecl):
            return NOT_REACHED
        pattern = re.compile("".join("(.+)" if part is None else re.escape(part) for part in shape))
        names = {name for owner in one.cls.mro for name in owner.methods if pattern.fullmatch(name)}
        found = [self.method(frame, one.cls, name, frozenset({one})) for name in sorted(names)]
        return join(*(value for value in found if value is not None)) if found else NOT_REACHED

    def inherited_method(self, frame: Frame, name: str, call: ast.expr) -> Value:
        """Return what ``super().name`` is; ``super(Base, self)`` passes over `Base` too."""
        unit: Unit | None = frame.unit
        while unit is not None and (unit.owner is None or not is_method(unit)):
            unit = unit.parent
        if unit is None or unit.owner is None:
            return UNKNOWN
        receiver = receiver_of(unit)
        bound = receiver_value(frame, unit, receiver) if receiver is not None else NOT_REACHED
        named = (
            frame.evaluate(call.args[0]) if isinstance(call, ast.Call) and call.args else UNKNOWN
        )
        before = [one.cls for one in named if isinstance(one, Class)]
        start = before[0] if len(before) == 1 and isinstance(before[0], ClassDecl) else unit.owner
        found: dict[FunctionNode, ClassDecl] = {}
        users = dict.fromkeys(self.instances.users(unit))
        for user in users:
            # a class that only extends another user finds what that one finds
            after = None if user.only_extends in users else user.method_after(start, name)
            if after is not None:
                found[after[1]] = after[0]
        if not found:
            return self._inherited_from_library(start, name)
        return join(*(self._bound(frame, node, owner, bound) for node, owner in found.items()))

    def _inherited_from_library(self, owner: ClassDecl, name: str) -> Value:
        """``super().forward(x)`` in a subclass of one of torch's own modules."""
        if name in ("forward", "__call__"):
            for base in sorted(owner.all_outside_bases):
                known = library.library_class(base)
                if known is not None and known.is_module and known.result(None):
                    return frozenset({Module(base)})
        return UNKNOWN

    def _bound(self, frame: Frame, node: FunctionNode, owner: ClassDecl, bound: Value) -> Value:
        self.interpretation.method_unit(node, owner)
        if has_decorator(node, "staticmethod"):
            return frozenset({Function(node, owner, owner.file)})
        if has_decorator(node, "classmethod"):
            return frozenset({Function(node, owner, owner.file, frozenset({Class(owner, True)}))})
        function = Function(node, owner, owner.file, bound)
        if is_property(node):
            return call_function(frame, function, Arguments(), node)
        if not node.decorator_list:
            return frozenset({function})
        decorated = self.state.read(("decorated", node), frame.unit)
        if not decorated:
            return frozenset({function})
        return frozenset(
            Function(one.node, one.owner, one.file, bound, one.given, one.given_names)
            if isinstance(one, Function)
            else one
            for one in decorated
        )

    def decorated(self, frame: Frame, function: Value, node: FunctionNode) -> Value:
        """Return what the decorators of the input make of a function."""
        value = function
        for decorator in reversed(node.decorator_list):
            for one in frame.evaluate(decorator):
                name = one.name if isinstance(one, Unknown) else None
                known = library.function(name) if name is not None else None
                if known is not None and any(isinstance(kind, Items) for kind in known.result):
                    self._may_give_tuple.add(node)
                if isinstance(one, Function):
                    given = Arguments.of(value)
                    made = call_function(frame, one, given, decorator)
                    functions = frozenset(f for f in made if isinstance(f, Function))
                    value = functions or value
        if value != function:
            self.state.write(("decorated", node), value)
        return value

    def returned(self, frame: Frame, function: Function) -> Value:
        """Return what the function gives back, as far as it is known."""
        self.interpretation.function_unit(function)
        found = self.state.read(("returned", function.node), frame.unit)
        if function.node in self._may_give_tuple and any(isinstance(k, Fields) for k in found):
            found = join(found, frozenset({Items("tuple", (), UNKNOWN)}))
        said = getattr(function.node, "returns", None)
        if said is None or not found:
            return found
        return _agreed(found, self.instances.annotated(said, function.file))

    def called(
        self, frame: Frame, callee: Value, node: ast.AST, arguments: Arguments | None = None
    ) -> Value:
        """Return what calling functions of the input gives."""
        found = [
            call_function(frame, one, arguments or Arguments(), node)
            if isinstance(one, Function)
            else UNKNOWN
            for one in in_order(callee)
        ]
        return join(*found) if found else NOT_REACHED

    def hand_anything(self, function: Function) -> None:
        """Code outside the input calls the function with what is not known."""
        args = function.node.args
        bound = 1 if function.bound else 0
        for one in (*args.posonlyargs, *args.args)[bound:]:
            self.state.write(("argument", one), frozenset({Unknown(Origin(one))}))


def _agreed(found: Value, said: Value) -> Value:
    """What a function returns, where its annotation says what its code does not."""
    unknown = [one for one in found if isinstance(one, Unknown)]
    structured = [one for one in said if isinstance(one, Items | Fields)]
    if not unknown:
        return found
    known = frozenset(one for one in said if not isinstance(one, Unknown))
    if not known:
        return found
    rest = found - frozenset(unknown)
    if rest and not structured:
        return join(rest, found) if rest == found else join(rest, known, frozenset(unknown))
    return join(rest, known)
