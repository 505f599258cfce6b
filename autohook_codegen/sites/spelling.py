"""Spells what a site gains: a call of its hook point around an expression, or in a statement after
one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Attribute, Item, Loop, Member, Step
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import Existing
from autohook_codegen.sites.candidate import After, Candidate, Explicit, First, Wrap
from autohook_codegen.sites.computed_names import double_quoted, hook_point_name
from autohook_codegen.sites.edits import Edits, ExplicitEdit, LoopEdit, WrapEdit
from autohook_codegen.sites.hook_points import HookPoint
from autohook_codegen.sites.loop_indexes import LoopIndexes
from autohook_codegen.sites.written import Written
from autohook_codegen.source.precedence import needs_brackets

__all__ = [
    "SpelledSite",
    "add_site",
    "attribute_in",
    "spell_hook_points",
    "standing_hook_points",
    "text_of_part",
]

_CONDITION = ast.IfExp(ast.Constant(True), ast.Constant(None), ast.Constant(None))


@dataclass(frozen=True, slots=True, eq=False)
class SpelledSite:
    """What a site says to reach its hook point: ``self.layers_hook_points[hook_index]``."""

    text: str
    parent: ast.AST | None
    """What the site's expression stands in."""
    loops: tuple[tuple[Loop, LoopEdit], ...] = ()
    """What the loops around it gain for it."""


def standing_hook_points(
    candidates: Iterable[Candidate], existing: Mapping[str, Existing], options: Options
) -> dict[Candidate, str]:
    """Return the text of the hook point that each site has in the source already, those that a
    name says first."""
    found: dict[Candidate, str] = {}
    taken: set[tuple[object, str]] = set()
    for one in sorted(candidates, key=lambda one: not one.reference.is_named):
        known = existing.get(one.function.file.path, Existing())
        place, texts = _standing_at(one, known)
        for text in texts:
            if (place, text) not in taken and _is_of(text, one, known, options):
                found[one] = text
                taken.add((place, text))
                break
    return found


def _standing_at(candidate: Candidate, existing: Existing) -> tuple[object, list[str]]:
    """Return what the site hooks where, and the hook points that stand there."""
    form = candidate.form
    match form:
        case Wrap(node) | Explicit(node):
            return node, existing.wrapped.get(node, [])
        case First(block, target):
            hooked = existing.hooked_first.get(block, [])
            return (block, target.id), [text for known, text in hooked if known == target.id]
    part = text_of_part(form.target, form.part).replace('"', "'")
    hooked = existing.hooked_after.get(form.statement, [])
    texts = [text for known, text in hooked if known.replace('"', "'") == part]
    return (form.statement, part), texts


def _is_of(text: str, candidate: Candidate, existing: Existing, options: Options) -> bool:
    """Tell whether a hook point that stands at the place of the site is that of its module,
    parameter or role, and of no other."""
    if candidate.reference.is_named:
        (name,) = candidate.reference.names
        pattern = options.hook_points if candidate.reference.items else options.hook_point
        return (
            re.fullmatch(rf"{re.escape(pattern(name))}(_\d+)?", attribute_in(text) or "")
            is not None
        )
    computed = candidate.reference.computed
    if candidate.kind == "input" and computed is not None:
        own = ast.parse(hook_point_name(computed.name, options), mode="eval").body
        return ast.unparse(own) in text
    loops = (step.loop for step in candidate.reference.items if isinstance(step, Member))
    return (
        candidate.kind == "module call"
        or "_".join(candidate.reference.names) in text
        or any(existing.zipped.get(loop) == text for loop in loops if loop is not None)
    )


def attribute_in(text: str) -> str | None:
    """Return ``layers_hook_points`` for ``self.layers_hook_points[hook_index]``."""
    found = re.match(r"(?:[\w.]+\.)?(\w+)(?:\[.*\])*$", text)
    return found.group(1) if found and "." in text else None


