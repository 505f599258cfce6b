"""Classes of other people's packages that are drawn from, and what is true of all of them.

A class is listed by what stands in its methods, without anything that the rewriter does: so the
lists hold what it misses. They hold too much rather than too little; what a drawn class really is,
its reader says.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.zoo.packages import PACKAGES, Package, unpacked

__all__ = ["KINDS", "Drawn", "draw"]

_FUSED = frozenset(
    "scaled_dot_product_attention dispatch_attention_fn flash_attn_func memory_efficient_attention"
    " flex_attention get_interface ALL_ATTENTION_FUNCTIONS".split()
)
_PRODUCTS = frozenset("matmul bmm baddbmm einsum".split())


@dataclass(frozen=True)
class Drawn:
    """A class of a package."""

    package: Package
    path: Path
    """Relative to the folder of all packages."""
    node: ast.ClassDef

    def __str__(self) -> str:
        return f"{self.package.name} {self.package.version} {self.path}:{self.node.lineno} {self.node.name}"


def draw(kind: str, seed: int, folder: Path) -> list[Drawn]:
    """Return the classes of a kind in an order that the seed gives: those to be judged come first."""
    found = list(_distinct(KINDS[kind], folder))
    random.Random(seed).shuffle(found)
    return found


def _distinct(is_one: Callable[[ast.ClassDef, ast.Module], bool], folder: Path) -> Iterator[Drawn]:
    """Yield each class once whose methods (all but ``__init__``) are the same."""
    seen: set[str] = set()
    for package in PACKAGES:
        root = unpacked(package, folder)
        for path in sorted(root.rglob("*.py")):
            if path.name.startswith("modular_"):  # what transformers makes its files of
                continue
            tree = ast.parse(path.read_text())
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and is_one(node, tree):
                    text = "".join(ast.dump(one) for method in methods(node) for one in method.body)
                    if text not in seen:
                        seen.add(text)
                        yield Drawn(package, path.relative_to(folder), node)


def methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    """Return a class's methods but ``__init__``."""
    return [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name != "__init__"]


def _computes_attention(node: ast.ClassDef, tree: ast.Module) -> bool:
    """Tell whether a fused attention is named, or a softmax and two products, in the class or in
    the file's functions that it names."""
    names = [name for method in methods(node) for name in _names(method)]
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name in names:
            names += _names(function)
    return bool(_FUSED & set(names)) or (
        any("softmax" in name.lower() for name in names)
        and sum(name in _PRODUCTS or name == "@" for name in names) > 1
    )


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name):
                yield name
            case ast.BinOp(op=ast.MatMult()):
                yield "@"


def _holds_residual_sum(node: ast.ClassDef, _: ast.Module) -> bool:
    """Tell whether a method adds, and calls an attribute of its own beside it."""
    return any(
        any(_is_sum(one) for one in ast.walk(method))
        and any(
            isinstance(one, ast.Call) and ast.unparse(one.func).startswith("self.")
            for one in ast.walk(method)
        )
        for method in methods(node)
        if method.name.startswith("forward")
    )


def _is_sum(node: ast.AST) -> bool:
    """Tell whether two values are added that have names or are called, and no numbers."""
    match node:
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            terms = [left, right]
        case ast.AugAssign(op=ast.Add(), target=left, value=right):
            terms = [left, right]
        case ast.Call(func=ast.Attribute(value=left, attr="add" | "add_"), args=[right, *_]):
            terms = [left, right]
        case _:
            return False
    return not any(
        isinstance(one, ast.Constant | ast.Tuple | ast.List | ast.JoinedStr) for one in terms
    )


KINDS: dict[str, Callable[[ast.ClassDef, ast.Module], bool]] = {
    "attention": _computes_attention,
    "residual": _holds_residual_sum,
}
