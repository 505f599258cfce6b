"""Where the imports stand that a file gains, and the way back."""

from __future__ import annotations

import pytest

from autohook_codegen import strip_source
from tests.rewrite.models import IMPORTS, MODEL, hooked_and_back

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
"""What a file opens with, `@@` where the imports go; with a blank line in front of them or not."""
SORTED = [
    pytest.param(
        "import os\n\nimport torch\n@A\nfrom torch import nn\n@T\n\nfrom .a import b\n",
        id="among the other packages",
    ),
    pytest.param(
        "import torch\n@A\nfrom torch import nn\n@T\nfrom zoo import a\n", id="in between"
    ),
    pytest.param("@A\nimport torch\nfrom torch import nn\n@T\nimport zoo\n", id="modules by name"),
    pytest.param("import torch\n@A\n# why\nfrom torch import nn\n@T\n", id="above a comment"),
    pytest.param(
        "import torch  # c\n@A\nfrom torch import nn\n@T\n",
        id="below a line with a comment (spandrel)",
    ),
    pytest.param(
        "import torch  # c\n@A\n# why\n# so\nfrom torch import nn\n@T\n", id="between comments"
    ),
    pytest.param(
        "import torch\n@A\nfrom torch import (\n    nn,\n)\n@T\n\nfrom app import Block\n",
        id="the group of torch",
    ),
    pytest.param('"""A."""\n\n@A\nfrom torch import nn\n@T\n', id="first below a docstring"),
    pytest.param("import os\n\n@A\n@T\n\nfrom .a import nn, torch\n", id="a group of their own"),
    pytest.param("@A\n@T\n\nfrom .a import nn, torch\n", id="the first group"),
]
"""What a sorted file opens with; @A and @T are where `autohook_runtime` and the others go."""
STRIPPED = [
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


def model(opening: str, statement: str = "return self.f(x)") -> str:
    return opening + MODEL.format(statement).partition("from torch import nn\n")[2]


@pytest.mark.parametrize(("opening", "blank"), PLACES)
def test_unsorted(opening: str, blank: str) -> None:
    hooked = hooked_and_back(model(opening.replace("@@", "")))
    lines = "".join(f"{line}\n" for line in hooked.split("\n") if "transformer_lens" in line)
    assert lines.count("\n") == 2
    assert hooked.startswith(opening.replace("@@", blank + lines))


@pytest.mark.parametrize("opening", SORTED)
def test_sorted(opening: str) -> None:
    auto_hook, root = IMPORTS.splitlines(keepends=True)
    others = root + "from transformer_lens.hook_points import HookPoint\n" * (
        "torch import" in opening
    )
    # The blank line beside a group of their own comes and goes with it.
    text = opening.replace("@A\n@T\n\n", "").replace("@A\n", "").replace("@T\n", "")
    hooked = hooked_and_back(model(text, "return self.f(x).relu_()"))
    assert hooked.startswith(opening.replace("@A\n", auto_hook).replace("@T\n", others))


@pytest.mark.parametrize(("hooked", "text"), STRIPPED)
def test_strip(hooked: str, text: str) -> None:
    assert strip_source(hooked) == text
    assert strip_source(text) == text
