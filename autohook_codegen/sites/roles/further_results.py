"""Further results of a module that are computed with: ``residual`` of
``y, residual = self.norm(y, residual)`` is ``norm_1``, ``h`` of ``_, (h, c) = self.rnn(x)`` is
``rnn_h``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from autohook_codegen.analysis.call_arguments import path_to
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.trace import How, ModuleCall
from autohook_codegen.analysis.values import (
    Attribute,
    Item,
    Module,
    Named,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.library.recurrent import result_name
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone, Reference
from autohook_codegen.sites.module_calls import called_module
from autohook_codegen.sites.shapes import part_of
from autohook_codegen.sites.written import Written

__all__ = ["further_results"]


def further_results(
    written: Written, flow: Flow, found: Iterable[Candidate | LeftAlone]
) -> Iterator[Candidate]:
    """Yield the sites of one function; `found` are those that it has already.

    One that the module's own hook point shows, for want of a first result that is used, has both
    names.
    """
    standing = {
        (one.form.statement, one.form.target.id): one
        for one in found
        if isinstance(one, Candidate)
        and isinstance(one.form, After)
        and isinstance(one.form.target, ast.Name)
    }
    for call in written.trace.calls:
        use = written.use(call.node)
        reference = called_module(call, written)
        if use is None or use.how is not How.UNPACKED or not isinstance(use.by, ast.Assign):
            continue
        if reference is None or reference.computed is not None:
            continue
        for name, path in _targets(use.by.targets[0]):
            value = call.result
            for place in path:
                value = part_of(value, Item(place))
            known = standing.get((use.by, name.id))
            if not _is_tensor(value) or not _is_computed_with(name, written, flow):
                continue
            if known is None or known.kind == "module call":
                takes = frozenset({call.node}) if known is not None else frozenset()
                named = _reference(reference, call, path, value)
                yield Candidate(
                    call.node,
                    named,
                    "activation",
                    After(use.by, name),
                    written.trace,
                    part=tuple(map(Item, path)),
                    takes=takes,
                    beside=reference,
                )


def _targets(target: ast.expr) -> Iterator[tuple[ast.Name, tuple[int, ...]]]:
    """Yield the names that get another result than the first, each with the way to it."""
    for name in ast.walk(target):
        path = path_to(target, name)
        if isinstance(name, ast.Name) and name.id != "_" and path not in (None, (), (0,)):
            places = tuple(place for place in path or () if isinstance(place, int))
            if len(places) == len(path or ()):
                yield name, places


def _is_tensor(value: Value) -> bool:
    """Tell whether it is a tensor as far as the source says, and nothing else."""
    return any(isinstance(one, Tensor) for one in value) and all(
        isinstance(one, Tensor | Unknown) for one in value
    )


def _is_computed_with(name: ast.Name, written: Written, flow: Flow) -> bool:
    """Tell whether it goes into an operation or a module, and not only on to the caller."""
    modules = {one.node for one in written.trace.calls}
    uses = [
        use
        for read in flow.takers(written.trace).reads(name)
        for use in written.uses_of.get(read, ())
    ]
    return any(
        use.how is How.OPERATION or (use.how is How.ARGUMENT and use.by in modules) for use in uses
    )


def _reference(
    reference: Reference, call: ModuleCall, path: tuple[int, ...], value: Value
) -> Reference:
    dotted = {one.cls for one in call.modules if isinstance(one, Module)}
    (cls,) = dotted if len(dotted) == 1 else (None,)
    label = result_name(cls, path) if isinstance(cls, str) else None
    name = "_".join((*reference.names, label or "_".join(map(str, path))))
    own = [step for step in reference.steps if not isinstance(step, Attribute)]
    return Reference(
        reference.receiver, reference.owners, (Named(name), *own), value, reference.counters
    )
