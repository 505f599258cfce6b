"""Tests: what a name or attribute is where a test holds, and where it does not."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from autohook_codegen.analysis.frame import Frame, united
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    NOTHING,
    Alternative,
    Class,
    Fields,
    Function,
    Items,
    Module,
    Nothing,
    Parameter,
    Plain,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.names import dotted_name

__all__ = ["narrow_by"]


def narrow_by(frame: Frame, test: ast.expr, holds: bool) -> None:
    """Narrow the names in `test`, which holds or does not."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            narrow_by(frame, operand, not holds)
        case ast.BoolOp(op=op, values=values):
            _several(frame, values, holds, isinstance(op, ast.And) == holds)
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as op], comparators=[right]):
            if isinstance(right, ast.Constant) and right.value is None:
                _keep_nothing(frame, left, isinstance(op, ast.Is) == holds)
        case ast.Call(func=ast.Name(id="isinstance"), args=[one, classes]):
            _keep_instances(frame, one, classes, holds)
        case ast.Call(func=func, args=[one]) if isinstance(one, ast.Name | ast.Attribute):
            asked = _asks_for_none(frame, func)
            cls = _asks_for_class(frame, func)
            if asked is not None:
                _keep_nothing(frame, one, asked == holds)
            elif cls is not None:
                _keep(frame, one, [cls], holds)
        case ast.NamedExpr(target=target):
            if holds:
                _keep_nothing(frame, target, False)
        case ast.Name() | ast.Attribute():
            if holds:
                _keep_nothing(frame, test, False)


def _several(frame: Frame, values: list[ast.expr], holds: bool, all_hold: bool) -> None:
    if all_hold:
        for one in values:
            narrow_by(frame, one, holds)
        return
    # One of them decides, and those before it do not.
    ends = []
    for place in range(len(values)):
        before = frame.branch()
        for earlier in values[:place]:
            narrow_by(frame, earlier, not holds)
        narrow_by(frame, values[place], holds)
        ends.append(frame.environment)
        frame.environment = before
    joined = united(*ends)
    if joined is not None:
        frame.environment = joined


def _value(frame: Frame, node: ast.expr) -> Value | None:
    if isinstance(node, ast.Name):
        return frame.environment.get(node.id) if frame.environment is not None else None
    known = frame.trace.values.get(node)
    if isinstance(node, ast.Attribute) and dotted_name(node) is not None:
        narrowed = frame.narrowed(node)
        return narrowed if narrowed is not None else known
    return None


def _keep_nothing(frame: Frame, node: ast.expr, is_nothing: bool) -> None:
    value = _value(frame, node)
    if value is None:
        return
    kept = frozenset(one for one in value if isinstance(one, Nothing) == is_nothing)
    if is_nothing:
        frame.narrow(node, kept or NOTHING)
    elif kept:
        frame.narrow(node, kept)


def _keep_instances(frame: Frame, node: ast.expr, classes: ast.expr, holds: bool) -> None:
    wanted = [
        one
        for name in (classes.elts if isinstance(classes, ast.Tuple) else [classes])
        for one in frame.evaluate(name)
    ]
    known = [cls for one in wanted if (cls := _class(one)) is not None]
    if len(known) == len(wanted):
        _keep(frame, node, known, holds)


def _keep(frame: Frame, node: ast.expr, classes: Sequence[ClassDecl | str], holds: bool) -> None:
    value = _value(frame, node) or NOT_REACHED
    kept = frozenset(one for one in value if _is_instance(one, classes) in (holds, None))
    # others may come, but a number, function or class that is known is surely none of a class
    if kept or all(isinstance(one, Function | Class | Plain) for one in value):
        frame.narrow(node, kept)


def _class(one: Alternative) -> ClassDecl | str | None:
    match one:
        case Class(cls=cls):
            return cls
        case Unknown(name=str() as name) if name.startswith(_KNOWN):
            return name
    return None


