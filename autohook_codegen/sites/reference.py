"""Which submodule or parameter an expression of a method denotes."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.declares.scope import Binding, Loop, Scope
from autohook_codegen.declares.value import UNKNOWN, Kind, Value, union
from autohook_codegen.sites.computed_names import display_name, name_shape, source_text
from autohook_codegen.sites.inherited import may_be_inherited_module

__all__ = ["Computed", "Item", "LoopStep", "Reference", "References"]


@dataclass(frozen=True, slots=True, eq=False)
class LoopStep:
    """How a loop hands out the members of a container."""

    loop: Loop
    own_index: str | None
    """The loop's own index or key, where it is the container's."""
    start: str | None
    """Where a slice begins that the loop runs over."""
    zipped: bool
    """No index counts the members: the hook points have to run along."""
    container: ast.expr
    """The expression that is looped over, without ``enumerate`` and ``zip``."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A step into a container: by a loop, or by an index that the source writes."""

    index: LoopStep | str
    by_key: bool
    """The container is a dict."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A name that is worked out, ``f"layer{i}"``."""

    name: ast.expr = field(compare=False)
    shape: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """``self.transformer.h[i]``: a path from a module, and what stands at its end."""

    receiver: str
    """The text of what the path starts from: ``self``, ``attn``, ``layer``."""
    owners: tuple[ClassDecl, ...]
    """The classes that the receiver may be of; the hook points are made in them."""
    steps: tuple[str | Item | Computed, ...]
    value: Value
    shared_with_self: bool = True
    """The receiver is the method's own ``self``."""
    holder: str | None = None
    """The name of the class that sets the first attribute of the path."""

    @property
    def owner(self) -> ClassDecl:
        return self.owners[0]

    @property
    def place(self) -> str:
        """``Layer.ff``: the path behind the name of the class that is known to hold it."""
        return f"{self.holder or self.owner.name}.{self.path}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(step for step in self.steps if isinstance(step, str))

    @property
    def computed(self) -> Computed | None:
        return next((step for step in self.steps if isinstance(step, Computed)), None)

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(step for step in self.steps if isinstance(step, Item))

    @property
    def path(self) -> str:
        """``transformer.h`` for ``self.transformer.h[i]``: what the hook point is named after."""
        return ".".join(self.names) if self.computed is None else display_name(self.computed.name)


