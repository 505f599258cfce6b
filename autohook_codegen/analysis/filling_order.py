"""Lists that a block fills statement by statement: which adds the first member, which the last.

```
self.layer = nn.ModuleList()
self.layer.append(Attention())        # self.layer[0]
if is_decoder:
    self.layer.append(CrossAttention())
self.layer.append(FeedForward())      # self.layer[-1]
```
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from autohook_codegen.declares.names import dotted_name

__all__ = ["Ends", "ends_of_lists"]


@dataclass(slots=True)
class Ends:
    """The first and the last statement of a block that name a list which it makes."""

    function: ast.AST
    first: ast.stmt
    last: ast.stmt

    def adds_end(self, key: int) -> bool:
        """Tell whether one statement surely adds ``[0]``, or ``[-1]``."""
        return {0: _is_append(self.first), -1: _is_append(self.last)}.get(key, False)

    def may_add(self, key: int, statement: ast.stmt | None, function: ast.AST, how: str) -> bool:
        """Tell whether a statement that adds a member may add ``[0]``, or ``[-1]``."""
        if how not in ("append", "extend"):
            return True
        if key == 0:
            return statement is self.first
        is_between = (
            statement is not None
            and function is self.function
            and self.first.lineno <= statement.lineno <= self.last.lineno
        )
        return statement is self.last or not is_between


def ends_of_lists(function: ast.AST) -> dict[ast.AST, Ends]:
    """Return the ends of the lists that are empty where a block makes them, by the expression that
    does."""
    found: dict[ast.AST, Ends] = {}
    for block in _blocks(function):
        lists: dict[str, ast.expr] = {}
        for statement in block:
            for name in _names(statement) if lists else ():
                made = lists.get(name)
                if made is not None:
                    first = found[made].first if made in found else statement
                    found[made] = Ends(function, first, statement)
            match statement:
                case ast.Assign(
                    targets=[target], value=ast.List(elts=[]) | ast.Call(args=[], keywords=[])
                ):
                    lists[dotted_name(target) or ""] = statement.value
    return found


def _blocks(function: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _names(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name | ast.Attribute):
            name = dotted_name(node)
            if name is not None:
                yield name


def _is_append(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"))):
            return True
    return False
