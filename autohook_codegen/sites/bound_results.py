"""A result under a name, ``out = self.encoder(x)``: whether ``out`` is a tensor, and if not, which
field or item of it is hooked."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.parts import is_keyed
from autohook_codegen.analysis.values import (
    Attribute,
    Fields,
    Item,
    Items,
    Step,
    Value,
)
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone, Wrap
from autohook_codegen.sites.hooked_parts import (
    declared_step,
    first_part,
    part_of_each_arm,
    part_of_each_kind,
)
from autohook_codegen.sites.result import Result
from autohook_codegen.sites.result_reads import Reads, is_named, reads_of
from autohook_codegen.sites.shapes import (
    is_structured,
    is_tuple,
    may_be_none,
    may_be_tensor,
    may_hold_tensor,
    part_of,
    settable_fields,
)
from autohook_codegen.sites.unpacked_results import after_unpacking_if, hook_unpacked_result

__all__ = ["hook_bound_result"]


def hook_bound_result(result: Result, statement: ast.stmt) -> Iterator[Candidate | LeftAlone]:
    """Yield the sites of a result that is bound to a name, or why it has none."""
    target = _target(statement)
    value = result.value
    if not isinstance(target, ast.Name):
        yield result.site(Wrap(result.node)) if not is_structured(value) else result.unclear()
        return
    settled = after_unpacking_if(statement, target.id, result.written)
    if settled is not None and may_be_tensor(value) and not may_be_none(value):
        after, part = settled
        yield result.site(After(after, target), *part)
        return
    reads = reads_of(result)
    if not is_structured(value):
        if reads.type_tested or reads.looped:
            yield result.unclear()
            return
        named = [step for step in reads.parts if is_named(step)]
        taken = reads.parts or reads.unpacked or reads.items or reads.sliced
        if not named and (reads.as_tensor or not taken):
            yield from _as_tensor(result, reads)
            return
    elif may_be_tensor(value) and not reads.parts and not reads.unpacked:
        yield result.site(Wrap(result.node)) if reads.as_tensor else result.unclear()
        return
    yield from _part(result, statement, target, reads)


def _as_tensor(result: Result, reads: Reads) -> Iterator[Candidate | LeftAlone]:
    if may_be_none(result.value) and not reads.as_tensor:
        yield result.alone(NoteCode.MAY_BE_NONE)
    elif not reads.as_tensor and result.is_used_in_parts():
        yield result.unclear()
    else:
        yield result.site(Wrap(result.node))


def _target(statement: ast.AST) -> ast.expr | None:
    if isinstance(statement, ast.Assign):
        return statement.targets[0]
    return statement.target if isinstance(statement, ast.AnnAssign) else None


def _part(
    result: Result, statement: ast.stmt, target: ast.Name, reads: Reads
) -> Iterator[Candidate | LeftAlone]:
    each = part_of_each_kind(result, reads)
    if each:
        for kind in each:
            for place in reads.parts[kind]:
                yield result.site(Wrap(place), kind)
        return
    arms = part_of_each_arm(result, reads)
    if arms:
        for kind, places in arms:
            for place in places:
                yield result.site(Wrap(place), kind)
        return
    step = first_part(result, reads)
    if step is None and reads.items and not reads.unsure:
        (steps, places), *_ = reads.items.items()
        for place in places:
            yield result.site(Wrap(place), *steps)
        return
    if step is None:
        yield from _whole(result, statement, target, reads)
        return
    alike = declared_step(step, result.value)
    places = [
        place
        for one, found in reads.parts.items()
        if declared_step(one, result.value) == alike
        for place in found
    ]
    passed_whole = bool(reads.whole) or bool(reads.unpacked)
    if len(places) == 1 and not reads.unsure and not passed_whole:
        yield result.site(Wrap(places[0]), step)
        return
    if not reads.parts and len(reads.unpacked) == 1 and not reads.whole and not reads.unsure:
        later, taken = reads.unpacked[0]
        yield from hook_unpacked_result(result, later, taken)
        yield from _where_it_is_a_tensor(result, reads, later)
        return
    form = _after(result, statement, target, step)
    if form is not None:
        yield result.site(form, step)
    elif places and not reads.unpacked and (is_named(step) or not reads.whole):
        # what takes a whole list may run where no item of it is read
        for place in places:
            yield result.site(Wrap(place), step)
    else:
        yield result.unclear()


def _where_it_is_a_tensor(
    result: Result, reads: Reads, unpacking: ast.stmt
) -> Iterator[Candidate | LeftAlone]:
    """``if isinstance(out, Tensor): return out * scale`` before it is taken apart."""
    exclude = result.written.exclude_each_other
    others = [node for node in reads.tensors if exclude(node, unpacking)]
    if len(others) == 1:
        yield result.site(Wrap(others[0]))
    elif others:
        yield result.unclear()


def _whole(
    result: Result, statement: ast.stmt, target: ast.Name, reads: Reads
) -> Iterator[Candidate | LeftAlone]:
    """Nothing reads a part that is surely a tensor: the first tensor of what is passed on is
    hooked."""
    value = result.value
    if not (reads.whole or reads.unpacked):
        yield result.unclear()
        return
    if result.is_taken_apart_elsewhere():
        yield result.taken_apart()
        return
    for step in _steps(value):
        part = part_of(value, step)
        if may_be_tensor(part) and not may_be_none(part) and may_hold_tensor(value, step):
            form = _after(result, statement, target, step)
            yield result.site(form, step) if form is not None else result.unclear()
            return
    if is_tuple(value):
        yield result.alone(NoteCode.NO_TENSOR)
    else:
        yield result.unclear()


def _steps(value: Value) -> list[Step]:
    """The parts of a result, in their order."""
    for one in value:
        if isinstance(one, Items) and is_tuple(value):
            return [Item(place) for place in range(max(1, len(one.first)))]
        if isinstance(one, Fields):
            keyed = is_keyed(one)
            return [Item(name, by_key=True) if keyed else Attribute(name) for name, _ in one.fields]
    return []


def _after(result: Result, statement: ast.stmt, target: ast.Name, step: Step) -> After | None:
    """The statement after the call, where the type surely allows one."""
    value = result.value
    if is_tuple(value) and isinstance(step, Item) and isinstance(step.key, int) and step.key >= 0:
        if any(
            isinstance(one, Items) and len(one.first) <= step.key and not one.rest for one in value
        ):
            return None  # what is no longer than that has no such item to hook
        return After(statement, target, (step,), is_rebuilt=True)
    fields = settable_fields(value)
    is_guarded = False
    if fields is None:
        others = frozenset(one for one in value if not _is_plain_tuple(one))
        fields = settable_fields(others) if others else None
        is_guarded = fields is not None
    if fields is None:
        return None
    keyed = is_keyed(fields)
    step = declared_step(step, frozenset({fields}))
    if isinstance(step, Attribute) == keyed:
        return None
    return After(statement, target, (step,), is_guarded=is_guarded)


def _is_plain_tuple(one: object) -> bool:
    return isinstance(one, Items) and one.kind == "tuple"
