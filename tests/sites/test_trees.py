"""Several files at once: classes that inherit, create and hand over across files."""

from __future__ import annotations

from autohook_codegen import Options, hook_sources

PLAIN = Options(format=False)

TREE = {
    "pkg/__init__.py": "from .model import Net\n",
    "pkg/layers.py": """\
from torch import nn


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)


class Block(Base):
    def forward(self, x):
        return self.fc(x)
""",
    "pkg/model.py": """\
from torch import nn

from .layers import Base, Block


class Head(Base):
    def forward(self, x):
        return self.fc(x) * 2


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.head = Head()

    def forward(self, x):
        return self.head(self.block(x))
""",
}

HOOKED = {
    "pkg/__init__.py": "from .model import Net\n",
    "pkg/layers.py": """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()


class Block(Base):
    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
    "pkg/model.py": """\
from torch import nn

from .layers import Base, Block
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint


class Head(Base):
    def forward(self, x):
        return self.fc_hook_point(self.fc(x)) * 2


class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.block_hook_point = HookPoint()
        self.head = Head()
        self.head_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.head_hook_point(self.head(self.block_hook_point(self.block(x))))
""",
}


def test_tree() -> None:
    assert {path: hooked.code for path, hooked in hook_sources(TREE, PLAIN).items()} == HOOKED


def test_a_second_pass_changes_nothing() -> None:
    assert {path: hooked.code for path, hooked in hook_sources(HOOKED, PLAIN).items()} == HOOKED
