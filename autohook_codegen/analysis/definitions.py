"""Which bindings of a name may be meant where it is read."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from autohook_codegen.declares.files import FunctionNode

__all__ = ["Binding", "Definitions"]

Binding = ast.Name | ast.arg
"""What binds a name: a target, or an argument."""
_Bound = dict[str, frozenset[Binding]]
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Definitions:
    """The bindings of one function; those in it (nested functions, lambdas, comprehensions) too.

    Branches are joined, and a loop's body sees what an earlier round has left. A nested function
    sees what is bound where it stands.
    """

    def __init__(self, function: FunctionNode | ast.Lambda) -> None:
        self.of: dict[ast.Name, frozenset[Binding]] = {}
        """Of each name that is read (and of the target of ``x += …``) the bindings it may mean."""
        self.binder: dict[Binding, ast.AST] = {}
        """The statement, comprehension or function that binds."""
        self.function: dict[Binding, ast.AST] = {}
        """The innermost function that the binding stands in."""
        self._bound: _Bound | None = {}
        self._inside: ast.AST = function
        self._rounds: list[list[_Bound | None]] = []
        self._function(function)

    # --- functions

    def _function(self, node: FunctionNode | ast.Lambda) -> None:
        outer, rounds, around = self._bound, self._rounds, self._inside
        self._inside = node
        self._bound, self._rounds = dict(outer or {}), []
        args = node.args
        for one in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
            if one is not None:
                self._bind(one.arg, one, node)
        if isinstance(node, ast.Lambda):
            self._read(node.body)
        else:
            self._run(node.body)
        self._bound, self._rounds, self._inside = outer, rounds, around

    def _bind(self, name: str, binding: Binding, by: ast.AST) -> None:
        self.binder[binding] = by
        self.function[binding] = self._inside
        if self._bound is not None:
            self._bound[name] = frozenset({binding})

    # --- statements

    def _run(self, statements: Iterable[ast.stmt]) -> None:
        for one in statements:
            self._statement(one)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self._read(value)
                for target in targets:
                    self._target(target, node)
            case ast.AnnAssign(target=target, value=annotated):
                if annotated is not None:
                    self._read(annotated)
                    self._target(target, node)
            case ast.AugAssign(target=target, value=value):
                self._read(value)
                if isinstance(target, ast.Name):
                    self._see(target)
                self._target(target, node)
            case ast.For() | ast.AsyncFor():
                self._read(node.iter)
                self._loop(node.body, node.orelse, lambda: self._target(node.target, node))
            case ast.While():
                self._loop(node.body, node.orelse, lambda: self._read(node.test))
            case ast.If():
                self._read(node.test)
                self._branches([node.body, node.orelse])
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self._read(item.context_expr)
                    if item.optional_vars is not None:
                        self._target(item.optional_vars, node)
                self._run(node.body)
            case ast.Try():
                before = self._copy()
                self._run([*node.body, *node.orelse])
                after = self._bound
                ways = [after]
                for handler in node.handlers:
                    self._bound = _united([before, after])
                    self._run(handler.body)
                    ways.append(self._bound)
                self._bound = _united(ways)
                self._run(node.finalbody)
            case ast.Match():
                self._read(node.subject)
                self._branches([*(case.body for case in node.cases), []])
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
                if self._bound is not None:
                    self._bound.pop(node.name, None)
            case ast.Return() | ast.Raise():
                self._children(node)
                self._bound = None
            case ast.Break() | ast.Continue():
                if self._rounds:
                    self._rounds[-1].append(self._bound)
                self._bound = None
            case ast.ClassDef():
                pass
            case _:
                self._children(node)

    def _branches(self, blocks: list[list[ast.stmt]]) -> None:
        before = self._bound
        ways: list[_Bound | None] = []
        for block in blocks:
            self._bound = dict(before) if before is not None else None
            self._run(block)
            ways.append(self._bound)
        self._bound = _united(ways)

    def _loop(self, body: list[ast.stmt], orelse: list[ast.stmt], begin: object) -> None:
        assert callable(begin)
        self._rounds.append([])
        before = self._copy()
        for _ in range(2):
            self._bound = _united([before, self._bound])
            begin()
            self._run(body)
        self._bound = _united([before, self._bound, *self._rounds.pop()])
        self._run(orelse)

    def _copy(self) -> _Bound | None:
        return dict(self._bound) if self._bound is not None else None

    def _target(self, node: ast.expr, by: ast.AST) -> None:
        if isinstance(node, ast.Name):
            self._bind(node.id, node, by)
        elif isinstance(node, ast.Tuple | ast.List):
            for one in node.elts:
                self._target(one, by)
        elif isinstance(node, ast.Starred):
            self._target(node.value, by)
        else:
            self._children(node)

    # --- expressions

    def _read(self, node: ast.AST) -> None:
        match node:
            case ast.Name():
                self._see(node)
            case ast.Lambda():
                self._function(node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node)
            case ast.NamedExpr(target=target, value=value):
                self._read(value)
                self._target(target, node)
            case _:
                self._children(node)

    def _children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self._read(child)

    def _see(self, name: ast.Name) -> None:
        if self._bound is not None:
            known = self._bound.get(name.id, frozenset())
            self.of[name] = self.of.get(name, frozenset()) | known

    def _comprehension(self, node: _Comprehension) -> None:
        outer = self._copy()
        for one in node.generators:
            self._read(one.iter)
            self._target(one.target, one)
            for test in one.ifs:
                self._read(test)
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.comprehension):
                self._read(child)
        self._bound = outer


def _united(ways: Iterable[_Bound | None]) -> _Bound | None:
    known = [one for one in ways if one is not None]
    if not known:
        return None
    found = dict(known[0])
    for one in known[1:]:
        for name, bindings in one.items():
            found[name] = found.get(name, frozenset()) | bindings
    return found
