"""Parameter uses: which operation takes a parameter, and where its value goes otherwise."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import FunctionNode
from autohook_codegen.declares.scope import Scope
from autohook_codegen.declares.value import Kind
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone, Wrap
from autohook_codegen.sites.reference import Reference
from autohook_codegen.sites.references import References

__all__ = ["parameter_uses"]

_Site = Callable[[Wrap | After], Candidate | LeftAlone]


def parameter_uses(scope: Scope, references: References) -> Iterator[Candidate | LeftAlone]:
    """A site, or the reason why there is none, for every read of a parameter in the scope."""
    taken: set[tuple[ast.AST, str]] = set()
    for node in scope.nodes:
        if not isinstance(node, ast.Attribute | ast.Subscript | ast.Name | ast.Call):
            continue
        if isinstance(node, ast.Name) and node.id == references.receiver:
            continue
        reference = _parameter(node, scope, references)
        if reference is None:
            continue
        for one in _use(node, reference, scope):
            place = (
                one.form.node
                if isinstance(one, Candidate) and isinstance(one.form, Wrap)
                else one.node
            )
            if (place, ast.unparse(node)) not in taken:
                taken.add((place, ast.unparse(node)))
                yield one


def _parameter(node: ast.expr, scope: Scope, references: References) -> Reference | None:
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return None
    if isinstance(node, ast.Name):
        binding = scope.binding_at(node.id, node)
        if binding is None or not binding.is_loop:
            return None  # `w = self.W` hooks the value where it is assigned
    if isinstance(node, ast.Call) and not (
        isinstance(node.func, ast.Name) and node.func.id == "getattr"
    ):
        return None
    reference = references.resolve(node)
    if reference is None or not reference.steps or len(reference.names) > 1:
        return None
    value = reference.value
    if not value.is_parameter or value.is_container or Kind.MODULE in value.kinds:
        return None
    if Kind.OTHER in value.kinds and Kind.UNKNOWN in value.kinds:
        return None
    return reference


def _use(node: ast.expr, reference: Reference, scope: Scope) -> Iterator[Candidate | LeftAlone]:
    value, fact = _with_views(node, scope)
    if fact or _changes_weights(value, scope):
        return
    parent = scope.parents[value]

    def site(form: Wrap | After) -> Candidate | LeftAlone:
        if isinstance(form, Wrap) and form.node is value and Kind.OTHER in reference.value.kinds:
            message = f"{reference.path} is not always a parameter, and goes on as it is"
            return LeftAlone(node, "may-be-no-tensor", message, scope, None, reference)
        return Candidate(node, reference, "parameter use", form, scope)

    if isinstance(parent, ast.keyword):
        parent = scope.parents[parent]
    if isinstance(parent, ast.BinOp):
        yield site(Wrap(parent))
    elif isinstance(parent, ast.UnaryOp) and not isinstance(parent.op, ast.Not):
        yield site(Wrap(parent))
    elif isinstance(parent, ast.AugAssign):
        if parent.value is value:
            text = ast.unparse(parent.target)
            yield site(After(parent, text, text, "{}"))
    elif isinstance(parent, ast.Attribute):
        called = scope.parents[parent]
        if isinstance(called, ast.Call) and called.func is parent:
            yield site(Wrap(called if _gives_tensor(parent.attr) else value))
    elif isinstance(parent, ast.Call) and parent.func is not value:
        yield from _argument(value, parent, reference, scope, site)
    elif isinstance(parent, ast.Compare):
        if not any(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in parent.ops):
            yield site(_value(value, reference, scope))
    elif isinstance(parent, ast.If | ast.While | ast.Assert | ast.BoolOp | ast.UnaryOp) or (
        isinstance(parent, ast.IfExp) and parent.test is value
    ):
        return
    elif isinstance(parent, ast.Subscript):
        if parent.value is not value:
            yield site(Wrap(value))
    elif isinstance(
        parent, ast.FormattedValue | ast.Expr | ast.Delete | ast.withitem | ast.Assert | ast.Raise
    ):
        return
    else:
        yield site(_value(value, reference, scope))


def _argument(
    value: ast.expr, call: ast.Call, reference: Reference, scope: Scope, site: _Site
) -> Iterator[Candidate | LeftAlone]:
    """The parameter is an argument of a call."""
    dotted = scope.file.dotted(call.func) or ""
    last = dotted.rsplit(".", 1)[-1]
    if _only_asks_for_none(scope.file.functions.get(dotted)):
        return
    if (
        last in torch_facts.NO_VALUE_FUNCTIONS
        or dotted.startswith("torch.nn.init.")
        or ".init." in f".{dotted}"
    ):
        return
    if isinstance(call.func, ast.Attribute):
        attribute = call.func.attr
        if (
            attribute in torch_facts.FACT_ARGUMENT_METHODS
            or attribute in torch_facts.TENSOR_FACT_METHODS
        ):
            return
        if attribute.endswith("_") and not attribute.endswith("__"):
            statement = scope.parents[call]
            if isinstance(statement, ast.Expr) and isinstance(call.func.value, ast.Name):
                text = call.func.value.id  # `out.add_(self.b)` stays in place
                yield site(After(statement, text, text, "{}"))
            return  # else weight surgery, or a write into a buffer
        held = dotted_name(call.func.value) or ""
        if not dotted.startswith(("torch.", "einops.", "fancy_einsum.")):
            tensor_method = attribute in torch_facts.TENSOR_METHODS and held != scope.receiver
            if tensor_method and attribute not in torch_facts.MULTIPLE_RESULTS:
                yield site(Wrap(call))
                return
    if _is_operation(dotted) and last not in torch_facts.MULTIPLE_RESULTS:
        yield site(Wrap(call))
        return
    yield site(_value(value, reference, scope))


def _only_asks_for_none(function: FunctionNode | None) -> bool:
    """``def exists(v): return v is not None``, an idiom of research code."""
    if function is None or not isinstance(function.body[-1], ast.Return):
        return False
    returned = function.body[-1].value
    return isinstance(returned, ast.Compare) and isinstance(returned.ops[0], ast.Is | ast.IsNot)


def _is_operation(dotted: str) -> bool:
    """A function of torch, einops or fancy_einsum that gives back one tensor."""
    if dotted.startswith(
        (
            "torch.utils",
            "torch.jit",
            "torch.distributed",
            "torch.autograd",
            "torch.ops",
            "torch.compiler",
        )
    ):
        return False
    if not dotted.startswith(("torch.", "einops.", "fancy_einsum.")):
        return False
    return not dotted.rsplit(".", 1)[-1][:1].isupper()


def _gives_tensor(method: str) -> bool:
    return method in torch_facts.TENSOR_METHODS and method not in torch_facts.MULTIPLE_RESULTS


def _value(value: ast.expr, reference: Reference, scope: Scope) -> Wrap:
    """The value itself, under a test where it may be ``None``."""
    if (
        not reference.value.may_be_none
        or not isinstance(value, ast.Attribute)
        or _is_tested(value, scope)
    ):
        return Wrap(value)
    return Wrap(value, tested=ast.unparse(value))


def _is_tested(value: ast.expr, scope: Scope) -> bool:
    """Whether a condition around the value says that it is there."""
    text = ast.unparse(value)
    inner: ast.AST = value
    for ancestor in scope.ancestors(value):
        if isinstance(ancestor, ast.IfExp | ast.If):
            inside = (
                inner is ancestor.body
                if isinstance(ancestor, ast.IfExp)
                else inner in ancestor.body
            )
            test = ast.unparse(ancestor.test)
            if inside and (f"{text} is not None" in test or test == text):
                return True
            if (
                not inside
                and inner is not ancestor.test
                and (test in (f"{text} is None", f"not {text}"))
            ):
                return True
        inner = ancestor
    return False


def _with_views(node: ast.expr, scope: Scope) -> tuple[ast.expr, bool]:
    """The parameter with the views and casts on the way, and whether only a fact of it is read."""
    current = node
    while True:
        parent = scope.parents[current]
        if isinstance(parent, ast.Attribute) and parent.value is current:
            grand = scope.parents[parent]
            called = isinstance(grand, ast.Call) and grand.func is parent
            if parent.attr in torch_facts.TENSOR_FACTS and not called:
                return current, True
            if parent.attr in torch_facts.TENSOR_FACT_METHODS or not isinstance(
                parent.ctx, ast.Load
            ):
                return current, True
            if called and parent.attr.endswith("_") and not parent.attr.endswith("__"):
                return current, True
            if called and parent.attr in torch_facts.TENSOR_VIEWS:
                assert isinstance(grand, ast.Call)
                current = grand
            elif not called and parent.attr in torch_facts.TENSOR_PROPERTIES:
                current = parent
            elif not called and parent.attr not in torch_facts.TENSOR_METHODS:
                return current, True  # an attribute that someone gave it
            else:
                return current, False
        elif isinstance(parent, ast.Subscript) and parent.value is current:
            if not isinstance(parent.ctx, ast.Load):
                return current, True
            current = parent
        elif isinstance(parent, ast.Call) and parent.args and parent.args[0] is current:
            dotted = scope.file.dotted(parent.func) or ""
            if (
                dotted.startswith("einops.")
                and dotted.rsplit(".", 1)[-1] in torch_facts.EINOPS_VIEWS
            ):
                current = parent
            else:
                return current, False
        else:
            return current, False


def _innermost(value: ast.expr) -> ast.expr:
    """``self.W`` in ``self.W.float()[0]``."""
    while True:
        if isinstance(value, ast.Call):
            value = value.func
        elif isinstance(value, ast.Attribute) and not isinstance(value.value, ast.Name):
            value = value.value
        elif isinstance(value, ast.Subscript):
            value = value.value
        else:
            return value


def _changes_weights(value: ast.expr, scope: Scope) -> bool:
    """Whether the statement is weight surgery: under ``no_grad``, it writes to a parameter or in
    place.
    """
    statement = scope.statement(value)
    if isinstance(statement, ast.Delete):
        return True
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Attribute):
        return dotted_name(statement.target) == dotted_name(_innermost(value))
    under = [
        one
        for one in scope.ancestors(value)
        if isinstance(one, ast.With | ast.AsyncWith)
        and any(
            "no_grad" in ast.unparse(item.context_expr)
            or "inference_mode" in ast.unparse(item.context_expr)
            for item in one.items
        )
    ]
    if not under:
        return False
    for one in ast.walk(under[0]):
        if (
            isinstance(one, ast.Call)
            and isinstance(one.func, ast.Attribute)
            and one.func.attr.endswith("_")
            and not one.func.attr.endswith("__")
        ):
            return True
        if isinstance(one, ast.Attribute) and one.attr == "data":
            return True
    return False
