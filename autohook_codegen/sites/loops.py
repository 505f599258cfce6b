"""Loops over containers: how the body knows which member it has."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from autohook_codegen.declares.scope import Loop, Scope
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import Existing
from autohook_codegen.sites.candidate import Candidate
from autohook_codegen.sites.edits import LoopEdit
from autohook_codegen.sites.reference import Item, LoopStep

__all__ = ["LoopIndexes"]


class LoopIndexes:
    """The indexes and running hook points of the loops of one scope."""

    def __init__(self, scope: Scope, existing: Existing | None, options: Options) -> None:
        self.scope = scope
        self.options = options
        self._edits: dict[Loop, LoopEdit] = {}
        self._standing: set[Loop] = set()
        """Loops that have their edit from an earlier rewrite."""
        self._used: set[Loop] = set()
        self._read_later: set[Loop] = set()
        """Loops with a member that is called after them: nothing may take their index's name."""
        if existing is not None:
            for loop, index in existing.enumerated.items():
                self._edits[loop] = LoopEdit(index, existing.paired_with[loop])
            for loop, name in existing.zipped.items():
                self._edits[loop] = LoopEdit(zipped=((name, existing.paired_with[loop] or ""),))
            self._standing = set(self._edits)

    @property
    def added(self) -> dict[Loop, LoopEdit]:
        """What the loops gain."""
        return {
            loop: edit
            for loop, edit in self._edits.items()
            if loop in self._used and loop not in self._standing
        }

    def reserve(self, candidates: Iterable[Candidate]) -> None:
        """Give the loops that will need an index theirs, the outer ones first."""
        steps: list[LoopStep] = []
        for candidate in candidates:
            for item in candidate.reference.items:
                if isinstance(item, Item) and isinstance(item.index, LoopStep):
                    steps.append(item.index)
                    if not self._is_within(candidate.node, item.index.loop):
                        self._read_later.add(item.index.loop)
        for step in sorted(steps, key=lambda step: _place(step.loop, self.scope)):
            if step.own_index is None and not step.zipped and step.loop not in self._edits:
                self._edits[step.loop] = LoopEdit(self._free_index(step.loop), step.start)

    def _is_within(self, node: ast.AST, loop: Loop) -> bool:
        if isinstance(loop, ast.comprehension):
            return True
        return loop in self.scope.ancestors(node)

    def index(self, step: LoopStep) -> str | None:
        """The text that indexes the container, or ``None`` where the loop has no form for it."""
        if step.own_index is not None:
            return step.own_index
        edit = self._edits.get(step.loop)
        if edit is None or edit.start != step.start:
            return None
        self._used.add(step.loop)
        return edit.index

    def along(self, step: LoopStep, hooks: str) -> str | None:
        """The local name of the hook points that run along with the loop."""
        edit = self._edits.get(step.loop)
        if edit is None:
            names = [one.id for one in ast.walk(step.loop.target) if isinstance(one, ast.Name)]
            if not names:
                return None
            edit = LoopEdit(zipped=((self._free_name(names[-1]), hooks),))
            self._edits[step.loop] = edit
        self._used.add(step.loop)
        return next((name for name, taken_from in edit.zipped if taken_from == hooks), None)

    def _free_name(self, member: str) -> str:
        name = self.options.hook_point(member)
        number, free = 1, name
        while free in self.scope.bindings or self.scope.reads(free):
            number += 1
            free = f"{name}_{number}"
        return free

    def _free_index(self, loop: Loop) -> str:
        """``hook_index``, unless a loop around or inside this one has that name."""
        taken = set(self.scope.bindings)
        for other, edit in self._edits.items():
            if edit.index is not None and (other in self._read_later or self._overlap(loop, other)):
                taken.add(edit.index)
        number, name = 1, "hook_index"
        while name in taken:
            number += 1
            name = f"hook_index_{number}"
        return name

    def _overlap(self, one: Loop, other: Loop) -> bool:
        """Whether one of the loops runs while the other does."""
        body = self._body(one), self._body(other)
        around = (
            [*self.scope.ancestors(body[0]), body[0]],
            [*self.scope.ancestors(body[1]), body[1]],
        )
        return body[1] in around[0] or body[0] in around[1]

    def _body(self, loop: Loop) -> ast.AST:
        """The loop, or the whole comprehension."""
        return self.scope.parents[loop] if isinstance(loop, ast.comprehension) else loop


def _place(loop: Loop, scope: Scope) -> tuple[int, int]:
    """Where the loop stands, an outer one before an inner one."""
    if isinstance(loop, ast.comprehension):
        whole = scope.parents[loop]
        generators: list[ast.comprehension] = getattr(whole, "generators", [])
        return scope.position(whole), generators.index(loop)
    return scope.position(loop), 0
