"""The hook points that a text holds already: read once, for a second pass and for `--strip`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from autohook_codegen.options import Options
from autohook_codegen.rewrite.explicit import explicit_hook_points
from autohook_codegen.rewrite.hooked_after import hooked_after, is_first
from autohook_codegen.rewrite.imports import Imported, read_imports, remove_names, unused_names
from autohook_codegen.rewrite.loop import AnyLoop, paired, remove_pairing
from autohook_codegen.rewrite.making import making
from autohook_codegen.rewrite.names import HookNames
from autohook_codegen.rewrite.removed_statements import remove_statements
from autohook_codegen.rewrite.root import Root, read_roots, remove_base
from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.rewrite.wrap import hooked_value, is_tested, remove_test, remove_wrap
from autohook_codegen.rewrite.written_init import remove_written_init
from autohook_codegen.source import Source
from autohook_codegen.source.precedence import needs_brackets

__all__ = ["Existing", "read_existing"]


@dataclass
class Existing:
    """The hook points that stood in a tree. The nodes are those of the tree that is left."""

    wrapped: dict[ast.expr, list[str]] = field(default_factory=dict)
    """The author's expression -> the text of what wraps it, innermost first:
    ``["self.weight_hook_point", "self.bias_hook_point"]``, ``["self.layers_hook_points[i]"]``; of a
    hook point that a loop binds with its container, ``["self.layers_hook_points[hook_point]"]``."""
    hooked_after: dict[ast.stmt, list[tuple[str, str]]] = field(default_factory=dict)
    """The author's statement -> what the statements after it hook, and through what:
    ``[("out[0]", "self.attn_hook_point")]``."""
    hooked_first: dict[ast.AST, list[tuple[str, str]]] = field(default_factory=dict)
    """A function or loop -> what the statements that its body begins with hook, and through what:
    ``[("x", "self.resid_pre_hook_point")]``."""
    made: dict[ast.ClassDef, set[str]] = field(default_factory=dict)
    """The hook points that any method of a class makes, of the name pattern or not:
    ``fc1_hook_point``, ``layers_hook_points``, ``layer{i}_hook_point``."""
    enumerated: dict[AnyLoop, str] = field(default_factory=dict)
    """Loops that had an ``enumerate`` for hook points -> the name of the index."""
    zipped: dict[AnyLoop, str] = field(default_factory=dict)
    """Loops that had a ``zip`` with hook points -> the name that it binds."""
    paired_with: dict[AnyLoop, str | None] = field(default_factory=dict)
    """Such a loop -> where its ``enumerate`` starts, or the hook points of its ``zip``."""
    tested: set[ast.expr] = field(default_factory=set)
    """The author's expressions that are hooked under a test for `None`."""
    roots: dict[ast.ClassDef, Root] = field(default_factory=dict)
    """Classes with the base `HookedRootModule`, or an ``__init__`` that ends as a root's."""
    imported: Imported = field(default_factory=Imported)
    """Under which names the file knows ``HookPoint``, ``HookedRootModule`` and ``auto_hook``."""
    removals: TextChanges | None = None
    """What `strip` takes out of the text, if anything stood there."""


def read_existing(source: Source, options: Options) -> Existing:
    """Find everything that a rewrite inserts, or a person wrote in the same way, and edit
    `source.tree` in place into the tree that is left without it.

    Raises:
        SourceError: the text is nested too deeply.

    Example:
        >>> source = read_source("x = self.fc1_hook_point(self.fc1(x))")
        >>> existing = read_existing(source, Options())
        >>> ast.unparse(source.tree), list(existing.wrapped.values())
        ('x = self.fc1(x)', [['self.fc1_hook_point']])
    """
    names = HookNames(options)
    if names.words.search(source.text) is None:
        return Existing()
    imported = read_imports(source.tree)
    others: set[str] = set()
    for node in ast.walk(source.tree):  # before anything is judged by its name
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.taken.add(node.name)
        elif isinstance(node, ast.stmt) and (made := making(node, names, imported)):
            names.made.update(made.names)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            others.update(one.attr for one in node.targets if isinstance(one, ast.Attribute))
    names.taken |= others - names.made
    reader = _Reader(source, names, imported, TextChanges(source, options.line_length))
    try:
        reader.visit(source.tree)
        reader.remove_imports()
    except RecursionError:
        raise source.too_deep() from None
    return reader.existing


