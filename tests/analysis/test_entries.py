"""Which methods outsiders call, and what runs beside them."""

from __future__ import annotations

import ast

import pytest

from autohook_codegen import Options, hook_source, library
from autohook_codegen.analysis.interpretation import interpret
from autohook_codegen.declares.program import Program

HEAD = """\
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.W = nn.Parameter(torch.zeros(8, 8))

"""

ENTRIES = [
    pytest.param("def encode(self, x):\n        return self.fc(x)", ["encode"], id="runs a layer"),
    pytest.param("def decode(self, x):\n        return x @ self.W", ["decode"], id="combines"),
    pytest.param(
        "def act(self, x):\n        return self.features(x)\n\n"
        "    def features(self, x):\n        return self.fc(x)",
        ["act"],
        id="calls another",
    ),
    pytest.param(
        "def forward(self, x):\n        return self.encode(x)\n\n"
        "    def encode(self, x):\n        return self.fc(x)",
        ["forward"],
        id="called by forward",
    ),
    pytest.param(
        "def training_step(self, batch):\n        return self.loss(batch)\n\n"
        "    @property\n    def loss(self):\n        return self.fc",
        ["training_step"],
        id="a property",
    ),
    pytest.param("def _encode(self, x):\n        return self.fc(x)", [], id="private"),
    pytest.param("def width(self):\n        return self.W.shape[0]", [], id="only asks"),
    pytest.param("def reset_parameters(self):\n        self.fc(self.W)", [], id="initialisation"),
    pytest.param(
        "def load_weights(self, w):\n        self.W.data.copy_(w @ self.W)", [], id="surgery"
    ),
    pytest.param("def norm(self):\n        return self.W.norm()", [], id="no argument"),
]

REGISTERED = """\
from torch import nn

TABLE = {}


class Registry:
    def __init__(self):
        self.found = {}

    def register(self, cls):
        self.found[cls.__name__] = cls
        return cls


REGISTRY = Registry()


def register(name):
    def keep(cls):
        TABLE[name] = cls
        return cls

    return keep


DECORATOR
class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Model(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.part = LOOKUP[kind]()

    def forward(self, x):
        return self.part(x)
"""

HOOKED = [
    pytest.param(
        "self.register_forward_pre_hook(lambda module, args: (module.norm(args[0]),))",
        "module.norm_hook_point(module.norm(args[0]))",
        id="a lambda before",
    ),
    pytest.param(
        "self.fc.register_forward_hook(lambda module, args, output: self.norm(output))",
        "self.norm_hook_point(self.norm(output))",
        id="a lambda after",
    ),
    pytest.param(
        "self.register_forward_pre_hook(self.prepare)",
        "self.norm_hook_point(self.norm(args[0]))",
        id="a method",
    ),
    pytest.param(
        "self.register_forward_pre_hook(prepare)",
        "module.norm_hook_point(module.norm(args[0]))",
        id="a function",
    ),
]

WITH_HOOK = """\
from torch import nn


def prepare(module, args):
    return (module.norm(args[0]),)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.fc = nn.Linear(8, 8)
        REGISTERED

    def prepare(self, module, args):
        return (self.norm(args[0]),)

    def forward(self, x):
        return self.fc(x)
"""


@pytest.mark.parametrize(("methods", "expected"), ENTRIES)
def test_entries(methods: str, expected: list[str]) -> None:
    tree = ast.parse(f"{HEAD}    {methods}\n")
    trace = interpret(Program({"model.py": tree}, library.makes_module))
    assert sorted(getattr(one, "name", "") for one in trace.entries) == expected


def test_a_class_without_forward_is_a_root() -> None:
    source = f"{HEAD}    def act(self, x):\n        return self.fc(x)\n"
    assert hook_source(source).roots == ("Model",)


@pytest.mark.parametrize(
    ("decorator", "lookup"),
    [
        ('@register("part")', "TABLE"),
        ("@REGISTRY.register", "REGISTRY.found"),
        ('@register("one")\n@register("two")', "TABLE"),
    ],
)
def test_what_a_decorator_registers_is_a_part(decorator: str, lookup: str) -> None:
    source = REGISTERED.replace("DECORATOR", decorator).replace("LOOKUP", lookup)
    hooked = hook_source(source, Options(format=False))
    assert hooked.roots == ("Model",)
    assert "self.part_hook_point(self.part(x))" in hooked.code


@pytest.mark.parametrize(("registered", "expected"), HOOKED)
def test_hooks_of_modules_run_with_them(registered: str, expected: str) -> None:
    source = WITH_HOOK.replace("REGISTERED", registered)
    assert expected in hook_source(source, Options(format=False)).code
