"""From what each value was computed: the ways back from an expression, step by step."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from autohook_codegen import library
from autohook_codegen.analysis.call_arguments import (
    Part,
    arguments_in,
    given_to,
    path_to,
    returns_of,
)
from autohook_codegen.analysis.definitions import Binding, Definitions
from autohook_codegen.analysis.takers import Takers
from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.analysis.values import (
    Fields,
    Function,
    Items,
    Module,
    Parameter,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.program import ClassDecl, FunctionNode
from autohook_codegen.library.operations import ATTENTION_FUNCTIONS, family, module_family

__all__ = ["Context", "Flow", "Point", "Way"]

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "add",
    ast.Mult: "scale",
    ast.Div: "scale",
    ast.Pow: "scale",
    ast.MatMult: "matmul",
}
_OF_ONE = frozenset("view cast repeat dropout softmax activation norm".split())
"""Operations whose further operands are no part of what goes on."""
MOST_CALLS = 5


@dataclass(frozen=True, slots=True)
class Context:
    """The call by which a way has gone into a function."""

    call: ast.Call
    function: FunctionTrace
    """The caller."""
    outer: Context | None = None
    mapped: Part | None = None
    """Which item of what ``map`` runs over, where that calls the function."""

    @property
    def depth(self) -> int:
        return 1 + (self.outer.depth if self.outer is not None else 0)


@dataclass(frozen=True, slots=True)
class Point:
    """A value in a function: of an expression, of an argument, of ``x += y``."""

    node: ast.AST
    function: FunctionTrace
    context: Context | None = None
    part: Part = ()
    """Which item of it; ``None`` for whichever a loop hands out."""

    def at(self, node: ast.AST, *part: int | str | None) -> Point:
        return replace(self, node=node, part=part)


@dataclass(frozen=True, slots=True)
class Way:
    """How a value was made."""

    kind: str
    """A family of operations (``view``, ``matmul``, ``linear``, …; see `library.operations`), or
    ``same`` (a name), ``choice``, ``item`` (of a tuple), ``argument``, ``module`` (a module of the
    input, or one that is not known), ``function`` (one of the input), ``unknown`` (another one),
    ``parameter``, ``leaf``."""
    point: Point
    sources: tuple[Point, ...] = ()
    """From what: the operands in their order."""
    name: str = ""
    """The function's own name, ``transpose``."""
    modules: Value = frozenset()
    """What a module call may call."""
    inner: tuple[Point, ...] = ()
    """What a function or module of the input returns, where the way goes on inside of it."""


