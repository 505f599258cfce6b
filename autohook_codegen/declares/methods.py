"""Which methods run when the model is called: those that ``forward`` reaches."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, FunctionNode, Program

__all__ = ["ReachedMethods"]

NEVER_HOOKED = frozenset(
    (
        "__init__ __init_subclass__ _init_weights init_weights initialize_weights "
        "reset_parameters reset_weights weight_init _reset_parameters init_parameters "
        "initialize __repr__ extra_repr __str__ __setstate__ __getstate__ __deepcopy__ "
        "__setattr__ __getattr__ state_dict load_state_dict _load_from_state_dict "
        "_save_to_state_dict tie_weights resize_token_embeddings get_input_embeddings "
        "set_input_embeddings get_output_embeddings set_output_embeddings"
    ).split()
)
"""Weight initialisation, weight surgery and what only describes the model."""


class ReachedMethods:
    """Every method that a call of some class of the input reaches, and for whom."""

    def __init__(self, program: Program, inference: Inference, entries: Collection[str]) -> None:
        self.program = program
        self.inference = inference
        self.owners: dict[FunctionNode, ClassDecl] = {}
        """Each reached method and the class whose body it stands in."""
        self.seen_by: dict[FunctionNode, list[ClassDecl]] = {}
        """The classes whose instances run it."""
        self._modules = [decl for decl in program.classes if decl.is_module]
        self._method_names = frozenset(name for decl in self._modules for name in decl.methods)
        self._names: dict[FunctionNode, _Named] = {}
        self._from_outside: dict[ClassDecl, set[str]] = {}
        starts = ("forward", "__call__", *entries)
        pending = [(decl, name) for decl in self._modules for name in starts]
        while pending:
            for decl, name in pending:
                self._reach(decl, name)
            pending = [
                (decl, name)
                for decl, names in self._from_outside.items()
                for name in names
                if not self._has(decl, name)
            ]

    def _has(self, decl: ClassDecl, name: str) -> bool:
        found = decl.method(name)
        return found is None or decl in self.seen_by.get(found[1], ())

    def _reach(self, decl: ClassDecl, name: str) -> None:
        stack = [found for one in (name, *self._set_to(decl, name)) if (found := decl.method(one))]
        while stack:
            owner, function = stack.pop()
            if function.name in NEVER_HOOKED or decl in self.seen_by.get(function, ()):
                continue
            if _is_overload(function):
                continue
            self.owners[function] = owner
            self.seen_by.setdefault(function, []).append(decl)
            for named, after in self._named(owner, function):
                next_method = decl.method_after(owner, named) if after else decl.method(named)
                if next_method is not None:
                    stack.append(next_method)

    def _set_to(self, decl: ClassDecl, name: str) -> list[str]:
        """The methods that an instance has under another name, ``self.forward = self.fused``."""
        return [
            definition.value.attr
            for owner in decl.mro
            for definition in self.inference.members(owner).definitions.get(name, ())
            if isinstance(definition.value, ast.Attribute)
            and isinstance(definition.value.value, ast.Name)
        ]

    def _named(self, owner: ClassDecl, function: FunctionNode) -> Iterator[tuple[str, bool]]:
        if function not in self._names:
            self._names[function] = self._read(owner, function)
        return iter(self._names[function])

    def _read(self, owner: ClassDecl, function: FunctionNode) -> _Named:
        """The methods that the body names, and whether by ``super()``."""
        scope = self.inference.scope(function, owner, owner.file)
        found: _Named = []
        for node in scope.nodes:
            if not isinstance(node, ast.Attribute) or node.attr not in self._method_names:
                continue
            held = node.value
            if isinstance(held, ast.Name) and held.id == scope.receiver:
                found.append((node.attr, False))
            elif isinstance(held, ast.Call) and dotted_name(held.func) == "super":
                found.append((node.attr, True))
            elif self.program.class_of(owner.file, held) in owner.mro:
                found.append((node.attr, True))
            elif node.attr not in ("forward", "__call__") and isinstance(
                held, ast.Attribute | ast.Name | ast.Subscript
            ):
                for other in self.inference.infer(held, scope, 0).input_classes:
                    if (
                        other.is_module
                        and other.method(node.attr)
                        and node.attr not in NEVER_HOOKED
                    ):
                        self._from_outside.setdefault(other, set()).add(node.attr)
        return found


_Named = list[tuple[str, bool]]


def _is_overload(function: FunctionNode) -> bool:
    return any((dotted_name(one) or "").endswith("overload") for one in function.decorator_list)
