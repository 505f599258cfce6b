"""What a user is told about the sites, and about the places that have none."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.analysis.values import Module, Nothing
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import Candidate, LeftAlone, Wrap
from autohook_codegen.sites.decided import DecidedSite, Remark
from autohook_codegen.sites.hook_points import path_of
from autohook_codegen.sites.in_place import Change
from autohook_codegen.sites.passes import outermost, shared_hook_points
from autohook_codegen.sites.repeats import repeating_loops

__all__ = ["remarks_about_changes", "remarks_about_left", "remarks_about_sites"]


def remarks_about_left(
    left_alone: Iterable[LeftAlone], at_run_time: Collection[ClassDecl]
) -> Iterator[Remark]:
    """Say what has no site; `at_run_time` are the classes that ``auto_hook`` completes."""
    for one in left_alone:
        owners = set(one.reference.owners) if one.reference is not None else set()
        if not owners and one.function.owner is not None:
            owners = {one.function.owner}
        is_hooked = bool(owners) and owners.issubset(at_run_time)
        yield Remark(one.function.file, one.node, one.message, is_hooked)


def remarks_about_changes(
    changes: Iterable[Change], sites: Iterable[DecidedSite], at_run_time: Collection[ClassDecl]
) -> Iterator[Remark]:
    """Say where each function changes values that hook points have seen."""
    hook_points = {one.candidate: one.hook_point.name for one in sites}
    by_function: dict[FunctionTrace, list[Change]] = {}
    for one in changes:
        by_function.setdefault(one.function, []).append(one)
    for function, its in by_function.items():
        seen = {site for one in its for site in one.sites}
        names = dict.fromkeys(name for site, name in hook_points.items() if site in seen)
        lines = dict.fromkeys(one.node.lineno for one in its)
        others = "".join(f", line {line}" for line in list(lines)[1:])
        message = NoteCode.CHANGES_IN_PLACE.says(names=_listed(list(names)), others=others)
        classes = {cls for one in its for cls in one.classes}
        yield Remark(function.file, its[0].node, message, classes.issubset(at_run_time))


def remarks_about_sites(sites: Collection[DecidedSite], trace: Trace) -> Iterator[Remark]:
    """Say what would surprise about sites: each kind once for a function."""
    optional: dict[FunctionTrace, list[DecidedSite]] = {}
    for site in sites:
        candidate = site.candidate
        if _shows_other_result(site):
            optional.setdefault(candidate.function, []).append(site)
        if not isinstance(candidate.form, Wrap) and candidate.form.is_guarded:
            if not _by_library(candidate, trace):
                message = NoteCode.MAY_BE_A_TUPLE.says(called=path_of(candidate.reference))
                yield Remark(candidate.function.file, candidate.node, message)
    for its in optional.values():
        paths = dict.fromkeys(path_of(site.candidate.reference) for site in its)
        names = dict.fromkeys(site.hook_point.name for site in its)
        message = NoteCode.OPTIONAL_PARAMETER.says(
            paths=_listed(list(paths), "or"), names=_listed(list(names)), **_number(names)
        )
        yield Remark(its[0].candidate.function.file, its[0].candidate.node, message)
    shared: dict[object, list[tuple[DecidedSite, int]]] = {}
    for site, count in shared_hook_points(sites, trace):
        function = outermost(site.candidate.function)
        shared.setdefault(function.owner or function, []).append((site, count))
    for counted in shared.values():
        first = counted[0][0].candidate
        names = {f"{site.hook_point.name} ({count} times)": None for site, count in counted}
        message = NoteCode.SHARED_HOOK_POINT.says(names=_listed(list(names)), **_number(names))
        yield Remark(first.function.file, first.node, message)
    for repeat in repeating_loops(sites, trace):
        message = NoteCode.CALLED_IN_LOOP.says(
            names=_listed(list(repeat.names)), **_number(repeat.names)
        )
        yield Remark(repeat.function.file, repeat.node, message)


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


def _shows_other_result(site: DecidedSite) -> bool:
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
    )


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
