"""A rewriter that decides by chance: hook points of every form, wherever the syntax allows them.

It keeps the rules of `autohook_codegen.rewrite.deletion`, in a second writing, so that stripping can be
tested on any text at all, not on models alone.
"""

from __future__ import annotations

import ast
import random
from typing import Any

import libcst as cst

from autohook_codegen.source import Key, PairedTransformer, read_source
from autohook_codegen.source.numbering import inner_statements
from autohook_codegen.source.precedence import needs_brackets

VALUES = (ast.Attribute, ast.BinOp, ast.Call, ast.Name, ast.Subscript, ast.UnaryOp)
HOOK_POINTS = (
    "self.fc1_hook_point",
    "attn.to_q_hook_point_2",
    "self.layers_hook_points[hook_index]",
    'self.a_hook_points["x"][i + 1]',
    'getattr(self, f"layer{i}_hook_point")',
)
MAKING = (
    "self.fc1_hook_point = HookPoint()",
    "self.a_hook_points = nn.ModuleList([HookPoint() for _ in self.a or ()])",
    "self.a_hook_points = nn.ModuleDict({name: HookPoint() for name in self.a})",
    "self.a_hook_points = nn.ModuleList([ModuleList([HookPoint() for _ in b]) for b in self.a])",
    "self.a_hook_points[k] = HookPoint()",
    "self.a_hook_points.append(HookPoint())",
    "self.a_hook_points.update({name: HookPoint() for name in b})",
    'setattr(self, f"layer{i}_hook_point", HookPoint())',
)
IMPORTS = (
    "from autohook_runtime import auto_hook",
    "from transformer_lens import HookedRootModule",
    "from transformer_lens.hook_points import HookPoint",
)


def hooked_at_random(text: str, seed: int, share: float = 0.3) -> str:
    """`text` with hook points at about `share` of the places that could have one."""
    source = read_source(text)
    hooking = _Hooking(source, random.Random(seed), share)
    return source.print(source.module.visit(hooking))


