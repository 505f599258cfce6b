"""Where a hook point is made: after the statements that make what it hooks."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field

from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.members import GROWING, Definition
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, FunctionNode
from autohook_codegen.declares.scope import Scope
from autohook_codegen.declares.value import Kind

__all__ = ["Placement", "initialisers", "place"]

_NO_CONTAINER = {Kind.MODULE, Kind.PARAMETER, Kind.OTHER}


@dataclass
class Placement:
    """The places for one hook point."""

    after: list[ast.stmt] = field(default_factory=list)
    ends: list[ClassDecl] = field(default_factory=list)
    """Classes whose ``__init__`` makes it at its end."""
    placed_in: set[ClassDecl] = field(default_factory=set)
    unconditional: set[ClassDecl] = field(default_factory=set)


def initialisers(decl: ClassDecl, inference: Inference) -> dict[FunctionNode, ClassDecl]:
    """The methods that run when an instance of `decl` is made: its ``__init__``, those of the bases
    that it calls, and the methods that these call on ``self``."""
    found: dict[FunctionNode, ClassDecl] = {}
    start = next((one for one in decl.mro if one.initialiser is not None), None)
    stack = [(start, start.initialiser)] if start and start.initialiser else []
    while stack:
        owner, function = stack.pop()
        if function in found:
            continue
        found[function] = owner
        scope = inference.scope(function, owner, owner.file)
        for node in scope.nodes:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            held = node.func.value
            called: tuple[ClassDecl, FunctionNode] | None = None
            if isinstance(held, ast.Call) and dotted_name(held.func) == "super":
                after = inference.program.class_of(owner.file, held.args[0]) if held.args else owner
                called = decl.method_after(after or owner, node.func.attr)
            elif isinstance(held, ast.Name) and held.id == scope.receiver:
                called = decl.method(node.func.attr)
            else:
                named = inference.program.class_of(owner.file, held)
                if named is not None and named in decl.mro:
                    called = named.method(node.func.attr)
            if called is not None:
                stack.append(called)
    return found


def place(
    attribute: str,
    owner: ClassDecl,
    inference: Inference,
    placement: Placement,
    container: bool = False,
) -> None:
    """Make sure that every instance of `owner`, and of its subclasses, has the hook point of
    `attribute`; with `container`, wherever the attribute is one, and not where it is a module.
    """
    _place_for(attribute, owner, inference, placement, container)
    for descendant in owner.descendants():
        runs = set(initialisers(descendant, inference).values())
        if _calls_every_base(descendant, inference):
            runs |= set(descendant.mro)
        if not runs & placement.unconditional:
            _place_for(attribute, descendant, inference, placement, container)


def _calls_every_base(decl: ClassDecl, inference: Inference) -> bool:
    """Whether each ``__init__`` that runs goes on to the next by ``super()``, so that one that is
    written for a base runs too."""
    inits = [
        one for one in initialisers(decl, inference) if one.name in ("__init__", "__post_init__")
    ]
    return all(
        any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "__init__"
            and isinstance(node.func.value, ast.Call)
            for node in ast.walk(init)
        )
        for init in inits
    )


def _place_for(
    attribute: str, decl: ClassDecl, inference: Inference, placement: Placement, container: bool
) -> None:
    runs = initialisers(decl, inference)
    by_function: dict[FunctionNode, list[Definition]] = {}
    for one in decl.mro:
        for definition in inference.members(one).definitions.get(attribute, ()):
            if container and inference.definition(definition).kinds <= _NO_CONTAINER:
                continue
            if definition.method in runs:
                by_function.setdefault(definition.method, []).append(definition)
    for function, definitions in by_function.items():
        if definitions[0].owner in placement.placed_in:
            continue
        scope = inference.scope(function, runs[function], runs[function].file)
        statements = {one.statement for one in definitions}
        growths = _growths(attribute, function, definitions, scope, inference)
        after, sure = _places(function.body, statements, growths, _empty(definitions, inference))
        placement.after += [one for one in after if one not in placement.after]
        placement.placed_in.add(runs[function])
        if sure:
            placement.unconditional.add(runs[function])
    if (
        not by_function
        and not set(runs.values()) & placement.placed_in
        and decl not in placement.placed_in
    ):
        if decl not in placement.ends:
            placement.ends.append(decl)
        placement.placed_in.add(decl)
        placement.unconditional.add(decl)


def _growths(
    attribute: str,
    function: FunctionNode,
    definitions: list[Definition],
    scope: Scope,
    inference: Inference,
) -> set[ast.stmt]:
    """The statements of the same function that fill the container, also under a local name."""
    owner = scope.owner
    assert owner is not None
    found = {
        growth.statement
        for growth in inference.members(owner).growths.get(attribute, ())
        if growth.method is function
    }
    names = {one.value.id for one in definitions if isinstance(one.value, ast.Name)}
    if not names:
        return found
    for node in scope.nodes:
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
        ):
            func = node.value.func
            if func.attr in GROWING and isinstance(func.value, ast.Name) and func.value.id in names:
                found.add(node)
    return found


def _empty(definitions: list[Definition], inference: Inference) -> set[ast.stmt]:
    """The statements that only say ``self.X = None``."""
    return {one.statement for one in definitions if inference.definition(one).kinds == {Kind.NONE}}


def _places(
    block: list[ast.stmt],
    makes: Collection[ast.stmt],
    grows: Collection[ast.stmt],
    empty: Collection[ast.stmt],
) -> tuple[list[ast.stmt], bool]:
    """The statements in the block that the hook point follows, and whether it is made whichever
    branch runs."""
    holding = [one for one in block if _holds(one, makes)]
    if not holding:
        return [], False
    first = next((one for one in holding if _always_makes(one, makes)), None)
    if first is not None:
        start = block.index(first)
        if isinstance(first, ast.With | ast.AsyncWith):
            return _places(first.body, makes, grows, empty)
        # `self.b = None` makes nothing yet: what follows it may.
        follows = makes if first in empty else ()
        ending = next(
            (
                index
                for index in range(start, len(block))
                if _may_leave(block[index]) and block[index] is not first
            ),
            len(block),
        )
        last = max(
            index
            for index, one in enumerate(block)
            if index <= ending and (one is first or _holds(one, follows) or _holds(one, grows))
        )
        return [block[max(start, last)]], True
    found: list[ast.stmt] = []
    for one in holding:
        for inner in _blocks(one):
            found += _places(inner, makes, grows, empty)[0]
    return found, False


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks of a compound statement; an ``elif`` is a branch like the others."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return []
    if isinstance(statement, ast.If):
        otherwise = statement.orelse
        if _is_elif(statement):
            return [statement.body, *_blocks(otherwise[0])]
        return [statement.body, otherwise] if otherwise else [statement.body]
    names = ("body", "orelse", "finalbody")
    blocks = [getattr(statement, name) for name in names if getattr(statement, name, None)]
    parts = (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ()))
    return blocks + [part.body for part in parts]


def _is_elif(statement: ast.If) -> bool:
    """Whether the ``orelse`` is an ``elif``: it stands in the column of its ``if``."""
    inner = statement.orelse[0] if len(statement.orelse) == 1 else None
    return isinstance(inner, ast.If) and inner.col_offset == statement.col_offset


def _holds(statement: ast.stmt, marked: Collection[ast.stmt]) -> bool:
    if statement in marked:
        return True
    return any(_holds(inner, marked) for block in _blocks(statement) for inner in block)


def _always_makes(statement: ast.stmt, makes: Collection[ast.stmt]) -> bool:
    if statement in makes:
        return True
    if isinstance(statement, ast.If):
        last = statement
        while _is_elif(last):
            (last,) = last.orelse  # type: ignore[assignment]
        return bool(last.orelse) and all(_branch_makes(one, makes) for one in _blocks(statement))
    if isinstance(statement, ast.With | ast.AsyncWith):
        return _branch_makes(statement.body, makes)
    if isinstance(statement, ast.Try):
        return _branch_makes(statement.body, makes) and all(
            _branch_makes(one.body, makes) for one in statement.handlers
        )
    return False


def _branch_makes(block: list[ast.stmt], makes: Collection[ast.stmt]) -> bool:
    return any(_always_makes(one, makes) for one in block) or isinstance(block[-1], ast.Raise)


def _may_leave(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return):
        return True
    return any(_may_leave(inner) for block in _blocks(statement) for inner in block)
