"""How a result is read under its name: which parts of it, and where it goes on whole."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from autohook_codegen.analysis.trace import How, Use
from autohook_codegen.analysis.values import (
    Attribute,
    Item,
    Step,
    Unknown,
    Value,
)
from autohook_codegen.library import guesses
from autohook_codegen.sites.parts_read import is_text, step_of
from autohook_codegen.sites.result import Result
from autohook_codegen.sites.shapes import is_structured, part_of

__all__ = ["Reads", "is_named", "reads_of"]


@dataclass
class Reads:
    """How the name is read."""

    parts: dict[Step, list[ast.expr]] = field(default_factory=dict)
    items: dict[tuple[Step, Step], list[ast.expr]] = field(default_factory=dict)
    """Items of fields that are more likely tuples."""
    sliced: list[ast.expr] = field(default_factory=list)
    unpacked: list[tuple[ast.Assign, ast.expr]] = field(default_factory=list)
    whole: list[Use] = field(default_factory=list)
    as_tensor: bool = False
    tensors: list[ast.expr] = field(default_factory=list)
    """Where it is computed with, and known to be no tuple."""
    unsure: bool = False
    """Some of the reads may see another value."""
    type_tested: bool = False
    looped: bool = False
    """A loop runs over it: more likely over the items of a list than over a batch."""


def reads_of(result: Result) -> Reads:
    reads = Reads()
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
                if use.how is How.OPERATION and not is_structured(use.value):
                    reads.tensors.append(use.node)
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


def _read_part(step: Step, node: ast.expr, reads: Reads, result: Result) -> None:
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
    called = result.written.parent(use.by)
    return isinstance(called, ast.Call) and called.func is use.by


def _slice(node: ast.Subscript, reads: Reads, result: Result) -> None:
    """``a, b = out[:2]`` takes the beginning apart; what other slices leave is no first tensor, and
    ``out[f"layer{i}"]`` is some field of a dictionary."""
    use = result.written.use(node)
    key = node.slice
    if is_text(key):
        reads.sliced.append(node)
    if isinstance(key, ast.Slice):
        from_start = key.lower is None and key.step is None
        if from_start and use is not None and isinstance(use.by, ast.Assign):
            if use.how is How.UNPACKED:
                reads.unpacked.append((use.by, use.by.targets[0]))
                return
        reads.sliced.append(node)


def is_named(step: Step) -> bool:
    return isinstance(step, Attribute) or (isinstance(step, Item) and isinstance(step.key, str))
