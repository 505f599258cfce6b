"""Statements: what each binds, which ways go on, and what they leave."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.arguments import Arguments
from autohook_codegen.analysis.assigning import assign, delete
from autohook_codegen.analysis.frame import Environment, Frame, _Round, executes, united
from autohook_codegen.analysis.functions import call_function, function_value
from autohook_codegen.analysis.iterating import bind_loop, members_of
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.lookup import imported
from autohook_codegen.analysis.narrowing import narrow_by
from autohook_codegen.analysis.operators import add_in_place
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import NOTHING, UNKNOWN, Class, Function, Items, Value
from autohook_codegen.declares.files import FunctionNode

__all__: list[str] = []

MOST_ROUNDS = 4


@executes(ast.Expr)
def expression_statement(frame: Frame, node: ast.Expr) -> None:
    frame.take(node.value, How.DROPPED, node)


@executes(ast.Assign)
def assignment(frame: Frame, node: ast.Assign) -> None:
    value = frame.evaluate(node.value)
    for target in node.targets:
        assign(frame, target, value, node.value, node)


@executes(ast.AnnAssign)
def annotated_assignment(frame: Frame, node: ast.AnnAssign) -> None:
    if node.value is None:
        return
    value = frame.evaluate(node.value)
    if not value or value == UNKNOWN:
        value = join(value, frame.instances.annotated(node.annotation, frame.file))
    assign(frame, node.target, value, node.value, node)


@executes(ast.AugAssign)
def augmented_assignment(frame: Frame, node: ast.AugAssign) -> None:
    value = add_in_place(frame, node)
    assign(frame, node.target, value, None, node)


@executes(ast.Return)
def return_statement(frame: Frame, node: ast.Return) -> None:
    value = NOTHING
    if node.value is not None:
        value = frame.take(node.value, How.RETURNED, node)
        value = frame.given_back(node.value, value)
    frame.returned = join(frame.returned, value)
    frame.environment = None


@executes(ast.Raise)
def raise_statement(frame: Frame, node: ast.Raise) -> None:
    for one in (node.exc, node.cause):
        if one is not None:
            frame.evaluate(one)
    frame.environment = None


@executes(ast.Break)
def break_statement(frame: Frame, node: ast.Break) -> None:
    if frame.rounds and frame.environment is not None:
        frame.rounds[-1].broken.append(frame.environment)
    frame.environment = None


@executes(ast.Continue)
def continue_statement(frame: Frame, node: ast.Continue) -> None:
    if frame.rounds and frame.environment is not None:
        frame.rounds[-1].continued.append(frame.environment)
    frame.environment = None


@executes(ast.If)
def if_statement(frame: Frame, node: ast.If) -> None:
    frame.take(node.test, How.TESTED, node)
    before = frame.branch()
    narrow_by(frame, node.test, True)
    frame.run(node.body)
    after_body = frame.environment
    frame.environment = before
    if before is not None:
        narrow_by(frame, node.test, False)
    frame.run(node.orelse)
    frame.environment = united(after_body, frame.environment)


@executes(ast.While)
def while_loop(frame: Frame, node: ast.While) -> None:
    def one_round() -> None:
        frame.take(node.test, How.TESTED, node)
        narrow_by(frame, node.test, True)
        frame.run(node.body)

    _loop(frame, one_round)
    if frame.environment is not None:
        narrow_by(frame, node.test, False)
    frame.run(node.orelse)


@executes(ast.For, ast.AsyncFor)
def for_loop(frame: Frame, node: ast.For | ast.AsyncFor) -> None:
    iterated = frame.take(node.iter, How.LOOPED, node)
    member = bind_loop(frame, members_of(frame, iterated, node.iter), node)

    def one_round() -> None:
        assign(frame, node.target, member, None, node)
        frame.run(node.body)

    _loop(frame, one_round)
    frame.run(node.orelse)


def _loop(frame: Frame, one_round: object) -> None:
    """Go round until a round leaves nothing new."""
    assert callable(one_round)
    start = frame.branch()
    broken: list[Environment] = []
    for _ in range(MOST_ROUNDS):
        frame.rounds.append(_Round())
        frame.environment = dict(start) if start is not None else None
        one_round()
        ended = frame.rounds.pop()
        broken = ended.broken
        after = united(start, frame.environment, *ended.continued)
        if after == start:
            break
        start = after
    frame.environment = united(start, *broken)


@executes(ast.With, ast.AsyncWith)
def with_statement(frame: Frame, node: ast.With | ast.AsyncWith) -> None:
    for item in node.items:
        value = frame.take(item.context_expr, How.TESTED, node)
        if item.optional_vars is not None:
            value = _entered(value)
            assign(frame, item.optional_vars, value, item.context_expr, node)
    frame.run(node.body)


def _entered(value: Value) -> Value:
    """What ``with`` binds: what a context manager of the input yields."""
    return (
        join(
            *(
                one.rest if isinstance(one, Items) and one.kind == "generator" else frozenset({one})
                for one in value
            )
        )
        if value
        else value
    )


@executes(ast.Try, *((ast.TryStar,) if hasattr(ast, "TryStar") else ()))
def try_statement(frame: Frame, node: ast.Try) -> None:
    before = frame.branch()
    frame.run(node.body)
    after_body = frame.environment
    # An exception may come anywhere in the body: what it binds is bound or not.
    failed = united(before, after_body)
    ends: list[Environment | None] = []
    for handler in node.handlers:
        frame.environment = dict(failed) if failed is not None else None
        if handler.type is not None and frame.environment is not None:
            frame.evaluate(handler.type)
        if handler.name and frame.environment is not None:
            frame.bind(handler.name, UNKNOWN)
        frame.run(handler.body)
        ends.append(frame.environment)
    frame.environment = after_body
    frame.run(node.orelse)
    frame.environment = united(frame.environment, *ends)
    if frame.environment is None and node.finalbody:
        frame.environment = failed
        frame.run(node.finalbody)
        frame.environment = None
    else:
        frame.run(node.finalbody)


@executes(ast.Match)
def match_statement(frame: Frame, node: ast.Match) -> None:
    subject = frame.take(node.subject, How.TESTED, node)
    before = frame.branch()
    ends: list[Environment | None] = [before]
    for case in node.cases:
        frame.environment = dict(before) if before is not None else None
        for pattern in ast.walk(case.pattern):
            name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
            if isinstance(name, str):
                whole = pattern is case.pattern and isinstance(pattern, ast.MatchAs)
                frame.bind(name, subject if whole else UNKNOWN)
        if case.guard is not None:
            frame.take(case.guard, How.TESTED, node)
        frame.run(case.body)
        ends.append(frame.environment)
    frame.environment = united(*ends)


@executes(ast.FunctionDef, ast.AsyncFunctionDef)
def nested_function(frame: Frame, node: FunctionNode) -> None:
    for default in (*node.args.defaults, *node.args.kw_defaults):
        if default is not None:
            frame.evaluate(default)
    frame.bind(node.name, function_value(frame, node))


@executes(ast.ClassDef)
def nested_class(frame: Frame, node: ast.ClassDef) -> None:
    for base in node.bases:
        frame.evaluate(base)
    decl = frame.interpretation.class_of_node.get(node)
    value: Value = frozenset({Class(decl)}) if decl is not None else UNKNOWN
    for decorator in reversed(node.decorator_list):
        for one in frame.evaluate(decorator):
            if isinstance(one, Function):  # it may keep the class: `@register("gated")`
                call_function(frame, one, Arguments.of(value), decorator)
    frame.bind(node.name, value)


@executes(ast.Import, ast.ImportFrom)
def import_statement(frame: Frame, node: ast.Import | ast.ImportFrom) -> None:
    for alias in node.names:
        name = (alias.asname or alias.name).split(".")[0]
        if name != "*":
            frame.bind(name, imported(frame, name))


@executes(ast.Delete)
def delete_statement(frame: Frame, node: ast.Delete) -> None:
    for target in node.targets:
        delete(frame, target)


@executes(ast.Assert)
def assert_statement(frame: Frame, node: ast.Assert) -> None:
    frame.take(node.test, How.TESTED, node)
    if node.msg is not None:
        frame.evaluate(node.msg)
    narrow_by(frame, node.test, True)
