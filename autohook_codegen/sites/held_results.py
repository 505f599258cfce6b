"""``out = self.encoder(x)``: whether ``out`` is a tensor, and if not, which field or item of it is
hooked.
"""

from __future__ import annotations

import ast

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.result import UNKNOWN_RESULT, Result
from autohook_codegen.declares.scope import Scope
from autohook_codegen.sites.candidate import After, Wrap
from autohook_codegen.sites.computed_names import source_text
from autohook_codegen.sites.held_reads import Reads, is_index, is_taken_apart, reads_of
from autohook_codegen.sites.unpacked_results import hook_after_unpacking_if, hook_unpacked_result

__all__ = ["hook_held_result"]

_SLICE = "[:]"


def hook_held_result(
    value: ast.expr,
    statement: ast.Assign | ast.AnnAssign,
    target: ast.Name,
    result: Result,
    scope: Scope,
) -> tuple[list[Wrap | After], str | None]:
    """The form of the site and which element it hooks; without a form, the code of a note."""
    if result.surely_tensor:
        return [Wrap(value)], None
    settled = hook_after_unpacking_if(statement, target.id, scope)
    if settled is not None and result.may_be_tensor and "none" not in result.kinds:
        return [settled[0]], settled[1]
    reads = reads_of(statement, target.id, scope)
    _read_items(reads, result, scope)
    if not result.structured:
        fields = [part for part in reads.parts if part.startswith((".", "['", '["'))]
        if reads.type_tested or reads.iterated:
            return [], "unclear-result"
        if not fields and (reads.as_tensor or not (reads.parts or reads.unpacked)):
            if "none" in result.kinds and not reads.as_tensor:
                return [], "may-be-none"
            return [Wrap(value)], None
    elif result.may_be_tensor and reads.as_tensor and not reads.parts and not reads.unpacked:
        return [Wrap(value)], None
    elif result.may_be_tensor and not reads.parts and not reads.unpacked:
        return [], "unclear-result"
    return _hook_part(statement, target.id, result, reads, scope)


def _read_items(reads: Reads, result: Result, scope: Scope) -> None:
    """``out.maps[-1]`` and ``out.maps[:2]`` read items of what is more likely a tuple than a
    tensor: the first names one, the second none."""
    declared = dict(result.fields or ())
    for part, places in list(reads.parts.items()):
        name = part.removeprefix(".")
        known = declared.get(name, UNKNOWN_RESULT)
        if name == part or torch_facts.is_not_tensor_field(name) or known != UNKNOWN_RESULT:
            continue
        items = [one for place in places if isinstance(one := scope.parents[place], ast.Subscript)]
        indexed = [one for one in items if is_index(one.slice)]
        sliced = [one for one in items if isinstance(one.slice, ast.Slice)]
        if indexed or sliced:
            del reads.parts[part]
        if sliced:
            reads.parts[part + _SLICE] = list(sliced)
        for one in indexed:
            reads.parts.setdefault(f"{part}[{ast.unparse(one.slice)}]", []).append(one)


def _hook_part(
    statement: ast.stmt, name: str, result: Result, reads: Reads, scope: Scope
) -> tuple[list[Wrap | After], str | None]:
    part = _chosen(result, reads, scope)
    if part is None:
        return _pass_whole(statement, name, result, reads)
    places = reads.parts.get(part, [])
    passed_whole = bool(reads.whole) or bool(reads.unpacked)
    if len(places) == 1 and not reads.unsure and not passed_whole:
        return [Wrap(places[0])], part
    if not reads.parts and len(reads.unpacked) == 1 and not reads.whole and not reads.unsure:
        return _hook_later_unpacking(reads, result, scope)
    rebuilt = _rebuild(statement, name, part, result)
    if rebuilt is not None:
        return [rebuilt], part
    if places and not reads.unpacked:
        return [Wrap(place) for place in places], part
    return [], "unclear-result"


def _hook_later_unpacking(
    reads: Reads, result: Result, scope: Scope
) -> tuple[list[Wrap | After], str | None]:
    later, target = reads.unpacked[0]
    form = hook_unpacked_result(later, target, result, scope)
    return ([form], f"[{form.part}]") if form is not None else ([], "unclear-result")


