"""Each row: a statement of a method or a class, and the statement with its hook points, unformatted.

`strip` gives every one of them back.
"""

from __future__ import annotations

import ast

import pytest

from autohook_codegen import Options, hook_source, strip_source
from tests.insertions import missing_token

BARE = Options(format=False)
MODEL = """\
import torch
from torch import nn


class A(nn.Module):
    def __init__(self, b=None):
        super().__init__()
        self.l = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
        self.m = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
        self.f = nn.Linear(2, 2)
        self.b = nn.Parameter(torch.ones(2)) if b else None
        self.w = nn.Parameter(torch.ones(2))

    def forward(self, x):
        {}
        return x
"""
B = "self.b_hook_point(self.b) if self.b is not None else None"

STATEMENTS = [
    ("x = ( self.f(x) )", "x = ( self.f_hook_point(self.f(x)) )"),
    ("x = x if x else(self.f(x))", "x = x if x else(self.f_hook_point(self.f(x)))"),
    ("return-self.w", "return(self.w_hook_point)(-self.w)"),
    ("x = x if x else-self.w", "x = x if x else(self.w_hook_point)(-self.w)"),
    ("x = [x for y in x if(x)+self.w]", "x = [x for y in x if(self.w_hook_point)((x)+self.w)]"),
    ("x = (\n            self.f(x)\n        )", "x = (\n            self.f_hook_point(self.f(x))\n        )"),
    ("é = é@self.w if self.f(x)else 1", "é = self.w_hook_point(é@self.w) if self.f_hook_point(self.f(x))else 1"),
    # A value that may be None.
    ("x = g(self.b)", f"x = g({B})"),
    ("x = g((self.b))", f"x = g(({B}))"),
    ("x = g(self.b)if x else(self.b)", f"x = g({B[:-4]}(None))if x else({B.replace('self.b_hook_point', '(self.b_hook_point)', 1)})"),
    ("x = g((self.b)if x else 1)", f"x = g((({B.replace('None', '(None)').replace('not (None)', 'not None')}))if x else 1)"),
    ("x = g(self.b if x else 1)", f"x = g(({B}) if x else 1)"),
    ("x = g(*self.b)", f"x = g(*({B}))"),
    ("x = g(self.b if self.b is not None else None)", f"x = g(({B}) if self.b is not None else None)"),
    # Loops.
    ("for f in self.l: x = f(x)", "for hook_index, f in enumerate(self.l): x = self.l_hook_points[hook_index](f(x))"),
    ("for(f)in(self.l): x = f(x)", "for(hook_index), (f)in(enumerate)((self.l)): x = self.l_hook_points[hook_index](f(x))"),
    (
        "for ((f, g)) in zip(self.l, self.m): x = f(x)",
        "for ((hook_index, (f, g))) in enumerate(zip(self.l, self.m)): x = self.l_hook_points[hook_index](f(x))",
    ),
    (
        "for f, g in zip(self.l, self.m): x = f(x)",
        "for hook_index, (f, g) in enumerate(zip(self.l, self.m)): x = self.l_hook_points[hook_index](f(x))",
    ),
    (
        "for f in reversed(self.l): x = f(x)",
        "for f, f_hook_point in zip(reversed(self.l), reversed(self.l_hook_points), strict=True): x = f_hook_point(f(x))",
    ),
    (
        "for(f)in reversed(self.l): x = f(x)",
        "for(f), (f_hook_point)in zip(reversed(self.l), reversed(self.l_hook_points), strict=True): x = f_hook_point(f(x))",
    ),
    # Statements that follow.
    ("if x: x += self.w ;", "if x: x += self.w; x = self.w_hook_point(x) ;"),
    ("x += self.w ; y = x", "x += self.w; x = self.w_hook_point(x) ; y = x"),
    ("y = x ; x += self.w ;  # c", "y = x ; x += self.w ;  # c\n        x = self.w_hook_point(x)"),
]  # fmt: skip


def hooked_and_back(text: str) -> str:
    hooked = hook_source(text, BARE).code
    compile(hooked.removeprefix("\ufeff"), "model.py", "exec", dont_inherit=True)
    assert missing_token(text, hooked) is None
    assert hook_source(hooked, BARE).code == hooked
    assert strip_source(hooked) == text
    return hooked


@pytest.mark.parametrize(("before", "after"), STATEMENTS)
def test_statements(before: str, after: str) -> None:
    text = MODEL.format(before)
    forward = text[text.index("def forward") :].replace(before, after)
    assert hooked_and_back(text).endswith(forward)


