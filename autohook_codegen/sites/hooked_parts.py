"""Which part of a result is hooked: the first in its order that is computed with."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.parts import is_keyed
from autohook_codegen.analysis.trace import How
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
from autohook_codegen.sites.parts_read import step_of
from autohook_codegen.sites.result import Result
from autohook_codegen.sites.result_reads import Reads, is_named
from autohook_codegen.sites.shapes import (
    is_structured,
    is_surely_tensor,
    may_be_none,
    may_be_tensor,
    may_hold_tensor,
    part_of,
)

__all__ = ["declared_step", "first_part", "part_of_each_arm", "part_of_each_kind"]

_FACTS = (How.FACT, How.TESTED, How.FORMATTED)
_SENT_ON = (How.JOINED, How.RETURNED)


def first_part(result: Result, reads: Reads) -> Step | None:
    """The part that is hooked: of those that are computed with, the first in the order that the
    result declares."""
    candidates = _candidates(result, reads)
    if not candidates:
        if reads.unpacked and not reads.whole and not reads.parts:
            return Item(0)
        return None
    return _first(candidates, result.value)


def part_of_each_arm(result: Result, reads: Reads) -> list[tuple[Step, list[ast.expr]]]:
    """The first parts where no way through the code reads two of them, ``out.pooled if self.pools
    else out.last``, each with the places that read it."""
    if reads.whole or reads.unpacked or reads.unsure or reads.items or reads.sliced:
        return []
    arms: list[tuple[ast.expr, list[tuple[Step, ast.expr]]]] = []
    read = [(step, place) for step in _candidates(result, reads) for place in reads.parts[step]]
    for step, place in sorted(read, key=lambda one: result.written.order[one[1]]):
        excluded = [result.written.exclude_each_other(first, place) for first, _ in arms]
        if all(excluded):
            arms.append((place, [(step, place)]))
        elif excluded.count(False) == 1:
            arms[excluded.index(False)][1].append((step, place))
        else:
            return []
    firsts: list[tuple[Step, list[ast.expr]]] = []
    for _, its in arms:
        first = _first([step for step, _ in its], result.value)
        firsts.append((first, [place for step, place in its if step == first]))
    different = {declared_step(first, result.value) for first, _ in firsts}
    return firsts if len(different) > 1 else []


def _candidates(result: Result, reads: Reads) -> list[Step]:
    return [
        step
        for step, places in reads.parts.items()
        if _may_be_hooked(result.value, step)
        and _is_computed_with(result, step)
        and not any(_is_taken_apart(place, result) for place in places)
    ]


def _first(candidates: list[Step], value: Value) -> Step:
    order: list[Step] = [Item(place) for place in range(12)]
    for one in value:
        if isinstance(one, Fields):
            order += [Attribute(name) for name, _ in one.fields]
            order += [Item(name, by_key=True) for name, _ in one.fields]
    return min(candidates, key=lambda step: order.index(step) if step in order else len(order))


def part_of_each_kind(result: Result, reads: Reads) -> list[Step]:
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


def declared_step(step: Step, value: Value) -> Step:
    """Return the field that is read by its place, ``out[0]`` of an output."""
    if isinstance(step, Item) and isinstance(step.key, int):
        for one in value:
            if isinstance(one, Fields) and _has(one, step) and 0 <= step.key < len(one.fields):
                return Attribute(one.fields[step.key][0])
    return step


def _whole_of(part: ast.expr, result: Result) -> Value:
    """The result, as the place that reads a part of it knows it."""
    assert isinstance(part, ast.Attribute | ast.Subscript)
    return result.written.trace.values.get(part.value, result.value)


def _has(one: Alternative, step: Step) -> bool:
    """Whether a part can be read from a tuple, or from a dict or object."""
    if isinstance(one, Items):
        return not is_named(step)
    return isinstance(one, Fields) and (is_named(step) or (one.is_ordered and not is_keyed(one)))


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
    # what is sent on may be None there as well
    others = (*_FACTS, *_SENT_ON) if may_be_none(part_of(result.value, step)) else _FACTS
    return not known or any(use.how not in others for use in known)


def _is_taken_apart(place: ast.expr, result: Result) -> bool:
    """Whether ``part`` is read item by item, as a tuple more likely is than a tensor."""
    use = result.written.use(place)
    if use is None:
        return False
    if use.how in (How.UNPACKED, How.LOOPED):
        return True
    part = step_of(use)
    return isinstance(part, Item) and isinstance(part.key, int)
