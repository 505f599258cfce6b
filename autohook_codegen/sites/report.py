"""The records that a user sees: sites and notes, in the order of the source."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from autohook_codegen.analysis.values import Parameter
from autohook_codegen.hooked_source import Note, Site
from autohook_codegen.sites.candidate import After, Candidate, First, Wrap
from autohook_codegen.sites.decided import Decided, DecidedSite, Remark
from autohook_codegen.sites.full_names import FullNames
from autohook_codegen.sites.hook_points import path_of
from autohook_codegen.sites.spelling import text_of_part
from autohook_codegen.source import Source

__all__ = ["FileRecords", "by_file", "notes_of", "sites_of"]


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
    for remark in decided.remarks:
        found[remark.file.path].remarks.append(remark)
    return found


def sites_of(source: Source, records: FileRecords, full_names: FullNames) -> tuple[Site, ...]:
    found: list[Site] = []
    for one in records.sites:
        candidate = one.candidate
        line, column = source.position(candidate.node)
        owner = candidate.function.owner or candidate.reference.owners[0]
        found.append(
            Site(
                class_name=owner.qualified_name,
                attribute=path_of(candidate.reference),
                kind=candidate.kind,
                element=_element(candidate),
                hook_point=one.hook_point.name,
                runtime_name=one.hook_point.runtime_name,
                line=line,
                column=column,
                role=candidate.role or candidate.shows,
                names=full_names.names(one.hook_point),
                expression=_hooked_text(candidate),
            )
        )
    return tuple(sorted(found, key=lambda site: (site.line, site.column)))


def _element(candidate: Candidate) -> str | None:
    """Return which part of what the site is of is hooked, where it is not all."""
    if candidate.kind == "parameter use" and isinstance(candidate.form, Wrap):
        hooked = candidate.function.values.get(candidate.form.node, frozenset())
        return "value" if any(isinstance(one, Parameter) for one in hooked) else None
    return text_of_part(ast.Name(""), candidate.part) or None


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


def notes_of(source: Source, records: FileRecords) -> tuple[tuple[Note, ...], tuple[Note, ...]]:
    """Return the notes, and the places that are left to the fallback, which need none."""
    said: dict[tuple[str, int, int], Note] = {}
    left: dict[tuple[str, int, int], Note] = {}
    for one in records.remarks:
        text = one.message.with_advice(one.is_hooked_at_run_time)
        line, column = source.position(one.node)
        code = one.message.code
        note = Note(code, line, column, text or f"{one.message.text}; auto_hook(self) hooks it")
        (left if text is None else said).setdefault((code, line, column), note)
    return _in_order(said.values()), _in_order(left.values())


def _in_order(notes: Iterable[Note]) -> tuple[Note, ...]:
    return tuple(sorted(notes, key=lambda one: (one.line, one.column)))
