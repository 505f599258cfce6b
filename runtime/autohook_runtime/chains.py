"""Runs that begin with a given value, where the model is a chain."""

from __future__ import annotations

from typing import Any

from torch import nn

from autohook_runtime.forwards import send
from autohook_runtime.sites import OUTPUT
from autohook_runtime.tapped_modules import tapped_of


def run_from(model: Any, start: str | None, args: Any, kwargs: Any) -> Any:
    """What the model gives out for these arguments, or, with `start`, if the one that is given is
    what comes to that hook point. No module ahead of it runs.

    Raises:
        ValueError: if it is no hook point of a member of an `nn.Sequential`, or of one in one.
    """
    if start is None:
        return model(*args, **kwargs)
    keys = [tap.key for tap in model.hook_dict[start].taps]
    modules = dict(model.named_modules())
    path = next((path for path in modules if (id(modules[path]), OUTPUT) in keys), None)
    if path is None:
        raise ValueError(f"start={start!r} is no hook point of a module")
    value = _sent(modules[path], *args, **kwargs)
    while path:
        path, _, name = path.rpartition(".")
        chain = modules[path]
        if getattr(type(chain), "forward", None) is not nn.Sequential.forward:
            raise ValueError(f"start={start!r} needs chains, and {path or 'the model'!r} is none")
        names = list(chain._modules)
        for later in names[names.index(name) + 1 :]:
            value = chain.get_submodule(later)(value)
        value = _sent(chain, value)
    return value


def _sent(module: nn.Module, output: Any) -> Any:
    return send(tapped_of(module).points.get(OUTPUT, ()), output)
