"""Which classes are models by themselves, and what their ``__init__`` ends with."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, FileDecl, FunctionNode, Program
from autohook_codegen.declares.value import Kind, Value

__all__ = ["ROOT_NAMES", "HeldClasses", "base_position", "find_roots", "is_unknown", "uses_name"]

ROOT_NAMES = frozenset(
    (
        "setup hooks hook_dict mod_dict hook_points run_with_cache run_with_hooks add_hook "
        "add_perma_hook add_caching_hooks cache_all cache_some check_and_add_hook "
        "check_hooks_to_add clear_contexts get_caching_hooks list_hooks remove_all_hook_fns "
        "reset_hooks is_caching context_level"
    ).split()
)
"""What ``HookedRootModule`` of transformer-lens 3.9 to 4.3 gives a class."""

_BASES_WITHOUT_FORWARD = frozenset("Module PreTrainedModel LightningModule ModelMixin".split())


def find_roots(program: Program) -> list[ClassDecl]:
    """The roots of the input, as HOOKS.md defines them."""
    used = _used_classes(program)
    roots: list[ClassDecl] = []
    for decl in program.classes:
        if not decl.is_module or not _has_forward(decl):
            continue
        exported = decl.file.exported is not None and decl.qualified_name in decl.file.exported
        if exported or (decl not in used and not decl.subclasses):
            roots.append(decl)
    return roots


def _has_forward(decl: ClassDecl) -> bool:
    if decl.method("forward") is not None:
        return True
    for base in decl.all_outside_bases:
        last = base.rsplit(".", 1)[-1]
        if last not in _BASES_WITHOUT_FORWARD and not last.endswith(("Mixin", "PreTrainedModel")):
            if base not in torch_facts.CONTAINERS - {torch_facts.SEQUENTIAL} and last not in (
                "ABC",
                "Generic",
                "Protocol",
                "object",
            ):
                return True
    return False


def _used_classes(program: Program) -> set[ClassDecl]:
    """The classes that other code of the input creates, names or passes on."""
    used: set[ClassDecl] = set()
    for file in program.files.values():
        inside = _functions_of_classes(file)
        for node in file.tree.body:
            if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
                continue
            _read_statement(node, None, file, inside, program, used)
    return used


def _functions_of_classes(file: FileDecl) -> set[str]:
    """The functions of the top level that some class calls, directly or through another one."""
    named: set[str] = set()
    pending: list[ast.AST] = [decl.node for decl in file.classes]
    while pending:
        for node in ast.walk(pending.pop()):
            if isinstance(node, ast.Name) and node.id in file.functions and node.id not in named:
                named.add(node.id)
                pending.append(file.functions[node.id])
    return named


def _read_statement(
    node: ast.stmt,
    own: ClassDecl | None,
    file: FileDecl,
    inside: set[str],
    program: Program,
    used: set[ClassDecl],
) -> None:
    if isinstance(node, ast.ClassDef):
        decl = next((one for one in file.classes if one.node is node), own)
        for statement in node.body:
            _read(statement, decl, True, file, program, used)
        for decorator in node.decorator_list:
            _read(decorator, decl, True, file, program, used)
    elif isinstance(node, FunctionNode):
        _read(node, None, node.name in inside, file, program, used)
    elif isinstance(node, ast.If | ast.Try | ast.With):
        for block in (node.body, getattr(node, "orelse", []), getattr(node, "finalbody", [])):
            for statement in block:
                _read_statement(statement, own, file, inside, program, used)
    elif not isinstance(node, ast.Import | ast.ImportFrom):
        _read(node, own, False, file, program, used)


def _read(
    node: ast.AST,
    own: ClassDecl | None,
    creating: bool,
    file: FileDecl,
    program: Program,
    used: set[ClassDecl],
) -> None:
    """Note the classes that `node` names; `creating` tells whether a plain call of one counts."""
    stack: list[ast.AST] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, ast.Name | ast.Attribute):
            decl = program.class_of(file, one) or _nested(one, own)
            if decl is not None and decl is not own:
                used.add(decl)
                continue
        if isinstance(one, ast.Call):
            name = dotted_name(one.func)
            if name in ("isinstance", "issubclass", "super"):
                stack += one.args[:1] if name != "super" else []
                continue
            if not creating and isinstance(one.func, ast.Name | ast.Attribute):
                stack += [*one.args, *(keyword.value for keyword in one.keywords)]
                continue
        if isinstance(one, ast.ClassDef):
            stack += [*one.body, *one.decorator_list]
            continue
        if isinstance(one, ast.AnnAssign):
            stack += [one.value] if one.value is not None else []
            continue
        if isinstance(one, FunctionNode):
            stack += [
                *one.body,
                *one.decorator_list,
                *one.args.defaults,
                *(d for d in one.args.kw_defaults if d is not None),
            ]
            stack += list(_called_annotations(one))
            continue
        stack += ast.iter_child_nodes(one)


def _nested(node: ast.expr, own: ClassDecl | None) -> ClassDecl | None:
    """``self.Pool`` for a class that stands in the body of another."""
    if own is None or not isinstance(node, ast.Attribute):
        return None
    return own.nested(node.attr)


def _called_annotations(function: FunctionNode) -> Iterator[ast.expr]:
    """``block: type[Block]`` of an argument that the function calls, or keeps to be called."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    called: set[str] = set()
    for one in ast.walk(function):
        used = one.func if isinstance(one, ast.Call) else getattr(one, "value", None)
        if isinstance(one, ast.Call | ast.Assign) and isinstance(used, ast.Name):
            called.add(used.id)
    for argument in arguments:
        if argument.annotation is not None and argument.arg in called:
            yield argument.annotation


