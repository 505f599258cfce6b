"""Which names a function binds itself, and which of them functions inside it read."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from autohook_codegen.declares.files import FunctionNode
from autohook_codegen.declares.nodes import Nodes

__all__ = ["Names", "names_in"]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Names:
    local: frozenset[str]
    """Bound in the function itself."""
    free: frozenset[str]
    """Bound there and read by what is nested in it; of a file, all that it binds."""


def names_in(node: FunctionNode | ast.Lambda | ast.ClassDef | ast.Module, nodes: Nodes) -> Names:
    """Return the names of a function, a file or the body of a class; `nodes` are the file's."""
    local: set[str] = set()
    read_inside: set[str] = set()
    if isinstance(node, FunctionNode | ast.Lambda):
        local |= {one.arg for one in nodes.within(node.args) if isinstance(one, ast.arg)}
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    for one in nodes.walk(body, _SCOPES):
        if isinstance(one, ast.Name):
            if not isinstance(one.ctx, ast.Load):
                local.add(one.id)
        elif isinstance(one, _SCOPES):
            if not isinstance(one, ast.Lambda):
                local.add(one.name)
            if not isinstance(node, ast.Module):
                inside = nodes.within(one)
                read_inside |= {inner.id for inner in inside if isinstance(inner, ast.Name)}
        elif isinstance(one, ast.Import | ast.ImportFrom):
            local |= {(alias.asname or alias.name).split(".")[0] for alias in one.names}
        elif isinstance(one, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and one.name:
            local.add(one.name)
    free = local if isinstance(node, ast.Module) else local & read_inside
    return Names(frozenset(local), frozenset(free))
