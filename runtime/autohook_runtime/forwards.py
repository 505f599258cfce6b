"""The forwards that stand on modules while hook points of them have hooks, and what they do with an
output."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.compiler import is_dynamo_compiling

from autohook_runtime.compiling import outside_graphs, with_own_code
from autohook_runtime.first_tensor import first_tensor, named_part, with_tensor
from autohook_runtime.followed_parameters import follow, here
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.sites import INPUT, OUTPUT


def _call(own: Any, module: Any, args: Any, kwargs: Any) -> Any:
    """The forward that stood on the module, or else that of its class."""
    if own is None:
        return type(module).forward(module, *args, **kwargs)
    return own(*args, **kwargs)


def plain(tapped: Any, reference: Any, own: Any) -> Any:
    """A forward of which the compiler makes no graph; the module's own one has its graph."""

    def forward(*args: Any, **kwargs: Any) -> Any:
        if INPUT in tapped.points:
            args, kwargs = tapped.receive(args, kwargs)
        return tapped.send(_call(own, reference(), args, kwargs))

    return forward


outside_graphs(plain(None, None, None))  # all of them have the same code


def traceable(tapped: Any, reference: Any, own: Any) -> Any:
    """A forward with what parameters and modules inside have, of which the compiler makes graphs:
    they show what stands for the parameters."""

    def forward(*args: Any, **kwargs: Any) -> Any:
        module: Any = reference()
        if not tapped.parameters or is_dynamo_compiling():
            if INPUT in tapped.points:
                args, kwargs = tapped.receive(args, kwargs)
            before = tapped.begin_trace()
            try:
                output = _call(own, module, args, kwargs)
            finally:
                for holder, name, value in before:
                    object.__setattr__(holder, name, value)
            return tapped.send(output)
        following = here.following
        if not following.is_in_forward:
            return tapped.run_outermost(forward, args, kwargs)
        points = tapped.points
        if INPUT in points:
            args, kwargs = tapped.receive(args, kwargs)
        followed, output = following.followed, None
        try:
            for name in points.keys() & module.__dict__.keys():
                follow(module.__dict__[name], points[name])  # replicas and FSDP have them there
            if own is None:
                output = type(module).forward(module, *args, **kwargs)
            else:
                output = own(*args, **kwargs)
        finally:
            if following.followed is not followed:
                following.end_forward(followed, output)
        return tapped.send(output) if OUTPUT in points else output

    return with_own_code(forward)


def send_output(output: Any, hook_point: KeptHookPoint) -> Any:
    if hook_point.is_in_source:
        # the source says which part of a tuple it hooks; a trace shows what the source shows
        if not isinstance(output, Tensor) or is_dynamo_compiling():
            return output
        fired = hook_point.fire(output)
        hook_point.note_passed(fired)
        return fired
    tensor, steps = (
        first_tensor(output) if not hook_point.part else named_part(output, hook_point.part)
    )
    if tensor is None:
        return output
    fired = hook_point.fire(tensor)
    return output if fired is tensor else with_tensor(output, steps, fired)
