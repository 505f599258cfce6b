"""``--site '[Class.method:]WHAT [as NAME]'``: a value that the user names, as syntax."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

__all__ = ["AskedSite", "asked_site"]

_AS = re.compile(r"\s+as\s+(\w+)\s*$")
_WHERE = re.compile(r"\s*((?:\w+\.)*\w+)\s*:(?!=)\s*")


@dataclass(frozen=True, slots=True)
class AskedSite:
    """A value inside a forward that the user wants to hook."""

    text: str
    """As the user wrote it."""
    where: str | None
    """The method, ``Block.forward``; ``None`` for whichever method holds it."""
    what: ast.expr | ast.stmt
    """An expression, an assignment, or a local name, which stands for each assignment of it."""
    name: str | None
    """What it is called; ``None`` for the local name, or what it was computed from."""

    def is_same(self, node: ast.expr | ast.stmt) -> bool:
        """Tell whether a node of the source is what the user wrote: the same syntax."""
        return type(node) is type(self.what) and ast.dump(node) == ast.dump(self.what)


def asked_site(text: str) -> AskedSite:
    """Read one ``--site``.

    Raises:
        ValueError: it is of another form; the message says which form it has.

    Example:
        >>> site = asked_site("Block.forward:attn.softmax(-1) as pattern")
        >>> site.where, ast.unparse(site.what), site.name
        ('Block.forward', 'attn.softmax(-1)', 'pattern')
    """
    named = _AS.search(text)
    what, name = (text[: named.start()], named[1]) if named else (text, None)
    where = _WHERE.match(what)
    if where is not None and not _is_annotated(what):
        return AskedSite(text, where[1], _parsed(text, what[where.end() :]), name)
    return AskedSite(text, None, _parsed(text, what), name)


def _is_annotated(what: str) -> bool:
    """Tell whether the colon is that of ``gate: Tensor = …``."""
    try:
        (statement,) = ast.parse(what.strip()).body
    except (SyntaxError, ValueError):
        return False
    return (
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and statement.value is not None
    )


def _parsed(text: str, what: str) -> ast.expr | ast.stmt:
    try:
        statements = ast.parse(what.strip()).body
    except (SyntaxError, ValueError):
        statements = []
    match statements:
        case [ast.Expr(value=value)]:
            return value
        case [ast.Assign() | ast.AugAssign() | ast.AnnAssign(value=ast.expr()) as statement]:
            return statement
    raise ValueError(
        f"--site {text!r}: write an expression, an assignment or a local name,"
        " as in 'Block.forward:gate' or 'attn = attn.softmax(-1) as pattern'"
    )
