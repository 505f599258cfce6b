"""Which classes are models by themselves."""

from __future__ import annotations

from collections.abc import Iterable

from autohook_codegen import library
from autohook_codegen.analysis.trace import Trace
from autohook_codegen.analysis.values import Unknown
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.library import guesses
from autohook_codegen.sites.parts import Parts

__all__ = ["find_roots"]


def find_roots(trace: Trace, parts: Parts) -> list[ClassDecl]:
    """Return the classes that are no part, and do not only serve as a base; and what a file's
    ``__all__`` names, if it holds modules of the input."""
    return [
        decl
        for decl in trace.program.classes
        if decl.is_module
        and (_has_entry(decl, trace) or _inherits_forward(decl))
        and (
            _is_exported(decl, parts)
            or (decl not in parts.used and (not decl.subclasses or decl in parts.named))
        )
    ]


def _has_entry(decl: ClassDecl, trace: Trace) -> bool:
    methods = (node for owner in decl.mro for node in owner.methods.values())
    return decl.method("forward") is not None or any(node in trace.entries for node in methods)


def _inherits_forward(decl: ClassDecl) -> bool:
    return any(map(_has_forward, decl.all_outside_bases))


def _is_exported(decl: ClassDecl, parts: Parts) -> bool:
    exported = decl.file.exported or frozenset()
    return decl.qualified_name in exported and bool(_held(decl, parts))


def _held(decl: ClassDecl, parts: Parts) -> Iterable[ClassDecl]:
    return [one for one in parts.held_by(decl) if one.is_module and one not in decl.mro]


def _has_forward(base: str) -> bool:
    last = base.rsplit(".", 1)[-1]
    known = library.library_class(base)
    if known is not None and known.is_module:
        return any(not isinstance(one, Unknown) for one in known.result(None))
    return not (guesses.is_plain_base(last) or guesses.is_module_base(last) or "Mixin" in last)
