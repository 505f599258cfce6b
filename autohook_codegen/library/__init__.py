"""All that is known of libraries: stubs, the reader of annotations, and guesses by name."""

from __future__ import annotations

from functools import cache, lru_cache

from autohook_codegen.analysis.values import Value
from autohook_codegen.library.annotations import fields_of, instance_of, read_annotation
from autohook_codegen.library.entries import Kind, LibraryClass, LibraryFunction, LibraryMember
from autohook_codegen.library.stub_entries import (
    class_entry,
    instance_of_library,
    read_class,
    read_function,
    read_member,
    read_table,
)
from autohook_codegen.library.stub_files import StubEntry, default_entry, find_entry, find_near

__all__ = [
    "Kind",
    "LibraryClass",
    "LibraryFunction",
    "LibraryMember",
    "fields_of",
    "function",
    "instance_of",
    "instance_of_library",
    "library_class",
    "read_annotation",
    "table",
    "tensor_member",
]


@lru_cache(maxsize=1)
def _tensor_entries() -> dict[str, StubEntry]:
    tensor = find_entry("torch.Tensor")
    assert tensor is not None
    return tensor.inner()


@cache
def tensor_member(name: str) -> LibraryMember | None:
    """Return an attribute or method of tensors; ``relu_`` needs no entry beside ``relu``."""
    entries = _tensor_entries()
    if name in entries:
        return read_member(entries[name])
    if name.endswith("_") and not name.startswith("_") and name[:-1] in entries:
        return read_member(entries[name[:-1]]).in_place()
    return None


@cache
def function(dotted: str) -> LibraryFunction | None:
    """Return a function of a library, by the dotted name under which it is imported.

    What torch has as a function and tensors have as a method, ``torch.relu``, stands there once.
    """
    entry = find_near(dotted, by_last_name=False)
    if entry is not None:
        return read_function(entry)
    module, _, name = dotted.rpartition(".")
    member = tensor_member(name) if module in ("torch", "torch.Tensor") else None
    if member is not None:
        return None if member.is_property else member.as_function(dotted)
    default = default_entry(dotted)
    if default is not None and not name[:1].isupper():
        return read_function(default, name)
    items = table(module)
    return LibraryFunction(Kind.OTHER, items, dotted) if items is not None else None


@cache
def library_class(dotted: str) -> LibraryClass | None:
    """Return a class of a library, by the dotted name under which it is imported."""
    entry = class_entry(dotted)
    return read_class(entry) if entry is not None else None


@cache
def table(dotted: str) -> Value | None:
    """Return what an item of a library's table is: of ``ACT2FN``, a module."""
    entry = find_near(dotted, by_last_name=True)
    return read_table(entry) if entry is not None else None
