"""What calling a class makes: one of the input, or one that is known by its name alone."""

from __future__ import annotations

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.annotations import NOT_MODULE_SUFFIXES
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.declares.value import MAYBE_MODULE, MODULE, OTHER, Kind, Value

__all__ = ["is_making_method", "made_by_class", "made_by_import"]

_MAKING_METHODS = frozenset(
    "from_config from_pretrained from_state_dict _from_config build create load".split()
)


def is_making_method(name: str) -> bool:
    """Whether a class makes instances by a method of this name: its own, or of what it stands
    for."""
    return name in _MAKING_METHODS or name.startswith("from_")


def made_by_class(decl: ClassDecl) -> Value:
    """The instance of a class of the input."""
    if not decl.is_module:
        if decl.outside_bases and not decl.methods and not decl.bases:
            return MAYBE_MODULE if _may_be_module_class(decl) else OTHER
        return OTHER
    outside = decl.all_outside_bases
    classes: frozenset[str | ClassDecl] = frozenset({decl})
    if outside & torch_facts.MODULE_LISTS and not decl.method("forward"):
        return Value(frozenset({Kind.LIST}), classes, items=MODULE)
    if outside & torch_facts.MODULE_DICTS and not decl.method("forward"):
        return Value(frozenset({Kind.DICT}), classes, items=MODULE)
    return Value(frozenset({Kind.MODULE}), classes)


def _may_be_module_class(decl: ClassDecl) -> bool:
    return any(
        not base.endswith(("Enum", "Protocol", "object", "NamedTuple"))
        for base in decl.outside_bases
    )


def made_by_import(dotted: str) -> Value:
    """What a class or factory that is imported from outside the input gives back, by its name."""
    parts = dotted.split(".")
    last = parts[-1]
    owner = parts[-2] if len(parts) > 1 else ""
    if owner[:1].isupper() and is_making_method(last):
        last = owner
    bare = last.lstrip("_")
    if bare.endswith(NOT_MODULE_SUFFIXES):
        return OTHER
    if bare[:1].isupper():
        return Value(frozenset({Kind.MODULE, Kind.UNKNOWN}), frozenset({dotted}), open_class=True)
    return MAYBE_MODULE
