"""What other functions of the input do with a value that one of them has made or handed over."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.parts import held_of, origin_of
from autohook_codegen.analysis.trace import FunctionTrace, How, Trace, Use
from autohook_codegen.analysis.values import Class, Function, Held, Module, Origin, Step, Unknown
from autohook_codegen.declares.program import ClassDecl

__all__ = ["Elsewhere"]


class Elsewhere:
    """The uses of all functions, by what made the value."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._uses: dict[ast.AST, list[tuple[FunctionTrace, Use]]] = {}
        for function in trace.functions.values():
            for use in function.uses:
                for node in {
                    origin.node for one in use.value if (origin := origin_of(one)) is not None
                }:
                    self._uses.setdefault(node, []).append((function, use))

    def uses(self, node: ast.AST, part: tuple[Step, ...]) -> Iterator[tuple[FunctionTrace, Use]]:
        """Yield the uses of a part of what the node made, in whichever function."""
        wanted = Origin(node, part)
        for function, use in self._uses.get(node, ()):
            if any(origin_of(one) == wanted for one in use.value):
                yield function, use

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

    def may_call(self, use: Use, here: FunctionTrace) -> bool:
        """Tell whether a call that is handed a module may call it, where the source does not show
        whose hook point would see it."""
        assert isinstance(use.by, ast.Call)
        callees = here.values.get(use.by.func, frozenset())
        if not callees:
            return False
        for one in callees:
            if isinstance(one, Class):
                if not isinstance(one.cls, ClassDecl):
                    return False
                if one.cls.is_module:
                    return False
                continue
            if isinstance(one, Function):
                if self._calls_argument(one, use):
                    return True
                continue
            if isinstance(one, Module):
                return False
            if isinstance(one, Unknown):
                return True
        return False

    def _calls_argument(self, function: Function, use: Use) -> bool:
        trace = self.trace.functions.get(function.node)
        if trace is None:
            return False
        ways = {Held(argument) for argument in trace.arguments}
        inside = [
            one for one in self.trace.functions.values() if one is trace or one.parent is trace
        ]
        return any(
            held_of(module) in ways
            for one in inside
            for call in one.calls
            for module in call.modules
        )
