"""Print a changed tree, and say where in the text the changed statements stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from autohook_codegen.layout.span import Span

__all__ = ["print_with_spans"]


@dataclass
class _Watching(CodegenState):
    """libcst's own printer, which notes where the nodes of `watched` begin and end.

    libcst's position providers note every node and cost more than the parse.
    """

    watched: Mapping[int, cst.CSTNode] = field(default_factory=dict)
    begun: dict[int, int] = field(default_factory=dict)
    ended: dict[int, tuple[int, int]] = field(default_factory=dict)

    @contextmanager
    def record_syntactic_position(
        self, node: Any, *, start_node: Any = None, end_node: Any = None
    ) -> Iterator[None]:
        if id(node) in self.watched:
            self.begun[id(node)] = len(self.tokens)
        yield

    def before_codegen(self, node: Any) -> None:
        if id(node) in self.watched:
            self.begun[id(node)] = len(self.tokens)

    def after_codegen(self, node: Any) -> None:
        if id(node) in self.watched:
            self.ended[id(node)] = (self.begun[id(node)], len(self.tokens))


_HEADED = (cst.For, cst.If, cst.While, cst.With, cst.ClassDef, cst.FunctionDef, cst.Try)


def print_with_spans(
    module: cst.Module, changed: Mapping[int, cst.CSTNode], byte_order_mark: str = ""
) -> tuple[str, list[Span]]:
    """The text of `module` and the spans of the changed statements, whole lines or headers."""
    watched = dict(changed)
    bodies: dict[int, int] = {}
    for identity, node in changed.items():
        body = getattr(node, "body", None)
        if isinstance(node, _HEADED) and isinstance(body, cst.IndentedBlock):
            watched[id(body)] = body
            bodies[identity] = id(body)
    state = _Watching(module.default_indent, module.default_newline, watched=watched)
    module._codegen(state)
    offsets = [0, *accumulate(len(token) for token in state.tokens)]
    # Without a line end at the end of the file, the last token is taken back after it was counted.
    offsets.append(offsets[-1])
    code = byte_order_mark + "".join(state.tokens)
    shift = len(byte_order_mark)
    spans: list[Span] = []
    for identity, node in changed.items():
        if identity not in state.ended or isinstance(
            node, cst.BaseSmallStatement | cst.SimpleStatementSuite
        ):
            continue
        first, last = state.ended[identity]
        start = code.rfind("\n", 0, offsets[first] + shift) + 1
        end = offsets[last] + shift
        if identity in bodies and bodies[identity] in state.ended:
            # A header ends with the line on which its block begins.
            end = offsets[state.ended[bodies[identity]][0]] + shift
            line_end = code.find("\n", end)
            end = line_end + 1 if line_end >= 0 else len(code)
        spans.append(Span(max(start, shift), end))
    return code, sorted(spans)
