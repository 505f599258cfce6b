"""What a unit of the interpretation is by its own text: a method, of which instance, a property."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.state import Unit
from autohook_codegen.declares.files import FunctionNode
from autohook_codegen.declares.names import dotted_name

__all__ = [
    "has_decorator",
    "is_left_to_subclasses",
    "is_method",
    "is_property",
    "name_of",
    "receiver_of",
]


def name_of(unit: Unit) -> str:
    """Return its name; a lambda and a file have none."""
    return getattr(unit.node, "name", "")


def is_method(unit: Unit) -> bool:
    """Tell whether the unit is the method that its class has under that name."""
    owner, node = unit.owner, unit.node
    return (
        owner is not None
        and isinstance(node, FunctionNode)
        and owner.methods.get(node.name) is node
    )


def is_left_to_subclasses(unit: Unit) -> bool:
    """Tell whether a method does nothing itself, where subclasses have another in its place, or is
    said to be abstract: what it gives back is what theirs give."""
    node, owner = unit.node, unit.owner
    if owner is None or not is_method(unit) or not isinstance(node, FunctionNode):
        return False
    does_nothing = all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in node.body
    )
    is_abstract = "abstractmethod" in _decorators(node)
    return does_nothing and (
        is_abstract or any(node.name in one.methods for one in owner.descendants())
    )


def receiver_of(unit: Unit) -> ast.arg | None:
    """Return the argument that a method gets its instance or class by."""
    if not is_method(unit) or has_decorator(unit.node, "staticmethod"):
        return None
    assert isinstance(unit.node, FunctionNode)
    arguments = [*unit.node.args.posonlyargs, *unit.node.args.args]
    return arguments[0] if arguments else None


def has_decorator(node: ast.AST, name: str) -> bool:
    """Tell whether a function is decorated with the builtin of this name."""
    return any(
        isinstance(one, ast.Name) and one.id == name for one in getattr(node, "decorator_list", ())
    )


def is_property(node: FunctionNode) -> bool:
    """Tell whether reading the method calls it."""
    return not _decorators(node).isdisjoint({"property", "cached_property"})


def _decorators(node: FunctionNode) -> set[str]:
    """Return their last names."""
    return {(dotted_name(one) or "").rsplit(".", 1)[-1] for one in node.decorator_list}
