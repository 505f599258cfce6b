"""The interpretation of a whole program: round after round, until nothing new is learned."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

from autohook_codegen.analysis import (
    attribute_access,
    calls,
    displays,
    items,
    operators,
    statements,
)
from autohook_codegen.analysis.binding import bind_arguments
from autohook_codegen.analysis.entries import NEVER_HOOKED, STARTS, Callees, found_entries
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.instances import Instances
from autohook_codegen.analysis.interest import files_of_interest
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.methods import Methods
from autohook_codegen.analysis.scoping import Names, names_in
from autohook_codegen.analysis.state import State, Unit
from autohook_codegen.analysis.trace import FunctionTrace, How, Trace
from autohook_codegen.analysis.units import is_left_to_subclasses, is_method, name_of, receiver_of
from autohook_codegen.analysis.values import NOTHING, Function, Module
from autohook_codegen.declares.files import ClassDecl, FileDecl, FunctionNode
from autohook_codegen.declares.program import Program

__all__ = ["Interpretation", "interpret"]

_EVALUATING = (attribute_access, calls, displays, items, operators, statements)
"""Each registers what it evaluates or executes, when it is imported."""

_DEEPEST_AHEAD = 5
"""How many functions are interpreted within one another; Python's stack is no deeper for it."""


def interpret(program: Program, entries: Collection[str] = ()) -> Trace:
    """Interpret the program; `entries` are methods besides ``forward`` that outsiders call."""
    interpretation = Interpretation(program, (*STARTS, *entries))
    interpretation.run()
    return interpretation.trace()


