"""The shapes of what a rewrite inserts, each as a question to one `ast` node."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from autohook_codegen.existing.names import INDEX_NAME, HookNames

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from autohook_codegen.existing.imports import Imported

__all__ = ["Forms", "Hooked", "Made"]


class Hooked(NamedTuple):
    """A statement that hooks what an earlier one bound, `out[0] = self.fc1_hook_point(out[0])`."""

    value: str
    """``out[0]``"""
    hook_points: list[str]
    """``["self.fc1_hook_point"]``, what is applied first in front."""


class Made(NamedTuple):
    """A statement that makes hook points."""

    names: list[str]
    """Their attributes, ``fc1_hook_point``; ``layer{i}_hook_point`` for a formatted one."""
    follows_pattern: bool
    """Whether all of the names are of the pattern."""


class Forms:
    """Recognises, under one name pattern and one file's imports, what a rewrite inserts."""

    def __init__(self, names: HookNames, imported: Imported) -> None:
        self.names = names
        self.imported = imported

    # Expressions.

    def wrapped(self, node: ast.AST, local: Collection[str]) -> ast.expr | None:
        """``x`` in ``self.fc1_hook_point(x)``; `local` are the hook points that loops bind."""
        if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
            return None
        (value,) = node.args
        if isinstance(value, ast.Starred):
            return None
        return value if self._hooks(node.func, value, local) else None

    def _hooks(self, function: ast.expr, value: ast.expr, local: Collection[str]) -> bool:
        indexed = False
        while isinstance(function, ast.Subscript):
            indexed = True
            function = function.value
        if isinstance(function, ast.Name):
            return function.id in local
        if isinstance(function, ast.Attribute):
            fits = self.names.is_plural if indexed else self.names.is_single
            return fits(function.attr) and self.names.vouched(function.attr, value)
        return self._is_getattr(function)

    def _is_getattr(self, node: ast.expr) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "getattr"
            and len(node.args) == 2
            and self.names.fits_string(node.args[1])
        )

    def tested(self, node: ast.IfExp, local: Collection[str]) -> bool:
        """Whether it is ``self.b_hook_point(self.b) if self.b is not None else None``."""
        test, value = node.test, self.wrapped(node.body, local)
        while value is not None and (inner := self.wrapped(value, local)) is not None:
            value = inner
        return (
            value is not None
            and isinstance(node.orelse, ast.Constant)
            and node.orelse.value is None
            and isinstance(test, ast.Compare)
            and len(test.ops) == 1
            and isinstance(test.ops[0], ast.IsNot)
            and isinstance(test.comparators[0], ast.Constant)
            and test.comparators[0].value is None
            and same(test.left, value)
        )

    # Loops.

    def enumerated(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> str | None:
        """``hook_index`` in ``for hook_index, layer in enumerate(self.layers)``."""
        target, iterated = node.target, node.iter
        if (
            isinstance(target, ast.Tuple)
            and len(target.elts) == 2
            and isinstance(index := target.elts[0], ast.Name)
            and INDEX_NAME.fullmatch(index.id)
            and isinstance(iterated, ast.Call)
            and isinstance(iterated.func, ast.Name)
            and iterated.func.id == "enumerate"
            and iterated.args
        ):
            return index.id
        return None

    def zipped(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> str | None:
        """``layer_hook_point`` in ``for layer, layer_hook_point in zip(…, …, strict=True)``."""
        target, iterated = node.target, node.iter
        if (
            isinstance(target, ast.Tuple)
            and len(target.elts) == 2
            and isinstance(name := target.elts[1], ast.Name)
            and self.names.is_single(name.id)
            and isinstance(iterated, ast.Call)
            and isinstance(iterated.func, ast.Name)
            and iterated.func.id == "zip"
            and len(iterated.args) == 2
            and [keyword.arg for keyword in iterated.keywords] == ["strict"]
            and any(
                isinstance(inner, ast.Attribute) and self.names.is_plural(inner.attr)
                for inner in ast.walk(iterated.args[1])
            )
        ):
            return name.id
        return None

    # Statements.

    def hooked_after(self, node: ast.stmt, local: Collection[str]) -> Hooked | None:
        """``a = self.N(a)``, ``out.field = …``, ``out = (*out[:1], self.N(out[1]), *out[2:])``."""
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            return None
        target, value = node.targets[0], node.value
        whole = ast.unparse(target)
        if isinstance(value, ast.Tuple):
            part = _rebuilt(whole, value)
            if part is None:
                return None
            value, hooked = part, None
        else:
            hooked = target
        if isinstance(value, ast.IfExp) and self.tested(value, local):
            value = value.body
        hook_points: list[str] = []
        while (inner := self.wrapped(value, local)) is not None:
            assert isinstance(value, ast.Call)
            hook_points.insert(0, ast.unparse(value.func))
            value = inner
        if not hook_points:
            return None
        if hooked is None:
            if not _is_item(value, whole):
                return None
        elif not same(hooked, value):
            return None
        return Hooked(ast.unparse(value), hook_points)

    def made(self, node: ast.stmt) -> Made | None:
        """The hook points that a statement makes, or adds to a container of them."""
        match node:
            case ast.Assign(targets=targets, value=value) if self._is_hook_value(value):
                pass
            case ast.AnnAssign(target=holder, value=ast.expr() as value) if self._is_hook_value(
                value
            ):
                targets = [holder]
            case ast.Expr(value=ast.Call() as call):
                return self._made_by_call(call)
            case _:
                return None
        names: list[str] = []
        follows = True
        target: ast.expr
        for target in targets:
            plural = not self._is_hook_point(value)
            while isinstance(target, ast.Subscript):
                plural = True
                target = target.value
            if not isinstance(target, ast.Attribute):
                return None
            names.append(target.attr)
            fits = self.names.is_plural if plural else self.names.is_single
            follows = follows and fits(target.attr)
        if not follows and self._is_empty(value):
            return None
        return Made(names, follows)

    def _made_by_call(self, call: ast.Call) -> Made | None:
        match call:
            case ast.Call(func=ast.Name(id="setattr"), args=[_, name, value]):
                pass
            case ast.Call(
                func=ast.Attribute(attr="add_module" | "register_module"), args=[name, value]
            ):
                pass
            case ast.Call(
                func=ast.Attribute(attr="append" | "extend" | "update" | "insert", value=holder),
                args=[*_, value],
            ):
                while isinstance(holder, ast.Subscript):
                    holder = holder.value
                if not isinstance(holder, ast.Attribute) or not self._is_hook_value(value):
                    return None
                return Made([holder.attr], self.names.is_plural(holder.attr))
            case _:
                return None
        if not self._is_hook_value(value):
            return None
        text = ast.unparse(name)
        if isinstance(name, ast.Constant | ast.JoinedStr):
            text = text[text.index(text[-1]) + 1 : -1]
        return Made([text], self.names.fits_string(name))

    def _is_hook_point(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and self.imported.name_of(node.func) == "HookPoint"

    def _is_empty(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and not node.args and not self._is_hook_point(node)

    def _is_hook_value(self, node: ast.expr) -> bool:
        """Whether it is ``HookPoint()``, or a list, dict or container of nothing else."""
        match node:
            case ast.Call(func=function, args=args, keywords=[]):
                if self._is_hook_point(node):
                    return True
                name = function.attr if isinstance(function, ast.Attribute) else ""
                name = function.id if isinstance(function, ast.Name) else name
                if name not in ("ModuleList", "ModuleDict", "dict"):
                    return False
                return len(args) <= 1 and all(self._is_hook_value(value) for value in args)
            case ast.ListComp(elt=value) | ast.GeneratorExp(elt=value) | ast.DictComp(value=value):
                return self._is_hook_value(value)
            case ast.List(elts=values) | ast.Tuple(elts=values) | ast.Dict(values=values):
                return bool(values) and all(self._is_hook_value(value) for value in values)
            case _:
                return False

    def is_auto_hook(self, node: ast.stmt, self_name: str) -> bool:
        """Whether it is ``auto_hook(self)``."""
        return (
            isinstance(node, ast.Expr)
            and isinstance(call := node.value, ast.Call)
            and self.imported.name_of(call.func) == "auto_hook"
            and len(call.args) == 1
            and isinstance(call.args[0], ast.Name)
            and call.args[0].id == self_name
        )


def is_setup(node: ast.stmt, self_name: str) -> bool:
    """Whether it is ``self.setup()``."""
    return isinstance(node, ast.Expr) and ast.unparse(node) == f"{self_name}.setup()"


def same(one: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions are spelled alike."""
    return ast.unparse(one) == ast.unparse(other)


def _rebuilt(name: str, value: ast.Tuple) -> ast.expr | None:
    """``self.N(out[1])`` in ``(*out[:1], self.N(out[1]), *out[2:])``, whose `name` is ``out``."""
    elements = list(_spelled(value))
    plain = [e for e in value.elts if not isinstance(e, ast.Starred)]
    if len(plain) != 1:
        return None
    place = value.elts.index(plain[0])
    around = elements[:place] + elements[place + 1 :]
    first = [f"*{name}[:{place_of(plain[0])}]"] if place else []
    last = [f"*{name}[{place_of(plain[0]) + 1}:]"]
    return plain[0] if around in (first + last, first) else None


def place_of(node: ast.expr) -> int:
    """The number by which the innermost argument of a call is taken, ``1`` in ``f(g(out[1]))``."""
    while isinstance(node, ast.Call) and node.args:
        node = node.args[0]
    while isinstance(node, ast.IfExp):
        return place_of(node.body)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value if isinstance(node.slice.value, int) else -1
    return -1


def _spelled(value: ast.Tuple) -> Iterator[str]:
    return (ast.unparse(element) for element in value.elts)


def _is_item(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Subscript) and ast.unparse(node.value) == name
