"""Whether the way to a hook point, ``layer`` in ``layer.fc_hook_point``, is at the site what it was
where the module or parameter was read."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from autohook_codegen.declares.files import FunctionNode
from autohook_codegen.declares.names import identifiers
from autohook_codegen.sites.candidate import Candidate, Reference
from autohook_codegen.sites.written import Written

__all__ = ["is_in_sight", "out_of_sight"]

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def out_of_sight(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield the sites at which the text of their hook point would mean another one."""
    functions: dict[ast.AST | None, Written] = {}
    for one in candidates:
        if one.passing is one.node:
            continue
        function = one.function.outermost
        written = functions.get(function.node)
        if written is None:
            written = functions.setdefault(function.node, Written(function))
        if not is_in_sight(one.reference, one.node, one.passing, written):
            yield one


def is_in_sight(reference: Reference, read: ast.AST, place: ast.AST, written: Written) -> bool:
    """Tell whether no name by which the hook point is reached is bound anew, or out of its scope,
    on the way from where it is read to where the value passes."""
    if read is place or not (written.holds(read) and written.holds(place)):
        return True
    return not any(
        _comes_between(binding, read, place, written)
        for name in _names_in(reference)
        for binding in written.bindings.get(name, ())
    )


def _names_in(reference: Reference) -> set[str]:
    if reference.receiver.isidentifier():
        names = {reference.receiver}
    else:
        names = identifiers(ast.parse(reference.receiver, mode="eval"))
    if reference.computed is not None:
        names |= identifiers(reference.computed.name)
    for step in reference.items:
        written = getattr(step, "written", None)
        if written is not None:
            names |= identifiers(written)
    return names


def _comes_between(binding: ast.AST, read: ast.AST, place: ast.AST, written: Written) -> bool:
    holds = written.trace.file.nodes.holds
    scope = _scope(binding, written)
    if scope is not None:
        inside = {holds(scope, one) for one in (read, place)}
        if inside != {True} or isinstance(scope, _COMPREHENSIONS):
            return len(inside) == 2
    order = written.order
    statement = written.statement(binding)
    reads, passes = written.statement(read), written.statement(place)
    if reads is passes:
        return False
    for loop in (one for one in written.around(binding) if isinstance(one, _LOOPS)):
        has_read, has_place = (holds(loop, one) for one in (read, place))
        if has_place and (not has_read or order[place] < order[read]):
            return True
        if has_read and not has_place and not _is_read_each_round(binding, reads, loop, written):
            return True
    if written.exclude_each_other(read, binding) or statement is passes:
        return False
    return statement is reads or order[read] < order[binding] < order[place]


def _scope(binding: ast.AST, written: Written) -> ast.AST | None:
    """Return the comprehension or nested function that the name is bound in."""
    for one in written.around(binding):
        if isinstance(one, _COMPREHENSIONS) and not isinstance(
            written.parent(binding), ast.NamedExpr
        ):
            return one
        if isinstance(one, FunctionNode | ast.Lambda):
            return one
    return None


def _is_read_each_round(binding: ast.AST, reads: ast.stmt, loop: ast.AST, written: Written) -> bool:
    """Whether each round of the loop that binds the name also reads by it, so that both are those
    of the last round behind it."""
    holds = written.trace.file.nodes.holds
    if not isinstance(loop, ast.For | ast.AsyncFor) or not holds(loop.target, binding):
        return False
    inside = (one for statement in loop.body for one in ast.walk(statement))
    leaves = (one for one in inside if isinstance(one, ast.Break | ast.Continue))
    return reads in loop.body and not any(
        written.order[one] < written.order[reads] for one in leaves
    )
