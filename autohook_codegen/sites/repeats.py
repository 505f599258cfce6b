"""Loops that call one module again and again: its hook point fires in each round."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.analysis.values import Computed, Item, Loop, Member
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.names import identifiers
from autohook_codegen.sites.candidate import Candidate
from autohook_codegen.sites.decided import DecidedSite
from autohook_codegen.sites.passes import callees_beside
from autohook_codegen.sites.written import Written

__all__ = ["Repeat", "repeating_loops"]

_Repeating = ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.GeneratorExp | ast.SetComp
_ENDS = ast.Return | ast.Raise | ast.Break


@dataclass(slots=True, eq=False)
class Repeat:
    """A loop, and the hook points that fire in each of its rounds."""

    function: FunctionTrace
    node: ast.expr | ast.stmt
    names: dict[str, None] = field(default_factory=dict)


def repeating_loops(sites: Iterable[DecidedSite], trace: Trace) -> Iterator[Repeat]:
    """Yield the outermost loops in which a hook point fires again, in the loop itself or in a
    method that it calls."""
    by_function: dict[FunctionTrace, list[DecidedSite]] = {}
    for site in sites:
        by_function.setdefault(site.candidate.function, []).append(site)
    found: dict[ast.AST, Repeat] = {}
    for node in trace.reached:
        function = trace.functions[node]
        inside = _called_in_loops(function, by_function, trace)
        if function not in by_function and not inside:
            continue
        written = Written(function)
        own = by_function.get(function, ())
        places = [(one.candidate.passing, one, True) for one in own]
        places += [(statement, one, False) for statement, one in inside]
        for place, site, is_here in places:
            loop = _outermost_loop(place, site.candidate, written, is_here)
            if loop is not None:
                repeat = found.setdefault(loop, Repeat(function, loop))
                repeat.names[site.hook_point.name] = None
    yield from found.values()


def _called_in_loops(
    function: FunctionTrace,
    by_function: Mapping[FunctionTrace, list[DecidedSite]],
    trace: Trace,
) -> list[tuple[ast.AST, DecidedSite]]:
    """The sites in methods of the same instance that statements of the function call."""
    cls = function.outermost.owner if function.outermost.users else None
    return [
        (statement, site)
        for statement in trace.callees(function.node)
        for called in _all_beside(function, statement, cls, trace)
        for site in by_function.get(called, ())
        if _is_plain(site.candidate, called)
    ]


def _all_beside(
    function: FunctionTrace, statement: ast.AST, cls: ClassDecl | None, trace: Trace
) -> Iterator[FunctionTrace]:
    seen = {function}
    stack = list(callees_beside(function, statement, cls, trace))
    while stack:
        one = stack.pop()
        if one not in seen:
            seen.add(one)
            yield one
            for inner in trace.callees(one.node):
                stack += callees_beside(one, inner, cls, trace)


def _is_plain(candidate: Candidate, function: FunctionTrace) -> bool:
    """Whether each call of the function fires the same hook point."""
    receiver = function.outermost.receiver
    return (
        receiver is not None
        and candidate.reference.receiver == receiver.arg
        and all(isinstance(one, Item) and one.key is not None for one in candidate.reference.items)
        and candidate.reference.computed is None
    )


def _outermost_loop(
    place: ast.AST, candidate: Candidate, written: Written, is_here: bool
) -> ast.expr | ast.stmt | None:
    found: ast.expr | ast.stmt | None = None
    met_once: set[str] = set()
    inner = place
    for around in written.around(place):
        if isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            break
        if isinstance(inner, ast.stmt) and _ends_soon(inner, written):
            return found  # and leaves the loops around it
        match around:
            case ast.If(test=ast.Compare(ops=[ast.Eq()]) as test) if inner in around.body:
                met_once |= identifiers(test)
        if isinstance(around, _Repeating) and _runs_again(inner, around, met_once):
            if not (is_here and _varies(candidate, around)):
                found = around
        inner = around
    return found


def _runs_again(inner: ast.AST, loop: _Repeating, met_once: set[str]) -> bool:
    """Whether it is no part that runs once, such as what the loop runs over, or what stands under
    ``if index == last``."""
    match loop:
        case ast.For() | ast.AsyncFor():
            if met_once & identifiers(loop.target):
                return False
            return any(inner is one for one in loop.body)
        case ast.While():
            return inner is loop.test or any(inner is one for one in loop.body)
    return inner is not loop.generators[0] or False


def _ends_soon(statement: ast.stmt, written: Written) -> bool:
    """Whether what follows in its block leaves the function or the loop."""
    block = written.block(statement)
    after = block[block.index(statement) :]
    return any(isinstance(one, _ENDS) for one in after)


def _varies(candidate: Candidate, loop: _Repeating) -> bool:
    """Whether each round has a hook point of its own."""
    loops: list[Loop | ast.AST] = [loop, *getattr(loop, "generators", ())]
    names = (one for one in ast.walk(loop) if isinstance(one, ast.Name))
    bound = {one.id for one in names if isinstance(one.ctx, ast.Store)}
    reference = candidate.reference
    if bound & identifiers(ast.parse(reference.receiver)):
        return True
    for step in reference.steps:
        match step:
            case Member(loop=own) if own in loops or own is None:
                return True
            case Item(key=None, written=None):
                return True
            case Item(written=ast.expr() as written) if bound & identifiers(written):
                return True
            case Computed(name=name) if bound & identifiers(name):
                return True
    return False