def spell_hook_points(
    named: Mapping[Candidate, HookPoint], existing: Mapping[str, Existing], options: Options
) -> dict[Candidate, SpelledSite]:
    """Return how each site reaches its hook point; a site whose loop does not say which member it
    calls is left out."""
    by_function: dict[FunctionTrace, list[Candidate]] = {}
    for candidate in named:
        by_function.setdefault(candidate.function.outermost, []).append(candidate)
    found: dict[Candidate, SpelledSite] = {}
    for function, candidates in by_function.items():
        known = existing.get(function.file.path, Existing())
        indexes = LoopIndexes(Written(function), candidates, known, options)
        for candidate in candidates:
            spelled = _spell(candidate, named[candidate], indexes, options)
            if spelled is not None:
                found[candidate] = spelled
    return found


def add_site(candidate: Candidate, spelled: SpelledSite, edits: Edits, function: str) -> None:
    """Add what the site gains to the edits of its file; `function` is how the file spells
    ``explicit_if_hooked``."""
    edits.loops.update(spelled.loops)
    form = candidate.form
    match form:
        case Wrap():
            edit = _wrap_edit(form, spelled.text, spelled.parent)
            edits.wraps.setdefault(form.node, []).append(edit)
        case Explicit(node, place, eager):
            explicit = edits.explicit.setdefault(node, ExplicitEdit(function, eager))
            explicit.hook_points[place] = spelled.text
        case First(block, target, is_tested):
            test = f" if {target.id} is not None else None" if is_tested else ""
            statement = f"{target.id} = {spelled.text}({target.id}){test}"
            edits.first.setdefault(block, []).append(statement)
        case After():
            edits.after.setdefault(form.statement, []).append(_statement(form, spelled.text))


def text_of_part(target: ast.expr, part: Iterable[Step]) -> str:
    """Return ``out.last_hidden_state`` for ``out`` and the step to its field."""
    text = ast.unparse(target)
    for step in part:
        match step:
            case Attribute(name):
                text += f".{name}"
            case Item(key):
                text += f"[{double_quoted(repr(key))}]"
    return text


def _spell(
    candidate: Candidate, hook_point: HookPoint, indexes: LoopIndexes, options: Options
) -> SpelledSite | None:
    reference = candidate.reference
    form = candidate.form
    parent = indexes.written.parent(form.node) if isinstance(form, Wrap) else None
    if reference.computed is not None:
        name = hook_point_name(reference.computed.name, options)
        return SpelledSite(f"getattr({reference.receiver}, {name})", parent)
    text = f"{reference.receiver}.{hook_point.name}"
    loops: list[tuple[Loop, LoopEdit]] = []
    for step in reference.items:
        if isinstance(step, Member):
            index = indexes.index(candidate, step, text)
            if index is None:
                return None
            if step.loop in indexes.edits and step.loop not in indexes.standing:
                loops.append((step.loop, indexes.edits[step.loop]))
            text = index
        elif step.written is None and step.key is None:
            return None
        else:
            text += f"[{_index(step)}]"
    return SpelledSite(text, parent, tuple(loops))


def _index(step: Item) -> str:
    return double_quoted(ast.unparse(step.written) if step.written is not None else repr(step.key))


def _wrap_edit(form: Wrap, hook_point: str, parent: ast.AST | None) -> WrapEdit:
    tested = form.is_tested
    if not tested and isinstance(parent, ast.IfExp) and parent.body is form.node:
        # The author's own test would be taken for ours when the hook points are stripped.
        own = "{0} if {0} is not None else None".format(ast.unparse(form.node))
        tested = not isinstance(form.node, ast.Call) and ast.unparse(parent) == own
    if not tested:
        takes_brackets = parent is not None and needs_brackets(parent, form.node)
        return WrapEdit(hook_point, takes_brackets=takes_brackets)
    brackets = parent is not None and needs_brackets(parent, form.node, _CONDITION)
    return WrapEdit(hook_point, double_quoted(ast.unparse(form.node)), brackets)


def _statement(form: After, hook_point: str) -> str:
    target = ast.unparse(form.target)
    part = text_of_part(form.target, form.part)
    hooked = f"{hook_point}({part})"
    if form.is_rebuilt:
        (step,) = form.part
        assert isinstance(step, Item)
        assert isinstance(step.key, int)
        before = f"*{target}[:{step.key}], " if step.key else ""
        statement = f"{target} = ({before}{hooked}, *{target}[{step.key + 1}:])"
    else:
        statement = f"{part} = {hooked}"
    if form.is_guarded:
        return f"if not isinstance({target}, tuple):\n    {statement}"
    return statement
