"""Hook points that people wrote by hand, taken away and written again: `python -m tests.oracle.handwritten`.

Takes TransformerLens's own away from its `components`, file by file, and writes HANDWRITTEN.md: which
come back at the same value, which under their own name, and why others do not. A value is compared
as the text of its expression, names followed to their last assignment in the method, without hook
points and views.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from autohook_codegen import Options, hook_source, strip_source

RESULTS = Path(__file__).with_name("HANDWRITTEN.md")
OPTIONS = Options(activations=True, inputs=True, name="hook_{name}")
VIEWS = frozenset(
    "view reshape transpose permute flatten contiguous squeeze unsqueeze to float type_as T mT"
    " rearrange chunk split unbind detach clone".split()
)
DEEPEST = 4
REASONS = (
    ("*.hook_scale", "out of scope: the inside of a norm"),
    ("*.hook_[qkv]_input", "out of scope: a copy of the stream for each head"),
    ("*.hook_attn_in", "out of scope: a copy of the stream for each head"),
    ("*.hook_result", "out of scope: what each head adds, by a product that is written out"),
    ("*.hook_mlp_in", "the stream's own value: `resid_mid` is its name"),
    ("*.hook_cross_attn_in", "the stream's own value: `resid_mid` is its name"),
    ("*.hook_normalized", "the inside of a norm: an input of the parameter, or what is returned"),
    ("*.hook_normalized_resid_post", "a module's result, under the module's name"),
    ("*.hook_mlp_out", "behind norms that stand there in some configurations alone"),
    ("*.hook_attn_out", "behind norms that stand there in some configurations alone"),
    ("*.hook_nsp_out", "no role; a parameter's site"),
    ("*.hook_pooler_out", "no role; a module's result, under the module's name"),
    ("GptOssExpert.*", "3.9 names an expert's values otherwise: `gate` and `pre`"),
    ("MoEGatedMLP.*", "3.9 names an expert's values otherwise: `gate` and `pre`"),
    ("GatedMLP4Bit.*", "a weight of a class that is not known, which has methods"),
    ("Unembed.*", "a root's argument and result, which have the argument's and parameter's names"),
)


@dataclass(frozen=True)
class Passing:
    """One call of a hook point."""

    place: tuple[str, str, str]
    """The class, the method, the hook point."""
    values: frozenset[str]
    """What passes, as texts that mean the same."""


def passings(text: str) -> Iterator[Passing]:
    """Yield the calls of hook points in all methods."""
    for cls in ast.walk(ast.parse(text)):
        for method in cls.body if isinstance(cls, ast.ClassDef) else ():
            if isinstance(method, ast.FunctionDef):
                assert isinstance(cls, ast.ClassDef)
                assigned = list(_assigned(method))
                for call in ast.walk(method):
                    if isinstance(call, ast.Call) and (name := hook_point(call)) is not None:
                        values = _values(call.args[0], call.lineno, assigned)
                        yield Passing((cls.name, method.name, name), frozenset(values))


def hook_point(call: ast.Call) -> str | None:
    """Return the attribute of a hook point that is called."""
    func = call.func
    while isinstance(func, ast.Subscript):
        func = func.value
    is_one = isinstance(func, ast.Attribute) and func.attr.startswith("hook_") and call.args
    return func.attr if is_one and isinstance(func, ast.Attribute) else None


Assigned = list[tuple[str, int, ast.expr]]


def _assigned(method: ast.FunctionDef) -> Iterator[tuple[str, int, ast.expr]]:
    for node in ast.walk(method):
        match node:
            case ast.Assign(targets=targets, value=value):
                names = [
                    inner.id
                    for target in targets
                    for inner in (target.elts if isinstance(target, ast.Tuple) else [target])
                    if isinstance(inner, ast.Name)
                ]
            case ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value):
                names = [name]
            case ast.AugAssign(target=ast.Name(name), op=op, value=added):
                names, value = [name], ast.BinOp(ast.Name(name, ast.Load()), op, added)
            case _:
                continue
        yield from ((name, node.lineno, value) for name in names)


def _values(value: ast.expr, line: int, assigned: Assigned, depth: int = 0) -> set[str]:
    bare = _bare(value)
    found = {ast.unparse(bare)}
    if isinstance(bare, ast.Name) and depth < DEEPEST:
        before = [
            (at, one)
            for name, at, one in assigned
            if name == bare.id and at < line and not _passes_itself(one, name)
        ]
        if before:
            at, one = max(before, key=lambda pair: pair[0])
            found |= _values(one, at, assigned, depth + 1)
    return found


def _passes_itself(value: ast.expr, name: str) -> bool:
    """``x = self.hook_x(x)``"""
    is_hooked = isinstance(value, ast.Call) and hook_point(value) is not None
    return is_hooked and ast.unparse(_bare(value)) == name


class _WithoutHookPoints(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if hook_point(node) is not None:
            return node.args[0]
        match node.func:
            case ast.Name("cast") if len(node.args) == 2:
                return node.args[1]
            case ast.Call(ast.Name("explicit_if_hooked"), [callee, *_]):
                node.func = callee
        return node


def _bare(value: ast.expr) -> ast.expr:
    """Return the expression without hook points, and without the views around it."""
    tree = ast.parse(ast.unparse(value), mode="eval")
    bare: ast.expr = _WithoutHookPoints().visit(tree).body
    while True:
        match bare:
            case ast.Call(ast.Attribute(ast.Name("einops" | "torch"), name), [first, *_]):
                pass
            case ast.Call(ast.Attribute(first, name)) | ast.Call(ast.Name(name), [first, *_]):
                pass
            case ast.Subscript(first):
                name = "view"
            case _:
                return bare
        if name not in VIEWS:
            return bare
        bare = first


def reason_for(place: tuple[str, str, str]) -> str:
    name = f"{place[0]}.{place[2]}"
    return next((reason for pattern, reason in REASONS if fnmatch(name, pattern)), "")


def main() -> None:
    spec = find_spec("transformer_lens")
    assert spec is not None
    assert spec.origin is not None
    rows: list[str] = []
    count: Counter[str] = Counter()
    for path in sorted((Path(spec.origin).parent / "components").rglob("*.py")):
        text = path.read_text()
        stripped = strip_source(text, OPTIONS)
        again = list(passings(hook_source(stripped, OPTIONS).code))
        theirs: dict[tuple[str, str, str], set[str]] = {}
        for one in passings(text):
            theirs.setdefault(one.place, set()).update(one.values)
        for place, values in sorted(theirs.items()):
            same = [one for one in again if one.place[0] == place[0] and one.values & values]
            names = sorted({one.place[2] for one in same})
            verdict = "own name" if place[2] in names else "other name" if names else "not back"
            count[verdict] += 1
            if verdict != "own name":
                shown = ", ".join(f"`{name}`" for name in names) or "not"
                rows.append(f"| `{'.'.join(place)}` | {shown} | {reason_for(place)} |")
    back = count["own name"] + count["other name"]
    RESULTS.write_text(
        "# Hook points that people wrote by hand\n\nMade by `make oracle`:"
        f" TransformerLens {version('transformer-lens')}'s own in its `components`, taken away and"
        " written\nagain, each file alone.\n\n"
        f"Of {count.total()} come back {back} at the same value, {count['own name']} of them under"
        " their own name. The others:\n\n| theirs | comes back as | why |\n| --- | --- | --- |\n"
        + "\n".join(rows)
        + "\n"
    )


if __name__ == "__main__":
    main()
