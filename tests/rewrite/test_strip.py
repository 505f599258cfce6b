"""Hooked texts, and what is left of them without their hook points."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

import pytest
import transformers

from autohook_codegen.hooked_source import SourceError
from autohook_codegen.options import Options
from autohook_codegen.rewrite.strip import strip
from tests.rewrite.hooked_at_random import hooked_at_random

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
GOLDEN = ("autoencoder", "decoder", "encoder", "parameters")
FILES = [
    *(Path(sysconfig.get_path("stdlib")) / name for name in ("dataclasses.py",)),
    Path(transformers.__file__).parent / "models/t5/modeling_t5.py",
]

EXPRESSIONS = [
    ("y = self.fc1_hook_point(self.fc1(x))  # c\n", "y = self.fc1(x)  # c\n"),
    (
        "y = self.b_hook_point(self.a_hook_point(x @ self.a) + self.b)\n",
        "y = x @ self.a + self.b\n",
    ),
    ("y = self.fc1_hook_point_2(self.fc1(x))\n", "y = self.fc1(x)\n"),
    ("y = attn.to_q_hook_point(attn.to_q(x))\n", "y = attn.to_q(x)\n"),
    ("y = self.a_hook_points[i](self.a[i](x))\n", "y = self.a[i](x)\n"),
    ("y = self.a_hook_points[i][j+1](f(x))\n", "y = f(x)\n"),
    ('y = self.a_hook_points["k"](f(x))\n', "y = f(x)\n"),
    ('y = getattr(self, f"layer{i}_hook_point")(f(x))\n', "y = f(x)\n"),
    ("y = (self.fc1_hook_point(f( x )))\n", "y = (f( x ))\n"),
    ("y = self.fc1_hook_point(\n    f(\n        x\n    ),\n)\n", "y = f(\n        x\n    )\n"),
    ("y = self.a_hook_point(\n    x\n    + self.a\n)\n", "y = (x\n    + self.a)\n"),
    ("if self.a_hook_point(\n    x\n    + a\n):\n  y\n", "if (x\n    + a):\n  y\n"),
    (
        "y = f(\n    self.a_hook_point(\n        x\n        + a\n    )\n)\n",
        "y = f(\n    x\n        + a\n)\n",
    ),
    ("y = self.a_hook_point(  # why\n    x)\n", "y = (  # why\n    x)\n"),
    ("y = self.a_hook_point(x + a) * b\n", "y = (x + a) * b\n"),
    ("y = a - self.a_hook_point(x - b)\n", "y = a - (x - b)\n"),
    ("y = self.a_hook_point(x - b) - a\n", "y = x - b - a\n"),
    ("y = -self.a_hook_point(x ** b)\n", "y = -x ** b\n"),
    ("y = self.a_hook_point(-x).sum()\n", "y = (-x).sum()\n"),
    ("y = f(*self.a_hook_point(a if b else c))\n", "y = f(*(a if b else c))\n"),
    ("f(self.b_hook_point(self.b) if self.b is not None else None)\n", "f(self.b)\n"),
    ("y = (self.b_hook_point(self.b) if self.b is not None else None) + a\n", "y = self.b + a\n"),
    ("y = (self.b_hook_point(self.b) if self.b is not None else None)\n", "y = (self.b)\n"),
    (
        "y = self.pool_hook_point(self.pool(x)) if self.pool is not None else None\n",
        "y = self.pool(x) if self.pool is not None else None\n",
    ),
    ("return(self.a_hook_point)(-self.a)\n", "return-self.a\n"),
    ("y = a if b else(self.a_hook_points[0])([a][b])\n", "y = a if b else[a][b]\n"),
    (
        "y = (self.b_hook_point(self.b) if self.b is not None else None)"
        " if self.b is not None else None\n",
        "y = self.b if self.b is not None else None\n",
    ),
    ("y = (self.a_hook_point(()))\n", "y = ()\n"),
    ("f = lambda x: self.a_hook_point(self.a(x))\n", "f = lambda x: self.a(x)\n"),
]
LOOPS = [
    ("for hook_index, a in enumerate(self.a):\n  b\n", "for a in self.a:\n  b\n"),
    ("for hook_index, (a, b) in enumerate(self.a):\n  b\n", "for a, b in self.a:\n  b\n"),
    ("for (hook_index, (a, b)) in enumerate(self.a):\n  b\n", "for (a, b) in self.a:\n  b\n"),
    ("for hook_index_2, (a,) in enumerate(a[k:], k): b\n", "for a, in a[k:]: b\n"),
    ("for hook_index, a in enumerate((b, c)): b\n", "for a in (b, c): b\n"),
    ("for hook_index, a in enumerate(((b, c))): b\n", "for a in b, c: b\n"),
    ("for hook_index, a in enumerate((self.b)): b\n", "for a in (self.b): b\n"),
    (
        "for hook_index, (i, a) in enumerate(enumerate(b, 1)): b\n",
        "for i, a in enumerate(b, 1): b\n",
    ),
    (
        "for hook_index, (a, b) in enumerate(zip(c, d)):\n"
        "    x = self.c_hook_points[hook_index](a(x))\n",
        "for a, b in zip(c, d):\n    x = a(x)\n",
    ),
    (
        "for a, a_hook_point in zip(reversed(b), reversed(self.b_hook_points), strict=True):\n"
        "    x = a_hook_point(a(x))\n    x = a_hook_point(x)\na_hook_point(x)\n",
        "for a in reversed(b):\n    x = a(x)\na_hook_point(x)\n",
    ),
    (
        "y = [self.a_hook_points[hook_index](a(x)) for hook_index, a in enumerate(self.a)]\n",
        "y = [a(x) for a in self.a]\n",
    ),
    (
        "y = [c_hook_point(c(x)) for hook_index, (a, b) in enumerate(d)"
        " for c, c_hook_point in zip(a, self.d_hook_points[hook_index], strict=True) if c]\n",
        "y = [c(x) for a, b in d for c in a if c]\n",
    ),
    ("for i, a in enumerate(self.a):\n  b\n", "for i, a in enumerate(self.a):\n  b\n"),
]
STATEMENTS = [
    ("a, b = f(x)\na = self.f_hook_point(a)\nc\n", "a, b = f(x)\nc\n"),
    ("if a:\n\tx += b\n\tx = self.b_hook_point(x)\n\n# c\nd\n", "if a:\n\tx += b\n\n# c\nd\n"),
    ("o = f()\no.a = self.f_hook_point(o.a)", "o = f()"),
    ('o = f()\r\no["a"] = self.f_hook_point(o["a"])\r\n', "o = f()\r\n"),
    ("o = f()\no = (self.f_hook_point(o[0]), *o[1:])\n", "o = f()\n"),
    ("o = f()\no = (*o[:2], self.f_hook_point(o[2]), *o[3:])\n", "o = f()\n"),
    ("o = f()\no = (*o[:2], self.f_hook_point(o[2]))\n", "o = f()\n"),
    ("o = f()\no = (*o[:1], self.f_hook_point(o[2]))\n", "o = f()\no = (*o[:1], o[2])\n"),
    ("a = f() ; a = self.f_hook_point(a);b = a\n", "a = f();b = a\n"),
    ("if a: a = f(); a = self.f_hook_point(a) ;\n", "if a: a = f() ;\n"),
    ("a = self.f_hook_point(b)\n", "a = b\n"),
    ("if a:\n    a = self.f_hook_point(a)\n", "if a:\n    pass\n"),
]
MAKING = [
    "self.a_hook_point = H()",
    "self.a_hook_point_2 = H()",
    "self.a_hook_point: H = H()",
    "self.a_hook_points = nn.ModuleList([H() for _ in self.a])",
    "self.a_hook_points = torch.nn.ModuleList([H() for _ in self.a or ()])",
    "self.a_hook_points = ModuleDict({name: H() for name in self.a})",
    "self.a_hook_points = nn.ModuleList([nn.ModuleList([H() for _ in b]) for b in self.a])",
    "self.a_hook_points = nn.ModuleList()",
    "self.a_hook_points[k] = H()",
    "self.a_hook_points[0][k] = H()",
    "self.a_hook_points.append(H())",
    "self.a_hook_points.extend([H() for _ in b])",
    "self.a_hook_points.update({name: H() for name in b})",
    'setattr(self, f"layer{i}_hook_point", H())',
    "setattr(self, name + '_hook_point', H())",
    'self.add_module("a_hook_point", H())',
]
IMPORTS = [
    ("import a\nfrom transformer_lens.hook_points import HookPoint\nb\n", "import a\nb\n"),
    ("import transformer_lens.hook_points as t\nself.a_hook_point = t.HookPoint()\nb\n", "b\n"),
    (
        "from transformer_lens import HookedRootModule as R, loading as l\nclass A(R, B): l\n",
        "from transformer_lens import loading as l\nclass A(B): l\n",
    ),
    ("from x import (\n    HookPoint,\n)\n", "from x import (\n    HookPoint,\n)\n"),
    (
        "from transformer_lens.hook_points import (a, HookPoint,)\na\n",
        "from transformer_lens.hook_points import (a,)\na\n",
    ),
    (
        "from transformer_lens.hook_points import HookPoint\nself.hook_embed = HookPoint()\n",
        "from transformer_lens.hook_points import HookPoint\nself.hook_embed = HookPoint()\n",
    ),
    (
        'from transformer_lens.hook_points import HookPoint\ndef f(x: "HookPoint"): x\n',
        'from transformer_lens.hook_points import HookPoint\ndef f(x: "HookPoint"): x\n',
    ),
    (
        "try:\n    from autohook_runtime import auto_hook\nexcept A: b\n",
        "try:\n    pass\nexcept A: b\n",
    ),
]


@pytest.mark.parametrize(("hooked", "text"), [*EXPRESSIONS, *LOOPS, *STATEMENTS, *IMPORTS])
def test_strip(hooked: str, text: str) -> None:
    assert strip(hooked) == text
    assert strip(text) == text
    ast.parse(text)


@pytest.mark.parametrize("made", MAKING)
def test_strip_takes_what_makes_hook_points(made: str) -> None:
    before = "from transformer_lens.hook_points import HookPoint as H\nx = 1\nif x:\n    y = 2\n"
    assert strip(f"{before}    {made}\n    z\n") == "x = 1\nif x:\n    y = 2\n    z\n"


KEPT = [
    pytest.param("y = self.fc1_hook_point(x, 1)\n", id="two arguments"),
    pytest.param("y = self.fc1_hook_point(*x)\n", id="starred"),
    pytest.param("y = fc1_hook_point(x)\n", id="a function"),
    pytest.param("y = self.fc1_hook_points(x)\n", id="a container called"),
    pytest.param("y = self._hook_point(x)\n", id="no name"),
    pytest.param("def a_hook_point(self): self.a_hook_point(x)\n", id="a method"),
    pytest.param("y = f'{self.a_hook_point(x)}'\n", id="in a string"),
    pytest.param("class A(B):\n def __init__(self):\n  self.setup()\n", id="setup of another base"),
    pytest.param("for hook_index in enumerate(a): b\n", id="an index alone"),
    pytest.param(
        "from transformer_lens import HookedRootModule\nclass A(HookedRootModule):\n"
        "    def __init__(self):\n        self.setup()\n",
        id="a root of the author's own",
    ),
]


@pytest.mark.parametrize("text", KEPT)
def test_strip_leaves_alone(text: str) -> None:
    assert strip(text) == text


NAMED = [
    ("y = self.hook_fc1(self.fc1(x))\n", "y = self.fc1(x)\n"),
    ("y = self.hook_mlp_up(self.mlp.up(x))\n", "y = self.mlp.up(x)\n"),
    ("y = self.hook_layers[i](layers(x))\n", "y = layers(x)\n"),
    ("y = self.hook_backward(loss)\n", "y = self.hook_backward(loss)\n"),
    ("y = self.hook_index(x)\n", "y = self.hook_index(x)\n"),
    (
        "from transformer_lens.hook_points import HookPoint\n"
        "self.hook_a = HookPoint()\ny = self.hook_a(x)\n",
        "y = x\n",
    ),
    ("y = self.fc1_hook_point(x)\n", "y = self.fc1_hook_point(x)\n"),
]


@pytest.mark.parametrize(("hooked", "text"), NAMED)
def test_strip_with_another_name_pattern(hooked: str, text: str) -> None:
    assert strip(hooked, Options(name="hook_{name}")) == text


ROOT = """\
import torch
{imports}
# A model.
class A({bases}):
    def __init__(self, x):
        super().__init__()
        self.fc1 = nn.Linear(x, x){made}{ending}

        # the end


