"""What an annotation says a value is, in the input and in the stubs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.values import (
    NOTHING,
    PLAIN,
    UNKNOWN,
    Class,
    Fields,
    Instance,
    Items,
    Module,
    Value,
)
from autohook_codegen.declares.files import ClassDecl, FileDecl
from autohook_codegen.library.guesses import is_no_tensor_field, is_plain_class

__all__ = ["AnnotationReader", "Resolve", "ResolveIn", "last_name"]

Resolve: TypeAlias = Callable[[ast.expr], ClassDecl | str | None]
"""Gives the class of the input, or the dotted name, that an expression names."""
ResolveIn: TypeAlias = Callable[[FileDecl], Resolve]
"""The same, in any file."""

_DEEPEST = 5
"""So deep fields of fields are read."""
_LISTS = frozenset("list List Sequence Iterable Iterator Collection Generator deque".split())
_SETS = frozenset("set Set frozenset FrozenSet".split())
_DICTS = frozenset("dict Dict Mapping MutableMapping OrderedDict defaultdict DefaultDict".split())
_WRAPPERS = frozenset("Annotated Final ClassVar Required NotRequired InitVar".split())
_UNKNOWN = frozenset("Any object Callable Self".split())
_PLAIN = frozenset("int float bool str bytes complex Literal Number".split())


@dataclass(frozen=True, slots=True)
class AnnotationReader:
    """Reads the annotations of a file."""

    resolve: Resolve
    of_library: Callable[[str], Value]
    """What an instance of a class outside the input is."""
    resolve_in: ResolveIn | None = None
    depth: int = 0

    def read(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=None):
                return NOTHING
            case ast.Constant(value=str(text)):
                try:
                    return self.read(ast.parse(text.strip(), mode="eval").body)
                except (SyntaxError, ValueError):
                    return UNKNOWN
            case ast.BinOp(op=ast.BitOr()):
                return join(self.read(node.left), self.read(node.right))
            case ast.Subscript(slice=ast.Tuple(elts=arguments)):
                return self._named(node.value, arguments)
            case ast.Subscript():
                return self._named(node.value, [node.slice])
            case ast.Name() | ast.Attribute():
                return self._named(node, [])
        return UNKNOWN

    def _named(self, node: ast.expr, arguments: Sequence[ast.expr]) -> Value:
        """Read a class or a form of typing, with what stands in brackets behind it."""
        named = self.resolve(node) or last_name(node)
        if isinstance(named, ClassDecl):
            return self.instance(named)
        last = named.rsplit(".", 1)[-1]
        first = self.read(arguments[0]) if arguments else UNKNOWN
        if last in _PLAIN:
            return PLAIN
        if last in _UNKNOWN:
            return UNKNOWN
        if last in _WRAPPERS:
            return first
        if last == "Optional":
            return join(first, NOTHING)
        if last == "Union":
            return join(*(self.read(one) for one in arguments))
        if last in ("type", "Type"):
            cls = self.resolve(arguments[0]) if arguments else None
            return UNKNOWN if cls is None else frozenset({Class(cls, is_open=True)})
        if last in ("tuple", "Tuple"):
            if arguments and not any(ast.unparse(one) == "..." for one in arguments):
                return frozenset({Items("tuple", tuple(self.read(one) for one in arguments))})
            return frozenset({Items("tuple", rest=first)})
        if last in _LISTS | _SETS:
            return frozenset({Items("list" if last in _LISTS else "set", rest=first)})
        if last in _DICTS:
            rest = self.read(arguments[-1]) if arguments else UNKNOWN
            return frozenset({Fields("dict", rest=rest, is_settable=True)})
        found = self.of_library(named)
        if not arguments:
            return found
        return frozenset(
            replace(one, rest=first) if isinstance(one, Items | Fields) and one.rest else one
            for one in found
        )

    def instance(self, cls: ClassDecl) -> Value:
        """Return a module, a container, the fields of a dataclass, or some object of the input."""
        bases = sorted(cls.all_outside_bases)
        inherited = [one for base in bases for one in self.of_library(base)]
        outputs = [one for one in inherited if isinstance(one, Fields) and not one.rest]
        lasts = {base.rsplit(".", 1)[-1] for base in bases}
        if outputs or lasts & {"NamedTuple", "TypedDict"} or _dataclass_decorator(cls) is not None:
            fields = self._fields(cls, outputs) if self.depth < _DEEPEST else {}
            is_settable = not (lasts & {"NamedTuple"} or _is_frozen(cls))
            leaves_out = bool(outputs) and is_no_tensor_field(next(iter(fields), ""))
            is_ordered = "TypedDict" not in lasts and not leaves_out
            kept = Fields(cls, tuple(fields.items()), frozenset(), is_settable, is_ordered)
            return frozenset({kept})
        if cls.method("forward") is None:
            for one in inherited:
                if isinstance(one, Items | Fields):
                    return frozenset({replace(one, kind=cls)})
        if cls.is_module:
            return frozenset({Module(cls, is_open=True)})
        if lasts & _DICTS:
            return frozenset({Fields(cls, rest=UNKNOWN, is_settable=True)})
        return PLAIN if any(map(is_plain_class, lasts)) else frozenset({Instance(cls)})

    def _fields(self, cls: ClassDecl, outputs: Sequence[Fields]) -> dict[str, Value]:
        fields = dict(field for output in outputs for field in output.fields)
        for owner in reversed(cls.mro):
            resolve = self.resolve if self.resolve_in is None else self.resolve_in(owner.file)
            inside = replace(self, resolve=resolve, depth=self.depth + 1)
            for statement in owner.node.body:
                match statement:
                    case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                        fields[name] = inside.read(annotation)
        return fields


def _dataclass_decorator(cls: ClassDecl) -> ast.expr | None:
    for decorator in cls.node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if "dataclass" in last_name(called):
            return decorator
    return None


def _is_frozen(cls: ClassDecl) -> bool:
    decorator = _dataclass_decorator(cls)
    return isinstance(decorator, ast.Call) and any(
        keyword.arg == "frozen" and ast.unparse(keyword.value) != "False"
        for keyword in decorator.keywords
    )


def last_name(node: ast.expr) -> str:
    """Return ``Linear`` for ``nn.Linear``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
