"""The result of one module call, or a part of it, while a rule looks for its hook point's place."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from autohook_codegen.analysis.trace import How, ModuleCall, Use
from autohook_codegen.analysis.values import Origin, Step, Value
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone, Reference, Wrap
from autohook_codegen.sites.elsewhere import Elsewhere
from autohook_codegen.sites.fallback import place_of
from autohook_codegen.sites.shapes import is_structured
from autohook_codegen.sites.written import Written

__all__ = ["Result"]


@dataclass(frozen=True, slots=True)
class Result:
    """A part of what a call gives, at an expression that has it."""

    call: ModuleCall
    reference: Reference
    written: Written
    elsewhere: Elsewhere
    node: ast.expr
    value: Value
    part: tuple[Step, ...] = ()

    def at(self, node: ast.expr, part: tuple[Step, ...], value: Value) -> Result:
        return replace(self, node=node, part=part, value=value)

    @property
    def called(self) -> str:
        return f"{ast.unparse(self.call.node.func)}(…)"

    # --- what there is to say

    def site(self, form: Wrap | After, *steps: Step) -> Candidate:
        part = (*self.part, *steps)
        return Candidate(
            self.call.node,
            self.reference,
            "module call",
            form,
            self.written.trace,
            part,
        )

    def alone(self, code: NoteCode) -> LeftAlone:
        inside = (place_of(self.reference, self.elsewhere.trace),)
        message = code.says(called=self.called)
        return LeftAlone(self.call.node, message, self.written.trace, self.reference, inside)

    def unclear(self) -> LeftAlone:
        return self.alone(NoteCode.UNCLEAR_RESULT)

    def taken_apart(self) -> LeftAlone:
        return replace(self.alone(NoteCode.TAKEN_APART_ELSEWHERE), inside=())

    # --- uses

    def is_taken_apart_elsewhere(self) -> bool:
        return self.elsewhere.is_taken_apart(self.call.node, self.part, self.written.trace)

    def is_read(self, *steps: Step) -> bool:
        """Tell whether anything reads this part of it."""
        return self.elsewhere.reads(self.call.node, (*self.part, *steps))

    def is_used_in_parts(self) -> bool:
        """Tell whether any place uses the whole as no tensor can be used, or a function that gives
        it back is said to give a tuple or an object.

        What may be a tuple by another way, ``return x, cache`` beside ``return x``, says nothing.
        """
        for function, use in self.elsewhere.uses(self.call.node, self.part):
            if use.how is not How.RETURNED and is_structured(use.value):
                continue
            if use.how is How.UNPACKED:
                return True
            if use.how is How.RETURNED and is_structured(function.said_to_return):
                return True
            if use.how is How.PART and isinstance(use.by, ast.Attribute):
                return True
        return False

    def uses(self) -> list[tuple[Use, bool]]:
        """Return the uses of the whole in this function, and whether each surely sees it."""
        wanted = Origin(self.call.node, self.part)
        found: list[tuple[Use, bool]] = []
        for use in self.written.by_origin.get(self.call.node, ()):
            here = [one for one in use.value if getattr(one, "origin", None) == wanted]
            if here and use.node is not self.node:
                inside = [
                    one
                    for one in use.value
                    if getattr(getattr(one, "origin", None), "node", None) is self.call.node
                ]
                found.append((use, len(inside) == len(use.value)))
        return found
