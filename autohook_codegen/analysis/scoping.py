"""Which names a function binds itself, and which of them functions inside it read."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from autohook_codegen.declares.program import FunctionNode

__all__ = ["Names", "names_in"]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Names:
    local: frozenset[str]
    """Bound in the function itself."""
    free: frozenset[str]
    """Bound there and read by what is nested in it; of a file, all that it binds."""


def names_in(node: ast.AST) -> Names:
    """Return the names of a function, a file or the body of a class."""
    local: set[str] = set()
    read_inside: set[str] = set()
    if isinstance(node, FunctionNode | ast.Lambda):
        local |= {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
    body = node.body if isinstance(node, ast.Lambda) else None
    stack: list[ast.AST] = [body] if body is not None else list(getattr(node, "body", []))
    while stack:
        one = stack.pop()
        if isinstance(one, ast.Name):
            if not isinstance(one.ctx, ast.Load):
                local.add(one.id)
        elif isinstance(one, _SCOPES):
            if not isinstance(one, ast.Lambda):
                local.add(one.name)
            read_inside |= {inner.id for inner in ast.walk(one) if isinstance(inner, ast.Name)}
            continue
        elif isinstance(one, ast.Import | ast.ImportFrom):
            local |= {(alias.asname or alias.name).split(".")[0] for alias in one.names}
        elif isinstance(one, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and one.name:
            local.add(one.name)
        stack += ast.iter_child_nodes(one)
    free = local if isinstance(node, ast.Module) else local & read_inside
    return Names(frozenset(local), frozenset(free))
