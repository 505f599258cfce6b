"""What a package's list of models gives for a name: a model and how it is called, or why there is none."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

__all__ = ["Call", "NotBuiltError"]


class NotBuiltError(Exception):
    """A model that cannot be built or run small here; the message says why."""


class Call:
    """Calls a model, each time with copies of the arguments, which it may change."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any], known: Any = None) -> None:
        self.args, self.kwargs = args, kwargs
        self.known = known
        """What another process needs to build the same model, beside its name."""

    def __call__(self, model: nn.Module) -> Any:
        return model(*copy.deepcopy(self.args), **copy.deepcopy(self.kwargs))
