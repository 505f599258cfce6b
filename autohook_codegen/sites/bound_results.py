"""A result under a name, ``out = self.encoder(x)``: whether ``out`` is a tensor, and if not, which
field or item of it is hooked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from autohook_codegen.analysis.parts import is_keyed
from autohook_codegen.analysis.trace import How, Use
from autohook_codegen.analysis.values import (
    Alternative,
    Attribute,
    Fields,
    Item,
    Items,
    Step,
    Unknown,
    Value,
)
from autohook_codegen.library import guesses
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone, Wrap
from autohook_codegen.sites.parts_read import step_of
from autohook_codegen.sites.result import Result
from autohook_codegen.sites.shapes import (
    is_structured,
    is_surely_tensor,
    is_tuple,
    may_be_none,
    may_be_tensor,
    may_hold_tensor,
    part_of,
    settable_fields,
)
from autohook_codegen.sites.unpacked_results import after_unpacking_if, hook_unpacked_result

__all__ = ["hook_bound_result"]

_FACTS = (How.FACT, How.TESTED, How.FORMATTED)


@dataclass
class _Reads:
    """How the name is read."""

    parts: dict[Step, list[ast.expr]] = field(default_factory=dict)
    items: dict[tuple[Step, Step], list[ast.expr]] = field(default_factory=dict)
    """Items of fields that are more likely tuples."""
    sliced: list[ast.expr] = field(default_factory=list)
    unpacked: list[tuple[ast.Assign, ast.expr]] = field(default_factory=list)
    whole: list[Use] = field(default_factory=list)
    as_tensor: bool = False
    unsure: bool = False
    """Some of the reads may see another value."""
    type_tested: bool = False
    looped: bool = False
    """A loop runs over it: more likely over the items of a list than over a batch."""


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
    reads = _reads_of(result)
    if not is_structured(value):
        if reads.type_tested or reads.looped:
            yield result.unclear()
            return
        named = [step for step in reads.parts if _is_named(step)]
        taken = reads.parts or reads.unpacked or reads.items or reads.sliced
        if not named and (reads.as_tensor or not taken):
            yield from _as_tensor(result, reads)
            return
    elif may_be_tensor(value) and not reads.parts and not reads.unpacked:
        yield result.site(Wrap(result.node)) if reads.as_tensor else result.unclear()
        return
    yield from _part(result, statement, target, reads)


def _as_tensor(result: Result, reads: _Reads) -> Iterator[Candidate | LeftAlone]:
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


def _is_named(step: Step) -> bool:
    return isinstance(step, Attribute) or (isinstance(step, Item) and isinstance(step.key, str))


def _reads_of(result: Result) -> _Reads:
    reads = _Reads()
    for use, sure in result.uses():
        if use.node in result.written.in_strings:
            continue
        reads.unsure = reads.unsure or not sure
        step = step_of(use)
        match use.how:
            case How.PART if step is not None and isinstance(use.by, ast.expr):
                if isinstance(step, Attribute) and _is_method(use, result):
                    reads.whole.append(use)
                else:
                    _read_part(step, use.by, reads, result)
            case How.PART:
                if isinstance(use.by, ast.Subscript):
                    _slice(use.by, reads, result)
            case How.OPERATION | How.FACT:
                reads.as_tensor = True
            case How.UNPACKED if isinstance(use.by, ast.Assign):
                reads.unpacked.append((use.by, use.by.targets[0]))
            case How.LOOPED:
                reads.looped = True
                reads.whole.append(use)
            case How.TESTED:
                if isinstance(use.by, ast.Call) and isinstance(use.by.func, ast.Name):
                    reads.type_tested = reads.type_tested or use.by.func.id == "isinstance"
            case How.BOUND | How.WRITTEN | How.FORMATTED:
                pass
            case _:
                reads.whole.append(use)
    return reads


def _read_part(step: Step, node: ast.expr, reads: _Reads, result: Result) -> None:
    """Of what is more likely a tuple than a tensor, ``out.maps[-1]`` and ``out.maps[:2]`` read
    items: the first names one, the second none."""
    if isinstance(step, Attribute) and _is_unknown(part_of(result.value, step)):
        uses = [one for one in result.written.uses_of.get(node, ()) if one.how is How.PART]
        items = [(one, step_of(one)) for one in uses if isinstance(one.by, ast.Subscript)]
        sliced = [one for one, item in items if item is None]
        if not guesses.is_no_tensor_field(step.name) and items:
            for one, item in items:
                if isinstance(item, Item) and isinstance(item.key, int):
                    assert isinstance(one.by, ast.expr)
                    reads.items.setdefault((step, item), []).append(one.by)
            if sliced or reads.items:
                reads.sliced += [node]
                return
    reads.parts.setdefault(step, []).append(node)


def _is_unknown(value: Value) -> bool:
    return any(isinstance(one, Unknown) for one in value)


def _is_method(use: Use, result: Result) -> bool:
    called = result.written.parents.get(use.by)
    return isinstance(called, ast.Call) and called.func is use.by


def _slice(node: ast.Subscript, reads: _Reads, result: Result) -> None:
    """``a, b = out[:2]`` takes the beginning apart; what other slices leave is no first tensor."""
    use = result.written.use(node)
    key = node.slice
    if isinstance(key, ast.Slice):
        from_start = key.lower is None and key.step is None
        if from_start and use is not None and isinstance(use.by, ast.Assign):
            if use.how is How.UNPACKED:
                reads.unpacked.append((use.by, use.by.targets[0]))
                return
        reads.sliced.append(node)


def _part(
    result: Result, statement: ast.stmt, target: ast.Name, reads: _Reads
) -> Iterator[Candidate | LeftAlone]:
    each = _part_of_each_kind(result, reads)
    if each:
        for kind in each:
            for place in reads.parts[kind]:
                yield result.site(Wrap(place), kind)
        return
    step = _first_part(result, reads)
    if step is None and reads.items and not reads.unsure:
        (steps, places), *_ = reads.items.items()
        for place in places:
            yield result.site(Wrap(place), *steps)
        return
    if step is None:
        yield from _whole(result, statement, target, reads)
        return
    alike = _declared(step, result.value)
    places = [
        place
        for one, found in reads.parts.items()
        if _declared(one, result.value) == alike
        for place in found
    ]
    passed_whole = bool(reads.whole) or bool(reads.unpacked)
    if len(places) == 1 and not reads.unsure and not passed_whole:
        yield result.site(Wrap(places[0]), step)
        return
    if not reads.parts and len(reads.unpacked) == 1 and not reads.whole and not reads.unsure:
        later, taken = reads.unpacked[0]
        yield from hook_unpacked_result(result, later, taken)
        return
    form = _after(result, statement, target, step)
    if form is not None:
        yield result.site(form, step)
    elif places and not reads.unpacked and (_is_named(step) or not reads.whole):
        # what takes a whole list may run where no item of it is read
        for place in places:
            yield result.site(Wrap(place), step)
    else:
        yield result.unclear()


def _whole(
    result: Result, statement: ast.stmt, target: ast.Name, reads: _Reads
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
    step = _declared(step, frozenset({fields}))
    if isinstance(step, Attribute) == keyed:
        return None
    return After(statement, target, (step,), is_guarded=is_guarded)


def _declared(step: Step, value: Value) -> Step:
    """Return the field that is read by its place, ``out[0]`` of an output."""
    if isinstance(step, Item) and isinstance(step.key, int):
        for one in value:
            if isinstance(one, Fields) and _has(one, step) and 0 <= step.key < len(one.fields):
                return Attribute(one.fields[step.key][0])
    return step


def _is_plain_tuple(one: object) -> bool:
    return isinstance(one, Items) and one.kind == "tuple"


def _first_part(result: Result, reads: _Reads) -> Step | None:
    """The part that is hooked: of those that are computed with, the first in the order that the
    result declares."""
    value = result.value
    candidates = [
        step
        for step, places in reads.parts.items()
        if _may_be_hooked(value, step)
        and _is_computed_with(result, step)
        and not any(_is_taken_apart(place, result) for place in places)
    ]
    if not candidates:
        if reads.unpacked and not reads.whole and not reads.parts:
            return Item(0)
        return None
    order: list[Step] = [Item(place) for place in range(12)]
    for one in value:
        if isinstance(one, Fields):
            order += [Attribute(name) for name, _ in one.fields]
            order += [Item(name, by_key=True) for name, _ in one.fields]
    return min(candidates, key=lambda step: order.index(step) if step in order else len(order))


def _part_of_each_kind(result: Result, reads: _Reads) -> list[Step]:
    """The first parts of a result that is a dict or a tuple, ``out["out"] if isinstance(out, dict)
    else out[0]``: of each kind the one that is read, where no read sees both."""
    kinds = {type(one) for one in result.value if isinstance(one, Items | Fields)}
    if len(kinds) < 2 or reads.whole or reads.unpacked:
        return []
    seen: dict[type, list[Step]] = {kind: [] for kind in kinds}
    for step, places in reads.parts.items():
        for place in places:
            whole = frozenset(one for one in _whole_of(place, result) if _has(one, step))
            if len({type(one) for one in whole}) != 1:
                return []
            if _may_be_hooked(whole, step) and _is_computed_with(result, step):
                seen[type(next(iter(whole)))].append(step)
    return list({steps[0]: None for steps in seen.values()}) if all(seen.values()) else []


def _whole_of(part: ast.expr, result: Result) -> Value:
    """The result, as the place that reads a part of it knows it."""
    assert isinstance(part, ast.Attribute | ast.Subscript)
    return result.written.trace.values.get(part.value, result.value)


def _has(one: Alternative, step: Step) -> bool:
    """Whether a part can be read from a tuple, or from a dict or object."""
    if isinstance(one, Items):
        return not _is_named(step)
    return isinstance(one, Fields) and (_is_named(step) or (one.is_ordered and not is_keyed(one)))


def _may_be_hooked(value: Value, step: Step) -> bool:
    part = part_of(value, step)
    if isinstance(step, Item) and isinstance(step.key, int):
        if is_surely_tensor(part):
            return True
        if not may_be_tensor(part):
            return False
        if any(isinstance(one, Fields) and one.is_ordered for one in value):
            return not is_structured(part)
        if may_be_none(part):
            return False
        return step.key == 0 or not is_structured(value) or _is_list(value)
    return may_hold_tensor(value, step)


def _is_list(value: Value) -> bool:
    """Whether it is a list, or something unknown that is read like one."""
    known = [one for one in value if not isinstance(one, Unknown)]
    return bool(known) and all(isinstance(one, Items) and one.kind == "list" for one in known)


def _is_computed_with(result: Result, step: Step) -> bool:
    """Whether more is asked of the part than its shape."""
    uses = list(result.elsewhere.uses(result.call.node, (*result.part, step)))
    known = [use for _, use in uses if use.how is not How.BOUND]
    return not known or any(use.how not in _FACTS for use in known)


def _is_taken_apart(place: ast.expr, result: Result) -> bool:
    """Whether ``part`` is read item by item, as a tuple more likely is than a tensor."""
    use = result.written.use(place)
    if use is None:
        return False
    if use.how in (How.UNPACKED, How.LOOPED):
        return True
    part = step_of(use)
    return isinstance(part, Item) and isinstance(part.key, int)
