"""What takes a value in its function: the ways forward from an expression, through names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.call_arguments import path_to
from autohook_codegen.analysis.definitions import Binding, Definitions
from autohook_codegen.declares.nodes import Nodes

__all__ = ["Takers"]


class Takers:
    """What takes each value of one function; what nested functions take counts too."""

    def __init__(self, nodes: Nodes, definitions: Definitions) -> None:
        self.parent = nodes.parent
        self._reads: dict[Binding, list[ast.Name]] = {}
        for name, bindings in definitions.of.items():
            for one in bindings:
                self._reads.setdefault(one, []).append(name)

    def of(self, node: ast.AST) -> list[tuple[ast.AST, ast.AST]]:
        """Return the expressions and statements that take the value, each with the expression that
        it takes: the node itself, or a name."""
        found: dict[tuple[ast.AST, ast.AST], None] = {}
        seen: set[ast.AST] = set()
        stack = [node]
        while stack:
            one = stack.pop()
            if one in seen:
                continue
            seen.add(one)
            for taker, bound in self._next(one):
                if taker is not None:
                    found[taker, one] = None
                stack += bound
        return list(found)

    def reads(self, binding: Binding) -> list[ast.Name]:
        """Return the names that may mean the binding, where they are read."""
        return self._reads.get(binding, [])

    def of_binding(self, binding: Binding) -> list[tuple[ast.AST, ast.AST]]:
        """Return what takes the value that a target or an argument has got."""
        found: dict[tuple[ast.AST, ast.AST], None] = {}
        for name in self._reads.get(binding, ()):
            found.update(dict.fromkeys(self._of_read(name)))
        return list(found)

    def _of_read(self, name: ast.Name) -> list[tuple[ast.AST, ast.AST]]:
        statement = self.parent(name) if isinstance(name.ctx, ast.Store) else None
        # the target of `x += y`
        return [(statement, name)] if statement is not None else self.of(name)

    def _next(self, node: ast.AST) -> Iterator[tuple[ast.AST | None, list[ast.AST]]]:
        """Yield what takes the node, or the names that hold it from there on."""
        if isinstance(node, ast.AugAssign):
            yield from self._bound(node, node.target, ())
            return
        parent = self.parent(node)
        while parent is not None and (isinstance(parent, ast.keyword) or self._is_method(parent)):
            parent = self.parent(parent)
        match parent:
            case None:
                return
            case ast.IfExp(test=test) if test is node:
                yield parent, []
            case ast.IfExp() | ast.Await() | ast.Starred():
                yield None, [parent]
            case ast.BoolOp():
                yield None, [parent]
            case ast.NamedExpr(target=walrus):
                yield None, [parent]
                yield from self._bound(parent, walrus, ())
            case ast.Assign(targets=targets):
                for target in targets:
                    yield from self._bound(parent, target, ())
            case ast.AnnAssign(target=annotated):
                yield from self._bound(parent, annotated, ())
            case ast.Tuple(elts=elements) if isinstance(assign := self.parent(parent), ast.Assign):
                place = next(i for i, one in enumerate(elements) if one is node)
                for target in assign.targets:
                    if isinstance(target, ast.Tuple) and len(target.elts) == len(elements):
                        yield from self._bound(assign, target.elts[place], ())
                    else:
                        yield parent, []
            case _:
                yield parent, []

    def _is_method(self, node: ast.AST | None) -> bool:
        """Tell whether it is ``x.view`` in ``x.view(…)``."""
        call = self.parent(node) if isinstance(node, ast.Attribute) else None
        return isinstance(call, ast.Call) and call.func is node

    def _bound(
        self, by: ast.AST, target: ast.expr, path: tuple[int | str | None, ...]
    ) -> Iterator[tuple[ast.AST | None, list[ast.AST]]]:
        if not isinstance(target, ast.Name | ast.Tuple | ast.List):
            yield by, []
            return
        for name in ast.walk(target):
            if isinstance(name, ast.Name) and path_to(target, name) is not None:
                reads = self._reads.get(name, [])
                for one in reads:
                    if isinstance(one.ctx, ast.Store):
                        yield self.parent(one), []
                yield None, [one for one in reads if not isinstance(one.ctx, ast.Store)]
