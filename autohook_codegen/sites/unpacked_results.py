"""``a, b = self.attn(x)``: the first target that is read is hooked on the next line. So is what an
``if`` on that line leaves of ``x = self.mlp(x)`` that is sometimes a tuple.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.declares.result import UNKNOWN_RESULT, Result
from autohook_codegen.declares.scope import Scope
from autohook_codegen.sites.candidate import After
from autohook_codegen.sites.held_reads import is_taken_apart, reads_of

__all__ = ["hook_after_unpacking_if", "hook_unpacked_result"]


def hook_unpacked_result(
    statement: ast.stmt, target: ast.Tuple | ast.List, result: Result, scope: Scope
) -> After | None:
    """The statement that follows, or ``None`` where no target is both read and a tensor."""
    after_tuple = False
    for one, part in _single_targets(target, result):
        if after_tuple and not part.surely_tensor:
            continue  # the first tensor is in the tuple, and what follows may be a number
        if isinstance(one, ast.Name) and part.surely_tuple and _is_read(one.id, statement, scope):
            if part.elements and part.elements[0].surely_tensor:
                text = one.id
                return After(statement, f"{text}[0]", text, f"({{}}, *{text}[1:])")
            after_tuple = True
        if not part.may_be_tensor and part.kinds != {"tensor", "none"}:
            continue
        if isinstance(one, ast.Name) and part.kinds == {"unknown"}:
            if _is_read_as_list(one.id, statement, scope):
                after_tuple = True
                continue
        if "none" in part.kinds and not part.surely_tensor and _later(target, one):
            continue
        if isinstance(one, ast.Name) and (one.id == "_" or not _is_read(one.id, statement, scope)):
            continue
        text = ast.unparse(one)
        return After(statement, text, text, "{}")
    return None


def hook_after_unpacking_if(
    statement: ast.stmt, name: str, scope: Scope
) -> tuple[After, str | None] | None:
    """The statement behind the ``if``, and which item it hooks where that is not the first, in

    ::

        x = self.mlp(x)
        if self.is_sparse:
            x, router_logits = x

    where `name` is a tensor whichever way the code took.
    """
    block = scope.block(statement)
    place = block.index(statement) + 1
    after = block[place] if place < len(block) else None
    if not isinstance(after, ast.If) or any(_binds(one, name) for one in after.orelse):
        return None
    binding = [one for one in after.body if _binds(one, name)]
    item = _item_taken(binding[0], name) if len(binding) == 1 else None
    if item is None:
        return None
    return After(after, name, name, "{}"), None if item == "0" else f"[{item}]"


def _item_taken(statement: ast.stmt, name: str) -> str | None:
    """``0`` for ``x, _ = x`` and ``x = x[0]``, ``-1`` for ``x = x[-1]``."""
    if not isinstance(statement, ast.Assign):
        return None
    [target, *_], value = statement.targets, statement.value
    if isinstance(target, ast.Tuple | ast.List):
        names = [one.id if isinstance(one, ast.Name) else None for one in target.elts]
        is_whole = isinstance(value, ast.Name) and value.id == name and name in names
        return str(names.index(name)) if is_whole else None
    if not (isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name)):
        return None
    is_item = isinstance(value.slice, ast.Constant | ast.UnaryOp)
    return ast.unparse(value.slice) if is_item and value.value.id == name else None


def _binds(statement: ast.stmt, name: str) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Store)
        for one in ast.walk(statement)
    )


def _single_targets(target: ast.expr, result: Result) -> Iterator[tuple[ast.expr, Result]]:
    if isinstance(target, ast.Tuple | ast.List):
        for index, one in enumerate(target.elts):
            if isinstance(one, ast.Starred):
                return
            elements = result.elements
            part = (
                elements[index]
                if elements is not None and index < len(elements)
                else UNKNOWN_RESULT
            )
            yield from _single_targets(one, part)
    elif isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        yield target, result


def _is_read_as_list(name: str, statement: ast.stmt, scope: Scope) -> bool:
    """Whether a loop runs over it, or its items are taken apart: a list of tuples, say."""
    reads = reads_of(statement, name, scope)
    parts = [place for places in reads.parts.values() for place in places]
    return reads.iterated or any(is_taken_apart(one, scope) for one in parts)


def _later(target: ast.Tuple | ast.List, one: ast.expr) -> bool:
    """Another target follows, which may do better than one that may be ``None``."""
    return one is not target.elts[-1]


def _is_read(name: str, statement: ast.stmt, scope: Scope) -> bool:
    """Whether anything reads the name after the statement, or in a loop around it."""
    here = scope.position(statement)
    loops = [
        one
        for one in scope.ancestors(statement)
        if isinstance(one, ast.For | ast.AsyncFor | ast.While)
    ]
    for read in scope.reads(name):
        if statement in scope.ancestors(read):
            continue
        if scope.position(read) > here or any(loop in scope.ancestors(read) for loop in loops):
            return True
    return False
