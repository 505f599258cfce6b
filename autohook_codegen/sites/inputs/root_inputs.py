"""What a root is given, at its entry's start, and what its entry returns."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.call_arguments import arguments_in, returns_of
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Named
from autohook_codegen.declares.files import FunctionNode
from autohook_codegen.sites.candidate import Candidate, First, Form, Reference, Wrap
from autohook_codegen.sites.inputs.carried import Carried, may_be_none
from autohook_codegen.sites.shapes import is_surely_tensor

__all__ = ["root_inputs"]


def root_inputs(function: FunctionTrace, carried: Carried) -> Iterator[Candidate]:
    """Yield the sites of a root's entry."""
    node = function.node
    if not isinstance(node, FunctionNode) or function.receiver is None:
        return
    prefix = "" if node.name in ("forward", "__call__") else f"{node.name}_"
    for argument in arguments_in(node):
        if argument is function.receiver or not carried.brings_data(argument, function):
            continue
        purposes = carried.purposes.of_argument(argument, function)
        value = function.arguments.get(argument, frozenset())
        name = ast.copy_location(ast.Name(argument.arg, ast.Load()), argument)
        form = First(node, name, may_be_none(value, purposes))
        yield _site(f"{prefix}{argument.arg}_in", name, form, function)
    for returned in returns_of(function):
        first = returned.elts[0] if isinstance(returned, ast.Tuple) and returned.elts else returned
        if is_surely_tensor(function.values.get(first, frozenset())):
            yield _site(f"{prefix}out", first, Wrap(first), function)


def _site(name: str, node: ast.expr, form: Form, function: FunctionTrace) -> Candidate:
    receiver, owner = function.receiver, function.owner
    assert receiver is not None
    assert owner is not None
    value = function.values.get(node, frozenset())
    reference = Reference(receiver.arg, (owner,), (Named(name),), value)
    return Candidate(node, reference, "input", form, function)
