"""Which hook points of a source ran, by the lines that Python ran."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from torch import nn

HOOK_POINT_NAME = "_hook_point"
CONDITIONAL = (ast.IfExp, ast.BoolOp)


def hook_point_lines(source: str) -> dict[int, set[str]]:
    """For each line, the hook points of `self` that are called whenever that line runs.

    What stands in a branch of an expression, in a lambda or in a loop's own generator may be
    passed over, so it is not counted.

    Example:
        >>> hook_point_lines("self.fc_hook_point(self.fc(x)) if x else self.b_hook_point(b)")
        {}
        >>> hook_point_lines("y = self.fc_hook_point(self.fc(x))")
        {1: {'fc_hook_point'}}
    """
    lines: dict[int, set[str]] = defaultdict(set)
    pending: list[ast.AST] = [ast.parse(source)]
    while pending:
        node = pending.pop()
        if isinstance(node, (*CONDITIONAL, ast.Lambda, ast.GeneratorExp, ast.ListComp)):
            continue
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr.endswith(HOOK_POINT_NAME)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "self"
        ):
            lines[node.func.end_lineno or node.lineno].add(node.func.attr)
        pending += ast.iter_child_nodes(node)
    return dict(lines)


def hook_points_reached(source: str, file: str, run: Callable[[], Any]) -> set[tuple[int, str]]:
    """The (id of the module, name) of every hook point whose line in `file` ran during `run`."""
    lines = hook_point_lines(source)
    reached: set[tuple[int, str]] = set()
    ours: dict[CodeType, bool] = {}

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            module = frame.f_locals.get("self")
            if isinstance(module, nn.Module):
                reached.update((id(module), name) for name in lines.get(frame.f_lineno, ()))
        return on_line

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code not in ours:
            ours[code] = code.co_filename == file
        return on_line if ours[code] else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        run()
    finally:
        sys.settrace(before)
    return reached
