"""Parameter uses: which operation takes a parameter, and where its value goes otherwise."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from autohook_codegen.analysis.parts import is_one_of_others
from autohook_codegen.analysis.trace import How, Trace, Use
from autohook_codegen.analysis.values import (
    Attribute,
    Function,
    Held,
    Member,
    Nothing,
    Parameter,
    Plain,
    Tensor,
    Value,
)
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone, Reference, Wrap
from autohook_codegen.sites.in_sight import is_in_sight
from autohook_codegen.sites.references import reference_to
from autohook_codegen.sites.written import Written

__all__ = ["parameter_uses"]

_GOES_ELSEWHERE = (How.ARGUMENT, How.JOINED, How.STORED, How.RETURNED, How.LOOPED, How.UNPACKED)


def parameter_uses(written: Written, trace: Trace) -> Iterator[Candidate | LeftAlone]:
    """Yield a site, or the reason why there is none, for every use of a parameter."""
    found = list(_all_uses(written, trace))
    places = {_place(site) for _, _, site in found}
    for use, one, site in found:
        if not _is_hooked_before(use, one, _place(site), places, written):
            yield site


def _all_uses(
    written: Written, trace: Trace
) -> Iterator[tuple[Use, Parameter, Candidate | LeftAlone]]:
    taken: set[tuple[ast.AST, Held]] = set()
    for use in written.trace.uses:
        parameters = [
            one
            for one in use.value
            if isinstance(one, Parameter) and one.held is not None and one.held.steps
        ]
        several = len({one.held for one in parameters}) > 1
        for one in sorted(parameters, key=lambda one: _order(one, written)):
            may_be_other = several or is_one_of_others(one, use.value, written.trace.values)
            for site in _use(use, one, may_be_other, written, trace):
                assert one.held is not None
                if (place := (_place(site), _in_any_loop(one.held))) not in taken:
                    taken.add(place)
                    yield use, one, site


def _place(site: Candidate | LeftAlone) -> ast.AST:
    form = site.form if isinstance(site, Candidate) else None
    return form.node if isinstance(form, Wrap) else site.node


def _is_hooked_before(
    use: Use, one: Parameter, place: ast.AST, places: Collection[ast.AST], written: Written
) -> bool:
    """Tell whether the place takes what another one has hooked already: `q.sum()` behind
    ``q = self.q_hook_point(self.q.expand(…))``."""
    base: ast.expr = use.node
    while isinstance(base, ast.Call | ast.Attribute | ast.Subscript):
        base = base.func if isinstance(base, ast.Call) else base.value
    if not isinstance(base, ast.Name):
        return False
    reads = {
        other.read
        for other in written.trace.values.get(base, frozenset())
        if isinstance(other, Parameter) and other.held == one.held and other.read is not None
    }
    return place not in reads and any(
        read in places and not written.holds(read, within=place) for read in reads
    )


def _in_any_loop(held: Held) -> Held:
    """The way to a parameter, whichever loop hands it out: a loop over a list of views of members
    meets what the loop that fills the list has met."""
    steps = [replace(one, loop=None) if isinstance(one, Member) else one for one in held.steps]
    return replace(held, steps=tuple(steps))


def _order(one: Parameter, written: Written) -> tuple[int, int, list[str]]:
    """As they are read; what a loop hands out is read at one place, and goes by name."""
    read, source = (written.order.get(node, 0) if node else 0 for node in (one.read, one.source))
    steps = one.held.steps if one.held is not None else ()
    return read, source, [step.name for step in steps if isinstance(step, Attribute)]


def _use(
    use: Use, one: Parameter, may_be_other: bool, written: Written, trace: Trace
) -> Iterator[Candidate | LeftAlone]:
    if use.how not in (How.OPERATION, *_GOES_ELSEWHERE) or _changes_weights(use, written):
        return
    read = one.read if one.read is not None and written.holds(one.read) else use.node
    node = one.source if one.source is not None and written.holds(one.source) else use.node
    assert one.held is not None
    reference = reference_to(
        one.held,
        node,
        _values_of(node, use, written),
        written.trace,
        written.trace.counters.get(use.by, ()),
    )
    if reference is None or _is_left_out(reference, trace):
        return
    form = _form(use, read, may_be_other, written, trace)
    if form is None:
        return
    place = form.node if isinstance(form, Wrap) else form.statement
    if not is_in_sight(reference, node, place, written):
        # its own value is hooked, where its holder is known by name
        form = _value(use, read if is_in_sight(reference, node, read, written) else node)
    if (
        isinstance(form, Wrap)
        and form.node is read
        and _may_be_no_tensor(_values_of(read, use, written))
    ):
        message = NoteCode.MAY_BE_NO_TENSOR.says(path=".".join(reference.names))
        yield LeftAlone(node, message, written.trace, reference)
        return
    yield Candidate(
        node,
        reference,
        "parameter use",
        form,
        written.trace,
        (),
    )


def _is_left_out(reference: Reference, trace: Trace) -> bool:
    """Whether each statement that makes the layer says that it has none: ``bias=False``."""
    if len(reference.names) != 2:
        return False
    layer, name = reference.names
    made = [
        getattr(one.statement, "value", None)
        for owner in reference.owners
        for decl in (*owner.mro, *owner.descendants())
        for one in trace.definitions(decl, layer)
    ]
    return bool(made) and all(
        isinstance(one, ast.Call)
        and any(word.arg == name and _is_false(word.value) for word in one.keywords)
        for one in made
    )


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _values_of(node: ast.expr, use: Use, written: Written) -> Value:
    return written.trace.values.get(node, use.value)


def _may_be_no_tensor(value: Value) -> bool:
    return any(isinstance(one, Plain) for one in value)


def _form(
    use: Use, read: ast.expr, may_be_other: bool, written: Written, trace: Trace
) -> Wrap | After | None:
    if use.how is How.OPERATION and not may_be_other:
        return _operation(use, read, written)
    if use.how is How.ARGUMENT and isinstance(use.by, ast.Call) and not may_be_other:
        if _is_only_asked(use, use.by, written, trace):
            return None
        if _is_operand_in_callee(use, use.by, written, trace):
            return Wrap(use.by)
    return _value(use, read)


def _operation(use: Use, read: ast.expr, written: Written) -> Wrap | After | None:
    by = use.by
    if isinstance(by, ast.AugAssign):
        return After(by, by.target) if by.value is use.node else None
    if isinstance(by, ast.Subscript):
        return Wrap(use.node) if by.value is not use.node else None
    if isinstance(by, ast.Call):
        if _is_in_place(by):
            # `out.add_(self.b)` stays in place
            statement = written.parent(by)
            assert isinstance(by.func, ast.Attribute)
            if isinstance(statement, ast.Expr) and isinstance(by.func.value, ast.Name):
                return After(statement, by.func.value)
            return None
        result = written.trace.values.get(by, frozenset())
        if result and not all(isinstance(one, Tensor | Parameter) for one in result):
            return _value(use, read)
        return Wrap(by)
    if isinstance(by, ast.BinOp | ast.UnaryOp):
        return Wrap(by)
    if isinstance(by, ast.Attribute):
        return None
    return _value(use, read)


def _is_in_place(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return name.endswith("_") and not name.endswith("__")


def _value(use: Use, read: ast.expr) -> Wrap:
    """The value itself, under a test where it may be ``None``."""
    may_be_none = any(isinstance(one, Nothing) for one in use.value)
    is_view = not any(isinstance(one, Parameter) and one.source is read for one in use.value)
    is_named = isinstance(read, ast.Attribute) or (not is_view and _can_be_read_twice(read))
    return Wrap(read, is_tested=may_be_none and is_named)


def _can_be_read_twice(read: ast.expr) -> bool:
    """Whether it is a parameter by its name or key alone: ``self.gates["up"]``."""
    match read:
        case ast.Subscript(value=value, slice=ast.Constant() | ast.Name()):
            return isinstance(value, ast.Name) or _can_be_read_twice(value)
        case ast.Attribute():
            return True
    return False


def _is_only_asked(use: Use, call: ast.Call, written: Written, trace: Trace) -> bool:
    """Whether a function of the input only asks something of it: ``exists(self.bias)``."""
    uses = _uses_in_callees(call, written, trace)
    return bool(uses) and all(one.how in (How.TESTED, How.FACT) for one in uses)


def _is_operand_in_callee(use: Use, call: ast.Call, written: Written, trace: Trace) -> bool:
    """Whether a function of the input that is handed the parameter computes its result with it."""
    result = written.trace.values.get(call, frozenset())
    if not result or not all(isinstance(one, Tensor) for one in result):
        return False
    uses = _uses_in_callees(call, written, trace)
    return any(one.how is How.OPERATION for one in uses)


def _uses_in_callees(call: ast.Call, written: Written, trace: Trace) -> list[Use]:
    """What functions of the input do with the parameters that they are handed; nothing, where one
    of the callees is another function."""
    found: list[Use] = []
    for one in written.trace.values.get(call.func, frozenset()):
        inside = trace.functions.get(one.node) if isinstance(one, Function) else None
        if inside is None:
            return []
        found += [
            use
            for use in inside.uses
            if any(_is_argument(kind, inside.arguments) for kind in use.value)
        ]
    return found


def _is_argument(one: object, arguments: Mapping[ast.arg, Value]) -> bool:
    return (
        isinstance(one, Parameter)
        and one.held is not None
        and not one.held.steps
        and one.held.root in arguments
    )


def _changes_weights(use: Use, written: Written) -> bool:
    """Whether the statement is weight surgery: under ``no_grad``, it writes to a parameter or in
    place."""
    if not (written.holds(use.by) or written.holds(use.node)):
        return True
    statement = written.statement(use.node)
    if isinstance(statement, ast.Delete):
        return True
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Attribute):
        return True
    under = next(
        (
            one
            for one in written.around(use.node)
            if isinstance(one, ast.With | ast.AsyncWith)
            and any(
                name in ast.unparse(item.context_expr)
                for item in one.items
                for name in ("no_grad", "inference_mode")
            )
        ),
        None,
    )
    if under is None:
        return False
    return any(
        (isinstance(one, ast.Call) and _is_in_place(one))
        or (isinstance(one, ast.Attribute) and one.attr == "data")
        for one in ast.walk(under)
    )
