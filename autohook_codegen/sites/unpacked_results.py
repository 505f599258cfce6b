"""A tuple result, ``a, b = self.attn(x)``: the first target that is read is hooked on the next
line. So is what an ``if`` on that line leaves of ``x = self.mlp(x)`` that is sometimes a tuple."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import Item, Items, Plain, Step, Unknown, Value
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone
from autohook_codegen.sites.parts_read import is_plain_place
from autohook_codegen.sites.result import Result
from autohook_codegen.sites.shapes import (
    is_structured,
    is_surely_tensor,
    is_tuple,
    may_be_none,
    may_be_tensor,
    part_of,
)
from autohook_codegen.sites.written import Written

__all__ = ["after_unpacking_if", "hook_unpacked_result"]


def hook_unpacked_result(
    result: Result, statement: ast.stmt, target: ast.expr
) -> Iterator[Candidate | LeftAlone]:
    """Yield the site behind the statement, or why no target is both read and a tensor."""
    after_tuple = False
    targets = list(_single_targets(target, result.value, ()))
    for place, (one, value, part) in enumerate(targets):
        if not is_plain_place(one) or not result.is_read(*part) or _is_underscore(one):
            continue
        if after_tuple and not is_surely_tensor(value):
            continue  # the first tensor is in the tuple, and what follows may be a number
        if is_tuple(value):
            first = part_of(value, Item(0))
            if is_surely_tensor(first):
                form = After(statement, one, (Item(0),), is_rebuilt=True)
                yield result.site(form, *part, Item(0))
                return
            after_tuple = True
            continue
        if not may_be_tensor(value) or any(isinstance(kind, Plain) for kind in value):
            continue
        if _is_used_as_list(result, part, value):
            after_tuple = True
            continue
        if may_be_none(value) and place < len(targets) - 1:
            continue
        yield result.site(After(statement, one), *part)
        return
    yield result.unclear()


def _single_targets(
    target: ast.expr, value: Value, part: tuple[Step, ...]
) -> Iterator[tuple[ast.expr, Value, tuple[Step, ...]]]:
    if isinstance(target, ast.Tuple | ast.List):
        for index, one in enumerate(target.elts):
            if isinstance(one, ast.Starred):
                return
            step = Item(index)
            yield from _single_targets(one, part_of(value, step), (*part, step))
    elif isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        yield target, value, part


def _is_underscore(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "_"


def _is_used_as_list(result: Result, part: tuple[Step, ...], value: Value) -> bool:
    """Whether a loop runs over it, or it is taken apart: a list of tuples, say."""
    if any(isinstance(one, Items) for one in value):
        return True
    if not any(isinstance(one, Unknown) for one in value):
        return False
    whole = (*result.part, *part)
    for _, use in result.elsewhere.uses(result.call.node, whole):
        if is_structured(use.value):  # a tuple by another way
            if use.how is How.ARGUMENT:
                return True  # and both are handed to one module: they are alike
            continue
        if use.how in (How.LOOPED, How.UNPACKED):
            return True
        if use.how is How.PART and isinstance(use.by, ast.Subscript):
            taken = result.written.use(use.by)
            if taken is not None and taken.how in (How.LOOPED, How.UNPACKED):
                return True
    return False


def after_unpacking_if(
    statement: ast.stmt, name: str, written: Written
) -> tuple[ast.If, tuple[Step, ...]] | None:
    """Return the ``if``, and which item it takes where that is not the first, in

    ::

        x = self.mlp(x)
        if self.is_sparse:
            x, router_logits = x

    where `name` is a tensor whichever way the code took.
    """
    block = written.block(statement)
    place = block.index(statement) + 1
    after = block[place] if place < len(block) else None
    if not isinstance(after, ast.If) or any(_binds(one, name) for one in after.orelse):
        return None
    binding = [one for one in after.body if _binds(one, name)]
    item = _item_taken(binding[0], name) if len(binding) == 1 else None
    if item is None:
        return None
    return after, () if item == 0 else (Item(item),)


def _item_taken(statement: ast.stmt, name: str) -> int | None:
    """0 for ``x, _ = x`` and ``x = x[0]``, -1 for ``x = x[-1]``."""
    if not isinstance(statement, ast.Assign):
        return None
    [target, *_], value = statement.targets, statement.value
    if isinstance(target, ast.Tuple | ast.List):
        names = [one.id if isinstance(one, ast.Name) else None for one in target.elts]
        is_whole = isinstance(value, ast.Name) and value.id == name and name in names
        return names.index(name) if is_whole else None
    match value:
        case ast.Subscript(value=ast.Name(id=whole), slice=ast.Constant(value=int(item))):
            return item if whole == name else None
        case ast.Subscript(
            value=ast.Name(id=whole),
            slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(item))),
        ):
            return -item if whole == name else None
    return None


def _binds(statement: ast.stmt, name: str) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Store)
        for one in ast.walk(statement)
    )