class Flow:
    """The ways of a whole program, worked out where they are asked for."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._definitions: dict[ast.AST, Definitions] = {}
        self._takers: dict[ast.AST, Takers] = {}
        self._ways: dict[Point, Way] = {}
        self._fed: dict[Point, bool] = {}

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
            self._takers[node] = Takers(node, self.definitions(function))
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
        """The calls of modules of the input, by the forward that they run."""
        found: dict[ast.AST, list[tuple[ast.Call, FunctionTrace]]] = {}
        for function in self.trace.functions.values():
            for call in function.calls:
                for one in call.modules:
                    cls = one.cls if isinstance(one, Module) else None
                    method = cls.method("forward") if isinstance(cls, ClassDecl) else None
                    if method is not None:
                        found.setdefault(method[1], []).append((call.node, function))
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

    def way(self, point: Point) -> Way:
        """Return how the value was made."""
        if point not in self._ways:
            self._ways[point] = self._way(point)
        return self._ways[point]

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
                return self._argument(point, node)
            case ast.Name():
                return self._name(point, node)
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
                return Way("choice", point, tuple(replace(point, node=one) for one in arms))
            case ast.BoolOp(values=values):
                return Way("choice", point, tuple(replace(point, node=one) for one in values))
            case ast.NamedExpr(value=inner) | ast.Await(value=inner) | ast.Starred(value=inner):
                return Way("same", point, (replace(point, node=inner),))
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return self._display(point, elements)
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
                return Way("join", point, (point.at(element, *point.part[1:]),))
            case ast.Subscript():
                return self._subscript(point, node)
            case ast.Attribute():
                return self._attribute(point, node)
            case ast.Call():
                return self._call(point, node)
        return Way("leaf", point)

    # --- names and arguments

    def _name(self, point: Point, node: ast.Name) -> Way:
        definitions = self.definitions(point.function)
        bindings = sorted(
            definitions.of.get(node, frozenset()), key=lambda one: (one.lineno, one.col_offset)
        )
        sources = [self._bound(point, one, definitions.binder[one]) for one in bindings]
        return Way("same" if len(sources) < 2 else "choice", point, tuple(sources))

    def _bound(self, point: Point, binding: Binding, by: ast.AST) -> Point:
        """Return what a binding gives the name, in the function that it stands in."""
        point = self._in_binder(point, binding)
        if isinstance(by, ast.AugAssign) or isinstance(binding, ast.arg):
            return replace(point, node=by if isinstance(by, ast.AugAssign) else binding)
        targets: list[ast.expr] = []
        value: ast.AST = binding
        whole: Part = ()
        match by:
            case ast.Assign():
                targets, value = list(by.targets), by.value
            case ast.AnnAssign(target=annotated, value=ast.expr() as given):
                targets, value = [annotated], given
            case ast.NamedExpr(target=walrus, value=given):
                targets, value = [walrus], given
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                targets, value, whole = [by.target], by.iter, (None,)
            case ast.With() | ast.AsyncWith():
                for item in by.items:
                    if item.optional_vars is not None:
                        targets, value = [item.optional_vars], item.context_expr
        for target in targets:
            path = path_to(target, binding)
            if path is not None:
                return replace(point, node=value, part=(*whole, *path, *point.part))
        return replace(point, node=by, part=())

    def _in_binder(self, point: Point, binding: Binding) -> Point:
        """Return the point in the function whose name it is, for one that a nested one reads."""
        function, context = point.function, point.context
        owner = self._owner(binding, function)
        while function is not owner and function.parent is not None:
            function = function.parent
        if function is not point.function:
            while context is not None and context.function is not function:
                context = context.outer
            context = context.outer if context is not None else None
        return replace(point, function=function, context=context)

    def _owner(self, binding: Binding, function: FunctionTrace) -> FunctionTrace:
        """Return the innermost function around that binds the name."""
        current: FunctionTrace | None = function
        while current is not None and current.node is not None:
            if binding in _bindings_in(current.node):
                return current
            current = current.parent
        return function

    def _argument(self, point: Point, node: ast.arg) -> Way:
        if node is point.function.receiver:
            return Way("leaf", point)
        context = point.context
        if context is not None:
            callee = point.function.node
            if context.mapped is not None and isinstance(callee, FunctionNode | ast.Lambda):
                place = arguments_in(callee).index(node) + 1
                given = [(one, context.mapped) for one in context.call.args[place : place + 1]]
            else:
                given = given_to(node, callee, context.call, self._is_bound(context, callee))
            outer = replace(point, function=context.function, context=context.outer)
            sources = tuple(
                replace(outer, node=one, part=(*part, *point.part)) for one, part in given
            )
            return Way("same", point, sources)
        callers = self.calls_of.get(point.function.node or node, ())
        sources = tuple(
            Point(one, caller, None, (*part, *point.part))
            for call, caller in callers
            for one, part in given_to(
                node,
                point.function.node,
                call,
                self._is_bound(Context(call, caller), point.function.node),
            )
        )
        return Way("same" if sources else "argument", point, sources)

    def _is_bound(self, context: Context, callee: ast.AST | None) -> bool:
        """Tell whether the call hands the function its first argument by itself."""
        callees = context.function.values.get(context.call.func, frozenset())
        for one in callees:
            if isinstance(one, Function) and one.node is callee:
                return bool(one.bound)
            if isinstance(one, Module | Items | Fields):
                return True
        return False

    # --- parts

    def _display(self, point: Point, elements: list[ast.expr]) -> Way:
        if point.part and isinstance(place := point.part[0], int):
            starred = any(isinstance(one, ast.Starred) for one in elements)
            if not starred and -len(elements) <= place < len(elements):
                inner = replace(point, node=elements[place], part=point.part[1:])
                return Way("same", point, (inner,))
        rest = point.part[1:]
        sources = tuple(replace(point, node=one, part=rest) for one in elements)
        return Way("choice" if point.part else "join", point, sources)

    def _subscript(self, point: Point, node: ast.Subscript) -> Way:
        holder = self.value(point.at(node.value))
        key: ast.expr = node.slice
        if isinstance(key, ast.UnaryOp) and isinstance(key.op, ast.USub):
            key = key.operand
        constant = key.value if isinstance(key, ast.Constant) else None
        if isinstance(node.slice, ast.UnaryOp) and isinstance(constant, int):
            constant = -constant
        if any(isinstance(one, Items | Fields) for one in holder) and not any(
            isinstance(one, Tensor) for one in holder
        ):
            place = constant if isinstance(constant, int | str) else None
            inner = replace(point, node=node.value, part=(place, *point.part))
            return Way("item", point, (inner,))
        if isinstance(constant, int) and not any(isinstance(one, Tensor) for one in holder):
            inner = replace(point, node=node.value, part=(constant, *point.part))
            return Way("item", point, (inner,))
        kind = "view" if _is_index(node.slice) else "slice"
        return Way(kind, point, (point.at(node.value),), "index")

    def _attribute(self, point: Point, node: ast.Attribute) -> Way:
        value = self.value(point)
        if any(isinstance(one, Parameter) for one in value):
            return Way("parameter", point, (), node.attr, value)
        if family(node.attr) in ("view", "fact") and any(
            isinstance(one, Tensor | Unknown) for one in self.value(point.at(node.value))
        ):
            return Way(family(node.attr), point, (point.at(node.value),), node.attr)
        holder = self.value(point.at(node.value))
        if any(isinstance(one, Fields | Items | Tensor) for one in holder) or (
            any(isinstance(one, Unknown) and one.origin is not None for one in holder)
        ):
            inner = replace(point, node=node.value, part=(node.attr, *point.part))
            return Way("item", point, (inner,))
        return Way("leaf", point, (), node.attr, value)

    # --- calls

    def _call(self, point: Point, node: ast.Call) -> Way:
        func = node.func
        arguments = (*node.args, *(one.value for one in node.keywords))
        operands = tuple(point.at(one) for one in arguments)
        callee = self.value(point.at(func))
        handed = next(
            (one for one in point.function.calls if one.node is node and one.callee is not func),
            None,
        )
        if handed is not None:  # checkpoint(self.layer, x)
            return Way("module", point, operands[1:], "", handed.modules)
        functions = [one for one in callee if isinstance(one, Function)]
        if functions:
            return self._function(point, node, functions, operands)
        modules = frozenset(one for one in callee if isinstance(one, Module | Items | Fields))
        if modules or any(isinstance(one, Unknown) and one.held is not None for one in callee):
            return self._module(point, node, modules, operands)
        if isinstance(func, ast.Attribute) and not any(
            isinstance(one, Unknown) and one.name is not None for one in callee
        ):
            receiver = point.at(func.value)
            known = library.tensor_member(func.attr) is not None or func.attr.endswith("_")
            if known:
                return self._operation(func.attr, point, (receiver, *operands))
            return Way("unknown", point, (receiver, *operands), func.attr)
        names = [one.name for one in callee if isinstance(one, Unknown) and one.name is not None]
        if names:
            return self._library(names[0], point, node, operands)
        return Way("unknown", point, operands)

    def _library(self, name: str, point: Point, node: ast.Call, operands: tuple[Point, ...]) -> Way:
        last = name.rsplit(".", 1)[-1]
        if last == "map" and len(operands) > 1:
            return self._mapped(point, node, operands)
        if last in ("tuple", "list", "iter", "sorted") and operands:
            return Way("same", point, (replace(operands[0], part=point.part),))
        if last == "enumerate" and operands:
            if len(point.part) > 1 and point.part[1] == 1:
                inner = replace(operands[0], part=(None, *point.part[2:]))
                return Way("same", point, (inner,))
            return Way("fact", point)
        if last in ("zip", "reversed") and operands:
            if last == "zip" and len(point.part) > 1 and isinstance(place := point.part[1], int):
                if place < len(operands):
                    inner = replace(operands[place], part=(None, *point.part[2:]))
                    return Way("same", point, (inner,))
            return Way("choice", point, operands)
        if library.function(name) is not None or last in ATTENTION_FUNCTIONS:
            return self._operation(last, point, operands)
        return Way("unknown", point, operands, last)

    def _operation(self, name: str, point: Point, operands: tuple[Point, ...]) -> Way:
        kind = family(name)
        if kind in _OF_ONE:
            operands = operands[:1]
        elif kind == "mask":
            operands = operands[1:] if name == "where" and len(operands) == 3 else operands[:1]
        elif kind == "matmul":
            operands = tuple(one for one in operands if not isinstance(one.node, ast.Constant))
            operands = operands[1:3] if name in ("baddbmm", "addmm") else operands
        return Way(kind, point, operands, name)

    def _mapped(self, point: Point, node: ast.Call, operands: tuple[Point, ...]) -> Way:
        """``map(lambda t: rearrange(t, …), qkv)``"""
        part = point.part[:1] or (None,)
        given = tuple(replace(one, part=part) for one in operands[1:])
        for one in self.value(operands[0]):
            if isinstance(one, Function):
                inner = self._inner(point, node, one, point.part[1:], part)
                return self._through(Way("function", point, given, "map", frozenset(), inner))
        return Way("unknown", point, given, "map")

    def _function(
        self,
        point: Point,
        node: ast.Call,
        functions: list[Function],
        operands: tuple[Point, ...],
    ) -> Way:
        inner = tuple(
            one for function in functions for one in self._inner(point, node, function, point.part)
        )
        name = getattr(functions[0].node, "name", "")
        return self._through(Way("function", point, operands, name, frozenset(), inner))

    def _module(
        self, point: Point, node: ast.Call, modules: Value, operands: tuple[Point, ...]
    ) -> Way:
        kinds = {
            module_family(one.cls)
            if isinstance(one, Module) and isinstance(one.cls, str)
            else "module"
            for one in modules
        }
        kind = _one_kind(kinds)
        if kind is not None:
            sources = operands if kind == "attention" else operands[:1]
            return Way(kind, point, sources, "", modules)
        inner: list[Point] = []
        for one in modules:
            if isinstance(one, Module) and isinstance(one.cls, ClassDecl):
                method = one.cls.method("forward")
                if method is not None and method[1] in self.trace.functions:
                    inner += self._inner(
                        point, node, Function(method[1], method[0], method[0].file), point.part
                    )
        return Way("module", point, operands, "", modules, tuple(inner))

    def _inner(
        self,
        point: Point,
        node: ast.Call,
        function: Function,
        part: Part,
        mapped: Part | None = None,
    ) -> tuple[Point, ...]:
        """Return what the function gives back, as points inside of it."""
        callee = self.trace.functions.get(function.node)
        depth = point.context.depth if point.context is not None else 0
        if callee is None or depth >= MOST_CALLS:
            return ()
        context = Context(node, point.function, point.context, mapped)
        return tuple(Point(one, callee, context, part) for one in returns_of(function.node))

    def _through(self, way: Way) -> Way:
        """Return a view for a call of a function that does nothing but views."""
        ends: dict[Point, None] = {}
        stack, seen = list(way.inner), set(way.inner)
        while stack:
            point = stack.pop()
            if point.context == way.point.context:
                ends[point] = None
                continue
            inside = self.way(point)
            if inside.kind not in ("same", "choice", "view", "item") or not inside.sources:
                return way
            stack += [one for one in inside.sources if one not in seen]
            seen.update(inside.sources)
        return replace(way, kind="view", sources=tuple(ends)) if ends else way


def _one_kind(kinds: set[str]) -> str | None:
    """Return what a call of any of several modules is, where that is one thing: a convolution in
    place of a linear layer, an identity in place of a norm."""
    kinds = kinds - {"view"} or kinds
    if kinds <= {"linear", "conv"} and "linear" in kinds:
        return "linear"
    return next(iter(kinds)) if len(kinds) == 1 and "module" not in kinds else None


def _is_index(key: ast.expr) -> bool:
    """Tell whether an index takes no part of a dimension: ``[:, 0]``, ``[..., None]``."""
    parts = key.elts if isinstance(key, ast.Tuple) else [key]
    return all(
        (
            isinstance(one, ast.Slice)
            and one.lower is None
            and one.upper is None
            and one.step is None
        )
        or isinstance(one, ast.Constant | ast.Name | ast.UnaryOp)
        for one in parts
    )


def _bindings_in(function: ast.AST) -> frozenset[ast.AST]:
    """Return what the function itself binds: arguments and targets, not those of nested ones."""
    found: set[ast.AST] = set()
    if isinstance(function, FunctionNode | ast.Lambda):
        found.update(arguments_in(function))
    body = (
        function.body
        if isinstance(function, FunctionNode)
        else [function.body]
        if isinstance(function, ast.Lambda)
        else []
    )
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            found.add(node)
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))
    return frozenset(found)
