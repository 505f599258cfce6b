"""Parts of a submodule whose class the source does not show: ``self.backbone.stem(x)`` where the
model is handed its backbone. A part may be a module or a method, so it has no hook point."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.takers import Takers
from autohook_codegen.analysis.trace import FunctionTrace, How
from autohook_codegen.analysis.values import Parameter, Tensor, Unknown
from autohook_codegen.library import guesses
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import LeftAlone
from autohook_codegen.sites.fallback import place_of
from autohook_codegen.sites.hook_points import path_of
from autohook_codegen.sites.references import held_by, reference_to

__all__ = ["may_be_of_module", "unknown_parts"]

_HANDING_OUT = {
    **dict.fromkeys(("children", "modules", "values"), ()),
    **dict.fromkeys(("named_children", "named_modules", "items"), (1,)),
}
"""Methods that hand out parts, with the place of one in what a loop over them gets."""
_PASSING_ON = {
    **dict.fromkeys(("list", "tuple", "iter", "next", "reversed"), ()),
    "enumerate": (1,),
}


def unknown_parts(function: FunctionTrace, flow: Flow) -> Iterator[LeftAlone]:
    """Yield each submodule of no known class once, at the first call of a part of it."""
    seen: set[str] = set()
    for node, value in list(function.values.items()):
        held = held_by(value)
        if not isinstance(node, ast.Attribute) or held is None or not held.steps:
            continue
        if not all(isinstance(one, Unknown) for one in value) or guesses.is_holder_name(node.attr):
            continue
        calls = _calls_of_parts(node, flow.takers(function))
        call = next((one for one in calls if may_be_of_module(one, function)), None)
        reference = reference_to(held, node, value, function, ()) if call is not None else None
        if call is not None and reference is not None and path_of(reference) not in seen:
            seen.add(path_of(reference))
            called = ast.unparse(call.func)
            message = NoteCode.PART_UNKNOWN.says(called=called, path=path_of(reference))
            inside = (place_of(reference, flow.trace),)
            yield LeftAlone(call, message, function, reference, inside)


def _calls_of_parts(whole: ast.expr, takers: Takers) -> Iterator[ast.Call]:
    """Yield the calls of what is read, looked up or looped over in the value."""
    stack: list[tuple[ast.expr, tuple[int, ...]]] = [(whole, ())]
    seen = {whole}
    while stack:
        node, places = stack.pop()
        for taker, taken in takers.of(node):
            parts: list[ast.expr] = []
            inside = places
            match taker:
                case ast.Call(func=ast.Attribute(value=value, attr=name)) if value is taken:
                    yield taker
                    if name in _HANDING_OUT:
                        parts, inside = [taker], _HANDING_OUT[name]
                case ast.Call(func=ast.Name(id=name), args=given) if taken in given:
                    if name in _PASSING_ON:
                        parts, inside = [taker], (*_PASSING_ON[name], *places)
                    elif name == "zip":
                        parts, inside = [taker], (given.index(taken), *places)
                case ast.Call(func=called) if called is taken and node is not whole:
                    yield taker
                case ast.Attribute(value=value) | ast.Subscript(value=value) if value is taken:
                    parts = [taker]
                case ast.List() | ast.Tuple() | ast.ListComp() | ast.GeneratorExp():
                    parts = [taker]
                case (
                    ast.For(target=target, iter=looped)
                    | ast.comprehension(target=target, iter=looped)
                ) if looped is taken:
                    parts, inside = [*_members_in(target, places, takers)], ()
            stack += [(one, inside) for one in parts if one not in seen]
            seen.update(parts)


def _members_in(target: ast.expr, places: tuple[int, ...], takers: Takers) -> Iterator[ast.expr]:
    """Yield the reads of what a loop binds of its pairs: ``for _, layer in enumerate(…)``."""
    for place in places:
        if isinstance(target, ast.Tuple) and place < len(target.elts):
            target = target.elts[place]
    for name in ast.walk(target):
        if isinstance(name, ast.Name):
            yield from takers.reads(name)


def may_be_of_module(call: ast.Call, function: FunctionTrace) -> bool:
    """Tell whether a part is called as a module is: on a tensor, for what it gives back."""
    last = call.func
    while isinstance(last, ast.Subscript):
        last = last.value
    if isinstance(last, ast.Attribute) and guesses.is_method_name(last.attr):
        return False
    given = (*call.args, *(one.value for one in call.keywords))
    takes_tensor = any(
        isinstance(one, Tensor | Parameter | Unknown)
        for argument in given
        for one in function.values.get(argument, frozenset())
    )
    return takes_tensor and any(
        use.node is call and use.how is not How.DROPPED for use in function.uses
    )
