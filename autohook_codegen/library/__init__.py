"""All that is known of libraries: stubs, the reader of annotations, and guesses by name."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.values import Value
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.library.annotations import AnnotationReader, Resolve, ResolveIn
from autohook_codegen.library.entries import Kind, LibraryClass, LibraryFunction
from autohook_codegen.library.stub_entries import (
    function,
    instance_of_library,
    library_class,
    makes_module,
    table,
    tensor_member,
)

__all__ = [
    "Kind",
    "LibraryClass",
    "LibraryFunction",
    "function",
    "instance_of",
    "instance_of_library",
    "library_class",
    "makes_module",
    "read_annotation",
    "table",
    "tensor_member",
]


def read_annotation(
    annotation: ast.expr, resolve: Resolve, resolve_in: ResolveIn | None = None
) -> Value:
    """Return the value of what is annotated so; a module may be of a subclass.

    The fields of a dataclass, a named tuple or an output are read where they are declared, with
    `resolve_in`; without it, `resolve` is asked there too.
    """
    return AnnotationReader(resolve, instance_of_library, resolve_in).read(annotation)


def instance_of(cls: ClassDecl, resolve: Resolve, resolve_in: ResolveIn | None = None) -> Value:
    """Return what an instance of a class of the input is: a module, a container, fields, or some
    object."""
    return AnnotationReader(resolve, instance_of_library, resolve_in).instance(cls)
