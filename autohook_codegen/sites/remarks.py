"""What a user is told about the sites, and about the places that have none."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

from autohook_codegen.analysis.trace import Trace
from autohook_codegen.analysis.values import Nothing
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import LeftAlone, Wrap
from autohook_codegen.sites.decided import DecidedSite, Remark
from autohook_codegen.sites.hook_points import path_of
from autohook_codegen.sites.in_place import Change
from autohook_codegen.sites.passes import shared_hook_points
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
    """Say where a value is changed that hook points have seen."""
    hook_points = {one.candidate: one.hook_point for one in sites}
    for one in changes:
        names = ", ".join(dict.fromkeys(hook_points[site].name for site in one.sites))
        message = NoteCode.CHANGES_IN_PLACE.says(name=names)
        yield Remark(one.function.file, one.node, message, set(one.classes).issubset(at_run_time))


def remarks_about_sites(sites: Collection[DecidedSite], trace: Trace) -> Iterator[Remark]:
    """Say what would surprise about a site."""
    for site in sites:
        candidate, hook_point = site.candidate, site.hook_point
        file, node, path = candidate.function.file, candidate.node, path_of(candidate.reference)
        if _shows_other_result(site):
            message = NoteCode.OPTIONAL_PARAMETER.says(path=path, hook_point=hook_point.name)
            yield Remark(file, node, message)
        if not isinstance(candidate.form, Wrap) and candidate.form.is_guarded:
            yield Remark(file, node, NoteCode.MAY_BE_A_TUPLE.says(called=path))
    for site, count in shared_hook_points(sites, trace):
        message = NoteCode.SHARED_HOOK_POINT.says(name=site.hook_point.name, count=count)
        yield Remark(site.candidate.function.file, site.candidate.node, message)
    for repeat in repeating_loops(sites, trace):
        names = list(repeat.names)
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        message = NoteCode.CALLED_IN_LOOP.says(names=shown, s="" if len(names) > 1 else "s")
        yield Remark(repeat.function.file, repeat.node, message)


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
