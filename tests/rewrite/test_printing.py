"""What counts as changed: statements of a text, and the pieces of the text that are laid out."""

from __future__ import annotations

import libcst as cst
import pytest

from autohook_codegen.rewrite.printing import print_with_spans

PIECES = [
    ("x\ny  # c\nz\n", (1,), ["y  # c\n"]),
    ("if a:\n    x; y\n", (0, 0), ["    x; y\n"]),
    ('class A(\n  B\n):  # c\n    """A."""\n', (0,), ["class A(\n  B\n):  # c\n"]),
    ("# c\n@d\n\ndef f(x):\n\n    # c\n    x\n", (0,), ["def f(x):\n"]),
    ("if a: x\nelse: y\nz\n", (0,), ["if a: x\n"]),
    ("for x in y: x ;  # c\n\nz\n", (0,), ["for x in y: x ;  # c\n"]),
    ("x\ny", (1,), ["y"]),
    ("if a:\r\n\tx\r\n", (0, 0), ["\tx\r\n"]),
]


@pytest.mark.parametrize("begin", ["", "\ufeff"])
@pytest.mark.parametrize(("text", "path", "pieces"), PIECES)
def test_pieces(text: str, path: tuple[int, ...], pieces: list[str], begin: str) -> None:
    module = cst.parse_module(text)
    node: cst.CSTNode = module
    for place in path:
        block = node if isinstance(node, cst.Module) else node.body  # type: ignore[attr-defined]
        node = block.body[place]
    code, spans = print_with_spans(module, {id(node): node}, begin)
    assert code == begin + text
    assert [code[span.start : span.end] for span in spans] == pieces
