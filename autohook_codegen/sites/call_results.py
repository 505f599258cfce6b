"""The result of a module call: which part of it is a tensor, and where it meets its hook point."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.trace import How, ModuleCall, Use
from autohook_codegen.analysis.values import (
    UNKNOWN,
    Attribute,
    Item,
    Items,
    Module,
    Plain,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.library import guesses
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.bound_results import hook_bound_result
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone, Reference, Wrap
from autohook_codegen.sites.elsewhere import Elsewhere
from autohook_codegen.sites.parts_read import is_plain_place, is_text, step_of
from autohook_codegen.sites.result import Result
from autohook_codegen.sites.shapes import (
    gives_no_tensor,
    is_structured,
    is_surely_tensor,
    is_tuple,
    may_be_none,
    may_be_tensor,
    may_hold_no_tensor,
    part_of,
)
from autohook_codegen.sites.unpacked_results import hook_unpacked_result
from autohook_codegen.sites.written import Written

__all__ = ["hook_result"]


def hook_result(
    call: ModuleCall, reference: Reference, written: Written, elsewhere: Elsewhere
) -> Iterator[Candidate | LeftAlone]:
    """Yield the sites of one module call, or why it has none."""
    result = _narrowed(Result(call, reference, written, elsewhere, call.node, call.result))
    if may_hold_no_tensor(result.value):
        yield result.alone(NoteCode.NO_TENSOR)
        return
    chosen = _chosen(result)
    if chosen is not None:
        yield from _in_a_condition(result, chosen)
        return
    use = written.use(result.node)
    yield from _used(result, use)


def _narrowed(result: Result) -> Result:
    """The expression that is read from the call, ``self.attn(x)[0]``, and which part it is."""
    while not is_surely_tensor(result.value):
        use = result.written.use(result.node)
        if use is None:
            break
        if use.how is How.CHOSEN and isinstance(use.by, ast.Await):
            result = result.at(use.by, result.part, result.value)
            continue
        step = step_of(use)
        if step is None or not isinstance(use.by, ast.expr):
            break
        if isinstance(step, Attribute) and _is_called(use, result.written):
            break
        value = part_of(result.value, step)
        if isinstance(step, Attribute) and not _is_declared(result.value, step.name):
            if guesses.is_tensor_list_field(step.name):
                value = frozenset({Items("list", (), UNKNOWN)})
            if guesses.is_no_tensor_field(step.name):
                value = frozenset({Plain()})
        result = result.at(use.by, (*result.part, step), value)
    return result


def _is_declared(value: Value, name: str) -> bool:
    return any(name in dict(getattr(one, "fields", ())) for one in value)


def _is_called(use: Use, written: Written) -> bool:
    called = written.parent(use.by)
    return isinstance(called, ast.Call) and called.func is use.by


def _chosen(result: Result) -> Use | None:
    """The use of the outermost condition of which the expression is one arm."""
    node, found = result.node, None
    while (use := result.written.use(node)) is not None and use.how is How.CHOSEN:
        found = use
        assert isinstance(use.by, ast.expr)
        node = use.by
    return found


def _in_a_condition(result: Result, chosen: Use) -> Iterator[Candidate | LeftAlone]:
    value = result.value
    if gives_no_tensor(value) or (is_structured(value) and not may_be_tensor(value)):
        yield result.alone(NoteCode.NO_TENSOR)
        return
    assert isinstance(chosen.by, ast.expr)
    if not is_surely_tensor(value) and not _whole_is_tensor(chosen.by, result.written):
        yield result.unclear()
        return
    yield result.site(Wrap(result.node))


def _whole_is_tensor(condition: ast.expr, written: Written) -> bool:
    """Whether a condition with the call in one branch stands where a tensor is meant."""
    use = written.use(condition)
    if use is None:
        return True
    if use.how is How.PART:
        return step_of(use) is None
    return use.how not in (How.UNPACKED, How.LOOPED)


def _used(result: Result, use: Use | None) -> Iterator[Candidate | LeftAlone]:
    value = result.value
    if gives_no_tensor(value):
        yield result.alone(NoteCode.NO_TENSOR)
        return
    how = use.how if use is not None else How.DROPPED
    by = use.by if use is not None else None
    if is_surely_tensor(value) and not (how is How.UNPACKED and _is_only_annotated(result)):
        yield result.site(Wrap(result.node))
        return
    if use is not None and len(_targets(by)) > 1:
        if is_structured(value):
            yield result.alone(NoteCode.NO_TENSOR)
        else:
            yield result.site(Wrap(result.node))
    elif how is How.UNPACKED and isinstance(by, ast.Assign):
        yield from hook_unpacked_result(result, by, by.targets[0])
    elif how is How.BOUND and isinstance(by, ast.stmt):
        yield from hook_bound_result(result, by)
    elif how is How.STORED and isinstance(by, ast.Assign) and is_tuple(value):
        yield from _stored(result, by)
    elif how is How.LOOPED:
        yield result.alone(NoteCode.NO_TENSOR)
    elif how is How.PART and isinstance(by, ast.Subscript) and is_text(by.slice):
        yield result.unclear()
    elif how is How.DROPPED:
        yield result.alone(NoteCode.UNUSED_RESULT)
    else:
        yield from _handed_on(result, how)


def _is_only_annotated(result: Result) -> bool:
    """Whether an annotation alone says that a module of the input gives a tensor."""
    classes = [one.cls for one in result.call.modules if isinstance(one, Module)]
    methods = [one.method("forward") for one in classes if isinstance(one, ClassDecl)]
    functions = result.elsewhere.trace.functions
    forwards = [functions.get(method[1]) for method in methods if method is not None]
    return any(one is not None and not is_surely_tensor(one.returned) for one in forwards)


def _targets(by: ast.AST | None) -> list[ast.expr]:
    return by.targets if isinstance(by, ast.Assign) else []


def _stored(result: Result, statement: ast.Assign) -> Iterator[Candidate | LeftAlone]:
    """``self.rope = self.rotary(x)``"""
    target = statement.targets[0]
    if result.is_taken_apart_elsewhere():
        yield result.taken_apart()
        return
    first = part_of(result.value, Item(0))
    if is_plain_place(target) and may_be_tensor(first) and not may_be_none(first):
        form = After(statement, target, (Item(0),), is_rebuilt=True)
        yield result.site(form, Item(0))
    else:
        yield result.alone(NoteCode.NO_TENSOR)


def _handed_on(result: Result, how: How) -> Iterator[Candidate | LeftAlone]:
    """The result goes on whole: into an operator, another call, a ``return``."""
    value = result.value
    as_tensor = how in (How.OPERATION, How.FACT)
    if is_structured(value) and not (may_be_tensor(value) and as_tensor):
        if result.is_taken_apart_elsewhere():
            yield result.taken_apart()
        elif may_be_tensor(value):
            yield result.unclear()
        else:
            yield result.alone(NoteCode.NO_TENSOR)
    elif may_be_none(value) and not as_tensor:
        yield result.alone(NoteCode.MAY_BE_NONE)
    elif not as_tensor and (result.is_used_in_parts() or _works_for_the_module(result)):
        yield result.unclear()
    else:
        yield result.site(Wrap(result.node))


def _works_for_the_module(result: Result) -> bool:
    """Whether an object of no known class is handed the module itself, as an attention processor
    is: it is no module, and may give back what the module does, a tuple."""
    receiver, call = result.written.trace.receiver, result.call
    return (
        receiver is not None
        and all(isinstance(one, Unknown) for one in call.modules)
        and any(isinstance(one, ast.Name) and one.id == receiver.arg for one in call.node.args)
    )
