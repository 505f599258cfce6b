"""``explicit_if_hooked(CALLEE, self.attn_scores_hook_point, self.pattern_hook_point)`` in place of
``CALLEE``: the callee computes in steps what it else shows to nobody.
"""

from __future__ import annotations

import ast
from functools import partial

import libcst as cst

from autohook_codegen.rewrite.imports import Imported
from autohook_codegen.rewrite.statement import EXPRESSION, Place, parsed
from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.sites.edits import ExplicitEdit

__all__ = ["explicit_hook_points", "write_explicit"]

_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def write_explicit(changes: TextChanges, node: ast.expr, edit: ExplicitEdit) -> None:
    """Wrap a callee."""
    changes.change(Place(EXPRESSION, changes.source.span(node)), partial(_wrapped, edit))


def _wrapped(edit: ExplicitEdit, node: cst.BaseExpression) -> cst.BaseExpression:
    further = [*edit.hook_points, *((edit.eager,) if edit.eager is not None else ())]
    arguments = [node.with_changes(lpar=[], rpar=[]), *map(parsed, further)]
    call = cst.Call(
        parsed(edit.function),
        [cst.Arg(one, comma=_COMMA) for one in arguments[:-1]] + [cst.Arg(arguments[-1])],
    )
    return call.with_changes(lpar=node.lpar, rpar=node.rpar)


# The way back.


def explicit_hook_points(node: ast.Call, imported: Imported) -> list[str] | None:
    """Return ``["self.attn_scores_hook_point", "self.pattern_hook_point"]`` for a wrapped callee;
    ``None`` for any other call."""
    match node:
        case ast.Call(func=function, args=[_, scores, pattern, *_], keywords=[]) if (
            imported.name_of(function) == "explicit_if_hooked"
        ):
            return [ast.unparse(scores), ast.unparse(pattern)]
    return None
