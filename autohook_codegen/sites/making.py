"""The statements that make hook points."""

from __future__ import annotations

import ast

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.members import Growth
from autohook_codegen.declares.program import FileDecl, FunctionNode
from autohook_codegen.declares.value import Kind
from autohook_codegen.sites.hook_points import PlannedHookPoint
from autohook_codegen.sites.reference import Item

__all__ = ["container_prefix", "growth_statement", "making_statement"]


def making_statement(
    planned: PlannedHookPoint, receiver: str, hook_point: str, file: FileDecl, inference: Inference
) -> str | None:
    """``self.fc1_hook_point = HookPoint()``, or the container of hook points beside a container.

    `hook_point` is how the file spells ``HookPoint``. ``None`` where the file has no name for
    ``nn.ModuleList``.
    """
    steps = planned.reference.steps
    if not planned.is_container:
        return f"{receiver}.{planned.name} = {hook_point}()"
    prefix = _written_prefix(planned, inference) or container_prefix(file)
    if prefix is None:
        return None
    path: list[str] = []
    for step in steps:
        if isinstance(step, Item):
            break
        path.append(str(step))
    may_be_none = False
    if len(path) == 1:
        value = inference.attribute(planned.reference.owner, path[0])
        may_be_none = value is not None and value.may_be_none and Kind.DICT not in value.kinds
    made = _made(
        list(steps[len(path) :]), ".".join((receiver, *path)), prefix, hook_point, 1, 0, may_be_none
    )
    return f"{receiver}.{planned.name} = {made}"


def _made(
    steps: list[object],
    container: str,
    prefix: str,
    hook_point: str,
    depth: int,
    dicts: int,
    may_be_none: bool,
) -> str:
    first = steps[0]
    assert isinstance(first, Item)
    inner_path: list[str] = []
    rest = steps[1:]
    while rest and isinstance(rest[0], str):
        inner_path.append(rest[0])
        rest = rest[1:]
    inner = f"{hook_point}()"
    member = "_"
    name = "name" if dicts == 0 else f"name_{dicts + 1}"
    dicts += first.by_key
    if rest:
        member = "members" if depth == 1 else f"members_{depth}"
        inner = _made(
            rest, ".".join((member, *inner_path)), prefix, hook_point, depth + 1, dicts, False
        )
    if first.by_key:
        looped = f"{name}, {member} in {container}.items()" if rest else f"{name} in {container}"
        return f"{prefix}ModuleDict({{{name}: {inner} for {looped}}})"
    either = f"{container} or ()" if may_be_none else container
    return f"{prefix}ModuleList([{inner} for {member} in {either}])"


def _written_prefix(planned: PlannedHookPoint, inference: Inference) -> str | None:
    """``torch.nn.`` where the container itself is made as ``torch.nn.ModuleList(…)``."""
    attribute = planned.attribute
    if attribute is None:
        return None
    for definition in inference.definitions(planned.reference.owner, attribute):
        if definition.value is None:
            continue
        for node in ast.walk(definition.value):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                dotted = definition.owner.file.dotted(node.func) or ""
                if dotted in torch_facts.CONTAINERS and definition.owner.file is planned.home.file:
                    return f"{ast.unparse(node.func.value)}."
    return None


def container_prefix(file: FileDecl) -> str | None:
    """What the file writes before ``ModuleList``: ``nn.``, ``torch.nn.`` or nothing."""
    torch_name = None
    for alias, dotted in file.imports.names.items():
        if dotted == "torch.nn":
            return f"{alias}."
        if dotted == "torch":
            torch_name = alias
    if file.imports.names.get("ModuleList") == "torch.nn.ModuleList" and (
        file.imports.names.get("ModuleDict") == "torch.nn.ModuleDict"
        or "ModuleDict" not in ast.unparse(file.tree)
    ):
        return ""
    return f"{torch_name}.nn." if torch_name is not None else None


def growth_statement(growth: Growth, planned: PlannedHookPoint, hook_point: str) -> str | None:
    """The statement that follows one that adds a member outside ``__init__``; ``None`` where it
    has no form.
    """
    items = planned.reference.items
    if len(items) != 1 or len(planned.reference.names) != 1:
        return None
    receiver = _receiver(growth.method)
    hooks = f"{receiver}.{planned.name}"
    if growth.how == "[]":
        return f"{hooks}[{ast.unparse(growth.arguments[0])}] = {hook_point}()"
    if growth.how == "append" and not items[0].by_key:
        return f"{hooks}.append({hook_point}())"
    if growth.how == "insert" and not items[0].by_key and len(growth.arguments) == 2:
        return f"{hooks}.insert({ast.unparse(growth.arguments[0])}, {hook_point}())"
    container = f"{receiver}.{growth.attribute}"
    if growth.how == "update" and items[0].by_key:
        # What is added is not evaluated twice: the container itself says what is new.
        missing = f"name in {container} if name not in {hooks}"
        return f"{hooks}.update({{name: {hook_point}() for {missing}}})"
    if growth.how == "extend" and not items[0].by_key:
        return f"{hooks}.extend([{hook_point}() for _ in {container}[len({hooks}):]])"
    return None


def _receiver(function: FunctionNode) -> str:
    return [*function.args.posonlyargs, *function.args.args][0].arg
