"""The other names of a root's hook points: a second one in the source, and TransformerLens's."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from torch import nn
from transformer_lens.hook_points import HookPoint
from transformer_lens.utilities.components_utils import get_act_name

from autohook_runtime.lens_names import LensNames, lens_names
from autohook_runtime.sites import modules_of

Shorthand = tuple[Any, ...]
"""What TransformerLens's caches take: `("pattern", 3)`."""


def words(name: str) -> tuple[str, ...]:
    """What a generated and a runtime name of one hook point have in common.

    >>> words("blocks.0.fc_hook_point") == words("blocks.0.fc.hook_point")
    True
    >>> words("blocks_hook_points.0") == words("blocks.0.hook_point")
    True
    """
    parts = re.split(r"[._]", name)
    return tuple(part for part in parts if part not in ("hook", "point", "points"))


class OtherNames:
    """Found when one is asked for. It does not keep the root alive."""

    def __init__(self, root: nn.Module) -> None:
        self.root = weakref.ref(root)
        self.in_run: dict[str, str] | None = None
        """Of the embeddings, which the first run shows."""

    @cached_property
    def lens(self) -> LensNames:
        root = self.root()
        return LensNames() if root is None else lens_names(modules_of(root))

    @cached_property
    def names(self) -> dict[str, str]:
        """The hook points' own names, by the others."""
        root = self.root()
        second = {} if root is None else dict(_second_names(modules_of(root)))
        lens = {name: second.get(own, own) for name, own in self.lens.names.items()}
        return second | lens

    def own_name(self, name: str) -> str | None:
        return self.names.get(name) or (self.in_run or {}).get(name)

    def of(self, own: str) -> list[str]:
        """All others of one hook point."""
        return self._by_own.get(own, []) + [
            name for name, found in (self.in_run or {}).items() if found == own
        ]

    @cached_property
    def by_words(self) -> dict[tuple[str, ...], set[str]]:
        """The hook points' own names, by the words of the others."""
        found: dict[tuple[str, ...], set[str]] = {}
        for name, own in self.names.items():
            found.setdefault(words(name), set()).add(own)
        return found

    @cached_property
    def _by_own(self) -> dict[str, list[str]]:
        by_own: dict[str, list[str]] = {}
        for name, own in self.names.items():
            by_own.setdefault(own, []).append(name)
        return by_own

    def full_name(self, shorthand: Shorthand) -> str:
        """TransformerLens's name for `("pattern", 3)`; layers may be counted from behind."""
        name, layer, *others = shorthand
        if isinstance(layer, int) and layer < 0:
            layer += max(map(len, self.lens.blocks.values()), default=0)
        full: str = get_act_name(name, layer, *others)
        return full

    def why_not(self, name: str) -> str:
        """What is missing for a name of TransformerLens's."""
        if name in ("hook_embed", "hook_pos_embed", "unembed") and self.in_run is None:
            return ": the first run finds it"
        return self.lens.why_not(name)

    def __reduce__(self) -> tuple[Any, ...]:
        """Without the root: a cache may be saved."""
        found = {"names": self.names, "lens": self.lens, "in_run": self.in_run}
        return _found, (found,)


def _found(found: dict[str, Any]) -> OtherNames:
    names = OtherNames(nn.Module())
    names.__dict__.update(found)
    return names


def _second_names(modules: dict[str, nn.Module]) -> Iterator[tuple[str, str]]:
    """Those that hook points, or lists of them, have besides the first one."""
    paths = {id(module): path for path, module in modules.items()}
    for path, module in modules.items():
        for attribute, child in module._modules.items():
            name = f"{path}.{attribute}".lstrip(".")
            first = paths.get(id(child), name)
            if first == name:
                continue
            if isinstance(child, HookPoint):
                yield name, first
            elif isinstance(child, nn.ModuleList):
                for inner, hook_point in child.named_modules():
                    if isinstance(hook_point, HookPoint):
                        yield f"{name}.{inner}", f"{first}.{inner}"