class B(A):
    def __init__(self):  # two
        super().__init__(2){ending}
"""
NO_ROOT = ROOT.format(imports="", bases="nn.Module", made="", ending="")
LENS = (
    "from transformer_lens import HookedRootModule\n"
    "from transformer_lens.hook_points import HookPoint\n"
)


@pytest.mark.parametrize(
    ("imports", "ending"),
    [
        (LENS, "self.setup()"),
        (
            f"from autohook_runtime import auto_hook\n{LENS}",
            "auto_hook(self)  # adds the hook points",
        ),
        (f"import autohook_runtime as r\n{LENS}", 'r.auto_hook(self, name="hook_{name}")'),
    ],
)
def test_strip_takes_roots_back(imports: str, ending: str) -> None:
    hooked = ROOT.format(
        imports=imports,
        bases="HookedRootModule, nn.Module",
        made="\n        self.fc1_hook_point = HookPoint()",
        ending=f"\n        {ending}",
    )
    assert strip(hooked) == NO_ROOT


BASES = [
    ("(HookedRootModule, nn.Module)", "(nn.Module)"),
    ("(Base, HookedRootModule)", "(Base)"),
    ("( Base, HookedRootModule,metaclass=M)", "( Base,metaclass=M)"),
    ("(\n    Base, HookedRootModule,  # why\n)", "(\n    Base,  # why\n)"),
    ("(Mixin , HookedRootModule, nn.Module)", "(Mixin , nn.Module)"),
    ("(\n    Base, HookedRootModule\n)", "(\n    Base\n)"),
]


@pytest.mark.parametrize(("hooked", "bases"), BASES)
def test_strip_takes_bases_back(hooked: str, bases: str) -> None:
    text = "import a\nclass A{}: pass\n"
    begin = "import a\nfrom transformer_lens import HookedRootModule\nclass A{}: pass\n"
    assert strip(begin.format(hooked)) == text.format(bases)


INIT = "    def __init__(self, *args, **kwargs):  # for the hook points\n"
INIT += "        super().__init__(*args, **kwargs)\n        self.a_hook_point = HookPoint()\n"
WRITTEN = [
    pytest.param(f"class A(B):\n{INIT}\n    def f(self): x\n", "class A(B):\n    def f(self): x\n"),
    pytest.param(
        f'class A(B):\n    """A."""\n\n{INIT}\n    @c\n    def f(self): x\n',
        'class A(B):\n    """A."""\n\n    @c\n    def f(self): x\n',
    ),
    pytest.param(f"class A(B):\n    x = 1\n\n{INIT}", "class A(B):\n    x = 1\n"),
    pytest.param(
        f"class A(B):\n    x = 1\n\n{INIT}\n    # c\n\n\ny\n",
        "class A(B):\n    x = 1\n\n    # c\n\n\ny\n",
    ),
    pytest.param(f"class A(B):\n    ...  # c\n{INIT}y\n", "class A(B): ...  # c\ny\n"),
    pytest.param(f"class A(B): \n    ...\n{INIT}y\n", "class A(B):...\ny\n"),
    pytest.param(f"class A(B):  \n    a;b; \n{INIT}y\n", "class A(B):  a;b; \ny\n"),
    pytest.param(
        "class A(B):\n    def __init__(self, *args, **kwargs):\n"
        "        super().__init__(*args, **kwargs)\n        self.a_hook_point = HookPoint()\n",
        "class A(B):\n    def __init__(self, *args, **kwargs):\n"
        "        super().__init__(*args, **kwargs)\n",
    ),
]


@pytest.mark.parametrize(("hooked", "text"), WRITTEN)
def test_strip_takes_written_methods_back(hooked: str, text: str) -> None:
    begin = "import a\nfrom transformer_lens.hook_points import HookPoint\n"
    assert strip(begin + hooked) == "import a\n" + text


def test_comments_above_what_goes_stay() -> None:
    begin = "from transformer_lens.hook_points import HookPoint\nx\n"
    made = "# one\nself.a_hook_point = HookPoint()  # [batch]\n"
    assert strip(f"{begin}{made}\n# two\ny\n{made}") == "x\n# one\n\n# two\ny\n# one\n"


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_pairs_come_back(name: str) -> None:
    hooked = (FIXTURES / f"{name}.hooked.py").read_text(encoding="utf-8")
    text = (FIXTURES / f"{name}.py").read_text(encoding="utf-8")
    stripped = strip(hooked)
    assert ast.dump(ast.parse(stripped)) == ast.dump(ast.parse(text))
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


def test_bad_texts_get_one_line() -> None:
    with pytest.raises(SourceError, match=r"^m.py:1:5: invalid syntax$"):
        strip("x = ,", path="m.py")
