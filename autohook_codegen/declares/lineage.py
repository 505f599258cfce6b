"""Which classes an instance takes its attributes and methods from."""

from __future__ import annotations

from collections.abc import Iterable

from autohook_codegen.declares.files import ClassDecl

__all__ = ["lineage", "with_bases"]


def with_bases(classes: Iterable[ClassDecl]) -> list[ClassDecl]:
    """Return the classes and all that they inherit from within the input."""
    found: dict[ClassDecl, None] = {}
    stack = [*classes][::-1]
    while stack:
        one = stack.pop()
        if one not in found:
            found[one] = None
            stack += reversed(one.bases)
    return list(found)


def lineage(owners: Iterable[ClassDecl]) -> list[ClassDecl]:
    """Return the classes that an instance of an owner, or of a subclass, may share attributes
    with."""
    return with_bases(decl for owner in owners for decl in (owner, *owner.descendants()))
