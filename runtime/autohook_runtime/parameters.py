"""`auto_hook(parameter)`: a parameter that is its own root, with one hook point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.hooked_classes import METHODS
from autohook_runtime.names import HookDict
from autohook_runtime.root_methods import RootMethods
from autohook_runtime.taps import ALONE, AloneTap, hook_point_alone


class ParameterRoot(RootMethods):
    """TransformerLens's interface for a parameter. It has no forward pass of its own, so the
    methods that run one take a function to call: `W.run_with_cache(lambda: x @ W)`."""

    tap: AloneTap

    def __init__(self, tap: AloneTap) -> None:
        super().__init__()
        hook_point = KeptHookPoint(tap)
        hook_point.name = "hook_point"
        points = HookDict({"hook_point": hook_point})
        self.__dict__.update(hook_dict=points, mod_dict=points, tap=tap)

    def forward(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Nothing can have come since."""

    def unwrap(self) -> nn.Parameter:
        return unhook_parameter(self.tap.reference())

    def copy(self, memo: dict[int, Any]) -> nn.Parameter:
        """`__deepcopy__` of the parameter."""
        parameter: Any = self.tap.reference()
        if id(parameter) not in memo:
            memo[id(parameter)] = hook_parameter(parameter.__class__.__deepcopy__(parameter, {}))
        copied: nn.Parameter = memo[id(parameter)]
        return copied

    def reduce(self, protocol: Any) -> tuple[Any, ...]:
        """`__reduce_ex__` of the parameter."""
        parameter: Any = self.tap.reference()
        return hook_parameter, (nn.Parameter(parameter.data, parameter.requires_grad),)


def hook_parameter(parameter: nn.Parameter) -> nn.Parameter:
    """Gives `parameter` TransformerLens's interface, as attributes of the object; it stays the same
    object, of the same class."""
    if hook_point_alone(parameter) is None:
        root = ParameterRoot(AloneTap(parameter))
        parameter.__dict__.update({name: getattr(root, name) for name in METHODS})
        points = {"hook_dict": root.hook_dict, "mod_dict": root.mod_dict}
        parameter.__dict__.update(points, __deepcopy__=root.copy, __reduce_ex__=root.reduce)
        parameter.__dict__[ALONE] = root.hook_dict["hook_point"]
    return parameter


def unhook_parameter(parameter: Any) -> nn.Parameter:
    """As it was before."""
    hook_point = hook_point_alone(parameter)
    assert hook_point is not None
    hook_point.remove_hooks("both", including_permanent=True)
    for name in (*METHODS, "hook_dict", "mod_dict", "__deepcopy__", "__reduce_ex__", ALONE):
        del parameter.__dict__[name]
    unhooked: nn.Parameter = parameter
    return unhooked
