"""What other functions of the input do with a value that one of them has made or handed over."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.call_arguments import given_to
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.parts import held_of, origin_of
from autohook_codegen.analysis.trace import FunctionTrace, How, Use
from autohook_codegen.analysis.values import (
    Class,
    Function,
    Item,
    Member,
    Module,
    Origin,
    Parameter,
    Step,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl

__all__ = ["Elsewhere", "handed"]


class Elsewhere:
    """The uses of all functions, by what made the value."""

    def __init__(self, flow: Flow) -> None:
        self.trace = trace = flow.trace
        self.flow = flow
        self._uses: dict[ast.AST, list[tuple[FunctionTrace, Use]]] = {}
        self._inside: dict[FunctionTrace, list[FunctionTrace]] = {}
        """The functions that stand in each."""
        self._of_class: dict[ClassDecl, list[FunctionTrace]] = {}
        self._asked: set[FunctionTrace] = set()
        """Those whose arguments are being followed."""
        for function in trace.functions.values():
            if function.parent is not None:
                self._inside.setdefault(function.parent, []).append(function)
            if function.owner is not None:
                self._of_class.setdefault(function.owner, []).append(function)
            for use in function.uses:
                for node in {
                    origin.node for one in use.value if (origin := origin_of(one)) is not None
                }:
                    self._uses.setdefault(node, []).append((function, use))

    def uses(self, node: ast.AST, part: tuple[Step, ...]) -> Iterator[tuple[FunctionTrace, Use]]:
        """Yield the uses of a part of what the node made, in whichever function: also those of a
        module's call, where the part is what the module gives back."""
        stack = [Origin(node, part)]
        seen = {*stack}
        while stack:
            wanted = stack.pop()
            for function, use in self._uses.get(wanted.node, ()):
                if not any(origin_of(one) == wanted for one in use.value):
                    continue
                yield function, use
                if use.how is How.RETURNED and function.node is not None:
                    calls = self.flow.module_calls_of.get(function.node, ())
                    given = {Origin(call) for call, _ in calls} - seen
                    stack += given
                    seen |= given

    def is_taken_apart(self, node: ast.AST, part: tuple[Step, ...], here: FunctionTrace) -> bool:
        """Tell whether another function takes the value apart: ``cos, sin = embeddings``."""
        return any(
            function is not here and use.how is How.UNPACKED
            for function, use in self.uses(node, part)
        )

    def reads(self, node: ast.AST, part: tuple[Step, ...]) -> bool:
        """Tell whether anything reads the part, or a part of it."""
        for _, use in self._uses.get(node, ()):
            for one in use.value:
                origin = origin_of(one)
                if origin is None or origin.node is not node:
                    continue
                if origin.part[: len(part)] == part:
                    if use.how is How.BOUND and origin.part == part:
                        continue
                    return True
        return False

    def may_call(self, call: ast.Call, here: FunctionTrace) -> bool:
        """Tell whether a call that is handed a module may call it, where the source does not show
        whose hook point would see it."""
        for one in here.values.get(call.func, frozenset()):
            match one:
                case Class(cls=ClassDecl() as cls) if not cls.is_module:
                    if self._calls_what_it_keeps(cls):
                        return True
                case Module(cls=ClassDecl() as cls):
                    _, forward = cls.method("forward") or (None, None)
                    if forward is not None and self._called_arguments(forward):
                        return True
                case Class() | Module():
                    return False
                case Function():
                    if self._called_arguments(one.node):
                        return True
                case Unknown():
                    return True
        return False

    def surely_calls(self, node: ast.expr, call: ast.Call, here: FunctionTrace) -> bool:
        """Tell whether a call hands the expression to a function of the input that calls it."""
        return any(
            given is node
            for one in here.values.get(call.func, frozenset())
            if isinstance(one, Function)
            for argument in self._called_arguments(one.node)
            for given, part in given_to(argument, one.node, call, bool(one.bound))
            if not part
        )

    def may_call_later(self, call: ast.Call, here: FunctionTrace) -> bool:
        """Tell whether what a call gives back, an object or a function, may call a module that the
        call was handed."""
        for one in here.values.get(call.func, frozenset()):
            match one:
                case Class(cls=ClassDecl() as cls) if not cls.is_module:
                    if self._calls_what_it_keeps(cls):
                        return True
                case Function():
                    if self._called_arguments(one.node, only_later=True):
                        return True
        return False

    def _calls_what_it_keeps(self, cls: ClassDecl) -> bool:
        return any(
            held is not None and held.steps and held.root is function.receiver
            for owner in cls.mro
            for function in self._of_class.get(owner, ())
            for call in function.calls
            for held in map(held_of, call.modules)
        )

    def _called_arguments(self, function: ast.AST, only_later: bool = False) -> frozenset[ast.arg]:
        """Return the arguments that the function, or one inside it, calls as modules or hands to
        what may call them."""
        trace = self.trace.functions.get(function)
        if trace is None or trace in self._asked:
            return frozenset()
        self._asked.add(trace)
        inside = self._inside.get(trace, [])
        found: set[ast.arg] = set()
        for one in inside if only_later else [trace, *inside]:
            for call in one.calls:
                found.update(_without_hook_points(call.modules, trace))
            for use, call_of_it in handed(one):
                given = set(_without_hook_points(use.value, trace))
                if not given <= found and self.may_call(call_of_it, one):
                    found |= given
        self._asked.discard(trace)
        return frozenset(found)


def handed(function: FunctionTrace) -> Iterator[tuple[Use, ast.Call]]:
    """Yield what the function gives to calls as arguments."""
    for use in function.uses:
        if use.how is How.ARGUMENT and isinstance(use.by, ast.Call):
            yield use, use.by


def _without_hook_points(value: Value, trace: FunctionTrace) -> Iterator[ast.arg]:
    """Yield the arguments that are modules of the value or hold them as members: unlike that of a
    submodule, ``attn.to_q(x)``, no hook point of theirs is reached from there."""
    for one in value:
        held = held_of(one)
        if held is None or held.root not in trace.arguments or isinstance(one, Parameter):
            continue
        if not held.steps or isinstance(held.steps[0], Item | Member):
            yield held.root