def _pass_whole(
    statement: ast.stmt, name: str, result: Result, reads: Reads
) -> tuple[list[Wrap | After], str | None]:
    """Nothing reads a part that is surely a tensor: the first tensor of what is passed on is
    hooked.
    """
    if not reads.whole and not reads.unpacked and not reads.parts:
        return [], "unclear-result"
    if result.surely_tuple:
        for index, element in enumerate(result.elements or (UNKNOWN_RESULT,)):
            if element.may_be_tensor and "none" not in element.kinds:
                return _all(_rebuild(statement, name, f"[{index}]", result)), f"[{index}]"
        return [], "no-tensor"
    first = next(
        (
            key
            for key, element in result.fields or ()
            if element.surely_tensor or (element.may_be_tensor and _is_tensor_name(key))
        ),
        None,
    )
    if first is not None and result.kinds in ({"fields"}, {"dict"}) and result.settable:
        key = source_text(ast.Constant(first))
        part = f".{first}" if "fields" in result.kinds else f"[{key}]"
        return _all(_rebuild(statement, name, part, result)), part
    return [], "unclear-result"


def _all(form: After | None) -> list[Wrap | After]:
    return [form] if form is not None else []


def _rebuild(statement: ast.stmt, name: str, part: str, result: Result) -> After | None:
    """The statement after the call, where the type surely allows one."""
    if result.surely_tuple and part.startswith("[") and part[1:-1].isdigit():
        index = int(part[1:-1])
        before = f"*{name}[:{index}], " if index else ""
        return After(statement, f"{name}{part}", name, f"({before}{{}}, *{name}[{index + 1}:])")
    if result.settable and result.kinds == {"fields"}:
        if part.startswith("[") and part[1:-1].isdigit() and result.fields and result.ordered:
            index = int(part[1:-1])
            if index < len(result.fields):
                part = f".{result.fields[index][0]}"
        if part.startswith(".") and not part.endswith("]"):
            return After(statement, f"{name}{part}", f"{name}{part}", "{}")
    if result.settable and result.kinds == {"dict"} and part.startswith("["):
        return After(statement, f"{name}{part}", f"{name}{part}", "{}")
    return None


def _chosen(result: Result, reads: Reads, scope: Scope) -> str | None:
    """The part that is hooked: of those that are read, the first in the order that the result
    declares.
    """
    candidates = [
        part
        for part, places in reads.parts.items()
        if _may_be_tensor(part, result)
        and not any(is_taken_apart(place, scope) for place in places)
    ]
    if not candidates:
        if reads.unpacked and not reads.whole and not reads.parts:
            return "[0]"
        return None
    order = [f".{name}" for name, _ in result.fields or ()] + [
        f"['{name}']" for name, _ in result.fields or ()
    ]
    order = [f"[{index}]" for index in range(12)] + order

    def rank(part: str) -> int:
        plain = part.replace('"', "'")
        return order.index(plain) if plain in order else len(order)

    return min(candidates, key=rank)


def _may_be_tensor(part: str, result: Result) -> bool:
    if part.endswith(_SLICE):
        return False
    if part.startswith("["):
        key = part[1:-1]
        if key.lstrip("-").isdigit():
            index = int(key)
            if result.elements is not None and -len(result.elements) <= index < len(
                result.elements
            ):
                return (
                    result.elements[index].may_be_tensor
                    and "none" not in result.elements[index].kinds
                )
            if result.ordered and result.fields and 0 <= index < len(result.fields):
                return result.fields[index][1].may_be_tensor
            # the members of a list are alike
            return index == 0 or not result.structured or result.kinds == {"list"}
        name = key.strip("'\"")
    else:
        name = part[1:]
    declared = dict(result.fields or ()).get(name)
    if declared is not None and declared.kinds != {"unknown"}:
        return declared.may_be_tensor or declared.kinds == {"tensor", "none"}
    return _is_tensor_name(name)


def _is_tensor_name(field: str) -> bool:
    return not torch_facts.is_not_tensor_field(field) and (
        field not in torch_facts.TENSOR_LIST_FIELDS
    )
