"""Where among the bases of a class ``HookedRootModule`` goes."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TypeAlias

from autohook_codegen import library
from autohook_codegen.analysis.trace import Trace
from autohook_codegen.analysis.values import NOT_REACHED, Class, Items
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.program import Program
from autohook_codegen.sites.endings import calls_of_bases

__all__ = ["base_place", "named_bases"]

Base: TypeAlias = ClassDecl | str

MODULE = "torch.nn.Module"
ROOT = "HookedRootModule"


def base_place(decl: ClassDecl, trace: Trace) -> int | None:
    """Return the place: before ``nn.Module`` where that is a base, else the last, else the first.

    The order in which Python looks methods up stays as it is; ``None`` where no place keeps it.
    """
    bases = decl.node.bases
    place: int
    for place, base in enumerate(bases):
        if MODULE in named_bases(decl, base, trace):
            return place
    places = [
        len(bases),
        *([0] if _is_built_without_arguments(decl) else []),
        *range(1, len(bases)),
    ]
    before = _order_of_look_up(decl, trace.program)
    for place in places:
        after = _order_of_look_up(decl, trace.program, place)
        if after is not None and (before is None or _finds_alike(before, after)):
            return place
    return None


def _order_of_look_up(
    decl: ClassDecl, program: Program, place: int | None = None
) -> list[Base] | None:
    """Return the class and its bases as Python orders them, with the root's base at `place`;
    ``None`` where they cannot be ordered."""
    bases = [_named(base, decl, program) for base in decl.node.bases]
    if place is not None:
        bases.insert(place, ROOT)
    orders = [_order_of(base, program) for base in bases]
    if any(order is None for order in orders):
        return None
    return _merged(decl, [*(order for order in orders if order is not None), bases])


def _order_of(base: Base, program: Program) -> list[Base] | None:
    if isinstance(base, ClassDecl):
        return _order_of_look_up(base, program)
    if base in (MODULE, "object"):
        return [base]
    return [base, MODULE] if base == ROOT or library.makes_module(base) else [base]


def _merged(decl: ClassDecl, orders: Sequence[list[Base]]) -> list[Base] | None:
    """Merge as Python does: the first class that stands behind none of the others is the next."""
    first, *others = orders
    if others == [first[:1]]:  # a single base
        return [decl, *first]
    merged: list[Base] = [decl]
    left = [list(order) for order in orders if order]
    while left:
        following = (order[0] for order in left)
        free = (one for one in following if not any(one in order[1:] for order in left))
        one = next(free, None)
        if one is None:
            return None
        merged.append(one)
        left = [rest for order in left if (rest := [base for base in order if base != one])]
    return merged


def _finds_alike(before: Sequence[Base], after: Sequence[Base]) -> bool:
    """Tell whether every name is found in the same class, and ``super()`` goes on as before."""
    places = {base: place for place, base in enumerate(after)}
    moved = [
        (one, other)
        for place, one in enumerate(before)
        for other in before[place + 1 :]
        if places[other] < places[one]
    ]
    return not any(_may_share_a_name(one, other) for one, other in moved)


def _may_share_a_name(one: Base, other: Base) -> bool:
    names, others = _names_of(one), _names_of(other)
    return names is None or others is None or not names.isdisjoint(others)


def _names_of(base: Base) -> frozenset[str] | None:
    """Return the names of a class's methods; ``None`` where they are not known."""
    if isinstance(base, ClassDecl):
        return frozenset(base.methods)
    if base in _NAMELESS:
        return frozenset()
    known = library.library_class(base)
    if known is None:
        return None
    return frozenset(known.methods) | (_MODULE_NAMES if base == MODULE else frozenset())


_NAMELESS = ("object", "abc.ABC", "typing.Generic", "typing.Protocol")
_MODULE_NAMES = frozenset("__init__ __call__ __getattr__ __setattr__ __delattr__ __dir__".split())


def named_bases(decl: ClassDecl, base: ast.expr, trace: Trace) -> set[Base]:
    """Return what a base may be, also under a name that is assigned, or inside ``*[nn.Module]``."""
    target = base.value if isinstance(base, ast.Starred) else base
    top = trace.functions.get(decl.file.tree)
    value = top.values.get(target, NOT_REACHED) if top is not None else NOT_REACHED
    members = (inner for one in value if isinstance(one, Items) for inner in one.first)
    found = {one.cls for one in value.union(*members) if isinstance(one, Class)}
    return found or {_named(base, decl, trace.program)}


def _named(base: ast.expr, decl: ClassDecl, program: Program) -> Base:
    """Return the class of the input, or the dotted name."""
    known = program.class_of(decl.file, base)
    if known is not None and known is not decl:
        return known
    target = base.value if isinstance(base, ast.Subscript) else base
    return decl.file.dotted(target) or ast.unparse(target)


def _is_built_without_arguments(decl: ClassDecl) -> bool:
    """Tell whether ``super().__init__()`` hands nothing on, to what stands behind a first base."""
    init = decl.method("__init__")
    if init is None:
        return False
    calls = calls_of_bases(init[1])
    return bool(calls) and not any(
        call.args or call.keywords or not isinstance(call.func.value, ast.Call)  # type: ignore[attr-defined]
        for call in calls
    )
