"""Functions and objects that are handed a module and call into it."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source
from tests.sites.snippets import BARE

HEAD = "import torch\nfrom torch import nn\n"
IMPORT = "from transformer_lens.hook_points import HookPoint\n"

PAIRS = [
    pytest.param(
        """

def run(module, x):
    return module.fc(x) + module.bias


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.bias = nn.Parameter(torch.zeros(8))

    def forward(self, x):
        return run(self, x)
""",
        """

def run(module, x):
    return module.bias_hook_point(module.fc_hook_point(module.fc(x)) + module.bias)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.bias = nn.Parameter(torch.zeros(8))
        self.bias_hook_point = HookPoint()

    def forward(self, x):
        return run(self, x)
""",
        id="a function",
    ),
    pytest.param(
        """

class Processor:
    def __call__(self, attn, x):
        return attn.to_out(attn.to_q(x))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.to_q = nn.Linear(8, 8)
        self.to_out = nn.Linear(8, 8)
        self.processor = Processor()

    def forward(self, x):
        return self.processor(self, x)
""",
        """

class Processor:
    def __call__(self, attn, x):
        return attn.to_out_hook_point(attn.to_out(attn.to_q_hook_point(attn.to_q(x))))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.to_q = nn.Linear(8, 8)
        self.to_q_hook_point = HookPoint()
        self.to_out = nn.Linear(8, 8)
        self.to_out_hook_point = HookPoint()
        self.processor = Processor()

    def forward(self, x):
        return self.processor(self, x)
""",
        id="an attention processor",
    ),
    pytest.param(
        """

def run(module, x):
    return module.fc(x)


class Left(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return run(self, x)


class Right(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Identity()

    def forward(self, x):
        return run(self, x)
""",
        """

def run(module, x):
    return module.fc_hook_point(module.fc(x))


class Left(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return run(self, x)


class Right(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Identity()
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return run(self, x)
""",
        id="two classes",
    ),
]

UNTOUCHED = [
    pytest.param(
        """

def run(module, x):
    return module.fc(x)


class Left(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return run(self, x)


class Right(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = lambda x: x

    def forward(self, x):
        return run(self, x)
""",
        id="one of the classes has no such module",
    ),
    pytest.param(
        """

def run(module, x):
    return module.fc(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return x
""",
        id="nobody hands it a module",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_handed(before: str, after: str) -> None:
    assert hook_source(HEAD + before, BARE).code == HEAD + IMPORT + after


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_handed_twice(before: str, after: str) -> None:
    assert hook_source(HEAD + IMPORT + after, BARE).code == HEAD + IMPORT + after


@pytest.mark.parametrize("code", UNTOUCHED)
def test_untouched(code: str) -> None:
    assert hook_source(HEAD + code, BARE).code == HEAD + code
