"""What a user is told about the sites, and about the places that have none."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis.trace import Trace
from autohook_codegen.analysis.values import Fields, Items, Module, Nothing, Parameter
from autohook_codegen.declares.files import ClassDecl, FileDecl
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone, Wrap
from autohook_codegen.sites.decided import DecidedSite, Remark
from autohook_codegen.sites.hook_points import path_of
from autohook_codegen.sites.in_place import Change
from autohook_codegen.sites.passes import shared_hook_points
from autohook_codegen.sites.repeats import Repeat, repeating_loops

__all__ = ["remarks_about_changes", "remarks_about_left", "remarks_about_sites"]


_MERGED = (
    NoteCode.CONTAINER_GROWS,
    NoteCode.NO_NAME,
    NoteCode.TAKEN_APART_ELSEWHERE,
    NoteCode.WEIGHTS_ALONE,
)
"""Kinds of which one note says where in a file it is so."""

_OPTIONAL = ("bias", "affine", "elementwise_affine")
"""Arguments of torch's layers that say whether there is a parameter."""


def remarks_about_left(
    left_alone: Iterable[LeftAlone], at_run_time: Collection[ClassDecl]
) -> Iterator[Remark]:
    """Say what has no site; `at_run_time` are the classes that ``auto_hook`` completes."""
    merged: dict[tuple[object, object, bool], list[LeftAlone]] = {}
    for one in left_alone:
        owners = set(one.reference.owners) if one.reference is not None else set()
        if not owners and one.function.owner is not None:
            owners = {one.function.owner}
        is_hooked = bool(owners) and owners.issubset(at_run_time) and not one.is_unseen
        is_merged = one.message.code in _MERGED
        place, kind = (one.function.file, one.message.code) if is_merged else (one, one.message)
        merged.setdefault((place, kind, is_hooked), []).append(one)
    for (_, _, is_hooked), its in merged.items():
        first = its[0]
        message = replace(first.message, text=first.message.text + _where_else(its))
        yield Remark(first.function.file, first.node, message, is_hooked)


def _where_else(its: list[LeftAlone]) -> str:
    """Return the other lines, ``, line 30, line 41 (self.rotary(…))``."""
    first, *others = its
    told = {first.node.lineno}
    found = ""
    for one in others:
        if one.node.lineno not in told:
            told.add(one.node.lineno)
            same = one.message.subject == first.message.subject
            found += f", line {one.node.lineno}" + ("" if same else f" ({one.message.subject})")
    return found


def remarks_about_changes(
    changes: Iterable[Change], sites: Iterable[DecidedSite], at_run_time: Collection[ClassDecl]
) -> Iterator[Remark]:
    """Say where each file changes values that hook points have seen."""
    hook_points = {one.candidate: one.hook_point.name for one in sites}
    merged: dict[tuple[FileDecl, bool], list[Change]] = {}
    for one in changes:
        is_hooked = set(one.classes).issubset(at_run_time)
        merged.setdefault((one.function.file, is_hooked), []).append(one)
    for (file, is_hooked), its in merged.items():
        seen = {site for one in its for site in one.sites}
        names = dict.fromkeys(name for site, name in hook_points.items() if site in seen)
        others = _also(one.node for one in its)
        message = NoteCode.CHANGES_IN_PLACE.says(names=_listed(list(names)), others=others)
        yield Remark(file, its[0].node, message, is_hooked)


def remarks_about_sites(sites: Collection[DecidedSite], trace: Trace) -> Iterator[Remark]:
    """Say what would surprise about the sites of each file."""
    for site in sites:
        if site.hook_point.gives_way:
            one = site.candidate
            words = {"path": path_of(one.reference), "name": site.hook_point.name}
            yield Remark(one.function.file, one.node, NoteCode.NAME_OF_A_ROLE.says(**words))
    yield from _optional(sites, trace)
    for site in sites:
        candidate = site.candidate
        if isinstance(candidate.form, After) and candidate.form.is_guarded:
            if not _by_library(candidate, trace):
                message = NoteCode.MAY_BE_A_TUPLE.says(called=path_of(candidate.reference))
                yield Remark(candidate.function.file, candidate.node, message)
    yield from _fired_again(
        [one for one in sites if not _is_stateless(one.candidate, trace)], trace
    )


def _fired_again(sites: Collection[DecidedSite], trace: Trace) -> Iterator[Remark]:
    """Say of each file which hook points fire more than once in a pass."""
    shared: dict[FileDecl, list[tuple[DecidedSite, int]]] = {}
    for site, count in shared_hook_points(sites, trace):
        shared.setdefault(site.candidate.function.file, []).append((site, count))
    repeats: dict[FileDecl, list[Repeat]] = {}
    for repeat in repeating_loops(sites, trace):
        repeats.setdefault(repeat.function.file, []).append(repeat)
    for file in dict.fromkeys((*shared, *repeats)):
        loops = repeats.get(file, [])
        looped = list(dict.fromkeys(name for one in loops for name in one.names))
        if file not in shared:
            others = _also(one.node for one in loops)
            message = NoteCode.CALLED_IN_LOOP.says(
                names=_listed(looped), others=others, **_number(looped)
            )
            yield Remark(file, loops[0].node, message)
            continue
        names = [f"{_named(site)} ({count} times)" for site, count in shared[file]]
        if loops:
            lines = ", ".join(
                f"line {line}" for line in dict.fromkeys(o.node.lineno for o in loops)
            )
            names.append(f"in the loops of {lines} {_listed(looped)}")
        message = NoteCode.SHARED_HOOK_POINT.says(names=_listed(names), **_number(names))
        yield Remark(file, shared[file][0][0].candidate.node, message)


