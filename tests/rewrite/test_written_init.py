"""The ``__init__`` of a class that has none, and the way back."""

from __future__ import annotations

import pytest

from autohook_codegen import strip_source
from tests.rewrite.models import IMPORTS, NAMED_ROOT, hooked_and_back

INIT = "    def __init__(self, *args, **kwargs):  # for the hook points\n"
INIT += "        super().__init__(*args, **kwargs)\n        self.setup()\n"
PAIRS = [
    ("class A(nn.Linear): pass\n", f"class A(nn.Linear, HookedRootModule):\n    pass\n{INIT}"),
    ("class A(nn.Linear):x;y ; # c", f"class A(nn.Linear, HookedRootModule): \n    x;y ; # c\n{INIT[:-1]}"),
    ("class A(nn.Linear):\n    x\n\n    # c\n\ny\n", f"class A(nn.Linear, HookedRootModule):\n    x\n\n{INIT}\n    # c\n\ny\n"),
    ("class A(nn.Linear):\n    # c\n    def f(x): x\n", f"class A(nn.Linear, HookedRootModule):\n{INIT}\n    # c\n    def f(x): x\n"),
    ("class A(nn.Linear):\n\n    def f(x): x\n", f"class A(nn.Linear, HookedRootModule):\n\n{INIT}\n    def f(x): x\n"),
    ('class A(nn.Linear):\n    """A."""\n    x = 1\n    def f(x): x\n', f'class A(nn.Linear, HookedRootModule):\n    """A."""\n    x = 1\n{INIT}    def f(x): x\n'),
    ("class A(nn.Linear):\n    x = 1\n\n\n    @f\n    def f(x): x\n    y = 1\n", f"class A(nn.Linear, HookedRootModule):\n    x = 1\n\n{INIT}\n\n    @f\n    def f(x): x\n    y = 1\n"),
]  # fmt: skip
MADE = INIT[: INIT.index("self.setup")] + "self.a_hook_point = HookPoint()\n"
STRIPPED = [
    pytest.param(f"class A(B):\n{MADE}\n    def f(self): x\n", "class A(B):\n    def f(self): x\n"),
    pytest.param(
        f'class A(B):\n    """A."""\n\n{MADE}\n    @c\n    def f(self): x\n',
        'class A(B):\n    """A."""\n\n    @c\n    def f(self): x\n',
    ),
    pytest.param(f"class A(B):\n    x = 1\n\n{MADE}", "class A(B):\n    x = 1\n"),
    pytest.param(
        f"class A(B):\n    x = 1\n\n{MADE}\n    # c\n\n\ny\n",
        "class A(B):\n    x = 1\n\n    # c\n\n\ny\n",
    ),
    pytest.param(f"class A(B):\n    ...  # c\n{MADE}y\n", "class A(B): ...  # c\ny\n"),
    pytest.param(f"class A(B): \n    ...\n{MADE}y\n", "class A(B):...\ny\n"),
    pytest.param(f"class A(B):  \n    a;b; \n{MADE}y\n", "class A(B):  a;b; \ny\n"),
    pytest.param(
        "class A(B):\n    def __init__(self, *args, **kwargs):\n"
        "        super().__init__(*args, **kwargs)\n        self.a_hook_point = HookPoint()\n",
        "class A(B):\n    def __init__(self, *args, **kwargs):\n"
        "        super().__init__(*args, **kwargs)\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_pairs(before: str, after: str) -> None:
    begin = "from torch import nn\nfrom b import B, C, M\n"
    imports = IMPORTS[0 if "auto_hook" in after else IMPORTS.index("from transformer_lens") :]
    assert hooked_and_back(begin + before, NAMED_ROOT) == begin + imports + after


@pytest.mark.parametrize(("hooked", "text"), STRIPPED)
def test_strip(hooked: str, text: str) -> None:
    begin = "import a\nfrom transformer_lens.hook_points import HookPoint\n"
    assert strip_source(begin + hooked) == "import a\n" + text
