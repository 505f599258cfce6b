"""The grammar of annotations: the value that each form of them stands for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from autohook_codegen.analysis.values import (
    NOTHING,
    PLAIN,
    UNKNOWN,
    Class,
    Fields,
    Items,
    Module,
    Parameter,
    Value,
    join,
)
from autohook_codegen.declares.program import ClassDecl, FileDecl

__all__ = ["AnnotationReader", "Resolve", "ResolveIn", "container", "last_name"]

Resolve: TypeAlias = Callable[[ast.expr], ClassDecl | ast.expr | str | None]
"""The class of the input, what an alias stands for, or the dotted name that is meant."""
ResolveIn: TypeAlias = Callable[[FileDecl], Resolve]

_DEEPEST = 6
_LISTS = frozenset(
    "list List Sequence MutableSequence Iterable Iterator Collection Generator deque".split()
)
_SETS = frozenset("set Set frozenset FrozenSet AbstractSet MutableSet".split())
_TUPLES = frozenset("tuple Tuple".split())
_DICTS = frozenset("dict Dict Mapping MutableMapping OrderedDict defaultdict DefaultDict".split())
_WRAPPERS = frozenset("Annotated Final ClassVar Required NotRequired ReadOnly InitVar".split())
_UNKNOWN = frozenset("Any object Callable Self TypeVar T".split())
_PLAIN = frozenset("int float bool str bytes complex Literal LiteralString Number Real".split())
_CONTAINERS = {
    "torch.nn.ModuleList": "list",
    "torch.nn.ParameterList": "list",
    "torch.nn.Sequential": "list",
    "torch.nn.ModuleDict": "dict",
    "torch.nn.ParameterDict": "dict",
}
_ANY_MODULE: Value = frozenset({Module(None, is_open=True)})
_ANY_PARAMETER: Value = frozenset({Parameter(None)})


@dataclass(frozen=True, slots=True)
class AnnotationReader:
    """Reads the annotations of one file."""

    resolve: Resolve
    of_input: Callable[[AnnotationReader, ClassDecl], Value]
    """What an instance of a class of the input is."""
    of_library: Callable[[str], Value]
    """What an instance of any other class is, by its dotted name."""
    resolve_in: ResolveIn | None = None
    depth: int = 0

    def deeper(self, file: FileDecl | None = None) -> AnnotationReader:
        """Return the reader for the fields of a class, in the file where they are declared."""
        if file is None or self.resolve_in is None:
            return replace(self, depth=self.depth + 1)
        return replace(self, depth=self.depth + 1, resolve=self.resolve_in(file))

    def read(self, node: ast.expr) -> Value:
        if self.depth > _DEEPEST:
            return UNKNOWN
        match node:
            case ast.Constant(value=None):
                return NOTHING
            case ast.Constant(value=str(text)):
                try:
                    return self.deeper().read(ast.parse(text.strip(), mode="eval").body)
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
        named = self.resolve(node)
        if isinstance(named, ClassDecl):
            return self.of_input(self, named)
        if isinstance(named, ast.expr):
            return self.deeper().read(named)
        dotted = named or last_name(node)
        last = dotted.rsplit(".", 1)[-1]
        if dotted in _CONTAINERS:
            children = self.read(arguments[0]) if arguments else None
            return container(dotted, _CONTAINERS[dotted], children)
        form = self._form(last, arguments)
        return self.of_library(dotted) if form is None else form

    def _form(self, last: str, arguments: Sequence[ast.expr]) -> Value | None:
        """Read a form of typing, or one of Python's own classes."""
        if last == "Optional" and arguments:
            return join(self.read(arguments[0]), NOTHING)
        if last == "Union":
            return join(*(self.read(one) for one in arguments))
        if last in _WRAPPERS and arguments:
            return self.read(arguments[0])
        if last in ("type", "Type"):
            named = self.resolve(arguments[0]) if arguments else None
            if isinstance(named, ClassDecl | str):
                return frozenset({Class(named, is_open=True)})
            return UNKNOWN
        if last in _TUPLES:
            return frozenset({self._tuple(arguments)})
        if last in _LISTS or last in _SETS:
            rest = self.read(arguments[0]) if arguments else UNKNOWN
            return frozenset({Items("list" if last in _LISTS else "set", rest=rest)})
        if last in _DICTS:
            rest = self.read(arguments[-1]) if arguments else UNKNOWN
            return frozenset({Fields("dict", rest=rest, is_settable=True)})
        if last in _PLAIN:
            return PLAIN
        return UNKNOWN if last in _UNKNOWN else None

    def _tuple(self, arguments: Sequence[ast.expr]) -> Items:
        if not arguments:
            return Items("tuple", rest=UNKNOWN)
        if any(isinstance(one, ast.Constant) and one.value is ... for one in arguments):
            return Items("tuple", rest=self.read(arguments[0]))
        return Items("tuple", tuple(self.read(one) for one in arguments))


def container(dotted: str, form: str, children: Value | None = None) -> Value:
    """Return a container of modules or parameters whose members are not known one by one."""
    if children is None:
        children = _ANY_PARAMETER if ".Parameter" in dotted else _ANY_MODULE
    if form == "dict":
        return frozenset({Fields(dotted, rest=children)})
    return frozenset({Items(dotted, rest=children)})


def last_name(node: ast.expr) -> str:
    """Return ``Linear`` for ``nn.Linear``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