class Interpretation:
    """What all frames share: the units of the program, and what is known by now."""

    def __init__(self, program: Program, entries: Collection[str]) -> None:
        self.program = program
        self.entries = frozenset(entries)
        self.state = State()
        self.instances = Instances(program)
        self.methods = Methods(self)
        self.class_of_node = {decl.node: decl for decl in program.classes}
        self._of_interest = files_of_interest(program)
        self._number_of = {file: at for at, file in enumerate(program.files.values())}
        self._names: dict[ast.AST, Names] = {}
        self._units: dict[ast.AST, Unit] = {}
        self._open: set[Unit] = set()
        """Functions that outsiders call, with arguments that the input does not show."""
        self._called: set[ast.arg] = set()
        """Further arguments that no call in the input gives."""
        self._running: set[Unit] = set()
        """More than one while functions are interpreted ahead of their turn."""

    def run(self) -> None:
        for file in self.program.files.values():
            self.unit(file.tree, None, file, None)
        for decl in self.program.classes:
            self.unit(decl.node, decl, decl.file, self._units.get(decl.file.tree))
        self._settle()
        for function in self._functions_kept_as_entries():
            self._open.add(self._units[function])
            self.state.enqueue(self._units[function])
        self._settle()
        # What nothing in the input calls may be called by others.
        while silent := [one for one in self._units.values() if self._is_silent(one)]:
            for unit in silent:
                self._called.update(self._without_value(unit))
                self.state.enqueue(unit)
            self._settle()

    def _functions_kept_as_entries(self) -> list[ast.AST]:
        """The methods that an instance has under an entry's name, ``self.forward = self.fused``."""
        return [
            one.node
            for cls in self.program.classes
            for entry in sorted(self.entries)
            for one in self.state.look(("attribute", cls, entry))
            if isinstance(one, Function) and one.node in self._units
        ]

    def _is_silent(self, unit: Unit) -> bool:
        """Whether nothing calls the function."""
        is_interpreted = unit.trace is not None
        return is_interpreted and unit not in self._open and bool(self._without_value(unit))

    def _without_value(self, unit: Unit) -> list[ast.arg]:
        """The arguments that no call gives."""
        if not isinstance(unit.node, FunctionNode | ast.Lambda):
            return []
        args = unit.node.args
        first = receiver_of(unit)
        return [
            one
            for one in (*args.posonlyargs, *args.args, *args.kwonlyargs)
            if one is not first
            and one not in self._called
            and not self.state.look(("argument", one))
        ]

    def _settle(self) -> None:
        while (unit := self.state.next()) is not None:
            self._interpret(unit)

    def unit(
        self,
        node: FunctionNode | ast.Lambda | ast.Module | ast.ClassDef,
        owner: ClassDecl | None,
        file: FileDecl,
        parent: Unit | None,
    ) -> Unit:
        """Return the unit of a function; in a file of interest it is interpreted in any case."""
        unit = self._units.get(node)
        if unit is None:
            if parent is not None and isinstance(parent.node, ast.ClassDef):
                parent = parent.parent  # methods do not see the names of the class's body
            unit = self._units[node] = Unit(node, owner, file, parent)
            self.instances.add(unit)
            if owner is not None and isinstance(node, FunctionNode) and is_method(unit):
                if owner.is_module and (node.name in self.entries or node.name == "__init__"):
                    self._open.add(unit)
            if file in self._of_interest or isinstance(node, ast.Module | ast.ClassDef):
                self.state.enqueue(unit)
        return unit

    def method_unit(self, node: FunctionNode, owner: ClassDecl) -> Unit:
        """Return the unit of a method, which sees what its class sees."""
        around = self._units.get(owner.node)
        parent = around.parent if around is not None else self._units.get(owner.file.tree)
        return self.unit(node, owner, owner.file, parent)

    def function_unit(self, function: Function) -> Unit:
        """Return the unit of a function that is called; a new one sees its file's names.

        One that was never interpreted is interpreted at once: then it has what the call hands over,
        and the caller what it gives back, and neither has to come again.
        """
        parent = self._units.get(function.file.tree)
        unit = self.unit(function.node, function.owner, function.file, parent)
        if unit.trace is None and unit not in self._running:
            if len(self._running) < _DEEPEST_AHEAD:
                self.state.take_ahead(unit)
                self._interpret(unit)
            else:
                self.state.enqueue(unit)
        return unit

    def is_open(self, unit: Unit, argument: ast.arg) -> bool:
        """Tell whether code outside the input may give the argument."""
        return unit in self._open or argument in self._called

    def _interpret(self, unit: Unit) -> None:
        self._running.add(unit)
        try:
            self._run(unit)
        finally:
            self._running.discard(unit)

    def _run(self, unit: Unit) -> None:
        node = unit.node
        function = node if isinstance(node, FunctionNode | ast.Lambda) else None
        trace = FunctionTrace(function, unit.owner, unit.file)
        frame = Frame(self, unit, trace)
        if isinstance(node, FunctionNode | ast.Lambda):
            bind_arguments(frame, node)
        if isinstance(node, ast.Lambda):
            given = frame.take(node.body, How.RETURNED, node)
            frame.returned = frame.given_back(node.body, given)
        else:
            frame.run(node.body)
        if isinstance(node, FunctionNode) and frame.environment is not None:
            if not is_left_to_subclasses(unit):
                frame.returned = join(frame.returned, NOTHING)
        frame.finish()
        self.state.write(("returned", node), frame.returned)

    def names_in(
        self, node: FunctionNode | ast.Lambda | ast.ClassDef | ast.Module, file: FileDecl
    ) -> Names:
        if node not in self._names:
            self._names[node] = names_in(node, file.nodes)
        return self._names[node]

    def trace(self) -> Trace:
        units = sorted(self._units.values(), key=self._place)
        functions: dict[ast.AST, FunctionTrace] = {
            unit.node: unit.trace for unit in units if unit.trace is not None
        }
        for unit in self._units.values():
            if unit.trace is None:
                continue
            unit.trace.parent = unit.parent.trace if unit.parent is not None else None
            if is_method(unit):
                unit.trace.users = frozenset(self.instances.users(unit))
        definitions = {
            cls: {name: list(found.values()) for name, found in attributes.items()}
            for cls, attributes in self.state.definitions.items()
        }
        growths = {site: list(found.values()) for site, found in self.state.growths.items()}
        callees = {
            node: {key: frozenset(found) for key, found in unit.callees.items()}
            for node, unit in self._units.items()
        }
        entries = self._entries(callees)
        found = self._reached(entries, callees)
        reached = {node: found[node] for node in functions if node in found}
        return Trace(self.program, functions, definitions, growths, callees, entries, reached)

    def _place(self, unit: Unit) -> tuple[int, int, int]:
        """Where it stands in the program."""
        node = unit.node
        file = self._number_of[unit.file]
        return file, getattr(node, "lineno", 0), getattr(node, "col_offset", 0)

    def _entries(self, callees: Callees) -> frozenset[ast.AST]:
        named = [
            node
            for node, unit in self._units.items()
            if unit.owner is not None
            and unit.owner.is_module
            and is_method(unit)
            and name_of(unit) in self.entries
        ]
        found = found_entries(self._units, callees, self.instances)
        return frozenset((*named, *self._functions_kept_as_entries(), *found))

    def _handed_a_module(self) -> list[ast.AST]:
        """The ``__call__`` of plain objects that by their annotations work for a module: attention
        processors, of which the input may not say who holds them."""
        return [
            node
            for node, unit in self._units.items()
            if unit.owner is not None
            and not unit.owner.is_module
            and name_of(unit) == "__call__"
            and unit.trace is not None
            and any(
                isinstance(one, Module) and isinstance(one.cls, ClassDecl)
                for value in unit.trace.arguments.values()
                for one in value
            )
        ]

    def _reached(
        self, entries: Iterable[ast.AST], callees: Callees
    ) -> dict[ast.AST, frozenset[ClassDecl]]:
        """The functions that run when an entry of some class does."""
        found: dict[ast.AST, frozenset[ClassDecl]] = {}
        stack = [*entries, *self.state.hooks, *self._handed_a_module()]
        while stack:
            node = stack.pop()
            unit = self._units[node]
            if node in found or name_of(unit) in NEVER_HOOKED:
                continue
            # a function that is named as a callee and never came to be interpreted
            if unit.trace is None or isinstance(node, ast.ClassDef | ast.Module):
                continue
            found[node] = frozenset(self.instances.users(unit)) if is_method(unit) else frozenset()
            for names in callees.get(node, {}).values():
                stack += [one for one in names if one in self._units]
        return found
