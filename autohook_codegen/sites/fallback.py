"""What the source does not name, and the fallback hooks at run time."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from autohook_codegen import library
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.trace import Trace
from autohook_codegen.analysis.values import Module, Nothing, Unknown, Value
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.sites.candidate import Candidate, LeftAlone, Reference
from autohook_codegen.sites.hook_points import path_of

__all__ = ["LeftToFallback", "place_of", "shown_places"]

_CONTAINERS = frozenset({"torch.nn.ModuleList", "torch.nn.ModuleDict"})
_MOST_PLACES = 3
_LONGEST = 50
"""Characters that keep the comment above ``auto_hook(self)`` within 88 columns of an
``__init__``."""


def place_of(reference: Reference, trace: Trace) -> str:
    """Return ``Layer.ff``: the path behind the name of the class that sets its first attribute.

    Where a class of the input looks attributes up elsewhere, the path ends at its instance: what it
    gives has a name of its own.
    """
    owner = reference.owners[0]
    first = reference.names[:1]
    setters = (one for one in owner.mro if first and trace.definitions(one, first[0]))
    setter, names = next(setters, owner), reference.names
    if reference.computed is not None or len(names) < 2:
        return f"{setter.name}.{path_of(reference)}"
    held: Value = trace.attribute(owner, names[0])
    for count, name in enumerate(names[1:], 1):
        classes = [one.cls for one in held if isinstance(one, Module)]
        known = [one for one in classes if isinstance(one, ClassDecl)]
        sets = any(trace.definitions(decl, name) for one in known for decl in one.mro)
        if not sets and any(one.method("__getattr__") for one in known):
            return f"{setter.name}.{'.'.join(names[:count])}"
        held = join(*(trace.attribute(one, name) for one in known))
    return f"{setter.name}.{path_of(reference)}"


def shown_places(places: Collection[str]) -> str:
    """Return at most three of the places, and no more than fit on the line: else their classes."""
    classes = list(dict.fromkeys(place.partition(".")[0] for place in places))
    for shorter in (list(places), classes):
        for count in range(min(len(shorter), _MOST_PLACES), 0, -1):
            shown = ", ".join(shorter[:count]) + (", ..." if len(shorter) > count else "")
            if len(shown) <= _LONGEST:
                return shown
    return f"{len(classes)} of the classes" if len(classes) > 1 else "one of the classes"


@dataclass(frozen=True, eq=False)
class LeftToFallback:
    """Everything that makes a root need ``auto_hook``, by the class that holds it."""

    trace: Trace
    sites: Collection[Candidate]
    left_alone: Collection[LeftAlone]
    own_children: Collection[ClassDecl]
    in_place: Collection[ClassDecl]
    """The classes whose methods change values in place that hook points have seen."""
    checkpointing: Collection[ClassDecl] = field(default_factory=tuple)
    parts: Collection[ClassDecl] = field(default_factory=tuple)
    """The classes of which the input alone makes instances."""
    every_call: Mapping[ClassDecl, tuple[str, ...]] = field(default_factory=dict)
    """The hook points that are to show the calls in each class, too: ``Cell.rnn_hook_point``."""

    @cached_property
    def with_sites(self) -> frozenset[ClassDecl]:
        return frozenset(owner for one in self.sites for owner in one.reference.owners)

    def places(self, held: Iterable[ClassDecl]) -> list[str]:
        """Return those that instances of the classes hold, in the order of the source."""
        found: dict[str, tuple[str, int, int]] = {}
        for decl in held:
            for place, where in self._by_class.get(decl, ()):
                found.setdefault(place, where)
        return sorted(found, key=lambda place: found[place])

    def hook_points_of_every_call(self, held: Iterable[ClassDecl]) -> list[str]:
        """Return those that ``auto_hook`` is told of where it hooks instances of the classes."""
        return list(dict.fromkeys(one for decl in held for one in self.every_call.get(decl, ())))

    def changes_in_place(self, held: Iterable[ClassDecl]) -> bool:
        return not set(self.in_place).isdisjoint(held)

    def checkpoints(self, held: Iterable[ClassDecl]) -> bool:
        return not set(self.checkpointing).isdisjoint(held)

    @cached_property
    def _by_class(self) -> dict[ClassDecl, list[tuple[str, tuple[str, int, int]]]]:
        found: dict[ClassDecl, list[tuple[str, tuple[str, int, int]]]] = {}
        for one in self.left_alone:
            owner = one.function.owner
            for place in one.inside if owner is not None else ():
                assert owner is not None
                where = self._made_at(place, owner) or _position(one.function.file.path, one.node)
                found.setdefault(owner, []).append((place, where))
        for site in self.sites:
            owner = site.reference.owners[0]
            value = site.reference.value
            if owner in self.parts and self._is_handed(site.reference):
                value = frozenset(one for one in value if not isinstance(one, Unknown))
            if site.kind == "module call" and _is_unknown(value):
                place = place_of(site.reference, self.trace)
                where = self._made_at(place, owner) or _position(site.function.file.path, site.node)
                found.setdefault(owner, []).append((place, where))
        for decl in self.trace.program.classes:
            if decl.is_module and decl.method("forward") is None and _hides_members(decl):
                where = _position(decl.file.path, decl.node)
                found.setdefault(decl, []).append((decl.name, where))
        for decl in self.own_children:
            if not self._runs_its_members(decl):
                continue
            where = _position(decl.file.path, decl.node)
            found.setdefault(decl, []).append((decl.name, where))
        return found

    def _is_handed(self, reference: Reference) -> bool:
        """Tell whether the submodule is an argument for which the input gives a module."""
        if not reference.names:
            return False
        owner, name = reference.owners[0], reference.names[0]
        set_to = [
            (getattr(one.statement, "value", None), one.function)
            for decl in owner.mro
            for one in self.trace.definitions(decl, name)
        ]
        return any(isinstance(one, Module) for one in reference.value) and all(
            isinstance(value, ast.Name)
            and function is not None
            and value.id in {one.arg for one in function.args.args}
            for value, function in set_to
        )

    def _runs_its_members(self, decl: ClassDecl) -> bool:
        """Tell whether the class calls what it holds itself; else whoever holds it does."""
        return not decl.inherits_from(_CONTAINERS) or any(
            function.calls for function in self.trace.functions_of(decl)
        )

    def _made_at(self, place: str, owner: ClassDecl) -> tuple[str, int, int] | None:
        """Return where the source makes ``Layer.ff``."""
        attribute = place.partition(".")[2].partition(".")[0]
        for decl in owner.mro:
            for one in self.trace.definitions(decl, attribute):
                return _position(decl.file.path, one.statement)
        return None


def _hides_members(decl: ClassDecl) -> bool:
    """Tell whether the forward of a base outside the input calls what the class holds."""
    known = map(library.library_class, decl.all_outside_bases)
    return any(one is not None and one.forward and one.hides_members for one in known)


def _position(path: str, node: ast.expr | ast.stmt) -> tuple[str, int, int]:
    return path, node.lineno, node.col_offset


def _is_unknown(value: Value) -> bool:
    """Tell whether a submodule may be of a class that neither the input nor a stub defines."""
    for one in value:
        if isinstance(one, Unknown):
            return True
        if isinstance(one, Module) and (
            one.cls is None or (isinstance(one.cls, str) and library.library_class(one.cls) is None)
        ):
            return True
    return all(isinstance(one, Nothing) for one in value)