class _Hooking(PairedTransformer):
    def __init__(self, source: Any, chance: random.Random, share: float) -> None:
        super().__init__(source.numbering, range(len(source.numbering.ends)))
        self.chance, self.share = chance, share
        self.nodes: dict[Key, tuple[Any, Any]] = {}
        self.statements: list[Any] = source.numbering.statements
        self.after: dict[int, str] = {}
        # Statement -> what ends the function; the class has a base then.
        self.rooted: set[int] = set()
        self.ends: dict[int, str] = {}
        lines = [s.lineno for s in source.numbering.statements]
        imports = [
            statement
            for statement in source.tree.body
            if isinstance(statement, ast.Import | ast.ImportFrom)
            and lines.count(statement.lineno) == 1
        ]
        self.last_import = source.numbering.statement(imports[-1]) if imports else None
        for index, statement in enumerate(self.statements):
            self._read(source, index, statement)

    def _yes(self) -> bool:
        return self.chance.random() < self.share

    def _read(self, source: Any, index: int, statement: Any) -> None:
        inner = set(inner_statements(statement))
        waiting = [] if isinstance(statement, ast.Match) else [statement]
        while waiting:
            parent = waiting.pop()
            if isinstance(parent, ast.JoinedStr):
                continue
            for child in ast.iter_child_nodes(parent):
                if (
                    child in inner
                    or isinstance(child, ast.stmt)
                    or type(child).__name__ == "TypeVar"
                ):
                    continue
                waiting.append(child)
                if isinstance(child, (*VALUES, ast.comprehension)):
                    if isinstance(getattr(child, "ctx", ast.Load()), ast.Load):
                        self.nodes[source.numbering.key(child)] = (child, parent)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) if self._yes():
                self.after[index] = self.chance.choice(
                    [
                        f"{name} = self.fc1_hook_point({name})",
                        f"{name} = self.b_hook_point(self.a_hook_points[0]({name}))",
                        f"{name} = (self.fc1_hook_point({name}[0]), *{name}[1:])",
                        f"{name} = (*{name}[:2], self.fc1_hook_point({name}[2]), *{name}[3:])",
                        f"{name} = self.a_hook_point({name}) if {name} is not None else None",
                        *(MAKING if self.last_import is not None else ()),
                    ]
                )
            case ast.Assign(targets=[ast.Attribute() as target]) if self._yes():
                spelled = ast.unparse(target)
                self.after[index] = f"{spelled} = self.fc1_hook_point({spelled})"
            case ast.ClassDef(bases=[_, *_]) if self.last_import is not None and self._yes():
                self.rooted.add(index)
                for method in statement.body:
                    if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                        if method.args.args and method.args.args[0].arg == "self":
                            place = source.numbering.statement(method)
                            self.ends[place] = self.chance.choice(
                                ["self.setup()", "auto_hook(self)  # adds the hook points inside A"]
                            )

    def change_expression(self, key: Key, original: Any, updated: Any) -> Any:
        found = self.nodes.get(key)
        if found is None or not self._yes() or not _begins_apart(updated):
            return updated
        node, parent = found
        if isinstance(parent, ast.Assign) and ast.unparse(parent.targets[0]) == ast.unparse(node):
            return updated  # `x = x` would become what hooks a value that an earlier line bound
        if isinstance(node, ast.comprehension):
            return updated if node.is_async else self._paired(updated)
        hook_point = cst.parse_expression(self.chance.choice(HOOK_POINTS))
        if isinstance(node, ast.Attribute) and self.chance.random() < 0.3:
            return self._tested(updated, needs_brackets(parent, node, CONDITION))
        return _around(hook_point, updated)

    def _tested(self, value: Any, brackets: bool) -> Any:
        spelled = cst.Module([]).code_for_node(value.with_changes(lpar=[], rpar=[]))
        if "\n" in spelled or "\r" in spelled or "#" in spelled:
            return value
        text = f"self.b_hook_point({spelled}) if {spelled} is not None else None"
        made: Any = cst.parse_expression(text)
        own_left = [cst.LeftParen()] if brackets else []
        own_right = [cst.RightParen()] if brackets else []
        return made.with_changes(lpar=[*value.lpar, *own_left], rpar=[*own_right, *value.rpar])

    def _paired(self, loop: Any) -> Any:
        target = loop.target
        own = isinstance(target, cst.Tuple)
        bare = target.with_changes(lpar=[], rpar=[]) if own else target
        inner = bare.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]) if own else bare
        left, right = (target.lpar, target.rpar) if own else ([], [])
        if self.chance.random() < 0.5:
            elements = [cst.Element(cst.Name("hook_index_2")), cst.Element(inner)]
            callee, more = "enumerate", ["3"] if self.chance.random() < 0.5 else []
        else:
            elements = [cst.Element(inner), cst.Element(cst.Name("a_hook_point"))]
            callee, more = "zip", ["reversed(self.a_hook_points)"]
        over = loop.iter
        if isinstance(over, cst.Tuple) and len(over.lpar) != 1:
            pairs = len(over.lpar) + (1 if over.lpar else 2)
            over = over.with_changes(
                lpar=[cst.LeftParen()] * pairs, rpar=[cst.RightParen()] * pairs
            )
        iterated = cst.Call(cst.Name(callee), [cst.Arg(over)])
        extra = [cst.Arg(cst.parse_expression(text)) for text in more]
        if callee == "zip":
            extra.append(cst.Arg(cst.Name("True"), keyword=cst.Name("strict"), equal=NO_SPACE))
        if isinstance(loop, cst.For) and loop.whitespace_after_in.empty:
            return loop
        return loop.with_changes(
            target=cst.Tuple(elements, lpar=left, rpar=right),
            iter=iterated.with_changes(args=[*iterated.args, *extra]),
        )

    def change_statement(self, index: int, original: Any, updated: Any) -> Any:
        statement = self.statements[index]
        if isinstance(statement, ast.For) and self._yes() and _begins_apart(updated.iter):
            return self._paired(updated)
        if index in self.rooted:
            updated = self._with_base(updated)
        if index in self.ends:
            updated = updated.with_changes(body=_ended(updated.body, self.ends[index]))
        return updated

    def _with_base(self, node: Any) -> Any:
        name = cst.Arg(cst.Name("HookedRootModule"), comma=cst.Comma(whitespace_after=SPACE))
        if self.chance.random() < 0.5 and not any(base.star for base in node.bases):
            return node.with_changes(bases=[name, *node.bases])
        *before, last = node.bases
        behind = name.with_changes(comma=last.comma)
        last = last.with_changes(comma=cst.Comma(whitespace_after=SPACE))
        return node.with_changes(bases=[*before, last, behind])

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.SimpleStatementLine | cst.SimpleStatementSuite):
            self.line_start = self._next
        return super().on_visit(node)

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        changed: Any = super().on_leave(original_node, updated_node)
        if not isinstance(original_node, cst.SimpleStatementLine | cst.SimpleStatementSuite):
            return changed
        first = self.line_start
        body: list[Any] = []
        lines: list[cst.SimpleStatementLine] = []
        for offset, small in enumerate(changed.body):
            body.append(small)
            text = self.after.get(first + offset)
            if text is not None:
                if len(changed.body) == 1 and isinstance(changed, cst.SimpleStatementLine):
                    lines.append(_line(text))
                else:
                    body[-1:] = _behind(small, text)
            if first + offset == self.last_import and len(changed.body) == 1:
                lines += [_line(text) for text in IMPORTS]
        changed = changed.with_changes(body=body)
        return cst.FlattenSentinel([changed, *lines]) if lines else changed


SPACE = cst.SimpleWhitespace(" ")
CONDITION = ast.parse("0 if 0 else 0", mode="eval").body
NO_SPACE = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def _around(function: Any, value: Any) -> cst.Call:
    needs = isinstance(value, cst.Tuple | cst.Yield)
    own = ([cst.LeftParen()], [cst.RightParen()]) if needs else ([], [])
    if isinstance(value, cst.GeneratorExp):
        own = ([value.lpar[-1]], [value.rpar[0]])
        outer = (value.lpar[:-1], value.rpar[1:])
    else:
        outer = (value.lpar, value.rpar)
    inner = value.with_changes(lpar=own[0], rpar=own[1])
    return cst.Call(function, [cst.Arg(inner)], lpar=outer[0], rpar=outer[1])


def _begins_apart(value: Any) -> bool:
    """Whether a name may stand where `value` begins: not so in ``return-x``, which is rare enough."""
    code = cst.Module([]).code_for_node(value)
    return bool(code) and (code[0].isalnum() or code[0] in "_(")


def _behind(small: Any, text: str) -> list[Any]:
    made = cst.ensure_type(cst.parse_statement(text), cst.SimpleStatementLine).body[0]
    separator = cst.Semicolon(whitespace_after=SPACE)
    return [small.with_changes(semicolon=separator), made.with_changes(semicolon=small.semicolon)]


def _line(text: str) -> cst.SimpleStatementLine:
    return cst.ensure_type(cst.parse_statement(text), cst.SimpleStatementLine)


def _ended(body: Any, text: str) -> Any:
    if isinstance(body, cst.IndentedBlock):
        return body.with_changes(body=[*body.body, _line(text)])
    *before, last = body.body
    return body.with_changes(body=[*before, *_behind(last, text.partition("  #")[0])])
