"""Where a class gives itself its attributes: every statement that sets or grows ``self.X``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, FunctionNode

__all__ = ["Definition", "DynamicDefinition", "Growth", "Members", "read_members"]

REGISTERING = frozenset({"register_module", "add_module", "register_parameter", "register_buffer"})
GROWING = frozenset(
    {"append", "extend", "insert", "add_module", "update", "setdefault", "register_module"}
)
WRITING_METHODS = frozenset({"setattr", "__setattr__"})


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """One statement that makes the attribute."""

    attribute: str
    value: ast.expr | None
    """``None`` where the source does not show it."""
    statement: ast.stmt
    method: FunctionNode | None
    """``None`` in the body of the class."""
    owner: ClassDecl
    is_buffer: bool = False
    annotation: ast.expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DynamicDefinition:
    """``setattr(self, f"layer{i}", …)`` or ``self.add_module(name, …)``."""

    name: ast.expr
    value: ast.expr
    statement: ast.stmt
    method: FunctionNode
    owner: ClassDecl


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """A statement that adds a member to the container ``self.X``."""

    attribute: str
    how: str
    """The method's name, or ``[]`` for an item that is assigned."""
    arguments: tuple[ast.expr, ...]
    """The key for ``[]``, then what is added."""
    statement: ast.stmt
    method: FunctionNode
    owner: ClassDecl


@dataclass(slots=True)
class Members:
    """What the statements of one class itself say, its bases aside."""

    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    dynamic: list[DynamicDefinition] = field(default_factory=list)
    growths: dict[str, list[Growth]] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)
    """``weight: torch.Tensor`` in the body of the class, which makes nothing."""


def read_members(decl: ClassDecl) -> Members:
    """Read every method of the class once."""
    members = Members()
    for statement in decl.node.body:
        for target, value, annotation in _assigned(statement):
            if isinstance(target, ast.Name):
                if value is None and annotation is not None:
                    members.annotations[target.id] = annotation
                else:
                    _define(
                        members,
                        Definition(target.id, value, statement, None, decl, annotation=annotation),
                    )
    for method in decl.methods.values():
        arguments = [*method.args.posonlyargs, *method.args.args]
        if arguments:
            for statement in _statements(method.body):
                _read(members, statement, arguments[0].arg, method, decl)
    return members


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, ast.ClassDef):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, name, []))
        for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from _statements(part.body)


def _define(members: Members, definition: Definition) -> None:
    members.definitions.setdefault(definition.attribute, []).append(definition)


def _assigned(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr | None, ast.expr | None]]:
    """Each single target with its value and its annotation; tuples are taken apart."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            for one, value in _pairs(target, statement.value):
                yield one, value, None
    elif isinstance(statement, ast.AnnAssign):
        yield statement.target, statement.value, statement.annotation
    elif isinstance(statement, ast.For):
        for one, _ in _pairs(statement.target, None):
            if not isinstance(one, ast.Name):
                yield one, None, None
    elif isinstance(statement, ast.With | ast.AsyncWith):
        for item in statement.items:
            if item.optional_vars is not None:
                yield item.optional_vars, None, None


def _pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    if isinstance(target, ast.Tuple | ast.List):
        for one, item in zip(target.elts, _taken_apart(target.elts, value), strict=True):
            yield from _pairs(one, item)
    elif isinstance(target, ast.Starred):
        yield from _pairs(target.value, None)
    else:
        yield target, value


def _taken_apart(targets: list[ast.expr], value: ast.expr | None) -> Sequence[ast.expr | None]:
    """What each target of a tuple gets: of ``a, b = make()``, ``make()[0]`` and ``make()[1]``."""
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(targets):
        return value.elts
    if value is None or any(isinstance(one, ast.Starred) for one in targets):
        return [None] * len(targets)
    return [ast.Subscript(value, ast.Constant(i), ast.Load()) for i in range(len(targets))]


def _own(node: ast.expr, receiver: str) -> str | None:
    """``X`` for ``self.X``."""
    if (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == receiver
    ):
        return node.attr
    return None


def _read(
    members: Members, statement: ast.stmt, receiver: str, method: FunctionNode, decl: ClassDecl
) -> None:
    for target, value, annotation in _assigned(statement):
        attribute = _own(target, receiver)
        if attribute is not None:
            if value is not None or annotation is None:
                _define(
                    members,
                    Definition(attribute, value, statement, method, decl, annotation=annotation),
                )
        elif isinstance(target, ast.Subscript) and value is not None:
            attribute = _own(target.value, receiver)
            if attribute is not None:
                growth = Growth(attribute, "[]", (target.slice, value), statement, method, decl)
                members.growths.setdefault(attribute, []).append(growth)
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
        attribute = _own(statement.target, receiver)
        if attribute is not None:
            growth = Growth(attribute, "extend", (statement.value,), statement, method, decl)
            members.growths.setdefault(attribute, []).append(growth)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        _read_call(members, statement, statement.value, receiver, method, decl)


def _read_call(
    members: Members,
    statement: ast.stmt,
    call: ast.Call,
    receiver: str,
    method: FunctionNode,
    decl: ClassDecl,
) -> None:
    func, arguments = call.func, list(call.args)
    keywords = {one.arg: one.value for one in call.keywords if one.arg}
    if isinstance(func, ast.Name) and func.id == "setattr" and len(arguments) == 3:
        if isinstance(arguments[0], ast.Name) and arguments[0].id == receiver:
            _name(members, arguments[1], arguments[2], statement, method, decl, False)
        return
    if not isinstance(func, ast.Attribute):
        return
    if isinstance(func.value, ast.Name) and func.value.id == receiver and func.attr in REGISTERING:
        name = arguments[0] if arguments else keywords.get("name")
        values = [
            *arguments[1:2],
            *(keywords[k] for k in ("module", "param", "tensor") if k in keywords),
        ]
        if name is not None and values:
            _name(members, name, values[0], statement, method, decl, func.attr == "register_buffer")
        return
    if func.attr == "__setattr__" and dotted_name(func.value) is not None and len(arguments) >= 2:
        _name(members, arguments[-2], arguments[-1], statement, method, decl, False)
        return
    attribute = _own(func.value, receiver)
    if attribute is not None and func.attr in GROWING:
        growth = Growth(attribute, func.attr, tuple(arguments), statement, method, decl)
        members.growths.setdefault(attribute, []).append(growth)


def _name(
    members: Members,
    name: ast.expr,
    value: ast.expr,
    statement: ast.stmt,
    method: FunctionNode,
    decl: ClassDecl,
    is_buffer: bool,
) -> None:
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        _define(
            members, Definition(name.value, value, statement, method, decl, is_buffer=is_buffer)
        )
    elif not is_buffer:
        members.dynamic.append(DynamicDefinition(name, value, statement, method, decl))
