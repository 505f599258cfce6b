"""Whole texts: what was hooked comes back."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

import black
import pytest
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autohook_codegen import Options, hook_source
from autohook_codegen.hooked_source import SourceError
from autohook_codegen.rewrite.strip import strip
from tests.random_models import RandomModel, laid_out, random_models
from tests.rewrite.hooked_at_random import hooked_at_random

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
GOLDEN = ("autoencoder", "decoder", "encoder", "parameters")
FILES = [
    *(Path(sysconfig.get_path("stdlib")) / name for name in ("dataclasses.py",)),
    Path(transformers.__file__).parent / "models/t5/modeling_t5.py",
]
slow = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_pairs_come_back(name: str) -> None:
    hooked = (FIXTURES / f"{name}.hooked.py").read_text(encoding="utf-8")
    text = (FIXTURES / f"{name}.py").read_text(encoding="utf-8")
    stripped = strip(hooked)
    assert stripped == text
    assert strip(stripped) == stripped


ODD = (
    "# -*- coding: utf-8 -*-\r\nimport a;import b\r\nimport c\r\n\r\n@d( e )\r\nclass F (G ,H) :"
    "\r\n\tdef __init__(self) : self.x=i(j) ;k=l\r\n\r\n\t# end\r\n\tdef m ( self,n = o.p ):\r\n"
    "\t\tfor (q , r) in(s , t) :u = v( w )\r\n\t\tfor q , in s , t :\r\n\t\t\tu=[( x )for x , in y"
    "\tfor z in( a , )]; b = c\\\r\n  . d ;\r\n\t\t\twhile ( e\r\n ) : f = g  # h\r\n\t\treturn ( i )"
    "if(j)else ( k.l )\r\n\r\nm = n.o\r\nif p : q = r ( s )"
)


@pytest.mark.parametrize("seed", range(6))
def test_odd_spacing_comes_back(seed: int) -> None:
    for text in (ODD, ODD.replace("\r\n", "\n"), ODD + "\r\n\r\n  # end\r\n"):
        hooked = hooked_at_random(text, seed, share=0.5)
        assert hooked != text
        ast.parse(hooked)
        assert strip(hooked) == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_come_back(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    hooked = hooked_at_random(text, seed=1)
    assert hooked != text
    assert strip(hooked) == text


@slow
@given(laid_out(), st.integers(0, 2**30), st.floats(0.1, 0.9))
def test_random_hook_points_come_back(text: str, seed: int, share: float) -> None:
    hooked = hooked_at_random(text, seed, share)
    ast.parse(hooked)
    assert strip(hooked, Options(format=False)) == text


@slow
@given(random_models(), st.sampled_from([60, 88]))
def test_formatted_text_comes_back(model: RandomModel, line_length: int) -> None:
    """Where black leaves the input as it is."""
    mode = black.Mode(line_length=line_length, string_normalization=False)
    text = black.format_str(model.source, mode=mode)
    options = Options(line_length=line_length)
    hooked = hook_source(text, options).code
    assert black.format_str(hooked, mode=mode) == hooked
    assert strip(hooked, options) == text


FORMATTED = [
    pytest.param("x = self.f(x)\n", id="longer than the line"),
    pytest.param("x = self.first(first_argument, second_argument)\n", id="arguments"),
    pytest.param("x = (self.f(first) + self.g(second)).sum() * first\n", id="brackets"),
    pytest.param("if self.f(x) and self.g(first_argument):\n    pass\n", id="a header"),
    pytest.param("return self.f(x)  # [batch, width]\n", id="a comment"),
    pytest.param("x = self.f(\n    x,\n)\n", id="a comma of the author's"),
    pytest.param("class A(First, Second, metaclass=MetaClass):\n    x = 1\n", id="a class"),
]


@pytest.mark.parametrize("text", FORMATTED)
@pytest.mark.parametrize("line_length", [48, 60, 88])
def test_what_black_laid_out_comes_back(text: str, line_length: int) -> None:
    mode = black.Mode(line_length=line_length, string_normalization=False)
    text = black.format_str(text, mode=mode)
    options = Options(line_length=line_length)
    for seed in range(4):
        again = strip(hooked_at_random(text, seed, 0.3, options), options)
        assert again == text


def test_bad_texts_get_one_line() -> None:
    with pytest.raises(SourceError, match=r"^m.py:1:5: invalid syntax$"):
        strip("x = ,", path="m.py")
