"""Names the hook points that the candidates need: one a submodule or parameter."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from autohook_codegen.analysis.names_computed import display_name
from autohook_codegen.analysis.trace import Trace
from autohook_codegen.analysis.values import Attribute, Computed, Item, Member, Step
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.options import Options
from autohook_codegen.sites.candidate import Candidate, Reference

__all__ = ["HookPoint", "attributes_of", "name_hook_points", "path_of"]


@dataclass(frozen=True, slots=True, eq=False)
class HookPoint:
    """A hook point, or a container of them, of a class and its relatives."""

    name: str
    reference: Reference
    """What it hooks, as its first site reaches it."""
    owners: tuple[ClassDecl, ...]
    """The classes, relatives all of them, whose methods have a site of it."""

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
    grouped: dict[tuple[ClassDecl, object], list[Candidate]] = {}
    for candidate in candidates:
        shape = tuple(map(_shape, candidate.reference.steps))
        alone = candidate.node if options.per_site else None
        for home in dict.fromkeys(map(names.home, candidate.reference.owners)):
            grouped.setdefault((home, (shape, alone)), []).append(candidate)
    found: dict[Candidate, tuple[HookPoint, ...]] = {}
    for (home, _), sites in grouped.items():
        all_owners = dict.fromkeys(owner for one in sites for owner in one.reference.owners)
        owners = tuple(owner for owner in all_owners if names.home(owner) is home)
        reference = sites[0].reference
        standing = (existing[one] for one in sites if one in existing)
        name = next(standing, None) or names.free(reference, owners)
        names.take(name, owners)
        hook_point = HookPoint(name, reference, owners)
        for one in sites:
            found[one] = (*found.get(one, ()), hook_point)
    return found


def _runtime_part(step: Step) -> str:
    match step:
        case Attribute(name):
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


class _Names:
    """Finds names that no attribute of a class, its bases and its subclasses has."""

    def __init__(self, trace: Trace, options: Options) -> None:
        self.trace = trace
        self.options = options
        self._homes: dict[ClassDecl, ClassDecl] = {}
        self._taken: dict[ClassDecl, set[str]] = {}

    def home(self, decl: ClassDecl) -> ClassDecl:
        """Return the class that stands for all relatives of `decl`: the first in the source."""
        if decl not in self._homes:
            family = _relatives(decl)
            first = min(family, key=lambda one: (one.file.path, one.node.lineno))
            self._homes.update(dict.fromkeys(family, first))
        return self._homes[decl]

    def free(self, reference: Reference, owners: Iterable[ClassDecl]) -> str:
        """Return the name that follows the pattern, with a number where it is taken."""
        if reference.computed is not None:
            return self.options.hook_point(path_of(reference))
        plain = "_".join(reference.names)
        is_container = bool(reference.items)
        name = self.options.hook_points(plain) if is_container else self.options.hook_point(plain)
        taken = set().union(*(self._names(one) for owner in owners for one in _lineage(owner)))
        numbered = (f"{name}_{number}" for number in itertools.count(2))
        return next(one for one in itertools.chain([name], numbered) if one not in taken)

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


def _lineage(decl: ClassDecl) -> Iterator[ClassDecl]:
    """Yield every class that an attribute of `decl` may share an instance with."""
    yield from decl.mro
    for descendant in decl.descendants():
        yield from descendant.mro
