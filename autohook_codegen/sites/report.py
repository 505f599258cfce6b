"""The records that a user sees: sites and notes, in the order of the source."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from autohook_codegen.hooked_source import Note, Site
from autohook_codegen.options import Fallback, Options
from autohook_codegen.sites.candidate import Candidate, LeftAlone, Wrap
from autohook_codegen.sites.decided import Decided, DecidedSite
from autohook_codegen.sites.hook_points import PlannedHookPoint
from autohook_codegen.source import Source

__all__ = ["FileRecords", "by_file", "notes_of", "sites_of"]

_ADVICE = {
    "members-unnamed": "auto_hook hooks them",
    "no-tensor": "auto_hook hooks the first tensor in it; to hook it here, name it and read it",
    "unclear-result": "auto_hook hooks its first tensor; an annotation of what it returns helps",
    "may-be-none": "auto_hook hooks it where it is a tensor",
    "unused-result": "auto_hook hooks it",
    "own-children": "auto_hook hooks it",
    "no-index": "auto_hook hooks it; a plain loop over the container helps",
    "container-grows": "call auto_hook again afterwards",
    "early-return": "call auto_hook(model) afterwards, or let the branches come together",
    "several-classes": "auto_hook hooks it",
    "several-modules": "auto_hook hooks them; calling each in its own branch helps",
    "passed-on": "auto_hook hooks it",
}


@dataclass
class FileRecords:
    """What was decided about one file."""

    sites: list[DecidedSite] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)
    in_place: list[ast.AST] = field(default_factory=list)
    sharing: dict[PlannedHookPoint, list[Candidate]] = field(default_factory=dict)
    """The sites of a hook point, those in other files too."""


def by_file(decided: Decided) -> dict[str, FileRecords]:
    """The decisions of a whole tree, sorted by file once."""
    sharing: dict[PlannedHookPoint, list[Candidate]] = {}
    found = {path: FileRecords(sharing=sharing) for path in decided.program.files}
    for site in decided.sites:
        found[site.candidate.scope.file.path].sites.append(site)
        sharing.setdefault(site.planned, []).append(site.candidate)
    for one in decided.left_alone:
        found[one.scope.file.path].left_alone.append(one)
    for file, nodes in decided.in_place.items():
        found[file.path].in_place += nodes
    return found


def sites_of(source: Source, records: FileRecords) -> tuple[Site, ...]:
    found: list[Site] = []
    for one in records.sites:
        candidate = one.candidate
        line, column = source.position(candidate.node)
        owner = candidate.scope.owner or candidate.reference.owner
        found.append(
            Site(
                class_name=owner.qualified_name,
                attribute=candidate.reference.path,
                kind=candidate.kind,
                element=candidate.element,
                hook_point=one.planned.name,
                runtime_name=one.planned.runtime_name,
                line=line,
                column=column,
            )
        )
    return tuple(sorted(found, key=lambda site: (site.line, site.column)))


def notes_of(source: Source, records: FileRecords, options: Options) -> tuple[Note, ...]:
    found: dict[tuple[str, int, int], Note] = {}

    def note(code: str, node: ast.AST, message: str) -> None:
        assert isinstance(node, ast.expr | ast.stmt)
        line, column = source.position(node)
        found.setdefault((code, line, column), Note(code, line, column, message))

    never = options.fallback is Fallback.NEVER
    for one in records.left_alone:
        advice = "it has no hook point" if never else _ADVICE.get(one.code)
        note(one.code, one.node, f"{one.message}; {advice}" if advice else one.message)
    for site in records.sites:
        candidate = site.candidate
        if _shows_other_result(candidate):
            note(
                "optional-parameter",
                candidate.node,
                f"where {candidate.reference.path} is None, {site.planned.name} shows the result"
                " without it",
            )
        sites = records.sharing[site.planned]
        if len(sites) > 1 and sites[0] is candidate:
            note(
                "shared-hook-point",
                candidate.node,
                f"{site.planned.name} has {len(sites)} sites, so that a hook sees each of them;"
                " --per-site gives each its own",
            )
    for node in records.in_place:
        note(
            "changes-in-place",
            node,
            "a value is changed in place here; auto_hook's cache keeps what passed before",
        )
    return tuple(sorted(found.values(), key=lambda one: (one.line, one.column)))


def _shows_other_result(candidate: Candidate) -> bool:
    form = candidate.form
    optional = candidate.kind == "parameter use" and candidate.reference.value.may_be_none
    return (
        optional
        and isinstance(form, Wrap)
        and form.tested is None
        and isinstance(form.node, ast.Call)
    )
