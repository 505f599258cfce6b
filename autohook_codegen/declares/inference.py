"""What ``self.X``, a local name or any other expression is, decided from the source alone."""

from __future__ import annotations

import ast
import builtins
from dataclasses import replace

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.members import Definition, Members, read_members
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, FileDecl, FunctionNode, Program
from autohook_codegen.declares.scope import Binding, Scope
from autohook_codegen.declares.value import NOTHING, OTHER, UNKNOWN, Kind, Value, union

__all__ = ["Inference"]

_DEPTH = 12
_BUILTINS = frozenset(dir(builtins)) - {
    "list",
    "tuple",
    "dict",
    "getattr",
    "super",
    "map",
    "zip",
    "reversed",
    "sorted",
}
_NOT_MODULE_SUFFIXES = (
    "Config",
    "Tokenizer",
    "Processor",
    "Cache",
    "Output",
    "Loss_",
    "Logger",
    "Path",
    "Sampler",
    "Scheduler",
    "Args",
    "Params",
    "Error",
)
_PLAIN_ANNOTATIONS = frozenset(
    "int float bool str dict list tuple bytes Tensor device dtype Config Dict List Tuple Sequence Mapping".split()
)
_PARAMETER = Value(frozenset({Kind.PARAMETER}))
_MODULE = Value(frozenset({Kind.MODULE}), open_class=True)
_MAYBE_MODULE = Value(frozenset({Kind.MODULE, Kind.UNKNOWN}), open_class=True)
_MAKING_METHODS = frozenset(
    "from_config from_pretrained from_state_dict _from_config build create load".split()
)


