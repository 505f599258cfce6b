"""What an instance of a class of the input is, by what its class declares."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.values import PLAIN, UNKNOWN, Fields, Items, Module, Value
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.library.guesses import is_no_tensor_field, is_plain_class
from autohook_codegen.library.type_expressions import AnnotationReader, last_name

__all__ = ["declared_fields", "instance_of_input"]


def instance_of_input(reader: AnnotationReader, decl: ClassDecl) -> Value:
    """Return a module, a container, the fields of a dataclass, or some object."""
    kept = declared_fields(reader, decl)
    if kept is not None:
        return frozenset({kept})
    if decl.method("forward") is None:
        for base in sorted(decl.all_outside_bases):
            for inherited in reader.of_library(base):
                if isinstance(inherited, Items):
                    return frozenset({Items(decl, rest=inherited.rest)})
                if isinstance(inherited, Fields) and inherited.rest and not inherited.fields:
                    return frozenset(
                        {Fields(decl, rest=inherited.rest, is_settable=inherited.is_settable)}
                    )
    if decl.is_module:
        return frozenset({Module(decl, is_open=True)})
    if any(is_plain_class(base.rsplit(".", 1)[-1]) for base in decl.all_outside_bases):
        return PLAIN
    return frozenset({Fields(decl, rest=UNKNOWN, is_ordered=False)})


def declared_fields(reader: AnnotationReader, decl: ClassDecl) -> Fields | None:
    """Return an instance of a dataclass, named tuple, typed dict or library output; ``None`` for
    any other class."""
    lasts = {base.rsplit(".", 1)[-1] for base in decl.all_outside_bases}
    inherited = [
        kept
        for base in sorted(decl.all_outside_bases)
        for kept in reader.of_library(base)
        if isinstance(kept, Fields) and not (kept.rest and kept.is_ordered)
    ]
    is_dataclass = any("dataclass" in last_name(_called(one)) for one in decl.node.decorator_list)
    if not (inherited or is_dataclass or lasts & {"NamedTuple", "TypedDict"}):
        return None
    fields: dict[str, Value] = {}
    for kept in inherited:
        fields.update(kept.fields)
    for owner in reversed(decl.mro):
        inner = reader.deeper(owner.file)
        for statement in owner.node.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                    fields[name] = inner.read(annotation)
    return Fields(
        decl,
        tuple(fields.items()),
        is_settable="NamedTuple" not in lasts
        and not _is_frozen(decl)
        and all(kept.is_settable for kept in inherited),
        is_ordered="TypedDict" not in lasts
        and not (inherited and is_no_tensor_field(next(iter(fields), ""))),
    )


def _called(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def _is_frozen(decl: ClassDecl) -> bool:
    return any(
        keyword.arg == "frozen"
        and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
        for decorator in decl.node.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
    )