INIT = "    def __init__(self, *args, **kwargs):  # for the hook points\n"
INIT += "        super().__init__(*args, **kwargs)\n        auto_hook(self)  # in place of self.setup()\n"
CLASSES = [
    ("(B, nn.Linear)", "(B, nn.Linear, HookedRootModule)"),
    ("( nn.Linear )", "( nn.Linear, HookedRootModule )"),
    ("(nn.Linear , )", "(nn.Linear, HookedRootModule , )"),
    ("(nn.Linear ,metaclass=M)", "(nn.Linear, HookedRootModule ,metaclass=M)"),
    ("(\n  nn.Linear  # b\n)", "(\n  nn.Linear, HookedRootModule  # b\n)"),
]
"""Bases, and what stands behind them."""
OWN_INIT = "    def __init__(self): super().__init__()"
ENDS = [
    (f"{OWN_INIT} ;self.q=1 ; # c", f"{OWN_INIT} ;self.q=1; auto_hook(self) ; # c"),
    (f"{OWN_INIT}  # c", f"{OWN_INIT}; auto_hook(self)  # c"),
    (
        f"{OWN_INIT[:-18]}\n        x\n        # c\n\n      # d",
        f"{OWN_INIT[:-18]}\n        x\n        auto_hook(self)  # in place of self.setup()\n        # c\n\n      # d",
    ),
]
WRITTEN = [
    ("class A(nn.Linear): pass\n", f"class A(nn.Linear, HookedRootModule):\n    pass\n{INIT}"),
    ("class A(nn.Linear):x;y ; # c", f"class A(nn.Linear, HookedRootModule): \n    x;y ; # c\n{INIT[:-1]}"),
    ("class A(nn.Linear):\n    x\n\n    # c\n\ny\n", f"class A(nn.Linear, HookedRootModule):\n    x\n\n{INIT}\n    # c\n\ny\n"),
    ("class A(nn.Linear):\n    # c\n    def f(x): x\n", f"class A(nn.Linear, HookedRootModule):\n{INIT}\n    # c\n    def f(x): x\n"),
    ("class A(nn.Linear):\n\n    def f(x): x\n", f"class A(nn.Linear, HookedRootModule):\n\n{INIT}\n    def f(x): x\n"),
    ('class A(nn.Linear):\n    """A."""\n    x = 1\n    def f(x): x\n', f'class A(nn.Linear, HookedRootModule):\n    """A."""\n    x = 1\n{INIT}    def f(x): x\n'),
    ("class A(nn.Linear):\n    x = 1\n\n\n    @f\n    def f(x): x\n    y = 1\n", f"class A(nn.Linear, HookedRootModule):\n    x = 1\n\n{INIT}\n\n    @f\n    def f(x): x\n    y = 1\n"),
]  # fmt: skip
IMPORTS = "from autohook_runtime import auto_hook\nfrom transformer_lens import HookedRootModule\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *(
            (f"class A{before}:\n{OWN_INIT}\n", f"class A{after}:\n{OWN_INIT}; auto_hook(self)\n")
            for before, after in CLASSES
        ),
        *(
            (f"class A(nn.Linear):\n{before}\n\n", f"class A(nn.Linear, HookedRootModule):\n{after}\n\n")
            for before, after in ENDS
        ),
        *WRITTEN,
    ],
)  # fmt: skip
def test_classes(before: str, after: str) -> None:
    begin = "from torch import nn\nfrom b import B, C, M\n"
    assert hooked_and_back(begin + before) == begin + IMPORTS + after


PLACES = [
    ('"""A."""\n@@try:\n    from torch import nn\nfinally: x\n', "\n"),
    ("# A.\n@@try:\n    from torch import nn\nfinally: x\n", ""),
    ("# A.\n\n# B.\n\n@@try:\n    from torch import nn\nfinally: x\n", ""),
    ("@@if x:\n    from torch import nn\n", ""),
    ("import a\nfrom torch import nn  # c\n@@\n# B.\nif x:\n    import b\n", ""),
    ("from __future__ import annotations; x = 1\n@@try:\n    from torch import nn\nfinally: x\n", ""),
    ('"""A."""\nimport a\n__all__ = []\nimport torch.nn as nn;import c\n@@x = 1\nimport d\n', ""),
    ("#!/a\n# -*- coding: utf-8 -*-\n@@x = 1\nfrom torch import nn\n", ""),
]  # fmt: skip


@pytest.mark.parametrize(("opening", "blank"), PLACES)
def test_imports(opening: str, blank: str) -> None:
    model = MODEL.format("return self.f(x)").partition("from torch import nn\n")[2]
    hooked = hooked_and_back(opening.replace("@@", "") + model)
    lines = "".join(f"{line}\n" for line in hooked.split("\n") if "transformer_lens" in line)
    assert lines.count("\n") == 2
    assert hooked.startswith(opening.replace("@@", blank + lines))


@pytest.mark.parametrize("tail", ["\n\n  # end\n", "\r\n\r\n\t# end", ";"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_ends_and_beginnings(begin: str, tail: str) -> None:
    text = begin + MODEL.format("x = self.f(x)").rstrip("\n")
    hooked = hooked_and_back((text.replace("\n", "\r\n") if "\r" in tail else text) + tail)
    assert hooked.startswith(begin)
    assert hooked.endswith(tail)


def test_formatted_output_has_the_same_tree() -> None:
    for before, _ in STATEMENTS:
        text = MODEL.format(before)
        bare, laid_out = (hook_source(text, options).code for options in (BARE, Options()))
        assert ast.dump(ast.parse(bare)) == ast.dump(ast.parse(laid_out))
