"""What other functions of the input do with a value that one of them has made or handed over."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.call_arguments import given_to
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.parts import held_of, origin_of
from autohook_codegen.analysis.trace import FunctionTrace, How, Use
from autohook_codegen.analysis.values import Class, Function, Held, Module, Origin, Step, Unknown
from autohook_codegen.declares.files import ClassDecl

__all__ = ["Elsewhere"]


class Elsewhere:
    """The uses of all functions, by what made the value."""

    def __init__(self, flow: Flow) -> None:
        self.trace = trace = flow.trace
        self.flow = flow
        self._uses: dict[ast.AST, list[tuple[FunctionTrace, Use]]] = {}
        self._inside: dict[FunctionTrace, list[FunctionTrace]] = {}
        """The functions that stand in each."""
        self._of_class: dict[ClassDecl, list[FunctionTrace]] = {}
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

    def calls_members(self, call: ast.Call, here: FunctionTrace) -> bool:
        """Tell whether a function or module of the input that is handed a container calls what it
        has no way to: the container's members."""
        for one in here.values.get(call.func, frozenset()):
            match one:
                case Module(cls=ClassDecl() as cls):
                    _, called = cls.method("forward") or (None, None)
                case Function(node=called):
                    pass
                case _:
                    continue
            trace = self.trace.functions.get(called) if called is not None else None
            if trace is not None and any(
                isinstance(module, Module) and module.held is None
                for function in (trace, *self._inside.get(trace, ()))
                for inner in function.calls
                for module in inner.modules
            ):
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
        """Return the arguments that the function, or one inside it, calls as modules."""
        trace = self.trace.functions.get(function)
        if trace is None:
            return frozenset()
        inside = self._inside.get(trace, [])
        called = {
            held_of(module)
            for one in (inside if only_later else [trace, *inside])
            for call in one.calls
            for module in call.modules
        }
        return frozenset(one for one in trace.arguments if Held(one) in called)
