"""All sites of a program, before their hook points have names."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.options import Options
from autohook_codegen.sites.asked_sites import asked_sites, with_asked
from autohook_codegen.sites.candidate import Candidate, First, LeftAlone
from autohook_codegen.sites.elsewhere import Elsewhere
from autohook_codegen.sites.handed_on import handed_on, kept_elsewhere
from autohook_codegen.sites.inputs.find import Inputs
from autohook_codegen.sites.module_calls import module_calls
from autohook_codegen.sites.parameter_uses import parameter_uses
from autohook_codegen.sites.parts import Parts
from autohook_codegen.sites.roles.find import role_sites, value_sites_in
from autohook_codegen.sites.roles.further_results import further_results
from autohook_codegen.sites.roles.nearest import Nearest
from autohook_codegen.sites.roles.none_found import files_without_roles
from autohook_codegen.sites.roles.plain_operations import plain_operations
from autohook_codegen.sites.roots import find_roots
from autohook_codegen.sites.unknown_names import unknown_names
from autohook_codegen.sites.unknown_parts import unknown_parts
from autohook_codegen.sites.written import Written

__all__ = ["find_sites"]


def find_sites(flow: Flow, options: Options) -> tuple[list[Candidate], list[LeftAlone]]:
    """Return the sites of all functions that run with a model, in the order of the source, and the
    places that get none."""
    trace = flow.trace
    elsewhere = Elsewhere(flow)
    running = _running(trace)
    asked = options.asked_sites
    value_sites = value_sites_in(flow, running)
    roles = role_sites(value_sites, running) if options.modules or options.activations else {}
    shown = {node: one.role for its in roles.values() for one in its for node in one.takes}
    if not options.activations:
        roles = {}
    inputs = Inputs(flow, _roots(trace, options), options.entry) if options.inputs else None
    written = {function: Written(function) for function in running}
    found: dict[FunctionTrace, list[Candidate | LeftAlone]] = {
        function: [
            *(_showing(one, shown) for one in module_calls(its, trace, elsewhere)),
            *handed_on(function, trace, elsewhere),
            *unknown_parts(function, flow),
            *unknown_names(function, trace),
            *parameter_uses(its, trace),
            *roles.get(function, ()),
        ]
        for function, its in written.items()
    }
    if options.activations:
        with_roles = {one.file for one, sites in roles.items() if sites}
        for note in (*value_sites.notes, *files_without_roles(flow, running, with_roles)):
            found[note.function].append(note)
    nearest = Nearest(flow, (one for its in found.values() for one in its))
    if options.activations:
        for function, its in written.items():
            found[function] += further_results(its, flow, found[function])
            plain = list(plain_operations(its, value_sites, nearest, roles.get(function, ())))
            on_the_spot = {one.node for one in plain}
            found[function] = [
                one
                for one in found[function]
                if one.node not in on_the_spot or isinstance(one, Candidate)
            ]
            found[function] += plain
    for site in asked_sites(asked, list(written.values()), value_sites, nearest):
        found[site.function] = with_asked(found[site.function], site)
    candidates: list[Candidate] = []
    left_alone = [
        note
        for function in trace.functions.values()
        if function not in written
        for note in kept_elsewhere(function, trace, elsewhere)
    ]
    for function, its in written.items():
        sites = found[function]
        if inputs is not None:
            sites += inputs.of(its, sites)
        for one in sorted(sites, key=lambda one: _place(one, its)):
            if isinstance(one, Candidate):
                candidates.append(one)
            else:
                left_alone.append(one)
    return candidates, left_alone


def _showing(
    one: Candidate | LeftAlone, shown: Mapping[ast.AST, str | None]
) -> Candidate | LeftAlone:
    """Write down which role the result of a module has."""
    if isinstance(one, Candidate) and not one.part:
        return replace(one, shows=shown.get(one.node))
    return one


def _roots(trace: Trace, options: Options) -> list[ClassDecl]:
    """The classes that are roots, if anything of theirs is hooked."""
    if options.root is None:
        return find_roots(trace, Parts(trace))
    return [
        one
        for one in trace.program.classes
        if one.is_module and (one.name in options.root or one.qualified_name in options.root)
    ]


def _place(one: Candidate | LeftAlone, written: Written) -> tuple[int, int]:
    """Inner expressions first, as they run: so hook points are made as they fire."""
    if isinstance(one, Candidate) and isinstance(one.form, First):
        return written.order[one.place], -len(written.nodes)
    node: ast.AST = one.node
    if isinstance(node, ast.ClassDef):
        return 0, 0
    is_given = isinstance(one, Candidate) and one.kind in ("input", "parameter use")
    while is_given and _is_beside(node, written):
        node = next(written.around(node))
    statement = written.statement(one.node)
    return written.order[statement], -written.depth(node)


def _is_beside(node: ast.AST, written: Written) -> bool:
    """Whether it is one of the items that a call gets in a tuple, or gets by a name."""
    return isinstance(written.parent(node), ast.Tuple | ast.List | ast.keyword)


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
