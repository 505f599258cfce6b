"""`auto_hook(parameter)`: a parameter that is its own root, with one hook point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from autohook_runtime.hook_points import FiringHookPoint
from autohook_runtime.root_methods import RootMethods
from autohook_runtime.subclasses import make_subclass, swap_class, swapped_from
from autohook_runtime.tracked_tensors import tracked_class

ROOT = "_auto_hook_root"

_idle_classes: dict[type, type] = {}
_tracked_classes: dict[type, type] = {}


class BareParameterHookPoint(FiringHookPoint):
    """The hook point of a hooked parameter, whose class has its operations followed while there is
    a hook."""

    parameter: nn.Parameter

    def __init__(self, parameter: nn.Parameter) -> None:
        super().__init__()
        # past nn.Module, which would make it this module's own
        self.__dict__["parameter"] = parameter

    def settle(self) -> None:
        swap_class(self.parameter, _class_for(_own_class(self.parameter), self.is_hooked))


class ParameterRoot(RootMethods):
    """TransformerLens's interface for a parameter. It has no forward pass of its own, so the
    methods that run one take a function to call: `W.run_with_cache(lambda: x @ W)`."""

    parameter: nn.Parameter

    def __init__(self, parameter: nn.Parameter) -> None:
        super().__init__()
        hook_point = BareParameterHookPoint(parameter)
        hook_point.name = "hook_point"
        points = {"hook_point": hook_point}
        self.__dict__.update(hook_dict=points, mod_dict=points, parameter=parameter)

    def forward(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Nothing can have come since."""

    def unwrap(self) -> nn.Parameter:
        return unhook_parameter(self.parameter)


def hook_parameter(parameter: nn.Parameter) -> nn.Parameter:
    """Gives `parameter` TransformerLens's interface; it stays the same object."""
    if not is_hooked_parameter(parameter):
        root = ParameterRoot(parameter)
        point = root.hook_dict["hook_point"]
        parameter.__dict__.update({ROOT: root, "stands_for": parameter, "hook_point": point})
        swap_class(parameter, _class_for(type(parameter), False))
    return parameter


def unhook_parameter(parameter: nn.Parameter) -> nn.Parameter:
    """As it was before."""
    parameter.__dict__["hook_point"].remove_hooks("both", including_permanent=True)
    swap_class(parameter, _own_class(parameter))
    for name in (ROOT, "stands_for", "hook_point"):
        del parameter.__dict__[name]
    return parameter


def is_hooked_parameter(value: Any) -> bool:
    return isinstance(value, Tensor) and ROOT in value.__dict__


def _own_class(parameter: Tensor) -> type:
    return swapped_from(type(parameter)) or type(parameter)


def _class_for(own: type, is_followed: bool) -> type:
    if own not in _idle_classes:
        members: dict[str, Any] = {
            "__getattr__": _root_attribute,
            "__deepcopy__": _deepcopy,
            "__reduce_ex__": _reduce,
        }
        _idle_classes[own] = make_subclass(own, __slots__=(), **members)
        _tracked_classes[own] = tracked_class(own, **members)
    return (_tracked_classes if is_followed else _idle_classes)[own]


def _root_attribute(parameter: Any, name: str) -> Any:
    root = parameter.__dict__.get(ROOT)
    if root is None or name.startswith("_"):
        raise AttributeError(f"{type(parameter).__name__!r} object has no attribute {name!r}")
    return getattr(root, name)


def _deepcopy(parameter: nn.Parameter, memo: dict[int, Any]) -> nn.Parameter:
    if id(parameter) not in memo:
        copied = nn.Parameter(parameter.data.clone(), parameter.requires_grad)
        memo[id(parameter)] = hook_parameter(copied)
    result: nn.Parameter = memo[id(parameter)]
    return result


def _reduce(parameter: nn.Parameter, protocol: Any) -> tuple[Any, ...]:
    return hook_parameter, (nn.Parameter(parameter.data, parameter.requires_grad),)
