"""Print a changed tree, and say where in the text the changed statements stand."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from autohook_codegen.layout.span import Span

__all__ = ["print_with_spans"]

_NOTHING = nullcontext()


@dataclass
class _Watching(CodegenState):
    """libcst's own printer, which notes where the nodes of `watched` begin and end.

    libcst's position providers note every node and cost more than the parse.
    """

    watched: Mapping[int, cst.CSTNode] = field(default_factory=dict)
    begun: dict[int, int] = field(default_factory=dict)
    ended: dict[int, int] = field(default_factory=dict)

    def record_syntactic_position(  # type: ignore[override]
        self, node: Any, *, start_node: Any = None, end_node: Any = None
    ) -> AbstractContextManager[None]:
        # Behind the comments and decorators above a statement. A block begins in front of what
        # ends its header.
        if id(node) in self.watched and not isinstance(node, cst.IndentedBlock):
            self.begun[id(node)] = len(self.tokens)
        return _NOTHING

    def before_codegen(self, node: Any) -> None:
        if id(node) in self.watched:
            self.begun[id(node)] = len(self.tokens)

    def after_codegen(self, node: Any) -> None:
        if id(node) in self.watched:
            self.ended[id(node)] = len(self.tokens)


def print_with_spans(
    module: cst.Module, changed: Mapping[int, cst.CSTNode], byte_order_mark: str = ""
) -> tuple[str, list[Span]]:
    """The text of `module`, and the spans of the lines and compound statements in `changed`.

    Of a compound statement the header counts, of one on a single line all of that line.
    """
    spanned = [
        node
        for node in changed.values()
        if not isinstance(node, cst.BaseSmallStatement | cst.SimpleStatementSuite)
    ]
    watched = {id(node): node for node in spanned}
    for node in spanned:
        body = getattr(node, "body", None)
        if isinstance(body, cst.BaseSuite):
            watched[id(body)] = body
    state = _Watching(module.default_indent, module.default_newline, watched=watched)
    module._codegen(state)
    offsets = [0, *accumulate(map(len, state.tokens))]
    # Without a line end at the end of the file, the last token is taken back after it was counted.
    offsets.append(offsets[-1])
    code = "".join(state.tokens)
    spans: list[Span] = []
    for node in spanned:
        if id(node) not in state.ended:
            continue  # it was changed again after it was noted
        start = code.rfind("\n", 0, offsets[state.begun[id(node)]]) + 1
        body = getattr(node, "body", None)
        if isinstance(body, cst.IndentedBlock):
            header_end = offsets[state.begun[id(body)]]
            line_end = code.find("\n", header_end)
            end = line_end + 1 if line_end >= 0 else len(code)
        else:
            last = body if isinstance(body, cst.SimpleStatementSuite) else node
            end = offsets[state.ended[id(last)]]
        shift = len(byte_order_mark)
        spans.append(Span(start + shift, end + shift))
    return byte_order_mark + code, sorted(spans)
