"""Runs that end at a hook point or ahead of a layer."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

from torch import nn

from autohook_runtime.compiling import eagerly
from autohook_runtime.first_tensor import first_tensor
from autohook_runtime.own_thread import OwnThread

OF_TRANSFORMER_LENS = {"stop_at_layer", "prepend_bos"}
"""Arguments of its models that libraries pass to any (SAELens). The second is about text; where it
is not the model's own, the model is given tokens."""


class Stopped(BaseException):
    """Ends a run. No exception that models catch."""

    def __init__(self, value: Any = None) -> None:
        super().__init__()
        self.value = value


def stopping(
    model: Any, stop_at: str | None, model_kwargs: dict[str, Any]
) -> AbstractContextManager[Stopped]:
    """Where the run in the block ends early, the value at that place is in what this gives."""
    layer = None
    asked = model_kwargs.keys() & OF_TRANSFORMER_LENS
    if asked:
        own = inspect.signature(model.forward).parameters
        others = {name: model_kwargs.pop(name) for name in asked - own.keys()}
        layer = others.get("stop_at_layer")
    if stop_at is None and layer is None:
        return nullcontext(Stopped())
    return _stopping(model, stop_at, layer)


@contextmanager
def _stopping(model: Any, stop_at: str | None, layer: Any) -> Iterator[Stopped]:
    end = Stopped()

    def stop(value: Any, hook: Any = None) -> None:
        end.value = value
        raise end

    if stop_at is None:
        take_off = _stop_ahead_of(layers_of(model), layer, stop).remove
    else:
        hook_point = model.hook_dict[stop_at]
        take_off = partial(hook_point.take_off, hook_point.add_hook(OwnThread(stop)), "fwd")
    try:
        with eagerly:
            yield end
    except Stopped as stopped:
        if stopped is not end:
            raise
    finally:
        take_off()


def layers_of(model: nn.Module) -> nn.ModuleList:
    """The longest list of modules: its blocks.

    Raises:
        ValueError: if it has none.
    """
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    if not lists:
        raise ValueError(
            f"stop_at_layer needs a ModuleList of layers, {type(model).__name__} has none"
        )
    return max(lists, key=len)


def _stop_ahead_of(layers: nn.ModuleList, number: Any, stop: Any) -> Any:
    number = number + len(layers) if number < 0 else number
    if number == len(layers):
        return layers[-1].register_forward_hook(
            lambda _, args, output: stop(first_tensor(output)[0])
        )
    ahead = lambda _, args, kwargs: stop(first_tensor((args, kwargs))[0])  # noqa: E731
    return layers[number].register_forward_pre_hook(ahead, with_kwargs=True)
