"""What a hooked model's methods do around a run."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from torch import Tensor

from autohook_runtime.chains import run_from
from autohook_runtime.names import HookDict, Wanted
from autohook_runtime.record import keep_current


def current_hook_dict(model: Any) -> HookDict:
    """The hook points of what the model holds now."""
    keep_current(model)
    hook_dict: HookDict = model.hook_dict
    return hook_dict


def run(model: Any, start: str | None, args: Any, kwargs: Any) -> Any:
    return model(*args, **kwargs) if start is None else run_from(model, start, *args, **kwargs)


def names_of(hook_dict: HookDict, wanted: Wanted | None) -> list[str]:
    """Those that are meant; one warning says what there is not."""
    unknown: list[str] = []
    names = hook_dict.wanted(wanted, unknown.append)
    if unknown or not names:
        warn("; ".join(unknown) or f"names_filter={wanted!r} matches no hook point; see hook_dict")
    return names


def warn(message: str) -> None:
    """As said by who called the model's method."""
    warnings.warn(message, stacklevel=4)


def warn_of_silent(names: Iterable[str]) -> None:
    silent = ", ".join(map(repr, names))
    if silent:
        warn(
            f"nothing passed in this run: {silent}. Scripted functions and Triton kernels show no "
            "operation with a parameter"
        )


def refuse_batch(given: Tensor | None) -> None:
    if given is not None and given.dim() and given.shape[0] != 1:
        raise ValueError(f"remove_batch_dim needs a batch of 1, got {given.shape[0]}")
