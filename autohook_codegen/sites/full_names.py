"""The names that ``hook_dict`` has for a hook point, from the roots down."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property

from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import members
from autohook_codegen.analysis.trace import Trace
from autohook_codegen.analysis.values import Fields, Items, Module, Value
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.sites.hook_points import HookPoint
from autohook_codegen.sites.paths import added_members

__all__ = ["FullNames"]

MOST_PATHS = 32
"""How many ways to one class are told one by one."""

_ANYWHERE = "*."
_FILLED_IN = re.compile(r"\{.*?\}")


class FullNames:
    """Where the roots hold instances of each class.

    A class that no root holds is looked at as if it were one.
    """

    def __init__(self, trace: Trace, roots: Iterable[ClassDecl]) -> None:
        self.trace = trace
        self.roots = dict.fromkeys(one for root in roots for one in (root, *root.descendants()))

    def names(self, hook_point: HookPoint) -> tuple[str, ...]:
        """Return ``blocks.*.attn.pattern_hook_point``, with ``*`` for the members of a container
        and for what is filled in."""
        name = _FILLED_IN.sub("*", hook_point.name) + ".*" * len(hook_point.reference.items)
        found = [
            f"{path}{name}"
            for owner in hook_point.owners
            for one in (owner, *owner.descendants())
            for path in self._paths.get(one, ())
        ]
        return tuple(dict.fromkeys(found)) or (name,)

    @cached_property
    def _paths(self) -> dict[ClassDecl, dict[str, None]]:
        """For each class the paths to its instances, ``blocks.*.``, each with its last dot.

        Where models hold any of one another there are more paths than can be told: then ``*`` is
        the way to the class, whatever holds it.
        """
        found: dict[ClassDecl, dict[str, None]] = {}
        queue: deque[tuple[ClassDecl, str, frozenset[ClassDecl]]] = deque(
            (root, "", frozenset({root})) for root in self.roots
        )
        while queue:
            decl, path, around = queue.popleft()
            known = found.setdefault(decl, {})
            if path in known or _ANYWHERE in known:
                continue
            if len(known) == MOST_PATHS:
                known.clear()
                path = _ANYWHERE
            known[path] = None
            for part, way in self._parts(decl):
                if part not in around:
                    queue.append((part, f"{path}{way}.", around | {part}))
        return found

    def _parts(self, decl: ClassDecl) -> list[tuple[ClassDecl, str]]:
        """Return the classes of the input that an instance of just this class holds, each with the
        way to it, ``blocks.*``."""
        if decl not in self._known_parts:
            ways = dict.fromkeys(
                way
                for owner in decl.mro
                for attribute in self.trace.attributes(owner)
                for definition in self.trace.definitions(owner, attribute)
                for way in self._modules(definition.value, _FILLED_IN.sub("*", attribute))
            )
            self._known_parts[decl] = list(ways)
        return self._known_parts[decl]

    @cached_property
    def _known_parts(self) -> dict[ClassDecl, list[tuple[ClassDecl, str]]]:
        return {}

    def _modules(self, value: Value, way: str) -> Iterator[tuple[ClassDecl, str]]:
        for one in value:
            if isinstance(one, Module) and isinstance(one.cls, ClassDecl):
                yield one.cls, way
                for descendant in one.cls.descendants() if one.is_open else ():
                    yield descendant, way
            elif isinstance(one, Items | Fields) and _is_registered(one):
                if isinstance(one.kind, ClassDecl):
                    yield one.kind, way
                grown = added_members(one, self.trace)
                if isinstance(one, Items):
                    yield from self._modules(members(one, grown), f"{way}.*")
                    continue
                for name, inner in one.fields:
                    yield from self._modules(inner, f"{way}.{name}")
                yield from self._modules(join(one.rest, grown), f"{way}.*")


def _is_registered(one: Items | Fields) -> bool:
    """Tell whether what it holds is part of the module: a plain list or dict is none."""
    if isinstance(one.kind, ClassDecl):
        return one.kind.is_module
    return "." in one.kind and not one.kind.startswith("collections.")