class _Reader(ast.NodeTransformer):
    def __init__(
        self, source: Source, names: HookNames, imported: Imported, removals: TextChanges
    ) -> None:
        self.source = source
        self.names = names
        self.imported = imported
        self.removals = removals
        roots = read_roots(source, imported)
        self.existing = Existing(imported=imported, roots=roots, removals=removals)
        self.endings = {end for root in roots.values() for end in (root.ending, *root.sooner)}
        self.path: list[ast.AST] = []
        self.local: dict[str, str] = {}
        """The hook points that the loops around bind -> the container that they are from."""
        self.arguments: set[ast.AST] = set()
        """What takes the place of the call that it is the argument of."""

    def visit(self, node: ast.AST) -> ast.AST:
        self.path.append(node)
        changed: ast.AST = super().visit(node)
        self.path.pop()
        return changed

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, name, self._block(value))
            elif isinstance(value, list):
                value[:] = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        return node

    # Statements.

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        kept: list[ast.stmt] = []
        gone: set[ast.stmt] = set()
        for statement in statements:
            if self._goes(statement, kept):
                gone.add(statement)
            else:
                self.visit(statement)
                kept.append(statement)
        remove_statements(self.removals, statements, gone)
        return kept or [_pass_at(statements[0])]

    def _goes(self, statement: ast.stmt, before: list[ast.stmt]) -> bool:
        """Whether a statement is all for hook points; `before` are those of its block that stay."""
        made = making(statement, self.names, self.imported)
        if made is not None:
            self._note_made(made.names)
            return made.follows_pattern
        hooked = hooked_after(statement, self.names, self.local)
        if hooked is not None:
            pairs = [(hooked.value, self._spelled(one)) for one in hooked.hook_points]
            if is_first(before, self.path[-1]):
                self.existing.hooked_first.setdefault(self.path[-1], []).extend(pairs)
            elif before:
                self.existing.hooked_after.setdefault(before[-1], []).extend(pairs)
            return True
        return statement in self.endings

    def _note_made(self, names: list[str]) -> None:
        for node in reversed(self.path):
            if isinstance(node, ast.ClassDef):
                self.existing.made.setdefault(node, set()).update(names)
                return

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        root = self.existing.roots.get(node, Root())
        if root.base is not None and root.removable:
            remove_base(self.removals, node, node.bases.index(root.base))
            node.bases.remove(root.base)
        if root.written is not None:
            for inner in ast.walk(root.written):
                if isinstance(inner, ast.stmt) and (
                    made := making(inner, self.names, self.imported)
                ):
                    self._note_made(made.names)
            remove_written_init(self.removals, node, root.written)
            node.body = [s for s in node.body if s is not root.written] or [_pass_at(root.written)]
        return self.generic_visit(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._loops(node, [node])

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return self._loops(node, [node])

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> ast.AST:
        return self._loops(node, node.generators)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def _loops(self, node: ast.AST, loops: Sequence[AnyLoop]) -> ast.AST:
        """Take the ``enumerate`` or ``zip`` that is for hook points out of loops."""
        local = dict(self.local)
        for loop in loops:
            found = paired(loop, self.names)
            if found is None:
                continue
            remove_pairing(self.removals, loop.iter)
            self.existing.paired_with[loop] = found.argument
            if found.index is not None:
                self.existing.enumerated[loop] = found.index
            if found.hook_point is not None:
                self.existing.zipped[loop] = found.hook_point
                self.local[found.hook_point] = found.container
            loop.target, loop.iter = found.target, found.iterated
            self.arguments.add(found.iterated)
        self.generic_visit(node)
        self.local = local
        return node

    def _spelled(self, hook_point: str) -> str:
        if hook_point in self.local:
            return f"{self.local[hook_point]}[{hook_point}]"
        return hook_point

    # Expressions.

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    visit_TemplateStr = visit_JoinedStr  # noqa: N815

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        if not is_tested(node, self.names, self.local):
            return self.generic_visit(node)
        remove_test(self.removals, node, needs_brackets(self.path[-2], node))
        value = self.visit(node.body)
        assert isinstance(value, ast.expr)
        self.existing.tested.add(value)
        return value

    def visit_Call(self, node: ast.Call) -> ast.AST:
        explicit = explicit_hook_points(node, self.imported)
        if explicit is None and hooked_value(node, self.names, self.local) is None:
            return self.generic_visit(node)
        hook_points = explicit or [self._spelled(ast.unparse(node.func))]
        lost_brackets = len(self.arguments.intersection(self.path))
        self.arguments.add(node.args[0])
        value = self.visit(node.args[0])
        assert isinstance(value, ast.expr)
        self.existing.wrapped.setdefault(value, []).extend(hook_points)
        depth = self.source.lines.bracket_depth(self.source.span(node).start)
        brackets = needs_brackets(self.path[-2], node, value)
        remove_wrap(self.removals, node, brackets, is_enclosed=depth > lost_brackets)
        return value

    # Imports.

    def remove_imports(self) -> None:
        """Take out the imports of hook points' names that nothing in the tree uses any longer."""
        gone: set[ast.stmt] = set()
        for statement, places in unused_names(self.source.tree, self.imported).items():
            kept = [alias for place, alias in enumerate(statement.names) if place not in places]
            if kept:
                remove_names(self.removals, statement, places)
                statement.names = kept
            else:
                gone.add(statement)
        for node in ast.walk(self.source.tree) if gone else ():
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list) and not gone.isdisjoint(block):
                    remove_statements(self.removals, block, gone)
                    left = [s for s in block if s not in gone]
                    is_module = isinstance(node, ast.Module)
                    setattr(node, name, left if left or is_module else [_pass_at(block[0])])


def _pass_at(statement: ast.stmt) -> ast.stmt:
    return ast.copy_location(ast.Pass(), statement)
