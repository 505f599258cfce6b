"""Each pair: a text with some changed statements, and the text with those laid out."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import black
import pytest

from autohook_codegen.layout import Layout
from autohook_codegen.source.logical_lines import LogicalLines, Span

FIXTURES = Path(__file__).parents[2] / "fixtures"


def lay_out(code: str, spans: list[Span], line_length: int) -> str:
    """`code` with the logical lines at `spans` laid out."""
    layout = Layout(LogicalLines(code), line_length)
    texts = layout.lay_out([(span.start, code[span.start : span.end]) for span in spans])
    for span, text in sorted(zip(spans, texts, strict=True), reverse=True):
        code = code[: span.start] + text + code[span.end :]
    return code


def lines_of(code: str, *statements: str) -> list[Span]:
    """The logical lines of `statements`, each of which stands once in `code`."""
    assert all(code.count(statement) == 1 for statement in statements)
    return [LogicalLines(code).at(code.index(statement)) for statement in statements]


PAIRS = [
    pytest.param(
        "a = ( 1 )\nb = ( 2 )\nc = ( 3 )\n",
        ["b = ( 2 )"],
        "a = ( 1 )\nb = 2\nc = ( 3 )\n",
        id="only the changed statement",
    ),
    pytest.param(
        "class A:\n    def f(self, x):\n        return self.head_hook_point(self.head(x))\n",
        ["return self.head_hook_point(self.head(x))"],
        "class A:\n    def f(self, x):\n        return self.head_hook_point(\n"
        "            self.head(x)\n        )\n",
        id="the indentation counts",
    ),
    pytest.param(
        "if a:\n    x = 'single'+self.b(\"double\")\n",
        ["x = 'single'"],
        "if a:\n    x = 'single' + self.b(\"double\")\n",
        id="quotes stay",
    ),
    pytest.param(
        "if a:\r\n    x = self.fc1_hook_point(self.fc1(x, y))\r\n    y = 1\r\n",
        ["x = self"],
        "if a:\r\n    x = self.fc1_hook_point(\r\n        self.fc1(x, y)\r\n    )\r\n    y = 1\r\n",
        id="carriage returns stay",
    ),
    pytest.param(
        "x = self.fc1_hook_point(self.fc1(x,))\n",
        ["x = self"],
        "x = self.fc1_hook_point(\n    self.fc1(\n        x,\n    )\n)\n",
        id="magic trailing comma",
    ),
    pytest.param(
        "x = self.fc1_hook_point(self.fc1(x)) + \\\n    y  # sum\n",
        ["x = self.fc1_hook_point(self.fc1(x)) + \\\n    y"],
        "x = (\n    self.fc1_hook_point(self.fc1(x)) + y\n)  # sum\n",
        id="backslash, and a comment behind it",
    ),
    pytest.param(
        "x = self.fc1_hook_point(self.fc1(\n    # why\n    x))\n",
        ["x = self.fc1_hook_point(self.fc1(\n    # why\n    x))"],
        "x = self.fc1_hook_point(\n    self.fc1(\n        # why\n        x\n    )\n)\n",
        id="a comment inside",
    ),
    pytest.param(
        "for i,l in enumerate( a ):  # all\n    x  =  l(x)\n",
        ["for i,l"],
        "for i, l in enumerate(a):  # all\n    x  =  l(x)\n",
        id="header of a loop, without its body",
    ),
    pytest.param(
        "if a:\n    x  =  1\nelif self.b( x ):\n    x  =  2\nelse:\n    x  =  3\n",
        ["elif self.b( x ):"],
        "if a:\n    x  =  1\nelif self.b(x):\n    x  =  2\nelse:\n    x  =  3\n",
        id="header of an elif",
    ),
    pytest.param(
        "if a:\n    if b:\n        x = 1\n    elif self.c_hook_point(self.cc(xyz)):\n        x = 2\n",
        ["elif self.c"],
        "if a:\n    if b:\n        x = 1\n    elif self.c_hook_point(\n        self.cc(xyz)\n    ):\n"
        "        x = 2\n",
        id="an elif is two characters longer than an if",
    ),
    pytest.param(
        "@decorator( 1 )\nclass A( B,C ):\n    x  =  1\n",
        ["class A( B,C ):"],
        "@decorator( 1 )\nclass A(B, C):\n    x  =  1\n",
        id="header of a class, without its decorators",
    ),
    pytest.param(
        "def f(a):\n    x  =  1\ndef __init__(self,*args,**kwargs):  # for the hook points\n    pass\n",
        ["def __init__"],
        "def f(a):\n    x  =  1\ndef __init__(\n    self, *args, **kwargs\n):  # for the hook points\n"
        "    pass\n",
        id="header of a function, blank lines around it are not black's",
    ),
    pytest.param(
        "if a: x = self.b( x )\ny = 1\n",
        ["if a: x = self.b( x )"],
        "if a:\n    x = self.b(x)\ny = 1\n",
        id="a compound statement on one line",
    ),
    pytest.param(
        "try: x = self.b( x )\nexcept E: x = self.c( x )\nfinally: self.d( x )\n",
        ["try: x", "except E", "finally: self"],
        "try:\n    x = self.b(x)\nexcept E:\n    x = self.c(x)\nfinally:\n    self.d(x)\n",
        id="clauses on one line each",
    ),
    pytest.param(
        "for x in y:\n    pass\nelse: x = self.b( x )\n",
        ["else: x"],
        "for x in y:\n    pass\nelse:\n    x = self.b(x)\n",
        id="an else on one line",
    ),
    pytest.param(
        "match self.b( x ):\n    case [ y ] if self.c( y ):\n        x  =  1\nz = ( x )\n",
        ["match self.b( x ):", "case [ y ]", "z = ("],
        "match self.b(x):\n    case [y] if self.c(y):\n        x  =  1\nz = x\n",
        id="match and case",
    ),
    pytest.param(
        "case = ( 1 )\nmatch = [ 1,2 ]\n",
        ["case = ", "match = "],
        "case = 1\nmatch = [1, 2]\n",
        id="match and case as names",
    ),
    pytest.param(
        "a = 1;  x = self.b( x )\n",
        ["a = 1;"],
        "a = 1\nx = self.b(x)\n",
        id="two statements on a line",
    ),
    pytest.param(
        "async def f():\n    async with self.a( x ) as y:\n        await self.b( y )\n",
        ["async with", "await self"],
        "async def f():\n    async with self.a(x) as y:\n        await self.b(y)\n",
        id="async",
    ),
    pytest.param(
        "x = self.first_hook_point(self.first(a, **kwargs))\n",
        ["x ="],
        "x = self.first_hook_point(\n    self.first(a, **kwargs)\n)\n",
        id="fits without a comma",
    ),
    pytest.param(
        "x = self.first_hook_point(aaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbb, **kwargs)\n",
        ["x ="],
        "x = self.first_hook_point(\n    aaaaaaaaaaaaaaaaa,\n    bbbbbbbbbbbbbbbbbbbbb,\n"
        "    **kwargs\n)\n",
        id="no comma after **kwargs where the file may be of Python 2",
    ),
    pytest.param(
        "print(f'{x}')\n"
        "x = self.first_hook_point(aaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbb, **kwargs)\n",
        ["x ="],
        "print(f'{x}')\n"
        "x = self.first_hook_point(\n    aaaaaaaaaaaaaaaaa,\n    bbbbbbbbbbbbbbbbbbbbb,\n"
        "    **kwargs,\n)\n",
        id="a comma after **kwargs where the file is of Python 3.6",
    ),
    pytest.param(
        "x = f'{self.b( x )}{d[\"a\"]}'  +  'y'\n",
        ["x = f"],
        "x = f'{self.b( x )}{d[\"a\"]}' + 'y'\n",
        id="the inside of an f-string stays",
    ),
    pytest.param(
        "x = self.b( '''a\n  b\n''' )\n",
        ["x = self.b( '''a\n  b\n''' )"],
        "x = self.b('''a\n  b\n''')\n",
        id="a string of several lines",
    ),
    pytest.param(
        "scaffold = self.b( scaffold )\n",
        ["scaffold = "],
        "scaffold = self.b(scaffold)\n",
        id="a name that the batch uses itself",
    ),
]


@pytest.mark.parametrize(("code", "statements", "expected"), PAIRS)
def test_pair(code: str, statements: list[str], expected: str) -> None:
    assert lay_out(code, lines_of(code, *statements), 40) == expected


LEFT_ALONE = [
    pytest.param("if a:\n\tx = self.b( x )\n", "x = ", id="tabs"),
    pytest.param("if a:\n  x = self.b( x )\n", "x = ", id="two spaces"),
    pytest.param("class A:\n  def f(x):\n    x = self.b( x )\n", "x = ", id="two spaces, twice"),
    pytest.param("x = self.b( x )  # fmt: skip\n", "x = ", id="fmt: skip"),
    pytest.param("# fmt: off\nx = self.b( x )\n# fmt: on\n", "x = ", id="fmt: off"),
    pytest.param("# yapf: disable\nx = self.b( x )\n", "x = ", id="yapf: disable"),
    pytest.param(
        "if a:\n    # fmt: off\n    y = [ 1 ]\n\n    x = self.b( x )\nz = 1\n",
        "x = ",
        id="fmt: off until the end of its block",
    ),
    pytest.param("x = self.b( x ) +\n", "x = ", id="not Python"),
]


@pytest.mark.parametrize(("code", "statement"), LEFT_ALONE)
def test_left_alone(code: str, statement: str) -> None:
    assert lay_out(code, lines_of(code, statement), 40) == code


@pytest.mark.parametrize(
    "before",
    [
        "if a:\n    # fmt: off\n    y = [ 1 ]\n",
        "# fmt: off\ny = [ 1 ]\n# fmt: on\n",
        "y = ''' # fmt: off '''\n",
        "y = 1  # fmt: off\n",
        "'''\n  two spaces in a text\n\ttabs\n'''\n",
        "y = [\n  1,\n    2\n]\n  # a comment\n",
        "y = 1 + \\\n  2\n",
    ],
)
def test_not_left_alone(before: str) -> None:
    code = before + "x = self.b( x )\n"
    assert lay_out(code, lines_of(code, "x = self"), 40) == before + "x = self.b(x)\n"


def test_what_black_cannot_read_does_not_stop_the_rest() -> None:
    code = "x = self.b( x )\ny = self.b( y ) +\nz = self.b( z )\n"
    after = "x = self.b(x)\ny = self.b( y ) +\nz = self.b(z)\n"
    assert lay_out(code, lines_of(code, "x =", "y =", "z ="), 40) == after


def statements_of(code: str) -> list[Span]:
    """Every logical line but those that black indents, docstrings."""
    spans = LogicalLines(code).spans
    return [span for span in spans if not code[span.start : span.end].lstrip().startswith(QUOTES)]


QUOTES = ('"', "'", 'r"')
TORCH_MODULES = Path(next(iter(find_spec("torch").submodule_search_locations))) / "nn/modules"  # type: ignore


@pytest.mark.parametrize("line_length", [40, 79, 100])
@pytest.mark.parametrize("name", ["activation.py", "transformer.py", "container.py"])
def test_every_statement_is_laid_out_as_black_lays_out_the_file(
    name: str, line_length: int
) -> None:
    code = (TORCH_MODULES / name).read_text()
    mode = black.Mode(line_length=line_length, string_normalization=False)
    whole = black.format_str(code, mode=mode)
    laid_out = lay_out(code, statements_of(code), line_length)
    expected, got = (
        [text[start:end] for start, end in statements_of(text)] for text in (whole, laid_out)
    )
    assert len(expected) > 100
    assert got == expected


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.hooked.py")), ids=lambda path: path.name)
def test_golden_statements_come_back_from_one_line_each(path: Path) -> None:
    golden = path.read_text()
    code, spans, position = "", [], 0
    for span in statements_of(golden):
        statement = golden[span.start : span.end]
        code += golden[position : span.start]
        start = len(code)
        if "#" not in statement and '"""' not in statement:
            indentation = re.match(" *", statement)[0]  # type: ignore[index]
            joined = re.sub(r"(?<=[(\[{])\s+|\s+(?=[)\]}])", "", statement.strip())
            statement = indentation + re.sub(r"\s+", " ", joined) + "\n"
        code += statement
        spans.append(Span(start, len(code)))
        position = span.end
    code += golden[position:]
    assert lay_out(code, spans, 88) == golden


def test_a_comment_behind_a_call_that_grew() -> None:
    code = "        attended, _ = self.attn(self.ln_1_hook_point(self.ln_1(x)))  # the pattern is not needed here\n"
    after = (
        "        attended, _ = self.attn(\n"
        "            self.ln_1_hook_point(self.ln_1(x))\n"
        "        )  # the pattern is not needed here\n"
    )
    before = "class A:\n    def f(self):\n"
    spans = [Span(len(before), len(before) + len(code))]
    assert lay_out(before + code, spans, 88) == before + after
