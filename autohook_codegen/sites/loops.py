"""Loops over containers: how the body knows which member it has."""

from __future__ import annotations

import ast

from autohook_codegen.declares.scope import Loop, Scope
from autohook_codegen.sites.edits import LoopEdit
from autohook_codegen.sites.reference import LoopStep

__all__ = ["LoopIndexes"]

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class LoopIndexes:
    """The indexes and running hook points of the loops of one scope."""

    def __init__(self, scope: Scope, enumerated: dict[Loop, str], zipped: dict[Loop, str]) -> None:
        """`enumerated` and `zipped` say what the source's loops have from an earlier rewrite."""
        self.scope = scope
        self.edits: dict[Loop, LoopEdit] = {}
        self._enumerated = enumerated
        self._zipped = zipped
        self._along: dict[Loop, dict[str, str]] = {}

    def index(self, step: LoopStep) -> str | None:
        """The text that indexes the container, or ``None`` where the loop has no form for it."""
        if step.own_index is not None:
            return step.own_index
        known = self._enumerated.get(step.loop)
        if known is not None:
            return known
        edit = self.edits.get(step.loop)
        if edit is not None:
            return edit.index if edit.index is not None and edit.start == step.start else None
        name = self._free_index(step.loop)
        self.edits[step.loop] = LoopEdit(name, step.start)
        return name

    def along(self, step: LoopStep, hooks: str) -> str | None:
        """The local name of the hook points that run along with the loop."""
        if step.loop in self._zipped:
            return self._zipped[step.loop]
        edit = self.edits.get(step.loop)
        if edit is not None:
            return next((name for name, taken_from in edit.zipped if taken_from == hooks), None)
        names = [one.id for one in ast.walk(step.loop.target) if isinstance(one, ast.Name)]
        if not names:
            return None
        name, number = f"{names[-1]}_hook_point", 1
        while name in self.scope.bindings or self.scope.reads(name):
            number += 1
            name = f"{names[-1]}_hook_point_{number}"
        self.edits[step.loop] = LoopEdit(zipped=((name, hooks),))
        return name

    def _free_index(self, loop: Loop) -> str:
        """``hook_index``, unless a loop around this one or a comprehension beside it has that
        name.
        """
        taken = set(self.scope.bindings)
        around = [*self.scope.ancestors(loop)]
        for other in (*self.edits, *self._enumerated):
            if other is loop:
                continue
            inside = loop in self.scope.ancestors(other) or other in around
            same = self.scope.parents.get(other) is self.scope.parents.get(loop) and isinstance(
                loop, ast.comprehension
            )
            enclosing = isinstance(other, ast.comprehension) and self.scope.parents[other] in around
            within = isinstance(loop, ast.comprehension) and self.scope.parents[loop] in [
                *self.scope.ancestors(other)
            ]
            if inside or same or enclosing or within:
                name = self._enumerated.get(other) or self.edits[other].index
                if name is not None:
                    taken.add(name)
        number, name = 1, "hook_index"
        while name in taken:
            number += 1
            name = f"hook_index_{number}"
        return name
