"""What the roots gain: the base, and the line that ends ``__init__``."""

from __future__ import annotations

import ast

from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, FunctionNode
from autohook_codegen.options import DEFAULT_NAME, Fallback
from autohook_codegen.sites.candidate import LeftAlone
from autohook_codegen.sites.decided import Decided
from autohook_codegen.sites.edits import BaseEdit
from autohook_codegen.sites.placement import initialisers
from autohook_codegen.sites.roots import (
    ROOT_NAMES,
    HeldClasses,
    base_position,
    find_roots,
    is_unknown,
    uses_name,
)

__all__ = ["end_roots"]

PLAIN_BASES = frozenset(
    {"torch.nn.Module", "abc.ABC", "ABC", "object", "typing.Generic", "Generic", "typing.Protocol"}
)
_MOST_PLACES = 3
_LONGEST = 34
"""Characters that keep ``auto_hook(self)`` and its comment within 88 columns of an ``__init__``."""


def end_roots(decided: Decided, ends: dict[ClassDecl, list[str]]) -> None:
    """Add bases, the lines at the end of ``__init__`` (`ends`: those that make hook points) and
    imports.
    """
    left = _LeftToFallback(decided)
    roots = _chosen(decided, left)
    converted: set[ClassDecl] = set()
    for root in roots:
        taken = _clashing_name(root, decided)
        if taken is not None:
            scope = (
                decided.inference.scope(next(iter(root.methods.values())), root, root.file)
                if root.methods
                else None
            )
            if scope is not None:
                decided.left_alone.append(
                    LeftAlone(
                        root.node,
                        "name-taken",
                        f"{root.name} has its own {taken!r}, so it cannot be a HookedRootModule;"
                        " use auto_hook(model)",
                        scope,
                    )
                )
            continue
        converted.add(root)
    for root in list(converted):
        converted.update(one for one in root.descendants() if one.initialiser)
    lines: dict[ClassDecl, list[str]] = {decl: list(made) for decl, made in ends.items()}
    for decl in decided.program.classes:
        if decl not in converted:
            continue
        above = [one for one in decl.mro[1:] if one in converted]
        if not above and decl in roots:
            _add_base(decl, decided)
        if above and not decl.initialiser and decl not in lines:
            continue
        if not _is_ended(decl, decided):
            lines.setdefault(decl, []).append(_last_line(decl, decided, left))
    for decl, made in lines.items():
        edits = decided.edits[decl.file.path]
        init = decl.initialiser
        if init is not None:
            edits.init_ends[init] = made
            _note_early_return(decl, init, decided)
        else:
            edits.written_inits[decl.node] = made


def _note_early_return(decl: ClassDecl, init: FunctionNode, decided: Decided) -> None:
    scope = decided.inference.scope(init, decl, decl.file)
    for node in scope.nodes:
        if isinstance(node, ast.Return) and init in scope.ancestors(node):
            message = f"{decl.name}.{init.name} returns here, before what is added at its end"
            decided.left_alone.append(LeftAlone(node, "early-return", message, scope))
            return


def _chosen(decided: Decided, left: _LeftToFallback) -> list[ClassDecl]:
    named = decided.options.root
    if named is None:
        return [decl for decl in find_roots(decided.program) if _has_anything(decl, decided, left)]
    return [
        decl
        for decl in decided.program.classes
        if decl.is_module and (decl.name in named or decl.qualified_name in named)
    ]


def _has_anything(decl: ClassDecl, decided: Decided, left: _LeftToFallback) -> bool:
    """Whether the class holds any hook point, made in the source or by the fallback."""
    if decl.method("forward") is None:
        return True
    if not left.with_sites.isdisjoint(left.held.of(decl)):
        return True
    return decided.options.fallback is not Fallback.NEVER and bool(left.places(decl))


def _clashing_name(decl: ClassDecl, decided: Decided) -> str | None:
    for one in (*decl.mro, *decl.descendants()):
        members = decided.inference.members(one)
        for name in sorted(ROOT_NAMES):
            if name in one.methods or name in members.definitions:
                return name
    return None


def _add_base(decl: ClassDecl, decided: Decided) -> None:
    existing = decided.existing.get(decl.file.path)
    if existing is not None and any(
        one.node in existing.roots and existing.roots[one.node].base for one in decl.mro
    ):
        return
    if any(base.rsplit(".", 1)[-1] == "HookedRootModule" for base in decl.all_outside_bases):
        return
    name = decided.spellings.of(decl.file, "HookedRootModule")
    decided.edits[decl.file.path].bases[decl.node] = BaseEdit(name, base_position(decl))


def _is_ended(decl: ClassDecl, decided: Decided) -> bool:
    existing = decided.existing.get(decl.file.path)
    root = existing.roots.get(decl.node) if existing is not None else None
    if root is not None and root.ending is not None:
        return True
    init = decl.initialiser
    if init is None or not any(
        base.endswith("HookedRootModule") for base in decl.all_outside_bases
    ):
        return False
    return any(
        dotted_name(node.func) == "self.setup"
        for node in ast.walk(init)
        if isinstance(node, ast.Call)
    )


