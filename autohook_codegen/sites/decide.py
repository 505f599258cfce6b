"""From candidates to what each file gains, step by step."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.trace import Trace
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.program import Program
from autohook_codegen.notes import Message, NoteCode
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import Existing
from autohook_codegen.sites.candidate import Candidate, LeftAlone
from autohook_codegen.sites.decided import Decided, DecidedSite
from autohook_codegen.sites.edits import Edits
from autohook_codegen.sites.endings import add_at_end
from autohook_codegen.sites.every_call import see_every_call
from autohook_codegen.sites.fallback import LeftToFallback, place_of
from autohook_codegen.sites.filters import check_names, is_wanted
from autohook_codegen.sites.full_names import FullNames
from autohook_codegen.sites.hook_points import HookPoint, name_hook_points, path_of
from autohook_codegen.sites.imports import Spellings, add_imports
from autohook_codegen.sites.in_place import changes_in_place, checkpointing_classes
from autohook_codegen.sites.in_sight import out_of_sight
from autohook_codegen.sites.inputs.same_values import same_values
from autohook_codegen.sites.making import CannotBeMadeError
from autohook_codegen.sites.own_children import classes_with_own_children
from autohook_codegen.sites.parts import Parts
from autohook_codegen.sites.paths import with_own_names
from autohook_codegen.sites.placing import Making, Placed, Placing
from autohook_codegen.sites.remarks import (
    remarks_about_changes,
    remarks_about_left,
    remarks_about_sites,
)
from autohook_codegen.sites.roles.words import ROLES
from autohook_codegen.sites.root_ends import RootEnds
from autohook_codegen.sites.second_names import take_places
from autohook_codegen.sites.spelling import (
    add_site,
    attribute_in,
    spell_hook_points,
    standing_hook_points,
)

__all__ = ["decide"]


def decide(
    program: Program,
    flow: Flow,
    candidates: Iterable[Candidate],
    left_alone: Iterable[LeftAlone],
    existing: Mapping[str, Existing],
    options: Options,
) -> Decided:
    """Decide which candidates are sites, and everything that they need.

    `candidates` come in the order in which they run, inner expressions first.

    Raises:
        OptionsError: a root or an ``--only`` pattern names nothing in the input.
    """
    trace = flow.trace
    edits = {path: Edits() for path in program.files}
    found = [replace(one, reference=with_own_names(one.reference, trace)) for one in candidates]
    check_names(program, found, options)
    own_children = classes_with_own_children(trace)
    wanted = [one for one in found if is_wanted(one, options)]
    left = _Left(trace, [one for one in left_alone if is_wanted(one, options)])
    all_wanted = _without_own_children(wanted, own_children, left)
    if options.modules and not (options.only or options.skip):
        _note_walks(own_children, left)
    wanted = _in_sight(take_places(found, all_wanted), left)
    same = same_values(wanted, flow)
    wanted = [one for one in wanted if one not in same]

    standing = standing_hook_points(wanted, existing, options)
    named = _name(wanted, standing, left, trace, options)
    spelled = spell_hook_points({one: its[0] for one, its in named.items()}, existing, options)
    for one in [one for one in named if one not in spelled and one not in standing]:
        left.add(one, NoteCode.NO_INDEX.says(path=path_of(one.reference)))
        del named[one]

    spellings = Spellings(existing)
    placed = _place(named, Placing(trace, existing, spellings, options), left)
    _add_makings(placed, edits)
    for one in named:
        if one not in standing:
            file = one.function.file
            explicit = spellings.of(file, "explicit_if_hooked")
            add_site(one, spelled[one], edits[file.path], explicit)

    parts = Parts(trace)
    changes = list(changes_in_place(trace, named))
    every_call = see_every_call(left.found, named)
    fallback = LeftToFallback(
        trace,
        (*named, *(one for one in all_wanted if one not in named)),
        every_call.left_alone,
        own_children,
        frozenset(cls for change in changes for cls in change.classes),
        frozenset(checkpointing_classes(trace)),
        parts.used,
        every_call.told,
    )
    roots = RootEnds(trace, existing, spellings, options, parts, fallback)
    ends: dict[ClassDecl, list[str]] = {}
    for decl, line in (end for one in sorted(placed, key=_rank) for end in one.ends.items()):
        ends.setdefault(decl, []).append(line)
    ended = roots.end(ends, edits)
    for decl, lines in ended.lines.items():
        add_at_end(decl, lines, edits[decl.file.path])
    add_imports(program, edits, spellings)

    sites = tuple(DecidedSite(one, its[0]) for one, its in named.items())
    remarks = [
        *ended.remarks,
        *remarks_about_sites(sites, trace),
        *remarks_about_changes(changes, sites, ended.at_run_time),
        *remarks_about_left(every_call.left_alone, ended.at_run_time),
    ]
    same_sites = [
        DecidedSite(one, hook_point)
        for one, others in same.items()
        for hook_point in dict.fromkeys(named[other][0] for other in others if other in named)
    ]
    full_names = FullNames(trace, ended.roots)
    return Decided(
        program, options, edits, full_names, sites, tuple(same_sites), tuple(remarks), ended.roots
    )


def _rank(placed: Placed) -> int:
    """Return the place of a hook point among those that stand at the end of ``__init__``: the roles
    in TransformerLens's order, what else there is as it runs."""
    role = placed.hook_point.role
    return ROLES.index(role) if role in ROLES else len(ROLES)


