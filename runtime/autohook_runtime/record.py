"""What `auto_hook` keeps of a root: its hook points, and what it held when they were named."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from transformer_lens.hook_points import HookPoint

from autohook_runtime.changes import changing
from autohook_runtime.choices import Choice
from autohook_runtime.hook_points import KeptHookPoint, Tap
from autohook_runtime.names import HookDict
from autohook_runtime.other_names import OtherNames
from autohook_runtime.sites import (
    INPUT,
    InSource,
    Key,
    has_own_parameters,
    hooked_in_source,
    modules_of,
    sites,
)
from autohook_runtime.subclasses import swap_class, swapped_from
from autohook_runtime.tapped_modules import note_shortcuts, tapped_of
from autohook_runtime.taps import ModuleTap, hook_point_alone

RECORD = "_auto_hook_record"
"""The attribute of a hooked model that holds its `Record`: the only one that is added to it."""
Holding = tuple[tuple[nn.Module | None, ...], list[str] | None]
"""What a module holds: its children and, where they can have hook points, its parameters' names."""


@dataclass
class Record:
    """Of one root, which it does not keep alive."""

    choices: dict[Choice, None]
    """What the calls of `auto_hook` have asked for."""
    hook_dict: HookDict | None = None
    """Of a copy, and of what came out of a pickle, None until it is asked for."""
    mod_dict: dict[str, nn.Module] = field(default_factory=dict)
    is_caching: bool = False
    context_level: int = 0
    added: dict[Key, KeptHookPoint] = field(default_factory=dict)
    held: Holding | None = None
    """What the model held when the hook points were named; and what the modules inside did."""
    held_inside: list[tuple[nn.Module, Holding]] = field(default_factory=list)

    def is_current(self, model: nn.Module) -> bool:
        for module, (children, names) in ((model, self.held or (None, None)), *self.held_inside):
            held = module.__dict__
            if children != tuple(held["_modules"].values()):
                return False
            if names is not None and names != _names(held["_parameters"]):
                return False
        return True

    def __reduce__(self) -> Any:
        """A copy is completed when it is asked for something: before, its model is not whole."""
        return Record, (self.choices,)


def record_of(model: nn.Module) -> Record | None:
    record = model.__dict__.get(RECORD)
    return record if isinstance(record, Record) else None


def keep_current(model: Any) -> HookDict:
    """The hook points of a hooked model, which is completed if it holds other modules or parameters
    than before. It may change its parts at any time, so this is called where hooks are added and
    where a run starts."""
    record = record_of(model)
    if record is not None:
        with changing:
            if not record.is_current(model):
                complete(model, record)
    hook_dict: HookDict = model.hook_dict
    return hook_dict


def complete(model: nn.Module, record: Record) -> None:
    """Writes `hook_dict` and `mod_dict`: the model's own hook points, then the added ones."""
    modules = modules_of(model)
    found = [record_of(module) for module in modules.values()]
    records = [record, *(other for other in found if other is not None and other is not record)]
    existing = {key: point for other in records for key, point in other.added.items()}
    in_source = hooked_in_source(modules, {each.name for one in records for each in one.choices})
    to_add = [
        site
        for site in sites(modules)
        if site.key not in in_source and any(one.wants(site, modules) for one in record.choices)
    ]
    # nothing was changed so far: what raises above leaves the model as it was
    hook_dict = HookDict()
    hook_dict.part_of = _part_of
    hook_dict.other_names = OtherNames(model)
    mod_dict: dict[str, nn.Module] = {path: module for path, module in modules.items() if path}
    for path, module in mod_dict.items():
        if isinstance(module, HookPoint):
            KeptHookPoint.take_over(module)
            hook_dict[path] = module
            if isinstance(module, KeptHookPoint):
                choices = (each for one in records for each in one.choices)
                module.shows_every_call = any(
                    one.shows_every_call(path, modules) for one in choices
                )
    note_shortcuts(modules.values())
    added: dict[Key, KeptHookPoint] = {}
    for site in to_add:
        point = existing.get(site.key)
        if point is None or point.taps[0].key != site.key:  # the id may be another module's now
            tap = ModuleTap(site.module, site.attribute)
            value = site.module._parameters[site.attribute] if tap.is_parameter else None
            point = hook_point_alone(value) or KeptHookPoint(tap)
        name, number = site.name, 1
        while name in mod_dict:
            number += 1
            name = f"{site.name}_{number}"
        added[site.key] = hook_dict[name] = mod_dict[name] = point
    # what is gone for now keeps its hooks, and has the same hook point if it comes back
    record.added = {key: point for key, point in record.added.items() if point.is_on} | added
    inner, taps = set(modules.values()), _taps_of_sources(in_source)
    for name, hook_point in hook_dict.items():
        _name(hook_point, name, model, inner, taps.get(hook_point, []) if name in modules else None)
    record.hook_dict, record.mod_dict, record.held = hook_dict, mod_dict, _held_by(model)
    record.held_inside = [
        (module, _held_by(module))
        for path, module in modules.items()
        if path and not isinstance(module, (torch.jit.ScriptModule, HookPoint))
    ]


