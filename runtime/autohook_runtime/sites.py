"""Which modules and parameters get a hook point, and under which name.

The runtime's names: `hook_point` for the model's own output, `PATH.hook_point` for every submodule
that can be called, `PATH.NAME.hook_point` for every parameter of a module that is not one of
torch's library; where inputs are asked for, `PATH.hook_in`.
Hook points that stand in the model keep their names, and what they hook is not
hooked again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from inspect import getattr_static
from typing import NamedTuple

import torch
import torch.fx
from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from autohook_runtime.roles import covered_by_roles, roles_of
from autohook_runtime.subclasses import swapped_from

DEFAULT_PATTERN = "{name}_hook_point"
OUTPUT = ""
"""In place of a parameter's name: the module's output."""
INPUT = ".in"
"""In place of a parameter's name: the module's arguments."""
Key = tuple[int, str]
"""A module's id, and a parameter's name, `OUTPUT` or `INPUT`."""


class Site(NamedTuple):
    """What one hook point is for."""

    name: str
    module: nn.Module
    attribute: str

    @property
    def key(self) -> Key:
        return id(self.module), self.attribute


class InSource(NamedTuple):
    """A hook point that stands in the model, and what it is for."""

    hook_point: HookPoint
    module: nn.Module
    attribute: str
    """The parameter's name, `OUTPUT` or `INPUT`."""
    is_role: bool = False
    """Whether it shows a value of the forward, which need not be the module's own result."""

    @property
    def key(self) -> Key:
        return id(self.module), self.attribute


def modules_of(root: nn.Module) -> dict[str, nn.Module]:
    """The modules that can have hook points or hold them, by path. What is inside of a scripted one
    runs where no hook reaches."""
    modules: dict[str, nn.Module] = {}
    scripted: tuple[str, ...] = ()
    for path, module in root.named_modules():
        if not path.startswith(scripted):
            modules[path] = module
            if isinstance(module, torch.jit.ScriptModule):
                scripted = (*scripted, f"{path}.")
    return modules


def sites(modules: dict[str, nn.Module]) -> Iterator[Site]:
    """All of a root's, in the order of `hook_dict`: outputs, inputs, then parameters."""
    for name, attribute in (("hook_point", OUTPUT), ("hook_in", INPUT)):
        for path, module in modules.items():
            if path == "" or (is_callable(module) and not isinstance(module, HookPoint)):
                yield Site(f"{path}.{name}".lstrip("."), module, attribute)
    for path, module in modules.items():
        if has_own_parameters(module):
            for name, parameter in module._parameters.items():
                if parameter is not None:
                    yield Site(f"{path}.{name}.hook_point".lstrip("."), module, name)


def is_callable(module: nn.Module) -> bool:
    """False for what only holds others: `nn.ModuleList`, `nn.ParameterDict`, a bare `nn.Module`."""
    of_class = getattr_static(type(module), "forward")
    return "forward" in module.__dict__ or of_class is not nn.Module.forward


def has_own_parameters(module: nn.Module) -> bool:
    """Whether its code is not torch's: then it may use its parameters in ways of its own."""
    if isinstance(module, (nn.ParameterList, nn.ParameterDict, torch.fx.GraphModule)):
        return True
    if type(module) is nn.Module:  # which holds them for others
        return True
    classes = [cls for cls in type(module).__mro__ if cls not in HookedRootModule.__mro__]
    if swapped_from(type(module)) is not None:
        del classes[0]
    return not all(cls.__module__.split(".")[0] in ("torch", __package__) for cls in classes)


def hooked_in_source(
    modules: dict[str, nn.Module], patterns: Iterable[str]
) -> dict[Key, list[InSource]]:
    """The hook points that stand in the model, by the keys of the sites that they are for."""
    hooked: dict[Key, list[InSource]] = {}
    for module in modules.values():
        if isinstance(module, torch.jit.ScriptModule):
            continue
        roles = {id(module._modules[held_as]) for held_as in roles_of(module).values()}
        covered = covered_by_roles(module)
        for held_as, child in module._modules.items():
            if child is None:
                continue
            for pattern in patterns:
                for in_source in _hooked_by(module, held_as, child, pattern):
                    if id(child) in roles:
                        if in_source.module not in (module, *module._modules.values()):
                            continue  # `attn_out` is no `out` of `attn`
                        in_source = in_source._replace(is_role=True)
                    covered.pop(in_source.module, None)
                    hooked.setdefault(in_source.key, []).append(in_source)
        for child, role in covered.items():
            hooked.setdefault((id(child), OUTPUT), []).append(InSource(role, child, OUTPUT, True))
    return hooked


def _hooked_by(
    module: nn.Module, held_as: str, child: nn.Module, pattern: str
) -> Iterator[InSource]:
    """The hook points that `child` is or holds."""
    is_container = not isinstance(child, HookPoint)
    # A pattern that ends with the name adds no `s` to that of a container.
    plural = is_container and not pattern.endswith("{name}")
    for name in hooked_names(held_as, pattern + "s" if plural else pattern):
        holder_and_name = find(module, name)
        if holder_and_name is not None:
            yield from _hooked_at(*holder_and_name, child)
            return
        holder_and_name = find(module, name.removesuffix("_in")) if name.endswith("_in") else None
        if holder_and_name is not None:
            for hooked in _hooked_at(*holder_and_name, child):
                if hooked.attribute == OUTPUT:
                    yield hooked._replace(attribute=INPUT)
            return


def _hooked_at(holder: nn.Module, name: str, child: nn.Module) -> Iterator[InSource]:
    if isinstance(child, HookPoint):
        yield InSource(child, *_target(holder, name))
    else:
        yield from _members(getattr(holder, name), child)


def hooked_names(attribute: str, pattern: str) -> list[str]:
    """What `{name}` may be in an attribute that follows the pattern, also with `_2` after it.

    >>> hooked_names("fc1_hook_point_2", "{name}_hook_point")
    ['fc1']
    >>> hooked_names("hook_ln_1", "hook_{name}")
    ['ln_1', 'ln']
    """
    before, after = (re.escape(part) for part in pattern.split("{name}"))
    numbers = ("", r"_\d+")
    found = [re.fullmatch(f"{before}(.+){after}{number}", attribute) for number in numbers]
    return [match[1] for match in found if match]


def find(module: nn.Module, name: str) -> tuple[nn.Module, str] | None:
    """The module that has what `name` stands for, and its name there: `fc1` of the module itself,
    or `mlp_up` for `module.mlp.up`."""
    if name in module._modules or name in module._parameters:
        return module, name
    for attribute, child in module._modules.items():
        if child is not None and name.startswith(f"{attribute}_"):
            found = find(child, name[len(attribute) + 1 :])
            if found is not None:
                return found
    return None


def _target(holder: nn.Module, name: str) -> tuple[nn.Module, str]:
    child = holder._modules.get(name)
    return (holder, name) if child is None else (child, OUTPUT)


def _members(container: object, hook_points: nn.Module) -> Iterator[InSource]:
    """A container's members for which a container of hook points has one."""
    if not isinstance(container, nn.Module) or isinstance(hook_points, HookPoint):
        return
    for name, hook_point in hook_points._modules.items():
        if isinstance(hook_point, HookPoint):
            if name in container._modules or name in container._parameters:
                yield InSource(hook_point, *_target(container, name))
        elif hook_point is not None and name in container._modules:
            yield from _members(container._modules[name], hook_point)
