"""What an annotation, or the declaration of a class, says of a result."""

from __future__ import annotations

import ast

from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, FileDecl, Program
from autohook_codegen.declares.result import (
    NO_VALUE,
    OTHER_RESULT,
    TENSOR,
    UNKNOWN_RESULT,
    Result,
    any_of,
    only,
)

__all__ = ["annotated_result", "fields_of", "is_model_output"]

_PLAIN = frozenset({"ModelOutput", "NamedTuple", "TypedDict", "object", "Generic", "Protocol"})
"""Bases outside the input that bring no fields."""


def annotated_result(annotation: ast.expr, file: FileDecl, program: Program) -> Result:
    if isinstance(annotation, ast.Constant):
        if annotation.value is None:
            return NO_VALUE
        if isinstance(annotation.value, str):
            try:
                return annotated_result(
                    ast.parse(annotation.value, mode="eval").body, file, program
                )
            except (SyntaxError, ValueError):
                return UNKNOWN_RESULT
    if isinstance(annotation, ast.BinOp):
        return any_of(
            annotated_result(annotation.left, file, program),
            annotated_result(annotation.right, file, program),
        )
    if isinstance(annotation, ast.Subscript):
        return _generic(annotation, file, program)
    last = (dotted_name(annotation) or "").rsplit(".", 1)[-1]
    if last in ("Tensor", "FloatTensor", "LongTensor", "BoolTensor"):
        return TENSOR
    if last in ("tuple", "Tuple"):
        return only("tuple")
    if last in ("list", "List", "Sequence", "Iterable"):
        return only("list")
    if last in ("dict", "Dict", "Mapping", "OrderedDict"):
        return only("dict")
    if last in ("int", "float", "bool", "str", "Any", "Cache"):
        return OTHER_RESULT if last != "Any" else UNKNOWN_RESULT
    decl = program.class_of(file, annotation)
    if decl is not None:
        return fields_of(decl, program)
    return (
        Result(frozenset({"fields"}), settable=True, ordered=False)
        if is_model_output(last)
        else UNKNOWN_RESULT
    )


def _generic(annotation: ast.Subscript, file: FileDecl, program: Program) -> Result:
    last = (dotted_name(annotation.value) or "").rsplit(".", 1)[-1]
    inner = annotation.slice
    parts = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
    if last == "Optional":
        return any_of(annotated_result(inner, file, program), NO_VALUE)
    if last == "Union":
        return any_of(*(annotated_result(one, file, program) for one in parts))
    if last in ("tuple", "Tuple"):
        if any(isinstance(one, ast.Constant) and one.value is Ellipsis for one in parts):
            return only("tuple")
        return Result(
            frozenset({"tuple"}), tuple(annotated_result(one, file, program) for one in parts)
        )
    if last in ("list", "List", "Sequence", "Iterable"):
        return only("list")
    if last in ("dict", "Dict", "Mapping", "OrderedDict"):
        return only("dict")
    if last in ("Float", "Int", "Bool", "Shaped"):  # jaxtyping
        return TENSOR
    return UNKNOWN_RESULT


def fields_of(decl: ClassDecl, program: Program) -> Result:
    """A dataclass or named tuple of the input, or another class."""
    decorated = decl.node.decorator_list
    names = [
        (dotted_name(one.func if isinstance(one, ast.Call) else one) or "").rsplit(".", 1)[-1]
        for one in decorated
    ]
    lasts = {base.rsplit(".", 1)[-1] for base in decl.all_outside_bases}
    is_output = any(is_model_output(base) for base in lasts)
    if (
        "dataclass" not in names
        and "NamedTuple" not in lasts
        and not is_output
        and "TypedDict" not in lasts
    ):
        return OTHER_RESULT if not decl.is_module else UNKNOWN_RESULT
    fields: dict[str, Result] = {}
    if any("BaseModelOutput" in base for base in lasts):
        fields["last_hidden_state"] = TENSOR  # the first field of each of transformers' classes
    for owner in reversed(decl.mro):
        for statement in owner.node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                fields[statement.target.id] = annotated_result(
                    statement.annotation, owner.file, program
                )
    frozen = any(
        isinstance(one, ast.Call)
        and any(
            k.arg == "frozen" and not (isinstance(k.value, ast.Constant) and k.value.value is False)
            for k in one.keywords
        )
        for one in decorated
    )
    kind = "dict" if "TypedDict" in lasts else "fields"
    settable = "NamedTuple" not in lasts and not frozen
    ordered = all(base in _PLAIN or "BaseModelOutput" in base for base in lasts)
    return Result(
        frozenset({kind}), fields=tuple(fields.items()), settable=settable, ordered=ordered
    )


def is_model_output(name: str) -> bool:
    """Whether a class of this name is one of transformers' or diffusers' ``ModelOutput``: a mutable
    dataclass by their convention."""
    return (
        name == "ModelOutput"
        or "ModelOutput" in name
        or name.endswith(("Output", "OutputWithPast", "LMOutput", "OutputWithPooling"))
    )
