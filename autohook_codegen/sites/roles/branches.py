"""What a branch of the residual stream is: attention, perhaps to another sequence, a perceptron."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from autohook_codegen.analysis.call_arguments import Part, given_to
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import ModuleCall
from autohook_codegen.analysis.values import Module, Value
from autohook_codegen.declares.files import ClassDecl, FunctionNode
from autohook_codegen.sites.parts import Parts
from autohook_codegen.sites.roles.called_attention import given_queries
from autohook_codegen.sites.roles.named_branches import role_by_name
from autohook_codegen.sites.roles.projections import projections

__all__ = ["Branch", "Branches", "Found"]

_BRANCHES = frozenset({"module", "linear", "attention", "conv"})
_LOOKED_THROUGH = frozenset({"same", "view", "item", "dropout"})
_NEAR = frozenset("same choice view cast item slice scale dropout norm module function".split())


@dataclass(frozen=True, slots=True)
class Branch:
    """What is added to the stream."""

    point: Point | None
    """Where its value is a module's own result, dropout of that, or nothing of the kind."""
    call: Way | None
    """The module's call."""
    role: str | None
    looks_elsewhere: bool = False
    """Its keys and values come from another sequence than the stream."""


@dataclass(frozen=True, slots=True)
class Found:
    """What earlier roles have found."""

    operands: Mapping[ClassDecl, Collection[tuple[Point, Point]]]
    """Of each class the queries and keys of its attentions."""
    classes: Mapping[str, Collection[ClassDecl]]
    """The classes with sites of ``z``, of ``post`` and experts."""
    nodes: Mapping[str, Collection[ast.AST]]
    """Where the sites of ``z`` and ``post`` stand."""


