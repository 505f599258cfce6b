"""Read the hook points that stand in a tree, and take them out of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autohook_codegen.existing.forms import Forms
from autohook_codegen.existing.imports import HOME, MODULES, Imported, read_imports
from autohook_codegen.existing.names import HookNames
from autohook_codegen.existing.roots import Root, read_roots
from autohook_codegen.source.precedence import needs_brackets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autohook_codegen.options import Options
    from autohook_codegen.source import Key, Source

__all__ = ["Deletions", "Existing", "Root", "read_existing"]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Deletions:
    """What `strip` takes out, by the identities of `source.numbering`."""

    statements: set[int] = field(default_factory=set)
    """Statements that go as wholes."""
    wraps: dict[Key, bool] = field(default_factory=dict)
    """Calls that give way to their argument; whether it needs brackets then."""
    tests: dict[Key, bool] = field(default_factory=dict)
    """Conditional expressions that give way to their first part; whether they needed brackets."""
    loops: set[int] = field(default_factory=set)
    """``for`` statements whose ``enumerate`` or ``zip`` goes."""
    comprehensions: set[Key] = field(default_factory=set)
    """Their ``enumerate`` or ``zip`` goes."""
    bases: dict[int, int] = field(default_factory=dict)
    """Class -> the place of the base that goes."""
    imports: dict[int, set[int]] = field(default_factory=dict)
    """Import -> the places of the names that go, where others stay."""

    @property
    def changed_statements(self) -> set[int]:
        """All statements that something is taken out of, or that go."""
        keys = {key.statement for key in (*self.wraps, *self.tests, *self.comprehensions)}
        return keys | self.statements | self.loops | set(self.bases) | set(self.imports)

    def __bool__(self) -> bool:
        return bool(self.changed_statements)


@dataclass
class Existing:
    """The hook points that stood in a tree. The nodes are those of the tree that is left."""

    wrapped: dict[ast.expr, list[str]] = field(default_factory=dict)
    """The author's expression -> the text of what wraps it, innermost first:
    ``["self.weight_hook_point", "self.bias_hook_point"]``, ``["self.layers_hook_points[i]"]``."""
    hooked_after: dict[ast.stmt, list[tuple[str, str]]] = field(default_factory=dict)
    """The author's statement -> what the statements after it hook, and through what:
    ``[("out[0]", "self.attn_hook_point")]``."""
    made: dict[ast.ClassDef, set[str]] = field(default_factory=dict)
    """The hook points that any method of a class makes, of the name pattern or not:
    ``fc1_hook_point``, ``layers_hook_points``, ``layer{i}_hook_point``."""
    enumerated: dict[ast.For | ast.AsyncFor | ast.comprehension, str] = field(default_factory=dict)
    """Loops that had an ``enumerate`` for hook points -> the name of the index."""
    zipped: dict[ast.For | ast.AsyncFor | ast.comprehension, str] = field(default_factory=dict)
    """Loops that had a ``zip`` with hook points -> the name that it binds."""
    paired_with: dict[ast.For | ast.AsyncFor | ast.comprehension, str | None] = field(
        default_factory=dict
    )
    """Such a loop -> where its ``enumerate`` starts, or the hook points of its ``zip``."""
    tested: set[ast.expr] = field(default_factory=set)
    """The author's expressions that are hooked under a test for `None`."""
    roots: dict[ast.ClassDef, Root] = field(default_factory=dict)
    """Classes with the base `HookedRootModule`, or an ``__init__`` that ends as a root's."""
    imported: Imported = field(default_factory=Imported)
    """Under which names the file knows ``HookPoint``, ``HookedRootModule`` and ``auto_hook``."""
    deletions: Deletions = field(default_factory=Deletions)


