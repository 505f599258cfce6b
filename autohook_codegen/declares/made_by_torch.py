"""What a call into torch makes: a module, a parameter, a container of what it is given."""

from __future__ import annotations

import ast
from collections.abc import Callable

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.names import BUILTINS
from autohook_codegen.declares.value import OTHER, PARAMETER, Kind, Value

__all__ = ["made_by_torch"]

Infer = Callable[[ast.expr], Value]
"""What an argument is."""


def made_by_torch(dotted: str, node: ast.Call | None, infer: Infer) -> Value | None:
    """What a class or function of torch, einops or Python's own makes; ``None`` for any other."""
    if dotted in torch_facts.PARAMETER_CLASSES:
        return PARAMETER
    if dotted in ("torch.nn.Buffer", "torch.nn.parameter.Buffer"):
        return OTHER
    if dotted.rsplit(".", 1)[-1] == "HookPoint":
        return OTHER  # hand-written, under a name of another pattern
    if dotted in torch_facts.CONTAINERS:
        return _container(dotted, node, infer)
    last = dotted.rsplit(".", 1)[-1]
    if dotted.startswith("torch.nn.") and last[:1].isupper() and dotted.count(".") == 2:
        return Value(frozenset({Kind.MODULE}), frozenset({dotted}))
    if dotted.startswith(("torch.", "math.", "einops.", "numpy.", "os.", "re.")):
        if last[:1].isupper() and not dotted.startswith(("math.", "os.", "re.")):
            return (
                Value(frozenset({Kind.MODULE}), frozenset({dotted}), open_class=True)
                if (".nn." in dotted or dotted.startswith("einops.layers"))
                else OTHER
            )
        return OTHER
    if dotted in BUILTINS:
        return OTHER
    return None


def _container(dotted: str, node: ast.Call | None, infer: Infer) -> Value:
    kind = Kind.DICT if dotted in torch_facts.MODULE_DICTS else Kind.LIST
    items: Value | None = None
    elements: tuple[Value, ...] | None = None
    entries: tuple[tuple[str, Value], ...] | None = None
    arguments = node.args if node is not None else []
    if (
        len(arguments) == 1
        and not isinstance(arguments[0], ast.Starred)
        and dotted != torch_facts.SEQUENTIAL
    ):
        given = infer(arguments[0])
        items, elements, entries = given.items, given.elements, given.entries
    elif arguments:
        given = infer(ast.Tuple(list(arguments), ast.Load()))
        items, elements = given.items, given.elements
        if given.items is not None and Kind.DICT in given.items.kinds:
            # Sequential(OrderedDict(…))
            items, elements, entries = given.items.items, None, given.items.entries
    kinds = {kind, Kind.MODULE} if dotted == torch_facts.SEQUENTIAL else {kind}
    if dotted.startswith("torch.nn.Parameter"):
        items = PARAMETER
        elements = None
        entries = tuple((name, PARAMETER) for name, _ in entries) if entries else None
    return Value(frozenset(kinds), frozenset({dotted}), items, elements, entries)
