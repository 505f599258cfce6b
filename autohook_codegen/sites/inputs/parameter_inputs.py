"""What goes into an operation with a parameter: ``self.W_U_in_hook_point(x) @ self.W_U``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from autohook_codegen.analysis.values import Parameter
from autohook_codegen.sites.candidate import Candidate, Wrap
from autohook_codegen.sites.inputs.carried import Carried
from autohook_codegen.sites.inputs.module_inputs import input_of
from autohook_codegen.sites.inputs.operands import tensor_receiver
from autohook_codegen.sites.written import Written

__all__ = ["parameter_inputs"]


def parameter_inputs(
    uses: Iterable[Candidate], written: Written, carried: Carried
) -> Iterator[Candidate]:
    """Yield a site for each fed tensor that is an operand beside a parameter; of several parameters
    in one operation the first names it."""
    seen: set[ast.AST] = set()
    for use in uses:
        operation = use.form.node if isinstance(use.form, Wrap) else None
        if use.kind != "parameter use" or operation is None or operation in seen:
            continue
        seen.add(operation)
        is_first = True
        for place, operand in enumerate(_operands(operation, written)):
            value = written.trace.values.get(operand, frozenset())
            if any(isinstance(one, Parameter) for one in value):
                continue
            purposes = carried.purposes.of_operand(operand, operation, written.trace)
            if carried.is_input(operand, written.trace, purposes):
                name = "in" if is_first else f"{place}_in"
                yield input_of(use.reference, name, Wrap(operand), written)
                is_first = False


def _operands(operation: ast.expr, written: Written) -> list[ast.expr]:
    match operation:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Call(args=args, keywords=keywords):
            receiver = tensor_receiver(operation, written.trace)
            own = [receiver] if receiver is not None else []
            return [*own, *args, *(one.value for one in keywords)]
    return []
