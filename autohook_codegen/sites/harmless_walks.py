"""Walks over children that a hook point may be met on: it is passed by, or only told what every
module is told.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import FileDecl, Program
from autohook_codegen.declares.scope import Scope

__all__ = ["is_harmless_walk"]

_TOLD_TO_ALL = frozenset(
    "train eval requires_grad_ zero_grad to cuda cpu float double half bfloat16".split()
)
"""Methods that a parent passes on to all of its children; a hook point holds nothing to change."""

_SILENT = (
    *(ast.Name, ast.Attribute, ast.Constant),
    *(ast.Compare, ast.BoolOp, ast.UnaryOp),
    *(ast.Tuple, ast.List, ast.Set),
)
"""No item among them: there may be none under a hook point's name."""


def is_harmless_walk(walk: ast.Attribute, scope: Scope, program: Program) -> bool:
    """Whether the loop over ``….children()``, ``.named_children()`` or ``._modules`` of which
    `walk` is the attribute does the same beside hook points."""
    iterated, named = _iterated(walk, scope)
    loop = scope.parents[iterated]
    if not (isinstance(loop, ast.For | ast.comprehension) and loop.iter is iterated):
        return False
    child = loop.target
    if named and isinstance(child, ast.Tuple) and len(child.elts) == 2:
        child = child.elts[1]
    if not isinstance(child, ast.Name):
        return False
    body = _Body(child.id, scope.file, program)
    if isinstance(loop, ast.For):
        return not loop.orelse and body.spares(loop.body)
    for test in loop.ifs:
        if not body.is_silent(test):
            return False
        if body.excludes(test):
            return True
    return False


def _iterated(walk: ast.Attribute, scope: Scope) -> tuple[ast.expr, bool]:
    """``self.named_children()`` for its attribute, and whether it gives names too."""
    current: ast.expr = walk
    method = walk.attr
    if walk.attr == "_modules":
        parent = scope.parents[walk]
        if isinstance(parent, ast.Attribute) and parent.attr in ("items", "values"):
            current, method = parent, parent.attr
    call = scope.parents[current]
    if isinstance(call, ast.Call) and call.func is current and not call.args:
        current = call
    return current, method in ("named_children", "items")


class _Body:
    """What is done with one child of a walk."""

    def __init__(self, child: str, file: FileDecl, program: Program) -> None:
        self.child = child
        self.file = file
        self.program = program

    def spares(self, block: list[ast.stmt]) -> bool:
        """Whether the statements leave things as they are, where the child is a hook point."""
        for statement in block:
            if isinstance(statement, ast.If):
                if not self.is_silent(statement.test):
                    return False
                if not self.excludes(statement.test) and not self.spares(statement.body):
                    return False
                includes = self.includes(statement.test)
                if not includes and not self.spares(statement.orelse):
                    return False
                if includes and isinstance(statement.body[-1], ast.Continue):
                    return True
            elif isinstance(statement, ast.Continue):
                return True
            elif not isinstance(statement, ast.Pass) and not self._tells(statement):
                return False
        return True

    def _tells(self, statement: ast.stmt) -> bool:
        """``child.train(mode)``, ``child.training = mode``."""
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            return (
                isinstance(call.func, ast.Attribute)
                and self._is_child(call.func.value)
                and call.func.attr in _TOLD_TO_ALL
                and not any(map(_calls, given))
            )
        if isinstance(statement, ast.Assign):
            return not _calls(statement.value) and all(
                isinstance(one, ast.Attribute)
                and self._is_child(one.value)
                and one.attr == "training"
                for one in statement.targets
            )
        return False

    def is_silent(self, test: ast.expr) -> bool:
        """Whether asking changes nothing, and asks of a hook point nothing that it lacks."""
        if self._is_class_test(test):
            return True
        if not isinstance(test, _SILENT):
            return False
        if isinstance(test, ast.Attribute) and self._is_child(test.value):
            return False
        return all(
            self.is_silent(one) for one in ast.iter_child_nodes(test) if isinstance(one, ast.expr)
        )

    def excludes(self, test: ast.expr) -> bool:
        """Whether the test surely fails for a hook point."""
        return self._decided(test, ast.And, self._is_class_test, self.includes)

    def includes(self, test: ast.expr) -> bool:
        """Whether the test surely holds for a hook point."""
        return self._decided(test, ast.Or, lambda _: False, self.excludes)

    def _decided(
        self,
        test: ast.expr,
        one_suffices: type[ast.boolop],
        alone: Callable[[ast.expr], bool],
        opposite: Callable[[ast.expr], bool],
    ) -> bool:
        if isinstance(test, ast.BoolOp):
            sides = (self._decided(one, one_suffices, alone, opposite) for one in test.values)
            return any(sides) if isinstance(test.op, one_suffices) else all(sides)
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return opposite(test.operand)
        return alone(test)

    def _is_class_test(self, test: ast.expr) -> bool:
        """``isinstance(child, nn.Conv2d)``: a class that no hook point is of."""
        return (
            isinstance(test, ast.Call)
            and isinstance(test.func, ast.Name)
            and test.func.id == "isinstance"
            and len(test.args) == 2
            and self._is_child(test.args[0])
            and self._no_hook_points(test.args[1])
        )

    def _no_hook_points(self, classes: ast.expr) -> bool:
        if isinstance(classes, ast.Tuple):
            return all(map(self._no_hook_points, classes.elts))
        if isinstance(classes, ast.BinOp) and isinstance(classes.op, ast.BitOr):
            return self._no_hook_points(classes.left) and self._no_hook_points(classes.right)
        decl = self.program.class_of(self.file, classes)
        if decl is not None:
            return decl.is_module
        dotted = self.file.imports.resolve(dotted_name(classes) or "")
        return dotted.startswith("torch.nn.") and not dotted.endswith(".Module")

    def _is_child(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == self.child


def _calls(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Call | ast.NamedExpr) for one in ast.walk(node))
