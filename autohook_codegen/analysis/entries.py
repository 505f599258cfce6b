"""Entries: the methods that code outside the input calls."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from autohook_codegen.analysis.instances import Instances
from autohook_codegen.analysis.parts import held_of
from autohook_codegen.analysis.state import Unit
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.units import is_method, name_of
from autohook_codegen.analysis.values import Nothing, Parameter, Plain
from autohook_codegen.declares.files import FunctionNode
from autohook_codegen.library import guesses

__all__ = ["NEVER_HOOKED", "STARTS", "Callees", "found_entries"]

Callees = Mapping[ast.AST, Mapping[ast.AST, frozenset[ast.AST]]]
"""Of each function its statements, and which functions of the input each may call."""

STARTS = ("forward", "__call__")
"""Methods that outsiders call, whatever their class says."""

NEVER_HOOKED = frozenset(
    (
        "__init__ __init_subclass__ _init_weights init_weights initialize_weights "
        "reset_parameters reset_weights weight_init _reset_parameters init_parameters "
        "initialize __repr__ extra_repr __str__ __setstate__ __getstate__ __deepcopy__ "
        "__setattr__ __getattr__ state_dict load_state_dict _load_from_state_dict "
        "_save_to_state_dict tie_weights resize_token_embeddings get_input_embeddings "
        "set_input_embeddings get_output_embeddings set_output_embeddings"
    ).split()
)
"""Weight initialisation, weight surgery and what only describes the model."""


def found_entries(
    units: Mapping[ast.AST, Unit], callees: Callees, instances: Instances
) -> Iterator[FunctionNode]:
    """Yield the public methods that run submodules, or combine parameters with an argument, and
    that nothing in their class calls: ``encode``, ``act``, ``training_step``."""
    callers: dict[ast.AST, list[ast.AST]] = {}
    for caller, statements in callees.items():
        for called in {one for found in statements.values() for one in found}:
            callers.setdefault(called, []).append(caller)
    for node, unit in units.items():
        if not isinstance(node, FunctionNode) or not _is_public(unit):
            continue
        if not any(user.is_module for user in instances.users(unit)):
            continue
        if any(_is_beside(units[caller], unit) for caller in callers.get(node, ())):
            continue
        if _runs(node, units, callees, set()):
            yield node


def _is_public(unit: Unit) -> bool:
    name = name_of(unit)
    return (
        is_method(unit)
        and not name.startswith("_")
        and name not in NEVER_HOOKED
        and not guesses.is_weight_method(name)
    )


def _is_beside(caller: Unit, unit: Unit) -> bool:
    """Whether the caller belongs to the same instances, and is no override that goes on by
    ``super()``."""
    if caller.owner is None or unit.owner is None or name_of(caller) == name_of(unit):
        return False
    return caller.owner in unit.owner.mro or unit.owner in caller.owner.mro


def _runs(
    node: ast.AST, units: Mapping[ast.AST, Unit], callees: Callees, seen: set[ast.AST]
) -> bool:
    """Whether the function, or one that it calls, runs something that has a hook point."""
    seen.add(node)
    trace = units[node].trace if node in units else None
    if trace is None:
        return False
    if _runs_submodules(trace) or _combines(trace):
        return True
    inside = {one for found in callees.get(node, {}).values() for one in found} - seen
    return any(_runs(one, units, callees, seen) for one in inside if one not in seen)


def _runs_submodules(trace: FunctionTrace) -> bool:
    return any(
        held.steps
        for call in trace.calls
        for one in call.modules
        if (held := held_of(one)) is not None
    )


def _combines(trace: FunctionTrace) -> bool:
    """Whether an operation takes a parameter and something that is neither one nor a number."""
    if len(trace.arguments) < 2:
        return False
    for operation in trace.operations.values():
        operands: Collection[object] = {one for value in operation.operands for one in value}
        if any(isinstance(one, Parameter) for one in operands):
            if not all(isinstance(one, Parameter | Plain | Nothing) for one in operands):
                return True
    return False
