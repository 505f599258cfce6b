"""What goes into a module: ``self.fc1(self.fc1_in_hook_point(x))``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from autohook_codegen.analysis.call_arguments import arguments_in, given_to
from autohook_codegen.analysis.trace import FunctionTrace, ModuleCall
from autohook_codegen.analysis.values import Computed, Items, Module, Named, Step
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.sites.candidate import Candidate, Reference, Wrap
from autohook_codegen.sites.computed_names import with_suffix
from autohook_codegen.sites.inputs.carried import Carried, may_be_none
from autohook_codegen.sites.inputs.purpose import Purpose
from autohook_codegen.sites.module_calls import called_module
from autohook_codegen.sites.written import Written

__all__ = ["input_of", "module_inputs"]


def module_inputs(written: Written, carried: Carried) -> Iterator[Candidate]:
    """Yield a site for each fed tensor that goes into a module call.

    Several calls of one module in one statement (one norm for q, k and v) get one each.
    """
    found: dict[tuple[ast.stmt, tuple[Step, ...]], list[Candidate]] = {}
    for call in written.trace.calls:
        for one in _of_call(call, written, carried):
            key = written.statement(one.node), one.reference.steps
            found.setdefault(key, []).append(one)
    for several in found.values():
        for one in several:
            yield replace(one, is_alone=one is not several[0])


def _of_call(call: ModuleCall, written: Written, carried: Carried) -> Iterator[Candidate]:
    reference = called_module(call, written)
    if reference is None or call.node in written.in_strings or _is_loss(call):
        return
    is_first = True
    for given, label in _given(call):
        purposes = carried.purposes.of_given(given, call.node, written.trace)
        if not carried.is_input(given, written.trace, purposes):
            continue
        wrap = wrap_of(given, purposes, written.trace)
        if wrap is not None:
            name = "in" if is_first else f"{label}_in"
            yield input_of(reference, name, wrap, written)
        is_first = False


def input_of(reference: Reference, name: str, wrap: Wrap, written: Written) -> Candidate:
    """Return the site of what goes into a module or parameter."""
    value = written.trace.values.get(wrap.node, frozenset())
    named = replace(reference, steps=tuple(_named_steps(reference, name)), value=value)
    return Candidate(wrap.node, named, "input", wrap, written.trace, beside=reference)


def _named_steps(reference: Reference, name: str) -> Iterator[Step]:
    if reference.computed is not None:
        whole = with_suffix(reference.computed.name, f"_{name}")
        yield Computed(whole, (*reference.computed.shape, f"_{name}"))
        return
    yield Named("_".join((*reference.names, name)))
    yield from reference.items


def _given(call: ModuleCall) -> Iterator[tuple[ast.expr, str]]:
    """Yield what the module gets, each with what tells it from the first: the name of the callee's
    argument where the input knows it, else its place; of an item of a tuple both."""
    handed = call.node.args
    if call.callee in handed:  # checkpoint(self.layer, x)
        handed = handed[handed.index(call.callee) + 1 :]
    shown = [*((str(place), one) for place, one in enumerate(handed))]
    shown += [(one.arg, one.value) for one in call.node.keywords if one.arg is not None]
    for place, given in shown:
        label = _argument_of(call, given, handed) or place
        if isinstance(given, ast.Tuple | ast.List):
            for item, inner in enumerate(given.elts):
                yield inner, f"{label}_{item}"
        elif not isinstance(given, ast.Starred | ast.Constant):
            yield given, label


def _argument_of(call: ModuleCall, given: ast.expr, handed: list[ast.expr]) -> str | None:
    """Return the callee's name for what it gets, where all callees are of the input and agree."""
    plain = ast.Call(call.callee, handed, call.node.keywords)
    names: set[str | None] = set()
    for one in call.modules:
        cls = one.cls if isinstance(one, Module) else one.kind if isinstance(one, Items) else None
        method = cls.method("forward") if isinstance(cls, ClassDecl) else None
        names.add(
            next(
                (
                    argument.arg
                    for argument in (arguments_in(method[1]) if method is not None else ())
                    if method is not None
                    and any(node is given for node, _ in given_to(argument, method[1], plain, True))
                ),
                None,
            )
        )
    return names.pop() if len(names) == 1 else None


def _is_loss(call: ModuleCall) -> bool:
    return any(
        isinstance(one, Module) and isinstance(one.cls, str) and one.cls.endswith("Loss")
        for one in call.modules
    )


def wrap_of(given: ast.expr, purposes: frozenset[Purpose], function: FunctionTrace) -> Wrap | None:
    """Return the form; under a test where the value may be ``None``, if it can be read twice."""
    if not may_be_none(function.values.get(given, frozenset()), purposes):
        return Wrap(given)
    return Wrap(given, is_tested=True) if isinstance(given, ast.Name | ast.Attribute) else None
