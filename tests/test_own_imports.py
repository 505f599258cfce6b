"""Absolute imports of the input's own modules, in an output under another name."""

from __future__ import annotations

import pytest

from autohook_codegen.own_imports import follow_own_imports

PAIRS = [
    ("from pkg.base import Base\n", "from out.base import Base\n"),
    ("from pkg import base\n", "from out import base\n"),
    ("import pkg.base as b\n", "import out.base as b\n"),
    ("import pkg as p\n", "import out as p\n"),
    (
        "if x:\n    from pkg.a.b import c  # from pkg\n",
        "if x:\n    from out.a.b import c  # from pkg\n",
    ),
]

KEPT = [
    "import pkg.base\n",
    "from pkgs.base import Base\n",
    "from other.pkg import Base\n",
    "from .pkg import Base\n",
    "def f():\n    yield from pkg.items()\n",
    '"""from pkg.base import Base"""\n',
    "# from pkg.base import Base\n",
]


@pytest.mark.parametrize(("code", "expected"), PAIRS)
def test_follow(code: str, expected: str) -> None:
    changed, (note,) = follow_own_imports(code, "pkg", "out")
    assert changed == expected
    assert note.code == "output-import"


@pytest.mark.parametrize("code", KEPT)
def test_kept(code: str) -> None:
    assert follow_own_imports(code, "pkg", "out")[0] == code


def test_what_cannot_follow_has_a_note() -> None:
    _, (note,) = follow_own_imports("import pkg.base\n", "pkg", "out")
    assert (note.code, note.line, note.column) == ("own-import", 1, 8)
