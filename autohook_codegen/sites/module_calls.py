"""Module calls: which calls of a function call a submodule."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import members
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import ModuleCall, Trace
from autohook_codegen.analysis.values import (
    Alternative,
    Fields,
    Function,
    Items,
    Module,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.names import is_super
from autohook_codegen.library import guesses, library_class
from autohook_codegen.notes import Message, NoteCode
from autohook_codegen.sites.call_results import hook_result
from autohook_codegen.sites.candidate import Candidate, LeftAlone, Reference
from autohook_codegen.sites.elsewhere import Elsewhere
from autohook_codegen.sites.fallback import place_of
from autohook_codegen.sites.hook_points import path_of
from autohook_codegen.sites.references import held_by, reference_to
from autohook_codegen.sites.unknown_parts import may_be_of_module
from autohook_codegen.sites.written import Written

__all__ = ["called_module", "calls_its_members", "module_calls"]


def module_calls(
    written: Written, trace: Trace, elsewhere: Elsewhere
) -> Iterator[Candidate | LeftAlone]:
    """Yield a site, or the reason why there is none, for every module call of the function."""
    for call in written.trace.calls:
        yield from _module_call(call, written, trace, elsewhere)


def _module_call(
    call: ModuleCall, written: Written, trace: Trace, elsewhere: Elsewhere
) -> Iterator[Candidate | LeftAlone]:
    modules = call.modules
    if _may_be_module(modules) and held_by(modules) is None:
        yield from _several(call, written, elsewhere)
        return
    reference = called_module(call, written)
    if reference is None:
        return
    if not _is_held_by_all(reference, trace):
        classes = ", ".join(owner.name for owner in reference.owners)
        message = NoteCode.SEVERAL_CLASSES.says(path=path_of(reference), classes=classes)
        yield _left(call, message, written, reference, trace)
        return
    if call.node in written.in_strings:
        message = NoteCode.IN_F_STRING.says(path=path_of(reference))
        yield _left(call, message, written, reference, trace)
        return
    yield from hook_result(call, reference, written, elsewhere)
    if calls_its_members(modules):
        message = NoteCode.MEMBERS_UNNAMED.says(path=path_of(reference))
        yield _left(call, message, written, reference, trace)
    for member in _weights_alone(modules):
        called = ast.unparse(call.callee)
        message = NoteCode.WEIGHTS_ALONE.says(called=called, member=member)
        yield LeftAlone(call.node, message, written.trace, reference)


def called_module(call: ModuleCall, written: Written) -> Reference | None:
    """Return the one submodule that a call calls, as the code reaches it."""
    held = held_by(call.modules)
    if not _may_be_module(call.modules) or held is None or not held.steps:
        return None
    value = call.modules | call.others
    reference = reference_to(held, call.callee, value, written.trace, call.counters)
    return None if reference is None or _is_method(reference, call) else reference


def _left(
    call: ModuleCall,
    message: Message,
    written: Written,
    reference: Reference,
    trace: Trace,
) -> LeftAlone:
    inside = (place_of(reference, trace),)
    return LeftAlone(call.node, message, written.trace, reference, inside)


def _may_be_module(value: Value) -> bool:
    return any(isinstance(one, Module | Items | Fields | Unknown) for one in value)


def _is_held_by_all(reference: Reference, trace: Trace) -> bool:
    """Whether each class that the receiver may be of has the submodule."""
    if len(reference.owners) < 2 or not reference.names:
        return True
    return all(
        any(
            isinstance(one, Module | Items | Fields | Unknown)
            for one in trace.attribute(owner, reference.names[0])
        )
        for owner in reference.owners
    )


def _is_method(reference: Reference, call: ModuleCall) -> bool:
    """Whether it is more likely a method or function that a class outside the input has: so are
    those that take nothing, ``self.accelerator.autocast()``."""
    names = reference.names
    if not names or any(isinstance(one, Module | Items | Fields) for one in call.modules):
        return False
    last = names[-1]
    if any(last in base.sets for owner in reference.owners for base in owner.mro):
        last = last.lstrip("_")  # the input's own, and not private to a base
    takes_nothing = len(names) > 1 and not (call.node.args or call.node.keywords)
    is_named_so = guesses.is_method_name(last) or any("tokenizer" in name for name in names)
    return takes_nothing or is_named_so


def calls_its_members(value: Iterable[Alternative]) -> bool:
    """Tell whether a call of it calls members that no source names."""
    for one in value:
        if isinstance(one, Items | Fields):
            if isinstance(one.kind, str):
                return True
            continue
        if isinstance(one, Module) and isinstance(one.cls, str):
            known = library_class(one.cls)
            if known is not None and known.hides_members:
                return True
    return False


def _weights_alone(value: Value) -> set[str]:
    """The members whose weights a module of torch's computes with, without a call."""
    classes = (one.cls for one in value if isinstance(one, Module))
    known = (library_class(cls) for cls in classes if isinstance(cls, str))
    return {one.weights_alone for one in known if one is not None and one.weights_alone}


