"""Names the hook points that the candidates need: one a submodule or parameter."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from autohook_codegen.analysis.names_computed import display_name
from autohook_codegen.analysis.trace import Trace
from autohook_codegen.analysis.values import Attribute, Computed, Item, Member, Named, Step
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.lineage import lineage
from autohook_codegen.options import Options
from autohook_codegen.sites.candidate import Candidate, Reference

__all__ = ["Families", "HookPoint", "attributes_of", "name_hook_points", "path_of"]


@dataclass(frozen=True, slots=True, eq=False)
class HookPoint:
    """A hook point, or a container of them, of a class and its relatives."""

    name: str
    reference: Reference
    """What it hooks, as its first site reaches it."""
    owners: tuple[ClassDecl, ...]
    """The classes, relatives all of them, whose methods have a site of it."""
    second_names: tuple[str, ...] = ()
    """Further attributes that hold it: of the module whose result it is."""
    beside: Reference | None = None
    """The module or parameter that a value inside a forward stands beside in ``__init__``."""
    role: str | None = None
    kind: str = "module call"
    """Of its first site."""
    gives_way: bool = False
    """A role has the name that it would have."""

    @property
    def made_with(self) -> Reference:
        """Return the submodule or parameter whose making its own follows."""
        return self.beside or self.reference

    @property
    def is_made_at_end(self) -> bool:
        """Whether nothing in ``__init__`` makes what it hooks."""
        return self.made_with.is_named

    @property
    def runtime_name(self) -> str:
        """The name that the runtime gives the same place, relative to the class."""
        return ".".join((*map(_runtime_part, self.reference.steps), "hook_point"))


def path_of(reference: Reference) -> str:
    """Return ``transformer.h`` for ``self.transformer.h[i]``."""
    computed = reference.computed
    return display_name(computed.name) if computed is not None else ".".join(reference.names)


def name_hook_points(
    candidates: Iterable[Candidate],
    existing: Mapping[Candidate, str],
    trace: Trace,
    options: Options,
) -> dict[Candidate, tuple[HookPoint, ...]]:
    """Return the hook points of each candidate: one for each family of classes that its module may
    be of.

    A name is taken by what any relative of the class sets or defines; `existing` has the names of
    those that stand in the source.
    """
    names = _Names(trace, options)
    families = Families()
    grouped: dict[tuple[ClassDecl, object], list[Candidate]] = {}
    # A role keeps its name against a module of that name.
    for candidate in sorted(candidates, key=lambda one: one.role is None):
        homes, shape = families.key(candidate.reference)
        alone = candidate.node if options.per_site or candidate.is_alone else None
        for home in homes:
            grouped.setdefault((home, (shape, alone)), []).append(candidate)
    for sites in grouped.values():
        for one in sites:
            if one in existing:
                names.take(existing[one], one.reference.owners)
    found: dict[Candidate, tuple[HookPoint, ...]] = {}
    roles: set[tuple[ClassDecl, str]] = set()
    for (home, _), sites in grouped.items():
        all_owners = dict.fromkeys(owner for one in sites for owner in one.reference.owners)
        owners = tuple(owner for owner in all_owners if families.home(owner) is home)
        reference = sites[0].reference
        standing = (existing[one] for one in sites if one in existing)
        name = next(standing, None) or names.free(reference, owners)
        names.take(name, owners)
        further: list[str] = []
        for second in dict.fromkeys(second for one in sites for second in one.second_names):
            if names.plain(second) not in (name, *further):
                further.append(names.free(second, owners))
                names.take(further[-1], owners)
        first = sites[0]
        if first.role is not None:
            roles.add((home, name))
        hook_point = HookPoint(
            name,
            reference,
            owners,
            tuple(further),
            first.beside,
            first.role,
            first.kind,
            first.role is None and (home, names.plain(reference)) in roles,
        )
        for one in sites:
            found[one] = (*found.get(one, ()), hook_point)
    return {one: found[one] for one in candidates if one in found}


def _runtime_part(step: Step) -> str:
    match step:
        case Attribute(name) | Named(name):
            return name
        case Computed(name):
            return display_name(name)
    return "*"


def _shape(step: Step) -> object:
    """Return what two ways to the same submodules have in common."""
    match step:
        case Computed(_, shape):
            return shape
        case Item(by_key=by_key) | Member(by_key=by_key):
            return by_key
    return step


class Families:
    """Knows which classes are related, so that their hook points are the same."""

    def __init__(self) -> None:
        self._homes: dict[ClassDecl, ClassDecl] = {}

    def home(self, decl: ClassDecl) -> ClassDecl:
        """Return the class that stands for all relatives of `decl`: the first in the source."""
        if decl not in self._homes:
            family = _relatives(decl)
            first = min(family, key=lambda one: (one.file.path, one.node.lineno))
            self._homes.update(dict.fromkeys(family, first))
        return self._homes[decl]

    def key(self, reference: Reference) -> tuple[tuple[ClassDecl, ...], tuple[object, ...]]:
        """Return what the references to one submodule or value have in common."""
        homes = tuple(dict.fromkeys(map(self.home, reference.owners)))
        return homes, tuple(map(_shape, reference.steps))


class _Names:
    """Finds names that no attribute of a class, its bases and its subclasses has."""

    def __init__(self, trace: Trace, options: Options) -> None:
        self.trace = trace
        self.options = options
        self._taken: dict[ClassDecl, set[str]] = {}

    def free(self, reference: Reference, owners: Iterable[ClassDecl]) -> str:
        """Return the name that follows the pattern, with a number where it is taken."""
        name = self.plain(reference)
        if reference.computed is not None:
            return name
        taken = [self._names(one) for one in lineage(owners)]
        numbered = (f"{name}_{number}" for number in itertools.count(2))
        return next(
            one
            for one in itertools.chain([name], numbered)
            if not any(one in names for names in taken)
        )

    def plain(self, reference: Reference) -> str:
        """Return the name that follows the pattern."""
        if reference.computed is not None:
            return self.options.hook_point(path_of(reference))
        plain = "_".join(reference.names)
        return (
            self.options.hook_points(plain) if reference.items else self.options.hook_point(plain)
        )

    def take(self, name: str, owners: Iterable[ClassDecl]) -> None:
        for owner in owners:
            self._names(owner).add(name)

    def _names(self, decl: ClassDecl) -> set[str]:
        if decl not in self._taken:
            self._taken[decl] = attributes_of(decl, self.trace)
        return self._taken[decl]


def attributes_of(decl: ClassDecl, trace: Trace) -> set[str]:
    """Return every attribute that the class itself defines, sets or annotates."""
    annotated = {
        one.target.id
        for one in decl.node.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
    return {*decl.methods, *trace.attributes(decl), *annotated}


def _relatives(decl: ClassDecl) -> Collection[ClassDecl]:
    """Return `decl` and all that are related to it by inheritance within the input."""
    seen = {decl}
    stack = [decl]
    while stack:
        one = stack.pop()
        for relative in {*one.bases, *one.subclasses} - seen:
            seen.add(relative)
            stack.append(relative)
    return seen