def base_position(decl: ClassDecl) -> int:
    """Where among the bases ``HookedRootModule`` goes: before ``nn.Module``, else last."""
    for index, base in enumerate(decl.node.bases):
        if decl.file.dotted(base) == "torch.nn.Module":
            return index
    return len(decl.node.bases)


class HeldClasses:
    """The classes of the modules that an instance of a class may hold."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self._direct: dict[ClassDecl, list[ClassDecl]] = {}
        self._found: dict[ClassDecl, tuple[ClassDecl, ...]] = {}

    def of(self, root: ClassDecl) -> tuple[ClassDecl, ...]:
        """Those that `root` holds at any depth, itself and its bases included, in the order of the
        source."""
        if root not in self._found:
            found: set[ClassDecl] = set()
            stack: list[ClassDecl] = [root]
            while stack:
                decl = stack.pop()
                if decl not in found:
                    found.add(decl)
                    stack += self._held_by(decl)
            self._found[root] = tuple(
                sorted(found, key=lambda one: (one.file.path, one.node.lineno, one.node.col_offset))
            )
        return self._found[root]

    def _held_by(self, decl: ClassDecl) -> list[ClassDecl]:
        """One step of the way: bases, what the class names, and what its attributes are."""
        if decl not in self._direct:
            inference = self.inference
            held = [*decl.mro, *_mentioned(decl, inference.program)]
            members = inference.members(decl)
            for attribute in (*members.definitions, *members.growths):
                value = inference.attribute(decl, attribute)
                if value is not None:
                    held += _classes_in(value, 0)
            for dynamic in members.dynamic:
                scope = inference.scope(dynamic.method, decl, decl.file)
                held += _classes_in(inference.infer(dynamic.value, scope, 0), 0)
            self._direct[decl] = held
        return self._direct[decl]


def _mentioned(decl: ClassDecl, program: Program) -> list[ClassDecl]:
    """The modules of the input that the class names: what it hands to a wrapper is held there."""
    names = {node.id for node in ast.walk(decl.node) if isinstance(node, ast.Name)}
    found = [program.class_of(decl.file, ast.Name(name)) for name in names if name[:1].isupper()]
    return [one for one in found if one is not None and one.is_module]


def _classes_in(value: Value, depth: int) -> list[ClassDecl]:
    found = list(value.input_classes)
    if value.items is not None and depth < 4:
        found += _classes_in(value.items, depth + 1)
    return found


def uses_name(decl: ClassDecl, inference: Inference) -> bool:
    """Whether the class has an attribute ``name`` of its own, which ``setup()`` would overwrite."""
    members = inference.members(decl)
    return "name" in members.definitions or "name" in decl.methods or "name" in members.annotations


def is_unknown(value: Value) -> bool:
    """A submodule of a class that neither the input nor torch defines."""
    if not value.classes or Kind.UNKNOWN in value.kinds:
        return value.kinds != {Kind.NONE} and not value.is_container
    return any(isinstance(one, str) and not one.startswith("torch.nn.") for one in value.classes)
