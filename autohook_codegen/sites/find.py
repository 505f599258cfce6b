"""All sites of a program, before their hook points have names."""

from __future__ import annotations

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.options import Options
from autohook_codegen.sites.candidate import Candidate, First, LeftAlone
from autohook_codegen.sites.elsewhere import Elsewhere
from autohook_codegen.sites.module_calls import module_calls
from autohook_codegen.sites.parameter_uses import parameter_uses
from autohook_codegen.sites.roles.find import role_sites
from autohook_codegen.sites.written import Written

__all__ = ["find_sites"]


def find_sites(trace: Trace, options: Options) -> tuple[list[Candidate], list[LeftAlone]]:
    """Return the sites of all functions that run with a model, in the order of the source, and the
    places that get none."""
    elsewhere = Elsewhere(trace)
    running = _running(trace)
    roles = role_sites(Flow(trace), running) if options.activations else {}
    candidates: list[Candidate] = []
    left_alone: list[LeftAlone] = []
    for function in running:
        written = Written(function)
        found: list[Candidate | LeftAlone] = list(module_calls(written, trace, elsewhere))
        found += parameter_uses(written, trace)
        found += roles.get(function, ())
        for one in sorted(found, key=lambda one: _place(one, written)):
            if isinstance(one, Candidate):
                candidates.append(one)
            else:
                left_alone.append(one)
    return candidates, left_alone


def _place(one: Candidate | LeftAlone, written: Written) -> tuple[int, int]:
    """Inner expressions first, as they run: so hook points are made as they fire."""
    if isinstance(one, Candidate) and isinstance(one.form, First):
        return written.order[one.place], -len(written.order)
    statement = written.statement(one.node)
    return written.order[statement], -written.depth(one.node)


def _running(trace: Trace) -> list[FunctionTrace]:
    """The functions that run with a model, and those that stand in one."""
    found = [
        function
        for node, function in trace.functions.items()
        if function.node is not None and (node in trace.reached or _stands_in(function, trace))
    ]
    return sorted(
        found,
        key=lambda one: (
            one.file.path,
            getattr(one.node, "lineno", 0),
            getattr(one.node, "col_offset", 0),
        ),
    )


def _stands_in(function: FunctionTrace, trace: Trace) -> bool:
    parent = function.parent
    while parent is not None:
        if parent.node is not None and parent.node in trace.reached:
            return True
        parent = parent.parent
    return False
