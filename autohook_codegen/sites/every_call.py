"""Calls without a site whose module has a hook point in the source, from its other calls.

At run time that hook point shows what the module gives at every call, if that is one tensor. Which
part of a tuple it shows the source alone says: where that is the first tensor, ``auto_hook`` is
told, and where it is another, the hook point does not see the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from autohook_codegen.analysis.trace import ModuleCall
from autohook_codegen.analysis.values import Attribute, Fields, Item, Step
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import Candidate, LeftAlone
from autohook_codegen.sites.hook_points import HookPoint
from autohook_codegen.sites.shapes import is_surely_tensor

__all__ = ["EveryCall", "see_every_call"]

_ABOUT_PARTS = (NoteCode.MEMBERS_UNNAMED, NoteCode.PART_UNKNOWN, NoteCode.WEIGHTS_ALONE)
"""Notes about what a module holds, whatever becomes of its own result."""
_Hooked = Mapping[Candidate, tuple[HookPoint, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class EveryCall:
    left_alone: tuple[LeftAlone, ...]
    """All that has no site, with what no hook point sees marked."""
    told: Mapping[ClassDecl, tuple[str, ...]]
    """By the classes in which the calls stand: ``Cell.rnn_hook_point``."""


def see_every_call(left_alone: Iterable[LeftAlone], hooked: _Hooked) -> EveryCall:
    """Find the calls of no single tensor whose module is hooked at another call."""
    sites: dict[tuple[ClassDecl, tuple[str, ...]], list[Candidate]] = {}
    for site in hooked:
        if site.kind == "module call":
            for owner in site.reference.owners:
                sites.setdefault((owner, site.reference.names), []).append(site)
    found: list[LeftAlone] = []
    told: dict[ClassDecl, dict[str, None]] = {}
    for one in left_alone:
        call = _call_of(one)
        owners = one.reference.owners if one.reference is not None else ()
        names = one.reference.names if one.reference is not None else ()
        others = [site for owner in owners for site in sites.get((owner, names), ())]
        if call is not None and others and one.message.code not in _ABOUT_PARTS:
            hook_points = {hook_point for site in others for hook_point in hooked[site]}
            holder = one.function.owner
            is_first = all(_is_first(site.part, call) for site in others)
            if holder is not None and len(hook_points) == 1 and is_first:
                (hook_point,) = hook_points
                texts = (f"{owner.name}.{hook_point.name}" for owner in owners)
                told.setdefault(holder, {}).update(dict.fromkeys(texts))
            else:
                one = replace(one, inside=(), is_unseen=True)
        found.append(one)
    return EveryCall(tuple(found), {holder: tuple(texts) for holder, texts in told.items()})


def _call_of(one: LeftAlone) -> ModuleCall | None:
    """Return the call that gives back no single tensor."""
    calls = (call for call in one.function.calls if call.node is one.node)
    return next((call for call in calls if not is_surely_tensor(call.result)), None)


def _is_first(part: tuple[Step, ...], call: ModuleCall) -> bool:
    """Whether the part is the first tensor of the result."""
    firsts = {one.fields[0][0] for one in call.result if isinstance(one, Fields) and one.fields}
    for step in part:
        match step:
            case Item(key=0):
                pass
            case Attribute(name) | Item(key=str(name)) if firsts == {name}:
                pass
            case _:
                return False
    return True
