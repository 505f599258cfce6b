"""Walks over children that a hook point may be met on: it is passed by, or only told what every
module is told."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autohook_codegen import library
from autohook_codegen.analysis.call_arguments import arguments_in, given_to
from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.analysis.values import NOT_REACHED, Function
from autohook_codegen.sites.written import Written

__all__ = ["HOOK_POINTS_HAVE", "WALKS", "is_harmless_walk"]

WALKS = frozenset({"children", "named_children", "_modules"})
_TOLD_TO_ALL = frozenset(
    "train eval requires_grad_ zero_grad to cuda cpu float double half bfloat16".split()
)
"""Methods that a parent passes on to all of its children; a hook point holds nothing to change."""
HOOK_POINTS_HAVE = frozenset(
    "T_destination _apply _backward_hooks _backward_pre_hooks _buffers _call_impl "
    "_compiled_call_impl _forward_hooks _forward_hooks_always_called _forward_hooks_with_kwargs "
    "_forward_pre_hooks _forward_pre_hooks_with_kwargs _get_backward_hooks "
    "_get_backward_pre_hooks _get_name _is_full_backward_hook _load_from_state_dict "
    "_load_state_dict_post_hooks _load_state_dict_pre_hooks _maybe_warn_non_full_backward_hook "
    "_modules _named_members _non_persistent_buffers_set _parameters "
    "_register_load_state_dict_pre_hook _register_state_dict_hook _replicate_for_data_parallel "
    "_save_to_state_dict _slow_forward _state_dict_hooks _state_dict_pre_hooks _version "
    "_wrapped_call_impl add_hook add_perma_hook backward_scale bwd_hooks call_super_init "
    "clear_context ctx dump_patches enable_reshape forward fwd_hooks has_hooks hook_conversion "
    "layer name pos_dim remove_hooks training".split()
)
"""What a hook point has beside the methods of every module."""
_SILENT = (
    *(ast.Name, ast.Attribute, ast.Constant),
    *(ast.Compare, ast.BoolOp, ast.UnaryOp),
    *(ast.Tuple, ast.List, ast.Set),
)
"""No item among them: there may be none under a hook point's name."""


def is_harmless_walk(walk: ast.Attribute, written: Written, trace: Trace) -> bool:
    """Tell whether the loop over ``….children()``, ``.named_children()`` or ``._modules`` of which
    `walk` is the attribute does the same beside hook points."""
    if _asks_by_name(walk, written):
        return True
    iterated: ast.AST = walk
    is_named = walk.attr == "named_children"
    while isinstance(parent := written.parent(iterated), ast.Attribute | ast.Call):
        if isinstance(parent, ast.Call) and (parent.func is not iterated or parent.args):
            break
        if isinstance(parent, ast.Attribute):
            if parent.attr not in ("items", "values"):
                break
            is_named = parent.attr == "items"
        iterated = parent
    loop = written.parent(iterated)
    if not (isinstance(loop, ast.For | ast.comprehension) and loop.iter is iterated):
        return False
    key: ast.expr | None = None
    match loop.target:
        case ast.Name(child) if not is_named:
            pass
        case ast.Tuple(elts=[key, ast.Name(child)]) if is_named:
            pass
        case _:
            return False
    body = _Body(child, key.id if isinstance(key, ast.Name) else "", written.trace, trace)
    if isinstance(loop, ast.For):
        return not loop.orelse and body.spares(loop.body)
    for place, test in enumerate(loop.ifs):
        if body.outcome(test) is False:
            return all(map(body.is_silent, loop.ifs[: place + 1]))
    return False


def _asks_by_name(walk: ast.Attribute, written: Written) -> bool:
    """Tell whether a child is taken by a name that is written out: ``_modules.pop("act")``."""
    parent = written.parent(walk)
    key: ast.expr | None = None
    match parent:
        case ast.Subscript(slice=key):
            pass
        case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()]):
            pass
        case ast.Attribute(attr="get" | "pop"):
            call = written.parent(parent)
            key = call.args[0] if isinstance(call, ast.Call) and call.args else None
    return isinstance(key, ast.Constant) and isinstance(key.value, str)


