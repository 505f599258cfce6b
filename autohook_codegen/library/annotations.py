"""What a type annotation of the input says a value is."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.values import Fields, Value
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.library.declared_classes import declared_fields, instance_of_input
from autohook_codegen.library.stub_entries import instance_of_library
from autohook_codegen.library.type_expressions import AnnotationReader, Resolve, ResolveIn

__all__ = ["fields_of", "instance_of", "read_annotation"]


def read_annotation(
    annotation: ast.expr, resolve: Resolve, resolve_in: ResolveIn | None = None
) -> Value:
    """Return the value of what is annotated so.

    A module may be of a subclass. The fields of a dataclass, a named tuple or an output are read in
    the file that declares them, with `resolve_in`; without it, `resolve` is asked there too.
    """
    return _reader(resolve, resolve_in).read(annotation)


def instance_of(decl: ClassDecl, resolve: Resolve, resolve_in: ResolveIn | None = None) -> Value:
    """Return what an instance of the class is, as an annotation would say it."""
    return instance_of_input(_reader(resolve, resolve_in), decl)


def fields_of(
    decl: ClassDecl, resolve: Resolve, resolve_in: ResolveIn | None = None
) -> Fields | None:
    """Return an instance of a dataclass, named tuple, typed dict or output; ``None`` for any other
    class."""
    return declared_fields(_reader(resolve, resolve_in), decl)


def _reader(resolve: Resolve, resolve_in: ResolveIn | None) -> AnnotationReader:
    return AnnotationReader(resolve, instance_of_input, instance_of_library, resolve_in)