class Branches:
    """Judges branches by what earlier roles have found."""

    def __init__(self, flow: Flow, found: Found) -> None:
        self.flow = flow
        self.found = found
        self.parts = Parts(flow.trace)
        self._elsewhere: dict[ClassDecl, frozenset[ast.arg]] = {}

    def of(self, term: Point) -> Branch:
        """Return what a term of a sum is."""
        path: list[Way] = []
        way = self.flow.way(term)
        while (source := self._looked_through(way)) is not None:
            path.append(way)
            way = self.flow.way(source)
        if way.kind == "scale":  # a gate
            gated = [one for one in way.sources if self.flow.is_fed(one)]
            looks = any(self.of(one).looks_elsewhere for one in gated)
            return Branch(None, None, None, looks)
        if way.kind not in _BRANCHES:
            # not the norm before a module that may be none
            while path and path[-1].kind != "module":
                path.pop()
            if not path:
                return Branch(None, None, None)
            way = path.pop()
        role = self._role(way)
        looks = role == "attn_out" and self._looks_elsewhere(way)
        outer = next((one for one in path if one.kind not in ("same", "view", "item")), way)
        point = outer.point
        return Branch(point, way, "cross_attn_out" if looks else role, looks)

    def _looked_through(self, way: Way) -> Point | None:
        """Return what the value surely was before dropout, views, and what may be no module at all;
        or what a method gives back."""
        if way.kind == "choice":  # of dropout and none
            near = _LOOKED_THROUGH | {"choice"}
            walked = self.flow.walk(way.point, lambda one: one.kind in near)
            ends = [one.point for one in walked if one.kind not in near]
            # one result, of which a test takes the first part where it is a tuple
            is_one = len({one.node for one in ends}) == 1 and not all(one.part for one in ends)
            return ends[0] if len(ends) == 1 or is_one else None
        is_one = way.kind in _LOOKED_THROUGH and len(way.sources) == 1
        if way.kind == "function":
            return way.inner[0] if len(way.inner) == 1 else None
        return way.sources[0] if is_one or (_is_passed(way) and way.sources) else None

    def _role(self, way: Way) -> str | None:
        if way.kind == "attention" or self._holds(way.modules, "z") or _asked(way) is not None:
            return "attn_out"
        if self._holds(way.modules, "post"):
            return "mlp_out"
        if way.kind == "linear":
            for role, name in (("attn_out", "z"), ("mlp_out", "post")):
                if self._follows(way, self.found.nodes.get(name, ())):
                    return role
        return role_by_name(self.flow, way)

    def _holds(self, modules: Value, role: str) -> bool:
        wanted = self.found.classes.get(role, ())
        return any(
            cls in wanted or (role == "z" and self._has_attention(cls))
            for one in modules
            if isinstance(one, Module) and isinstance(one.cls, ClassDecl)
            for cls in self.parts.held_by(one.cls)
        )

    def _has_attention(self, cls: ClassDecl) -> bool:
        return any(
            isinstance(one, Module) and one.cls == "torch.nn.MultiheadAttention"
            for attribute in self.flow.trace.attributes(cls)
            for one in self.flow.trace.attribute(cls, attribute)
        )

    def _follows(self, way: Way, nodes: Collection[ast.AST]) -> bool:
        """Tell whether a layer takes one of the values."""
        return any(
            one.point.node in nodes
            for source in way.sources
            for one in self.flow.walk(
                source,
                lambda one: one.kind in _NEAR - {"module"} and one.point.node not in nodes,
            )
        )

    # --- another sequence

    def _looks_elsewhere(self, way: Way) -> bool:
        call = way.point.node
        assert isinstance(call, ast.Call)
        asked = _asked(way)
        if way.kind == "attention" or asked is not None:
            handed = asked or given_queries(call, 0)
            if handed is None:
                return False
            query, key = (self._arguments(way.point.at(one)) for one in handed[:2])
            return not key <= query
        for one in way.modules:
            cls = one.cls if isinstance(one, Module) else None
            method = cls.method("forward") if isinstance(cls, ClassDecl) else None
            if method is None or not isinstance(cls, ClassDecl):
                continue
            others, queries = self.elsewhere(cls), method[1].args.args[1:2]
            stream = self._given(way.point, method[1], queries)
            if self._given(way.point, method[1], others) - stream:
                return True
        return False

    def _given(
        self, call: Point, function: FunctionNode, arguments: Iterable[ast.arg]
    ) -> set[Point]:
        """Return what a call gives for some arguments, ``None`` aside."""
        assert isinstance(call.node, ast.Call)
        return {
            self.flow.origin(call._replace(node=given, part=part))
            for argument in arguments
            for given, part in _handed_on(argument, function, call.node)
            if not (isinstance(given, ast.Constant) and given.value is None)
        }

    def elsewhere(self, cls: ClassDecl) -> frozenset[ast.arg]:
        """Return the arguments of a forward of which keys are made and no queries."""
        if cls not in self._elsewhere:
            self._elsewhere[cls] = frozenset()
            self._elsewhere[cls] = self._worked_out(cls)
        return self._elsewhere[cls]

    def _worked_out(self, cls: ClassDecl) -> frozenset[ast.arg]:
        queries: set[ast.arg] = set()
        keys: set[ast.arg] = set()
        for owner in cls.mro:
            for q, k in self.found.operands.get(owner, ()):
                queries |= self._made_of(q)
                keys |= self._made_of(k)
        for function in self.flow.trace.functions_of(*cls.mro):
            for call in function.calls:
                for point, is_key in self._handed(call, Point(call.node, function)):
                    (keys if is_key else queries).update(self._arguments(point))
        return frozenset(keys - queries)

    def _handed(self, call: ModuleCall, point: Point) -> list[tuple[Point, bool]]:
        """Return what a call hands to a part, and whether keys alone are made of it."""
        found: list[tuple[Point, bool]] = []
        for one in call.modules:
            if isinstance(one, Module) and isinstance(one.cls, ClassDecl):
                method = one.cls.method("forward")
                inner = self.elsewhere(one.cls) if method is not None else frozenset()
                if method is None or not inner:
                    continue
                args = method[1].args
                for argument in (*args.posonlyargs, *args.args, *args.kwonlyargs)[1:]:
                    for given, _ in given_to(argument, method[1], call.node, True):
                        is_first = argument is (*args.posonlyargs, *args.args)[1]
                        if argument in inner or is_first:
                            found.append((point.at(given), argument in inner))
            elif isinstance(one, Module) and one.cls == "torch.nn.MultiheadAttention":
                handed = given_queries(call.node, 0) or []
                found += [(point.at(one), place > 0) for place, one in enumerate(handed[:2])]
        return found

    def _made_of(self, operand: Point) -> set[ast.arg]:
        """Return the arguments of the forward that a query or key is projected from."""
        found: set[ast.arg] = set()
        for path in projections(self.flow, operand):
            for source in path.end.sources:
                found |= self._arguments(source)
        return found

    def _arguments(self, point: Point) -> set[ast.arg]:
        """Return the arguments of the module's methods that a value is made of, also where a
        processor is handed them."""
        found: set[ast.arg] = set()
        for way in self.flow.walk(point, lambda way: way.kind in _NEAR):
            owner = way.point.function.owner
            if way.kind == "argument" and isinstance(way.point.node, ast.arg):
                is_own = owner is None or owner.is_module
                given = [] if is_own else self.flow.at_callers(way.point)
                found |= {way.point.node} if not given else set()
                found.update(inner for one in given for inner in self._arguments(one))
        return found


def _handed_on(
    argument: ast.arg, function: FunctionNode, call: ast.Call
) -> list[tuple[ast.expr, Part]]:
    """Return what a call gives for an argument, or for that of a processor, which ``**kwargs``
    reach."""
    found = list(given_to(argument, function, call, True))
    if found or function.args.kwarg is None:
        return found
    return [(one.value, ()) for one in call.keywords if one.arg == argument.arg]


def _asked(way: Way) -> list[ast.expr] | None:
    """Return what a module of no known class is given as query, key and value by keyword."""
    call = way.point.node
    if way.kind != "module" or way.inner or not isinstance(call, ast.Call):
        return None
    given = {(one.arg or "").partition("_")[0]: one.value for one in reversed(call.keywords)}
    found = [given[name] for name in ("query", "key", "value") if name in given]
    return found if len(found) == 3 else None


def _is_passed(way: Way) -> bool:
    """Tell whether the module is in some configuration none."""
    return way.kind in ("module", "norm") and any(
        isinstance(one, Module) and one.cls == "torch.nn.Identity" for one in way.modules
    )