@dataclass(frozen=True, slots=True)
class _Body:
    """What is done with one child of a walk, or with one that a function is handed."""

    child: str
    key: str
    """The variable of the loop that holds its name, where there is one."""
    function: FunctionTrace
    trace: Trace
    handed_to: frozenset[ast.AST] = frozenset()
    """The functions that have been handed the child, this one among them."""

    def spares(self, block: Sequence[ast.stmt]) -> bool:
        """Tell whether the statements leave things as they are, where the child is a hook point."""
        for statement in block:
            match statement:
                case ast.If(test=test, body=body, orelse=orelse):
                    says = self.outcome(test)
                    if not (
                        self.is_silent(test)
                        and (says is False or self.spares(body))
                        and (says is True or self.spares(orelse))
                    ):
                        return False
                    if says and isinstance(body[-1], ast.Continue):
                        return True
                case ast.Continue():
                    return True
                case ast.Return(value) if self.handed_to and not (value and _calls(value)):
                    return True  # whoever has handed it over drops what comes back
                case ast.Pass() | ast.Expr(ast.Constant()):
                    pass
                case ast.For(iter=walk, orelse=[]) if self._is_walk(walk):
                    pass  # a hook point has no children
                case ast.Assign([ast.Name(key)], value) if key == self.key and not _calls(value):
                    pass
                case _ if not (self._tells(statement) or self._hands_on(statement)):
                    return False
        return True

    def _is_walk(self, node: ast.expr) -> bool:
        """``child.children()``, ``child._modules.items()``"""
        while isinstance(node, ast.Call | ast.Attribute):
            match node:
                case ast.Attribute(ast.Name(walked), walk) if walk in WALKS:
                    return walked == self.child
            node = node.func if isinstance(node, ast.Call) else node.value
        return False

    def _hands_on(self, statement: ast.stmt) -> bool:
        """Tell whether it calls functions of the input that spare the child, or one that is handed
        its parent in turn: ``recurse(f"{name}.{key}", child)``."""
        match statement:
            case ast.Expr(ast.Call(callee, args, keywords) as call):
                functions = self.function.values.get(callee, NOT_REACHED)
                given = [*args, *(keyword.value for keyword in keywords)]
                is_known = bool(functions) and not any(map(_calls, given))
                return is_known and all(
                    isinstance(one, Function) and self._is_spared_by(one, call) for one in functions
                )
        return False

    def _is_spared_by(self, called: Function, call: ast.Call) -> bool:
        node, function = called.node, self.trace.functions.get(called.node)
        if node in self.handed_to:
            return True
        if not isinstance(node, ast.FunctionDef) or node.decorator_list or function is None:
            return False
        got = [
            argument.arg
            for argument in arguments_in(node)
            for given, _ in given_to(argument, node, call, bool(called.bound))
            if isinstance(given, ast.Name) and given.id == self.child
        ]
        if len(got) != 1:
            return False
        handed_to = self.handed_to | {node}
        inside = replace(self, child=got[0], key="", function=function, handed_to=handed_to)
        return inside.spares(node.body)

    def _tells(self, statement: ast.stmt) -> bool:
        """``child.train(mode)``, ``child.training = mode``"""
        match statement:
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(told), method), args, keywords)):
                given = [*args, *(keyword.value for keyword in keywords)]
                return told == self.child and method in _TOLD_TO_ALL and not any(map(_calls, given))
            case ast.Assign([ast.Attribute(ast.Name(told), "training")], value):
                return told == self.child and not _calls(value)
        return False

    def is_silent(self, test: ast.expr) -> bool:
        """Tell whether asking changes nothing, and asks of a hook point nothing that it lacks."""
        match test:
            case ast.Call(ast.Name("isinstance" | "hasattr"), [ast.Name(), what], []):
                return not _calls(what)
            case ast.Attribute(ast.Name(asked)) if asked == self.child:
                return False
            case ast.BoolOp(op, values):
                for value in values:
                    if not self.is_silent(value):
                        return False
                    if self.outcome(value) is isinstance(op, ast.Or):
                        break  # it asks no further
                return True
        inner = (one for one in ast.iter_child_nodes(test) if isinstance(one, ast.expr))
        return isinstance(test, _SILENT) and all(map(self.is_silent, inner))

    def outcome(self, test: ast.expr) -> bool | None:
        """Return what the test says of a hook point; ``None`` where it may say either."""
        match test:
            case ast.UnaryOp(ast.Not(), operand):
                inner = self.outcome(operand)
                return None if inner is None else not inner
            case ast.BoolOp(op, values):
                outcomes = [self.outcome(value) for value in values]
                decisive = isinstance(op, ast.Or)
                if decisive in outcomes:
                    return decisive
                return None if None in outcomes else not decisive
        return False if self._is_no_hook_point(test) else None

    def _is_no_hook_point(self, test: ast.expr) -> bool:
        """``isinstance(child, nn.Conv2d)``, a class that no hook point is of;
        ``hasattr(child, "processor")``, which none has."""
        match test:
            case ast.Call(ast.Name("isinstance"), [ast.Name(asked), classes]):
                return asked == self.child and self._no_hook_points(classes)
            case ast.Call(ast.Name("hasattr"), [ast.Name(asked), ast.Constant(str(name))]):
                module = library.library_class("torch.nn.Module")
                has = module is None or name in module.methods or name in HOOK_POINTS_HAVE
                return asked == self.child and not has
        return False

    def _no_hook_points(self, classes: ast.expr) -> bool:
        match classes:
            case ast.Tuple(elts=all_of_them):
                return all(map(self._no_hook_points, all_of_them))
            case ast.BinOp(left, ast.BitOr(), right):
                return self._no_hook_points(left) and self._no_hook_points(right)
        file = self.function.file
        decl = self.trace.program.class_of(file, classes)
        if decl is not None:
            return decl.is_module
        dotted = file.dotted(classes) or ""
        return dotted.startswith("torch.nn.") and not dotted.endswith(".Module")


def _calls(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Call | ast.NamedExpr) for one in ast.walk(node))