class References:
    """Resolves the expressions of one scope."""

    def __init__(
        self,
        scope: Scope,
        inference: Inference,
        receiver: str | None,
        owners: tuple[ClassDecl, ...],
    ) -> None:
        self.scope = scope
        self.inference = inference
        self.receiver = receiver
        self.owners = owners
        self._memo: dict[ast.expr, Reference | None] = {}

    def resolve(self, node: ast.expr) -> Reference | None:
        """The submodule or parameter that the expression denotes, if the source shows it."""
        if node in self._memo:
            return self._memo[node]
        self._memo[node] = None  # a name that is bound by itself ends here
        self._memo[node] = found = self._resolve(node)
        return found

    def _resolve(self, node: ast.expr) -> Reference | None:
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Attribute):
            held = self.resolve(node.value)
            if held is None:
                return None
            if node.attr in ("forward", "__call__") and held.steps:
                return held
            return self._attribute(held, node.attr, node)
        if isinstance(node, ast.Subscript):
            return self._item(node)
        if isinstance(node, ast.Call):
            return self._getattr(node)
        return None

    def _name(self, node: ast.Name) -> Reference | None:
        if node.id == self.receiver and not self._rebinds_receiver(node):
            value = Value(frozenset({Kind.MODULE}), frozenset(self.owners))
            return Reference(node.id, self.owners, (), value)
        if not isinstance(node.ctx, ast.Load):
            return None
        binding = self.scope.binding_at(node.id, node)
        if binding is not None:
            return self.bound(binding)
        bindings = self.scope.visible(node.id, node)
        if len(bindings) > 1:  # every branch binds the same submodule
            found = [self.bound(one) for one in bindings]
            first = found[0]
            if first is not None and all(
                one is not None and self._same(one, first) for one in found
            ):
                return first
        return None

    def _rebinds_receiver(self, node: ast.Name) -> bool:
        return any(
            not isinstance(one.node, ast.arg) for one in self.scope.bindings.get(node.id, ())
        )

    @staticmethod
    def _same(one: Reference, other: Reference) -> bool:
        def text(reference: Reference) -> list[object]:
            return [step.index if isinstance(step, Item) else step for step in reference.steps]

        return one.receiver == other.receiver and text(one) == text(other)

    def bound(self, binding: Binding) -> Reference | None:
        """What a local name denotes after one of its bindings."""
        if binding.value is None:
            return None
        if binding.is_loop:
            return self._looped(binding)
        if binding.path:
            return self._unpacked(binding)
        if isinstance(binding.value, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            found = self.resolve(binding.value)
            return found if found is not None and found.steps else None
        return None

    def _unpacked(self, binding: Binding) -> Reference | None:
        """``norm, attn = layer`` takes a container apart; ``a, b = self.a, self.b`` binds each."""
        value: ast.expr | None = binding.value
        path = binding.path
        while path and isinstance(value, ast.Tuple | ast.List) and path[0] < len(value.elts):
            value, path = value.elts[path[0]], path[1:]
        if value is None or isinstance(value, ast.Starred):
            return None
        found = self.resolve(value)
        if found is None or not found.steps:
            return None
        for index in path:
            if not found.value.is_container and Kind.UNKNOWN not in found.value.kinds:
                return None
            found = self._member(found, str(index), index)
        return found

    def _member(self, container: Reference, text: str, index: int | str | None) -> Reference:
        value = container.value
        member = value.items or UNKNOWN
        if (
            isinstance(index, int)
            and value.elements
            and -len(value.elements) <= index < len(value.elements)
        ):
            member = value.elements[index]
        for name, entry in value.entries or ():
            if name == index:
                member = entry
        item = Item(text, Kind.DICT in value.kinds)
        return replace(container, steps=(*container.steps, item), value=member)

    # -- attributes --------------------------------------------------------------------------------

    def _attribute(self, held: Reference, attribute: str, node: ast.Attribute) -> Reference | None:
        if not held.steps:
            return self._own(held, attribute)
        value = held.value
        if any(isinstance(step, Item) for step in held.steps) and value.closed:
            # A member of a container whose class is in the input: its own hook point serves.
            found = self._of_classes(value.input_classes, attribute)
            if found is None:
                return None
            text = ast.unparse(node.value)
            return Reference(text, value.input_classes, (attribute,), found, shared_with_self=False)
        member = self._nested(value, attribute)
        if member is None:
            return None
        return replace(held, steps=(*held.steps, attribute), value=member)

    def _own(self, held: Reference, attribute: str) -> Reference | None:
        values: list[Value] = []
        for owner in held.owners:
            method = owner.method(attribute)
            if method is not None:
                return self._property(held, *method)
            value = self.inference.attribute(owner, attribute)
            if value is not None and value.surely_neither:
                return None
            if value is None:
                if not may_be_inherited_module(owner, attribute):
                    return None
                value = UNKNOWN
            values.append(value)
        setters = [
            one for one in held.owner.mro if attribute in self.inference.members(one).definitions
        ]
        holder = setters[0].name if setters else None
        return replace(held, steps=(attribute,), value=union(*values), holder=holder)

    def _property(
        self, held: Reference, owner: ClassDecl, method: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> Reference | None:
        """A property that only gives back a submodule is that submodule."""
        if not any(
            (dotted_name(one) or "").rsplit(".", 1)[-1] == "property"
            for one in method.decorator_list
        ):
            return None
        returned = [one for one in ast.walk(method) if isinstance(one, ast.Return)]
        if len(returned) != 1 or returned[0].value is None or not method.args.args:
            return None
        scope = self.inference.scope(method, owner, owner.file)
        inner = References(scope, self.inference, method.args.args[0].arg, held.owners)
        found = inner.resolve(returned[0].value)
        if found is None or any(isinstance(step, Item) for step in found.steps):
            return None
        return replace(found, receiver=held.receiver)

    def _of_classes(self, classes: tuple[ClassDecl, ...], attribute: str) -> Value | None:
        values: list[Value] = []
        for decl in classes:
            if decl.method(attribute) is not None:
                return None
            value = self.inference.attribute(decl, attribute)
            if value is None:
                return None
            values.append(value)
        return union(*values)

    def _nested(self, value: Value, attribute: str) -> Value | None:
        """What ``.attribute`` of a submodule is; ``None`` for a method or something unknown."""
        if value.surely_neither or value.is_parameter:
            return None
        if value.is_container:
            for name, entry in value.entries or ():
                if name == attribute:
                    return entry
            if (
                Kind.DICT in value.kinds
                and attribute not in _CONTAINER_METHODS | torch_facts.MODULE_METHODS
            ):
                return value.items or UNKNOWN
            return None
        if value.input_classes:
            found = self._of_classes(value.input_classes, attribute)
            if found is not None:
                return found
            known = all(
                self.inference.attribute(one, attribute) is None for one in value.input_classes
            )
            if known and not any(one.method(attribute) for one in value.input_classes):
                if all(may_be_inherited_module(one, attribute) for one in value.input_classes):
                    return UNKNOWN
            return None
        if value.is_module and not any(
            isinstance(one, str) and one.startswith("torch.nn.") for one in value.classes
        ):
            return UNKNOWN if _is_noun(attribute) else None
        return None

    # -- items and loops ---------------------------------------------------------------------------

    def _item(self, node: ast.Subscript) -> Reference | None:
        held = self.resolve(node.value)
        if held is None or not held.steps or isinstance(node.slice, ast.Slice | ast.Tuple):
            return None
        if held.value.surely_neither or held.value.kinds <= {Kind.PARAMETER, Kind.NONE}:
            return None
        if any(
            isinstance(one, ast.Call | ast.NamedExpr | ast.Await | ast.Yield)
            for one in ast.walk(node.slice)
        ):
            return None
        if (
            not held.value.is_container
            and not held.value.calls_its_members
            and not isinstance(node.slice, ast.Constant)
        ):
            return None
        if not held.value.is_container and held.value.input_classes:
            return None
        constant = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(node.slice, ast.UnaryOp) and isinstance(node.slice.operand, ast.Constant):
            operand = node.slice.operand.value
            constant = (
                -operand
                if isinstance(node.slice.op, ast.USub) and isinstance(operand, int)
                else None
            )
        index = constant if isinstance(constant, int | str) else None
        found = self._member(held, source_text(node.slice), index)
        if isinstance(constant, str) and not held.value.is_container:
            return None
        return found

    def _looped(self, binding: Binding) -> Reference | None:
        assert binding.value is not None
        loop = binding.node
        assert isinstance(loop, Loop)
        source: ast.expr = binding.value
        path = binding.path
        own: str | None = None
        start: str | None = None
        zipped = False
        targets: ast.expr = loop.target
        while True:
            name = dotted_name(source.func) if isinstance(source, ast.Call) else None
            if (
                isinstance(source, ast.Call)
                and name == "enumerate"
                and source.args
                and path[:1] == (1,)
            ):
                counts = len(source.args) == 1 and not source.keywords
                counts = counts or (len(source.args) == 2 and _is_zero(source.args[1]))
                first = targets.elts[0] if isinstance(targets, ast.Tuple | ast.List) else None
                if counts and isinstance(first, ast.Name) and first.id != "_" and own is None:
                    own = first.id
                targets = targets.elts[1] if isinstance(targets, ast.Tuple | ast.List) else targets
                source, path = source.args[0], path[1:]
            elif (
                isinstance(source, ast.Call)
                and name == "zip"
                and path
                and path[0] < len(source.args)
            ):
                if isinstance(targets, ast.Tuple | ast.List):
                    targets = targets.elts[path[0]]
                source, path = source.args[path[0]], path[1:]
            elif isinstance(source, ast.Call) and name == "reversed" and source.args:
                source, zipped = source.args[0], True
            elif isinstance(source, ast.BoolOp) and _is_or_empty(source):
                source = source.values[0]
            elif (
                isinstance(source, ast.Call)
                and name in ("list", "tuple", "iter")
                and len(source.args) == 1
            ):
                source = source.args[0]
            else:
                break
        if own is not None and self._rebound(own, loop):
            own = None
        return self._loop_member(loop, source, path, own, start, zipped, targets)

    def _loop_member(
        self,
        loop: Loop,
        source: ast.expr,
        path: tuple[int, ...],
        own: str | None,
        start: str | None,
        zipped: bool,
        targets: ast.expr,
    ) -> Reference | None:
        whole = source
        by_key = False
        if isinstance(source, ast.Subscript) and isinstance(source.slice, ast.Slice):
            part = source.slice
            source = source.value
            if part.step is not None or (part.lower is not None and not _is_plain(part.lower)):
                zipped = True
            elif part.lower is not None and not _is_zero(part.lower):
                start, own = ast.unparse(part.lower), None
        elif (
            isinstance(source, ast.Call)
            and isinstance(source.func, ast.Attribute)
            and not source.args
        ):
            if source.func.attr == "items" and path[:1] == (1,):
                first = targets.elts[0] if isinstance(targets, ast.Tuple | ast.List) else None
                by_key, path = True, path[1:]
                own = (
                    first.id
                    if isinstance(first, ast.Name) and not self._rebound(first.id, loop)
                    else None
                )
                zipped = own is None
            elif source.func.attr == "values":
                by_key = zipped = True
            else:
                return None
            source = source.func.value
        held = self.resolve(source)
        if held is None or not held.steps or held.value.surely_neither:
            return None
        value = held.value
        if value.is_parameter and not value.is_container:
            return None
        if Kind.DICT in value.kinds and not by_key:
            return None  # the names, not the members
        if not value.is_container and value.input_classes:
            return None
        step = LoopStep(loop, own, start, zipped, whole)
        item = Item(step, by_key or Kind.DICT in value.kinds)
        found = replace(held, steps=(*held.steps, item), value=value.items or UNKNOWN)
        for index in path:
            if not found.value.is_container and Kind.UNKNOWN not in found.value.kinds:
                return None
            found = self._member(found, str(index), index)
        return found

    def _rebound(self, name: str, loop: Loop) -> bool:
        bindings = [one for one in self.scope.bindings.get(name, ()) if one.node is not loop]
        if isinstance(loop, ast.comprehension):
            return any(isinstance(one.node, ast.NamedExpr) for one in bindings)
        return any(loop in self.scope.ancestors(one.node) for one in bindings)

    def _getattr(self, node: ast.Call) -> Reference | None:
        """``getattr(self, "head")``, ``self.get_submodule("head")`` and names made by an f-string."""
        if not (
            isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) == 2
        ):
            return None
        held = self.resolve(node.args[0])
        if held is None or held.steps:
            return None
        name = node.args[1]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return self._own(held, name.value)
        shape = name_shape(name)
        if shape is not None:
            for owner in held.owner.mro:
                for dynamic in self.inference.members(owner).dynamic:
                    if name_shape(dynamic.name) == shape:
                        scope = self.inference.scope(dynamic.method, owner, owner.file)
                        value = self.inference.infer(dynamic.value, scope, 0)
                        return replace(held, steps=(Computed(name, shape),), value=value)
        return None


_CONTAINER_METHODS = frozenset(
    "append extend insert pop keys values items update clear get setdefault".split()
)
_VERBS = (
    "get_ set_ is_ has_ to_ from_ init_ load_ save_ prepare_ compute_ create_ build_ make_ forward_ encode_ decode_"
    " apply_ reset_ update_ check_ add_ remove_ log_ register_ enable_ disable_ generate_ resize_ tie_ _"
).split()
_METHODS = torch_facts.MODULE_METHODS | frozenset(
    (
        "generate encode decode sample forward_features forward_head prefill step loss predict log log_dict print"
        " extract_features quantize dequantize tokenize embed post_init keys values items get detach clone size numel"
    ).split()
)


def _is_noun(name: str) -> bool:
    """Whether an attribute of a module that the input does not show is more likely a submodule than a method."""
    return name not in _METHODS and not name.startswith(tuple(_VERBS))


def _is_or_empty(node: ast.BoolOp) -> bool:
    """``self.layers or []``"""
    last = node.values[-1]
    return (
        isinstance(node.op, ast.Or)
        and len(node.values) == 2
        and isinstance(last, ast.List | ast.Tuple)
        and not last.elts
    )


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def _is_plain(node: ast.expr) -> bool:
    """An expression that can be written twice: it has no effect and gives the same both times."""
    return all(
        isinstance(
            one,
            ast.Name
            | ast.Attribute
            | ast.Constant
            | ast.BinOp
            | ast.UnaryOp
            | ast.operator
            | ast.unaryop
            | ast.expr_context,
        )
        for one in ast.walk(node)
    )
