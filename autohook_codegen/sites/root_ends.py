"""What the roots gain: the base, and the line that ends ``__init__``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from autohook_codegen import library
from autohook_codegen.analysis.trace import Trace
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.library import guesses
from autohook_codegen.notes import NoteCode
from autohook_codegen.options import DEFAULT_NAME, Fallback, Options
from autohook_codegen.rewrite.existing import Existing
from autohook_codegen.sites.bases import base_place, named_bases
from autohook_codegen.sites.computed_names import double_quoted
from autohook_codegen.sites.decided import Remark
from autohook_codegen.sites.edits import BaseEdit, Edits
from autohook_codegen.sites.endings import ending_class, goes_on_to_bases, receiver_of
from autohook_codegen.sites.fallback import LeftToFallback, shown_places
from autohook_codegen.sites.hook_points import attributes_of
from autohook_codegen.sites.imports import Spellings
from autohook_codegen.sites.parts import Parts
from autohook_codegen.sites.roots import find_roots

__all__ = ["Ended", "RootEnds"]

ROOT_NAMES = frozenset(
    (
        "setup hooks hook_dict mod_dict hook_points run_with_cache run_with_hooks add_hook "
        "add_perma_hook add_caching_hooks cache_all cache_some check_and_add_hook "
        "check_hooks_to_add clear_contexts get_caching_hooks list_hooks remove_all_hook_fns "
        "reset_hooks is_caching context_level"
    ).split()
)
"""What ``HookedRootModule`` of transformer-lens 3.9 to 4.3 gives a class."""


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """What the roots gain."""

    lines: Mapping[ClassDecl, list[str]]
    """At the end of each ``__init__``."""
    remarks: tuple[Remark, ...]
    at_run_time: frozenset[ClassDecl]
    """The classes that roots with ``auto_hook`` hold."""
    roots: tuple[ClassDecl, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RootEnds:
    """Chooses the roots of a program, and ends them."""

    trace: Trace
    existing: Mapping[str, Existing]
    spellings: Spellings
    options: Options
    parts: Parts
    left: LeftToFallback

    def end(self, lines: Mapping[ClassDecl, list[str]], edits: Mapping[str, Edits]) -> Ended:
        """Add the bases to `edits`, and return what each ``__init__`` gains, `lines` first."""
        remarks: list[Remark] = []
        roots: dict[ClassDecl, None] = {}
        for root in self._chosen():
            end = ending_class(root)
            why_not = self._why_no_root(root, end)
            if why_not is not None:
                message = NoteCode.NO_ROOT.says(subject=f"{root.name} is no root", why=why_not)
                remarks.append(Remark(root.file, root.node, message))
            elif end is not None:
                roots[end] = None
        ended = {one: list(made) for one, made in lines.items()}
        is_completed: dict[ClassDecl, bool] = {}
        converted = dict.fromkeys(
            one for root in roots for one in (root, *root.descendants()) if ending_class(one) is one
        )
        for decl in self.trace.program.classes:
            if decl not in converted:
                continue
            is_below = any(one in converted for one in decl.mro[1:])
            if not is_below and not self._has_base(decl):
                place = base_place(decl, self.trace)
                assert place is not None
                name = self.spellings.of(decl.file, "HookedRootModule")
                edits[decl.file.path].bases[decl.node] = BaseEdit(name, place)
            if is_below and decl.initialiser is None and decl not in ended:
                continue
            is_ended = self._is_ended(decl)
            if not is_ended:
                ended.setdefault(decl, []).append(self._last_line(decl))
            is_completed[decl] = (
                self._calls_auto_hook(decl) if is_ended else "auto_hook" in ended[decl][-1]
            )
        if not roots and not remarks and self.options.root is None:
            remarks += self._nothing_is_a_root()
        at_run_time = self._at_run_time(converted, is_completed)
        return Ended(ended, tuple(remarks), at_run_time, tuple(roots))

    def _at_run_time(
        self, converted: Iterable[ClassDecl], is_completed: Mapping[ClassDecl, bool]
    ) -> frozenset[ClassDecl]:
        """Return the classes that roots hold which end with ``auto_hook``, and no others; a class
        without an ``__init__`` ends as its base does."""
        held: dict[bool, set[ClassDecl]] = {True: set(), False: set()}
        for decl in converted:
            end = next((one for one in decl.mro if one in is_completed), None)
            if end is not None:
                held[is_completed[end]].update(self.parts.held_by(decl))
        return frozenset(held[True] - held[False])

    # Which classes.

    def _chosen(self) -> list[ClassDecl]:
        named = self.options.root
        if named is None:
            roots = find_roots(self.trace, self.parts)
            return [one for one in roots if self._has_anything(one)]
        modules = (one for one in self.trace.program.classes if one.is_module)
        return [one for one in modules if one.name in named or one.qualified_name in named]

    def _has_anything(self, decl: ClassDecl) -> bool:
        """Tell whether the class holds any hook point, made in the source or by the fallback."""
        held = self.parts.held_by(decl)
        if not self.left.with_sites.isdisjoint(held):
            return True
        return self.options.fallback is not Fallback.NEVER and bool(self.left.places(held))

    def _why_no_root(self, root: ClassDecl, end: ClassDecl | None) -> str | None:
        if self._has_base(root):
            return None
        for one in (*root.mro, *root.descendants()):
            for name in sorted(ROOT_NAMES & attributes_of(one, self.trace)):
                return f"{one.name} has its own {name!r}"
        if end is None:
            return "nothing can be added at the end of __init__"
        if base_place(end, self.trace) is None:
            return "with HookedRootModule as a base, super() would find other methods"
        if self.options.fallback is Fallback.NEVER:
            named = next(filter(self._uses_name, self.parts.held_by(root)), None)
            if named is not None:
                return f"setup() would write over the attribute 'name' of {named.name}"
        return None

    def _nothing_is_a_root(self) -> list[Remark]:
        """Say which class would do, where there is something that it would name."""
        modules = [one for one in self.trace.program.classes if one.is_module]
        if not modules or not (self.left.with_sites or self.left.left_alone):
            return []
        most = max(modules, key=lambda one: len(self.parts.held_by(one)))
        why = "each is a part of another" if self.left.with_sites else "none has a hook point"
        why = f"{why}; --root {most.name} makes it one"
        message = NoteCode.NO_ROOT.says(subject="no class is a root", why=why)
        return [Remark(most.file, most.node, message)]

    def _uses_name(self, decl: ClassDecl) -> bool:
        """Tell whether the class has its own ``name``, which ``setup()`` would overwrite."""
        return "name" in attributes_of(decl, self.trace)

    # What stands already.

    def _has_base(self, decl: ClassDecl) -> bool:
        for one in decl.mro:
            known = self.existing.get(one.file.path)
            if known is not None and one.node in known.roots and known.roots[one.node].base:
                return True
        return any(base.endswith("HookedRootModule") for base in decl.all_outside_bases)

    def _is_ended(self, decl: ClassDecl) -> bool:
        known = self.existing.get(decl.file.path)
        root = known.roots.get(decl.node) if known is not None else None
        if root is not None and (root.ending is not None or root.sooner):
            return True
        init = decl.initialiser
        if init is None or not any(b.endswith("HookedRootModule") for b in decl.all_outside_bases):
            return False
        setup = f"{receiver_of(init)}.setup"
        return any(
            ast.unparse(one.func) == setup for one in ast.walk(init) if isinstance(one, ast.Call)
        )

    def _calls_auto_hook(self, decl: ClassDecl) -> bool:
        """Tell whether ``auto_hook`` stands at the end of the class's ``__init__`` already."""
        known = self.existing.get(decl.file.path)
        root = known.roots.get(decl.node) if known is not None else None
        return (
            root is not None and root.ending is not None and "auto_hook" in ast.unparse(root.ending)
        )

    # The last line.

    def _last_line(self, decl: ClassDecl) -> str:
        receiver = receiver_of(decl.initialiser)
        why = None if self.options.fallback is Fallback.NEVER else self._why_auto_hook(decl)
        if why is None:
            return f"{receiver}.setup()"
        called = self.spellings.of(decl.file, "auto_hook")
        return f"{called}({', '.join((receiver, *self._arguments(decl)))})  # {why}"

    def _arguments(self, decl: ClassDecl) -> Iterator[str]:
        """Yield what ``auto_hook`` is told: the user's choices, and what the source alone shows."""
        options = self.options
        if options.name != DEFAULT_NAME:
            yield f'name="{options.name}"'
        every_call = self.left.hook_points_of_every_call(self.parts.held_by(decl))
        told = (("only", options.only), ("skip", options.skip), ("every_call", every_call))
        for name, patterns in told:
            if patterns:
                yield f"{name}=[{', '.join(double_quoted(repr(one)) for one in patterns)}]"
        kinds = {"modules": options.modules, "params": options.params}
        if not all(kinds.values()):
            wanted = [kind for kind, is_wanted in kinds.items() if is_wanted]
            yield f'hook="{",".join(wanted) or "activations"}"'

    def _why_auto_hook(self, decl: ClassDecl) -> str | None:
        """Return the comment beside ``auto_hook(self)``; ``None`` where ``self.setup()`` does as
        well."""
        held = self.parts.held_by(decl)
        reason = self._why_not_setup(decl, held)
        if reason is not None:
            return reason
        places = self.left.places(held)
        if places and (self.options.modules or self.options.params):
            return f"adds the hook points inside {shown_places(places)}"
        if self.left.changes_in_place(held):
            return "caches values before they change in place"
        if self.left.checkpoints(held):
            return "for checkpoint, which computes the forward again"
        return "in place of self.setup()" if self.options.fallback is Fallback.ALWAYS else None

    def _why_not_setup(self, decl: ClassDecl, held: tuple[ClassDecl, ...]) -> str | None:
        """Return what TransformerLens's ``setup()`` would break, or what keeps it from running."""
        named = next(filter(self._uses_name, held), None)
        if named is not None:
            return f'setup() would write "name" into {named.name}'
        for one in (decl, *decl.descendants()):
            for base in self._outside_bases(one):
                last = base.rsplit(".", 1)[-1]
                known = library.library_class(base)
                if known is not None:
                    for name in sorted(ROOT_NAMES & {*known.methods, *known.members}):
                        return f"{last} has a {name}() of its own"
                    if known.uses_name:
                        return f'setup() would write "name" into {last}'
                elif not guesses.is_plain_base(last) and last != "HookedRootModule":
                    return f"{last} may have a setup() of its own"
            if not goes_on_to_bases(one, self.trace.initialisers(one)):
                return "HookedRootModule.__init__ is not called"
        return None

    def _outside_bases(self, decl: ClassDecl) -> list[str]:
        found = {
            named
            for one in decl.mro
            for base in one.node.bases
            for named in named_bases(one, base, self.trace)
        }
        return sorted(one for one in found if isinstance(one, str))
