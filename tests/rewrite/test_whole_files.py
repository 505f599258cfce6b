"""Whole texts: how files begin and end, their line ends, and newer syntax."""

from __future__ import annotations

import pytest

from autohook_codegen import SourceError, hook_source
from tests.rewrite.models import BARE, MODEL, hooked_and_back


@pytest.mark.parametrize("tail", ["\n\n  # end\n", "\r\n\r\n\t# end", ";"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_ends_and_beginnings(begin: str, tail: str) -> None:
    text = begin + MODEL.format("x = self.f(x)").rstrip("\n")
    hooked = hooked_and_back((text.replace("\n", "\r\n") if "\r" in tail else text) + tail)
    assert hooked.startswith(begin)
    assert hooked.endswith(tail)


@pytest.mark.parametrize("tail", ["", "\n", "\n\n\n", "\n    ", "\n\f\n", "  # end"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_blank_lines_at_the_end_stay(tail: str, line_end: str) -> None:
    text = (MODEL.format("x = self.f(x)").removesuffix("\n") + tail).replace("\n", line_end)
    hooked = hooked_and_back(text)
    assert hooked.endswith(f"return x{tail}".replace("\n", line_end))
    assert hook_source(text).code.endswith(f"return x{tail}".replace("\n", line_end))


NEWER = [
    pytest.param("def f[T](x: T): return self.f(x)\n        x = f(x)", id="type parameters"),
    pytest.param("type é = int; x = self.f(x)", id="type alias"),
    pytest.param("x = g(f'{x['é']}', self.f(x))", id="f-string"),
    pytest.param("x = g(f'''{\n x['a']}''', self.f(x))", id="f-string over lines"),
    pytest.param("match x:\n            case [y] if self.f(y): x = self.f(y)", id="match"),
    pytest.param("try: x = self.f(x)\n        except* E: x = self.f(x)", id="except star"),
    pytest.param("if (y := self.f(x)) is not None: x = lambda z: self.f(z)", id="walrus, lambda"),
    pytest.param("async def g():\n            async for f in x: return self.f(f)", id="async"),
    pytest.param("x = self.f(x); y = \\\n          self.f(x) ; # c", id="backslash"),
    pytest.param("x = g(  # c\n\f    self.f(x)  # d\n        )", id="form feed and comments"),
]


@pytest.mark.parametrize("statement", NEWER)
def test_syntax(statement: str) -> None:
    text = MODEL.format("@").replace("@", statement)
    hooked = hooked_and_back(text)
    assert hooked.count("self.f_hook_point(self.f(") == len(hook_source(text, BARE).sites) > 0
    assert hook_source(text).sites


def test_long_expressions() -> None:
    with pytest.raises(SourceError, match=r"^m.py:16:13: nested too deeply$"):
        hook_source(MODEL.format("x = " + "self.f(x) + " * 1_001 + "x"), BARE, "m.py")
    with pytest.raises(SourceError, match=r"^m.py:16:\d+: nested too deeply$"):
        hook_source(MODEL.format("x = " + "self.f(x) + " * 900 + "x"), BARE, "m.py")
    many = "x = [" + "self.f(-x), " * 1_500 + "]"
    assert len(hook_source(MODEL.format(many), BARE).sites) == 1_500