class Inference:
    """Answers for one `Program`; everything is worked out once, when it is first asked."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._members: dict[ClassDecl, Members] = {}
        self._scopes: dict[FunctionNode, Scope] = {}
        self._attributes: dict[tuple[ClassDecl, str], Value | None] = {}
        self._definitions: dict[Definition, Value] = {}
        self._active: set[object] = set()

    def members(self, decl: ClassDecl) -> Members:
        if decl not in self._members:
            self._members[decl] = read_members(decl)
        return self._members[decl]

    def scope(self, function: FunctionNode, owner: ClassDecl | None, file: FileDecl) -> Scope:
        if function not in self._scopes:
            self._scopes[function] = Scope(function, owner, file)
        return self._scopes[function]

    def definitions(self, decl: ClassDecl, attribute: str) -> list[Definition]:
        """Every statement that sets the attribute on an instance of the class: its own, its bases'
        and its subclasses'."""
        found: list[Definition] = []
        for owner in (*decl.mro, *decl.descendants()):
            found += self.members(owner).definitions.get(attribute, ())
        return found

    def attribute(self, decl: ClassDecl, attribute: str) -> Value | None:
        """What ``self.ATTRIBUTE`` is; ``None`` if the input never sets it."""
        key = (decl, attribute)
        if key not in self._attributes:
            if key in self._active:
                return UNKNOWN
            self._active.add(key)
            self._attributes[key] = self._attribute(decl, attribute)
            self._active.discard(key)
        return self._attributes[key]

    def _attribute(self, decl: ClassDecl, attribute: str) -> Value | None:
        definitions = self.definitions(decl, attribute)
        if definitions:
            value = union(*(self.definition(one) for one in definitions))
            grown = [
                self._grown(growth.how, growth.arguments, growth.method, growth.owner)
                for owner in (*decl.mro, *decl.descendants())
                for growth in self.members(owner).growths.get(attribute, ())
            ]
            if grown and value.is_container:
                items = [one for one in (value.items, *grown) if one is not None]
                value = replace(value, items=union(*items), elements=None)
            return value
        for base in decl.all_outside_bases:
            parameters = torch_facts.LIBRARY_PARAMETERS.get(base, {})
            if attribute in parameters:
                value = Value(frozenset({Kind.PARAMETER}))
                return value.or_none() if parameters[attribute] else value
            if attribute in torch_facts.LIBRARY_MEMBERS.get(base, ()):
                if attribute == "layers":
                    return Value(
                        frozenset({Kind.LIST}), frozenset({"torch.nn.ModuleList"}), items=_MODULE
                    )
                return _MODULE
        return None

    def _grown(
        self, how: str, arguments: tuple[ast.expr, ...], method: FunctionNode, owner: ClassDecl
    ) -> Value | None:
        if not arguments:
            return None
        value = self.infer(arguments[-1], self.scope(method, owner, owner.file), 0)
        return value.items if how in ("extend", "update") else value

    def definition(self, definition: Definition) -> Value:
        """What one statement makes of the attribute."""
        if definition not in self._definitions:
            self._definitions[definition] = UNKNOWN  # while it is being worked out
            self._definitions[definition] = self._definition(definition)
        return self._definitions[definition]

    def _definition(self, definition: Definition) -> Value:
        if definition.is_buffer:
            return OTHER
        owner = definition.owner
        if definition.value is None:
            return UNKNOWN
        if definition.method is None:
            scope = None
        else:
            scope = self.scope(definition.method, owner, owner.file)
        value = self.infer(definition.value, scope, 0, owner.file)
        if value == UNKNOWN and definition.annotation is not None:
            return self.annotated(definition.annotation, owner.file)
        return value

    # -- expressions -----------------------------------------------------------------------------

    def infer(
        self, node: ast.expr, scope: Scope | None, depth: int, file: FileDecl | None = None
    ) -> Value:
        """What the expression is, read in `scope` (or at the top level of `file`)."""
        if depth > _DEPTH:
            return UNKNOWN
        file = file or (scope.file if scope else None)
        if isinstance(node, ast.Call):
            return self._call(node, scope, depth + 1, file)
        if isinstance(node, ast.Constant):
            return NOTHING if node.value is None else OTHER
        if isinstance(node, ast.IfExp):
            return union(
                self.infer(node.body, scope, depth + 1, file),
                self.infer(node.orelse, scope, depth + 1, file),
            )
        if isinstance(node, ast.BoolOp):
            return union(*(self.infer(one, scope, depth + 1, file) for one in node.values))
        if isinstance(node, ast.Name):
            return self._name(node, scope, depth + 1, file)
        if isinstance(node, ast.Attribute):
            return self._read(node, scope, depth + 1, file)
        if isinstance(node, ast.List | ast.Tuple):
            elements = tuple(
                self.infer(
                    one.value if isinstance(one, ast.Starred) else one, scope, depth + 1, file
                )
                for one in node.elts
            )
            if elements and all(one.surely_neither for one in elements):
                return OTHER
            if any(isinstance(one, ast.Starred) for one in node.elts):
                items = union(*(one.items or one for one in elements))
                return Value(frozenset({Kind.LIST}), items=items)
            return Value(
                frozenset({Kind.LIST}),
                items=union(*elements) if elements else None,
                elements=elements,
            )
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            items = self.infer(node.elt, scope, depth + 1, file)
            return OTHER if items.surely_neither else Value(frozenset({Kind.LIST}), items=items)
        if isinstance(node, ast.Dict):
            return self._dict(node, scope, depth + 1, file)
        if isinstance(node, ast.DictComp):
            return Value(
                frozenset({Kind.DICT}), items=self.infer(node.value, scope, depth + 1, file)
            )
        if isinstance(node, ast.Subscript):
            return self._item(node, scope, depth + 1, file)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult):
            sides = [self.infer(one, scope, depth + 1, file) for one in (node.left, node.right)]
            lists = [one for one in sides if Kind.LIST in one.kinds]
            return replace(union(*lists), elements=None) if lists else OTHER
        if isinstance(node, ast.NamedExpr | ast.Await | ast.Starred):
            return self.infer(node.value, scope, depth + 1, file)
        if isinstance(node, ast.Lambda) and isinstance(node.body, ast.Constant):
            return replace(OTHER, gives_none=node.body.value is None)
        return OTHER

    def _dict(
        self, node: ast.Dict, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        entries: list[tuple[str, Value]] = []
        values: list[Value] = []
        for key, value in zip(node.keys, node.values, strict=True):
            made = self.infer(value, scope, depth, file)
            values.append(made)
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                entries.append((key.value, made))
        items = union(*values) if values else None
        return Value(frozenset({Kind.DICT}), items=items, entries=tuple(entries))

    def _item(
        self, node: ast.Subscript, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        container = self.infer(node.value, scope, depth, file)
        name = dotted_name(node.value)
        if container == UNKNOWN and name is not None and name.rsplit(".", 1)[-1].startswith("ACT2"):
            return _MODULE
        if isinstance(node.slice, ast.Slice):
            return replace(container, elements=None)
        if isinstance(node.slice, ast.Constant):
            for key, value in container.entries or ():
                if key == node.slice.value:
                    return value
            if (
                container.elements
                and isinstance(node.slice.value, int)
                and node.slice.value < len(container.elements)
            ):
                return container.elements[node.slice.value]
        return container.items or UNKNOWN

    def _name(
        self, node: ast.Name, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        if scope is not None:
            bindings = (
                scope.visible(node.id, node)
                if node in scope.parents
                else scope.bindings.get(node.id, [])
            )
            if bindings:
                return union(*(self.bound(one, scope, depth) for one in bindings))
        if file is None:
            return UNKNOWN
        if node.id in file.by_name or node.id in file.functions:
            return OTHER
        assigned = file.assignments.get(node.id)
        if assigned and (file, node.id) not in self._active:
            self._active.add((file, node.id))
            value = union(*(self.infer(one, None, depth, file) for one in assigned))
            self._active.discard((file, node.id))
            return value
        dotted = file.imports.resolve(node.id)
        if dotted.startswith(("torch.", "math.", "einops.", "functools.")) or node.id in _BUILTINS:
            return OTHER
        return UNKNOWN

    def bound(self, binding: Binding, scope: Scope, depth: int) -> Value:
        """What a local name is after one of its bindings."""
        key = (scope.function, binding)
        if key in self._active:
            return UNKNOWN
        if isinstance(binding.node, ast.arg):
            return self._argument(binding.node, scope)
        if isinstance(binding.node, FunctionNode | ast.ClassDef):
            return OTHER
        if binding.value is None:
            return UNKNOWN
        self._active.add(key)
        value = self.infer(binding.value, scope, depth, scope.file)
        self._active.discard(key)
        path = binding.path
        if binding.is_loop:
            value = self._looped(binding.value, value, path, scope, depth)
            if isinstance(binding.value, ast.Call) and path:
                path = ()
        for index in path:
            elements = value.elements
            value = (
                elements[index] if elements and index < len(elements) else (value.items or UNKNOWN)
            )
        return value

    def _looped(
        self, iterated: ast.expr, value: Value, path: tuple[int, ...], scope: Scope, depth: int
    ) -> Value:
        """What a loop over `iterated` hands out."""
        if isinstance(iterated, ast.Call) and path:
            name = dotted_name(iterated.func) or ""
            if name == "enumerate" and iterated.args:
                return (
                    OTHER
                    if path[0] == 0
                    else (self.infer(iterated.args[0], scope, depth).items or UNKNOWN)
                )
            if name == "zip" and path[0] < len(iterated.args):
                return self.infer(iterated.args[path[0]], scope, depth).items or UNKNOWN
            if name.endswith(".items") and isinstance(iterated.func, ast.Attribute):
                return (
                    OTHER
                    if path[0] == 0
                    else (self.infer(iterated.func.value, scope, depth).items or UNKNOWN)
                )
            return UNKNOWN
        if isinstance(iterated, ast.Call) and dotted_name(iterated.func) == "range":
            return OTHER
        return value.items or UNKNOWN

    def _argument(self, argument: ast.arg, scope: Scope) -> Value:
        if argument.arg == scope.receiver:
            return OTHER
        default = scope.default(argument)
        optional = isinstance(default, ast.Constant) and default.value is None
        if argument.annotation is not None:
            value = self.annotated(argument.annotation, scope.file)
            if value != UNKNOWN:
                return value.or_none() if optional else value
        if default is None or optional:
            return UNKNOWN.or_none() if optional else UNKNOWN
        if isinstance(default, ast.Constant):
            return OTHER
        dotted = scope.file.dotted(default) or ""
        if dotted.startswith("torch.nn.functional.") or (
            dotted.startswith("torch.") and dotted.count(".") == 1
        ):
            return OTHER
        if isinstance(default, ast.Call):
            return union(self.infer(default, None, 1, scope.file), UNKNOWN)
        return UNKNOWN

    def annotated(self, annotation: ast.expr, file: FileDecl) -> Value:
        """What a type annotation says, as far as it tells a module from something else."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value, mode="eval").body
            except (SyntaxError, ValueError):
                return UNKNOWN
        if isinstance(annotation, ast.BinOp):
            return union(
                self.annotated(annotation.left, file), self.annotated(annotation.right, file)
            )
        if isinstance(annotation, ast.Constant) and annotation.value is None:
            return NOTHING
        if isinstance(annotation, ast.Subscript):
            last = (dotted_name(annotation.value) or "").rsplit(".", 1)[-1]
            if last == "Optional":
                return self.annotated(annotation.slice, file).or_none()
            if last == "Union" and isinstance(annotation.slice, ast.Tuple):
                return union(*(self.annotated(one, file) for one in annotation.slice.elts))
            return OTHER if last in ("dict", "Dict", "Literal") else UNKNOWN
        decl = self.program.class_of(file, annotation)
        if decl is not None:
            return (
                Value(frozenset({Kind.MODULE}), frozenset({decl}), open_class=True)
                if decl.is_module
                else OTHER
            )
        dotted = file.dotted(annotation) or ""
        last = dotted.rsplit(".", 1)[-1]
        if dotted in torch_facts.PARAMETER_CLASSES:
            return _PARAMETER
        if dotted in torch_facts.MODULE_LISTS:
            return Value(frozenset({Kind.LIST}), items=_MODULE)
        if dotted in torch_facts.MODULE_DICTS:
            return Value(frozenset({Kind.DICT}), items=_MODULE)
        if dotted.startswith("torch.nn.") and last[:1].isupper():
            return _MODULE
        if last in _PLAIN_ANNOTATIONS or last.endswith(_NOT_MODULE_SUFFIXES):
            return OTHER
        return UNKNOWN

    def _read(
        self, node: ast.Attribute, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        dotted = file.dotted(node) if file is not None else None
        if dotted is not None and dotted.startswith(("torch.", "math.", "einops.")):
            return OTHER
        owner = scope.owner if scope is not None else None
        if (
            scope is not None
            and isinstance(node.value, ast.Name)
            and node.value.id == scope.receiver
            and owner
        ):
            if owner.method(node.attr) is not None:
                return OTHER
            return self.attribute(owner, node.attr) or UNKNOWN
        held = self.infer(node.value, scope, depth, file)
        for key, value in held.entries or ():
            if key == node.attr:
                return value
        values = [self.attribute(decl, node.attr) for decl in held.input_classes]
        if values:
            return union(*(one or UNKNOWN for one in values))
        if isinstance(node.value, ast.Name) and node.value.id in (
            "config",
            "cfg",
            "args",
            "hparams",
            "opt",
        ):
            return OTHER
        return UNKNOWN

    # -- calls -----------------------------------------------------------------------------------

    def _call(
        self, node: ast.Call, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        if depth > _DEPTH:
            return UNKNOWN
        func = node.func
        dotted = (file.dotted(func) if file is not None else dotted_name(func)) or ""
        last = dotted.rsplit(".", 1)[-1]
        if (
            isinstance(func, ast.Name)
            and func.id in ("list", "tuple", "reversed", "sorted")
            and node.args
        ):
            return replace(self.infer(node.args[0], scope, depth, file), elements=None)
        if isinstance(func, ast.Name) and func.id == "dict":
            entries = tuple(
                (one.arg, self.infer(one.value, scope, depth, file))
                for one in node.keywords
                if one.arg
            )
            if not entries and node.args:
                return self.infer(node.args[0], scope, depth, file)
            return Value(
                frozenset({Kind.DICT}),
                items=union(*(one for _, one in entries)) if entries else None,
                entries=entries,
            )
        if last == "OrderedDict" and node.args:
            return self._pairs(node.args[0], scope, depth, file)
        if isinstance(func, ast.Name) and func.id == "getattr" and len(node.args) >= 2:
            return self._getattr(node, scope, depth, file)
        if isinstance(func, ast.Attribute) and func.attr in torch_facts.SAME_MODULE_METHODS:
            held = self.infer(func.value, scope, depth, file)
            if held.may_be_module or held.is_parameter or held.is_container:
                return held
        if last in torch_facts.SAME_MODULE_FUNCTIONS and node.args:
            return self.infer(node.args[0], scope, depth, file)
        return self.made(func, node, scope, depth, file)

    def _pairs(
        self, node: ast.expr, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        """``OrderedDict([("name", module), …])``."""
        if not isinstance(node, ast.List | ast.Tuple):
            return self.infer(node, scope, depth, file)
        entries: list[tuple[str, Value]] = []
        values: list[Value] = []
        for pair in node.elts:
            if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
                values.append(self.infer(pair.elts[1], scope, depth, file))
                if isinstance(pair.elts[0], ast.Constant) and isinstance(pair.elts[0].value, str):
                    entries.append((pair.elts[0].value, values[-1]))
        return Value(
            frozenset({Kind.DICT}), items=union(*values) if values else None, entries=tuple(entries)
        )

    def _getattr(
        self, node: ast.Call, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        target = (file.dotted(node.args[0]) if file is not None else None) or ""
        if target in ("torch.nn.functional", "torch"):
            return OTHER
        name = node.args[1]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            read = ast.Attribute(node.args[0], name.value, ast.Load())
            return self._read(read, scope, depth, file)
        return UNKNOWN

    def made(
        self,
        func: ast.expr,
        node: ast.Call | None,
        scope: Scope | None,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        """What a call of `func` gives back."""
        if depth > _DEPTH:
            return UNKNOWN
        if file is not None:
            decl = self.program.class_of(file, func) if not self._is_local(func, scope) else None
            if decl is not None:
                return self._made_by_class(decl)
            dotted = file.dotted(func) or ""
            if not self._is_local(func, scope):
                library = self._made_by_torch(dotted, node, scope, depth, file)
                if library is not None:
                    return library
        if isinstance(func, ast.IfExp):
            return union(
                self.made(func.body, node, scope, depth + 1, file),
                self.made(func.orelse, node, scope, depth + 1, file),
            )
        if isinstance(func, ast.BoolOp):
            return union(*(self.made(one, node, scope, depth + 1, file) for one in func.values))
        if isinstance(func, ast.Call):
            return self._made_by_call(func, node, scope, depth + 1, file)
        if isinstance(func, ast.Subscript):
            return self._made_by_table(func, node, scope, depth + 1, file)
        if isinstance(func, ast.Lambda):
            return self.infer(func.body, scope, depth + 1, file)
        if isinstance(func, ast.Name):
            return self._made_by_name(func, node, scope, depth + 1, file)
        if isinstance(func, ast.Attribute):
            return self._made_by_attribute(func, node, scope, depth + 1, file)
        return UNKNOWN

    def _is_local(self, func: ast.expr, scope: Scope | None) -> bool:
        name = dotted_name(func)
        if scope is None or name is None:
            return False
        bindings = scope.bindings.get(name.split(".")[0], ())
        return any(
            not isinstance(one.node, ast.Import | ast.ImportFrom | ast.ClassDef) for one in bindings
        )

    def _made_by_class(self, decl: ClassDecl) -> Value:
        if not decl.is_module:
            if decl.outside_bases and not decl.methods and not decl.bases:
                return _MAYBE_MODULE if self._may_be_module_class(decl) else OTHER
            return OTHER
        outside = decl.all_outside_bases
        classes: frozenset[str | ClassDecl] = frozenset({decl})
        if outside & torch_facts.MODULE_LISTS and not decl.method("forward"):
            return Value(frozenset({Kind.LIST}), classes, items=_MODULE)
        if outside & torch_facts.MODULE_DICTS and not decl.method("forward"):
            return Value(frozenset({Kind.DICT}), classes, items=_MODULE)
        return Value(frozenset({Kind.MODULE}), classes)

    @staticmethod
    def _may_be_module_class(decl: ClassDecl) -> bool:
        return any(
            not base.endswith(("Enum", "Protocol", "object", "NamedTuple"))
            for base in decl.outside_bases
        )

    def _made_by_torch(
        self, dotted: str, node: ast.Call | None, scope: Scope | None, depth: int, file: FileDecl
    ) -> Value | None:
        if dotted in torch_facts.PARAMETER_CLASSES:
            return _PARAMETER
        if dotted.rsplit(".", 1)[-1] == "HookPoint":
            return OTHER  # hand-written, under a name of another pattern
        if dotted in torch_facts.CONTAINERS:
            return self._container(dotted, node, scope, depth, file)
        last = dotted.rsplit(".", 1)[-1]
        if dotted.startswith("torch.nn.") and last[:1].isupper() and dotted.count(".") == 2:
            return Value(frozenset({Kind.MODULE}), frozenset({dotted}))
        if dotted.startswith(("torch.", "math.", "einops.", "numpy.", "os.", "re.")):
            if last[:1].isupper() and not dotted.startswith(("math.", "os.", "re.")):
                return (
                    Value(frozenset({Kind.MODULE}), frozenset({dotted}), open_class=True)
                    if (".nn." in dotted or dotted.startswith("einops.layers"))
                    else OTHER
                )
            return OTHER
        if dotted in _BUILTINS:
            return OTHER
        return None

    def _container(
        self, dotted: str, node: ast.Call | None, scope: Scope | None, depth: int, file: FileDecl
    ) -> Value:
        kind = Kind.DICT if dotted in torch_facts.MODULE_DICTS else Kind.LIST
        items: Value | None = None
        elements: tuple[Value, ...] | None = None
        entries: tuple[tuple[str, Value], ...] | None = None
        arguments = node.args if node is not None else []
        if (
            len(arguments) == 1
            and not isinstance(arguments[0], ast.Starred)
            and dotted != torch_facts.SEQUENTIAL
        ):
            given = self.infer(arguments[0], scope, depth, file)
            items, elements, entries = given.items, given.elements, given.entries
        elif arguments:
            given = self.infer(ast.Tuple(list(arguments), ast.Load()), scope, depth, file)
            items, elements = given.items, given.elements
            if given.items is not None and Kind.DICT in given.items.kinds:
                # Sequential(OrderedDict(…))
                items, elements, entries = given.items.items, None, given.items.entries
        kinds = {kind, Kind.MODULE} if dotted == torch_facts.SEQUENTIAL else {kind}
        if dotted.startswith("torch.nn.Parameter"):
            items = _PARAMETER
            elements = None
            entries = tuple((name, _PARAMETER) for name, _ in entries) if entries else None
        return Value(frozenset(kinds), frozenset({dotted}), items, elements, entries)

    def _made_by_call(
        self,
        func: ast.Call,
        node: ast.Call | None,
        scope: Scope | None,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        dotted = (file.dotted(func.func) if file is not None else dotted_name(func.func)) or ""
        if dotted.rsplit(".", 1)[-1] == "partial" and func.args:
            return self.made(func.args[0], node, scope, depth, file)
        if dotted == "getattr" and func.args:
            target = (file.dotted(func.args[0]) if file is not None else None) or ""
            return OTHER if target in ("torch", "torch.nn.functional") else _MODULE
        return _MAYBE_MODULE

    def _made_by_table(
        self,
        func: ast.Subscript,
        node: ast.Call | None,
        scope: Scope | None,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        """``ATTENTION_CLASSES[kind](…)``: any of the table's values."""
        values: list[ast.expr] = []
        for table in self._displays(func.value, scope, file):
            if isinstance(table, ast.Dict):
                values += table.values
            elif isinstance(table, ast.List | ast.Tuple):
                values += table.elts
        if not values:
            return _MODULE
        made: list[Value] = []
        for value in values:
            if isinstance(value, ast.Tuple | ast.List) and value.elts:  # (class, arguments)
                value = value.elts[0]
            made.append(self.made(value, node, None, depth, file))
        return union(*made)

    def _displays(
        self, node: ast.expr, scope: Scope | None, file: FileDecl | None
    ) -> list[ast.expr]:
        if isinstance(node, ast.Dict | ast.List | ast.Tuple):
            return [node]
        if isinstance(node, ast.Name):
            local = [
                one.value
                for one in (scope.bindings.get(node.id, ()) if scope else ())
                if one.value is not None
            ]
            return local or list(file.assignments.get(node.id, ()) if file is not None else ())
        if isinstance(node, ast.Attribute) and scope is not None and scope.owner is not None:
            return [
                one.value
                for one in self.definitions(scope.owner, node.attr)
                if one.value is not None
            ]
        return []

    def _made_by_name(
        self,
        func: ast.Name,
        node: ast.Call | None,
        scope: Scope | None,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        bindings = scope.bindings.get(func.id, ()) if scope is not None else ()
        if scope is not None and bindings:
            made: list[Value] = []
            for binding in bindings:
                made.append(self._made_by_binding(binding, node, scope, depth, file))
            return union(*made)
        if file is None:
            return _MAYBE_MODULE
        function = file.functions.get(func.id)
        if function is not None:
            return self.returned(function, None, file, depth)
        assigned = file.assignments.get(func.id)
        if assigned and (file, func.id, "made") not in self._active:
            self._active.add((file, func.id, "made"))
            value = union(*(self.made(one, node, None, depth, file) for one in assigned))
            self._active.discard((file, func.id, "made"))
            return value
        return self._made_by_import(file.imports.resolve(func.id))

    def _made_by_binding(
        self,
        binding: Binding,
        node: ast.Call | None,
        scope: Scope,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        key = (scope.function, binding, "made")
        if key in self._active:
            return UNKNOWN
        if isinstance(binding.node, ast.arg):
            value = self._argument(binding.node, scope)
            default = scope.default(binding.node)
            if (
                value.surely_neither
                and not value.may_be_none
                and binding.node.annotation is not None
            ):
                return OTHER
            if default is None or isinstance(default, ast.Constant):
                return _MAYBE_MODULE
            return replace(self.made(default, node, None, depth, file), open_class=True)
        if isinstance(binding.node, FunctionNode):
            return self.returned(binding.node, None, scope.file, depth)
        if binding.value is None:
            return _MAYBE_MODULE
        if binding.is_loop or binding.path:
            return _MAYBE_MODULE
        self._active.add(key)
        value = self.made(binding.value, node, scope, depth, file)
        self._active.discard(key)
        return value

    def _made_by_attribute(
        self,
        func: ast.Attribute,
        node: ast.Call | None,
        scope: Scope | None,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        owner = scope.owner if scope is not None else None
        if scope is not None and owner is not None and isinstance(func.value, ast.Name):
            if func.value.id in (scope.receiver, "cls"):
                nested = owner.nested(func.attr)
                if nested is not None:
                    return self._made_by_class(nested)
                found = owner.method(func.attr)
                if found is not None:
                    return self.returned(found[1], found[0], found[0].file, depth)
                values = [
                    self.made(one.value, node, None, depth, file)
                    for one in self.definitions(owner, func.attr)
                    if one.value is not None and not isinstance(one.value, ast.Attribute)
                ]
                return union(*values) if values else _MAYBE_MODULE
        if file is not None:
            held = self.program.class_of(file, func.value)
            if held is not None:  # Class.classmethod(…)
                return self._made_by_class(held) if held.is_module else OTHER
            dotted = file.dotted(func) or ""
            first = dotted_name(func)
            if first is not None and first.split(".")[0] in file.imports.names:
                return self._made_by_import(dotted)
        if (
            isinstance(func.value, ast.Call)
            and isinstance(func.value.func, ast.Name)
            and func.value.func.id == "super"
        ):
            return UNKNOWN
        inner = self.infer(func.value, scope, depth, file)
        if inner.surely_neither:
            return OTHER if inner.kinds != {Kind.NONE} else UNKNOWN
        return UNKNOWN

    @staticmethod
    def _made_by_import(dotted: str) -> Value:
        parts = dotted.split(".")
        last = parts[-1]
        owner = parts[-2] if len(parts) > 1 else ""
        if owner[:1].isupper() and (last in _MAKING_METHODS or last.startswith("from_")):
            last = owner
        bare = last.lstrip("_")
        if bare.endswith(_NOT_MODULE_SUFFIXES):
            return OTHER
        if bare[:1].isupper():
            return Value(
                frozenset({Kind.MODULE, Kind.UNKNOWN}), frozenset({dotted}), open_class=True
            )
        return _MAYBE_MODULE

    def returned(
        self, function: FunctionNode, owner: ClassDecl | None, file: FileDecl, depth: int
    ) -> Value:
        """What a function of the input gives back, for functions that build modules."""
        key = (function, "returned")
        if key in self._active or depth > _DEPTH:
            return UNKNOWN
        self._active.add(key)
        scope = self.scope(function, owner, file)
        values = [
            self.infer(node.value, scope, depth + 1, file)
            for node in scope.nodes
            if isinstance(node, ast.Return)
            and node.value is not None
            and next(
                one for one in scope.ancestors(node) if isinstance(one, FunctionNode | ast.Lambda)
            )
            is function
        ]
        self._active.discard(key)
        return union(*values) if values else NOTHING
