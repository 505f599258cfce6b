"""Insert what was decided into a libcst tree."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from autohook_codegen.layout.span import Span
from autohook_codegen.rewrite.printing import print_with_spans
from autohook_codegen.sites.edits import BaseEdit, Edits, LoopEdit, WrapEdit
from autohook_codegen.source import Key, Numbering, PairedTransformer, Source

__all__ = ["insert"]

WRITTEN_INIT = "def __init__(self, *args, **kwargs):  # for the hook points\n    super().__init__(*args, **kwargs)\n"


def insert(source: Source, edits: Edits) -> tuple[str, list[Span]]:
    """The text of `source` with `edits`, and where in it the changed statements stand.

    Raises:
        SourceError: libcst cannot parse the text.
    """
    planned = _Planned(source.numbering, edits)
    transformer = _Insertion(source.numbering, planned, source.module)
    module = source.module.visit(transformer)
    module = _with_imports(module, edits.imports, source.tree)
    return print_with_spans(module, transformer.changed, source.byte_order_mark)


@dataclass
class _Planned:
    """The edits, by the identities that both trees share."""

    numbering: Numbering
    edits: Edits
    wraps: dict[Key, list[WrapEdit]] = field(default_factory=dict)
    comprehensions: dict[Key, LoopEdit] = field(default_factory=dict)
    loops: dict[int, LoopEdit] = field(default_factory=dict)
    after: dict[int, list[str]] = field(default_factory=dict)
    bases: dict[int, BaseEdit] = field(default_factory=dict)
    init_ends: dict[int, list[str]] = field(default_factory=dict)
    written_inits: dict[int, list[str]] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    """Statements of which the text itself changes, not only what follows them."""

    def __post_init__(self) -> None:
        number = self.numbering
        for node, wraps in self.edits.wraps.items():
            key = number.key(node)
            self.wraps[key] = wraps
            self.changed.add(key.statement)
        for loop, edit in self.edits.loops.items():
            if isinstance(loop, ast.comprehension):
                key = number.key(loop)
                self.comprehensions[key] = edit
                self.changed.add(key.statement)
            else:
                self.loops[number.statement(loop)] = edit
                self.changed.add(number.statement(loop))
        self.after = {number.statement(node): lines for node, lines in self.edits.after.items()}
        self.bases = {number.statement(node): place for node, place in self.edits.bases.items()}
        self.init_ends = {
            number.statement(node): lines for node, lines in self.edits.init_ends.items()
        }
        self.written_inits = {
            number.statement(node): lines for node, lines in self.edits.written_inits.items()
        }
        self.changed |= set(self.bases)

    @property
    def wanted(self) -> set[int]:
        return self.changed | set(self.after) | set(self.init_ends) | set(self.written_inits)


class _Insertion(PairedTransformer):
    def __init__(self, numbering: Numbering, planned: _Planned, module: cst.Module) -> None:
        super().__init__(numbering, planned.wanted)
        self.planned = planned
        self.module = module
        self.changed: dict[int, cst.CSTNode] = {}
        """Changed nodes by their id (kept alive by being held)."""
        self._touched: dict[int, cst.CSTNode] = {}
        """Small statements that changed and whose line is still to be marked."""
        self._after: dict[int, tuple[cst.CSTNode, list[str]]] = {}
        """Small statements with what follows them, until their line is left."""

    # -- expressions -------------------------------------------------------------------------------

    def change_expression(
        self, key: Key, original: cst.CSTNode, updated: cst.CSTNode
    ) -> cst.CSTNode:
        wraps = self.planned.wraps.get(key)
        if wraps is not None:
            assert isinstance(updated, cst.BaseExpression)
            for wrap in wraps:
                updated = _wrapped(updated, wrap)
            return updated
        loop = self.planned.comprehensions.get(key)
        if loop is not None:
            assert isinstance(updated, cst.CompFor)
            target, iterated = _looped(updated.target, updated.iter, loop)
            return updated.with_changes(target=target, iter=iterated)
        return updated

    # -- statements --------------------------------------------------------------------------------

    def change_statement(self, index: int, original: cst.CSTNode, updated: cst.CSTNode) -> Any:
        if index in self.planned.loops:
            assert isinstance(updated, cst.For)
            target, iterated = _looped(updated.target, updated.iter, self.planned.loops[index])
            updated = updated.with_changes(target=target, iter=iterated)
        if index in self.planned.bases:
            assert isinstance(updated, cst.ClassDef)
            updated = _with_base(updated, self.planned.bases[index])
        if index in self.planned.init_ends:
            assert isinstance(updated, cst.FunctionDef)
            updated = updated.with_changes(
                body=self._with_end(updated.body, self.planned.init_ends[index])
            )
        if index in self.planned.written_inits:
            assert isinstance(updated, cst.ClassDef)
            updated = self._with_init(updated, self.planned.written_inits[index])
        if index in self.planned.changed:
            self._mark(updated)
        lines = self.planned.after.get(index)
        if lines is None:
            return updated
        if isinstance(updated, cst.BaseSmallStatement):
            self._after[id(updated)] = (updated, lines)
            return updated
        return cst.FlattenSentinel([updated, *self._lines(lines)])

    def _mark(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.BaseSmallStatement):
            self._touched[id(node)] = node
        else:
            self.changed[id(node)] = node

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> Any:
        left = super().on_leave(original_node, updated_node)
        if isinstance(left, cst.SimpleStatementLine):
            return self._leave_line(left)
        if isinstance(left, cst.SimpleStatementSuite):
            return self._leave_suite(left)
        if isinstance(
            left, cst.For | cst.If | cst.While | cst.With | cst.ClassDef | cst.FunctionDef | cst.Try
        ):
            if (
                isinstance(getattr(left, "body", None), cst.SimpleStatementSuite)
                and id(left.body) in self.changed
            ):
                self.changed[id(left)] = left
        return left

    def _leave_line(self, line: cst.SimpleStatementLine) -> Any:
        added: list[str] = []
        for small in line.body:
            if id(small) in self._after:
                added += self._after[id(small)][1]
            if id(small) in self._touched:
                self.changed[id(line)] = line
        if not added:
            return line
        if any(id(small) in self._after for small in line.body[:-1]):
            # `self.a = …; self.b = self.a(…)`: what follows a statement goes right behind it.
            return self._leave_suite(line)
        return cst.FlattenSentinel([line, *self._lines(added)])

    def _leave_suite(self, suite: Any) -> Any:
        body: list[cst.BaseSmallStatement] = []
        for small in suite.body:
            body.append(small)
            for text in self._after.get(id(small), (small, []))[1]:
                inserted = _parsed(text)[0].body[0]
                semicolon = cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" "))
                last = body[-1]
                body[-1] = last.with_changes(semicolon=semicolon)
                body.append(inserted.with_changes(semicolon=last.semicolon))
        touched = any(id(small) in self._touched for small in suite.body)
        if len(body) == len(suite.body) and not touched:
            return suite
        changed = suite.with_changes(body=body) if len(body) != len(suite.body) else suite
        self.changed[id(changed)] = changed
        return changed

    def _lines(self, texts: Sequence[str]) -> list[cst.SimpleStatementLine]:
        lines = [line for text in texts for line in _parsed(text)]
        for line in lines:
            self.changed[id(line)] = line
        return lines

    def _with_end(self, body: cst.BaseSuite, texts: list[str]) -> cst.BaseSuite:
        lines = self._lines(texts)
        if isinstance(body, cst.IndentedBlock):
            return body.with_changes(body=[*body.body, *lines])
        assert isinstance(body, cst.SimpleStatementSuite)
        small = [
            one.with_changes(semicolon=cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" ")))
            for one in body.body
        ]
        return body.with_changes(
            body=[*small, *(line.body[0] for line in lines)],
            trailing_whitespace=lines[-1].trailing_whitespace,
        )

    def _with_init(self, node: cst.ClassDef, texts: list[str]) -> cst.ClassDef:
        """An ``__init__`` is written before the first method, after what the class begins with."""
        (function,) = cst.parse_module(WRITTEN_INIT, self._config).body
        assert isinstance(function, cst.FunctionDef)
        function = function.with_changes(body=self._with_end(function.body, texts))
        self.changed[id(function)] = function
        body = node.body
        if isinstance(body, cst.SimpleStatementSuite):
            if len(body.body) == 1 and isinstance(body.body[0], cst.Pass | cst.Expr):
                statement = cst.SimpleStatementLine(list(body.body))
                return node.with_changes(
                    body=cst.IndentedBlock([statement, function], header=body.trailing_whitespace)
                )
            statement = cst.SimpleStatementLine(list(body.body))
            return node.with_changes(body=cst.IndentedBlock([statement, function]))
        assert isinstance(body, cst.IndentedBlock)
        place = next(
            (i for i, one in enumerate(body.body) if isinstance(one, cst.FunctionDef)),
            len(body.body),
        )
        statements = list(body.body)
        if place:
            function = function.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
            self.changed[id(function)] = function
        if place < len(statements) and place == 0:
            following = statements[0]
            assert isinstance(following, cst.FunctionDef)
            statements[0] = following.with_changes(
                leading_lines=[cst.EmptyLine(indent=False), *following.leading_lines]
            )
        statements.insert(place, function)
        return node.with_changes(body=body.with_changes(body=statements))

    @property
    def _config(self) -> cst.PartialParserConfig:
        return cst.PartialParserConfig()


def _parsed(text: str) -> list[cst.SimpleStatementLine]:
    lines: list[cst.SimpleStatementLine] = []
    for statement in cst.parse_module(text + "\n").body:
        assert isinstance(statement, cst.SimpleStatementLine)
        lines.append(statement)
    return lines


def _wrapped(node: cst.BaseExpression, wrap: WrapEdit) -> cst.BaseExpression:
    """``hook(EXPR)``, inside the brackets that the expression stands in."""
    inner = node.with_changes(lpar=[], rpar=[]) if node.lpar else node
    call: cst.BaseExpression = cst.Call(cst.parse_expression(wrap.hook), [cst.Arg(inner)])
    if wrap.tested is not None:
        test = cst.parse_expression(f"{wrap.tested} is not None")
        call = cst.IfExp(test=test, body=call, orelse=cst.Name("None"))
        if not node.lpar:
            return call
    if node.lpar:
        return call.with_changes(lpar=node.lpar, rpar=node.rpar)
    return call


def _looped(
    target: cst.BaseAssignTargetExpression, iterated: cst.BaseExpression, edit: LoopEdit
) -> tuple[cst.BaseAssignTargetExpression, cst.BaseExpression]:
    if isinstance(target, cst.Tuple):
        # Also where it has brackets already, so that no two sources give one text.
        target = target.with_changes(
            lpar=[cst.LeftParen(), *target.lpar], rpar=[*target.rpar, cst.RightParen()]
        )
    space = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    plain = (
        iterated.with_changes(lpar=[], rpar=[])
        if isinstance(iterated, cst.GeneratorExp)
        else iterated
    )
    if edit.index is not None:
        arguments = [cst.Arg(plain)]
        if edit.start is not None:
            arguments = [cst.Arg(plain, comma=space), cst.Arg(cst.parse_expression(edit.start))]
        elements = [cst.Element(cst.Name(edit.index), comma=space), cst.Element(target)]
        return cst.Tuple(elements, lpar=[], rpar=[]), cst.Call(cst.Name("enumerate"), arguments)
    names = [name for name, _ in edit.zipped]
    elements = [cst.Element(target, comma=space)]
    elements += [cst.Element(cst.Name(name), comma=space) for name in names]
    elements[-1] = cst.Element(cst.Name(names[-1]))
    arguments = [cst.Arg(plain, comma=space)]
    arguments += [cst.Arg(cst.parse_expression(hooks), comma=space) for _, hooks in edit.zipped]
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    arguments.append(cst.Arg(cst.Name("True"), keyword=cst.Name("strict"), equal=equal))
    return cst.Tuple(elements, lpar=[], rpar=[]), cst.Call(cst.Name("zip"), arguments)


def _with_base(node: cst.ClassDef, edit: BaseEdit) -> cst.ClassDef:
    space = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    bases = list(node.bases)
    base = cst.Arg(cst.parse_expression(edit.name))
    place = edit.place
    if place < len(bases):
        bases.insert(place, base.with_changes(comma=space))
    else:
        if bases:
            last = bases[-1]
            trailing = last.comma
            bases[-1] = last.with_changes(comma=space)
            if isinstance(trailing, cst.Comma):
                bases[-1] = last
                base = base.with_changes(
                    comma=cst.Comma(whitespace_after=trailing.whitespace_after)
                )
                bases[-1] = last.with_changes(
                    comma=space
                    if "\n" in _code(trailing)
                    else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
                )
            elif node.keywords:
                base = base.with_changes(comma=space)
        bases.append(base)
    return node.with_changes(bases=bases)


def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _with_imports(module: cst.Module, imports: list[str], tree: ast.Module) -> cst.Module:
    """The imports follow the last import of the file's opening block."""
    if not imports:
        return module
    place = 0
    body = list(module.body)
    for index, statement in enumerate(body):
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        kinds = {type(small) for small in statement.body}
        if kinds <= {cst.Import, cst.ImportFrom}:
            place = index + 1
        elif not (kinds <= {cst.Expr, cst.Assign} and _may_stand_before_imports(statement)):
            break
    lines = [line for text in imports for line in _parsed(text)]
    if place == 0:
        place = 1 if body and _is_docstring(body[0]) else 0
        if place < len(body):
            following = body[place]
            if place or module.header:
                pass
            lines[0] = lines[0].with_changes(
                leading_lines=[cst.EmptyLine(indent=False)] if place else []
            )
            leading = getattr(following, "leading_lines", ())
            if not leading and not isinstance(following, cst.SimpleStatementLine):
                body[place] = following.with_changes(
                    leading_lines=[cst.EmptyLine(indent=False)] * 2
                )
    body[place:place] = lines
    return module.with_changes(body=body)


def _is_docstring(statement: cst.CSTNode) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def _may_stand_before_imports(statement: cst.SimpleStatementLine) -> bool:
    """A docstring, or ``__all__ = …`` and the like between the imports."""
    small = statement.body[0]
    if isinstance(small, cst.Expr):
        return isinstance(small.value, cst.SimpleString | cst.ConcatenatedString)
    if isinstance(small, cst.Assign) and isinstance(small.targets[0].target, cst.Name):
        name = small.targets[0].target.value
        return name.startswith("__") and name.endswith("__")
    return False