def _several(call: ModuleCall, written: Written, elsewhere: Elsewhere) -> Iterator[LeftAlone]:
    """A name that may mean several submodules, or one that none names."""
    called, trace = ast.unparse(call.callee), elsewhere.trace
    references = _references(call.modules, call, written)
    places = sorted({place_of(one, trace) for one in references})
    made_here = [one for one in call.modules if isinstance(one, Items) and calls_its_members({one})]
    inside = _references(join(*map(members, made_here)), call, written)
    if inside:
        message = NoteCode.MEMBERS_UNNAMED.says(path=called)
        within = sorted({place_of(one, trace) for one in inside})
        yield LeftAlone(call.node, message, written.trace, inside[0], tuple(within))
    if references:
        message = NoteCode.SEVERAL_MODULES.says(called=called, places=", ".join(places))
        yield LeftAlone(call.node, message, written.trace, references[0], tuple(places))
    elif any(isinstance(one, Module) and one.held is None for one in call.modules) and not (
        _is_inherited(call) or all(map(_is_loss, call.modules))
    ):
        holder = _given_by(Point(call.callee, written.trace), elsewhere.flow)
        if holder is not None:
            message = NoteCode.NAME_UNKNOWN.says(called=called, cls=holder.name)
            yield LeftAlone(call.node, message, written.trace, None, (holder.name,))
        elif _is_surely_module(call) or (
            written.trace.outermost.receiver is not None
            and may_be_of_module(call.node, written.trace)
        ):
            is_ = "is" if _is_surely_module(call) else "may be"
            message = NoteCode.NO_NAME.says(called=called, is_=is_)
            yield LeftAlone(call.node, message, written.trace)


def _is_surely_module(call: ModuleCall) -> bool:
    """Whether a class says so of which more than the name is known: any object can be called."""
    classes = [one.cls for one in call.modules if isinstance(one, Module)]
    return any(not isinstance(one, str) or library_class(one) is not None for one in classes)


def _given_by(point: Point, flow: Flow) -> ClassDecl | None:
    """The class one of whose methods gives one of its modules: ``self.bank[4]``, where the bank
    has a ``__getitem__``, or ``self.pick(4)``."""
    node, function = flow.origin(point)[:2]
    methods: list[tuple[ClassDecl | None, ast.AST]] = []
    match node:
        case ast.Call(func=func):
            callees = function.values.get(func, frozenset())
            methods = [(one.owner, one.node) for one in callees if isinstance(one, Function)]
        case ast.Subscript(value=held):
            classes = [getattr(one, "cls", None) for one in function.values.get(held, ())]
            given = [one.method("__getitem__") for one in classes if isinstance(one, ClassDecl)]
            methods = [one for one in given if one is not None]
    for owner, method in methods:
        trace = flow.trace.functions.get(method)
        if trace is not None and any(
            isinstance(one, Module) and one.held is not None and one.held.root is trace.receiver
            for one in trace.returned
        ):
            return owner
    return None


def _references(value: Value, call: ModuleCall, written: Written) -> list[Reference]:
    """Return how the code reaches each of the alternatives that it does reach."""
    found = (
        reference_to(held, None, frozenset({one}), written.trace, call.counters)
        for one in value
        if (held := getattr(one, "held", None)) is not None
    )
    return [one for one in found if one is not None]


def _is_loss(one: Alternative) -> bool:
    cls = one.cls if isinstance(one, Module) else None
    name = cls.name if isinstance(cls, ClassDecl) else str(cls)
    return guesses.is_loss(name)


def _is_inherited(call: ModuleCall) -> bool:
    """Whether it is ``super().forward(x)``, whose result is the class's own."""
    return isinstance(call.callee, ast.Attribute) and is_super(call.callee.value)
