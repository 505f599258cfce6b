"""What makes a class a hooked root: the base ``HookedRootModule``, and the end of ``__init__``.

A base that is put behind another one takes over what stood behind that one (the comma, blanks).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import libcst as cst

from autohook_codegen.declares.names import dotted_name
from autohook_codegen.library.guesses import is_plain_base
from autohook_codegen.rewrite.imports import Imported
from autohook_codegen.rewrite.statement import CLASS, Place, parsed, without
from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.rewrite.written_init import is_written
from autohook_codegen.sites.edits import BaseEdit
from autohook_codegen.source import Source, Span
from autohook_codegen.source.logical_lines import indentation

__all__ = ["Root", "ending_lines", "read_roots", "remove_base", "write_base"]

INITIALISERS = ("__init__", "__post_init__")
_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
_REASON = re.compile(
    r"# (?:adds the hook points inside .*|caches values before they change in place"
    r"|for checkpoint, which computes the forward again|in place of self\.setup\(\)"
    r"|HookedRootModule\.__init__ is not called|setup\(\) would write \"name\" into \w+"
    r"|\w+ (?:has|may have) a \w+\(\) of its own)"
)


def write_base(changes: TextChanges, node: ast.ClassDef, edit: BaseEdit) -> None:
    """Give a class one more base."""
    changes.change(_place(changes, node), partial(_with_base, edit))


def _place(changes: TextChanges, node: ast.ClassDef) -> Place:
    start = changes.source.span(node).start
    return Place(CLASS, Span(start, start))


def _with_base(edit: BaseEdit, node: cst.ClassDef) -> cst.ClassDef:
    bases = list(node.bases)
    added = cst.Arg(parsed(edit.name), comma=_COMMA)
    if edit.place >= len(bases) and bases:
        last = bases[-1]
        added = added.with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
        no_blanks = cst.SimpleWhitespace("")
        bases[-1] = last.with_changes(comma=_COMMA, whitespace_after_arg=no_blanks)
    elif not bases and not node.keywords:
        added = added.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    bases.insert(edit.place, added)
    return node.with_changes(bases=bases)


# The way back.


@dataclass
class Root:
    """What a class has as a hooked root, or as a class below one."""

    base: ast.expr | None = None
    """Its base `HookedRootModule`."""
    removable: bool = True
    """Whether the base goes; where it is the only one, the class is the author's own work."""
    ending: ast.stmt | None = None
    """The last statement of ``__init__``, if it is ``self.setup()`` or ``auto_hook(self)``."""
    sooner: list[ast.stmt] = field(default_factory=list)
    """The same before each ``return``."""
    written: ast.FunctionDef | None = None
    """The ``__init__`` that was written for the hook points."""


def read_roots(source: Source, imported: Imported) -> dict[ast.ClassDef, Root]:
    """Find what makes classes hooked roots.

    ``self.setup()`` counts in a class whose bases in the file lead to a removable
    `HookedRootModule`; elsewhere it may be a method of the author's own.
    """
    classes = [node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    with_base = _with_removable_base(classes, imported)
    below = _and_below(with_base, classes)
    roots: dict[ast.ClassDef, Root] = {}
    for node in classes:
        root = Root(base=_root_base(node, imported), removable=node.name in with_base)
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name in INITIALISERS:
                ends = partial(_is_ending, method, imported, node.name in below)
                if ends(method.body[-1]):
                    root.ending = method.body[-1]
                root.sooner = [one for one in _before_returns(method) if ends(one)]
                if is_written(source, method):
                    root.written = method
        if root.base or root.ending or root.sooner or root.written:
            roots[node] = root
    return roots


def _root_base(node: ast.ClassDef, imported: Imported) -> ast.expr | None:
    bases = (base for base in node.bases if imported.name_of(base) == "HookedRootModule")
    return next(bases, None)


def _before_returns(method: ast.FunctionDef) -> Iterator[ast.stmt]:
    """The statements that stand right before a ``return``."""
    for node in ast.walk(method):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None) or ()
            for one, following in pairwise(block if isinstance(block, list) else ()):
                if isinstance(following, ast.Return):
                    yield one


def _is_ending(
    method: ast.FunctionDef, imported: Imported, is_root: bool, statement: ast.stmt
) -> bool:
    """Whether a statement is ``auto_hook(self)``, or in a root ``self.setup()``."""
    parameters = [*method.args.posonlyargs, *method.args.args]
    self_name = parameters[0].arg if parameters else ""
    match statement:
        case ast.Expr(value=ast.Call(func=function, args=[ast.Name(id=name)])) if (
            imported.name_of(function) == "auto_hook"
        ):
            return name == self_name
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="setup"), args=[], keywords=[]
            )
        ):
            return is_root and name == self_name
    return False


def _with_removable_base(classes: list[ast.ClassDef], imported: Imported) -> set[str]:
    """Names of the classes that are modules without their base `HookedRootModule` too."""
    bases = _bases(classes)

    def is_plain(name: str, above: frozenset[str]) -> bool:
        if name not in bases:
            return is_plain_base(name)
        return name not in above and all(is_plain(one, above | {name}) for one in bases[name])

    found: set[str] = set()
    for node in classes:
        base = _root_base(node, imported)
        others = {_last_name(one) for one in node.bases if one is not base}
        if base is not None and not all(is_plain(one, frozenset({node.name})) for one in others):
            found.add(node.name)
    return found


def _and_below(names: set[str], classes: list[ast.ClassDef]) -> set[str]:
    """`names`, and the classes that have, by their bases in the file, one of them above."""
    bases = _bases(classes)
    below: set[str] = set()
    found = names
    while found:
        below |= found
        found = {name for name, of in bases.items() if name not in below and of & below}
    return below


def _bases(classes: list[ast.ClassDef]) -> dict[str, set[str]]:
    return {node.name: {_last_name(base) for base in node.bases} for node in classes}


def _last_name(base: ast.expr) -> str:
    if isinstance(base, ast.Subscript):  # Generic[T]
        base = base.value
    return (dotted_name(base) or "").rsplit(".", 1)[-1]


def ending_lines(source: Source, ending: ast.stmt) -> Span:
    """The logical line of an ending, with the comment above it that says why."""
    line = source.lines.at(source.span(ending).start)
    text = source.text
    above = text.rfind("\n", 0, max(line.start - 1, 0)) + 1
    indent = indentation(text, line.start)
    comment = text[above : line.start].rstrip("\r\n")
    if comment.startswith(indent) and _REASON.fullmatch(comment[len(indent) :]):
        return Span(above, line.end)
    return line


def remove_base(changes: TextChanges, node: ast.ClassDef, place: int) -> None:
    """Take a base out of a class."""
    changes.change(_place(changes, node), partial(_without_base, place))


def _without_base(place: int, node: cst.ClassDef) -> cst.ClassDef:
    bases = without(node.bases, {place})
    if bases and place == len(bases):
        blanks = node.bases[place].whitespace_after_arg
        bases[-1] = bases[-1].with_changes(whitespace_after_arg=blanks)
    if bases or node.keywords:
        return node.with_changes(bases=bases)
    no_brackets = cst.MaybeSentinel.DEFAULT
    return node.with_changes(bases=bases, lpar=no_brackets, rpar=no_brackets)
