"""One method with all that is nested in it: who stands in what, and what each local name is bound
to.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from autohook_codegen.declares.program import ClassDecl, FileDecl, FunctionNode

__all__ = ["Binding", "Loop", "Scope", "same_text"]

Loop = ast.For | ast.AsyncFor | ast.comprehension
_Owner = (
    ast.FunctionDef
    | ast.AsyncFunctionDef
    | ast.Lambda
    | ast.ListComp
    | ast.SetComp
    | ast.DictComp
    | ast.GeneratorExp
)
_ENDS = (ast.Return, ast.Raise)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One place that gives a local name a value."""

    name: str
    node: ast.AST
    """The statement, loop, comprehension, argument or ``:=`` that binds it."""
    target: ast.expr | ast.arg
    value: ast.expr | None
    """What is bound; for a loop what is looped over."""
    path: tuple[int, ...] = ()
    """Where in a tuple target the name stands."""
    is_loop: bool = False
    owner: ast.AST | None = None
    """The innermost function or comprehension that holds the binding."""


def same_text(one: ast.AST, other: ast.AST) -> bool:
    return ast.dump(one) == ast.dump(other)


class Scope:
    """A function of the input and everything inside it."""

    def __init__(self, function: FunctionNode, owner: ClassDecl | None, file: FileDecl) -> None:
        self.function = function
        self.owner = owner
        self.file = file
        arguments = [*function.args.posonlyargs, *function.args.args]
        is_method = owner is not None and arguments and not _is_static(function)
        self.receiver: str | None = arguments[0].arg if is_method else None
        self.parents: dict[ast.AST, ast.AST] = {}
        self.nodes: list[ast.AST] = []
        """Everything in the body, in the order of a walk in depth."""
        self._link(function)

    def _link(self, root: ast.AST) -> None:
        stack: list[ast.AST] = [root]
        parents, nodes = self.parents, self.nodes
        while stack:
            node = stack.pop()
            nodes.append(node)
            children = list(ast.iter_child_nodes(node))
            for child in children:
                parents[child] = node
            stack.extend(reversed(children))

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        current = self.parents.get(node)
        while current is not None:
            yield current
            current = self.parents.get(current)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that holds `node`, or `node` itself."""
        current = node
        while not isinstance(current, ast.stmt):
            current = self.parents[current]
        return current

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The list of statements that `statement` is one of."""
        parent = self.parents.get(statement)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and any(one is statement for one in block):
                return block
        return [statement]

    @cached_property
    def bindings(self) -> dict[str, list[Binding]]:
        found: dict[str, list[Binding]] = {}
        for node in self.nodes:
            for binding in self._binds(node):
                found.setdefault(binding.name, []).append(binding)
        return found

    def _binds(self, node: ast.AST) -> Iterator[Binding]:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from self._targets(node, target, node.value, False)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            if node.value is not None:
                yield from self._targets(node, node.target, node.value, False)
        elif isinstance(node, ast.AugAssign):
            if isinstance(node.target, ast.Name):
                yield Binding(node.target.id, node, node.target, None, owner=self._owner(node))
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            yield from self._targets(node, node.target, node.iter, True)
        elif isinstance(node, ast.withitem):
            if node.optional_vars is not None:
                yield from self._targets(node, node.optional_vars, None, False)
        elif isinstance(node, ast.arg):
            yield Binding(node.arg, node, node, None, owner=self._owner(node))
        elif isinstance(node, FunctionNode | ast.ClassDef) and node is not self.function:
            yield Binding(node.name, node, ast.Name(node.name), None, owner=self._owner(node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = (alias.asname or alias.name).split(".")[0]
                yield Binding(name, node, ast.Name(name), None, owner=self._owner(node))
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield Binding(node.name, node, ast.Name(node.name), None, owner=self._owner(node))
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield Binding(node.name, node, ast.Name(node.name), None, owner=self._owner(node))
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                yield from self._targets(node, target, None, False)

    def _targets(
        self,
        node: ast.AST,
        target: ast.expr,
        value: ast.expr | None,
        loop: bool,
        path: tuple[int, ...] = (),
    ) -> Iterator[Binding]:
        if isinstance(target, ast.Name):
            yield Binding(target.id, node, target, value, path, loop, self._owner(node))
        elif isinstance(target, ast.Tuple | ast.List):
            starred = False
            for index, one in enumerate(target.elts):
                starred = starred or isinstance(one, ast.Starred)
                yield from self._targets(
                    node, one, None if starred else value, loop, (*path, index)
                )
        elif isinstance(target, ast.Starred):
            yield from self._targets(node, target.value, None, loop, path)

    def _owner(self, node: ast.AST) -> ast.AST:
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, ast.Lambda | FunctionNode | ast.ClassDef):
                if isinstance(node, FunctionNode) and ancestor is node:
                    continue
                return ancestor
            if isinstance(node, ast.comprehension) and isinstance(ancestor, _COMPREHENSIONS):
                return ancestor
        return self.function

    def visible(self, name: str, at: ast.AST) -> list[Binding]:
        """The bindings that a read of `name` at `at` may see: those of the innermost function or
        comprehension that binds it."""
        bindings = self.bindings.get(name)
        if not bindings:
            return []
        for owner in (*self.ancestors(at), self.function):
            inner = [one for one in bindings if one.owner is owner]
            if inner:
                return inner
        return []

    def reaching(self, name: str, at: ast.AST) -> list[Binding]:
        """The visible bindings that may still hold at `at`: not those that are surely replaced on
        the way, nor those that come later."""
        bindings = self.visible(name, at)
        if len(bindings) < 2 or at not in self.parents:
            return bindings
        here = self.position(self.statement(at))
        around = {at, *self.ancestors(at)}
        loops = [one for one in around if isinstance(one, ast.For | ast.AsyncFor | ast.While)]
        found = []
        for one in bindings:
            before = {one.node, *self.ancestors(one.node)}
            place = self.position(one.node)
            if place > here:
                reaches = any(loop in before for loop in loops)
            else:
                reaches = not self._rebinds_between(name, place, at) and not any(
                    place < self.position(other.node) < here and self._replaces(other, before)
                    for other in bindings
                )
            if reaches or one.node in around:
                found.append(one)
        return found or bindings

    def _rebinds_between(self, name: str, place: int, at: ast.AST) -> bool:
        """Whether a statement behind `place`, in a block that holds `at`, surely binds the name on
        the way there."""
        for ancestor in (at, *self.ancestors(at)):
            if not isinstance(ancestor, ast.stmt):
                continue
            for statement in self.block(ancestor):
                if statement is ancestor:
                    break
                if self.position(statement) > place and _surely_binds(statement, name):
                    return True
        return False

    def _replaces(self, other: Binding, before: set[ast.AST]) -> bool:
        """Whether a binding surely runs after what stands in `before`."""
        node = other.node
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            return False
        block = self.block(node)
        return any(one in before for one in block) and not any(
            isinstance(one, ast.Break | ast.Continue) for one in self.nodes
        )

    def reads(self, name: str) -> list[ast.Name]:
        """Every read of the name in the function."""
        return self._reads.get(name, [])

    @cached_property
    def _reads(self) -> dict[str, list[ast.Name]]:
        found: dict[str, list[ast.Name]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.setdefault(node.id, []).append(node)
        return found

    def position(self, node: ast.AST) -> int:
        """The place of the node in a walk in depth: what is bound before is smaller."""
        return self._positions[node]

    @cached_property
    def _positions(self) -> dict[ast.AST, int]:
        return {node: index for index, node in enumerate(self.nodes)}

    def binding_at(self, name: str, at: ast.AST) -> Binding | None:
        """The one binding that a read of `name` at `at` surely sees, if the source shows it.

        A loop whose body holds the read and does not bind the name again; the only binding; or the
        last assignment before the read in a block that holds it, with none between.
        """
        bindings = self.visible(name, at)
        if not bindings:
            return None
        chain = [at, *self.ancestors(at)]
        for ancestor in chain:
            loops = [one for one in bindings if one.is_loop and one.node is ancestor]
            if not loops and isinstance(ancestor, _COMPREHENSIONS):
                loops = [one for one in bindings if one.is_loop and one.node in ancestor.generators]
            if loops:
                inside = [
                    one
                    for one in bindings
                    if one is not loops[-1]
                    and isinstance(ancestor, ast.For | ast.AsyncFor)
                    and ancestor in self.ancestors(one.node)
                ]
                before = [one for one in inside if self.position(one.node) < self.position(at)]
                if not inside:
                    return loops[-1]
                if not before or any(one.is_loop for one in inside):
                    return None
                return self._last_before(before, at, chain)
        if len(bindings) == 1:
            return bindings[0]
        return self._last_before(bindings, at, chain)

    def _last_before(
        self, bindings: list[Binding], at: ast.AST, chain: list[ast.AST]
    ) -> Binding | None:
        """The last binding before the read, if it stands in a block that holds the read, or is an
        argument."""
        here = (
            self.position(self.statement(at)) if not isinstance(at, ast.stmt) else self.position(at)
        )
        before = [one for one in bindings if self.position(one.node) < here]
        if not before:
            return None
        last = max(before, key=lambda one: self.position(one.node))
        if last.is_loop:
            return None
        if isinstance(last.node, ast.stmt):
            block = self.block(last.node)
            if not any(one in chain for one in block):
                return None
        elif not isinstance(last.node, ast.arg):  # an argument is there from the start
            return None
        # A later binding in a loop around the read, but not around `last`, would come back to it.
        for ancestor in chain:
            if isinstance(ancestor, ast.For | ast.AsyncFor | ast.While):
                if ancestor in self.ancestors(last.node):
                    break
                if any(ancestor in self.ancestors(one.node) for one in bindings if one is not last):
                    return None
        return last

    def default(self, argument: ast.arg) -> ast.expr | None:
        """The default of an argument of the function itself."""
        args = self.function.args
        positional = [*args.posonlyargs, *args.args]
        if argument in positional:
            index = positional.index(argument) - len(positional) + len(args.defaults)
            return args.defaults[index] if index >= 0 else None
        if argument in args.kwonlyargs:
            return args.kw_defaults[args.kwonlyargs.index(argument)]
        return None


def _surely_binds(statement: ast.stmt, name: str) -> bool:
    """An assignment, or an ``if`` that has one in every branch that goes on."""
    if isinstance(statement, ast.Assign):
        return any(isinstance(one, ast.Name) and one.id == name for one in _targets_of(statement))
    if isinstance(statement, ast.AnnAssign):
        target = statement.target
        return statement.value is not None and isinstance(target, ast.Name) and target.id == name
    if isinstance(statement, ast.With | ast.AsyncWith):
        return any(_surely_binds(one, name) for one in statement.body)
    if isinstance(statement, ast.If):
        branches = (statement.body, statement.orelse)
        return all(
            any(_surely_binds(one, name) or isinstance(one, _ENDS) for one in branch)
            for branch in branches
        )
    return False


def _targets_of(statement: ast.Assign) -> Iterator[ast.expr]:
    for target in statement.targets:
        yield from target.elts if isinstance(target, ast.Tuple | ast.List) else (target,)


def _is_static(function: FunctionNode) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id in ("staticmethod", "classmethod")
        for one in function.decorator_list
    )
