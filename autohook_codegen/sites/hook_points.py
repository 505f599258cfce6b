"""The hook points that the sites need: one a submodule or parameter, each with its name."""

from __future__ import annotations

from dataclasses import dataclass, field

from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.options import Options
from autohook_codegen.sites.candidate import Candidate
from autohook_codegen.sites.computed_names import display_name
from autohook_codegen.sites.reference import Computed, Item, Reference

__all__ = ["HookPointNames", "PlannedHookPoint", "relatives"]


@dataclass(eq=False)
class PlannedHookPoint:
    """A hook point, or a container of them, of one class and its relatives."""

    name: str
    reference: Reference
    home: ClassDecl
    """The family that it belongs to (see `HookPointNames.family`)."""
    owners: list[ClassDecl] = field(default_factory=list)
    """The classes whose methods have a site of it."""
    sites: list[Candidate] = field(default_factory=list)

    @property
    def attribute(self) -> str | None:
        """The attribute of the class that the path begins with."""
        first = self.reference.steps[0]
        return first if isinstance(first, str) else None

    @property
    def is_container(self) -> bool:
        return bool(self.reference.items)

    @property
    def runtime_name(self) -> str:
        """The name that the runtime gives the same place, relative to the class."""
        parts: list[str] = []
        for step in self.reference.steps:
            if isinstance(step, Computed):
                parts.append(display_name(step.name))
            else:
                parts.append(step if isinstance(step, str) else "*")
        return ".".join((*parts, "hook_point"))


def relatives(decl: ClassDecl) -> set[ClassDecl]:
    """`decl` and all that are related to it by inheritance within the input."""
    seen = {decl}
    stack = [decl]
    while stack:
        one = stack.pop()
        for relative in (*one.bases, *one.subclasses):
            if relative not in seen:
                seen.add(relative)
                stack.append(relative)
    return seen


class HookPointNames:
    """Gives every hook point a name that no attribute of its class and relatives has."""

    def __init__(self, inference: Inference, options: Options) -> None:
        self.inference = inference
        self.options = options
        self.planned: dict[tuple[ClassDecl, object], PlannedHookPoint] = {}
        self._families: dict[ClassDecl, ClassDecl] = {}
        self._taken: dict[ClassDecl, set[str]] = {}

    def family(self, decl: ClassDecl) -> ClassDecl:
        """One class that stands for all the relatives of `decl`."""
        if decl not in self._families:
            found = relatives(decl)
            first = min(
                found, key=lambda one: (one.file.path, one.node.lineno, one.node.col_offset)
            )
            self._families.update(dict.fromkeys(found, first))
        return self._families[decl]

    def of(
        self, candidate: Candidate, home: ClassDecl, existing: str | None = None
    ) -> PlannedHookPoint:
        """The hook point of a site in one family of classes; `existing` is the name of one that the
        source already has."""
        reference = candidate.reference
        shape = tuple(step.by_key if isinstance(step, Item) else step for step in reference.steps)
        key: object = shape
        if self.options.per_site:
            key = (shape, candidate.node)
        planned = self.planned.get((home, key))
        if planned is None:
            name = existing or self._free_name(home, reference)
            planned = PlannedHookPoint(name, reference, home)
            self.planned[home, key] = planned
            self._names(home).add(name)
        return planned

    def _free_name(self, home: ClassDecl, reference: Reference) -> str:
        computed = reference.computed
        if computed is not None:
            return self.options.hook_point(display_name(computed.name))
        plain = "_".join(reference.names)
        name = (
            self.options.hook_points(plain) if reference.items else self.options.hook_point(plain)
        )
        taken = self._names(home)
        if name not in taken:
            return name
        number = 2
        while f"{name}_{number}" in taken:
            number += 1
        return f"{name}_{number}"

    def _names(self, home: ClassDecl) -> set[str]:
        """Every attribute that the family has."""
        if home not in self._taken:
            taken: set[str] = set()
            for decl in relatives(home):
                members = self.inference.members(decl)
                taken |= {*decl.methods, *members.definitions, *members.annotations}
            self._taken[home] = taken
        return self._taken[home]