def _last_line(decl: ClassDecl, decided: Decided, left: _LeftToFallback) -> str:
    init = decl.initialiser
    receiver = init.args.args[0].arg if init is not None and init.args.args else "self"
    comment = _why_auto_hook(decl, decided, left)
    if comment is None:
        return f"{receiver}.setup()"
    name = decided.options.name
    pattern = "" if name == DEFAULT_NAME else f', name="{name}"'
    return f"{decided.spellings.of(decl.file, 'auto_hook')}({receiver}{pattern})  # {comment}"


def _why_auto_hook(decl: ClassDecl, decided: Decided, left: _LeftToFallback) -> str | None:
    """The comment beside ``auto_hook(self)``; ``None`` where ``self.setup()`` does as well."""
    if decided.options.fallback is Fallback.NEVER:
        return None
    held = left.held.of(decl)
    places = left.places(decl)
    if places:
        return f"adds the hook points inside {_shown(places)}"
    if decided.in_place.get(decl.file):
        return "caches values before they change in place"
    if decided.options.fallback is Fallback.ALWAYS or _is_unsafe(decl, held, decided):
        return "in place of self.setup()"
    return None


def _shown(places: list[str]) -> str:
    """At most three of the places, and no more than fit on the line: else their classes."""
    classes = list(dict.fromkeys(place.partition(".")[0] for place in places))
    for shorter in (places, classes):
        for count in range(min(len(shorter), _MOST_PLACES), 0, -1):
            shown = ", ".join(shorter[:count]) + (", ..." if len(shorter) > count else "")
            if len(shown) <= _LONGEST:
                return shown
    return f"{len(classes)} of the classes" if len(classes) > 1 else "one of the classes"


class _LeftToFallback:
    """What the source does not name, by the class that holds it."""

    def __init__(self, decided: Decided) -> None:
        self.inference = decided.inference
        self.held = HeldClasses(decided.inference)
        self.with_sites = {one.candidate.reference.owner for one in decided.sites}
        self._by_class: dict[ClassDecl, list[tuple[int, str, str, ast.AST]]] = {}
        """Number, place, file and node of each, in the order in which they were found."""
        self._count = 0
        for one in decided.left_alone:
            if one.inside is not None and one.scope.owner is not None:
                for place in one.inside.split(", "):
                    self._add(one.scope.owner, place, one.scope.file.path, one.node)
        for site in decided.sites:
            candidate = site.candidate
            reference = candidate.reference
            if candidate.kind == "module call" and is_unknown(reference.value):
                path = candidate.scope.file.path
                self._add(reference.owner, reference.place, path, candidate.node)
        for decl in decided.own_children:
            self._add(decl, decl.name, decl.file.path, decl.node)

    def _add(self, decl: ClassDecl, place: str, file: str, node: ast.AST) -> None:
        self._count += 1
        self._by_class.setdefault(decl, []).append((self._count, place, file, node))

    def places(self, root: ClassDecl) -> list[str]:
        """Those that an instance of `root` may hold, in the order of the source."""
        held = self.held.of(root)
        found: dict[str, tuple[str, int, int]] = {}
        by_number = sorted(
            (one for decl in held for one in self._by_class.get(decl, ())), key=lambda one: one[0]
        )
        for _, place, file, node in by_number:
            line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
            found.setdefault(place, (file, line, column))
        by_name: dict[str, list[ClassDecl]] = {}
        for decl in held if found else ():
            by_name.setdefault(decl.name, []).append(decl)
        return sorted(found, key=lambda place: self._made_at(place, by_name) or found[place])

    def _made_at(
        self, place: str, by_name: dict[str, list[ClassDecl]]
    ) -> tuple[str, int, int] | None:
        """Where the source makes ``Layer.ff``."""
        holder, _, path = place.partition(".")
        attribute = path.partition(".")[0]
        for decl in by_name.get(holder, ()) if path else ():
            for one in self.inference.members(decl).definitions.get(attribute, ()):
                return decl.file.path, one.statement.lineno, one.statement.col_offset
        return None


def _is_unsafe(decl: ClassDecl, held: tuple[ClassDecl, ...], decided: Decided) -> bool:
    """Whether TransformerLens's ``setup()`` might meet something that it would break."""
    if any(uses_name(one, decided.inference) for one in held):
        return True
    for one in (decl, *decl.descendants()):
        if one.all_outside_bases - PLAIN_BASES:
            return True
    return any(_breaks_chain(function) for function in initialisers(decl, decided.inference))


def _breaks_chain(function: FunctionNode) -> bool:
    """``nn.Module.__init__(self)``, which leaves out what stands between."""
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "__init__"
        ):
            if dotted_name(node.func.value) is not None:
                return True
    return False
