"""Each pair: a text in the package `a.b.c`, and the text outside of it."""

from __future__ import annotations

import pytest

from autohook_codegen.relative_imports import make_imports_absolute

PAIRS = [
    ("from .x import y\n", "from a.b.c.x import y\n"),
    ("from . import y\n", "from a.b.c import y\n"),
    ("from .. import y\n", "from a.b import y\n"),
    ("from ...x.z import (y,  z)  # why\n", "from a.x.z import (y,  z)  # why\n"),
    ("from . . x import y\n", "from a.b.x import y\n"),
    ("from.x import y\n", "from a.b.c.x import y\n"),
    ("from.import y\n", "from a.b.c import y\n"),
    ("from .import y\n", "from a.b.c import y\n"),
    ("from .x import(y)\n", "from a.b.c.x import(y)\n"),
    ("from \\\n  .x \\\n  import y\r\n", "from \\\n  a.b.c.x \\\n  import y\r\n"),
    (
        "if a: from .x import y; from .z import *\n",
        "if a: from a.b.c.x import y; from a.b.c.z import *\n",
    ),
    ("def f():\n\tfrom .é import y", "def f():\n\tfrom a.b.c.é import y"),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_pair(before: str, after: str) -> None:
    assert make_imports_absolute(before, "a.b.c")[0] == after


@pytest.mark.parametrize(
    "code",
    [
        "from x import y\nimport x.y\n",
        "'from .x import y'\n",
        '"""\nfrom .x import y\n"""\n',
        "# from .x import y\n",
        "raise E from .5\n",
        "yield from x\n",
        "from ....x import y\n",  # reaches out of `a`: nobody knows what that is
        "x = 'it\\'s'  # from .x import y\n",
    ],
)
def test_left_alone(code: str) -> None:
    assert make_imports_absolute(code, "a.b.c") == (code, ())


def test_without_a_package_nothing_is_known() -> None:
    assert make_imports_absolute("from .x import y\n", "") == ("from .x import y\n", ())


def test_a_tree_that_moves_as_a_whole() -> None:
    code = "from .x import y\nfrom ..x import y\nfrom ...x import y\nfrom .. import y\n"
    expected = "from .x import y\nfrom ..x import y\nfrom a.x import y\nfrom .. import y\n"
    assert make_imports_absolute(code, "a.b.c", within="a.b")[0] == expected


def test_one_note_tells_of_all() -> None:
    code = "x = 1\nif x:\n    from ..z import y\nfrom . import w\n"
    _, (note,) = make_imports_absolute(code, "a.b.c")
    assert str(note) == (
        "3:10: the output leaves a.b.c, so 2 relative imports became absolute;"
        " write the output beside the file to keep them as they are [absolute-import]"
    )
