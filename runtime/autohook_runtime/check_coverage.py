"""What fires in a class as autohook-codegen writes it, and what fires with `auto_hook` alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from torch import Tensor, nn
from transformer_lens.hook_points import HookPoint

from autohook_runtime.check_runs import Subject
from autohook_runtime.first_tensor import first_tensor
from autohook_runtime.sites import DEFAULT_PATTERN, OUTPUT, Site, hooked_in_source, sites

__all__ = ["is_named", "on_one_side", "seen_as_written"]


def seen_as_written(subject: Subject, model: Any) -> dict[str, Tensor]:
    """Return copies of what passes the hook points that the class makes itself, by its own
    `setup()`, by its own `auto_hook`, or, if it is no root, without either."""
    seen: dict[str, Tensor] = {}
    points: Mapping[str, HookPoint] = getattr(model, "hook_dict", None) or {
        name: module for name, module in model.named_modules() if isinstance(module, HookPoint)
    }

    def keep(name: str, value: Any) -> None:
        tensor, _ = first_tensor(value)
        if tensor is not None:
            seen[name] = tensor.detach().clone()

    handles = [
        point.register_forward_hook(lambda _, args, value, name=name: keep(name, value))
        for name, point in points.items()
    ]
    subject.run(model)
    for handle in handles:
        handle.remove()
    return seen


def on_one_side(
    modules: Mapping[str, nn.Module], written: Collection[str], alone: Collection[str]
) -> Iterator[tuple[str, Site]]:
    """Yield what fires on one side only, under the name that it has there: `written` as the class
    is written, whose modules these are, or `alone` with `auto_hook` alone.

    The model's own output is no call in the source, nor is what torch runs where a parametrized
    weight is read; and a parameter whose value goes elsewhere than into an operation
    (`return self.scale`) passes in the source alone.
    """
    paths = {module: path for path, module in modules.items()}
    in_source = hooked_in_source(dict(modules), {DEFAULT_PATTERN})
    for site in sites(dict(modules)):
        is_own_output = site.module is modules[""] and site.attribute == OUTPUT
        if is_own_output or "parametrizations" in site.name.split("."):
            continue
        names = [site.name, *(paths[one.hook_point] for one in in_source.get(site.key, ()))]
        is_written = not set(names).isdisjoint(written)
        is_alone = not set(names).isdisjoint(alone)
        if is_alone and not is_written:
            yield site.name, site
        elif is_written and not is_alone and site.attribute == OUTPUT:
            yield names[-1], site


def is_named(site: Site, notes: Collection[Any]) -> bool:
    """Tell whether a note names the module or parameter, or what holds it."""
    path = [part for part in site.name.split(".")[:-1] if not part.isdigit()]
    return any(not set(path[-2:]).isdisjoint(re.findall(r"\w+", note.message)) for note in notes)
