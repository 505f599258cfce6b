"""A module's class while one of its hook points has a hook.

It is a subclass that reads the module's parameters through their hook points, and it makes what
`torch.compile` made of the module without hooks invalid (see `KeptHookPoint`). With the last hook
the module gets its own class back, and what was compiled for that is valid again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from autohook_runtime.subclasses import make_subclass, swap_class

if TYPE_CHECKING:

    from autohook_runtime.added_hook_points import AddedHookPoint

HOOKED = "_auto_hook_hooked"
"""The attribute of a watched module that holds its hook points that have hooks, by parameter name;
the one of its output by the empty name."""

_watched_classes: dict[tuple[type, tuple[str, ...]], type] = {}
_own_classes: dict[type, type] = {}


def own_class(module: nn.Module) -> type:
    """The module's class, whether it is watched now or not."""
    return _own_classes.get(type(module), type(module))


def set_own_class(module: nn.Module, own: type) -> None:
    """Swaps the module's class for `own`, and has it watched as before."""
    is_watched = type(module) in _own_classes
    swap_class(module, own)
    if is_watched:
        _watch(module)


def watch(module: nn.Module, hook_point: AddedHookPoint) -> None:
    """Starts to send through `hook_point`."""
    module.__dict__.setdefault(HOOKED, {})[hook_point.attribute] = hook_point
    if type(module) not in _own_classes:
        _watch(module)


def unwatch(module: nn.Module, hook_point: AddedHookPoint) -> None:
    """Ends it."""
    hooked = module.__dict__.get(HOOKED, {})
    hooked.pop(hook_point.attribute, None)
    if not hooked:
        module.__dict__.pop(HOOKED, None)
        if type(module) in _own_classes:  # else someone swapped it again meanwhile (`fully_shard`)
            swap_class(module, _own_classes[type(module)])


def _watch(module: nn.Module) -> None:
    key = type(module), tuple(module._parameters)
    if key not in _watched_classes:
        own, names = key
        members: dict[str, Any] = {name: _hooked_parameter(name) for name in names}
        watched = make_subclass(own, **members, __reduce_ex__=_reduce_unwatched)
        _watched_classes[key] = watched
        _own_classes[watched] = own
    swap_class(module, _watched_classes[key])


def _hooked_parameter(name: str) -> property:
    """Reads the parameter that the module has under this name *now*: under FSDP, `functional_call`
    and in replicas of `nn.DataParallel` that is another object than the one that was there when
    the hook was added."""

    def read(module: nn.Module) -> Any:
        parameters = module.__dict__["_parameters"]
        if name in parameters:
            value = parameters[name]
        elif name in module.__dict__:  # where a replica has it
            value = module.__dict__[name]
        else:
            raise AttributeError(name)
        hook_point = module.__dict__.get(HOOKED, {}).get(name)
        return value if hook_point is None or value is None else hook_point.follow(value)

    def write(module: nn.Module, value: Any) -> None:
        module.__dict__[name] = value

    def delete(module: nn.Module) -> None:
        del module.__dict__[name]

    return property(read, write, delete)


def _reduce_unwatched(module: nn.Module, protocol: Any) -> Any:
    """Copies and pickles the module as it is without hooks."""
    own = own_class(module)
    reduced = list(super(type(module), module).__reduce_ex__(protocol))
    reduced[1] = tuple(own if part is type(module) else part for part in reduced[1])
    if isinstance(reduced[2], dict):
        reduced[2] = without_hooks(reduced[2])
    return tuple(reduced)


def without_hooks(state: dict[str, Any]) -> dict[str, Any]:
    """The module's state without what `watch` and the hook point of the output left in it."""
    hooked = state.get(HOOKED, {})
    handles = {hook_point.handle.id for hook_point in hooked.values() if hook_point.handle}
    state = {name: value for name, value in state.items() if name != HOOKED}
    for name in ("_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called"):
        kept = [(number, hook) for number, hook in state[name].items() if number not in handles]
        state[name] = type(state[name])(kept)
    return state


