"""Every model of vit-pytorch's README, as small as it runs, called as the README calls it."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import metadata
from typing import Any

import torch
from torch import nn

from tests.zoo.built import Call, NotBuiltError
from tests.zoo.torchvision_operators import declare_operators

PYTHON_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
WIDTH = re.compile(r"^(dim|mlp_dim|.*_mlp_dim|emb_dim|embed_dim|sm_dim|lg_dim|decoder_dim|.*_dim)$")
DEPTH = re.compile(r"depth$|num_layers")


def blocks() -> list[str]:
    """The README's code; it is the package's description."""
    text = metadata("vit-pytorch").get_payload()
    assert isinstance(text, str)
    return PYTHON_BLOCK.findall(text)


def names() -> list[str]:
    return [f"readme-{number}" for number in range(len(blocks()))]


class _Random(ast.NodeTransformer):
    """Takes random weights where the block would download some."""

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        self.generic_visit(node)
        if node.arg == "pretrained":
            node.value = ast.copy_location(ast.Constant(False), node.value)
        return node


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


def model(name: str, known: Any = None) -> tuple[nn.Module, Call]:
    """The model of one block, as small as it runs.

    Raises:
        NotBuiltError: the block builds no model, or does not run as it stands here.
    """
    declare_operators()
    number = int(name.rpartition("-")[2])
    for change in (_Small(), _Shallow()):
        try:
            tried, call = _found(number, change)
            with torch.no_grad():
                call(tried)
            return _found(number, change)
        except Exception:  # a block's numbers hang together in ways that no rule here knows
            continue
    try:
        return _found(number, _Random())
    except (AssertionError, ImportError, NameError, OSError) as error:
        raise NotBuiltError(f"{type(error).__name__}: {error}") from None


class _FoundError(BaseException):
    """Ends a block at its first call of a model."""

    def __init__(self, model: nn.Module, call: Call) -> None:
        self.model, self.call = model, call


def _found(number: int, change: ast.NodeTransformer) -> tuple[nn.Module, Call]:
    """What the block calls first. Where it calls nothing: the model that it makes, with what the
    blocks that it continues call theirs, or those that continue it."""
    torch.manual_seed(0)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    first = number
    while first and not _begins(first):
        first -= 1
    calls: list[Call] = []
    with _calls_of_models(calls.append):
        for earlier in range(first, number):
            _run(earlier, change, namespace)
    found = _first_call(number, change, namespace)
    if found is not None:
        return found.model, found.call
    made = _made(number, namespace)
    later = number + 1
    while not calls and later < len(blocks()) and not _begins(later):
        found = _first_call(later, change, namespace)
        calls += [found.call] if found is not None else []
        later += 1
    if made is None or not calls:
        raise NotBuiltError("the block makes no model, or nothing calls it")
    return made, calls[-1]


def _begins(number: int) -> bool:
    return "import" in blocks()[number]


def _run(number: int, change: ast.NodeTransformer, namespace: dict[str, Any]) -> None:
    tree = ast.fix_missing_locations(change.visit(ast.parse(blocks()[number])))
    exec(compile(tree, f"readme-{number}", "exec"), namespace)


def _first_call(
    number: int, change: ast.NodeTransformer, namespace: dict[str, Any]
) -> _FoundError | None:
    try:
        with _calls_of_models(None):
            _run(number, change, namespace)
    except _FoundError as found:
        return found
    return None


def _made(number: int, namespace: dict[str, Any]) -> nn.Module | None:
    """The model that the block's last assignment binds."""
    for statement in reversed(ast.parse(blocks()[number]).body):
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