def unwrap_model(model: nn.Module) -> nn.Module:
    """As it was before `auto_hook`.

    Raises:
        TypeError: if it is not hooked.
    """
    record = record_of(model)
    if record is None:
        raise TypeError(f"not hooked by auto_hook: {type(model).__name__}")
    own = swapped_from(type(model))
    if own is None:
        raise TypeError(
            f"the class of this {type(model).__name__} was swapped again after auto_hook "
            "(by fully_shard?): undo that first"
        )
    for hook_point in {*(record.hook_dict or {}).values(), *record.added.values()}:
        hook_point.remove_hooks("both", including_permanent=True)
        if isinstance(hook_point, KeptHookPoint) and hook_point.is_in_source:
            hook_point.give_back()
    del model.__dict__[RECORD]
    swap_class(model, own)
    return model


def _held_by(module: nn.Module) -> Holding:
    names = _names(module._parameters) if has_own_parameters(module) else None
    return tuple(module._modules.values()), names


def _names(parameters: dict[str, Any]) -> list[str]:
    return [name for name, value in parameters.items() if value is not None]


def _part_of(hook_point: HookPoint, part: str) -> HookPoint:
    """A hook point for another tensor of the result, or of the arguments, that `hook_point` shows
    the first one of."""
    assert isinstance(hook_point, KeptHookPoint)
    made = KeptHookPoint()
    made.part, made.name = part, f"{hook_point.name}.{part}"
    made.root = hook_point.root
    for tap in hook_point.taps:
        if isinstance(tap, ModuleTap) and not tap.is_parameter:
            module = tap.tapped.reference()
            if module is not None:
                made.tap_by([ModuleTap(module, tap.attribute)], tap.around)
    return made


def _taps_of_sources(in_source: dict[Key, list[InSource]]) -> dict[HookPoint, list[Tap]]:
    """What brings to the hook points of the source what other code does with what they stand for.
    Where a module has several, one for each of its calls, the source alone says which."""
    taps: dict[HookPoint, list[Tap]] = {}
    for first, *others in in_source.values():
        if not others and first.attribute != INPUT and not first.is_role:
            taps.setdefault(first.hook_point, []).append(ModuleTap(first.module, first.attribute))
    return taps


def _name(
    hook_point: HookPoint, name: str, root: nn.Module, inner: set[nn.Module], taps: list[Tap] | None
) -> None:
    """Names it as the outermost root does."""
    if isinstance(hook_point, KeptHookPoint):
        named_by = hook_point.root() if hook_point.root is not None else None
        if named_by is not None and named_by not in inner:
            return
        hook_point.root = weakref.ref(root)
        before = hook_point.taps
        if taps is None or [tap.key for tap in taps] == [tap.key for tap in before]:
            taps = before
        around = tapped_of(root)
        if taps is not before or any(tap.around is not around for tap in before):
            hook_point.tap_by(taps, around)
    hook_point.name = name
