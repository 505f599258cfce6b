"""Every model of vit-pytorch's README, made small, called as the README calls it."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable
from importlib.metadata import metadata
from typing import Any

import torch
from torch import nn

from tests.zoo.torchvision_operators import declare_operators

PYTHON_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
WIDTH = re.compile(r"^(dim|mlp_dim|.*_mlp_dim|emb_dim|embed_dim|sm_dim|lg_dim|decoder_dim|.*_dim)$")
DEPTH = re.compile(r"depth$|num_layers")


class NotBuiltError(Exception):
    """A block of the README that cannot run here; the message says why."""


def blocks() -> list[str]:
    """The README's code; it is the package's description."""
    text = metadata("vit-pytorch").get_payload()
    assert isinstance(text, str)
    return PYTHON_BLOCK.findall(text)


def names() -> list[str]:
    return [f"readme-{number}" for number in range(len(blocks()))]


class _Smaller(ast.NodeTransformer):
    """Divides widths by 8 and leaves two layers, in keyword arguments alone."""

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        self.generic_visit(node)
        name = node.arg or ""
        for value in ast.walk(node.value):
            if isinstance(value, ast.Constant) and type(value.value) is int:
                if DEPTH.search(name):
                    value.value = min(value.value, 2)
                elif WIDTH.search(name) and value.value % 8 == 0 and value.value >= 64:
                    value.value //= 8
        return node


class _FoundError(BaseException):
    """Ends a block at its first call of a model."""

    def __init__(self, model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.model, self.args_given, self.kwargs = model, args, kwargs


class Call:
    """Calls a model as the README does, each time with copies."""

    known = None
    """The name alone says which model it is."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs = args, kwargs

    def __call__(self, model: nn.Module) -> Any:
        return model(*copy.deepcopy(self.args), **copy.deepcopy(self.kwargs))


def model(name: str, known: Any = None) -> tuple[nn.Module, Callable[[nn.Module], Any]]:
    """The model of one block.

    Raises:
        NotBuiltError: the block builds no model, or needs what is not installed.
    """
    tree = _Smaller().visit(ast.parse(blocks()[int(name.rpartition("-")[2])]))
    code = compile(ast.fix_missing_locations(tree), name, "exec")
    original = nn.Module.__call__

    def stop(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        raise _FoundError(module, args, kwargs)

    declare_operators()
    torch.manual_seed(0)
    nn.Module.__call__ = stop  # type: ignore[assignment,method-assign]
    try:
        exec(code, {"__name__": name})
    except _FoundError as found:
        return found.model, Call(found.args_given, found.kwargs)
    except (ImportError, NameError, OSError) as error:
        raise NotBuiltError(f"{type(error).__name__}: {error}") from None
    finally:
        nn.Module.__call__ = original  # type: ignore[method-assign]
    raise NotBuiltError("the block calls no model")
