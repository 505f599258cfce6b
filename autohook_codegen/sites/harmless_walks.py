"""Walks over children that a hook point may be met on: it is passed by, or only told what every
module is told."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from autohook_codegen.declares.files import FileDecl
from autohook_codegen.declares.program import Program
from autohook_codegen.sites.written import Written

__all__ = ["WALKS", "is_harmless_walk"]

WALKS = frozenset({"children", "named_children", "_modules"})
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


def is_harmless_walk(walk: ast.Attribute, written: Written, program: Program) -> bool:
    """Tell whether the loop over ``….children()``, ``.named_children()`` or ``._modules`` of which
    `walk` is the attribute does the same beside hook points."""
    if _asks_by_name(walk, written):
        return True
    iterated: ast.AST = walk
    is_named = walk.attr == "named_children"
    while isinstance(parent := written.parent(iterated), ast.Attribute | ast.Call):
        if isinstance(parent, ast.Call) and (parent.func is not iterated or parent.args):
            break
        if isinstance(parent, ast.Attribute):
            if parent.attr not in ("items", "values"):
                break
            is_named = parent.attr == "items"
        iterated = parent
    loop = written.parent(iterated)
    if not (isinstance(loop, ast.For | ast.comprehension) and loop.iter is iterated):
        return False
    match loop.target:
        case ast.Name(child) if not is_named:
            pass
        case ast.Tuple(elts=[_, ast.Name(child)]) if is_named:
            pass
        case _:
            return False
    body = _Body(child, written.trace.file, program)
    if isinstance(loop, ast.For):
        return not loop.orelse and body.spares(loop.body)
    for place, test in enumerate(loop.ifs):
        if body.outcome(test) is False:
            return all(map(body.is_silent, loop.ifs[: place + 1]))
    return False


def _asks_by_name(walk: ast.Attribute, written: Written) -> bool:
    """Tell whether a child is taken by a name that is written out: ``_modules.pop("act")``."""
    parent = written.parent(walk)
    key: ast.expr | None = None
    match parent:
        case ast.Subscript(slice=key):
            pass
        case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()]):
            pass
        case ast.Attribute(attr="get" | "pop"):
            call = written.parent(parent)
            key = call.args[0] if isinstance(call, ast.Call) and call.args else None
    return isinstance(key, ast.Constant) and isinstance(key.value, str)


@dataclass(frozen=True, slots=True)
class _Body:
    """What is done with one child of a walk."""

    child: str
    file: FileDecl
    program: Program

    def spares(self, block: Sequence[ast.stmt]) -> bool:
        """Tell whether the statements leave things as they are, where the child is a hook point."""
        for statement in block:
            match statement:
                case ast.If(test=test, body=body, orelse=orelse):
                    says = self.outcome(test)
                    if not (
                        self.is_silent(test)
                        and (says is False or self.spares(body))
                        and (says is True or self.spares(orelse))
                    ):
                        return False
                    if says and isinstance(body[-1], ast.Continue):
                        return True
                case ast.Continue():
                    return True
                case ast.Pass():
                    pass
                case _ if not self._tells(statement):
                    return False
        return True

    def _tells(self, statement: ast.stmt) -> bool:
        """``child.train(mode)``, ``child.training = mode``"""
        match statement:
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(told), method), args, keywords)):
                given = [*args, *(keyword.value for keyword in keywords)]
                return told == self.child and method in _TOLD_TO_ALL and not any(map(_calls, given))
            case ast.Assign([ast.Attribute(ast.Name(told), "training")], value):
                return told == self.child and not _calls(value)
        return False

    def is_silent(self, test: ast.expr) -> bool:
        """Tell whether asking changes nothing, and asks of a hook point nothing that it lacks."""
        if self._is_class_test(test):
            return True
        match test:
            case ast.Attribute(ast.Name(asked)) if asked == self.child:
                return False
        inner = (one for one in ast.iter_child_nodes(test) if isinstance(one, ast.expr))
        return isinstance(test, _SILENT) and all(map(self.is_silent, inner))

    def outcome(self, test: ast.expr) -> bool | None:
        """Return what the test says of a hook point; ``None`` where it may say either."""
        match test:
            case ast.UnaryOp(ast.Not(), operand):
                inner = self.outcome(operand)
                return None if inner is None else not inner
            case ast.BoolOp(op, values):
                outcomes = [self.outcome(value) for value in values]
                decisive = isinstance(op, ast.Or)
                if decisive in outcomes:
                    return decisive
                return None if None in outcomes else not decisive
        return False if self._is_class_test(test) else None

    def _is_class_test(self, test: ast.expr) -> bool:
        """``isinstance(child, nn.Conv2d)``: a class that no hook point is of."""
        match test:
            case ast.Call(ast.Name("isinstance"), [ast.Name(asked), classes]):
                return asked == self.child and self._no_hook_points(classes)
        return False

    def _no_hook_points(self, classes: ast.expr) -> bool:
        match classes:
            case ast.Tuple(elts=all_of_them):
                return all(map(self._no_hook_points, all_of_them))
            case ast.BinOp(left, ast.BitOr(), right):
                return self._no_hook_points(left) and self._no_hook_points(right)
        decl = self.program.class_of(self.file, classes)
        if decl is not None:
            return decl.is_module
        dotted = self.file.dotted(classes) or ""
        return dotted.startswith("torch.nn.") and not dotted.endswith(".Module")


def _calls(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Call | ast.NamedExpr) for one in ast.walk(node))
