"""From what each value was computed: the ways back from an expression, step by step."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cached_property

from autohook_codegen.analysis.call_arguments import Part, given_to
from autohook_codegen.analysis.definitions import Definitions
from autohook_codegen.analysis.points import Context, Point, Way
from autohook_codegen.analysis.takers import Takers
from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.analysis.values import Function, Instance, Module, Value
from autohook_codegen.analysis.ways_of_calls import way_of_call
from autohook_codegen.analysis.ways_of_names import way_of_argument, way_of_name
from autohook_codegen.analysis.ways_of_parts import (
    way_of_attribute,
    way_of_comprehension,
    way_of_display,
    way_of_subscript,
)
from autohook_codegen.declares.files import ClassDecl

__all__ = ["Flow"]

DEEPEST_PART = 6
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "add",
    ast.Mult: "scale",
    ast.Div: "scale",
    ast.Pow: "scale",
    ast.MatMult: "matmul",
}


class Flow:
    """The ways of a whole program, worked out where they are asked for."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._definitions: dict[ast.AST, Definitions] = {}
        self._takers: dict[ast.AST, Takers] = {}
        self._ways: dict[Point, Way] = {}
        self._fed: dict[Point, bool] = {}
        self._contexts: dict[object, Context] = {}

    # --- values and names

    def value(self, point: Point) -> Value:
        """Return what the interpretation says of the whole expression."""
        if isinstance(point.node, ast.arg):
            return point.function.arguments.get(point.node, frozenset())
        if isinstance(point.node, ast.expr):
            return point.function.values.get(point.node, frozenset())
        return frozenset()

    def definitions(self, function: FunctionTrace) -> Definitions:
        """Return those of the outermost function around."""
        while function.parent is not None and function.parent.node is not None:
            function = function.parent
        node = function.node
        assert node is not None
        if node not in self._definitions:
            self._definitions[node] = Definitions(node)
        return self._definitions[node]

    def takers(self, function: FunctionTrace) -> Takers:
        """Return the ways forward in the outermost function around."""
        while function.parent is not None and function.parent.node is not None:
            function = function.parent
        node = function.node
        assert node is not None
        if node not in self._takers:
            self._takers[node] = Takers(function.file.nodes, self.definitions(function))
        return self._takers[node]

    @cached_property
    def calls_of(self) -> dict[ast.AST, list[tuple[ast.Call, FunctionTrace]]]:
        """The calls of each function of the input, of a module's forward too where it is called on
        the instance itself."""
        found: dict[ast.AST, list[tuple[ast.Call, FunctionTrace]]] = {}
        for function in self.trace.functions.values():
            for node in list(function.values):
                if isinstance(node, ast.Call):
                    for one in function.values.get(node.func, frozenset()):
                        if isinstance(one, Function):
                            found.setdefault(one.node, []).append((node, function))
        return found

    @cached_property
    def module_calls_of(self) -> dict[ast.AST, list[tuple[ast.Call, FunctionTrace]]]:
        """The calls of modules and other objects of the input, by the method that they run."""
        found: dict[ast.AST, list[tuple[ast.Call, FunctionTrace]]] = {}
        for function in self.trace.functions.values():
            for call in function.calls:
                for one in call.modules:
                    cls = one.cls if isinstance(one, Module) else None
                    method = cls.method("forward") if isinstance(cls, ClassDecl) else None
                    if method is not None:
                        found.setdefault(method[1], []).append((call.node, function))
            for node in [one for one in function.values if isinstance(one, ast.Call)]:
                for callee in function.values.get(node.func, frozenset()):
                    method = callee.cls.method("__call__") if isinstance(callee, Instance) else None
                    if method is not None:
                        found.setdefault(method[1], []).append((node, function))
        return found

    def at_callers(self, point: Point) -> list[Point]:
        """Return what calls of the module give for an argument of its forward."""
        node = point.function.node
        if not isinstance(point.node, ast.arg) or node is None:
            return []
        return [
            Point(one, caller, None, (*part, *point.part))
            for call, caller in self.module_calls_of.get(node, ())
            for one, part in given_to(point.node, node, call, True)
        ]

    def origin(self, point: Point) -> Point:
        """Return where the value stands that a name is surely of."""
        way = self.way(point)
        while way.kind == "same" and len(way.sources) == 1:
            way = self.way(way.sources[0])
        return way.point

    # --- ways

    def context(
        self,
        point: Point,
        call: ast.Call | ast.ListComp | ast.GeneratorExp,
        mapped: Part | None = None,
    ) -> Context:
        """Return the way into what a call at the point calls."""
        key = (call, point.function, point.context, mapped)
        return self._contexts.setdefault(key, Context(*key))

    def way(self, point: Point) -> Way:
        """Return how the value was made."""
        way = self._ways.get(point)
        if way is None:
            # a loop may put what it has made into a tuple, round after round
            is_deep = len(point.part) > DEEPEST_PART
            way = self._ways[point] = Way("leaf", point) if is_deep else self._way(point)
        return way

    def walk(
        self, start: Point, goes_on: Callable[[Way], bool | tuple[Point, ...]]
    ) -> Iterator[Way]:
        """Yield the ways back from `start`, and where `goes_on` says so those of their sources (or
        of the points that it names)."""
        seen: set[Point] = set()
        stack = [start]
        while stack:
            point = stack.pop()
            if point in seen:
                continue
            seen.add(point)
            way = self.way(point)
            yield way
            onward = goes_on(way)
            sources = onward if isinstance(onward, tuple) else way.sources if onward else ()
            stack.extend(reversed(sources))

    def is_fed(self, point: Point) -> bool:
        """Tell whether the value is computed from an argument of a forward."""
        if point not in self._fed:
            self._fed[point] = any(
                way.kind == "argument" for way in self.walk(point, lambda way: way.kind != "fact")
            )
        return self._fed[point]

    def _way(self, point: Point) -> Way:
        node = point.node
        match node:
            case ast.arg():
                return way_of_argument(self, point, node)
            case ast.Name():
                return way_of_name(self, point, node)
            case ast.AugAssign(op=op, target=target, value=value):
                kind = _OPERATORS.get(type(op), "other")
                return Way(kind, point, (point.at(target), point.at(value)))
            case ast.BinOp(op=op, left=left, right=right):
                kind = _OPERATORS.get(type(op), "other")
                return Way(kind, point, (point.at(left), point.at(right)), type(op).__name__)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Way("scale", point, (point.at(operand),))
            case ast.IfExp(body=body, orelse=orelse):
                arms = (body, orelse)
                return Way("choice", point, tuple(point._replace(node=one) for one in arms))
            case ast.BoolOp(values=values):
                return Way("choice", point, tuple(point._replace(node=one) for one in values))
            case ast.NamedExpr(value=inner) | ast.Await(value=inner) | ast.Starred(value=inner):
                return Way("same", point, (point._replace(node=inner),))
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return way_of_display(self, point, elements)
            case ast.ListComp() | ast.GeneratorExp():
                return way_of_comprehension(self, point, node)
            case ast.Subscript():
                return way_of_subscript(self, point, node)
            case ast.Attribute():
                return way_of_attribute(self, point, node)
            case ast.Call():
                return way_of_call(self, point, node)
        return Way("leaf", point)