@dataclass
class _Left:
    """The places that get no site."""

    trace: Trace
    found: list[LeftAlone]

    def add(self, one: Candidate, message: Message, inside: str | None = None) -> None:
        place = inside or place_of(one.reference, self.trace)
        self.found.append(LeftAlone(one.node, message, one.function, one.reference, (place,)))


def _without_own_children(
    candidates: list[Candidate], own_children: Mapping[ClassDecl, str], left: _Left
) -> list[Candidate]:
    """Leave alone what stands in classes whose children are counted or walked."""
    kept: list[Candidate] = []
    for one in candidates:
        lineage = (decl for owner in one.reference.owners for decl in (owner, *owner.descendants()))
        barred = next((decl for decl in lineage if decl in own_children), None)
        if barred is None:
            kept.append(one)
        else:
            message = NoteCode.OWN_CHILDREN.says(cls=barred.name, why=own_children[barred])
            left.add(one, message, barred.name)
    return kept


def _note_walks(own_children: Mapping[ClassDecl, str], left: _Left) -> None:
    """Say it of the classes that call what they walk over, ``for layer in self``, too: that has no
    name, and is no candidate."""
    told = {place for one in left.found for place in one.inside}
    for decl, why in own_children.items():
        for function in left.trace.functions_of(decl) if decl.name not in told else ():
            if function.calls:
                message = NoteCode.OWN_CHILDREN.says(cls=decl.name, why=why)
                node = function.calls[0].node
                left.found.append(LeftAlone(node, message, function, None, (decl.name,)))
                break


def _in_sight(candidates: list[Candidate], left: _Left) -> list[Candidate]:
    """Leave alone what would pass the hook point of another module."""
    lost = set(out_of_sight(candidates))
    for one in candidates:
        if one in lost:
            left.add(one, NoteCode.OUT_OF_SIGHT.says(path=path_of(one.reference)))
    return [one for one in candidates if one not in lost]


def _name(
    candidates: list[Candidate],
    standing: Mapping[Candidate, str],
    left: _Left,
    trace: Trace,
    options: Options,
) -> dict[Candidate, tuple[HookPoint, ...]]:
    """Name the hook points; a site whose classes would have different ones is left alone."""
    names = {one: name for one, text in standing.items() if (name := attribute_in(text))}
    named = name_hook_points(candidates, names, trace, options)
    for one, hook_points in list(named.items()):
        if len({hook_point.name for hook_point in hook_points}) > 1:
            classes = ", ".join(owner.name for owner in one.reference.owners)
            message = NoteCode.SEVERAL_CLASSES.says(path=path_of(one.reference), classes=classes)
            left.add(one, message)
            del named[one]
    return named


def _place(
    named: dict[Candidate, tuple[HookPoint, ...]], placing: Placing, left: _Left
) -> list[Placed]:
    """Place what makes the hook points; the sites of one that cannot be made are left alone."""
    placed: list[Placed] = []
    needed = dict.fromkeys(hook_point for its in named.values() for hook_point in its)
    for order, hook_point in enumerate(needed):
        try:
            placed.append(placing.place(hook_point, order))
        except CannotBeMadeError as reason:
            for one in [one for one, its in named.items() if hook_point in its]:
                message = NoteCode.NOT_MADE.says(hook_point=hook_point.name, why=reason)
                left.add(one, message)
                del named[one]
    left.found += [note for one in placed for note in one.notes]
    return placed


def _add_makings(placed: Iterable[Placed], edits: Mapping[str, Edits]) -> None:
    """Add the statements that make hook points, those behind one statement in their order."""
    behind: dict[ast.stmt, list[Making]] = {}
    for one in placed:
        for making in one.behind:
            behind.setdefault(making.behind, []).append(making)
    for statement, makings in behind.items():
        texts = dict.fromkeys(one.text for one in sorted(makings, key=lambda one: one.rank))
        edits[makings[0].file.path].after.setdefault(statement, []).extend(texts)
