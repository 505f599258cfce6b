"""From candidates to what each file gains, step by step."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace

from autohook_codegen.analysis.trace import Trace
from autohook_codegen.declares.program import ClassDecl, Program
from autohook_codegen.rewrite.existing import Existing
from autohook_codegen.options import Options
from autohook_codegen.sites.candidate import Candidate, LeftAlone
from autohook_codegen.sites.decided import Decided, DecidedSite, Remark
from autohook_codegen.sites.edits import Edits
from autohook_codegen.sites.endings import add_at_end
from autohook_codegen.sites.fallback import LeftToFallback, place_of
from autohook_codegen.sites.filters import check_names, is_wanted
from autohook_codegen.sites.hook_points import HookPoint, name_hook_points
from autohook_codegen.sites.imports import Spellings, add_imports
from autohook_codegen.sites.in_place import changes_in_place, checkpointing_classes
from autohook_codegen.sites.making import CannotBeMadeError
from autohook_codegen.sites.own_children import classes_with_own_children
from autohook_codegen.sites.parts import Parts
from autohook_codegen.sites.paths import with_own_names
from autohook_codegen.sites.placing import Making, Placed, Placing
from autohook_codegen.sites.root_ends import RootEnds
from autohook_codegen.sites.spelling import (
    add_site,
    attribute_in,
    spell_hook_points,
    standing_hook_point,
)

__all__ = ["decide"]


def decide(
    program: Program,
    trace: Trace,
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
    edits = {path: Edits() for path in program.files}
    found = [replace(one, reference=with_own_names(one.reference, trace)) for one in candidates]
    check_names(program, found, options)
    left = [one for one in left_alone if is_wanted(one, options)]
    wanted = [one for one in found if is_wanted(one, options)]
    own_children = classes_with_own_children(trace)
    wanted = _without_own_children(wanted, left, own_children, trace)

    # Name the hook points.
    standing = {
        one: text
        for one in wanted
        if (text := standing_hook_point(one, existing.get(one.function.file.path, Existing())))
    }
    names = {one: name for one, text in standing.items() if (name := attribute_in(text))}
    named = name_hook_points(wanted, names, trace, options)
    for one, hook_points in list(named.items()):
        if len({hook_point.name for hook_point in hook_points}) > 1:
            message = "it may be of several classes, where the hook point has different names"
            left.append(_leave(one, "several-classes", message, trace))
            del named[one]

    # Say how each site reaches its own.
    spelled = spell_hook_points({one: its[0] for one, its in named.items()}, existing, options)
    for one in [one for one in named if one not in spelled and one not in standing]:
        message = "the loop has no form that says which member this is"
        left.append(_leave(one, "no-index", message, trace))
        del named[one]

    # Place what makes them.
    spellings = Spellings(existing)
    needed = dict.fromkeys(hook_point for its in named.values() for hook_point in its)
    placed = _place(needed, Placing(trace, existing, spellings, options), named, left, trace)
    _add_makings(placed.values(), edits)
    for one, its in named.items():
        if one not in standing:
            add_site(one, spelled[one], edits[one.function.file.path])
    left += [note for makings in placed.values() for note in makings.notes]

    # End the roots.
    changes = list(changes_in_place(trace, named))
    ends: dict[ClassDecl, list[str]] = {}
    for makings in placed.values():
        for decl, line in makings.ends.items():
            ends.setdefault(decl, []).append(line)
    fallback = LeftToFallback(
        trace,
        tuple(named),
        tuple(left),
        own_children,
        frozenset(cls for change in changes for cls in change.classes),
        frozenset(checkpointing_classes(trace)),
    )
    roots = RootEnds(trace, existing, spellings, options, Parts(trace), fallback)
    ended, remarks = roots.end(ends, edits)
    for decl, lines in ended.items():
        add_at_end(decl, lines, edits[decl.file.path])

    add_imports(program, edits, spellings)
    remarks += [Remark(one.function.file, one.node, one.code, one.message) for one in left]
    message = "a value is changed in place here"
    remarks += [Remark(c.function.file, c.node, "changes-in-place", message) for c in changes]
    sites = tuple(DecidedSite(one, its[0]) for one, its in named.items())
    return Decided(program, options, edits, sites, tuple(remarks))


def _without_own_children(
    candidates: list[Candidate],
    left: list[LeftAlone],
    own_children: Mapping[ClassDecl, str],
    trace: Trace,
) -> list[Candidate]:
    """Leave alone what stands in classes whose children are counted or walked."""
    kept: list[Candidate] = []
    for one in candidates:
        lineage = (decl for owner in one.reference.owners for decl in (owner, *owner.descendants()))
        barred = next((decl for decl in lineage if decl in own_children), None)
        if barred is None:
            kept.append(one)
            continue
        message = f"{barred.name} gets no hook points in the source: {own_children[barred]}"
        left.append(replace(_leave(one, "own-children", message, trace), inside=(barred.name,)))
    return kept


def _place(
    hook_points: Iterable[HookPoint],
    placing: Placing,
    named: dict[Candidate, tuple[HookPoint, ...]],
    left: list[LeftAlone],
    trace: Trace,
) -> dict[HookPoint, Placed]:
    """Place what makes each hook point; the sites of one that cannot be made are left alone."""
    found: dict[HookPoint, Placed] = {}
    for order, hook_point in enumerate(hook_points):
        sites = [one for one, its in named.items() if hook_point in its]
        try:
            found[hook_point] = placing.place(hook_point, order)
        except CannotBeMadeError as reason:
            for one in sites:
                left.append(
                    _leave(one, "not-made", f"{hook_point.name} is not made: {reason}", trace)
                )
                del named[one]
    return {
        one: placed for one, placed in found.items() if any(one in its for its in named.values())
    }


def _add_makings(placed: Iterable[Placed], edits: Mapping[str, Edits]) -> None:
    """Add the statements that make hook points, those behind one statement in their order."""
    behind: dict[ast.stmt, list[Making]] = {}
    for one in placed:
        for making in one.behind:
            behind.setdefault(making.behind, []).append(making)
    for statement, makings in behind.items():
        texts = dict.fromkeys(one.text for one in sorted(makings, key=lambda one: one.rank))
        edits[makings[0].file.path].after.setdefault(statement, []).extend(texts)


def _leave(one: Candidate, code: str, message: str, trace: Trace) -> LeftAlone:
    place = place_of(one.reference, trace)
    return LeftAlone(one.node, code, message, one.function, one.reference, (place,))
