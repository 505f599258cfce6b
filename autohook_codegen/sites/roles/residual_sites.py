"""The sites of the residual stream, and of what is added to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.parts import origin_of
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import How, ModuleCall
from autohook_codegen.analysis.values import Attribute, Item, Member, Named, Origin, Step
from autohook_codegen.declares.files import ClassDecl, FunctionNode
from autohook_codegen.sites.candidate import Candidate, First, Form, Reference
from autohook_codegen.sites.parts_read import step_of
from autohook_codegen.sites.references import held_by, reference_to
from autohook_codegen.sites.roles.branches import Branch, Branches
from autohook_codegen.sites.roles.residual import Residual, Sum
from autohook_codegen.sites.roles.value_sites import ValueSites
from autohook_codegen.sites.written import Written

__all__ = ["residual_sites"]

_MAKES = frozenset({"module", "linear", "attention", "conv"})


def residual_sites(
    value_sites: ValueSites, residual: Residual, branches: Branches, owner: ClassDecl
) -> Iterator[Candidate]:
    """Yield the sites of a class."""
    sums = [
        one
        for function, its_sums in residual.sums.items()
        if function.owner is owner
        for one in its_sums
    ]
    sums.sort(key=_position)
    judged = {one: [branches.of(term) for term in one.branches] for one in sums}
    streams = _streams(sums)
    for one in sums:
        mids = [
            other
            for other in sums
            if _is_mid(other, sums, streams)
            and streams[other] == streams[one]
            and _is_cross(judged[other]) is _is_cross(judged[one])
            and (other.point.function is one.point.function or not _is_cross(judged[one]))
            and (other is one or not _exclude(one, other))
        ]
        role, suffix = "resid_post", streams[one]
        if _is_mid(one, sums, streams):
            role = "resid_mid_cross" if _is_cross(judged[one]) else "resid_mid"
            if len(mids) > 1:
                suffix = _named_after(value_sites.flow, one) + suffix
        yield from _sum_sites(value_sites, one, role, suffix, judged[one])
    yield from _pre_sites(value_sites, sums, streams, judged)


def _exclude(one: Sum, other: Sum) -> bool:
    """Tell whether a forward comes to one of them alone."""
    function = one.point.function
    return function is other.point.function and Written(function).exclude_each_other(
        one.point.node, other.point.node
    )


def _sum_sites(
    value_sites: ValueSites, one: Sum, role: str, suffix: str, branches: list[Branch]
) -> Iterator[Candidate]:
    container = _container(one, branches)
    site = _site(value_sites, role, one.point, container, suffix=suffix)
    if site is not None:
        yield site
    if container is not None:
        return
    for branch in branches:
        if branch.role is not None and branch.point is not None:
            found = value_sites.site(branch.role, branch.point, {branch.point.node})
            if found is not None:
                yield found


def _pre_sites(
    value_sites: ValueSites,
    sums: list[Sum],
    streams: dict[Sum, str],
    judged: dict[Sum, list[Branch]],
) -> Iterator[Candidate]:
    done: set[tuple[str, ast.AST]] = set()
    for one in sums:
        if one.through_callers:
            continue
        container = _container(one, judged[one])
        if container is not None:
            loop = _loop_of(container[0])
            name = _carried(value_sites, one, loop) if loop is not None else None
            if loop is not None and name is not None and (name.id, loop) not in done:
                done.add((name.id, loop))
                form = First(loop, name)
                site = _site(value_sites, "resid_pre", one.point, container, form)
                if site is not None:
                    yield site
            continue
        for root in one.roots:
            if not _is_own_argument(root, one) or ("", root.node) in done:
                continue
            done.add(("", root.node))
            if _is_taken_apart(root):
                continue
            point = Point(root.node, root.function)
            site = value_sites.site("resid_pre", point, suffix=streams[one])
            if site is not None:
                yield site


def _is_own_argument(root: Point, one: Sum) -> bool:
    """Tell whether it is an argument of a method of the class, one that may be given by place."""
    method = root.function.node
    if root.function.owner is not one.point.function.owner or not isinstance(method, FunctionNode):
        return False
    return root.node in (*method.args.posonlyargs, *method.args.args)


def _is_taken_apart(argument: Point) -> bool:
    """Tell whether the argument is a list or tuple of tensors, of which one is the stream."""
    for use in argument.function.uses:
        if any(origin_of(one) == Origin(argument.node) for one in use.value):
            step = step_of(use)
            if use.how in (How.LOOPED, How.UNPACKED) or (
                isinstance(step, Item) and isinstance(step.key, int)
            ):
                return True
    return False


# --- loops over the members of a container


def _container(one: Sum, branches: list[Branch]) -> tuple[Reference, ModuleCall] | None:
    """Return the container of whose members the branch is one, in a loop over them."""
    for branch in branches:
        if branch.call is None:
            continue
        node = branch.call.point.node
        for call in one.point.function.calls:
            if call.node is not node:
                continue
            held = held_by(call.modules)
            if held is None:
                continue
            reference = reference_to(
                held, call.callee, call.modules, one.point.function, call.counters
            )
            if reference is None:
                continue
            for place, step in enumerate(reference.steps):
                if isinstance(step, Member) and step.loop is not None:
                    steps = reference.steps[: place + 1]
                    short = Reference(
                        reference.receiver, reference.owners, steps, frozenset(), call.counters
                    )
                    return short, call
    return None


def _loop_of(reference: Reference) -> ast.For | ast.AsyncFor | None:
    (member,) = [step for step in reference.steps if isinstance(step, Member)][:1]
    return member.loop if isinstance(member.loop, ast.For | ast.AsyncFor) else None


def _site(
    value_sites: ValueSites,
    role: str,
    point: Point,
    container: tuple[Reference, ModuleCall] | None,
    form: Form | None = None,
    suffix: str = "",
) -> Candidate | None:
    site = value_sites.site(role, point, {point.node} if form is None else (), form, suffix)
    if site is None or container is None:
        return site
    beside, _ = container
    steps: tuple[Step, ...] = (
        Named(role + suffix),
        *(step for step in beside.steps if isinstance(step, Member)),
    )
    reference = replace(site.reference, steps=steps, counters=beside.counters)
    return replace(site, reference=reference, beside=beside)


def _carried(value_sites: ValueSites, one: Sum, loop: ast.For | ast.AsyncFor) -> ast.Name | None:
    """Return the name that holds the stream from one round to the next."""
    inside = set(one.point.function.file.nodes.within(loop))
    definitions = value_sites.flow.definitions(one.point.function)
    for way in value_sites.flow.walk(
        one.stream, lambda way: way.kind in ("same", "choice", "view")
    ):
        node = way.point.node
        if isinstance(node, ast.Name) and node in inside:
            bindings = definitions.of.get(node, frozenset())
            if any(one in inside for one in bindings) and any(
                one not in inside for one in bindings
            ):
                return ast.copy_location(ast.Name(node.id, ast.Load()), loop)
    return None


# --- which sum is which


def _position(one: Sum) -> tuple[int, int]:
    node = one.point.node
    return (getattr(node, "end_lineno", 0) or 0, getattr(node, "end_col_offset", 0) or 0)


def _is_mid(one: Sum, sums: list[Sum], streams: dict[Sum, str]) -> bool:
    """Tell whether a later sum takes it as its stream, or follows it on the same one."""
    later = [other for other in sums if _position(one) < _position(other)]
    return any(
        one.point.node in [root.node for root in other.roots]
        or (
            other.point.function is one.point.function
            and streams[other] == streams[one]
            and not _exclude(one, other)
        )
        for other in later
    )


def _is_cross(branches: list[Branch]) -> bool:
    return any(one.looks_elsewhere for one in branches)


def _streams(sums: list[Sum]) -> dict[Sum, str]:
    """Return what tells the streams apart: nothing for the first, ``_`` and its argument's name for
    a further one."""
    arguments: dict[Sum, ast.arg | None] = {}
    by_node = {one.point.node: one for one in sums}
    for one in sums:
        roots = [root.node for root in one.roots]
        own = sorted(
            (root for root in roots if isinstance(root, ast.arg)), key=lambda root: root.lineno
        )
        earlier = [by_node[root] for root in roots if root in by_node and by_node[root] is not one]
        known = [arguments[other] for other in earlier if other in arguments]
        arguments[one] = own[0] if own else next(iter(known), None)
    used = [one for one in arguments.values() if one is not None]
    first = min(used, key=lambda one: (one.lineno, one.col_offset), default=None)
    by_function = {one.point.function for one in sums}
    several = len({one.arg for one in used}) > 1 and len(by_function) == 1
    return {
        one: f"_{argument.arg}"
        if several and argument is not None and argument is not first
        else ""
        for one, argument in arguments.items()
    }


def _named_after(flow: Flow, one: Sum) -> str:
    """Return ``_attn`` after the module that has made the branch, or the last one before it."""
    for term in one.branches:
        for way in flow.walk(term, lambda way: way.kind not in _MAKES | {"add"}):
            held = held_by(way.modules) if way.kind in _MAKES else None
            names = (
                [step.name for step in held.steps if isinstance(step, Attribute)] if held else []
            )
            if names:
                return "_" + "_".join(names)
    return ""