def read_existing(source: Source, options: Options) -> Existing:
    """Find everything that a rewrite inserts, or a person wrote in the same way, and edit
    `source.tree` in place into the tree that is left without it.

    `source.numbering` goes on naming the nodes of the text as it stands.

    Example:
        >>> source = read_source("x = self.fc1_hook_point(self.fc1(x))")
        >>> existing = read_existing(source, Options())
        >>> ast.unparse(source.tree), list(existing.wrapped.values())
        ('x = self.fc1(x)', [['self.fc1_hook_point']])
    """
    names = HookNames(options)
    if names.words.search(source.text) is None:
        return Existing()
    for statement in source.numbering.statements:
        source.numbering.settle(statement)
    imported = read_imports(source.tree)
    reader = _Reader(source, names, imported)
    reader.gather()
    reader.visit(source.tree)
    reader.remove_imports()
    return reader.existing


class _Reader(ast.NodeTransformer):
    def __init__(self, source: Source, names: HookNames, imported: Imported) -> None:
        self.source = source
        self.numbering = source.numbering
        self.names = names
        self.forms = Forms(names, imported)
        self.existing = Existing(imported=imported)
        self.deletions = self.existing.deletions
        self.path: list[ast.AST] = []
        self.local: list[str] = []
        """The hook points that the loops around bind."""

    def gather(self) -> None:
        """Learn from the whole file, before anything is judged, what is a hook point by name."""
        for node in ast.walk(self.source.tree):
            if isinstance(node, Function):
                self.names.methods.add(node.name)
        for node in self.numbering.statements:
            if (made := self.forms.made(node)) is not None:
                self.names.made.update(made.names)
        self.existing.roots = read_roots(self.source, self.forms)

    def visit(self, node: ast.AST) -> ast.AST:
        self.path.append(node)
        try:
            changed: ast.AST = super().visit(node)
        finally:
            self.path.pop()
        return changed

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                if value and isinstance(value[0], ast.stmt):
                    setattr(node, name, self._block(value))
                else:
                    value[:] = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        return node

    # Statements.

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        kept: list[ast.stmt] = []
        for statement in statements:
            if not self._goes(statement, kept):
                self.visit(statement)
                kept.append(statement)
        if statements and not kept and not isinstance(self.path[-1], ast.Module):
            kept.append(ast.copy_location(ast.Pass(), statements[0]))
        return kept

    def _goes(self, statement: ast.stmt, before: list[ast.stmt]) -> bool:
        """Whether a statement is all for hook points; `before` are those of its block that stay."""
        goes = False
        if (made := self.forms.made(statement)) is not None:
            self._note_made(made.names)
            goes = made.follows_pattern
        elif (hooked := self.forms.hooked_after(statement, self.local)) is not None:
            if before:
                pairs = self.existing.hooked_after.setdefault(before[-1], [])
                pairs += [(hooked.value, hook_point) for hook_point in hooked.hook_points]
            goes = True
        elif any(statement is root.ending for root in self.existing.roots.values()):
            goes = True
        elif any(statement is root.written for root in self.existing.roots.values()):
            for inner in ast.walk(statement):
                if isinstance(inner, ast.stmt) and (made := self.forms.made(inner)) is not None:
                    self._note_made(made.names)
            goes = True
        if goes:
            self.deletions.statements.add(self.numbering.statement(statement))
        return goes

    def _note_made(self, names: list[str]) -> None:
        for node in reversed(self.path):
            if isinstance(node, ast.ClassDef):
                self.existing.made.setdefault(node, set()).update(names)
                return

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        root = self.existing.roots.get(node)
        if root is not None and root.base is not None and root.removable:
            self.deletions.bases[self.numbering.statement(node)] = node.bases.index(root.base)
            node.bases.remove(root.base)
        return self.generic_visit(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._loop(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return self._loop(node)

    def _loop(self, node: ast.For | ast.AsyncFor) -> ast.AST:
        local = len(self.local)
        if self._unpair(node):
            self.deletions.loops.add(self.numbering.statement(node))
        self.generic_visit(node)
        del self.local[local:]
        return node

    def _unpair(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> bool:
        """Take the ``enumerate`` or ``zip`` that is for hook points out of a loop."""
        if (index := self.forms.enumerated(node)) is not None:
            self.existing.enumerated[node] = index
            place = 1
        elif (hook_point := self.forms.zipped(node)) is not None:
            self.existing.zipped[node] = hook_point
            self.local.append(hook_point)
            place = 0
        else:
            return False
        assert isinstance(node.target, ast.Tuple)
        assert isinstance(node.iter, ast.Call)
        self.existing.paired_with[node] = (
            ast.unparse(node.iter.args[1]) if len(node.iter.args) > 1 else None
        )
        node.target = node.target.elts[place]
        node.iter = node.iter.args[0]
        return True

    # Expressions.

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    visit_TemplateStr = visit_JoinedStr  # noqa: N815

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self._comprehension(node)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> ast.AST:
        local = len(self.local)
        for generator in node.generators:
            if self._unpair(generator):
                self.deletions.comprehensions.add(self.numbering.key(generator))
        self.generic_visit(node)
        del self.local[local:]
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        if not self.forms.tested(node, self.local):
            return self.generic_visit(node)
        key = self.numbering.key(node)
        self.deletions.tests[key] = needs_brackets(self.path[-2], node)
        value = self.visit(node.body)
        assert isinstance(value, ast.expr)
        self.existing.tested.add(value)
        return value

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if self.forms.wrapped(node, self.local) is None:
            return self.generic_visit(node)
        text = ast.unparse(node.func)
        value = self.visit(node.args[0])
        assert isinstance(value, ast.expr)
        self.existing.wrapped.setdefault(value, []).append(text)
        key = self.numbering.key(node)
        self.deletions.wraps[key] = needs_brackets(self.path[-2], node, value)
        return value

    # Imports.

    def remove_imports(self) -> None:
        """Take out the imports of hook points' names that nothing in the tree uses any longer."""
        used: set[str] = set()
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Name):
                used.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                # A name in ``__all__``, or in an annotation that is a string.
                used.update(_names_in(node.value, self.existing.imported.aliases))
        gone: set[ast.stmt] = set()
        for statement in self.existing.imported.statements:
            places = {
                place
                for place, alias in enumerate(statement.names)
                if _is_ours(statement, alias) and (alias.asname or alias.name) not in used
            }
            if not places:
                continue
            index = self.numbering.statement(statement)
            if len(places) == len(statement.names):
                self.deletions.statements.add(index)
                gone.add(statement)
            else:
                self.deletions.imports[index] = places
                statement.names = [
                    alias for place, alias in enumerate(statement.names) if place not in places
                ]
        if gone:
            _Without(gone).visit(self.source.tree)


class _Without(ast.NodeTransformer):
    """Drops statements from a tree; a block that is left empty gets ``pass``."""

    def __init__(self, gone: set[ast.stmt]) -> None:
        self.gone = gone

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name, value in ast.iter_fields(node):
            if not isinstance(value, list) or not value:
                continue
            if isinstance(value[0], ast.stmt):
                kept = [self.visit(s) for s in value if s not in self.gone]
                if not kept and not isinstance(node, ast.Module):
                    kept = [ast.copy_location(ast.Pass(), value[0])]
                setattr(node, name, kept)
            elif isinstance(value[0], ast.excepthandler | ast.match_case):
                for block in value:
                    self.visit(block)
        return node


def _names_in(text: str, names: Iterable[str]) -> set[str]:
    """Which of `names` an expression in a string reads; prose reads none."""
    found = {name for name in names if name in text}
    try:
        tree = ast.parse(text, mode="eval") if found else None
    except (SyntaxError, ValueError):
        tree = None
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree else set()
    return found & read


def _is_ours(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
    if isinstance(statement, ast.Import):
        # `import transformer_lens.hook_points` without a name of its own may be there for more.
        return alias.name in MODULES and (alias.asname is not None or "." not in alias.name)
    if statement.level:
        return False
    return (alias.name in HOME and statement.module in HOME[alias.name]) or (
        f"{statement.module}.{alias.name}" in MODULES
    )