def _optional(sites: Iterable[DecidedSite], trace: Trace) -> Iterator[Remark]:
    merged: dict[object, list[DecidedSite]] = {}
    for site in sites:
        if _shows_other_result(site, trace):
            whole = site.candidate.function.outermost
            merged.setdefault(whole.owner or whole, []).append(site)
    for its in merged.values():
        first = its[0].candidate
        paths = list(dict.fromkeys(path_of(site.candidate.reference) for site in its))
        names = list(dict.fromkeys(site.hook_point.name for site in its))
        message = NoteCode.OPTIONAL_PARAMETER.says(
            paths=_listed(paths, "or"), names=_listed(names), **_number(names)
        )
        yield Remark(first.function.file, first.node, message)


def _also(nodes: Iterable[ast.expr | ast.stmt]) -> str:
    """Return the lines behind the first, ``, line 30, line 41``."""
    _, *others = dict.fromkeys(one.lineno for one in nodes)
    return "".join(f", line {line}" for line in others)


def _named(site: DecidedSite) -> str:
    """Return ``Layer.dropout_hook_point``."""
    function = site.candidate.function.outermost
    owner = function.owner or site.candidate.reference.owners[0]
    return f"{owner.name}.{site.hook_point.name}"


def _is_stateless(candidate: Candidate, trace: Trace) -> bool:
    """Whether a module is called that holds nothing, an activation or a dropout: what it shows at
    several places, nobody takes for one value."""
    value = candidate.reference.value
    if candidate.kind != "module call" or not value:
        return False
    return all(_holds_nothing(one, trace) for one in value if not isinstance(one, Nothing))


def _holds_nothing(one: object, trace: Trace) -> bool:
    match one:
        case Module(cls=str() as cls):
            known = library.library_class(cls)
            return (
                known is not None
                and not (known.parameters or known.hides_members)
                and all(
                    not isinstance(part, Module)
                    for member in known.members.values()
                    for part in member
                )
            )
        case Module(cls=ClassDecl() as cls):
            held = (trace.attribute(cls, name) for own in cls.mro for name in trace.attributes(own))
            kinds = Module | Parameter | Items | Fields
            return not any(isinstance(part, kinds) for value in held for part in value) and not any(
                function.calls for function in trace.functions_of(*cls.mro)
            )
    return False


def _listed(names: list[str], word: str = "and") -> str:
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _number(names: Collection[str]) -> dict[str, str]:
    return {"s": "" if len(names) > 1 else "s"}


def _by_library(candidate: Candidate, trace: Trace) -> bool:
    """Whether what turns the result into a tuple is a library's, which does so only where it is
    asked to."""
    for one in candidate.reference.value:
        cls = one.cls if isinstance(one, Module) else None
        held = cls.method("forward") if isinstance(cls, ClassDecl) else None
        owner, node = held if held is not None else (None, None)
        for decorator in node.decorator_list if node is not None else ():
            assert owner is not None
            if trace.program.find(owner.file.dotted(decorator) or "") is not None:
                return False
            if isinstance(decorator, ast.Name) and decorator.id in owner.file.functions:
                return False
    return True


def _shows_other_result(site: DecidedSite, trace: Trace) -> bool:
    """Whether the operation goes on where the parameter is ``None``."""
    candidate = site.candidate
    form = candidate.form
    return (
        candidate.kind == "parameter use"
        and any(isinstance(one, Nothing) for one in candidate.reference.value)
        and isinstance(form, Wrap)
        and not form.is_tested
        and isinstance(form.node, ast.Call)
        and _is_optional(form.node, candidate.node)
        and _may_be_without(candidate, trace)
    )


def _may_be_without(candidate: Candidate, trace: Trace) -> bool:
    """Whether the input itself says that there may be none: it sets ``None``, or makes the layer
    with ``bias=…``."""
    reference = candidate.reference
    for owner in reference.owners:
        for decl in (*owner.mro, *owner.descendants()):
            for one in trace.definitions(decl, reference.names[0]):
                if any(isinstance(kind, Nothing) for kind in one.value):
                    return True
                for node in ast.walk(one.statement):
                    if isinstance(node, ast.keyword) and node.arg in _OPTIONAL:
                        if not (isinstance(node.value, ast.Constant) and node.value.value is True):
                            return True
    return False


def _is_optional(call: ast.Call, read: ast.expr) -> bool:
    """Whether the call takes the parameter itself, where it may as well take ``None``: behind the
    first two arguments, which torch's functions compute with."""
    given = {one.value: one.arg != "weight" for one in call.keywords}
    given |= {one: place > 1 for place, one in enumerate(call.args)}
    for one, is_optional in given.items():
        arms = (one.body, one.orelse) if isinstance(one, ast.IfExp) else (one,)
        if read in arms:
            return is_optional
    return False
