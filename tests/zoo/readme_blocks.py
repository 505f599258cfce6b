"""Every model of a package's README, as small as it runs, called as the README calls it."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import metadata
from typing import Any

import torch
from torch import nn

from tests.zoo.built import Call, NotBuiltError
from tests.zoo.torchvision_operators import declare_operators

Readme = Sequence[str]
"""Its blocks of code."""
PYTHON_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
WIDTH = re.compile(r"^(dim|mlp_dim|.*_mlp_dim|emb_dim|embed_dim|sm_dim|lg_dim|decoder_dim|.*_dim)$")
DEPTH = re.compile(r"depth$|num_layers")


def names(package: str) -> list[str]:
    return [f"readme-{number}" for number in range(len(blocks(package)))]


@cache
def blocks(package: str) -> Readme:
    """The README is the package's description."""
    text = metadata(package).get_payload()
    assert isinstance(text, str)
    return PYTHON_BLOCK.findall(text)


class _Random(ast.NodeTransformer):
    """Takes random weights where the block would download some, and stays on the CPU."""

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        self.generic_visit(node)
        if node.arg == "pretrained":
            node.value = ast.copy_location(ast.Constant(False), node.value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        moves = isinstance(node.func, ast.Attribute) and node.func.attr == "cuda"
        return node.func.value if moves else node  # type: ignore[attr-defined]


class _Shallow(_Random):
    """Leaves two layers, in keyword arguments alone."""

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        node = super().visit_keyword(node)
        for value in ast.walk(node.value):
            if isinstance(value, ast.Constant) and type(value.value) is int:
                value.value = self.number(node.arg or "", value.value)
        return node

    def number(self, name: str, value: int) -> int:
        return min(value, 2) if DEPTH.search(name) else value


class _Small(_Shallow):
    """Divides widths by 8 too."""

    def number(self, name: str, value: int) -> int:
        if WIDTH.search(name) and value % 8 == 0 and value >= 64:
            return value // 8
        return super().number(name, value)


class _Proportional(_Shallow):
    """Divides every large number by 8, those of the inputs too, so that they still go together."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if type(node.value) is int and node.value % 8 == 0 and node.value >= 64:
            node.value = node.value // 8
        return node


CHANGES = (_Small, _Shallow)
PROPORTIONAL = (_Proportional, *CHANGES)


def model(
    package: str,
    name: str,
    known: Any = None,
    *,
    changes: Sequence[type[_Random]] = CHANGES,
    uncalled: Call | None = None,
) -> tuple[nn.Module, Call]:
    """The model of one block, as small as it runs with the first of the changes.

    `uncalled` calls a model that no block calls.

    Raises:
        NotBuiltError: the block builds no model, or does not run as it stands here.
    """
    declare_operators()
    readme = blocks(package)
    number = int(name.rpartition("-")[2])
    for change in changes:
        try:
            tried, call = _found(readme, number, change(), uncalled)
            with torch.no_grad():
                call(tried)
            return _found(readme, number, change(), uncalled)
        except Exception:  # a block's numbers hang together in ways that no rule here knows
            continue
    try:
        return _found(readme, number, _Random(), uncalled)
    except (AssertionError, ImportError, NameError, OSError) as error:
        raise NotBuiltError(f"{type(error).__name__}: {error}") from None


class _FoundError(BaseException):
    """Ends a block at its first call of a model."""

    def __init__(self, model: nn.Module, call: Call) -> None:
        self.model, self.call = model, call


def _found(
    readme: Readme, number: int, change: ast.NodeTransformer, uncalled: Call | None
) -> tuple[nn.Module, Call]:
    """What the block calls first. Where it calls nothing: the model that it makes, with what the
    blocks that it continues call theirs, or those that continue it, or with `uncalled`."""
    torch.manual_seed(0)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    first = number
    while first and not _begins(readme[first]):
        first -= 1
    calls: list[Call] = []
    with _calls_of_models(calls.append):
        for earlier in range(first, number):
            _run(readme[earlier], change, namespace)
    found = _first_call(readme[number], change, namespace)
    if found is not None:
        return found.model, found.call
    made = _made(readme[number], namespace)
    later = number + 1
    while not calls and later < len(readme) and not _begins(readme[later]):
        found = _first_call(readme[later], change, namespace)
        calls += [found.call] if found is not None else []
        later += 1
    if uncalled is not None:
        calls = calls or [uncalled]
    if made is None or not calls:
        raise NotBuiltError("the block makes no model, or nothing calls it")
    return made, calls[-1]


def _begins(block: str) -> bool:
    return "import" in block


def _run(block: str, change: ast.NodeTransformer, namespace: dict[str, Any]) -> None:
    tree = ast.fix_missing_locations(change.visit(ast.parse(block)))
    exec(compile(tree, "readme", "exec"), namespace)


def _first_call(
    block: str, change: ast.NodeTransformer, namespace: dict[str, Any]
) -> _FoundError | None:
    try:
        with _calls_of_models(None):
            _run(block, change, namespace)
    except _FoundError as found:
        return found
    return None


def _made(block: str, namespace: dict[str, Any]) -> nn.Module | None:
    """The model that the block's last assignment binds."""
    for statement in reversed(ast.parse(block).body):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            value = namespace[statement.targets[0].id]
            if isinstance(value, nn.Module):
                return value
    return None


@contextmanager
def _calls_of_models(keep: Callable[[Call], None] | None) -> Iterator[None]:
    """Keeps each call that a block itself makes; without `keep`, the first one ends the block."""
    original = nn.Module.__call__
    inside = False

    def seen(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        nonlocal inside
        if keep is None:
            raise _FoundError(module, Call(args, kwargs))
        if inside:
            return original(module, *args, **kwargs)
        keep(Call(copy.deepcopy(args), copy.deepcopy(kwargs)))
        inside = True
        try:
            return original(module, *args, **kwargs)
        finally:
            inside = False

    nn.Module.__call__ = seen  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        nn.Module.__call__ = original  # type: ignore[method-assign]
