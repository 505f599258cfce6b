"""The forwards that stand on modules while hook points of them have hooks."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor
from torch.compiler import is_dynamo_compiling

from autohook_runtime.arguments import receive
from autohook_runtime.compiling import eagerly, outside_graphs, unseen
from autohook_runtime.first_tensor import named_part, with_tensor
from autohook_runtime.followed_parameters import follow, here
from autohook_runtime.hook_points import KeptHookPoint
from autohook_runtime.sites import INPUT, OUTPUT
from autohook_runtime.traced_parameters import TracedParameter

HookPoints = tuple[KeptHookPoint, ...]


def forward_of(tapped: Any, reference: Any, own: Any) -> Any:
    """Return the forward of a module that has hooks.

    Args:
        tapped: what lies on the module.
        reference: leads to the module, or to a replica of it.
        own: the forward that stood on the module itself; None if there is only that of its class.
    """

    def forward(*args: Any, **kwargs: Any) -> Any:
        module: Any = reference()
        points = tapped.points
        if is_dynamo_compiling():
            if INPUT in points:
                args, kwargs = receive(tapped, args, kwargs)
            before = _show_traced_parameters(tapped)
            try:
                output = (own or partial(type(module).forward, module))(*args, **kwargs)
            finally:
                for holder, name, value in before:
                    object.__setattr__(holder, name, value)
            return send(points.get(OUTPUT, ()), output)
        following = here.following
        if tapped.parameters and not following.is_in_forward:
            return unseen(_run_outermost)(forward, args, kwargs)
        if INPUT in points:
            args, kwargs = unseen(receive)(tapped, args, kwargs)
        followed, output = following.followed, None
        try:
            for name in tapped.watched:
                if name in module.__dict__:  # replicas and FSDP have them there
                    follow(module.__dict__[name], points.get(name, ()))
            if own is None:
                output = type(module).forward(module, *args, **kwargs)
            else:
                output = own(*args, **kwargs)
        finally:
            if following.followed is not followed:
                following.end_forward(followed, output)
        if OUTPUT in points:
            return unseen(send)(points.get(OUTPUT, ()), output)
        return output

    return forward


outside_graphs(forward_of(None, None, None))  # all but those with their own code have the same


@outside_graphs
def _run_outermost(forward: Any, args: Any, kwargs: Any) -> Any:
    """A forward in which parameters are followed, with nothing compiled in it."""
    following = here.following
    followed, following.is_in_forward = following.followed, True
    try:
        with eagerly:
            return forward(*args, **kwargs)
    finally:
        following.is_in_forward = False
        following.go_back(followed)


def _show_traced_parameters(tapped: Any) -> list[tuple[Any, str, Any]]:
    """Let code that is traced see, in place of parameters, what stands for them. Return what was
    there."""
    before = []
    for tap in tapped.parameters:
        module, name = tap.tapped.reference(), tap.attribute
        if tap.kind and module is not None and module._parameters.get(name) is not None:
            value = getattr(module, name)
            if not isinstance(value, TracedParameter):
                before.append((module, name, value))
                object.__setattr__(module, name, value.as_subclass(tap.kind))
    return before


@outside_graphs
def send(hook_points: HookPoints, output: Any) -> Any:
    """A forward's output with what the hooks make of its first tensor."""
    for hook_point in hook_points:
        # the source says which part of a tuple it hooks; a trace shows what the source shows
        is_sure = isinstance(output, Tensor) or hook_point.shows_every_call
        if hook_point.is_in_source and (not is_sure or is_dynamo_compiling()):
            continue
        tensor, steps = named_part(output, hook_point.part)
        if tensor is not None:
            fired = hook_point.fire(tensor)
            if hook_point.is_in_source:
                hook_point.note_passed(fired)
            if fired is not tensor:
                output = with_tensor(output, steps, fired)
    return output
