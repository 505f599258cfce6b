"""What stands at the end of ``__init__``."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.declares.files import ClassDecl, FunctionNode
from autohook_codegen.sites.blocks import returns_in
from autohook_codegen.sites.edits import Edits

__all__ = [
    "add_at_end",
    "calls_of_bases",
    "can_be_ended",
    "ending_class",
    "goes_on_to_bases",
    "receiver_of",
]


def receiver_of(function: FunctionTrace | FunctionNode | None) -> str:
    """Return how a method names its instance; ``self`` in one that is written."""
    while isinstance(function, FunctionTrace):
        if function.owner is not None and function.receiver is not None:
            return function.receiver.arg
        parent = function.parent
        function = parent if parent is not None else None
    arguments = [*function.args.posonlyargs, *function.args.args] if function is not None else []
    return arguments[0].arg if arguments else "self"


def can_be_ended(decl: ClassDecl) -> bool:
    """Tell whether statements can be added at the end of the class's own ``__init__``.

    Not where it is ``__init__ = partialmethod(…)``, or returns what it calls.
    """
    if decl.initialiser is None:
        return not _sets_init(decl)
    return all(_is_plain(one) for one in returns_in(decl.initialiser.body))


def ending_class(decl: ClassDecl) -> ClassDecl | None:
    """Return the class whose ``__init__`` is the last that an instance runs: a base where the own
    one ends with ``return super().__init__(…)``."""
    if can_be_ended(decl):
        return decl
    bases = (one for one in decl.mro[1:] if one.initialiser is not None or _sets_init(one))
    base = next(bases, None)
    return ending_class(base) if base is not None else None


def add_at_end(decl: ClassDecl, lines: list[str], edits: Edits) -> None:
    """Add the lines at the end of ``__init__``, and before each return that comes sooner."""
    init = decl.initialiser
    if init is None:
        edits.written_inits[decl.node] = lines
        return
    begins = min((one.lineno for one in calls_of_bases(init)), default=0)
    for one in returns_in(init.body):
        if one.lineno > begins:
            edits.before.setdefault(one, []).extend(lines)
    if not isinstance(init.body[-1], ast.Return | ast.Raise):
        edits.init_ends[init] = lines


def goes_on_to_bases(decl: ClassDecl, initialisers: Iterable[FunctionNode]) -> bool:
    """Tell whether each ``__init__`` that runs goes on to the next by ``super()``, so that one that
    is written for a base runs too."""
    return all(
        any(
            isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call)
            for call in calls_of_bases(one)
        )
        for one in initialisers
        if one.name in ("__init__", "__post_init__")
    )


def calls_of_bases(init: FunctionNode) -> list[ast.Call]:
    """Return the calls of ``super().__init__``, or of a base's by name."""
    return [
        node
        for node in ast.walk(init)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "__init__"
    ]


def _is_plain(one: ast.Return) -> bool:
    return one.value is None or (isinstance(one.value, ast.Constant) and one.value.value is None)


def _sets_init(decl: ClassDecl) -> bool:
    return "__init__" not in decl.methods and any(
        isinstance(node, ast.Name) and node.id == "__init__"
        for statement in decl.node.body
        if isinstance(statement, ast.Assign)
        for node in statement.targets
    )