def _is_instance(one: object, classes: Sequence[ClassDecl | str]) -> bool | None:
    """Whether an alternative is of one of the classes; ``None`` where that is not sure."""
    lasts = {cls.rsplit(".", 1)[-1] for cls in classes if isinstance(cls, str)}
    if lasts == {"Callable"}:
        return _is_callable(one)
    match one:
        case Nothing():
            return False
        case Module() | Items() | Fields() if lasts and lasts <= {"Tensor", "Parameter"}:
            return False  # no class is both, whatever else it is derived from
        case Tensor():
            if "Tensor" in lasts:
                return True
            return False if lasts & {"dict", "tuple", "list"} else None
        case Parameter():
            return bool(lasts & {"Tensor", "Parameter"})
        case Fields(is_settable=True) if all(cls in ("tuple", "list") for cls in classes):
            return False
        case Items(kind=kind) | Fields(kind=kind):
            return _is_of(kind, classes, lasts)
        case Module(cls=cls):
            if cls is None or (isinstance(cls, str) and not cls.startswith("torch.")):
                return None
            return _is_of(cls, classes, lasts)
        case Plain():
            return None if lasts - {"Tensor", "Module"} else False
        case Function():
            return bool(lasts & {"FunctionType", "LambdaType", "Callable"})
        case Class():
            return None if lasts - {"Tensor", "Parameter", "Module"} else False
    return None


def _is_callable(one: object) -> bool | None:
    match one:
        case Function() | Class() | Module():
            return True
        case Nothing() | Tensor() | Parameter() | Plain():
            return False
        case Items(kind="tuple" | "list" | "set") | Fields(kind="dict"):
            return False
    return None


def _is_of(kind: object, classes: Sequence[ClassDecl | str], lasts: set[str]) -> bool | None:
    if isinstance(kind, ClassDecl):
        if any(base in classes for base in kind.mro):
            return True
        outside = {base.rsplit(".", 1)[-1] for base in kind.all_outside_bases}
        if outside & lasts or (kind.is_module and "Module" in lasts):
            return True
        return None if outside - {"Module", "object", "ABC"} and lasts else False
    last = str(kind).rsplit(".", 1)[-1]
    names = {last, {"OrderedDict": "dict"}.get(last, last)}
    if names & lasts:
        return True
    if last[:1].isupper() and "Module" in lasts:
        return True
    # Which class a library's one is derived from is not known here.
    return False if last in ("tuple", "list", "dict") or str(kind).startswith("torch.nn.") else None


_KNOWN = ("torch.", "types.", "typing.", "collections.abc.")
"""Where names are of classes whose like the alternatives are known to be or not to be."""
_ASKING = {
    "callable": "typing.Callable",
    "inspect.isfunction": "types.FunctionType",
    "torch.is_tensor": "torch.Tensor",
    "torch.overrides.is_tensor_like": "torch.Tensor",
}


def _asks_for_class(frame: Frame, func: ast.expr) -> str | None:
    """Return the class that a function of a library asks for: ``torch.is_tensor(x)``."""
    names = {getattr(one, "name", None) for one in frame.trace.values.get(func, NOT_REACHED)}
    return _ASKING.get(str(names.pop())) if len(names) == 1 else None


def _asks_for_none(frame: Frame, func: ast.expr) -> bool | None:
    """Whether ``func(x)`` holds where x is ``None`` (or where it is not): an idiom of
    research code, ``def exists(v): return v is not None``."""
    if not isinstance(func, ast.Name):
        return None
    for one in frame.trace.values.get(func, NOT_REACHED):
        if isinstance(one, Function):
            body = one.node.body
            last = body[-1] if isinstance(body, list) else None
            asked = last.value if isinstance(last, ast.Return) else body
            match asked:
                case ast.Compare(
                    left=ast.Name(id=name),
                    ops=[ast.Is() | ast.IsNot() as op],
                    comparators=[ast.Constant(value=None)],
                ) if name in {a.arg for a in one.node.args.args}:
                    return isinstance(op, ast.Is)
    return None
