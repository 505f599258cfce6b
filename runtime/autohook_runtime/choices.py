"""What one call of `auto_hook` asks for: how hook points are named, and which are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import nn

from autohook_runtime.sites import DEFAULT_PATTERN, INPUT, OUTPUT, Site
from autohook_runtime.subclasses import swapped_from

KINDS = ("modules", "params", "activations", "inputs", "all")
CONTAINERS = (nn.ModuleList, nn.ModuleDict, nn.Sequential, nn.ParameterList, nn.ParameterDict)


@dataclass(frozen=True)
class Choice:
    """The arguments of `auto_hook`, as the command's options of the same names."""

    name: str = DEFAULT_PATTERN
    has_inputs: bool = False
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    hook: tuple[str, ...] = ("modules", "params")
    every_call: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        has_inputs: bool,
        only: Iterable[str],
        skip: Iterable[str],
        hook: str,
        every_call: Iterable[str],
    ) -> Choice:
        """Checks what was given.

        Raises:
            ValueError: for a pattern without `{name}`, or a kind of hook point that there is not.
        """
        if name.count("{name}") != 1 or name == "{name}":
            raise ValueError(f"name is a pattern with {{name}} in it, such as {DEFAULT_PATTERN!r}")
        kinds = tuple(kind.strip() for kind in hook.split(","))
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise ValueError(f"hook={unknown[0]!r}: choose of {', '.join(KINDS)}")
        only, skip, every_call = (
            (one,) if isinstance(one, str) else tuple(one) for one in (only, skip, every_call)
        )
        has_inputs = has_inputs or "inputs" in kinds
        return cls(name, has_inputs, only, skip, kinds, every_call)

    def wants(self, site: Site, modules: Mapping[str, nn.Module]) -> bool:
        """Whether a hook point is to be added for this."""
        if site.attribute == INPUT:
            is_wanted = self.has_inputs
        else:
            is_wanted = ("params" if site.attribute else "modules") in self.hook
        if not is_wanted and "all" not in self.hook:
            return False
        if not self.only and not self.skip:
            return True
        names = _names_of(site, modules)
        if self.only and not _match(names, self.only):
            return False
        return not _match(names, self.skip)

    def shows_every_call(self, path: str, modules: Mapping[str, nn.Module]) -> bool:
        """Whether the hook point in the source at this path shows every call of its module."""
        holder, _, held_as = path.rpartition(".")
        while holder and isinstance(modules.get(holder), CONTAINERS):
            holder, _, held_as = holder.rpartition(".")
        classes = type(modules[holder]).__mro__ if self.every_call else ()
        return _match((f"{cls.__name__}.{held_as}" for cls in classes), self.every_call)


def _names_of(site: Site, modules: Mapping[str, nn.Module]) -> set[str]:
    """What a pattern may match: the class that holds it, the attribute, both, and the class of what
    is called."""
    path = site.name.removesuffix("hook_point").removesuffix("hook_in").strip(".")
    parts = path.split(".") if path else []
    length = len(parts) - 1
    while length > 0 and isinstance(modules.get(".".join(parts[:length])), CONTAINERS):
        length -= 1
    holder = modules[".".join(parts[: max(length, 0)])]
    names = {_class(holder).__name__, _class(holder).__qualname__}
    attribute = ".".join(part for part in parts[max(length, 0) :] if not part.isdigit())
    if attribute:
        names |= {attribute, *(f"{name}.{attribute}" for name in tuple(names))}
    if site.attribute in (OUTPUT, INPUT):
        cls = _class(site.module)
        module = "torch.nn" if cls.__module__.startswith("torch.nn.modules.") else cls.__module__
        words = f"{module}.{cls.__qualname__}".split(".")
        names |= {".".join(words[place:]) for place in range(len(words))}
    return names


def _class(module: nn.Module) -> type:
    return swapped_from(type(module)) or type(module)


def _match(names: Iterable[str], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
