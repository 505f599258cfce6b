"""Which name says, in a loop over a container, which member is at hand."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable

from autohook_codegen.analysis.values import Counter, Loop, Member
from autohook_codegen.declares.names import identifiers
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import Existing
from autohook_codegen.sites.candidate import Candidate
from autohook_codegen.sites.edits import LoopEdit
from autohook_codegen.sites.written import Written

__all__ = ["LoopIndexes"]

_PASSED_ON = frozenset({"enumerate", "list", "tuple", "iter"})
"""What hands on the members that it is given, each once."""


class LoopIndexes:
    """The indexes and the running hook points of the loops in one function.

    A loop whose members need an index that the source does not count gets ``hook_index``, the outer
    loops first; one that no index can count runs along with the hook points.
    """

    def __init__(
        self,
        written: Written,
        candidates: Iterable[Candidate],
        existing: Existing,
        options: Options,
    ) -> None:
        self.written = written
        self.options = options
        self.names = {
            one.id if isinstance(one, ast.Name) else one.arg
            for one in written.nodes
            if isinstance(one, ast.Name | ast.arg)
        }
        self.edits: dict[Loop, LoopEdit] = {}
        for loop, paired in existing.paired_with.items():
            if written.holds(loop) and loop in existing.enumerated:
                self.edits[loop] = LoopEdit(existing.enumerated[loop], paired)
            elif written.holds(loop):
                self.edits[loop] = LoopEdit(zipped=((existing.zipped[loop], paired or ""),))
        self.standing = frozenset(self.edits)
        self._reserve(list(candidates))

    def index(self, candidate: Candidate, step: Member, hook_points: str) -> str | None:
        """Return the hook point of the member, as text that takes it out of `hook_points`; ``None``
        where the loop has no form for it."""
        if step.loop is None:
            return None
        counter = _counter(candidate, step)
        if counter is not None:
            return f"{hook_points}[{counter}]"
        if step.along is not None or step.by_key:
            return self._along(step.loop, step.along, hook_points)
        edit = self.edits.get(step.loop)
        if edit is None or edit.index is None or edit.start != _text(step.start):
            return None
        return f"{hook_points}[{edit.index}]"

    def _reserve(self, candidates: list[Candidate]) -> None:
        """Give the loops that need an index theirs."""
        needed: dict[Loop, Member] = {}
        self.read_later: set[Loop] = set()
        for candidate in candidates:
            for step in candidate.reference.items:
                if not isinstance(step, Member) or step.loop is None:
                    continue
                if _counter(candidate, step) is None and step.along is None and not step.by_key:
                    needed.setdefault(step.loop, step)
                if not isinstance(step.loop, ast.comprehension):
                    if step.loop not in self.written.around(candidate.place):
                        self.read_later.add(step.loop)
        for loop in sorted(needed, key=self._position):
            if loop not in self.edits:
                self.edits[loop] = LoopEdit(self._free_index(loop), _text(needed[loop].start))

    def _position(self, loop: Loop) -> tuple[int, int]:
        """Return where the loop stands, an outer one before an inner one."""
        return self.written.order[self._whole(loop)], self.written.order[loop]

    def _along(self, loop: Loop, along: ast.expr | None, hook_points: str) -> str | None:
        """Return the local name of the hook points that run along with the loop."""
        if along is None:
            along, text = _items(loop.iter), f"{hook_points}.values()"
        else:
            text = _in_place_of_container(along, hook_points)
        edit = self.edits.get(loop)
        if edit is None:
            targets = [one.id for one in ast.walk(loop.target) if isinstance(one, ast.Name)]
            if not targets or along is None or not _hands_on(loop.iter, along):
                return None
            edit = LoopEdit(zipped=((self._free_name(self.options.hook_point(targets[-1])), text),))
            self.edits[loop] = edit
        return next((name for name, taken_from in edit.zipped if taken_from == text), None)

    def _free_index(self, loop: Loop) -> str:
        """Return ``hook_index``, numbered where a loop around or inside this one has that name, or
        one whose member is called after it."""
        taken = {
            edit.index
            for other, edit in self.edits.items()
            if edit.index is not None and (other in self.read_later or self._overlap(loop, other))
        }
        return self._free_name("hook_index", taken)

    def _free_name(self, name: str, taken: Iterable[str] = ()) -> str:
        numbered = (f"{name}_{number}" for number in itertools.count(2))
        known = {*self.names, *taken}
        return next(one for one in itertools.chain([name], numbered) if one not in known)

    def _overlap(self, one: Loop, other: Loop) -> bool:
        """Tell whether one of the loops runs while the other does."""
        first, second = self._whole(one), self._whole(other)
        return first in (second, *self.written.around(second)) or second in self.written.around(
            first
        )

    def _whole(self, loop: Loop) -> ast.AST:
        """Return the loop, or the whole comprehension."""
        around = self.written.parent(loop) if isinstance(loop, ast.comprehension) else None
        return around if around is not None else loop


def _counter(candidate: Candidate, step: Member) -> str | None:
    """Return the local name that counts the container's members in this loop, or is their key."""
    if step.loop is None or step.along is not None:
        return None
    names = {name for counter, name in candidate.reference.counters if _counts(counter, step)}
    bound = identifiers(step.loop.target)
    return min(names & bound or names, default=None)


def _counts(counter: Counter, step: Member) -> bool:
    starts_alike = (_text(counter.start) or "0") == (_text(step.start) or "0")
    return counter.loop is step.loop and counter.by_key == step.by_key and starts_alike


def _text(node: ast.expr | None) -> str | None:
    return ast.unparse(node) if node is not None else None


def _in_place_of_container(along: ast.expr, hook_points: str) -> str:
    """Return ``reversed(self.X_hook_points)`` for ``reversed(self.X)``."""
    inner = along
    while True:
        match inner:
            case ast.Call(func=ast.Attribute(value=holder), args=[]):
                inner = holder
            case ast.Call(args=[first, *_]):
                inner = first
            case ast.Subscript(value=holder, slice=ast.Slice()):
                inner = holder
            case _:
                return ast.unparse(along).replace(ast.unparse(inner), hook_points, 1)


def _items(iterated: ast.expr) -> ast.expr | None:
    """Return ``self.heads.items()`` if it is what the loop runs over."""
    match iterated:
        case ast.Call(func=ast.Attribute(attr="items"), args=[]):
            return iterated
        case ast.Call(func=ast.Name(name), args=[first, *_]) if name in _PASSED_ON:
            return _items(first)
    return None


def _hands_on(iterated: ast.expr, along: ast.expr) -> bool:
    """Tell whether a loop over `iterated` meets all that `along` hands out, and nothing more."""
    while iterated is not along:
        match iterated:
            case ast.Call(func=ast.Name(name), args=[first, *_]) if name in _PASSED_ON:
                iterated = first
            case _:
                return False
    return True
