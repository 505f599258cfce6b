"""No circle of imports in the package, and none inside of functions."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "autohook_codegen"
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imported(node: ast.AST) -> list[str]:
    """The modules of the package that a statement imports."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        names = [f"{node.module}.{alias.name}" for alias in node.names]
        names = [name if name in MODULES else str(node.module) for name in names]
    else:
        return []
    return [name for name in names if name in MODULES]


def runs(tree: ast.Module) -> list[ast.stmt]:
    """The statements that run when a module is imported: not those for type checkers alone."""
    return [
        statement
        for statement in tree.body
        if not (isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test))
    ]


def test_no_circle() -> None:
    graph = {
        name: {
            other
            for statement in runs(ast.parse(path.read_text()))
            for other in imported(statement)
        }
        - {name}
        for name, path in MODULES.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_no_import_inside_a_function() -> None:
    inside = [
        f"{name}:{node.lineno}"
        for name, path in MODULES.items()
        for function in ast.walk(ast.parse(path.read_text()))
        # the package's own `__getattr__` loads the library when it is first asked for
        if isinstance(function, ast.FunctionDef) and function.name != "__getattr__"
        for node in ast.walk(function)
        if imported(node) and not name.startswith("autohook_codegen.command")
    ]
    assert not inside
