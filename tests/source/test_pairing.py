"""Nodes that pair by counting are the same code."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path
from typing import Any

import libcst as cst
import pytest
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from autohook_codegen.source import Key, PairedTransformer, Source, read_source

STDLIB = Path(sysconfig.get_path("stdlib"))
TRANSFORMERS = Path(transformers.__file__).parent
FILES = [
    *(STDLIB / name for name in ("ast.py", "dataclasses.py", "typing.py", "tarfile.py")),
    *(TRANSFORMERS / "models" / name for name in ("t5/modeling_t5.py", "llama/modeling_llama.py")),
]

CORNERS = """\
@decorate(one(), two=[a for a in b if a for c in d(a)])
class A(Base[T], *more(), metaclass=meta(x.y)):
    x: int = y.z(w)[1:2, ::3, ...]
    def f(self, a: A.B = c(), /, *args: d, e=f(g), **kwargs: h.i) -> j[k]: return a and b and (c)
    async def g(self): return a or [x async for x in await y if (z := await w)]; yield
    a = b = c.d, *e; f += g[h] @ -i.j ** ~k
for a, b in c, *d:
    with (e.f as g.h, i(j) as (k, l)): pass
    with (m, n): pass
    if a < b < c.d(): pass
    elif not a: del a, b.c; del (d, e[f])
    elif lambda x=y, *z: x: global q
    else: raise a.b(c) from d
else:
    try: import a.b as c, d.e
    except (A, b.C) as e: print(a.b, *c, sep=d.e, **f)
    except d.E: assert a, b(c)
    else: from x import y as z
    finally: f'{a.b(c)}' + 'a' f'{a!r:{b.c}}' "b" + 'c' 'd' % {a: b(c), **d, 'e': {f, *g}}
while (yield a) and (yield from b.c()):
    x[(a, b)], x[a, b], x[a,] = (-1), 1j, (None, True, ...)
    match a.b, c:
        case A.B(c, d=e.f, g=1 | -2 as h) | [i, *j] if k(l): m = a if b else c
        case {"a": b.c, 'd': None, **rest} if (n for n in o): print(x for x in y)
        case (A(), B.C) | _: nonlocal_ = {a: b for a, b in {c for c in d}}
        case 1 + 2j: ((a.b).c)((d))[(e)]
"""


class Everything(PairedTransformer):
    def __init__(self, source: Source) -> None:
        super().__init__(source.numbering, range(len(source.numbering.ends)))
        self.expressions: dict[Key, cst.CSTNode] = {}
        self.statements: dict[int, cst.CSTNode] = {}

    def change_expression(self, key: Key, original: cst.CSTNode, updated: cst.CSTNode) -> Any:
        self.expressions[key] = original
        return updated

    def change_statement(self, index: int, original: cst.CSTNode, updated: cst.CSTNode) -> Any:
        self.statements[index] = original
        return updated


def counted(tree: ast.Module) -> list[ast.expr | ast.comprehension]:
    """Every expression that `numbering` says it counts, found without its code."""
    skipped: set[ast.AST] = set()
    found: list[ast.expr | ast.comprehension] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or type(node).__name__ == "TemplateStr":
            skipped.update(set(ast.walk(node)) - {node})
        for parameter in getattr(node, "type_params", ()):
            skipped.update(ast.walk(parameter))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            skipped.add(node.slice)
        if isinstance(node, ast.expr | ast.comprehension) and not isinstance(node, ast.Starred):
            found.append(node)
    return [node for node in found if node not in skipped]


def check(text: str) -> None:
    source = read_source(text)
    seen = Everything(source)
    assert source.print(source.module.visit(seen)) == text
    keys = {source.numbering.key(node): node for node in counted(source.tree)}
    assert keys.keys() == seen.expressions.keys()
    assert list(range(len(source.numbering.ends))) == sorted(seen.statements)
    for key, node in keys.items():
        if key.kind in ("comprehension", "Slice"):
            continue
        code = source.module.code_for_node(seen.expressions[key])
        assert ast.unparse(ast.parse(f"({code}\n)", mode="eval")) == ast.unparse(node)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_pair(path: Path) -> None:
    check(path.read_text(encoding="utf-8"))


def test_corner_cases_pair() -> None:
    check(CORNERS)


names = st.sampled_from(["a", "b", "c.d", "self.e", "None", "1", "'s'", "f'{x}'", "-2"])


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    forms = [
        "{0}({1})", "{0}({1}, k={2})", "{0}.a", "{0}[{1}]", "{0}[{1}:{2}]", "{0}[{1}, {2}]",
        "{0} + {1}", "({0} @ {1})", "{0} and {1}", "({0} or {1})", "not {0}", "-{0}", "({0})",
        "{0} < {1} < {2}", "({0}, {1})", "[{0}, *{1}]", "{{{0}: {1}, **{2}}}", "{{{0}, {1}}}",
        "({0} if {1} else {2})", "(lambda x={0}: {1})", "[{0} for x in {1} if {2}]",
        "({0} for x, y in {1} for z in {2})", "(x := {0})", "{0}(*{1}, **{2})", "f(x for x in {0})",
    ]  # fmt: skip
    return st.builds(
        lambda form, one, two, three: form.format(one, two, three),
        st.sampled_from(forms), inner, inner, inner,
    )  # fmt: skip


expressions = st.recursive(names, combined, max_leaves=12)
programs = st.lists(
    st.builds(
        lambda form, one, two: form.format(one, two),
        st.sampled_from(
            [
                "x = {0}; y = {1}",
                "for a.b in {0}: {1}",
                "if {0}:\n  {1}\nelif {1}: pass\nelse:\n\t{0}; pass",
                "with {0} as a, {1}: return {0}",
                "@d({0})\ndef f(a={1}) -> {0}:\n    return {1}",
                "try: {0}\nexcept a.b: x += {1}",
                "class A(b, c={0}): x: {1}",
            ]
        ),
        expressions,
        expressions,
    ),
    max_size=4,
).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(programs)
def test_small_programs_pair(text: str) -> None:
    try:
        ast.parse(text)
    except SyntaxError:  # a literal that is called, say, parses; a starred literal may not
        return
    check(text)


def test_unwanted_statements_are_passed_by() -> None:
    source = read_source("class A:\n    x = f(1); y = f(2)\n    def g(): return f(3)\nz = f(4)\n")
    seen: list[str] = []

    class Some(PairedTransformer):
        def change_expression(self, key: Key, original: cst.CSTNode, updated: cst.CSTNode) -> Any:
            seen.append(f"{key.statement} {key.kind} {source.module.code_for_node(original)}")
            return updated

        def change_statement(self, index: int, original: cst.CSTNode, updated: cst.CSTNode) -> Any:
            seen.append(f"{index}")
            return cst.RemovalSentinel.REMOVE

    changed = source.module.visit(Some(source.numbering, {2, 4}))
    assert seen == [
        "2 Name y", "2 Name f", "2 Constant 2", "2 Call f(2)", "2",
        "4 Name f", "4 Constant 3", "4 Call f(3)", "4",
    ]  # fmt: skip
    assert source.print(changed) == "class A:\n    x = f(1); \n    def g(): pass\nz = f(4)\n"


def test_a_node_of_another_tree_has_no_key() -> None:
    source = read_source("x = 1\n")
    with pytest.raises(KeyError):
        source.numbering.key(ast.parse("x").body[0].value)  # type: ignore[attr-defined]
