"""The sites of values inside a forward: how one passes its hook point, and who holds that."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from autohook_codegen.analysis.call_arguments import path_to
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Function, Module, Named, Nothing
from autohook_codegen.declares.files import ClassDecl, FunctionNode
from autohook_codegen.library.operations import family
from autohook_codegen.notes import Message
from autohook_codegen.sites.candidate import (
    After,
    Candidate,
    Explicit,
    First,
    Form,
    LeftAlone,
    Reference,
    Wrap,
)
from autohook_codegen.sites.references import in_order, owners_of

__all__ = ["Holder", "ValueSites", "passing_place"]

_FIELDS: dict[object, str] = {0: "values", 1: "indices"}
"""The parts of what ``topk`` gives, by name."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The module that a function has at hand."""

    receiver: str
    owners: tuple[ClassDecl, ...]


class ValueSites:
    """Makes the sites of values."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.handed: dict[ast.AST, Holder] = {}
        """Functions that are handed the module by code outside the input."""
        self.notes: list[LeftAlone] = []

    def hand(self, function: Function, caller: FunctionTrace) -> None:
        """Write down that a function gets the caller's module as its first argument."""
        holder = self.holder(caller)
        first = [*function.node.args.posonlyargs, *function.node.args.args][:1]
        if holder is None or not first:
            return
        known = self.handed.get(function.node)
        owners = {*holder.owners, *(known.owners if known is not None else ())}
        self.handed[function.node] = Holder(first[0].arg, in_order(owners))

    def holder(self, function: FunctionTrace) -> Holder | None:
        """Return ``self``, or the argument under which a function is handed a module."""
        current: FunctionTrace | None = function
        while current is not None and current.node is not None:
            if current.node in self.handed:
                return self.handed[current.node]
            receiver = current.receiver
            if receiver is not None and current.owner is not None and current.owner.is_module:
                return Holder(receiver.arg, (current.owner,))
            for argument, value in current.arguments.items():
                if value and all(
                    isinstance(one, Module) and isinstance(one.cls, ClassDecl) for one in value
                ):
                    owners = owners_of(argument, current)
                    if owners:
                        return Holder(argument.arg, owners)
            current = current.parent
        return None

    def note(self, node: ast.expr, message: Message, function: FunctionTrace) -> None:
        """Write down what a user has to know of a value that has a role."""
        self.notes.append(LeftAlone(node, message, function))

    def site(
        self,
        role: str,
        point: Point,
        takes: Iterable[ast.AST] = (),
        form: Form | None = None,
        suffix: str = "",
    ) -> Candidate | None:
        """Return the site of a value with a role; ``None`` where the code has no place for it.

        `suffix` tells the hook point from another of the same role: ``_cross``.
        """
        holder = self.holder(point.function)
        form = form or self.form(point) if holder is not None else None
        if holder is None or form is None:
            return None
        node = point.node if isinstance(point.node, ast.expr) else _reported(form)
        return Candidate(
            node,
            Reference(
                holder.receiver, holder.owners, (Named(role + suffix),), self.flow.value(point)
            ),
            "activation",
            form,
            point.function,
            role=role,
            takes=frozenset(takes),
        )

    def form(self, point: Point) -> Form | None:
        """Return how the value passes its hook point."""
        node = point.node
        if isinstance(node, ast.arg):
            function = point.function.node
            if isinstance(function, FunctionNode) and not point.part:
                name = ast.copy_location(ast.Name(node.arg, ast.Load()), node)
                return First(function, name, is_tested=_may_be_none(point))
            return None
        if isinstance(node, ast.AugAssign):
            return After(node, node.target)
        if not isinstance(node, ast.expr):
            return None
        return self._part_form(point, node) if point.part else Wrap(node)

    def _part_form(self, point: Point, node: ast.expr) -> Form | None:
        """Return the form of an item of what an expression gives: where it is unpacked, read or
        handed out by a loop."""
        place, *rest = point.part
        if place is None:
            return self._loop_form(point, node)
        if rest:
            return None
        for taker, taken in self.flow.takers(point.function).of(node):
            if isinstance(taker, ast.Subscript) and taken is taker.value:
                key = taker.slice
                if isinstance(key, ast.Constant) and key.value == place:
                    return Wrap(taker)
            if isinstance(taker, ast.Attribute) and taker.attr == _FIELDS.get(place):
                return Wrap(taker)
        statement = self._assignment(node, point.function)
        if statement is None or not isinstance(place, int):
            return None
        for target in statement.targets:
            if isinstance(target, ast.Tuple | ast.List) and place < len(target.elts):
                name = target.elts[place]
                if isinstance(name, ast.Name) and not any(
                    isinstance(one, ast.Starred) for one in target.elts[:place]
                ):
                    return After(statement, name)
        return None

    def _loop_form(self, point: Point, node: ast.expr) -> Form | None:
        """Return the form of what the one loop over it hands out: ``q`` of
        ``for q, k in zip(qs, ks)``."""
        takers = self.flow.takers(point.function).of(node)
        loops = [one for one, _ in takers if isinstance(one, ast.For)]
        for name in ast.walk(loops[0].target) if len(loops) == 1 else ():
            if isinstance(name, ast.Name) and path_to(loops[0].target, name) == point.part[1:]:
                return First(loops[0], name)
        return None

    def _assignment(self, node: ast.expr, function: FunctionTrace) -> ast.Assign | None:
        """Return the statement that takes the value apart, its own or that of a name of it."""
        takers = self.flow.takers(function)
        parent = takers.parent(node)
        if isinstance(parent, ast.Assign) and any(
            isinstance(one, ast.Tuple | ast.List) for one in parent.targets
        ):
            return parent
        if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
            reads = takers.reads(parent.targets[0])
            found = [takers.parent(one) for one in reads]
            unpacking = [one for one in found if isinstance(one, ast.Assign)]
            if len(unpacking) == 1 == len(found):
                return unpacking[0]
        return None

    def all_pass(self, made: ast.AST, through: Collection[ast.AST], point: Point) -> bool:
        """Tell whether every use of what `made` gives goes by `through` to the place of `point`."""
        takers = self.flow.takers(point.function)
        is_handed_out = self.flow.origin(point).part == (None,)  # all of it, by a loop
        stack, seen = [made], {made}
        while stack:
            node = stack.pop()
            if node is point.node and not point.part:
                continue
            for taker, taken in takers.of(node):
                if taker in seen or _is_fact(taker) or (taken is point.node and taken is not node):
                    continue
                if node is point.node and is_handed_out and isinstance(taker, ast.For):
                    continue
                if taker not in through and taker is not point.node:
                    return False
                seen.add(taker)
                stack.append(taker)
        return True

    def made_by(self, point: Point) -> frozenset[ast.AST]:
        """Return the place of the value and, where every use of it passes there, the operation that
        has made it, before names and views."""
        made, through = point, {point.node}
        while (way := self.flow.way(made)).kind in ("same", "view") and len(way.sources) == 1:
            (source,) = way.sources
            if (source.function, source.context, source.part) != (*point[1:3], ()):
                break
            through.add(made.node)
            made = source
        passes = self.all_pass(made.node, through, point)
        return frozenset({point.node, made.node} if passes else {point.node})


def passing_place(form: Form) -> object:
    """Return what tells the places of two values apart."""
    match form:
        case After(statement, target):
            return statement, ast.unparse(target)
        case First(block, target):
            return block, target.id
        case Explicit(node, place):
            return node, place
    return form.node


def _may_be_none(point: Point) -> bool:
    """Tell whether calls may leave the argument out."""
    value = point.function.arguments.get(point.node) if isinstance(point.node, ast.arg) else None
    return any(isinstance(one, Nothing) for one in value or ())


def _is_fact(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and family(node.attr) == "fact"


def _reported(form: Form) -> ast.expr:
    match form:
        case Wrap(node) | Explicit(node):
            return node
        case After(target=target) | First(target=target):
            return target
