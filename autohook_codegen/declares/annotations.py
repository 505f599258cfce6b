"""What a type annotation says, as far as it tells a module from something else."""

from __future__ import annotations

import ast

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import FileDecl, Program
from autohook_codegen.declares.value import (
    MODULE,
    NOTHING,
    OTHER,
    PARAMETER,
    UNKNOWN,
    Kind,
    Value,
    union,
)

__all__ = ["NOT_MODULE_SUFFIXES", "annotated"]

NOT_MODULE_SUFFIXES = (
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
    "int float bool str dict list tuple bytes Tensor device dtype Config Dict List Tuple "
    "Sequence Mapping".split()
)


def annotated(annotation: ast.expr, file: FileDecl, program: Program) -> Value:
    """What a type annotation says, as far as it tells a module from something else."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except (SyntaxError, ValueError):
            return UNKNOWN
    if isinstance(annotation, ast.BinOp):
        return union(
            annotated(annotation.left, file, program), annotated(annotation.right, file, program)
        )
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        return NOTHING
    if isinstance(annotation, ast.Subscript):
        last = (dotted_name(annotation.value) or "").rsplit(".", 1)[-1]
        if last == "Optional":
            return annotated(annotation.slice, file, program).or_none()
        if last == "Union" and isinstance(annotation.slice, ast.Tuple):
            return union(*(annotated(one, file, program) for one in annotation.slice.elts))
        return OTHER if last in ("dict", "Dict", "Literal") else UNKNOWN
    decl = program.class_of(file, annotation)
    if decl is not None:
        return (
            Value(frozenset({Kind.MODULE}), frozenset({decl}), open_class=True)
            if decl.is_module
            else OTHER
        )
    dotted = file.dotted(annotation) or ""
    last = dotted.rsplit(".", 1)[-1]
    if dotted in torch_facts.PARAMETER_CLASSES:
        return PARAMETER
    if dotted in torch_facts.MODULE_LISTS:
        return Value(frozenset({Kind.LIST}), items=MODULE)
    if dotted in torch_facts.MODULE_DICTS:
        return Value(frozenset({Kind.DICT}), items=MODULE)
    if dotted.startswith("torch.nn.") and last[:1].isupper():
        return MODULE
    if last in _PLAIN_ANNOTATIONS or last.endswith(NOT_MODULE_SUFFIXES):
        return OTHER
    return UNKNOWN
