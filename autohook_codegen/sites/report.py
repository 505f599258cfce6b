"""The records that a user sees: sites and notes, in the order of the source."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from autohook_codegen.analysis.values import Item, Nothing
from autohook_codegen.hooked_source import Note, Site
from autohook_codegen.options import Fallback, Options
from autohook_codegen.sites.candidate import After, Candidate, First, Wrap
from autohook_codegen.sites.decided import Decided, DecidedSite, Remark
from autohook_codegen.sites.full_names import FullNames
from autohook_codegen.sites.hook_points import HookPoint, path_of
from autohook_codegen.sites.spelling import text_of_part
from autohook_codegen.source import Source

__all__ = ["FileRecords", "by_file", "notes_of", "sites_of"]

_ADVICE = {
    "members-unnamed": "auto_hook hooks them",
    "no-tensor": "auto_hook hooks the first tensor in it; to hook it here, name it and read it",
    "unclear-result": "auto_hook hooks its first tensor; an annotation of what it returns helps",
    "may-be-none": "auto_hook hooks it where it is a tensor",
    "unused-result": "auto_hook hooks it",
    "own-children": "auto_hook hooks it",
    "not-made": "auto_hook hooks it",
    "no-index": "auto_hook hooks it; a plain loop over the container helps",
    "container-grows": "call setup() or auto_hook(model) again afterwards",
    "several-classes": "auto_hook hooks it",
    "several-modules": "auto_hook hooks them; calling each in its own branch helps",
    "passed-on": "auto_hook hooks it",
    "changes-in-place": "auto_hook's cache keeps what passed before",
}
"""What the user can do about it, or what is done for him."""


@dataclass
class FileRecords:
    """What was decided about one file."""

    sites: list[DecidedSite] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def by_file(decided: Decided) -> dict[str, FileRecords]:
    """Return the decisions of a whole tree, sorted by file once."""
    found = {path: FileRecords() for path in decided.program.files}
    for site in (*decided.sites, *decided.same_sites):
        found[site.candidate.function.file.path].sites.append(site)
    for remark in (*decided.remarks, *_about_sites(decided.sites)):
        found[remark.file.path].remarks.append(remark)
    return found


def sites_of(source: Source, records: FileRecords, full_names: FullNames) -> tuple[Site, ...]:
    found: list[Site] = []
    for one in records.sites:
        candidate = one.candidate
        line, column = source.position(candidate.node)
        owner = candidate.function.owner or candidate.reference.owners[0]
        element = text_of_part(ast.Name(""), candidate.part)
        found.append(
            Site(
                class_name=owner.qualified_name,
                attribute=path_of(candidate.reference),
                kind=candidate.kind,
                element=element or None,
                hook_point=one.hook_point.name,
                runtime_name=one.hook_point.runtime_name,
                line=line,
                column=column,
                role=candidate.role,
                names=full_names.names(one.hook_point),
                expression=_hooked_text(candidate),
            )
        )
    return tuple(sorted(found, key=lambda site: (site.line, site.column)))


def _hooked_text(candidate: Candidate) -> str:
    """Return the source of what is hooked."""
    match candidate.form:
        case Wrap(node):
            return ast.unparse(node)
        case First(target=target):
            return target.id
        case After(target=target, part=part):
            return text_of_part(target, part)
    return ast.unparse(candidate.node)


def notes_of(source: Source, records: FileRecords, options: Options) -> tuple[Note, ...]:
    found: dict[tuple[str, int, int], Note] = {}
    never = options.fallback is Fallback.NEVER
    for one in records.remarks:
        line, column = source.position(one.node)
        advice = _ADVICE.get(one.code)
        if never and advice is not None and "auto_hook" in advice:
            advice = "it has no hook point"
        message = f"{one.message}; {advice}" if advice else one.message
        found.setdefault((one.code, line, column), Note(one.code, line, column, message))
    return tuple(sorted(found.values(), key=lambda one: (one.line, one.column)))


def _about_sites(sites: Collection[DecidedSite]) -> Iterable[Remark]:
    """Yield what would surprise about a site."""
    sharing = _shared(sites)
    for site in sites:
        candidate, hook_point = site.candidate, site.hook_point
        file, node = candidate.function.file, candidate.node
        if _shows_other_result(site):
            message = (
                f"where {path_of(candidate.reference)} is None, {hook_point.name} shows the result"
                " without it"
            )
            yield Remark(file, node, "optional-parameter", message)
        if (count := sharing.pop(hook_point, 1)) > 1:
            message = (
                f"{hook_point.name} has {count} sites, so that a hook sees each of them;"
                " --per-site gives each its own"
            )
            yield Remark(file, node, "shared-hook-point", message)


def _shared(sites: Iterable[DecidedSite]) -> dict[HookPoint, int]:
    """Return how many sites of each hook point one instance may run."""
    counts: dict[HookPoint, Counter[tuple[object, ...]]] = {}
    for site in sites:
        reference, function = site.candidate.reference, site.candidate.function
        while not function.users and function.parent is not None:
            function = function.parent
        member = tuple(step.key for step in reference.items if isinstance(step, Item))
        for cls in function.users or reference.owners:
            counts.setdefault(site.hook_point, Counter())[cls, member] += 1
    return {hook_point: max(found.values()) for hook_point, found in counts.items()}


def _shows_other_result(site: DecidedSite) -> bool:
    candidate = site.candidate
    form = candidate.form
    return (
        candidate.kind == "parameter use"
        and any(isinstance(one, Nothing) for one in candidate.reference.value)
        and isinstance(form, Wrap)
        and not form.is_tested
        and isinstance(form.node, ast.Call)
    )
