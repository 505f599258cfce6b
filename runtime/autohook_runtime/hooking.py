"""`auto_hook` and `unwrap`."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

from torch import nn
from transformer_lens.hook_points import HookPoint

from autohook_runtime.added_hook_points import OutputHookPoint, ParameterHookPoint
from autohook_runtime.copies import RECORD, STATE
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.hooked_classes import hooked_class
from autohook_runtime.other_uses import follow_other_uses
from autohook_runtime.own_thread import changing
from autohook_runtime.parameters import is_hooked_parameter, unhook_parameter
from autohook_runtime.sites import DEFAULT_PATTERN, OUTPUT, Site, hooked_in_source, sites
from autohook_runtime.subclasses import swapped_from
from autohook_runtime.watched_modules import own_class, set_own_class

Held = tuple[nn.Module, list[str], list[int], list[str]]
"""A module, its children's names and ids, and its parameters' names."""


@dataclass
class Record:
    """What `auto_hook` keeps of a root."""

    patterns: set[str] = field(default_factory=set)
    had: dict[str, Any] = field(default_factory=dict)
    """The attributes of `HookedRootModule` that the model had before."""
    added: dict[tuple[int, str], KeptHookPoint] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    """What the model held when its hook points were named."""


def hook_module(model: nn.Module, pattern: str = DEFAULT_PATTERN) -> None:
    """Makes `model` a root with hook points for all that it holds now."""
    record = model.__dict__.get(RECORD)
    if record is None:
        cls = hooked_class(model)
        had = {name: model.__dict__[name] for name in STATE if name in model.__dict__}
        record = model.__dict__[RECORD] = Record(had=had)
        model.__dict__.setdefault("is_caching", False)
        model.__dict__.setdefault("context_level", 0)
        set_own_class(model, cls)
    record.patterns.add(pattern)
    complete(model, record)


def complete(model: nn.Module, record: Record) -> None:
    """Writes `hook_dict` and `mod_dict`: the model's own hook points, then the added ones."""
    modules = dict(model.named_modules())
    records = [module.__dict__[RECORD] for module in modules.values() if RECORD in module.__dict__]
    existing = {key: point for other in records for key, point in other.added.items()}
    patterns = set().union(*(other.patterns for other in records))
    hook_dict: dict[str, HookPoint] = {}
    mod_dict: dict[str, nn.Module] = {path: module for path, module in modules.items() if path}
    for path, module in mod_dict.items():
        if isinstance(module, HookPoint):
            KeptHookPoint.take_over(module)
            hook_dict[path] = module
    in_source = hooked_in_source(model, patterns)
    follow_other_uses(model, in_source)
    added: dict[tuple[int, str], KeptHookPoint] = {}
    for site in sites(model):
        if site.key not in in_source:
            point = existing.get(site.key) or _added_for(site)
            name = _free(site.name, mod_dict)
            added[site.key] = hook_dict[name] = point
            mod_dict[name] = point
    # what is gone for now keeps its hooks, and has the same hook point if it comes back
    gone = {key: point for key, point in record.added.items() if point.is_hooked}
    record.added = gone | added
    inner = set(modules.values())
    for name, hook_point in hook_dict.items():
        _name(hook_point, name, model, inner)
    model.__dict__.update(hook_dict=hook_dict, mod_dict=mod_dict)
    record.held = [held(module) for module in modules.values()]


def held(module: nn.Module) -> Held:
    """By names and ids, which are compared in no time; the modules are kept alive by `Record`."""
    children, parameters = module._modules, module._parameters
    return (
        module,
        list(children),
        list(map(id, children.values())),
        [name for name, parameter in parameters.items() if parameter is not None],
    )


def keep_current(model: nn.Module) -> None:
    """Completes a hooked model again if it holds other modules or parameters than before."""
    record = model.__dict__.get(RECORD)
    if not isinstance(record, Record):
        return  # on its way out of a pickle
    with changing:
        if any(held(before[0]) != before for before in record.held):
            complete(model, record)


def _added_for(site: Site) -> KeptHookPoint:
    if site.attribute == OUTPUT:
        return OutputHookPoint(site.module)
    parameter = site.module._parameters[site.attribute]
    if is_hooked_parameter(parameter):
        point: KeptHookPoint = parameter.__dict__["hook_point"]
        return point
    return ParameterHookPoint(site.module, site.attribute)


def _free(name: str, taken: dict[str, nn.Module]) -> str:
    number = 1
    while (free := name if number == 1 else f"{name}_{number}") in taken:
        number += 1
    return free


def _name(hook_point: HookPoint, name: str, root: nn.Module, inner: set[nn.Module]) -> None:
    """Names it as the outermost root does."""
    if isinstance(hook_point, KeptHookPoint):
        named_by = hook_point.root() if hook_point.root is not None else None
        if named_by is not None and named_by not in inner:
            return
        hook_point.root = weakref.ref(root)
    hook_point.name = name


def unwrap(model: Any) -> Any:
    """Gives back `model` (the same object) as it was before `auto_hook`: its class, its modules and
    parameters, and the hooks that others had registered. Hooks at its hook points are gone.

    Raises:
        TypeError: if it is not hooked.
    """
    if is_hooked_parameter(model):
        return unhook_parameter(model)
    if not isinstance(model, nn.Module) or RECORD not in model.__dict__:
        raise TypeError(f"not hooked by auto_hook: {type(model).__name__}")
    own = swapped_from(own_class(model))
    if own is None:
        raise TypeError(
            f"the class of this {type(model).__name__} was swapped again after auto_hook "
            "(by fully_shard?): undo that first"
        )
    record = model.__dict__[RECORD]
    hook_points = {*model.__dict__["hook_dict"].values(), *record.added.values()}
    for hook_point in hook_points:
        hook_point.remove_hooks("both", including_permanent=True)
        if type(hook_point) is KeptHookPoint:
            hook_point.give_back()
    for name in (RECORD, *STATE):
        model.__dict__.pop(name, None)
    model.__dict__.update(record.had)
    set_own_class(model, own)
    return model
